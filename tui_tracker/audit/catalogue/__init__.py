"""The rules, a file an area; importing this declares them all."""

from tui_tracker.audit.catalogue import (
    artifacts,
    code,
    context,
    data,
    environment,
    metrics,
    params,
    seeds,
)

__all__ = ["artifacts", "code", "context", "data", "environment", "metrics", "params", "seeds"]

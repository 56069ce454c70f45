"""A difference of two runs as scripts get it, and cut to what was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

from tui_tracker.capture.redaction import redact_text
from tui_tracker.compare import (
    CodeDifference,
    CodeSide,
    Difference,
    Group,
    MetricDifference,
    RunDifference,
)
from tui_tracker.queries import RunRow


def only(difference: RunDifference, kinds: Sequence[str]) -> RunDifference:
    """Return the difference with nothing in it but these kinds."""
    if "metrics" not in kinds:
        difference = replace(difference, metrics=(), metrics_same=0, metrics_ignored=0)
    if "code" not in kinds:
        nothing = CodeSide("", "", "", "", "")
        difference = replace(difference, code=CodeDifference(nothing, nothing, same=None))
    groups = tuple(
        group if group.kind in kinds else Group(group.kind) for group in difference.groups
    )
    return replace(difference, groups=groups)


def difference_shape(difference: RunDifference, kinds: Sequence[str]) -> dict[str, object]:
    """Return a difference as plain values, texts without secrets."""
    shape: dict[str, object] = {
        "a": _run(difference.a),
        "b": _run(difference.b),
        "differs": difference.differs,
    }
    if "metrics" in kinds:
        shape["metrics"] = {
            "differences": [_metric(metric) for metric in difference.metrics],
            "same": difference.metrics_same,
            "ignored": difference.metrics_ignored,
        }
    if "code" in kinds:
        code = asdict(difference.code) | {"differs": difference.code.differs}
        shape["code"] = _without_secrets(code)
    for group in difference.groups:
        if group.kind in kinds:
            shape[group.kind] = _group(group)
    return shape


def _run(row: RunRow) -> dict[str, object]:
    return {"id": row.id, "name": row.name, "experiment": row.experiment}


def _metric(metric: MetricDifference) -> dict[str, object]:
    return {
        "name": metric.name,
        "a": {"last": metric.a.last, "best": metric.best_a} if metric.a else None,
        "b": {"last": metric.b.last, "best": metric.best_b} if metric.b else None,
        "best_is": metric.stat,
        "change": metric.change,
        "relative": metric.relative,
    }


def _group(group: Group) -> dict[str, object]:
    return {
        "differences": [_difference(difference) for difference in group.differences],
        "noise": [_difference(difference) for difference in group.noise],
        "same": group.same,
        "ignored": group.ignored,
        "unknown": group.unknown or None,
    }


def _difference(difference: Difference) -> object:
    return _without_secrets(asdict(difference))


def _without_secrets(value: object) -> object:
    """Return plain values with what looks like a secret hidden in every text."""
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, dict):
        return {key: _without_secrets(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_secrets(inner) for inner in value]
    return value

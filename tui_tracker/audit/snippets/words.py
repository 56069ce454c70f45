"""Words by which a snippet tells where it was measured and what it continues."""

from __future__ import annotations

import re

from tui_tracker.audit.snippets.snippet import SnippetMetric
from tui_tracker.names.words import snake

ONLINE = re.compile(
    r"(^|[_/])(ctr|cvr|conversion|conversions|revenue|lift|clicks?|gmv|retention|engagement"
    r"|ab|online|live|prod|production|shadow|arpu|bounce)([_/]|$)"
)
CONTEXTS = frozenset(
    "context traffic population experiment_group arm window period ab_test dates exposure "
    "holdback treatment segment".split()
)
PARENTS = re.compile(
    r"(^|_)(parent|base_run|from_run|resumed_from|source_run|init_run|previous_run|base_model"
    r"|init_checkpoint|pretrained|checkpoint_from|resume_from|init_from|base_checkpoint)(_|$)"
)


def is_online(metric: SnippetMetric) -> bool:
    """Return whether a metric was taken from users, and not from held-out data."""
    if metric.split in ("online", "live", "prod", "shadow", "ab"):
        return True
    return bool(ONLINE.search(snake(metric.name).replace("/", "_")) or ONLINE.search(metric.name))

"""The metrics of a snippet, wherever they stand and whatever tells their split."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tui_tracker.audit.snippets.leaves import Leaf, has_spread, series
from tui_tracker.audit.snippets.snippet import SnippetMetric
from tui_tracker.names.metric import read_metric
from tui_tracker.names.words import METRICS, SPLIT_ALIASES, SPLITS, snake

METRIC_HOMES = frozenset(
    "metrics metric results result scores score history summary evaluation eval final logs "
    "performance curves curve log outputs_metrics".split()
)
_NOT_METRICS = frozenset(
    "epoch epochs step steps iteration iterations time timestamp seed seeds n n_seeds folds "
    "split lr learning_rate count samples n_samples duration runtime date index fold".split()
)
_COUNTS = re.compile(r"_(epoch|step|iteration|iter|round)s?$")
"""Where a best value stood, which is none: `best_epoch`."""


def is_metric_home(leaf: Leaf) -> bool:
    """Return whether a leaf stands below what is a place of metrics."""
    return any(_home(key) for key in leaf.keys[:-1])


def _home(key: str) -> bool:
    """Whether a key names a place of metrics: `metrics`, `val_metrics`, `final_results`."""
    words = key.split("_")
    return key in METRIC_HOMES or words[-1] in ("metrics", "results", "scores", "history")


def find_metrics(found: Iterable[Leaf]) -> Iterator[SnippetMetric]:
    """Yield the metrics among leaves, each with the split that its name or its place tells."""
    told = list(found)
    splits = {
        leaf.keys[:-1]: str(leaf.value).lower()
        for leaf in told
        if leaf.key in ("split", "eval_split", "subset", "evaluated_on", "dataset_split")
    }
    for leaf in told:
        if not leaf.keys or leaf.key in _NOT_METRICS or _COUNTS.search(leaf.key):
            continue
        values = series(leaf.value)
        inside = is_metric_home(leaf)
        flat = len(leaf.keys) == 1 and _is_metric_word(leaf.key)
        if not values or not (inside or flat):
            continue
        name = _metric_name(leaf)
        if name:
            above = (splits.get(leaf.keys[:at], "") for at in range(len(leaf.keys) - 1, -1, -1))
            split = _split_of(leaf, name) or next(filter(None, above), "")
            said = leaf.text if isinstance(leaf.value, str) and has_spread(leaf.value) else ""
            yield SnippetMetric(name, tuple(values), leaf.path, split, said)


def _is_metric_word(key: str) -> bool:
    read = read_metric(key)
    return (
        read.base in METRICS
        and METRICS[read.base].direction is not None
        and (read.base not in ("error",))
    )


def _metric_name(leaf: Leaf) -> str:
    """Return a metric's name: the keys below its home, without words for a kind of value."""
    at = max((n for n, key in enumerate(leaf.keys[:-1]) if _home(key)), default=-1)
    kinds = ("last", "best", "final", "value", "values", "latest", "data", "points", "steps")
    below = [key for key in leaf.keys[at + 1 :] if key not in kinds]
    raw = leaf.path.rpartition(".")[2]
    if len(below) == 1 and snake(raw) == below[0]:
        return raw
    return "/".join(below)


def _split_of(leaf: Leaf, name: str) -> str:
    known: dict[str, str] = {**dict.fromkeys(SPLITS, ""), **SPLIT_ALIASES}
    words: list[str] = [*leaf.words, *re.findall(r"[a-z]+", snake(name))]
    for word in words:
        if word in known or word in ("training", "online", "shadow", "ab"):
            return SPLIT_ALIASES.get(word, word)
    return str(read_metric(name.rpartition("/")[2]).split)

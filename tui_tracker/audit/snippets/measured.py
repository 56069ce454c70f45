"""The metrics of a snippet, wherever they stand and whatever tells their split."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tui_tracker.audit.snippets.leaves import Leaf, has_spread, series
from tui_tracker.audit.snippets.snippet import SnippetMetric
from tui_tracker.names.metric import read_metric
from tui_tracker.names.words import METRICS, SPLIT_ALIASES, SPLITS, STATS, snake

METRIC_HOMES = frozenset(
    "metrics metric results result scores score history summary evaluation eval final logs "
    "performance curves curve log outputs_metrics online offline".split()
)
_NOT_METRICS = frozenset(
    "epoch epochs step steps iteration iterations time timestamp seed seeds n n_seeds folds "
    "split lr learning_rate count samples n_samples support duration runtime date index "
    "fold".split()
)
_SPLIT_WORDS = frozenset((*SPLITS, *SPLIT_ALIASES, "best", "final", "last", "runs"))
"""Keys above a score that are no other place: its split, its run."""
BARE_SCORES = re.compile(
    r"^((best|cv|test|val|train|final|mean|avg)_)*(score|result)$|^best_(metric|value)$"
)
"""A score of whatever: it is one, if a number stands there."""
_COUNTS = re.compile(r"_(epoch|step|iteration|iter|round)s?$|confusion|(^|_)matrix(_|$)")
"""Where a best value stood, which is none (`best_epoch`), and tables of counts."""
_BY_RUN = re.compile(r"_(per|by)_(seed|fold|run)s?$")


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
    splits = dict(_told_splits(told))
    for leaf in told:
        if not leaf.keys or leaf.key in _NOT_METRICS or _COUNTS.search(leaf.key):
            continue
        values = series(leaf.value)
        at = -2 if leaf.key in STATS and len(leaf.keys) > 1 else -1  # accuracy: {mean, std}
        flat = {*leaf.keys[:at]} <= _SPLIT_WORDS and is_metric_word(leaf.keys[at])
        if not values or not (is_metric_home(leaf) or flat):
            continue
        name = _metric_name(leaf)
        if name:
            above = (splits.get(path, "") for path in _above(leaf.path))
            split = _split_of(leaf, name) or next(filter(None, above), "")
            said = leaf.text if isinstance(leaf.value, str) and has_spread(leaf.value) else ""
            yield SnippetMetric(name, tuple(values), leaf.path, split, said)


def _told_splits(told: Iterable[Leaf]) -> Iterator[tuple[str, str]]:
    """Yield the path of a table with the split that it tells.

    Paths and not keys, because the tables of a list have the same keys. What the data of a
    result are of (`results: {dataset: {split: val}}`) holds for the result.
    """
    for leaf in told:
        if leaf.key in ("split", "eval_split", "subset", "evaluated_on", "dataset_split"):
            path = leaf.path.rpartition(".")[0]
            of_data = is_metric_home(leaf) and leaf.keys[-2] in ("data", "dataset")
            split = str(leaf.value).lower()
            yield path.rpartition(".")[0] if of_data else path, SPLIT_ALIASES.get(split, split)


def _above(path: str) -> Iterator[str]:
    """Yield the tables that a value stands in, the innermost first; a list's rows, too."""
    while path:
        path, _, last = path.rpartition(".")
        yield path
        if last.endswith("]") and path:
            yield path


def is_metric_word(key: str) -> bool:
    """Return whether a name alone means a metric, whatever it stands below."""
    read = read_metric(_BY_RUN.sub("", key))
    if BARE_SCORES.search(key):
        return True
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

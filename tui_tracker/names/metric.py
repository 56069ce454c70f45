"""A metric's name taken apart: `{split}_{metric}[_{averaging}][_at{k}][_{stat}]`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from itertools import product
from typing import Literal

from tui_tracker.names.words import (
    AVERAGINGS,
    DECLARED,
    GUESSES,
    METRIC_ALIASES,
    METRICS,
    NEEDS_AVERAGING,
    SPLIT_ALIASES,
    SPLITS,
    STATS,
    UNDERSTOOD,
    MetricWord,
    snake,
)

Confidence = Literal["certain", "likely", "guess"]

_COSTS = ("ms", "s")
_AT = re.compile(r"(?:_at_?|@)(\d+)$")
_STEP = re.compile(r"_?(?:epoch|step|iter|iteration|seed|fold|run)_?\d+$")
_LEADS = {"best": "best", "last": "last", "final": "last"}
_LEAD = re.compile(rf"({'|'.join(_LEADS)})_")
"""A statistic that stands first: `best_val_acc`."""
_STATS = re.compile(rf"_({'|'.join(STATS)})$")
_RANK = re.compile(r"(^|\.)rank\d+$")


@dataclass(frozen=True, slots=True)
class MetricName:
    """The parts of a metric's name; "" where the name does not say."""

    split: str
    base: str
    """In the words of the registry where it is known there."""
    averaging: str = ""
    at: str = ""
    """The k of a metric among the first k."""
    stat: str = ""
    suffix: str = ""
    """A step, epoch or seed that does not belong into a name."""
    known: bool = False
    sure: bool = True
    """False where an alias left a choice, as `auc` does."""
    exact: bool = True
    """False where the base was read through an alias that leaves doubt or is no word."""

    @property
    def lacks_averaging(self) -> bool:
        """Whether it does not say how classes were averaged; among the first k there are none."""
        return self.base in NEEDS_AVERAGING and not self.averaging and not self.at

    def __str__(self) -> str:
        at = f"at{self.at}" if self.at else ""
        parts = (self.split, self.base, self.averaging, at, self.stat)
        return "_".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A name that could be used instead."""

    name: str
    confidence: Confidence


def read_metric(name: str, known: Mapping[str, MetricWord] = METRICS) -> MetricName:
    """Return the parts of a metric's name, however it is written."""
    return _read_known(name) if known is METRICS else _read(name, known)


@lru_cache(maxsize=8192)
def _read_known(name: str) -> MetricName:
    return _read(name, METRICS)


@lru_cache(maxsize=8192)
def is_of_test(label: str) -> bool:
    """Return whether a metric says test data, as `eval/test/acc` and `acc@subset=test` do."""
    name, _, context = label.partition("@")
    read = _read_known(name)
    words = map(snake, re.split(r"[,;=/]", context))
    splits = (read.split, _read_known(read.base).split, *(SPLIT_ALIASES.get(w, w) for w in words))
    return "test" in splits


def is_of_other_rank(context: str) -> bool:
    """Return whether a context is that of another rank than 0, as `rank1` and `val.rank1` are."""
    return _RANK.search(context) is not None


def declared(label: str) -> MetricWord | None:
    """Return what the project says of a metric, by its whole name or without its split."""
    if not DECLARED:
        return None
    name = label.partition("@")[0]
    keys = (label, name, read_metric(name).base)
    return next((DECLARED[key] for key in keys if key in DECLARED), None)


def forget_read() -> None:
    """Read names anew: the words they are made of have changed."""
    _read_known.cache_clear()
    is_of_test.cache_clear()
    _beside_known.cache_clear()


def _read(name: str, known: Mapping[str, MetricWord]) -> MetricName:
    words = snake(name)
    suffix = at = stat = ""
    if found := _STEP.search(words):
        suffix, words = words[found.start() :].strip("_"), words[: found.start()]
    if (found := _STATS.search(words)) and words[: found.start()] not in SPLITS:
        stat, words = found[1], words[: found.start()]
    lead = _LEAD.match(words)
    if lead and not stat and _split_of(words[lead.end() :], known)[0]:
        stat, words = _LEADS[lead[1]], words[lead.end() :]
    if found := _AT.search(words):
        at, words = found[1], words[: found.start()]
    split, words = _split_of(words, known)
    averaging, words = _averaging_of(words)
    base, sure, exact = _base_of(words, known)
    return MetricName(split, base, averaging, at, stat, suffix, base in known, sure, exact)


def _split_of(words: str, known: Mapping[str, MetricWord]) -> tuple[str, str]:
    """Return the split that a name begins or ends with, and the rest."""
    aliases = {**{split: split for split in SPLITS}, **SPLIT_ALIASES}
    first, _, rest = words.partition("_")
    if rest and first in aliases:
        return aliases[first], rest
    rest, _, last = words.rpartition("_")
    if rest and last in aliases:
        return aliases[last], rest
    # Glued on, as in AUCtest; only behind what is a metric, or `latest` would end in test.
    # Capitals were cut as in HTTPServer, which tears AUCtest at the wrong place.
    whole = words.replace("_", "")
    for word in sorted(aliases, key=len, reverse=True):
        for stem in (whole.removesuffix(word), whole.removeprefix(word)):
            if stem not in ("", whole) and (stem in known or stem in dict(METRIC_ALIASES)):
                return aliases[word], stem
    return "", words


def _averaging_of(words: str) -> tuple[str, str]:
    parts = words.split("_")
    for averaging in AVERAGINGS:
        if averaging in parts and len(parts) > 1:
            parts.remove(averaging)
            return averaging, "_".join(parts)
    return "", words


def _base_of(words: str, known: Mapping[str, MetricWord]) -> tuple[str, bool, bool]:
    """Return the base, whether an alias left no choice, and whether no alias was needed."""
    if words in known and words not in UNDERSTOOD:
        return words, True, True
    for alias, canonical in METRIC_ALIASES:
        if words == alias:
            return canonical, alias not in GUESSES, alias in UNDERSTOOD
    return words, True, True


def propose_metric(
    name: str,
    *,
    siblings: Collection[str] = (),
    classes: int | None = None,
    known: Mapping[str, MetricWord] = METRICS,
) -> tuple[Proposal, ...]:
    """Return canonical names for a metric, the likeliest first; empty where it is one.

    What the name leaves open is taken from evidence: `siblings` are the metrics of the run,
    `classes` the number of classes where it is known. Without evidence every completion is
    a guess. What a frozen set of siblings tells is looked up once.
    """
    read = replace(read_metric(name, known), suffix="", known=True, exact=True)
    confidence: Confidence = "certain" if read.sure else "likely"
    splits, averagings = [read.split], [read.averaging]
    if not read.split:
        splits, confidence = _usual_splits(read.base, siblings, known), "guess"
    if read.lacks_averaging:
        averagings = _usual_averagings(siblings, classes, known)
        confidence = "likely" if classes == 2 and confidence != "guess" else "guess"
    if read.base not in known and (near := get_close_matches(read.base, known, n=1, cutoff=0.75)):
        read, confidence = replace(read, base=near[0]), "guess"
        if known[near[0]].unit in _COSTS:
            splits = [read.split]  # what a run costs is of no split
    made = [
        str(replace(read, split=split, averaging=averaging))
        for split, averaging in product(splits, averagings)
    ]
    return tuple(Proposal(text, confidence) for text in dict.fromkeys(made) if text != name)


def _usual_splits(
    base: str, siblings: Collection[str], known: Mapping[str, MetricWord]
) -> list[str]:
    """Return the splits of the siblings; beside `val_loss` a plain `loss` is of training."""
    beside = _beside(siblings, known)
    seen = sorted(beside.splits - {"", "train"}, key=SPLITS.index) or ["val", "test"]
    taken = beside.by_base.get(base, frozenset())
    free = [split for split in seen if split not in taken]
    return free or ([*seen] if "train" in taken else ["train"])


@dataclass(frozen=True, slots=True)
class _Beside:
    """What the names of a run's metrics tell of one that says less."""

    splits: frozenset[str]
    averagings: frozenset[str]
    by_base: Mapping[str, frozenset[str]]
    """The splits that a metric is known of."""


def _beside(siblings: Collection[str], known: Mapping[str, MetricWord]) -> _Beside:
    if known is METRICS and isinstance(siblings, frozenset):
        return _beside_known(siblings)
    read = [read_metric(sibling, known) for sibling in siblings]
    by_base: dict[str, set[str]] = {}
    for one in read:
        by_base.setdefault(one.base, set()).add(one.split)
    return _Beside(
        frozenset(one.split for one in read),
        frozenset(one.averaging for one in read),
        {base: frozenset(splits) for base, splits in by_base.items()},
    )


@lru_cache(maxsize=64)
def _beside_known(siblings: frozenset[str]) -> _Beside:
    return _beside(list(siblings), METRICS)


def _usual_averagings(
    siblings: Collection[str], classes: int | None, known: Mapping[str, MetricWord]
) -> list[str]:
    seen = _beside(siblings, known).averagings - {""}
    usual = ["binary"] if classes == 2 else ["macro", "binary", "micro", "weighted"]
    return list(dict.fromkeys([*sorted(seen), *usual]))[:3]

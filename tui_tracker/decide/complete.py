"""How a decision rule can go on where the cursor stands: words of the grammar, and metrics."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tui_tracker.decide.rule import FUNCTIONS, LEVELS, written

_PIECE = re.compile(r"[\w./@`-]*\Z")
_WORD = re.compile(r"`[^`]*`|[\w./@-]+|<=|>=|!=|[(),;<>=]")
_QUOTED = re.compile(r"`[^`]*`|\"[^\"]*\"")
_DIRECTIONS = {"highest": "more is better", "lowest": "less is better"}
_CONDITION = {"with": "a bound that a configuration has to keep",
              "where": "runs or configurations that take part"}  # fmt: skip
_PARTS = {
    "tie-break by": "what decides where the lead is small",
    "group by": "what makes a configuration",
    "group by config except": "a param that makes none, beside the seed",
    "over fold": "configurations are repeated over folds, not seeds",
    "ci t": "the level of intervals, as 0.99",
    "baseline": "what all others are laid beside",
}
_FACTS = {
    "n >=": "runs in a configuration",
    "stable": "no NaN, spike or divergence in its curves",
    "no health": "nothing at all wrong with its curves",
    "grade >=": "audit grade: A to F",
    "proof >=": f"{LEVELS[0]} to {LEVELS[-1]}",
    "no error": "no audit error",
    "tag.": "a tag's value",
    "data.version =": "the version of the data",
}
_FUNCTIONS_SAID = {
    "mean": "over the seeds",
    "median": "over the seeds",
    "std": "spread over the seeds",
    "iqm": "mean of the middle half",
    "ci_low": "lower end of the 95 % interval",
    "ci_high": "upper end of the 95 % interval",
    "prob_best": "how probably it is the best",
    "cv": "std / mean",
    "n": "how many runs",
}


def complete_rule(
    text: str, cursor: int, metrics: Sequence[str], params: Sequence[str]
) -> tuple[int, list[tuple[str, str]]]:
    """Return where the piece at the cursor begins, and what can stand there with a word on each."""
    before = text[:cursor]
    found = _PIECE.search(before)
    start = found.start() if found else cursor
    typed = before[start:].lower()
    items = [*_offered(before[:start].lower(), metrics, params).items()]
    fitting = [(word, says) for word, says in items if typed in word.lower()]
    return start, sorted(fitting, key=lambda item: not item[0].lower().startswith(typed))


def _offered(before: str, metrics: Sequence[str], params: Sequence[str]) -> dict[str, str]:
    first, *parts = _QUOTED.sub("name", before).split(";")
    part = _WORD.findall(parts[-1] if parts else first)
    measures = dict.fromkeys((written_label(metric) for metric in metrics), "metric")
    stats = {f"{name}(": _FUNCTIONS_SAID.get(name, "statistic") for name in FUNCTIONS} | measures
    named = dict.fromkeys(map(written, params), "param")
    if part and part[-1] in (*FUNCTIONS, "("):
        return measures
    if parts:
        return _behind(part, stats, named)
    if not part:
        return dict(_DIRECTIONS)
    if part[-1] in ("highest", "lowest", "max", "min"):
        return stats
    if part[-1] in ("with", "where", "and", ","):
        return {**_FACTS, **{f"param.{name}": "param" for name in named}, **stats}
    if not _can_end(part[-1]):
        return {}
    ways = {f"; {word}": says for word, says in _PARTS.items()}
    if {"with", "where"} & set(part):
        return {"and": "a further bound", **ways}
    return {**_CONDITION, **ways}


def _behind(part: Sequence[str], stats: dict[str, str], params: dict[str, str]) -> dict[str, str]:
    """Return what can go on behind a semicolon."""
    if not part:
        return _PARTS
    last = part[-1]
    match part[0]:
        case "tie-break":
            return _tie(part, stats)
        case "group":
            return _group(part, params)
        case "over":
            return {"seed": "runs of other seeds", "fold": "runs of other folds"}
        case "ci" if last == "ci":
            return {"t": "Student's t", "bca": "bootstrap"}
        case "baseline" if last in ("baseline", ","):
            return {f"{name}=": "param" for name in params}
    return {}


def _tie(part: Sequence[str], stats: dict[str, str]) -> dict[str, str]:
    if part[-1] in ("by", "then"):
        return {"std": "the smaller spread", **_DIRECTIONS, **stats}
    if part[-1] in _DIRECTIONS:
        return stats
    if not _can_end(part[-1]) or "within" in part:
        return {}
    return {"then": "what decides next", "within ci": "where they cannot be told apart"}


def _group(part: Sequence[str], params: dict[str, str]) -> dict[str, str]:
    if part[-1] in ("by", ","):
        return {**params, "config": "all params but the seed"}
    if part[-1] == "except":
        return params
    return {"except": "a param that makes none"} if "except" not in part else {}


def _can_end(word: str) -> bool:
    """Whether a statistic or value may end with this word."""
    return word not in ("<=", ">=", "!=", "<", ">", "=", "by", "group", "within")


def written_label(metric: str) -> str:
    """Return a metric with its context as a rule has it."""
    name, at, context = metric.partition("@")
    return f"{written(name)}@{written(context)}" if at else written(name)

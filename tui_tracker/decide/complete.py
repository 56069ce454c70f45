"""How a decision rule can go on where the cursor stands: words of the grammar, and metrics."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tui_tracker.decide.rule import FUNCTIONS, LEVELS

_PIECE = re.compile(r"[\w./@-]*\Z")
_DIRECTIONS = {"highest": "more is better", "lowest": "less is better"}
_JOINTS = {
    "with": "a bound that a configuration has to keep",
    "where": "runs or configurations that take part",
    "and": "a further bound",
    "tie-break by": "what decides where the lead is small",
    "group by": "what makes a configuration",
    "group except": "params that make none, beside the seed",
}
_FACTS = {
    "grade >=": "audit grade: A to F",
    "proof >=": f"{LEVELS[0]} to {LEVELS[-1]}",
    "no error": "no audit error",
    "param.": "a param",
    "tag.": "a tag's value",
    "n >=": "runs in a configuration",
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
    words = re.findall(r"[\w.-]+|[(),;<>=!]+", before)
    last = words[-1] if words else ""
    measures = dict.fromkeys(metrics, "metric")
    functions = {f"{name}(": _FUNCTIONS_SAID.get(name, "statistic") for name in FUNCTIONS}
    functions |= {name: _FUNCTIONS_SAID.get(name, "statistic") for name in ("mean", "median")}
    if not words:
        return dict(_DIRECTIONS)
    if last in ("highest", "lowest", "max", "min"):
        return {**functions, **measures}
    if last in (*FUNCTIONS, "(") or last.endswith("("):
        return measures
    if last in ("with", "where", "and"):
        return {**_FACTS, **functions, **measures}
    if last in ("by", "then") and words[-2:-1] == ["group"]:
        return dict.fromkeys(params, "param")
    if last in ("by", "then"):
        return {**functions, **measures, "std": "the smaller spread"}
    if last in ("except", "over"):
        return dict.fromkeys(params, "param")
    return {**_JOINTS, **measures}

"""Which metric of the runs a name in a rule means."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from difflib import get_close_matches

from tui_tracker.decide.candidates import Candidate
from tui_tracker.decide.rule import FUNCTIONS, Stat
from tui_tracker.errors import RuleInvalid
from tui_tracker.names.metric import MetricName, is_of_other_rank, read_metric

_SHOWN = 8


def resolve(stat: Stat, runs: Sequence[Candidate], rule: str) -> str:
    """Return the label of the metric that a statistic is about.

    An exact name wins; then the one metric that says the same in other words
    (`val_acc`); then the one that says it more exactly (`val_f1` finds `val_f1_macro`,
    `accuracy` finds `val_accuracy`).

    Raises:
        RuleInvalid: none fits, several do, or the metric was taken in several contexts.
    """
    wanted = stat.metric or ""
    labels = sorted({label for run in runs for label in run.metrics})
    contexts: dict[str, list[str]] = {}
    for label in labels:
        name, _, context = _split(label, runs)
        contexts.setdefault(name, []).append(context)
    params = {key for run in runs for key in run.params}
    name = _find(wanted, list(contexts), params, rule)
    if stat.context is not None:
        label = f"{name}@{stat.context}" if stat.context else name
        if label not in labels:
            known = ", ".join(c or "none" for c in contexts[name])
            problem = f"{name!r} was never taken in the context {stat.context!r}, only in {known}"
            raise RuleInvalid(rule, 0, problem, "")
        return label
    found = [context for context in contexts[name] if not is_of_other_rank(context)]
    if len(found) > 1:
        shown = ", ".join(context or "no context" for context in found)
        problem = f"{name!r} was taken in several contexts ({shown}), which do not compare"
        raise RuleInvalid(rule, 0, f"{problem} [metrics.context-mixed]", f"{name}@{found[-1]}")
    context = found[0] if found else contexts[name][0]
    return f"{name}@{context}" if context else name


def _split(label: str, runs: Sequence[Candidate]) -> tuple[str, str, str]:
    for run in runs:
        if (summary := run.metrics.get(label)) is not None:
            return summary.name, "@", summary.context
    return label, "", ""


def _find(wanted: str, names: Sequence[str], params: Collection[str], rule: str) -> str:
    if wanted in names:
        return wanted
    if not names:
        raise RuleInvalid(rule, 0, "no run that takes part has a metric", "")
    asked = read_metric(wanted)
    read = {name: read_metric(name) for name in names}
    for fits in (_is_same, _is_judged, _is_finer):
        found = [name for name in names if fits(asked, read[name])]
        if len(found) == 1:
            return found[0]
        if found:
            shown = ", ".join(found[:_SHOWN])
            raise RuleInvalid(rule, 0, f"{wanted!r} may be any of {shown}: name one", "")
    near = get_close_matches(wanted, [*names, *FUNCTIONS], n=1)
    if wanted in params:
        near = [f"param.{wanted}"]
    known = ", ".join(names[:_SHOWN]) + (" ..." if len(names) > _SHOWN else "")
    problem = f"no run has the metric {wanted!r}; there are {known}"
    raise RuleInvalid(rule, 0, problem, near[0] if near else "")


def _is_same(asked: MetricName, found: MetricName) -> bool:
    return str(asked) == str(found)


def _is_finer(asked: MetricName, found: MetricName) -> bool:
    """Whether a name says all that was asked, and more."""
    pairs = (
        (asked.split, found.split),
        (asked.averaging, found.averaging),
        (asked.at, found.at),
        (asked.stat, found.stat),
    )
    return asked.base == found.base and all(not a or a == b for a, b in pairs) and not found.stat


def _is_judged(asked: MetricName, found: MetricName) -> bool:
    """Whether a name without a split means this one, as `accuracy` means `val_accuracy`."""
    judged = found.split in ("val", "cv", "oof")
    return not asked.split and judged and _is_finer(asked, found)

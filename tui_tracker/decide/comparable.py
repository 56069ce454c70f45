"""Whether groups may be compared at all: one data set, one split, one code a group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tui_tracker.decide.candidates import Candidate, Group
from tui_tracker.errors import RuleInvalid

_DIGITS = 12


def refuse_incomparable(groups: Sequence[Group], rule: str) -> None:
    """Raise where runs were taken on other data or other splits.

    What was not recorded refuses nothing: it is a gap that the audit names.

    Raises:
        RuleInvalid: two runs differ, with the rule of the audit that says why it matters.
    """
    runs = [run for group in groups for run in group.runs]
    names = sorted({name for run in runs for name in run.data})
    for name in names:
        known = [(run, run.data[name]) for run in runs if name in run.data]
        # Where all bytes are known, they decide: a label may be written in two ways.
        whole = all(digest for _, (_, digest) in known)
        told = [(run, digest if whole else version) for run, (version, digest) in known]
        field = "content" if whole else "version"
        told = [(run, value) for run, value in told if value]
        _refuse(told, f"data {name!r} had another {field}", "data.version-drift", rule)
    for name in sorted({name for run in runs for name in run.splits}):
        split = [(run, run.splits[name]) for run in runs if run.splits.get(name)]
        _refuse(split, f"the split {name!r} was another", "data.split-mismatch", rule)


def _refuse(told: Sequence[tuple[Candidate, str]], what: str, audit: str, rule: str) -> None:
    values = list(dict.fromkeys(value for _, value in told))
    if len(values) < 2:
        return
    first, second = (next(run for run, v in told if v == value) for value in values[:2])
    problem = (
        f"these runs do not compare: {what} in {second.name!r} ({_short(values[1])}) than in "
        f"{first.name!r} ({_short(values[0])}) [{audit}]"
    )
    raise RuleInvalid(rule, 0, problem, "")


def tell_other_code(groups: Sequence[Group]) -> tuple[str, ...]:
    """Return sentences on groups whose runs, or which among themselves, ran other code.

    Between groups that may be the very thing that is tried; inside a group it means that
    its runs are not one configuration.
    """
    mixed = [group.label for group in groups if len(_codes(group.runs)) > 1]
    if mixed:
        shown = "; ".join(mixed[:3]) + (" ..." if len(mixed) > 3 else "")
        return (f"The runs of one group did not all run the same code: {shown}.",)
    if len(_codes(run for group in groups for run in group.runs)) > 1:
        return ("The groups ran different code: the difference may not be the params' alone.",)
    return ()


def _codes(runs: Iterable[Candidate]) -> set[str]:
    return {run.code for run in runs if run.code}


def _short(value: str) -> str:
    head, colon, tail = value.rpartition(":")
    return f"{head}{colon}{tail[:_DIGITS]}"

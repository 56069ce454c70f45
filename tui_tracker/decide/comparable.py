"""Whether groups may be compared at all, as the page that lays runs side by side judges it.

Other data and other splits are refused. What was not recorded refuses nothing: it is a gap
that the audit names. A data set that only some of the runs used refuses nothing either where
all share another one, but is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tui_tracker.compare.doubts import Doubt, data_doubts, split_doubts
from tui_tracker.decide.candidates import Candidate, Group, told_apart
from tui_tracker.decide.rule import Rule
from tui_tracker.errors import RuleInvalid
from tui_tracker.names.lint import lint_scale

_PERCENT = 10.0
"""A share that is larger was surely logged as percent."""
_AUDIT = {"data": "data.version-drift", "split": "data.split-mismatch"}


def refuse_incomparable(groups: Sequence[Group], metric: str, rule: Rule) -> tuple[str, ...]:
    """Raise where runs were taken on other data or other splits; return what is to be told.

    Where groups are over folds, each fold is a split of its own: those of one fold are compared.

    Raises:
        RuleInvalid: two runs differ, with the rule of the audit that says why it matters.
    """
    runs = [run for group in groups for run in group.runs]
    if len(runs) < 2:
        return ()
    told = []
    for doubt, members in _doubts(runs, metric, rule.options.over):
        if not doubt.certain:
            continue
        if _is_further(doubt, members):
            told.append(f"{doubt.words}.")
            continue
        raise RuleInvalid(str(rule), 0, f"{doubt.words} [{_AUDIT[doubt.kind]}]", "")
    return tuple(dict.fromkeys(told))


def refuse_mixed_scales(groups: Sequence[Group], labels: Iterable[str], rule: Rule) -> None:
    """Raise where a share reaches 1 in some runs and 100 in others: percents would win.

    Raises:
        RuleInvalid: one of the metrics is of two scales, with the rule that says so.
    """
    runs = [run for group in groups for run in group.runs]
    for label in dict.fromkeys(labels):
        found = (run.metrics.get(label) for run in runs)
        largest = [s.max for s in found if s is not None and s.max]  # 0 is so on either scale
        told = max(largest, default=0.0) > _PERCENT
        for doubt in lint_scale(label.partition("@")[0], largest) if told else ():
            raise RuleInvalid(str(rule), 0, f"{doubt.message} [{doubt.rule}]", "")


def _doubts(
    runs: Sequence[Candidate], metric: str, over: str
) -> Iterator[tuple[Doubt, Sequence[Candidate]]]:
    """Yield each doubt with the runs that it is about."""
    names = [run.name for run in runs]
    data = [
        {name: {"version": version, "digest": digest} for name, (version, digest) in found.items()}
        for found in (run.data for run in runs)
    ]
    yield from ((doubt, runs) for doubt in data_doubts(names, metric, data))
    folds: dict[str, list[Candidate]] = {}
    for run in runs:
        fold = told_apart(run.params.get(over)) if over != "seed" else ""
        folds.setdefault(fold, []).append(run)
    for members in folds.values():
        splits = [{name: {"hash": value} for name, value in run.splits.items()} for run in members]
        named = [run.name for run in members]
        yield from ((doubt, members) for doubt in split_doubts(named, metric, splits))


def _is_further(doubt: Doubt, runs: Sequence[Candidate]) -> bool:
    """Return whether a data set or split was merely used beside one that all have."""
    kept = [run.data if doubt.kind == "data" else run.splits for run in runs]
    kept = [names for names in kept if names]
    if all(doubt.subject in names for names in kept):
        return False
    return bool(set.intersection(*(set(names) for names in kept)))


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
    """Return what tells the codes of these runs apart: the files that ran, else the trees.

    One tree is one code, also where a param had each run import other files of it.
    """
    told = [run for run in runs if run.code or run.used]
    trees = {run.code for run in told}
    if len(trees) > 1 and all(run.used for run in told):
        return {run.used for run in told}
    return trees - {""}

"""What the number of runs behind a decision hides: runs that did not count, repeats of a seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tui_tracker.decide.candidates import Candidate, Group, group_key, group_runs, told_apart
from tui_tracker.decide.meaning import Meaning
from tui_tracker.decide.measures import values_of
from tui_tracker.decide.outcome import Standing
from tui_tracker.decide.rule import Rule, written
from tui_tracker.estimates import FEWEST_FOR_IQM

_SHOWN = 3
_FEW = 3
"""Fewer runs may well be as many configurations."""
_FOLDS = ("fold", "cv_fold", "fold_id", "fold_idx", "fold_index", "fold_no", "k_fold")
_SET_ASIDE = "reproduction"


def counted(reasons: Mapping[str, int]) -> str:
    """Return `2 failed, 1 without val_f1`."""
    return ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))


def lost_words(
    winners: Sequence[Standing], runs: Sequence[Candidate], lacking: Mapping[str, str], rule: Rule
) -> list[str]:
    """Return a sentence on runs of the winner's configuration that did not count.

    A configuration of which only the runs that went well are judged looks better than it
    is. Archived and repeated runs were set aside by hand, so they are not told here.
    """
    lost = Counter[str]()
    out = {
        run.id: why
        for run in runs
        if not run.archived and _SET_ASIDE not in run.tags
        and (why := run.status if run.status != "finished" else lacking.get(run.id, ""))
    }  # fmt: skip
    for winner in winners if out else ():
        key = group_key(winner.group.runs[0], rule.options)
        alike = (run for run in runs if run.id in out and group_key(run, rule.options) == key)
        lost.update(out[run.id] for run in alike)
    if not lost:
        return []
    n, total = winners[0].n, winners[0].n + sum(lost.values())
    return [f"Only {n} of the {total} runs of the winner's configuration count: {counted(lost)}."]


def put_away_words(winners: Sequence[Standing], runs: Sequence[Candidate], rule: Rule) -> list[str]:
    """Return a sentence on seeds of the winner's configuration that were archived.

    Who archives the seeds that went badly chooses the winner by hand. An earlier attempt of a
    seed that counts is none of them.
    """
    away = [run for run in runs if run.archived and _SET_ASIDE not in run.tags]
    for winner in winners if away else ():
        members = winner.group.runs
        key, seeds = group_key(members[0], rule.options), {told_apart(run.seed) for run in members}
        alike = [
            run for run in away
            if told_apart(run.seed) not in seeds and group_key(run, rule.options) == key
        ]  # fmt: skip
        if alike:
            count = "1 run" if len(alike) == 1 else f"{len(alike)} runs"
            were = "was" if len(alike) == 1 else "were"
            return [f"{count} of the winner's configuration, of other seeds, {were} archived."]
    return []


def partly_words(ranked: Sequence[Standing], meaning: Meaning) -> list[str]:
    """Return a sentence for each statistic that rests on fewer runs than the objective does."""
    found: dict[str, list[str]] = {}
    for stat in meaning.choosing[1:]:
        if stat.function == "n" or stat.metric is None:
            continue
        told = meaning.told(stat)
        for standing in ranked:
            count = len(values_of(standing.group, told.label, stat, told.best))
            if count < standing.n:
                shown = f"{standing.group.label} ({count} of {standing.n})"
                found.setdefault(str(stat), []).append(shown)
    return [
        f"Not all runs have what {stat} is of: {'; '.join(groups[:_SHOWN])}"
        f"{' ...' if len(groups) > _SHOWN else ''}."
        for stat, groups in found.items()
    ]


def middle_words(ranked: Sequence[Standing], meaning: Meaning) -> list[str]:
    """Return a sentence on interquartile means of groups that have no middle half."""
    if all(stat.function != "iqm" for stat in meaning.choosing):
        return []
    few = [one.group.label for one in ranked if one.n < FEWEST_FOR_IQM]
    if not few:
        return []
    shown = "; ".join(few[:_SHOWN]) + (" ..." if len(few) > _SHOWN else "")
    return [f"The iqm of fewer than {FEWEST_FOR_IQM} runs is their mean: {shown}."]


def apart_words(groups: Sequence[Group], rule: Rule) -> list[str]:
    """Return a sentence on a param that keeps runs apart which are likely meant as repeats.

    A fold is no configuration; nor is a text that each run has another of, as the folder it
    writes to.
    """
    if rule.options.by:
        return []
    differing = {key for group in groups for key in group.params}
    folds = sorted(key for key in differing if key.rpartition(".")[2].lower() in _FOLDS)
    if folds:
        way = "over fold" if folds[0] == "fold" else f"group by config except {written(folds[0])}"
        return [f"Each {folds[0]} is a configuration of its own: `{way}` makes them repeats."]
    runs = [run for group in groups for run in group.runs]
    if len(runs) < _FEW or len(groups) < len(runs):
        return []
    for key in sorted(differing):
        values = {value for run in runs if isinstance(value := run.params.get(key), str)}
        without = replace(rule.options, leave_out=key)
        if len(values) == len(runs) and len(group_runs(runs, without)) < len(runs):
            return [
                f"Each run is a configuration of its own, as {key} is another in each: "
                f"`group by config except {written(key)}` makes repeats of them."
            ]
    return []


def unseeded_words(groups: Sequence[Group]) -> list[str]:
    """Return a sentence on groups of which some runs have a seed and some have none.

    One without may be what sums up the others, as a parent of theirs does.
    """
    found = []
    for group in groups:
        without = sum(run.seed is None for run in group.runs)
        if 0 < without < len(group.runs):
            found.append(f"{group.label} ({without} of {len(group.runs)})")
    if not found:
        return []
    shown = "; ".join(found[:_SHOWN]) + (" ..." if len(found) > _SHOWN else "")
    return [f"Runs without a seed stand among those with one: {shown}."]


def repeat_words(groups: Sequence[Group]) -> list[str]:
    """Return a sentence on groups in which runs with equal params have one seed."""
    repeating = [group.label for group in groups if _repeats(group.runs)]
    if not repeating:
        return []
    shown = "; ".join(repeating[:_SHOWN]) + (" ..." if len(repeating) > _SHOWN else "")
    return [
        f"The same seed was run more than once in {shown}: such runs are no independent repeats, "
        "so spread and certainty look better than they are."
    ]


def _repeats(runs: Sequence[Candidate]) -> bool:
    seeds = Counter(told_apart(run.seed) for run in runs if run.seed is not None)
    if not seeds or max(seeds.values()) < 2:
        return False
    told = [
        repr(sorted((key, told_apart(value)) for key, value in run.params.items()))
        for run in runs
        if run.seed is not None
    ]
    return len(set(told)) < len(told)

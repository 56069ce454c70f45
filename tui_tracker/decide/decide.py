"""Apply a rule to runs: who takes part, who is eliminated and why, who wins.

What cannot be compared is refused, not ranked: other data, another split, other contexts,
test data used to choose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tui_tracker.decide.against import against_baseline, versus_words
from tui_tracker.decide.candidates import Candidate, Group, group_runs
from tui_tracker.decide.caveats import (
    apart_words,
    counted,
    lost_words,
    middle_words,
    partly_words,
    put_away_words,
    repeat_words,
    unseeded_words,
)
from tui_tracker.decide.comparable import (
    refuse_incomparable,
    refuse_mixed_scales,
    tell_other_code,
)
from tui_tracker.decide.judge import Judge
from tui_tracker.decide.meaning import Meaning
from tui_tracker.decide.outcome import Decision
from tui_tracker.decide.rule import (
    Direction,
    Rule,
)
from tui_tracker.errors import RuleInvalid


def decide(
    rule: Rule,
    runs: Sequence[Candidate],
    *,
    directions: Mapping[str, Direction] | None = None,
) -> Decision:
    """Return who wins by a rule among these runs.

    Failed, running, archived and repeated (`reproduction`) runs take no part and are
    counted. `directions` say which way a metric is better, where its name does not.

    Raises:
        RuleInvalid: the rule cannot be applied to these runs, with the reason.
    """
    taking, excluded = take_part(runs)
    if not taking:
        told = f": {counted(excluded)}" if excluded else ""
        raise RuleInvalid(str(rule), 0, f"no finished run takes part{told}", "")
    judge = Judge(rule, Meaning(rule, taking, directions or {}))
    lacking = {run.id: why for run in taking if (why := judge.lacks(run))}
    excluded.update(lacking.values())
    # Of all that finished, so that a group keeps its name where the others have no value.
    whole = group_runs(taking, rule.options)
    groups = judge.groups = [kept for group in whole if (kept := _without(group, lacking)).runs]
    compared = judge.compared()
    refuse_mixed_scales(compared, (judge.told(s).label for s in judge.meaning.choosing), rule)
    refused = refuse_incomparable(compared, judge.label, rule)
    standings = [judge.standing(number) for number in range(len(groups))]
    ranked = judge.rank([s for s in standings if not s.eliminated])
    ranking = (*ranked, *judge.by_objective([s for s in standings if s.eliminated]))
    lead, words = judge.lead(ranked)
    beside = [standing for standing in ranking if id(standing.group) in judge.beside]
    against = against_baseline(rule, beside, judge.by_seed, judge.meaning.way)
    notes = (
        *words,
        *versus_words(against, rule.options),
        *judge.meaning.slips(),
        *partly_words(ranked, judge.meaning),
        *middle_words(ranked, judge.meaning),
        *lost_words(ranked[:1], runs, lacking, rule),
        *put_away_words(ranked[:1], runs, rule),
        *repeat_words(compared),
        *unseeded_words(compared),
        *apart_words(compared, rule),
        *refused,
        *judge.notes,
        *tell_other_code(compared),
    )
    members = tuple(run.id for group in groups for run in group.runs)
    return Decision(
        rule, judge.label, rule.direction, ranking, dict(excluded), lead, notes, members, against
    )


def take_part(runs: Iterable[Candidate]) -> tuple[list[Candidate], Counter[str]]:
    """Return the runs that take part, and how many do not by the reason."""
    taking, excluded = [], Counter[str]()
    for run in runs:
        if run.archived:
            excluded["archived"] += 1
        elif "reproduction" in run.tags:
            excluded["reproduction"] += 1
        elif run.status != "finished":
            excluded[run.status] += 1
        else:
            taking.append(run)
    return taking, excluded


def _without(group: Group, lacking: Mapping[str, str]) -> Group:
    return replace(group, runs=tuple(run for run in group.runs if run.id not in lacking))

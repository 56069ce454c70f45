"""Whether the runs of a group trained well, as a condition and as a sentence beside a winner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tui_tracker.decide.candidates import Candidate
from tui_tracker.decide.outcome import Decision
from tui_tracker.health import Health, Kind, worst
from tui_tracker.queries import read_health
from tui_tracker.queries.runs import keys_of
from tui_tracker.store import Store

UNSTABLE: tuple[Kind, ...] = ("nan", "inf", "spike", "diverged", "unstable")
"""What a stable curve does not have; a plateau and overfitting are no lack of stability."""
PULSE: tuple[Kind, ...] = ("dead", "stalled")
"""What is told of a process rather than of a curve."""


def unwell_words(runs: Sequence[Candidate], *, wholly: bool) -> str:
    """Return why not all of the runs are well: `1 of 3 runs diverged at step 812`; "" if they are.

    Wholly well is a run of which nothing is told; else only what is unstable counts.
    """
    told = [[one for one in run.health if wholly or one.kind in UNSTABLE] for run in runs]
    unwell = [found for found in told if found]
    if not unwell:
        return ""
    first = worst(one for found in unwell for one in found)[0]
    return f"{len(unwell)} of {len(runs)} runs not {'well' if wholly else 'stable'}: {named(first)}"


def named(one: Health) -> str:
    """Return a finding with the metric that it shows in."""
    return f"{one.metric}: {one.words}" if one.metric else one.words


def with_health(store: Store, decision: Decision) -> Decision:
    """Return the decision with a note on how the winner's curves are."""
    winner = decision.winner
    if winner is None:
        return decision
    keys = keys_of(store, [run.id for run in winner.group.runs])
    health = read_health(store, list(keys.values()))
    told = {
        run.name: [one for one in health.get(keys.get(run.id, -1), ()) if one.kind not in PULSE]
        for run in winner.group.runs
    }
    return replace(decision, notes=(*decision.notes, health_words(told)))


def health_words(told: dict[str, list[Health]]) -> str:
    """Return the sentence beside a winner; `told` is what is wrong with its runs by name."""
    shaken = {name: [one for one in found if one.kind in UNSTABLE] for name, found in told.items()}
    shaken = {name: found for name, found in shaken.items() if found}
    runs = (
        "The winner's one run has" if len(told) == 1 else f"All {len(told)} runs of the winner have"
    )
    if shaken:
        name, found = next(iter(shaken.items()))
        more = f" (and {len(shaken) - 1} more)" if len(shaken) > 1 else ""
        return f"The winner's curves are not stable: {named(worst(found)[0])} in {name}{more}."
    others = [one for found in told.values() for one in found]
    if others:
        return f"The winner's curves are stable, but {named(worst(others)[0])}."
    return f"{runs} stable curves."

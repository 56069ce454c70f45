"""A decision about runs of a store, from the words of whoever asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tui_tracker.decide.basis import read_basis
from tui_tracker.decide.decide import decide
from tui_tracker.decide.health import with_health
from tui_tracker.decide.outcome import Decision
from tui_tracker.decide.reading import read_candidates
from tui_tracker.decide.rule import Rule
from tui_tracker.errors import NotFound
from tui_tracker.garbage import uncollected
from tui_tracker.queries import Order, RunKey, Selection, list_experiments, list_run_keys
from tui_tracker.queries.rows import marks, run_uuid
from tui_tracker.store import Store

_SHOWN = 3


def find_asked(store: Store, text: str) -> list[RunKey]:
    """Return the runs of an experiment, or those that a query fits, oldest first.

    Archived runs are among them, so that a decision can count what it leaves out.

    Raises:
        NotFound: neither has a run.
        QueryError: it is no experiment, and cannot be read as a query.
    """
    order = Order("started", descending=False)
    for selection in (
        Selection(experiment=text, archived=True),
        Selection(query=text, archived=True),
    ):
        if keys := list_run_keys(store, selection, order):
            return keys
    raise NotFound("experiment", text, [row.name for row in list_experiments(store)])


def decide_for(
    store: Store, keys: Sequence[RunKey], rule: Rule, *, project: Path | None = None
) -> Decision:
    """Return who wins among these runs, with a note on the health of the winner's curves.

    What it rests on is read first: a run that ends meanwhile makes the decision stale.

    Raises:
        RuleInvalid: the rule cannot be applied to these runs, with the reason.
    """
    with uncollected():
        basis = read_basis(store, keys)
        runs = read_candidates(store, keys, rule, project=project)
        decision = with_health(store, decide(rule, runs))
        notes = (*decision.notes, *_mixed_words(store, keys, decision))
    return replace(decision, notes=notes, basis=basis)


def _mixed_words(store: Store, keys: Sequence[RunKey], decision: Decision) -> list[str]:
    """Return a sentence on configurations that have runs of several experiments."""
    names = {
        run_uuid(uuid): name
        for uuid, name in store.read(
            "SELECT run.uuid, e.name FROM run JOIN experiment AS e ON e.id = run.experiment "
            "WHERE run.id IN (SELECT value FROM json_each(:keys))",
            {"keys": marks(keys)},
        )
    }
    mixed = []
    for standing in decision.ranking if len(set(names.values())) > 1 else ():
        found = sorted({names.get(run.id, "") for run in standing.group.runs} - {""})
        if len(found) > 1:
            shown = ", ".join(found[:_SHOWN]) + (" ..." if len(found) > _SHOWN else "")
            mixed.append(f"{standing.group.label} ({shown})")
    if not mixed:
        return []
    more = " ..." if len(mixed) > _SHOWN else ""
    return [
        "Runs of several experiments count as one configuration where their params are equal: "
        f"{'; '.join(mixed[:_SHOWN])}{more}."
    ]

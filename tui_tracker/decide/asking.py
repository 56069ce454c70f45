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
from tui_tracker.queries import Order, RunKey, Selection, list_experiments, list_run_keys
from tui_tracker.store import Store


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
    basis = read_basis(store, keys)
    runs = read_candidates(store, keys, rule, project=project)
    return replace(with_health(store, decide(rule, runs)), basis=basis)

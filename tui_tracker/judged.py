"""What the audit says of runs, for whom it stands above: queries and what they are made of.

The audit reads runs through the queries, and queries ask for grades. So it is not imported
here but called by its name, and only once a query, a column or an order speaks of it.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tui_tracker.store import Store

    Told = Callable[[int, int], None]
    Listener = Callable[[], AbstractContextManager[Told]]

GRADES = ("A", "B", "C", "D", "F")
"""The best first."""
FIELDS = {
    "grade": "how ready it is to be got again: A, B, C, D, F, or its score of 0 to 100",
    "proof": "how far it was got again: L0 to L5",
    "errors": "how many errors its audit leaves open",
    "warnings": "how many warnings its audit leaves open",
    "audit": "a rule of the audit that it does not pass",
}
"""Fields of every run that the audit fills, and what they say."""
PROOF = "coalesce((SELECT max(p.level) FROM reproduction AS p WHERE p.\"of\" = r.uuid), 'L0')"
"""SQL of a run's proof level."""


def fresh_profile(store: Store) -> str:
    """Bring what the store keeps of audits up to date; return the profile it is kept under.

    Raises:
        InvalidArgument: the settings of the folder's project mean nothing.
    """
    return str(import_module("tui_tracker.audit.cache").refresh_here(store))


_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


def be_heard_by(listener: Listener | None) -> None:
    """Let this thread tell how far it is, whenever what it asks for has runs judged first.

    Judging a hundred thousand takes half a minute, and a query says only what it wants. The
    listener opens what is then called with the number of runs done and of all, often.
    """
    _listener.set(listener)


@contextmanager
def telling(runs: int) -> Iterator[Callable[[], None]]:
    """Give what is called once a run is read and once it is judged."""
    listener = _listener.get()
    if listener is None or not runs:
        yield _nobody_hears
        return
    with listener() as told:
        halves = 0

        def half() -> None:
            nonlocal halves
            halves += 1
            # Others may have to be judged again for what these say.
            told(min(runs, halves // 2), runs)

        yield half


def _nobody_hears() -> None:
    pass


def profile_here() -> str:
    """Return the profile that audits are kept under for this folder's project."""
    return str(import_module("tui_tracker.audit.cache").profile_here())


def rule_ids() -> tuple[str, ...]:
    """Return the ids of all rules of this project."""
    return tuple(import_module("tui_tracker.audit.cache").rules_here())


def in_audit(profile: str, test: str) -> str:
    """Return the condition that a run's row in `audit` (`a`) fits a test; names are bound."""
    return f"r.id IN (SELECT a.run FROM audit AS a WHERE a.profile = {profile} AND {test})"


def audit_value(column: str, profile: str) -> str:
    """Return the SQL of a column of a run's row in `audit`."""
    return f"(SELECT a.{column} FROM audit AS a WHERE a.run = r.id AND a.profile = {profile})"

"""How often runs log a step, and when they did last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui_tracker.queries.answers import RunKey
from tui_tracker.queries.rows import METRIC_KIND, marks
from tui_tracker.store import Store


@dataclass(frozen=True, slots=True)
class Pulse:
    """The rhythm of a run's metrics; times in Unix milliseconds."""

    last_ms: int
    """When the last point of any metric was logged."""
    usual_ms: float | None
    """From point to point, of the metric that is logged most often; None for one point."""
    points: int
    """Of that metric."""


def read_pulses(store: Store, keys: Sequence[RunKey]) -> dict[RunKey, Pulse]:
    """Return the pulse of each of these runs that logged a metric."""
    if not keys:
        return {}
    where = "m.run IN (SELECT value FROM json_each(?)) AND k.kind=?"
    source = f"FROM metric AS m JOIN key AS k ON k.id = m.key WHERE {where} GROUP BY m.run"
    bound = (marks(keys), METRIC_KIND)
    lasts: dict[RunKey, int] = dict(store.read(f"SELECT m.run, max(m.last_ms) {source}", bound))
    found: dict[RunKey, Pulse] = {}
    # With one max() SQLite takes the other columns from the row that has it.
    for run, count, first_ms, last_ms in store.read(
        f"SELECT m.run, max(m.count), m.first_ms, m.last_ms {source}", bound
    ):
        usual = (last_ms - first_ms) / (count - 1) if count > 1 else None
        found[run] = Pulse(lasts[run], usual, count)
    return found

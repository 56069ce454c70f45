"""Runs that belong together: seeds of one configuration, and reruns of one run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui_tracker.queries import RunKey, get_rows, read_series
from tui_tracker.reproduce.record import Recorded, read_record
from tui_tracker.reproduce.verdict import Curve
from tui_tracker.store import Store

TAG = "reproduction"


@dataclass(frozen=True, slots=True)
class Siblings:
    """The recorded seeds of one configuration."""

    records: tuple[Recorded, ...]
    """The run in question first."""
    left_out: int
    """Runs of the same params that ran other code or other data."""


def find_siblings(store: Store, record: Recorded) -> Siblings:
    """Return the finished runs that differ from this one in nothing but the seed.

    Same experiment and same params; reproductions, imported and deleted runs are none.
    Where code and data of both are known, these must be the same, too.
    """
    rows = store.read(
        "SELECT s.id FROM run AS r JOIN run AS s ON s.experiment = r.experiment "
        "AND s.params_digest IS r.params_digest AND s.id != r.id "
        "WHERE r.id = :run AND s.status = 'finished' AND s.deleted_ms IS NULL "
        "AND s.source IS NULL AND NOT EXISTS "
        "(SELECT 1 FROM tag AS t WHERE t.run = s.id AND t.tag = :tag) ORDER BY s.id",
        {"run": record.key, "tag": TAG},
    )
    others = [read_record(store, row[0]) for row in rows]
    alike = [other for other in others if _is_alike(record, other)]
    return Siblings((record, *alike), len(others) - len(alike))


def find_reruns(store: Store, known: Sequence[RunKey], of: str) -> list[RunKey]:
    """Return the runs that came of a rerun and were not there before, oldest first."""
    old = set(known)
    new = [row[0] for row in store.read("SELECT id FROM run ORDER BY id") if row[0] not in old]
    return [key for key in new if read_record(store, key).derived_from == of]


def match_rerun(store: Store, record: Recorded, reruns: Sequence[RunKey]) -> RunKey | None:
    """Return the rerun of this very run: a script may log several.

    Told by experiment, params and name; where nothing tells, the last of them.
    """
    if not reruns:
        return None
    rows = get_rows(store, reruns, params=None, metrics=None)
    row = record.detail.row

    def likeness(position: int) -> tuple[int, ...]:
        other = rows[position]
        return (
            other.experiment == row.experiment,
            other.params == row.params,
            other.name == row.name,
            set(other.metrics) == set(row.metrics),
            position,
        )

    return rows[max(range(len(rows)), key=likeness)].key


def read_curve(store: Store, record: Recorded, label: str) -> Curve:
    """Return one metric of a run, empty where it never logged it."""
    metric = record.detail.row.metrics.get(label)
    if metric is None:
        return Curve((), ())
    series = read_series(store, record.key, metric.key)
    return Curve(series.steps, series.values)


def _is_alike(record: Recorded, other: Recorded) -> bool:
    trees = (record.code.tree, other.code.tree)
    if None not in trees and trees[0] != trees[1]:
        return False
    digests = [{d.name: d.digest for d in run.data if d.digest} for run in (record, other)]
    shared = digests[0].keys() & digests[1].keys()
    return all(digests[0][name] == digests[1][name] for name in shared)

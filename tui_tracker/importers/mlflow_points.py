"""The table of metrics of an MLflow database, read on from a mark; see `mlflow_sqlite`."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tui_tracker.importers.cells import Gathered, number, whole
from tui_tracker.importers.databases import Damaged, Row, Session
from tui_tracker.importers.mlflow_facts import is_system, metric_value
from tui_tracker.importers.records import Piece, Unread

_COLUMNS = ("run_uuid", "key", "value", "timestamp", "step", "is_nan")


class MetricTable:
    """How far the points of all runs were read."""

    def __init__(self) -> None:
        self._mark: Row | None = None
        """The last row that was read."""
        self._lost = 0

    def forget(self) -> None:
        """Read all anew."""
        self._mark, self._lost = None, 0

    def is_replaced(self, session: Session) -> bool:
        """Return whether the last row that was read is not where it was."""
        if self._mark is None:
            return False
        there = session.table("metrics", "rowid", *_COLUMNS, where="WHERE rowid=?", given=self._at)
        return [row[1:] for row in there] != [self._mark[1:]]

    def last_row(self, session: Session) -> int:
        """Return up to which row all runs are known to whoever reads the runs after this."""
        try:
            return int(session.rows("SELECT max(rowid) FROM metrics")[0][0] or 0)
        except Damaged:
            return 1 << 62

    def read(self, session: Session, until: int, runs: Collection[str]) -> Iterator[Piece]:
        """Yield further points up to a row, in log order; those of no known run are counted."""
        user, system = Gathered(), Gathered(system=True)
        odd = 0
        for rows in session.slices("metrics", _COLUMNS, self._at[0]):
            for row in rows:
                rowid, run, key, value, time_ms, step, is_nan = row
                if rowid > until:
                    break
                self._mark = row
                if type(value) is not float or type(time_ms) is not int or type(step) is not int:
                    value, time_ms, step = number(value), whole(time_ms), whole(step or 0)
                if value is None or time_ms is None or step is None or run not in runs or not key:
                    odd += 1
                    continue
                value = float("nan") if is_nan else metric_value(value)
                (system if is_system(key) else user).add(run, key, step, time_ms, value)
            yield from user.full()
            yield from system.full()
        yield from user.rest()
        yield from system.rest()
        if odd:
            problem = f"{odd} rows are no points of any run that is there, and were passed over"
            yield Unread(session.path, "table metrics", problem)

    @property
    def _at(self) -> tuple[int]:
        return (int(self._mark[0]) if self._mark else 0,)

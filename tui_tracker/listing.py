"""Runs for scripts and notebooks: `tt.list_runs`, and the series of one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tui_tracker.series_frames import Engine, Frame


class ListedRun(dict[str, Any]):
    """A run as `tt ls --json` tells it, which knows where its points are."""

    def __init__(self, facts: Mapping[str, Any], folder: str) -> None:
        super().__init__(facts)
        self._folder = folder

    def series(self, metric: str, context: str = "", *, engine: Engine = "pandas") -> Frame:
        """Return all points of a metric as a frame of pandas or polars.

        The columns are `step` (int64), `time` (datetime64[ms, UTC]) and `value` (float64), a
        line a point in log order. `metric` may be a label as well (`loss@val`).

        Raises:
            NotFound: the run never logged it.
            InvalidArgument: the library is not installed, or is not known.
            StoreError: the store cannot be read.
        """
        from tui_tracker.series_frames import series_frame

        return series_frame(self._folder, self["id"], metric, context, engine)


def list_runs(
    query: str = "",
    *,
    store: str | os.PathLike[str] | None = None,
    limit: int | None = None,
    archived: bool = False,
) -> list[ListedRun]:
    """Return the runs that a query fits, newest first, each as `tt ls --json` tells it.

    `store` is a folder; without it the store is found as everywhere else.

    Raises:
        QueryError: the query cannot be read, or names a field that no run has.
        StoreError: there is no store, or it cannot be read.
    """
    import json

    from tui_tracker.drain import recover
    from tui_tracker.queries.records import run_records
    from tui_tracker.queries.selection import Selection, list_run_keys
    from tui_tracker.store import Store

    with Store.open(store) as opened:
        recover(opened)
        keys = list_run_keys(opened, Selection(query=query, archived=archived))[:limit]
        return [ListedRun(json.loads(text), opened.folder) for text in run_records(opened, keys)]

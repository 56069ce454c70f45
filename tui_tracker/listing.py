"""Runs for scripts and notebooks: `tt.list_runs`."""

from __future__ import annotations

import os
from typing import Any


def list_runs(
    query: str = "",
    *,
    store: str | os.PathLike[str] | None = None,
    limit: int | None = None,
    archived: bool = False,
) -> list[dict[str, Any]]:
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
        return [json.loads(text) for text in run_records(opened, keys)]

"""Stores as earlier versions wrote them, from the SQL in `data/`."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tui_tracker.database import statements
from tui_tracker.folder import APPLICATION_ID

DATA = Path(__file__).parent / "data"


def restored(folder: Path, version: int) -> Path:
    """Make the store of a version, and return its folder."""
    (folder / "journals").mkdir(parents=True)
    connection = sqlite3.connect(folder / "store.db", isolation_level=None)
    for statement in statements((DATA / f"store_v{version}.sql").read_text(encoding="utf-8")):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version={version}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    return folder

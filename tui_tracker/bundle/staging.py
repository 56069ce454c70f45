"""A store in a temporary folder, which one process has for itself.

Such a store is not looked for: `Store.open` would keep the database of a folder on a
network file system in this machine's cache, where nobody would ever remove it.
"""

from __future__ import annotations

import os

from tui_tracker import folder as folders
from tui_tracker.database import (
    FILLS,
    MIGRATIONS,
    SCHEMA_VERSION,
    make_database,
    migrate,
    translated,
)
from tui_tracker.store import Store


def open_staged(folder: str) -> Store:
    """Open the store in a folder; make it where there is none, and bring an older one up."""
    path = folders.database(folder)
    if not os.path.exists(path):
        make_database(path)
    elif (folders.schema_version(path) or 0) < SCHEMA_VERSION:
        with translated(path):
            migrate(path, MIGRATIONS, SCHEMA_VERSION, FILLS)
    return Store(folder, path, read_only=False, wait_s=5.0)

"""What a reader handed on, in short, and changes of a database that it follows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from tui_tracker.importers.records import ImportedRun, Piece, Points, Printed, StartedOver


def told(pieces: Iterable[Piece]) -> list[str]:
    """Return a line a piece; runs are named by their keys."""
    return [_line(piece, f"{getattr(piece, 'run', '')}: ") for piece in pieces]


def told_of_one(pieces: Iterable[Piece]) -> list[str]:
    """Return a line a piece, without the key of the only run."""
    return [_line(piece, "") for piece in pieces]


def _line(piece: Piece, run: str) -> str:
    if isinstance(piece, Points):
        return f"{run}{piece.metric} {list(piece.steps)}"
    if isinstance(piece, ImportedRun):
        return f"{piece.key} {piece.status}" if run else piece.status
    if isinstance(piece, StartedOver):
        return f"{piece.run} over" if run else "over"
    return f"{run}{piece.lines}" if isinstance(piece, Printed) else str(piece)


def run_sql(path: Path, script: str) -> None:
    """Change a database as another program would."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(script)

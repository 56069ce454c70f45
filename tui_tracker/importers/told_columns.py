"""Tables whose columns the user told: how such sources are opened."""

from __future__ import annotations

from pathlib import Path

from tui_tracker.importers import Source, tabular
from tui_tracker.importers.importing import Open
from tui_tracker.importers.records import Reader
from tui_tracker.importers.tabular import Columns, guess_columns, parse_columns


def told_columns(text: str) -> Open:
    """Return how to open sources where the user told what the columns of a table are.

    Raises:
        InvalidArgument: the text does not say `step=NAME,metric=NAME` or the like.
    """
    parse_columns(text)

    def open_source(source: Source) -> Reader:
        if source.tool != tabular.TOOL:
            return source.open()
        return tabular.open_reader(source.claim, columns_of(source.path, text))

    return open_source


def columns_of(path: Path, told: str) -> Columns:
    """Return what the columns of a table are: guessed, but for what is told.

    Raises:
        InvalidArgument: what is told has another form, or names no column.
        ImportFailed: the table cannot be read.
    """
    guessed = guess_columns(path)
    if not told:
        return guessed
    roles = parse_columns(told)
    one = {name: value for name, value in roles.items() if isinstance(value, str)}
    several = {name: value for name, value in roles.items() if isinstance(value, list)}
    return guessed.changed(
        step=one.get("step"),
        time=one.get("time"),
        run=one.get("run"),
        metrics=several.get("metrics"),
        params=several.get("params"),
    )

"""The patterns that a project teaches, in the `pyproject.toml` beside the code.

[tool.tui_tracker.parse]
pattern = "ep {epoch:d} loss {loss:f}"      # or a list of them
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from tui_tracker.errors import InvalidArgument, QueryError
from tui_tracker.parsing.patterns import Pattern, read_pattern

_WHERE = "[tool.tui_tracker.parse]"


def read_patterns(start: Path) -> tuple[Pattern, ...]:
    """Return the patterns of the project around a folder, none where it has none.

    Raises:
        InvalidArgument: the file cannot be read, or a pattern cannot, with the place.
    """
    for folder in (start, *start.parents):
        path = folder / "pyproject.toml"
        if path.is_file():
            return _of_file(path)
    return ()


def read_given(texts: Iterable[str], where: str = "") -> tuple[Pattern, ...]:
    """Return patterns that were given as texts.

    Raises:
        InvalidArgument: one cannot be read; `where` and the column say which and where.
    """
    found: list[Pattern] = []
    for text in texts:
        try:
            found.append(read_pattern(text))
        except QueryError as error:
            place = f"{where}: " if where else ""
            raise InvalidArgument(
                f"{place}the pattern {text!r}, column {error.column + 1}: {error.problem}"
            ) from error
    return tuple(found)


def _of_file(path: Path) -> tuple[Pattern, ...]:
    try:
        with path.open("rb") as file:
            whole = tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidArgument(f"{path} cannot be read: {error}") from error
    table: object = whole
    for key in ("tool", "tui_tracker", "parse"):
        table = table.get(key, {}) if isinstance(table, Mapping) else {}
    if not isinstance(table, Mapping):
        raise InvalidArgument(f"{path}: tool.tui_tracker.parse is a table, not {table!r:.60}")
    for key in table:
        if key != "pattern":
            raise InvalidArgument(f"{path}: {_WHERE}: {key!r} means nothing: known is pattern")
    given = table.get("pattern", [])
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise InvalidArgument(f"{path}: {_WHERE}: pattern is a text or a list of texts")
    return read_given(texts, f"{path}: {_WHERE}")

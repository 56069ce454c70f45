"""What a user tells of sources that can be read in several ways: columns of tables, patterns."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tui_tracker.importers import Source
from tui_tracker.importers.records import Reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tui_tracker.importers.columns import Columns


@dataclass(frozen=True, slots=True)
class Told:
    """What is told; what is not is guessed."""

    columns: str = ""
    """`step=epoch,metric=loss`: the roles of a table's columns."""
    patterns: tuple[str, ...] = ()
    """`ep {epoch:d} loss {loss:f}`: shapes of lines of a printed log."""

    def check(self) -> None:
        """Look whether it can be meant.

        Raises:
            InvalidArgument: no roles of columns are told so.
            QueryError: a pattern cannot be read, with the place.
        """
        if self.columns:
            from tui_tracker.importers.tabular import parse_columns

            parse_columns(self.columns)
        if self.patterns:
            from tui_tracker.parsing.patterns import read_pattern

            for pattern in self.patterns:
                read_pattern(pattern)

    def open(self, source: Source) -> Reader:
        """Return the source's reader, which goes by what is told."""
        if self.columns and source.tool == "table":
            from tui_tracker.importers import tabular

            return tabular.open_reader(source.claim, columns_of(source.path, self.columns))
        if self.patterns and source.tool == "log":
            from tui_tracker.importers import console_log

            patterns = console_log.patterns_of(source.path, self.patterns)
            return console_log.open_reader(source.claim, patterns)
        return source.open()

    def as_text(self) -> str:
        """Return it for another process; see `from_text`."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Told:
        facts = json.loads(text)
        return cls(facts["columns"], tuple(facts["patterns"]))


def columns_of(path: Path, told: str) -> Columns:
    """Return what the columns of a table are: guessed, but for what is told.

    Raises:
        InvalidArgument: what is told has another form, or names no column.
        ImportFailed: the table cannot be read.
    """
    from tui_tracker.importers.tabular import guess_columns, parse_columns

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

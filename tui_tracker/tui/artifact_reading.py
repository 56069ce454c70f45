"""What the page of an artifact asks its file: opened once, read in the page's threads.

Imported by the workers only, as all that reads.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_tracker.formatting import fit, wrap
from tui_tracker.tui.widgets.text_view import ShownLine, shown_text
from tui_tracker.viewing import Look, look_at, stored_file
from tui_tracker.viewing.dump import SHOWN, hex_lines, read_head
from tui_tracker.viewing.kinds import View
from tui_tracker.viewing.lines import TextFile, TextLine
from tui_tracker.viewing.picture import Picture, read_picture
from tui_tracker.viewing.pretty import PrettyLines, coloured, pretty_json
from tui_tracker.viewing.summary import summary_facts
from tui_tracker.viewing.tables import Table, open_table

if TYPE_CHECKING:
    from tui_tracker.queries import Artifact
    from tui_tracker.store import Store
    from tui_tracker.tui.widgets.line_widget import Line, Role

TELL_S = 0.5
_COLOURED = frozenset(("JSON", "notebook", "YAML", "TOML"))
_ROLES: dict[str, Role] = {"": "", "key": "accent", "comment": "dim", "section": "bold"}


@dataclass(frozen=True, slots=True)
class Opened:
    """A file in one of the ways to look at it; what the way does not have is None."""

    look: Look
    view: View
    text: TextFile | PrettyLines | None = None
    table: Table | None = None
    picture: Picture | None = None
    lines: tuple[Line, ...] | None = None

    def close(self) -> None:
        for source in (self.text, self.table):
            if source is not None:
                source.close()


def look_at_artifact(store: Store, artifact: Artifact) -> Look:
    """Return what an artifact is.

    Raises:
        Unreadable: its bytes are not in the store, or cannot be read.
    """
    path = stored_file(
        store.folder, artifact.sha256, copied=artifact.copied, problem=artifact.problem
    )
    return look_at(path, artifact.path)


def open_view(look: Look, view: View, points: tuple[int, int], width: int) -> Opened:
    """Return a file opened in one way; a picture has at most so many points.

    Raises:
        Unreadable: it is damaged, or cannot be shown so.
        OSError: it cannot be read.
    """
    if view == "picture":
        return Opened(look, view, picture=read_picture(look.path, *points))
    if view == "table":
        return Opened(look, view, table=open_table(look.path, look.name, look.kind))
    if view == "pretty":
        return Opened(look, view, text=pretty_json(look.path, look.size_bytes))
    if view == "text":
        return Opened(look, view, text=TextFile(look.path))
    lines = _summary(look, width) if view == "summary" else _hex(look, width)
    return Opened(look, view, lines=lines)


def _summary(look: Look, width: int) -> tuple[Line, ...]:
    lines: list[Line] = []
    for name, value in summary_facts(look):
        for number, part in enumerate(wrap(value, max(10, width - 10))):
            lines.append(((fit("" if number else name, 10), "dim"), (part, "")))
    return (*lines, (), *_hex(look, width)) if look.kind == "binary" else tuple(lines)


def _hex(look: Look, width: int) -> tuple[Line, ...]:
    per_line = 16 if width >= 78 else 8
    lines: list[Line] = [
        ((place, "faint"), (f"  {numbers}  ", ""), (signs, "dim"))
        for place, numbers, signs in hex_lines(read_head(look.path), width=per_line)
    ]
    more = look.size_bytes - SHOWN
    if more > 0:
        lines += [(), ((f"and {more:,} bytes more", "dim"),)]
    return tuple(lines)


def read_lines(opened: Opened, first: int, count: int) -> list[ShownLine]:
    """Return lines of a text as they are drawn."""
    assert opened.text is not None
    colours = opened.look.words in _COLOURED
    return [_drawn(line, colours=colours) for line in opened.text.read(first, count)]


def _drawn(line: TextLine, *, colours: bool) -> ShownLine:
    text = shown_text(line.text)
    if not colours or line.number is None:
        return ShownLine(line.number, ((text, ""),))
    return ShownLine(line.number, tuple((part, _ROLES[what]) for part, what in coloured(text)))


def count_all(
    source: TextFile | PrettyLines | Table,
    tell: Callable[[int, bool], None],
    stop: Callable[[], bool],
) -> None:
    """Count lines or rows to the end, telling how far it is now and then.

    Between two steps it lets others go first: nobody waits for a number.
    """
    told_at = 0.0
    step = 20_000
    while not source.complete and not stop():
        source.index(source.count + step, stop)
        if time.monotonic() - told_at >= TELL_S or source.complete:
            told_at = time.monotonic()
            tell(source.count, source.complete)
        time.sleep(0.002)

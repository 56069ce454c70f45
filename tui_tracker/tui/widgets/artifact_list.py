"""The artifacts of a run, one a line; enter opens one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message
from textual.reactive import reactive

from tui_tracker.formatting import MISSING, cell_width, fit, format_size, printable
from tui_tracker.tui.keys import bindings
from tui_tracker.tui.widgets.line_widget import Line, Span
from tui_tracker.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from tui_tracker.queries import Artifact

_DIGEST, _SIZE, _KEPT = 12, 8, 5


class ArtifactList(VirtualList, inherit_bindings=False):
    """Files by path."""

    BINDINGS = [*bindings("list"), *bindings("artifacts")]
    PLACE = "artifacts"
    HEADER_LINES = 1

    items: reactive[Sequence[Artifact]] = reactive((), repaint=False)

    @dataclass
    class Opened(Message):
        """An artifact is to be looked at."""

        list: ArtifactList
        index: int

        @property
        def control(self) -> ArtifactList:
            return self.list

    def watch_items(self, old: Sequence[Artifact], new: Sequence[Artifact]) -> None:
        before = old[self.cursor].path if self.cursor < len(old) else ""
        self.count = len(new)
        paths = [item.path for item in new]
        if before in paths:
            self.cursor = paths.index(before)
        self.refresh()

    @property
    def current(self) -> Artifact | None:
        """The artifact under the cursor."""
        return self.items[self.cursor] if self.cursor < len(self.items) else None

    def _widths(self) -> tuple[int, int]:
        """Return the cells of path and kind."""
        kinds = [cell_width(printable(item.kind)) for item in self.items]
        kind = min(max([4, *kinds]), 14)
        paths = [cell_width(printable(item.path)) for item in self.items]
        rest = self.room - 1 - kind - _SIZE - _DIGEST - _KEPT - 8
        return max(12, min(max([4, *paths]), rest)), kind

    def header(self, row: int) -> Line:  # noqa: ARG002 - there is one header line
        if not self.items:
            return ()
        path, kind = self._widths()
        words = f" {fit('path', path)}  {fit('kind', kind)}  {'size':>{_SIZE}}"
        return ((f"{words}  {fit('sha256', _DIGEST)}  bytes", "head"),)

    def line(self, index: int) -> Line:
        item = self.items[index]
        path, kind = self._widths()
        kept: Span = ("kept", "") if item.copied else ("named", "dim")
        return (
            ("▌" if index == self.cursor else " ", "mark" if index == self.cursor else ""),
            (fit(printable(item.path), path), ""),
            (f"  {fit(printable(item.kind), kind)}", "dim"),
            (f"  {format_size(item.size_bytes):>{_SIZE}}  ", ""),
            (fit(item.sha256[:_DIGEST] if item.sha256 else MISSING, _DIGEST), "dim"),
            ("  ", ""),
            (printable(item.problem), "bad") if item.problem else kept,
        )

    def action_open(self) -> None:
        if self.count:
            self.post_message(self.Opened(self, self.cursor))

    def chosen(self) -> None:
        self.action_open()

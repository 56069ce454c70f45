"""A run's lineage as a tree that folds: title, detail, mark and reason of every node.

What stands open survives a new check of the same run, because nodes are known by the
titles on the way to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from textual.message import Message
from textual.reactive import reactive

from tui_tracker.formatting import cell_width, crop, fit, printable
from tui_tracker.lineage.tree import MARKS, LineageNode, LineageTree, Mark
from tui_tracker.tui.keys import bindings
from tui_tracker.tui.widgets.line_widget import Line, Role, Span
from tui_tracker.tui.widgets.virtual_list import VirtualList

MARK_SPANS: dict[Mark, Span] = {
    "verified": ("✓", "good"),
    "changed": ("≠", "bad"),
    "missing": ("✗", "bad"),
    "recorded": ("·", "dim"),
    "not recorded": ("–", "second"),
}
"""One shape a mark, so that it can be told without colour."""
INFORMS: Span = ("≈", "second")
_COLUMN, _TITLE = 14, 30
"""Cells up to the details of short titles, and the most that a title may take."""

Path = tuple[str, ...]
Count = tuple[str, Role, str]
"""A glyph, its role, and how many there are of what it stands for."""


@dataclass(frozen=True, slots=True)
class Row:
    """An open node: one line of the view."""

    path: Path
    node: LineageNode
    title: int
    """Cells that the titles of this node and its siblings take."""

    @property
    def depth(self) -> int:
        return len(self.path) - 1


class LineageView(VirtualList, inherit_bindings=False):
    """The lineage of a run; enter opens what there is to open."""

    BINDINGS = [*bindings("list"), *bindings("lineage")]
    PLACE = "lineage"
    HEADER_LINES = 2

    tree_shown: reactive[LineageTree | None] = reactive(None, repaint=False, init=False)
    text: reactive[str] = reactive("", repaint=False, init=False)
    """Only nodes that contain this are shown, with those above them."""
    checking: reactive[str] = reactive("", repaint=False, init=False)
    """What is being checked right now; "" when nothing is."""

    @dataclass
    class Opened(Message):
        """The changes that a node stands for are wanted."""

        view: LineageView
        node: LineageNode

        @property
        def control(self) -> LineageView:
            return self.view

    @dataclass
    class DeepWanted(Message):
        """Everything is to be read and hashed, or that is to stop."""

        view: LineageView

        @property
        def control(self) -> LineageView:
            return self.view

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: list[Row] = []
        """The open nodes, from the top."""
        self._turned: set[Path] = set()
        """Nodes that stand otherwise than they did at first."""

    @property
    def current(self) -> Row | None:
        """The node under the cursor."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def forget(self) -> None:
        """Drop the tree, for another run follows; what was folded stays folded."""
        self.tree_shown = None

    def watch_tree_shown(self) -> None:
        self._lay_out()

    def watch_text(self) -> None:
        self._lay_out()

    def watch_checking(self) -> None:
        self.refresh()

    def _lay_out(self) -> None:
        """Lay the open nodes out again and keep the cursor on its node, or above it."""
        at: Path = self.current.path if self.current else ()
        groups = self.tree_shown.groups if self.tree_shown else ()
        words = self.text.casefold()
        self.rows = list(self._open(groups, (), words))
        self.count = len(self.rows)
        paths = [row.path for row in self.rows]
        while at and at not in paths:
            at = at[:-1]
        self.cursor = paths.index(at) if at in paths else 0
        self.refresh()
        # Another node may stand in the line of the cursor.
        self.post_message(self.CursorMoved(self, self.cursor))

    def _open(self, nodes: Iterable[LineageNode], above: Path, words: str) -> Iterator[Row]:
        shown = [node for node in nodes if not words or _contains(node, words)]
        longest = max((cell_width(printable(node.title)) for node in shown), default=0)
        title = max(min(longest, _TITLE), _COLUMN - 2 * len(above))
        seen: dict[str, int] = {}
        for node in shown:
            # Two files may have one name; each is a node of its own.
            number = seen[node.title] = seen.get(node.title, 0) + 1
            path = (*above, node.title if number == 1 else f"{node.title}\0{number}")
            yield Row(path, node, title)
            if self._is_open(node, path, words):
                # A node that fits by itself shows all that is below it.
                below = "" if words in _words(node) else words
                yield from self._open(node.children, path, below)

    def _is_open(self, node: LineageNode, path: Path, words: str) -> bool:
        if not node.children:
            return False
        if words and words not in _words(node):
            return True
        return (path in self._turned) == node.closed

    # Drawing.

    def header(self, row: int) -> Line:
        if row or self.tree_shown is None:
            return ()
        if self.checking:
            return ((crop(f" {self.checking}", self.room), "accent"),)
        tree = self.tree_shown
        marks = {m: (*MARK_SPANS[m], f"{tree.counts[m]:,} {m}") for m in MARKS}
        doubts: Count = ("!", "second", f"{tree.doubts:,} worth a look")
        informing: Count = (*INFORMS, f"{tree.informing:,} {differ(tree.informing)} here")
        parts = [marks["missing"], marks["changed"], doubts, marks["verified"], informing]
        parts += [marks["not recorded"], marks["recorded"]]
        return _header(parts, self.room)

    def line(self, index: int) -> Line:
        row = self.rows[index]
        node = row.node
        twig = ""
        if node.children:
            is_open = index + 1 < len(self.rows) and self.rows[index + 1].depth > row.depth
            twig = "▾" if is_open else "▸"
        here = index == self.cursor
        head: list[Span] = [
            ("▌" if here else " ", "mark" if here else ""),
            ("  " * min(row.depth, 6), ""),
            mark_span(node),
            ("!" if node.doubt else " ", "second"),
            (fit(twig, 2), "dim"),
            (_fitted(printable(node.title), row.title), "bold" if not row.depth else ""),
        ]
        taken = sum(cell_width(text) for text, _ in head)
        return (*head, *_tail(node, self.room - taken))

    # Acting.

    def action_fold(self) -> None:
        row = self.current
        if row is None:
            return
        if self._is_open(row.node, row.path, self.text.casefold()):
            self._turn(row)
            return
        above = [i for i in range(self.cursor) if self.rows[i].depth < row.depth]
        if above:
            self.cursor = above[-1]

    def action_unfold(self) -> None:
        row = self.current
        if row is None or not row.node.children:
            return
        if self._is_open(row.node, row.path, self.text.casefold()):
            self.cursor += 1
        else:
            self._turn(row)

    def _turn(self, row: Row) -> None:
        self._turned ^= {row.path}
        self._lay_out()

    def action_open(self) -> None:
        row = self.current
        if row is None:
            return
        if row.node.opens:
            self.post_message(self.Opened(self, row.node))
        elif row.node.children:
            self._turn(row)

    def chosen(self) -> None:
        self.action_open()

    def action_deep(self) -> None:
        self.post_message(self.DeepWanted(self))


def differ(count: int) -> str:
    return "differs" if count == 1 else "differ"


def mark_span(node: LineageNode) -> Span:
    """Return a node's mark as a glyph."""
    return INFORMS if node.informs else MARK_SPANS[node.mark]


def _header(parts: Sequence[Count], room: int) -> Line:
    """Return counts beside each other, the heaviest first; those that do not fit are left out."""
    spans: list[Span] = [(" ", "")]
    taken = 1
    for glyph, role, text in parts:
        width = 1 + 1 + cell_width(text) + 3
        if text.startswith("0 ") or taken + width - 3 > room:
            continue
        spans += [(glyph, role), (f" {text}   ", "dim")]
        taken += width
    return tuple(spans)


def _words(node: LineageNode) -> str:
    return f"{node.title} {node.detail} {node.mark} {node.why} {node.value}".casefold()


def _contains(node: LineageNode, words: str) -> bool:
    return words in _words(node) or any(_contains(child, words) for child in node.children)


def _fitted(title: str, cells: int) -> str:
    return fit(title, cells) if cell_width(title) <= cells else crop(title, max(cells, _TITLE))


def _tail(node: LineageNode, room: int) -> tuple[Span, ...]:
    """Return detail and reason in so many cells; the reason gives way."""
    detail = crop(printable(node.detail), max(0, room - 2))
    spans: list[Span] = [(f"  {detail}", "")] if detail else []
    left = room - sum(cell_width(text) for text, _ in spans) - 2
    why = crop(printable(node.why), left) if left > 3 else ""
    role: Role = "second" if node.doubt else "dim"
    return (*spans, (f"  {why}", role)) if why else tuple(spans)

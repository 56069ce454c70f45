"""The tree of runs, by experiment or by any levels: counts, how the last run went, the best.

Moving the cursor selects. With a filter each branch counts the runs that fit; those of none
stay where they are, so that nothing jumps while one types.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import events
from textual.geometry import Region
from textual.message import Message

from tui_tracker.formatting import (
    align_points,
    cell_width,
    crop,
    fit,
    format_count,
    format_number,
    printable,
)
from tui_tracker.tui.columns import GLYPHS
from tui_tracker.tui.keys import bindings
from tui_tracker.tui.tree import TOP, Node, Nodes, TreeFound, TreeWanted
from tui_tracker.tui.widgets.line_widget import Line, Role, Span
from tui_tracker.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from tui_tracker.queries.branches import Branch
    from tui_tracker.tui.tree import Where

ALL = ""
"""The path of the root: all runs."""
DEEPEST = 6
"""Levels that are indented; deeper ones share what room there is."""
GLYPH_ROOM = 3
"""Cells that tell how a branch goes, such as " ●1"."""
_STATUS_ROLES: dict[str, Role] = {"running": "good", "finished": "faint"}


class ExperimentTree(VirtualList, inherit_bindings=False):
    """Branches of runs as a tree that folds."""

    BINDINGS = [*bindings("list"), *bindings("tree")]
    PLACE = "tree"
    HEADER_LINES = 1

    @dataclass
    class Entered(Message):
        """The runs of the node under the cursor are wanted."""

        tree: ExperimentTree

        @property
        def control(self) -> ExperimentTree:
            return self.tree

    @dataclass
    class MoreWanted(Message):
        """A node was opened whose branches are not read yet, or the tree came into view."""

        tree: ExperimentTree

        @property
        def control(self) -> ExperimentTree:
            return self.tree

    @dataclass
    class Folded(Message):
        """A node was folded or opened by hand."""

        tree: ExperimentTree

        @property
        def control(self) -> ExperimentTree:
            return self.tree

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.branches = Nodes()
        self.lines: list[Node] = []
        """The nodes that are in view or would be by scrolling, from the top."""
        self._fits: TreeFound | None = None
        """The last reading of the runs that fit the filter, and of the best values."""
        self._fitting: dict[Where, Branch] = {}
        self._bests: dict[Where, str] = {}
        self._widest = 0
        """Cells that the longest label takes with its indent."""

    # What it shows.

    @property
    def has_runs(self) -> bool:
        return self.branches.root.runs > 0

    @property
    def current(self) -> Node | None:
        """The node under the cursor."""
        return self.lines[self.cursor] if self.cursor < len(self.lines) else None

    @property
    def path(self) -> str:
        """What the node under the cursor is called; `ALL` for all runs."""
        return self.current.path if self.current else ALL

    @property
    def where(self) -> Where:
        """The conditions of the node under the cursor."""
        return self.current.where if self.current else TOP

    @staticmethod
    def width_in(cells: int) -> int:
        """Return the cells that the tree takes of a screen so wide, beside the table."""
        return 22 if cells < 120 else 30 if cells < 150 else 38

    def wanted(self, *, archived: bool) -> TreeWanted:
        """Return what has to be read to show the tree anew as it is."""
        return TreeWanted(self.branches.levels, self.branches.opened(), archived)

    def take(self, found: TreeFound) -> None:
        """Show branches that were read anew."""
        if found.wanted.levels != self.branches.levels:
            self._forget_fits()
        self._change(lambda: self.branches.take(found))

    def add(self, found: TreeFound) -> None:
        """Show the branches below opened nodes."""
        self._change(lambda: self.branches.add(found))

    def restart(self, levels: tuple[str, ...]) -> None:
        """Show nothing until the branches of other levels come."""
        self._forget_fits()
        self._change(lambda: self.branches.restart(levels))

    def take_fits(self, found: TreeFound | None) -> None:
        """Count only runs that fit a filter, and show best values; None for all and none."""
        self._change(lambda: self._take_fits(found))

    def _take_fits(self, found: TreeFound | None) -> None:
        if found is None:
            self._forget_fits()
        else:
            self._fits, self._fitting = found, found.by_where()
            all_bests = {where: branch.best for where, branch in self._fitting.items()}
            all_bests[TOP] = found.below[TOP].best
            bests = {where: best for where, best in all_bests.items() if best is not None}
            texts = align_points(map(format_number, bests.values()))
            self._bests = dict(zip(bests, texts, strict=True))

    def _forget_fits(self) -> None:
        self._fits, self._fitting, self._bests = None, {}, {}

    def _change(self, change: Callable[[], None]) -> None:
        """Change the nodes; repaint what looks other than before, keep the cursor's place."""
        head = self.header(0)
        shown = {index: self.line(index) for index in self.window if index < len(self.lines)}
        at = self.where
        change()
        self._flatten(at)
        for index in self.window:
            if shown.get(index) != self.line(index):
                self.refresh_index(index)
        if self.header(0) != head:
            self.refresh(Region(0, 0, self.size.width, 1))

    def _flatten(self, at: Where) -> None:
        """Lay the open nodes out again and keep the cursor on `at`, or on what is above it."""
        self.lines = list(self.branches.walk())
        self.count = len(self.lines)
        self._widest = max(
            (2 * min(node.depth, DEEPEST) + cell_width(node.label) for node in self.lines),
            default=0,
        )
        while at and self._index(at) is None:
            at = _above(at)
        self.cursor = self._index(at) or 0

    def _index(self, where: Where) -> int | None:
        return next((n for n, node in enumerate(self.lines) if node.where == where), None)

    # Drawing.

    def header(self, row: int) -> Line:  # noqa: ARG002
        names = [printable(level.partition(":")[2] or level) for level in self.branches.levels]
        best = self._best_room
        metric = self._fits.wanted.title if self._fits else ""
        right = f" {self._counted:>{self._count_room}}" + (
            f"  {fit(metric, best, right=True)}" if best else ""
        )
        words = " › ".join(names)
        return (
            (" ", ""),
            (fit(words, max(0, self.room - 1 - cell_width(right))), "head"),
            (right, "head"),
        )

    @property
    def _query(self) -> str:
        return self._fits.wanted.query if self._fits else ""

    @property
    def _counted(self) -> str:
        """What is counted, as the header calls it."""
        return "found" if self._query else "runs"

    @property
    def _count_room(self) -> int:
        return max(len(self._counted), len(format_count(self.branches.root.runs)))

    @property
    def _needed(self) -> int:
        """Cells of the longest label and what stands on both sides of it, without best values."""
        return 1 + self._widest + GLYPH_ROOM + 1 + self._count_room

    @property
    def _step(self) -> int:
        """Cells by which a level is indented: one where the labels need the other."""
        return 2 if self._needed <= self.room else 1

    @property
    def _best_room(self) -> int:
        """Cells for best values; 0 where the labels need them."""
        if not self._bests:
            return 0
        cells = max(map(len, self._bests.values()))
        spare = self.room - (self._needed + 2 + cells)
        title = cell_width(self._fits.wanted.title) if self._fits else 0
        return max(cells, min(title, cells + spare)) if spare >= 0 else 0

    def line(self, index: int) -> Line:
        node = self.lines[index]
        marked = index == self.cursor
        right = self._right(node)
        indent = " " * self._step * min(max(0, node.depth - 1), DEEPEST)
        twig = ""
        if node.depth:
            twig = ("▾ " if self.branches.is_open(node) else "▸ ") if node.opens else "  "
        room = self.room - 1 - sum(cell_width(text) for text, _ in right)
        name = f"{indent}{twig}{crop(node.label, max(0, room - len(indent) - len(twig)))}"
        faint = self._query and not self._count(node)
        told: Role = "dim" if faint or (node.branch is None and node.depth) else ""
        return (
            ("▌" if marked else " ", "mark" if marked else ""),
            (fit(name, max(0, room)), told),
            *right,
        )

    def _right(self, node: Node) -> tuple[Span, ...]:
        if node.branch is None and node.depth:
            return ()
        count: Span = (f" {format_count(self._count(node)):>{self._count_room}}", "dim")
        best = self._best_room
        value = self._bests.get(node.where, "") if best else ""
        last: Span = (f"  {value:>{best}}", "") if best else ("", "")
        return self._glyph(node), count, last

    def _glyph(self, node: Node) -> Span:
        """Return how many are running, or how the newest run went."""
        if node.running:
            return f" {GLYPHS['running']}{node.running}", "good"
        if node.branch is None:
            return "  ", ""
        status = node.branch.newest_status
        return f" {GLYPHS[status]}", _STATUS_ROLES.get(status, "bad")

    def _count(self, node: Node) -> int:
        """Return how many runs of a node are shown."""
        if self._fits is None or not self._query:
            return node.runs
        if node.where == TOP:
            return sum(self._fits.below[TOP].counts.values())
        branch = self._fitting.get(node.where)
        return branch.runs if branch else 0

    def on_show(self) -> None:
        self.post_message(self.MoreWanted(self))

    def on_click(self, event: events.Click) -> None:
        super().on_click(event)
        node, at = self.current, self.cursor - self.top + self.HEADER_LINES
        if node is None or not node.depth or not node.opens or event.y != at:
            return
        twig = 1 + self._step * min(node.depth - 1, DEEPEST)
        if twig <= event.x < twig + 2:
            self._turn(node, opened=not self.branches.is_open(node))

    # Folding.

    def action_fold(self) -> None:
        node = self.current
        if node is None or not node.depth:
            return
        if node.opens and self.branches.is_open(node) and node.branch is not None:
            self._turn(node, opened=False)
            return
        above = [i for i in range(self.cursor) if self.lines[i].depth < node.depth]
        self.cursor = above[-1] if above else 0

    def action_unfold(self) -> None:
        node = self.current
        if node is None:
            return
        if node.opens and not self.branches.is_open(node):
            self._turn(node, opened=True)
        elif node.children:
            self.cursor += 1
        else:
            self.action_open()

    def _turn(self, node: Node, *, opened: bool) -> None:
        """Open or fold a node."""
        self.branches.folds[node.where] = opened
        self._flatten(node.where)
        self.refresh()
        self.post_message(self.Folded(self))
        if opened and not self.branches.is_read(node):
            self.post_message(self.MoreWanted(self))

    def action_open(self) -> None:
        self.post_message(self.Entered(self))

    def chosen(self) -> None:
        self.action_open()


def _above(where: Where) -> Where:
    """Return the branch that another is below: a shorter path, or a condition less."""
    name, value = where[-1]
    if name == "experiment" and "/" in str(value):
        return (*where[:-1], (name, str(value).rpartition("/")[0]))
    return where[:-1]

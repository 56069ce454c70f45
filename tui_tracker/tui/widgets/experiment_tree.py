"""The tree of experiments: a name with `/` in it is a path of branches.

A branch stands for all experiments below it, as `queries.Selection.experiment` does. The
tree is a flat list of the open nodes, so that folding is slicing and drawing is the list's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from textual.message import Message
from textual.reactive import reactive

from tui_tracker.formatting import cell_width, crop, fit, format_count, printable
from tui_tracker.tui.columns import GLYPHS
from tui_tracker.tui.keys import bindings
from tui_tracker.tui.widgets.line_widget import Line, Role
from tui_tracker.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from tui_tracker.queries import ExperimentRow

ALL = ""
"""The path of the root: all experiments."""
OPEN_AT_START = 40
"""A tree of at most this many nodes starts unfolded."""


@dataclass(slots=True)
class Node:
    """A branch or an experiment, or both at once."""

    path: str
    label: str
    depth: int
    counts: Counter[str] = field(default_factory=Counter)
    """Runs by status, those of the branches below included."""
    children: list[Node] = field(default_factory=list)

    @property
    def runs(self) -> int:
        return self.counts.total()


def build_tree(experiments: Iterable[ExperimentRow]) -> Node:
    """Return the root of the tree; children are in the order the experiments come in."""
    root = Node(ALL, "all runs", 0)
    nodes = {ALL: root}
    for experiment in experiments:
        root.counts.update(experiment.counts)
        parent, path = root, ""
        for depth, part in enumerate(experiment.name.split("/"), start=1):
            path = f"{path}/{part}" if depth > 1 else part
            # An empty name or part (`a//b`) is a node of its own; ALL is only the root's.
            node = nodes.get(path or "\0")
            if node is None:
                node = nodes[path or "\0"] = Node(path, part or "(no name)", depth)
                parent.children.append(node)
            node.counts.update(experiment.counts)
            parent = node
    return root


class ExperimentTree(VirtualList, inherit_bindings=False):
    """Experiments as a tree that folds; moving the cursor selects."""

    BINDINGS = [*bindings("list"), *bindings("tree")]
    PLACE = "tree"

    experiments: reactive[tuple[ExperimentRow, ...]] = reactive((), repaint=False)

    @dataclass
    class Entered(Message):
        """The runs of the node under the cursor are wanted."""

        tree: ExperimentTree

        @property
        def control(self) -> ExperimentTree:
            return self.tree

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.nodes: list[Node] = []
        """The open nodes, from the top."""
        self._root = build_tree(())
        self._folded: set[str] | None = None
        """Paths that are folded; None until the first experiments came."""

    def watch_experiments(self, experiments: tuple[ExperimentRow, ...]) -> None:
        shown = {index: self.line(index) for index in self.window if index < len(self.nodes)}
        at = self.path
        self._root = build_tree(experiments)
        if self._folded is None and experiments:
            every = list(_walk(self._root, frozenset()))
            small = len(every) <= OPEN_AT_START
            self._folded = set() if small else {node.path for node in every if node.depth}
        self._flatten(at)
        for index in self.window:
            if shown.get(index) != self.line(index):
                self.refresh_index(index)

    def _flatten(self, at: str) -> None:
        """Lay the open nodes out again and keep the cursor on the path `at`."""
        self.nodes = list(_walk(self._root, self._folded or frozenset()))
        self.count = len(self.nodes)
        paths = [node.path for node in self.nodes]
        while at and at not in paths:
            at = at.rpartition("/")[0]
        self.cursor = paths.index(at) if at in paths else 0

    @property
    def current(self) -> Node | None:
        """The node under the cursor."""
        return self.nodes[self.cursor] if self.cursor < len(self.nodes) else None

    @property
    def path(self) -> str:
        """The path of the node under the cursor; `ALL` for all experiments."""
        return self.current.path if self.current else ALL

    def line(self, index: int) -> Line:
        node = self.nodes[index]
        folded = node.path in (self._folded or ()) if node.depth else False
        twig = ("▸ " if folded else "▾ ") if node.children and node.depth else "  "
        live = node.counts["running"]
        count = format_count(node.runs)
        beside = f" {GLYPHS['running']}{live}" if live else ""
        # Deep branches share what room there is; the label counts more than its indent.
        indent = "  " * min(max(0, node.depth - 1), 6)
        room = self.room - 1 - len(indent) - 2 - len(beside) - 1 - len(count)
        label = fit(crop(printable(node.label), room), max(0, room))
        mark: Role = "mark" if index == self.cursor else ""
        edge = "▌" if index == self.cursor else " "
        lead = indent + (twig if node.depth else "")
        label = label + "  " if not node.depth else label
        text = crop(lead + label, max(0, self.room - 1 - cell_width(beside) - 1 - len(count)))
        return ((edge, mark), (text, ""), (beside, "good"), (f" {count}", "dim"))

    def action_fold(self) -> None:
        node = self.current
        if node is None or not node.depth:
            return
        folded = self._folded = self._folded or set()
        if node.children and node.path not in folded:
            folded.add(node.path)
            self._flatten(node.path)
            self.refresh()
            return
        above = [i for i in range(self.cursor) if self.nodes[i].depth < node.depth]
        self.cursor = above[-1] if above else 0

    def action_unfold(self) -> None:
        node = self.current
        if node is None:
            return
        if self._folded and node.path in self._folded:
            self._folded.discard(node.path)
            self._flatten(node.path)
            self.refresh()
        elif node.children:
            self.cursor += 1
        else:
            self.action_open()

    def action_open(self) -> None:
        self.post_message(self.Entered(self))

    def chosen(self) -> None:
        self.action_open()


def _walk(node: Node, folded: set[str] | frozenset[str]) -> Iterable[Node]:
    """Yield a node and the open ones below it, from the top."""
    waiting = [node]
    while waiting:
        at = waiting.pop()
        yield at
        if at.path not in folded or not at.depth:
            waiting.extend(reversed(at.children))

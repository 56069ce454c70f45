"""The nodes of the tree of runs: branches that were read, folded or open, as a flat list.

A node is known by its `where`, the conditions from the top down to it, so that the cursor
and what is folded survive another reading. Branches of a further level are read when their
node is opened; until then a node says only that it can be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui_tracker.formatting import printable

if TYPE_CHECKING:
    from tui_tracker.queries.answers import Status
    from tui_tracker.queries.branches import Branch, Branches, Condition

    Where = tuple[Condition, ...]

OPEN_AT_START = 40
"""A tree of at most this many nodes starts unfolded."""
TOP: Where = ()
"""Where the root is: no condition, all runs."""


@dataclass(frozen=True, slots=True)
class TreeWanted:
    """Branches that are asked for: those at the top, and those below opened nodes."""

    levels: tuple[str, ...]
    opened: tuple[tuple[Where, int], ...]
    """Nodes whose branches are read when they are opened, with the level of those."""
    archived: bool = False
    query: str = ""
    metric: str = ""
    """Spec of the metric whose best value is wanted; "" for none."""
    title: str = ""
    """What that metric is called."""


@dataclass(frozen=True, slots=True)
class TreeFound:
    """The answer to `TreeWanted`."""

    wanted: TreeWanted
    below: Mapping[Where, Branches]
    """The branches by the node that they are below."""

    def by_where(self) -> dict[Where, Branch]:
        """Return all branches, those below others as well."""
        found: dict[Where, Branch] = {}
        waiting = [branch for branches in self.below.values() for branch in branches.found]
        while waiting:
            branch = waiting.pop()
            found[branch.where] = branch
            waiting += branch.children
        return found


@dataclass(slots=True)
class Node:
    """A branch in the tree; without one it is the root, or tells of values left out."""

    where: Where
    label: str
    depth: int
    """How far it is indented."""
    branch: Branch | None = None
    counts: Mapping[Status, int] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)

    @property
    def runs(self) -> int:
        return sum(self.counts.values())

    @property
    def running(self) -> int:
        return self.counts.get("running", 0)

    @property
    def opens(self) -> bool:
        """Whether there is or may be something below it."""
        return bool(self.children) or (self.branch is not None and self.branch.opens)

    @property
    def path(self) -> str:
        """What the node is called where nothing stands above it: `vision/a · lr 0.1`."""
        return " · ".join(map(_words, self.where, self._labels()))

    def _labels(self) -> Sequence[str]:
        # Only the last one has its label; the others are told by their values.
        return [*[""] * (len(self.where) - 1), self.label]


def _words(condition: Condition, label: str) -> str:
    name, value = condition
    kind, _, key = name.partition(":")
    if kind == "experiment":
        return str(value)
    words = label or (str(value) if isinstance(value, (str, int, float)) else f"no {key or kind}")
    return f"{key} {words}" if key and not words.startswith("no ") else words


class Nodes:
    """All nodes, and which of them are open."""

    def __init__(self) -> None:
        self.root = Node(TOP, "all runs", 0)
        self.levels: tuple[str, ...] = ("experiment",)
        self.folds: dict[Where, bool] = {}
        """What was folded (False) or opened (True) by hand."""
        self._below: dict[Where, Branches] = {}
        self._small = True
        """There are few enough nodes to begin with all of them open."""
        self._by_where: dict[Where, Node] = {}

    def take(self, found: TreeFound) -> None:
        """Take all branches anew; what is folded stays."""
        if found.wanted.levels != self.levels:
            self.levels, self.folds = found.wanted.levels, {}
        self._below = dict(found.below)
        self._build()

    def add(self, found: TreeFound) -> None:
        """Take the branches below opened nodes."""
        if found.wanted.levels == self.levels:
            self._below |= found.below
            self._build()

    def _build(self) -> None:
        top = self._below.get(TOP)
        self.root = Node(TOP, "all runs", 0, None, top.counts if top else {})
        self._by_where = {TOP: self.root}
        if top:
            self._hang(self.root, top.found, top.more)
        self._small = len(self._by_where) <= OPEN_AT_START

    def _hang(self, node: Node, branches: Sequence[Branch], more: int = 0) -> None:
        for branch in branches:
            child = Node(branch.where, printable(branch.label), node.depth + 1, branch)
            child.counts = branch.counts
            node.children.append(child)
            self._by_where[branch.where] = child
            read = self._below.get(branch.where)
            if read is not None and branch.opens:
                self._hang(child, read.found, read.more)
            else:
                self._hang(child, branch.children)
        if more:
            label = f"and {more:,} more values"
            node.children.append(Node(node.where, label, node.depth + 1))

    def restart(self, levels: tuple[str, ...]) -> None:
        """Begin anew with other levels."""
        self.levels, self.folds, self._below = levels, {}, {}
        self._build()

    def unread(self) -> tuple[tuple[Where, int], ...]:
        """Return the nodes that are open in view although what is below is not read."""
        return tuple(
            (node.where, node.branch.depth + 1)
            for node in self.walk()
            if node.branch is not None and self.is_open(node) and not self.is_read(node)
        )

    def opened(self) -> tuple[tuple[Where, int], ...]:
        """Return what to read with the top: the nodes that are open and were read."""
        return tuple(
            (where, self._by_where[where].branch.depth + 1)  # type: ignore[union-attr]
            for where in self._below
            if where and where in self._by_where and self.is_open(self._by_where[where])
        )

    def is_read(self, node: Node) -> bool:
        """Return whether all that is below a node is known."""
        lazy = node.branch is not None and node.branch.opens
        return not lazy or node.where in self._below

    def is_open(self, node: Node) -> bool:
        if not node.depth:
            return True
        lazy = node.branch is not None and node.branch.opens
        return self.folds.get(node.where, self._small and not lazy)

    def at(self, where: Where) -> Node | None:
        return self._by_where.get(where)

    def walk(self) -> Iterator[Node]:
        """Yield the root and all nodes that are not hidden in a folded one, from the top."""
        waiting = [self.root]
        while waiting:
            node = waiting.pop()
            yield node
            if self.is_open(node):
                waiting.extend(reversed(node.children))

"""The tree of what a run came from: nodes, their marks, and how marks add up.

A mark says what holds now, never what held when the run was made:

    verified      what is recorded can be had now, and its hash is right
    changed       it is there and differs
    missing       it is recorded and gone
    recorded      there is nothing to check it against; `why` says so
    not recorded  its collector failed, was skipped, or has not answered yet
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

Mark = Literal["verified", "changed", "missing", "recorded", "not recorded"]
MARKS: tuple[Mark, ...] = ("verified", "changed", "missing", "recorded", "not recorded")
LONG = 12
"""A list of more nodes is closed at first."""
MOST = 2_000
"""Nodes of one list; what is left out is counted."""

Progress = Callable[[str, int, int], None]
"""Called with what is being checked, and how much of it is done out of how much, in bytes."""


@dataclass(frozen=True, slots=True)
class LineageNode:
    """One thing that the run came from or made, and whether it can be had now."""

    title: str
    detail: str = ""
    mark: Mark = "recorded"
    why: str = ""
    children: tuple[LineageNode, ...] = ()
    value: str = ""
    """The whole of it, to copy: a digest, a commit, a path; "" where `detail` is whole."""
    summed: bool = False
    """The mark is what the children's come to, and is not counted again."""
    informs: bool = False
    """It is `changed` on this machine, and nothing of the run's is lost by it."""
    doubt: bool = False
    """Worth a look whatever the mark: a leak, a secret, a seed that reached no generator."""
    closed: bool = False
    """Its children are many or dull, and are shown when asked for."""
    opens: Literal["", "changes"] = ""
    """What there is to open: the files of the run's code that were changed."""

    @property
    def lost(self) -> bool:
        """Whether something of the run's can not be had as it was recorded."""
        return self.mark in ("changed", "missing") and not self.informs

    @property
    def to_copy(self) -> str:
        return self.value or self.detail


@dataclass(frozen=True, slots=True)
class LineageTree:
    """The lineage of one run, checked at one moment."""

    run_id: str
    name: str
    groups: tuple[LineageNode, ...]
    deep: bool
    """All contents were read and hashed; else sizes and times had to do where they could."""

    def walk(self) -> Iterator[tuple[int, LineageNode]]:
        """Yield every node with its depth, from the top."""
        waiting = [(0, node) for node in reversed(self.groups)]
        while waiting:
            depth, node = waiting.pop()
            yield depth, node
            waiting.extend((depth + 1, child) for child in reversed(node.children))

    @property
    def counts(self) -> Counter[Mark]:
        """How many nodes have each mark; neither sums are counted nor what only informs."""
        return Counter(n.mark for _, n in self.walk() if not (n.summed or n.informs))

    @property
    def informing(self) -> int:
        """How many nodes differ on this machine, and nothing is lost by it."""
        return sum(node.informs for _, node in self.walk() if not node.summed)

    @property
    def doubts(self) -> int:
        return sum(node.doubt for _, node in self.walk())

    @property
    def lost(self) -> int:
        """How many things can not be had as they were recorded."""
        return sum(node.lost for _, node in self.walk() if not node.summed)


def group(title: str, children: Iterable[LineageNode], detail: str = "") -> LineageNode:
    """Return a node whose mark is what its children's come to."""
    nodes = tuple(children)
    mark, informs = add_up(nodes)
    return LineageNode(title, detail, mark, children=nodes, summed=True, informs=informs)


def add_up(nodes: Sequence[LineageNode]) -> tuple[Mark, bool]:
    """Return the mark of several, and whether its difference only informs.

    The worst counts; what is only recorded neither spoils nor makes a sum.
    """
    marks = {node.mark for node in nodes if not node.informs}
    worst: tuple[Mark, ...] = ("missing", "changed")
    for mark in worst:
        if mark in marks:
            return mark, False
    if any(node.informs for node in nodes):
        return "changed", True
    rest: tuple[Mark, ...] = ("not recorded", "verified")
    for mark in rest:
        if mark in marks:
            return mark, False
    return "recorded", False


def listed(title: str, nodes: Sequence[LineageNode], detail: str) -> LineageNode:
    """Return a group of many: closed where it is long, and cut where it is endless."""
    shown = list(nodes[:MOST])
    if len(nodes) > MOST:
        mark, informs = add_up(nodes[MOST:])
        more = f"{len(nodes) - MOST:,} more"
        shown.append(LineageNode("…", more, mark, "not listed", informs=informs))
    return replace(group(title, shown, detail), closed=len(shown) > LONG)


def missing_part(title: str, status: str, reason: str) -> LineageNode:
    """Return the node of what a collector did not record."""
    words = {"pending": "its collector has not answered yet", "": "nothing was recorded"}
    return LineageNode(title, "", "not recorded", reason or words.get(status, status))

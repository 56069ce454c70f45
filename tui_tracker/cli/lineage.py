"""Show what a run came from, and check what of it can be had now.

Every line has a mark: it is verified, it is there but changed, it is missing, it is
recorded with nothing to check it against, or it was never recorded. No network is asked.
The exit code is 1 where something is changed or missing. That this machine has other
packages than the run had is told and does not count.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tui_tracker.cli.opening import READ_WAIT_S, add_json, add_run, open_store
from tui_tracker.cli.output import on_terminal, print_json, rich_console, terminal_size
from tui_tracker.formatting import cell_width, fit, printable, wrap
from tui_tracker.lineage import MARKS, LineageNode, LineageTree, Mark, trace_lineage
from tui_tracker.queries import find_run

if TYPE_CHECKING:
    from rich.text import Text

_GLYPHS: dict[Mark, tuple[str, str]] = {
    "verified": ("✓", "+"),
    "changed": ("≠", "#"),
    "missing": ("✗", "x"),
    "recorded": ("·", "."),
    "not recorded": ("–", "-"),
}
"""One shape a mark, so that it can be told without colour; and where Unicode is not known."""
_STYLES: dict[Mark, str] = {
    "verified": "green",
    "changed": "red",
    "missing": "red",
    "recorded": "dim",
    "not recorded": "yellow",
}
_INFORMS = ("≈", "~")
_WORTH_A_LOOK = "yellow"
_COLUMN, _TITLE = 13, 24
_INDENT = 2
_NARROWEST = 24
_TELL_S = 0.2

Piece = tuple[str, str]
"""Printable text and its Rich style."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run(parser)
    parser.add_argument(
        "--deep", action="store_true", help="read and hash everything, however large"
    )
    parser.add_argument(
        "--all", action="store_true", help="print long lists too: packages, files, columns"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    with open_store(args, wait_s=READ_WAIT_S) as store:
        key = find_run(store, args.run)
        progress = _Progress() if args.deep and sys.stderr.isatty() else None
        tree = trace_lineage(store, key, deep=args.deep, progress=progress)
        if progress is not None:
            progress.end()
    if args.json:
        print_json(tree_shape(tree), indent=2)
    else:
        _print_tree(tree, everything=args.all)
    return 1 if tree.lost else 0


def tree_shape(tree: LineageTree) -> dict[str, object]:
    """Return a tree as scripts get it."""
    return {
        "run": tree.run_id,
        "name": tree.name,
        "deep": tree.deep,
        "lost": tree.lost,
        "counts": {mark: tree.counts[mark] for mark in MARKS},
        "differ_here": tree.informing,
        "worth_a_look": tree.doubts,
        "groups": [_node_shape(node) for node in tree.groups],
    }


def _node_shape(node: LineageNode) -> dict[str, object]:
    return {
        "title": node.title,
        "detail": node.detail,
        "value": node.to_copy,
        "mark": node.mark,
        "why": node.why,
        "informs": node.informs,
        "doubt": node.doubt,
        "children": [_node_shape(child) for child in node.children],
    }


def _print_tree(tree: LineageTree, *, everything: bool) -> None:
    width = terminal_size()[0] if on_terminal() else 0
    ascii_only = not _can_print("".join(glyph for glyph, _ in _GLYPHS.values()))
    lines = [
        [("run ", "dim"), (printable(tree.name), "bold"), (f"  {tree.run_id}", "dim")],
        *_tree_lines(tree.groups, 0, width, everything=everything, ascii_only=ascii_only),
        [],
        *_legend(tree, width, 0 if everything else _hidden(tree), ascii_only=ascii_only),
    ]
    if not on_terminal():
        for line in lines:
            print("".join(text for text, _ in line).rstrip())
        return
    console = rich_console()
    for line in lines:
        console.print(_rich(line), soft_wrap=True)


def _rich(line: list[Piece]) -> Text:
    from rich.text import Text

    text = Text()
    for piece, style in line:
        text.append(piece, style)
    return text


def _can_print(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _tree_lines(
    nodes: tuple[LineageNode, ...], depth: int, width: int, *, everything: bool, ascii_only: bool
) -> Iterator[list[Piece]]:
    """Yield the lines of nodes and of those below; closed ones only where they tell of a loss."""
    longest = max((cell_width(printable(node.title)) for node in nodes), default=0)
    # The details of all depths stand in one column, as long as the titles are short.
    title = max(min(longest, _TITLE), _COLUMN - _INDENT * depth)
    for node in nodes:
        yield from _node_lines(node, depth, title, width, ascii_only=ascii_only)
        shown = node.children if everything else _told(node)
        yield from _tree_lines(
            shown, depth + 1, width, everything=everything, ascii_only=ascii_only
        )


def _told(node: LineageNode) -> tuple[LineageNode, ...]:
    """Return the children that are told unasked: of a closed node what is lost or doubtful."""
    if not node.closed:
        return node.children
    return tuple(child for child in node.children if child.lost or child.doubt)


def _hidden(tree: LineageTree) -> int:
    shown = list(tree.groups)
    for node in shown:  # grows while it is walked
        shown.extend(_told(node))
    return sum(1 for _ in tree.walk()) - len(shown)


def _node_lines(
    node: LineageNode, depth: int, title: int, width: int, *, ascii_only: bool
) -> Iterator[list[Piece]]:
    """Yield a node's line, and what does not fit below it."""
    indent = " " * (_INDENT * depth)
    glyph = (_INFORMS if node.informs else _GLYPHS[node.mark])[ascii_only]
    style = _WORTH_A_LOOK if node.informs else _STYLES[node.mark]
    name = printable(node.title)
    head: list[Piece] = [
        (indent, ""),
        (f"{glyph}", style),
        ("! " if node.doubt else "  ", _WORTH_A_LOOK),
        (name if cell_width(name) > title else fit(name, title), "bold" if not depth else ""),
    ]
    taken = sum(cell_width(text) for text, _ in head)
    detail, why = printable(node.detail), printable(node.why)
    room = max(_NARROWEST, width - taken - 2) if width else 0
    if not room or cell_width(detail) + cell_width(why) + 2 <= room:
        yield [*head, ("  " if detail else "", ""), (detail, ""), _after(why)]
        return
    below = min(taken + 2, max(_INDENT * depth + 4, width - _NARROWEST))
    first, *rest = wrap(detail or why, room)
    yield [*head, ("  ", ""), (first, "" if detail else "dim")]
    for text in rest:
        yield [(" " * below, ""), (text, "" if detail else "dim")]
    for text in wrap(why, width - below) if detail and why else ():
        yield [(" " * below, ""), (text, "dim")]


def _after(why: str) -> Piece:
    return (f"  {why}", "dim") if why else ("", "")


def _legend(
    tree: LineageTree, width: int, hidden: int, *, ascii_only: bool
) -> Iterator[list[Piece]]:
    """Yield how many of each mark there are, which also says what the marks mean."""
    counts = tree.counts
    pieces: list[Piece] = [
        (f"{_GLYPHS[mark][ascii_only]} {counts[mark]:,} {mark}   ", _STYLES[mark])
        for mark in MARKS
        if counts[mark]
    ]
    if tree.informing:
        glyph = _INFORMS[ascii_only]
        verb = "differs" if tree.informing == 1 else "differ"
        pieces.append((f"{glyph} {tree.informing:,} {verb} here   ", _WORTH_A_LOOK))
    if tree.doubts:
        pieces.append((f"! {tree.doubts:,} worth a look   ", _WORTH_A_LOOK))
    if hidden:
        pieces.append((f"--all prints {hidden:,} more lines", "dim"))
    line: list[Piece] = []
    for piece in pieces:
        if width and sum(len(text) for text, _ in [*line, piece]) > width:
            yield line
            line = []
        line.append(piece)
    yield line


class _Progress:
    """What a deep check is reading, on one line of standard error."""

    def __init__(self) -> None:
        self._told_at = 0.0

    def __call__(self, what: str, done: int, total: int) -> None:
        from time import monotonic

        if monotonic() - self._told_at < _TELL_S:
            return
        self._told_at = monotonic()
        share = f"{done / total:4.0%}" if total else ""
        sys.stderr.write(f"\r{fit(f'checking {share} {printable(what)}', 79)}")
        sys.stderr.flush()

    def end(self) -> None:
        if self._told_at:
            sys.stderr.write(f"\r{' ' * 79}\r")

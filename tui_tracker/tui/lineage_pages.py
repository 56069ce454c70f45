"""What stands around a lineage tree: the node under the cursor in full, and patches as lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tui_tracker.formatting import fit, format_count, printable, wrap
from tui_tracker.tui.widgets.line_widget import Line, Role
from tui_tracker.tui.widgets.lineage_view import MARK_SPANS, Row

if TYPE_CHECKING:
    from tui_tracker.code_store import CodeChange

FOOT_LINES = 4
_STATES = {"A": "added", "M": "modified", "D": "deleted", "R": "renamed", "T": "retyped"}
_HEADS = (
    "diff --git",
    "index ",
    "--- ",
    "+++ ",
    "new file",
    "deleted file",
    "old mode",
    "new mode",
)


def node_in_full(row: Row | None, width: int) -> tuple[Line, ...]:
    """Return the node under the cursor in `FOOT_LINES` lines: where, what it is, and why."""
    if row is None or width < 10:
        return ()
    node = row.node
    where = " › ".join(printable(part.partition("\0")[0]) for part in row.path)
    glyph, role = MARK_SPANS[node.mark]
    if node.informs and node.mark != "verified":
        role = "second"
    head: Line = ((f"{glyph} {node.mark}", role), (f"  {where}", "dim"))
    whole = node.to_copy
    texts = [printable(whole)] if whole else []
    if node.detail and node.detail != whole and not whole.startswith(node.detail):
        texts.insert(0, printable(node.detail))
    lines = [(part, "") for text in texts for part in wrap(text, width)]
    lines += [(part, "dim") for part in wrap(printable(node.why), width)] if node.why else []
    kept: list[Line] = [((text, _role(said)),) for text, said in lines]
    if len(kept) > FOOT_LINES - 1 and node.why:
        # The reason counts more than the end of a long value.
        reason = wrap(printable(node.why), width)[0]
        kept = [*kept[: FOOT_LINES - 2], ((reason, "dim"),)]
    return (head, *kept[: FOOT_LINES - 1])


def _role(said: str) -> Role:
    return "dim" if said == "dim" else ""


def change_lines(changes: Sequence[CodeChange], width: int) -> tuple[Line, ...]:
    """Return changed files as lines: what happened, lines added and removed, the path."""
    added = [_count(change.added, "+") for change in changes]
    removed = [_count(change.removed, "-") for change in changes]
    wide = max(map(len, added), default=0), max(map(len, removed), default=0)
    lines: list[Line] = []
    for change, more, less in zip(changes, added, removed, strict=True):
        name = printable(change.path)
        if change.old_path not in ("", change.path):
            name = f"{printable(change.old_path)} → {name}"
        lines.append(
            (
                (fit(_STATES.get(change.state, change.state), 10), "dim"),
                (more.rjust(wide[0]), "good"),
                (f"  {less.rjust(wide[1])}", "bad"),
                (f"  {fit(name, max(10, width - sum(wide) - 14))}", ""),
            )
        )
    return tuple(lines)


def _count(count: int | None, sign: str) -> str:
    return "binary" if count is None else f"{sign}{format_count(count)}" if count else ""


def patch_lines(text: str, width: int) -> tuple[Line, ...]:
    """Return a unified diff as coloured lines; long ones are wrapped, so that nothing is hidden."""
    return tuple(
        ((part, role),)
        for line in text.split("\n")[: -1 if text.endswith("\n") else None]
        for part, role in _wrapped(line, width)
    )


def _wrapped(line: str, width: int) -> Iterator[tuple[str, Role]]:
    role = patch_role(line)
    text = printable(line.expandtabs(4))
    # `wrap` breaks at spaces and eats them; in code each of them counts.
    rest = text
    while True:
        head = _cut(rest, max(8, width))
        yield head, role
        rest = rest[len(head) :]
        if not rest:
            return


def _cut(text: str, cells: int) -> str:
    from tui_tracker.formatting import crop

    return crop(text, cells, ellipsis="") or text[:1]


def patch_role(line: str) -> Role:
    """Return the role of a line of a unified diff."""
    if line.startswith(_HEADS):
        return "bold"
    roles: dict[str, Role] = {"+": "good", "-": "bad", "@": "accent", "\\": "dim"}
    return roles.get(line[:1], "")

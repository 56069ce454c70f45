"""What stands around a lineage tree: the node under the cursor in full, and patches as lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tui_tracker.capture.redaction import redact_text
from tui_tracker.formatting import fit, format_count, printable, wrap
from tui_tracker.tui.widgets.line_widget import Line, Role
from tui_tracker.tui.widgets.lineage_view import Row, mark_span

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
    glyph, role = mark_span(node)
    said = "differs here" if node.informs else node.mark
    head: Line = ((f"{glyph} {said}", role), (f"  {where}", "dim"))
    said_of_it = [node.detail] if node.detail else []
    if node.value and node.value not in (node.detail, node.title):
        # A short form in the line above is not said twice.
        is_short = node.detail and node.value.startswith(node.detail)
        said_of_it = [node.value] if is_short else [*said_of_it, node.value]
    lines = _all(wrap(printable("  ".join(said_of_it)), width) if said_of_it else [], "")
    reason = _all(wrap(printable(node.why), width) if node.why else [], "dim")
    room = FOOT_LINES - 1
    # The reason counts more than the end of a long value.
    kept = lines[: max(1, room - len(reason))] if lines else []
    return (head, *kept, *reason[: room - len(kept)])


def _all(texts: Sequence[str], role: Role) -> list[Line]:
    return [((text, role),) for text in texts]


def change_lines(changes: Sequence[CodeChange], width: int) -> tuple[Line, ...]:
    """Return changed files as lines: what happened, lines added and removed, the path."""
    added = [_count(change.added, "+") for change in changes]
    removed = ["" if c.removed is None else _count(c.removed, "-") for c in changes]
    wide = max(map(len, added), default=0), max(map(len, removed), default=0)
    lines: list[Line] = []
    for change, more, less in zip(changes, added, removed, strict=True):
        name = shown_path(change.path)
        if change.old_path not in ("", change.path):
            name = f"{shown_path(change.old_path)} → {name}"
        lines.append(
            (
                (fit(_STATES.get(change.state, change.state), 10), "dim"),
                (more.rjust(wide[0]), "good"),
                (f"  {less.rjust(wide[1])}", "bad"),
                (f"  {fit(name, max(10, width - sum(wide) - 14))}", ""),
            )
        )
    return tuple(lines)


def shown_path(path: str) -> str:
    """Return a path safe to show, without what looks like a secret."""
    return printable(redact_text(path))


def _count(count: int | None, sign: str) -> str:
    return "binary" if count is None else f"{sign}{format_count(count)}" if count else ""


def patch_lines(text: str, width: int) -> tuple[Line, ...]:
    """Return a unified diff as coloured lines; long ones are wrapped, so that nothing is hidden."""
    return tuple(
        ((part, role),)
        for line in text.split("\n")[: -1 if text.endswith("\n") else None]
        if not line.startswith("index ")
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

"""How the cells of the table of runs look, and how few spans they can be told in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui_tracker.tui.columns import Column
from tui_tracker.tui.widgets.line_widget import Line, Role, Span

if TYPE_CHECKING:
    from tui_tracker.queries import RunRow, Status

STATUS_ROLES: dict[Status, Role] = {"running": "good", "failed": "bad", "crashed": "bad"}
HEALTH_ROLES: dict[str, Role] = {"✗": "bad", "▲": "second", "≈": ""}
QUIET = ("experiment", "tags", "notes", "host", "user", "id", "fact")
"""Kinds of columns that tell about a run rather than what it came to."""


def role_of(row: RunRow | None, column: Column, text: str) -> Role:
    """Return the role of a run's cell; `row` is None on a group."""
    if column.kind == "health":
        return HEALTH_ROLES.get(text[:1], "dim")
    if column.kind == "status" and row is not None:
        return STATUS_ROLES.get(row.status, "dim")
    return "dim" if column.kind in QUIET else ""


def joined(spans: Sequence[Span]) -> Line:
    """Return the spans with neighbours of one role made one, for fewer bytes on the wire."""
    found: list[Span] = []
    for text, role in spans:
        if found and (found[-1][1] == role or (not role and not text.strip())):
            found[-1] = (found[-1][0] + text, found[-1][1])
        elif text:
            found.append((text, role))
    return tuple(found)

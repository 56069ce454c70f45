"""The marks of the start screen: which runs a command is meant for.

What is done, is done to the marked runs, or else to the one under the cursor. Marks are
never lost without a word: what `esc` clears, `U` brings back.
"""

from __future__ import annotations

from tui_tracker.formatting import format_count
from tui_tracker.tui.screens.runs_core import RunsCore
from tui_tracker.tui.widgets.line_widget import Line
from tui_tracker.tui.widgets.marked_list import MarkedList


class Marking(RunsCore, inherit_bindings=False):
    """Marks, in words and in the title."""

    def __init__(self) -> None:
        super().__init__()
        self._cleared: frozenset[int] = frozenset()
        """The marks that were cleared last."""
        self._in_range = False

    def chosen_runs(self) -> list[int]:
        """Return the runs that a command is meant for, in the order of the table.

        The marked ones, those that a filter hides at the end; without marks the run
        under the cursor, or the members of the group; none in an empty table.
        """
        table = self.table
        if table.marked:
            shown = [key for key in table.everything() if key in table.marked]
            return [*shown, *sorted(table.marked.difference(shown))]
        key = table.current_key
        return [] if key is None else list(table.members(key))

    def on_marked_list_marked(self, event: MarkedList.Marked) -> None:
        if event.list.range_from is not None:
            self._in_range = True
            self.say("Range begun: move to its other end and press v, or esc to leave it")
        elif self._in_range:
            self._in_range = False
            self.say(f"Range marked: {format_count(len(self.table.marked))} marked now")
        self.show_title()

    def mark_words(self) -> Line:
        """Return what the title tells of the marks."""
        marked = self.table.marked
        if not marked:
            return ()
        hidden = len(marked) - sum(key in marked for key in self.table.everything())
        beside = f", {format_count(hidden)} not shown" if hidden else ""
        return ((f"◆ {format_count(len(marked))} marked{beside}  ", "second"),)

    def clear_marks(self) -> bool:
        """Leave a range or clear the marks, and say so; False where there was neither."""
        table = self.table
        if table.range_from is not None:
            table.leave_range()
            self._in_range = False
            self.say("No range marked")
            return True
        if not table.marked:
            return False
        self._cleared = table.marked
        table.marked = frozenset()
        self.say(f"{_marks(len(self._cleared))} cleared: U brings them back")
        return True

    def action_restore_marks(self) -> None:
        if not self._cleared:
            self.say("There are no cleared marks to bring back")
            return
        self.table.marked |= self._cleared
        self.say(f"{_marks(len(self._cleared))} back")
        self._cleared = frozenset()


def _marks(count: int) -> str:
    return "1 mark" if count == 1 else f"{format_count(count)} marks"

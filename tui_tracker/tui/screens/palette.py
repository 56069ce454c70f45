"""Commands by name: type a few letters, enter does it. Each shows its key."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from tui_tracker.formatting import fit
from tui_tracker.tui.keys import Key, Place, key_names, keys_at
from tui_tracker.tui.widgets.fields import TextField
from tui_tracker.tui.widgets.line_widget import Line
from tui_tracker.tui.widgets.virtual_list import NOTHING_FITS, VirtualList


class CommandList(VirtualList):
    """The commands that fit what was typed."""

    def __init__(self) -> None:
        super().__init__()
        self.commands: list[Key] = []

    def show(self, commands: list[Key]) -> None:
        self.empty = NOTHING_FITS
        self.commands = commands
        self.count = len(commands)
        self.cursor = 0
        self.refresh()

    def line(self, index: int) -> Line:
        key = self.commands[index]
        names = key_names(key)
        marked = index == self.cursor
        room = self.room - len(names) - 4
        edge = ("▌", "mark") if marked else (" ", "")
        words = (fit(f" {key.description}", max(0, room)), "bold" if marked else "")
        return (edge, words, (f"  {names} ", "accent"))  # type: ignore[return-value]


class PaletteScreen(ModalScreen[str | None], inherit_bindings=False):
    """Returns the action that was chosen, or None."""

    BINDINGS = [
        Binding("escape", "dismiss_none", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
    ]

    def __init__(self, place: Place) -> None:
        super().__init__()
        self._keys = [key for key in keys_at(place) if key.command and key.action != "palette"]

    def compose(self) -> ComposeResult:
        line = TextField(placeholder="type a few letters of a command")
        with Vertical(id="palette"):
            yield line
            yield CommandList()

    def on_mount(self) -> None:
        self.query_one(CommandList).show(self._keys)
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        self.query_one(CommandList).show(matching(self._keys, event.value))

    def on_input_submitted(self) -> None:
        commands = self.query_one(CommandList)
        chosen = commands.commands[commands.cursor] if commands.count else None
        self.dismiss(chosen.action if chosen else None)

    def action_move(self, lines: int) -> None:
        self.query_one(CommandList).action_move(lines)

    def action_dismiss_none(self) -> None:
        self.dismiss(None)


def matching(keys: list[Key], text: str) -> list[Key]:
    """Return the keys whose words hold every typed word, those that begin so first."""
    words = text.casefold().split()

    def rank(key: Key) -> int:
        hay = f"{key.label} {key.description}".casefold()
        if not all(word in hay for word in words):
            return 2
        return 0 if hay.startswith(text.casefold().strip()) else 1

    return sorted((key for key in keys if rank(key) < 2), key=rank)

"""Keys that wait: those typed before the first runs are there, and those that come at once.

A list without lines takes no move and a command finds no run to do it to, so what a quick
person types early would be lost, or answered with a lie. And over a bad line several keys
come in one piece: those after `/` are meant for the line that it opens, not for the list.
They are done one after another, each once what the one before opens is there. Movement
opens nothing, and is not waited for. Ctrl-C never waits. Letters in a field are written as
one text: a paste comes as keys where the terminal does not say that it is one, and a field
is drawn, and a filter read, as a whole with each of its letters.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from textual.app import App
from textual.events import Key, Paste

from tui_tracker.tui.widgets.line_widget import LineWidget

PATIENCE_S = 0.3
"""How long a key may take to be done before the next one."""
LONGEST_S = 3.0
"""How long keys wait at most: a store that does not answer must not take the keyboard away."""
EDITING = frozenset("backspace delete left right up down home end".split())
"""Keys that only change or move in a field, as letters do."""


class Letters(Paste):
    """Letters that were typed into a field, and wait together."""


class TypedKeys:
    """What was typed and is not done yet, in its order."""

    def __init__(self) -> None:
        self._kept: deque[Key | Paste] = deque()
        self._begun = False
        """The first page stands: the terminal is ours since."""
        self.waiting = True
        """What is typed now has to wait for something."""
        self.opening = False
        """The key that was done last may still open something."""

    def keep(self, event: object) -> bool:
        """Keep what was typed; False where it is to be done at once."""
        # One that was forwarded is on its way back up from the widget that did not want it.
        if not self.waiting or not isinstance(event, (Key, Paste)) or event.is_forwarded:
            return False
        if isinstance(event, Key) and event.key == "ctrl+c":
            return False
        self._kept.append(event if self._begun else _as_meant(event))
        return True

    def keep_all(self, events: Iterable[Key | Paste]) -> None:
        """Keep what came at once."""
        self.waiting = True
        for event in events:
            self.keep(event)

    def take(self, *, letters: bool = False) -> Key | Paste | None:
        """Return what was typed next; None at the end, from which on nothing waits.

        `letters` says that a field takes what follows, so that letters come together.
        """
        if not self._kept:
            self.waiting, self._begun = False, True
            return None
        text = self._letters() if letters else ""
        return Letters(text) if text else self._kept.popleft()

    def _letters(self) -> str:
        """Return the letters that come next, and keep them no more."""
        found = []
        while self._kept:
            event = self._kept[0]
            if not isinstance(event, Key) or not event.is_printable or event.character is None:
                break
            found.append(event.character)
            self._kept.popleft()
        return "".join(found)


def opens(app: App[None], event: Key | Paste, moves: frozenset[str]) -> bool:
    """Return whether what was typed may open something that the next key is meant for."""
    if isinstance(event, Paste):
        return False
    if app.focused is None or isinstance(app.focused, LineWidget):
        return event.key not in moves
    return not (event.is_printable or event.key in EDITING)


def _as_meant(event: Key | Paste) -> Key | Paste:
    """Return enter for the line feed that a terminal makes of it until it is ours."""
    return Key("enter", "\r") if isinstance(event, Key) and event.key == "ctrl+j" else event


def when_done(app: App[None], then: Callable[[], None]) -> None:
    """Call `then` once the key that was just forwarded has done all it does.

    It goes from the widget with the focus up to the app, which may open a dialog then. A
    widget that the key removed answers no more, so nobody waits for it for long.
    """
    focused = app.focused or app.screen
    way = [*focused.ancestors_with_self]
    waiting = [then]

    def once() -> None:
        if waiting:
            waiting.pop()()

    def onwards() -> None:
        if way:
            way.pop(0).call_later(onwards)
        elif app.screen_stack:
            app.screen.call_after_refresh(once)

    app.set_timer(PATIENCE_S, once)
    onwards()

"""Keys that are typed before the first runs are there.

A list without lines takes no move and a command finds no run to do it to, so what a quick
person types would be lost, or answered with a lie. It is kept, and done in its order once
the page stands. Ctrl-C is never kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from textual.app import App
from textual.events import Key, Paste

PATIENCE_S = 0.3
"""How long a key may take to be done before the next one."""
LONGEST_S = 3.0
"""How long keys wait at most: a store that does not answer must not take the keyboard away."""


class EarlyKeys:
    """What was typed so far; nothing is kept any more once all of it was taken."""

    def __init__(self) -> None:
        self._kept: deque[Key | Paste] | None = deque()

    def keep(self, event: object) -> bool:
        """Keep what was typed; False where it is to be done at once."""
        # One that was forwarded is on its way back up from the widget that did not want it.
        if self._kept is None or not isinstance(event, (Key, Paste)) or event.is_forwarded:
            return False
        if isinstance(event, Key) and event.key == "ctrl+c":
            return False
        self._kept.append(_as_meant(event))
        return True

    def take(self) -> Key | Paste | None:
        """Return what was typed next; None at the end, from which on nothing is kept."""
        if not self._kept:
            self._kept = None
            return None
        return self._kept.popleft()


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

"""The screen before there is an app: painted at once, while Textual is still being loaded.

It shows the frame of the first page and says that it is reading. Meanwhile a thread keeps
what is typed, and notes what the terminal answers: how light its ground is, and how long
a round trip takes. The app takes all of it over without clearing anything; whatever
happens before that, the terminal is given back as it was.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import threading
from time import monotonic

# Whatever is imported here stands between a person and the first frame.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType, TracebackType

LEAVE = (
    "\x1b[?2026l\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l"
    "\x1b[?1015l\x1b[?1016l\x1b[?1004l\x1b[<u\x1b[0m\x1b[?1049l\x1b[?25h"
)
"""Takes back all that the app or this screen may have asked of a terminal."""
ASK_GROUND = "\x1b]11;?\x1b\\"
ASK_STATUS = "\x1b[5n"
"""Answered at once by every terminal, so the time it takes is a round trip."""
STATUS = b"\x1b[0n"
GROUND = rb"\x1b\]11;([^\x07\x1b]*)(?:\x07|\x1b\\)"
LEAST_WIDTH, LEAST_HEIGHT = 50, 12
TREE_FROM, TREE_CELLS = 80, 24
_ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class FirstScreen:
    """A terminal that shows the first frame; a context manager that gives it back."""

    def __init__(self, store_name: str) -> None:
        self._store_name = store_name
        self.attributes: list[object] | None = None
        """What the terminal was set to before."""
        self.typed = b""
        """What was typed so far and not asked for by us."""
        self.rtt_s: float | None = None
        self.ground = ""
        """What the terminal says its ground is, in its own words."""
        self.lines = 0
        self.asked_at = 0.0
        """When the terminal was asked, by the monotonic clock."""
        self._input, self._output = sys.__stdin__.fileno(), sys.__stdout__.fileno()  # type: ignore[union-attr]
        self._stop_reading, self._stopped = os.pipe()
        self._reader = threading.Thread(target=self._read, name="first-screen", daemon=True)
        self._handlers: dict[int, object] = {}
        self._open = False

    def __enter__(self) -> FirstScreen:
        self.attributes = termios.tcgetattr(self._input)
        self._open = True
        for number in _ENDING:
            self._handlers[number] = signal.signal(number, self._end_by_signal)
        self._handlers[signal.SIGINT] = signal.signal(signal.SIGINT, self._interrupt)
        mode = termios.tcgetattr(self._input)
        # Keys are kept unseen. Ctrl-C still interrupts; Ctrl-Z waits for the app, which can
        # give the terminal back before it stops.
        mode[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
        mode[0] &= ~(termios.ICRNL | termios.INLCR | termios.IGNCR | termios.IXON | termios.IXOFF)
        mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
        mode[6][termios.VSUSP] = b"\0"
        termios.tcsetattr(self._input, termios.TCSANOW, mode)
        self._write(f"\x1b[?1049h\x1b[?25l{self._frame()}")
        return self

    def listen(self) -> None:
        """Ask the terminal, and keep what is typed from now on; nothing was lost before."""
        self.asked_at = monotonic()
        self._write(self._questions())
        self._reader.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.give_back()

    def hand_over(self) -> None:
        """Leave the terminal to the app as it is; what was typed is in `typed` then.

        `listen` was called before.
        """
        os.write(self._stopped, b"x")
        self._reader.join()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._open = False

    def give_back(self) -> None:
        """Give the terminal back as it was; the second time does nothing."""
        if self._open:
            self._open = False
            give_back(self._output, self._input, self.attributes)

    def _end_by_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self.give_back()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        # At once, for it may come before anybody is there to leave the context.
        self.give_back()
        raise KeyboardInterrupt

    def _write(self, text: str) -> None:
        os.write(self._output, text.encode(sys.__stdout__.encoding or "utf-8", "replace"))  # type: ignore[union-attr]

    # What is drawn.

    def _questions(self) -> str:
        # The Linux console prints what it does not know of such a question.
        quiet = os.environ.get("TERM") == "linux"
        return ASK_STATUS if quiet else f"{ASK_GROUND}{ASK_STATUS}"

    def _frame(self) -> str:
        size = os.get_terminal_size(self._output)
        self.lines = size.lines
        if size.columns < LEAST_WIDTH or size.lines < LEAST_HEIGHT:
            return "\x1b[H\x1b[2J reading ..."
        left = TREE_CELLS if size.columns >= TREE_FROM else 0
        name = _shown(self._store_name, max(0, size.columns - 16))
        parts = [
            f"\x1b[H\x1b[2J \x1b[1mtui_tracker\x1b[0m  \x1b[2m{name}\x1b[0m",
            f"\x1b[3;1H{' all runs' if left else ''}",
            f"\x1b[4;{left + 2}H\x1b[2mreading ...\x1b[0m",
        ]
        return "".join(parts)

    def show_keys(self, hints: Sequence[tuple[str, str]]) -> None:
        """Name the keys in the last line, as many as fit."""
        size = os.get_terminal_size(self._output)
        if size.columns < LEAST_WIDTH or size.lines < LEAST_HEIGHT:
            return
        room, shown = size.columns - 2, ""
        for key, label in hints:
            room -= len(key) + len(label) + 3
            if room < 0:
                break
            shown += f"{key} \x1b[2m{label}\x1b[0m  "
        self._write(f"\x1b[{size.lines};1H {shown}")

    # What is read.

    def _read(self) -> None:
        """Keep what is typed and take the answers out of it; runs in a thread."""
        while True:
            ready, _, _ = select.select([self._input, self._stop_reading], [], [])
            if self._stop_reading in ready:
                return
            try:
                data = os.read(self._input, 4096)
            except OSError:
                return
            if not data:
                return
            self.typed += data
            self._take_answers()

    def _take_answers(self) -> None:
        if self.rtt_s is None and STATUS in self.typed:
            self.rtt_s = monotonic() - self.asked_at
            self.typed = self.typed.replace(STATUS, b"")
        if b"\x1b]11;" in self.typed:
            import re

            if found := re.search(GROUND, self.typed):
                self.ground = found[1].decode("ascii", "replace")
                self.typed = re.sub(GROUND, b"", self.typed)


def _shown(name: str, cells: int) -> str:
    """Return the name of a folder, whatever somebody called it, safe to write."""
    if name.isascii() and name.isprintable():
        return name[:cells]
    from tui_tracker.formatting import crop, printable

    return crop(printable(name), cells)


def give_back(output: int, terminal: int, attributes: list[object] | None) -> None:
    """Make a terminal what it was before the app, whatever state that left it in."""
    try:
        os.write(output, LEAVE.encode("ascii"))
        if attributes is not None:
            termios.tcsetattr(terminal, termios.TCSANOW, attributes)  # type: ignore[arg-type]
    except (OSError, termios.error):
        pass  # the terminal is gone, and nobody is there to be told

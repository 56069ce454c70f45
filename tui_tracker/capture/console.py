"""What a run prints, kept line by line while it still reaches the terminal.

The streams' own `write` is wrapped, so that whoever holds `sys.stdout` already (a
logging handler, a progress bar) is heard too. A carriage return begins a line anew: of
a progress bar only its present state is kept, and its last one for good.
"""

from __future__ import annotations

import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

LIMIT_BYTES = 10 << 20
_LONGEST_LINE = 64 << 10


class Console:
    """Wraps standard output and error of this process until `release`.

    `emit` gets (stream, text, partial) for each finished line, and from `tick` for a
    line that is still being written. With `wrap=False` no stream is touched: what
    another process printed is handed to `take`.
    """

    def __init__(
        self,
        emit: Callable[[str, str, bool], None],
        *,
        limit_bytes: int = LIMIT_BYTES,
        wrap: bool = True,
    ) -> None:
        self._emit = emit
        self._left = limit_bytes
        self._lock = threading.RLock()
        self._open = {"out": "", "err": ""}
        self._told: dict[str, str] = {}
        self._inside = threading.local()
        self._undo: list[Callable[[], None]] = []
        self.dropped_bytes = 0
        for name, stream in (("out", sys.stdout), ("err", sys.stderr)):
            if wrap and stream is not None:
                self._wrap(name, stream)

    def release(self) -> None:
        """Give the streams back, unless somebody wrapped them again since."""
        self.flush()
        for undo in self._undo:
            undo()
        self._undo.clear()

    def tick(self) -> None:
        """Tell of lines that are still being written, if they changed."""
        with self._lock:
            for name, text in self._open.items():
                shown = text.rsplit("\r", 1)[-1] or text.rstrip("\r").rsplit("\r", 1)[-1]
                if shown and self._told.get(name) != shown:
                    self._told[name] = shown
                    self._emit(name, shown, True)

    def flush(self) -> None:
        """End lines that are still being written."""
        with self._lock:
            for name, text in self._open.items():
                if text:
                    self._open[name] = ""
                    self._line(name, text)
            if self.dropped_bytes:
                note = f"[{self.dropped_bytes} more bytes were printed and not kept]"
                self.dropped_bytes = 0
                self._emit("err", note, False)

    def forget(self) -> None:
        """Drop unfinished lines (in a forked child they are the parent's)."""
        self._lock = threading.RLock()
        self._open = {"out": "", "err": ""}

    def _wrap(self, name: str, stream: TextIO) -> None:
        original = stream.write

        def write(text: str) -> int:
            written = original(text)
            # What is printed from inside a record being written is not recorded.
            if not getattr(self._inside, "yes", False):
                self._inside.yes = True
                try:
                    self.take(name, text)
                except Exception:  # noqa: BLE001  print() must never fail by us
                    pass
                finally:
                    self._inside.yes = False
            return written

        def undo() -> None:
            if getattr(stream, "write", None) is write:
                try:
                    del stream.write
                except AttributeError:
                    stream.write = original  # type: ignore[method-assign]

        try:
            stream.write = write  # type: ignore[method-assign]
        except AttributeError:
            return  # a stream that does not let itself be wrapped is not kept
        self._undo.append(undo)

    def take(self, name: str, text: str) -> None:
        """Keep what was printed to `out` or `err`."""
        if not isinstance(text, str) or not text:
            return
        with self._lock:
            if self._left <= 0:
                self.dropped_bytes += len(text)
                return
            *lines, rest = (self._open[name] + text).split("\n")
            self._open[name] = rest if len(rest) < _LONGEST_LINE else self._cut(rest)
            for line in lines:
                self._line(name, line)

    def _line(self, name: str, text: str) -> None:
        # Of what a carriage return wrote over, only the last state is kept.
        shown = text.rstrip("\r").rsplit("\r", 1)[-1]
        self._left -= len(shown) + 1
        self._told.pop(name, None)
        self._emit(name, shown, False)

    def _cut(self, text: str) -> str:
        return text.rsplit("\r", 1)[-1][-_LONGEST_LINE:]

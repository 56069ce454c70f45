"""The output of a command on its way to the terminal, read along.

Where this process writes to a terminal, the command writes to a pseudo-terminal of the
same size, so that it draws its progress bars and colours; elsewhere to a pipe. Standard
output and error stay apart. The pseudo-terminal leaves line ends as they are: the real
one sees to them.
"""

from __future__ import annotations

import codecs
import os
import sys
import threading
import time
from collections.abc import Callable

try:
    import fcntl
    import pty
    import termios
except ImportError:  # Windows: pipes
    pty = None  # type: ignore[assignment]

Show = Callable[[str, bytes], None]
"""Gets a stream's name, `out` or `err`, and what was written to it."""
_CHUNK = 1 << 16
_QUIET_S, _LONGEST_S = 0.3, 3.0
"""How long output is waited for once the command ended: some child of it may hold it open."""


class Passing:
    """Reads a command's two streams, shows them, and hands their text on."""

    def __init__(self, take: Callable[[str, str], None], show: Show | None = None) -> None:
        self._take, self._given = take, show
        self._over = False
        self._last = 0.0
        self._hidden: set[str] = set()
        """Streams that nobody can see any more."""
        self._masters: list[int] = []
        self._readers: list[threading.Thread] = []
        ends = [self._open("out", 1), self._open("err", 2)]
        self.ends = ends[0], ends[1]
        """Descriptors for the command to write to."""

    def begin(self) -> None:
        """Start to read; called once the command has its ends."""
        for end in self.ends:
            os.close(end)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        for reader in self._readers:
            reader.start()

    def finish(self) -> bool:
        """Read what is left; return False where some process still holds a stream open."""
        ended = self._last = time.monotonic()
        while any(reader.is_alive() for reader in self._readers):
            now = time.monotonic()
            if now - self._last > _QUIET_S or now - ended > _LONGEST_S:
                self._over = True
                return False
            self._readers[0 if self._readers[0].is_alive() else 1].join(0.02)
        return True

    def resize(self) -> None:
        """Give the pseudo-terminals the size of the real one."""
        for master in self._masters:
            size = _size(1) or _size(2)
            if size:
                fcntl.ioctl(master, termios.TIOCSWINSZ, size)

    def _open(self, name: str, ours: int) -> int:
        on_terminal = self._given is None and pty is not None and os.isatty(ours)
        if on_terminal:
            source, end = pty.openpty()
            modes = termios.tcgetattr(end)
            modes[1] &= ~termios.OPOST
            termios.tcsetattr(end, termios.TCSANOW, modes)
            self._masters.append(source)
            self.resize()
        else:
            source, end = os.pipe()
        reader = threading.Thread(target=self._read, args=(name, ours, source), daemon=True)
        self._readers.append(reader)
        return end

    def _read(self, name: str, ours: int, source: int) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while True:
            try:
                data = os.read(source, _CHUNK)
            except OSError:
                data = b""  # a pseudo-terminal whose other end is closed
            if self._over:
                return
            self._show(name, ours, data)
            self._take(name, decoder.decode(data, not data))
            if not data:
                return
            self._last = time.monotonic()

    def _show(self, name: str, ours: int, data: bytes) -> None:
        if name in self._hidden:
            return
        try:
            if self._given is not None:
                self._given(name, data)
                return
            view = memoryview(data)
            while view:
                view = view[os.write(ours, view) :]
        except Exception:  # noqa: BLE001  `| head` has gone: the training has not
            self._hidden.add(name)


def _size(ours: int) -> bytes:
    try:
        return fcntl.ioctl(ours, termios.TIOCGWINSZ, bytes(8))
    except OSError:
        return b""

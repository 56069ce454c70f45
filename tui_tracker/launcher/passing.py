"""The output of a command on its way to the terminal, read along.

Where this process writes to a terminal, the command writes to a pseudo-terminal of the
same size, so that it draws its progress bars and colours; elsewhere to a pipe. Standard
output and error stay apart, but where both go to one terminal: what is written to two
pseudo-terminals arrives in no order, and a bar on one that makes room for a line on the
other (`tqdm.write`) would be torn to pieces. There both are kept as output. The
pseudo-terminal leaves line ends as they are: the real one sees to them.
"""

from __future__ import annotations

import codecs
import os
import selectors
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
        self._given = show
        self._sources = selectors.DefaultSelector()
        self._masters: list[int] = []
        self.is_one = show is None and pty is not None and _is_one_terminal()
        """Output and error go to one terminal, and are kept as one stream."""
        out = self._open(_Stream("out", 1, take))
        self.ends = out, out if self.is_one else self._open(_Stream("err", 2, take))
        """Descriptors for the command to write to."""
        self._over = False
        self._last = 0.0
        self._reader = threading.Thread(target=self._read, name="tt-passing", daemon=True)

    def begin(self) -> None:
        """Start to read; called once the command has its ends."""
        for end in set(self.ends):
            os.close(end)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        self._reader.start()

    def finish(self) -> bool:
        """Read what is left; return False where some process still holds a stream open."""
        ended = self._last = time.monotonic()
        while self._reader.is_alive():
            now = time.monotonic()
            if now - self._last > _QUIET_S or now - ended > _LONGEST_S:
                self._over = True
                return False
            self._reader.join(0.02)
        return True

    def resize(self) -> None:
        """Give the pseudo-terminals the size of the real one."""
        size = _size(1) or _size(2)
        for master in self._masters:
            if size:
                fcntl.ioctl(master, termios.TIOCSWINSZ, size)

    def _open(self, stream: _Stream) -> int:
        if self._given is None and pty is not None and os.isatty(stream.ours):
            source, end = pty.openpty()
            modes = termios.tcgetattr(end)
            modes[1] &= ~termios.OPOST
            termios.tcsetattr(end, termios.TCSANOW, modes)
            self._masters.append(source)
            self.resize()
        else:
            source, end = os.pipe()
        self._sources.register(source, selectors.EVENT_READ, stream)
        return end

    def _read(self) -> None:
        while self._sources.get_map():
            for key, _ in self._sources.select():
                try:
                    data = os.read(key.fd, _CHUNK)
                except OSError:
                    data = b""  # a pseudo-terminal whose other end is closed
                if self._over:
                    return
                key.data.move(data, self._given)
                if not data:
                    self._sources.unregister(key.fd)
                self._last = time.monotonic()


class _Stream:
    """One of the two, from the command to the terminal and to the run."""

    def __init__(self, name: str, ours: int, take: Callable[[str, str], None]) -> None:
        self.name, self.ours = name, ours
        self._take = take
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._is_seen = True

    def move(self, data: bytes, show: Show | None) -> None:
        """Show and keep what was read; no bytes are the end."""
        if self._is_seen:
            try:
                self._show(data, show)
            except Exception:  # noqa: BLE001  `| head` has gone: the training has not
                self._is_seen = False
        self._take(self.name, self._decoder.decode(data, not data))

    def _show(self, data: bytes, show: Show | None) -> None:
        if show is not None:
            if data:
                show(self.name, data)
            return
        view = memoryview(data)
        while view:
            view = view[os.write(self.ours, view) :]


def _is_one_terminal() -> bool:
    try:
        same = os.fstat(1).st_rdev == os.fstat(2).st_rdev
    except OSError:
        return False
    return same and os.isatty(1) and os.isatty(2)


def _size(ours: int) -> bytes:
    try:
        return fcntl.ioctl(ours, termios.TIOCGWINSZ, bytes(8))
    except OSError:
        return b""

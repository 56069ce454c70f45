"""What the forked workers of a data loader read, told to the process of the run.

    r<path>\\n    read          w<path>\\n    written

A pipe that is made before the first fork: a worker writes a line for each file it is the
first to open, and the run's thread reads them. A full pipe takes no more and nobody
waits for it; the run then says that its list is not whole.
"""

from __future__ import annotations

import os

try:
    import fcntl
except ImportError:  # Windows, which has no fork
    fcntl = None  # type: ignore[assignment]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_FAR = 200
"""A script that closes all descriptors opens its own files under low numbers next."""
_ROOM = 1 << 20
_LONGEST = 4096
"""Lines up to this length do not mix with those of other processes: POSIX, PIPE_BUF."""


class Pipe:
    """A pipe from forked children to the process that made it."""

    def __init__(self) -> None:
        """Make it.

        Raises:
            OSError: there are no descriptors left.
        """
        ends = os.pipe()
        self._out, self._in = (_far(end) for end in ends)
        os.set_blocking(self._out, False)
        os.set_blocking(self._in, False)
        self._room = _enlarge(self._in)
        self._inode = os.fstat(self._in).st_ino
        self._rest = b""
        self.overflowed = False
        """Lines may be missing."""

    def send(self, path: str, *, written: bool) -> None:
        """Tell of a file; what does not fit is dropped."""
        line = (b"w" if written else b"r") + os.fsencode(path) + b"\n"
        if len(line) <= _LONGEST and b"\n" not in line[:-1] and self._is_whole(self._in):
            try:
                os.write(self._in, line)
            except OSError:
                pass  # full, or the run has ended

    def receive(self) -> Iterator[tuple[str, bool]]:
        """Yield (path, whether it was written) of what was told since the last time."""
        raw = self._rest
        try:
            while self._is_whole(self._out) and (data := os.read(self._out, 1 << 16)):
                raw += data
        except OSError:
            pass  # there is no more
        # Lines do not go across the pages of a pipe, so it is full before its room is used up.
        if len(raw) > self._room * 3 // 4:
            self.overflowed = True
        *lines, self._rest = raw.split(b"\n")
        for line in lines:
            yield os.fsdecode(line[1:]), line[:1] == b"w"

    def close(self) -> None:
        for end in (self._out, self._in):
            if self._is_whole(end):
                os.close(end)

    def _is_whole(self, end: int) -> bool:
        """Return whether a number still means this pipe, and no file that took its place."""
        try:
            return os.fstat(end).st_ino == self._inode
        except OSError:
            return False


def _far(end: int) -> int:
    try:
        far = fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, _FAR)
    except (OSError, AttributeError):
        return end  # a limit below that
    os.close(end)
    return far


def _enlarge(end: int) -> int:
    """Give a pipe more room where the system allows it; return how many bytes it takes."""
    try:
        return fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, _ROOM)
    except (OSError, AttributeError):
        return 1 << 16

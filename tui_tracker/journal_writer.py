"""The one writer of a journal: appends records, and never ends the training run.

A log call may write to the descriptor by itself; all else goes through `write`, which
keeps in memory what the file does not take now, in order, and tries again.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from zlib import crc32

from tui_tracker.errors import InvalidArgument, RunIsLive, StoreError
from tui_tracker.journal import (
    CHUNK,
    HEAD,
    KEYSET,
    LARGEST,
    MAGIC,
    START,
    VERSION,
    KeySet,
    lock,
    machine,
    same_file,
    to_frame,
)

try:
    import fcntl
except ImportError:  # Windows: descriptors stay where they are
    fcntl = None  # type: ignore[assignment]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_PENDING_LIMIT = 32 << 20
_RETRY_S = 0.2
_FAR = 200
_FLAGS = os.O_RDWR | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)


class JournalWriter:
    """The one writer of a journal; safe for threads, and never raises once made.

    `fd` is the open file while all is well, and -1 when a plain `os.write` will not
    do: after a fork, after `close`, or while records that could not be written wait
    in memory. A caller that writes to `fd` by itself falls back to `write`.
    """

    def __init__(self, path: str, start: Mapping[str, object], *, fsync: bool = False) -> None:
        """Make the file with its lock and its start record.

        Raises:
            StoreError: the file cannot be made.
            InvalidArgument: the start record is larger than a reader takes.
            RunIsLive: another process has a journal of this name.
        """
        self.path = path
        self.keysets: dict[object, KeySet] = {}
        self.lost = 0
        """Records given up because neither disk nor memory could take them."""
        self.problem = ""
        """Why a record could not be written, in words; "" while all is well."""
        self.lock = threading.RLock()
        self._fsync = fsync
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._retry_at = 0.0
        self._defined = 0
        self._file = _create(path, to_frame(START, start))
        self.fd = -1 if fsync else self._file

    def define(self, names: tuple[str, ...], context: str) -> KeySet:
        """Return the key set of these names, written to the file at its first use."""
        key = (context, names) if context else names
        with self.lock:
            keyset = self.keysets.get(key)
            if keyset is None:
                # A number is never used twice, not even where its record was lost.
                keyset = KeySet(self._defined, names, context)
                self._defined += 1
                facts = {"id": keyset.id, "names": names, "context": context}
                if self.write(to_frame(KEYSET, facts)):
                    self.keysets[key] = keyset
            return keyset

    def append(self, kind: int, facts: Mapping[str, object]) -> None:
        """Write one JSON record."""
        self.write(to_frame(kind, facts))

    def write(self, frame: bytes) -> bool:
        """Write one whole record, or keep it in memory until the file takes it again.

        Return whether either could be done.
        """
        with self.lock:
            if len(frame) >= LARGEST:
                self.lost += 1
                self.problem = _too_large(frame)
                return False
            waits = self._pending and time.monotonic() < self._retry_at
            if waits or not self.flush() or not self._write_out(frame):
                return self._keep(frame)
            return True

    def cut_back(self, frame: bytes, written: int) -> None:
        """Undo a short write of `frame` and keep the record for later."""
        with self.lock:
            self._cut(frame, written)
            self._keep(frame)

    def flush(self) -> bool:
        """Write what waits in memory; return whether nothing waits any more."""
        with self.lock:
            done = 0
            for frame in self._pending:
                if not self._write_out(frame):
                    self._retry_at = time.monotonic() + _RETRY_S
                    break
                self._pending_bytes -= len(frame)
                done += 1
            del self._pending[:done]
            if self._pending:
                return False
            if self._file >= 0 and not self._fsync:
                self.fd = self._file
            return True

    def touch(self) -> None:
        """Say to readers on other machines that the writer lives."""
        try:
            os.utime(self._file)
        except OSError:
            pass  # a heartbeat that cannot be left is no reason to say anything

    def restore(self) -> bool:
        """Write the file anew where somebody deleted it; return whether that was needed.

        The deleted file's bytes are still readable through the open descriptor.
        """
        with self.lock:
            if self._file < 0 or not self._is_open() or same_file(self._file, self.path):
                return False
            try:
                os.makedirs(os.path.dirname(self.path), exist_ok=True)
                old = os.dup(self._file)
            except OSError as error:
                self.problem = _reason(error)
                return False
            try:
                self._move_to_new_file(old)
            except OSError as error:
                self.problem = _reason(error)
                return False
            finally:
                os.close(old)
            return True

    def close(self) -> None:
        """Give up the lock. What still waits in memory is counted as lost."""
        with self.lock:
            self.flush()
            self.lost += len(self._pending)
            self._pending.clear()
            self.forget()

    def forget(self) -> None:
        """Close the descriptor without a word in the file (as a forked child must)."""
        file, self._file, self.fd = self._file, -1, -1
        if file >= 0:
            try:
                os.close(file)
            except OSError:
                pass  # somebody closed all descriptors of the process

    def _move_to_new_file(self, old: int) -> None:
        temporary = f"{self.path}.{os.getpid()}.new"
        file = os.open(temporary, _FLAGS | os.O_CREAT | os.O_TRUNC, 0o666)
        try:
            lock(file)
            copied = _copy(old, file, 0)
            os.rename(temporary, self.path)
            # Other threads write without the lock: from here they write to the new
            # file, and what they wrote to the old one meanwhile is brought over.
            os.dup2(file, self._file, inheritable=False)
            _copy(old, file, copied)
        except OSError:
            _unlink(temporary)
            raise
        finally:
            os.close(file)

    def _is_open(self) -> bool:
        """Open the file again where somebody closed all descriptors of the process."""
        try:
            os.fstat(self._file)
        except OSError:
            try:
                file = os.open(self.path, _FLAGS)
            except OSError:
                return False
            lock(file)
            self._file = _far(file)
        return True

    def _write_out(self, frame: bytes) -> bool:
        if self._file < 0 or not self._is_open():
            self.problem = self.problem or "the journal is closed"
            return False
        try:
            written = os.write(self._file, frame)
            if written != len(frame):
                self._cut(frame, written)
                self.problem = "the disk is full"
                return False
            if self._fsync:
                os.fsync(self._file)
        except OSError as error:
            self.problem = _reason(error)
            return False
        return True

    def _keep(self, frame: bytes) -> bool:
        self.fd = -1
        self.problem = self.problem or "the disk is full"
        if not self._pending:
            self._retry_at = time.monotonic() + _RETRY_S
        if self._pending_bytes + len(frame) > _PENDING_LIMIT:
            self.lost += 1
            return False
        self._pending.append(frame)
        self._pending_bytes += len(frame)
        return True

    def _cut(self, frame: bytes, written: int) -> None:
        """Cut a half-written record off, unless another thread wrote behind it."""
        try:
            size = os.fstat(self._file).st_size
            if os.pread(self._file, written, size - written) == frame[:written]:
                os.ftruncate(self._file, size - written)
        except OSError:
            pass  # the reader passes over a torn record just as well


def _create(path: str, start: bytes) -> int:
    head = HEAD.pack(MAGIC, VERSION, machine(), 0)[:-4]
    first = head + crc32(head).to_bytes(4, "little") + start
    temporary = f"{path}.{os.getpid()}.new"
    if len(start) >= LARGEST:
        raise InvalidArgument(f"init(): {_too_large(start)}; keep large texts as an artifact")
    file = -1
    try:
        file = os.open(temporary, _FLAGS | os.O_CREAT | os.O_TRUNC, 0o666)
        lock(file)
        if os.write(file, first) != len(first):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        _claim(temporary, path)
    except OSError as error:
        if file >= 0:
            os.close(file)
            _unlink(temporary)
        if isinstance(error, FileExistsError):
            raise RunIsLive(f"{path}: another process goes on with this run already") from error
        raise StoreError(path, f"the run's journal cannot be made ({error.strerror}).") from error
    return _far(file)


def _claim(temporary: str, path: str) -> None:
    """Give a file its name; where two processes want it, the first one has it."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:
        os.rename(temporary, path)  # a file system without hard links
    else:
        os.unlink(temporary)


def _far(file: int) -> int:
    """Return the file under a high number.

    A script that closes all descriptors opens its own files under low ones next, and
    no record may ever be written into those.
    """
    if fcntl is None:
        return file
    try:
        far = fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, _FAR)
    except OSError:
        return file  # a limit below that
    os.close(file)
    return far


def _too_large(frame: bytes) -> str:
    return f"a record of {len(frame) >> 20} MiB is too large for the journal"


def _copy(source: int, target: int, offset: int) -> int:
    while data := os.pread(source, CHUNK, offset):
        view = memoryview(data)
        while view:
            view = view[os.write(target, view) :]
        offset += len(data)
    return offset


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass


def _reason(error: OSError) -> str:
    full = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return "the disk is full" if error.errno in full else (error.strerror or str(error))

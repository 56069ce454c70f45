"""The append-only file of one writing process: format, writer, reader.

A log call is one record and one `os.write`: when the call returns, the bytes are with
the kernel, and no kill of the process can lose them. The file alone is enough to
rebuild a run.

    <run id>[.<writer>].journal

    head    "TTJOURN\\n", u32 version, u32 machine, u32 CRC-32 of the 16 bytes before
    record  u32 length of the payload, u8 kind, payload, u32 CRC-32 of all before it

Everything is little-endian. `machine` is the CRC-32 of the boot id, by which a reader
knows whether the writer's lock can be trusted. Kinds:

     1  metrics   u32 key set, i64 step, i64 Unix nanoseconds, float64 a name
     2  key set   {"id", "names", "context"}; stands before the first use of its number
     3  start     the first record of a file: who writes, and what the run is
     4  params    {"t", "params"}          5  tags   {"t", "add", "remove"}
     6  note      {"t", "text"}            7  artifact
     8  lineage   {"part", "status", "reason", "took_ms", "facts"}
     9  console   {"t", "stream", "text", "partial"}
    10  finish    {"t", "status", "why", "lost"}

All but metrics are JSON. A NUL byte can therefore stand in no JSON payload,
while every record head has one: a search for the next whole record after damage finds
no record inside a text.

A short write (disk full) is cut back before the next record. A reader ends at a torn
tail and says where; damage in the middle is passed over to the next record whose
CRC-32 holds, and reported with its place. The writer holds an advisory lock on its
file for as long as it lives; the file appears under its name only when lock and start
record are in place, so a file that nobody holds is a run that ended.
"""

from __future__ import annotations

import errno
import os
import struct
import threading
import time
from zlib import crc32

from tui_tracker.errors import InvalidArgument, JournalDamaged, RunIsLive, StoreError
from tui_tracker.values import to_json

try:
    import fcntl
except ImportError:  # Windows: liveness falls back to the heartbeat
    fcntl = None  # type: ignore[assignment]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

METRICS, KEYSET, START, PARAMS, TAGS, NOTE, ARTIFACT, LINEAGE, CONSOLE, FINISH = range(1, 11)

SUFFIX = ".journal"
HEARTBEAT_S = 10.0
"""How often a writer touches its file."""
STALE_S = 60.0
"""A file of another machine that was not touched for so long has no writer."""

_MAGIC = b"TTJOURN\n"
_VERSION = 1
_HEAD = struct.Struct("<8sIII")
_FRAME = struct.Struct("<IB")
_KEYSET_ID = struct.Struct("<I")
_OVERHEAD = _FRAME.size + 4
_RESIDUE = 0x2144DF1C
"""CRC-32 of any bytes followed by their own CRC-32."""
_LARGEST = 1 << 24
"""No record is larger, so the fourth byte of every record is NUL."""
_CHUNK = 1 << 20
_PENDING_LIMIT = 32 << 20
_RETRY_S = 0.2
_FAR = 200
_FLAGS = os.O_RDWR | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)
_ALIKE = 64


class KeySet:
    """The names of one log call, known in the file by a number."""

    __slots__ = ("_fields", "_unpackers", "context", "id", "length", "names", "pack", "total")

    def __init__(self, number: int, names: tuple[str, ...], context: str) -> None:
        layout = struct.Struct(f"<IBIqq{len(names)}d")
        self.id, self.names, self.context = number, names, context
        self.pack = layout.pack
        self._fields = len(names) + 6
        self._unpackers: dict[int, struct.Struct] = {}
        self.length = layout.size - _FRAME.size
        self.total = layout.size + 4

    def columns(
        self, frames: Sequence[bytes]
    ) -> tuple[tuple[int, ...], tuple[int, ...], list[tuple[float, ...]]]:
        """Return steps, Unix nanoseconds and each name's values from whole records."""
        n, fields = len(frames), self._fields
        unpacker = self._unpackers.get(n)
        if unpacker is None:
            # One layout for many records: three times as fast as one record at a time.
            unpacker = struct.Struct("<" + f"IBIqq{len(self.names)}dI" * n)
            self._unpackers = {n: unpacker} if n != self.batch else self._unpackers | {n: unpacker}
        flat = unpacker.unpack(b"".join(frames))
        values = [flat[field::fields] for field in range(5, fields - 1)]
        return flat[3::fields], flat[4::fields], values

    @property
    def batch(self) -> int:
        """How many records are best handed to `columns` at once."""
        return max(1, min(1024, (1 << 14) // self._fields))


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
        self._file = _create(path, _frame(START, _json(start)))
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
                if self.write(_frame(KEYSET, _json(facts))):
                    self.keysets[key] = keyset
            return keyset

    def append(self, kind: int, facts: Mapping[str, object]) -> None:
        """Write one JSON record."""
        self.write(_frame(kind, _json(facts)))

    def write(self, frame: bytes) -> bool:
        """Write one whole record, or keep it in memory until the file takes it again.

        Return whether either could be done.
        """
        with self.lock:
            if len(frame) >= _LARGEST:
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
            _lock(file)
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
            _lock(file)
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


class Batch:
    """What one read of a journal found."""

    __slots__ = ("damages", "end", "frames", "positions", "records", "torn")

    def __init__(self, offset: int) -> None:
        self.end = offset
        """Where the next read begins."""
        self.records: list[tuple[int, int, bytes]] = []
        """(place, kind, payload) of all records but metrics, in file order."""
        self.frames: dict[int, list[bytes]] = {}
        """Whole metric records by key set, in file order."""
        self.positions: dict[int, list[int]] = {}
        """The place of each of `frames`."""
        self.damages: list[tuple[int, int]] = []
        """(first byte, first byte after it) of what was passed over."""
        self.torn = False
        """The file ends inside a record."""

    def __bool__(self) -> bool:
        return bool(self.records or self.frames or self.damages)


def read_batch(file: int, offset: int, *, path: str, final: bool, limit: int = _CHUNK) -> Batch:
    """Return the whole records from `offset` on, about `limit` bytes of them.

    `final` says that nobody writes any more: an incomplete end is then torn, and
    passed over, where it is otherwise left for the next read.

    Raises:
        JournalDamaged: the file is of a later version.
        OSError: the file cannot be read.
    """
    batch = Batch(offset)
    if offset == 0:
        batch.end = _read_head(os.pread(file, _HEAD.size, 0), batch, path)
        if batch.end == 0:
            return batch
    while True:
        data = os.pread(file, limit, batch.end)
        size = os.fstat(file).st_size
        at_end = batch.end + len(data) >= size
        wanted = _scan(data, batch, at_end=at_end, final=final)
        if at_end or wanted == 0 or batch:
            return batch
        limit = max(wanted, limit * 2)  # one record is larger than the window


def is_live(path: str) -> bool:
    """Return whether a process still writes this journal.

    On this machine the writer's lock decides, for a file of another machine also
    its last heartbeat.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        if fcntl is not None and _is_locked(file):
            return True
        head = os.pread(file, _HEAD.size, 0)
        if fcntl is not None and len(head) == _HEAD.size and _HEAD.unpack(head)[2] == machine():
            return False
        return time.time() - os.fstat(file).st_mtime < STALE_S
    finally:
        os.close(file)


def list_journals(folder: str, run_id: str = "") -> list[str]:
    """Return the journals in a folder (of one run), oldest run first."""
    try:
        with os.scandir(folder) as entries:
            names = [e.name for e in entries if e.name.endswith(SUFFIX) and _has_id(e.name)]
    except FileNotFoundError:
        return []
    return [os.path.join(folder, name) for name in sorted(names) if name.startswith(run_id)]


def run_id_of(path: str) -> str:
    """Return the run id in a journal's name."""
    return os.path.basename(path).split(".", 1)[0]


def _has_id(name: str) -> bool:
    digits = name.split(".", 1)[0].replace("-", "")
    return len(digits) == 32 and all(digit in "0123456789abcdef" for digit in digits)


_machine: list[int] = []


def machine() -> int:
    """Return a number for this boot of this machine; containers on it share it."""
    if not _machine:
        try:
            with open("/proc/sys/kernel/random/boot_id", "rb") as file:
                name = file.read().strip()
        except OSError:
            name = os.uname().nodename.encode() if hasattr(os, "uname") else b"?"
        _machine.append(crc32(name))
    return _machine[0]


def decode(payload: bytes) -> dict[str, object]:
    """Return the facts of a JSON record.

    Raises:
        ValueError: the payload is no JSON object.
    """
    import json  # the logger itself never reads a record

    facts = json.loads(payload)
    if not isinstance(facts, dict):
        raise ValueError("a record that is no JSON object")
    return facts


def _json(facts: Mapping[str, object]) -> bytes:
    # Lone surrogates come out of file names; `json.loads` reads them back this way.
    return to_json(facts).encode("utf-8", "surrogatepass")


def _frame(kind: int, payload: bytes) -> bytes:
    body = _FRAME.pack(len(payload), kind) + payload
    return body + crc32(body).to_bytes(4, "little")


def _create(path: str, start: bytes) -> int:
    head = _HEAD.pack(_MAGIC, _VERSION, machine(), 0)[:-4]
    first = head + crc32(head).to_bytes(4, "little") + start
    temporary = f"{path}.{os.getpid()}.new"
    if len(start) >= _LARGEST:
        raise InvalidArgument(f"init(): {_too_large(start)}; keep large texts as an artifact")
    file = -1
    try:
        file = os.open(temporary, _FLAGS | os.O_CREAT | os.O_TRUNC, 0o666)
        _lock(file)
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


def _lock(file: int) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        pass  # a file system without locks: the heartbeat decides


def _is_locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    fcntl.flock(file, fcntl.LOCK_UN)
    return False


def same_file(file: int, path: str) -> bool:
    """Return whether an open file is the one at the path."""
    try:
        ours, theirs = os.fstat(file), os.stat(path)
    except OSError:
        return False
    return (ours.st_dev, ours.st_ino) == (theirs.st_dev, theirs.st_ino)


def _copy(source: int, target: int, offset: int) -> int:
    while data := os.pread(source, _CHUNK, offset):
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


def _read_head(head: bytes, batch: Batch, path: str) -> int:
    """Return where the records begin; 0 while the head is not written yet."""
    if len(head) < _HEAD.size:
        return 0
    magic, version, _, checksum = _HEAD.unpack(head)
    whole = crc32(head[:-4]) == checksum
    if whole and magic == _MAGIC and version > _VERSION:
        raise JournalDamaged(path, f"journal version {version} is later than {_VERSION}: upgrade.")
    if not whole or magic != _MAGIC:
        batch.damages.append((0, _HEAD.size))
    return _HEAD.size


def _scan(data: bytes, batch: Batch, *, at_end: bool, final: bool) -> int:
    """Take the whole records of `data` into the batch.

    Return how many bytes are needed from the batch's new end to get on, 0 if none.
    """
    base, pos, size = batch.end, 0, len(data)
    shapes: dict[bytes, tuple[int, list[bytes], list[int]]] = {}
    while pos < size:
        shape = shapes.get(data[pos : pos + 9])
        if shape is not None and (taken := _take_alike(data, pos, base, shape)):
            pos += taken
            continue
        total = _whole(data, pos)
        if total > 0:
            _take(data, pos, total, base, batch, shapes)
            pos += total
            continue
        if not at_end and total < 0 and -total < _LARGEST:
            break  # perhaps whole once more of the file is read
        after = _resync(data, pos + 1)
        if after < 0:
            if not at_end:
                break
            if final:
                batch.torn = True
                batch.damages.append((base + pos, base + size))
                pos = size
            break
        batch.damages.append((base + pos, base + after))
        pos = after
    batch.end = base + pos
    return 0 if pos == size else max(-_whole(data, pos), _OVERHEAD)


def _take_alike(data: bytes, pos: int, base: int, shape: tuple[int, list[bytes], list[int]]) -> int:
    """Take records of one key set that follow each other; return their bytes.

    Most journals are long stretches of these, so they are checked many at a time.
    """
    total, frames, places = shape
    prefix = data[pos : pos + 9]
    end = min(len(data), pos + total * _ALIKE)
    starts = range(pos, end - total + 1, total)
    found = [data[start : start + total] for start in starts]
    good = len(found)
    if [frame[:9] for frame in found].count(prefix) < good:
        good = next(i for i, frame in enumerate(found) if frame[:9] != prefix)
    checks = list(map(crc32, found[:good]))
    if checks.count(_RESIDUE) < good:
        good = next(i for i, check in enumerate(checks) if check != _RESIDUE)
    frames += found[:good]
    places += [base + start for start in starts[:good]]
    return good * total


def _whole(data: bytes, pos: int) -> int:
    """Return the size of the whole record at `pos`, 0 if damaged.

    Negative: the record seems to need as many bytes, more than there are.
    """
    if pos + _OVERHEAD > len(data):
        return -_OVERHEAD
    length, kind = _FRAME.unpack_from(data, pos)
    total = int(length) + _OVERHEAD
    if kind == 0 or total >= _LARGEST:
        return 0
    if pos + total > len(data):
        return -total
    return total if crc32(data[pos : pos + total]) == _RESIDUE else 0


def _take(
    data: bytes,
    pos: int,
    total: int,
    base: int,
    batch: Batch,
    shapes: dict[bytes, tuple[int, list[bytes], list[int]]],
) -> None:
    kind = data[pos + 4]
    payload = data[pos + _FRAME.size : pos + total - 4]
    if kind != METRICS or len(payload) < _KEYSET_ID.size:
        batch.records.append((base + pos, kind, payload))
        return
    (number,) = _KEYSET_ID.unpack_from(payload)
    frames = batch.frames.setdefault(number, [])
    places = batch.positions.setdefault(number, [])
    frames.append(data[pos : pos + total])
    places.append(base + pos)
    shapes[data[pos : pos + 9]] = (total, frames, places)


def _resync(data: bytes, start: int) -> int:
    """Return where the next whole record begins at or after `start`, -1 if none does."""
    # The fourth byte of every record is NUL, and texts have none: few places are tried.
    pos = data.find(b"\0", start)
    while pos >= 0:
        begin = pos - 3
        if begin >= start and _whole(data, begin) > 0:
            return begin
        pos = data.find(b"\0", pos + 1)
    return -1


def make_keyset(facts: Mapping[str, object]) -> KeySet:
    """Return the key set that a record or the store describes.

    Raises:
        ValueError: the facts are not of that form.
    """
    number, names, context = facts.get("id"), facts.get("names"), facts.get("context", "")
    if not isinstance(number, int) or not isinstance(names, list) or not isinstance(context, str):
        raise ValueError("a key set without id or names")
    # As the store keeps them: names that differ in lone surrogates alone are one there.
    texts = [str(name).encode("utf-8", "replace").decode() for name in names]
    return KeySet(number, tuple(texts), context)

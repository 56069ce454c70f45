"""The append-only file of one writing process: its format, and whether its writer lives.

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
    11  system    {"t", "values"}: what the machine was busy with, by name

A reader passes over a JSON record of a kind that it does not know, so kinds may be added.

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

import os
import struct
import time
from zlib import crc32

from tui_tracker.values import to_json

try:
    import fcntl
except ImportError:  # Windows: liveness falls back to the heartbeat
    fcntl = None  # type: ignore[assignment]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

METRICS, KEYSET, START, PARAMS, TAGS, NOTE, ARTIFACT, LINEAGE, CONSOLE, FINISH = range(1, 11)
SYSTEM = 11

SUFFIX = ".journal"
HEARTBEAT_S = 10.0
"""How often a writer touches its file."""
STALE_S = 60.0
"""A file of another machine that was not touched for so long has no writer."""

MAGIC = b"TTJOURN\n"
VERSION = 1
HEAD = struct.Struct("<8sIII")
FRAME = struct.Struct("<IB")
KEYSET_ID = struct.Struct("<I")
OVERHEAD = FRAME.size + 4
RESIDUE = 0x2144DF1C
"""CRC-32 of any bytes followed by their own CRC-32."""
LARGEST = 1 << 24
"""No record is larger, so the fourth byte of every record is NUL."""
CHUNK = 1 << 20


class KeySet:
    """The names of one log call, known in the file by a number."""

    __slots__ = ("_fields", "_unpackers", "context", "id", "length", "names", "pack", "total")

    def __init__(self, number: int, names: tuple[str, ...], context: str) -> None:
        layout = struct.Struct(f"<IBIqq{len(names)}d")
        self.id, self.names, self.context = number, names, context
        self.pack = layout.pack
        self._fields = len(names) + 6
        self._unpackers: dict[int, struct.Struct] = {}
        self.length = layout.size - FRAME.size
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


def to_frame(kind: int, facts: Mapping[str, object]) -> bytes:
    """Return one whole JSON record."""
    payload = _json(facts)
    body = FRAME.pack(len(payload), kind) + payload
    return body + crc32(body).to_bytes(4, "little")


def _json(facts: Mapping[str, object]) -> bytes:
    # Lone surrogates come out of file names; `json.loads` reads them back this way.
    return to_json(facts).encode("utf-8", "surrogatepass")


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
        head = os.pread(file, HEAD.size, 0)
        if fcntl is not None and len(head) == HEAD.size and HEAD.unpack(head)[2] == machine():
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


def lock(file: int) -> None:
    """Say that this process writes the file, for as long as it is open."""
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

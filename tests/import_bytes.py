"""Small writers of foreign bytes: protobuf fields, logs in blocks, TFRecords, events."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable

from tui_tracker.importers.checksums import masked_crc32c

BLOCK = 1 << 15


def varint(value: int) -> bytes:
    """Return a number as protobuf writes it; negative ones as int64."""
    value &= 0xFFFFFFFFFFFFFFFF
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def field(number: int, value: int | float | bytes | str) -> bytes:
    """Return a field: a varint for an int, 8 bytes for a float, else with a length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def float32(number: int, value: float) -> bytes:
    return varint(number << 3 | 5) + struct.pack("<f", value)


# -- W&B


def block_log(records: Iterable[bytes]) -> bytes:
    """Return a file of W&B with these records."""
    out = bytearray(b":W&B\xe1\xbe\0")
    for record in records:
        rest, is_first = record, True
        while is_first or rest:
            room = BLOCK - len(out) % BLOCK
            if room < 7:
                out += bytes(room)
                continue
            part, rest = rest[: room - 7], rest[room - 7 :]
            kind = {(True, False): 1, (True, True): 2, (False, True): 3, (False, False): 4}[
                is_first, bool(rest)
            ]
            covered = bytes([kind]) + part
            out += struct.pack("<IH", zlib.crc32(covered), len(part)) + covered
            is_first = False
    return bytes(out)


def items(values: dict[str | tuple[str, ...], object], number: int = 1) -> bytes:
    """Return items of a history, config or summary record: a path, a value as JSON."""
    found = b""
    for path, value in values.items():
        keys = (path,) if isinstance(path, str) else path
        text = value if isinstance(value, bytes) else json.dumps(value).encode()
        name = b"".join(field(2, key) for key in keys)
        found += field(number, name + field(16, text))
    return found


def timestamp(seconds: float) -> bytes:
    whole = int(seconds)
    return field(1, whole) + field(2, round((seconds - whole) * 1e9))


def run_record(
    run_id: str = "abc", project: str = "proj", started: float = 1_700_000_000.0, **more: bytes
) -> bytes:
    """Return a run record; `more` are further fields, already made."""
    run = field(1, run_id) + field(3, project) + field(17, timestamp(started))
    return field(17, run + b"".join(more.values()))


def history(step: int, **values: object) -> bytes:
    row = {**values, "_step": step, "_timestamp": 1_700_000_000.0 + step}
    return field(2, items(row) + field(2, field(1, step)))


def exit_record(code: int = 0, runtime: int = 5) -> bytes:
    return field(18, field(1, code) + field(2, runtime))


def output(text: str, *, is_stdout: bool = True, at: float = 1_700_000_001.0) -> bytes:
    return field(13, field(1, int(is_stdout)) + field(2, timestamp(at)) + field(3, text))


# -- TensorBoard


def tfrecords(records: Iterable[bytes]) -> bytes:
    """Return a TFRecord file with these records."""
    out = bytearray()
    for record in records:
        length = struct.pack("<Q", len(record))
        out += length + struct.pack("<I", masked_crc32c(length))
        out += record + struct.pack("<I", masked_crc32c(record))
    return bytes(out)


def event(step: int, *values: bytes, wall: float | None = None, **more: bytes) -> bytes:
    """Return an event with summary values; step 0 is left out, as protobuf does."""
    found = field(1, 1_700_000_000.0 + step if wall is None else wall)
    found += field(2, step) if step else b""
    found += b"".join(more.values())
    return found + (field(5, b"".join(field(1, value) for value in values)) if values else b"")


def simple(tag: str, value: float) -> bytes:
    """Return a summary value in the encoding of TensorFlow 1, PyTorch and tensorboardX."""
    return field(1, tag) + float32(2, value)


def plugin(name: str, content: bytes = b"") -> bytes:
    return field(9, field(1, field(1, name) + (field(2, content) if content else b"")))


def tensor(tag: str, body: bytes, plugin_name: str = "scalars") -> bytes:
    """Return a summary value that holds a tensor; `body` are the tensor's fields."""
    return field(1, tag) + field(8, body) + (plugin(plugin_name) if plugin_name else b"")


def start(step: int) -> bytes:
    """Return the event with which a writer begins anew at a step."""
    return event(step, log=field(7, field(1, 1)))


def session_start(**params: object) -> bytes:
    """Return the summary value in which the hparams plugin keeps params."""
    pairs = b""
    for name, value in params.items():
        if isinstance(value, bool):
            said = field(4, int(value))
        elif isinstance(value, (int, float)):
            said = field(2, float(value))
        else:
            said = field(3, str(value))
        pairs += field(1, field(1, name) + field(2, said))
    return field(1, "_hparams_/session_start_info") + plugin("hparams", field(3, pairs))

"""Keys and values as Aim keeps them in RocksDB: one entry a leaf of a tree.

A key is the path to the leaf, each part followed by the byte 0xFE: a text as UTF-8, a whole number
as 0xFE and 8 bytes, big-endian. A value is a byte for the type and what follows:

    0 None    1 bool (1 byte)    2 int (8 bytes, little-endian)    3 float (8)    4 text
    5 bytes   6 a list follows   7 a mapping follows              15 an object of the class named

Large values lie under the same path behind the part `BLOBS`.

Source: aimhubio/aim, aim/storage/encoding/encoding.pyx and encoding_native.pyx.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

_END = 0xFE
Part = str | int


class ObjectOf(str):
    """The class of an object whose parts follow."""

    __slots__ = ()


LIST, MAPPING = ObjectOf("list"), ObjectOf("mapping")


def path_of(key: bytes) -> tuple[Part, ...]:
    """Return the parts of a key; what is no path ends it."""
    parts: list[Part] = []
    at = 0
    while at < len(key):
        if key[at] == _END:
            if at + 9 > len(key):
                break
            parts.append(int.from_bytes(key[at + 1 : at + 9], "big", signed=True))
            at += 10
            continue
        end = key.find(b"\xfe", at)
        if end < 0:
            break
        parts.append(key[at:end].decode("utf-8", "replace"))
        at = end + 1
    return tuple(parts)


def value_of(data: bytes) -> object:
    """Return a value; `ObjectOf` where its parts follow, None where it is of an unknown type."""
    kind, rest = data[:1], data[1:]
    try:
        if kind == b"\x01":
            return rest[:1] != b"\0"
        if kind == b"\x02":
            return int(struct.unpack("<q", rest)[0])
        if kind == b"\x03":
            return float(struct.unpack("<d", rest)[0])
    except struct.error:
        return None
    if kind == b"\x05":
        return rest
    if kind == b"\x04":
        return rest.decode("utf-8", "replace")
    classes = {b"\x06": LIST, b"\x07": MAPPING, b"\x0f": ObjectOf(rest.decode("utf-8", "replace"))}
    return classes.get(kind)


def leaves(items: Mapping[bytes, bytes]) -> Iterator[tuple[tuple[Part, ...], object]]:
    """Yield path and value of all entries; large values under the paths of their owners."""
    for key, data in items.items():
        path = path_of(key)
        yield (path[1:] if path[:1] == ("BLOBS",) else path), value_of(data)


def put(tree: dict[Part, object], path: tuple[Part, ...], value: object) -> None:
    """Put a leaf into a tree of mappings; lists are mappings from their places."""
    for part in path[:-1]:
        below = tree.get(part)
        if not isinstance(below, dict):
            below = tree[part] = {}
        tree = below
    if path and not (isinstance(value, ObjectOf) and isinstance(tree.get(path[-1]), dict)):
        tree[path[-1]] = {} if isinstance(value, ObjectOf) else value


def plain(node: object) -> object:
    """Return a tree as mappings with text keys and lists: what has places for keys is a list."""
    if not isinstance(node, dict):
        return node
    if node and all(isinstance(key, int) for key in node):
        return [plain(node[key]) for key in sorted(node)]
    return {str(key): plain(value) for key, value in node.items()}

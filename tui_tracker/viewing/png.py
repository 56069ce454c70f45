r"""PNG pictures read by the standard library alone, so that plots show without Pillow.

    signature; chunks of length (4 bytes), name (4), data, checksum (4)
    IHDR: width, height, bits a sample, colour type, 0, filter 0, interlace
    PLTE, tRNS: the palette and what is transparent; IDAT: rows, deflated

Every row begins with the number of its filter: none, left, up, average, Paeth. Rows are
inflated one after the other and only those that are shown are kept, so a large picture takes
the memory of two of its rows. Interlaced ones are not read.

Source: W3C, Portable Network Graphics (third edition), 9 to 11.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from tui_tracker.viewing.finding import Unreadable
from tui_tracker.viewing.picture import Picture

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_FINEST = 3
MOST_BYTES = 16_000_000
"""Of unpacked rows: in plain Python more takes longer than anybody waits."""


def read_png(path: str, width: int, height: int) -> Picture:
    """Return a picture of at most so many points, on white.

    Raises:
        Unreadable: it is damaged, interlaced, or too large for plain Python.
    """
    try:
        with open(path, "rb") as file:
            return _read(file, width, height)
    except (struct.error, zlib.error, IndexError, ValueError, EOFError, OSError) as error:
        raise Unreadable(f"this picture is damaged: {error}") from error


@dataclass(frozen=True, slots=True)
class _Head:
    """What stands before the rows of a picture."""

    width: int
    height: int
    bits: int
    colour: int
    interlaced: bool
    palette: bytes
    clear: bytes
    """How much each colour of the palette covers."""

    @property
    def channels(self) -> int:
        return _CHANNELS[self.colour]

    @property
    def row_bytes(self) -> int:
        return (self.width * self.channels * self.bits + 7) // 8


def _read(file: IO[bytes], most_width: int, most_height: int) -> Picture:
    head, data = _parts(file)
    if head.interlaced or head.row_bytes * head.height > MOST_BYTES:
        what = "an interlaced" if head.interlaced else "so large a"
        raise Unreadable(f"{what} picture needs Pillow: `pip install 'tui-tracker[images]'`")
    scale = max(1.0, head.width / most_width, head.height / most_height)
    width, height = max(1, int(head.width / scale)), max(1, int(head.height / scale))
    # Of a point that stands for many, a few are looked at: the thin lines of plots would
    # be lost in one.
    finer = min(_FINEST, max(1, round(scale)))
    picked = _picked(head.height, height * finer)
    columns = _picked(head.width, width * finer)
    wanted = set(picked)
    kept = {
        y: _colours(row, columns, head) for y, row in enumerate(_rows(data, head)) if y in wanted
    }
    if len(kept) < len(wanted):
        raise ValueError("it ends too soon")
    rgb = _averaged([kept[y] for y in picked], width, finer)
    return Picture(width, height, rgb, head.width, head.height, "PNG")


def _parts(file: IO[bytes]) -> tuple[_Head, list[bytes]]:
    """Return what the chunks say, and the deflated rows."""
    if file.read(8) != _SIGNATURE:
        raise ValueError("it does not begin as a PNG does")
    chunks = _chunks(file)
    name, first = next(chunks, (b"", b""))
    if name != b"IHDR" or len(first) != 13:
        raise ValueError("it has no head")
    width, height, bits, colour, _, _, interlaced = struct.unpack(">IIBBBBB", first)
    if colour not in _CHANNELS or bits not in (1, 2, 4, 8, 16) or not (width and height):
        raise ValueError("its head makes no sense")
    found: dict[bytes, bytes] = {}
    data = []
    for name, body in chunks:
        if name == b"IDAT":
            data.append(body)
        else:
            found.setdefault(name, body)
    colours = found.get(b"PLTE", b""), found.get(b"tRNS", b"")
    return _Head(width, height, bits, colour, bool(interlaced), *colours), data


def _picked(size: int, count: int) -> list[int]:
    """Return places that are evenly spread over a size."""
    return [int((at + 0.5) * size / count) for at in range(count)]


def _averaged(rows: list[bytes], width: int, finer: int) -> bytes:
    """Return rows in which every point is the mean of `finer` x `finer` points."""
    if finer == 1:
        return b"".join(rows)
    out = bytearray()
    for top in range(0, len(rows), finer):
        group = rows[top : top + finer]
        for x in range(width):
            at = 3 * x * finer
            for colour in range(3):
                stop = at + 3 * finer
                total = sum(sum(row[at + colour : stop : 3]) for row in group)
                out.append(total // (finer * finer))
    return bytes(out)


def _chunks(file: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and data of each chunk up to the end mark."""
    while len(head := file.read(8)) == 8:
        length, name = struct.unpack(">I4s", head)
        if name == b"IEND":
            return
        if length > 1 << 30:
            raise ValueError("a part of it is said to be larger than a gigabyte")
        body = file.read(length)
        if len(body) < length:
            raise ValueError("it ends too soon")
        file.read(4)
        yield name, body


def _rows(data: list[bytes], head: _Head) -> Iterator[bytearray]:
    """Yield the rows without their filters."""
    row_bytes, height = head.row_bytes, head.height
    step = max(1, head.channels * head.bits // 8)
    inflate = zlib.decompressobj()
    held = bytearray()
    above = bytearray(row_bytes)
    done = 0
    for part in data:
        held += inflate.decompress(part, (row_bytes + 1) * height - done)
        while len(held) > row_bytes and done < height:
            row = held[1 : row_bytes + 1]
            _unfilter(held[0], row, above, step)
            del held[: row_bytes + 1]
            done += 1
            above = row
            yield row


def _unfilter(kind: int, row: bytearray, above: bytearray, step: int) -> None:
    """Undo a row's filter in place."""
    if kind == 0:
        return
    if kind == 1:
        for at in range(step, len(row)):
            row[at] = (row[at] + row[at - step]) & 255
    elif kind == 2:
        row[:] = bytes([(a + b) & 255 for a, b in zip(row, above, strict=True)])
    elif kind == 3:
        for at in range(len(row)):
            left = row[at - step] if at >= step else 0
            row[at] = (row[at] + (left + above[at]) // 2) & 255
    elif kind == 4:
        _unpaeth(row, above, step)
    else:
        raise ValueError(f"a row has the filter {kind}, which there is not")


def _unpaeth(row: bytearray, above: bytearray, step: int) -> None:
    for at in range(min(step, len(row))):
        row[at] = (row[at] + above[at]) & 255
    for at in range(step, len(row)):
        left, up, corner = row[at - step], above[at], above[at - step]
        # The neighbour that is nearest to left + up - corner; ties in this order.
        to_left, to_up = abs(up - corner), abs(left - corner)
        to_corner = abs(left + up - corner - corner)
        if to_left <= to_up and to_left <= to_corner:
            near = left
        elif to_up <= to_corner:
            near = up
        else:
            near = corner
        row[at] = (row[at] + near) & 255


def _colours(row: bytearray, columns: list[int], head: _Head) -> bytes:
    """Return red, green and blue of some columns of a row, laid on white."""
    out = bytearray()
    most = (1 << head.bits) - 1
    for x in columns:
        places = range(x * head.channels, (x + 1) * head.channels)
        samples = [_sample(row, at, head.bits) for at in places]
        if head.colour == 3:
            index = samples[0]
            red, green, blue = head.palette[3 * index : 3 * index + 3]
            alpha = head.clear[index] if index < len(head.clear) else 255
        else:
            scaled = [255 * sample // most for sample in samples]
            alpha = scaled.pop() if head.colour in (4, 6) else 255
            red, green, blue = scaled * 3 if len(scaled) == 1 else scaled
        out += bytes(255 + (c - 255) * alpha // 255 for c in (red, green, blue))
    return bytes(out)


def _sample(row: bytearray, index: int, bits: int) -> int:
    if bits == 8:
        return row[index]
    if bits == 16:
        return row[2 * index] << 8 | row[2 * index + 1]
    at = index * bits
    return row[at // 8] >> (8 - bits - at % 8) & (1 << bits) - 1

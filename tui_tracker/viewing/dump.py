"""The first bytes of a file as hexadecimal numbers, with the letters that they may be."""

from __future__ import annotations

SHOWN = 4096


def hex_lines(data: bytes, *, width: int = 16) -> list[tuple[str, str, str]]:
    """Return (place, bytes, letters) of every `width` bytes."""
    lines = []
    for at in range(0, len(data), width):
        part = data[at : at + width]
        half = width // 2
        halves = (part[:half].hex(" "), part[half:].hex(" "))
        cells = 3 * half
        shown = f"{halves[0]:<{cells}} {halves[1]:<{cells}}"
        letters = "".join(chr(byte) if 0x20 <= byte < 0x7F else "·" for byte in part)
        lines.append((f"{at:08x}", shown, letters))
    return lines


def read_head(path: str, count: int = SHOWN) -> bytes:
    """Return the first bytes of a file.

    Raises:
        OSError: it cannot be read.
    """
    with open(path, "rb") as file:
        return file.read(count)

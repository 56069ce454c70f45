"""What can be told of a file without showing it: names and values, one pair a line."""

from __future__ import annotations

from tui_tracker.formatting import format_count, format_size, printable
from tui_tracker.viewing.arrays import read_arrays
from tui_tracker.viewing.kinds import Look


def summary_facts(look: Look) -> list[tuple[str, str]]:
    """Return what is told of a file; an empty name continues the line before.

    Raises:
        Unreadable: the file is damaged.
    """
    size = f"{format_size(look.size_bytes)} ({format_count(look.size_bytes)} bytes)"
    facts = [("what", look.words), ("size", size)]
    if look.kind in ("npy", "npz"):
        arrays = read_arrays(look.path, packed=look.kind == "npz")
        if look.kind == "npz":
            facts.append(("arrays", format_count(len(arrays))))
        for array in arrays:
            facts.append(("", ""))
            if array.name:
                facts.append(("array", printable(array.name)))
            facts += [(name, printable(value)) for name, value in array.lines]
    return facts

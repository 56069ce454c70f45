"""What all commands print: JSON for scripts, one sentence for people, and to which screen.

Rich is imported by what prints to a terminal, never on the way to a pipe or to JSON.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tui_tracker.queries.records import json_number

if TYPE_CHECKING:
    from rich.console import Console


def say(text: str) -> None:
    """Write one line about a trouble to standard error."""
    from tui_tracker.formatting import printable

    print(f"tt: {printable(text)}", file=sys.stderr)


def tell(text: str) -> None:
    """Write one line about what was done to standard error."""
    from tui_tracker.formatting import printable

    print(printable(text), file=sys.stderr)


def plural(count: int, what: str) -> str:
    """Return `1 run`, `2 runs`, `1,000 runs`."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def print_json(value: object, *, indent: int | None = None) -> None:
    """Write a value as JSON; NaN and infinities as their words."""
    sys.stdout.write(_encode(value, indent) + "\n")


def print_json_list(values: Iterable[object]) -> None:
    """Write values as one JSON list, one a line."""
    sys.stdout.write("[" + ",\n ".join([_encode(value, None) for value in values]) + "]\n")


def on_terminal() -> bool:
    """Return whether a person reads standard output on a terminal that can be drawn on."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def terminal_size() -> tuple[int, int]:
    """Return columns and lines of the terminal, 80 x 24 where there is none."""
    return shutil.get_terminal_size()


def rich_console() -> Console:
    """Return a console that colours as the terminal and NO_COLOR allow."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)


def _encode(value: object, indent: int | None) -> str:
    try:
        return json.dumps(value, allow_nan=False, indent=indent)
    except ValueError:
        return json.dumps(_worded(value), allow_nan=False, indent=indent)


def _worded(value: object) -> object:
    if isinstance(value, float):
        return json_number(value)
    if isinstance(value, dict):
        return {key: _worded(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_worded(member) for member in value]
    return value

"""What all commands print: JSON for scripts, one sentence for people, and to which screen.

Rich is imported by what prints to a terminal, never on the way to a pipe or to JSON.
"""

from __future__ import annotations

import os
import sys

from tui_tracker.queries.records import to_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

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
    sys.stdout.write(to_json(value, indent=indent) + "\n")


def print_json_list(texts: Iterable[str]) -> None:
    """Write JSON texts as one list, one a line."""
    sys.stdout.write("[")
    sys.stdout.write(",\n ".join(texts))
    sys.stdout.write("]\n")


def on_terminal() -> bool:
    """Return whether a person reads standard output on a terminal that can be drawn on."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def terminal_size() -> tuple[int, int]:
    """Return columns and lines of the terminal, 80 x 24 where there is none."""
    import shutil

    return shutil.get_terminal_size()


def rich_console() -> Console:
    """Return a console that colours as the terminal and NO_COLOR allow."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)

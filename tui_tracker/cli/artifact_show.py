"""One file of a run printed: text, a table, what an array is, a picture in blocks.

Into a pipe text goes as it is; a terminal gets nothing that moves its cursor.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tui_tracker.cli.output import on_terminal, rich_console, say, terminal_size
from tui_tracker.cli.tables import Column, print_facts, print_table
from tui_tracker.errors import NotFound
from tui_tracker.formatting import crop, printable
from tui_tracker.queries import Artifact
from tui_tracker.store import Store
from tui_tracker.viewing import Look, look_at, stored_file

if TYPE_CHECKING:
    from tui_tracker.viewing.picture import Picture

_MOST_LINES, _MOST_ROWS, _HEX_BYTES = 1000, 50, 256
_SPARE_LINES = 2


def find_artifact(artifacts: Sequence[Artifact], path: str) -> Artifact:
    """Return the last artifact of that path, or of that end of a path where only one has it.

    Raises:
        NotFound: there is none, or there are several.
    """
    last = {artifact.path: artifact for artifact in artifacts}
    if path in last:
        return last[path]
    ends = [name for name in last if name.endswith(f"/{path}")]
    if len(ends) == 1:
        return last[ends[0]]
    raise NotFound("artifact", path, list(last))


def show_artifact(store: Store, artifact: Artifact) -> None:
    """Print a file.

    Raises:
        Unreadable: its bytes are not in the store, or are damaged.
    """
    path = stored_file(
        store.folder, artifact.sha256, copied=artifact.copied, problem=artifact.problem
    )
    look = look_at(path, artifact.path)
    if look.kind == "image":
        _show_picture(look)
    elif look.kind in ("npy", "npz", "binary", "empty"):
        _show_summary(look)
    elif look.kind == "parquet" or (look.kind in ("csv", "jsonl") and on_terminal()):
        _show_table(look)
    elif on_terminal():
        _show_text(look)
    else:
        _copy_through(look)


def _copy_through(look: Look) -> None:
    sys.stdout.flush()
    with open(look.path, "rb") as file:
        shutil.copyfileobj(file, sys.stdout.buffer)


def _show_text(look: Look) -> None:
    from tui_tracker.viewing.lines import TextFile

    text = TextFile(look.path)
    for line in text.read(0, _MOST_LINES):
        print(printable(line.text.expandtabs(4)))
    if not text.complete or text.count > _MOST_LINES:
        say(f"these are the first {_MOST_LINES:,} lines; a pipe gets all: ... --show | less")
    text.close()


def _show_table(look: Look) -> None:
    from tui_tracker.viewing.tables import open_table

    table = open_table(look.path, look.name, look.kind)
    rows = table.rows(0, _MOST_ROWS)
    columns = [
        Column(
            printable(column.name),
            [crop(printable(row[n] if n < len(row) else ""), 40) for row in rows],
            right=column.type in ("int", "float"),
            # What stands farther right goes first where not all of it fits.
            rank=min(n, 9),
        )
        for n, column in enumerate(table.columns)
    ]
    if columns:
        print_table(columns)
    table.index(_MOST_ROWS + 1)
    if table.count > len(rows):
        say(f"these are the first {_MOST_ROWS} rows")
    if table.note:
        say(table.note)
    table.close()


def _show_summary(look: Look) -> None:
    from tui_tracker.viewing.dump import hex_lines, read_head
    from tui_tracker.viewing.summary import summary_facts

    block: list[tuple[str, str]] = []
    for name, value in [*summary_facts(look), ("", "")]:
        if name:
            block.append((name, value))
            continue
        if block:
            print_facts(block)
            print()
        block = []
    if look.kind == "binary":
        for place, numbers, letters in hex_lines(read_head(look.path, _HEX_BYTES)):
            print(f"{place}  {numbers}  {letters}")


def _show_picture(look: Look) -> None:
    """Draw a picture by what the terminal can show; letters where there is none."""
    from tui_tracker.viewing.drawing import choose_way, kitty, letters, sixel
    from tui_tracker.viewing.picture import read_picture

    columns, rows = terminal_size()
    rows = max(4, rows - _SPARE_LINES)
    console = rich_console() if on_terminal() else None
    plain = console is None or console.color_system is None or console.no_color
    way = "letters" if plain else choose_way(os.environ)
    if way in ("kitty", "sixel"):
        across, down = 10, 20
        picture = read_picture(look.path, columns * across, rows * down)
        cells = -(-picture.width // across), -(-picture.height // down)
        print(kitty(picture, *cells, 1) + "\n" * cells[1] if way == "kitty" else sixel(picture))
    else:
        picture = read_picture(look.path, columns, 2 * rows)
        if plain:
            print("\n".join(letters(picture)))
        else:
            _print_blocks(list(_block_lines(picture)))
    say(f"{printable(look.name)}: {picture.words}")


def _block_lines(picture: Picture) -> Iterator[list[tuple[str, str]]]:
    from tui_tracker.viewing.drawing import half_blocks

    for line in half_blocks(picture):
        yield [("▀" * cells, f"{_hex(upper)} on {_hex(lower)}") for cells, upper, lower in line]


def _hex(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _print_blocks(lines: Sequence[Sequence[tuple[str, str]]]) -> None:
    from rich.text import Text

    console = rich_console()
    for line in lines:
        text = Text()
        for part, style in line:
            text.append(part, style)
        console.print(text, soft_wrap=True)

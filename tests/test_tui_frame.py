"""A frame writes only the cells that differ, and the terminal shows what it would have shown."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pyte
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tui_tracker.tui.frame import Frame

WIDTH, HEIGHT = 40, 6
HIGH = 20
STYLES = [None, Style.parse("bold"), Style.parse("red"), Style.parse("on blue"), Style.null()]
LETTERS = ["a", "b", " ", " ", "  ", "   ", "        ", "é", "漢", "e\u0301", "▌", "⣿"]
# An accent as a file system of macOS parts it from its letter, and one without a letter.
LETTERS += ["か\u3099", "\u0301c"]
CONSOLE = Console(color_system="truecolor", force_terminal=True)


def update(*lines: Sequence[Segment], x: int = 0, y: int = 0) -> LayoutUpdate:
    strips = [Strip(line) for line in lines]
    return LayoutUpdate([[strip] for strip in strips], Region(x, y, WIDTH, len(strips)))


def words(*texts: str) -> LayoutUpdate:
    return update(*([Segment(text.ljust(WIDTH))] for text in texts))


def shown(screen: pyte.Screen, height: int = HEIGHT) -> list[list[object]]:
    return [[screen.buffer[y][x] for x in range(WIDTH)] for y in range(height)]


def random_line(dice: random.Random) -> Strip:
    # The emulator goes on to the next line for an accent over the last cell of one.
    width = WIDTH - 1
    segments = [Segment("-")]
    while (room := width - sum(segment.cell_length for segment in segments)) > 0:
        segment = Segment(dice.choice(LETTERS) * dice.randint(1, 4), dice.choice(STYLES))
        segments.append(segment if segment.cell_length <= room else Segment(" " * room))
    return Strip([*segments, Segment(dice.choice("ab  "))])


def test_the_terminal_shows_what_whole_updates_would_have_shown():
    dice = random.Random(7)
    frame, spared, whole = Frame(), pyte.Screen(WIDTH, HEIGHT), pyte.Screen(WIDTH, HEIGHT)
    one, other = pyte.Stream(spared), pyte.Stream(whole)
    lines = [random_line(dice) for _ in range(HEIGHT)]
    for _ in range(400):
        if dice.random() < 0.5:
            lines[dice.randrange(HEIGHT)] = random_line(dice)
        else:
            # As a list does that scrolls.
            lines = [*lines[1:], random_line(dice)]
        region = Region(0, 0, WIDTH, HEIGHT)
        made = LayoutUpdate([[line] for line in lines], region)

        one.feed(frame.changes(made, CONSOLE, WIDTH))
        other.feed(made.render_segments(CONSOLE).replace("\n", ""))

        assert shown(spared) == shown(whole)


def test_panes_beside_each_other_scroll_each_by_itself():
    """Random lists that scroll, beside a pane that stays, below a line that ticks."""
    dice = random.Random(11)
    frame, spared, whole = Frame(), pyte.Screen(WIDTH, HIGH), pyte.Screen(WIDTH, HIGH)
    one, other = pyte.Stream(spared), pyte.Stream(whole)
    left = [dice.choice(["tree   ", "  leaf ", "       "]) for _ in range(HIGH)]
    names = [f"run {number:04} {dice.random():.4f}".ljust(WIDTH - 7) for number in range(300)]
    top, written = 0, 0
    for tick in range(300):
        top = max(0, min(250, top + dice.choice([-9, -2, -1, 0, 1, 1, 1, 3, 12])))
        cursor = Style.parse("on blue")
        rows = [
            [Segment(left[y]), Segment(names[top + y], cursor if y == tick % HIGH else None)]
            for y in range(HIGH - 1)
        ]
        made = update([Segment(f"{tick} s".ljust(WIDTH))], *rows)

        written += len(changes := frame.changes(made, CONSOLE, WIDTH))
        one.feed(changes)
        other.feed(made.render_segments(CONSOLE).replace("\n", ""))

        assert shown(spared, HIGH) == shown(whole, HIGH), tick
        assert spared.margins is None
    assert written < 300 * 350


def test_an_accent_that_begins_a_part_of_a_line_takes_no_cell():
    frame, spared, whole = Frame(), pyte.Screen(WIDTH, HEIGHT), pyte.Screen(WIDTH, HEIGHT)
    one, other = pyte.Stream(spared), pyte.Stream(whole)
    for made in (words("-" * WIDTH), update([Segment("\u0301cd")], x=1), words("--cd")):
        one.feed(frame.changes(made, CONSOLE, WIDTH))
        other.feed(made.render_segments(CONSOLE).replace("\n", ""))

    assert shown(spared) == shown(whole)


def test_a_list_that_scrolls_is_moved_by_the_terminal():
    frame = Frame()
    frame.changes(words("title", *(f"run {n}" for n in range(8))), CONSOLE, WIDTH)

    written = frame.changes(words("title", *(f"run {n}" for n in range(1, 9))), CONSOLE, WIDTH)

    assert written == "\x1b[2;9r\x1b[2H\x1b[1M\x1b[r\x1b[9;1Hrun 8"


def test_what_stands_there_already_is_not_written():
    frame = Frame()
    frame.changes(words("loss 0.5", "f1 0.9"), CONSOLE, WIDTH)

    assert frame.changes(words("loss 0.5", "f1 0.9"), CONSOLE, WIDTH) == ""


def test_only_the_cells_that_differ_are_written():
    frame = Frame()
    frame.changes(words("loss 0.512 after 10 steps"), CONSOLE, WIDTH)

    written = frame.changes(words("loss 0.498 after 11 steps"), CONSOLE, WIDTH)

    assert written == "\x1b[1;8H498\x1b[8C1"


def test_what_is_not_known_to_stand_there_is_written_whole():
    frame = Frame()
    frame.changes(words("loss 0.5"), CONSOLE, WIDTH)
    frame.forget()

    assert frame.changes(words("loss 0.5"), CONSOLE, WIDTH) == "\x1b[1;1Hloss 0.5\x1b[K"


def test_a_link_is_written_as_it_is_and_again_the_next_time():
    frame = Frame()
    link = update([Segment("here".ljust(WIDTH), Style(link="https://example.org"))])

    first, second = (frame.changes(link, CONSOLE, WIDTH) for _ in range(2))

    assert "https://example.org" in first
    assert second == first

"""What a printed line looked like at last, and what of it is kept."""

from __future__ import annotations

import pytest

from tui_tracker.ansi import line_pieces, line_text


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("plain", "plain"),
        ("", ""),
        ("a\tb", "a       b"),
        ("10%\r55%\rready", "ready"),
        ("long line\rshort", "shortline"),
        ("long line\r\x1b[Kshort", "short"),
        ("abc\x1b[2D\x1b[Kx", "ax"),
        ("done\r", "done"),
        ("abc\b\bX", "aXc"),
        ("a\x1b[5Cb", "a     b"),
        ("a\x1b[3Gb", "a b"),
        ("abc\x1b[1K", "   "),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b[2J\x1b[H\x1b[?25lsafe\x1b[6n", "safe"),
        ("\x1b", ""),
        ("cut \x1b[", "cut "),
    ],
)
def test_a_line_is_shown_as_it_stood_at_last(printed, shown):
    assert line_text(printed) == shown
    assert "".join(text for text, _ in line_pieces(printed)) == shown


@pytest.mark.parametrize(
    ("printed", "pieces"),
    [
        ("\x1b[31mred\x1b[0m off", [("red", "color(1)"), (" off", "")]),
        ("\x1b[1;31mA\x1b[22mB\x1b[39mC", [("A", "bold color(1)"), ("B", "color(1)"), ("C", "")]),
        ("\x1b[38;5;196mx\x1b[48;2;1;2;3my", [("x", "color(196)"), ("y", "color(196) on #010203")]),
        ("\x1b[93;41mx\x1b[mz", [("x", "color(11) on color(1)"), ("z", "")]),
        ("\x1b[38;5;999mx\x1b[38mx\x1b[;;mx", [("xxx", "")]),
        ("\x1b[31mab\r\x1b[32mc", [("c", "color(2)"), ("b", "color(1)")]),
        ("\x1b[5;8mx", [("x", "")]),
    ],
)
def test_colours_and_styles_are_kept(printed, pieces):
    assert line_pieces(printed) == pieces


def test_a_progress_bar_of_many_states_is_cut_to_its_last():
    line = "\r".join(f"{number}% {'#' * number}" for number in range(5000))

    assert line_text(line).startswith("4999% ")

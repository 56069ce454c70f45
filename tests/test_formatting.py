from __future__ import annotations

import math
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest

from tui_tracker.formatting import (
    align_points,
    cell_width,
    crop,
    fit,
    format_ago,
    format_count,
    format_duration,
    format_number,
    format_size,
    format_time,
    format_value,
    printable,
    strip_ansi,
    wrap,
)

NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5000"),
        (0.99999, "1.000"),
        (-0.25, "-0.2500"),
        (0.0, "0"),
        (1234.0, "1234"),
        (12345.678, "12346"),
        (1e-5, "1.0e-05"),
        (1.25e-05, "1.25e-05"),
        (1e10, "1.0e+10"),
        (7, "7"),
        (10**400, "inf"),
        (math.nan, "NaN"),
        (-math.inf, "-inf"),
        (None, "–"),
    ],
)
def test_a_number_keeps_four_significant_digits_and_stays_readable(value, text):
    assert format_number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1 + 0.2, "0.3"),
        (1e-05, "1e-05"),
        (True, "True"),
        (None, "None"),
        (12345678901, "12345678901"),
        ("two\nlines", "two↵lines"),
        ([1, "a"], '[1, "a"]'),
    ],
)
def test_a_param_reads_as_it_was_written(value, text):
    assert format_value(value) == text


def test_a_param_can_be_had_with_every_digit():
    assert format_value(0.1 + 0.2, digits=None) == "0.30000000000000004"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "400ms"),
        (0.9999, "1.0s"),
        (9.97, "10s"),
        (59.6, "1m 00s"),
        (3599.7, "1h 00m"),
        (7300, "2h 01m"),
        (100_000, "1d 03h"),
        (-3, "0ms"),
        (math.nan, "–"),
    ],
)
def test_a_duration_shows_its_two_largest_units(seconds, text):
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_999, "1.0 MB"), (None, "–")],
)
def test_a_size_never_shows_a_thousand_of_its_unit(size, text):
    assert format_size(size) == text


def test_a_count_has_commas():
    assert format_count(100_000) == "100,000"


@pytest.mark.parametrize(
    ("past", "text"),
    [
        (timedelta(seconds=-5), "now"),
        (timedelta(seconds=59), "59s ago"),
        (timedelta(minutes=61), "1h ago"),
        (timedelta(days=3), "3d ago"),
        (timedelta(days=40), "2026-01-20"),
    ],
)
def test_a_past_moment_is_told_in_one_unit(past, text):
    assert format_ago(NOON - past, NOON) == text


def test_a_time_is_told_in_the_zone_asked_for():
    assert format_time(NOON, UTC) == "2026-03-01 12:00:00"


def test_a_name_can_neither_move_the_cursor_nor_reorder_the_line():
    hostile = "a\x1b[2J\x1b]0;title\x07b\r\n\u202ec\u200b\ud800\x08"

    assert printable(hostile) == "ab↵↵�c��␈"


def test_an_emoji_of_several_code_points_becomes_its_parts():
    assert printable("👩‍🔬❤️👍🏽") == "👩🔬❤👍"


def test_escape_sequences_are_taken_out_and_text_stays():
    assert strip_ansi("\x1b[1;31mred\x1b[0m \x1b]8;;http://x\x1b\\link") == "red link"


def test_widths_agree_with_the_terminal_library_for_every_printable_letter():
    cells = pytest.importorskip("rich.cells")
    letters = [printable(chr(point)) for point in range(0x20, 0x2600)]

    wrong = [c for c in letters if cell_width(c) != cells.cell_len(c)]

    assert wrong == []


def test_wide_letters_are_cut_at_cells_not_at_code_points():
    assert [crop("日本語の名前", cells) for cells in (12, 11, 6, 2, 0)] == [
        "日本語の名前",
        "日本語の名…",
        "日本…",
        "…",
        "",
    ]


@pytest.mark.parametrize("text", ["short", "日本語の名前", "", "much longer than that"])
def test_a_fitted_text_takes_exactly_its_cells(text):
    assert cell_width(fit(text, 7)) == 7


def test_text_is_wrapped_at_spaces_and_long_words_are_broken():
    assert wrap("one two three abcdefghijkl", 8) == ["one two", "three", "abcdefgh", "ijkl"]
    assert wrap("ab 模", 1) == wrap("ab 模", -3) == ["a", "b", "模"]


def test_numbers_are_aligned_on_the_decimal_point():
    assert align_points(["0.5", "12.25", "3", "1.0e-05"]) == [
        " 0.5    ",
        "12.25   ",
        " 3      ",
        " 1.0e-05",
    ]


def test_no_printable_text_keeps_a_control_character():
    everything = "".join(map(chr, range(0x3000)))

    categories = {unicodedata.category(c) for c in printable(everything)}

    assert not categories & {"Cc", "Cf", "Cs", "Zl", "Zp"}

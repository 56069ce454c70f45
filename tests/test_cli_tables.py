"""How tables are laid out on terminals of any width and in pipes."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

import tui_tracker as tt
from tui_tracker.cli.tables import Column, fit_columns, plain_lines
from tui_tracker.formatting import cell_width


def titles(columns: list[Column]) -> list[str]:
    return [column.title for column in columns]


TABLE = [
    Column("name", ["a name of a run"]),
    Column("wide", ["x" * 30], rank=2),
    Column("first", ["1.0"], rank=1, right=True),
    Column("small", ["2"], rank=3),
]


def test_columns_that_fit_stay_in_their_order() -> None:
    assert titles(fit_columns(TABLE, 100)) == ["name", "wide", "first", "small"]


def test_a_narrow_column_takes_the_place_that_a_wide_one_cannot() -> None:
    assert titles(fit_columns(TABLE, 32)) == ["name", "first", "small"]


def test_a_column_of_rank_0_is_cut_and_never_dropped() -> None:
    (name,) = fit_columns(TABLE, 10)

    assert name.cells == ["a name of…"]


def test_wide_characters_are_aligned_by_cells() -> None:
    lines = plain_lines([Column("name", ["日本語", "abc"]), Column("n", ["1", "22"], right=True)])

    assert lines == ["name     n", "日本語   1", "abc     22"]
    assert {cell_width(line) for line in lines} == {10}


def test_one_very_long_cell_does_not_push_all_others_away() -> None:
    lines = plain_lines([Column("name", ["x" * 100, "short"]), Column("n", ["1", "2"])])

    assert lines[1] == "x" * 100 + "  1"
    assert lines[2] == "short" + " " * 37 + "2"


MOVING = re.compile("[\x00-\x08\x0b-\x1f\x7f\u200b\u202a-\u202e\u2066-\u2069]")


@pytest.mark.parametrize(
    "words",
    [
        ("ls",),
        ("ls", "--format", "markdown", "--columns", "name,tags,notes,experiment"),
        ("tree", "--by", "name"),
        ("tree", "--by", "experiment,tags", "--format", "latex"),
        ("group", "--by", "tags", "--format", "markdown"),
        ("group", "--by", "name"),
        ("fields",),
        ("values", "name"),
        ("values", "tag", "--format", "markdown"),
        ("compare", "--query", "has:name"),
        ("compare", "--query", "has:name", "--format", "markdown"),
        ("diff", "one", "two"),
        ("show", "one"),
        ("health",),
        ("history",),
        ("report", "sweep_lr"),
        ("ls", "no\x1b[31m:x"),
    ],
    ids=" ".join,
)
def test_no_words_of_a_run_move_or_colour_the_terminal(
    words: tuple[str, ...],
    tt_: Callable[..., tuple[int, str, str]],
    log_run: Callable[..., tt.Run],
) -> None:
    odd = "a\x1b[31mb\u202ec\u200bd"
    runs = [
        log_run(odd, params={odd: odd, "seed": 1}, tags=(odd,), **{odd: [0.5, 0.4]}),
        log_run(f"{odd}2", params={odd: 2, "seed": 2}, tags=(odd,), **{odd: [0.3, 0.2]}),
    ]
    ends = dict(zip(("one", "two"), (run.id[-8:] for run in runs), strict=True))

    _, out, err = tt_(*(ends.get(word, word) for word in words))

    assert not MOVING.search(out + err)

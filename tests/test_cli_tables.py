"""How tables are laid out on terminals of any width and in pipes."""

from __future__ import annotations

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

"""Cells of foreign databases as values."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from tui_tracker.importers.cells import moment, number, parsed, text, whole


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        (1, 1.0),
        ("2.5", 2.5),
        (b"3", 3.0),
        ("inf", math.inf),
        (None, None),
        ("x", None),
        (10**400, None),
    ],
)
def test_a_number_may_be_kept_in_many_ways(cell, meant):
    assert number(cell) == meant


@pytest.mark.parametrize(
    ("cell", "meant"),
    [(1, 1), (2.0, 2), ("3", 3), (2.5, None), (2**63, None), (math.nan, None), (None, None)],
)
def test_a_whole_number_has_64_bits(cell, meant):
    assert whole(cell) == meant


def test_texts_and_json_of_any_cell_are_read():
    assert [text(one) for one in (None, b"\xff", 1)] == ["", "�", "1"]
    assert [parsed(one) for one in (b"[1]", "{", None, "[" * 100_000)] == [[1], None, None, None]


@pytest.mark.parametrize("cell", ["2026-01-31 12:00:00", "2026-01-31T13:00:00+01:00"])
def test_times_are_aware(cell):
    assert moment(cell) == datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize("cell", ["", None, "soon", "9999-12-31T23:59:59-23:59", 5])
def test_what_is_no_time_is_none(cell):
    assert moment(cell) is None

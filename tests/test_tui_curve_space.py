from __future__ import annotations

import pytest

from tui_tracker.curves import Axis
from tui_tracker.queries.curves import room_to_grow
from tui_tracker.tui.widgets.curve_space import (
    chart_height,
    charts_across,
    moved,
    zoomed,
)


@pytest.mark.parametrize(
    ("count", "width", "height", "across"),
    [
        (1, 160, 40, 1),
        (4, 160, 40, 2),
        (6, 160, 40, 3),
        (6, 78, 20, 2),
        (50, 160, 40, 4),
        (0, 80, 20, 1),
    ],
)
def test_charts_fill_the_screen_without_holes_where_they_can(count, width, height, across):
    assert charts_across(count, width, height) == across


def test_charts_that_do_not_all_fit_share_the_height_of_those_that_do():
    assert chart_height(50, 4, 40) == 10


@pytest.mark.parametrize(
    ("first", "last", "end"), [(0, 0, 1), (0, 95, 100), (0, 100, 110), (0, 29_000, 30_000)]
)
def test_a_growing_curve_ends_at_a_round_step_ahead_of_it(first, last, end):
    assert room_to_grow(first, last) == (first, end)


def test_the_cursor_moves_at_least_one_point_and_stops_at_the_ends():
    steps, axis = list(range(0, 100, 10)), Axis(0, 90, 200)

    assert moved(steps, None, 1, axis) == 50
    assert moved(steps, 50, 1, axis) == 60
    assert moved(steps, 50, -1, axis) == 40
    assert moved(steps, 90, 1, axis) == 90
    assert moved(steps, 0, -1, axis) == 0


def test_the_cursor_moves_a_cell_where_points_are_denser():
    steps, axis = list(range(1000)), Axis(0, 999, 100)

    assert moved(steps, 500, 1, axis) >= 515
    assert moved(steps, 500, -1, axis) <= 485


def test_zooming_in_halves_around_the_cursor_and_out_ends_at_all():
    assert zoomed((0, 1000), (0, 1000), 900, 1) == (500, 1000)
    assert zoomed((500, 1000), (0, 1000), 900, 1) == (750, 1000)
    assert zoomed((500, 1000), (0, 1000), None, -1) == (0, 1000)
    assert zoomed((0, 1000), (0, 1000), None, -1) is None
    assert zoomed((500, 1000), (0, 1000), None, 0) is None

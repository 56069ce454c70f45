"""Charts and legends as values: what stands in their lines, and in which colour."""

from __future__ import annotations

import math
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from test_tui_widgets import metric

from tui_tracker.curves import band, reduce
from tui_tracker.formatting import cell_width
from tui_tracker.queries import RunRow
from tui_tracker.tui.widgets.curve_build import Modes, Sources, traces
from tui_tracker.tui.widgets.curve_legend import legend, size, strip_legend
from tui_tracker.tui.widgets.curve_model import Chart, Look, Mark, ShownRun, Trace, letter, role
from tui_tracker.tui.widgets.curve_model import names_apart as named
from tui_tracker.tui.widgets.curve_plot import draw
from tui_tracker.tui.widgets.line_widget import Line


def text(lines: list[Line]) -> list[str]:
    return ["".join(part for part, _ in line) for line in lines]


def overlay(*series: list[float], title: str = "val_acc", **look: object) -> Chart:
    """A chart of several runs."""
    lines = tuple(
        Trace(
            letter(number),
            f"run {number}",
            role(number),
            reduce(range(len(values)), values, 1000),
            summary=metric(values, title),
            run=number,
        )
        for number, values in enumerate(series)
    )
    return Chart(title, lines, Look(**look))  # type: ignore[arg-type]


def shown(key: int, *labels: str, group: str = "") -> ShownRun:
    return ShownRun(key, f"run {key}", {one: metric([1.0], one) for one in labels}, group)


def test_every_line_has_a_colour_and_its_letter_where_it_lies_alone():
    lines = draw(overlay([0.0] * 50, [1.0] * 50), 60, 12, 6, chosen=True)

    letters = {
        (character, colour)
        for line in lines[1:-1]
        for part, colour in line
        for character in part
        if character.isalpha()
    }
    assert letters == {("a", "line-1"), ("b", "line-2")}


def test_lines_that_lie_on_each_other_are_named_by_no_letter():
    drawn = text(draw(overlay([1.0] * 50, [1.0] * 50), 60, 12, 6, chosen=True))

    assert not any("a" in line or "b" in line for line in drawn[1:-1])


def test_in_ascii_lines_are_drawn_with_their_letters():
    one = overlay([0.0, 0.5, 1.0], [1.0, 0.5, 0.0], ascii=True)

    drawn = text(draw(one, 60, 12, 6, chosen=True))

    assert all(line.isascii() for line in drawn)
    assert sum(line.count("a") for line in drawn[1:-1]) > 10
    assert sum(line.count("b") for line in drawn[1:-1]) > 10


def test_one_line_in_ascii_is_drawn_with_shapes():
    drawn = text(draw(overlay([0.0, 0.5, 1.0], ascii=True), 60, 12, 6, chosen=True))

    assert all(line.isascii() for line in drawn)
    assert any("'" in line or "." in line for line in drawn[1:-1])


def test_a_smoothed_curve_has_the_raw_one_dim_behind_it():
    values = [float(step % 2) for step in range(100)]

    lines = draw(overlay(values, smoothing=0.9), 60, 12, 6, chosen=True)

    assert {"faint", "line-1"} <= {colour for line in lines for _, colour in line}


def test_what_health_found_is_marked_at_its_step():
    one = replace(overlay([0.0] * 100), marks=(Mark("val_acc", 99, "spike"),))

    drawn = draw(one, 60, 12, 6, chosen=True)

    assert drawn[1][-1] == ("▾", "bad")


def test_a_threshold_is_a_line_and_widens_the_axis_to_it():
    one = replace(overlay([0.0] * 100), threshold=5.0, crossings=(50.0,))

    drawn = text(draw(one, 60, 12, 6, chosen=True))

    assert any("┄┄┄┄" in line for line in drawn)
    assert "▾" in drawn[1]


def test_the_legend_is_sorted_by_value_best_first_and_names_its_step():
    up = overlay([0.1, 0.2], [0.1, 0.9], [0.1, math.nan])
    down = overlay([0.1, 0.2], [0.1, 0.9], title="val_loss")

    best = text(legend(replace(up, cursor=1), {}, 40, 6))
    least = text(legend(replace(down, cursor=1), {}, 40, 6))

    assert best[0].strip() == "step 1"
    assert [line.split()[0] for line in best[1:4]] == ["b", "a", "c"]
    assert [line.split()[0] for line in least[1:3]] == ["a", "b"]


def test_values_stand_with_their_points_below_each_other():
    lines = text(legend(overlay([0.5], [12.25]), {}, 40, 6))

    assert len({line.index(".") for line in lines[1:3]}) == 1


def test_a_long_legend_folds_around_the_chosen_run():
    one = overlay(*([step / 10] for step in range(30)))
    chosen = tuple(replace(line, chosen=line.run == 3) for line in one.traces)

    lines = text(legend(replace(one, traces=chosen), {}, 40, 8))

    assert len(lines) == 8
    assert "7 of 30" in lines[0]
    assert any("▌d run 3" in line for line in lines)


def test_few_runs_have_their_legend_below_and_many_beside_the_chart():
    few, many = overlay([1.0], [2.0]), overlay(*([1.0] for _ in range(20)))

    assert size(few, 120, 40) == (0, 2)
    assert size(many, 120, 40)[0] > 30
    assert size(many, 80, 24) == (0, 7)
    assert size(overlay([1.0]), 120, 40) == (0, 0)


def test_the_line_above_a_grid_counts_the_runs_it_has_no_room_for():
    rows = overlay(*([1.0] for _ in range(30))).traces

    line = text([strip_legend(rows, 60)])[0]

    assert line.startswith("a run 0   b run 1")
    assert line.endswith("more")
    assert len(line) <= 60


def test_after_eight_colours_the_letters_go_on():
    assert (role(0), letter(0)) == (role(8), "a")
    assert (letter(8), letter(25), letter(26)) == ("i", "z", "A")


def test_runs_are_named_by_the_params_that_differ():
    def row(name: str, **params: object) -> RunRow:
        return RunRow(1, "", name, "", "finished", None, None, 0.0, (), False, False, params)  # type: ignore[arg-type]

    rows = [row("mlp", lr=0.1, seed=1, wide=True), row("mlp", lr=0.2, seed=1, wide=True)]
    told = [row("lr0.1", lr=0.1), row("lr0.2", lr=0.2)]

    assert named(rows) == ["mlp lr=0.1", "mlp lr=0.2"]
    assert named(told) == ["lr0.1", "lr0.2"]
    assert named(rows[:1]) == ["mlp"]


def test_runs_of_a_seed_group_are_one_line_with_a_band():
    runs = (shown(1, "m", group="g"), shown(2, "m", group="g"), shown(3, "m", group="h"))
    curves = {("m", key): reduce(range(3), [float(key)] * 3, 10) for key in (1, 2, 3)}

    found = traces(("m",), runs, Sources(curves=curves), Look(spread="range"), Modes())

    assert [(one.letter, list(one.curve.means)) for one in found] == [
        ("a", [1.5] * 3),
        ("b", [3.0] * 3),
    ]
    assert list(found[0].spread.maxs) == [2.0] * 3


def test_what_is_pinned_stands_out_and_the_rest_fades():
    runs = (shown(1, "m"), shown(2, "m"), shown(3, "m"))

    found = traces(("m",), runs, Sources(), Look(), Modes(pinned_runs=frozenset({2})))

    assert [(one.pinned, one.faded) for one in found] == [
        (False, True),
        (True, False),
        (False, True),
    ]


def test_a_pinned_metric_is_drawn_with_another_letter_and_its_name():
    found = traces(("val", "train"), (shown(1, "val", "train"),), Sources(), Look(), Modes())

    assert [(one.letter, one.name) for one in found] == [("a", "val"), ("b", "train")]


@settings(derandomize=True, max_examples=100, deadline=None, database=None)
@given(
    st.lists(
        st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=30),
        min_size=1,
        max_size=12,
    ),
    st.integers(8, 130),
    st.integers(3, 30),
    st.sampled_from([None, 0.0, 3.0]),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["step", "relative", "wall", "metric"]),
)
def test_no_chart_of_any_values_is_wider_or_higher_than_asked(
    series, width, height, cursor, log, smooth, x
):
    one = overlay(*series, log_y=log, log_x=log, smoothing=0.9 if smooth else 0.0, x=x)
    one = replace(one, cursor=cursor, threshold=0.5, zero=True)

    lines = draw(one, width, height, 6, chosen=False)

    assert len(lines) == max(height, 3)
    assert all(cell_width(line) <= max(width, 7) for line in text(lines))
    assert all(cell_width(line) <= 60 for line in text(legend(one, {}, 60, 9)))


def test_a_band_is_drawn_behind_its_mean():
    curves = [reduce(range(100), [float(k)] * 100, 100) for k in range(3)]
    found = band(curves, "range")
    assert found is not None
    line = Trace("a", "g", "line-1", found.mean, spread=found.spread)

    drawn = text(draw(Chart("m", (line,)), 60, 14, 6, chosen=True))

    assert all(any("⠁" <= c <= "⣿" for c in row) for row in drawn[1:-1])

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tui_tracker.ansi import line_text
from tui_tracker.curves import reduce
from tui_tracker.formatting import cell_width
from tui_tracker.queries import MetricSummary
from tui_tracker.tui.widgets.bar import shortened
from tui_tracker.tui.widgets.curve_model import Chart, Look, Trace
from tui_tracker.tui.widgets.curve_plot import draw
from tui_tracker.tui.widgets.curve_reading import reading
from tui_tracker.tui.widgets.footer import hint_line, said_line
from tui_tracker.tui.widgets.line_widget import wrapped

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def metric(values: list[float], name: str = "val_loss") -> MetricSummary:
    finite = [value for value in values if math.isfinite(value)]
    return MetricSummary(
        name=name,
        context="",
        count=len(values),
        first_step=0,
        last_step=len(values) - 1,
        first=values[0],
        last=values[-1],
        min=min(finite, default=None),
        max=max(finite, default=None),
        mean=None,
        min_step=0 if finite else None,
        max_step=0 if finite else None,
        nan=sum(map(math.isnan, values)),
        inf=sum(map(math.isinf, values)),
        key=1,
    )


def chart(values: list[float], *, slots: int = 1000, **look: object) -> Chart:
    curve = reduce(range(len(values)), values, slots)
    line = Trace("a", "run", "accent", curve, summary=metric(values), run=1)
    return Chart("val_loss", (line,), Look(**look))  # type: ignore[arg-type]


def drawn(one: Chart, width: int = 60, height: int = 12, left: int = 6) -> list[str]:
    return [
        "".join(text for text, _ in line) for line in draw(one, width, height, left, chosen=True)
    ]


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("plain", "plain"),
        ("10%\r50%\r100%", "100%"),
        ("longer text\rshort", "short" + "r text"),
        ("done\r", "done"),
        ("\x1b[32mgreen\x1b[0m\tx", "green   x"),
    ],
)
def test_progress_with_carriage_returns_is_its_line_text(printed, shown):
    assert line_text(printed) == shown


def test_a_chart_has_its_title_in_the_frame_line_and_round_ticks():
    lines = drawn(chart([1 - n / 100 for n in range(100)]))

    assert lines[0].startswith("── val_loss ─")
    assert "last 0.0100" in lines[0]
    labels = [line.partition("┤")[0].strip() for line in lines if "┤" in line]
    assert labels == ["1.0", "0.5", "0.0"]
    assert lines[-1].split() == ["0", "20", "40", "60", "80", "step"]


def test_no_line_of_a_chart_is_wider_than_the_chart():
    values = [math.sin(n / 7) * 1e6 for n in range(300)]

    for width in (8, 20, 61, 200):
        assert all(cell_width(line) <= width for line in drawn(chart(values), width=width))


def test_nan_is_a_gap_with_a_mark_and_is_counted_in_the_title():
    lines = drawn(chart([1.0, 2.0, math.nan, math.nan, 2.0, 1.0]))

    assert "2 NaN" in lines[0]
    assert "×" in lines[-2]


@pytest.mark.parametrize("values", [[math.nan] * 3, [math.inf, -math.inf]])
def test_a_metric_without_a_finite_value_says_so(values):
    assert any("no finite value" in line for line in drawn(chart(values)))


@pytest.mark.parametrize(
    "values", [[0.5], [0.0, 0.0], [1e308, -1e308], [5e-324, 1.0], [-1.0, -2.0]]
)
@pytest.mark.parametrize("log", [False, True])
def test_extreme_values_draw_without_trouble(values, log):
    assert len(drawn(chart(values, log_y=log))) == 12


def test_the_cursor_reads_the_exact_value():
    one = replace(chart([0.5, 0.25]), cursor=1)

    assert reading(one, {("val_loss", 1): (1, (0.25,))}) == "step 1  0.25"


def test_without_exact_points_the_cursor_reads_its_bucket():
    one = chart([0.1, 0.2, 0.3, 0.3], slots=2)

    assert reading(replace(one, cursor=1), {}) == "step 0–1  0.100000 … 0.200000"
    assert reading(replace(one, cursor=2), {}) == "step 2–3  0.3"


def test_a_message_leaves_the_keys_in_sight_where_there_is_room():
    hints = [("enter", "open"), ("/", "filter"), ("?", "more")]

    def words(line):
        return "".join(text for text, _ in line).rstrip()

    line = said_line("Read again", "accent", hints, 60)

    assert words(line) == " Read again  enter open  / filter  ? more"
    assert words(said_line("x" * 50, "accent", hints, 60)) == " " + "x" * 50
    assert said_line("", "", hints, 60) == hint_line(hints, 60)


@pytest.mark.parametrize(
    ("room", "told"),
    [
        (41, "/a rather long filter  3 of 9 runs  by f1"),
        (33, "/a rather lo…  3 of 9 runs  by f1"),
        (23, "/a…  3 of 9 runs  by f1"),
    ],
)
def test_of_what_a_title_tells_the_longest_gives_way(room, told):
    spans = (("/a rather long filter  ", "accent"), ("3 of 9 runs  ", ""), ("by f1", "dim"))

    kept = shortened(spans, room)

    assert "".join(text for text, _ in kept) == told


def test_what_an_empty_page_says_goes_on_under_its_words():
    said = ((), (("  this is no JSON: v shows the file as it is", "bad"),), (("ab", ""), ("c", "")))

    assert wrapped(said, 24) == (
        (),
        (("  this is no JSON: v", "bad"),),
        (("  shows the file as it", "bad"),),
        (("  is", "bad"),),
        (("ab", ""), ("c", "")),
    )

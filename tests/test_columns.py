"""Column specs: text to column and back, errors that name the nearest, what can be chosen."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tui_tracker as tt
from tui_tracker.edits import archive
from tui_tracker.errors import BadColumn
from tui_tracker.queries import (
    ColumnSpec,
    Order,
    Selection,
    get_rows,
    list_choices,
    list_columns,
    list_run_keys,
    order_by,
    parse_column,
    parse_columns,
)
from tui_tracker.queries.columns import NAMED, PLAIN
from tui_tracker.queries.order import STATISTICS
from tui_tracker.store import Store

LogRun = Callable[..., tt.Run]
NAMES = st.text(min_size=1, max_size=20)
WIDTHS = st.one_of(st.none(), st.integers(1, 500))
TITLES = st.text(max_size=12)
PLAIN_SPECS = st.builds(
    lambda kind, title, width: ColumnSpec(kind, title=title, width=width),
    st.sampled_from(PLAIN),
    TITLES,
    WIDTHS,
)
NAMED_SPECS = st.builds(
    lambda kind, key, title, width: ColumnSpec(kind, key, title=title, width=width),
    st.sampled_from([kind for kind in NAMED if kind != "metric"]),
    NAMES,
    TITLES,
    WIDTHS,
)
METRIC_SPECS = st.builds(
    lambda key, statistic, title, width: ColumnSpec("metric", key, statistic, title, width),
    st.one_of(NAMES, st.sampled_from(["val.max", "a.b", "last", ".min", "loss@rank1"])),
    st.sampled_from(STATISTICS),
    TITLES,
    WIDTHS,
)
SPECS = st.one_of(PLAIN_SPECS, NAMED_SPECS, METRIC_SPECS)


@given(SPECS)
def test_a_column_reads_as_it_was_written(spec: ColumnSpec) -> None:
    assert parse_column(str(spec)) == spec


@given(st.lists(SPECS, max_size=4))
def test_a_list_of_columns_reads_as_it_was_written(specs: list[ColumnSpec]) -> None:
    assert parse_columns(",".join(map(str, specs))) == tuple(specs)


def test_title_and_width_follow_the_column() -> None:
    spec = parse_column("metric:val_f1.max=best F1|10")

    assert spec == ColumnSpec("metric", "val_f1", "max", "best F1", 10)
    assert (spec.field, spec.heading) == ("metric:val_f1.max", "best F1")


def test_a_metric_without_a_statistic_shows_its_best_by_direction() -> None:
    assert parse_column("metric:val_loss").stat == "min"
    assert parse_column("metric:val_f1").stat == "max"
    assert parse_column("metric:lr").stat == "last"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stauts", "no column is called 'stauts': did you mean 'status'?"),
        ("metic:loss", "no kind of column is called 'metic': did you mean 'metric:loss'?"),
        ("metric", "no column is called 'metric': did you mean 'metric:NAME'?"),
        ("metric:", "'metric' wants a name: metric:NAME"),
        ("metric:`loss`.mx", "no statistic is called '.mx': did you mean 'max'?"),
        ("metric:`loss", "a backquote in 'metric:`loss' is not closed"),
        ("name|wide", "a width is a number of cells from 1 to 500, not 'wide'"),
        ("name|0", "a width is a number of cells from 1 to 500, not '0'"),
        ("name=a=b", "a title with = in it stands in backquotes"),
    ],
)
def test_a_text_that_says_no_column_is_answered_with_the_nearest(text: str, said: str) -> None:
    with pytest.raises(BadColumn) as caught:
        parse_column(text)

    assert str(caught.value) == said


def test_sort_specs_make_one_order() -> None:
    assert order_by(["-param:lr", "metric:val_loss", "name", "+started"]) == Order(
        "param:lr",
        True,
        (Order("metric:val_loss.min", False), Order("name", False), Order("started", False)),
    )


def test_nothing_is_sorted_by_a_curve() -> None:
    with pytest.raises(BadColumn) as caught:
        order_by(["spark:loss"])

    assert str(caught.value) == "runs cannot be sorted by 'spark:loss'"


def _names(store: Store, *sort: str) -> str:
    return "".join(row.name for row in get_rows(store, list_run_keys(store, order=order_by(sort))))


def test_runs_are_sorted_by_several_keys(store: Store, log_run: LogRun) -> None:
    log_run("a", params={"lr": 0.1, "opt": "sgd"}, acc=[0.5])
    log_run("b", params={"lr": 0.1, "opt": "adam"}, acc=[0.7])
    log_run("c", params={"lr": 0.2, "opt": "adam"}, acc=[0.6])
    log_run("d", params={"opt": "adam"}, acc=[0.9])

    assert _names(store, "param:lr", "-metric:acc") == "bacd"
    assert _names(store, "-param:lr", "param:opt") == "cbad"
    assert _names(store, "param:opt", "-param:lr", "-name") == "cbda"


def test_what_has_no_number_comes_last_either_way(store: Store, log_run: LogRun) -> None:
    log_run("a", params={"lr": math.nan}, loss=[math.nan])
    log_run("b", params={"lr": 0.2}, loss=[0.2])
    log_run("c", params={"lr": 0.1}, loss=[0.1])
    log_run("d")

    assert _names(store, "+metric:loss.last") == "cbad"
    assert _names(store, "-metric:loss.last") == "bcad"
    assert _names(store, "+param:lr") == "cbad"
    assert _names(store, "-param:lr") == "bcad"


@pytest.mark.parametrize(
    ("statistic", "up"),
    [
        ("std", "ba"),
        ("mean", "ab"),
        ("first", "ab"),
        ("count", "ba"),
        ("best", "ab"),
        ("nan", "ba"),
    ],
)
def test_runs_are_sorted_by_any_statistic(
    store: Store, log_run: LogRun, statistic: str, up: str
) -> None:
    log_run("a", loss=[1.0, 0.0, 5.0, math.nan])
    log_run("b", loss=[2.0, 3.0])

    assert _names(store, f"+metric:loss.{statistic}") == up


def test_runs_are_sorted_by_how_many_tags_and_by_the_value_of_one(
    store: Store, log_run: LogRun
) -> None:
    log_run("a", tags=("purpose:sweep",))
    log_run("b", tags=("purpose:final", "good"))
    log_run("c")

    assert _names(store, "-tags") == "bac"
    assert _names(store, "tag:purpose") == "bac"


def test_the_spread_of_a_series_is_in_its_summary(store: Store, log_run: LogRun) -> None:
    log_run("a", loss=[1.0, 2.0, 4.0, math.nan], acc=[1.0])

    (row,) = get_rows(store, list_run_keys(store), metrics=None)

    assert row.metrics["loss"].std == pytest.approx(math.sqrt(7 / 3))
    assert row.metrics["acc"].std is None


def test_small_curves_keep_the_spike(store: Store, log_run: LogRun) -> None:
    values = [0.0] * 500
    values[123] = 9.0
    log_run("a", loss=values)

    (row,) = get_rows(store, list_run_keys(store), sparks=["loss", "absent"])

    assert set(row.sparks) == {"loss"}
    assert max(row.sparks["loss"]) == 9.0
    assert len(row.sparks["loss"]) == 24


def test_choices_tell_how_many_runs_have_a_column_and_whether_it_differs(
    store: Store, log_run: LogRun
) -> None:
    log_run("a", params={"lr": 0.1, "epochs": 3}, tags=("purpose:sweep",), loss=[0.5])
    log_run("b", params={"lr": 0.2, "epochs": 3, "note": None}, acc=[0.5], loss=[0.5])

    found = {str(c.spec): (c.runs, c.differs) for c in list_choices(store)}

    assert found["param:lr"] == (2, True)
    assert found["param:epochs"] == (2, False)
    assert found["param:note"] == (1, True)
    assert found["metric:loss"] == (2, False)
    assert found["metric:acc"] == (1, True)
    assert found["tag:purpose"] == (1, True)
    assert found["experiment"] == (2, False)
    assert found["tags"] == (1, True)
    assert "notes" not in found


@pytest.mark.parametrize("kept", ["archived", "shown", "few"])
def test_choices_agree_with_all_rows_read(store: Store, log_run: LogRun, kept: str) -> None:
    """Few runs are counted by their rows, most along the indexes; both agree with Python."""
    sets: list[list[object]] = [[0.5, 0.5, 0.5], [0.5, 1, 2], ["a", "a", None], [2**70, 2**70 + 1]]
    sets += [["x" * 600, "x" * 600 + "y"], [True, True, True], [math.nan, math.nan], [None, None]]
    for number, values in enumerate(sets):
        for value in values:
            log_run("r", params={f"p{number}": value}, **{f"m{number}": [_number(value)]})
    some = list_run_keys(store)[:: 3 if kept == "shown" else 2]
    archive(store, some if kept != "few" else list_run_keys(store)[3:])
    selection = Selection(archived=kept == "archived")

    found = {str(c.spec): (c.runs, c.differs) for c in list_choices(store, selection)}

    rows = get_rows(store, list_run_keys(store, selection), params=None, metrics=None)
    for number in range(len(sets)):
        params = [repr(row.params[f"p{number}"]) for row in rows if f"p{number}" in row.params]
        metrics = [
            repr(row.metrics[f"m{number}"].last) for row in rows if f"m{number}" in row.metrics
        ]
        for kind, values in (("param:p", params), ("metric:m", metrics)):
            differs = len(set(values)) > 1 or len(values) < len(rows)
            assert found.get(f"{kind}{number}") == ((len(values), differs) if values else None)
    names, labels = list_columns(store, selection)
    assert {f"param:{name}" for name in names} == {c for c in found if c.startswith("param:")}
    assert {f"metric:{label}" for label in labels} == {c for c in found if c.startswith("metric:")}


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 1.0


def test_a_small_curve_falls_where_the_metric_falls(store, log_run):
    log_run("down", loss=[1 / (step + 1) for step in range(200)])
    log_run("up", loss=[step / 200 for step in range(200)])

    down, up = get_rows(store, sorted(list_run_keys(store)), sparks=["loss"])

    assert list(down.sparks["loss"]) == sorted(down.sparks["loss"], reverse=True)
    assert list(up.sparks["loss"]) == sorted(up.sparks["loss"])

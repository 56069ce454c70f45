"""Runs, points and series as frames of pandas and polars."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest

import tui_tracker as tt
from tui_tracker.errors import InvalidArgument, NotFound

pandas = pytest.importorskip("pandas")
polars = pytest.importorskip("polars")
ENGINES = ("pandas", "polars")


@pytest.fixture
def filled(folder):
    """Two runs, of which the newer has what the older lacks."""
    for number in range(2):
        run = tt.init("exp", f"r{number}", {"lr": 0.1, "n": number}, store=folder, tags=["a"])
        if number:
            run.log_params({"flag": True, "mixed": 2, "layers": [1, 2]})
        for step in range(3):
            run.log({"loss": math.nan if step == 1 else 1 / (step + 1)}, step=step)
        run.log({"loss": 7.0}, step=9, context="val")
        run.finish()
    return folder


@pytest.mark.parametrize("engine", ENGINES)
def test_points_have_the_documented_columns_in_log_order(filled, engine):
    found = tt.frame(what="points", engine=engine, store=filled)

    columns = {name: list(found[name]) for name in found.columns}
    newest, older = (run["id"] for run in tt.list_runs(store=filled))
    assert columns["run"] == [newest] * 4 + [older] * 4
    assert columns["metric"] == ["loss"] * 8
    assert columns["context"] == ["", "", "", "val"] * 2
    assert columns["step"] == [0, 1, 2, 9] * 2
    assert [columns["value"][place] for place in (0, 2, 3)] == [1.0, 1 / 3, 7.0]
    assert math.isnan(columns["value"][1])


def test_dtypes_of_points_are_those_that_are_documented(filled):
    rows = tt.frame(what="points", store=filled)
    table = tt.frame(what="points", engine="polars", store=filled)

    assert [str(kind) for kind in rows.dtypes] == [
        *("category", "category", "category", "int64", "datetime64[ms, UTC]", "float64")
    ]
    assert table.dtypes == [
        *(polars.Categorical, polars.Categorical, polars.Categorical),
        *(polars.Int64, polars.Datetime("ms", "UTC"), polars.Float64),
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_runs_have_a_line_each_and_a_column_a_param(filled, engine):
    found = tt.frame("n >= 0", engine=engine, store=filled)

    assert list(found["name"]) == ["r1", "r0"]
    assert list(found["param:n"]) == [1, 0]
    assert list(found["param:lr"]) == [0.1, 0.1]
    assert list(found["metric:loss.last"]) == [1 / 3, 1 / 3]
    assert list(found["metric:loss.count"]) == [3, 3]
    assert list(found["metric:loss@val.max"]) == [7.0, 7.0]
    assert [list(tags) for tags in found["tags"]] == [["a"], ["a"]]
    assert found["param:flag"][0]


def test_a_missing_value_is_none_of_its_type(filled):
    rows = tt.frame(store=filled)
    table = tt.frame(engine="polars", store=filled)

    assert rows["param:mixed"].dtype == "Int64"
    assert rows["param:mixed"][1] is pandas.NA
    assert rows["param:flag"].dtype == "boolean"
    assert str(rows["started"].dtype) == "datetime64[ms, UTC]"
    assert table["param:mixed"].to_list() == [2, None]
    assert table.schema["started"] == polars.Datetime("ms", "UTC")
    assert table["param:layers"].to_list() == ["[1, 2]", None]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("what", ["runs", "points"])
def test_no_run_is_a_frame_without_lines(filled, engine, what):
    found = tt.frame("name = nobody", what=what, engine=engine, store=filled)

    assert len(found) == 0
    assert "run" in found.columns or "id" in found.columns


@pytest.mark.parametrize("engine", ENGINES)
def test_metrics_restrict_points_and_columns(filled, engine):
    points = tt.frame(what="points", metrics=["loss@val"], engine=engine, store=filled)
    runs = tt.frame(metrics=["loss@val"], engine=engine, store=filled)

    assert list(points["step"]) == [9, 9]
    assert "metric:loss.last" not in runs.columns
    assert "metric:loss@val.last" in runs.columns


@pytest.mark.parametrize("engine", ENGINES)
def test_a_listed_run_gives_its_series(filled, engine):
    run = tt.list_runs(store=filled)[0]

    whole = run.series("loss", engine=engine)
    by_context = run.series("loss", "val", engine=engine)
    by_label = run.series("loss@val", engine=engine)

    assert list(whole.columns) == ["step", "time", "value"]
    assert list(whole["step"]) == [0, 1, 2]
    assert list(by_context["value"]) == list(by_label["value"]) == [7.0]
    assert run["name"] == "r1"  # still the plain answer


@pytest.mark.parametrize("engine", ENGINES)
def test_a_live_run_reads_back_what_it_has_logged_until_now(folder, engine):
    with tt.init("exp", "r", store=folder) as run:
        run.log({"loss": 0.5}, step=3)

        first = run.series("loss", engine=engine)
        run.log({"loss": 0.25}, step=4)
        second = run.series("loss", engine=engine)

    assert list(first["value"]) == [0.5]
    assert list(second["step"]) == [3, 4]


def test_a_series_that_was_never_logged_is_told_with_the_nearest_name(filled):
    run = tt.list_runs(store=filled)[0]

    with pytest.raises(NotFound, match="did you mean 'loss'"):
        run.series("los")


def test_a_disabled_run_has_series_without_points(monkeypatch):
    monkeypatch.setenv("TUI_TRACKER_MODE", "disabled")

    with tt.init("exp") as run:
        run.log({"loss": 1.0})
        found = run.series("loss")

    assert (list(found.columns), len(found)) == (["step", "time", "value"], 0)


@pytest.mark.parametrize("engine", ENGINES)
def test_without_the_library_a_sentence_says_what_to_install(filled, engine, monkeypatch):
    monkeypatch.setitem(sys.modules, engine, None)

    with pytest.raises(InvalidArgument, match=rf"pip install 'tui-tracker\[{engine}\]'"):
        tt.frame(engine=engine, store=filled)


def test_words_that_are_not_known_are_refused(filled):
    with pytest.raises(InvalidArgument, match="pandas and polars are"):
        tt.frame(engine="dask", store=filled)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument, match="'runs' and 'points' are"):
        tt.frame(what="params", store=filled)  # type: ignore[arg-type]


def test_the_import_and_a_run_load_no_library_of_frames(folder):
    script = (
        "import sys, tui_tracker as tt\n"
        f"with tt.init('e', store={str(folder)!r}) as run: run.log({{'a': 1.0}})\n"
        "print(*sorted({'pandas', 'polars', 'numpy', 'pyarrow'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == ""

"""MLflow file stores."""

from __future__ import annotations

import math
import os
import shutil
from pathlib import Path

import pytest

from tests.import_told import told
from tests.import_truth import age, check, gather, read_all, read_item, truth_of
from tui_tracker.errors import ImportFailed
from tui_tracker.importers import find_sources
from tui_tracker.importers.claims import Claim
from tui_tracker.importers.mlflow_files import MlflowFiles

EXPERIMENT = """\
artifact_location: file:///gone/mlruns/1
experiment_id: '1'
lifecycle_stage: {stage}
name: digits
"""
RUN = """\
artifact_uri: file:///gone/mlruns/1/{key}/artifacts
end_time: {end}
experiment_id: '1'
lifecycle_stage: active
run_id: {key}
run_name: run {key}
start_time: 1700000000000
status: {status}
user_id: ada
"""


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def store(tmp_path) -> Path:
    folder = tmp_path / "mlruns"
    put(folder / "1" / "meta.yaml", EXPERIMENT.format(stage="active"))
    return folder


def run(store: Path, key: str, *, status: int = 3) -> Path:
    end = 1700000009000 if status != 1 else "null"
    folder = store / "1" / key
    put(folder / "meta.yaml", RUN.format(key=key, status=status, end=end))
    return folder


def reader_of(path: Path) -> MlflowFiles:
    return MlflowFiles(Claim("mlflow", path, path))


def test_every_run_of_the_shared_store_is_as_stated(tmp_path):
    truth = truth_of("mlflow_file")
    # The run's folder lies in the experiment that was active last; the script's side record
    # names the one before.
    stray = next(one for one in truth["runs"] if one["name"] == "nan-and-repeats")
    stray["experiment"] = "breast-cancer-search"

    found = read_item("mlflow_file", tmp_path)

    check(found, truth)
    assert not found.unread


def test_datasets_and_models_of_the_shared_store_are_told(tmp_path):
    truth_of("mlflow_file")

    found = read_item("mlflow_file", tmp_path).one("mlp-lr0.001-h32").run

    assert found.lineage["data:digits-train"]["role"] == "training"
    assert [(one.path, one.kind) for one in found.artifacts if one.kind] == [("model", "model")]


def test_names_with_slashes_and_values_of_many_lines(store):
    folder = run(store, "a")
    put(folder / "params" / "opt" / "lr", "0.1")
    put(folder / "tags" / "mlflow.note.content", "one\ntwo")
    put(folder / "tags" / "bare", "")
    put(folder / "metrics" / "val" / "loss", "1700000000001 nan 0\n1700000000002 inf 1\n")

    found = read_all(store).one("a")

    assert found.run.params == {"opt/lr": 0.1}
    assert [note.text for note in found.run.notes] == ["one\ntwo"]
    assert found.run.tags == ("bare",)
    values = found.series("val/loss").values
    assert math.isnan(values[0])
    assert values[1] == math.inf


def test_lines_of_all_versions_are_points(store):
    folder = run(store, "a")
    put(folder / "metrics" / "loss", "1000 0.5\n2000 0.25 3\n3000 0.125 4 digits 8ab087f5\n")

    series = read_all(store).one("a").series("loss")

    assert (series.steps, series.values) == ([0, 3, 4], [0.5, 0.25, 0.125])
    assert series.times_ms == [1000, 2000, 3000]


@pytest.mark.timeout(20)
def test_a_series_whose_times_go_back_all_the_way_is_read_in_one_go(store):
    points = [f"{1_700_000_900_000 - step} {step / 2} {step}" for step in range(20_000)]
    put(run(store, "f00d") / "metrics" / "loss", "\n".join([*points, points[7], ""]))

    series = read_all(store).one("f00d").series("loss")

    assert series.steps == list(range(20_000))


def test_a_point_that_is_logged_once_more_with_a_model_counts_once(store):
    folder = run(store, "a")
    put(folder / "metrics" / "loss", "1000 0.5 0\n2000 0.25 1\n2000 0.25 1\n1000 0.5 0\n900 9 0\n")
    assert read_all(store).one("a").series("loss").values == [0.5, 0.25, 0.25, 9.0]

    put(folder / "metrics" / "loss", "1000 0.5 0\n1000 0.5 0\n")
    put(folder / "outputs" / "m-1" / "meta.yaml", "destination_id: m-1\n")

    assert read_all(store).one("a").series("loss").values == [0.5]


def test_only_what_is_new_is_told_at_the_next_look(store):
    folder = run(store, "a", status=1)
    metric = put(folder / "metrics" / "loss", "1000 0.5 0\n")
    reader = reader_of(store)
    assert told(reader.read()) == ["a running", "a: loss [0]"]

    with metric.open("a") as file:
        file.write("2000 0.25 1\n3000 0.1")
    assert told(reader.read()) == ["a: loss [1]"]
    with metric.open("a") as file:
        file.write("25 2\n")
    assert told(reader.read()) == ["a: loss [2]"]
    put(folder / "params" / "lr", "0.1")
    assert told(reader.read()) == ["a running"]
    run(store, "a")
    assert told(reader.read()) == ["a finished"]
    run(store, "b")
    assert told(reader.read()) == ["b finished"]
    assert told(reader.read()) == []


def test_the_files_of_a_run_that_ended_are_left_alone(store, monkeypatch):
    folder = run(store, "a")
    put(folder / "metrics" / "loss", "1000 0.5 0\n")
    reader = reader_of(store)
    list(reader.read())
    opened = []
    monkeypatch.setattr("tui_tracker.importers.mlflow_folder.read_meta", opened.append)

    assert told(reader.read()) == []

    assert not opened


def test_a_metric_that_was_cut_is_read_anew(store):
    folder = run(store, "a", status=1)
    metric = put(folder / "metrics" / "loss", "1000 0.5 0\n2000 0.25 1\n")
    reader = reader_of(store)
    list(reader.read())
    metric.write_text("5000 0.75 7\n")

    assert told(reader.read()) == ["a over", "a running", "a: loss [7]"]


def test_a_cut_last_line_is_told_once_the_run_has_ended(store):
    folder = run(store, "a")
    put(folder / "metrics" / "loss", "1000 0.5 0\n2000 0.2")

    reader = reader_of(store)
    pieces = told(reader.read())

    assert pieces[1] == "a: loss [0]" or pieces[2] == "a: loss [0]"
    assert sum("line 2" in one for one in pieces) == 1
    assert told(reader.read()) == []


def test_odd_lines_are_told_and_the_others_read(store):
    folder = run(store, "a")
    put(folder / "metrics" / "loss", "1000 0.5 0\nnonsense\n\n2000 0.25 1\n9 x 1\n9 1 1.5\n")

    found = read_all(store)

    assert found.one("a").series("loss").values == [0.5, 0.25]
    assert [one.place for one in found.unread] == ["line 2", "line 5", "line 6"]


def test_deleted_runs_and_experiments_are_marked(store):
    run(store, "a")
    folder = run(store, "b")
    text = (folder / "meta.yaml").read_text().replace("stage: active", "stage: deleted")
    put(folder / "meta.yaml", text)
    shutil.copytree(store / "1", store / ".trash" / "2")
    gone = store / ".trash" / "2"
    shutil.rmtree(gone / "b")
    os.rename(gone / "a", gone / "c")
    put(gone / "c" / "meta.yaml", RUN.format(key="c", status=3, end=1))

    found = read_all(store)

    assert {key: one.run.archived for key, one in found.runs.items()} == {
        "a": False,
        "b": True,
        "c": True,
    }
    assert "deleted" in found.one("c").run.tags


@pytest.mark.parametrize("below", ["", "1", "1/a"])
def test_a_store_an_experiment_and_a_run_may_be_opened(store, below):
    folder = run(store, "a")
    put(folder / "metrics" / "loss", "1000 0.5 0\n")

    found = read_all(store / below)

    assert found.one("a").run.experiment == "digits"
    assert found.one("a").series("loss").values == [0.5]


def test_artifacts_are_listed_but_for_links_that_lead_out(store, tmp_path):
    folder = run(store, "a")
    put(folder / "artifacts" / "sub" / "x.txt", "hello")
    put(tmp_path / "secret", "!")
    (folder / "artifacts" / "out").symlink_to(tmp_path / "secret")
    (folder / "params").mkdir()
    (folder / "params" / "out").symlink_to(tmp_path / "secret")

    found = read_all(store).one("a").run

    assert [(one.path, one.size_bytes) for one in found.artifacts] == [("sub/x.txt", 5)]
    assert found.params == {}


def test_a_table_among_the_artifacts_is_no_run_of_its_own(store, tmp_path):
    folder = run(store, "a")
    put(folder / "artifacts" / "results.csv", "step,loss\n0,1\n")

    assert [one.tool for one in find_sources(tmp_path)] == ["mlflow"]


@pytest.mark.parametrize("meta", ["", "[1]", "{", "run_id: a\nexperiment_id: 1\n\x00"])
def test_a_damaged_run_is_told_and_the_others_read(store, meta):
    run(store, "a")
    age(put(store / "1" / "b" / "meta.yaml", meta))

    reader = reader_of(store)
    found = gather(reader.read())

    assert set(found.runs) == {"a"}
    (unread,) = found.unread
    assert unread.path == store / "1" / "b" / "meta.yaml"
    assert told(reader.read()) == []


def test_a_run_whose_facts_are_just_being_written_is_not_there_yet(store):
    folder = run(store, "a")
    whole = (folder / "meta.yaml").read_text()
    put(folder / "meta.yaml", "")
    reader = reader_of(store)
    assert told(reader.read()) == []

    put(folder / "meta.yaml", whole)

    assert told(reader.read()) == ["a finished"]


def test_a_damaged_experiment_is_told(store):
    run(store, "a")
    put(store / "1" / "meta.yaml", "experiment_id: 1\nartifact_location: x\nname: {y\n")

    (unread,) = read_all(store).unread

    assert unread.path == store / "1" / "meta.yaml"


def test_a_store_that_went_away_is_told(store):
    run(store, "a")
    reader = reader_of(store)
    list(reader.read())
    shutil.rmtree(store)

    with pytest.raises(ImportFailed, match="not there"):
        list(reader.read())


def test_an_unreadable_metric_is_told(store):
    folder = run(store, "a")
    metric = put(folder / "metrics" / "loss", "1000 0.5 0\n")
    put(folder / "metrics" / "acc", "1000 0.5 0\n")
    metric.unlink()
    metric.symlink_to(folder / "metrics" / "loss")

    found = read_all(store)

    assert set(found.one("a").metrics) == {("acc", "")}


def test_a_file_that_is_cut_at_any_byte_brings_no_error(store):
    folder = run(store, "a")
    line = "1000 0.5 0\n2000 nan 1\n"
    meta = (folder / "meta.yaml").read_text()
    for place in range(len(meta)):
        put(folder / "meta.yaml", meta[:place])
        put(folder / "metrics" / "loss", line[: place % len(line)])
        gather(reader_of(store).read())

"""Reading what Lightning's loggers left."""

from __future__ import annotations

import pytest

from tests.import_bytes import event, session_start, simple, tfrecords
from tests.import_truth import age, check, gather, read_all, read_item, truth_of
from tui_tracker.importers import find_sources
from tui_tracker.importers.records import StartedOver

PARAMS = "lr: 0.001\nnet:\n  layers: !!python/tuple\n  - 1\n  - 2\nname: null\n"
METRICS = "epoch,step,train_loss,val_loss\n0,4,0.5,\n0,9,,0.25\n1,14,nan,\n"


def version(tmp_path, name="digits", number=0, *, params=PARAMS, metrics=None, events=None):
    """Make a version folder, a day old."""
    folder = tmp_path / name / f"version_{number}"
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "checkpoints" / "last.ckpt").write_bytes(b"weights")
    if params is not None:
        (folder / "hparams.yaml").write_text(params)
    if metrics is not None:
        (folder / "metrics.csv").write_text(metrics)
    if events is not None:
        (folder / "events.out.tfevents.1700000000.box.1.0").write_bytes(tfrecords(events))
    for path in folder.rglob("*"):
        age(path)
    return folder


def test_all_runs_of_the_shared_folder_come_out_as_stated(tmp_path):
    found = read_item("lightning", tmp_path)

    # The files were moved, and the script's own names of its runs stand nowhere in them.
    check(found, truth_of("lightning"), exact=False, not_told={"name", "start_time", "end_time"})
    assert {one.run.experiment for one in found.runs.values()} == {"csv_logs", "tb_logs"}


def test_rows_with_holes_become_series(tmp_path):
    version(tmp_path, metrics=METRICS)

    found = read_all(tmp_path)

    one = found.one("digits/version_0")
    assert one.run.params == {"lr": 0.001, "net.layers": [1, 2], "name": None}
    assert (one.series("train_loss").steps, one.series("val_loss").steps) == ([4, 14], [9])
    assert one.series("val_loss").values == [0.25]
    assert [artifact.path for artifact in one.run.artifacts] == ["checkpoints/last.ckpt"]
    assert found.tools == {"lightning"}


def test_events_beside_hyperparameters_are_one_run_with_those(tmp_path):
    rows = [event(0, session_start(lr=0.5)), event(1, simple("loss", 0.5))]
    version(tmp_path, events=rows)

    one = read_all(tmp_path).one("digits/version_0")

    assert one.run.params["net.layers"] == [1, 2]
    assert one.series("loss").values == [0.5]
    assert [artifact.path for artifact in one.run.artifacts] == ["checkpoints/last.ckpt"]


def test_without_a_file_of_hyperparameters_those_of_the_events_count(tmp_path):
    rows = [event(0, session_start(lr=0.5)), event(1, simple("loss", 0.5))]
    version(tmp_path, params="{}\n", events=rows)

    assert read_all(tmp_path).one("digits/version_0").run.params == {"lr": 0.5}


@pytest.mark.parametrize(
    ("name", "experiment"), [("digits", "digits"), ("lightning_logs", "opened")]
)
def test_the_loggers_name_is_the_experiment_unless_it_is_the_default(tmp_path, name, experiment):
    version(tmp_path / "opened", name, metrics=METRICS)

    [one] = read_all(tmp_path / "opened").runs.values()

    assert one.run.experiment == experiment


def test_both_loggers_in_one_folder_are_two_runs(tmp_path):
    version(tmp_path, metrics=METRICS, events=[event(1, simple("loss", 0.5))])

    found = read_all(tmp_path)

    assert sorted(len(one.metrics) for one in found.runs.values()) == [1, 3]
    assert sum(len(one.run.artifacts) for one in found.runs.values()) == 2


def test_broken_hyperparameters_are_named_and_the_rest_is_read(tmp_path):
    version(tmp_path, params="a: [", metrics=METRICS)

    found = read_all(tmp_path)

    assert len(found.one("digits/version_0").metrics) == 3
    assert [one.path.name for one in found.unread] == ["hparams.yaml"]


def test_a_table_that_was_written_anew_with_a_further_column_starts_over(tmp_path):
    folder = version(tmp_path, metrics="step,a\n0,1.0\n")
    [source] = find_sources(tmp_path)
    reader = source.open()
    pieces = list(reader.read())
    (folder / "metrics.csv").write_text("step,a,b\n0,1.0,\n1,2.0,3.0\n")

    pieces += reader.read()

    one = gather(pieces).one("digits/version_0")
    assert any(isinstance(piece, StartedOver) for piece in pieces)
    assert (one.series("a").values, one.series("b").values) == ([1.0, 2.0], [3.0])


def test_rows_that_are_added_are_followed(tmp_path):
    folder = version(tmp_path, metrics="step,a\n0,1.0\n")
    [source] = find_sources(tmp_path)
    reader = source.open()
    pieces = list(reader.read())
    with (folder / "metrics.csv").open("a") as file:
        file.write("1,2.0\n2,3")

    pieces += reader.read()

    one = gather(pieces).one("digits/version_0")
    assert one.series("a").values == [1.0, 2.0]
    assert one.run.status == "running"

"""Reading what Sacred's FileStorageObserver left."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.import_damage import damaged, read_damaged
from tests.import_truth import Found, age, check, gather, read_all, read_item, truth_of
from tui_tracker.errors import ImportFailed
from tui_tracker.importers import find_sources
from tui_tracker.importers.records import Points, Printed, StartedOver

START = "2026-01-01T10:00:00.000000"
STOP = "2026-01-01T10:01:00.000000"


def facts(status: str = "COMPLETED", **more: Any) -> dict[str, Any]:
    experiment = {
        "name": "digits",
        "base_dir": "/home/me",
        "mainfile": "train.py",
        "dependencies": ["numpy==2.0.0", "torch==2.5.1"],
        "repositories": [{"url": "git@x:me/p.git", "commit": "abc123", "dirty": True}],
        "sources": [["train.py", "_sources/train_0cc1.py"]],
    }
    host = {
        "hostname": "node7",
        "python_version": "3.12.1",
        "cpu": "EPYC",
        "os": {"py/tuple": ["Linux", "Linux-6"]},
        "gpus": {"driver_version": "1", "gpus": [{"model": "A100", "total_memory": 40536}]},
    }
    run = {"experiment": experiment, "host": host, "command": "main", "meta": {"comment": "why"}}
    return {
        **run,
        "status": status,
        "start_time": START,
        "heartbeat": STOP,
        "artifacts": [],
        **more,
    }


def series(values: list[Any], steps: list[Any] | None = None) -> dict[str, Any]:
    steps = list(range(len(values))) if steps is None else steps
    times = [f"2026-01-01T10:00:{second:02}.500000" for second in range(len(values))]
    return {"steps": steps, "timestamps": times, "values": values}


def make(folder: Path, run: dict[str, Any], **files: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in {"run": run, **files}.items():
        text = content if isinstance(content, str) else json.dumps(content, indent=2)
        (folder / ("cout.txt" if name == "cout" else f"{name}.json")).write_text(text)
    for path in folder.rglob("*"):
        age(path)
    return folder


def test_all_runs_of_the_shared_folder_come_out_as_stated(tmp_path):
    found = read_item("sacred", tmp_path)

    check(found, truth_of("sacred"))


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("COMPLETED", "finished"),
        ("FAILED", "failed"),
        ("INTERRUPTED", "killed"),
        ("TIMEOUT", "killed"),
        ("DIED", "crashed"),
        ("RUNNING", "killed"),
        ("QUEUED", "killed"),
    ],
)
def test_statuses(tmp_path, said, status):
    make(tmp_path / "1", facts(said), config={})

    assert read_all(tmp_path).one("1").run.status == status


def test_a_run_that_died_ended_with_its_last_heartbeat(tmp_path):
    make(tmp_path / "1", facts("RUNNING", heartbeat=STOP, stop_time=None), config={})

    run = read_all(tmp_path).one("1").run

    assert (run.status, run.ended_at) == ("killed", datetime(2026, 1, 1, 10, 1, tzinfo=UTC))


def test_a_run_whose_files_change_is_running(tmp_path):
    make(tmp_path / "1", facts("RUNNING"), config={})
    age(tmp_path / "1" / "run.json", seconds=5)

    assert read_all(tmp_path).one("1").run.status == "running"


def test_facts_of_code_host_and_environment(tmp_path):
    make(tmp_path / "1", facts(stop_time=STOP), config={})

    run = read_all(tmp_path).one("1").run

    assert run.host == "node7"
    assert run.lineage == {
        "code": {"commit": "abc123", "remote_url": "git@x:me/p.git", "dirty": True},
        "environment": {
            "python": {"version": "3.12.1"},
            "packages": {"numpy": "2.0.0", "torch": "2.5.1"},
            "system": {"name": "Linux-6"},
        },
        "hardware": {"cpu": "EPYC", "gpus": [{"name": "A100"}]},
        "process": {"script": "train.py", "argv": ["train.py", "main"], "cwd": "/home/me"},
    }
    assert [note.text for note in run.notes] == ["why"]
    assert (run.ended_at - run.started_at).total_seconds() == 60


def test_jsonpickle_is_read_as_plain_data(tmp_path):
    config = {
        "shape": {"py/tuple": [1, 2]},
        "names": {"py/set": ["a"]},
        "rate": {"dtype": "float64", "py/object": "numpy.float64", "value": 0.1},
        "grid": {"dtype": "int64", "py/object": "numpy.ndarray", "values": [1, 2]},
        "net": {"py/object": "models.Net", "depth": 3},
        "cls": {"py/type": "torch.nn.ReLU"},
    }
    make(tmp_path / "1", facts(), config=config)

    assert read_all(tmp_path).one("1").run.params == {
        "shape": [1, 2],
        "names": ["a"],
        "rate": 0.1,
        "grid": [1, 2],
        "net.depth": 3,
        "cls": "torch.nn.ReLU",
    }


def test_metrics_with_all_kinds_of_values_and_steps(tmp_path):
    numpy = {"dtype": "float32", "py/object": "numpy.float32", "value": 0.25}
    metrics = {
        "loss": series([1.0, math.nan, -math.inf, numpy]),
        "part": series([1, 2], [0.5, 1.0]),
        "bad": series([1, "x", None]),
        "none": {"values": [1]},
    }
    make(tmp_path / "1", facts(), config={}, metrics=metrics)

    found = read_all(tmp_path)

    run = found.one("1")
    assert run.series("loss").values[2:] == [-math.inf, 0.25]
    assert run.series("loss").times_ms[1] - run.series("loss").times_ms[0] == 1000
    assert run.series("part").steps == [0, 1]
    assert run.series("part.step").values == [0.5, 1.0]
    assert run.series("bad").values == [1.0]
    assert {one.place for one in found.unread} == {"bad", "none"}


def test_results_and_info_are_series_once_the_run_is_over(tmp_path):
    info = {"best": {"acc": 0.9}, "losses": [3, 2.5], "words": ["a"], "metrics": [{"id": "1"}]}
    run = facts(result={"acc": 0.5, "note": "x"}, fail_trace=["Traceback\n", "ValueError: x\n"])
    make(tmp_path / "1", run, config={}, info=info)

    found = read_all(tmp_path).one("1")

    values = {name: one.values for (name, _), one in found.metrics.items()}
    assert values == {"info.best.acc": [0.9], "info.losses": [3.0, 2.5], "result.acc": [0.5]}
    assert [note.text for note in found.run.notes] == ["why", "Traceback\nValueError: x"]


def test_artifacts_sources_and_resources(tmp_path):
    (tmp_path / "_sources").mkdir()
    (tmp_path / "_sources" / "train_0cc1.py").write_text("x")
    (tmp_path / "_resources").mkdir()
    (tmp_path / "_resources" / "data_77.csv").write_text("x")
    resources = [["/home/me/data.csv", "/home/me/runs/_resources/data_77.csv"]]
    folder = make(tmp_path / "1", facts(resources=resources, artifacts=["m.pt", "gone.pt"]))
    make(folder, facts(resources=resources, artifacts=["m.pt", "gone.pt"]), config={})
    (folder / "m.pt").write_bytes(b"x")

    found = read_all(tmp_path)

    assert {(one.path, one.used) for one in found.one("1").run.artifacts} == {
        ("m.pt", False),
        ("sources/train.py", True),
        ("resources/data.csv", True),
    }
    assert [one.problem for one in found.unread] == ["the artifact 'gone.pt' is not there"]


def test_paths_of_sources_do_not_lead_out(tmp_path):
    (tmp_path / "secret.py").write_text("x")
    (tmp_path / "runs" / "_sources").mkdir(parents=True)
    (tmp_path / "runs" / "_sources" / "link.py").symlink_to(tmp_path / "secret.py")
    run = facts()
    run["experiment"]["sources"] = [["a.py", "../secret.py"], ["b.py", "_sources/link.py"]]
    make(tmp_path / "runs" / "1", run, config={})

    assert list(read_all(tmp_path / "runs").one("1").run.artifacts) == []


def test_what_was_printed_goes_on_where_it_stopped(tmp_path):
    folder = make(tmp_path / "1", facts("RUNNING"), config={}, cout="one\ntwo\nth")
    age(folder / "run.json", seconds=1)
    (source,) = find_sources(tmp_path)
    reader = source.open()
    first = [one for one in reader.read() if isinstance(one, Printed)]

    with (folder / "cout.txt").open("a") as file:
        file.write("ree\n")
    make(folder, facts(stop_time=STOP), config={}, cout="one\ntwo\nthree\nend")
    second = [one for one in reader.read() if isinstance(one, Printed)]

    assert [text for one in first for _, _, text in one.lines] == ["one", "two"]
    assert [text for one in second for _, _, text in one.lines] == ["three", "end"]


def test_a_heartbeat_brings_what_is_new(tmp_path):
    folder = make(tmp_path / "1", facts("RUNNING"), config={}, metrics={"a": series([1, 2])})
    (source,) = find_sources(tmp_path)
    reader = source.open()
    list(reader.read())

    make(folder, facts(), config={}, metrics={"a": series([1, 2, 3])})
    (points,) = [one for one in reader.read() if isinstance(one, Points)]

    assert (points.steps, points.values) == ([2], [3.0])
    assert list(reader.read()) == []


def test_another_run_in_the_same_folder_starts_over(tmp_path):
    folder = make(tmp_path / "1", facts(), config={}, metrics={"a": series([1, 2])})
    (source,) = find_sources(tmp_path)
    reader = source.open()
    found = gather(reader.read())

    make(folder, facts(), config={}, metrics={"a": series([5, 6, 7])})
    pieces = list(reader.read())

    assert isinstance(pieces[0], StartedOver)
    assert gather(pieces, found).one("1").series("a").values == [5.0, 6.0, 7.0]


def test_metrics_that_were_cut_are_kept_up_to_there(tmp_path):
    whole = json.dumps({"a": series([1, 2, 3]), "b": series([4, 5, 6])}, indent=2)
    make(tmp_path / "1", facts(), config={}, metrics=whole[:-20])

    found = read_all(tmp_path)

    assert found.one("1").series("a").values == [1.0, 2.0, 3.0]
    assert len(found.one("1").series("b").values) in (1, 2)
    assert "what stands before it was kept" in found.unread[0].problem


def test_a_run_without_its_facts_still_has_its_metrics(tmp_path):
    make(tmp_path / "1", facts(), config={"a": 1}, metrics={"a": series([1])})
    (tmp_path / "1" / "run.json").write_text('{"artifacts": [')
    age(tmp_path / "1" / "run.json")

    found = read_all(tmp_path)

    assert found.one("1").series("a").values == [1.0]
    assert "the run has no times" in found.unread[0].problem


def test_a_run_with_nothing_to_read_is_told(tmp_path):
    make(tmp_path / "1", facts(), cout="hello")
    (tmp_path / "1" / "run.json").write_text('{"artifacts": [')
    (source,) = find_sources(tmp_path)

    with pytest.raises(ImportFailed, match="cannot be read"):
        list(source.open().read())


def test_damage_of_any_file_leaves_the_rest(tmp_path):
    parts = {"config": {"a": {"b": [1]}}, "metrics": {"a": series([1, 2])}, "info": {"x": 1}}
    make(tmp_path / "1", facts(), **parts, cout="one\ntwo\n")
    make(tmp_path / "2", facts(), **parts, cout="one\ntwo\n")
    found = []

    for path in sorted((tmp_path / "1").iterdir()):
        for _ in damaged(path, 4, 80):
            found.append(read_damaged(tmp_path))

    assert all(isinstance(one, Found) and one.points >= 3 for one in found)

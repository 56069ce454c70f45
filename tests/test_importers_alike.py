"""What all readers have in common, side by side."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.import_bytes import event, simple, tfrecords
from tests.import_truth import age, read_all
from tui_tracker.importers import find_sources
from tui_tracker.importers.importing import import_path
from tui_tracker.importers.records import ImportedRun, Printed, Reader
from tui_tracker.store import Store

STATE = '{"log_history": [{"step": 1, "loss": 0.5}], "is_hyper_param_search": false}'
TLOG = '{"created_at": 1700000000, "state": "%s", "restarts": []}'


def write(folder: Path, **files: str) -> None:
    """Write files of a run; `__` in a name is a folder, and `_dot_` is a dot."""
    for name, text in files.items():
        path = folder.joinpath(*(part.replace("_dot_", ".") for part in name.split("__")))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        age(path)


def write_events(folder: Path) -> None:
    path = folder / "events.out.tfevents.1.box"
    path.write_bytes(tfrecords([event(0, simple("loss", 1.5))]))
    age(path)


NAN_PARAM: dict[str, dict[str, str]] = {
    "dvclive": {
        "params_dot_yaml": "lr: .nan\n",
        "plots__metrics__loss_dot_tsv": "step\tloss\n0\t1.5\n",
    },
    "sacred": {
        "run_dot_json": '{"experiment": {"name": "e"}, "status": "COMPLETED"}',
        "config_dot_json": '{"lr": NaN}',
    },
    "tlog": {
        "meta_dot_json": TLOG % "finished",
        "config_dot_json": '{"lr": NaN}',
        "metrics_dot_jsonl": '{"_step": 0, "_ts": 1700000000, "loss": 1.5}\n',
    },
    "hf_trainer": {"trainer_state_dot_json": STATE, "config_dot_json": '{"lr": NaN}'},
    "lightning": {"hparams_dot_yaml": "lr: .nan\n", "metrics_dot_csv": "step,loss\n0,1.5\n"},
    "ultralytics": {
        "args_dot_yaml": "lr: .nan\n",
        "results_dot_csv": "epoch,train/loss\n0,1.5\n1,1\n",
    },
    "guild": {
        "_dot_guild__attrs__flags": "lr: .nan\n",
        "_dot_guild__attrs__exit_status": "0",
        "_dot_guild__opref": "guildfile:/x a model train",
    },
    "table": {"t_dot_csv": "epoch,loss\n0,1.5\n1,1\n", "params_dot_json": '{"lr": NaN}'},
}


@pytest.mark.parametrize("tool", NAN_PARAM)
def test_a_run_with_a_param_that_is_nan_is_told_once(tmp_path, tool):
    write(tmp_path / "run", **NAN_PARAM[tool])
    reader = only_reader(tmp_path)
    first = [piece for piece in reader.read() if isinstance(piece, ImportedRun)]

    again = [piece for piece in reader.read() if isinstance(piece, ImportedRun)]

    assert any(value != value for value in first[-1].params.values())
    assert again == []


@pytest.mark.parametrize("tool", ["dvclive", "hf_trainer", "lightning", "ultralytics", "table"])
def test_runs_without_a_name_are_told_apart_by_their_paths(tmp_path, tool):
    for above in ("a", "b"):
        write(tmp_path / above / "same", **NAN_PARAM[tool])

    names = sorted(one.run.name for one in read_all(tmp_path).runs.values())

    end = "/t.csv" if tool == "table" else ""
    assert names == [f"a/same{end}", f"b/same{end}"]


@pytest.mark.parametrize(
    ("console", "facts", "over"),
    [
        (
            "cout.txt",
            {"run.json": {"experiment": {"name": "e"}, "status": "RUNNING"}, "config.json": {}},
            {"run.json": {"experiment": {"name": "e"}, "status": "COMPLETED"}},
        ),
        (
            "console.log",
            {"meta.json": json.loads(TLOG % "running"), "metrics.jsonl": {"_step": 0}},
            {"meta.json": json.loads(TLOG % "finished")},
        ),
    ],
    ids=["sacred", "tlog"],
)
def test_an_unfinished_line_is_told_when_its_run_ends_without_another_one(
    tmp_path, console, facts, over
):
    (tmp_path / console).write_text("first\nlast")
    for name, content in facts.items():
        (tmp_path / name).write_text(json.dumps(content) + "\n")
    reader = only_reader(tmp_path)
    before = lines(list(reader.read()))
    for name, content in over.items():
        (tmp_path / name).write_text(json.dumps(content))

    after = lines(list(reader.read()))

    assert (before, after) == (["first"], ["last"])


@pytest.mark.parametrize(
    "make",
    [
        write_events,
        lambda folder: write(folder, **NAN_PARAM["dvclive"]),
    ],
    ids=["tensorboard", "dvclive"],
)
def test_a_folder_whose_name_is_no_text_can_be_stored(
    tmp_path, store: Store, make: Callable[[Path], object]
):
    odd = Path(os.fsdecode(os.fsencode(tmp_path / "opened") + b"/run\xff"))
    odd.mkdir(parents=True)
    make(odd)

    found = read_all(tmp_path / "opened")

    assert [one.run.name for one in found.runs.values()] == ["run\N{REPLACEMENT CHARACTER}"]
    import_path(store, tmp_path / "opened")
    assert store.read("SELECT count(*) FROM run") == [(1,)]


def test_a_run_is_the_same_one_through_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    write_events(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")

    keys = {key for name in ("real", "link") for key in read_all(tmp_path / name).runs}

    assert len(keys) == 1


def test_a_run_that_tells_no_end_ended_with_its_last_point(tmp_path, store: Store):
    points = "".join(
        json.dumps({"_step": step, "_ts": 1_700_000_000 + step, "loss": 1.5}) + "\n"
        for step in range(5)
    )
    write(tmp_path / "run", meta_dot_json=TLOG % "running", metrics_dot_jsonl=points)

    import_path(store, tmp_path)

    assert store.read("SELECT status, started_ms, ended_ms FROM run") == [
        ("killed", 1_700_000_000_000, 1_700_000_004_000)
    ]


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("run/.guild/attrs/label", "cannot be read: Is a directory"),
        ("mlruns/1/f00d/meta.yaml", "cannot be read: Is a directory; the run was passed over"),
    ],
)
def test_trouble_names_its_path_once(tmp_path, place, told):
    write(tmp_path / "run", **NAN_PARAM["guild"])
    experiment = "artifact_location: x\nexperiment_id: '1'\nlifecycle_stage: active\nname: e\n"
    write(tmp_path / "mlruns", **{"1__meta_dot_yaml": experiment})
    (tmp_path / place).mkdir(parents=True)
    for path in tmp_path.rglob("*"):
        age(path)

    found = read_all(tmp_path)

    assert [str(one) for one in found.unread] == [f"{tmp_path / place}: {told}"]


def only_reader(path: Path) -> Reader:
    [source] = find_sources(path)
    return source.open()


def lines(pieces: list[object]) -> list[str]:
    return [text for one in pieces if isinstance(one, Printed) for _, _, text in one.lines]

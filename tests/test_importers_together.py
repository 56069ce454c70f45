"""Files of many tools in one folder: all come in, once, and nothing of them is changed."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.import_truth import age, fingerprint
from tui_tracker.importers import find_sources
from tui_tracker.importers.importing import Follower, Imported, import_path
from tui_tracker.store import Store

STEPS = 4


def losses(factor: float = 1.0) -> list[float]:
    return [factor / (step + 1) for step in range(STEPS)]


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def mlflow_store(folder: Path) -> None:
    run = folder / "mlruns" / "1" / ("a" * 32)
    write(
        run.parent / "meta.yaml",
        "artifact_location: here\nexperiment_id: '1'\nlifecycle_stage: active\nname: e\n",
    )
    write(
        run / "meta.yaml",
        f"experiment_id: '1'\nrun_id: {run.name}\nrun_name: of mlflow\nstatus: 3\n"
        "start_time: 1700000000000\nend_time: 1700000060000\nlifecycle_stage: active\n",
    )
    rows = [f"{1_700_000_000_000 + n} {value} {n}\n" for n, value in enumerate(losses())]
    write(run / "metrics" / "loss", "".join(rows))
    write(run / "params" / "lr", "0.1")


def trainer_folder(folder: Path) -> None:
    log = [{"step": n, "loss": value} for n, value in enumerate(losses())]
    state = {"global_step": 3, "max_steps": 3, "log_history": log}
    write(folder / "trainer" / "trainer_state.json", json.dumps(state))


def lightning_folder(folder: Path) -> None:
    place = folder / "lightning_logs" / "version_0"
    write(place / "hparams.yaml", "lr: 0.2\n")
    rows = [f"{n},{value}" for n, value in enumerate(losses())]
    write(place / "metrics.csv", "\n".join(["step,loss", *rows, ""]))


def ultralytics_folder(folder: Path) -> None:
    rows = [f"{n + 1},{n},{value}" for n, value in enumerate(losses())]
    head = "epoch,time,train/box_loss"
    write(folder / "detect" / "results.csv", "\n".join([head, *rows, ""]))
    write(folder / "detect" / "args.yaml", "task: detect\nmode: train\nlr0: 0.3\n")


def dvclive_folder(folder: Path) -> None:
    rows = [f"{n}\t{value}" for n, value in enumerate(losses())]
    place = folder / "dvclive"
    write(place / "plots" / "metrics" / "loss.tsv", "\n".join(["step\tloss", *rows, ""]))
    write(place / "metrics.json", json.dumps({"loss": losses()[-1], "step": STEPS - 1}))
    write(place / "params.yaml", "lr: 0.4\n")


def sacred_folder(folder: Path) -> None:
    place = folder / "sacred" / "1"
    series = {
        "steps": list(range(STEPS)),
        "timestamps": [f"2024-01-01T00:00:0{n}" for n in range(STEPS)],
        "values": losses(),
    }
    facts = {
        "status": "COMPLETED",
        "start_time": "2024-01-01T00:00:00",
        "stop_time": "2024-01-01T00:00:09",
        "experiment": {"name": "e", "sources": [], "repositories": [], "dependencies": []},
        "host": {},
        "meta": {},
        "artifacts": [],
        "resources": [],
        "command": "main",
        "format": "MongoObserver-0.7.0",
    }
    write(place / "run.json", json.dumps(facts))
    write(place / "config.json", json.dumps({"lr": 0.5}))
    write(place / "metrics.json", json.dumps({"loss": series}))
    write(place / "cout.txt", "hello\n")


def optuna_journal(folder: Path) -> None:
    lines = [
        {"op_code": 0, "worker_id": "w", "study_name": "study", "directions": [1]},
        {"op_code": 4, "worker_id": "w", "study_id": 0, "datetime_start": "2024-01-01T00:00:00"},
        *(
            {
                "op_code": 7,
                "worker_id": "w",
                "trial_id": 0,
                "step": step,
                "intermediate_value": value,
            }
            for step, value in enumerate(losses())
        ),
        {
            "op_code": 6,
            "worker_id": "w",
            "trial_id": 0,
            "state": 1,
            "values": [0.25],
            "datetime_complete": "2024-01-01T00:01:00",
        },
    ]
    write(folder / "optuna.log", "".join(json.dumps(line) + "\n" for line in lines))


def plain_tables(folder: Path) -> None:
    rows = [f"{n},{value}" for n, value in enumerate(losses())]
    write(folder / "keras.csv", "\n".join(["epoch,loss", *rows, ""]))
    lines = [json.dumps({"step": n, "loss": value}) for n, value in enumerate(losses())]
    write(folder / "more.jsonl", "\n".join([*lines, ""]))


def printed_log(folder: Path) -> None:
    lines = [f"epoch {n} loss {value}" for n, value in enumerate(losses(), start=1)]
    write(folder / "train.log", "\n".join(["lr=0.6", *lines, ""]))


def of_no_tool(folder: Path) -> None:
    write(folder / "README.md", "# nothing\n")
    write(folder / "train.py", "print(1)\n")
    (folder / "weights.npy").write_bytes(b"\x93NUMPY" + bytes(100))
    connection = sqlite3.connect(folder / "other.db")
    connection.execute("CREATE TABLE cake (name TEXT)")
    connection.close()


MAKERS = (
    *(mlflow_store, trainer_folder, lightning_folder, ultralytics_folder, dvclive_folder),
    *(sacred_folder, optuna_journal, plain_tables, printed_log, of_no_tool),
)
TOOLS = {
    *("mlflow", "hf_trainer", "lightning", "ultralytics", "dvclive", "sacred", "optuna"),
    *("table", "log"),
}
RUNS = 10


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with something of every tool, as of yesterday."""
    place = tmp_path / "work"
    for make in MAKERS:
        make(place)
    for path in place.rglob("*"):
        age(path)
    return place


def runs_of(store: Store) -> dict[str, tuple[str, int]]:
    """Return status and count of points of each run, by tool and name."""
    rows = store.read(
        "SELECT json_extract(source, '$.tool'), name, status, points FROM run ORDER BY id"
    )
    return {f"{tool}: {name}": (status, points) for tool, name, status, points in rows}


def test_every_tool_is_found_and_claims_what_is_its_own(folder):
    sources = list(find_sources(folder))

    assert {one.tool for one in sources} == TOOLS
    assert len({one.path for one in sources}) == len(sources)


def test_all_of_it_comes_in_and_nothing_of_it_is_changed(folder, tmp_path):
    before = fingerprint(folder)

    with Store.open(tmp_path / "s", create=True) as store:
        done = import_path(store, folder)
        runs = runs_of(store)

    assert fingerprint(folder) == before
    assert not [*done.skipped, *done.warnings]
    assert set(done.tools) == TOOLS
    assert len(done.imported) == len(runs) == RUNS
    assert all(points >= STEPS for _, points in runs.values()), runs
    assert {status for status, _ in runs.values()} <= {"finished", "killed"}


def test_a_second_import_finds_all_as_it_was(folder, tmp_path):
    with Store.open(tmp_path / "s", create=True) as store:
        first = import_path(store, folder)
        before = runs_of(store)
        again = import_path(store, folder)
        after = runs_of(store)

    assert (again.imported, again.updated) == ([], [])
    assert set(again.same) == set(first.imported)
    assert after == before


def follow_more(folder: Path, follower: Follower) -> Imported:
    """Let a table and a log grow, and a new tool's file appear."""
    with (folder / "keras.csv").open("a") as file:
        file.write("4,0.01\n")
    with (folder / "train.log").open("a") as file:
        file.write("epoch 5 loss 0.02\n")
    write(folder / "new" / "late.csv", "step,loss\n1,0.5\n2,0.4\n")
    return follower.read()


def test_what_grows_and_what_is_new_comes_in_by_following(folder, tmp_path):
    with Store.open(tmp_path / "s", create=True) as store:
        follower = Follower(store, folder)
        follower.read()
        before = runs_of(store)
        idle = follower.read()
        more = follow_more(folder, follower)
        after = runs_of(store)
        follower.close()

    assert (idle.imported, idle.updated, idle.points) == ([], [], 0)
    assert len(more.imported) == 1
    grown = {name for name, (_, points) in before.items() if after[name][1] > points}
    assert grown == {"table: keras.csv", "log: train"}
    assert after["table: keras.csv"][1] == before["table: keras.csv"][1] + 1


def test_what_is_broken_is_told_and_the_rest_comes_in(folder, tmp_path):
    (folder / "trainer" / "trainer_state.json").write_text('{"log_history": "is_hyper_param_')
    (folder / "sacred" / "1" / "metrics.json").write_text("{")
    (folder / "empty.csv").touch()
    for path in folder.rglob("*"):
        age(path)

    with Store.open(tmp_path / "s", create=True) as store:
        done = import_path(store, folder)

    told = {one.path.name for one in (*done.skipped, *done.warnings)}
    assert len(done.imported) == RUNS - 1
    assert {"metrics.json", "trainer"} <= told


def test_what_vanishes_between_two_looks_stays_in_the_store(folder, tmp_path):
    with Store.open(tmp_path / "s", create=True) as store:
        follower = Follower(store, folder)
        follower.read()
        before = runs_of(store)
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        gone = follower.read()
        after = runs_of(store)
        follower.close()

    assert (gone.imported, gone.points) == ([], 0)
    assert {name: points for name, (_, points) in after.items()} == {
        name: points for name, (_, points) in before.items()
    }


def test_a_store_inside_of_a_run_folder_of_another_tool_is_found(tmp_path):
    for make in (sacred_folder, ultralytics_folder):
        make(tmp_path)
    mlflow_store(tmp_path / "sacred" / "1")
    lightning_folder(tmp_path / "detect")

    tools = sorted(one.tool for one in find_sources(tmp_path))

    assert tools == ["lightning", "mlflow", "sacred", "ultralytics"]


def test_files_of_many_tools_side_by_side_are_told_apart(tmp_path):
    for make in (optuna_journal, plain_tables, printed_log, of_no_tool):
        make(tmp_path)
    trainer_folder(tmp_path)
    lightning_folder(tmp_path)
    for place in (tmp_path / "trainer", tmp_path / "lightning_logs" / "version_0"):
        for path in list(place.iterdir()):
            path.rename(tmp_path / path.name)
        place.rmdir()
    (tmp_path / "lightning_logs").rmdir()

    tools = sorted(one.tool for one in find_sources(tmp_path))

    assert tools == ["hf_trainer", "lightning", "log", "optuna", "table", "table"]

"""The same runs in two places: they come in once, whichever place is looked at first."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.import_truth import SHARED, age, aged_copy
from tui_tracker.importers.importing import Imported, import_path
from tui_tracker.store import Store

RUN = "a" * 32


def mlruns(folder: Path, points: int, *, status: int, ended_ms: int | None) -> Path:
    """Write a store of MLflow with one run, which has this many points."""
    run = folder / "1" / RUN
    (run / "metrics").mkdir(parents=True)
    (run / "artifacts").mkdir()
    (run / "artifacts" / "note.txt").write_text("hello")
    (run.parent / "meta.yaml").write_text(
        "artifact_location: here\nexperiment_id: '1'\nlifecycle_stage: active\nname: e\n"
    )
    (run / "meta.yaml").write_text(
        f"experiment_id: '1'\nrun_id: {RUN}\nrun_name: one\nstatus: {status}\n"
        f"start_time: 1700000000000\nend_time: {ended_ms or 'null'}\nlifecycle_stage: active\n"
    )
    lines = [f"{1_700_000_000_000 + n} {1 / (n + 1)} {n}\n" for n in range(points)]
    (run / "metrics" / "loss").write_text("".join(lines))
    for path in folder.rglob("*"):
        age(path)
    return folder


def told(store: Store, path: Path) -> Imported:
    return import_path(store, path)


def facts(store: Store) -> tuple[object, ...]:
    (row,) = store.read("SELECT status, points, source FROM run")
    return (*row[:2], json.loads(row[2])["path"])


def test_a_copy_of_a_store_brings_nothing_and_changes_nothing(tmp_path):
    first = mlruns(tmp_path / "in" / "a", 5, status=3, ended_ms=1_700_000_060_000)
    shutil.copytree(first, tmp_path / "in" / "b")

    with Store.open(tmp_path / "s", create=True) as store:
        once = told(store, tmp_path / "in")
        again = told(store, tmp_path / "in")
        known = facts(store)
        (files,) = store.read("SELECT count(*) FROM artifact")[0]

    assert (len(once.imported), once.updated, once.same) == (1, [], [])
    assert (again.imported, again.updated, len(again.same)) == ([], [], 1)
    assert known == ("finished", 5, str(first / "1" / RUN))
    assert files == 1


@pytest.mark.parametrize("names", [("a_backup", "b"), ("b", "c_backup")])
def test_of_an_older_and_a_newer_copy_the_newer_one_counts(tmp_path, names):
    for name in names:
        old = "backup" in name
        mlruns(
            tmp_path / "in" / name,
            3 if old else 9,
            status=1 if old else 3,
            ended_ms=None if old else 1_700_000_060_000,
        )

    with Store.open(tmp_path / "s", create=True) as store:
        told(store, tmp_path / "in")
        told(store, tmp_path / "in")
        known = facts(store)

    assert known[:2] == ("finished", 9)


def test_a_store_that_was_moved_is_the_same_and_its_place_is_kept_up(tmp_path):
    first = mlruns(tmp_path / "in" / "a", 5, status=3, ended_ms=1_700_000_060_000)

    with Store.open(tmp_path / "s", create=True) as store:
        told(store, tmp_path / "in")
        first.rename(tmp_path / "in" / "z")
        again = told(store, tmp_path / "in")
        known = facts(store)

    assert again.imported == []
    assert known == ("finished", 5, str(tmp_path / "in" / "z" / "1" / RUN))


@pytest.mark.parametrize("item", ["wandb_offline", "mlflow_sqlite", "aim", "trackio", "swanlab"])
def test_the_stores_of_tools_with_ids_come_in_once(tmp_path, item):
    if not (SHARED / item).exists():
        pytest.skip("the data of other tools are kept beside the repository")
    aged_copy(SHARED / item, tmp_path / "in" / "a")
    aged_copy(SHARED / item, tmp_path / "in" / "b")

    with Store.open(tmp_path / "s", create=True) as store:
        once = told(store, tmp_path / "in")
        again = told(store, tmp_path / "in")

    assert len(set(once.imported)) == len(once.imported)
    assert once.updated == []
    assert (again.imported, again.updated) == ([], [])
    assert set(again.same) == set(once.imported)

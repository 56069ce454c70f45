"""Stores of older versions are brought up to date in place, and later ones are refused."""

from __future__ import annotations

import math
import re
import sqlite3
from pathlib import Path

import pytest
from old_stores import restored

from tui_tracker import queries
from tui_tracker.database import SCHEMA_VERSION
from tui_tracker.errors import StoreError, StoreTooNew
from tui_tracker.store import Store

DATA = Path(__file__).parent / "data"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The folder of a store that version 1 wrote, with a run in it."""
    return restored(tmp_path / "store", 1)


@pytest.fixture
def old_2(tmp_path: Path) -> Path:
    """The folder of a store that version 2 wrote, with two runs and their lineage in it."""
    return restored(tmp_path / "store", 2)


def test_a_store_of_version_1_is_brought_up_to_date_with_a_copy_beside_it(old):
    with Store.open(old) as store:
        version = store.read("PRAGMA user_version")[0][0]

    assert version == SCHEMA_VERSION
    copy = sqlite3.connect(old / "store.db.v1.backup")
    assert copy.execute("PRAGMA user_version").fetchone() == (1,)
    assert copy.execute("SELECT count(*) FROM run").fetchone() == (1,)
    copy.close()


def test_all_that_version_1_logged_is_read_as_before(old):
    with Store.open(old) as store:
        (key,) = queries.list_run_keys(store)
        run = queries.get_run(store, key)
        metric = queries.find_metric(run, "val_f1")
        series = queries.read_series(store, key, metric.key)
        console = queries.read_console(store, key)

    assert (run.row.name, run.row.status, run.points) == ("lr=0.1", "finished", 400)
    assert run.row.params == {"lr": 0.2, "seed": 3, "text": "x" * 600}
    assert (metric.count, metric.nan, len(series.values)) == (200, 1, 200)
    assert math.isnan(series.values[7])
    assert series.values[199] == 1 - math.exp(-199 / 50)
    assert [artifact.path for artifact in run.artifacts] == ["model.bin"]
    assert [note.text for note in run.notes] == ["first"]
    assert [line.text for line in console] == ["done"]
    assert {part.name for part in run.lineage} >= {"process", "code"}


def test_facts_of_runs_of_version_2_can_be_queried_after_it_was_brought_up(old_2):
    with Store.open(old_2) as store:
        facts = store.read(
            "SELECT b.run, k.name, f.text, f.number FROM run_body AS b "
            "JOIN fact AS f ON f.body = b.body JOIN key AS k ON k.id = f.key "
            "WHERE k.name IN ('commit', 'dirty', 'package.torch', 'data.version', 'seed.numpy') "
            "ORDER BY b.run, k.name"
        )
        bodies = store.read("SELECT count(*) FROM fact_body WHERE part='environment'")

    commit = "4f2ab10c9d6e877a063403c4181bbf3c25bd9973"
    assert facts == [
        (1, "commit", commit, None),
        (1, "data.version", "v2", None),
        (1, "dirty", "false", 0.0),
        (1, "package.torch", "2.1.0+cu121", None),
        (1, "seed.numpy", "0", 0.0),
        (2, "commit", commit, None),
        (2, "data.version", "v2", None),
        (2, "dirty", "true", 1.0),
        (2, "package.torch", "2.1.0+cu121", None),
        (2, "seed.numpy", "1", 1.0),
    ]
    assert bodies == [(1,)]


def test_a_store_of_version_3_keeps_its_runs_and_gets_empty_tables_for_what_is_told(tmp_path):
    with Store.open(restored(tmp_path / "store", 3)) as store:
        names = [queries.get_run(store, key).row.name for key in queries.list_run_keys(store)]
        metrics = queries.get_run(store, 1).row.metrics
        facts = store.read("SELECT count(*) FROM run_body")
        told = [
            store.read(f"SELECT count(*) FROM {table}")
            for table in ("alias", "amendment", "decision", "audit")
        ]

    assert sorted(names) == ["lr=0.01_seed=1", "lr=0.1_seed=0"]
    assert sorted(metrics) == ["loss_train", "val_acc", "val_acc@cv"]
    assert facts[0][0] > 10
    assert told == [[(0,)]] * 4


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_migrated_store_has_the_tables_of_a_new_one(version, tmp_path):
    found = []
    for folder in (restored(tmp_path / "old", version), tmp_path / "new"):
        with Store.open(folder, create=True) as store:
            rows = store.read(
                "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name"
            )
        found.append({name: re.sub(r"\s+", " ", sql) for name, sql in rows})

    assert found[0] == found[1]


def test_a_training_run_does_not_migrate(old):
    with pytest.raises(StoreError, match="older version"):
        Store.open(old, upgrade=False)


def test_a_store_of_a_later_version_is_refused_in_words(old):
    connection = sqlite3.connect(old / "store.db")
    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    connection.close()

    with pytest.raises(StoreTooNew, match="upgrade tui-tracker"):
        Store.open(old)

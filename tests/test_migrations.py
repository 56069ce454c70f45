"""Stores of older versions are brought up to date in place, and later ones are refused."""

from __future__ import annotations

import math
import re
import sqlite3
from pathlib import Path

import pytest

from tui_tracker import queries
from tui_tracker.database import SCHEMA_VERSION, statements
from tui_tracker.errors import StoreError, StoreTooNew
from tui_tracker.folder import APPLICATION_ID
from tui_tracker.store import Store

DUMP = Path(__file__).parent / "data" / "store_v1.sql"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The folder of a store that version 1 wrote, with a run in it."""
    folder = tmp_path / "store"
    (folder / "journals").mkdir(parents=True)
    connection = sqlite3.connect(folder / "store.db", isolation_level=None)
    for statement in statements(DUMP.read_text(encoding="utf-8")):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    connection.execute("PRAGMA user_version=1")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    return folder


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


def test_a_migrated_store_has_the_tables_of_a_new_one(old, tmp_path):
    found = []
    for folder in (old, tmp_path / "new"):
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

"""Stores of trackio."""

from __future__ import annotations

import json
import math
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.import_told import run_sql
from tests.import_truth import age, check, gather, read_all, read_item, truth_of
from tui_tracker.importers.claims import Claim
from tui_tracker.importers.records import ImportedRun, Points, StartedOver
from tui_tracker.importers.trackio import TrackioProject

SCHEMA = """
PRAGMA journal_mode=WAL;
CREATE TABLE metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT, timestamp TEXT,
                      run_name TEXT, step INTEGER, metrics TEXT);
CREATE TABLE configs (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT, run_name TEXT, config TEXT,
                      created_at TEXT);
CREATE TABLE system_metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT, timestamp TEXT,
                             run_name TEXT, metrics TEXT);
CREATE TABLE alerts (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id, timestamp, run_name, title, text,
                     level);
CREATE TABLE artifacts (id INTEGER PRIMARY KEY, name, type);
CREATE TABLE artifact_versions (id INTEGER PRIMARY KEY, artifact_id, version, manifest);
CREATE TABLE run_artifact_links (id INTEGER PRIMARY KEY, run_id, run_name, artifact_version_id,
                                 direction);
"""
OLD_SCHEMA = """
CREATE TABLE metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp TEXT, run_name TEXT,
                      step INTEGER, metrics TEXT);
INSERT INTO metrics VALUES (1, '2025-01-01T00:00:00', 'first', 0, '{"loss": 0.5}'),
                           (2, '2025-01-01T00:00:01', 'first', 1, '{"loss": 0.25}');
"""
AT = "2026-01-01T00:00:00+00:00"


@pytest.fixture
def path(tmp_path) -> Path:
    file = tmp_path / "digits.db"
    run_sql(file, SCHEMA)
    return file


def log(path: Path, run: str, step: int, *, table: str = "metrics", **values: object) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        columns = "run_id, run_name, timestamp, metrics" + (", step" if table == "metrics" else "")
        given = [run, f"name {run}", AT, json.dumps(values)] + [step] * (table == "metrics")
        marks = ",".join("?" * len(given))
        connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", given)


def told(pieces) -> list[str]:
    shown = []
    for piece in pieces:
        if isinstance(piece, Points):
            shown.append(f"{piece.run}: {piece.metric} {list(piece.values)}")
        elif isinstance(piece, ImportedRun):
            shown.append(f"{piece.key} {piece.status}")
        elif isinstance(piece, StartedOver):
            shown.append(f"{piece.run} over")
        else:
            shown.append(str(piece))
    return shown


def test_every_run_of_the_shared_store_is_as_stated(tmp_path):
    truth = truth_of("trackio")

    found = read_item("trackio", tmp_path)

    check(found, truth)
    assert not found.unread


def test_values_are_read_as_they_were_logged(path):
    log(path, "a", 0, loss="NaN", acc="-Infinity", ok=True, deep={"x": {"y": 2}}, word="hello")

    found = read_all(path)

    run = found.one("a")
    assert math.isnan(run.series("loss").values[0])
    assert run.series("acc").values == [-math.inf]
    assert run.series("ok").values == [1.0]
    assert run.series("deep.x.y").values == [2.0]
    assert "1 values of the kind 'text' of 'word'" in str(found.unread[0])


def test_the_first_versions_know_a_run_by_its_name(tmp_path):
    path = tmp_path / "old.db"
    run_sql(path, OLD_SCHEMA)

    run = read_all(path).one("first")

    assert run.run.experiment == "old"
    assert run.run.id == "first"
    assert run.series("loss").values == [0.5, 0.25]


def test_configs_alerts_and_facts_of_a_run_are_told(path):
    config = {"lr": 0.1, "opt": {"name": "adam"}, "_Username": "ada", "_Group": "g", "_Created": AT}
    log(path, "a", 0, loss=1)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO configs VALUES (1, 'a', 'name a', ?, ?)", (json.dumps(config).encode(), AT)
        )
        connection.execute(
            "INSERT INTO alerts VALUES (1, 'a', ?, 'name a', 'Spike', 'loss rose', 'warn')", (AT,)
        )

    run = read_all(path).one("a").run

    assert run.params == {"lr": 0.1, "opt.name": "adam"}
    assert (run.user, run.tags) == ("ada", ["group:g"])
    assert [note.text for note in run.notes] == ["warn: Spike: loss rose"]
    assert run.started_at is not None


def test_sampled_values_are_counted_and_kept_apart(path):
    log(path, "a", 0, loss=1)
    log(path, "a", 0, table="system_metrics", cpu=1.0)
    log(path, "a", 0, table="system_metrics", cpu=2.0)

    run = read_all(path).one("a")

    assert run.system["cpu", ""].steps == [0, 1]
    assert set(run.metrics) == {("loss", "")}


def test_media_and_artifacts_lie_beside_the_database(path):
    folder = path.parent
    for place in ("media/digits/r/1/x.png", "artifacts/digits/blobs/sha256/ab/" + "ab" * 32):
        (folder / place).parent.mkdir(parents=True)
        (folder / place).write_text("!")
    picture = {"_type": "trackio.image", "file_path": "digits/r/1/x.png"}
    outside = {"_type": "trackio.image", "file_path": "../../secret.png"}
    log(path, "a", 0, pic=picture, bad=outside)
    manifest = [{"path": "w.bin", "digest": "ab" * 32, "size": 1}, {"path": "../x", "digest": "ab"}]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO artifacts VALUES (1, 'model', 'weights')")
        connection.execute(
            "INSERT INTO artifact_versions VALUES (1, 1, 3, ?)", (json.dumps(manifest),)
        )
        connection.execute("INSERT INTO run_artifact_links VALUES (1, 'a', 'name a', 1, 'input')")

    run = read_all(path).one("a").run

    assert [(one.path, one.kind, one.used) for one in run.artifacts] == [
        ("digits/r/1/x.png", "image", False),
        ("model/v3/w.bin", "weights", True),
    ]


def test_a_project_is_followed_and_over_when_it_is_silent(path):
    log(path, "a", 0, loss=1)
    reader = TrackioProject(Claim("trackio", path, path.parent))
    assert told(reader.read()) == ["a running", "a: loss [1.0]"]

    log(path, "a", 1, loss=2)
    log(path, "b", 0, loss=3)
    assert told(reader.read()) == ["b running", "a: loss [2.0]", "b: loss [3.0]"]
    assert told(reader.read()) == []
    for file in path.parent.iterdir():
        os.utime(file, (time.time() - 1000,) * 2)
    assert told(reader.read()) == ["a finished", "b finished"]
    assert told(reader.read()) == []


def test_a_project_that_was_made_anew_is_read_anew(path):
    log(path, "a", 0, loss=1)
    reader = TrackioProject(Claim("trackio", path, path.parent))
    list(reader.read())
    run_sql(path, "DELETE FROM metrics; DELETE FROM sqlite_sequence")
    log(path, "b", 0, loss=5)

    assert told(reader.read()) == ["a over", "b running", "b: loss [5.0]"]


@pytest.mark.parametrize("cell", ["", "[1]", "null", "{", "7"])
def test_a_row_that_is_no_mapping_is_counted(path, cell):
    log(path, "a", 0, loss=1)
    run_sql(path, f"INSERT INTO metrics VALUES (9, 'a', 'never', 'name a', 'x', '{cell}')")
    age(path)

    found = gather(TrackioProject(Claim("trackio", path, path.parent)).read())

    assert found.one("a").series("loss").values == [1.0]
    assert "no JSON object" in str(found.unread[0])

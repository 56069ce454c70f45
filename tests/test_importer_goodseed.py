"""Stores of goodseed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.import_told import run_sql, told_of_one
from tests.import_truth import check, gather, read_all, read_item, truth_of
from tui_tracker.importers.claims import Claim
from tui_tracker.importers.goodseed import GoodseedRun

SCHEMA = """
CREATE TABLE run_meta (key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE configs (path TEXT PRIMARY KEY, type_tag TEXT, value TEXT, updated_at TEXT);
CREATE TABLE metric_series (id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT UNIQUE);
CREATE TABLE metric_points (series_id INTEGER, step REAL, y REAL, ts INTEGER,
                            PRIMARY KEY (series_id, step));
CREATE TABLE string_series (id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT UNIQUE);
CREATE TABLE string_points (series_id INTEGER, step REAL, value TEXT, ts INTEGER,
                            PRIMARY KEY (series_id, step));
INSERT INTO run_meta VALUES ('schema_version', '1'), ('run_id', 'r-1'), ('project', 'ws/digits'),
    ('created_at', '2026-01-01T00:00:00+00:00'), ('name', 'first'), ('status', 'running');
INSERT INTO metric_series VALUES (1, 'train/loss'), (2, 'monitoring/ab12/cpu');
"""


@pytest.fixture
def path(tmp_path) -> Path:
    file = tmp_path / "r-1.sqlite"
    run_sql(file, SCHEMA)
    return file


def test_every_run_of_the_shared_store_is_as_stated(tmp_path):
    truth = truth_of("goodseed")

    found = read_item("goodseed", tmp_path)

    check(found, truth)
    assert not found.unread


def test_values_have_the_types_they_were_given(path):
    run_sql(
        path,
        "INSERT INTO configs VALUES ('a/b', 'int', '3', ''), ('n', 'null', '', ''), "
        "('t', 'bool', 'true', ''), ('f', 'float', 'nan', ''), ('odd', 'int', 'x', ''), "
        "('set', 'string_set', '[\"p\",\"q\"]', ''), ('sys/tags', 'string_set', '[\"x\"]', ''), "
        "('sys/description', 'str', 'why', ''), ('monitoring/ab/hostname', 'str', 'box', ''), "
        "('source_code/git/commit_id', 'str', 'c0ffee', ''), "
        "('source_code/git/dirty', 'bool', 'true', '')",
    )

    run = read_all(path).one("r-1").run

    assert repr(run.params["f"]) == "nan"
    rest = {name: value for name, value in run.params.items() if name != "f"}
    assert rest == {"a.b": 3, "n": None, "t": True, "odd": "x", "set": ["p", "q"]}
    assert (run.tags, run.host, run.experiment) == (["x"], "box", "digits")
    assert [note.text for note in run.notes] == ["why"]
    assert run.lineage["code"] == {"commit": "c0ffee", "dirty": True}


def test_a_step_that_is_not_whole_keeps_its_order_and_itself(path):
    run_sql(path, "INSERT INTO metric_points VALUES (1, 0.5, 3, 1), (1, 1.5, 2, 2), (1, 2, 1, 3)")

    run = read_all(path).one("r-1")

    assert run.series("train/loss").steps == [0, 1, 2]
    assert run.series("train/loss.step").values == [0.5, 1.5, 2.0]


def test_steps_are_whole_again_in_a_series_that_was_written_anew(path):
    reader = GoodseedRun(Claim("goodseed", path, path.parent))
    run_sql(path, "INSERT INTO metric_points VALUES (1, 0.5, 3, 1)")
    before = told_of_one(reader.read())
    run_sql(path, "DELETE FROM metric_points; INSERT INTO metric_points VALUES (1, 7, 3, 1)")

    after = told_of_one(reader.read())

    assert before == ["running", "train/loss.step [0]", "train/loss [0]"]
    assert after == ["over", "running", "train/loss [7]"]


def test_console_lines_are_printed_and_other_texts_told_of(path):
    run_sql(
        path,
        "INSERT INTO string_series VALUES (1, 'monitoring/ab12/stderr'), (2, 'notes');"
        "INSERT INTO string_points VALUES (1, 0, 'one' || char(10) || 'two', 5), (2, 0, 'x', 6);"
        "INSERT INTO metric_points VALUES (2, 0, 50, 7)",
    )

    found = read_all(path)

    run = found.one("r-1")
    assert run.printed == [(5000, "e", "one"), (5000, "e", "two")]
    assert set(run.system) == {("monitoring/ab12/cpu", "")}
    assert "'notes'" in str(found.unread[0])


def test_a_run_is_followed_until_it_ends(path):
    reader = GoodseedRun(Claim("goodseed", path, path.parent))
    assert told_of_one(reader.read()) == ["running"]

    run_sql(path, "INSERT INTO metric_points VALUES (1, 0, 3, 1), (1, 1, 2, 2)")
    assert told_of_one(reader.read()) == ["train/loss [0, 1]"]
    run_sql(path, "INSERT INTO metric_points VALUES (1, 2, 1, 3)")
    assert told_of_one(reader.read()) == ["train/loss [2]"]
    run_sql(path, "UPDATE run_meta SET value='failed' WHERE key='status'")
    assert told_of_one(reader.read()) == ["failed"]
    assert told_of_one(reader.read()) == []


def test_a_run_that_was_killed_is_known_by_its_silence(path):
    os.utime(path, (time.time() - 1000,) * 2)

    assert read_all(path).one("r-1").run.status == "killed"


def test_odd_rows_and_schemas_are_told(path):
    run_sql(
        path,
        "UPDATE run_meta SET value='9' WHERE key='schema_version';"
        "INSERT INTO metric_points VALUES (77, 0, 1, 1), (1, 0, 'word', 1), (1, 1, 2, 'never')",
    )

    found = gather(GoodseedRun(Claim("goodseed", path, path.parent)).read())

    assert found.one("r-1").series("train/loss").values == [2.0]
    assert ["'9'" in str(found.unread[0]), "2 rows" in str(found.unread[1])] == [True, True]

"""Stores of exptrack."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tests.import_told import run_sql, told_of_one
from tests.import_truth import check, read_all, read_item, truth_of
from tui_tracker.importers.claims import Claim
from tui_tracker.importers.exptrack import ExptrackProject


def test_every_run_of_the_shared_store_is_as_stated(tmp_path):
    truth = truth_of("exptrack")
    # The second run wrote over the first one's file: only what the store says of it is left.
    (overwritten,) = truth["runs"][0]["artifacts"]
    truth["runs"][0]["artifacts"] = []

    found = read_item("exptrack", tmp_path)

    check(found, truth)
    assert not found.unread
    (told,) = found.one(truth["runs"][0]["id"]).run.artifacts
    assert (told.path, told.sha256) == (overwritten["path"], overwritten["sha256"])
    assert told.size_bytes == overwritten["size"]


SCHEMA = """
CREATE TABLE experiments (id TEXT PRIMARY KEY, project TEXT, name TEXT, status TEXT,
    created_at TEXT, updated_at TEXT, script TEXT, command TEXT, git_branch TEXT,
    git_commit TEXT, git_diff TEXT,
    hostname TEXT, python_ver TEXT, notes TEXT, tags TEXT, studies TEXT, stage_name TEXT,
    output_dir TEXT, deleted_at TEXT);
CREATE TABLE params (exp_id TEXT, key TEXT, value TEXT, PRIMARY KEY (exp_id, key));
CREATE TABLE metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, exp_id, key, value REAL, step, ts);
CREATE TABLE artifacts (id INTEGER PRIMARY KEY AUTOINCREMENT, exp_id, label, path, content_hash,
    size_bytes);
INSERT INTO experiments VALUES ('e1', 'proj', 'first', 'running', '2026-01-01T00:00:00+00:00',
    '2026-01-01T00:01:00+00:00', '/x/train.py', 'train.py --lr 1', 'main', 'c0ffee', '', 'box',
    '3.12', 'why', '["t"]', '["s"]', 'eval', '/gone/proj/outputs/first', NULL);
"""


@pytest.fixture
def path(tmp_path) -> Path:
    file = tmp_path / "proj" / ".exptrack" / "experiments.db"
    file.parent.mkdir(parents=True)
    run_sql(file, SCHEMA)
    return file


def test_facts_of_a_run_are_told(path):
    run_sql(
        path, "INSERT INTO params VALUES ('e1', 'lr', '0.1'), ('e1', '_gpu', '{\"name\": \"A\"}')"
    )

    run = read_all(path).one("e1").run

    assert run.params == {"lr": 0.1}
    assert set(run.tags) == {"t", "study:s", "stage:eval"}
    assert run.lineage["code"] == {"commit": "c0ffee", "branch": "main", "dirty": False}
    assert run.lineage["environment"] == {"python": {"version": "3.12"}}
    assert run.lineage["hardware"] == {"gpus": [{"name": "A"}]}
    assert run.lineage["process"]["argv"] == ["train.py", "--lr", "1"]
    assert run.host == "box"


def test_an_interrupted_run_was_stopped_by_hand_and_a_failed_one_failed(path):
    run_sql(path, "UPDATE experiments SET status='failed'")
    assert read_all(path).one("e1").run.status == "failed"

    run_sql(path, "INSERT INTO params VALUES ('e1', '_interrupted', 'true')")

    assert read_all(path).one("e1").run.status == "killed"


def test_missing_steps_are_counted_and_null_is_nan(path):
    run_sql(
        path,
        "INSERT INTO metrics (exp_id, key, value, step) VALUES ('e1', 'loss', 1, NULL), "
        "('e1', 'loss', NULL, NULL), ('e1', 'loss', 2, 7), ('nobody', 'loss', 1, 1)",
    )

    found = read_all(path)

    series = found.one("e1").series("loss")
    assert series.steps == [0, 1, 7]
    assert math.isnan(series.values[1])
    assert "1 rows" in str(found.unread[0])


def test_a_run_is_followed_and_only_told_of_what_is_new(path):
    reader = ExptrackProject(Claim("exptrack", path, path.parent))
    assert told_of_one(reader.read()) == ["running"]

    run_sql(path, "INSERT INTO metrics (exp_id, key, value, step) VALUES ('e1', 'loss', 1, 0)")
    assert told_of_one(reader.read()) == ["loss [0]"]
    run_sql(path, "INSERT INTO metrics (exp_id, key, value, step) VALUES ('e1', 'loss', 1, 1)")
    assert told_of_one(reader.read()) == ["loss [1]"]
    run_sql(path, "UPDATE experiments SET status='done'")
    assert told_of_one(reader.read()) == ["finished"]
    assert told_of_one(reader.read()) == []


def test_files_are_found_below_the_project_only(path, tmp_path):
    project = path.parent.parent
    (project / "outputs" / "first").mkdir(parents=True)
    (project / "outputs" / "first" / "log.txt").write_text("x")
    (project / "w.json").write_text("{}")
    (tmp_path / "secret").write_text("!")
    run_sql(
        path,
        "INSERT INTO artifacts (exp_id, label, path) VALUES "
        "('e1', 'output_dir', '/gone/proj/outputs/first'), ('e1', 'w', '/gone/proj/w.json'), "
        f"('e1', 'bad', '{tmp_path}/secret'), ('e1', 'worse', '../../secret')",
    )

    run = read_all(path).one("e1").run

    assert [(one.path, one.file is not None) for one in run.artifacts] == [
        ("first/log.txt", True),
        ("w.json", True),
        ("secret", False),
        ("secret", False),
    ]


def test_a_run_in_the_bin_is_archived(path):
    run_sql(path, "UPDATE experiments SET deleted_at='2026-01-01'")

    run = read_all(path).one("e1").run

    assert run.archived
    assert "deleted" in run.tags

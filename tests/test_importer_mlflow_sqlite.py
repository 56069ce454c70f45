"""MLflow databases."""

from __future__ import annotations

import math
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.import_told import told
from tests.import_truth import check, gather, read_all, read_item, truth_of
from tui_tracker.errors import ImportFailed
from tui_tracker.importers import find_sources
from tui_tracker.importers import mlflow_sqlite as module
from tui_tracker.importers.claims import Claim
from tui_tracker.importers.databases import Session
from tui_tracker.importers.records import Piece, Unread

SCHEMA = """
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);
CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name, artifact_location,
                          lifecycle_stage, workspace DEFAULT 'default');
CREATE TABLE runs (run_uuid VARCHAR(32) PRIMARY KEY, name, source_type, source_name, user_id,
                   status, start_time BIGINT, end_time BIGINT, source_version, lifecycle_stage,
                   artifact_uri, experiment_id INTEGER);
CREATE TABLE params (key, value, run_uuid, PRIMARY KEY (key, run_uuid));
CREATE TABLE tags (key, value, run_uuid, PRIMARY KEY (key, run_uuid));
CREATE TABLE metrics (key, value FLOAT, timestamp BIGINT, run_uuid, step BIGINT, is_nan BOOLEAN);
CREATE TABLE inputs (input_uuid, source_type, source_id, destination_type, destination_id);
CREATE TABLE input_tags (input_uuid, name, value);
CREATE TABLE datasets (dataset_uuid, name, digest, dataset_source_type, dataset_source,
                       dataset_schema, dataset_profile);
CREATE TABLE logged_models (model_id, name, artifact_location, source_run_id);
INSERT INTO alembic_version VALUES ('dc11669786a5');
INSERT INTO experiments VALUES (1, 'digits', '/gone/mlartifacts/1', 'active', 'default');
"""
START = 1_700_000_000_000


class Store:
    """A database as MLflow makes it, written with SQL."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self.opened() as connection:
            connection.executescript(SCHEMA)

    @contextmanager
    def opened(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=30)) as connection, connection:
            yield connection

    def run(self, key: str, status: str = "FINISHED", **tags: str) -> None:
        with self.opened() as connection:
            connection.execute(
                "INSERT INTO runs VALUES (?,?,'LOCAL','','ada',?,?,?,'','active',?,1)",
                (
                    key,
                    f"run {key}",
                    status,
                    START,
                    START + 9,
                    f"/gone/mlartifacts/1/{key}/artifacts",
                ),
            )
            connection.executemany(
                "INSERT INTO tags VALUES (?,?,?)",
                [(name.replace("__", "."), value, key) for name, value in tags.items()],
            )

    def log(self, key: str, metric: str, *values: float | None, step: int = 0) -> None:
        with self.opened() as connection:
            connection.executemany(
                "INSERT INTO metrics VALUES (?,?,?,?,?,?)",
                [
                    (metric, value or 0.0, START + at, key, at, value is None)
                    for at, value in enumerate(values, step)
                ],
            )

    def do(self, question: str, *given: object) -> None:
        with self.opened() as connection:
            connection.execute(question, given)

    def reader(self) -> module.MlflowDatabase:
        return module.MlflowDatabase(Claim("mlflow", self.path, self.path.parent))


@pytest.fixture
def store(tmp_path) -> Store:
    (tmp_path / "kept").mkdir()
    return Store(tmp_path / "kept" / "mlflow.db")


def test_every_run_of_the_shared_store_is_as_stated(tmp_path):
    truth = truth_of("mlflow_sqlite")
    # The store itself (column, artifact location) has this run in the experiment that was
    # active last; the script's side record names the one before.
    stray = next(run for run in truth["runs"] if run["name"] == "nan-and-repeats")
    stray["experiment"] = "breast-cancer-search"

    found = read_item("mlflow_sqlite", tmp_path)

    check(found, truth)
    assert not found.unread


def test_datasets_and_models_of_the_shared_store_are_told(tmp_path):
    truth_of("mlflow_sqlite")

    run = read_item("mlflow_sqlite", tmp_path).one("mlp-lr0.001-h32").run

    data = run.lineage["data:digits-train"]
    assert (data["digest"], data["role"], data["kind"]) == ("812435cb", "training", "code")
    assert run.lineage["process"]["script"] == "/home/dev/projects/trainers/mlflow_gen.py"
    assert [(one.path, one.kind) for one in run.artifacts if one.kind] == [("model", "model")]
    assert run.user == "root"


def test_nan_and_infinities_come_out_as_logged(store):
    store.run("a")
    store.log("a", "loss", 0.5, None, 1.7976931348623157e308, -1.7976931348623157e308)

    series = read_all(store.path).one("a").series("loss")

    assert series.steps == [0, 1, 2, 3]
    assert math.isnan(series.values[1])
    assert series.values[2:] == [math.inf, -math.inf]


def test_system_metrics_are_not_the_users(store):
    store.run("a")
    store.log("a", "system/cpu_utilization_percentage", 3.0)

    run = read_all(store.path).one("a")

    assert not run.metrics
    assert set(run.system) == {("system/cpu_utilization_percentage", "")}


def test_tags_of_mlflow_become_what_they_mean(store):
    store.run(
        "a",
        mlflow__source__git__commit="c0ffee",
        mlflow__source__git__branch="main",
        mlflow__source__git__repoURL="git@example.org:x.git",
        mlflow__source__name="train.py",
        mlflow__note__content="why",
        mlflow__user="grace",
        mlflow__autologging="sklearn",
        mlflow__loggedArtifacts="[]",
        stage="baseline",
        bare="",
    )

    run = read_all(store.path).one("a").run

    code = {"commit": "c0ffee", "branch": "main", "remote_url": "git@example.org:x.git"}
    assert run.lineage["code"] == code
    assert run.lineage["process"] == {"script": "train.py"}
    assert [note.text for note in run.notes] == ["why"]
    assert run.user == "grace"
    assert set(run.tags) == {"mlflow.autologging:sklearn", "stage:baseline", "bare"}


def test_parents_are_told_unless_they_are_not_there(store):
    store.run("a", mlflow__parentRunId="b")
    store.run("b", mlflow__parentRunId="gone")
    store.run("c", mlflow__parentRunId="c")

    found = read_all(store.path)

    assert {key: one.run.parent for key, one in found.runs.items()} == {"a": "b", "b": "", "c": ""}


def test_a_deleted_run_and_a_deleted_experiment_are_marked(store):
    store.run("a")
    store.run("b")
    store.do("UPDATE runs SET lifecycle_stage='deleted' WHERE run_uuid='b'")
    found = read_all(store.path)
    assert not found.one("a").run.archived
    assert found.one("b").run.archived
    assert "deleted" in found.one("b").run.tags

    store.do("UPDATE experiments SET lifecycle_stage='deleted'")

    assert read_all(store.path).one("a").run.archived


def test_only_what_is_new_is_told_at_the_next_look(store):
    store.run("a", status="RUNNING")
    store.run("b")
    store.log("a", "loss", 3.0, 2.0)
    reader = store.reader()
    first = told(list(reader.read()))
    assert first == ["a running", "b finished", "a: loss [0, 1]"]

    store.log("a", "loss", 1.0, step=2)
    assert told(list(reader.read())) == ["a: loss [2]"]
    store.do("INSERT INTO params VALUES ('lr', '0.1', 'b')")
    assert told(list(reader.read())) == ["b finished"]
    store.do("UPDATE runs SET status='FINISHED' WHERE run_uuid='a'")
    assert told(list(reader.read())) == ["a finished"]
    store.do("INSERT INTO tags VALUES ('late', 'x', 'a')")
    assert told(list(reader.read())) == ["a finished"]
    store.do("UPDATE tags SET value='y' WHERE key='late'")
    assert told(list(reader.read())) == ["a finished"]
    assert told(list(reader.read())) == []


def test_a_database_that_did_not_change_is_not_asked(store, monkeypatch):
    store.run("a")
    os.utime(store.path, (time.time() - 100,) * 2)
    reader = store.reader()
    assert list(reader.read())
    asked = []
    monkeypatch.setattr(Session, "rows", lambda *given: asked.append(given))

    assert list(reader.read()) == []

    assert not asked


def test_a_look_at_a_big_store_reads_few_runs_and_the_rest_by_and_by(store, monkeypatch):
    monkeypatch.setattr(module, "_QUIET_RUNS", 10)
    for number in range(35):
        store.run(f"r{number:02}")
    reader = store.reader()
    assert len(list(reader.read())) == 35
    store.do("INSERT INTO tags VALUES ('late', 'x', 'r34')")
    os.utime(store.path, (time.time() - 100,) * 2)
    built = []
    build = module.Builder.build

    def counted(self, session, rows, known):
        built.append(len(rows))
        return build(self, session, rows, known)

    monkeypatch.setattr(module.Builder, "build", counted)
    looks = [told(list(reader.read())) for _ in range(5)]

    assert looks[0] == []
    assert [one for look in looks for one in look] == ["r34 finished"]
    assert max(built) <= 10
    assert sum(built) == 35


def test_a_database_that_was_rebuilt_is_read_anew(store):
    store.run("a")
    store.log("a", "loss", 3.0, 2.0, 1.0)
    reader = store.reader()
    list(reader.read())
    store.do("DELETE FROM metrics WHERE step=0")
    store.do("UPDATE metrics SET rowid=rowid-1")

    assert told(list(reader.read())) == ["a over", "a finished", "a: loss [1, 2]"]


def test_a_database_that_was_replaced_is_read_anew(store, tmp_path):
    store.run("a")
    store.log("a", "loss", 3.0)
    reader = store.reader()
    list(reader.read())
    other = Store(tmp_path / "other.db")
    other.run("z")
    other.log("z", "acc", 1.0)
    os.replace(other.path, store.path)

    assert told(list(reader.read())) == ["a over", "z finished", "z: acc [0]"]


def test_artifacts_are_found_where_the_store_was_moved_to(store):
    store.run("a")
    file = store.path.parent / "mlartifacts" / "1" / "a" / "artifacts" / "sub" / "x.txt"
    file.parent.mkdir(parents=True)
    file.write_text("hello")

    (artifact,) = read_all(store.path).one("a").run.artifacts

    assert (artifact.path, artifact.file, artifact.size_bytes) == ("sub/x.txt", file, 5)


@pytest.mark.parametrize(
    "location",
    [
        "file:///gone/mlartifacts/1/a/artifacts",
        "mlflow-artifacts:/1/a/artifacts",
        "./1/a/artifacts",
    ],
)
def test_an_artifact_folder_has_many_addresses(store, location):
    store.run("a")
    store.do("UPDATE runs SET artifact_uri=?", location)
    file = store.path.parent / "mlartifacts" / "1" / "a" / "artifacts" / "x.txt"
    file.parent.mkdir(parents=True)
    file.touch()

    assert [one.path for one in read_all(store.path).one("a").run.artifacts] == ["x.txt"]


@pytest.mark.parametrize("way", ["absolute", "climbing", "link"])
def test_no_artifact_leads_out_of_what_was_opened(store, tmp_path, way):
    secret = tmp_path / "secret" / "artifacts"
    secret.mkdir(parents=True)
    (secret / "key").write_text("!")
    store.run("a")
    location = str(secret)
    if way == "climbing":
        location = "../secret/artifacts"
    elif way == "link":
        (store.path.parent / "secret").symlink_to(secret.parent)
    store.do("UPDATE runs SET artifact_uri=?", location)

    assert read_all(store.path).one("a").run.artifacts == ()


def test_a_link_among_artifacts_is_followed_only_inside(store, tmp_path):
    (tmp_path / "outside").write_text("!")
    store.run("a")
    folder = store.path.parent / "mlartifacts" / "1" / "a" / "artifacts"
    folder.mkdir(parents=True)
    (folder / "real").write_text("x")
    (folder / "inside").symlink_to(folder / "real")
    (folder / "out").symlink_to(tmp_path / "outside")

    assert [one.path for one in read_all(store.path).one("a").run.artifacts] == ["inside", "real"]


def test_artifacts_of_an_object_store_are_told_once(store):
    for key in "abc":
        store.run(key)
    store.do("UPDATE runs SET artifact_uri='s3://bucket/' || run_uuid || '/artifacts'")

    (unread,) = read_all(store.path).unread

    assert "s3://bucket" in str(unread)


def test_the_folders_of_artifacts_belong_to_the_database(store):
    store.run("a")
    folder = store.path.parent / "mlartifacts" / "1" / "a" / "artifacts"
    folder.mkdir(parents=True)
    (folder / "results.csv").write_text("step,loss\n0,1\n")

    sources = list(find_sources(store.path.parent))

    assert [source.path for source in sources] == [store.path]


def test_an_unknown_version_is_told_and_read_all_the_same(store):
    store.run("a")
    store.do("UPDATE alembic_version SET version_num='from the future'")

    found = read_all(store.path)

    assert "from the future" in str(found.unread[0])
    assert found.one("a")


def test_a_version_without_later_columns_and_tables_is_read(store):
    store.run("a")
    for table in ("inputs", "input_tags", "datasets", "logged_models"):
        store.do(f"DROP TABLE {table}")
    store.do("ALTER TABLE experiments DROP COLUMN workspace")

    assert read_all(store.path).one("a").run.experiment == "digits"


def test_cells_of_other_types_than_their_columns_harm_nothing(store):
    store.run("a")
    store.log("a", "loss", 1.0)
    store.do("INSERT INTO metrics VALUES ('loss', 'word', 'never', 'a', 'x', 0)")
    store.do("INSERT INTO metrics VALUES (X'00FF', 1.0, 1, 'a', 1, 0)")
    store.do("INSERT INTO metrics VALUES ('loss', '2.5', 1, 'a', '1', 0)")
    store.do("INSERT INTO metrics VALUES ('loss', 1.0, 1, 'nobody', 1, 0)")
    store.do("UPDATE runs SET start_time='soon', end_time=1e300, status='LOST', name=X'FF'")
    store.do("INSERT INTO tags VALUES (NULL, NULL, 'a')")

    found = read_all(store.path)

    assert found.one("a").series("loss").values == [1.0, 2.5]
    assert found.one("a").run.started_at is None
    assert found.one("a").run.ended_at is None
    assert {one.place for one in found.unread} == {"table runs", "table metrics"}
    assert any("3 rows" in str(one) for one in found.unread)


def test_damage_in_one_table_leaves_the_others(store):
    store.run("a")
    store.log("a", "loss", *[1.0] * 5000)
    store.do("INSERT INTO params VALUES ('lr', '0.1', 'a')")
    with store.opened() as connection:
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name='metrics'"
        ).fetchone()
    with store.path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    os.utime(store.path, (0, 0))

    pieces = list(store.reader().read())

    assert gather(pieces).one("a").run.params == {"lr": 0.1}
    assert [one.place for one in pieces if isinstance(one, Unread)] == ["table metrics"]


def test_no_flipped_or_missing_byte_brings_another_error_than_ours(store):
    store.run("a", mlflow__note__content="x")
    store.log("a", "loss", *[float(number) for number in range(50)])
    sound = store.path.read_bytes()
    state = 7
    for turn in range(60):
        state = state * 1103515245 + 12345 & 0x7FFFFFFF
        broken = bytearray(sound)
        if turn % 4:
            for place in range(turn % 4 * 3):
                broken[(state + place * 7919) % len(sound)] ^= 1 << place % 8
        else:
            del broken[state % len(sound) :]
        store.path.write_bytes(broken)
        os.utime(store.path, (0, 0))
        try:
            gather(store.reader().read())
        except ImportFailed as error:
            assert str(store.path) in str(error)  # noqa: PT017


def test_points_are_read_while_they_are_written(store):
    store.run("a", status="RUNNING")
    reader = store.reader()
    pieces: list[Piece] = []
    for round_ in range(20):
        store.log("a", "loss", *[float(one) for one in range(50)], step=round_ * 50)
        pieces += reader.read()

    series = gather(pieces).one("a").series("loss")

    assert series.steps == list(range(1000))

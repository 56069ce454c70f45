"""Repositories of Aim."""

from __future__ import annotations

import math
import os
import shutil
import sqlite3
import struct
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.import_told import told_of_one
from tests.import_truth import SHARED, check, gather, read_all, read_item, truth_of
from tests.rocksdb_files import batch, log
from tui_tracker.errors import ImportFailed
from tui_tracker.importers.aim import AimRepository
from tui_tracker.importers.aim_values import path_of
from tui_tracker.importers.claims import Claim

SCHEMA = """
CREATE TABLE run (id INTEGER PRIMARY KEY, hash, name, description, is_archived, created_at,
                  finalized_at, experiment_id);
CREATE TABLE experiment (id INTEGER PRIMARY KEY, name);
CREATE TABLE tag (id INTEGER PRIMARY KEY, name);
CREATE TABLE run_tag (run_id, tag_id);
CREATE TABLE note (id INTEGER PRIMARY KEY, content, run_id);
INSERT INTO experiment VALUES (1, 'digits');
INSERT INTO run VALUES (1, 'r1', 'first', 'why', 0, '2026-01-01 00:00:00', NULL, 1);
INSERT INTO tag VALUES (1, 'baseline');
INSERT INTO run_tag VALUES (1, 1);
INSERT INTO note VALUES (1, 'a note', 1);
"""
CONTEXT = -77


def key(*parts: str | int) -> bytes:
    return b"".join(
        (b"\xfe" + struct.pack(">q", part) if isinstance(part, int) else part.encode()) + b"\xfe"
        for part in parts
    )


def value(of: object) -> bytes:
    if of is None:
        return b"\0"
    if isinstance(of, bool):
        return b"\x01" + bytes([of])
    if isinstance(of, int):
        return b"\x02" + struct.pack("<q", of)
    if isinstance(of, float):
        return b"\x03" + struct.pack("<d", of)
    return b"\x04" + str(of).encode()


class Repository:
    """A repository with one run, whose folders have one log each."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / ".aim"
        self._records: dict[str, list[bytes]] = {"meta": [], "seqs": []}
        for part in ("meta", "seqs"):
            (self.path / part / "chunks" / "r1").mkdir(parents=True)
        with closing(sqlite3.connect(self.path / "run_metadata.sqlite")) as connection, connection:
            connection.executescript(SCHEMA)
        self.put("meta", ("contexts", CONTEXT, "subset"), "train")

    def put(self, part: str, path: tuple[str | int, ...], of: object) -> None:
        below = ("meta", "chunks", "r1") if part == "meta" else ("seqs", "v2", "chunks", "r1")
        self._write(part, (1, key(*below, *path), value(of)))

    def raw(self, part: str, path: tuple[str | int, ...], data: bytes) -> None:
        self._write(part, (1, key(*path), data))

    def _write(self, part: str, operation: tuple[int, bytes, bytes]) -> None:
        records = self._records[part]
        records.append(batch(len(records) + 1, operation))
        (self.path / part / "chunks" / "r1" / "000004.log").write_bytes(log(*records))

    def track(self, name: str, step: int, of: object, *, at: float = 0.0) -> None:
        for array, one in (("step", step), ("time", at or float(step)), ("val", of)):
            self.put("seqs", (CONTEXT, name, array, step * 7919 % 1000), one)

    def reader(self) -> AimRepository:
        return AimRepository(Claim("aim", self.path, self.path.parent))


@pytest.fixture
def repository(tmp_path) -> Repository:
    return Repository(tmp_path)


def test_every_run_of_the_shared_store_is_as_stated(tmp_path):
    truth = truth_of("aim")

    found = read_item("aim", tmp_path)

    check(found, truth)
    assert not found.unread


def test_keys_are_paths():
    assert path_of(key("a", -5, "é", 2**60)) == ("a", -5, "é", 2**60)
    assert path_of(b"a\xfeb") == ("a",)
    assert path_of(b"\xfe\xfe\x01") == ()


def test_facts_of_a_run_are_told(repository):
    repository.put("meta", ("attrs", "hparams", "lr"), 0.1)
    repository.put("meta", ("attrs", "hparams", "layers"), "x")
    repository.raw("meta", ("meta", "chunks", "r1", "attrs", "list"), b"\x06")
    repository.put("meta", ("attrs", "list", 0), 3)
    repository.put("meta", ("attrs", "list", 1), None)
    for path, of in ((("packages", "numpy"), "2.0"), (("git_info", "branch"), "main")):
        repository.put("meta", ("attrs", "__system_params", *path), of)
    repository.put("meta", ("attrs", "__system_params", "git_info", "commit", "hash"), "c0ffee")
    repository.put("meta", ("end_time",), 1_767_225_700.5)

    run = read_all(repository.path.parent).one("r1").run

    assert run.params == {"hparams.lr": 0.1, "hparams.layers": "x", "list": [3, None]}
    assert run.lineage["code"] == {"commit": "c0ffee", "branch": "main"}
    assert run.lineage["environment"] == {"packages": {"numpy": "2.0"}}
    assert (run.name, run.experiment, run.tags) == ("first", "digits", ["baseline"])
    assert [note.text for note in run.notes] == ["why", "a note"]
    assert run.status == "finished"


def test_points_come_in_the_order_of_their_times(repository):
    for step, of in ((0, 0.5), (1, float("nan")), (2, True), (3, 7)):
        repository.track("loss", step, of, at=100.0 - step)
    repository.track("__system__cpu", 0, 3.0)

    run = read_all(repository.path.parent).one("r1")

    series = run.series("loss {subset=train}")
    assert series.steps == [3, 2, 1, 0]
    assert math.isnan(series.values[2])
    assert series.values[0] == 7.0
    assert set(run.system) == {("cpu", "subset=train")}


def test_sequences_of_the_first_version_have_the_step_for_a_key(repository):
    for step in range(3):
        for array, of in (("val", step / 2), ("time", float(step))):
            path = ("seqs", "chunks", "r1", CONTEXT, "loss", array, step)
            repository.raw("seqs", path, value(of))

    series = read_all(repository.path.parent).one("r1").series("loss")

    assert (series.steps, series.values) == ([0, 1, 2], [0.0, 0.5, 1.0])


def test_printed_lines_are_lines_and_other_objects_are_told_of(repository):
    for number, words in enumerate(("epoch 1", "epoch 2")):
        path = ("seqs", "chunks", "r1", CONTEXT, "logs")
        repository.raw("seqs", (*path, "val"), b"\x0faim.log_line")
        repository.raw("seqs", (*path, "val", number), b"\x0faim.log_line")
        repository.raw("seqs", ("BLOBS", *path, "val", number, "data"), value(words))
        repository.raw("seqs", (*path, "time", number), value(float(number)))
    repository.raw("seqs", ("seqs", "chunks", "r1", CONTEXT, "pic", "val"), b"\x0faim.image")
    repository.raw("seqs", ("seqs", "chunks", "r1", CONTEXT, "pic", "val", 0), b"\x0faim.image")

    found = read_all(repository.path.parent)

    assert found.one("r1").printed == [(0, "o", "epoch 1"), (1000, "o", "epoch 2")]
    assert "1 aim.image of 'pic'" in str(found.unread[0])


def test_a_run_is_followed_until_it_ends(repository):
    repository.track("loss", 0, 0.5)
    reader = repository.reader()
    assert told_of_one(reader.read()) == ["running", "loss [0]"]

    repository.track("loss", 1, 0.25)
    assert told_of_one(reader.read()) == ["loss [1]"]
    repository.put("meta", ("end_time",), 1_767_225_700.5)
    assert told_of_one(reader.read()) == ["finished"]
    assert told_of_one(reader.read()) == []


def test_a_killed_run_is_known_by_its_silence(repository):
    repository.track("loss", 0, 0.5)
    reader = repository.reader()
    list(reader.read())
    for file in repository.path.rglob("*"):
        os.utime(file, (time.time() - 1000,) * 2)

    assert told_of_one(reader.read()) == ["killed"]
    assert told_of_one(reader.read()) == []


def test_a_point_that_was_put_before_others_makes_the_run_read_anew(repository):
    repository.track("loss", 0, 0.5, at=5.0)
    reader = repository.reader()
    list(reader.read())

    repository.track("loss", 1, 0.25, at=1.0)

    assert told_of_one(reader.read()) == ["over", "running", "loss [1, 0]"]


def test_a_repository_without_its_names_is_read_all_the_same(repository):
    repository.track("loss", 0, 0.5)
    (repository.path / "run_metadata.sqlite").write_bytes(b"no database")

    found = read_all(repository.path.parent)

    assert found.one("r1").run.name == "r1"
    assert "names and tags are missing" in str(found.unread[0])


def test_flipped_bytes_of_a_repository_bring_no_error(tmp_path):
    truth_of("aim")
    copy = Path(shutil.copytree(SHARED / "aim", tmp_path / "aim"))
    for path in copy.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    tables = sorted(copy.rglob("*.sst"))
    state = 3
    for turn in range(12):
        state = state * 1103515245 + 12345 & 0x7FFFFFFF
        path = tables[state % len(tables)]
        sound = path.read_bytes()
        broken = bytearray(sound)
        if turn % 3:
            broken[state // 7 % len(sound)] ^= 1 << turn % 8
        else:
            del broken[state // 7 % len(sound) :]
        path.write_bytes(broken)

        found = gather(AimRepository(Claim("aim", copy / ".aim", copy)).read())

        assert len(found.runs) == 2
        assert found.unread or found.points == 80
        path.write_bytes(sound)


def test_a_repository_whose_first_run_has_not_begun_is_no_failure(repository):
    reader = repository.reader()
    chunks = repository.path / "meta" / "chunks"
    shutil.rmtree(repository.path / "seqs")
    (chunks / "r1" / "000004.log").unlink()
    assert told_of_one(reader.read()) == ["running"]
    shutil.rmtree(chunks)
    assert told_of_one(reader.read()) == []
    shutil.rmtree(repository.path)

    with pytest.raises(ImportFailed, match="not there"):
        list(reader.read())


def test_points_wait_for_what_their_context_means(repository):
    path = ("seqs", "v2", "chunks", "r1", 5, "loss")
    for array, of in (("step", 0), ("val", 0.5), ("time", float("inf"))):
        repository.raw("seqs", (*path, array, 1), value(of))
    reader = repository.reader()
    assert told_of_one(reader.read()) == ["running"]

    repository.put("meta", ("contexts", 5, "subset"), "val")

    (points,) = reader.read()
    assert (points.context, points.times_ms) == ("subset=val", [0])

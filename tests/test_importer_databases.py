"""Foreign SQLite files: read whole, whatever their writers do, and left as they were."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from tui_tracker.errors import ImportFailed
from tui_tracker.importers import database_files
from tui_tracker.importers.databases import Damaged, Database, list_tables

WRITER = """
    import sqlite3, sys, time
    path, mode, style = sys.argv[1:4]

    def opened():
        connection = sqlite3.connect(path, isolation_level=None, timeout=30)
        connection.execute(f"PRAGMA journal_mode={mode}")
        connection.execute("PRAGMA synchronous=OFF")
        return connection

    connection = opened()
    connection.execute("CREATE TABLE IF NOT EXISTS pair (id INTEGER PRIMARY KEY, a, b, more)")
    print("ready", flush=True)
    number = connection.execute("SELECT max(a) FROM pair").fetchone()[0]
    if style == "idle":
        connection.execute("INSERT INTO pair VALUES (NULL, 101, 0, '')")
        connection.execute("UPDATE pair SET b=101 WHERE id=1")
        print("ready", flush=True)
        time.sleep(600)
    while not sys.stdin.closed and number < 1_000_000:
        if style == "reopening":
            connection.close()
            connection = opened()
        number += 1
        # Both halves of a pair in one transaction, on pages far apart.
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO pair VALUES (NULL, ?, 0, zeroblob(900))", (number,))
        connection.execute("UPDATE pair SET b=? WHERE id=1", (number,))
        connection.execute("COMMIT")
        time.sleep(0.0005)
"""


@contextmanager
def writing(path: Path, mode: str, style: str = "open") -> Iterator[subprocess.Popen[str]]:
    """A process that commits without end."""
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(path), mode, style]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def made(path: Path, mode: str = "delete", rows: int = 100) -> Path:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA journal_mode={mode}")
        connection.execute("CREATE TABLE pair (id INTEGER PRIMARY KEY, a, b, more)")
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO pair VALUES (NULL, ?, ?, zeroblob(900))",
            [(number, rows if number == 1 else 0) for number in range(1, rows + 1)],
        )
        connection.execute("COMMIT")
    return path


def beside(path: Path) -> dict[str, str]:
    """Hashes of all files in the database's folder."""
    return {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in path.parent.iterdir()}


def read_pair(path: Path) -> tuple[int, int]:
    """The last row and what row 1 says of it: equal in every committed state."""
    with Database(path).look() as session:
        return session.rows("SELECT max(a), (SELECT b FROM pair WHERE id=1) FROM pair")[0]


MODES = ("delete", "truncate", "persist", "memory", "wal")


@pytest.mark.parametrize("mode", MODES)
def test_reading_changes_no_byte_of_any_file_beside_a_database(tmp_path, mode):
    path = made(tmp_path / "foreign.db", mode)
    before = beside(path)

    found = read_pair(path)

    assert found == (100, 100)
    assert beside(path) == before


@pytest.mark.parametrize("mode", MODES)
def test_a_writer_that_is_connected_notices_nothing(tmp_path, mode):
    path = made(tmp_path / "foreign.db", mode)
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as writer:
        writer.execute("INSERT INTO pair VALUES (NULL, 101, 0, '')")
        writer.execute("UPDATE pair SET b=101 WHERE id=1")
        before = beside(path)

        found = read_pair(path)

        assert found == (101, 101)
        assert beside(path) == before
        writer.execute("INSERT INTO pair VALUES (NULL, 102, 0, '')")


@pytest.mark.parametrize("limit", [0, database_files.COPY_BYTES])
def test_a_live_log_is_read_with_and_without_a_copy(tmp_path, monkeypatch, limit):
    monkeypatch.setattr(database_files, "COPY_BYTES", limit)
    path = made(tmp_path / "foreign.db", "wal")
    with writing(path, "wal", "idle") as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        before = beside(path)
        assert "foreign.db-shm" in before

        found = read_pair(path)

        assert found == (101, 101)
        assert beside(path) == before


@pytest.mark.parametrize("limit", [0, database_files.COPY_BYTES])
def test_a_log_that_a_killed_writer_left_is_read(tmp_path, monkeypatch, limit):
    monkeypatch.setattr(database_files, "COPY_BYTES", limit)
    path = made(tmp_path / "foreign.db", "wal")
    with writing(path, "wal", "idle") as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
    before = beside(path)
    assert set(before) == {"foreign.db", "foreign.db-shm", "foreign.db-wal"}

    found = read_pair(path)

    assert found == (101, 101)
    assert beside(path) == before


def test_a_log_without_shared_memory_is_read(tmp_path):
    live = tmp_path / "live"
    live.mkdir()
    path = made(live / "foreign.db", "wal")
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("INSERT INTO pair VALUES (NULL, 101, 0, '')")
        writer.execute("UPDATE pair SET b=101 WHERE id=1")
        left = Path(shutil.copytree(live, tmp_path / "left")) / path.name
    left.with_name("foreign.db-shm").unlink()
    before = beside(left)

    found = read_pair(left)

    assert found == (101, 101)
    assert beside(left) == before


@pytest.mark.parametrize("style", ["open", "reopening"])
@pytest.mark.parametrize("mode", ["delete", "truncate", "persist", "wal"])
def test_every_state_is_whole_while_a_writer_commits_without_end(tmp_path, mode, style):
    path = tmp_path / "foreign.db"
    made(path, mode, rows=50)
    seen = []
    with writing(path, mode, style) as writer:
        for _ in range(15):
            seen.append(read_pair(path))
            time.sleep(0.01)
        assert writer.poll() is None, "the writer was disturbed"

    assert all(last == told for last, told in seen), seen
    assert len(set(seen)) > 1, "nothing was written meanwhile"
    assert seen == sorted(seen)


def test_a_locked_database_is_read_as_it_was_before_the_transaction(tmp_path):
    path = made(tmp_path / "foreign.db")
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("PRAGMA cache_size=5")
        writer.execute("BEGIN EXCLUSIVE")
        writer.execute("UPDATE pair SET a=-1, b=-1, more=zeroblob(2000)")
        time.sleep(0.1)
        before = beside(path)

        found = read_pair(path)

        assert found == (100, 100)
        assert beside(path) == before
        writer.execute("COMMIT")


def test_what_a_killed_writer_left_half_done_is_rolled_back_in_a_copy(tmp_path):
    live = tmp_path / "live"
    live.mkdir()
    path = made(live / "foreign.db")
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("PRAGMA cache_size=5")
        writer.execute("BEGIN EXCLUSIVE")
        writer.execute("UPDATE pair SET a=-1, b=-1, more=zeroblob(2000)")
        left = Path(shutil.copytree(live, tmp_path / "left")) / path.name
    before = beside(left)
    assert "foreign.db-journal" in before

    found = read_pair(left)

    assert found == (100, 100)
    assert beside(left) == before


@pytest.mark.parametrize("leftover", [b"", b"\0" * 512, b"\0" * 5000])
def test_a_journal_that_is_only_a_leftover_is_no_reason_to_roll_back(tmp_path, leftover):
    path = made(tmp_path / "foreign.db")
    path.with_name("foreign.db-journal").write_bytes(leftover)
    before = beside(path)

    found = read_pair(path)

    assert found == (100, 100)
    assert beside(path) == before


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_folder_that_cannot_be_written_to_is_no_hindrance(tmp_path, mode):
    folder = tmp_path / "held"
    folder.mkdir()
    path = made(folder / "foreign.db", mode)
    path.chmod(0o444)
    folder.chmod(0o555)
    try:
        assert read_pair(path) == (100, 100)
    finally:
        folder.chmod(0o755)


def test_a_name_with_marks_of_its_own_in_an_address_is_a_name(tmp_path):
    path = made(tmp_path / "what? 100%#1.db")

    assert read_pair(path) == (100, 100)


def test_nothing_is_read_where_nothing_changed(tmp_path):
    path = made(tmp_path / "foreign.db")
    old = time.time() - 100
    os.utime(path, (old, old))
    database = Database(path)
    assert database.has_changed()
    with database.look() as session:
        session.rows("SELECT 1 FROM pair")

    assert not database.has_changed()
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("DELETE FROM pair WHERE id=7")
    assert database.has_changed()


def test_a_look_at_a_file_written_this_very_moment_is_not_trusted_to_have_seen_all(tmp_path):
    path = made(tmp_path / "foreign.db")
    database = Database(path)
    now = time.time() + 0.005
    os.utime(path, (now, now))
    with database.look() as session:
        session.rows("SELECT 1 FROM pair")

    assert database.has_changed()


def test_a_look_that_was_given_up_is_none(tmp_path):
    path = made(tmp_path / "foreign.db")
    os.utime(path, (0, 0))
    database = Database(path)

    with pytest.raises(ZeroDivisionError), database.look():
        raise ZeroDivisionError

    assert database.has_changed()


def test_copies_are_gone_after_a_look(tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    path = made(tmp_path / "foreign.db", "wal")
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("DELETE FROM pair WHERE id=7")
        with Database(path).look() as session:
            session.rows("SELECT 1 FROM pair")
            during = list(scratch.iterdir())

    assert during
    assert not list(scratch.iterdir())


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + b"\xff" * 100])
def test_what_is_no_database_is_told_in_one_sentence(tmp_path, content):
    path = tmp_path / "foreign.db"
    path.write_bytes(content)

    with Database(path).look() as session, pytest.raises(ImportFailed) as caught:
        session.tables  # noqa: B018

    assert str(path) in str(caught.value)
    assert list_tables(path) == frozenset()


def test_an_empty_file_has_no_tables(tmp_path):
    path = tmp_path / "foreign.db"
    path.touch()

    assert list_tables(path) == frozenset()


def test_a_missing_file_is_told(tmp_path):
    with (
        pytest.raises(ImportFailed, match="cannot be read"),
        Database(tmp_path / "no").look() as it,
    ):
        it.rows("SELECT 1")


def test_rows_on_both_sides_of_damage_are_read(tmp_path):
    path = made(tmp_path / "foreign.db", rows=2000)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2 // 4096 * 4096)
        file.write(b"\xff" * 4096)
    read: list[int] = []

    with Database(path).look() as session:
        for rows in session.slices("pair", ("a",)):
            read += [row[0] for row in rows]
        damages = list(session.damages)

    assert 1 in read
    assert 2000 in read
    assert read == sorted(set(read))
    assert len(read) > 1900
    (damage,) = damages
    assert damage.place == "table pair"


def test_no_byte_that_is_flipped_or_cut_brings_another_error_than_ours(tmp_path):
    sound = made(tmp_path / "sound.db", rows=60).read_bytes()
    path = tmp_path / "foreign.db"
    state = 1
    for turn in range(120):
        state = state * 1103515245 + 12345 & 0x7FFFFFFF
        broken = bytearray(sound)
        if turn % 3:
            broken[state % len(sound)] ^= 1 << turn % 8
            broken[state % 100] ^= 1 << turn % 8
        else:
            del broken[state % len(sound) :]
        path.write_bytes(broken)
        os.utime(path, (0, 0))
        with suppress(ImportFailed, Damaged), Database(path).look() as session:
            for rows in session.slices("pair", ("a", "b")):
                assert len(rows) <= 60


def test_a_view_in_place_of_a_table_is_not_asked(tmp_path):
    path = tmp_path / "foreign.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE VIEW pair AS WITH RECURSIVE n(a) AS (SELECT 1 UNION ALL SELECT a+1 FROM n) "
            "SELECT a, a AS b FROM n"
        )

    with Database(path).look() as session:
        assert session.table("pair", "a") == []


def test_a_column_that_is_missing_reads_as_none(tmp_path):
    path = made(tmp_path / "foreign.db", rows=1)

    with Database(path).look() as session:
        assert session.table("pair", "a", "newer") == [(1, None)]
        assert list(session.slices("pair", ("newer", "a"))) == [[(1, None, 1)]]
        assert session.table("absent", "a") == []

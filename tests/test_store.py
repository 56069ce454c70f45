"""Opening a store: made by many at once, too new, too old, foreign, damaged, not ours to write."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import points, the_run

import tui_tracker as tt
from tui_tracker import folder as folders
from tui_tracker.database import SCHEMA_VERSION, make_database, migrate, schema_sql, statements
from tui_tracker.drain import recover
from tui_tracker.errors import (
    NotAStore,
    StoreBusy,
    StoreDamaged,
    StoreError,
    StoreTooNew,
)
from tui_tracker.store import Store

NOBODY = 65534
as_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another user"
)


def test_a_new_store_has_every_table_and_write_ahead_logging(store):
    tables = {name for (name,) in store.read("SELECT name FROM sqlite_schema WHERE type='table'")}

    assert {"run", "metric", "param", "series_block", "block", "journal"} <= tables
    assert store.read("PRAGMA journal_mode") == [("wal",)]
    assert store.read("PRAGMA integrity_check") == [("ok",)]


def test_a_store_that_is_not_there_is_said_to_be_missing_and_not_made(folder):
    with pytest.raises(StoreError, match="no store here yet"):
        Store.open(folder)

    assert not folder.exists()


def test_threads_that_make_one_store_at_once_share_it(folder):
    errors: list[StoreError] = []

    def make() -> None:
        try:
            with Store.open(folder, create=True, wait_s=30) as store, store.write() as connection:
                connection.execute("INSERT INTO note (run, at_ms) VALUES (1, 1)")
        except StoreError as error:
            errors.append(error)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with Store.open(folder) as store:
        assert (errors, store.read("SELECT count(*) FROM note")) == ([], [(8,)])
    assert sorted(path.name for path in folder.iterdir() if path.is_file()) == [
        ".gitignore",
        "store.db",
    ]


def test_an_error_undoes_the_whole_transaction(store):
    def fail() -> None:
        with store.write() as connection:
            connection.execute("INSERT INTO note (run, at_ms) VALUES (1, 1)")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert store.read("SELECT count(*) FROM note") == [(0,)]


def test_a_lock_that_is_held_too_long_is_one_sentence(store, folder):
    with Store.open(folder, wait_s=0.01) as waiting, store.write():
        with pytest.raises(StoreBusy) as caught, waiting.write():
            pass

        assert waiting.read("SELECT count(*) FROM run") == [(0,)]
    assert str(caught.value).endswith("another process keeps the store locked: try again")


def test_a_store_of_a_later_version_is_refused_in_one_sentence(folder):
    with Store.open(folder, create=True) as store, store.write() as connection:
        connection.execute("PRAGMA user_version=7")

    with pytest.raises(StoreTooNew) as caught:
        Store.open(folder)

    assert (caught.value.found, caught.value.known) == (7, SCHEMA_VERSION)
    assert str(caught.value).endswith("upgrade tui-tracker to open it.")
    assert "\n" not in str(caught.value)


def test_a_store_that_another_process_brings_up_to_date_is_left_alone_from_then(store):
    other = sqlite3.connect(store.path)
    other.execute("PRAGMA user_version=7")
    other.close()

    with pytest.raises(StoreTooNew), store.write():
        pass


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"not a database at all, but long enough to be one" * 10, "no SQLite database"),
        (b"x", "no SQLite database"),
        (b"SQLite format 3\0", "no SQLite database"),
    ],
)
def test_a_file_that_is_no_store_is_named_and_left_as_it_was(folder, content, said):
    folder.mkdir()
    (folder / "store.db").write_bytes(content)

    with pytest.raises(NotAStore, match=said):
        Store.open(folder)
    with pytest.raises(NotAStore, match=said):
        tt.init("e", store=folder)

    assert (folder / "store.db").read_bytes() == content


def test_the_database_of_another_program_is_named_and_left_as_it_was(folder):
    folder.mkdir()
    other = sqlite3.connect(folder / "store.db")
    other.execute("CREATE TABLE run (id)")
    other.commit()
    other.close()
    before = (folder / "store.db").read_bytes()

    with pytest.raises(NotAStore, match="belongs to another program"):
        Store.open(folder)

    assert (folder / "store.db").read_bytes() == before


def test_a_folder_in_the_place_of_the_database_is_named(folder):
    (folder / "store.db").mkdir(parents=True)

    with pytest.raises(StoreError, match="cannot be read"):
        Store.open(folder)
    with pytest.raises(StoreError, match="cannot be read"):
        tt.init("e", store=folder)


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path):
    path = tmp_path / "file"
    path.write_text("mine")

    with pytest.raises(NotAStore, match="a store is a folder, and this is a file"):
        tt.init("e", store=path)

    assert path.read_text() == "mine"


def test_a_database_of_no_bytes_is_as_good_as_none(folder):
    (folder / "journals").mkdir(parents=True)
    (folder / "store.db").write_bytes(b"")

    with tt.init("e", store=folder) as run:
        run.log({"loss": 1.0})

    assert points(folder, "loss") == [(0, 1.0)]


def test_a_damaged_database_is_named_with_the_way_out(folder):
    with tt.init("e", store=folder) as run:
        run.log({f"loss{number}": 1.0 for number in range(200)})
    data = bytearray((folder / "store.db").read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    (folder / "store.db").write_bytes(data)

    with pytest.raises(StoreDamaged, match="run tt doctor"), Store.open(folder) as store:
        store.read("SELECT * FROM metric")


def test_a_run_beside_a_damaged_database_keeps_its_journal_and_says_so(folder, capsys):
    with Store.open(folder, create=True):
        pass
    data = bytearray((folder / "store.db").read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    (folder / "store.db").write_bytes(data)

    with tt.init("e", store=folder) as run:
        run.log({"loss": 1.0})

    said = capsys.readouterr().err
    assert "damaged" in said
    assert len(list((folder / "journals").glob("*.journal"))) == 1


def test_a_reader_notices_that_another_store_was_put_in_its_place(store, folder):
    with store.write() as connection:
        connection.execute("INSERT INTO note (run, at_ms) VALUES (1, 1)")
    before = store.data_version()
    os.unlink(store.path)
    with pytest.raises(StoreError, match="somebody deleted the store"):
        store.data_version()
    with Store.open(folder, create=True):
        pass

    assert store.data_version() != before
    assert store.read("SELECT count(*) FROM note") == [(0,)]


# -- older versions


def old_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.executescript("CREATE TABLE t (a); INSERT INTO t VALUES (1); PRAGMA user_version=1")
    connection.close()


STEPS = {
    2: "ALTER TABLE t ADD COLUMN b DEFAULT 5;\n-- a remark\nCREATE TABLE u (c);\n",
    3: "INSERT INTO u VALUES (3)",
}


def test_an_older_database_is_brought_up_to_date_after_a_copy_was_made(tmp_path):
    path = tmp_path / "store.db"
    old_database(path)

    migrate(str(path), STEPS, 3)

    connection = sqlite3.connect(path)
    assert connection.execute("SELECT a, b, c FROM t, u").fetchall() == [(1, 5, 3)]
    assert connection.execute("PRAGMA user_version").fetchone() == (3,)
    connection.close()
    copy = sqlite3.connect(f"{path}.v1.backup")
    assert copy.execute("SELECT * FROM t").fetchall() == [(1,)]
    assert copy.execute("PRAGMA user_version").fetchone() == (1,)
    copy.close()


@pytest.mark.parametrize("broken", [{2: STEPS[2], 3: "INSERT INTO nowhere VALUES (1)"}, {2: "x"}])
def test_a_step_that_fails_leaves_the_database_as_it_was(tmp_path, broken):
    path = tmp_path / "store.db"
    old_database(path)

    with pytest.raises((sqlite3.Error, KeyError)):
        migrate(str(path), broken, 3)

    connection = sqlite3.connect(path)
    assert connection.execute("SELECT * FROM t").fetchall() == [(1,)]
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    connection.close()


def test_two_that_bring_one_database_up_to_date_at_once_do_it_once(tmp_path):
    path = tmp_path / "store.db"
    old_database(path)
    threads = [threading.Thread(target=migrate, args=(str(path), STEPS, 3)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    connection = sqlite3.connect(path)
    assert connection.execute("SELECT a, b, c FROM t, u").fetchall() == [(1, 5, 3)]
    connection.close()


def test_a_script_is_cut_into_its_statements_none_left_out():
    sql = "-- first\nCREATE TABLE a (x TEXT DEFAULT ';');\n\nCREATE TABLE b (\n y\n);\nDROP TABLE a"

    assert [statement.split("\n")[0] for statement in statements(sql)] == [
        "CREATE TABLE a (x TEXT DEFAULT ';');",
        "CREATE TABLE b (",
        "DROP TABLE a",
    ]
    assert len(list(statements(schema_sql()))) > 20


def test_a_backup_taken_while_a_run_writes_is_whole(store, tmp_path):
    stop = threading.Event()

    def write() -> None:
        with Store.open(store.folder, wait_s=30) as mine:
            while not stop.is_set():
                with mine.write() as connection:
                    connection.execute("INSERT INTO note (run, at_ms) VALUES (1, 1)")

    thread = threading.Thread(target=write)
    thread.start()
    store.backup(str(tmp_path / "copy.db"))
    stop.set()
    thread.join()

    copy = sqlite3.connect(tmp_path / "copy.db")
    assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    copy.close()


def test_on_a_network_file_system_the_database_is_in_the_cache_of_this_machine(
    folder, monkeypatch, tmp_path
):
    monkeypatch.setenv("TUI_TRACKER_NETWORK", "1")

    with Store.open(folder, create=True) as store:
        assert store.path.startswith(str(tmp_path / "cache"))
        assert not os.path.exists(folders.database(str(folder)))


# -- the folder


def test_a_store_is_found_upwards_and_inside_a_named_folder(tmp_path, monkeypatch):
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    with Store.open(tmp_path / ".tui_tracker", create=True):
        pass
    monkeypatch.chdir(deep)

    assert folders.locate() == str(tmp_path / ".tui_tracker")
    assert folders.locate(tmp_path) == str(tmp_path / ".tui_tracker")
    assert folders.locate(tmp_path / ".tui_tracker" / "store.db") == str(tmp_path / ".tui_tracker")


@pytest.mark.parametrize("name", ["with space", "ünï😀", "quote'\"?#%41", "a;b&mode=ro"])
def test_a_store_may_be_called_anything(tmp_path, name):
    with tt.init("e", store=tmp_path / name) as run:
        run.log({"loss": 1.0})

    assert points(tmp_path / name, "loss") == [(0, 1.0)]


# -- two users


def as_nobody(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a script as a user who owns nothing."""
    prelude = (
        "import os, sys\n"
        "import tui_tracker as tt\n"
        "from tui_tracker.store import Store\n"
        "from tui_tracker.drain import recover\n"
        "from tui_tracker import queries\n"
        # Imported while it may still read the interpreter of the user who runs the tests.
        "import difflib, hashlib, queue, traceback, urllib.parse\n"
        "from tui_tracker.queries import details, facts, points, runs\n"
        f"folder = {str(folder)!r}\n"
        f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY}); os.umask(0o002)\n"
    )
    return subprocess.run(
        [sys.executable, "-c", prelude + script],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "TUI_TRACKER_CAPTURE": "off", "TUI_TRACKER_CONSOLE": "off"},
        check=False,
        cwd="/",
    )


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that every user reaches: pytest's own is for its owner alone."""
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


READ = """
with Store.open(folder) as store:
    found = recover(store)
    (key,) = queries.list_run_keys(store)
    run = queries.get_run(store, key)
    print(run.row.name, run.points, store.read_only, *found.problems, sep="|")
"""


@as_root
@pytest.mark.parametrize("live", [True, False])
def test_a_second_user_reads_a_store_that_he_may_not_write(public, live):
    run = tt.init("e", "one", store=public / "store")
    run.log({"loss": 1.0})
    with Store.open(public / "store", create=True) as store:
        recover(store)
        if live:
            done = as_nobody(READ, public / "store")
    run.finish()
    if not live:
        done = as_nobody(READ, public / "store")

    assert (done.stderr, done.stdout) == ("", "one|1|True\n")


@as_root
def test_a_second_user_reads_what_a_killed_run_left_in_the_log_of_the_database(public):
    folder = public / "store"
    with tt.init("e", "one", store=folder) as run:
        run.log({"loss": 1.0})
    kill = (
        "from tui_tracker.store import Store; import os\n"
        f"store = Store.open({str(folder)!r})\n"
        "with store.write() as c: c.execute(\"UPDATE run SET name='new'\")\n"
        "os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", kill], check=False)
    assert (folder / "store.db-wal").stat().st_size > 0

    done = as_nobody(READ, folder)

    assert (done.stderr, done.stdout) == ("", "new|1|True\n")


@as_root
def test_a_second_user_who_may_not_write_is_told_in_one_sentence(public):
    tt.init("e", "one", store=public / "store").finish()

    done = as_nobody("tt.init('e', store=folder)", public / "store")
    new = as_nobody("tt.init('e', store=folder + '/new')", public)

    assert done.stderr.splitlines()[-1].endswith("cannot be made (Permission denied).")
    assert "no store can be made here (Permission denied)" in new.stderr.splitlines()[-1]


@as_root
def test_a_group_that_may_write_shares_a_store(public):
    folder = public / "store"
    os.chown(public, 0, NOBODY)
    os.chmod(public, 0o2775)
    (public / "model.pt").write_bytes(b"weights")
    log = (
        "with tt.init('e', 'mine', store=folder) as run:\n"
        "    run.log({'loss': 1.0})\n"
        f"    run.log_artifact({str(public / 'model.pt')!r})\n"
    )
    before = os.umask(0o002)
    try:
        with tt.init("e", "yours", store=folder) as run:
            run.log({"loss": 1.0})
            run.log_artifact(public / "model.pt")
        done = as_nobody(log, folder)
        with tt.init("e", "again", store=folder) as run:
            run.log({"loss": 1.0})
    finally:
        os.umask(before)

    assert (done.returncode, done.stderr) == (0, "")
    with Store.open(folder) as store:
        assert store.read("SELECT name, status, points FROM run ORDER BY id") == [
            ("yours", "finished", 1),
            ("mine", "finished", 1),
            ("again", "finished", 1),
        ]
        assert store.read("SELECT DISTINCT problem FROM artifact") == [("",)]
    assert list((folder / "journals").iterdir()) == []


@as_root
def test_a_folder_that_becomes_read_only_mid_run_costs_nothing(public):
    folder = public / "store"
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)
    done = as_nobody(
        "import time\n"
        "run = tt.init('e', 'one', store=folder)\n"
        "run.log({'loss': 1.0})\n"
        "while not os.path.exists(folder + '/store.db'): time.sleep(0.01)\n"
        "time.sleep(0.1)\n"
        "os.chmod(folder, 0o555); os.chmod(folder + '/journals', 0o555)\n"
        "for step in range(100): run.log({'loss': 2.0})\n"
        "run.finish()\n"
        "os.chmod(folder, 0o755); os.chmod(folder + '/journals', 0o755)\n",
        folder,
    )

    assert done.returncode == 0
    assert (the_run(folder).points, the_run(folder).row.status) == (101, "finished")
    assert len(done.stderr.splitlines()) <= 2


@as_root
def test_another_users_journal_that_cannot_be_read_is_not_taken_for_dead(public):
    folder = public / "store"
    folder.mkdir()
    os.chmod(folder, 0o777)
    before = os.umask(0)
    with Store.open(folder, create=True):
        pass
    os.umask(0o077)
    try:
        run = tt.init("e", "one", store=folder)
        run.log({"loss": 1.0})
        done = as_nobody(
            "with Store.open(folder) as store:\n"
            "    found = recover(store)\n"
            "    print(found.ended, *found.problems, sep='|')\n",
            folder,
        )
        run.finish()
    finally:
        os.umask(before)

    assert done.stderr == ""
    assert done.stdout.startswith("()|")
    assert "Permission denied" in done.stdout
    assert the_run(folder).row.status == "finished"


def test_a_store_is_whole_after_its_folder_was_moved(folder, tmp_path):
    with tt.init("e", store=folder) as run:
        run.log({"loss": 1.0})
    shutil.move(folder, tmp_path / "elsewhere")

    assert points(tmp_path / "elsewhere", "loss") == [(0, 1.0)]


def test_a_made_database_leaves_an_existing_one_as_it_is(store):
    with store.write() as connection:
        connection.execute("INSERT INTO note (run, at_ms) VALUES (1, 1)")

    make_database(store.path)

    assert store.read("SELECT count(*) FROM note") == [(1,)]


def test_a_closed_store_opens_nothing_again(store):
    store.read("SELECT 1")
    store.close()

    with pytest.raises(StoreError, match="this store was closed"):
        store.read("SELECT 1")
    with pytest.raises(StoreError, match="this store was closed"), store.write():
        pass

"""A drain that is killed between any two steps, and drains that run into each other."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from processes import end, points, start, the_run, waiting_journals
from test_journal_damage import RUN_ID, START, write_metrics

import tui_tracker as tt
from tui_tracker import drain, journal, queries
from tui_tracker.drain import JournalDrain, recover
from tui_tracker.errors import StoreError
from tui_tracker.journal_writer import JournalWriter
from tui_tracker.store import Store


def write_journals(folder: Path, steps: int = 30) -> None:
    """Leave what a run of three writers leaves when all of them are gone."""
    for name, facts in (
        ("", {}),
        (".r1", {"writer": "rank", "rank": 1}),
        (".p7-1", {"writer": "fork"}),
    ):
        path = folder / "journals" / f"{RUN_ID}{name}.journal"
        writer = JournalWriter(str(path), {**START, **facts, "add": ["baseline"], "text": "hi"})
        for step in range(steps):
            write_metrics(writer, step, loss=step / 3, accuracy=step / 7)
            if step % 10 == 0:
                text = f"{name} step {step}"
                writer.append(journal.CONSOLE, {"t": 1, "stream": "out", "text": text})
        write_metrics(writer, steps, loss=float("inf"))
        writer.append(journal.PARAMS, {"t": 2, "params": {"seed": 4}})
        writer.append(journal.FINISH, {"t": 3, "status": "finished"})
        writer.close()


def contents(folder: Path) -> dict[str, Any]:
    """Return all that the store says of its only run, but for row numbers."""
    with Store.open(folder) as store:
        (key,) = queries.list_run_keys(store)
        run = queries.get_run(store, key)
        return {
            "status": run.row.status,
            "params": run.row.params,
            "tags": run.row.tags,
            "notes": [note.text for note in run.notes],
            "changes": [(c.name, c.value) for c in queries.list_param_changes(store, key)],
            "points": run.points,
            "lost": (run.lost, run.lost_why),
            "console": sorted(line.text for line in queries.read_console(store, key)),
            "metrics": {
                label: (m.count, m.first, m.last, m.min, m.max, m.nan, m.inf)
                for label, m in run.row.metrics.items()
            },
            "series": {
                label: sorted(zip(series.steps, series.values, series.times_ms, strict=True))
                for label, m in run.row.metrics.items()
                if (series := queries.read_series(store, key, m.key))
            },
        }


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with undrained journals, to be copied."""
    folder = tmp_path_factory.mktemp("model") / "store"
    with Store.open(folder, create=True):
        write_journals(folder)
    return folder


@pytest.fixture(scope="module")
def wanted(model: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("wanted") / "store"
    shutil.copytree(model, folder)
    with Store.open(folder) as store:
        found = recover(store)
    assert (found.points, found.problems) == (183, ())
    return contents(folder)


def test_three_writers_of_one_run_are_one_run(wanted):
    assert wanted["status"] == "finished"
    assert {label: m[0] for label, m in wanted["metrics"].items()} == {
        "loss": 62,
        "accuracy": 60,
        "loss@rank1": 31,
        "accuracy@rank1": 30,
    }
    assert len(wanted["console"]) == 9


class Interrupted(Exception):
    """What stands for the end of the process."""


def stop_at(store: Store, count: int) -> Callable[[], int]:
    """Stop at the `count`-th statement that this store's connections run; return a counter."""
    seen = 0
    connect = store._connect

    def counted(_: str) -> None:
        nonlocal seen
        seen += 1

    def interrupt() -> int:
        return 1 if seen > count else 0

    def connecting(*, read_only: bool) -> sqlite3.Connection:
        connection = connect(read_only=read_only)
        connection.set_trace_callback(counted)
        connection.set_progress_handler(interrupt, 1)
        return connection

    store._connect = connecting  # type: ignore[method-assign]
    return lambda: seen


KILLED = """
import os, sys
from tui_tracker.drain import recover
from tui_tracker.store import Store
from tui_tracker import drain

store = Store.open(sys.argv[1])
left = int(sys.argv[2])

def step(_):
    global left
    left -= 1
    if left < 0:
        os._exit(9)

connect = store._connect
def connecting(*, read_only):
    connection = connect(read_only=read_only)
    connection.set_trace_callback(step)
    return connection
store._connect = connecting
for name in ("unlink", "replace"):
    real = getattr(os, name)
    def before(*args, real=real):
        step("")
        real(*args)
    setattr(drain.os, name, before)
recover(store)
print(left)
"""


def test_killed_before_any_statement_or_removal_and_run_again_nothing_is_lost_or_twice(
    model, wanted, tmp_path
):
    # All children at once: what takes time is starting them.
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(copy(model, tmp_path, 10**6)), str(10**6)],
        capture_output=True,
        text=True,
        check=True,
    )
    steps = 10**6 - int(done.stdout)
    assert steps > 100
    tried = list(range(0, steps, 7))

    def kill(at: int) -> int:
        folder = copy(model, tmp_path, at)
        command = [sys.executable, "-c", KILLED, str(folder), str(at)]
        return subprocess.run(command, capture_output=True, check=False).returncode

    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(kill, tried))

    assert set(codes) == {9}
    for at in tried:
        folder = tmp_path / str(at)
        with Store.open(folder) as store:
            assert recover(store).problems == ()
        assert contents(folder) == wanted, at
        assert waiting_journals(folder) == []


def copy(model: Path, place: Path, number: int) -> Path:
    folder = place / str(number)
    shutil.copytree(model, folder)
    return folder


def test_stopped_inside_any_statement_and_run_again_nothing_is_lost_or_twice(
    model, wanted, tmp_path
):
    with Store.open(copy(model, tmp_path, 10**6)) as store:
        count = stop_at(store, 10**6)
        recover(store)
        steps = count()
    for at in range(0, steps, 3):
        folder = copy(model, tmp_path, at)
        with Store.open(folder) as store:
            stop_at(store, at)
            found = recover(store)
            assert found.problems, at
        with Store.open(folder) as store:
            assert recover(store).problems == ()
        assert contents(folder) == wanted, at


def test_stopped_and_run_again_by_the_same_store_nothing_is_lost_or_twice(model, wanted, tmp_path):
    for at in range(3, 150, 11):
        folder = copy(model, tmp_path, at)
        with Store.open(folder) as store:
            real = store._connect
            stop_at(store, at)
            recover(store)
            store._disconnect()
            store._connect = real  # type: ignore[method-assign]
            assert recover(store).problems == ()
        assert contents(folder) == wanted, at


def test_two_drains_of_one_store_in_threads_move_every_record_once(model, wanted, folder):
    shutil.copytree(model, folder)
    with Store.open(folder) as first, Store.open(folder) as second:
        threads = [threading.Thread(target=recover, args=(store,)) for store in (first, second) * 3]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert contents(folder) == wanted


def test_threads_that_share_a_store_move_every_record_of_a_growing_journal_once(store, folder):
    path = folder / "journals" / f"{RUN_ID}.journal"
    writer = JournalWriter(str(path), START)
    stop = threading.Event()
    problems: list[str] = []

    def drain() -> None:
        while not stop.is_set():
            problems.extend(recover(store).problems)

    threads = [threading.Thread(target=drain) for _ in range(3)]
    for thread in threads:
        thread.start()
    for step in range(2000):
        write_metrics(writer, step, loss=float(step))
    stop.set()
    for thread in threads:
        thread.join()
    writer.close()
    recover(store)

    assert problems == []
    assert points(folder, "loss") == [(step, float(step)) for step in range(2000)]


def test_drains_in_many_processes_move_every_record_once(model, wanted, folder):
    shutil.copytree(model, folder)
    script = """
    from tui_tracker.drain import recover
    from tui_tracker.store import Store
    with Store.open(folder) as store:
        found = recover(store)
        print(found.points, *found.problems)
    """
    processes = [start(folder, script) for _ in range(4)]
    said = [end(process)[0].split() for process in processes]

    assert sum(int(words[0]) for words in said) == 183
    assert {len(words) for words in said} == {1}
    assert contents(folder) == wanted


def test_two_drains_by_turns_of_a_journal_that_grows_agree(folder):
    with Store.open(folder, create=True) as first, Store.open(folder) as second:
        path = folder / "journals" / f"{RUN_ID}.journal"
        writer = JournalWriter(str(path), START)
        drains = [JournalDrain(first, str(path)), JournalDrain(second, str(path))]
        moved = 0
        for step in range(3000):
            write_metrics(writer, step, loss=float(step))
            if step % 37 == 0:
                moved += drains[step % 2].drain(final=False)
        moved += drains[0].drain(final=False) + drains[1].drain(final=False)
        writer.close()
        for drain in drains:
            drain.close()

    assert moved == 3000
    assert points(folder, "loss") == [(step, float(step)) for step in range(3000)]


def test_journals_of_one_run_by_turns_share_their_series(folder):
    with Store.open(folder, create=True) as store:
        place = folder / "journals"
        main = JournalWriter(str(place / f"{RUN_ID}.journal"), START)
        fork = JournalWriter(
            str(place / f"{RUN_ID}.p9-1.journal"), {"run": RUN_ID, "writer": "fork"}
        )
        for turn in range(60):
            for step in range(50):
                write_metrics(main, turn * 50 + step, loss=1.0)
                write_metrics(fork, turn * 50 + step, loss=2.0)
            assert recover(store).problems == ()
        main.close()
        fork.close()
        recover(store)

    found = points(folder, "loss")
    assert len(found) == 6000
    for value in (1.0, 2.0):
        assert [step for step, v in found if v == value] == list(range(3000))
    (metric,) = the_run(folder).row.metrics.values()
    assert (metric.count, metric.mean) == (6000, 1.5)


def test_a_journal_that_is_removed_while_it_is_drained_is_no_trouble(store, folder):
    path = folder / "journals" / f"{RUN_ID}.journal"
    writer = JournalWriter(str(path), START)
    write_metrics(writer, 0, loss=1.0)
    recover(store)
    writer.close()
    path.unlink()

    found = recover(store)

    assert (found.problems, found.points) == ((), 0)


def test_a_run_that_ends_while_a_reader_looks_for_its_journal_did_not_crash(
    store, folder, monkeypatch
):
    run = tt.init("e", store=folder)
    run.log({"loss": 1.0})
    recover(store)
    exists = os.path.exists

    def finish_first(path: str) -> bool:
        monkeypatch.setattr(os.path, "exists", exists)
        run.finish()
        return exists(path)

    monkeypatch.setattr(os.path, "exists", finish_first)
    drain._end_orphans(store)

    assert the_run(folder).row.status == "finished"


def test_a_reader_follows_a_journal_that_its_writer_wrote_anew(store, folder):
    path = folder / "journals" / f"{RUN_ID}.journal"
    writer = JournalWriter(str(path), START)
    write_metrics(writer, 0, loss=1.0)
    recover(store)
    path.unlink()
    writer.restore()
    write_metrics(writer, 1, loss=2.0)

    moved = recover(store).points
    writer.close()
    recover(store)

    assert (moved, points(folder, "loss")) == (1, [(0, 1.0), (1, 2.0)])


def test_a_reader_whose_database_was_replaced_drains_into_the_new_one(store, folder):
    path = folder / "journals" / f"{RUN_ID}.journal"
    writer = JournalWriter(str(path), START)
    write_metrics(writer, 0, loss=1.0)
    recover(store)
    os.unlink(store.path)
    with Store.open(folder, create=True):
        pass
    write_metrics(writer, 1, loss=2.0)
    writer.close()

    recover(store)
    recover(store)

    assert points(folder, "loss") == [(0, 1.0), (1, 2.0)]


def test_a_reader_whose_store_was_deleted_says_so_and_drops_nothing(store, folder):
    path = folder / "journals" / f"{RUN_ID}.journal"
    JournalWriter(str(path), START).close()
    store.read("SELECT 1")
    os.unlink(store.path)

    found = recover(store)

    assert "somebody deleted the store" in found.problems[0]
    assert path.exists()


def test_a_log_left_by_a_deleted_database_is_not_played_into_the_new_one(folder):
    with Store.open(folder, create=True) as old:
        with old.write() as connection:
            connection.execute("INSERT INTO experiment (name, created_ms) VALUES ('old', 1)")
        os.unlink(folder / "store.db")
        assert (folder / "store.db-wal").exists()

        with Store.open(folder, create=True) as new:
            found = new.read("SELECT name FROM experiment")
            check = new.read("PRAGMA integrity_check")

    assert (found, check) == ([], [("ok",)])


def test_a_store_that_is_opened_and_closed_leaves_no_descriptor_open(folder):
    with Store.open(folder, create=True):
        pass
    writer = JournalWriter(str(folder / "journals" / f"{RUN_ID}.journal"), START)
    counts = []
    for _ in range(5):
        with Store.open(folder) as store:
            recover(store)
        counts.append(len(os.listdir("/proc/self/fd")))
    writer.close()

    assert len(set(counts)) == 1


def test_a_locked_store_is_a_problem_in_one_sentence_and_nothing_is_moved(store, folder):
    write_journals(folder, steps=5)
    with Store.open(folder, wait_s=0.01) as waiting, store.write():
        found = recover(waiting)

    assert (found.points, found.locked, len(found.problems)) == (0, True, 1)
    assert found.problems[0].endswith("another process keeps the store locked: try again")
    assert len(waiting_journals(folder)) == 3


def test_a_store_he_may_not_write_is_told_how_much_waits(model, folder):
    shutil.copytree(model, folder)
    with Store.open(folder) as store:
        store.read_only = True
        found = recover(store)

        with pytest.raises(StoreError, match="may not write"), store.write():
            pass

    sizes = sum(path.stat().st_size for path in (folder / "journals").iterdir())
    assert (found.points, found.waiting) == (0, sizes)
    assert found.problems == (
        f"{sizes} bytes wait in journals, and you may not write to this store",
    )


def test_a_file_where_a_folder_should_be_is_a_problem_not_a_crash(model, folder):
    shutil.copytree(model, folder)
    shutil.rmtree(folder / "journals")
    (folder / "journals").write_text("a file")

    with Store.open(folder) as store:
        found = recover(store)

    assert (found.points, len(found.problems)) == (0, 1)
    assert "cannot be read (Not a directory)" in found.problems[0]


def test_a_dead_run_whose_journal_somebody_deleted_does_not_run_for_ever(folder):
    script = """
    r = tt.init("e", "orphan")
    r.log({"loss": 1}, step=4)
    time.sleep(0.6)
    os._exit(1)
    """
    end(start(folder, script))
    for path in (folder / "journals").iterdir():
        path.unlink()

    with Store.open(folder) as store:
        before = queries.get_rows(store, queries.list_run_keys(store))[0].status
        looked = recover(store)

    one = the_run(folder)
    assert (before, one.row.status) == ("running", "crashed")
    assert (one.ended_by, one.points) == ("its journal was deleted", 1)
    assert looked.ended == (one.row.id,)

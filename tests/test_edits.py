"""Changes to runs: what they do, what they leave, and how they are taken back."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import tui_tracker as tt
from tui_tracker import edits, sweep
from tui_tracker.drain import recover
from tui_tracker.errors import InvalidArgument, RunIsLive
from tui_tracker.queries import RunRow, Selection, find_run, get_rows, get_run, list_run_keys
from tui_tracker.store import Store

LogRun = Callable[..., tt.Run]


def row(store: Store, key: int) -> RunRow:
    return get_rows(store, [key])[0]


@pytest.fixture
def runs(store: Store, log_run: LogRun) -> list[int]:
    """Keys of two finished runs, `a` and `b`."""
    for name in "ab":
        log_run(name, loss=[0.9, 0.5], tags=("old",))
    return [find_run(store, name) for name in "ab"]


def test_a_tag_is_added_to_every_run_that_lacks_it(store: Store, runs: list[int]) -> None:
    changed = edits.tag(store, runs, ["best", " purpose:baseline "])

    assert changed == 2
    assert row(store, runs[0]).tags == ("best", "old", "purpose:baseline")


def test_a_tag_that_is_there_leaves_no_trace_in_the_history(store: Store, runs: list[int]) -> None:
    changed = edits.tag(store, runs, ["old"])

    assert changed == 0
    assert store.read("SELECT count(*) FROM edit") == [(0,)]


def test_an_empty_tag_is_refused(store: Store, runs: list[int]) -> None:
    with pytest.raises(InvalidArgument):
        edits.tag(store, runs, ["fine", "  "])

    assert row(store, runs[0]).tags == ("old",)


def test_a_note_keeps_its_author_and_its_words(store: Store, runs: list[int]) -> None:
    edits.note(store, runs[:1], "diverged after\nepoch 8 [/] \udcff")

    (note,) = get_run(store, runs[0]).notes
    assert note.text == "diverged after\nepoch 8 [/] ?"
    assert note.author


def test_a_run_that_is_still_logging_keeps_the_name_it_was_given(
    store: Store, folder: Path
) -> None:
    run = tt.init("e", "first", store=folder)
    run.log({"loss": 1.0})
    recover(store)

    edits.rename(store, find_run(store, "first"), "second")

    run.log({"loss": 0.5})
    run.finish()
    assert [row.name for row in get_rows(store, list_run_keys(store))] == ["second"]


def test_a_running_run_is_refused_by_the_trash_and_so_are_those_named_with_it(
    store: Store, folder: Path, runs: list[int]
) -> None:
    tt.init("e", "live", store=folder)
    recover(store)

    with pytest.raises(RunIsLive) as caught:
        edits.trash(store, [runs[0], find_run(store, "live")])

    assert str(caught.value) == "'live' is still running: stop it before it goes to the trash"
    assert not row(store, runs[0]).deleted


def test_restore_brings_a_run_back_from_archive_and_trash(store: Store, runs: list[int]) -> None:
    edits.archive(store, runs)
    edits.trash(store, runs[:1])

    changed = edits.restore(store, runs)

    assert changed == 2
    assert list_run_keys(store) == sorted(runs, reverse=True)


def test_undo_takes_changes_back_newest_first(store: Store, runs: list[int]) -> None:
    edits.tag(store, runs, ["x"])
    edits.rename(store, runs[0], "other")
    edits.archive(store, runs[1:])

    undone = [edits.undo(store) for _ in range(4)]

    assert [one.what if one else None for one in undone] == ["archive", "rename", "tag", None]
    assert [(r.name, r.tags, r.archived) for r in get_rows(store, runs)] == [
        ("a", ("old",), False),
        ("b", ("old",), False),
    ]


@pytest.mark.parametrize("what", ["untag", "note", "trash", "restore"])
def test_undo_takes_back_each_kind_of_change(store: Store, runs: list[int], what: str) -> None:
    edits.archive(store, runs[:1])
    before = get_run(store, runs[0])
    changes: dict[str, Callable[[], int]] = {
        "untag": lambda: edits.untag(store, runs[:1], ["old"]),
        "note": lambda: edits.note(store, runs[:1], "words"),
        "trash": lambda: edits.trash(store, runs[:1]),
        "restore": lambda: edits.restore(store, runs[:1]),
    }
    changes[what]()

    undone = edits.undo(store)

    assert undone is not None
    assert (undone.what, undone.runs) == (what, (runs[0],))
    after = get_run(store, runs[0])
    assert after.notes == before.notes
    assert (after.row.tags, after.row.archived, after.row.deleted) == (
        before.row.tags,
        before.row.archived,
        before.row.deleted,
    )


def test_undo_leaves_alone_what_was_changed_again_meanwhile(store: Store, runs: list[int]) -> None:
    edits.rename(store, runs[0], "mine")
    with store.write() as connection:
        connection.execute("UPDATE run SET name='theirs' WHERE id=?", (runs[0],))

    undone = edits.undo(store)

    assert undone is not None
    assert (undone.runs, undone.overtaken) == ((), 1)
    assert row(store, runs[0]).name == "theirs"


def test_emptying_the_trash_leaves_nothing_of_the_run(store: Store, runs: list[int]) -> None:
    edits.note(store, runs, "both")
    edits.trash(store, runs[:1])

    emptied = edits.empty_trash(store)

    assert emptied.runs == ("a",)
    tables = "artifact edit journal lineage metric note param series_block tag".split()
    for table in tables:
        assert store.read(f"SELECT run FROM {table} WHERE run=?", runs[:1]) == []
    assert store.read("SELECT count(*) FROM block") == [(1,)]


def test_a_later_run_inherits_no_history_from_a_removed_one(
    store: Store, log_run: LogRun, runs: list[int]
) -> None:
    edits.rename(store, runs[1], "renamed")
    edits.trash(store, [runs[1]])
    edits.empty_trash(store)
    log_run("new", loss=[1.0])

    undone = edits.undo(store)

    assert undone is None
    assert find_run(store, "new") == runs[1], "SQLite gives the highest number out again"


def test_a_run_that_something_still_writes_to_stays_in_the_trash(
    store: Store, folder: Path
) -> None:
    run = tt.init("e", "live", store=folder)
    recover(store)
    key = find_run(store, "live")
    with store.write() as connection:
        connection.execute("UPDATE run SET status='crashed', deleted_ms=1 WHERE id=?", (key,))

    emptied = edits.empty_trash(store)

    assert (emptied.runs, emptied.kept) == ((), ("live",))
    run.finish()


def test_a_change_is_made_while_a_run_writes(store: Store, folder: Path) -> None:
    with tt.init("e", "busy", store=folder) as run:
        run.log({"loss": 1.0})
        recover(store)
        key = find_run(store, "busy")
        for number in range(20):
            run.log({"loss": float(number)})
            edits.tag(store, [key], [f"t{number}"])

    detail = get_run(store, key)
    assert len(detail.row.tags) == 20
    assert detail.points == 21


def stored_files(folder: Path) -> list[Path]:
    return [path for path in (folder / "artifacts").rglob("*") if path.is_file()]


def age(paths: list[Path]) -> None:
    """Let the files look as if nobody had stored them within the last hours."""
    for path in paths:
        os.utime(path, (time.time() - 9999, time.time() - 9999))


def log_with_file(folder: Path, name: str, path: Path) -> None:
    run = tt.init("e", name, store=folder)
    run.log_artifact(path)
    run.finish()


def test_a_sweep_removes_the_files_of_no_run_and_keeps_shared_ones(
    store: Store, folder: Path, tmp_path: Path
) -> None:
    shared, own = tmp_path / "shared.bin", tmp_path / "own.bin"
    shared.write_bytes(b"shared")
    own.write_bytes(b"own")
    log_with_file(folder, "keeps", shared)
    log_with_file(folder, "goes", shared)
    log_with_file(folder, "goes too", own)
    edits.trash(store, [find_run(store, "goes"), find_run(store, "goes too")])
    edits.empty_trash(store)
    age(stored_files(folder))

    swept = sweep.sweep(store)

    assert (swept.artifacts, swept.artifact_bytes) == (1, 3)
    assert [path.read_bytes() for path in stored_files(folder)] == [b"shared"]


def test_a_sweep_keeps_a_file_that_was_stored_just_now(
    store: Store, folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "new.bin"
    path.write_bytes(b"new")
    log_with_file(folder, "goes", path)
    edits.trash(store, [find_run(store, "goes")])
    edits.empty_trash(store)

    swept = sweep.sweep(store)

    assert swept.artifacts == 0


@pytest.mark.usefixtures("runs")
def test_a_sweep_forgets_names_and_texts_that_no_run_has(store: Store, log_run: LogRun) -> None:
    log_run("c", experiment="gone", params={"only_here": "x" * 2000}, strange=[1.0])
    edits.trash(store, [find_run(store, "c")])
    edits.empty_trash(store)

    sweep.sweep(store)

    assert store.read("SELECT name FROM experiment") == [("sweep_lr",)]
    assert store.read("SELECT name FROM key WHERE kind=1 OR kind=0") == [("loss",)]
    assert store.read(
        "SELECT count(*) FROM content WHERE digest NOT IN (SELECT digest FROM lineage "
        "WHERE digest IS NOT NULL)"
    ) == [(0,)]


def test_the_database_shrinks_once_large_runs_are_gone(store: Store, log_run: LogRun) -> None:
    log_run("large", params={"p": "".join(map(chr, range(40, 900))) * 200}, loss=[1.0] * 2000)
    log_run("large too", params={f"p{n}": os.urandom(2000).hex() for n in range(100)})
    edits.trash(store, list_run_keys(store, Selection()))
    edits.empty_trash(store)

    swept = sweep.sweep(store)

    assert swept.problem == ""
    assert swept.database_bytes > 100_000


def test_a_removed_run_does_not_rise_from_a_journal_that_stays(
    folder: Path, log_run: LogRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a network file system journals are never removed: other machines drain them too.
    monkeypatch.setenv("TUI_TRACKER_NETWORK", "1")
    log_run("gone", loss=[1.0, 2.0])
    with Store.open(folder, create=True) as opened:
        recover(opened)
        edits.trash(opened, [find_run(opened, "gone")])

        emptied = edits.empty_trash(opened)

        assert emptied.runs == ("gone",)
    log_run("next", loss=[3.0])
    with Store.open(folder) as again:
        recover(again)
        (detail,) = [get_run(again, key) for key in list_run_keys(again)]
        assert (detail.row.name, detail.row.status, detail.points) == ("next", "finished", 1)
        assert sweep.sweep(again).problem.startswith("artifacts stay")

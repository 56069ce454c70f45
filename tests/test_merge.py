"""Runs from one store in another: whole, once, and up to date."""

from __future__ import annotations

import json
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import tui_tracker as tt
from tui_tracker import edits, merge, sweep
from tui_tracker.drain import recover
from tui_tracker.errors import StoreDamaged
from tui_tracker.merge import merge_runs
from tui_tracker.merge_rows import tables_of_runs
from tui_tracker.queries import (
    RunDetail,
    find_run,
    get_run,
    list_param_changes,
    list_run_keys,
    read_console,
    read_series,
)
from tui_tracker.queries.records import run_records
from tui_tracker.store import Store

LogRun = Callable[..., tt.Run]


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Store]:
    """Another open store, with a run of its own, so that no number is the same by chance."""
    run = tt.init("other", "own", {"own": 1}, store=tmp_path / "target")
    run.log({"own_metric": 1.0})
    run.finish()
    with Store.open(tmp_path / "target") as opened:
        yield opened


@pytest.fixture
def rich(folder: Path, tmp_path: Path) -> tt.Run:
    """A finished run with something in every table that the logger writes."""
    made = tmp_path / "model.bin"
    made.write_bytes(b"weights")
    run = tt.init("deep/er", "rich", {"lr": 0.1, "text": "x" * 2000}, tags=("t",), store=folder)
    for step in range(3000):
        run.log({"loss": 1 / (step + 1), "acc": step / 3000}, step=step)
    run.log({"odd": float("nan")}, step=0)
    run.log_params({"lr": 0.2})
    run.note("a note")
    run.log_artifact(made, kind="model")
    run.finish()
    return run


def record(store: Store, name: str) -> str:
    return next(run_records(store, [find_run(store, name)], bulky=True))


def points(store: Store, name: str, metric: str) -> list[tuple[int, int, float]]:
    key = find_run(store, name)
    summary = get_run(store, key).row.metrics[metric]
    series = read_series(store, key, summary.key)
    return list(zip(series.steps, series.times_ms, series.values, strict=True))


def dump(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table."""
    names = [row[0] for row in store.read("SELECT name FROM sqlite_master WHERE type='table'")]
    return {name: sorted(store.read(f'SELECT * FROM "{name}"'), key=repr) for name in names}


def detail(store: Store, name: str) -> RunDetail:
    return get_run(store, find_run(store, name))


def test_a_run_reads_the_same_in_the_other_store(store: Store, target: Store, rich: tt.Run) -> None:
    edits.tag(store, [find_run(store, "rich")], ["later"])

    done = merge_runs(store, target)

    assert done.added == (rich.id,)
    assert record(target, "rich") == record(store, "rich")
    for metric in ("loss", "acc"):
        assert points(target, "rich", metric) == points(store, "rich", metric)
    changes = [
        [(c.name, c.at, c.value) for c in list_param_changes(s, find_run(s, "rich"))]
        for s in (store, target)
    ]
    assert changes[0] == changes[1] != []


@pytest.mark.usefixtures("rich")
def test_the_files_of_a_run_come_with_it(store: Store, target: Store) -> None:
    merge_runs(store, target)

    (artifact,) = detail(target, "rich").artifacts
    assert artifact.copied
    stored = Path(target.folder) / "artifacts" / artifact.sha256[:2] / artifact.sha256
    assert stored.read_bytes() == b"weights"


@pytest.mark.usefixtures("rich")
def test_a_file_that_is_gone_is_told_and_the_run_comes_all_the_same(
    store: Store, target: Store
) -> None:
    for path in (Path(store.folder) / "artifacts").rglob("*"):
        if path.is_file():
            path.unlink()

    merge_runs(store, target)

    (artifact,) = detail(target, "rich").artifacts
    assert (artifact.copied, artifact.problem) == (
        False,
        "its file was not in the store that this run came from",
    )


@pytest.mark.usefixtures("rich")
def test_a_damaged_file_is_not_taken_for_the_one_that_was_logged(
    store: Store, target: Store
) -> None:
    (path,) = (p for p in (Path(store.folder) / "artifacts").rglob("*") if p.is_file())
    path.write_bytes(b"changed")

    merge_runs(store, target)

    (artifact,) = detail(target, "rich").artifacts
    assert not artifact.copied
    assert "damaged" in artifact.problem


def test_a_second_merge_writes_no_row(store: Store, target: Store, rich: tt.Run) -> None:
    edits.note(store, [find_run(store, "rich")], "seen")
    merge_runs(store, target)
    before = dump(target)

    done = merge_runs(store, target)

    assert (done.added, done.updated, done.same) == ((), (), (rich.id,))
    assert dump(target) == before


def test_a_run_that_grew_meanwhile_is_replaced_by_what_it_is_now(
    store: Store, target: Store, rich: tt.Run, folder: Path
) -> None:
    merge_runs(store, target)
    mine = find_run(target, "rich")
    edits.tag(target, [mine], ["mine"])
    edits.rename(target, mine, "renamed")
    again = tt.init("deep/er", store=folder, resume=rich.id)
    again.log({"loss": 0.5}, step=5000)
    again.finish()

    done = merge_runs(store, target)

    assert done.updated == (rich.id,)
    row = detail(target, "renamed").row
    assert row.key == mine
    assert row.metrics["loss"].last_step == 5000
    assert row.tags == ("mine", "t")
    assert points(target, "renamed", "loss") == points(store, "rich", "loss")
    swept = target.read(
        "SELECT count(*) FROM block WHERE id NOT IN (SELECT data FROM series_block)"
    )
    assert swept == [(0,)]


def test_a_newer_run_in_the_target_is_left_and_said(
    store: Store, target: Store, rich: tt.Run, tmp_path: Path
) -> None:
    merge_runs(store, target)
    again = tt.init("deep/er", store=tmp_path / "target", resume=rich.id)
    again.log({"loss": 0.5}, step=5000)
    again.finish()

    done = merge_runs(store, target)

    assert done.left == ((rich.id, "the one here is newer"),)
    assert detail(target, "rich").row.metrics["loss"].last_step == 5000


def test_a_run_that_still_runs_is_left_and_said(store: Store, target: Store, folder: Path) -> None:
    run = tt.init("e", "live", store=folder)
    run.log({"loss": 1.0})
    recover(store)

    done = merge_runs(store, target)

    assert done.left == ((run.id, "it is still running"),)


def test_changes_of_people_are_joined_without_a_new_point(
    store: Store, target: Store, rich: tt.Run
) -> None:
    merge_runs(store, target)
    here, there = find_run(target, "rich"), find_run(store, "rich")
    edits.rename(target, here, "older")
    time.sleep(0.005)
    edits.rename(store, there, "newer")
    edits.note(store, [there], "from there")
    edits.tag(store, [there], ["x"])

    done = merge_runs(store, target)

    assert done.same == (rich.id,)
    run = get_run(target, here)
    assert run.row.name == "newer"
    assert run.row.tags == ("t", "x")
    assert [note.text for note in run.notes] == ["a note", "from there"]


def test_the_later_of_two_names_stays_wherever_it_was_given(
    store: Store, target: Store, rich: tt.Run
) -> None:
    merge_runs(store, target)
    edits.rename(store, find_run(store, "rich"), "older")
    time.sleep(0.005)
    edits.rename(target, find_run(target, "rich"), "newer")

    merge_runs(store, target)

    assert [
        name for (name,) in target.read("SELECT name FROM run WHERE uuid=?", (uuid(rich),))
    ] == ["newer"]


@pytest.mark.usefixtures("rich")
def test_a_change_that_was_taken_back_there_is_taken_back_here(store: Store, target: Store) -> None:
    edits.tag(store, [find_run(store, "rich")], ["wrong"])
    merge_runs(store, target)
    edits.undo(store)

    merge_runs(store, target)

    assert detail(target, "rich").row.tags == ("t",)


@pytest.mark.usefixtures("rich")
def test_undo_takes_back_what_was_done_here_before_what_was_done_there(
    store: Store, target: Store
) -> None:
    edits.tag(target, [find_run(target, "own")], ["here"])
    time.sleep(0.005)
    edits.tag(store, [find_run(store, "rich")], ["there"])
    merge_runs(store, target)

    undone = edits.undo(target)

    assert undone is not None
    assert detail(target, "own").row.tags == ()
    assert detail(target, "rich").row.tags == ("t", "there")


def test_runs_and_parents_keep_their_ids_even_where_the_other_is_missing(
    store: Store, target: Store, folder: Path, log_run: LogRun
) -> None:
    parent = log_run("parent", loss=[1.0])
    child = tt.init("e", "child", store=folder, parent=parent.id)
    child.finish()

    merge_runs(store, target, [find_run(store, "child")])

    assert detail(target, "child").parent == parent.id
    assert list_run_keys(target) != []
    assert target.read("SELECT count(*) FROM run WHERE uuid=?", (uuid(parent),)) == [(0,)]


def test_a_journal_that_was_brought_in_there_is_not_brought_in_again_here(
    store: Store, target: Store, rich: tt.Run
) -> None:
    merge_runs(store, target)

    places = "SELECT name, drained, status FROM journal WHERE name LIKE ?"
    assert target.read(places, (f"{rich.id}%",)) == store.read(places, (f"{rich.id}%",))


def test_the_console_comes_along(store: Store, target: Store, log_run: LogRun) -> None:
    run = log_run("printed")
    data = zlib.compress(json.dumps([[1, "o", "hello"]]).encode())
    with store.write() as connection:
        key = find_run(store, "printed")
        connection.execute("INSERT INTO console_block VALUES (?,0,0,1,?)", (key, data))
        connection.execute("UPDATE run SET console_lines=1 WHERE id=?", (key,))

    merge_runs(store, target)

    lines = read_console(target, find_run(target, run.name), 0, 10)
    assert [line.text for line in lines] == ["hello"]


def test_every_table_with_a_run_is_taken(store: Store, target: Store, rich: tt.Run) -> None:
    """Fails for a new table of facts whose columns the merge cannot translate."""
    with store.write() as connection:
        connection.execute(
            "CREATE TABLE newer (run INTEGER, part TEXT, digest BLOB, number INTEGER)"
        )
        connection.execute("INSERT INTO newer VALUES (1, 'x', x'00', 7)")
    with target.write() as connection:
        connection.execute(
            "CREATE TABLE newer (run INTEGER, part TEXT, digest BLOB, number INTEGER)"
        )

    merge_runs(store, target)

    rows = target.read(
        "SELECT r.uuid, n.part, n.number FROM newer AS n JOIN run AS r ON r.id=n.run"
    )
    assert rows == [(uuid(rich), "x", 7)]


def test_no_table_of_the_schema_is_unknown_to_the_merge(store: Store) -> None:
    names = {row[0] for row in store.read("SELECT name FROM sqlite_master WHERE type='table'")}

    of_runs = {table.name: table for table in tables_of_runs(store)}

    assert names - set(of_runs) == merge.SHARED
    # A whole number of another meaning than these would be copied as it is, and would
    # name another row there: teach `merge_rows._rename` about a new one, then name it here.
    plain = {
        *("run", "key", "metric", "data", "batch"),
        *("at_ms", "size", "copied", "seq", "first_line", "n", "undone_ms", "attempt", "drained"),
        *("took_ms", "count", "first_step", "last_step", "first_ms", "last_ms", "min_step"),
        *("max_step", "nan", "inf", "low_step", "high_step", "low_ms", "high_ms"),
        *("score", "errors", "warnings"),
    }
    assert {number for table in of_runs.values() for number in table.numbers} <= plain | {"id"}


def _tell(store: Store, key: int, *, scope: str = "") -> None:
    with store.write() as connection:
        connection.execute(
            "INSERT INTO alias (scope, kind, raw, canonical, who, at_ms, reason, batch) "
            "VALUES (?, 'metric', 'acc', 'val_accuracy', 'ada', 5, '', 1)",
            (scope,),
        )
        connection.execute(
            "INSERT INTO amendment (run, field, old, new, who, at_ms, hash) "
            "VALUES (?, 'data.version', NULL, '\"v2\"', 'ada', 5, x'01')",
            (key,),
        )
        connection.execute("INSERT INTO content VALUES (x'77', x'00')")
        connection.execute(
            "INSERT INTO decision (experiment, rule, winner, at_ms, who, members, digest) "
            "SELECT name, 'highest acc', '\"x\"', 5, 'ada', x'02', x'77' FROM experiment"
        )
        connection.execute("INSERT INTO audit VALUES (?,'seed','r','s',71,'C',1,2,x'')", (key,))


@pytest.mark.usefixtures("rich")
def test_aliases_amendments_decisions_and_audits_come_over_once(
    store: Store, target: Store
) -> None:
    (key,) = list_run_keys(store)
    _tell(store, key)

    merge_runs(store, target)
    merge_runs(store, target)

    (experiment,) = target.read("SELECT name FROM experiment")[0]
    assert target.read("SELECT scope, raw, canonical, batch FROM alias") == [
        (experiment, "acc", "val_accuracy", 1)
    ]
    assert target.read("SELECT field, new, hash FROM amendment") == [
        ("data.version", '"v2"', b"\x01")
    ]
    assert target.read("SELECT rule, digest FROM decision") == [("highest acc", b"\x77")]
    assert target.read("SELECT count(*) FROM content WHERE digest=x'77'") == [(1,)]
    assert target.read("SELECT profile, score, grade FROM audit") == [("seed", 71, "C")]


@pytest.mark.usefixtures("rich")
def test_what_was_told_of_a_removed_run_goes_with_it(store: Store) -> None:
    (key,) = list_run_keys(store)
    _tell(store, key)
    edits.trash(store, [key])

    edits.empty_trash(store)

    assert store.read("SELECT count(*) FROM amendment") == [(0,)]
    assert store.read("SELECT count(*) FROM audit") == [(0,)]


def test_what_is_told_about_a_run_is_added_and_never_lost(
    store: Store, target: Store, rich: tt.Run
) -> None:
    sql = (
        "CREATE TABLE IF NOT EXISTS reproduction (id INTEGER PRIMARY KEY, of BLOB, run BLOB, "
        "at_ms INTEGER, mode TEXT, verdict TEXT, level TEXT, machine TEXT, digest BLOB)"
    )
    for place, at_ms in ((store, 1), (target, 2)):
        with place.write() as connection:
            connection.execute(sql)
            connection.execute(
                "INSERT INTO reproduction (of, at_ms, mode, verdict, level, machine) "
                "VALUES (?,?,'exact','identical','','m')",
                (uuid(rich), at_ms),
            )

    merge_runs(store, target)
    merge_runs(store, target)

    assert target.read("SELECT at_ms FROM reproduction ORDER BY at_ms") == [(1,), (2,)]


def test_a_part_that_only_the_target_has_stays(
    store: Store, target: Store, rich: tt.Run, folder: Path
) -> None:
    merge_runs(store, target)
    key = find_run(target, "rich")
    with target.write() as connection:
        connection.execute("INSERT INTO lineage VALUES (?,'origin','ok','',0,NULL)", (key,))
    again = tt.init("deep/er", store=folder, resume=rich.id)
    again.log({"loss": 0.5}, step=5000)
    again.finish()

    merge_runs(store, target)

    assert "origin" in [part.name for part in detail(target, "rich").lineage]


@pytest.mark.usefixtures("rich")
def test_what_a_merge_leaves_is_swept_away_whole(store: Store, target: Store) -> None:
    before = dump(target)
    merge_runs(store, target)
    edits.trash(target, [find_run(target, "rich")])
    edits.empty_trash(target)

    sweep.sweep(target)

    assert dump(target) == before


def test_a_merge_that_is_cut_short_is_finished_by_the_next(
    store: Store, target: Store, log_run: LogRun
) -> None:
    for number in range(3):
        log_run(f"r{number}", loss=[1.0])

    def stop(done: int, _: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        merge_runs(store, target, progress=stop)

    done = merge_runs(store, target)
    assert (len(done.added), len(done.same)) == (1, 2)


@pytest.mark.usefixtures("rich")
def test_a_run_that_cannot_be_written_leaves_nothing(store: Store, target: Store) -> None:
    before = dump(target)
    with target.write() as connection:
        connection.execute(
            "CREATE TRIGGER no BEFORE INSERT ON tag BEGIN SELECT RAISE(FAIL,'x'); END"
        )

    with pytest.raises((sqlite3.Error, tt.TrackerError)):
        merge_runs(store, target)

    assert dump(target) == before


@pytest.mark.usefixtures("rich")
def test_two_merges_at_once_bring_a_run_in_once(store: Store, target: Store) -> None:
    """The other one is through while this one still fetches files."""

    def meanwhile(sha256: str) -> str:
        with Store.open(target.folder) as again, Store.open(store.folder) as source:
            merge_runs(source, again)
        return merge.copy_file(store, target, sha256)

    done = merge_runs(store, target, fetch=meanwhile)

    assert len(done.same) == 1
    assert target.read("SELECT count(*) FROM run WHERE name='rich'") == [(1,)]


@pytest.mark.usefixtures("rich")
@pytest.mark.parametrize("table", ["block", "key"])
def test_a_damaged_source_is_told_and_nothing_of_the_run_comes(
    store: Store, target: Store, table: str
) -> None:
    before = dump(target)
    with store.write() as connection:
        connection.execute(f"DELETE FROM {table}")

    with pytest.raises(StoreDamaged, match="gone"):
        merge_runs(store, target)

    assert dump(target) == before


@pytest.mark.usefixtures("rich")
def test_a_thousand_runs_are_merged_at_once(store: Store, target: Store) -> None:
    """A thousand times the rows of a real run, under other ids."""
    key = find_run(store, "rich")
    with store.write() as connection:
        connection.execute(
            "CREATE TEMP TABLE n AS WITH RECURSIVE c(i) AS (VALUES(1) UNION ALL "
            "SELECT i+1 FROM c WHERE i<1000) SELECT i FROM c"
        )
        names = [c[1] for c in connection.execute("PRAGMA table_info(run)")]
        taken = ", ".join({"id": f"{key}+i", "uuid": "randomblob(16)"}.get(n, n) for n in names)
        connection.execute(f"INSERT INTO run SELECT {taken} FROM run, n WHERE id={key}")
        for table in tables_of_runs(store):
            columns = ", ".join(
                {"run": f"{key}+i", "name": "name||i"}.get(c, f'"{c}"') for c in table.columns
            )
            into = ", ".join(f'"{c}"' for c in table.columns)
            connection.execute(
                f"INSERT INTO {table.name} ({into}) SELECT {columns} FROM {table.name}, n "
                f"WHERE run={key}"
            )

    done = merge_runs(store, target)

    assert len(done.added) == 1001


def uuid(run: tt.Run) -> bytes:
    return bytes.fromhex(run.id.replace("-", ""))

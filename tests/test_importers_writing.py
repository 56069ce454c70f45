"""Pieces of foreign runs become rows of a store, once, whatever is read again."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tui_tracker.edits import remove_note, rename, unarchive, untag
from tui_tracker.importers.records import (
    ImportedArtifact,
    ImportedNote,
    ImportedRun,
    Piece,
    Points,
    Printed,
    StartedOver,
    Unread,
)
from tui_tracker.importers.writing import StoreWriter, Taken
from tui_tracker.queries import find_run, get_run, read_console, read_series
from tui_tracker.store import Store

START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path):
    with Store.open(tmp_path / "store", create=True) as opened:
        yield opened


def a_run(tmp_path: Path, key: str = "a", **changes: object) -> ImportedRun:
    run = ImportedRun(
        key=key,
        id=key,
        name=f"run-{key}",
        experiment="digits",
        status="finished",
        path=tmp_path,
        started_at=START,
        params={"lr": 0.1, "layers": [1, 2], "note": None},
        tags=("base",),
        notes=(ImportedNote("first"),),
    )
    return replace(run, **changes)  # type: ignore[arg-type]


def points(key: str, steps: list[int], values: list[float], metric: str = "loss") -> Points:
    times = [1_795_000_000_000 + step * 1000 for step in range(len(steps))]
    return Points(key, metric, steps, times, values)


def take(store: Store, tmp_path: Path, *pieces: Piece, tool: str = "tool") -> Taken:
    return StoreWriter(store, tool, [tmp_path]).take(pieces)


def values_of(store: Store, name: str, metric: str = "loss") -> list[float]:
    key = find_run(store, name)
    return list(read_series(store, key, get_run(store, key).row.metrics[metric].key).values)


def test_a_run_comes_in_with_all_that_is_known_of_it(store: Store, tmp_path: Path):
    nan = math.nan

    taken = take(store, tmp_path, a_run(tmp_path), points("a", [0, 5, 5, 2], [1.0, nan, 0.5, 0.25]))

    run = get_run(store, find_run(store, "run-a"))
    assert (run.row.status, run.row.experiment, run.row.started_at) == ("finished", "digits", START)
    assert {name: value for name, value in run.row.params.items()} == {
        "lr": 0.1,
        "layers": [1, 2],
        "note": None,
    }
    assert run.source == {"tool": "tool", "path": str(tmp_path), "id": "a"}
    assert (run.host, run.user, run.pid) == ("", "", None)
    summary = run.row.metrics["loss"]
    assert (summary.count, summary.nan, summary.last, summary.min) == (4, 1, 0.25, 0.25)
    assert taken.imported == [run.row.id]


def test_the_same_pieces_again_add_nothing(store: Store, tmp_path: Path):
    pieces = (
        *(a_run(tmp_path), points("a", [0, 1], [1.0, math.nan])),
        Printed("a", [(1, "o", "one"), (2, "e", "two")]),
    )
    first = take(store, tmp_path, *pieces)
    before = store.read("SELECT * FROM run")

    again = take(store, tmp_path, *pieces)

    assert (again.imported, again.updated, again.same) == ([], [], first.imported)
    assert store.read("SELECT * FROM run") == before
    assert len(values_of(store, "run-a")) == 2
    assert len(read_console(store, find_run(store, "run-a"))) == 2


def test_what_grew_is_added_and_what_was_there_is_not_written_twice(store: Store, tmp_path: Path):
    take(store, tmp_path, a_run(tmp_path, status="running"), points("a", [0, 1], [3.0, 2.0]))

    again = take(
        store,
        tmp_path,
        a_run(tmp_path),
        points("a", [0], [3.0]),
        points("a", [1, 2, 3], [2.0, 1.0, 0.5]),
    )

    assert values_of(store, "run-a") == [3.0, 2.0, 1.0, 0.5]
    assert len(again.updated) == 1
    assert get_run(store, find_run(store, "run-a")).points == 4


def test_a_series_that_was_rewritten_is_replaced_from_where_it_differs(
    store: Store, tmp_path: Path
):
    many = [float(number) for number in range(3000)]
    steps = list(range(3000))
    take(store, tmp_path, a_run(tmp_path), points("a", steps, many))

    changed = [*many[:2000], -1.0]
    take(store, tmp_path, a_run(tmp_path), points("a", steps[:2001], changed))

    assert values_of(store, "run-a") == changed
    assert get_run(store, find_run(store, "run-a")).points == 2001


def test_a_file_that_another_training_wrote_over_is_another_run(store: Store, tmp_path: Path):
    take(store, tmp_path, a_run(tmp_path), points("a", [0, 1], [3.0, 2.0]))

    other = take(store, tmp_path, a_run(tmp_path), points("a", [0, 1], [9.0, 8.0]))
    again = take(store, tmp_path, a_run(tmp_path), points("a", [0, 1, 2], [9.0, 8.0, 7.0]))

    assert len(other.imported) == 1
    assert again.updated == other.imported
    assert store.read("SELECT points FROM run ORDER BY id") == [(2,), (3,)]


def test_a_source_that_starts_over_begins_with_nothing(store: Store, tmp_path: Path):
    writer = StoreWriter(store, "tool", [tmp_path])
    writer.take([a_run(tmp_path), points("a", [0, 1], [3.0, 2.0]), Printed("a", [(1, "o", "x")])])

    writer.take([StartedOver("a"), a_run(tmp_path), points("a", [0], [5.0])])

    assert values_of(store, "run-a") == [5.0]
    assert read_console(store, find_run(store, "run-a")) == []


def test_a_followed_source_only_appends(store: Store, tmp_path: Path):
    writer = StoreWriter(store, "tool", [tmp_path])
    writer.take([a_run(tmp_path, status="running"), points("a", [0], [1.0])])

    taken = writer.take([points("a", [1], [0.5]), Printed("a", [(1, "o", "x")])])
    nothing = writer.take([])

    assert values_of(store, "run-a") == [1.0, 0.5]
    assert (len(taken.updated), nothing.updated) == (1, [])


def test_what_a_person_changed_stays_when_the_source_is_read_again(store: Store, tmp_path: Path):
    run = a_run(tmp_path, archived=True)
    take(store, tmp_path, run)
    key = find_run(store, "run-a")
    rename(store, key, "mine")
    untag(store, [key], ["base"])
    unarchive(store, [key])
    remove_note(store, get_run(store, key).notes[0].id)

    take(store, tmp_path, replace(run, status="failed"))

    now = get_run(store, key)
    assert (now.row.name, now.row.tags, now.notes) == ("mine", (), ())
    assert (now.row.status, now.row.archived) == ("failed", False)


def test_points_beyond_64_bits_are_passed_over_and_told(store: Store, tmp_path: Path):
    taken = take(store, tmp_path, a_run(tmp_path), points("a", [0, 2**70, 2], [1.0, 2.0, 3.0]))

    assert values_of(store, "run-a") == [1.0, 3.0]
    assert "1 points have steps beyond 64 bits" in str(taken.unread[0])


def test_runs_that_would_be_their_own_ancestors_have_no_parent(store: Store, tmp_path: Path):
    pieces = [
        *(a_run(tmp_path, "a", parent="c"), a_run(tmp_path, "b", parent="a")),
        *(a_run(tmp_path, "c", parent="b"), a_run(tmp_path, "d", parent="d")),
    ]

    taken = take(store, tmp_path, *pieces)

    parents = {row[0]: row[1] is not None for row in store.read("SELECT name, parent FROM run")}
    assert sum(parents.values()) == 2
    assert not parents["run-d"]
    assert len(taken.unread) == 2


def test_a_parent_that_comes_later_is_found(store: Store, tmp_path: Path):
    writer = StoreWriter(store, "tool", [tmp_path])
    writer.take([a_run(tmp_path, "child", parent="top")])

    writer.take([a_run(tmp_path, "top")])

    top = get_run(store, find_run(store, "run-top"))
    assert get_run(store, find_run(store, "run-child")).parent == top.row.id


def test_files_are_copied_and_names_that_lead_out_are_refused(store: Store, tmp_path: Path):
    opened = tmp_path / "opened"
    opened.mkdir()
    (opened / "model.bin").write_bytes(b"weights")
    outside = tmp_path / "secret"
    outside.write_text("s")
    (opened / "link").symlink_to(outside)
    artifacts = (
        ImportedArtifact("model.bin", opened / "model.bin", "model"),
        ImportedArtifact("../../x", opened / "model.bin"),
        ImportedArtifact("/etc/passwd", opened / "model.bin"),
        ImportedArtifact("C:\\x", opened / "model.bin"),
        ImportedArtifact("link", opened / "link"),
        ImportedArtifact("gone", None),
        ImportedArtifact("told", opened / "model.bin", sha256="ab" * 32),
    )

    taken = StoreWriter(store, "tool", [opened]).take([a_run(opened, artifacts=artifacts)])

    rows = {one.path: one for one in get_run(store, find_run(store, "run-a")).artifacts}
    assert set(rows) == {"model.bin", "link", "gone", "told"}
    assert rows["model.bin"].copied
    assert not rows["link"].copied
    assert "outside" in rows["link"].problem
    assert "changed after the run" in rows["told"].problem
    assert len(taken.unread) == 3


def test_nothing_of_this_machine_is_on_an_imported_run(store: Store, tmp_path: Path):
    run = a_run(tmp_path, lineage={"code": {"commit": "abc123"}})

    take(store, tmp_path, run)

    parts = {part.name: part for part in get_run(store, find_run(store, "run-a")).lineage}
    assert parts["code"].facts == {"commit": "abc123"}
    assert parts["environment"].status == "skipped"
    assert parts["environment"].reason == "tool recorded nothing of it"


def test_two_tools_may_have_runs_of_one_id(store: Store, tmp_path: Path):
    take(store, tmp_path, a_run(tmp_path), tool="one")
    take(store, tmp_path, a_run(tmp_path), tool="two")

    assert store.read("SELECT count(*) FROM run") == [(2,)]


def test_a_long_run_is_written_in_parts_and_comes_out_whole(store: Store, tmp_path: Path):
    def pieces():
        yield a_run(tmp_path)
        for start in range(0, 700_000, 50_000):
            steps = list(range(start, start + 50_000))
            yield points("a", steps, [float(step) for step in steps])

    taken = StoreWriter(store, "tool", [tmp_path]).take(pieces())

    run = get_run(store, find_run(store, "run-a"))
    assert (run.points, run.row.metrics["loss"].last) == (700_000, 699_999.0)
    assert taken.points == 700_000


def test_trouble_that_readers_tell_is_handed_on(store: Store, tmp_path: Path):
    trouble = Unread(tmp_path / "x", "line 3", "is no number")

    taken = take(store, tmp_path, trouble)

    assert str(taken.unread[0]) == f"{tmp_path / 'x'}, line 3: is no number"


def test_an_import_that_was_stopped_goes_on_where_it_was(store: Store, tmp_path: Path):
    def pieces(until: int):
        yield a_run(tmp_path)
        for start in range(0, 600_000, 50_000):
            if start >= until:
                raise KeyboardInterrupt
            steps = list(range(start, start + 50_000))
            yield points("a", steps, [float(step) for step in steps])
        yield a_run(tmp_path, "b")
        yield points("b", [0], [1.0])

    with pytest.raises(KeyboardInterrupt):
        StoreWriter(store, "tool", [tmp_path]).take(pieces(400_000))
    (stopped,) = store.read("SELECT points FROM run")
    taken = StoreWriter(store, "tool", [tmp_path]).take(pieces(600_001))

    assert stopped == (300_000,)
    assert (len(taken.imported), len(taken.updated)) == (1, 1)
    assert store.read("SELECT points FROM run ORDER BY id") == [(600_000,), (1,)]
    assert values_of(store, "run-a") == [float(step) for step in range(600_000)]

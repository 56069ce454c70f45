"""Stars, groups, changed notes, undo and redo by several people, and the history of it all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import tui_tracker as tt
from tui_tracker import edits, merge
from tui_tracker.drain import recover
from tui_tracker.edits import batch as batches
from tui_tracker.errors import InvalidArgument
from tui_tracker.queries import find_run, get_rows, get_run
from tui_tracker.store import Store

LogRun = Callable[..., tt.Run]


@pytest.fixture
def runs(store: Store, log_run: LogRun) -> list[int]:
    """Keys of two finished runs, `a` and `b`."""
    for name in "ab":
        log_run(name, loss=[0.9, 0.5], tags=("old",))
    return [find_run(store, name) for name in "ab"]


@pytest.fixture
def as_person(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let the changes that follow be made by somebody of this name."""
    return lambda name: monkeypatch.setattr(batches, "user_name", lambda: name)


def tags(store: Store, key: int) -> tuple[str, ...]:
    return get_rows(store, [key])[0].tags


def notes(store: Store, key: int) -> list[str]:
    return [note.text for note in get_run(store, key).notes]


def everything(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Return all that a change could touch."""
    return {
        table: store.read(f"SELECT * FROM {table} ORDER BY 1, 2")
        for table in ("run", "tag", "note")
    }


def test_a_star_is_a_tag_and_goes_again(store: Store, runs: list[int]) -> None:
    assert edits.star(store, runs) == 2
    assert edits.unstar(store, runs[:1]) == 1

    assert [tags(store, key) for key in runs] == [("old",), ("old", "star")]


def test_a_run_is_in_one_group_at_a_time(store: Store, runs: list[int]) -> None:
    edits.group(store, runs, "first")

    changed = edits.group(store, runs[:1], "second")

    assert changed == 1
    assert tags(store, runs[0]) == ("group:second", "old")
    undone = edits.undo(store)
    assert undone is not None
    assert (undone.what, undone.value) == ("group", "group:second")
    assert tags(store, runs[0]) == ("group:first", "old")


def test_a_run_leaves_its_group(store: Store, runs: list[int]) -> None:
    edits.group(store, runs, "g")

    assert edits.group(store, runs, None) == 2
    assert tags(store, runs[0]) == ("old",)


def test_the_same_group_again_changes_nothing(store: Store, runs: list[int]) -> None:
    edits.group(store, runs, "g")

    assert edits.group(store, runs, " g ") == 0


def test_an_edited_note_keeps_its_author_and_its_old_words(
    store: Store, runs: list[int], as_person: Callable[[str], None]
) -> None:
    as_person("ann")
    edits.note(store, runs[:1], "frist")
    (before,) = get_run(store, runs[0]).notes

    as_person("bob")
    assert edits.edit_note(store, before.id, "first\nand more", was="frist")

    (after,) = get_run(store, runs[0]).notes
    assert (after.text, after.author, after.written_at) == (
        "first\nand more",
        "ann",
        before.written_at,
    )
    newest = edits.list_history(store, runs[0])[0]
    assert (newest.who, newest.what, newest.old, newest.new) == (
        "bob",
        "note-edit",
        "frist",
        "first\nand more",
    )


def test_a_note_that_was_changed_meanwhile_is_not_written_over(
    store: Store, runs: list[int]
) -> None:
    edits.note(store, runs[:1], "seen")
    (note,) = get_run(store, runs[0]).notes
    edits.edit_note(store, note.id, "theirs")

    with pytest.raises(InvalidArgument):
        edits.edit_note(store, note.id, "mine", was="seen")

    assert notes(store, runs[0]) == ["theirs"]


def test_a_removed_note_comes_back_whole(store: Store, runs: list[int]) -> None:
    edits.note(store, runs, "one")
    edits.note(store, runs, 'two "quoted" \x00 [/]\n↵')
    before = everything(store)
    edits.remove_note(store, get_run(store, runs[0]).notes[1].id)
    assert notes(store, runs[0]) == ["one"]

    edits.undo(store)

    assert everything(store) == before


def test_undo_and_redo_walk_through_all_changes(store: Store, runs: list[int]) -> None:
    states = [everything(store)]
    first, second = runs
    changes: list[Callable[[], object]] = [
        lambda: edits.tag(store, runs, ["x", "y"]),
        lambda: edits.untag(store, [first], ["old", "x"]),
        lambda: edits.group(store, runs, "g"),
        lambda: edits.group(store, [second], "h"),
        lambda: edits.note(store, runs, "words"),
        lambda: edits.edit_note(store, get_run(store, first).notes[0].id, "other words"),
        lambda: edits.remove_note(store, get_run(store, second).notes[0].id),
        lambda: edits.rename_all(store, runs, "{name}-{n}"),
        lambda: edits.archive(store, runs),
        lambda: edits.unarchive(store, [first]),
        lambda: edits.trash(store, [second]),
    ]
    for change in changes:
        change()
        states.append(everything(store))

    for state in states[-2::-1]:
        assert edits.undo(store) is not None
        assert everything(store) == state
    assert edits.undo(store) is None
    for state in states[1:]:
        assert edits.redo(store) is not None
        assert everything(store) == state
    assert edits.redo(store) is None


def test_a_new_change_ends_what_can_be_done_again(store: Store, runs: list[int]) -> None:
    edits.tag(store, runs, ["x"])
    edits.undo(store)
    edits.tag(store, runs, ["y"])

    assert edits.redo(store) is None


def test_undo_of_ones_own_leaves_what_others_did_since(
    store: Store, runs: list[int], as_person: Callable[[str], None]
) -> None:
    as_person("ann")
    edits.rename(store, runs[0], "anns")
    edits.tag(store, runs, ["ann"])
    as_person("bob")
    edits.rename(store, runs[0], "bobs")

    first, second, third = [edits.undo(store, who="ann") for _ in range(3)]

    assert first is not None
    assert second is not None
    assert third is None
    assert (first.what, first.runs) == ("tag", tuple(runs))
    assert (second.what, second.runs, second.overtaken, second.overtaken_by) == (
        "rename",
        (),
        1,
        ("bob",),
    )
    assert get_rows(store, runs[:1])[0].name == "bobs"


def test_a_note_that_another_edited_is_not_written_twice_by_undo_and_redo(
    store: Store, runs: list[int], as_person: Callable[[str], None]
) -> None:
    as_person("ann")
    edits.note(store, runs[:1], "anns")
    as_person("bob")
    edits.edit_note(store, get_run(store, runs[0]).notes[0].id, "bobs")

    undone, redone = edits.undo(store, who="ann"), edits.redo(store, who="ann")

    assert undone is not None
    assert redone is not None
    assert (undone.overtaken, redone.overtaken) == (1, 1)
    assert notes(store, runs[0]) == ["bobs"]


def test_a_tag_that_the_run_itself_logs_later_outlives_undo(store: Store, folder: Path) -> None:
    run = tt.init("e", "live", store=folder)
    recover(store)
    key = find_run(store, "live")
    edits.tag(store, [key], ["best", "mine"])
    run.tag("best")
    recover(store)

    undone = edits.undo(store)

    assert undone is not None
    assert undone.overtaken == 1
    assert tags(store, key) == ("best",)
    run.finish()


def test_two_people_who_tag_at_once_lose_nothing(
    store: Store, folder: Path, runs: list[int]
) -> None:
    def tag_often(name: str) -> None:
        with Store.open(folder, wait_s=30.0) as own:
            for number in range(25):
                edits.tag(own, runs, [f"{name}{number}"])

    people = [threading.Thread(target=tag_often, args=(name,)) for name in ("ann", "bob")]
    for person in people:
        person.start()
    for person in people:
        person.join()

    assert len(tags(store, runs[0])) == 51
    assert store.read("SELECT count(DISTINCT batch), count(*) FROM edit") == [(50, 100)]


def test_history_tells_one_entry_for_what_was_done_to_many(store: Store, runs: list[int]) -> None:
    edits.tag(store, runs, ["x"])
    edits.archive(store, runs)
    edits.undo(store)
    edits.rename(store, runs[0], "new")

    entries = [
        (one.what, one.old, one.new, one.runs, one.name, one.undone_at is not None)
        for one in edits.list_history(store)
    ]

    assert entries == [
        ("rename", "a", "new", 1, "new", False),
        ("archive", None, None, 2, "new", True),
        ("tag", None, "x", 2, "new", False),
    ]
    assert [one.what for one in edits.list_history(store, runs[1])] == ["archive", "tag"]
    assert [one.what for one in edits.list_history(store, limit=1)] == ["rename"]


def test_several_runs_get_different_names(store: Store, runs: list[int]) -> None:
    with pytest.raises(InvalidArgument):
        edits.rename_all(store, runs, "same")
    edits.rename_all(store, runs, "{name}_{n}_{name}")

    assert [row.name for row in get_rows(store, runs)] == ["a_1_a", "b_2_b"]


def test_a_batch_takes_a_few_statements_however_many_the_runs(
    store: Store, runs: list[int]
) -> None:
    def statements(change: Callable[[], object]) -> int:
        seen: list[str] = []
        with store.write() as connection:
            connection.set_trace_callback(seen.append)
        change()
        with store.write() as connection:
            connection.set_trace_callback(None)
        return len(seen)

    one = statements(lambda: edits.tag(store, runs[:1], ["x"]))

    assert statements(lambda: edits.tag(store, runs, ["y"])) == one


def test_edits_of_notes_and_groups_travel_with_a_merge(
    store: Store, runs: list[int], tmp_path: Path
) -> None:
    edits.note(store, runs, "here")
    with Store.open(tmp_path / "other", create=True) as other:
        merge.merge_runs(store, other)
        there = find_run(other, "a")
        edits.edit_note(other, get_run(other, there).notes[0].id, "edited there")
        edits.group(other, [there], "g")
        edits.remove_note(other, get_run(other, find_run(other, "b")).notes[0].id)

        merge.merge_runs(other, store)

    assert notes(store, runs[0]) == ["edited there"]
    assert notes(store, runs[1]) == []
    assert tags(store, runs[0]) == ("group:g", "old")

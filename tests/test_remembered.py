from __future__ import annotations

from tui_tracker.remembered import State


def test_what_was_put_is_there_again_by_store_and_for_all(tmp_path):
    state = State(tmp_path / "a", tmp_path / "state")
    state.put("columns", ["name", "lr"])
    state.put("theme", "ansi", everywhere=True)
    assert state.save()

    again, other = (
        State(tmp_path / "a", tmp_path / "state"),
        State(tmp_path / "b", tmp_path / "state"),
    )

    assert (again.get("columns", []), other.get("columns", [])) == (["name", "lr"], [])
    assert other.get("theme", "", everywhere=True) == "ansi"


def test_a_value_of_another_kind_reads_as_the_default(tmp_path):
    state = State(tmp_path, tmp_path / "state")
    state.put("tree", "wide")

    assert state.get("tree", 30) == 30


def test_a_damaged_file_is_one_sentence_and_replaced_by_the_next_change(tmp_path):
    base = tmp_path / "state"
    first = State(tmp_path, base)
    first.put("tree", 30)
    first.save()
    (path,) = base.glob("store-*.json")
    path.write_text("{ no")

    damaged = State(tmp_path, base)
    assert damaged.get("tree", 22) == 22
    assert len(damaged.problems) == 1
    damaged.put("tree", 40)
    damaged.save()

    assert State(tmp_path, base).get("tree", 22) == 40


def test_two_apps_on_one_store_keep_each_others_values(tmp_path):
    one, two = State(tmp_path, tmp_path / "state"), State(tmp_path, tmp_path / "state")
    one.put("tree", 30)
    two.put("peek", 40)
    one.save()
    two.save()

    again = State(tmp_path, tmp_path / "state")

    assert (again.get("tree", 0), again.get("peek", 0)) == (30, 40)


def test_a_folder_that_cannot_be_written_fails_nothing(tmp_path):
    (tmp_path / "state").write_text("a file")
    state = State(tmp_path, tmp_path / "state")
    state.put("tree", 30)

    assert not state.save()


def test_none_forgets_and_only_changes_are_told(tmp_path):
    told: list[int] = []
    state = State(tmp_path, tmp_path / "state")
    state.on_change = lambda: told.append(1)
    state.put("tree", 30)
    state.put("tree", 30)
    state.put("tree", None)
    state.save()

    assert len(told) == 2
    assert State(tmp_path, tmp_path / "state").get("tree", 22) == 22

"""What a run begins with: its id and its place."""

from __future__ import annotations

import threading
import uuid

import pytest

import tui_tracker as tt
from tui_tracker import start
from tui_tracker.capture import launch
from tui_tracker.errors import NotFound
from tui_tracker.store import Store


def test_ids_are_version_7_and_sort_by_the_time_they_were_made():
    made = [start.new_id() for _ in range(1000)]

    assert made == sorted(made)
    assert len(set(made)) == 1000
    assert {uuid.UUID(text).version for text in made} == {7}
    assert {uuid.UUID(text).variant for text in made} == {uuid.RFC_4122}


def test_ids_made_by_many_threads_at_once_differ():
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.extend(start.new_id() for _ in range(500)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(made)) == 4000


def test_a_parent_is_named_by_id_prefix_or_name(folder):
    with tt.init("e", "parent", store=folder) as parent:
        pass
    for address in ("parent", parent.id, parent.id[:18]):
        tt.init("e", f"child of {address}", parent=address, store=folder).finish()

    with Store.open(folder) as store:
        found = store.read("SELECT hex(parent) FROM run WHERE name LIKE 'child%'")
    assert found == [(parent.id.replace("-", "").upper(),)] * 3


def test_a_parent_that_is_not_there_is_named_before_training_starts(folder):
    with pytest.raises(NotFound):
        tt.init("e", parent="nobody", store=folder)

    assert list((folder / "journals").iterdir()) == []


def test_the_ranks_of_a_launch_wait_no_longer_than_they_are_told(tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("MASTER_PORT", "1")

    assert launch.meet(str(tmp_path), 0, 0.05) is None


def test_what_a_dead_launch_left_is_never_taken_for_this_ones(tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("MASTER_PORT", "1")
    launch.leave_id(str(tmp_path), 0, start.new_id(), 1)

    assert launch.meet(str(tmp_path), 0, 0.05) is None


@pytest.mark.parametrize("content", ["", "x", "one two three", "\0" * 100])
def test_a_meeting_place_with_anything_else_in_it_is_passed_over(tmp_path, monkeypatch, content):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("MASTER_PORT", "1")
    launch.leave_id(str(tmp_path), 0, start.new_id(), 1)
    (place,) = tmp_path.glob("launch-*")
    place.write_text(content)

    assert launch.meet(str(tmp_path), 0, 0.05) is None


@pytest.mark.parametrize(
    ("environment", "rank"),
    [
        ({}, 0),
        ({"RANK": "3"}, 3),
        ({"RANK": "3", "WORLD_SIZE": "8"}, 3),
        ({"RANK": "3", "WORLD_SIZE": "1"}, 0),
        ({"SLURM_PROCID": "2", "SLURM_NTASKS": "4"}, 2),
        ({"RANK": "-1", "WORLD_SIZE": "2"}, 0),
        ({"RANK": "x", "WORLD_SIZE": "y"}, 0),
        ({"RANK": "²"}, 0),
    ],
)
def test_the_rank_is_read_from_what_launchers_say(monkeypatch, environment, rank):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert launch.read_rank() == rank

"""Recorded splits, made again before anything is executed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import tui_tracker as tt
from tui_tracker import queries
from tui_tracker.drain import recover
from tui_tracker.queries import LineagePart
from tui_tracker.reproduce.failures import CannotReproduce
from tui_tracker.reproduce.splits import check_recorded
from tui_tracker.store import Store


def recorded(folder: Path) -> list[LineagePart]:
    with Store.open(folder) as store:
        recover(store)
        detail = queries.get_run(store, queries.list_run_keys(store)[0])
    return [part for part in detail.lineage if part.name.startswith("split:")]


def with_facts(parts: Sequence[LineagePart], **facts: object) -> list[LineagePart]:
    return [replace(part, facts={**part.facts, **facts}) for part in parts]


@pytest.fixture
def parts(folder: Path) -> list[LineagePart]:
    """A split by recipe, and one whose rows came from elsewhere."""
    with tt.init("e", store=folder) as run:
        tt.split(100, val=0.2, test=0.1, seed=3)
        run.log_split(train=[4, 1, 7], test=[2, 9], name="own")
    return recorded(folder)


def test_splits_are_made_again_from_indices_and_recipe(folder: Path, parts: list[LineagePart]):
    assert check_recorded(str(folder), parts) == 2


def test_a_recipe_alone_is_enough(folder: Path, parts: list[LineagePart]):
    assert check_recorded(str(folder), with_facts(parts, indices="00" * 32)) == 1


def test_another_hash_stops_before_anything_runs(folder: Path, parts: list[LineagePart]):
    with pytest.raises(CannotReproduce, match="its kept indices give") as caught:
        check_recorded(str(folder), with_facts(parts, hash="sha256:" + "0" * 64))

    assert caught.value.exit_code == 5


def test_a_recipe_with_another_seed_is_another_split(folder: Path, parts: list[LineagePart]):
    made = [part for part in parts if part.name == "split:split"]

    with pytest.raises(CannotReproduce, match="its recipe give"):
        check_recorded(str(folder), with_facts(made, seed=4))


def test_a_split_of_which_nothing_is_kept_is_left_to_the_rerun(
    folder: Path, parts: list[LineagePart]
):
    own = [part for part in parts if part.name == "split:own"]

    assert check_recorded(str(folder), with_facts(own, indices=None)) == 0

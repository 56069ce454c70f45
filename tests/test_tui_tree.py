"""The tree of the start screen: levels chosen by hand, folds kept, counts that follow a filter."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tui_pilot import gone, opened, screen_text, see, until

import tui_tracker as tt
from tui_tracker.queries.branches import list_branches
from tui_tracker.queries.selection import ABSENT
from tui_tracker.store import Store
from tui_tracker.tui.reading_tree import read_tree
from tui_tracker.tui.remembered_tree import read_folds, write_folds
from tui_tracker.tui.screens.pick_levels import PickLevels
from tui_tracker.tui.tree import TOP, Nodes, TreeWanted
from tui_tracker.tui.widgets.experiment_tree import ExperimentTree
from tui_tracker.tui.widgets.run_table import RunTable

LogRun = Callable[..., tt.Run]


@pytest.fixture(autouse=True)
def _remember_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def tree_of(pilot) -> ExperimentTree:
    return pilot.app.screen.query_one(ExperimentTree)


def labels(pilot) -> list[str]:
    return [node.label for node in tree_of(pilot).lines]


def shown_names(pilot) -> set[str]:
    table = pilot.app.screen.query_one(RunTable)
    return {table.rows[key].name for key in table.keys if key in table.rows}


@pytest.fixture
def logged(store: Store, log_run: LogRun) -> Store:
    log_run("one", experiment="vision/a", params={"opt": "adam"}, tags=("good",), acc=[0.5])
    log_run("two", experiment="vision/b", params={"opt": "sgd"}, status="failed", acc=[0.75])
    log_run("three", experiment="text", params={"opt": "adam"}, acc=[0.25])
    log_run("four", experiment="text")
    return store


async def test_branches_tell_how_many_runs_they_have_how_the_last_went_and_the_best(logged):
    async with opened(logged, size=(160, 24)) as pilot:
        await see(pilot, "acc↑", "vision")
        await until(pilot, lambda: "0.7500" in screen_text(pilot))
        lines = [line[:38].split() for line in screen_text(pilot).splitlines()[2:8]]

    assert lines == [
        ["experiment", "runs", "acc↑"],
        ["▌all", "runs", "4", "0.7500"],
        ["text", "✓", "2", "0.2500"],
        ["▾", "vision", "✗", "2", "0.7500"],
        ["a", "✓", "1", "0.5000"],
        ["b", "✗", "1", "0.7500"],
    ]


async def test_levels_are_chosen_with_o_and_their_branches_select(logged):
    async with opened(logged, size=(160, 24)) as pilot:
        await pilot.press("tab", "o")
        await until(pilot, lambda: isinstance(pilot.app.screen, PickLevels))
        await see(pilot, "experiment", "3 values", "2 values, in 3 runs", "1 tag", "1 day")
        await pilot.press(*"opt", "space", "enter")
        await see(pilot, "experiment › opt")
        await pilot.press("down", "right")
        await until(pilot, lambda: labels(pilot)[:4] == ["all runs", "text", "adam", "no opt"])
        await pilot.press("down", "down")
        await until(pilot, lambda: shown_names(pilot) == {"four"})

        assert "text · no opt" in screen_text(pilot)


async def test_levels_and_folds_are_there_again_the_next_time(logged):
    async with opened(logged) as pilot:
        pilot.app.screen.show_levels(("param:opt", "experiment"))
        await until(pilot, lambda: labels(pilot) == ["all runs", "adam", "sgd", "no opt"])
        await pilot.press("tab", "down", "right")
        await see(pilot, "▾ adam", "▾ vision")

    async with opened(logged) as pilot:
        await see(pilot, "opt › exp", "▾ adam", "▾ vision")
        assert labels(pilot) == ["all runs", "adam", "text", "vision", "a", "sgd", "no opt"]


async def test_a_filter_counts_and_nothing_jumps(logged):
    async with opened(logged, size=(80, 24)) as pilot:
        await until(pilot, lambda: len(labels(pilot)) == 5)
        await pilot.press("slash", *"status:failed", "enter")
        await see(pilot, "found")
        lines = [line[:22].split() for line in screen_text(pilot).splitlines()[3:8]]

        assert [line[-1] for line in lines] == ["1", "0", "1", "0", "1"]
        await pilot.press("escape")
        await gone(pilot, "found")


async def test_new_runs_come_into_opened_branches_and_the_cursor_stays(logged, log_run):
    async with opened(logged) as pilot:
        pilot.app.screen.show_levels(("param:opt", "name"))
        await until(pilot, lambda: "sgd" in labels(pilot))
        await pilot.press("tab", "down", "right", "down")
        await until(pilot, lambda: labels(pilot)[1:4] == ["adam", "one", "three"])
        log_run("new", params={"opt": "adam"})
        log_run("new", params={"opt": "aaa"})
        await pilot.press("r")
        await until(pilot, lambda: labels(pilot)[1:6] == ["aaa", "adam", "new", "one", "three"])

        assert tree_of(pilot).current.label == "one"


async def test_a_click_on_its_twig_folds_a_branch(logged):
    async with opened(logged) as pilot:
        await see(pilot, "▾ vision")
        await pilot.click(ExperimentTree, offset=(2, 3))
        await see(pilot, "▸ vision")
        await pilot.click(ExperimentTree, offset=(2, 3))
        await see(pilot, "▾ vision")


async def test_values_beyond_the_most_are_told_by_their_number(store, log_run, monkeypatch):
    from tui_tracker.queries import branch_reader

    monkeypatch.setattr(branch_reader, "MOST", 3)
    for number in range(5):
        log_run(f"run{number}", params={"lr": number})

    async with opened(store) as pilot:
        pilot.app.screen.show_levels(("param:lr",))
        await see(pilot, "and 2 more values")
        await pilot.press("tab", "G")
        await until(pilot, lambda: len(shown_names(pilot)) == 5)


@pytest.mark.parametrize("value", ["lr[/]", "[bold]x", "a\x1b[2Jb\nc\u202e", "🐼" * 40, "", " "])
async def test_no_value_can_break_the_tree(store, log_run, value):
    log_run("a", params={"p": value}, tags=(value or "x",))

    async with opened(store) as pilot:
        pilot.app.screen.show_levels(("param:p", "tags"))
        await pilot.press("tab", "down", "right", "down")
        await see(pilot, "1 run")

        assert "\x1b" not in screen_text(pilot)


def test_what_is_folded_is_remembered_also_of_missing_values():
    folds = {
        (("experiment", "a/b"), ("param:lr", 0.1)): True,
        (("param:lr", ABSENT), ("param:x", None)): False,
    }

    assert read_folds(write_folds(folds)) == folds
    assert read_folds([[1, 2], "x", [True, "a"], [True, "a", [[]]], [True, 5, ["x"]]]) == {}


def test_a_large_tree_begins_folded(store: Store, log_run: LogRun) -> None:
    for number in range(45):
        log_run("a", experiment=f"e{number % 5}/{number}")
    nodes = Nodes()

    nodes.take(read_tree(store, TreeWanted(("experiment",), ())))

    assert [node.label for node in nodes.walk()] == ["all runs", "e0", "e1", "e2", "e3", "e4"]
    assert nodes.at(TOP).runs == list_branches(store).counts["finished"] == 45


async def test_best_values_cut_no_label_while_a_run_goes_on(store, folder):
    run = tt.init("demo/sweep_lr", "now", store=folder, console=False)
    run.log({"val_loss": 0.01014}, step=0)
    try:
        async with opened(store, size=(120, 24)) as pilot:
            await see(pilot, "● running", "val_loss", "0.01014")
            await until(pilot, lambda: screen_text(pilot).count("0.01014") > 1)

            assert "sweep_lr ●1" in screen_text(pilot)
    finally:
        run.finish()

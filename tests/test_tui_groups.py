from __future__ import annotations

import pytest
from tui_pilot import gone, opened, see, until

from tui_tracker.queries.groups import GroupStat
from tui_tracker.tui.columns import read_columns
from tui_tracker.tui.group_cells import common_name, spread_cell
from tui_tracker.tui.grouping import with_groups, without_groups
from tui_tracker.tui.screens.run import RunScreen
from tui_tracker.tui.widgets.run_table import RunTable


def table_of(pilot) -> RunTable:
    return pilot.app.screen_stack[0].query_one(RunTable)


def labels(pilot) -> list[str]:
    """The second column from the top: groups, and the members of those unfolded."""
    table = table_of(pilot)
    name = next(column for column in table.columns if column.kind == "name")
    return [table.cells(key)(name) for key in table.keys]


@pytest.fixture
def sweep(store, log_run):
    """Two learning rates of three seeds each; the newest group is `lr0.2`."""
    for lr in (0.1, 0.2):
        for seed in range(3):
            log_run(
                f"lr{lr}-s{seed}",
                params={"lr": lr, "seed": seed, "model": "cnn"},
                status="failed" if (lr, seed) == (0.2, 2) else "finished",
                val_loss=[1.0, lr + seed / 100],
            )
    return store


async def test_but_the_seed_makes_a_line_of_seeds_with_mean_and_spread(sweep):
    async with opened(sweep) as pilot:
        await pilot.press("B")
        await see(pilot, "2 groups of 6 runs", "all but the seed", "▸ lr0.1…", "▸ lr0.2…")
        await see(pilot, "0.1100 ± 0.0100 (3)", "0.2100 ± 0.0100 (3)", "✓2 ✗1")
        await pilot.press("B")
        await see(pilot, "Runs again", "6 runs")


async def test_a_mean_too_wide_for_a_small_window_is_cut_and_not_left_out(store, log_run):
    for seed, loss in enumerate((0.000123456, 0.00098765, 0.00055555)):
        log_run(f"a-rather-long-name-s{seed}", params={"lr": 0.1, "seed": seed}, val_loss=[loss])

    async with opened(store, size=(80, 24)) as pilot:
        await pilot.press("B")

        await see(pilot, "1 group", "0.0005556 ± ")


async def test_groups_unfold_to_their_members_and_fold_again(sweep):
    async with opened(sweep) as pilot:
        await pilot.press("B")
        await see(pilot, "2 groups")
        await pilot.press("l")
        await until(
            pilot,
            lambda: (
                labels(pilot) == ["▾ lr0.2…", "  lr0.2-s2", "  lr0.2-s1", "  lr0.2-s0", "▸ lr0.1…"]
            ),
        )
        await pilot.press("down", "down", "h")
        await until(pilot, lambda: labels(pilot) == ["▸ lr0.2…", "▸ lr0.1…"])
        assert table_of(pilot).cursor == 0
        await pilot.press("enter", "down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        await see(pilot, "lr0.2-s2")


async def test_a_group_is_marked_with_all_its_members(sweep):
    async with opened(sweep) as pilot:
        await pilot.press("B")
        await see(pilot, "2 groups")
        await pilot.press("space")
        await see(pilot, "◆ 3 marked", "◆✓2")
        await pilot.press("l", "down", "space")
        await see(pilot, "◆ 2 marked", "◇✓2")
        assert len(pilot.app.screen.chosen_runs()) == 2
        await pilot.press("A")
        await see(pilot, "◆ 6 marked")
        await pilot.press("asterisk")
        await gone(pilot, "◆")
        await pilot.press("up")

        assert len(pilot.app.screen.chosen_runs()) == 3


async def test_groups_sort_by_the_mean_of_a_metric_and_by_their_size(sweep, log_run):
    log_run("lr0.1-s3", params={"lr": 0.1, "seed": 3, "model": "cnn"}, val_loss=[1.0, 0.13])

    async with opened(sweep) as pilot:
        await pilot.press("B")
        await see(pilot, "2 groups")
        await until(pilot, lambda: labels(pilot) == ["▸ lr0.1…", "▸ lr0.2…"])
        table = table_of(pilot)
        table.column = [column.spec for column in table.columns].index("runs")
        await pilot.press("s", "S")
        await until(pilot, lambda: labels(pilot) == ["▸ lr0.2…", "▸ lr0.1…"])
        table.column = [column.spec for column in table.columns].index("metric:val_loss")
        await pilot.press("s")
        await until(pilot, lambda: labels(pilot) == ["▸ lr0.1…", "▸ lr0.2…"])
        table.column = [column.kind for column in table.columns].index("duration")
        await pilot.press("s")
        await see(pilot, "Groups cannot be sorted by this column")


async def test_b_groups_by_what_is_chosen_in_that_order(sweep):
    async with opened(sweep) as pilot:
        await pilot.press("b")
        await see(pilot, "Group by", "Params")
        await pilot.press(*"seed", "space", *["backspace"] * 4, *"lr", "space", "enter")
        await see(pilot, "seed · lr", "6 groups of 6 runs", "▸ 2  0.2")
        await pilot.press("escape")
        await see(pilot, "Runs again")


async def test_what_is_unfolded_and_the_cursor_survive_new_runs(sweep, log_run):
    async with opened(sweep) as pilot:
        await pilot.press("B")
        await see(pilot, "2 groups")
        await pilot.press("down", "l", "down")
        await until(pilot, lambda: len(labels(pilot)) == 5)
        log_run("lr0.3-s0", params={"lr": 0.3, "seed": 0, "model": "cnn"}, val_loss=[0.3])
        await see(pilot, "3 groups of 7 runs")

        assert labels(pilot)[:4] == ["▸ lr0.3-s0", "▸ lr0.2…", "▾ lr0.1…", "  lr0.1-s2"]
        assert table_of(pilot).current.name == "lr0.1-s2"


async def test_groups_are_there_again_at_the_next_start(sweep):
    async with opened(sweep) as pilot:
        await pilot.press("B")
        await see(pilot, "2 groups")
    async with opened(sweep) as pilot:
        await see(pilot, "2 groups of 6 runs")


@pytest.mark.parametrize(
    ("names", "label"),
    [
        (("lr0.1-s0", "lr0.1-s1"), "lr0.1…"),
        (("run_seed10", "run_seed11"), "run…"),
        (("a", "b"), "a …"),
        (("same", "same"), "same"),
        (("lr=0.001 seed=1", "lr=0.001 seed=22"), "lr=0.001…"),
        ((), "…"),
    ],
)
def test_a_group_is_called_by_what_its_names_have_in_common(names, label):
    assert common_name(names) == label


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((5, 0.81234, 0.004123, 0.8, 0.9, 0, 0), "0.8123 ± 0.0041 (5)"),
        ((2, 12.5, 0.25, 12.0, 13.0, 0, 0), "12.50 ± 0.25 (2)"),
        ((1, 0.5, None, 0.5, 0.5, 2, 0), "0.5000 (1)"),
        ((0, None, None, None, None, 3, 0), "NaN (3)"),
        ((0, None, None, None, None, 0, 4), "–"),
        ((3, 0.5, 0.0, 0.5, 0.5, 0, 0), "0.5000 ± 0.0000 (3)"),
        ((3, 0.9999, 0.00001, 0.5, 0.5, 0, 0), "0.99990 ± 0.00001 (3)"),
    ],
)
def test_mean_and_spread_have_as_many_decimals(values, text):
    assert spread_cell(GroupStat(*values)) == text


def test_the_columns_of_groups_are_those_of_runs_and_back():
    columns = read_columns(["status", "name", "metric:loss", "param:lr"], 2)

    grouped = with_groups(columns, ("param:lr", "param:model"))

    assert [c.title for c in grouped] == ["status", "lr · model", "runs", "loss ↓"]
    assert [c.spec for c in without_groups(grouped)] == ["status", "name", "metric:loss"]


async def test_reproductions_are_in_no_group_and_the_title_says_so(sweep, log_run):
    log_run("again", params={"lr": 0.1, "seed": 0, "model": "cnn"}, tags=("reproduction",))

    async with opened(sweep) as pilot:
        await pilot.press("B")
        await see(pilot, "2 groups of 6 of 7 runs, less 1 reproduction", "(3)")


async def test_a_group_keeps_its_name(sweep):
    async with opened(sweep) as pilot:
        table = table_of(pilot)
        specs = [column.spec for column in table.columns]
        table.column = specs.index("name")
        await pilot.press("x")
        await see(pilot, "name is hidden")

        await pilot.press("B")
        await see(pilot, "▸ lr0.1…", "▸ lr0.2…")
        table.column = [column.spec for column in table.columns].index("name")
        await pilot.press("x")

        await see(pilot, "stays: it tells the groups apart", "▸ lr0.1…")

from __future__ import annotations

import pytest
from tui_pilot import gone, opened, see, until

from tui_tracker.tui.widgets.run_table import RunTable


def table_of(pilot) -> RunTable:
    return pilot.app.screen.query_one(RunTable)


def marked(pilot) -> set[str]:
    table = table_of(pilot)
    return {row.name for key, row in table.rows.items() if key in table.marked}


@pytest.fixture
def five(store, log_run):
    """Runs `ant` to `eel`, the newest first in the table."""
    for number, name in enumerate(("ant", "bee", "cat", "dog", "eel")):
        log_run(name, val_loss=[number / 10])
    return store


async def test_space_marks_and_unmarks_and_the_title_counts(five):
    async with opened(five) as pilot:
        await pilot.press("space", "down", "space")
        await see(pilot, "◆ 2 marked", "◆✓")
        assert marked(pilot) == {"eel", "dog"}
        await pilot.press("space")

        assert marked(pilot) == {"eel"}


async def test_v_marks_from_where_it_was_pressed_to_where_it_is_pressed_again(five):
    async with opened(five) as pilot:
        await pilot.press("down", "v", "down", "down")
        await see(pilot, "┃", "Range begun")
        assert marked(pilot) == set()
        await pilot.press("v")
        await see(pilot, "◆ 3 marked", "Range marked: 3 marked now")

        assert marked(pilot) == {"dog", "cat", "bee"}


async def test_esc_leaves_a_range_and_only_then_clears_marks(five):
    async with opened(five) as pilot:
        await pilot.press("space", "down", "v", "down", "escape")
        await see(pilot, "No range marked")
        assert marked(pilot) == {"eel"}


async def test_all_shown_are_marked_and_the_others_by_inverting(five):
    async with opened(five) as pilot:
        await pilot.press("space", "asterisk")
        assert marked(pilot) == {"ant", "bee", "cat", "dog"}
        await pilot.press("A")
        await see(pilot, "◆ 5 marked")


async def test_marks_survive_another_order_a_filter_and_new_runs(five, log_run):
    async with opened(five) as pilot:
        await pilot.press("space", "s", "slash", *"cat", "enter")
        await see(pilot, "◆ 1 marked, 1 not shown")
        await pilot.press("escape")
        log_run("fly")
        await see(pilot, "6 runs", "◆ 1 marked  ")

        assert marked(pilot) == {"eel"}


async def test_esc_clears_marks_with_a_word_and_a_key_brings_them_back(five):
    async with opened(five) as pilot:
        await pilot.press("A", "escape")
        await see(pilot, "5 marks cleared: U brings them back")
        await gone(pilot, "◆")
        await pilot.press("U")
        await see(pilot, "◆ 5 marked", "5 marks back")


async def test_commands_are_meant_for_the_marked_or_else_for_the_run_at_the_cursor(five):
    async with opened(five) as pilot:
        screen, table = pilot.app.screen, table_of(pilot)
        assert screen.chosen_runs() == [table.keys[0]]
        await pilot.press("down", "down", "space", "up", "space", "home")

        assert screen.chosen_runs() == [table.keys[1], table.keys[2]]


async def test_a_mark_costs_one_line(five):
    async with opened(five) as pilot:
        table, painted = table_of(pilot), []
        table.refresh_index = painted.append
        await pilot.press("space")
        await until(pilot, lambda: table.marked)

        assert painted == [0]

from __future__ import annotations

import math

from tui_pilot import gone, opened, screen_text, see, until

from tui_tracker.edits import note
from tui_tracker.queries import list_run_keys


async def test_the_pane_tells_more_of_the_run_under_the_cursor(store, log_run):
    log_run("old", val_loss=[0.9, 0.5], params={"lr": 0.25}, tags=("paper",))
    log_run("new", val_loss=[0.9, math.nan], status="failed")
    note(store, [list_run_keys(store)[1]], "worth another try")

    async with opened(store) as pilot:
        assert "worth another try" not in screen_text(pilot)
        await pilot.press("3", "down")
        await see(pilot, "worth another try", "paper", "val_loss ↓", "0.25")
        await pilot.press("up")
        await gone(pilot, "worth another try")
        await see(pilot, "✗ val_loss: NaN from step 1 on")
        await pilot.press("3")
        await until(pilot, lambda: not pilot.app.screen.peek_pane.display)


async def test_it_is_there_by_itself_where_there_is_room_and_remembered_where_it_was_hidden(
    store, log_run
):
    log_run("one", val_loss=[0.5])

    async with opened(store, size=(160, 40)) as pilot:
        await until(pilot, lambda: pilot.app.screen.peek_pane.lines)
        await pilot.press("3")
    async with opened(store, size=(160, 40)) as pilot:
        assert not pilot.app.screen.peek_pane.display


async def test_on_a_narrow_terminal_it_stands_below_the_table_which_keeps_the_keys(store, log_run):
    log_run("one", val_loss=[0.5])
    log_run("two", val_loss=[0.5])

    async with opened(store, size=(60, 24)) as pilot:
        await pilot.press("3", "down")
        await see(pilot, "\none\n")

        screen = pilot.app.screen
        assert pilot.app.focused is screen.table
        assert screen.table.size.width > 56
        assert screen.table.region.bottom <= screen.peek_pane.region.y


async def test_a_held_key_asks_and_paints_nothing_until_it_is_released(store, log_run):
    for number in range(30):
        log_run(f"run_{number:02}", val_loss=[0.5])

    async with opened(store, size=(160, 40)) as pilot:
        screen = pilot.app.screen
        await until(pilot, lambda: screen.peek_pane.lines)
        asked, ask = [], screen.ask

        def counted(kind, question):
            asked.append(kind)
            ask(kind, question)

        screen.ask = counted
        await pilot.press(*["down"] * 20)
        await until(pilot, lambda: "run_09" in str(screen.peek_pane.lines[0]))

        assert asked.count("peek") <= 2


async def test_a_group_is_told_with_its_metrics(store, log_run):
    for seed in range(3):
        log_run(f"a-s{seed}", params={"lr": 1, "seed": seed}, val_loss=[seed / 10])

    async with opened(store, size=(160, 40)) as pilot:
        await pilot.press("B")
        await see(pilot, "a group by all but the seed", "0.1000 ± 0.1000 (3)", "from 0 to 0.2000")

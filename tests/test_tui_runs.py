from __future__ import annotations

import math
import re

import pytest
from tui_pilot import gone, opened, screen_text, see, until

import tui_tracker as tt
from tui_tracker.tui.screens.runs import RunsScreen
from tui_tracker.tui.widgets.experiment_tree import ExperimentTree
from tui_tracker.tui.widgets.run_table import RunTable


def table_of(pilot) -> RunTable:
    return pilot.app.screen.query_one(RunTable)


def names(pilot) -> list[str]:
    """The names in the table, from the top, as far as they are visible."""
    table = table_of(pilot)
    return [table.rows[table.keys[index]].name for index in table.window]


async def test_an_empty_store_says_what_to_do_next(store):
    async with opened(store, size=(80, 24)) as pilot:
        await see(pilot, "No runs yet.", "import tui_tracker as tt")
        await see(pilot, 'params={"lr": 0.001}) as run:', "tt import PATH")


async def test_the_table_shows_name_status_and_the_best_of_a_metric(store, log_run):
    log_run("steady", val_loss=[0.9, 0.25, 0.5])
    log_run("broken", val_loss=[math.nan], status="failed")

    async with opened(store) as pilot:
        await see(pilot, "✓ finished  steady", "✗ failed", "val_loss ↓", "0.2500", "NaN", "2 runs")


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (250, 60)])
async def test_every_size_shows_the_runs_and_no_line_is_too_wide(store, log_run, size):
    for number in range(30):
        log_run(f"run_{number}", val_loss=[0.5], params={"lr": number, "word": "日本語" * number})

    async with opened(store, size=size) as pilot:
        await see(pilot, "run_29")
        strips = pilot.app.screen._compositor.render_strips()

    assert {strip.cell_length for strip in strips} == {size[0]}


@pytest.mark.parametrize("width", range(76, 110, 3))
async def test_a_number_is_shown_whole_or_not_at_all(store, log_run, width):
    metrics = {"val_loss": 0.01014, "val_r2": 0.9843, "train_loss": 0.003676, "grad_norm": 12.75}
    log_run("lr=0.001_seed=0", params={"lr": 0.001}, **{k: [v] for k, v in metrics.items()})

    async with opened(store, size=(width, 24)) as pilot:
        await see(pilot, "0.01014")
        table = table_of(pilot)
        line, room = "".join(text for text, _ in table.line(0)), table.room

    assert len(line) <= room
    assert set(re.findall(r"\d+\.\d+", line.split("seed=0")[1])) <= {
        *("0.01014", "0.9843", "0.003676", "12.75", "0.001")
    }


async def test_a_terminal_that_is_too_small_says_so_and_comes_back(store, log_run):
    log_run("alone", val_loss=[0.5])

    async with opened(store, size=(40, 10)) as pilot:
        await see(pilot, "Make this window at least 60 x 16.")
        await pilot.resize_terminal(80, 24)
        await see(pilot, "alone")
        await pilot.press("enter")
        await see(pilot, "1 Overview")


@pytest.mark.parametrize("name", ["lr[/]", "[bold]x", "a\x1b[2Jb\nc\u202e", "🐼" * 40, "", " "])
async def test_no_name_can_break_the_page(store, log_run, name):
    log_run(name or "x", experiment=f"e/{name or 'x'}", params={"p": name}, tags=(name or "x",))

    async with opened(store) as pilot:
        await see(pilot, "1 run", "✓ finished")
        await pilot.press("enter")
        await see(pilot, "1 Overview", "started")

        assert "\x1b" not in screen_text(pilot)


async def test_the_tree_narrows_the_table_as_its_cursor_moves(store, log_run):
    log_run("one", experiment="vision/a")
    log_run("two", experiment="vision/b")
    log_run("three", experiment="text")

    async with opened(store) as pilot:
        await pilot.press("tab", "down")
        await until(pilot, lambda: names(pilot) == ["three"])
        await pilot.press("down")
        await until(pilot, lambda: names(pilot) == ["two", "one"])
        await pilot.press("enter")

        assert table_of(pilot).has_focus


async def test_a_folded_branch_hides_what_is_below_it(store, log_run):
    log_run("one", experiment="vision/deep")

    async with opened(store) as pilot:
        await pilot.press("tab", "down")
        await see(pilot, "▾ vision", "deep")
        await pilot.press("left")
        await see(pilot, "▸ vision")
        await gone(pilot, "deep  ")
        await pilot.press("right")
        await see(pilot, "▾ vision")


async def test_a_narrow_terminal_shows_tree_and_table_one_after_the_other(store, log_run):
    log_run("one", experiment="vision/deep")

    async with opened(store, size=(60, 20)) as pilot:
        await see(pilot, "one")
        await pilot.press("tab")
        await see(pilot, "▾ vision")
        assert pilot.app.screen.query_one(ExperimentTree).has_focus
        await pilot.press("enter")
        await see(pilot, "name")
        assert table_of(pilot).has_focus


async def test_a_filter_is_live_and_enter_keeps_it(store, log_run):
    for name in ("red", "green", "blue"):
        log_run(name)

    async with opened(store) as pilot:
        await pilot.press("slash", "r", "e")
        await until(pilot, lambda: names(pilot) == ["green", "red"])
        await pilot.press("enter")
        await see(pilot, "/re", "2 of 3 runs")

        assert table_of(pilot).has_focus


async def test_esc_while_typing_restores_the_filter_there_was(store, log_run):
    for name in ("red", "green", "blue"):
        log_run(name)

    async with opened(store) as pilot:
        await pilot.press("slash", "b", "l")
        await until(pilot, lambda: names(pilot) == ["blue"])
        await pilot.press("escape")
        await until(pilot, lambda: len(names(pilot)) == 3)


async def test_esc_on_the_first_page_clears_a_kept_filter_and_says_so(store, log_run):
    for name in ("red", "green", "blue"):
        log_run(name)

    async with opened(store) as pilot:
        await pilot.press("slash", "b", "l", "enter")
        await until(pilot, lambda: names(pilot) == ["blue"])
        await pilot.press("escape")
        await until(pilot, lambda: len(names(pilot)) == 3)
        await see(pilot, 'Filter "bl" cleared')


async def test_a_filter_that_fits_nothing_tells_how_to_go_on(store, log_run):
    log_run("red")

    async with opened(store) as pilot:
        await pilot.press("slash", "z", "z", "enter")
        await see(pilot, "No run here fits zz", "Press / to change it")


async def test_s_sorts_by_the_column_under_the_column_cursor_best_first(store, log_run):
    log_run("worst", val_loss=[0.9])
    log_run("best", val_loss=[0.1])
    log_run("middle", val_loss=[0.5])

    async with opened(store) as pilot:
        await pilot.press("right", "s")
        await until(pilot, lambda: names(pilot) == ["best", "middle", "worst"])
        await see(pilot, "val_loss ↓ ▴")
        await pilot.press("S")
        await until(pilot, lambda: names(pilot) == ["worst", "middle", "best"])


async def test_movement_keys_reach_both_ends_and_scroll(store, log_run):
    for number in range(60):
        log_run(f"run_{number:02}")

    async with opened(store, size=(80, 24)) as pilot:
        table = table_of(pilot)
        await pilot.press("G")
        await until(pilot, lambda: names(pilot)[-1:] == ["run_00"])
        assert table.cursor == 59
        await pilot.press("g", "j", "j", "k", "ctrl+d", "pagedown", "pageup", "ctrl+u")
        assert table.cursor == 1


async def test_the_cursor_stays_on_its_run_when_newer_ones_come(store, log_run):
    log_run("old")
    log_run("older_sibling")

    async with opened(store) as pilot:
        await pilot.press("down")
        log_run("new")
        await until(pilot, lambda: table_of(pilot).count == 3)

        assert table_of(pilot).current.name == "old"


async def test_a_running_run_grows_on_the_screen_without_a_key(store, folder):
    async with opened(store) as pilot:
        await see(pilot, "No runs yet.")
        run = tt.init("live", "training", store=folder)
        run.log({"val_loss": 0.75}, step=0)
        await see(pilot, "● running", "training", "0.7500", "● 1 running")
        run.log({"val_loss": 0.25}, step=1)
        await see(pilot, "0.2500")
        run.finish()
        await see(pilot, "✓ finished")


async def test_help_the_palette_and_the_theme_open_from_the_table(store, log_run):
    log_run("one")

    async with opened(store) as pilot:
        await pilot.press("question_mark")
        await see(pilot, "Keys: Table of runs", "Go to the first line")
        await pilot.press("escape")
        await see(pilot, "one")
        await pilot.press("colon", *"theme", "enter")
        await until(pilot, lambda: pilot.app.theme == "tracker-light")


async def test_q_on_the_first_page_quits_and_esc_does_not(store, log_run):
    log_run("one")

    async with opened(store) as pilot:
        await pilot.press("escape")
        await see(pilot, "q quits")
        assert isinstance(pilot.app.screen, RunsScreen)
        await pilot.press("q")
        await until(pilot, lambda: not pilot.app.is_running)


async def test_y_copies_the_id_and_tells_which_way(store, log_run, monkeypatch):
    monkeypatch.delenv("TMUX", raising=False)
    log_run("one")

    async with opened(store) as pilot:
        await pilot.press("y")
        run_id = table_of(pilot).current.id
        await see(pilot, "Copied", "OSC 52")

        assert pilot.app.clipboard == run_id


async def test_ctrl_c_twice_quits_also_while_typing(store, log_run):
    log_run("one")

    async with opened(store) as pilot:
        await pilot.press("slash", "ctrl+c")
        await see(pilot, "Press ctrl+c again to quit")
        await pilot.press("ctrl+c")
        await until(pilot, lambda: not pilot.app.is_running)


async def test_trouble_with_the_store_is_told_and_the_app_stays_open(store, log_run, folder):
    log_run("one")

    async with opened(store) as pilot:
        (folder / "store.db").write_bytes(b"not a database" * 1000)
        store.close()
        await pilot.press("s")
        await until(pilot, lambda: pilot.app.screen.query_one("#footer").message[0])

        assert pilot.app.is_running


async def test_the_palette_says_where_no_command_fits(store):
    async with opened(store) as pilot:
        await see(pilot, "No runs yet.")
        await pilot.press("colon", *"zzzz")
        await see(pilot, "Nothing fits.")

"""What moves by itself in the app: new points and deaths, alerts, pauses, the machine."""

from __future__ import annotations

import math
import signal
import time
from uuid import uuid4

import pytest
from processes import end, start, wait_for_line
from textual import events
from tui_pilot import gone, opened, screen_text, see, until

import tui_tracker as tt
from tui_tracker import journal
from tui_tracker.settings import Alerts
from tui_tracker.tui.screens import runs_core
from tui_tracker.tui.screens.news import NewsScreen, news_lines
from tui_tracker.tui.widgets.line_widget import changed_cells

VICTIM = """
run = tt.init("live", "victim", console=False)
step = 0
ready()
while True:
    run.log({"val_loss": 1 / (step + 1)}, step=step)
    step += 1
    time.sleep(0.1)
"""


@pytest.fixture
def sampled(folder):
    """A finished run with two samples of the machine."""
    run = tt.init("e", "busy", store=folder)
    run.log({"loss": 0.5})
    for cpu in (120.0, 180.0):
        values = {"cpu": cpu, "gpu0_power": 300.0, "load": 1.5}
        run._journal.append(journal.SYSTEM, {"t": time.time_ns() // 10**6, "values": values})
    run.finish()
    return run


def shown(name):
    """Return how a run's row on the screen ends up."""
    return lambda pilot: next(
        (line for line in screen_text(pilot).splitlines() if name in line), ""
    )


async def test_new_points_and_the_death_of_another_process_appear(store, folder):
    process = start(folder, VICTIM)
    try:
        wait_for_line(process)
        async with opened(store) as pilot:
            row = shown("victim")
            await until(pilot, lambda: "running" in row(pilot))
            before = row(pilot)
            await until(pilot, lambda: row(pilot) not in ("", before))

            process.send_signal(signal.SIGKILL)

            await until(pilot, lambda: "crashed" in row(pilot))
            await see(pilot, "victim: crashed after", "vanished without a word")
    finally:
        process.kill()
        end(process)


async def test_a_run_that_begins_appears(store, folder, log_run):
    log_run("old", loss=[1.0])

    async with opened(store) as pilot:
        await see(pilot, "old")
        run = tt.init("e", "newcomer", store=folder)

        await see(pilot, "newcomer")
        run.finish()
        await see(pilot, "newcomer: finished after")


async def test_columns_do_not_change_places_when_runs_begin(store, log_run, monkeypatch):
    monkeypatch.setattr(runs_core, "COLUMNS_AGAIN_S", 0.0)
    log_run("old", val_f1=[0.5], val_loss=[0.5])
    async with opened(store) as pilot:
        await see(pilot, "val_f1 ↑", "val_loss ↓")
        header = screen_text(pilot).splitlines()[2]
        for number in range(3):
            log_run(f"new{number}", val_loss=[0.4], other=[1.0])
        await see(pilot, "new2  ", "4 runs")

        # A new metric has come, and the old ones are where they were.
        after = screen_text(pilot).splitlines()[2]
        places = [after.index(name) for name in ("val_f1 ↑", "val_loss ↓")]
        assert places == sorted(places), (header, after)


async def test_nothing_moves_while_paused_and_all_is_caught_up_with_then(store, log_run):
    log_run("old", loss=[1.0])

    async with opened(store) as pilot:
        await pilot.press("R")
        await see(pilot, "paused: R goes on")
        log_run("newcomer", loss=[1.0])
        await until(pilot, lambda: pilot.app._missed)
        assert "newcomer  " not in screen_text(pilot)

        await pilot.press("R")

        await see(pilot, "newcomer  ")
        await gone(pilot, "paused")


async def test_a_terminal_that_is_not_in_front_is_spared_and_told_on_return(store, log_run):
    log_run("old", loss=[1.0])

    async with opened(store) as pilot:
        focused = pilot.app.focused
        pilot.app.post_message(events.AppBlur())
        await see(pilot, "waits while not in front")
        log_run("newcomer", loss=[1.0])
        await until(pilot, lambda: pilot.app._missed)
        assert not pilot.app.moving
        assert pilot.app.focused is focused

        pilot.app.post_message(events.AppFocus())

        await see(pilot, "newcomer  ")
        await gone(pilot, "waits while")


async def test_a_pause_is_told_on_pages_that_are_opened_meanwhile(store, log_run):
    log_run("old", loss=[1.0])

    async with opened(store) as pilot:
        await pilot.press("R", "enter")

        await see(pilot, "experiment", "paused: R goes on")


async def test_the_page_of_news_lists_events_and_rules(store, folder, log_run):
    log_run("old", loss=[1.0])

    async with opened(store) as pilot:
        run = tt.init("e", "ill", store=folder)
        run.log({"loss": math.nan})
        await see(pilot, "ill: loss is NaN")
        await pilot.press("colon")
        await pilot.press(*"rules", "enter")

        await until(pilot, lambda: isinstance(pilot.app.screen, NewsScreen))
        await see(pilot, "told of", "finished, failed, crashed, killed, nan", "NaN from step 0")
        await pilot.press("q")
        await see(pilot, "old")
        run.finish()


async def test_what_keeps_the_page_from_being_up_to_date_is_told_as_long_as_it_does(
    store, folder, log_run
):
    log_run("old", loss=[1.0])
    no_journal = folder / "journals" / f"{uuid4()}.journal"

    async with opened(store) as pilot:
        no_journal.mkdir()
        await see(pilot, "Not up to date: [Errno 21] Is a directory", "  not up to date")
        await pilot.press("colon", *"rules", "enter")
        await see(pilot, f"Not up to date: [Errno 21] Is a directory  {no_journal.name}")

        no_journal.rmdir()

        await pilot.press("q")
        await gone(pilot, "  not up to date")


async def test_a_store_that_is_moved_away_under_the_app_is_told_until_it_is_back(
    store, folder, log_run
):
    log_run("old", loss=[1.0])
    database = folder / "store.db"

    async with opened(store) as pilot:
        database.rename(folder / "elsewhere.db")
        await see(pilot, "Not up to date: somebody deleted the store", "  not up to date", "old")

        (folder / "elsewhere.db").rename(database)

        await gone(pilot, "  not up to date")


def test_the_page_of_news_says_what_settings_do_not_work():
    lines = news_lines([], ["finished"], Alerts(webhook="https://x/secret"), "rule 'x': no")
    text = "\n".join("".join(part for part, _ in line) for line in lines)

    assert "Nothing happened" in text
    assert "rule 'x': no" in text
    assert "secret" not in text


@pytest.fixture
def webhook(host, tmp_path):
    """A host that the settings name as webhook."""
    config = tmp_path / "config" / "tui_tracker" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(f'[alerts]\nwebhook = "{host.address}"\n')
    return host


async def test_of_two_open_apps_one_posts_what_happens(store, log_run, webhook):
    log_run("old", loss=[1.0])

    async with opened(store) as one, opened(store) as other:
        for pilot in (one, other):
            await until(pilot, lambda: pilot.app.claim is not None)  # noqa: B023 - awaited here
        log_run("bad", status="failed", loss=[1.0])
        for pilot in (one, other):
            await see(pilot, "bad: failed")
        await until(one, lambda: webhook.bodies)

    assert [(body["what"], body["name"]) for body in webhook.bodies] == [("failed", "bad")]


async def test_the_page_of_news_says_who_posts(store, log_run, webhook):
    log_run("old", loss=[1.0])

    async with opened(store) as pilot:
        await until(pilot, lambda: pilot.app.claim is not None)
        await pilot.press("colon", *"rules", "enter")
        await see(pilot, "posted to by this app")
        assert "t0ken" not in screen_text(pilot)
    assert webhook.bodies == []


async def test_a_webhook_that_is_none_is_told(store, log_run, tmp_path):
    config = tmp_path / "config" / "tui_tracker" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text('[alerts]\nwebhook = "hooks.example.org"\n')
    log_run("old", loss=[1.0])

    async with opened(store) as pilot:
        await see(pilot, "a webhook is an address that begins with https://")


async def test_good_news_that_is_seen_does_not_ring_and_bad_news_does(store, log_run, monkeypatch):
    log_run("old", loss=[1.0])
    rung = []

    async with opened(store) as pilot:
        monkeypatch.setattr(pilot.app, "write_to_terminal", rung.append)
        pilot.app._focus_told = True
        log_run("seen", loss=[1.0])
        await see(pilot, "seen: finished")
        quiet = list(rung)
        log_run("bad", status="failed", loss=[1.0])
        await see(pilot, "bad: failed")

    assert quiet == []
    assert len(rung) == 1
    assert rung[0].startswith("\x1b]")
    assert "bad: failed" in rung[0]
    assert rung[0].endswith("\a")


async def test_a_rule_of_the_settings_that_is_none_is_told_and_the_usual_ones_hold(
    store, log_run, tmp_path
):
    config = tmp_path / "config" / "tui_tracker" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text('[alerts]\nrules = ["finishd"]\n')
    log_run("old", loss=[1.0])

    async with opened(store) as pilot:
        await see(pilot, "did you mean 'finished'?")
        assert pilot.app.rule_texts == ("finished", "failed", "crashed", "killed", "nan")


async def test_the_overview_tells_what_is_wrong(store, log_run):
    values = [1 / (step + 1) for step in range(60)]
    values[30] = 40.0
    log_run("ill", loss=values, other=[1.0, math.nan])

    async with opened(store) as pilot:
        await pilot.press("enter")

        await see(pilot, "health", "✗ other: NaN from step 1 on", "▲ loss: spike to 40 at step 30")


@pytest.mark.usefixtures("sampled")
async def test_the_system_tab_draws_the_machine_with_units(store):
    async with opened(store) as pilot:
        await pilot.press("enter", "8")
        await see(pilot, "cpu %", "gpu0_power W", "load")
        await pilot.press("slash", *"power", "enter")
        await gone(pilot, "cpu %")
        await pilot.press("escape")
        await see(pilot, "cpu %")
        await pilot.press("enter")
        await see(pilot, "last 300.0")
        await pilot.press("2")
        await see(pilot, "loss")
        await gone(pilot, "cpu %")


async def test_a_run_without_samples_says_why(store, log_run):
    log_run("old", loss=[1.0])

    async with opened(store) as pilot:
        await pilot.press("enter", "8")

        await see(pilot, "No samples were taken.", "TUI_TRACKER_SYSTEM=off")


@pytest.mark.parametrize(
    ("old", "new", "cells"),
    [
        ((("abc", ""),), (("abc", ""),), []),
        ((("abc", ""), ("d", "dim")), (("aXc", ""), ("d", "dim")), [(1, 2)]),
        ((("abc", ""),), (("abc", "bad"),), [(0, 3)]),
        ((("日本", ""), ("x", "")), (("日中", ""), ("x", "")), [(2, 4)]),
        ((("1" + " " * 40 + "2", ""),), (("3" + " " * 40 + "4", ""),), [(0, 1), (41, 42)]),
        ((("a", ""),), (("ab", ""),), [(0, 2)]),
    ],
)
def test_only_cells_that_differ_are_repainted(old, new, cells):
    assert changed_cells(old, new) == cells


async def test_lines_that_were_read_ahead_are_marked_when_they_are_scrolled_to(store, log_run):
    log_run("ill", loss=[1.0, math.nan])
    for number in range(30):
        log_run(f"well{number}", loss=[1.0, 0.5])

    async with opened(store, size=(100, 20)) as pilot:
        await see(pilot, "well29")
        for _ in range(30):
            await pilot.press("down")

        await see(pilot, "ill", "NaN")

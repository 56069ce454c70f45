"""The console of a run's page: following, searching, marks, colours, and the way to the curves."""

from __future__ import annotations

import json
import zlib

import pytest

import tui_tracker as tt
from tests.tui_pilot import gone, opened, screen_text, see, until
from tui_tracker.drain import recover
from tui_tracker.queries import find_run
from tui_tracker.tui.screens.run import CONSOLE, CURVES, RunScreen
from tui_tracker.tui.widgets.console_view import ConsoleView

BLOCK = 512


def write_console(store, key, lines):
    with store.write() as connection:
        connection.execute("DELETE FROM console_block WHERE run=?", (key,))
        for seq, start in enumerate(range(0, len(lines), BLOCK)):
            some = lines[start : start + BLOCK]
            data = zlib.compress(json.dumps(some, separators=(",", ":")).encode(), 1)
            connection.execute(
                "INSERT INTO console_block VALUES (?,?,?,?,?)", (key, seq, start, len(some), data)
            )
        connection.execute("UPDATE run SET console_lines=? WHERE id=?", (len(lines), key))


@pytest.fixture
def talker(store, log_run):
    """A run of 3,000 lines, one a second, and as many points."""
    log_run("talker", loss=[1.0 / (1 + step) for step in range(3000)])
    key = find_run(store, "talker")
    began = store.read("SELECT started_ms FROM run WHERE id=?", (key,))[0][0]
    lines = [[began + 1000 * n, "o", f"epoch {n} loss={1 / (1 + n):.4f}"] for n in range(3000)]
    lines[2000] = [began + 2_000_000, "e", "\x1b[31mWarning\x1b[0m: lr is \x1b[1mhigh\x1b[0m [/]"]
    lines[2001] = [began + 2_001_000, "o", "10%\r20%\rall of it " + "long " * 60]
    write_console(store, key, lines)
    return key


async def console(pilot):
    await pilot.press("enter", str(CONSOLE + 1))
    await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
    view = pilot.app.screen.query_one(ConsoleView)
    await until(pilot, lambda: view.count and view.has_focus)
    return view


@pytest.mark.usefixtures("talker")
async def test_a_jump_to_the_last_line_from_another_tab_fills_the_page(store):
    async with opened(store, size=(80, 24)) as pilot:
        view = await console(pilot)
        page = view.page
        await pilot.press("g", str(CURVES + 1))
        await until(pilot, lambda: view.size.height == 0)

        view.go_to_line(2999)
        await pilot.press(str(CONSOLE + 1))

        await see(pilot, f"epoch {3000 - page} ", "epoch 2999")


@pytest.mark.usefixtures("talker")
async def test_it_opens_at_its_end_and_says_where_one_is(store):
    async with opened(store, size=(80, 24)) as pilot:
        view = await console(pilot)
        await see(pilot, "epoch 2999", "line 3,000 of 3,000")
        await pilot.press("g")
        await see(pilot, "epoch 0 ", "line 1 of 3,000")
        assert not view.follow
        await pilot.press("s")
        await see(pilot, f"{view.current.at.astimezone():%H:%M:%S} epoch 0 ")


@pytest.mark.usefixtures("talker")
async def test_a_search_finds_all_lines_and_walks_through_them(store):
    async with opened(store, size=(80, 24)) as pilot:
        view = await console(pilot)
        await pilot.press("g", "slash", *"epoch", "space", *"20")
        await see(pilot, "/epoch 20", "of 109 lines")
        assert view.cursor == 20
        await pilot.press("enter", "n")
        await see(pilot, "2 of 109 lines")
        assert view.cursor == 200
        await pilot.press("N", "N")
        await see(pilot, "From the end again", "109 of 109")
        await pilot.press("escape")
        await see(pilot, 'Search for "epoch 20" cleared')
        assert view.needle == ""
        assert isinstance(pilot.app.screen, RunScreen)


@pytest.mark.usefixtures("talker")
async def test_esc_gives_a_search_up_and_goes_back_to_where_one_was(store):
    async with opened(store, size=(80, 24)) as pilot:
        view = await console(pilot)
        await pilot.press("slash", *"Warning")
        await until(pilot, lambda: view.cursor == 2000)
        await pilot.press("escape")
        await until(pilot, lambda: view.cursor == 2999 and view.needle == "")
        await pilot.press("slash", *"nowhere", "enter")
        await see(pilot, "/nowhere", "not found")


@pytest.mark.usefixtures("talker")
async def test_colours_are_kept_and_everything_else_is_made_safe(store):
    async with opened(store, size=(80, 24)) as pilot:
        view = await console(pilot)
        await pilot.press("slash", *"Warning", "enter")
        await until(pilot, lambda: view.cursor == 2000 and view.current)
        strip = view.render_line(view.cursor - view.top)
        styles = {segment.text: segment.style for segment in strip if segment.text.strip()}
        assert styles["Warning"].reverse
        view.show_matches("", [])
        await pilot.press("j")
        strip = view.render_line(view.cursor - 1 - view.top)
        styles = {segment.text: segment.style for segment in strip if segment.text.strip()}
        assert styles["Warning"].color.number == 1
        assert styles["high"].bold
        assert "│ Warning: lr is high [/]" in strip.text
        await see(pilot, "all of it long", "…")
        assert "20%" not in screen_text(pilot)
        await pilot.press("l")
        await see(pilot, "‹")
        await pilot.press("h")
        await gone(pilot, "‹")


@pytest.mark.usefixtures("talker")
async def test_a_line_leads_to_its_time_on_the_curves_and_back(store):
    async with opened(store, size=(100, 30)) as pilot:
        view = await console(pilot)
        screen = pilot.app.screen
        await pilot.press("g", "j", "enter")
        await until(pilot, lambda: screen._tab == CURVES and screen.grid.place_at is not None)
        assert screen.grid.enlarged
        await until(pilot, lambda: bool(screen.grid.times))
        at_ms = next(iter(screen.grid.times.values()))
        await pilot.press("c")
        await until(pilot, lambda: screen._tab == CONSOLE)
        await until(pilot, lambda: view.current is not None)
        nearest = min(range(5), key=lambda n: abs(view._lines[n].at.timestamp() * 1000 - at_ms))
        assert view.cursor == nearest


@pytest.mark.usefixtures("talker")
async def test_marked_lines_are_copied_as_they_were_shown(store):
    async with opened(store, size=(80, 24)) as pilot:
        view = await console(pilot)
        screen = pilot.app.screen
        await pilot.press("slash", *"Warning", "enter")
        await until(pilot, lambda: view.cursor == 2000 and view.current)
        assert screen.text_to_copy() == "Warning: lr is high [/]"
        await pilot.press("k", "space", "j", "v")
        await see(pilot, "3 marked")
        copied = screen.text_to_copy().splitlines()
        assert copied[:2] == ["epoch 1999 loss=0.0005", "Warning: lr is high [/]"]
        assert copied[2].startswith("all of it long")
        await pilot.press("escape")
        await gone(pilot, "marked")


@pytest.mark.usefixtures("talker")
async def test_marked_lines_that_are_not_read_yet_are_not_copied_without_a_word(store, monkeypatch):
    monkeypatch.setenv("SSH_TTY", "/dev/pts/1")
    async with opened(store, size=(80, 24)) as pilot:
        view = await console(pilot)
        await pilot.press("g", "space", "G")
        view.action_mark_range()
        pilot.app.action_copy()
        await see(pilot, "The marked lines are still being read: press y again")

        await until(pilot, lambda: not view.awaits_marked)
        await pilot.press("y")

        await see(pilot, "Copied 3,000 lines")


async def test_it_follows_a_live_run_until_one_looks_back(store, folder):
    run = tt.init("e", "live", store=folder)
    recover(store)
    key = find_run(store, "live")
    lines = [[1000 * n, "o", f"early {n}"] for n in range(100)]

    def say(*words):
        lines.extend([1000 * len(lines), "o", word] for word in words)
        write_console(store, key, lines)

    say()
    async with opened(store, size=(80, 24)) as pilot:
        view = await console(pilot)
        await see(pilot, "early 99", "following")
        say(*(f"later {n}" for n in range(50)))
        await see(pilot, "later 49")
        await pilot.press("pageup")
        await gone(pilot, "following")
        top = view.top
        say("at last")
        await until(pilot, lambda: view.count >= 151)
        assert view.top == top
        await pilot.press("F")
        await see(pilot, "at last", "following")
        await pilot.press("slash", *"at", "space", *"last", "enter")
        await see(pilot, "1 of 1 lines")
        say("at last again")
        await see(pilot, "of 2 lines")
        run.finish()


async def test_a_million_lines_are_searched_without_being_loaded(store, log_run):
    log_run("huge", loss=[1.0])
    key = find_run(store, "huge")
    line = json.dumps([[0, "o", "step and nothing else"]] * BLOCK, separators=(",", ":"))
    common = zlib.compress(line.encode(), 9)
    blocks = 1_000_000 // BLOCK
    with store.write() as connection:
        connection.executemany(
            "INSERT INTO console_block VALUES (?,?,?,?,?)",
            ((key, seq, seq * BLOCK, BLOCK, common) for seq in range(blocks)),
        )
        needle = json.dumps([[0, "o", "NaN here"]] * 1, separators=(",", ":"))
        connection.execute(
            "INSERT INTO console_block VALUES (?,?,?,?,?)",
            (key, blocks, blocks * BLOCK, 1, zlib.compress(needle.encode())),
        )
        connection.execute("UPDATE run SET console_lines=? WHERE id=?", (blocks * BLOCK + 1, key))
    async with opened(store, size=(80, 24)) as pilot:
        view = await console(pilot)
        await pilot.press("g", "slash", *"NaN", "enter")
        await see(pilot, "1 of 1 lines")
        assert view.cursor == blocks * BLOCK
        assert len(view._lines) < 6000
        await pilot.press("slash", *["backspace"] * 3, *"step", "escape")
        await until(pilot, lambda: view.needle == "NaN")

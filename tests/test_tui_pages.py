"""The filter shows its first page before the rest is counted, and nothing jumps afterwards."""

from __future__ import annotations

import threading

import pytest
from tui_pilot import opened, see, until

from tui_tracker.tui import reading
from tui_tracker.tui.widgets.query_line import QueryLine
from tui_tracker.tui.widgets.run_table import RunTable

RUNS = 30


@pytest.fixture(autouse=True)
def _runs(log_run, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for number in range(RUNS):
        log_run(f"{'red' if number % 10 else 'blue'}-{number}", loss=[float(number)])


@pytest.fixture
def rest(monkeypatch):
    """What lets the rest of an answer be read, and how often it was asked for."""
    find_runs, gate, asked = reading.find_runs, threading.Event(), []

    def held(store, wanted):
        asked.append(wanted.selection.query)
        if wanted.selection.query:
            gate.wait(15)
        return find_runs(store, wanted)

    monkeypatch.setattr(reading, "find_runs", held)
    yield gate, asked
    gate.set()


async def filter_by(pilot, text: str) -> None:
    await pilot.press("slash")
    await until(pilot, lambda: pilot.app.screen.query(QueryLine))
    pilot.app.screen.query_one(QueryLine).input.value = text
    await pilot.pause()


async def test_the_first_page_stands_there_before_the_rest_and_does_not_move(store, rest):
    gate, _ = rest
    async with opened(store, size=(100, 20)) as pilot:
        table = pilot.app.screen.query_one(RunTable)
        await filter_by(pilot, "red")
        await until(pilot, lambda: table.more)
        await see(pilot, "… of 30 runs", "red-29")
        await pilot.press("enter", "j", "j", "space", "A")
        assert (table.cursor, len(table.marked)) == (2, 1)

        gate.set()
        await until(pilot, lambda: not table.more)
        await see(pilot, "27 of 30 runs")
        assert len(table.keys) == 27
        # What waited for all lines was done with all lines.
        await until(pilot, lambda: len(table.marked) == 27)


async def test_the_cursor_stays_where_it_went_meanwhile(store, rest):
    gate, _ = rest
    async with opened(store, size=(100, 20)) as pilot:
        table = pilot.app.screen.query_one(RunTable)
        await filter_by(pilot, "red")
        await until(pilot, lambda: table.more)
        await pilot.press("enter", "j", "j", "j")
        key, lines = table.current_key, [table.line(index) for index in table.window]
        gate.set()
        await until(pilot, lambda: not table.more)
        assert (table.current_key, table.cursor, table.top) == (key, 3, 0)
        assert [table.line(index) for index in table.window] == lines


async def test_what_fits_on_a_page_is_read_once(store, rest):
    _, asked = rest
    async with opened(store, size=(100, 20)) as pilot:
        await filter_by(pilot, "blue")
        await see(pilot, "3 of 30 runs")
        assert asked == [""]


async def test_a_wrong_query_after_a_page_leaves_the_whole_answer_of_the_one_before(store, rest):
    gate, _ = rest
    async with opened(store, size=(100, 20)) as pilot:
        table = pilot.app.screen.query_one(RunTable)
        await filter_by(pilot, "red")
        await until(pilot, lambda: table.more)
        pilot.app.screen.query_one(QueryLine).input.value = "red and lrr < 1"
        await pilot.pause()
        gate.set()
        await see(pilot, "no field named 'lrr'", "27 of 30 runs")
        assert len(table.keys) == 27

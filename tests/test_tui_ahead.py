from __future__ import annotations

import os
import signal
from contextlib import contextmanager

import pytest
from tui_pilot import gone, see

from tui_tracker.remembered import State
from tui_tracker.tui import reading
from tui_tracker.tui.ahead import Ahead
from tui_tracker.tui.app import TrackerApp

# The app forks before it has a thread; the test runner has some.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork"),
]


def counted(monkeypatch) -> list[object]:
    """Count the questions for runs that this process asks."""
    asked: list[object] = []
    find_runs = reading.find_runs

    def find(store, wanted):
        asked.append(wanted)
        return find_runs(store, wanted)

    monkeypatch.setattr(reading, "find_runs", find)
    return asked


@contextmanager
def ahead_of(store, lines=40):
    with Ahead(str(store.folder)) as ahead:
        ahead.begin(store, lines)
        yield ahead


async def test_what_was_read_ahead_is_the_start_screens_first_question(store, log_run, monkeypatch):
    log_run("one", loss=[0.5])
    asked = counted(monkeypatch)
    with ahead_of(store) as ahead:
        app = TrackerApp(store, state=State(store.folder), ahead=ahead)

        async with app.run_test(size=(120, 40)) as pilot:
            await see(pilot, "one", "0.5")

    assert asked == []


async def test_a_remembered_filter_is_left_to_the_screen(store, log_run, monkeypatch):
    log_run("one", loss=[0.5])
    log_run("two", loss=[0.5])
    state = State(store.folder)
    state.put("filter", "one")
    state.save()
    asked = counted(monkeypatch)
    with ahead_of(store) as ahead:
        app = TrackerApp(store, state=state, ahead=ahead)

        async with app.run_test(size=(120, 40)) as pilot:
            await gone(pilot, "reading …")
            await see(pilot, "one")
            await gone(pilot, "two")

    assert len(asked) == 1


async def test_a_window_of_another_height_is_read_by_the_screen(store, log_run, monkeypatch):
    log_run("one", loss=[0.5])
    asked = counted(monkeypatch)
    with ahead_of(store, lines=24) as ahead:
        app = TrackerApp(store, state=State(store.folder), ahead=ahead)

        async with app.run_test(size=(120, 40)) as pilot:
            await see(pilot, "one", "0.5")

    assert len(asked) == 1


async def test_a_run_that_came_while_the_app_was_loaded_is_shown(store, log_run):
    log_run("one", loss=[0.5])
    with ahead_of(store) as ahead:
        os.waitid(os.P_PID, ahead._child, os.WEXITED | os.WNOWAIT)
        log_run("two", loss=[0.4])
        app = TrackerApp(store, state=State(store.folder), ahead=ahead)

        async with app.run_test(size=(120, 40)) as pilot:
            await see(pilot, "one", "two")


def test_a_process_that_was_never_asked_ends_with_the_app(store):
    with Ahead(str(store.folder)) as ahead:
        child = ahead._child

    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


async def test_the_page_is_read_as_ever_where_that_process_was_killed(store, log_run, monkeypatch):
    log_run("one", loss=[0.5])
    asked = counted(monkeypatch)
    with Ahead(str(store.folder)) as ahead:
        os.kill(ahead._child, 9)
        ahead.begin(store, 40)
        app = TrackerApp(store, state=State(store.folder), ahead=ahead)

        async with app.run_test(size=(120, 40)) as pilot:
            await see(pilot, "one", "0.5")

    assert len(asked) == 1


async def test_the_app_ends_though_that_process_hangs(store, log_run):
    log_run("one", loss=[0.5])
    with Ahead(str(store.folder)) as ahead:
        child = ahead._child
        os.kill(child, signal.SIGSTOP)
        ahead.begin(store, 40)
        app = TrackerApp(store, state=State(store.folder), ahead=ahead)

        async with app.run_test(size=(120, 40)) as pilot:
            await see(pilot, "reading …")
            await pilot.press("q")

        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)

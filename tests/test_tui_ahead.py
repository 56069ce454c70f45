from __future__ import annotations

from tui_pilot import gone, see

from tui_tracker.remembered import State
from tui_tracker.tui import reading
from tui_tracker.tui.ahead import Ahead
from tui_tracker.tui.app import TrackerApp


def counted(monkeypatch) -> list[object]:
    """Count the questions for runs."""
    asked: list[object] = []
    find_runs = reading.find_runs

    def find(store, wanted):
        asked.append(wanted)
        return find_runs(store, wanted)

    monkeypatch.setattr(reading, "find_runs", find)
    return asked


async def test_what_was_read_ahead_is_the_start_screens_first_question(store, log_run, monkeypatch):
    log_run("one", loss=[0.5])
    asked = counted(monkeypatch)
    state = State(store.folder)
    app = TrackerApp(store, state=state, ahead=Ahead(store, state, 40))

    async with app.run_test(size=(120, 40)) as pilot:
        await gone(pilot, "reading …")

    assert len(asked) == 1


async def test_a_remembered_filter_is_left_to_the_screen(store, log_run, monkeypatch):
    log_run("one", loss=[0.5])
    asked = counted(monkeypatch)
    state = State(store.folder)
    state.put("filter", "one")
    app = TrackerApp(store, state=state, ahead=Ahead(store, state, 40))

    async with app.run_test(size=(120, 40)) as pilot:
        await gone(pilot, "reading …")

    assert len(asked) == 1


async def test_a_run_that_came_while_the_app_was_loaded_is_shown(store, log_run):
    log_run("one", loss=[0.5])
    state = State(store.folder)
    ahead = Ahead(store, state, 40)
    ahead._thread.join()
    log_run("two", loss=[0.4])
    app = TrackerApp(store, state=state, ahead=ahead)

    async with app.run_test(size=(120, 40)) as pilot:
        await see(pilot, "one", "two")

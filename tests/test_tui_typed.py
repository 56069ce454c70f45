"""What is typed before the first runs are there."""

from __future__ import annotations

import threading

import pytest
from textual.events import Key
from textual.widgets import Input
from tui_pilot import PATIENCE_S, opened, paste, screen_text, see, until

from tui_tracker import language
from tui_tracker.language import parse
from tui_tracker.queries import Selection, get_rows, list_run_keys
from tui_tracker.tui import app as app_module
from tui_tracker.tui import reading
from tui_tracker.tui.app import TrackerApp
from tui_tracker.tui.typed import TypedKeys


@pytest.fixture
def gate(monkeypatch):
    """What lets the first answer come."""
    find_runs, opened = reading.find_runs, threading.Event()

    def held(store, wanted):
        opened.wait(PATIENCE_S)
        return find_runs(store, wanted)

    monkeypatch.setattr(reading, "find_runs", held)
    yield opened
    opened.set()


async def test_what_is_typed_before_the_runs_are_there_is_done_to_them_in_order(
    store, log_run, gate
):
    for name in ("third", "second", "first"):
        log_run(name, loss=[1.0])

    async with TrackerApp(store).run_test(size=(120, 24)) as pilot:
        await pilot.press("j", "i", "j", "t", *"slow", "enter")
        assert "no run" not in screen_text(pilot)
        gate.set()

        await see(pilot, "1 run tagged “slow”")
    found = {query: list_run_keys(store, Selection(query=query)) for query in ("star", "tag:slow")}
    names = {query: [row.name for row in get_rows(store, keys)] for query, keys in found.items()}
    assert names == {"star": ["second"], "tag:slow": ["third"]}


async def test_a_filter_that_is_typed_early_is_kept_and_the_keyboard_stays(store, log_run, gate):
    for name in ("blue", "red", "green"):
        log_run(name, loss=[1.0])

    async with TrackerApp(store).run_test(size=(120, 24)) as pilot:
        await pilot.press("slash", *"blue", "enter")
        gate.set()
        await see(pilot, "/blue", "1 of 3 runs", "enter open")
        await pilot.press("i")

        await see(pilot, "1 run starred")


def test_a_line_feed_is_the_enter_that_was_typed_before_the_terminal_was_ours():
    early = TypedKeys()

    assert early.keep(Key("ctrl+j", "\n"))
    taken = early.take()

    assert isinstance(taken, Key)
    assert (taken.key, taken.character) == ("enter", "\r")


async def test_ctrl_c_waits_for_nothing(store, log_run, gate):
    log_run("old", loss=[1.0])
    app = TrackerApp(store)

    async with app.run_test() as pilot:
        await pilot.press("j", "ctrl+c")
        await see(pilot, "Press ctrl+c again to quit")
        gate.set()


async def test_ctrl_c_twice_quits_also_where_both_come_at_once(store, log_run):
    log_run("old", loss=[1.0])
    async with opened(store) as pilot:
        twice = [Key("ctrl+c", "\x03"), Key("ctrl+c", "\x03")]
        pilot.app.post_message(TrackerApp.TypedAtOnce(twice))

        await until(pilot, lambda: pilot.app._exit)


async def test_a_store_that_does_not_answer_takes_no_keyboard_away(
    store, log_run, gate, monkeypatch
):
    monkeypatch.setattr(app_module, "LONGEST_S", 0.05)
    log_run("old", loss=[1.0])

    async with TrackerApp(store).run_test() as pilot:
        await pilot.press("question_mark")

        await see(pilot, "Keys: ")
        assert not gate.is_set()
        await pilot.press("q")
        await until(pilot, lambda: "Keys: " not in screen_text(pilot))
        gate.set()


def test_letters_that_wait_are_one_text_up_to_the_next_key_that_is_none():
    typed = TypedKeys()
    typed.keep_all([*map(letter, "ab c"), Key("left", None), *map(letter, "d")])

    taken = [typed.take(letters=True) for _ in range(4)]

    assert [getattr(event, "text", getattr(event, "key", None)) for event in taken] == [
        "ab c",
        "left",
        "d",
        None,
    ]


def test_letters_that_no_field_takes_are_keys():
    typed = TypedKeys()
    typed.keep_all(map(letter, "ab"))

    assert [event.key for event in (typed.take(), typed.take()) if isinstance(event, Key)] == [
        "a",
        "b",
    ]


async def test_a_paste_that_comes_as_keys_is_one_change_of_the_filter(store, log_run, monkeypatch):
    log_run("blue", loss=[1.0])
    log_run("red", loss=[1.0])
    read = []
    monkeypatch.setattr(language, "parse", lambda text: read.append(text) or parse(text))

    async with opened(store) as pilot:
        keys = [*map(letter, "/name:blu" + "e" * 5000), Key("left", None), letter(" ")]
        pilot.app.post_message(TrackerApp.TypedAtOnce([*keys, Key("escape", "\x1b")]))
        await until(pilot, lambda: read)
        await see(pilot, "2 runs")

    assert len(read) < 10


async def test_what_is_pasted_or_typed_at_once_takes_the_place_of_what_is_selected(store, log_run):
    log_run("blue", loss=[1.0])
    async with opened(store) as pilot:
        await pilot.press("slash", *"red")
        field = pilot.app.screen.query_one(Input)
        field.select_all()
        await paste(pilot, "name:blue")
        await until(pilot, lambda: field.value == "name:blue")

        field.select_all()
        pilot.app.post_message(TrackerApp.TypedAtOnce([*map(letter, "loss")]))

        await until(pilot, lambda: field.value == "loss")


def letter(character: str) -> Key:
    name = {" ": "space", "/": "slash", ":": "colon"}.get(character, character)
    return Key(name, character)

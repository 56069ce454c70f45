"""What stands behind the names in the table of runs: health, stars, the archive."""

from __future__ import annotations

import math

import pytest
from tui_pilot import gone, opened, screen_text, see, until

import tui_tracker as tt
from tui_tracker.drain import recover
from tui_tracker.health import runs as pulse
from tui_tracker.tui.row_marks import marked_name
from tui_tracker.tui.screens import runs_costly

SPIKE = [1 / (step + 1) for step in range(60)]
SPIKE[30] = 40.0


@pytest.mark.parametrize(
    ("name", "marks", "width", "text"),
    [
        ("well", (), 8, "well    "),
        ("ill", ("✗ NaN 41",), 14, "ill   ✗ NaN 41"),
        ("a longer one", ("✗ NaN 41 +2",), 20, "a longer one   ✗ NaN"),
        ("a longer one", ("✗ NaN 41",), 14, "a longer one ✗"),
        ("a longer one", ("✗ NaN 41",), 9, "a long… ✗"),
        ("both", ("▲ spike 30", "★"), 9, "both  ▲ ★"),
        ("日本語", ("≈ plateau 13",), 8, "日本語 ≈"),
        ("nothing fits", ("✗ NaN 41", "▽ archived", "★"), 5, "noth…"),
    ],
)
def test_a_mark_gives_up_its_words_before_the_name_gives_up_letters(name, marks, width, text):
    spans = marked_name(name, marks, width)

    assert "".join(part for part, _ in spans).rstrip() == text.rstrip()


async def test_what_is_wrong_stands_on_the_row_without_being_asked_for(store, log_run):
    log_run("well", loss=[1.0, 0.5])
    log_run("ill", loss=[1.0, math.nan])
    log_run("jumpy", loss=SPIKE)

    async with opened(store, size=(80, 24)) as pilot:
        await see(pilot, "✗ NaN 1", "▲ spike")

        row = next(line for line in screen_text(pilot).splitlines() if " well " in line)
        assert not set("✗▲≈") & set(row)


async def test_a_column_of_health_takes_the_marks_from_the_names(store, log_run):
    log_run("ill", loss=[1.0, math.nan])

    async with opened(store) as pilot:
        await see(pilot, "✗ NaN 1")
        await pilot.press("o", *"health", "space", "enter")

        await until(pilot, lambda: "health" in screen_text(pilot))
        await until(pilot, lambda: screen_text(pilot).count("✗ NaN 1") == 1)


async def test_stars_and_the_archive_are_seen_and_go_with_undo(store, log_run):
    log_run("old", loss=[1.0])

    async with opened(store) as pilot:
        await pilot.press("z", "i")
        await see(pilot, "★", "1 run starred")
        await pilot.press("a")
        await see(pilot, "▽")
        await pilot.press("u", "u")

        await gone(pilot, "★")
        await gone(pilot, "▽")


async def test_silence_is_marked_though_it_writes_nothing(store, folder, monkeypatch):
    monkeypatch.setattr(runs_costly, "PULSE_S", 0.0)
    run = tt.init("e", "silent", store=folder)
    for step in range(5):
        run.log({"loss": 1.0}, step=step)
    recover(store)

    async with opened(store) as pilot:
        await see(pilot, "● running")
        assert "stalled" not in screen_text(pilot)
        # As if a minute had passed.
        monkeypatch.setattr(pulse, "LEAST_STALL_MS", 0)
        monkeypatch.setattr(pulse, "USUAL_TIMES", 0)
        monkeypatch.setattr(pulse, "LONGEST_TIMES", 0)

        await see(pilot, "✗ stalled")
        run.finish()
        await gone(pilot, "stalled")

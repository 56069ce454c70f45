"""What the table of runs writes to a terminal: bytes a key, and how often a line is painted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from terminal import Terminal

DOWN, PAGE_DOWN = b"j", b"\x1b[6~"


@pytest.fixture
def app(folder, log_run) -> Iterator[Terminal]:
    """The app on a hundred and twenty runs with the columns that people have."""
    for number in range(120):
        params = {"lr": number / 1000, "optimizer": "adamw", "layers": number % 4}
        metrics = {"val_loss": [0.9, 0.5], "val_f1": [0.1, 0.8], "train_loss": [0.9, 0.4]}
        log_run(f"run_{number:03}", params=params, tags=("paper",), **metrics)
    opened = Terminal(folder)
    opened.until("run_119")
    yield opened
    opened.kill()


def test_a_move_and_a_line_scrolled_cost_the_cells_that_change(app):
    move = app.press(DOWN)
    app.press(DOWN * 36)

    scrolled = app.press(DOWN)

    assert 0 < len(move) <= 400
    assert 0 < len(scrolled) <= 2_500


def test_a_page_and_the_far_end_cost_less_than_a_screen(app):
    app.press(PAGE_DOWN)
    page = app.press(PAGE_DOWN)
    end = app.press(b"G")

    assert 0 < len(page) <= 6_000
    assert 0 < len(end) <= 6_000
    assert "run_010" in app.text


def test_another_size_is_painted_once(app):
    before = len(app.written)
    app.resize(100, 40)
    app.until("run_119")

    written = app.written[before:]

    assert 0 < len(written) <= 16_000
    assert written.count(b"run_100") == 1


def test_a_mark_and_another_column_cost_a_line(app):
    app.press(DOWN)

    assert len(app.press(b" ")) <= 800
    assert len(app.press(b"\x1b[C")) <= 600


def test_with_the_peek_pane_a_held_key_paints_it_once(app):
    app.press(b"3")
    one = app.press(DOWN)

    held = app.press(DOWN * 20)

    # Twenty moves, and the pane for the last of them alone.
    assert len(held) <= 20 * 400 + len(one)


def test_an_idle_table_writes_nothing(app):
    app.press(b"3")

    assert app.press(b"") == b""

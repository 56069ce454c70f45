"""A window whose size changes while other things happen; the storm is in test_tui_terminal.py."""

from __future__ import annotations

from textual.geometry import Size
from tui_pilot import opened


async def test_a_window_that_is_resized_while_the_app_closes_breaks_nothing(store, log_run):
    log_run("old", loss=[1.0])
    async with opened(store) as pilot:
        app = pilot.app
        assert app._resizing.changed(Size(100, 30))
    assert not app.screen_stack

    app._resizing._paint()

    assert app._exception is None

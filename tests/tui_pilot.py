"""What the tests of the terminal app share: waiting for a condition, and the screen's text."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic

from textual import events
from textual.pilot import Pilot

from tui_tracker.store import Store
from tui_tracker.tui.app import TrackerApp

PATIENCE_S = 15.0


def screen_text(pilot: Pilot[None]) -> str:
    """Return what stands on the screen, line by line, without trailing blanks."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


async def until(pilot: Pilot[None], condition: Callable[[], object]) -> None:
    """Wait until a condition holds; fail with the screen's text where it never does."""
    end = monotonic() + PATIENCE_S
    while not condition():
        if monotonic() > end:
            raise AssertionError(f"did not happen; the screen was\n{screen_text(pilot)}")
        await pilot.pause()
        await asyncio.sleep(0.005)
    await pilot.pause()


async def see(pilot: Pilot[None], *texts: str) -> None:
    """Wait until all texts stand on the screen."""
    await until(pilot, lambda: all(text in screen_text(pilot) for text in texts))


async def gone(pilot: Pilot[None], text: str) -> None:
    """Wait until a text stands on the screen no more."""
    await until(pilot, lambda: text not in screen_text(pilot))


async def paste(pilot: Pilot[None], text: str) -> None:
    """Enter a text into the field that has the focus; keys take a wait each."""
    assert pilot.app.screen.focused is not None
    pilot.app.screen.focused.post_message(events.Paste(text))
    await pilot.pause()


@asynccontextmanager
async def opened(store: Store, *, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Pilot[None]]:
    """Open the app on a store, wait for its first answer, and close it."""
    app = TrackerApp(store)
    async with app.run_test(size=size) as pilot:
        await gone(pilot, "reading …")
        yield pilot

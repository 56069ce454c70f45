"""The pages of the app, one over another, and how all of them hear that the store changed."""

from __future__ import annotations

from textual.app import App

from tui_tracker.tui.screens.base import TrackerScreen


class ScreenStack(App[None], inherit_bindings=False):
    """An app whose pages lie one over another, with dialogs over them."""

    @property
    def pages(self) -> list[TrackerScreen]:
        """All open pages, the one in front last."""
        return [screen for screen in self.screen_stack if isinstance(screen, TrackerScreen)]

    @property
    def page(self) -> TrackerScreen | None:
        """The page in front; None while something stands over it, and at the very end."""
        screen = self.screen_stack[-1] if self.screen_stack else None
        return screen if isinstance(screen, TrackerScreen) else None

    @property
    def front_page(self) -> TrackerScreen | None:
        """The page in front, also where a dialog stands over it."""
        return next(reversed(self.pages), None)

    def read_pages(self, front: TrackerScreen | None) -> None:
        """Let the page in front read what changed, and all others once they are in front."""
        for page in self.pages:
            page.behind = page is not front
            # One that is not laid out yet reads by itself then, and one that ends never.
            if page is front and page.stands:
                page.read_again()

"""Pages by name, for `tt tui --open`: `runs`, `help`, `audit`, `plan`, `run:RUN` ..."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_tracker.errors import InvalidArgument, NotFound

if TYPE_CHECKING:
    from tui_tracker.queries import RunKey
    from tui_tracker.store import Store

PAGES = ("runs", "help", "audit", "plan")
RUN_PAGE = "run"


@dataclass(frozen=True, slots=True)
class Opening:
    """The page to begin with."""

    page: str
    """`runs`, `help`, `audit`, `plan`, `run`, or the name of a tab of a run's page."""
    run: RunKey | None = None


def find_opening(store: Store, text: str) -> Opening:
    """Return the page that a text names; "" is the start screen.

    Raises:
        NotFound: there is no such page, or no such run.
        Ambiguous: several runs fit.
        InvalidArgument: a run's page without a run.
    """
    if not text or text in PAGES:
        return Opening(text or PAGES[0])
    page, separator, address = text.partition(":")
    known = tab_names()
    if page not in (*known, "audit"):
        raise NotFound("page", page, [*PAGES, *known])
    if not separator or not address:
        raise InvalidArgument(f"{page} is the page of a run: say which, as in {page}:RUN")
    from tui_tracker.queries import find_run

    return Opening(page, find_run(store, address))


def tab_names() -> list[str]:
    """Return what may stand before a run: `run` and the tabs of its page."""
    from tui_tracker.tui.screens.run import TABS

    return [RUN_PAGE, *(tab.lower() for tab in TABS)]

"""What the overview of a run shows as it was, because it was not read or must not flicker."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_tracker.tui.reading import RunFound

SPARKS_S = 5.0
"""How often the small curves of a live run are drawn anew."""


class OverviewKept:
    """What was read of a run, with what the overview showed before where that is to stay."""

    def __init__(self) -> None:
        self._sparks_at = -SPARKS_S
        self.behind = False
        """The overview is not as new as the other pages."""

    def complete(self, found: RunFound, before: RunFound | None, *, overview: bool) -> RunFound:
        """Return what is to be shown; `overview` says whether it was read for that page, too.

        Small curves of a live run are kept for a moment: their noise would never rest.
        """
        self.behind = not overview
        if before is not None and before.detail.row.key == found.detail.row.key:
            if not overview:
                return replace(found, sparks=before.sparks, health=before.health)
            live = found.detail.row.status == "running" and monotonic() - self._sparks_at < SPARKS_S
            if live and before.sparks.keys() == found.sparks.keys():
                return replace(found, sparks=before.sparks)
        self._sparks_at = monotonic()
        return found

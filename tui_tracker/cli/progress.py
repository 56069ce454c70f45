"""One line on the terminal that says how far a long command is; nothing on a pipe."""

from __future__ import annotations

import sys
import time
from types import TracebackType

_EVERY_S = 0.1
_AFTER_S = 0.5
"""What is done by then needs no line."""


class Progress:
    """Called with what is done and what there is; a context manager that wipes its line."""

    def __init__(self, what: str, *, unit: str = "") -> None:
        self._what, self._unit = what, unit
        self._shown = False
        self._next = time.monotonic() + _AFTER_S

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now < self._next or not total or not sys.stderr.isatty():
            return
        self._next, self._shown = now + _EVERY_S, True
        share = min(100, 100 * done // total)
        of = self._words(done, total)
        sys.stderr.write(f"\r\x1b[K{self._what} {share}%, {of}")
        sys.stderr.flush()

    def _words(self, done: int, total: int) -> str:
        """Return how much that is; bytes, where no unit is said."""
        if self._unit:
            return f"{done:,} of {total:,} {self._unit}"
        from tui_tracker.formatting import format_size

        return f"{format_size(done)} of {format_size(total)}"

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

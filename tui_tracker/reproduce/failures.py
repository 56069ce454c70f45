"""Why a run cannot be had again, as the exit code that scripts read.

2 trouble   3 code   4 environment   5 data or split   6 execution
"""

from __future__ import annotations

from collections.abc import Sequence

from tui_tracker.errors import TrackerError

TROUBLE, CODE, ENVIRONMENT, DATA, EXECUTION = 2, 3, 4, 5, 6


class CannotReproduce(TrackerError):
    """A step failed; nothing after it was done."""

    def __init__(
        self, step: str, problem: str, *, exit_code: int, ways_out: Sequence[str] = ()
    ) -> None:
        self.step, self.problem, self.exit_code = step, problem, exit_code
        self.ways_out = tuple(ways_out)
        hint = f". Options: {', '.join(ways_out)}" if ways_out else ""
        super().__init__(f"{problem.rstrip('.') if hint else problem}{hint}")

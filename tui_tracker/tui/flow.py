"""How much may be on its way to the terminal: so little that a key is never far behind.

Over SSH a frame is gone at once, into buffers that hold megabytes; a slow link then shows
for seconds what was long overtaken. So the terminal is asked for a sign of life behind
frames, and while more is unanswered than the link carries in a moment, no further frame is
drawn. When the answer comes, the last state is. A terminal that never answers is written
to as ever.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

FIRST_WINDOW = 16_000
"""Bytes that may be on their way before anything is known about the link."""
LEAST_WINDOW = 1_500
"""Enough for a few cursor moves, which need no pause between them."""
MOMENT_S = 0.02
LOST_S = 2.0
"""An answer that takes longer is not waited for."""
TELLING_BYTES = 2_000
"""What is smaller takes about a round trip on any link, and tells nothing of its width."""
LATE_S = 0.01
"""An answer that is so much later than the soonest waited for the bytes before it."""
FULL_S = 0.05
"""So late it is where the link was full; less may be chance."""
FENCE_BYTES = 200
"""Less than this is not worth a question of its own."""


class Flow:
    """Counts bytes and answers; tells when to ask, and when to draw nothing."""

    def __init__(self, rtt_s: float | None, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._rtt_s = rtt_s
        """The shortest answer so far; None until the terminal has ever answered."""
        self._bytes_per_s: float | None = None
        self._before = self._after = 0
        """Bytes written before and after the last question."""
        self._asked_at: float | None = None
        self._begun_at = self._begun_before_at = 0.0
        """When the first byte after and before the last question was written."""
        self._answered_at = 0.0

    def wrote(self, size_bytes: int) -> None:
        """Count what was written."""
        if not self._after:
            self._begun_at = self._clock()
        self._after += size_bytes

    def may_ask(self) -> bool:
        """Return whether a question should be written now, and count it as written."""
        if self._rtt_s is None or self._after < FENCE_BYTES or self._waiting:
            return False
        self._before, self._after = self._after, 0
        self._begun_before_at, self._asked_at = self._begun_at, self._clock()
        return True

    def is_far(self, rtt_s: float) -> None:
        """Learn how long a round trip takes, from a question that was asked elsewhere."""
        self._rtt_s = rtt_s

    def answered(self) -> None:
        """Learn from an answer to the last question."""
        if self._asked_at is None:
            return
        now = self._clock()
        took = now - self._asked_at
        self._rtt_s = min(self._rtt_s or took, took)
        if self._before >= TELLING_BYTES:
            # They came after what was answered last, and not before they could.
            began_at = max(self._answered_at, self._begun_before_at + self._rtt_s)
            self._learn_width(now - began_at, late_s=took - self._rtt_s)
        self._answered_at = now
        self._asked_at, self._before = None, 0

    def _learn_width(self, arriving_s: float, *, late_s: float) -> None:
        """Learn from how long bytes took to come, and how much later than they could.

        A link that was not full tells the least that it carries, a full one what it does.
        """
        known = self._bytes_per_s
        seen = self._before / max(arriving_s, 1e-6)
        if known is None:
            self._bytes_per_s = seen if late_s > LATE_S else None
        elif late_s > FULL_S:
            self._bytes_per_s = (known + seen) / 2
        else:
            self._bytes_per_s = max(known, min(seen, 2 * known))

    @property
    def rtt_s(self) -> float:
        """The shortest round trip so far; 0 while none is known."""
        return self._rtt_s or 0.0

    @property
    def unanswered(self) -> bool:
        """Whether an answer to a question may still come."""
        return self._waiting

    @property
    def _waiting(self) -> bool:
        return self._asked_at is not None and self._clock() - self._asked_at < LOST_S

    @property
    def held(self) -> bool:
        """Whether more is on its way than should be."""
        return self._waiting and (self._before + self._after > self.window or self._is_late)

    @property
    def _is_late(self) -> bool:
        """Whether the answer should be here: the link has become slower than it was known."""
        if self._asked_at is None or self._rtt_s is None or self._bytes_per_s is None:
            return False
        expected_s = self._rtt_s + self._before / self._bytes_per_s
        return self._clock() - self._asked_at > expected_s + 2 * FULL_S

    @property
    def window(self) -> float:
        """Bytes that may be on their way: what the link carries in a round trip and a moment."""
        if self._bytes_per_s is None:
            return FIRST_WINDOW
        return max(LEAST_WINDOW, self._bytes_per_s * (self.rtt_s + MOMENT_S))

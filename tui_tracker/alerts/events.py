"""One thing that a rule found in a run, for people and for programs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from tui_tracker.capture.redaction import redact_text
from tui_tracker.formatting import crop, printable

LONGEST = 1_000
"""Cells of a sentence: chats refuse a message that is twice as long, and it would be lost."""


@dataclass(frozen=True, slots=True)
class Event:
    """A rule was met by a run."""

    at: datetime
    """When it was found out."""
    key: int
    """The run's number in its store."""
    run_id: str
    name: str
    experiment: str
    status: str
    rule: str
    what: str
    """One word: `crashed`, `finished`, `nan`, `threshold`, `silence`, or a kind of health."""
    words: str
    """What happened, without the run's name."""
    bad: bool
    metric: str = ""
    step: int | None = None
    value: float | None = None

    @property
    def sentence(self) -> str:
        """What a notification says; of long words the beginning."""
        return crop(printable(redact_text(f"{self.name}: {self.words}")), LONGEST)


def event_shape(event: Event) -> dict[str, object]:
    """Return an event as its JSON has it; `text` and `content` are what chats show.

    Slack and Mattermost read `text`, Discord `content`.
    """
    return {
        "at": event.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "what": event.what,
        "rule": event.rule,
        "run": event.run_id,
        "name": redact_text(event.name),
        "experiment": redact_text(event.experiment),
        "status": event.status,
        "metric": event.metric or None,
        "step": event.step,
        "value": _number(event.value),
        "words": redact_text(event.words),
        "text": event.sentence,
        "content": event.sentence,
    }


def _number(value: float | None) -> float | str | None:
    """Return a number as JSON has it; what is none by its word, as `tt show --json` does."""
    if value is None or math.isfinite(value):
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"

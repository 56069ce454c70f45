"""What was made of a line, in words."""

from __future__ import annotations

from tui_tracker.parsing.events import (
    Begun,
    Ended,
    Event,
    Fact,
    Final,
    Mentioned,
    Named,
    Param,
    Resumed,
    Values,
)


def words_for(event: Event) -> str:
    """Return what an event makes of its line, and why."""
    match event:
        case Values():
            told = zip(event.names, event.values, strict=True)
            pairs = ", ".join(f"{name} = {value:g}" for name, value in told)
            return f"{event.axis} {event.step}: {pairs} ({event.how})"
        case Param():
            return f"param {event.name} = {event.value!r} ({event.how})"
        case Final():
            return f"final {event.name} = {event.value:g} ({event.how})"
        case Mentioned():
            return f"file {event.path} ({event.how})"
        case _:
            return _words_for_run(event)


def _words_for_run(event: Event) -> str:
    match event:
        case Fact():
            return f"lineage {event.field}: {event.value}"
        case Begun():
            return f"a run begins: {event.why}"
        case Named():
            return f"the run is {event.name}"
        case Resumed():
            return f"the run goes on from an earlier step: {event.why}"
        case Ended():
            return f"the run {event.status}: {event.why}"
        case _:
            return ""

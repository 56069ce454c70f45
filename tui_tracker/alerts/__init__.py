"""News of runs for a person who does not look: rules, what they found, and ways to tell.

`rules` reads a rule, `watching` compares the store with what it was and gives events,
`telling` makes bell and notification, `sending` posts and runs what was asked for.
"""

from __future__ import annotations

from tui_tracker.alerts.events import Event, event_shape
from tui_tracker.alerts.rules import DEFAULT_RULES, Rule, parse_rule, parse_rules
from tui_tracker.alerts.watching import Watch

__all__ = ["DEFAULT_RULES", "Event", "Rule", "Watch", "event_shape", "parse_rule", "parse_rules"]

"""What a snippet leaves in doubt: all questions, asked in the order in which people look."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module

from tui_tracker.audit.rules import Doubt
from tui_tracker.audit.snippets.rules import SNIPPET_RULES, SnippetRule
from tui_tracker.audit.snippets.snippet import Snippet

for _area in ("inputs", "metrics", "work"):  # each declares its own
    import_module(f"tui_tracker.audit.snippets.asked_{_area}")


def judge_snippet(snippet: Snippet, as_of: datetime) -> list[tuple[SnippetRule, Doubt]]:
    """Return every rule that has a doubt, in their order, with what it found."""
    found = []
    for rule in SNIPPET_RULES.values():
        if (doubt := rule.check(snippet, as_of)) is not None:
            found.append((rule, doubt))
    return found

"""What a question to a snippet is, how one is declared, and the list of all there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tui_tracker.audit.rules import Doubt, Severity
from tui_tracker.audit.snippets.leaves import is_missing
from tui_tracker.audit.snippets.snippet import Snippet


@dataclass(frozen=True, slots=True)
class SnippetRule:
    """One question to a snippet."""

    id: str
    severity: Severity
    check: Callable[[Snippet, datetime], Doubt | None]


SNIPPET_RULES: dict[str, SnippetRule] = {}
_Check = Callable[[Snippet, datetime], Doubt | None]


def asks(id_: str, severity: Severity) -> Callable[[_Check], _Check]:
    """Declare a function as a question."""

    def declare(check: _Check) -> _Check:
        SNIPPET_RULES[id_] = SnippetRule(id_, severity, check)
        return check

    return declare


def wants(id_: str, severity: Severity, told: Callable[[Snippet], object], doubt: Doubt) -> None:
    """Declare the plainest question: whether a fact is told at all."""
    asks(id_, severity)(lambda snippet, _: None if told(snippet) else doubt)


def prose(snippet: Snippet) -> str:
    """Return all that people wrote in sentences."""
    return "\n".join(_sentences(snippet))


def _sentences(snippet: Snippet) -> Iterator[str]:
    for leaf in snippet.leaves:
        texts: list[Any] = leaf.value if isinstance(leaf.value, list) else [leaf.value]
        told = (text for text in texts if isinstance(text, str) and not is_missing(text))
        yield from (text for text in told if " " in text.strip())

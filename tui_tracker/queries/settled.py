"""What a query says while it is typed: without a last word that is about to be a field.

`loss` alone is a text that is sought, and finds nothing; who types `loss < 0.5` means the
field. Until the word is followed by an operator, the query before it is what holds.
"""

from __future__ import annotations

import re

from tui_tracker.errors import QueryError
from tui_tracker.language import parse
from tui_tracker.language.targets import ALIASES, OWN
from tui_tracker.queries.selection import Selection, list_run_keys
from tui_tracker.store import Store

_LAST_WORD = re.compile(r"(?:^|(?<=[\s(]))[^\s()<>=!~:\"'`]+$")
_JOINED = re.compile(r"(?:^|\s)(?:and|or|not|\()\s*$", re.IGNORECASE)


def settled_query(store: Store, selection: Selection) -> str:
    """Return the query of a selection, or the part of it that does not wait for an operator.

    Only where the whole query finds nothing and its last word begins the name of a field.

    Raises:
        QueryError: the whole query cannot be read, or names a field that no run has.
    """
    text = selection.query
    # Behind a completed word a blank waits for the operator.
    found = _LAST_WORD.search(text.rstrip())
    if found is None or list_run_keys(store, selection, limit=1) or not _begins(store, found[0]):
        return text
    before = text[: found.start()].rstrip()
    while (joined := _JOINED.search(before)) is not None:
        before = before[: joined.start()]
    try:
        parse(before)
    except QueryError:
        return text
    return before


def _begins(store: Store, word: str) -> bool:
    """Return whether a word is the beginning of a field's name, or all of it."""
    if any(name.startswith(word.lower()) for name in (*OWN, *ALIASES)):
        return True
    # By the index of names; with an `@` or a dot behind it, a label's or a statistic's.
    name = re.split(r"[@.]", word, maxsplit=1)[0]
    end = chr(0x10FFFF)
    return any(
        store.read("SELECT 1 FROM key WHERE name >= ? AND name < ? LIMIT 1", (low, low + end))
        for low in dict.fromkeys((word, name))
    )

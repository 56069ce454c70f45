"""Queries that are the name of a run, to the letter.

Names such as `lr=0.3_seed=0` read as comparisons. A whole query that is a run's name means
the runs of that name where it would else be an error, or compare a field with a value that
has a `=` in it, which nobody wants. `lr=0.3` stays a comparison where runs have an lr.
"""

from __future__ import annotations

from tui_tracker.errors import QueryError
from tui_tracker.language.parser import parse
from tui_tracker.language.sql import Condition, condition
from tui_tracker.language.tree import Compare, Query
from tui_tracker.store import Store


def text_condition(text: str, store: Store) -> Condition:
    """Return the condition of a query's text in a store.

    Raises:
        QueryError: it cannot be read, or names a field that no run has.
    """
    try:
        query = parse(text)
        found = None if _has_form_of_name(query) else condition(query, store)
    except QueryError:
        if (named := _named(text, store)) is not None:
            return named
        raise
    return found or _named(text, store) or condition(query, store)


def _has_form_of_name(query: Query) -> bool:
    tree = query.tree
    return isinstance(tree, Compare) and not tree.value.quoted and "=" in tree.value.text


def _named(text: str, store: Store) -> Condition | None:
    name = text.strip()
    if not store.read("SELECT 1 FROM run WHERE name = ? LIMIT 1", (name,)):
        return None
    return Condition("r.name = :q_name", {"q_name": name}, archived=False)

"""From chosen values to the text of a query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Choice = Literal["in", "out"]
"""Runs with the value, or runs without it."""
Chosen = Mapping[str, Mapping[str, Choice]]
"""Fields as they are written, with their chosen values as they are written."""


def facet_query(before: str, chosen: Chosen) -> str:
    """Return a query that what was chosen is added to.

    Values of one field are alternatives; fields narrow each other.
    """
    from tui_tracker.errors import QueryError
    from tui_tracker.language import parse
    from tui_tracker.language.tree import Or

    terms = []
    for field, values in chosen.items():
        wanted = [value for value, choice in values.items() if choice == "in"]
        unwanted = [value for value, choice in values.items() if choice == "out"]
        terms += [_one_of(field, wanted)] if wanted else []
        terms += [f"not {_one_of(field, unwanted)}"] if unwanted else []
    before = before.strip()
    if before and terms:
        try:
            joint = isinstance(parse(before).tree, Or)
        except QueryError:
            joint = True
        before = f"({before})" if joint else before
    return " and ".join([*([before] if before else []), *terms])


def _one_of(field: str, values: list[str]) -> str:
    ranges = [f"{field} in {value}" for value in values if _is_range(value)]
    plain = [value for value in values if not _is_range(value)]
    missing = [f"missing:{field}" for value in plain if not value]
    plain = [value for value in plain if value]
    if len(plain) > 1:
        plain = [f"{field} in ({', '.join(plain)})"]
    elif plain:
        plain = [f"{field} = {plain[0]}"]
    terms = [*plain, *ranges, *missing]
    return terms[0] if len(terms) == 1 else f"({' or '.join(terms)})"


def _is_range(value: str) -> bool:
    return ".." in value and not value.startswith('"')

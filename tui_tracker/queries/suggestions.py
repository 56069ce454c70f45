"""What can stand at the cursor of a query: fields, operators, values with their counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tui_tracker.errors import QueryError
from tui_tracker.formatting import format_count
from tui_tracker.language.complete import (
    JOINTS,
    SIGNS,
    STATISTICS,
    Place,
    place_at,
    state_words,
)
from tui_tracker.language.tokens import KIND_PREFIXES
from tui_tracker.language.tree import Field
from tui_tracker.queries.facets import FieldInfo, list_fields, list_values
from tui_tracker.queries.selection import EVERYTHING, Selection
from tui_tracker.store import Store

MOST = 200
_NUMBER_SIGNS = ("<", ">", "<=", ">=", "=", "!=", "in")
_SET_SIGNS = (":", "=", "!=", "in", "~", "!~")
_MOMENTS = {
    "today": "all of the day",
    "yesterday": "all of the day before",
    **dict.fromkeys(("1 hour ago", "2 days ago", "1 week ago", "1 month ago"), "a moment"),
}
_SPANS = dict.fromkeys(("1min", "10min", "1h", "1d"), "a span of time")
_OFTEN = {"started": _MOMENTS, "ended": _MOMENTS, "duration": _SPANS}
"""What is often meant of fields whose values nobody types to the letter."""
_WORDS = {"has": "the run has the field", "missing": "the run lacks it", "is": "a status or state"}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One text that can stand at the cursor."""

    text: str
    """As it is written into the query."""
    says: str
    """What it is, or how many runs have it."""


@dataclass(frozen=True, slots=True)
class Suggestions:
    """All that can stand at the cursor, the likeliest first."""

    start: int
    end: int
    """Columns of the query that a suggestion takes the place of."""
    items: tuple[Suggestion, ...]


def suggest(store: Store, text: str, cursor: int, selection: Selection = EVERYTHING) -> Suggestions:
    """Return what can stand at the cursor of a query over a selection's runs."""
    place = place_at(text, cursor)
    match place.kind:
        case "operator" if kind := _kind(store, place.field):
            items = _operators(kind, place)
        case "value":
            items = _values(store, place, selection)
        case _:
            items = _fields(store, place)
    return Suggestions(place.start, place.end, tuple(items)[:MOST])


def _fields(store: Store, place: Place) -> list[Suggestion]:
    fields = list_fields(store)
    typed = place.typed.lower()
    kind, dot, name = place.typed.partition(".")
    if dot and kind in KIND_PREFIXES and (below := _of_kind(fields, kind, name.lstrip('`"'))):
        return below
    found = _apart([info for info in fields if typed in info.name.lower()])
    found += _statistics(fields, place.typed)
    if place.kind == "term":
        found += [Suggestion(f"{word}:", says) for word, says in _WORDS.items() if typed in word]
        joints = [Suggestion(word, says) for word, says in JOINTS.items() if typed in word]
        found = found + joints if typed or place.begins else joints + found
    # What begins so comes before what only has it inside.
    return sorted(found, key=lambda item: not item.text.lower().lstrip("`").startswith(typed))


def _of_kind(fields: list[FieldInfo], prefix: str, typed: str) -> list[Suggestion]:
    """Return the fields of the kind that was said before a dot, and statistics of metrics."""
    wanted = [info for info in fields if info.kind == KIND_PREFIXES[prefix]]
    found = [_field(info) for info in wanted if typed.lower() in info.name.lower()]
    found = [*found, *_statistics(wanted, typed)]
    found.sort(key=lambda item: not item.text.lower().startswith(typed.lower()))
    return [Suggestion(f"{prefix}.{item.text}", item.says) for item in found]


def _apart(fields: list[FieldInfo]) -> list[Suggestion]:
    """Return fields; of those of one name the first is meant, and others say their kind."""
    found: dict[str, Suggestion] = {}
    for info in fields:
        item = _field(info)
        if item.text in found:
            item = Suggestion(f"{info.kind}.{item.text}", item.says)
        found[item.text] = item
    return list(found.values())


def _field(info: FieldInfo) -> Suggestion:
    return Suggestion(info.written, info.says or info.kind)


def _statistics(fields: list[FieldInfo], typed: str) -> Iterator[Suggestion]:
    stem, dot, begun = typed.rpartition(".")
    for info in fields:
        if dot and info.kind in ("metric", "system") and info.name == stem:
            for statistic in STATISTICS:
                if statistic.startswith(begun):
                    yield Suggestion(f"{info.written}.{statistic}", "statistic")


def _operators(kind: str, place: Place) -> list[Suggestion]:
    wanted = _NUMBER_SIGNS if kind in ("metric", "number") else tuple(SIGNS)
    wanted = _SET_SIGNS if kind == "set" else wanted
    return [Suggestion(sign, SIGNS[sign]) for sign in wanted if sign.startswith(place.typed)]


def _kind(store: Store, field: Field | None) -> str:
    from tui_tracker.language.targets import Targets

    if field is None:
        return ""
    try:
        target = Targets(store, "").find(field)
    except QueryError:
        return ""
    if target.kind == "own":
        if target.name in ("started", "ended", "duration", "points"):
            return "number"
        return "set" if target.name in ("tag", "note", "artifact", "status") else "own"
    if target.kind == "audit":
        return "set" if target.name == "audit" else "number"
    return target.kind


def _values(store: Store, place: Place, selection: Selection) -> list[Suggestion]:
    typed = place.typed.lower()
    if place.field is not None and place.field.name == "is":
        return [Suggestion(word, says) for word, says in state_words().items() if typed in word]
    try:
        # The query that is being typed would leave out the other values.
        asked = replace_query(selection)
        found = list_values(
            store,
            str(place.field),
            asked,
            limit=MOST,
            prefix=place.typed,
            ranges=place.behind_in,
        )
    except QueryError:
        return []
    opening = "(" if place.behind_in else ""
    items = [
        Suggestion(value.written if value.is_range else opening + value.written, _runs(value.runs))
        for value in found.values
        if place.behind_in or not value.is_range
    ]
    return items or [
        Suggestion(text, says)
        for text, says in _OFTEN.get(found.field, {}).items()
        if text.startswith(typed) and not place.behind_in
    ]


def _runs(count: int) -> str:
    return f"{format_count(count)} {'run' if count == 1 else 'runs'}"


def replace_query(selection: Selection, query: str = "") -> Selection:
    """Return a selection with another query."""
    made = selection.below(())
    made.query = query
    return made


__all__ = ["Suggestion", "Suggestions", "replace_query", "suggest"]

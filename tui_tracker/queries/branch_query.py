"""A branch of the tree as text of the query language, to be read, changed and passed on."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tui_tracker.language.tree import Compare, Field, FieldKind, Missing, Node, Or, Value, all_of
from tui_tracker.queries.fields import Raw
from tui_tracker.queries.selection import Absent
from tui_tracker.queries.where import LONG_TEXT

_KINDS: dict[str, FieldKind] = {"param": "param", "tag": "tag", "fact": "fact"}
_OWN = {"tags": "tag", "experiment": "experiment", "started": "started", "status": "status"}
_OWN |= {name: name for name in ("host", "user", "name")}


def branch_query(where: Sequence[tuple[str, Raw | Absent]]) -> str:
    """Return a query that the runs of a branch fit; "" for all runs."""
    return str(all_of([_node(field, value) for field, value in where])) if where else ""


def _node(name: str, value: Raw | Absent) -> Node:
    kind, _, key = name.partition(":")
    field = Field(key, _KINDS[kind], exact=True) if kind in _KINDS else Field(_OWN[kind])
    if isinstance(value, Absent):
        return Missing(field)
    if kind == "experiment":
        below = Value(f"^{re.escape(str(value))}/", quoted=True)
        itself = Compare(field, "=", Value(str(value), quoted=True))
        return Or((itself, Compare(field, "~", below)))
    if isinstance(value, str) and len(value) > LONG_TEXT:
        # Of a text that goes on beyond its row only the beginning is known here.
        begins = re.escape(value.partition("\0")[0])
        return Compare(field, "~", Value(f"^{begins}", quoted=True))
    return Compare(field, "=", _value(kind, value))


def _value(kind: str, value: Raw) -> Value:
    if value is None:
        return Value("none")
    if not isinstance(value, str):
        return Value(repr(int(value) if float(value).is_integer() else value))
    if kind == "started" or (kind == "param" and value == "NaN"):
        return Value(value)
    return Value(value, quoted=True)

"""Read the facts of a journal's record: whatever stands there, the answer has the right kind."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Facts = Mapping[str, object]


def clean(value: object) -> str:
    """Return a text that SQLite takes: lone surrogates have no UTF-8."""
    return str(value).encode("utf-8", "replace").decode()


def word(facts: Facts, key: str) -> str:
    value = facts.get(key)
    return "" if value is None else clean(value)


def words(facts: Facts, key: str) -> list[str]:
    return [str(item) for item in members(facts, key)]


def members(facts: Facts, key: str) -> list[object]:
    value = facts.get(key)
    return value if isinstance(value, list) else []


def whole(facts: Facts, key: str) -> int | None:
    value = facts.get(key)
    return value if isinstance(value, int) and abs(value) < 2**63 else None


def as_float(value: int) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return None


def param_columns(value: object) -> tuple[str, float | None, str | None]:
    """Return type, number and text that a param is kept as: digits and NaN as texts as well."""
    if value is None:
        return "none", None, None
    if isinstance(value, bool):
        return "bool", float(value), None
    if isinstance(value, int):
        return "int", as_float(value), None if abs(value) <= 2**53 else str(value)
    if isinstance(value, float):
        return "float", None if value != value else value, None if value == value else "NaN"
    if isinstance(value, str):
        return "str", None, clean(value)
    import json

    return "list", None, json.dumps(value, default=str)


def number(facts: Facts, key: str) -> float | None:
    value = facts.get(key)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return as_float(value) if is_number else None  # type: ignore[arg-type]


def mapping(facts: Facts, key: str) -> Facts:
    value = facts.get(key)
    return value if isinstance(value, dict) else {}


def mappings(facts: Facts, key: str) -> list[Facts]:
    return [item for item in members(facts, key) if isinstance(item, dict)]


def switch(facts: Facts, key: str) -> bool | None:
    """Return what is said to be so or not; None where nothing is said."""
    value = facts.get(key)
    return value if isinstance(value, bool) else None

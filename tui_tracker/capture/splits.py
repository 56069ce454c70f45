"""The rows of a split: read from whatever holds them, hashed, and checked on the spot.

The hash is the SHA-256 of, role by role in the order of their names: the name, NUL, the number
of rows in digits, NUL, and the rows in their order as little-endian 64-bit numbers. A row id
that is a text goes in as its length in bytes, as such a number, and its UTF-8. `members` is the
same over the sorted rows: equal where only the order differs.
"""

from __future__ import annotations

import hashlib
import operator
import sys
from array import array

from tui_tracker.capture.digests import libraries_of
from tui_tracker.capture.split_format import little_endian

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from tui_tracker.capture.split_format import Rows

_ORDER = ("train", "val", "valid", "validation", "dev", "test")
"""In the order of time, and in which pairs of roles are told."""
_MANY = 4_000_000
_NO_TIME = -(2**63)


class Unreadable(ValueError):
    """Rows, groups or times that cannot be taken, with the reason."""


def read_roles(given: Mapping[str, object]) -> dict[str, Rows]:
    """Return the rows of each role that is given; texts in all where they are in one.

    Raises:
        Unreadable: a role holds no rows.
    """
    roles = {str(role): read_rows(str(role), rows) for role, rows in given.items()}
    if any(isinstance(rows, list) for rows in roles.values()):
        # An empty role of numbers beside roles of texts is a role of texts.
        roles = {role: [str(row) for row in rows] for role, rows in roles.items()}
    return dict(sorted(roles.items(), key=lambda pair: _place(pair[0])))


def read_rows(role: str, values: object) -> Rows:
    """Return row numbers or ids: of a list, a mask, an index, a column or a table's index.

    Raises:
        Unreadable: there are no rows in it.
    """
    values = _unwrapped(role, values)
    if not isinstance(values, (list, tuple, range, array)):
        kind = type(values).__name__
        raise Unreadable(f"{role} is a {kind}: rows are a list or array of numbers, a mask, or ids")
    kinds = set(map(type, values))
    if not kinds <= {bool, int, str}:
        values = [_plain(value) for value in values]
        kinds = set(map(type, values))
    if kinds == {bool}:
        return array("q", [row for row, chosen in enumerate(values) if chosen])
    if kinds <= {int}:
        try:
            return array("q", values)
        except OverflowError:
            return [str(value) for value in values]
    if kinds & {float, list, tuple, dict, complex}:
        raise Unreadable(f"{role} holds {values[0]!r:.60}: rows are whole numbers, a mask, or ids")
    return [str(value) for value in values]


def as_list(values: object) -> list[Any]:
    """Return groups or times as a list; a missing one is None.

    Raises:
        Unreadable: there is nothing to go through.
    """
    dtype: Any = getattr(values, "dtype", None)
    if (
        getattr(dtype, "kind", "") == "M"
        and hasattr(values, "astype")
        and "torch" not in str(dtype)
    ):
        asked: Any = values
        if hasattr(dtype, "tz"):  # of pandas, with a time zone
            return [None if time != time else time for time in asked.tolist()]
        numbers = asked.astype("datetime64[ns]").astype("int64").tolist()
        return [None if time == _NO_TIME else time for time in numbers]
    found = _listed(values)
    if not isinstance(found, (list, tuple, range, array)):
        raise Unreadable(f"a {type(values).__name__} is no column of values")
    return [None if value is None or value != value else value for value in found]


def hash_roles(roles: Mapping[str, Rows], *, ordered: bool = True) -> str:
    """Return `sha256:<hex>` of the rows of all roles, or of their sets."""
    new = hashlib.sha256()
    for role in sorted(roles):
        rows = roles[role]
        if not ordered:
            rows = array("q", sorted(rows)) if isinstance(rows, array) else sorted(rows)
        new.update(b"%b\0%d\0" % (role.encode("utf-8", "surrogatepass"), len(rows)))
        if isinstance(rows, array):
            new.update(little_endian(rows))
        else:
            for row in rows:
                text = row.encode("utf-8", "surrogatepass")
                new.update(len(text).to_bytes(8, "little") + text)
    return f"sha256:{new.hexdigest()}"


def find_duplicates(roles: Mapping[str, Rows]) -> dict[str, int]:
    """Return by role how many rows are there more than once, counted beyond the first."""
    found = {role: len(roles[role]) - len(once) for role, once in _distinct(roles).items()}
    return {role: count for role, count in found.items() if count}


def find_overlap(roles: Mapping[str, Rows]) -> dict[str, int]:
    """Return by `role/role` how many rows are in both."""
    return _shared(_distinct(roles))


def find_group_leak(roles: Mapping[str, Rows], groups: object) -> dict[str, int]:
    """Return by `role/role` how many groups have rows in both; a missing group is in none.

    Raises:
        Unreadable: the groups do not fit the rows.
    """
    along = {role: _along(role, rows, roles, groups) for role, rows in roles.items()}
    try:
        return _shared({role: set(found) - {None} for role, found in along.items()})
    except TypeError as error:
        raise Unreadable(f"groups cannot be compared: {error}") from error


def find_time_leak(roles: Mapping[str, Rows], times: object) -> dict[str, int]:
    """Return by `earlier/later` role how many of its rows lie after the first of the later.

    Train comes before validation, and both come before test; other roles have no order.

    Raises:
        Unreadable: the times do not fit the rows, or cannot be compared.
    """
    order = [role for role in roles if role in _ORDER]
    along = {role: _along(role, roles[role], roles, times) for role in order}
    found: dict[str, int] = {}
    try:
        for place, earlier in enumerate(order):
            for later in order[place + 1 :]:
                first = min((time for time in along[later] if time is not None), default=None)
                if first is not None:
                    after = sum(time is not None and time > first for time in along[earlier])
                    found |= {f"{earlier}/{later}": after} if after else {}
    except TypeError as error:
        raise Unreadable(f"times cannot be compared: {error}") from error
    return found


def _distinct(roles: Mapping[str, Rows]) -> dict[str, Any]:
    """Return each role's rows once each: sets, or sorted arrays where sets would need gigabytes."""
    numpy: Any = sys.modules.get("numpy")
    many = sum(map(len, roles.values())) > _MANY
    if numpy is None or not many or any(isinstance(rows, list) for rows in roles.values()):
        return {role: set(rows) for role, rows in roles.items()}
    found = {}
    for role, rows in roles.items():
        ordered = numpy.sort(numpy.array(rows, numpy.int64))
        first = numpy.ones(len(ordered), bool)
        first[1:] = ordered[1:] != ordered[:-1]
        found[role] = ordered[first]
    return found


def _common(one: Any, other: Any) -> int:
    if isinstance(one, set):
        return len(one & other)
    return int(sys.modules["numpy"].intersect1d(one, other, assume_unique=True).size)


def _shared(sets: Mapping[str, Any]) -> dict[str, int]:
    roles = list(sets)
    found: dict[str, int] = {}
    for place, one in enumerate(roles):
        for other in roles[place + 1 :]:
            if both := _common(sets[one], sets[other]):
                found[f"{one}/{other}"] = both
    return found


def _along(role: str, rows: Rows, roles: Mapping[str, Rows], values: object) -> list[Any]:
    """Return the value of each row of a role."""
    if isinstance(values, dict):
        if set(values) <= set(roles):
            mine = as_list(values[role]) if role in values else []
            if mine and len(mine) != len(rows):
                raise Unreadable(f"{role} has {len(rows)} rows and {len(mine)} values")
            return mine
        return [values.get(row) for row in rows]
    listed = as_list(values)
    if isinstance(rows, list):
        raise Unreadable("rows that are ids need a dict of them, or one of roles")
    if rows and not -len(listed) <= min(rows) <= max(rows) < len(listed):
        raise Unreadable(f"there are {len(listed)} values, and {role} has row {max(rows)}")
    return [listed[row] for row in rows]


def _place(role: str) -> tuple[int, str]:
    return (_ORDER.index(role) if role in _ORDER else len(_ORDER)), role


def _plain(value: Any) -> object:
    """Return a single number or flag of numpy, or of any library, as Python's own."""
    if "bool" in type(value).__name__:
        return bool(value)
    try:
        return operator.index(value)
    except TypeError:
        return value


def _unwrapped(role: str, values: object) -> object:
    """Return rows as a list, from whatever class holds them."""
    libraries = libraries_of(values)
    if "torch" in libraries and hasattr(values, "indices") and hasattr(values, "dataset"):
        values = values.indices  # a Subset
        libraries = libraries_of(values)
    if "pandas" in libraries and hasattr(values, "columns"):
        values = values.index  # type: ignore[attr-defined]
    shape = getattr(values, "shape", None)
    if shape is not None and len(shape) != 1:
        raise Unreadable(f"{role} has the shape {tuple(shape)}: rows are one number or id each")
    numpy: Any = sys.modules.get("numpy")
    if numpy is not None and isinstance(values, numpy.ndarray):
        rows: Any = numpy.flatnonzero(values) if values.dtype.kind == "b" else values
        if rows.dtype.kind in "iu" and rows.dtype != numpy.uint64:
            return array("q", rows.astype(numpy.int64).tobytes())
    return _listed(values)


def _listed(values: object) -> object:
    if isinstance(values, (set, frozenset)):
        return sorted(values, key=lambda value: (str(type(value)), value))
    if isinstance(values, (str, bytes, dict)):
        return values
    for name in ("tolist", "to_list", "to_pylist"):
        if callable(convert := getattr(values, name, None)):
            return convert()
    if hasattr(values, "__len__") and hasattr(values, "__iter__"):
        return values if isinstance(values, (list, tuple, range, array)) else list(values)
    return values


def describe_checks(overlap: Mapping[str, int], duplicates: Mapping[str, int]) -> Sequence[str]:
    """Return what a user is told of rows that are where they should not be."""
    told = [
        f"{count:,} {'row is' if count == 1 else 'rows are'} in both {_both(pair)}"
        for pair, count in overlap.items()
    ]
    told += [
        f"{count:,} {'row comes' if count == 1 else 'rows come'} again in {role}"
        for role, count in duplicates.items()
    ]
    return told


def _both(pair: str) -> str:
    return " and ".join(pair.split("/"))


def describe_leaks(groups: Mapping[str, int], times: Mapping[str, int]) -> Sequence[str]:
    """Return what a user is told of groups and times that leak from role to role."""
    told = [
        f"{count:,} {'group has' if count == 1 else 'groups have'} rows in both {_both(pair)}"
        for pair, count in groups.items()
    ]
    for pair, count in times.items():
        earlier, _, later = pair.partition("/")
        rows = "row lies" if count == 1 else "rows lie"
        told.append(f"{count:,} {earlier} {rows} later in time than the first of {later}")
    return told

"""Splits that can be made again from their recipe, on any machine and with any Python.

Row i of n has as its key the i-th 64-bit number, little-endian, of SHAKE-128 over the text
`tui_tracker split 1`, LF, and the seed in digits. Rows in the order of their keys (equal
keys in the order of rows) go to test, then to val, the rest to train; each role's rows are
given in rising order. A row's key does not depend on n.

- `stratify`: each class gives its share of test and val, what is left over by largest
  remainder (ties to the class that comes first); within a class by the keys.
- `groups`: a group has the key of its first row and goes as a whole: to test while at least
  half of it fits into what test still lacks, then to val, else to train.
- `time`: rows by time, the latest to test, those before to val; rows of one time stay
  together, with the later role. No key is used.
- `folds`: rows in the order of their keys are dealt out in turn, class by class with
  `stratify`; groups largest first, each to the fold with the fewest rows; with `time`
  fold k trains on the first k of folds + 1 equal parts and validates on the next.
"""

from __future__ import annotations

import hashlib
import operator
import sys
from array import array
from itertools import pairwise

from tui_tracker.capture.split_format import little_endian
from tui_tracker.capture.splits import Unreadable, as_list
from tui_tracker.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    Rows = Sequence[int]


_STRATEGIES = {"": "random", "stratify": "stratified", "groups": "groups", "time": "time"}


class Split(tuple[object, ...]):
    """The rows of each role: `train, test = ...`, `.train`, or `["train"]`; `**split` too."""

    names: tuple[str, ...]

    def __new__(cls, roles: dict[str, Any]) -> Split:
        made = super().__new__(cls, roles.values())
        made.names = tuple(roles)
        return made

    def keys(self) -> tuple[str, ...]:
        return self.names

    def items(self) -> Iterator[tuple[str, Any]]:
        return zip(self.names, self, strict=True)

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, str):
            return super().__getitem__(key)
        if key not in self.names:
            raise KeyError(key)
        return super().__getitem__(self.names.index(key))

    def __getattr__(self, name: str) -> Any:
        if name == "names" or name not in self.names:
            raise AttributeError(name)
        return self[name]

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Split, (dict(self.items()),)

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={len(rows):,} rows" for name, rows in self.items())
        return f"Split({told})"


def split(
    rows: object,
    *,
    test: float | None,
    val: float,
    folds: int | None,
    seed: object,
    columns: Mapping[str, object],
) -> tuple[dict[str, Rows], list[tuple[Rows, Rows]] | None, dict[str, object]]:
    """Return the rows of each role, or those of each fold, and the recipe as facts.

    `columns` are `stratify`, `groups` and `time`, of which at most one is not None.

    Raises:
        InvalidArgument: an argument cannot be used.
    """
    n = _row_count(rows)
    given = [name for name, column in columns.items() if column is not None]
    if len(given) > 1:
        raise InvalidArgument(f"split(): {' and '.join(given)} do not go together: give one")
    if seed is None and given != ["time"]:
        raise InvalidArgument("split() needs a seed, such as seed=0, so that it can be made again")
    arguments: dict[str, object] = {"n": n}
    for name in given:
        if isinstance(columns[name], str):
            arguments[name] = columns[name]
    recipe: dict[str, object] = {
        "strategy": _STRATEGIES[given[0] if given else ""],
        "splitter": "tui_tracker.split",
        "arguments": arguments,
        "seed": seed,
    }
    try:
        found = columns_of(rows, columns)
    except Unreadable as error:
        raise InvalidArgument(f"split(): {error}") from error
    if folds is None:
        # Who asks for val rows alone wants no others taken away.
        share = (0.0 if val else 0.2) if test is None else test
        arguments |= {"test": share, "val": val}
        roles = make_split(n, test=share, val=val, seed=seed, **found)
        return roles, None, recipe
    if test or val:
        raise InvalidArgument("split(): set the test rows aside first, then make folds of the rest")
    arguments["folds"] = folds
    return {}, make_folds(n, folds, seed=seed, **found), recipe


def as_rows(rows: Rows) -> Any:
    """Return row numbers as an int64 array where the process has numpy, else as a list."""
    numpy: Any = sys.modules.get("numpy")
    return list(rows) if numpy is None else numpy.asarray(rows, dtype=numpy.int64)


def columns_of(data: object, columns: Mapping[str, object]) -> dict[str, object]:
    """Return columns as given, or those of a table where a name of one was given.

    Raises:
        Unreadable: the table has no such column.
    """
    found: dict[str, object] = {}
    for key, values in columns.items():
        if isinstance(values, str):
            try:
                values = data[values]  # type: ignore[index]
            except Exception as error:
                raise Unreadable(f"{key}: the data has no column {values!r}") from error
        found[key] = values
    return found


def make_split(
    n: int,
    *,
    test: float,
    val: float,
    seed: object,
    stratify: object = None,
    groups: object = None,
    time: object = None,
) -> dict[str, Rows]:
    """Return the rows of train, val and test; a role of share 0 is left out.

    Raises:
        InvalidArgument: the shares do not fit the rows, or a column does not.
    """
    wanted = {"test": _count("test", test, n), "val": _count("val", val, n)}
    if sum(wanted.values()) >= n:
        raise InvalidArgument(f"split(): test={test} and val={val} leave no row of {n} to train on")
    if time is not None:
        found = _by_time(_column("time", time, n), wanted)
    elif groups is not None:
        found = _by_groups(_column("groups", groups, n), wanted, order_rows(n, seed))
    elif stratify is not None:
        found = _by_classes(_column("stratify", stratify, n), wanted, order_rows(n, seed))
    else:
        found = _at_random(wanted, order_rows(n, seed))
    for role in ("train", *wanted):
        if not found[role] and (role == "train" or wanted[role]):
            raise InvalidArgument(f"split(): no row is left for {role}; ask for other shares")
    return {role: sorted(found[role]) for role in ("train", "val", "test") if found[role]}


def make_folds(
    n: int,
    folds: int,
    *,
    seed: object,
    stratify: object = None,
    groups: object = None,
    time: object = None,
) -> list[tuple[Rows, Rows]]:
    """Return (train, val) of each fold.

    Raises:
        InvalidArgument: there are too few rows or groups, or a column does not fit.
    """
    if folds < 2 or folds > n:
        raise InvalidArgument(f"split(): folds={folds} of {n} rows: at least 2, at most one a row")
    if time is not None:
        return _time_folds(_column("time", time, n), folds)
    order = order_rows(n, seed)
    if groups is not None:
        place = _group_folds(_column("groups", groups, n), folds, order)
    else:
        if stratify is not None:
            order = [
                row for rows in _classes(_column("stratify", stratify, n), order) for row in rows
            ]
        place = [0] * n
        for position, row in enumerate(order):
            place[row] = position % folds
    return [
        (
            [row for row in range(n) if place[row] != fold],
            [row for row in range(n) if place[row] == fold],
        )
        for fold in range(folds)
    ]


def order_rows(n: int, seed: object) -> list[int]:
    """Return the rows 0 to n - 1 in the order of their keys."""
    keys = array("Q")
    keys.frombytes(hashlib.shake_128(f"tui_tracker split 1\n{seed}".encode()).digest(8 * n))
    keys = little_endian(keys)
    numpy: Any = sys.modules.get("numpy")
    if numpy is not None:
        order: list[int] = numpy.argsort(numpy.asarray(keys), kind="stable").tolist()
        return order
    return sorted(range(n), key=keys.__getitem__)


def _at_random(wanted: dict[str, int], order: Rows) -> dict[str, Rows]:
    test, val = wanted["test"], wanted["val"]
    return {"test": order[:test], "val": order[test : test + val], "train": order[test + val :]}


def _by_classes(labels: Sequence[Any], wanted: dict[str, int], order: Rows) -> dict[str, Rows]:
    classes = _classes(labels, order)
    found: dict[str, list[int]] = {"train": []}
    for role in ("test", "val"):
        left = sum(map(len, classes))
        shares = _shares([len(rows) for rows in classes], wanted[role], left)
        found[role] = [r for rows, n in zip(classes, shares, strict=True) for r in rows[:n]]
        classes = [rows[n:] for rows, n in zip(classes, shares, strict=True)]
    return {**found, "train": [row for rows in classes for row in rows]}


def _by_groups(labels: Sequence[Any], wanted: dict[str, int], order: Rows) -> dict[str, Rows]:
    found: dict[str, list[int]] = {"train": [], "val": [], "test": []}
    for rows in _groups(labels, order):
        for role in ("test", "val", "train"):
            if role == "train" or wanted[role] - len(found[role]) >= len(rows) / 2:
                found[role] += rows
                break
    return dict(found)


def _by_time(times: Sequence[Any], wanted: dict[str, int]) -> dict[str, Rows]:
    order = _in_time(times)
    test = _boundary(order, times, len(order) - wanted["test"])
    val = _boundary(order, times, test - wanted["val"])
    return {"train": order[:val], "val": order[val:test], "test": order[test:]}


def _time_folds(times: Sequence[Any], folds: int) -> list[tuple[Rows, Rows]]:
    order = _in_time(times)
    ends = [_boundary(order, times, len(order) * k // (folds + 1)) for k in range(1, folds + 2)]
    found: list[tuple[Rows, Rows]] = [
        (sorted(order[:end]), sorted(order[end:after])) for end, after in pairwise(ends)
    ]
    if any(not train or not val for train, val in found):
        raise InvalidArgument(f"split(): too many rows have the same time for {folds} folds")
    return found


def _group_folds(labels: Sequence[Any], folds: int, order: Rows) -> list[int]:
    groups = sorted(_groups(labels, order), key=len, reverse=True)
    if len(groups) < folds:
        raise InvalidArgument(f"split(): {len(groups)} groups are too few for {folds} folds")
    sizes, place = [0] * folds, [0] * len(labels)
    for rows in groups:
        fold = sizes.index(min(sizes))
        sizes[fold] += len(rows)
        for row in rows:
            place[row] = fold
    return place


def _classes(labels: Sequence[Any], order: Rows) -> list[list[int]]:
    """Return the rows of each class by their keys; classes in the order of their first rows."""
    found: dict[Any, list[int]] = {label: [] for label in labels}
    for row in order:
        found[labels[row]].append(row)
    return list(found.values())


def _groups(labels: Sequence[Any], order: Rows) -> list[list[int]]:
    """Return the rows of each group; groups in the order of their first rows' keys."""
    rows: dict[Any, list[int]] = {}
    for row, label in enumerate(labels):
        rows.setdefault(label, []).append(row)
    first = {members[0]: members for members in rows.values()}
    return [first[row] for row in order if row in first]


def _shares(sizes: Sequence[int], wanted: int, total: int) -> list[int]:
    """Return how many of `wanted` fall to each class: whole numbers, by largest remainder."""
    found = [wanted * size // total for size in sizes]
    rest = wanted - sum(found)
    by_remainder = sorted(range(len(sizes)), key=lambda i: (-(wanted * sizes[i] % total), i))
    for place in by_remainder[:rest]:
        found[place] += 1
    return found


def _in_time(times: Sequence[Any]) -> list[int]:
    try:
        return sorted(range(len(times)), key=times.__getitem__)
    except TypeError as error:
        raise InvalidArgument(f"split(): times cannot be put in order: {error}") from error


def _boundary(order: Rows, times: Sequence[Any], place: int) -> int:
    """Return the place, or the one before it at which rows of the same time begin."""
    while 0 < place < len(order) and times[order[place - 1]] == times[order[place]]:
        place -= 1
    return place


def _column(name: str, values: object, n: int) -> list[Any]:
    try:
        found = as_list(values)
    except Unreadable as error:
        raise InvalidArgument(f"split(): {name}: {error}") from error
    if len(found) != n:
        raise InvalidArgument(f"split(): {name} has {len(found)} values for {n} rows")
    try:
        set(found)
    except TypeError as error:
        raise InvalidArgument(f"split(): {name}: {error}, so it cannot be compared") from error
    if missing := sum(value is None for value in found):
        raise InvalidArgument(f"split(): {name} is missing in {missing} rows: fill or drop them")
    return found


def _row_count(rows: object) -> int:
    try:
        n = operator.index(rows)  # type: ignore[arg-type]
    except TypeError:
        shape = getattr(rows, "shape", None)
        if not shape and not hasattr(rows, "__len__"):
            kind = type(rows).__name__
            raise InvalidArgument(f"split() takes a number of rows or data, not a {kind}") from None
        n = int(shape[0]) if shape else len(rows)  # type: ignore[arg-type]
    if n < 2:
        raise InvalidArgument(f"split(): {n} rows cannot be split: at least 2 can")
    return n


def _count(role: str, share: object, n: int) -> int:
    """Return how many rows a share is: a float below 1 of all, or a number of rows."""
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share <= n:
        raise InvalidArgument(
            f"split(): {role} is a share below 1 or a number of rows, not {share!r}"
        )
    if isinstance(share, int):
        return share
    if share >= 1:
        raise InvalidArgument(f"split(): {role}={share} is no share: below 1, or a whole number")
    return max(1, int(n * share + 0.5)) if share else 0

"""The leanest list of runs: name, params and last values, for thousands of runs at once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tui_tracker.queries.answers import ParamValue, RunKey
from tui_tracker.queries.rows import SYSTEM_KIND, marks, param_value
from tui_tracker.store import Store

_CHUNK = 200
"""Runs that are read at once: rows in their ten thousands are dear to the garbage collector."""
_LONG_TEXT = 512
"""A text of so many characters may be the beginning of a longer one."""


class LastValues(NamedTuple):
    """A run's name, its params, and the last value of each metric by label."""

    name: str
    params: dict[str, ParamValue]
    last: dict[str, float]


def list_last_values(store: Store, keys: Sequence[RunKey]) -> list[LastValues]:
    """Return name, params and last values of these runs, in the order of `keys`.

    A run that is gone is left out.
    """
    labels = {
        key: f"{name}@{context}" if context else name
        for key, name, context in store.read(
            "SELECT id, name, context FROM key WHERE kind != ?", (SYSTEM_KIND,)
        )
    }
    found: dict[RunKey, LastValues] = {}
    for start in range(0, len(keys), _CHUNK):
        found.update(_chunk(store, keys[start : start + _CHUNK], labels))
    return [found[key] for key in keys if key in found]


def _chunk(
    store: Store, keys: Sequence[RunKey], labels: Mapping[int, str]
) -> dict[RunKey, LastValues]:
    chosen, bound = _chosen(keys)
    names = store.read(f"SELECT id, name FROM run WHERE id {chosen}", bound)
    found: dict[RunKey, LastValues] = {key: LastValues(name, {}, {}) for key, name in names}
    params = {key: run.params for key, run in found.items()}
    for run, key, value, kind in store.read(
        f"SELECT run, key, coalesce(text, number), type FROM param WHERE run {chosen}", bound
    ):
        if kind == "float":
            if value.__class__ is str:
                value = float(value)  # NaN is kept as a text
        elif kind == "int":
            value = int(value)
        elif kind == "bool":
            value = value == 1
        elif kind != "str" or len(value) >= _LONG_TEXT:
            value = _param(store, run, key)
        params[run][labels[key]] = value
    _add_last_values(store, (chosen, bound), found, labels)
    return found


def _add_last_values(
    store: Store,
    which: tuple[str, dict[str, object]],
    found: Mapping[RunKey, LastValues],
    labels: Mapping[int, str],
) -> None:
    """Add the last values of metrics; those of the machine have no label here."""
    chosen, bound = which
    last = {key: run.last for key, run in found.items()}
    for run, key, value in store.read(
        f"SELECT run, key, last FROM metric WHERE run {chosen}", bound
    ):
        if (label := labels.get(key)) is not None:
            last[run][label] = math.nan if value is None else value


def _chosen(keys: Sequence[RunKey]) -> tuple[str, dict[str, object]]:
    """Return the SQL that takes these runs; a range where they fill one."""
    low, high = min(keys), max(keys)
    if high - low + 1 == len(set(keys)):
        return "BETWEEN :low AND :high", {"low": low, "high": high}
    return "IN (SELECT value FROM json_each(:keys))", {"keys": marks(keys)}


def _param(store: Store, run: RunKey, key: int) -> ParamValue:
    ((kind, number, text, digest),) = store.read(
        "SELECT type, number, text, digest FROM param WHERE run=? AND key=?", (run, key)
    )
    return param_value(store, kind, number, text, digest)

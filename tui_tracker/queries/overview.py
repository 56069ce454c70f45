"""The leanest list of runs: name, params and last values, for thousands of runs at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from tui_tracker.queries.answers import ParamValue, RunKey
from tui_tracker.queries.rows import METRIC_KIND, PARAM_KIND, marks, param_value
from tui_tracker.store import Store


class LastValues(NamedTuple):
    """A run's name, its params, and the last value of each metric by label."""

    name: str
    params: dict[str, ParamValue]
    last: dict[str, float]


def list_last_values(store: Store, keys: Sequence[RunKey]) -> list[LastValues]:
    """Return name, params and last values of these runs, in the order of `keys`.

    A run that is gone is left out.
    """
    bound = {"keys": marks(keys)}
    chosen = "IN (SELECT value FROM json_each(:keys))"
    found: dict[RunKey, LastValues] = {
        key: LastValues(name, {}, {})
        for key, name in store.read(f"SELECT id, name FROM run WHERE id {chosen}", bound)
    }
    labels = {
        key: f"{name}@{context}" if context else name
        for key, name, context in store.read(
            "SELECT id, name, context FROM key WHERE kind IN (?, ?)", (PARAM_KIND, METRIC_KIND)
        )
    }
    for run, key, kind, number, text, digest in store.read(
        f"SELECT run, key, type, number, text, digest FROM param WHERE run {chosen}", bound
    ):
        if kind == "float" and number is not None:
            value: ParamValue = number
        elif kind == "str" and digest is None:
            value = text
        else:
            value = param_value(store, kind, number, text, digest)
        found[run].params[labels[key]] = value
    for run, key, last in store.read(
        f"SELECT run, key, last FROM metric WHERE run {chosen}", bound
    ):
        found[run].last[labels[key]] = math.nan if last is None else last
    return [found[key] for key in keys if key in found]

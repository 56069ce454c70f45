"""Names that are only read as others: whoever still says the logged one is understood."""

from __future__ import annotations

import json

from tui_tracker import alias_views

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui_tracker.store import Store


def renamed(store: Store) -> dict[tuple[int, str], str]:
    """Return the name that counts by kind and name of `key`, where no run shows the logged one."""
    if not store.aliased:
        return {}
    return {
        (kind, raw): name
        for kind, raw, name in store.read(
            "SELECT k.kind, k.name, n.name FROM temp.alias_hidden AS h "
            "JOIN main.key AS k ON k.id = h.raw "
            "JOIN temp.alias_key AS a ON a.raw = h.raw AND a.place = 0 "
            "JOIN temp.key AS n ON n.id = a.canonical"
        )
    }


def metric_as_read(store: Store, run: int, label: str) -> str:
    """Return the label that counts of one that a run logged; the same where no alias is."""
    name, at, context = label.partition("@")
    return f"{_as_read(store, run, 'metric', name)}{at}{context}"


def param_as_read(store: Store, run: int, name: str) -> str:
    """Return the name that counts of a param that a run logged; the same where no alias is."""
    return _as_read(store, run, "param", name)


def _as_read(store: Store, run: int, kind: str, name: str) -> str:
    if not store.aliased:
        return name
    bound = {"run": run, "kind": alias_views.KINDS[kind], "name": name}
    rows = store.read(alias_views.READ_AS, bound)
    return str(rows[0][0]) if rows else name


def labels_as_read(store: Store, labels: Iterable[str]) -> dict[str, str]:
    """Return what each of these labels of metrics is read as in the whole store."""
    names = renamed(store)
    found = {}
    for label in labels:
        name, at, context = label.partition("@")
        found[label] = f"{names.get((alias_views.KINDS['metric'], name), name)}{at}{context}"
    return found


def names_state(store: Store) -> str:
    """Return what the aliases of the store are at; "" in a store that has no place for any."""
    if not store.read("SELECT 1 FROM main.sqlite_master WHERE name = 'alias'"):
        return ""  # an older store that this user may not write is read as it is
    return json.dumps(store.read("SELECT max(id), count(reverted_ms), max(reverted_ms) FROM alias"))

"""Names that are only read as others: whoever still says the logged one is understood."""

from __future__ import annotations

from tui_tracker import alias_views

TYPE_CHECKING = False
if TYPE_CHECKING:
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
    if not store.aliased:
        return label
    name, at, context = label.partition("@")
    kind = alias_views.KINDS["metric"]
    rows = store.read(alias_views.READ_AS, {"run": run, "kind": kind, "name": name})
    return f"{rows[0][0]}{at}{context}" if rows else label

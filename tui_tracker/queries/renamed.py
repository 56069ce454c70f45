"""Names that are only read as others: whoever still says the logged one is understood."""

from __future__ import annotations

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

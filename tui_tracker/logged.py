"""Where the rows of a name stand in a table itself, which has the indexes that a view lacks.

A store with aliases is read through views (`alias_views`). Who looks for the rows of one
name need not go through all rows of the view: they were logged under few names, and those
are found along the table's indexes.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_tracker.store import Store


class Logged:
    """What stands after `FROM` and, of each row, in `WHERE`."""

    __slots__ = ("keys", "table", "test")

    def __init__(self, table: str, keys: Sequence[int], test: str = "") -> None:
        self.table = table
        self.keys = tuple(keys)
        """Numbers of the names as they were logged; a row has one of them in `key`."""
        self.test = test
        """What is to hold besides, of a row `{row}`; "" where all of them are meant."""

    def where(self, row: str) -> str:
        """Return the condition on a row of the table."""
        column = f"{row}.key" if row else "key"
        # Whole numbers need not be bound.
        keys = f"{column} IN ({','.join(map(str, self.keys))})"
        if len(self.keys) == 1:
            keys = f"{column} = {self.keys[0]}"
        return f"{keys} AND {self.test.format(row=row)}" if self.test else keys


def logged(store: Store, table: str, keys: Sequence[int]) -> Logged:
    """Return where the rows stand that are read under these names, by their numbers."""
    if not store.aliased or (table == "param" and store.amended):
        return Logged(table, keys)
    from tui_tracker import alias_views  # few stores have an alias

    named = ",".join(map(str, keys))
    raws = [
        raw
        for (raw,) in store.read(
            f"SELECT DISTINCT raw FROM temp.alias_key WHERE canonical IN ({named})"
        )
    ]
    found = sorted({*raws, *(key for key in keys if key > 0)})
    scoped = store.read("SELECT count(*) > 1 FROM temp.alias_place")[0][0]
    known = ",".join(map(str, found))
    unsure = store.read(
        f"SELECT EXISTS (SELECT 1 FROM temp.alias_rival WHERE raw IN ({known})) OR EXISTS "
        f"(SELECT 1 FROM temp.alias_key WHERE raw IN ({known}) AND canonical NOT IN ({named}))"
    )[0][0]
    test = ""
    if scoped or unsure:
        test = f"{alias_views.name_read(table, '{row}', scoped=bool(scoped))} IN ({named})"
    return Logged(f"main.{table}", found or [0], test)

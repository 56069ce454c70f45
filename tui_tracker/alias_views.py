"""Names as they are read: while a store has aliases, its reading connection sees views.

The tables that hold names of params and metrics are hidden by temporary views of the
same names, in which a row that was logged as `val_acc` is a row of `val_accuracy`. So
every question is answered with the names that count, and none needs to know of it;
`main.metric` is the table itself. Without an alias there are no views at all.

In a run that logged both names, both stay: which of the two values counts is not for a
reader to say. An alias of an experiment comes before one of the whole store, a newer one
before an older one, and what an alias leads to may have an alias of its own.

What each alias means in this store is kept in temporary tables, made anew when the store
changed: `alias_key` (in the experiment `place`, or where that is 0 in all others, the key
`raw` is read as `canonical`), `alias_rival` (unless the run has this key, too) and
`alias_name` (names that no run logged, with numbers below 0).
Names that no row has any more are in `alias_hidden`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    Aliases = dict[tuple[str, str, str], str]
    """The canonical name by scope, kind and raw name."""
    Keys = dict[tuple[int, str, str], int]
    """Numbers of interned names by kind, name and context."""

KINDS = {"param": 0, "metric": 1}
"""Kind of an alias, and what `key.kind` is for it."""
_SHADOWED = {"metric": "key", "param": "key", "param_change": "key", "series_block": "metric"}
"""Tables with the column that holds the number of a name."""
_TABLES = """
CREATE TEMP TABLE IF NOT EXISTS alias_key
    (raw INTEGER, place INTEGER, canonical INTEGER, PRIMARY KEY (raw, place)) WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS alias_rival
    (raw INTEGER, place INTEGER, rival INTEGER, PRIMARY KEY (raw, place, rival)) WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS alias_name
    (id INTEGER PRIMARY KEY, kind INTEGER, name TEXT, context TEXT);
CREATE TEMP TABLE IF NOT EXISTS alias_hidden (raw INTEGER PRIMARY KEY);
CREATE TEMP TABLE IF NOT EXISTS alias_place (place INTEGER PRIMARY KEY);
"""
_ALL = ("alias_key", "alias_rival", "alias_name", "alias_hidden", "alias_place")
READ_AS = (
    "SELECT n.name FROM temp.alias_key AS a JOIN main.key AS k ON k.id = a.raw "
    "JOIN key AS n ON n.id = a.canonical JOIN main.run AS r ON r.id = :run "
    "WHERE k.kind = :kind AND k.name = :name AND a.place = CASE WHEN r.experiment IN "
    "(SELECT place FROM temp.alias_place) THEN r.experiment ELSE 0 END LIMIT 1"
)
"""What a logged name is read as in a run; only where the connection has aliases."""
_KEY_VIEW = (
    "CREATE TEMP VIEW IF NOT EXISTS key AS SELECT id, kind, name, context FROM main.key "
    "WHERE id NOT IN (SELECT raw FROM temp.alias_hidden) "
    "UNION ALL SELECT id, kind, name, context FROM temp.alias_name"
)


def hide_tables(connection: sqlite3.Connection, *, param: str = "param") -> None:
    """Put the views before the tables, for what the aliases of the store say now.

    `param` is what the view of params is called. Without an alias there is only that of names.
    """
    aliases = read_aliases(connection)
    keys: Keys = {
        (kind, name, context): number
        for number, kind, name, context in connection.execute(
            "SELECT id, kind, name, context FROM main.key WHERE kind IN (0, 1)"
        )
    }
    places = _places(connection, aliases)
    show_tables(connection)
    for statement in _TABLES.split(";"):
        connection.execute(statement)
    for place, scopes in places.items():
        connection.execute("INSERT INTO alias_place VALUES (?)", (place,))
        _fill(connection, place, effective(aliases, scopes), keys)
    for table, column in _SHADOWED.items() if aliases else ():
        name = param if table == "param" else table
        connection.execute(_view(connection, table, column, scoped=len(places) > 1, name=name))
    for kind, number in KINDS.items():
        _hide_unused(connection, kind, number, scoped=len(places) > 1)
    connection.execute(_KEY_VIEW)


def show_tables(connection: sqlite3.Connection) -> None:
    """Take the views away, so that names are read as they were logged."""
    for name in (*_SHADOWED, "key"):
        connection.execute(f"DROP VIEW IF EXISTS temp.{name}")
    for name in _ALL:
        connection.execute(f"DROP TABLE IF EXISTS temp.{name}")


def read_aliases(connection: sqlite3.Connection) -> Aliases:
    """Return the aliases that stand; of several for one name the newest."""
    return {
        (scope, kind, raw): canonical
        for scope, kind, raw, canonical in connection.execute(
            "SELECT scope, kind, raw, canonical FROM main.alias WHERE reverted_ms IS NULL "
            "ORDER BY id"
        )
    }


def _places(connection: sqlite3.Connection, aliases: Aliases) -> dict[int, tuple[str, ...]]:
    """Return which scopes count in an experiment, by its number; 0 is all others."""
    places: dict[int, tuple[str, ...]] = {0: ("",)}
    for scope in sorted({scope for scope, _, _ in aliases} - {""}):
        row = connection.execute("SELECT id FROM main.experiment WHERE name=?", (scope,)).fetchone()
        if row is not None:
            places[row[0]] = ("", scope)
    return places


def effective(aliases: Aliases, scopes: tuple[str, ...]) -> dict[tuple[str, str], str]:
    """Return what each name is read as where these scopes count, the last before the others."""
    found = {
        (kind, raw): canonical
        for wanted in scopes
        for (scope, kind, raw), canonical in aliases.items()
        if scope == wanted
    }
    return {(kind, raw): follow(found, kind, raw) for kind, raw in found}


def follow(found: Mapping[tuple[str, str], str], kind: str, raw: str) -> str:
    """Return the name at the end of a chain of aliases; a circle ends where it began."""
    seen = [raw]
    while (name := found.get((kind, seen[-1]))) is not None and name not in seen:
        seen.append(name)
    return seen[-1]


def _fill(
    connection: sqlite3.Connection,
    place: int,
    names: Mapping[tuple[str, str], str],
    keys: Keys,
) -> None:
    groups: dict[int, list[int]] = {}
    for (kind, name, context), number in keys.items():
        canonical = names.get(("metric" if kind else "param", name), name)
        if canonical == name:
            continue
        target = keys.get((kind, canonical, context))
        if target is None:
            target = name_number(connection, kind, canonical, context)
        groups.setdefault(target, []).append(number)
    for target, raws in groups.items():
        # The canonical name itself comes first, then the name that was logged first.
        rivals = [target] if target > 0 else []
        for raw in sorted(raws):
            connection.execute("INSERT INTO alias_key VALUES (?,?,?)", (raw, place, target))
            connection.executemany(
                "INSERT INTO alias_rival VALUES (?,?,?)", [(raw, place, one) for one in rivals]
            )
            rivals.append(raw)


def name_number(connection: sqlite3.Connection, kind: int, name: str, context: str) -> int:
    """Return the number of a name that no run logged."""
    row = (kind, name, context)
    found = connection.execute(
        "SELECT id FROM alias_name WHERE kind=? AND name=? AND context=?", row
    ).fetchone()
    if found:
        return int(found[0])
    number = connection.execute("SELECT -1 - count(*) FROM alias_name").fetchone()[0]
    connection.execute("INSERT INTO alias_name VALUES (?,?,?,?)", (number, *row))
    return int(number)


def _hide_unused(connection: sqlite3.Connection, kind: str, number: int, *, scoped: bool) -> None:
    """Keep which names no row of a table is read by any more."""
    # Found along the index of the names; where nothing can keep a name, without looking.
    kept = (
        f"EXISTS (SELECT 1 FROM main.{kind} AS t WHERE t.key = k.raw "
        f"AND {name_read(kind, 't', scoped=scoped)} = k.raw)"
    )
    may_be_kept = "1" if scoped else "k.raw IN (SELECT raw FROM temp.alias_rival)"
    connection.execute(
        "INSERT OR IGNORE INTO alias_hidden SELECT k.raw FROM alias_key AS k JOIN main.key AS n "
        f"ON n.id = k.raw AND n.kind = {number} WHERE NOT ({may_be_kept} AND {kept})"
    )


def _view(
    connection: sqlite3.Connection, table: str, column: str, *, scoped: bool, name: str
) -> str:
    """Return the view of a table: each row as it is, but for the number of its name.

    One SELECT without a join, so that SQLite merges it into the query that reads it: a
    view of several parts would be copied whole before it is joined or counted.
    """
    names = [row[1] for row in connection.execute(f'PRAGMA main.table_info("{table}")')]
    read = name_read(table, "t", column, scoped=scoped)
    columns = ", ".join(f"{read} AS {one}" if one == column else f't."{one}"' for one in names)
    return f"CREATE TEMP VIEW IF NOT EXISTS {name} AS SELECT {columns} FROM main.{table} AS t"


def name_read(table: str, row: str, column: str = "key", *, scoped: bool) -> str:
    """Return the SQL of the number that the name of a row of a table is read as."""
    facts = "param" if table.startswith("param") else "metric"
    place = "0"
    if scoped:
        place = (
            "coalesce((SELECT p.place FROM main.run AS h JOIN temp.alias_place AS p "
            f"ON p.place = h.experiment WHERE h.id = {row}.run), 0)"
        )
    return (
        "coalesce((SELECT a.canonical FROM temp.alias_key AS a "
        f"WHERE a.raw = {row}.{column} AND a.place = {place} AND NOT EXISTS "
        f"(SELECT 1 FROM temp.alias_rival AS v JOIN main.{facts} AS x "
        f"ON x.run = {row}.run AND x.key = v.rival WHERE v.raw = a.raw AND v.place = a.place)), "
        f"{row}.{column})"
    )

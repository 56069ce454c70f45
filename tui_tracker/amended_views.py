"""Params and tags as they are read: while a store has amendments of any, views stand before them.

The record stays: `main.param` and `main.tag` hold what was logged. The reading connection
sees temporary views of the same names, in which an amended param or tag stands instead of
it or is added to it, so that queries, columns, groups and lists all see what counts. What
shows a record beside its amendments reads `logged_param` (under the names that count, see
`alias_views`) and `main.tag`. Without such an amendment there are no views. Amended facts
of the lineage need none: rows of facts are made of the lineage as it was amended.

Source: SQLite merges a view of `UNION ALL` into a query that reads it alone, so that the
indexes of the table still count (https://sqlite.org/optoverview.html, section 11).
"""

from __future__ import annotations

from tui_tracker import alias_views
from tui_tracker.amending import TAGS, fields_said, place_of
from tui_tracker.facts import param_columns

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3

_FIELDS = (
    "(a.field >= 'params.' AND a.field < 'params/' OR a.field >= 'tags.' AND a.field < 'tags/' "
    f"OR a.field IN ({', '.join(repr(field) for field in TAGS)}))"
)
_ANY = f"SELECT EXISTS (SELECT 1 FROM main.amendment AS a WHERE {_FIELDS})"
_RUNS = f"a.run IN (SELECT a.run FROM main.amendment AS a WHERE {_FIELDS})"
_TABLES = """
CREATE TEMP TABLE amended_param (run INTEGER, key INTEGER, type TEXT, number DOUBLE, text TEXT,
    digest BLOB, PRIMARY KEY (run, key)) WITHOUT ROWID;
CREATE TEMP TABLE amended_tag (run INTEGER, tag TEXT, head TEXT, tail TEXT, at_ms INTEGER,
    PRIMARY KEY (run, tag)) WITHOUT ROWID
"""
_PARAM = "run, key, type, number, text, digest"
_VIEWS = (
    f"CREATE TEMP VIEW param AS SELECT {_PARAM} FROM temp.logged_param AS t WHERE NOT EXISTS "
    "(SELECT 1 FROM temp.amended_param AS a WHERE a.run = t.run AND a.key = t.key) "
    f"UNION ALL SELECT {_PARAM} FROM temp.amended_param",
    "CREATE TEMP VIEW tag AS SELECT run, tag, at_ms FROM main.tag AS t WHERE NOT EXISTS (SELECT 1 "
    "FROM temp.amended_tag AS a WHERE a.run = t.run AND t.tag >= a.head AND t.tag < a.tail) "
    "UNION ALL SELECT run, tag, at_ms FROM temp.amended_tag",
)
_MADE = (
    *("VIEW param", "VIEW tag", "VIEW logged_param"),
    *("TABLE amended_param", "TABLE amended_tag"),
)


def has_amended(connection: sqlite3.Connection) -> bool:
    """Return whether somebody amended a param or a tag."""
    return bool(connection.execute(_ANY).fetchone()[0])


def arrange(connection: sqlite3.Connection, *, aliased: bool, amended: bool) -> None:
    """Let the connection see what counts: names by their aliases, params and tags as amended."""
    for made in _MADE:
        kind, _, name = made.partition(" ")
        connection.execute(f"DROP {kind} IF EXISTS temp.{name}")
    alias_views.show_tables(connection)
    if aliased or amended:
        alias_views.hide_tables(connection, param="logged_param" if amended else "param")
    if amended:
        if not aliased:
            connection.execute("CREATE TEMP VIEW logged_param AS SELECT * FROM main.param")
        _lay_over(connection)


def _lay_over(connection: sqlite3.Connection) -> None:
    for statement in _TABLES.split(";"):
        connection.execute(statement)
    for run, said in fields_said(connection, _RUNS).items():
        for field, new in said.items():
            head, rest = place_of(field)
            if head == "params":
                _add_param(connection, run, rest, new)
            elif head == "tags" or field in TAGS:
                key = TAGS.get(field, rest)
                row = (run, f"{key}:{new}", f"{key}:", f"{key};")
                connection.execute("INSERT OR REPLACE INTO amended_tag VALUES (?,?,?,?,0)", row)
    for view in _VIEWS:
        connection.execute(view)


def _add_param(connection: sqlite3.Connection, run: int, name: str, value: object) -> None:
    row = connection.execute(
        "SELECT id FROM main.key WHERE name=? AND kind=0 AND context=''", (name,)
    ).fetchone()
    key = int(row[0]) if row else alias_views.name_number(connection, 0, name, "")
    columns = (run, key, *param_columns(value), None)
    connection.execute("INSERT OR REPLACE INTO amended_param VALUES (?,?,?,?,?,?)", columns)

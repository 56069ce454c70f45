"""What is read of a record's parts: while a store has amendments of any, views stand before them.

The record stays: `main.param`, `main.tag`, `main.note` and `main.artifact` hold what was
logged. The reading connection sees temporary views of the same names, in which what was
amended stands instead of it or is added to it, so that queries, columns, groups and lists
all see what counts. What shows a record beside its amendments reads `logged_param` (under
the names that count, see `alias_views`), and the tables of `main`. Without such an amendment
there are no views. Amended facts of the lineage need none: rows of facts are made of the
lineage as it was amended. A note that was told so has no number, and cannot be edited.

Source: SQLite merges a view of `UNION ALL` into a query that reads it alone, so that the
indexes of the table still count (https://sqlite.org/optoverview.html, section 11).
"""

from __future__ import annotations

from tui_tracker import alias_views
from tui_tracker.amending import TAGS, fields_said, file_said, place_of
from tui_tracker.facts import param_columns

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3

_HEADS = ("params", "tags", "notes", "artifacts")
_RANGES = [f"a.field >= '{head}.' AND a.field < '{head}/'" for head in _HEADS]
_FIELDS = f"({' OR '.join(_RANGES)} OR a.field IN ({', '.join(repr(field) for field in TAGS)}))"
_ANY = f"SELECT EXISTS (SELECT 1 FROM main.amendment AS a WHERE {_FIELDS})"
_RUNS = f"a.run IN (SELECT a.run FROM main.amendment AS a WHERE {_FIELDS})"
_SAID_BY = (
    "SELECT who, at_ms FROM main.amendment WHERE run=? AND field=? ORDER BY at_ms DESC, id DESC"
)
_TABLES = """
CREATE TEMP TABLE amended_param (run INTEGER, key INTEGER, type TEXT, number DOUBLE, text TEXT,
    digest BLOB, PRIMARY KEY (run, key)) WITHOUT ROWID;
CREATE TEMP TABLE amended_tag (run INTEGER, tag TEXT, head TEXT, tail TEXT, at_ms INTEGER,
    PRIMARY KEY (run, tag)) WITHOUT ROWID;
CREATE TEMP TABLE amended_note (run INTEGER, at_ms INTEGER, author TEXT, text TEXT);
CREATE TEMP TABLE amended_artifact (run INTEGER, path TEXT, at_ms INTEGER, kind TEXT,
    size INTEGER, sha256 BLOB, PRIMARY KEY (run, path)) WITHOUT ROWID
"""
_PARAM = "run, key, type, number, text, digest"
_VIEWS = (
    f"CREATE TEMP VIEW param AS SELECT {_PARAM} FROM temp.logged_param AS t WHERE NOT EXISTS "
    "(SELECT 1 FROM temp.amended_param AS a WHERE a.run = t.run AND a.key = t.key) "
    f"UNION ALL SELECT {_PARAM} FROM temp.amended_param",
    "CREATE TEMP VIEW tag AS SELECT run, tag, at_ms FROM main.tag AS t WHERE NOT EXISTS (SELECT 1 "
    "FROM temp.amended_tag AS a WHERE a.run = t.run AND t.tag >= a.head AND t.tag < a.tail) "
    "UNION ALL SELECT run, tag, at_ms FROM temp.amended_tag",
    "CREATE TEMP VIEW note AS SELECT id, run, at_ms, author, text FROM main.note "
    f"UNION ALL SELECT {1 << 62}, run, at_ms, author, text FROM temp.amended_note",
    "CREATE TEMP VIEW artifact AS SELECT run, path, at_ms, kind, size, sha256, copied, problem "
    "FROM main.artifact AS t WHERE NOT EXISTS (SELECT 1 FROM temp.amended_artifact AS a "
    "WHERE a.run = t.run AND a.path = t.path) "
    "UNION ALL SELECT run, path, at_ms, kind, size, sha256, 0, '' FROM temp.amended_artifact",
)
_MADE = (
    *("VIEW param", "VIEW tag", "VIEW note", "VIEW artifact", "VIEW logged_param"),
    *("TABLE amended_param", "TABLE amended_tag", "TABLE amended_note", "TABLE amended_artifact"),
)


def has_amended(connection: sqlite3.Connection) -> bool:
    """Return whether somebody amended a param, a tag, a note or a file."""
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
            _add(connection, run, field, new)
    for view in _VIEWS:
        connection.execute(view)


def _add(connection: sqlite3.Connection, run: int, field: str, new: object) -> None:
    head, rest = place_of(field)
    if head == "params":
        _add_param(connection, run, rest, new)
    elif head == "tags" or field in TAGS:
        key = TAGS.get(field, rest)
        row = (run, f"{key}:{new}", f"{key}:", f"{key};")
        connection.execute("INSERT OR REPLACE INTO amended_tag VALUES (?,?,?,?,0)", row)
    elif head in ("notes", "artifacts"):
        who, at_ms = connection.execute(_SAID_BY, (run, field)).fetchone()
        if head == "notes":
            note = (run, at_ms, who, str(new))
            connection.execute("INSERT INTO amended_note VALUES (?,?,?,?)", note)
        else:
            kind, size, digest = file_said(new)
            file = (run, rest, at_ms, kind, size, bytes.fromhex(digest) or None)
            connection.execute("INSERT OR REPLACE INTO amended_artifact VALUES (?,?,?,?,?,?)", file)


def _add_param(connection: sqlite3.Connection, run: int, name: str, value: object) -> None:
    row = connection.execute(
        "SELECT id FROM main.key WHERE name=? AND kind=0 AND context=''", (name,)
    ).fetchone()
    key = int(row[0]) if row else alias_views.name_number(connection, 0, name, "")
    columns = (run, key, *param_columns(value), None)
    connection.execute("INSERT OR REPLACE INTO amended_param VALUES (?,?,?,?,?,?)", columns)

"""Take secrets out of a copy of a store before it leaves the machine.

Every text column of every table is read, and the texts that are stored deflated: long
params and facts of lineage (`content`), what runs printed (`console_block`).
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from typing import Any

from tui_tracker.capture.redaction import redact_text
from tui_tracker.fact_rows import forget_facts
from tui_tracker.outgoing import clean_param, clean_printed, clean_value

_LONG_TEXT = 512
"""Characters of a param that its row keeps; the whole of a longer one is in `content`."""


def clean_store(connection: sqlite3.Connection) -> int:
    """Hide what looks like a secret in all texts of a store; return how many held one.

    Names of metrics in `journal.keysets` are dropped: they serve to go on with a journal,
    which no bundle holds. So are the facts that queries name and the findings of audits:
    whoever takes the runs in makes them anew of the lineage.
    """
    connection.execute("UPDATE journal SET keysets=x''")
    connection.execute("DELETE FROM audit")
    forget_facts(connection)
    return sum(
        (
            _clean_params(connection),
            _clean_contents(connection),
            _clean_consoles(connection),
            *(_clean_columns(connection, name) for name in _tables(connection)),
        )
    )


def _tables(connection: sqlite3.Connection) -> list[str]:
    sql = "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'"
    return [row[0] for row in connection.execute(sql)]


def _clean_columns(connection: sqlite3.Connection, table: str) -> int:
    info = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
    texts = [column[1] for column in info if column[2] == "TEXT"]
    keys = [column[1] for column in info if column[5]]
    if not texts:
        return 0
    found = 0
    where = " AND ".join(f'"{key}" IS ?' for key in keys)
    sets = ", ".join(f'"{text}"=?' for text in texts)
    wanted = ", ".join(f'"{name}"' for name in (*keys, *texts))
    for row in connection.execute(f'SELECT {wanted} FROM "{table}"').fetchall():
        old = row[len(keys) :]
        new = [_clean_text(text) for text in old]
        if tuple(new) != old:
            found += 1
            connection.execute(
                f'UPDATE OR REPLACE "{table}" SET {sets} WHERE {where}', (*new, *row[: len(keys)])
            )
    return found


def _clean_text(text: Any) -> Any:
    """Return a text, or JSON as a text, with its secrets hidden; unchanged where it has none."""
    if not isinstance(text, str):
        return text
    if text[:1] in ("{", "["):
        try:
            value = json.loads(text)
        except ValueError:
            return redact_text(text)
        cleaned = clean_value(value)
        return text if cleaned == value or value != value else json.dumps(cleaned)
    return redact_text(text)


def _clean_params(connection: sqlite3.Connection) -> int:
    """Hide params by name and value; those that go on in `content` are read whole."""
    found = 0
    for run, key, name, kind, text, digest in connection.execute(
        "SELECT p.run, p.key, k.name, p.type, p.text, p.digest FROM param AS p "
        "JOIN key AS k ON k.id = p.key WHERE p.text IS NOT NULL AND p.type IN ('str', 'list')"
    ).fetchall():
        whole = _content(connection, digest) if digest else text
        value = whole if kind == "str" else json.loads(whole)
        cleaned = clean_param(name, value)
        if cleaned != value:
            new = cleaned if kind == "str" else json.dumps(cleaned)
            held = _keep(connection, new) if len(new) > _LONG_TEXT else None
            connection.execute(
                "UPDATE param SET text=?, digest=? WHERE run=? AND key=?",
                (new[:_LONG_TEXT], held, run, key),
            )
            found += 1
    return found + _clean_changes(connection)


def _clean_changes(connection: sqlite3.Connection) -> int:
    found = 0
    for number, name, packed in connection.execute(
        "SELECT c.id, k.name, c.value FROM param_change AS c JOIN key AS k ON k.id = c.key"
    ).fetchall():
        kind, value = json.loads(packed)
        cleaned = clean_param(name, value) if kind in ("str", "list") else value
        if cleaned is not value and cleaned != value:
            connection.execute(
                "UPDATE param_change SET value=? WHERE id=?", (json.dumps([kind, cleaned]), number)
            )
            found += 1
    return found


def _clean_contents(connection: sqlite3.Connection) -> int:
    """Clean the stored texts, give each its new hash, and drop those that nobody names."""
    holders = [
        table
        for table in _tables(connection)
        if table != "content"
        and any(c[1] == "digest" for c in connection.execute(f'PRAGMA table_info("{table}")'))
    ]
    found = 0
    for (digest,) in connection.execute("SELECT digest FROM content").fetchall():
        old = _content(connection, digest)
        new = _clean_facts(old)
        if new != old:
            held = _keep(connection, new)
            for table in holders:
                connection.execute(f'UPDATE "{table}" SET digest=? WHERE digest=?', (held, digest))
            found += 1
    used = " UNION ".join(
        f'SELECT digest FROM "{table}" WHERE digest IS NOT NULL' for table in holders
    )
    connection.execute(f"DELETE FROM content WHERE digest NOT IN ({used})")
    return found


def _clean_facts(text: str) -> str:
    if text[:1] not in ("{", "["):
        return redact_text(text)
    try:
        value = json.loads(text)
    except ValueError:
        return redact_text(text)
    # Facts are written so; only then is an unchanged one the same text.
    return rewritten(clean_value(value)) if rewritten(value) == text else _clean_text(text)


def rewritten(facts: Any) -> str:
    """Return facts of lineage as the text that the store keeps of them."""
    return json.dumps(facts, sort_keys=True, separators=(",", ":"))


def keep_facts(connection: sqlite3.Connection, facts: Any) -> bytes:
    """Store facts of lineage; return their hash."""
    return _keep(connection, rewritten(facts))


def _clean_consoles(connection: sqlite3.Connection) -> int:
    found = 0
    for (run,) in connection.execute("SELECT DISTINCT run FROM console_block").fetchall():
        inside = False
        for (seq,) in connection.execute(
            "SELECT seq FROM console_block WHERE run=? ORDER BY seq", (run,)
        ).fetchall():
            changed, inside = _clean_block(connection, run, seq, inside)
            found += changed
    return found


def _clean_block(
    connection: sqlite3.Connection, run: int, seq: int, inside: bool
) -> tuple[bool, bool]:
    """Clean a block of printed lines; `inside` says that a private key goes on in it."""
    (data,) = connection.execute(
        "SELECT data FROM console_block WHERE run=? AND seq=?", (run, seq)
    ).fetchone()
    lines = json.loads(zlib.decompress(data))
    texts = [line[2] for line in lines]
    cleaned, inside = clean_printed(texts, inside)
    if cleaned == texts:
        return False, inside
    packed = json.dumps([[*line[:2], text] for line, text in zip(lines, cleaned, strict=True)])
    connection.execute(
        "UPDATE console_block SET data=? WHERE run=? AND seq=?",
        (zlib.compress(packed.encode("utf-8", "surrogatepass")), run, seq),
    )
    return True, inside


def _content(connection: sqlite3.Connection, digest: bytes) -> str:
    row = connection.execute("SELECT data FROM content WHERE digest=?", (digest,)).fetchone()
    return zlib.decompress(row[0]).decode() if row else ""


def _keep(connection: sqlite3.Connection, text: str) -> bytes:
    raw = text.encode("utf-8", "replace")
    digest = hashlib.sha256(raw).digest()
    connection.execute("INSERT OR IGNORE INTO content VALUES (?,?)", (digest, zlib.compress(raw)))
    return digest

"""Recorded facts as rows that queries compare: made of lineage, and made anew from it.

Facts are told once for all runs that have them: a body is what one part of a lineage says,
and a run names its bodies. A body is known by what it says and not by the content it was
read from, because a process differs from run to run by its id and its times alone. What
differs in every run of a sweep, the command, is a body of its own.

What somebody amended is here as it was amended; the lineage stays as it was recorded.

Nothing here is the only place of a fact, so that a store which takes runs from another
makes these rows of the lineage it took, and a later version may make more of it.
"""

from __future__ import annotations

import json
import sqlite3
import zlib

from tui_tracker.amending import amended_facts, fields_said, parts_said
from tui_tracker.facts import mapping, mappings, word, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tui_tracker.facts import Facts

    Row = tuple[str, str, float | None]
    """Name, text and number of a fact."""

KIND = 3
"""Of the names of facts in `key`."""
KNOWN = (
    *("commit", "branch", "dirty", "pushed", "entry", "command", "script", "cwd", "container"),
    *("data.name", "data.version", "data.hash", "data.path", "data.kind", "data.role"),
    *("split.name", "split.hash", "split.strategy", "split.seed"),
    *("python", "os", "cpu", "cores", "memory", "gpu", "gpus", "world_size", "rank"),
    *("seed.recorded", "tool"),
)
"""Names that mean a fact also in a store where no run has it."""
_LONGEST = 512


def save_facts(connection: sqlite3.Connection, run: int, part: str, facts: Facts) -> None:
    """Give a run the facts of a part of its lineage, in place of those it had of it."""
    connection.execute(
        "DELETE FROM run_body WHERE run=? AND body IN (SELECT id FROM fact_body WHERE part=?)",
        (run, part),
    )
    said = parts_said(fields_said(connection, "a.run=?", (run,)).get(run, {}))
    for rows in fact_rows(part, amended_facts(part, facts, said.get(part, {}))):
        body = _body(connection, part, rows)
        connection.execute("INSERT OR IGNORE INTO run_body VALUES (?,?)", (run, body))


def save_all_facts(connection: sqlite3.Connection, run: int | None = None) -> None:
    """Make the facts of a run, or of all, of the lineage that the store has of it."""
    chosen = "" if run is None else "AND run=?"
    bound = () if run is None else (run,)
    connection.execute(f"DELETE FROM run_body {'' if run is None else 'WHERE run=?'}", bound)
    bodies: dict[tuple[str, bytes], list[int]] = {}
    named = list(
        connection.execute(
            f"SELECT run, part, digest FROM lineage WHERE digest IS NOT NULL {chosen}", bound
        )
    )
    said = fields_said(connection, "a.run=?" if bound else "1", bound)
    corrected = {key: parts_said(fields) for key, fields in said.items()}
    for key, part, digest in named:
        if part in corrected.get(key, ()):
            continue
        if (part, digest) not in bodies:
            bodies[part, digest] = [
                _body(connection, part, rows)
                for rows in fact_rows(part, _content(connection, digest))
            ]
        connection.executemany(
            "INSERT OR IGNORE INTO run_body VALUES (?,?)",
            [(key, body) for body in bodies[part, digest]],
        )
    _save_amended(connection, corrected, {(key, part): digest for key, part, digest in named})


def _save_amended(
    connection: sqlite3.Connection,
    corrected: Mapping[int, Mapping[str, Mapping[str, object]]],
    recorded: Mapping[tuple[int, str], bytes],
) -> None:
    """Give runs the facts of the parts that amendments say something of."""
    for key, parts in corrected.items():
        for part, said in parts.items():
            digest = recorded.get((key, part))
            facts = _content(connection, digest) if digest is not None else {}
            for rows in fact_rows(part, amended_facts(part, facts, said)):
                body = _body(connection, part, rows)
                connection.execute("INSERT OR IGNORE INTO run_body VALUES (?,?)", (key, body))


def forget_facts(connection: sqlite3.Connection) -> None:
    """Drop all facts that queries name; the lineage they were made of stays."""
    for table in ("fact", "fact_body", "run_body"):
        connection.execute(f"DELETE FROM {table}")
    connection.execute("DELETE FROM key WHERE kind=?", (KIND,))


def fact_rows(part: str, facts: Facts) -> Iterator[list[Row]]:
    """Yield the rows of each body that a part of a lineage comes to; none is empty."""
    kind = part.partition(":")[0]
    readers = _READERS.get(kind, ())
    for reader in readers:
        rows = sorted(
            {(name, text[:_LONGEST], number) for name, text, number in reader(facts)}, key=repr
        )
        if rows:
            yield rows


def package_name(name: str) -> str:
    """Return the one spelling that all spellings of a package's name come to."""
    return name.lower().replace("_", "-").replace(".", "-")


def _body(connection: sqlite3.Connection, part: str, rows: list[Row]) -> int:
    """Return the number of the body with these rows, made where it is new."""
    import hashlib

    digest = hashlib.sha256(json.dumps(rows).encode("utf-8", "replace")).digest()[:16]
    found = connection.execute(
        "SELECT id FROM fact_body WHERE part=? AND hash=?", (part, digest)
    ).fetchone()
    if found:
        return int(found[0])
    cursor = connection.execute("INSERT INTO fact_body (part, hash) VALUES (?,?)", (part, digest))
    body = int(cursor.lastrowid or 0)
    connection.executemany(
        "INSERT OR IGNORE INTO fact VALUES (?,?,?,?)",
        [(body, _key(connection, name), text, number) for name, text, number in rows],
    )
    return body


def _key(connection: sqlite3.Connection, name: str) -> int:
    where = (name, KIND)
    connection.execute("INSERT OR IGNORE INTO key (name, kind, context) VALUES (?,?,'')", where)
    row = connection.execute(
        "SELECT id FROM key WHERE name=? AND kind=? AND context=''", where
    ).fetchone()
    return int(row[0])


def _content(connection: sqlite3.Connection, digest: bytes) -> Facts:
    row = connection.execute("SELECT data FROM content WHERE digest=?", (digest,)).fetchone()
    try:
        facts = json.loads(zlib.decompress(row[0])) if row else {}
    except (ValueError, zlib.error):  # a damaged text must not keep a store from being opened
        return {}
    return facts if isinstance(facts, dict) else {}


# -- what each part says


def _said(name: str, value: object) -> Iterator[Row]:
    """Yield a fact; nothing where it was not recorded."""
    if isinstance(value, bool):
        yield name, "true" if value else "false", float(value)
    elif isinstance(value, (int, float)):
        # More digits than a float holds stay in the text.
        whole = isinstance(value, int)
        number = float(value) if not whole or abs(value) < 2**1000 else None
        yield name, str(value), number
    elif isinstance(value, str) and value:
        yield name, value.encode("utf-8", "replace").decode(), None


def _all_said(facts: Facts, **names: str) -> Iterator[Row]:
    for key, name in names.items():
        yield from _said(name, facts.get(key))


def _code(facts: Facts) -> Iterator[Row]:
    yield from _all_said(facts, commit="commit", branch="branch", dirty="dirty", pushed="pushed")
    yield from _said("entry", mapping(facts, "entry").get("path"))


def _data(facts: Facts) -> Iterator[Row]:
    yield from _all_said(facts, name="data.name", version="data.version", digest="data.hash")
    yield from _all_said(facts, path="data.path", kind="data.kind", role="data.role")


def _split(facts: Facts) -> Iterator[Row]:
    yield from _all_said(facts, name="split.name", hash="split.hash", seed="split.seed")
    yield from _all_said(facts, strategy="split.strategy")


def _environment(facts: Facts) -> Iterator[Row]:
    yield from _said("python", mapping(facts, "python").get("version"))
    system = mapping(facts, "system")
    yield from _said("os", system.get("distro") or system.get("name"))
    for name, version in mapping(facts, "packages").items():
        yield from _said(f"package.{package_name(name)}", version)


def _hardware(facts: Facts) -> Iterator[Row]:
    yield from _all_said(facts, cpu="cpu", cores="cores", memory_bytes="memory")
    gpus = mappings(facts, "gpus")
    for gpu in gpus:
        yield from _said("gpu", gpu.get("name"))
    yield from _said("gpus", len(gpus))


def _process(facts: Facts) -> Iterator[Row]:
    yield from _all_said(facts, cwd="cwd", script="script", python="python")
    yield from _all_said(facts, world_size="world_size", rank="rank")
    yield from _said("container", mapping(facts, "container").get("kind"))


def _command(facts: Facts) -> Iterator[Row]:
    yield from _said("command", " ".join(words(facts, "argv")))


def _seeds(facts: Facts) -> Iterator[Row]:
    applied = mappings(facts, "applied")
    for seed in applied:
        if library := word(seed, "library"):
            yield from _said(f"seed.{library}", seed.get("seed"))
    yield from _said("seed.recorded", bool(applied or mapping(facts, "params")))


def _source(facts: Facts) -> Iterator[Row]:
    yield from _said("tool", facts.get("tool"))


def _variables(facts: Facts) -> Iterator[Row]:
    for name, value in mapping(facts, "variables").items():
        yield from _said(f"env.{name}", value)


_READERS: dict[str, tuple[Callable[[Facts], Iterable[Row]], ...]] = {
    "code": (_code,),
    "data": (_data,),
    "split": (_split,),
    "environment": (_environment,),
    "hardware": (_hardware,),
    "process": (_process, _command),
    "seeds": (_seeds,),
    "source": (_source,),
    "variables": (_variables,),
}

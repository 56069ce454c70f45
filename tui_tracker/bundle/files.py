"""Which files go into a bundle: each read whole before, for its hash and for secrets."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tui_tracker import folder as folders
from tui_tracker.artifacts import stored_path
from tui_tracker.bundle.format import CHUNK, LeftOut
from tui_tracker.capture.redaction import find_secrets
from tui_tracker.queries.rows import run_uuid

EVIDENCE = ("split", "manifest", "notebook")
"""Kinds of artifacts that say what a run was: they stay in a bundle without artifacts."""
_LONGEST_TEXT = 16 << 20
"""Bytes of a file in which secrets are looked for; a longer one is no text that people wrote."""

Seen = Callable[[int], None]
"""Told how many more bytes were read."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that goes into a bundle."""

    sha256: str
    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file that may go into a bundle, and the row of an artifact that names it."""

    key: int
    run: str
    path: str
    """As the artifact is called."""
    sha256: str
    place: str
    """Where its bytes are."""


def stored_files(connection: sqlite3.Connection, folder: str) -> list[Wanted]:
    """Return the artifacts of the runs in a copied store that `folder` keeps the files of."""
    place = folders.artifacts(folder)
    rows = connection.execute(
        "SELECT a.run, r.uuid, a.path, lower(hex(a.sha256)) FROM artifact AS a "
        "JOIN run AS r ON r.id = a.run WHERE a.copied=1 AND a.sha256 IS NOT NULL "
        "ORDER BY r.uuid, a.path, a.at_ms"
    )
    return [
        Wanted(key, run_uuid(uuid), path, sha256, stored_path(place, sha256))
        for key, uuid, path, sha256 in rows
    ]


def leave_artifacts(connection: sqlite3.Connection) -> list[LeftOut]:
    """Leave all files but the evidence out of a copied store; return what that was."""
    marks = ",".join("?" * len(EVIDENCE))
    rows = connection.execute(
        "SELECT r.uuid, a.path FROM artifact AS a JOIN run AS r ON r.id = a.run "
        f"WHERE a.copied=1 AND a.kind NOT IN ({marks})",
        EVIDENCE,
    ).fetchall()
    why = "left out of the bundle"
    connection.execute(
        f"UPDATE artifact SET copied=0, problem=? WHERE copied=1 AND kind NOT IN ({marks})",
        (why, *EVIDENCE),
    )
    return [LeftOut(run_uuid(uuid), "artifact", path, why, asked=True) for uuid, path in rows]


def choose(
    connection: sqlite3.Connection, wanted: list[Wanted], seen: Seen
) -> tuple[list[Source], list[LeftOut]]:
    """Return the files to take, each once, and those that are not what they should be.

    The rows of a copied store say afterwards which files are not in the bundle.
    """
    sources: dict[str, Source] = {}
    problems: dict[str, str] = {}
    left: list[LeftOut] = []
    for file in wanted:
        if file.sha256 not in sources and file.sha256 not in problems:
            problem, size = inspect(file.place, file.sha256, seen)
            if problem:
                problems[file.sha256] = problem
            else:
                sources[file.sha256] = Source(file.sha256, file.place, size)
        if problem := problems.get(file.sha256, ""):
            left.append(LeftOut(file.run, "artifact", file.path, problem))
            connection.execute(
                "UPDATE artifact SET copied=0, problem=? WHERE run=? AND path=? AND sha256=?",
                (problem, file.key, file.path, bytes.fromhex(file.sha256)),
            )
    return list(sources.values()), left


def inspect(path: str, sha256: str, seen: Seen) -> tuple[str, int]:
    """Return why a file does not go into a bundle ("" where it does), and its size."""
    digest = hashlib.sha256()
    head = bytearray()
    size = 0
    try:
        with open(path, "rb") as file:
            while data := file.read(CHUNK):
                digest.update(data)
                size += len(data)
                if len(head) <= _LONGEST_TEXT:
                    head += data
                seen(len(data))
    except OSError as error:
        return f"left out of the bundle: it cannot be read ({error.strerror})", 0
    if digest.hexdigest() != sha256:
        return "left out of the bundle: its bytes are not those that were logged", size
    return _secret_in(head), size


def _secret_in(data: bytearray) -> str:
    if len(data) > _LONGEST_TEXT or b"\0" in data[:8192]:
        return ""
    found = find_secrets(data.decode("utf-8", "replace"))
    if not found:
        return ""
    line, kind = found[0]
    return f"left out of the bundle: line {line} may hold a secret ({kind})"


def data_files(connection: sqlite3.Connection, folder: str) -> tuple[list[Wanted], list[LeftOut]]:
    """Add the data sets of the runs in a copied store as artifacts of the kind `data`.

    A file or folder is taken from where the run read it; `choose` compares it with the
    digest. What was only in memory, or is known by a sample, cannot be taken.
    """
    wanted: list[Wanted] = []
    left: list[LeftOut] = []
    for key, uuid, started_ms, part, digest in connection.execute(
        "SELECT r.id, r.uuid, r.started_ms, l.part, l.digest FROM lineage AS l "
        "JOIN run AS r ON r.id = l.run WHERE l.part LIKE 'data:%' AND l.digest IS NOT NULL"
    ).fetchall():
        facts = read_facts(connection, digest)
        where = _where(connection, key, str(facts.get("path") or ""))
        name = str(facts.get("name") or part.partition(":")[2])
        files = list(_files_of(facts, where, folder))
        if not files:
            why = "left out of the bundle: its bytes are not on this disk as they were read"
            left.append(LeftOut(run_uuid(uuid), "data", name, why))
        for inner, sha256, place, size in files:
            path = "/".join(("data", name, inner))
            connection.execute(
                "INSERT OR IGNORE INTO artifact (run, path, at_ms, kind, size, sha256, copied) "
                "VALUES (?,?,?,'data',?,?,1)",
                (key, path, started_ms, size, bytes.fromhex(sha256)),
            )
            wanted.append(Wanted(key, run_uuid(uuid), path, sha256, place))
    return wanted, left


def read_facts(connection: sqlite3.Connection, digest: bytes) -> dict[str, object]:
    """Return the facts of a lineage part."""
    row = connection.execute("SELECT data FROM content WHERE digest=?", (digest,)).fetchone()
    facts = json.loads(zlib.decompress(row[0])) if row else {}
    return facts if isinstance(facts, dict) else {}


def _where(connection: sqlite3.Connection, key: int, path: str) -> str:
    """Return where a run found a path, which it may have named from its own folder."""
    row = connection.execute(
        "SELECT digest FROM lineage WHERE run=? AND part='process' AND digest IS NOT NULL", (key,)
    ).fetchone()
    cwd = str(read_facts(connection, row[0]).get("cwd") or "") if row else ""
    return os.path.join(os.path.expanduser(cwd), os.path.expanduser(path)) if path else ""


def _files_of(
    facts: dict[str, object], where: str, folder: str
) -> Iterator[tuple[str, str, str, int]]:
    """Yield inner path, hash, place and size of each file of a data set on this disk."""
    kind, _, digits = str(facts.get("digest") or "").partition(":")
    if kind != "sha256" or not where:
        return
    if facts.get("kind") == "file" and os.path.isfile(where):
        yield os.path.basename(where), digits, where, os.path.getsize(where)
    elif facts.get("kind") == "folder":
        manifest = str(facts.get("manifest") or digits).removeprefix("sha256:")
        for inner, sha256, size in _read_manifest(folder, manifest):
            place = os.path.join(where, inner)
            if os.path.isfile(place):
                yield inner, sha256, place, size


def _read_manifest(folder: str, sha256: str) -> Iterator[tuple[str, str, int]]:
    """Yield path, hash and size of the files that a stored manifest lists by a whole hash."""
    try:
        with open(stored_path(folders.artifacts(folder), sha256), "rb") as file:
            entries = file.read().split(b"\n")
    except OSError:
        return
    for entry in entries:
        path, _, rest = entry.partition(b"\0")
        size, _, digest = rest.partition(b"\0")
        if digest.startswith(b"sha256:") and size.isdigit():
            yield os.fsdecode(path), digest[7:].decode(), int(size)

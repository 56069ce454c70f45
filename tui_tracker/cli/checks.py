"""What `tt doctor` looks at: each check says what it saw, and yields what is wrong.

Nothing here changes the store. Every question is one SQL statement, so that a run that
writes meanwhile is never seen half way.
"""

from __future__ import annotations

import hashlib
import math
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tui_tracker import artifacts, blocks, journal
from tui_tracker import folder as folders
from tui_tracker.cli.output import plural
from tui_tracker.errors import StoreError
from tui_tracker.formatting import format_count, format_size
from tui_tracker.queries.rows import run_uuid
from tui_tracker.store import Store

_PAGE = 1000
_MOST = 20
"""Problems of one kind that are named; the rest is counted."""

DAMAGED = "damaged"
"""The folder beside the journals that the drain puts unreadable ones into."""


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check."""

    name: str
    said: str
    """What was looked at, in words."""
    problems: tuple[str, ...] = ()
    """One sentence each."""


def run_checks(store: Store, *, deep: bool) -> Iterator[Check]:
    """Yield the result of each check; after a database that cannot be read, no more."""
    database = check_database(store, deep=deep)
    yield database
    if database.problems:
        return
    checks: tuple[Callable[[], Check], ...] = (
        lambda: check_series(store),
        lambda: check_texts(store),
        lambda: check_artifacts(store, deep=deep),
        lambda: check_code(store, deep=deep),
        lambda: check_journals(store),
    )
    for check in checks:
        try:
            yield check()
        except StoreError as error:
            yield Check("database", "a check could not be finished", (str(error),))
            return


def check_database(store: Store, *, deep: bool) -> Check:
    """Let SQLite look through the file; `deep` compares indexes with tables as well."""
    pragma = "integrity_check" if deep else "quick_check"
    try:
        found = [str(row[0]) for row in store.read(f"PRAGMA {pragma}")]
    except StoreError as error:
        return Check("database", "cannot be read", (str(error),))
    problems = [] if found == ["ok"] else found
    advice = "restore a backup (tt doctor --backup makes one)"
    return Check(
        "database",
        f"{pragma}: {'damaged' if problems else 'whole'}",
        tuple(f"SQLite says: {problem}; {advice}" for problem in _few(problems)),
    )


def check_series(store: Store) -> Check:
    """Decode every block, and compare it with its head and with the metric's row."""
    problems = [*_wrong_counts(store), *_lost_blocks(store)]
    count = points = 0
    for run, metric, seq, n, low, high, data in _all_blocks(store):
        count, points = count + 1, points + n
        wrong = _wrong_block(data, n, low, high)
        if wrong:
            problems.append(f"block {seq} of {_series_name(store, run, metric)} {wrong}")
    said = f"{plural(points, 'point')} in {plural(count, 'block')}"
    whole = "all decode, counts agree" if not problems else "not all is well"
    return Check("series", f"{said}: {whole}", tuple(_few(problems)))


def check_texts(store: Store) -> Check:
    """Look for texts that a param or a lineage names and that are gone."""
    rows = store.read(
        "SELECT r.name, 'param' FROM param AS p JOIN run AS r ON r.id = p.run "
        "WHERE p.digest IS NOT NULL AND p.digest NOT IN (SELECT digest FROM content) UNION ALL "
        "SELECT r.name, l.part FROM lineage AS l JOIN run AS r ON r.id = l.run "
        "WHERE l.digest IS NOT NULL AND l.digest NOT IN (SELECT digest FROM content)"
    )
    total = store.read("SELECT count(*) FROM content")[0][0]
    problems = [f"the {what} text of run {name!r} is gone" for name, what in rows]
    return Check("texts", f"{plural(total, 'long or shared text')}", tuple(_few(problems)))


def check_artifacts(store: Store, *, deep: bool) -> Check:
    """Look for every stored file; `deep` reads each and compares its hash."""
    rows = store.read(
        "SELECT a.sha256, max(a.size), min(r.name || ': ' || a.path) FROM artifact AS a "
        "JOIN run AS r ON r.id = a.run WHERE a.copied=1 AND a.sha256 IS NOT NULL GROUP BY a.sha256"
    )
    place = folders.artifacts(store.folder)
    problems = []
    total = 0
    for sha256, size, what in rows:
        total += size or 0
        wrong = _wrong_file(artifacts.stored_path(place, sha256.hex()), size, sha256, deep=deep)
        if wrong:
            problems.append(f"the stored copy of {what} {wrong}")
    said = f"{plural(len(rows), 'stored file')}, {format_size(total)}"
    if rows:
        said += ", hashes compared" if deep else ", hashes not compared (--deep does)"
    return Check("artifacts", said, tuple(_few(problems)))


def check_code(store: Store, *, deep: bool) -> Check:
    """Look for the snapshot of every run's code; `deep` looks for every object of each."""
    from tui_tracker.code_sweep import lost_snapshots

    count, lost = lost_snapshots(store, deep=deep)
    problems = [f"the code of run {name!r} {what}" for name, what in lost]
    return Check("code", plural(count, "snapshot"), tuple(_few(problems)))


def check_journals(store: Store) -> Check:
    """Say what waits in journals, and which were damaged."""
    place = folders.journals(store.folder)
    paths = journal.list_journals(place)
    live = sum(journal.is_live(path) for path in paths)
    said = f"{plural(live, 'run process')} writing".replace("processs", "processes")
    damages = {
        name: damage
        for name, damage in store.read("SELECT name, damage FROM journal WHERE damage <> ''")
    }
    problems = []
    for path in _files(os.path.join(place, DAMAGED)):
        name = os.path.basename(path).rpartition(".")[0]
        problems.append(
            f"{os.path.join(DAMAGED, os.path.basename(path))} could not be read in full"
            f" ({damages.get(name, 'its head is unreadable')}):"
            " what could is in the store, the file is kept until you delete it"
        )
    return Check("journals", said if paths else "none open", tuple(_few(problems)))


def _wrong_counts(store: Store) -> list[str]:
    rows = store.read(
        "SELECT m.run, m.key, m.count, coalesce(sum(s.n), 0) FROM metric AS m "
        "LEFT JOIN series_block AS s ON s.run = m.run AND s.metric = m.key "
        "GROUP BY m.run, m.key HAVING m.count <> coalesce(sum(s.n), 0)"
    )
    return [
        f"{_series_name(store, run, metric)} has {format_count(there)} points in its blocks "
        f"and {format_count(count)} in its totals"
        for run, metric, count, there in rows
    ]


def _lost_blocks(store: Store) -> list[str]:
    rows = store.read(
        "SELECT s.run, s.metric, s.seq FROM series_block AS s "
        "LEFT JOIN block AS b ON b.id = s.data WHERE b.id IS NULL"
    )
    return [
        f"block {seq} of {_series_name(store, run, metric)} is gone" for run, metric, seq in rows
    ]


def _all_blocks(store: Store) -> Iterator[tuple[int, int, int, int, float, float, bytes]]:
    place: tuple[int, int, int] = (-1, -1, -1)
    while True:
        page = store.read(
            "SELECT s.run, s.metric, s.seq, s.n, s.min, s.max, b.data FROM series_block AS s "
            "JOIN block AS b ON b.id = s.data WHERE (s.run, s.metric, s.seq) > (?,?,?) "
            "ORDER BY s.run, s.metric, s.seq LIMIT ?",
            (*place, _PAGE),
        )
        yield from page
        if len(page) < _PAGE:
            return
        place = page[-1][:3]


def _wrong_block(data: bytes, n: int, low: float | None, high: float | None) -> str:
    try:
        values = blocks.decode_values(data)
        # Before the axis, which is built as long as the block's own head asks for.
        if len(values) != n:
            return f"holds {len(values)} points where its head says {n}"
        steps, times = blocks.decode_axis(data)
    except (ValueError, IndexError, ArithmeticError, struct.error) as error:
        return f"cannot be decoded ({error})"
    if not len(steps) == len(times) == n:
        return f"holds {len(steps)} steps and {len(times)} times of {n} points"
    finite = [value for value in values if math.isfinite(value)]
    if (min(finite, default=None), max(finite, default=None)) != (low, high):
        return "has other smallest and largest values than its head"
    return ""


def _wrong_file(path: str, size: int | None, sha256: bytes, *, deep: bool) -> str:
    try:
        there = os.path.getsize(path)
        if size is not None and there != size:
            return f"has {there} bytes and had {size}"
        if not deep:
            return ""
        with open(path, "rb") as file:
            found = hashlib.file_digest(file, "sha256").digest()
    except FileNotFoundError:
        return "is gone"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return "" if found == sha256 else "was changed: its hash is another"


def _series_name(store: Store, run: int, metric: int) -> str:
    names = store.read("SELECT name, context FROM key WHERE id=?", (metric,))
    runs = store.read("SELECT name, uuid FROM run WHERE id=?", (run,))
    name = "@".join(part for part in names[0] if part) if names else f"metric {metric}"
    return f"{name!r} of " + (f"{runs[0][0]!r} ({run_uuid(runs[0][1])})" if runs else "no run")


def _few(problems: list[str]) -> list[str]:
    if len(problems) <= _MOST:
        return problems
    return [*problems[:_MOST], f"and {format_count(len(problems) - _MOST)} more of this kind"]


def _files(folder: str) -> list[str]:
    try:
        return sorted(entry.path for entry in os.scandir(folder) if entry.is_file())
    except FileNotFoundError:
        return []

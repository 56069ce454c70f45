"""One foreign run into the tables: made, and brought up to date; `run_points` appends.

All of it inside the transaction of whoever calls. What a person changed since the run
came in (a name, a tag that was taken away, a note) stays as the person left it.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

from tui_tracker import journal
from tui_tracker.facts import clean
from tui_tracker.importers.files import artifact_facts, modified_ms, safe_name
from tui_tracker.importers.known import KnownRun, forget_series, new_uuid
from tui_tracker.importers.records import ImportedRun, Points, Printed, ms_from_utc
from tui_tracker.importers.run_points import save_lines, save_points, storable_ms
from tui_tracker.records import RunWriter

_PARTS = ("code", "environment", "hardware", "seeds")
"""Of a lineage, where nothing told is worth saying."""
_UNTAGGED = (
    "SELECT 1 FROM edit WHERE run=? AND what='untag' AND old=? AND undone_ms IS NULL LIMIT 1"
)
_KNOWN_NOTE = (
    "SELECT 1 FROM note WHERE run=:run AND text=:text UNION ALL SELECT 1 FROM edit WHERE run=:run "
    "AND what IN ('note-edit','note-remove') AND undone_ms IS NULL "
    "AND json_extract(old, '$[2]')=:text LIMIT 1"
)


@dataclass(slots=True)
class Pending:
    """What was read of one run and is not written yet."""

    run: ImportedRun
    points: list[Points] = field(default_factory=list)
    printed: list[Printed] = field(default_factory=list)
    start_over: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """Where runs go, and from where."""

    connection: sqlite3.Connection
    tool: str
    artifacts: str
    """The folder of the store that holds files."""
    roots: tuple[Path, ...]
    """What was opened, and the source in it: no file outside of them is taken."""
    keep_files: bool


def write_run(target: Target, known: KnownRun, pending: Pending, part: bytes) -> list[str]:
    """Write what is pending of a run; return what of it could not be taken, a sentence each.

    `part` is the part of the run's id that tells which run it is.
    """
    if pending.start_over and known.row:
        _empty(target.connection, known)
    is_copy = _is_copy(target, known, pending.run)
    problems = [] if is_copy else _save_run(target, known, pending, part)
    writer = RunWriter(target.connection, known.uuid.hex())
    before, known.changed = known.changed, False
    problems += save_points(target.connection, writer, known, pending.points)
    save_lines(target.connection, known, pending.printed)
    if is_copy and known.changed:
        problems += _save_run(target, known, pending, part)  # it goes further than the other one
    known.changed |= before
    if pending.run.ended_at is None and pending.run.status != "running":
        _save_end(target.connection, known.row)
    return problems


def _is_copy(target: Target, known: KnownRun, run: ImportedRun) -> bool:
    """Return whether the run came from another place that is still there, and told as late.

    Else two copies of a folder would replace what is known of each other's runs for ever.
    """
    if not known.row or known.state == _state(run):
        return False
    path, ended_ms = target.connection.execute(
        "SELECT json_extract(source, '$.path'), ended_ms FROM run WHERE id=?", (known.row,)
    ).fetchone()
    if path in (None, str(run.path)) or Path(path).is_relative_to(target.roots[-1]):
        return False
    if run.ended_at is not None and storable_ms(ms_from_utc(run.ended_at)) > (ended_ms or 0):
        return False
    return os.path.exists(path)


def _save_run(target: Target, known: KnownRun, pending: Pending, part: bytes) -> list[str]:
    run = pending.run
    state = _state(run)
    if known.row and known.state == state:
        return []
    if not known.row:
        _make(target, known, pending, part)
    known.changed, known.state = True, state
    return _update(target, known, run)


def _make(target: Target, known: KnownRun, pending: Pending, part: bytes) -> None:
    run = pending.run
    started = _started_ms(pending)
    known.uuid = known.uuid or new_uuid(part, started)
    connection = target.connection
    connection.execute(
        "INSERT INTO run (uuid, experiment, name, status, started_ms, archived_ms) "
        "VALUES (?,?,?,'running',?,?)",
        (
            *(known.uuid, _experiment(connection, clean(run.experiment), started)),
            *(clean(run.name), started, started if run.archived else None),
        ),
    )
    known.row = int(connection.execute("SELECT last_insert_rowid()").fetchone()[0])


def _update(target: Target, known: KnownRun, run: ImportedRun) -> list[str]:
    """Say of a run what is known of it now."""
    connection, key = target.connection, known.row
    (before,) = connection.execute("SELECT experiment FROM run WHERE id=?", (key,)).fetchone()
    source = {"tool": target.tool, "path": str(run.path), "id": run.id, "state": known.state}
    connection.execute(
        "UPDATE run SET status=:status, host=:host, user=:user, source=:source, "
        "started_ms=coalesce(:started, started_ms), ended_ms=:ended, "
        "name=CASE WHEN EXISTS (SELECT 1 FROM edit WHERE run=:run AND what='rename' "
        "AND undone_ms IS NULL) THEN name ELSE :name END, experiment=:experiment, "
        "archived_ms=CASE WHEN :archived AND archived_ms IS NULL AND NOT EXISTS (SELECT 1 FROM "
        "edit WHERE run=:run AND what='unarchive' AND undone_ms IS NULL) THEN started_ms "
        "ELSE archived_ms END WHERE id=:run",
        {
            "run": key,
            "status": run.status,
            "host": clean(run.host),
            "user": clean(run.user),
            "source": json.dumps(source),
            "name": clean(run.name),
            "archived": run.archived,
            "started": None if run.started_at is None else storable_ms(ms_from_utc(run.started_at)),
            "ended": None if run.ended_at is None else storable_ms(ms_from_utc(run.ended_at)),
            "experiment": _experiment(connection, clean(run.experiment), _now_ms(run)),
        },
    )
    connection.execute(
        "UPDATE run SET ended_ms=max(ended_ms, started_ms) WHERE id=? AND ended_ms IS NOT NULL",
        (key,),
    )
    # One that this run alone was in would stay behind empty.
    connection.execute(
        "DELETE FROM experiment WHERE id=? AND id NOT IN (SELECT experiment FROM run)", (before,)
    )
    writer = RunWriter(connection, known.uuid.hex())
    started = writer.started_ms()
    tags = [
        tag for tag in run.tags if not connection.execute(_UNTAGGED, (key, clean(tag))).fetchone()
    ]
    told = {"t": started, "params": dict(run.params), "add": tags}
    writer.apply(journal.START, {**told, "lineage": _lineage(target.tool, run)})
    _save_notes(connection, writer, key, run, started)
    return _save_artifacts(target, writer, key, run, started)


def _save_end(connection: sqlite3.Connection, key: int) -> None:
    """Let a run that is over and tells no end have ended with its last point, not go on."""
    connection.execute(
        "UPDATE run SET ended_ms=max(started_ms, "
        "coalesce((SELECT max(last_ms) FROM metric WHERE run=run.id), 0)) WHERE id=?",
        (key,),
    )


def _lineage(tool: str, run: ImportedRun) -> list[dict[str, object]]:
    """Return the parts of the lineage; what the tool does not tell is said to be untold."""
    parts: list[dict[str, object]] = [
        {"part": clean(name), "status": "ok", "facts": dict(facts)}
        for name, facts in run.lineage.items()
        if facts
    ]
    parts.append({"part": "source", "status": "ok", "facts": {"tool": tool}})
    there = {str(part["part"]).partition(":")[0] for part in parts}
    for name in (*_PARTS, "data"):
        if name not in there:
            reason = f"{tool} recorded nothing of it"
            parts.append({"part": name, "status": "skipped", "reason": reason})
    return parts


def _save_notes(
    connection: sqlite3.Connection, writer: RunWriter, key: int, run: ImportedRun, started: int
) -> None:
    for note in run.notes:
        text = clean(note.text)
        if connection.execute(_KNOWN_NOTE, {"run": key, "text": text}).fetchone() is None:
            at_ms = started if note.at is None else ms_from_utc(note.at)
            author = note.author or run.user
            writer.apply(journal.NOTE, {"t": storable_ms(at_ms), "text": text, "user": author})


def _save_artifacts(
    target: Target, writer: RunWriter, key: int, run: ImportedRun, started: int
) -> list[str]:
    problems = []
    for artifact in run.artifacts:
        name = safe_name(clean(artifact.path))
        if name is None:
            shown = artifact.path[:100]
            problems.append(f"an artifact named {shown!r} leads out of its folder and was not read")
            continue
        at_ms = storable_ms(modified_ms(artifact) or started)
        there = target.connection.execute(
            "SELECT problem FROM artifact WHERE run=? AND path=? AND at_ms=?", (key, name, at_ms)
        ).fetchone()
        if there is not None and not there[0]:
            continue
        facts = artifact_facts(
            artifact, name, target.artifacts, target.roots, keep=target.keep_files
        )
        writer.apply(journal.ARTIFACT, {**facts, "t": at_ms})
    return problems


def _empty(connection: sqlite3.Connection, known: KnownRun) -> None:
    """Remove points and lines of a run whose source began anew."""
    metrics = connection.execute("SELECT key FROM metric WHERE run=?", (known.row,)).fetchall()
    for (metric,) in metrics:
        forget_series(connection, known.row, metric)
    connection.execute("DELETE FROM console_block WHERE run=?", (known.row,))
    connection.execute("UPDATE run SET points=0, console_lines=0 WHERE id=?", (known.row,))
    known.positions.clear()
    known.lines_seen = known.lines_stored = 0
    known.was_there = False


def _experiment(connection: sqlite3.Connection, name: str, at_ms: int) -> int:
    name = name or "imported"
    row = connection.execute("SELECT id FROM experiment WHERE name=?", (name,)).fetchone()
    if row:
        return int(row[0])
    cursor = connection.execute(
        "INSERT INTO experiment (name, created_ms) VALUES (?,?)", (name, at_ms)
    )
    return int(cursor.lastrowid or 0)


def _started_ms(pending: Pending) -> int:
    """Return when the run began: as it says, else with its first point, else with its file."""
    run = pending.run
    if run.started_at is not None:
        return storable_ms(ms_from_utc(run.started_at))
    times = [min(batch.times_ms) for batch in pending.points]
    times += [batch.lines[0][0] for batch in pending.printed if batch.lines]
    if times:
        return storable_ms(min(times))
    try:
        return storable_ms(run.path.stat().st_mtime_ns // 1_000_000)
    except OSError:
        return 0


def _state(run: ImportedRun) -> str:
    """Return what differs when anything but points and lines of the run did."""
    told = (
        *(run.name, run.experiment, run.status, str(run.path), run.started_at, run.ended_at),
        *(run.parent, sorted(run.params.items(), key=repr), list(run.tags), list(run.notes)),
        *([(one.path, one.sha256, modified_ms(one)) for one in run.artifacts], run.host, run.user),
        *(sorted(run.lineage.items(), key=repr), run.archived),
    )
    return hashlib.sha256(repr(told).encode("utf-8", "replace")).hexdigest()[:16]


def _now_ms(run: ImportedRun) -> int:
    return 0 if run.started_at is None else storable_ms(ms_from_utc(run.started_at))

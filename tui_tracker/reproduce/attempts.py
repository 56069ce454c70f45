"""Keeping what an attempt came to: a row, its whole report, and the page beside the rerun."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
import zlib
from collections.abc import Mapping
from pathlib import Path

from tui_tracker import folder as folders
from tui_tracker import journal
from tui_tracker.artifacts import take_in
from tui_tracker.drain import recover
from tui_tracker.journal_writer import JournalWriter
from tui_tracker.queries.records import to_json
from tui_tracker.store import Store

REPORT = "reproduction.md"


def save_attempt(
    store: Store,
    *,
    of: str,
    run: str | None,
    mode: str,
    verdict: str,
    level: str,
    machine: str,
    report: Mapping[str, object],
) -> None:
    """Write the row of an attempt and its report.

    Raises:
        StoreError: the store cannot be written.
    """
    raw = to_json(report).encode()
    digest = hashlib.sha256(raw).digest()
    with store.write() as connection:
        connection.execute(
            "INSERT OR IGNORE INTO content VALUES (?,?)", (digest, zlib.compress(raw, 6))
        )
        connection.execute(
            'INSERT INTO reproduction ("of", run, at_ms, mode, verdict, level, machine, digest) '
            "VALUES (?,?,?,?,?,?,?,?)",
            (
                *(_raw(of), _raw(run) if run else None, time.time_ns() // 1_000_000),
                *(mode, verdict, level, machine, digest),
            ),
        )


def attach_report(store: Store, run: str, text: str) -> None:
    """Add the page to the rerun's artifacts, by a journal as the run itself would write it."""
    # A journal is never drained twice, so each has a name of its own.
    name = f"{run}.capture.n{time.time_ns():x}{journal.SUFFIX}"
    path = os.path.join(folders.journals(store.folder), name)
    with tempfile.TemporaryDirectory(prefix="tt-report-") as folder:
        page = Path(folder) / REPORT
        page.write_text(text, encoding="utf-8")
        facts = take_in(folders.artifacts(store.folder), str(page), copy=True)
    writer = JournalWriter(path, {"run": run, "writer": "capture"})
    try:
        now = int(time.time() * 1000)
        named = {"t": now, "path": REPORT, "kind": "report"}
        writer.append(journal.ARTIFACT, {**named, **facts})
        writer.append(journal.FINISH, {"t": now, "status": "finished"})
    finally:
        writer.close()
    recover(store)


def _raw(run: str) -> bytes:
    return bytes.fromhex(run.replace("-", ""))

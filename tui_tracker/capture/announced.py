"""What the training process said of itself when its run began.

It stands in the run's journal, or in the database where a drain was quicker than the
helper process that asks here.
"""

from __future__ import annotations

import json
import os
import zlib

from tui_tracker import folder as folders
from tui_tracker import journal
from tui_tracker.errors import TrackerError
from tui_tracker.journal_reader import read_batch
from tui_tracker.store import Store


def read_announced(folder: str, run_id: str) -> dict[str, dict[str, object]]:
    """Return the facts of each part of lineage that is known so far; {} where none is."""
    return _from_store(folder, run_id) | _from_journals(folder, run_id)


def _from_journals(folder: str, run_id: str) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    for path in journal.list_journals(folders.journals(folder), run_id):
        if ".capture." in os.path.basename(path):
            continue
        try:
            file = os.open(path, os.O_RDONLY)
        except OSError:
            continue  # drained and removed meanwhile
        try:
            records = read_batch(file, 0, path=path, final=False).records
        except (OSError, TrackerError):
            continue
        finally:
            os.close(file)
        for _, kind, payload in records:
            if kind in (journal.START, journal.LINEAGE):
                _collect(payload, kind, found)
    return found


def _collect(payload: bytes, kind: int, found: dict[str, dict[str, object]]) -> None:
    try:
        facts = journal.decode(payload)
    except ValueError:
        return
    parts = facts.get("lineage") if kind == journal.START else [facts]
    for part in parts if isinstance(parts, list) else []:
        if isinstance(part, dict) and isinstance(part.get("facts"), dict) and part["facts"]:
            found[str(part.get("part"))] = part["facts"]


def _from_store(folder: str, run_id: str) -> dict[str, dict[str, object]]:
    try:
        with Store.open(folder, wait_s=1.0, upgrade=False) as store:
            rows = store.read(
                "SELECT l.part, c.data FROM lineage AS l JOIN run AS r ON r.id = l.run "
                "JOIN content AS c ON c.digest = l.digest WHERE r.uuid=?",
                (bytes.fromhex(run_id.replace("-", "")),),
            )
        return {part: json.loads(zlib.decompress(data)) for part, data in rows}
    except (TrackerError, OSError, ValueError):
        return {}

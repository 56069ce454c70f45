"""Recorded facts of some runs, as cells of a table."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tui_tracker.queries.answers import RunKey
from tui_tracker.queries.rows import marks
from tui_tracker.queries.where import FACT_KIND
from tui_tracker.store import Store


def read_facts(
    store: Store, keys: Sequence[RunKey], names: Sequence[str]
) -> dict[RunKey, dict[str, str]]:
    """Return facts by run and name; several of one name as `a, b`, each once.

    What a run lacks is left out.
    """
    if not keys or not names:
        return {}
    found: dict[RunKey, dict[str, str]] = {}
    for run, name, text in store.read(
        "SELECT DISTINCT b.run, k.name, f.text FROM run_body AS b "
        "JOIN fact AS f ON f.body = b.body JOIN key AS k ON k.id = f.key WHERE k.kind = :kind "
        "AND b.run IN (SELECT value FROM json_each(:runs)) "
        "AND k.name IN (SELECT value FROM json_each(:names)) ORDER BY b.run, k.name, f.text",
        {"kind": FACT_KIND, "runs": marks(keys), "names": json.dumps(list(names))},
    ):
        cells = found.setdefault(run, {})
        cells[name] = f"{cells[name]}, {text}" if name in cells else text
    return found

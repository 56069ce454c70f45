"""How many values each field has in a store: how many branches it would make of the runs."""

from __future__ import annotations

from tui_tracker.queries.where import FACT_KIND
from tui_tracker.store import Store

_PARAMS = (
    "SELECT 'param:' || k.name, count(DISTINCT p.number) + count(DISTINCT p.text) "
    "FROM param AS p JOIN key AS k ON k.id = p.key GROUP BY p.key"
)
_FACTS = (
    "SELECT 'fact:' || k.name, count(DISTINCT f.text) FROM fact AS f "
    f"JOIN key AS k ON k.id = f.key WHERE k.kind = {FACT_KIND} GROUP BY f.key"
)
_TAGS = (
    "SELECT 'tag:' || substr(tag, 1, instr(tag, ':') - 1), count(DISTINCT tag) FROM tag "
    "WHERE instr(tag, ':') > 1 GROUP BY 1"
)
_RUNS = 'SELECT count(DISTINCT status), count(DISTINCT host), count(DISTINCT "user") FROM run'


def count_values(store: Store) -> dict[str, int]:
    """Return the number of values by field, as column specs call it; of all runs of the store.

    None is no value here, and whole numbers too large for a float count as two.
    """
    found: dict[str, int] = {}
    for sql in (_PARAMS, _FACTS, _TAGS):
        found.update(store.read(sql))
    ((found["status"], found["host"], found["user"]),) = store.read(_RUNS)
    ((found["experiment"],),) = store.read("SELECT count(DISTINCT experiment) FROM run")
    ((found["tags"],),) = store.read("SELECT count(DISTINCT tag) FROM tag")
    ((found["started"],),) = store.read(
        "SELECT count(DISTINCT date(started_ms / 1000, 'unixepoch', 'localtime')) FROM run"
    )
    return found

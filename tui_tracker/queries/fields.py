"""What all runs of a store have in one field, read along the index of that field.

A pair is a run and a value as the store keeps it. A run without the field has no pair, one
with several tags or facts has one pair each. Reading a hundred thousand pairs takes thirty
milliseconds, a join with as many runs five times that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tui_tracker.errors import BadColumn
from tui_tracker.judged import PROOF, fresh_profile
from tui_tracker.queries.answers import ParamValue, RunKey
from tui_tracker.queries.columns import ColumnSpec
from tui_tracker.queries.order import split_label, statistic_sql
from tui_tracker.queries.rows import METRIC_KIND, PARAM_KIND, marks, param_value, run_uuid
from tui_tracker.queries.where import FACT_KIND, LONG_TEXT
from tui_tracker.store import Store

Raw = str | float | None
"""A value as the store keeps it."""
Pairs = list[tuple[RunKey, Raw]]

_PLAIN = {
    "status": "SELECT id, status FROM run",
    "name": "SELECT id, name FROM run",
    "experiment": "SELECT r.id, e.name FROM run AS r JOIN experiment AS e ON e.id = r.experiment",
    "host": "SELECT id, host FROM run WHERE host <> ''",
    "user": 'SELECT id, "user" FROM run WHERE "user" <> \'\'',
    "started": "SELECT id, date(started_ms / 1000, 'unixepoch', 'localtime') FROM run",
    "tags": "SELECT run, tag FROM tag ORDER BY run, tag",
}


def field_pairs(store: Store, spec: ColumnSpec) -> Pairs:
    """Return what runs have in a field, `started` as a day; in no order but for tags.

    Raises:
        BadColumn: runs cannot be told apart by that column.
    """
    if spec.kind in _PLAIN:
        return store.read(_PLAIN[spec.kind])
    if spec.kind == "id":
        return [(run, run_uuid(uuid)) for run, uuid in store.read("SELECT id, uuid FROM run")]
    if spec.kind == "tag":
        return store.read(
            "SELECT run, substr(tag, :length) FROM tag WHERE tag > :low AND tag < :high "
            "ORDER BY run, tag",
            {"length": len(spec.key) + 2, "low": f"{spec.key}:", "high": f"{spec.key};"},
        )
    if spec.kind == "fact":
        return _facts(store, spec.key)
    if spec.kind in ("grade", "proof"):
        return _judged(store, spec.kind)
    if spec.kind == "metric":
        return _metrics(store, spec)
    if spec.kind == "param":
        return list(param_values(store, spec.key).items())
    raise BadColumn(str(spec), f"runs cannot be told apart by {spec.field!r}")


_ALONG = "INDEXED BY param_by_"


def param_values(store: Store, name: str) -> dict[RunKey, Raw]:
    """Return a param of all runs that have it.

    A text that goes on beyond what is kept in its row has its digest behind a NUL.
    """
    keys = store.read(
        "SELECT id FROM key WHERE name=? AND kind=? AND context=''", (name, PARAM_KIND)
    )
    if not keys:
        return {}
    # The two indexes hold all that is wanted, the table does not need to be read. The views
    # of names that have aliases have no indexes.
    along = ("", "") if store.viewed else (f"{_ALONG}number", f"{_ALONG}text")
    found: dict[RunKey, Raw] = dict(
        store.read(f"SELECT run, number FROM param {along[0]} WHERE key=?", keys[0])
    )
    texts: dict[RunKey, Raw] = dict(
        store.read(
            f"SELECT run, text FROM param {along[1]} WHERE key=? AND text IS NOT NULL", keys[0]
        )
    )
    found.update(texts)
    if any(len(str(text)) >= LONG_TEXT for text in texts.values()):
        found.update(
            store.read(
                "SELECT run, text || char(0) || hex(digest) FROM param "
                "WHERE key=? AND digest IS NOT NULL",
                keys[0],
            )
        )
    return found


def typed(store: Store, spec: ColumnSpec, examples: Mapping[Raw, RunKey]) -> dict[Raw, ParamValue]:
    """Return values as they were logged, each told by a run that has it."""
    if spec.kind != "param":
        return {raw: raw for raw in examples}
    rows = store.read(
        "SELECT p.run, p.type, p.number, p.text, p.digest FROM param AS p WHERE p.key = "
        "(SELECT id FROM key WHERE name=:name AND kind=:kind AND context='') "
        "AND p.run IN (SELECT value FROM json_each(:runs))",
        {"name": spec.key, "kind": PARAM_KIND, "runs": marks(examples.values())},
    )
    logged = {run: param_value(store, *columns) for run, *columns in rows}
    return {raw: logged.get(run, raw) for raw, run in examples.items()}


def in_runs(pairs: Iterable[tuple[RunKey, Raw]]) -> dict[RunKey, Raw]:
    """Return one value a run: several are put together as `a, b`."""
    found: dict[RunKey, Raw] = {}
    for run, value in pairs:
        found[run] = f"{found[run]}, {value}" if run in found else value
    return found


def _judged(store: Store, kind: str) -> Pairs:
    if kind == "proof":
        return store.read(f"SELECT r.id, {PROOF} FROM run AS r")
    return store.read("SELECT run, grade FROM audit WHERE profile=?", (fresh_profile(store),))


def _facts(store: Store, name: str) -> Pairs:
    return store.read(
        "SELECT b.run, f.text FROM fact AS f JOIN run_body AS b ON b.body = f.body WHERE f.key = "
        "(SELECT id FROM key WHERE name=? AND kind=? AND context='')",
        (name, FACT_KIND),
    )


def _metrics(store: Store, spec: ColumnSpec) -> Pairs:
    name, context = split_label(spec.key)
    return store.read(
        f"SELECT m.run, {statistic_sql('m', spec.key, spec.stat)} FROM metric AS m WHERE m.key = "
        "(SELECT id FROM key WHERE name=? AND kind=? AND context=?)",
        (name, METRIC_KIND, context),
    )

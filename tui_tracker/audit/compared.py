"""An experiment of which few runs changed: what its other runs are read and judged for.

Rules of a run read its record alone, so what they said of an unchanged run stands. Rules
that compare are asked again about all runs, yet read little of each: row, params, metrics,
data and splits. Only a run of which they say something new is judged once more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

from tui_tracker.audit.engine import Audited, Auditor, Settings
from tui_tracker.audit.kept import unpack
from tui_tracker.audit.record import RunRecord, read_records
from tui_tracker.audit.rules import RULES
from tui_tracker.audit.states import has_table
from tui_tracker.queries import RunKey
from tui_tracker.queries.answers import MetricSummary, RunDetail
from tui_tracker.queries.details import read_lineage
from tui_tracker.queries.digests import params_digests
from tui_tracker.queries.rows import METRIC_KIND, marks
from tui_tracker.queries.runs import get_rows, key_names
from tui_tracker.store import Store

T = TypeVar("T")
_COMPARED = ("data", "split")
"""Kinds of lineage that rules of ours compare."""
_WHOLE = 0.5
"""Where so many of the runs changed, all are judged as a whole."""


def read_compared(
    store: Store,
    keys: Sequence[RunKey],
    changed: set[RunKey],
    settings: Settings,
    read: Callable[[], None],
) -> tuple[list[RunRecord], set[RunKey]]:
    """Return the records of an experiment's runs in their order, and which of them are whole.

    Those that changed are, and those with amendments; all are where most of them changed,
    or where a rule of the user's compares what we cannot know. `read` is called with each.
    """
    if len(changed) >= _WHOLE * len(keys) or any(
        rule.scope != "run" and rule.id not in RULES for rule, _ in settings.chosen()
    ):
        return list(_telling(read_records(store, keys), read)), set(keys)
    whole = set(changed)
    if has_table(store, "amendment"):
        amended = "SELECT run FROM amendment WHERE run IN (SELECT value FROM json_each(:keys))"
        whole.update(row[0] for row in store.read(amended, {"keys": marks(keys)}))
    found = {record.key: record for record in _telling(read_records(store, sorted(whole)), read)}
    found |= _light(store, [key for key in keys if key not in whole])
    return [found[key] for key in keys if key in found], whole


def judge_changed(
    store: Store,
    auditor: Auditor,
    records: Sequence[RunRecord],
    whole: set[RunKey],
    changed: set[RunKey],
    before: Mapping[RunKey, tuple[Any, ...]],
    judged: Callable[[], None],
) -> list[Audited]:
    """Return the audits of the runs that changed, or of which the others have it told anew.

    `before` are the kept rows by run; `judged` is called after each.
    """
    moved = {key for key in before if key not in changed and _is_moved(auditor, before[key])}
    light = sorted(moved - whole)
    again = {record.key: record for record in read_records(store, light)} if light else {}
    asked = (record for record in records if record.key in changed or record.key in moved)
    audited = (auditor.audit(again.get(record.key, record)) for record in asked)
    return list(_telling(audited, judged))


def _telling(found: Iterable[T], told: Callable[[], None]) -> Iterator[T]:
    for one in found:
        yield one
        told()


def _is_moved(auditor: Auditor, row: tuple[Any, ...]) -> bool:
    """Return whether the rules that compare say of a run what is not in its row."""
    told = {(rule, d.field, d.message, d.fix) for rule, d in auditor.compared(row[0])}
    # Waived findings stand in the packed ones alone.
    if not told and not auditor.waives and not auditor.comparing.intersection(row[8].split()):
        return False
    findings, _, _ = unpack(row[4], row[5], row[9], auditor.rules)
    kept = {(f.rule, f.field, f.message, f.fix) for f in findings if f.rule in auditor.comparing}
    return kept != told


@dataclass(slots=True)
class _Metric:
    """All of a metric that rules of ours compare: a summary takes ten times as long to make."""

    name: str
    context: str
    count: int
    last: float


def _metrics(store: Store, keys: Sequence[RunKey]) -> dict[RunKey, dict[str, _Metric]]:
    names = key_names(store, METRIC_KIND, None)
    labels = {key: f"{name}@{context}" if context else name
              for key, (name, context) in names.items()}  # fmt: skip
    found: dict[RunKey, dict[str, _Metric]] = {}
    for run, key, count, last in store.read(
        "SELECT run, key, count, last FROM metric "
        "WHERE run IN (SELECT value FROM json_each(:keys)) ORDER BY run, key",
        {"keys": marks(keys)},
    ):
        if key in names:
            metric = _Metric(*names[key], count, math.nan if last is None else last)
            found.setdefault(run, {})[labels[key]] = metric
    return found


def _light(store: Store, keys: Sequence[RunKey]) -> dict[RunKey, RunRecord]:
    """Return records that hold only what rules of ours compare."""
    groups = params_digests(store, keys)
    parts = read_lineage(store, keys, kinds=_COMPARED)
    metrics = _metrics(store, keys)
    found = {}
    for bare in get_rows(store, keys, params=None):
        row = replace(bare, metrics=cast("dict[str, MetricSummary]", metrics.get(bare.key, {})))
        lineage = tuple(parts.get(row.key, ()))
        detail = RunDetail(row, (), (), lineage, None, None, "", row.host, row.user, None,
                           0, 0, 0, "", {}, None)  # fmt: skip
        found[row.key] = RunRecord(detail, group=groups.get(row.key) or b"")
    return found

"""Audits that are kept until what they rest on changes: the record, the rules, the relatives.

A run's findings rest on its own record and, by the rules that compare, on those of the
other runs of its experiment. So once one of them is not as it was it is judged anew, and
the rules that compare are asked again about all (`compared`); what other experiments say
of the same data is looked up in the facts. `refresh` costs one query where nothing changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from tui_tracker import __version__
from tui_tracker.audit.compared import judge_changed, read_compared
from tui_tracker.audit.config import read_config
from tui_tracker.audit.engine import Audited, Auditor, Settings
from tui_tracker.audit.kept import Kept, Packer, overlay, put_rows, unpack
from tui_tracker.audit.record import RunRecord, read_records
from tui_tracker.audit.rules import Rule
from tui_tracker.audit.states import has_table, read_states, stale_experiments
from tui_tracker.garbage import uncollected
from tui_tracker.judged import telling
from tui_tracker.queries import RunKey, get_rows
from tui_tracker.queries.answers import RunDetail
from tui_tracker.queries.proofs import proof_levels
from tui_tracker.queries.renamed import names_state
from tui_tracker.queries.rows import FACT_KIND, marks
from tui_tracker.store import Store

_DRIFT = "data.version-drift"
_SAID_ELSEWHERE = """
    SELECT name.body, name.text, version.text, hash.text FROM fact AS name
    JOIN fact AS version ON version.body = name.body AND version.key = :version
    JOIN fact AS hash ON hash.body = name.body AND hash.key = :hash
    WHERE name.key = :name AND EXISTS (SELECT 1 FROM run_body AS b JOIN run AS r ON r.id = b.run
        WHERE b.body = name.body AND r.experiment <> :experiment)
"""
_DATA_KEYS = (
    "SELECT name, id FROM key WHERE kind = ? AND context = '' "
    "AND name IN ('data.name', 'data.version', 'data.hash')"
)
_BULK = 1000
Pair = tuple[str, str]
"""Name and version of data."""


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """Data that a run of another experiment used; all that the rule over a store reads."""

    key: int
    data_versions: tuple[tuple[str, str, str], ...]


def refresh(
    store: Store,
    settings: Settings,
    keys: Sequence[RunKey] | None = None,
    *,
    told: Callable[[], None] | None = None,
) -> None:
    """Judge what changed among the experiments of these runs, or of all.

    `told` is called whenever an experiment was judged.
    """
    if not has_table(store, "audit"):
        overlay(store)
    ruleset = ruleset_of(store, settings)
    waiting = stale_experiments(store, settings.profile, ruleset, keys)
    with uncollected(), telling(sum(waiting.values())) as half:
        _judge_waiting(store, settings, ruleset, list(waiting), told, half)


def _judge_waiting(
    store: Store,
    settings: Settings,
    ruleset: str,
    waiting: list[int],
    told: Callable[[], None] | None,
    half: Callable[[], None],
) -> None:
    if waiting and any(rule.scope == "store" for rule in settings.rules):
        _judge_all(store, settings, ruleset, half)
        return
    done: set[int] = set()
    while waiting:
        experiment = waiting.pop(0)
        if experiment not in done:
            done.add(experiment)
            waiting += _judge(store, settings, ruleset, experiment, half)
            if told is not None:
                told()


def refresh_here(store: Store) -> str:
    """Judge what changed by the settings of this folder's project; return the profile."""
    settings = read_config(Path.cwd()).settings
    refresh(store, settings)
    return settings.profile


def profile_here() -> str:
    """Return the profile of this folder's project."""
    return read_config(Path.cwd()).settings.profile


def rules_here() -> list[str]:
    """Return the ids of the rules that are on in this folder's project."""
    return [rule.id for rule, _ in read_config(Path.cwd()).settings.chosen()]


def ruleset_of(store: Store, settings: Settings) -> str:
    """Return a digest of the rules, their severities and settings, and of names that changed."""
    rules = [(rule.id, severity, rule.why) for rule, severity in settings.chosen()]
    waive = repr(settings.waive) if settings.waive and not settings.said else ""
    said = [__version__, rules, repr(settings.arguments), settings.said, waive, names_state(store)]
    said += [_file_state(rule) for rule in settings.rules]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def _file_state(rule: Rule) -> str:
    """Return what the file that holds a rule of a package is at: who writes one tries it often."""
    module = sys.modules.get(getattr(rule.check, "__module__", None) or "")
    try:
        stat = os.stat(getattr(module, "__file__", None) or "")
    except OSError:
        return ""
    return f"{stat.st_mtime_ns} {stat.st_size}"


# -- reading


def read_kept(store: Store, settings: Settings, keys: Sequence[RunKey] | None = None) -> list[Kept]:
    """Return what the audits of these runs, or of all, came to; `refresh` comes before."""
    these = "" if keys is None else "AND run IN (SELECT value FROM json_each(:keys))"
    bound = {"profile": settings.profile} | ({} if keys is None else {"keys": marks(keys)})
    rows = store.read(
        "SELECT run, score, grade, errors, warnings, rules FROM audit "
        f"WHERE profile = :profile {these}",
        bound,
    )
    known: dict[str, tuple[str, ...]] = {}
    found = []
    for run, score, grade, errors, warnings, rules in rows:
        if rules not in known:
            known[rules] = tuple(rules.split())
        found.append(Kept(run, score, grade, errors, warnings, known[rules]))
    return found


def read_audits(store: Store, settings: Settings, keys: Sequence[RunKey]) -> list[Audited]:
    """Return the audits of these runs in their order; `refresh` comes before.

    Their records hold the run's row, without params and metrics, and its proof alone.
    """
    rules = tuple(rule.id for rule, _ in settings.chosen())
    found = []
    for start in range(0, len(keys), _BULK):
        some = keys[start : start + _BULK]
        kept = {
            run: (score, grade, packed)
            for run, score, grade, packed in store.read(
                "SELECT run, score, grade, findings FROM audit WHERE profile = :profile "
                "AND run IN (SELECT value FROM json_each(:keys))",
                {"profile": settings.profile, "keys": marks(some)},
            )
        }
        proofs = proof_levels(store, some)
        for row in get_rows(store, some):
            if row.key in kept:
                findings, score, ended = unpack(*kept[row.key], rules)
                detail = RunDetail(row, (), (), (), None, None, "", row.host, row.user, None,
                                   0, 0, 0, "", {}, proofs.get(row.key))  # fmt: skip
                found.append(Audited(RunRecord(detail), findings, score, rules, ended))
    return found


# -- judging


def _judge_all(store: Store, settings: Settings, ruleset: str, half: Callable[[], None]) -> None:
    """Judge the whole store, because a rule of the user's compares all of its runs."""
    states: dict[RunKey, str] = {}
    for (experiment,) in store.read("SELECT id FROM experiment"):
        states |= read_states(store, experiment)
    packer = Packer(settings.profile, ruleset)
    records = []
    for record in read_records(store, list(states)):
        records.append(record)
        half()
    auditor = Auditor(records, settings)
    rows = []
    for record in records:
        rows.append(packer.row(auditor.audit(record), states[record.key]))
        half()
    put_rows(store, rows)


def _judge(
    store: Store, settings: Settings, ruleset: str, experiment: int, half: Callable[[], None]
) -> list[int]:
    """Judge an experiment; return others that it says something new of."""
    states = read_states(store, experiment)
    before: dict[RunKey, tuple[Any, ...]] = {
        row[0]: row
        for row in store.read(
            "SELECT a.* FROM audit AS a WHERE a.profile = :profile AND a.run IN "
            "(SELECT id FROM run WHERE experiment = :experiment)",
            {"profile": settings.profile, "experiment": experiment},
        )
    }
    changed = {
        key
        for key, state in states.items()
        if key not in before or before[key][2:4] != (ruleset, state)
    }
    records, whole = read_compared(store, list(states), changed, settings, half)
    elsewhere, bodies = _said_elsewhere(store, experiment, records)
    auditor = Auditor(records, settings, cast("list[RunRecord]", elsewhere))
    audited = judge_changed(store, auditor, records, whole, changed, before, half)
    packer = Packer(settings.profile, ruleset)
    rows = {run.record.key: packer.row(run, states[run.record.key]) for run in audited}
    put_rows(store, [row for key, row in rows.items() if before.get(key) != row])
    others = _not_told(store, settings.profile, bodies)
    if any(f" {_DRIFT} " in row[8] for row in before.values()) and not any(
        f" {_DRIFT} " in row[8] for row in (before | rows).values()
    ):
        others += _told(store, settings.profile)
    return others


def _said_elsewhere(
    store: Store, experiment: int, records: Sequence[RunRecord]
) -> tuple[list[_Elsewhere], list[int]]:
    """Return data of other experiments that are called as these runs' and are others.

    With them the numbers of the facts that say so.
    """
    ours: dict[Pair, set[str]] = {}
    for record in records:
        for name, version, digest in record.data_versions:
            if version and digest:
                ours.setdefault((name, version), set()).add(digest)
    keys: dict[str, int] = {}
    if ours and has_table(store, "fact"):
        keys = dict(store.read(_DATA_KEYS, (FACT_KIND,)))
    if len(keys) < 3:
        return [], []
    bound = {name.partition(".")[2]: key for name, key in keys.items()}
    elsewhere, bodies = [], []
    for body, name, version, digest in store.read(
        _SAID_ELSEWHERE, {**bound, "experiment": experiment}
    ):
        if (name, version) in ours and ours[name, version] != {digest}:
            elsewhere.append(_Elsewhere(-body, ((name, version, digest),)))
            bodies.append(body)
    return elsewhere, bodies


def _not_told(store: Store, profile: str, bodies: Sequence[int]) -> list[int]:
    """Return the experiments with a judged run that uses these data and does not know yet."""
    if not bodies:
        return []
    rows = store.read(
        "SELECT DISTINCT r.experiment FROM run_body AS b JOIN run AS r ON r.id = b.run "
        "JOIN audit AS a ON a.run = r.id AND a.profile = :profile "
        "WHERE b.body IN (SELECT value FROM json_each(:bodies)) "
        f"AND instr(a.rules, ' {_DRIFT} ') = 0",
        {"profile": profile, "bodies": marks(bodies)},
    )
    return [row[0] for row in rows]


def _told(store: Store, profile: str) -> list[int]:
    """Return the experiments with a run whose data were called as others'."""
    rows = store.read(
        "SELECT DISTINCT r.experiment FROM audit AS a JOIN run AS r ON r.id = a.run "
        f"WHERE a.profile = ? AND instr(a.rules, ' {_DRIFT} ') > 0",
        (profile,),
    )
    return [row[0] for row in rows]

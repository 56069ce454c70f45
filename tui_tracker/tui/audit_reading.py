"""What the audit screen shows: rules by runs, or by experiments where there are many runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_tracker.audit import cache
from tui_tracker.audit.config import read_config
from tui_tracker.audit.engine import Audited, Finding, Settings
from tui_tracker.audit.kept import Kept
from tui_tracker.audit.rules import PROFILES as PROFILES
from tui_tracker.audit.rules import Severity
from tui_tracker.audit.score import GRADES, grade_of, mending_gives
from tui_tracker.formatting import format_count
from tui_tracker.queries.rows import marks
from tui_tracker.store import Store

MOST_RUNS = 40
"""Above, a column is an experiment."""
SEVERITIES: tuple[Severity, ...] = ("error", "warn", "info")


@dataclass(frozen=True, slots=True)
class GridCell:
    """How a rule ended in a run; in an experiment, in how many of its runs it left a doubt."""

    standing: str
    """`passed`, `failed`, `waived`, `unknown`, or `` where it does not apply."""
    count: int = 0


@dataclass(frozen=True, slots=True)
class GridRow:
    """A rule."""

    rule: str
    severity: Severity
    runs: int
    """In which it leaves a doubt."""
    why: str
    cells: tuple[GridCell, ...]


@dataclass(frozen=True, slots=True)
class GridColumn:
    """A run, or an experiment with several."""

    name: str
    keys: tuple[int, ...]
    points: int
    """Of a run; the median of an experiment's."""
    grade: str
    proof: str
    cap: str
    """What keeps the score down, and what mending it gives."""
    categories: tuple[tuple[str, int], ...]
    """Shares of the score, from 0 to 100."""
    errors: int
    warnings: int
    findings: tuple[Finding, ...] = ()
    """Of a run."""
    id: str = ""
    """Of a run."""


@dataclass(frozen=True, slots=True)
class AuditFound:
    """An audit as a grid."""

    profile: str
    rows: tuple[GridRow, ...]
    columns: tuple[GridColumn, ...]
    runs: int
    grades: tuple[tuple[str, int], ...]
    by_experiment: bool


@dataclass(frozen=True, slots=True)
class RunFinding:
    """What a rule found in one run."""

    key: int
    name: str
    id: str
    experiment: str
    grade: str
    finding: Finding


def find_audit(
    store: Store,
    keys: Sequence[int],
    profile: str,
) -> AuditFound:
    """Judge these runs, by another profile than the project's where one is said."""
    settings = settings_here(profile)
    cache.refresh(store, settings, keys)
    if len(keys) <= MOST_RUNS:
        return _of_runs(cache.read_audits(store, settings, keys), settings)
    return _of_experiments(store, cache.read_kept(store, settings, keys), settings)


def settings_here(profile: str) -> Settings:
    """Return the settings of this folder's project, with a profile where one is said."""
    return read_config(Path.cwd(), profile=profile or None).settings


def find_findings(
    store: Store, keys: Sequence[int], profile: str, rule: str
) -> tuple[RunFinding, ...]:
    """Return what a rule found in these runs, in their order."""
    settings = settings_here(profile)
    cache.refresh(store, settings, keys)
    hit = {one.key for one in cache.read_kept(store, settings, keys) if rule in one.rules}
    wanted = [key for key in keys if key in hit] if len(keys) > MOST_RUNS else list(keys)
    found = []
    for run in cache.read_audits(store, settings, wanted):
        row = run.record.detail.row
        grade = f"{run.score.grade} {run.score.points}"
        found += [
            RunFinding(row.key, row.name, row.id, row.experiment, grade, finding)
            for finding in run.findings
            if finding.rule == rule
        ]
    return tuple(found)


def _of_runs(audited: Sequence[Audited], settings: Settings) -> AuditFound:
    standings = [run.standings for run in audited]
    rows = []
    for rule, severity in settings.chosen():
        cells = tuple(GridCell(found[rule.id] or "") for found in standings)
        open_ = sum(cell.standing in ("failed", "unknown") for cell in cells)
        rows.append(GridRow(rule.id, severity, open_, rule.why, cells))
    return AuditFound(
        settings.profile,
        _ordered(rows),
        tuple(map(_column, audited)),
        len(audited),
        _grades(Counter(run.score.grade for run in audited)),
        by_experiment=False,
    )


def _column(run: Audited) -> GridColumn:
    row, proof, score = run.record.detail.row, run.record.detail.proof, run.score
    counts = Counter(finding.severity for finding in run.open)
    cap = ""
    if score.cap:
        cap = f"capped by {score.capped_by} ({score.cap}); {mending_gives(score)}"
    return GridColumn(
        row.name,
        (row.key,),
        score.points,
        score.grade,
        proof.level if proof is not None else "L0",
        cap,
        tuple(score.by_category.items()),
        counts["error"],
        counts["warn"],
        run.findings,
        row.id,
    )


def _of_experiments(store: Store, kept: Sequence[Kept], settings: Settings) -> AuditFound:
    names: dict[int, str] = dict(
        store.read(
            "SELECT r.id, e.name FROM run AS r JOIN experiment AS e ON e.id = r.experiment "
            "WHERE r.id IN (SELECT value FROM json_each(:keys))",
            {"keys": marks(one.key for one in kept)},
        )
    )
    members: dict[str, list[Kept]] = {}
    for one in kept:
        members.setdefault(names.get(one.key, ""), []).append(one)
    ordered = sorted(members)
    counts = [_rule_counts(members[name]) for name in ordered]
    rows = []
    for rule, severity in settings.chosen():
        cells = tuple(
            GridCell("failed" if count[rule.id] else "passed", count[rule.id]) for count in counts
        )
        rows.append(GridRow(rule.id, severity, sum(c.count for c in cells), rule.why, cells))
    return AuditFound(
        settings.profile,
        _ordered(rows),
        tuple(_experiment(name, members[name]) for name in ordered),
        len(kept),
        _grades(Counter(one.grade for one in kept)),
        by_experiment=True,
    )


def _rule_counts(kept: Sequence[Kept]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for ids, count in Counter(one.rules for one in kept).items():
        counts.update(dict.fromkeys(ids, count))
    return counts


def _experiment(name: str, kept: Sequence[Kept]) -> GridColumn:
    points = sorted(one.points for one in kept)
    middle = points[len(points) // 2]
    grades = _grades(Counter(one.grade for one in kept))
    told = ", ".join(f"{format_count(count)} {grade}" for grade, count in grades)
    runs = "1 run" if len(kept) == 1 else f"the middle of {format_count(len(kept))} runs"
    return GridColumn(
        name,
        tuple(one.key for one in kept),
        middle,
        grade_of(middle),
        "",
        f"{runs}: {told}",
        (),
        sum(one.errors for one in kept),
        sum(one.warnings for one in kept),
    )


def _ordered(rows: Sequence[GridRow]) -> tuple[GridRow, ...]:
    """Return rules with a doubt before those without, by severity, the most frequent first."""
    return tuple(
        sorted(rows, key=lambda row: (not row.runs, SEVERITIES.index(row.severity), -row.runs))
    )


def _grades(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple((grade, counts[grade]) for _, grade in GRADES if counts[grade])

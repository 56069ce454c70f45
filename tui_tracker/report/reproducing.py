"""Whether the outcome can be had again: grades and proof, gaps with their fixes, commands."""

from __future__ import annotations

from tui_tracker.audit.record import RunRecord
from tui_tracker.formatting import MISSING, format_count, format_number
from tui_tracker.queries.proofs import MEANINGS
from tui_tracker.report.blocks import Block, Code, Column, Heading, Mono, Paragraph, Table
from tui_tracker.report.findings import Configuration, Findings, counted
from tui_tracker.report.private import marked, public, public_command

_MOST_GAPS = 15
_MOST_RUNS = 10
_COMMIT = 12


def reproducing_section(found: Findings) -> list[Block]:
    """Return the section; nothing where no run takes part."""
    first = found.configurations[0] if found.configurations else None
    if first is None:
        return []
    blocks: list[Block] = [Heading(2, "Reproducibility"), _summary(found), *_gaps(found)]
    whose = "the winner" if found.winner is not None else "the first configuration"
    blocks += [Heading(3, f"To have {whose} again"), _runs(found, first)]
    commands = _commands(found, first)
    return [*blocks, Code(tuple(commands))]


def _summary(found: Findings) -> Paragraph:
    ready = found.readiness
    worst = ready.worst
    assert worst is not None
    levels = [r.detail.proof.level if r.detail.proof else "L0" for r in found.records
              if r.detail.row.id in ready.audited]  # fmt: skip
    best = max(levels)
    proven = sum(level != "L0" for level in levels)
    proof = (
        f"{format_count(proven)} of {format_count(len(levels))} runs were got again, "
        f"the best {best} ({MEANINGS[best]})."
        if proven
        else "No run was got again yet, so nothing is proven."
    )
    cap = f": {worst.score.cap}" if worst.score.cap else ""
    return Paragraph(
        (
            f"Audit profile {ready.profile}: median readiness {ready.median} of 100, worst "
            f"{worst.score.points}, grade {worst.score.grade} (",
            Mono(public(worst.record.detail.row.name, 60)),
            f"{cap}). {proof}{_winner(found)}",
        )
    )


def _winner(found: Findings) -> str:
    """Return grade and proof of the winner's runs in a sentence; "" where nobody won."""
    winner = found.winner
    if winner is None:
        return ""
    records = found.by_id
    scores = [found.readiness.audited[run.id].score for run in winner.group.runs]
    least = min(scores, key=lambda one: one.points)
    proofs = [records[run.id].detail.proof for run in winner.group.runs]
    level = max(proof.level if proof else "L0" for proof in proofs)
    whose = "run has" if len(scores) == 1 else "runs have at least"
    return (
        f" The winner's {whose} grade {least.grade} ({least.points}); "
        f"proof {level}, {MEANINGS[level]}."
    )


def _gaps(found: Findings) -> list[Block]:
    gaps = found.readiness.gaps
    if not gaps:
        return [Paragraph(("The audit found no gap.",))]
    shown = gaps[:_MOST_GAPS]
    total = len(found.readiness.audited)
    table = Table(
        (
            Column("gap", tuple((Mono(gap.rule),) for gap in shown)),
            Column("severity", tuple((gap.severity,) for gap in shown)),
            Column("runs", tuple((f"{gap.runs} of {total}",) for gap in shown), right=True),
            Column("what", tuple(marked(gap.message, 160) for gap in shown), wide=True),
            Column("fix", tuple(marked(gap.fix, 160) for gap in shown), wide=True),
        ),
        ("What is told of a gap is that of the first of its runs.",) if total > 1 else (),
    )
    left = len(gaps) - len(shown)
    more: list[Block] = [Paragraph((f"{left} lesser gaps are left out.",))] if left else []
    return [table, *more]


def _runs(found: Findings, first: Configuration) -> Table:
    records = found.by_id
    shown = [records[run.id] for run in first.group.runs[:_MOST_RUNS]]
    audited = found.readiness.audited
    proofs = [record.detail.proof for record in shown]
    scores = [audited[record.detail.row.id].score for record in shown]
    left = len(first.group.runs) - len(shown)
    runs = first.group.runs[: len(shown)]
    values = [
        format_number(counted(run, found.main, found.pick))
        if found.main in run.metrics else MISSING
        for run in runs
    ]  # fmt: skip
    return Table(
        (
            Column("run", tuple((Mono(public(r.detail.row.name, 60)),) for r in shown)),
            Column(public(found.main, 40) or "value",
                   tuple((value,) for value in values), right=True),
            Column("grade", tuple((f"{s.grade} {s.points}",) for s in scores)),
            Column("proof", tuple((_proof(p.level if p else "L0"),) for p in proofs)),
            Column("commit", tuple(((Mono(c) if (c := _commit(r)) else MISSING),) for r in shown)),
        ),
        (f"{format_count(left)} more runs are left out.",) if left > 0 else (),
    )  # fmt: skip


def _proof(level: str) -> str:
    return f"{level} {MEANINGS[level]}"


def _commit(record: RunRecord) -> str:
    commit = str(record.fact("code", "commit") or "")[:_COMMIT]
    dirty = record.fact("code", "dirty")
    return f"{commit} + changes" if commit and dirty else commit


def _commands(found: Findings, first: Configuration) -> list[str]:
    records = found.by_id
    lines = []
    for run in first.group.runs[:_MOST_RUNS]:
        record = records[run.id]
        argv = record.fact("process", "argv")
        script = str(record.fact("code", "entry", "path") or "")
        words = [str(word) for word in argv] if isinstance(argv, list) else []
        if command := public_command(words, script):
            lines.append(f"# {public(record.detail.row.name, 60)}: {command}")
        lines.append(f"tt reproduce {record.detail.row.id}")
    return lines

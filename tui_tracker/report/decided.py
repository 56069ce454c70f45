"""The decisions that were stored about the experiment, and which of them went stale."""

from __future__ import annotations

from tui_tracker.decide.records import stale_words
from tui_tracker.report.blocks import Block, Column, Heading, Mono, Paragraph, Table
from tui_tracker.report.findings import Findings
from tui_tracker.report.private import public

_MOST = 20


def decisions_section(found: Findings) -> list[Block]:
    """Return the section; nothing where no decision is stored."""
    shown = found.decisions[-_MOST:]
    if not shown:
        return []
    standing = [public(stale_words(one, stale), 200) or "it holds" for one, stale in shown]
    table = Table(
        (
            Column("id", tuple((str(one.id),) for one, _ in shown), right=True),
            Column("date", tuple((f"{one.at:%Y-%m-%d}",) for one, _ in shown)),
            Column("winner", tuple((public(one.winner or "nobody", 80),) for one, _ in shown)),
            Column("rule", tuple((Mono(public(one.rule)),) for one, _ in shown), wide=True),
            Column("today", tuple((words,) for words in standing), wide=True),
        )
    )
    left = len(found.decisions) - len(shown)
    more = [Paragraph((f"{left} older decisions are left out.",))] if left else []
    return [Heading(2, "Decisions"), table, *more]

"""The page in words: outcome first, then what it rests on, then how to have it again.

Everything is bounded, so that a thousand runs still give a page that can be read, and what
is left out is counted. Nothing here knows the time of day.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from tui_tracker.formatting import format_count, format_duration
from tui_tracker.report.blocks import (
    Block,
    Bullets,
    Heading,
    Inline,
    Line,
    Mono,
    Page,
    Paragraph,
    Picture,
    Strong,
)
from tui_tracker.report.decided import decisions_section
from tui_tracker.report.dropped import dropped_section
from tui_tracker.report.findings import Configuration, Findings
from tui_tracker.report.numbers import configuration_table, value_words
from tui_tracker.report.planned import plan_section
from tui_tracker.report.private import marked, public
from tui_tracker.report.reproducing import reproducing_section

_MOST_NOTES = 20


def make_page(found: Findings, pictures: Sequence[Picture]) -> Page:
    """Return the page about an experiment."""
    title = public(found.experiment, 120) or "experiment"
    blocks: list[Block] = [Heading(1, title), *_head(found), *_outcome(found)]
    if table := configuration_table(found):
        blocks += [Heading(2, "Configurations"), table]
    if pictures:
        blocks += [Heading(2, "Curves"), *pictures]
    for section in (dropped_section, plan_section, reproducing_section, decisions_section, _notes):
        blocks += section(found)
    return Page(title, tuple(blocks))


def _head(found: Findings) -> list[Block]:
    """Return purpose and question, and what the page is about in figures."""
    blocks: list[Block] = []
    plan = found.plan.plan if found.plan is not None else None
    if plan is not None and plan.question:
        blocks.append(Paragraph((Strong(public(plan.question)),)))
    purpose = public(plan.purpose) if plan is not None else ""
    tags = _common_tags(found)
    purpose = purpose or next((t[8:] for t in tags if t.startswith("purpose:")), "")
    words: list[Inline] = []
    if purpose:
        words += ["Purpose: ", public(purpose), ". "]
    words.append(_figures(found))
    shown = [public(tag, 60) for tag in tags if tag != f"purpose:{purpose}"]
    if shown:
        words.append(" All are tagged ")
        for place, tag in enumerate(shown[:8]):
            words += [", " if place else "", Mono(tag)]
        words.append(".")
    blocks.append(Paragraph(tuple(words)))
    return blocks


def _common_tags(found: Findings) -> list[str]:
    """Return the tags that all finished runs have; of all runs, where none finished."""
    finished = [r for r in found.records if r.detail.row.status == "finished"]
    tags = [set(record.tags) for record in finished or found.records]
    return sorted(set.intersection(*tags)) if tags else []


def _figures(found: Findings) -> str:
    rows = [record.detail.row for record in found.records]
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.status] = counts.get(row.status, 0) + 1
    told = ", ".join(f"{format_count(count)} {status}" for status, count in sorted(counts.items()))
    runs = "1 run" if len(rows) == 1 else f"{format_count(len(rows))} runs"
    days = sorted({f"{row.started_at:%Y-%m-%d}" for row in rows})
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    took = sum(row.duration_s for row in rows if row.status != "running")
    return f"{runs} ({told}), started {when} (UTC), {format_duration(took)} in all."


def _outcome(found: Findings) -> list[Block]:
    blocks: list[Block] = [Heading(2, "Outcome")]
    winner, decision = found.winner, found.decision
    if found.refused and found.rule:
        words: Line = (Strong("No verdict."), " ", public(found.refused))
        blocks.append(Paragraph(words, loud=True))
    elif found.rule and winner is None:
        blocks.append(Paragraph((Strong("No configuration fulfils the rule."),), loud=True))
    elif winner is not None:
        shown = value_words(winner.estimates.get(found.main), level=True)
        loud: Line = (
            Strong(public(winner.group.label)),
            " wins with ",
            Mono(public(found.main, 80)),
            f" {shown}.",
        )
        blocks.append(Paragraph(loud, loud=True))
    else:
        blocks.append(Paragraph(_ranked_words(found)))
    if found.rule:
        blocks.append(Paragraph(("Rule ", Mono(public(found.rule)), f", {found.rule_from}.")))
    if decision is not None and found.rule:
        notes = tuple(marked(note) for note in decision.notes)
        blocks += [Bullets(notes)] if notes else []
    return blocks


def _ranked_words(found: Findings) -> Line:
    if not found.main:
        return ("No run logged a metric, so there is nothing to compare.",)
    if found.refused:
        return ("Nothing is ranked: ", public(found.refused))
    first = found.configurations[0] if found.configurations else None
    if first is None or found.decision is None:
        return ("No finished run has a value to compare.",)
    way = "highest" if found.decision.direction == "highest" else "lowest"
    shown = value_words(first.estimates.get(found.main), level=True)
    only = len(found.configurations) == 1
    level = [public(one.group.label, 120) for one in found.configurations[1:] if _is_level(
        first, one, found.main)]  # fmt: skip
    tied = f" Level with it: {'; '.join(level[:3])}{' ...' if len(level) > 3 else ''}."
    return (
        "No rule was given, so nothing was decided. ",
        "The one configuration, " if only else f"The {way} mean ",
        *(() if only else (Mono(public(found.main, 80)), " has ")),
        Strong(public(first.group.label, 120)),
        *((", has ", Mono(public(found.main, 80)), " ") if only else (": ",)),
        f"{shown}.",
        tied if level else "",
    )


def _is_level(first: Configuration, other: Configuration, metric: str) -> bool:
    one, two = first.estimates.get(metric), other.estimates.get(metric)
    return one is not None and two is not None and math.isclose(one.mean, two.mean)


def _notes(found: Findings) -> list[Block]:
    """Return the notes, the newest of them; one that many runs have stands once."""
    written = sorted(
        (note.written_at, record.detail.row.name, note.text)
        for record in found.records
        for note in record.detail.notes
    )
    if not written:
        return []
    notes: dict[str, list[tuple[datetime, str]]] = {}
    for at, name, text in written:
        notes.setdefault(text, []).append((at, name))
    items: list[Line] = []
    for text, runs in list(notes.items())[-_MOST_NOTES:]:
        others = len(runs) - 1
        more = f" and {others} more {'run' if others == 1 else 'runs'}" if others else ""
        when = f"{more} ({runs[0][0]:%Y-%m-%d}): "
        items.append((Mono(public(runs[0][1], 60)), when, public(text)))
    blocks: list[Block] = [Heading(2, "Notes"), Bullets(tuple(items))]
    if len(notes) > _MOST_NOTES:
        left = format_count(len(notes) - _MOST_NOTES)
        blocks.append(Paragraph((f"{left} older notes are left out.",)))
    return blocks

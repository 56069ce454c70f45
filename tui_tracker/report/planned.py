"""How the outcome compares with what was planned."""

from __future__ import annotations

from tui_tracker.formatting import format_count
from tui_tracker.plan.coverage import STATES, Coverage
from tui_tracker.report.blocks import Block, Bullets, Heading, Line, Mono, Paragraph
from tui_tracker.report.findings import Findings
from tui_tracker.report.private import public

_MOST = 20


def plan_section(found: Findings) -> list[Block]:
    """Return the section; nothing where there is no plan."""
    if found.plan is None:
        return []
    coverage = found.plan
    told = [f"{format_count(coverage.count(s))} {s}" for s in STATES if coverage.count(s)]
    planned = len(coverage.cells)
    runs = "1 run was planned" if planned == 1 else f"{format_count(planned)} runs were planned"
    blocks: list[Block] = [
        Heading(2, "Plan and outcome"),
        Paragraph((f"{runs}: {', '.join(told) or 'nothing'}.", *_budget(coverage))),
    ]
    open_: list[Line] = [
        (Mono(public(cell.cell.label, 100)), f" {cell.state}",
         f": lacks {public(', '.join(cell.lacks), 200)}" if cell.lacks else "")
        for cell in coverage.cells if cell.state != "done"
    ]  # fmt: skip
    if open_:
        blocks.append(Bullets(tuple(open_[:_MOST])))
        if len(open_) > _MOST:
            left = format_count(len(open_) - _MOST)
            blocks.append(Paragraph((f"{left} more are not done.",)))
    if coverage.unplanned:
        names: list[str | Mono] = []
        for place, (_, name) in enumerate(coverage.unplanned[:8]):
            names += [", " if place else "", Mono(public(name, 60))]
        count = len(coverage.unplanned)
        runs = "1 run was" if count == 1 else f"{format_count(count)} runs were"
        more = " ..." if count > 8 else "."
        blocks.append(Paragraph((f"{runs} not in the plan: ", *names, more)))
    return blocks


def _budget(coverage: Coverage) -> tuple[str, ...]:
    plan = coverage.plan
    if plan.most_hours is None:
        return ()
    return (f" They took {coverage.hours:.2g} of {plan.most_hours:g} hours.",)

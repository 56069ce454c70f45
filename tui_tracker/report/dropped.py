"""What was tried and did not make it: eliminated, failed, and what took no part."""

from __future__ import annotations

from collections.abc import Mapping

from tui_tracker.decide.health import named
from tui_tracker.formatting import format_count
from tui_tracker.report.blocks import Block, Bullets, Heading, Inline, Line, Mono, Paragraph, Strong
from tui_tracker.report.findings import Findings
from tui_tracker.report.private import public

_MOST = 20
_ENDED = {
    "failed": "failed",
    "killed": "was stopped by hand",
    "crashed": "crashed",
    "pruned": "was stopped early",
}


def dropped_section(found: Findings) -> list[Block]:
    """Return the section; nothing where all runs finished and none was eliminated."""
    blocks: list[Block] = []
    out = [one for one in found.configurations if one.eliminated]
    if out:
        items: list[Line] = [
            (Strong(public(one.group.label, 80)), ": ", public(one.eliminated, 200))
            for one in out[:_MOST]
        ]
        blocks += [Heading(3, "Eliminated by the rule"), Bullets(tuple(items)), *_more(len(out))]
    ended = [record.detail for record in found.records if record.detail.row.status in _ENDED]
    if ended:
        items = [
            (
                Mono(public(detail.row.name, 60)),
                f" {_ENDED[detail.row.status]}",
                *_why(detail.ended_by),
            )
            for detail in ended[:_MOST]
        ]
        blocks += [Heading(3, "Did not finish"), Bullets(tuple(items)), *_more(len(ended))]
    if found.health:
        items = [
            (Mono(public(name, 60)), f" {public(named(one), 200)}")
            for name, one in found.health[:_MOST]
        ]
        blocks += [Heading(3, "Curves that are not well"), Bullets(tuple(items)),
                   *_more(len(found.health))]  # fmt: skip
    excluded = found.decision.excluded if found.decision is not None else {}
    if excluded:
        blocks.append(Paragraph((f"Took no part: {_counted(excluded)}.",)))
    return [Heading(2, "Tried and dropped"), *blocks] if blocks else []


def _why(ended_by: str) -> tuple[Inline, ...]:
    """Return the last line of what a run ended with: the error itself, not where it came from."""
    lines = [line.strip() for line in ended_by.splitlines() if line.strip()]
    return (": ", public(lines[-1], 200)) if lines else ()


def _more(count: int) -> list[Block]:
    left = count - _MOST
    return [Paragraph((f"{format_count(left)} more are left out.",))] if left > 0 else []


def _counted(excluded: Mapping[str, int]) -> str:
    parts = [f"{format_count(count)} {public(why, 80)}" for why, count in sorted(excluded.items())]
    return ", ".join(parts)

"""An answered checklist as Markdown and as JSON."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tui_tracker.audit.sheets.items import Answer, Evidence, Item, Sheet
from tui_tracker.formatting import printable
from tui_tracker.lineage.words import plural

_MOST_RUNS = 10


def sheet_shape(sheet: Sheet) -> dict[str, Any]:
    """Return what `tt audit --sheet NAME --json` prints."""
    return {
        "sheet": sheet.name,
        "title": sheet.title,
        "runs": [{"id": id_, "name": name} for id_, name in sheet.runs],
        "items": [
            {
                "item": item.id,
                "question": item.question,
                "answer": answer.verdict,
                "because": answer.because,
                "evidence": [
                    {"run": e.run, "rule": e.rule or None, "field": e.field or None}
                    for e in answer.evidence
                ],
                "add": list(answer.add),
            }
            for item, answer in sheet.answers
        ],
        "counts": dict(Counter(answer.verdict for _, answer in sheet.answers)),
    }


def sheet_text(sheet: Sheet) -> str:
    """Return the sheet as Markdown: a table of answers, then each with evidence."""
    counts = Counter(answer.verdict for _, answer in sheet.answers)
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
    names = [f"{_text(name)} (`{id_}`)" for id_, name in sheet.runs[:_MOST_RUNS]]
    more = f" and {len(sheet.runs) - _MOST_RUNS} more" if len(sheet.runs) > _MOST_RUNS else ""
    lines = [f"# {sheet.title}", "", f"{plural(len(sheet.runs), 'run')}: {', '.join(names)}{more}"]
    lines += ["", f"Answers: {told}.", "", "| item | question | answer |", "| --- | --- | --- |"]
    lines += [
        f"| {item.id} | {item.question} | {answer.verdict} |" for item, answer in sheet.answers
    ]
    for item, answer in sheet.answers:
        lines += _item(item, answer, dict(sheet.runs))
    return "\n".join(lines) + "\n"


def _item(item: Item, answer: Answer, names: dict[str, str]) -> list[str]:
    lines = ["", f"## {item.id}. {item.question}", "", f"**{answer.verdict}**: {answer.because}."]
    if answer.evidence:
        told = ", ".join(_evidence(one, names) for one in answer.evidence)
        lines += ["", f"Evidence: {told}"]
    if answer.add:
        lines += ["", "To add:", "", *(f"- {_text(what)}" for what in answer.add)]
    return lines


def _evidence(one: Evidence, names: dict[str, str]) -> str:
    words = [_text(names.get(one.run, one.run))]
    words += [f"`{word}`" for word in (one.rule, one.field) if word]
    return " ".join(words)


def _text(text: str) -> str:
    return printable(text).replace("|", "\\|").replace("\n", " ")

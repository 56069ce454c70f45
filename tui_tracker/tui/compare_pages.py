"""A comparison as the lines of a page: doubts, then sections of rows, what is the same folded.

Pure functions from a comparison to lines, so that the page can be read again while runs
are running and only what changed is repainted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tui_tracker.capture.redaction import redact_text
from tui_tracker.compare import SECTIONS, Comparison, Doubt, Row, Section
from tui_tracker.compare.cells import (
    aligned,
    cell_texts,
    delta_text,
    full_text,
    on_the_point,
    relative_text,
    row_name,
)
from tui_tracker.compare.naming import label_runs
from tui_tracker.formatting import crop, printable, wrap
from tui_tracker.tui.columns import GLYPHS

if TYPE_CHECKING:
    from tui_tracker.tui.widgets.line_widget import Line, Role

TITLES: dict[Section, str] = {
    "run": "Run",
    "params": "Params",
    "metrics": "Metrics",
    "data": "Data",
    "split": "Split",
    "code": "Code",
    "packages": "Packages",
    "python": "Python and system",
    "hardware": "Hardware",
    "seeds": "Seeds",
    "determinism": "Determinism",
    "command": "Command",
    "variables": "Variables",
}
Shown = Literal["value", "distance", "percent"]
"""What stands in a metric's cell of a run that is not the reference."""
FOOT_LINES = 4
_ALWAYS = ("status", "last step", "duration")


@dataclass(frozen=True, slots=True)
class PageLine:
    """One line of the page."""

    kind: Literal["doubt", "blank", "head", "row", "folded"]
    text: str = ""
    section: Section | Literal[""] = ""
    row: Row | None = None
    doubt: Doubt | None = None
    cells: tuple[str, ...] = ()
    """Of a row: one text a run."""
    roles: tuple[Role, ...] = ()
    stars: frozenset[int] = frozenset()
    """Runs that have the best value."""
    first: bool = True
    """Of a doubt of several lines: whether this is the first."""

    @property
    def place(self) -> tuple[object, ...]:
        """What the line is about, whatever it says now."""
        row = (self.row.name, self.row.stat) if self.row else ()
        words = (self.doubt.kind, self.doubt.subject, self.text) if self.doubt else ()
        return (self.kind, self.section, row, words)


def page_lines(
    comparison: Comparison,
    width: int,
    *,
    whole: bool,
    unfolded: Collection[Section] = (),
    shown: Shown = "value",
) -> tuple[PageLine, ...]:
    """Return the lines of the page; `whole` shows also what is the same, in every section."""
    lines = [*_doubts(comparison, width)]
    closed = []
    for section in SECTIONS:
        rows = comparison.section(section)
        open_ = whole or section in unfolded
        kept = [row for row in rows if open_ or _told(row)]
        if kept:
            lines += _section(section, rows, kept, comparison.reference, shown)
        elif rows:
            closed.append(section)
    lines += [PageLine("blank")] if closed else []
    for section in closed:
        count = len(comparison.section(section))
        lines.append(PageLine("folded", f"{TITLES[section]}: {count:,} the same", section))
    return tuple(lines[1:] if lines and lines[0].kind == "blank" else lines)


def _doubts(comparison: Comparison, width: int) -> Iterator[PageLine]:
    for doubt in comparison.doubts:
        words = wrap(printable(redact_text(doubt.words)), max(20, width - 4))
        for number, part in enumerate(words):
            yield PageLine("doubt", part, doubt=doubt, first=not number)


def _section(
    section: Section, rows: Sequence[Row], kept: Sequence[Row], reference: int, shown: Shown
) -> Iterator[PageLine]:
    yield PageLine("blank")
    yield PageLine("head", _heading(section, rows), section)
    for row in kept:
        yield row_line(row, reference, shown)
    if len(kept) < len(rows):
        yield PageLine("folded", _folded(rows, kept), section)


def _told(row: Row) -> bool:
    """Return whether a row is shown where only differences are wanted."""
    if row.section == "run" and row.name in _ALWAYS:
        return True
    return row.state != "same" and (not row.noise or row.name == "tags")


def _heading(section: Section, rows: Sequence[Row]) -> str:
    differing = sum(row.state == "differs" and not row.noise for row in rows)
    unknown = sum(row.state == "unknown" for row in rows)
    verb = "differs" if differing == 1 else "differ"
    told = [f"{differing:,} {verb}"] if differing and section != "run" else []
    told += [f"{unknown:,} unknown"] if unknown else []
    return f"{TITLES[section]}  {', '.join(told)}" if told else TITLES[section]


def _folded(rows: Sequence[Row], kept: Sequence[Row]) -> str:
    hidden = [row for row in rows if row not in kept]
    same = sum(row.state == "same" for row in hidden)
    other = len(hidden) - same
    told = [f"{same:,} the same"] if same else []
    told += [f"{other:,} that always differ"] if other else []
    return ", ".join(told)


def row_line(row: Row, reference: int, shown: Shown = "value") -> PageLine:
    """Return a row as a line, its numbers aligned on the point."""
    texts = cell_texts(row, reference)
    if row.metric and shown != "value":
        write = delta_text if shown == "distance" else relative_text
        texts = [write(row, place, reference) or text for place, text in enumerate(texts)]
    if row.section == "run" and row.name == "status":
        texts = [f"{GLYPHS.get(text, '?')} {text}" for text in texts]  # type: ignore[call-overload]
    if aligned(row):
        texts = on_the_point(texts)
    name = row_name(row) + (f" {row.stat}" if row.better else "")
    roles = tuple(_role(row, place, reference) for place in range(len(texts)))
    return PageLine("row", name, row.section, row, None, tuple(texts), roles, row.best)


def _role(row: Row, place: int, reference: int) -> Role:
    """Return the role of a cell: what is the same as the reference's steps back."""
    if place in row.best:
        return "good"
    value = row.values[place]
    if row.name == "status" and value in ("failed", "crashed"):
        return "bad"
    if row.state == "same" or row.noise:
        return "dim"
    same = place != reference and value == row.values[reference]
    return "dim" if same and not row.metric else ""


def in_full(
    comparison: Comparison, line: PageLine | None, place: int, width: int
) -> tuple[Line, ...]:
    """Return what the cursor is on in at most `FOOT_LINES` lines: where, whole, and how far off."""
    if line is None or width < 10 or line.kind in ("blank", "head", "folded"):
        return _about_section(line)
    if line.doubt is not None:
        return _about_doubt(line.doubt, width)
    row = line.row
    if row is None:
        return ()
    names = [printable(name) for name in label_runs(comparison.runs)]
    head: Line = (
        (crop(names[place], max(8, width // 2)), "bold"),
        (f"  {TITLES[row.section]} › {crop(line.text, width // 2)}", "dim"),
    )
    value = wrap(full_text(row, place), width)
    room = FOOT_LINES - 2
    if len(value) > room:
        value = [*value[: room - 1], crop(value[room - 1], width - 12) + " … enter"]
    return (head, *(((part, ""),) for part in value), _measured(comparison, row, place, width))


def _about_section(line: PageLine | None) -> tuple[Line, ...]:
    if line is None or line.kind == "blank":
        return ()
    words = "enter shows them" if line.kind == "folded" else "enter shows or folds what is the same"
    return (((words, "dim"),),)


def _about_doubt(doubt: Doubt, width: int) -> tuple[Line, ...]:
    said = "known to differ" if doubt.certain else "nobody can tell"
    head: Line = ((said, "second" if doubt.certain else "dim"), ("  enter names the runs", "dim"))
    words = wrap(printable(redact_text(doubt.words)), width)[: FOOT_LINES - 1]
    return (head, *(((part, ""),) for part in words))


def _measured(comparison: Comparison, row: Row, place: int, width: int) -> Line:
    """Return how far a cell is from the reference, and what else is told of it."""
    if place == comparison.reference:
        return (("the reference", "dim"),)
    told = []
    away = delta_text(row, place, comparison.reference)
    if away:
        share = relative_text(row, place, comparison.reference)
        told.append(f"{away} ({share})" if share else away)
    if row.notes and row.notes[place]:
        told.append(row.notes[place])
    if row.section == "code" and comparison.code[place].why:
        told.append(comparison.code[place].why)
    name = printable(label_runs(comparison.runs)[comparison.reference])
    if not told:
        return ()
    return ((crop(printable(f"{', '.join(told)}  against {name}"), width), "dim"),)

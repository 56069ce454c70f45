"""What opens from a row of a comparison: one value a run, packages of two runs, a doubt's runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tui_tracker.capture.redaction import redact_text
from tui_tracker.compare import Comparison, Doubt, Row
from tui_tracker.compare.cells import aligned, delta_text, full_text, on_the_point, relative_text
from tui_tracker.compare.naming import label_runs
from tui_tracker.formatting import cell_width, fit, printable, wrap
from tui_tracker.lineage.words import plural

if TYPE_CHECKING:
    from tui_tracker.tui.widgets.line_widget import Line, Role


def doubt_lines(comparison: Comparison, doubt: Doubt, width: int) -> tuple[Line, ...]:
    """Return a doubt with all of its runs by name, those that are alike together."""
    names = [printable(name) for name in label_runs(comparison.runs)]
    words = wrap(printable(redact_text(doubt.words)), width)
    lines: list[Line] = [((part, "bold"),) for part in words]
    groups = [(f"alike, {len(group)} of {len(names)}", group) for group in doubt.groups]
    if doubt.unknown:
        groups.append(("nobody can tell", doubt.unknown))
    for title, group in groups:
        lines += [(), ((title, "dim"),)]
        lines += [((f"  {part}", ""),) for place in group for part in wrap(names[place], width - 2)]
    return tuple(lines)


def values_lines(comparison: Comparison, row: Row, width: int) -> tuple[Line, ...]:
    """Return a row's value in every run, whole; with distances, and the best marked."""
    names = [printable(name) for name in label_runs(comparison.runs)]
    cells = min(max(map(cell_width, names)), max(12, width // 3))
    texts = [full_text(row, place) for place in range(len(names))]
    if aligned(row):
        texts = on_the_point(texts)
    lines: list[Line] = []
    for place, (name, text) in enumerate(zip(names, texts, strict=True)):
        label = fit(name, cells)
        role: Role = "bold" if place == comparison.reference else "dim"
        first = True
        for line in _value(comparison, row, place, text, max(10, width - cells - 2)):
            lines.append(((label if first else " " * cells, role), ("  ", ""), *line))
            first = False
    return tuple(lines)


def _value(comparison: Comparison, row: Row, place: int, text: str, width: int) -> Iterator[Line]:
    """Yield one run's value in as many lines as it takes."""
    away = delta_text(row, place, comparison.reference)
    share = relative_text(row, place, comparison.reference)
    star = "★" if place in row.best else " " if row.best else ""
    if away or star:
        told = f"  {away:>10}  {share}" if away else ""
        yield ((text, "good" if star == "★" else ""), (f" {star}", "good"), (told.rstrip(), "dim"))
    elif aligned(row):
        yield ((text, ""),)
    else:
        for part in wrap(text, width):
            yield ((part, ""),)
    if row.notes and row.notes[place]:
        yield ((printable(row.notes[place]), "dim"),)


def package_lines(comparison: Comparison, place: int, width: int) -> tuple[Line, ...]:
    """Return the packages of a run that are other than the reference's."""
    rows = comparison.section("packages")
    pairs = (comparison.reference, place)
    texts = [(printable(row.name), *(full_text(row, at) for at in pairs)) for row in rows]
    other = [(name, old, new) for name, old, new in texts if old != new]
    count = len(texts) - len(other)
    same = f"{plural(count, 'other package')} {'is' if count == 1 else 'are'} the same"
    if not other:
        return (((same, "dim"),),)
    cells = min(max(cell_width(name) for name, _, _ in other), max(12, width // 3))
    each = max(8, (width - cells - 6) // 2)
    old_cells = min(max(cell_width(old) for _, old, _ in other), each)
    lines: list[Line] = [
        (
            (fit(name, cells), ""),
            (f"  {fit(old, old_cells)}", "bad"),
            ("  → ", "dim"),
            (fit(new, each).rstrip(), "good"),
        )
        for name, old, new in other
    ]
    return (*lines, (), ((same, "dim"),))

"""Tables that a log prints row by row: a head with names, then a row of numbers a step.

    epoch     train_loss  valid_loss  accuracy  time          fastai: columns two spaces apart
    Iter       Train Loss   Remaining Time                    scikit-learn
    | epoch | loss |                                          with bars, Markdown, Rich
    epoch,loss,acc                                            CSV, also with tabs or semicolons
    epoch loss acc                                            words alone, rows of numbers
    E    #       LOSS NER  ENTS_F                             spaCy: epoch and step
    Epoch  GPU_mem  box_loss ... Size  /  1/3  0G  1.2 ...    Ultralytics, with a bar at the end

A head needs a column of steps or the name of a metric, and no number that stands alone. Rows may
have other lines between them, and cells left out: what is there stands below its title.
Ultralytics prints a second table without a column of steps, whose row `all` belongs to the epoch
of the row above.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from tui_tracker.parsing.reading import number_of
from tui_tracker.parsing.shapes import NUMBER
from tui_tracker.parsing.words import axis_of, is_clock, is_metric

_MOST_COLUMNS = 200
_WIDE = re.compile(r"\s{2,}|\t")
_TITLE = re.compile(r"[^\W\d_][\w@/.%'()+*^:² -]{0,60}$|#$")
_STEP = re.compile(r"(?P<step>\d+)(?:/\d+)?$")
_CELL = re.compile(
    r"[-+]?(?:\d[\d,]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?P<rest>%|[A-Za-z]{1,2}|(?::\d\d){1,2})?$"
)
_BAR = re.compile(r":?\s+\d+%.*$")
_WIDE_CELL = re.compile(r"\S+(?: \S+)*")
_CELLS = re.compile(r"\S+")
_PLAIN_HEAD = re.compile(r"\s*[A-Za-z_][\w/@.]*(?: [A-Za-z_][\w/@.]*){1,30}\s*$")
_HELD = "│┃|"


class Row(NamedTuple):
    """A row of a table: its values, and its step where it has one."""

    axis: str
    step: int | None
    names: tuple[str, ...]
    values: tuple[float, ...]
    epoch: int | None = None


@dataclass(slots=True)
class Table:
    """A head that was printed."""

    by: str
    """What parts its columns."""
    titles: tuple[str, ...]
    at: int
    """The column of steps; -1 where it has none."""
    axis: str
    label: int = -1
    """The column that says what a row is about."""
    epoch: int = -1
    """The column of epochs, where another one is that of steps."""
    spans: tuple[tuple[int, int], ...] = ()
    """Where in its line each title stands, for rows with cells left out."""

    def read(self, text: str) -> Row | None:
        """Return a row of it, None for any other line."""
        cells = split_cells(text, self.by)
        if len(cells) != len(self.titles) and self.spans:
            cells = text.split()
            cells = _aligned(text, self.spans) if len(cells) < len(self.titles) else cells
        if len(cells) != len(self.titles):
            return None
        if self.label >= 0 and cells[self.label].lower() not in ("all", "mean", "avg", "overall"):
            return None
        step: int | None = None
        if self.at >= 0:
            found = _STEP.match(cells[self.at])
            if found is None:
                return None
            step = int(found["step"]) if len(found["step"]) < 19 else None
        return self._row(cells, step)

    def _row(self, cells: list[str], step: int | None) -> Row | None:
        names: list[str] = []
        values: list[float] = []
        for at, (title, cell) in enumerate(zip(self.titles, cells, strict=True)):
            if at in (self.at, self.label, self.epoch):
                continue
            value = _value(cell)
            if value is None:
                return None
            if value is not _NO_NUMBER and not is_clock(title) and title.lower() not in _COUNTERS:
                names.append(title)
                values.append(value)
        if not names:
            return None
        epoch = cells[self.epoch] if self.epoch >= 0 else ""
        of = int(epoch) if epoch.isdigit() and len(epoch) < 19 else None
        of = step if self.axis == "epoch" else of
        return Row(self.axis, step, tuple(names), tuple(values), of)


_NO_NUMBER = float("nan")
_COUNTERS = frozenset(("instances", "images", "size", "gpu_mem"))
"""What Ultralytics counts in both of its tables, each of something else."""
_EMPTY = frozenset(("", "+", "-", "--", "n/a", "N/A", "None", "null", "NA", "*"))


def _value(cell: str) -> float | None:
    """Return a cell's number; `_NO_NUMBER` for an empty one or a time; None for a text."""
    if NUMBER.fullmatch(cell):
        return number_of(cell)
    if cell in _EMPTY:
        return _NO_NUMBER
    found = _CELL.match(cell)
    if found is None:
        return None
    return number_of(cell[:-1]) if found["rest"] == "%" else _NO_NUMBER


def _aligned(text: str, spans: tuple[tuple[int, int], ...]) -> list[str]:
    """Return the cells of a row some of which are left out, each below its title; [] for others."""
    cells = [""] * len(spans)
    for found in _CELLS.finditer(text):
        under = [n for n, (start, end) in enumerate(spans)
                 if found.start() < end and found.end() > start]  # fmt: skip
        if len(under) != 1 or cells[under[0]]:
            return []
        cells[under[0]] = found[0]
    return cells if 2 * sum(map(bool, cells)) > len(cells) else []


def split_cells(text: str, by: str) -> list[str]:
    """Return the cells of a line, parted by `by`: "wide" for two spaces or more."""
    if by == "space":
        return text.split()
    if by == "wide":
        return _WIDE.split(_BAR.sub("", text).strip())
    if by == "bars":
        for bar in "│┃":
            text = text.replace(bar, "|")
        inner = text.strip().strip("|")
        return [cell.strip() for cell in inner.split("|")]
    return [cell.strip().strip("\"'") for cell in text.split(by)]


def read_head(text: str) -> Table | None:
    """Return the table that a line is the head of, None where it is none."""
    for by in _partings(text):
        titles = split_cells(text, by)
        if not 2 <= len(titles) <= _MOST_COLUMNS or any(not _TITLE.match(t) for t in titles if t):
            continue
        if (table := _table(by, titles)) is not None:
            if by == "wide":
                table.spans = tuple([found.span() for found in _WIDE_CELL.finditer(text)])
            return table
    return None


def _partings(text: str) -> list[str]:
    if (
        any(bar in text for bar in _HELD)
        and text.count("|") + text.count("│") + text.count("┃") > 1
    ):
        return ["bars"]
    found = [by for by in (",", ";") if by in text and ": " not in text]
    if found or _WIDE.search(text.strip()):
        return found or ["wide"]
    return ["space"] if _PLAIN_HEAD.match(text) and axis_of(text.split()[0]) else []


def _table(by: str, titles: list[str]) -> Table | None:
    if not all(titles) and by != "bars":
        return None
    axes = [axis_of(title) if len(title.split()) < 3 else "" for title in titles]
    axes = ["iteration" if t.lower() == "iter" else a for t, a in zip(titles, axes, strict=True)]
    if "#" in titles and titles[0] == "E":
        axes[0], axes[titles.index("#")] = "epoch", "step"  # spaCy
    steps = [n for n, axis in enumerate(axes) if axis and axis != "batch"]
    at = next((n for n in steps if axes[n] != "epoch"), steps[0] if steps else -1)
    epoch = next((n for n in steps if axes[n] == "epoch" and n != at), -1)
    known = sum(is_metric(title) or title.lower().startswith("map") for title in titles)
    label = next((n for n, t in enumerate(titles[:1]) if t.lower() in ("class", "classes")), -1)
    if at < 0 and label < 0:
        return None
    words = any(" " in title and len(title.split()) > 3 for title in titles)
    if words or (not known and (by == "space" or at != 0 or len(titles) < 3)):
        return None
    axis = axes[at] if at >= 0 else ""
    return Table(by, tuple(_cleaned(titles)), at, axis, label, epoch)


def _cleaned(titles: list[str]) -> list[str]:
    """Return titles with the parentheses that group some of them turned to what they say.

    Ultralytics prints `Box(P  R  mAP50  mAP50-95)`, and with masks a second group.
    """
    groups = sum("(" in title and ")" not in title for title in titles)
    names: list[str] = []
    group = ""
    for title in titles:
        if "(" in title and ")" not in title:
            group, _, title = title.partition("(")
        closes = title.endswith(")") and "(" not in title
        name = title.rstrip("):") if closes else title.rstrip(":")
        names.append(f"{group} {name}" if group and groups > 1 else name)
        group = "" if closes else group
    return names

"""The charts of a grid as lines of spans, and the cells that differ repainted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from textual.geometry import Offset, Region
from textual.strip import Strip

from tui_tracker.formatting import cell_width, crop, wrap
from tui_tracker.tui.widgets.curve_base import CurveBase
from tui_tracker.tui.widgets.curve_build import traces
from tui_tracker.tui.widgets.curve_legend import Exact, legend, size, strip_legend
from tui_tracker.tui.widgets.curve_model import Chart, Mark, Trace, letter
from tui_tracker.tui.widgets.curve_plot import Frame, draw, frame, gutter
from tui_tracker.tui.widgets.curve_reading import reading
from tui_tracker.tui.widgets.curve_space import GAP
from tui_tracker.tui.widgets.line_widget import Line, Role, at_one_size, wrapped


class CurveDrawing(CurveBase, inherit_bindings=False):
    """A grid of charts as it is seen."""

    def chart(self, index: int) -> Chart:
        """Return what a chart shows now."""
        label = self.metrics[index]
        lines = traces(self.labels_of(index), self.runs, self.sources, self.look, self.modes)
        threshold = self.thresholds.get(label)
        one = Chart(
            title=" + ".join(self.labels_of(index)),
            traces=lines,
            look=self.look,
            view=self.view if self.enlarged else None,
            threshold=threshold.value if threshold else None,
            crossings=threshold.places if threshold and self.look.x == "step" else (),
            marks=self._marks_of(label),
            zero=self.modes.difference is not None,
            unread=label not in self._asked,
        )
        if not self.enlarged or self.place_at is None:
            return one
        one = replace(one, cursor=self.place_at)
        return replace(one, reading=reading(one, self.exact_here)) if len(lines) == 1 else one

    def _marks_of(self, label: str) -> tuple[Mark, ...]:
        """Return what health found in a metric; its steps have no place on other axes."""
        if self.look.x != "step" or self.modes.difference is not None:
            return ()
        found = []
        for number, run in enumerate(self.runs):
            whose = f"{letter(number)}: " if len(self.runs) > 1 else ""
            found += [
                Mark(mark.metric, mark.step, f"{whose}{mark.words}")
                for mark in self.marks.get(run.key, ())
                if mark.metric == label
            ]
        return tuple(found)

    def show_marks(self, marks: Mapping[int, tuple[Mark, ...]]) -> None:
        """Take what health found, by run."""
        if marks != self.marks:
            self.marks = dict(marks)
            self.redraw()

    @property
    def exact_here(self) -> Exact:
        """The points that were read where the cursor stands."""
        return self.exact[1] if self.place_at == self.exact[0] else {}

    @at_one_size
    def redraw(self) -> None:
        """Draw the visible charts anew and repaint the cells that differ."""
        if not self.size.width:
            return
        height = self.chart_height
        charts = {index: self._framed(index, height) for index in self.shown}
        self.left = gutter([one for _, one in charts.values()])
        before, as_before = self._drawn, self._drawn_as
        self._drawn_as = (self.left, self.chart_width, height, self.enlarged, self.shown)
        same = as_before == self._drawn_as
        drawn: dict[int, list[Line]] = {}
        for index, (chart, y_axis) in charts.items():
            old = self._charts.get(index)
            kept = same and old is not None and old[0] == chart and index in before
            if kept and not self.enlarged and index not in (self.chosen, self._was):
                drawn[index] = before[index]
            else:
                drawn[index] = self._lines(index, chart, y_axis)
        self._charts, self._drawn, self._was = charts, drawn, self.chosen
        if same and before.keys() == drawn.keys():
            self._repaint(before)
        else:
            self.refresh()

    def _lines(self, index: int, chart: Chart, y_axis: Frame) -> list[Line]:
        if self.enlarged:
            return self._enlarged_lines(chart, y_axis)
        size = (self.chart_width, self.chart_height, self.left)
        return draw(chart, *size, chosen=self._is_marked(index), y_axis=y_axis)

    def _repaint(self, before: Mapping[int, list[Line]]) -> None:
        start, across, top = self.shown.start, self.across, self.legend_lines
        width, height = self.chart_width, self.chart_height
        regions = []
        for index, lines in self._drawn.items():
            down, right = divmod(index - start, across)
            corner = Offset(right * (width + GAP), down * height + top)
            for row, line in enumerate(lines):
                old = before[index][row] if row < len(before[index]) else ()
                if old != line:
                    first, length = _differing(old, line, width)
                    regions.append(Region(corner.x + first, corner.y + row, length, 1))
        if regions:
            self.refresh(*regions)

    _was = 0
    """The chart that was chosen when charts were last drawn."""

    def _framed(self, index: int, height: int) -> tuple[Chart, Frame]:
        chart = self.chart(index)
        old = self._charts.get(index)
        if old is not None and old[0] == chart:
            return old
        return chart, frame(chart, height)

    def _enlarged_lines(self, chart: Chart, y_axis: Frame) -> list[Line]:
        """Return the chart with its legend beside or below it, and what there is to say."""
        width, height = self.chart_width, self.chart_height
        panel, below = size(chart, width, height)
        notes = self._notes(chart, width)
        plot = height - below - len(notes)
        inner = width - panel - (2 if panel else 0)
        y_axis = frame(chart, plot) if below or notes else y_axis
        lines = draw(chart, inner, plot, self.left, chosen=self.has_focus, y_axis=y_axis)
        if panel:
            side = legend(chart, self.exact_here, panel, plot)
            lines = [
                (*line, (" " * (inner + 2 - _width(line)), ""), *part)
                for line, part in zip(lines, side, strict=True)
            ]
        elif below:
            lines += legend(chart, self.exact_here, width, below)
        return lines + notes

    def _notes(self, chart: Chart, width: int) -> list[Line]:
        """Return where the threshold is crossed, and what health found, in two lines each."""
        lines: list[Line] = []
        threshold = self.thresholds.get(self.label)
        if threshold is not None:
            lines += [((f" {text}", "second"),) for text in wrap(threshold.words, width - 2)[:2]]
        if chart.marks:
            words = "; ".join(mark.words for mark in chart.marks)
            lines += [((f" {text}", "bad"),) for text in wrap(words, width - 2)[:1]]
        if chart.traces and chart.zero:
            one = chart.traces[0]
            words = f"{one.name}: {one.note}" if one.note else one.name
            lines.append(((f" {crop(words, width - 2)}", "dim"),))
        return lines if self.size.height - len(lines) >= 8 else []

    def _is_marked(self, index: int) -> bool:
        return index == self.chosen and self.has_focus

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if not self.metrics:
            words = wrapped(self.empty, width)
            return self.strip(words[y] if y < len(words) else (), width)
        if y < self.legend_lines:
            return self.strip(strip_legend(self._all_lines(), width), width)
        row, line = divmod(y - self.legend_lines, self.chart_height)
        first = self.shown.start + row * self.across
        parts: list[Strip] = []
        for index in range(first, min(first + self.across, self.shown.stop)):
            lines = self._drawn.get(index, [])
            spans: Line = lines[line] if line < len(lines) else ()
            taken = _width(spans)
            pad = self.chart_width + GAP - taken
            parts.append(self.strip((*spans, (" " * max(0, pad), "")), taken + max(0, pad)))
        return Strip.join(parts).adjust_cell_length(width)

    def _all_lines(self) -> Sequence[Trace]:
        """Return a line of every run or group, whichever chart it is in."""
        found: dict[str, Trace] = {}
        for chart, _ in self._charts.values():
            for one in chart.traces:
                found.setdefault(one.letter, one)
        return sorted(found.values(), key=lambda one: one.letter.swapcase())

    def on_resize(self) -> None:
        self.show_chosen()
        self._drawn, self._charts = {}, {}
        self.redraw()
        self.ask_for_curves()

    def on_focus(self) -> None:
        self.redraw()

    def on_blur(self) -> None:
        self.redraw()


def _differing(old: Line, new: Line, width: int) -> tuple[int, int]:
    """Return the first cell in which two drawings of a line differ, and how many to the last."""
    before = [cell for text, role in old for cell in _cells(text, role)]
    now = [cell for text, role in new for cell in _cells(text, role)]
    blank: tuple[str, Role] = (" ", "")
    length = max(len(before), len(now))
    before += [blank] * (length - len(before))
    now += [blank] * (length - len(now))
    differing = [place for place in range(length) if before[place] != now[place]]
    if not differing:
        return 0, width
    return differing[0], differing[-1] - differing[0] + 1


def _width(line: Line) -> int:
    return sum(cell_width(text) for text, _ in line)


def _cells(text: str, role: Role) -> list[tuple[str, Role]]:
    """Return a span cell by cell; a wide character takes two of them."""
    cells: list[tuple[str, Role]] = []
    for character in text:
        # A blank has no colour, whichever stretch it was joined to.
        seen: tuple[str, Role] = (character, role if character != " " else "")
        cells += [seen] + [("", role)] * (cell_width(character) - 1)
    return cells

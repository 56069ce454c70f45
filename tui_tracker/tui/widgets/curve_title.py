"""The frame line of a chart: its metric, and what it came to."""

from __future__ import annotations

from tui_tracker.formatting import cell_width, crop, format_count, format_number, printable
from tui_tracker.telling import metric_stat
from tui_tracker.tui.widgets.curve_model import Chart, Look, Trace
from tui_tracker.tui.widgets.line_widget import Line, Role, Span


def title_line(chart: Chart, width: int, *, chosen: bool) -> Line:
    """Return the frame line with the metric's name and what it came to."""
    rule: Role = "accent" if chosen else "faint"
    dash = "-" if chart.look.ascii else "─"
    name = crop(printable(chart.title), max(4, width - 8))
    notes = _notes(chart, width - cell_width(name) - 6)
    taken = sum(cell_width(text) for text, _ in notes)
    fill = max(0, width - 3 - cell_width(name) - 1 - taken - (1 if notes else 0))
    title: Role = "accent" if chosen else "bold"
    # Bold as well: without colours the focus must be seen, too.
    spans: list[Span] = [(f"{dash * 2} ", rule), (name, "mark" if chosen else title)]
    spans.append((" " + dash * fill, rule))
    if notes:
        spans += [(" ", ""), *notes]
    return tuple(spans)


def _notes(chart: Chart, room: int) -> list[Span]:
    """Return the words at the right of the title, as many as there is room for."""
    state: Span = (state_words(chart.look), "second")
    if chart.reading:
        reading: Span = (crop(chart.reading, max(0, room)), "")
        both = cell_width(state[0]) + 2 + cell_width(reading[0])
        return [state, ("  ", ""), reading] if state[0] and both <= room else [reading]
    one = chart.traces[0] if len(chart.traces) == 1 else _best(chart)
    wanted = _wanted(chart, one, state) if one is not None else [[state]]
    for parts in wanted:
        spans: list[Span] = []
        for text, role in parts:
            if text:
                spans += [("  ", ""), (text, role)] if spans else [(text, role)]
        if sum(cell_width(text) for text, _ in spans) <= room:
            return spans
    return []


def _wanted(chart: Chart, one: Trace, state: Span) -> list[list[Span]]:
    metric = one.summary
    note: Span = (one.note, "dim")
    if metric is None:
        return [[state] if len(chart.traces) > 1 else [state, note], [state]]
    stat, best, at = best_of(one)
    several = len(chart.traces) > 1
    whose: Span = (one.letter, one.role) if several and best is not None else ("", "")
    long = f"{stat} {format_number(best)} at {format_count(at)}" if at is not None else ""
    short = f"{stat} {format_number(best)}" if best is not None else ""
    broken: Span = (_broken(chart), "bad")
    if several:
        return [
            [state, broken, whose, (long, "dim")],
            [state, broken, whose, (short, "dim")],
            [state, broken],
            [broken],
        ]
    last = f"last {format_number(metric.last)}"
    return [
        [state, broken, (long, "dim"), (last, "dim")],
        [state, broken, (short, "dim"), (last, "dim")],
        [state, broken, (last, "dim")],
        [state, broken],
        [broken, (last, "dim")],
        [broken, (format_number(metric.last), "dim")],
        [broken],
    ]


def _broken(chart: Chart) -> str:
    known = [trace.summary for trace in chart.traces if trace.summary is not None]
    counts = (sum(one.nan for one in known), "NaN"), (sum(one.inf for one in known), "inf")
    return " ".join(f"{format_count(count)} {word}" for count, word in counts if count)


def best_of(one: Trace) -> tuple[str, float | None, int | None]:
    """Return which statistic tells how good a line was, its value and its step."""
    metric = one.summary
    if metric is None:
        return "last", None, None
    stat = metric_stat(metric.label)
    if stat == "min":
        return stat, metric.min, metric.min_step
    return (stat, metric.max, metric.max_step) if stat == "max" else (stat, None, None)


def _best(chart: Chart) -> Trace | None:
    """Return the best line of several, by the direction of their metric."""
    known = [trace for trace in chart.traces if best_of(trace)[1] is not None]
    if not known:
        return chart.traces[0] if chart.traces else None
    stat = best_of(known[0])[0]
    pick = min if stat == "min" else max
    return pick(known, key=lambda trace: best_of(trace)[1] or 0.0)


def state_words(look: Look) -> str:
    """Return how the chart differs from a plain one: `log smooth 0.6`."""
    words = [
        "log" if look.log_y else "",
        "log x" if look.log_x and look.x != "wall" else "",
        f"smooth {look.smoothing:g}" if look.smoothing else "",
        {"range": "band min..max", "std": "band ± std", None: ""}[look.spread],
    ]
    return " ".join(word for word in words if word)

"""The curves of compared runs in one chart a metric."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tui_tracker.cli.chart import COLOURS, Curve, Look, draw_chart, print_legend
from tui_tracker.cli.output import on_terminal, rich_console, say, terminal_size
from tui_tracker.compare import Comparison
from tui_tracker.compare.cells import cell_texts
from tui_tracker.compare.naming import label_runs
from tui_tracker.errors import NotFound
from tui_tracker.queries import read_buckets
from tui_tracker.store import Store
from tui_tracker.telling import metric_stat, rank_metrics

_MOST = len(COLOURS)
"""Curves that can be told apart in one chart."""
_HEIGHT, _PIPE_WIDTH = 16, 80


def print_charts(
    store: Store,
    comparison: Comparison,
    metrics: Sequence[str],
    *,
    width: int | None,
    markdown: bool,
) -> None:
    """Print a chart of each metric; without one, of the most telling that most runs have.

    Raises:
        NotFound: no run logged such a metric.
    """
    labels = list(dict.fromkeys(label for run in comparison.runs for label in run.metrics))
    for metric in metrics:
        if metric not in labels:
            raise NotFound("metric", metric, labels)
    for metric in metrics or _telling(comparison, labels):
        _print_chart(store, comparison, metric, _look(width, markdown), markdown=markdown)


def _telling(comparison: Comparison, labels: Sequence[str]) -> list[str]:
    counts = {label: sum(label in run.metrics for run in comparison.runs) for label in labels}
    often = [label for label in labels if counts[label] == max(counts.values())]
    return rank_metrics(often)[:1]


def _look(width: int | None, markdown: bool) -> Look:
    console = rich_console() if on_terminal() and not markdown else None
    colour = console is not None and console.color_system is not None and not console.no_color
    room = width or (terminal_size()[0] if on_terminal() else _PIPE_WIDTH)
    ascii = "utf" not in (sys.stdout.encoding or "").lower()
    return Look(min(room, 120), _HEIGHT, ascii=ascii, colour=colour, x_name="step")


def _print_chart(
    store: Store, comparison: Comparison, metric: str, look: Look, *, markdown: bool
) -> None:
    chosen = _charted(comparison, metric)
    names = label_runs(comparison.runs)
    told = _told(comparison, metric)
    curves = []
    for place in chosen:
        run = comparison.runs[place]
        buckets = read_buckets(store, run.key, run.metrics[metric].key, 2 * look.width)
        if buckets is not None:
            curves.append(Curve(f"{names[place]}  {told[place]}", buckets))
    chart = draw_chart(curves, look) if curves else None
    if chart is None:
        say(f"{metric} has no finite value to draw")
        return
    if markdown:
        print("```")
    print(_title(comparison, metric, len(chosen)))
    print_legend(curves, look)
    print(chart)
    if markdown:
        print("```")


def _title(comparison: Comparison, metric: str, drawn: int) -> str:
    from tui_tracker.formatting import printable

    total = sum(metric in run.metrics for run in comparison.runs)
    rest = f", the reference and the best of {total} runs" if drawn < total else ""
    return f"{printable(metric)}{rest}"


def _charted(comparison: Comparison, metric: str) -> list[int]:
    """Return the runs to draw: all, or the reference and those with the best values."""
    places = [place for place, run in enumerate(comparison.runs) if metric in run.metrics]
    if len(places) <= _MOST:
        return places
    stat = metric_stat(metric)
    if stat == "last":
        kept = places[:_MOST]
    else:
        low = stat == "min"

        def rank(place: int) -> float:
            summary = comparison.runs[place].metrics[metric]
            value = summary.min if low else summary.max
            return float("inf") if value is None else value if low else -value

        kept = sorted(places, key=rank)[:_MOST]
    if comparison.reference in places and comparison.reference not in kept:
        kept[-1] = comparison.reference
    return sorted(kept)


def _told(comparison: Comparison, metric: str) -> list[str]:
    """Return the best value of each run, the best of all marked."""
    rows = [row for row in comparison.section("metrics") if row.name == metric]
    if not rows:
        return [""] * len(comparison.runs)
    row = rows[0]
    return [
        f"{row.stat} {text}{', the best' if place in row.best else ''}"
        for place, text in enumerate(cell_texts(row, comparison.reference))
    ]

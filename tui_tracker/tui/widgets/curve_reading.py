"""What stands at the cursor of a chart of one line, in words."""

from __future__ import annotations

import math

from tui_tracker.formatting import format_count, format_number
from tui_tracker.tui.widgets.curve_legend import Exact
from tui_tracker.tui.widgets.curve_model import Chart
from tui_tracker.tui.widgets.curve_x import place_words


def reading(chart: Chart, exact: Exact) -> str:
    """Return what the only line shows at the cursor: its values, or the range of its bucket."""
    one, at = chart.traces[0], chart.cursor
    if at is None:
        return ""
    where = place_words(chart.look, at)
    point = exact.get((one.summary.label if one.summary else "", one.run))
    if point is not None and one.spread is None:
        values = ", ".join(
            f"{value:.10g}" if math.isfinite(value) else format_number(value)
            for value in point[1][:3]
        )
        more = f" and {len(point[1]) - 3} more" if len(point[1]) > 3 else ""
        return f"{where}  {values}{more}"
    return _from_bucket(chart, at, where)


def _from_bucket(chart: Chart, at: float, where: str) -> str:
    curve = chart.traces[0].curve
    if curve is None:
        return where
    rows = zip(curve.lows, curve.highs, curve.mins, curve.maxs, strict=True)
    for low, high, least, most in rows:
        if not low <= at <= high:
            continue
        if chart.look.x == "step" and low != high:
            where = f"step {format_count(int(low))}–{format_count(int(high))}"
        if not math.isfinite(most):
            return f"{where}  no finite value"
        if least == most:
            return f"{where}  {least:.8g}"
        return f"{where}  {format_number(least, 6)} … {format_number(most, 6)}"
    return where

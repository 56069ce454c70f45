"""Curve arithmetic: axes and ticks, dots on a canvas, and what is made of curves.

A curve comes in as buckets (where it begins and ends on x, smallest and largest value),
never as points to be thinned out, and a dot column shows the whole range of its buckets: a
spike of one step in a million is drawn. Everything here is a pure function of its values.
"""

from __future__ import annotations

from tui_tracker.curves.axes import (
    Axis,
    log_labels,
    log_ticks,
    nice_range,
    round_step,
    tick_labels,
    ticks,
    value_range,
)
from tui_tracker.curves.canvas import ASCII, BRAILLE, Canvas, Dots, fill, gaps, trace
from tui_tracker.curves.made import (
    Band,
    Spread,
    band,
    crossing,
    difference,
    interpolate,
    smooth,
    smoothed,
)
from tui_tracker.curves.series import Curve, reduce
from tui_tracker.curves.sparkline import sparkline
from tui_tracker.curves.times import duration_label, duration_ticks, time_labels, time_ticks

__all__ = [
    "ASCII",
    "BRAILLE",
    "Axis",
    "Band",
    "Canvas",
    "Curve",
    "Dots",
    "Spread",
    "band",
    "crossing",
    "difference",
    "duration_label",
    "duration_ticks",
    "fill",
    "gaps",
    "interpolate",
    "log_labels",
    "log_ticks",
    "nice_range",
    "reduce",
    "round_step",
    "smooth",
    "smoothed",
    "sparkline",
    "tick_labels",
    "ticks",
    "time_labels",
    "time_ticks",
    "trace",
    "value_range",
]

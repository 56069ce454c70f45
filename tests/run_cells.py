"""Run planned runs of an example in one process, so that scikit-learn is imported once.

    python run_cells.py plan.toml LEFT

The last LEFT of the planned runs are left for `tt plan run`.
"""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

import tui_tracker as tt
from tui_tracker.plan.plan import read_plan

plan = read_plan(Path(sys.argv[1]))
left = int(sys.argv[2])
os.environ["TUI_TRACKER_EXPERIMENT"] = plan.experiment
sys.path.insert(0, os.getcwd())
begin = tt.init
tags = [*plan.tags, f"purpose:{plan.purpose}"]
tt.init = lambda *given, **named: begin(*given, tags=tags, **named)
cells = plan.cells()
for cell in cells[: len(cells) - left]:
    _, *sys.argv = plan.command_of(cell)
    runpy.run_path(sys.argv[0], run_name="__main__")

"""Runs as a folder of TensorBoard: one event file a run.

    FOLDER/<experiment>/<run>/events.out.tfevents.<seconds>.tui_tracker

A metric in a context has the tag `name@context`, what was sampled from the machine
`system/name`. Params are hparams, notes and tags are texts. Values are 32-bit floats there;
the names of folders are written as `spelling.file_name` does, and `tui_tracker.json` says
which run is in which folder. `event_files` tells the format. Checked with TensorBoard 2.21.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from tui_tracker.handing_on.event_files import EventWriter, Value
from tui_tracker.handing_on.folders import RunFolders
from tui_tracker.handing_on.losses import Losses
from tui_tracker.handing_on.points import Stretch, in_chunks, read_points
from tui_tracker.handing_on.secrets import Cleaner
from tui_tracker.queries.answers import ParamValue, RunRow
from tui_tracker.queries.runs import get_rows
from tui_tracker.store import Store

HELD = ("param", "metric", "series of the machine", "tag", "note")
_ENDS = {"finished": 1, "running": 3, "pruned": 1}
"""How a session ended, in the plugin's words: success, running; all else is a failure."""
_ROUNDED = "rounded to a 32-bit float, which is what TensorBoard has"


def write_events(
    store: Store,
    keys: Sequence[int],
    folder: Path,
    *,
    cleaner: Cleaner,
    losses: Losses,
    tell: Callable[[int], None],
) -> RunFolders:
    """Write an event file for each run."""
    places = RunFolders(folder)
    for chunk in in_chunks(store, keys):
        rows = get_rows(store, chunk, params=None, notes=True)
        points = groupby(read_points(store, chunk, system=True), key=lambda one: one.run)
        ahead = next(points, None)
        for row in rows:
            theirs: Iterator[Stretch] = iter(())
            if ahead is not None and ahead[0] == row.key:
                theirs = ahead[1]
            path = places.make(row) / _file(row)
            with path.open("wb") as file:
                _write_run(EventWriter(file, _seconds(row)), row, theirs, cleaner, losses, tell)
            if ahead is not None and ahead[0] == row.key:
                ahead = next(points, None)
    return places


def _write_run(
    writer: EventWriter,
    row: RunRow,
    points: Iterator[Stretch],
    cleaner: Cleaner,
    losses: Losses,
    tell: Callable[[int], None],
) -> None:
    started_s = _seconds(row)
    params = {name: _hparam(cleaner.param(name, v), losses) for name, v in row.params.items()}
    if params:
        writer.hparams(params, started_s)
    writer.texts("notes", map(cleaner.text, row.notes), started_s)
    writer.texts("tags", map(cleaner.text, row.tags), started_s)
    for one in points:
        tag = f"system/{one.label}" if one.system else one.label
        rounded = writer.points(tag, one.steps, one.times_ms, one.values)
        losses.add("value", _ROUNDED, rounded)
        tell(len(one.values))
    if params and row.ended_at is not None:
        writer.end(_ENDS.get(row.status, 2), row.ended_at.timestamp())


def _hparam(value: ParamValue, losses: Losses) -> Value:
    """Return a param as hparams have it: a truth value, a float or a text."""
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, float) or (isinstance(value, int) and abs(value) <= 2**53):
        return float(value)
    losses.add("param", "written as a text: hparams are numbers, texts and truth values")
    return "None" if value is None else json.dumps(value)


def _file(row: RunRow) -> str:
    return f"events.out.tfevents.{int(_seconds(row)):010d}.tui_tracker"


def _seconds(row: RunRow) -> float:
    return row.started_at.timestamp()

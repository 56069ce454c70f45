"""Params as wandb's config files, and as one sweep over the values that they had.

    FOLDER/<experiment>/<run>/config.yaml     for `wandb.init(config=PATH)`
    FOLDER/<experiment>/sweep.yaml            for `wandb sweep`: a grid over the runs' values

A config file has `wandb_version: 1` and of each param `NAME: {desc: null, value: ...}`, as
wandb keeps it in a run's own folder. Names with dots stay as they are: what was nested in
a script is `model.depth` here. Checked with wandb 0.31.

Source: wandb/wandb, wandb/sdk/lib/config_util.py (dict_from_config_file) and the sweep
configuration in its documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tui_tracker.handing_on.folders import RunFolders
from tui_tracker.handing_on.losses import Losses
from tui_tracker.handing_on.secrets import Cleaner
from tui_tracker.handing_on.yaml_writing import yaml_value
from tui_tracker.queries.answers import ParamValue, RunRow
from tui_tracker.queries.runs import get_rows
from tui_tracker.store import Store

HELD = ("param",)
_CHUNK = 500
_RESERVED = "wandb_version"
_MOST_VALUES = 1000
"""Values of one param in a sweep; a grid over more is none."""


def write_configs(
    store: Store,
    keys: Sequence[int],
    folder: Path,
    *,
    cleaner: Cleaner,
    losses: Losses,
    tell: Callable[[int], None],
) -> RunFolders:
    """Write a config file for each run and a sweep for each experiment."""
    places = RunFolders(folder)
    grids: dict[str, dict[str, dict[str, ParamValue]]] = {}
    for start in range(0, len(keys), _CHUNK):
        for row in get_rows(store, keys[start : start + _CHUNK], params=None):
            params = {n: cleaner.param(n, v) for n, v in sorted(row.params.items())}
            if params.pop(_RESERVED, None) is not None:
                losses.add("param", "left out: wandb keeps the name wandb_version for itself")
            _write_config(places, row, params)
            _widen(grids.setdefault(row.experiment, {}), params)
            tell(1)
    for experiment, grid in grids.items():
        _write_sweep(places, experiment, grid, losses)
    return places


def _write_config(places: RunFolders, row: RunRow, params: Mapping[str, ParamValue]) -> None:
    lines = ["wandb_version: 1", ""]
    for name, value in params.items():
        lines += [f"{yaml_value(name)}:", "  desc: null", f"  value: {yaml_value(value)}"]
    path = places.make(row) / "config.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _widen(grid: dict[str, dict[str, ParamValue]], params: Mapping[str, ParamValue]) -> None:
    for name, value in params.items():
        values = grid.setdefault(name, {})
        if len(values) <= _MOST_VALUES:
            # By its text: 1, 1.0 and True are three values of a param.
            values.setdefault(repr(value), value)


def _write_sweep(
    places: RunFolders,
    experiment: str,
    grid: Mapping[str, Mapping[str, ParamValue]],
    losses: Losses,
) -> None:
    lines = ["method: grid", f"name: {yaml_value(experiment)}", "parameters:"]
    for name, values in grid.items():
        if len(values) > _MOST_VALUES:
            losses.add("param", "left out of a sweep: it had more than a thousand values")
            continue
        one = len(values) == 1
        said = yaml_value(next(iter(values.values())) if one else list(values.values()))
        lines += [f"  {yaml_value(name)}:", f"    {'value' if one else 'values'}: {said}"]
    if not grid:
        lines[-1] += " {}"
    place = places.experiment(experiment) / "sweep.yaml"
    place.write_text("\n".join(lines) + "\n", encoding="utf-8")

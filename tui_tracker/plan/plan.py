"""A plan as a value, and its file.

    experiment = "compare_aug_v1"
    purpose = "compare"                      # baseline, sweep, ablation, compare ...
    question = "Which augmentation helps most?"
    tags = ["owner:ann"]
    command = "python train.py --aug {aug} --seed {seed}"
    artifacts = ["best_model.pt", "*.png"]   # what each run has to leave behind
    rule = "highest mean val_f1 with std <= 0.5pp; tie-break by accuracy"

    [params]                                 # the same in every run
    model = "resnet18"

    [grid]                                   # every combination is a configuration
    aug = ["flip", "color_jitter", "cutout"]

    [seeds]
    values = [0, 1, 2]
    param = "seed"                           # what the script calls it; this is the default

    [metrics]
    primary = "val_f1_macro"
    secondary = ["val_accuracy", "train_time_s"]

    [data]
    name = "digits"
    version = "v2025-05-01"

    [budget]
    runs = 9
    hours = 2.0

In `command`, `{aug}` stands for a value of the grid, a param or the seed. The command is
split into words before it is filled, as a shell does; no shell runs it.
"""

from __future__ import annotations

import itertools
import math
import re
import shlex
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from tui_tracker.decide.parse import parse_rule
from tui_tracker.errors import InvalidArgument, RuleInvalid
from tui_tracker.queries.answers import ParamValue
from tui_tracker.values import flatten, plain

MOST_CELLS = 100_000
_FEW = 1000
"""Up to so many values of one param are each compared with each other."""
_KNOWN = ("experiment", "purpose", "question", "tags", "command", "artifacts", "rule", "params",
          "grid", "seeds", "metrics", "data", "budget")  # fmt: skip
_INNER = {
    "seeds": ("values", "param"),
    "metrics": ("primary", "secondary"),
    "data": ("name", "version"),
    "budget": ("runs", "hours"),
}
_PLACE = re.compile(r"\{(\w[\w.]*)\}")


@dataclass(frozen=True, slots=True)
class Cell:
    """One run that was planned: the params it should have, its seed among them."""

    params: Mapping[str, ParamValue]

    @property
    def label(self) -> str:
        return " ".join(f"{key}={value}" for key, value in self.params.items()) or "the one run"


@dataclass(frozen=True, slots=True)
class Plan:
    """What an experiment is meant to contain."""

    experiment: str
    purpose: str = ""
    question: str = ""
    tags: tuple[str, ...] = ()
    command: str = ""
    artifacts: tuple[str, ...] = ()
    """Patterns of paths that every run should leave behind."""
    rule: str = ""
    params: Mapping[str, ParamValue] = field(default_factory=dict)
    grid: Mapping[str, tuple[ParamValue, ...]] = field(default_factory=dict)
    seeds: tuple[ParamValue, ...] = ()
    seed_param: str = "seed"
    primary: str = ""
    secondary: tuple[str, ...] = ()
    data_name: str = ""
    data_version: str = ""
    most_runs: int | None = None
    most_hours: float | None = None
    path: str = ""

    def axes(self) -> list[tuple[str, tuple[ParamValue, ...]]]:
        """Return what varies and its values, the seed last."""
        seeds = [(self.seed_param, self.seeds)] if self.seeds else []
        return [*self.grid.items(), *seeds]

    def cells(self) -> list[Cell]:
        """Return the planned runs, configuration by configuration, seeds innermost."""
        axes = [[(key, value) for value in values] for key, values in self.axes()]
        return [Cell(dict(pairs)) for pairs in itertools.product(*axes)]

    def command_of(self, cell: Cell) -> list[str]:
        """Return the words of the command that makes a planned run."""
        values = {**self.params, **cell.params}
        # Split before it is filled: a value with blanks or quotes stays inside its word.
        return [
            _PLACE.sub(lambda found: str(values[found[1]]), word)
            for word in shlex.split(self.command)
        ]

    def idle_params(self) -> list[str]:
        """Return what varies and does not reach the command: its runs would all be the same."""
        used = {found[1] for found in _PLACE.finditer(self.command)}
        varied = [key for key, values in self.grid.items() if len(values) > 1]
        varied += [self.seed_param] if len(self.seeds) > 1 else []
        return [key for key in varied if key not in used]

    def doubts(self) -> list[str]:
        """Return sentences on what can be run and is likely not meant."""
        idle = self.idle_params() if self.command else []
        return [
            f"{self.path}: the command does not take {{{key}}}, so all its values run the same"
            for key in idle
        ]


def is_same(found: ParamValue, wanted: ParamValue) -> bool:
    """Return whether a run's value is the one that was planned: `1`, `1.0` and `"1"` are."""
    if isinstance(found, (int, float)) and isinstance(wanted, (int, float)):
        try:
            return math.isclose(found, wanted, rel_tol=1e-9)
        except OverflowError:  # a whole number beyond a double
            return found == wanted
    return found == wanted or (found is not None and str(found) == str(wanted))


def read_plan(path: Path) -> Plan:
    """Return the plan in a file.

    Raises:
        InvalidArgument: the file is none, or plans what cannot exist, with the place.
    """
    try:
        # With or without the mark that some editors of Windows begin a file with.
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise InvalidArgument(
            f"there is no plan {str(path)!r}: write one with `tt plan new`"
        ) from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidArgument(f"{path} cannot be read: {error}") from error
    return _plan(table, str(path))


def _plan(table: Mapping[str, Any], where: str) -> Plan:
    _refuse_unknown(table, _KNOWN, where)
    for key, known in _INNER.items():
        _refuse_unknown(_inner(table, key, where), known, f"{where}: [{key}]")
    seeds, metrics = _inner(table, "seeds", where), _inner(table, "metrics", where)
    data, budget = _inner(table, "data", where), _inner(table, "budget", where)
    plan = Plan(
        experiment=_text(table, "experiment", where),
        purpose=_text(table, "purpose", where),
        question=_text(table, "question", where),
        tags=_texts(table, "tags", where),
        command=_text(table, "command", where),
        artifacts=_texts(table, "artifacts", where),
        rule=_text(table, "rule", where),
        params=cast("Mapping[str, ParamValue]", flatten(_inner(table, "params", where))),
        grid=_grid(_inner(table, "grid", where), where),
        seeds=_values(seeds, "values", f"{where}: [seeds]"),
        seed_param=_text(seeds, "param", where) or "seed",
        primary=_text(metrics, "primary", where),
        secondary=_texts(metrics, "secondary", where),
        data_name=_text(data, "name", where),
        data_version=_text(data, "version", where),
        most_runs=_number(budget, "runs", where, whole=True),  # type: ignore[arg-type]
        most_hours=_number(budget, "hours", where),
        path=where,
    )
    _refuse_impossible(plan, where)
    return plan


def _refuse_impossible(plan: Plan, where: str) -> None:
    if not plan.experiment:
        raise InvalidArgument(f'{where}: a plan names its experiment: experiment = "sweep_lr"')
    both = sorted({*plan.params, plan.seed_param} & {*plan.grid})
    both += [plan.seed_param] if plan.seeds and plan.seed_param in plan.params else []
    if both:
        raise InvalidArgument(f"{where}: {both[0]!r} is both fixed and varied")
    if nowhere := [key for key, value in plan.params.items() if value != value]:
        raise InvalidArgument(f"{where}: {nowhere[0]} cannot be nan: no run is known by it")
    _refuse_size(plan, where)
    _refuse_places(plan, where)
    if plan.rule:
        try:
            parse_rule(plan.rule)
        except RuleInvalid as error:
            raise InvalidArgument(f"{where}: {error}") from error


def _refuse_size(plan: Plan, where: str) -> None:
    count = len(plan.seeds) or 1
    for values in plan.grid.values():
        count *= len(values)
    if count > MOST_CELLS:
        raise InvalidArgument(f"{where}: {count:,} runs are planned, {MOST_CELLS:,} at most")
    if plan.most_runs is not None and count > plan.most_runs:
        raise InvalidArgument(
            f"{where}: the grid has {count:,} runs and the budget {plan.most_runs:,}"
        )


def _refuse_places(plan: Plan, where: str) -> None:
    """Raise where the command has a place that nothing fills."""
    try:
        shlex.split(plan.command)
    except ValueError as error:
        problem = f"{where}: the command has a quote that is not closed"
        raise InvalidArgument(f"{problem}: {plan.command!r:.80}") from error
    known = [*plan.params, *plan.grid, *([plan.seed_param] if plan.seeds else [])]
    for found in _PLACE.finditer(plan.command):
        if found[1] not in known:
            near = get_close_matches(found[1], known, n=1)
            hint = f"did you mean {{{near[0]}}}?" if near else f"there are {', '.join(known)}"
            raise InvalidArgument(f"{where}: the command asks for {{{found[1]}}}: {hint}")


def _refuse_unknown(table: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    for key in table:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            raise InvalidArgument(f"{where}: {key!r} means nothing: {hint}")


def _inner(table: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    found = table.get(key, {})
    if not isinstance(found, dict):
        raise InvalidArgument(f"{where}: {key} is a table: [{key}]")
    return found


def _text(table: Mapping[str, Any], key: str, where: str) -> str:
    found = table.get(key, "")
    if not isinstance(found, (str, int, float)):
        raise InvalidArgument(f"{where}: {key} is a text, not {found!r:.60}")
    return str(found)


def _texts(table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    found = table.get(key, [])
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise InvalidArgument(f"{where}: {key} is a list of texts")
    return tuple(found)


def _values(table: Mapping[str, Any], key: str, where: str) -> tuple[ParamValue, ...]:
    found = table.get(key, [])
    if not isinstance(found, list):
        raise InvalidArgument(f"{where}: {key} is a list")
    for item in found:
        if item != item or isinstance(item, dict):
            raise InvalidArgument(f"{where}: {key} cannot be {item!r:.60}: no run is known by it")
    for one, other in itertools.combinations(found, 2) if len(found) <= _FEW else ():
        if is_same(one, other):
            both = f": {one!r:.40} and {other!r:.40}" if repr(one) != repr(other) else ""
            raise InvalidArgument(f"{where}: {key} names one value twice{both}")
    if len({repr(item) for item in found}) < len(found):
        raise InvalidArgument(f"{where}: {key} names one value twice")
    # As a run keeps its params: a date is its text.
    return tuple(cast("ParamValue", plain(item)) for item in found)


def _grid(table: Mapping[str, Any], where: str) -> dict[str, tuple[ParamValue, ...]]:
    named = _dotted(table)
    grid = {key: _values(named, key, f"{where}: [grid]") for key in named}
    for key, values in grid.items():
        if not values:
            raise InvalidArgument(f"{where}: {key} in [grid] has no value, so nothing would run")
    return grid


def _dotted(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the values of a table and those within it by name: `optimizer.lr` is a param."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        inner = _dotted(value, f"{prefix}{key}.") if isinstance(value, dict) else {}
        found |= inner or {f"{prefix}{key}": value}
    return found


def _number(table: Mapping[str, Any], key: str, where: str, *, whole: bool = False) -> float | None:
    found = table.get(key)
    kinds = int if whole else (int, float)
    if found is None:
        return None
    if not isinstance(found, kinds) or isinstance(found, bool) or not found > 0:
        raise InvalidArgument(f"{where}: {key} in [budget] is a number above 0, not {found!r}")
    return found

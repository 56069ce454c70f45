"""Trials of Optuna as runs, whatever kind of storage they were kept in.

A study is an experiment, a trial a run named `trial N`. A param is kept as a number and becomes
what the script saw by its distribution: a whole number, or one of the choices. Attributes
of the user are tags; those of a study are tags of all its trials, named `study.KEY`. What a search
says of itself (directions, distributions, what samplers and pruners noted) is the
lineage part `search`. Objectives are metrics named `value`, or `value_0`, `value_1` ..., or
as the study names them, with one point; intermediate values are the metric `intermediate`.

Source: optuna/optuna, optuna/distributions.py (json_to_distribution), optuna/trial/_state.py,
optuna/study/_study_direction.py, optuna/study/study.py (set_metric_names).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tui_tracker.importers.cells import parsed, text
from tui_tracker.importers.records import ImportedNote, ImportedRun, ParamValue, Status, flatten

TOOL = "optuna"
INTERMEDIATE = "intermediate"
STATES = ("RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING")
"""As numbered in a journal."""
DIRECTIONS = ("NOT_SET", "MINIMIZE", "MAXIMIZE")
METRIC_NAMES = "study:metric_names"
_STATUSES: Mapping[str, Status] = {"COMPLETE": "finished", "PRUNED": "pruned", "FAIL": "failed"}
_LONGEST_NOTED = 2_000


@dataclass(slots=True)
class Study:
    """A study, as far as it is known by now."""

    name: str
    directions: list[str] = field(default_factory=list)
    user: dict[str, object] = field(default_factory=dict)
    system: dict[str, object] = field(default_factory=dict)

    def objective(self, number: int, count: int) -> str:
        """Return the name of the metric that an objective is."""
        names = self.system.get(METRIC_NAMES)
        if isinstance(names, list) and number < len(names):
            return text(names[number]) or f"value_{number}"
        return "value" if max(count, len(self.directions)) < 2 else f"value_{number}"


@dataclass(slots=True)
class Trial:
    """A trial, as far as it is known by now."""

    study: Study
    number: int
    state: str = "RUNNING"
    started_at: datetime | None = None
    ended_at: datetime | None = None
    params: dict[str, tuple[float | None, object]] = field(default_factory=dict)
    """The number that is kept, and the distribution."""
    user: dict[str, object] = field(default_factory=dict)
    system: dict[str, object] = field(default_factory=dict)

    def is_open(self) -> bool:
        return self.state not in _STATUSES


def key_of(path: Path, trial: Trial) -> str:
    """Return a trial's key: numbers begin at 0 in each study, so the file is part of it."""
    return f"{path.resolve()}:{trial.study.name}:{trial.number}"


def as_run(path: Path, trial: Trial, open_status: Status) -> ImportedRun:
    """Return a trial as a run; `open_status` is what one without an end is."""
    study = trial.study
    params: dict[str, object] = {
        name: external(value, distribution) for name, (value, distribution) in trial.params.items()
    }
    tags = [_tag(name, value) for name, value in trial.user.items()]
    tags += [_tag(f"study.{name}", value) for name, value in study.user.items()]
    tags += ["waiting"] if trial.state == "WAITING" else []
    reason = text(trial.system.get("fail_reason"))
    return ImportedRun(
        key=key_of(path, trial),
        id=str(trial.number),
        name=f"trial {trial.number}",
        experiment=study.name,
        status=_STATUSES.get(trial.state, open_status),
        path=path,
        started_at=trial.started_at,
        ended_at=trial.ended_at,
        params=flatten(params),
        tags=[tag for tag in tags if tag],
        notes=[ImportedNote(reason)] if reason else [],
        lineage={"search": _search(trial)},
    )


def external(value: float | None, distribution: object) -> ParamValue:
    """Return what the script saw of a param; the number itself where its distribution is odd."""
    facts = distribution if isinstance(distribution, dict) else {}
    name = text(facts.get("name") or facts.get("type"))
    inner = facts.get("attributes", facts)
    if value is None or not isinstance(inner, dict):
        return value
    choices = inner.get("choices")
    try:
        if isinstance(choices, list):
            return next(iter(flatten({"choice": choices[int(value)]}).values()))
        if name.lower().startswith("int"):
            return int(value)
    except (ValueError, OverflowError, IndexError):
        return value
    return value


def attribute(cell: object) -> object:
    """Return an attribute, which is kept as JSON."""
    value = parsed(cell)
    return text(cell) if value is None and text(cell) != "null" else value


def _tag(name: str, value: object) -> str:
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"{name}:{shown}" if shown else name


def _search(trial: Trial) -> Mapping[str, object]:
    study = trial.study
    directions: Sequence[str] = study.directions
    count = len(directions)
    facts: dict[str, object] = {
        "study": study.name,
        "directions": {
            study.objective(number, count): direction.lower()
            for number, direction in enumerate(directions)
        },
        "distributions": {name: kept for name, (_, kept) in trial.params.items()},
        "noted": {
            name: value
            for name, value in {**study.system, **trial.system}.items()
            if name != METRIC_NAMES and len(repr(value)) <= _LONGEST_NOTED
        },
    }
    return {name: value for name, value in facts.items() if value}

"""Compares what a log was parsed to with what its `truth.json` says."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from pathlib import Path

from tui_tracker.parsing.result import ParsedLog, ParsedRun


@dataclass
class Report:
    """How much of a truth was found."""

    wanted: int = 0
    found: int = 0
    wrong: list[str] = field(default_factory=list)
    params: int = 0
    params_found: int = 0
    finals: int = 0
    finals_found: int = 0
    extra: list[str] = field(default_factory=list)
    """Series that the truth does not list."""
    said: list[str] = field(default_factory=list)
    """What differs besides values."""


def check(log: ParsedLog, truth_path: Path) -> Report:
    truth = json.loads(truth_path.read_text())
    report = Report()
    accept = {(row[0], row[1]): row[2:] for row in truth.get("accept", [])}
    by_name = {run.name: run for run in log.runs}
    for number, wanted in enumerate(truth["runs"]):
        run = by_name.get(wanted["name"])
        if run is None:
            run = log.runs[number] if number < len(log.runs) else ParsedRun("none")
        _check_run(run, wanted, accept, report)
    if len(log.runs) != len(truth["runs"]):
        report.said.append(f"{len(log.runs)} runs, not {len(truth['runs'])}")
    if sorted(log.missing) != sorted(truth["lineage_missing"]):
        report.said.append(f"missing differs: {set(log.missing) ^ set(truth['lineage_missing'])}")
    status = {run.status for run in log.runs}
    if truth["status"] not in status:
        report.said.append(f"status {status}, not {truth['status']}")
    files = [path for run in log.runs for path in run.artifacts + run.used]
    if set(files) != set(truth["artifacts_mentioned"]):
        report.said.append(f"artifacts {files}, not {truth['artifacts_mentioned']}")
    return report


def _check_run(run: ParsedRun, wanted: dict, accept: dict, report: Report) -> None:
    taken: set[str] = set()
    for name, series in wanted["series"].items():
        _check_series(run, name, series, accept, report, taken)
    report.extra += [f"{name}" for name in run.metrics if name not in taken]
    for key, value in wanted["params"].items():
        report.params += 1
        report.params_found += key in run.params and run.params[key] == value
    for key, value in wanted["final"].items():
        report.finals += 1
        told = value["value"]
        near = abs(run.final.get(key, math.inf) - told) <= value.get("tol", 1e-9)
        report.finals_found += near


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9@()]+", "_", name.lower())


def _check_series(run, name, wanted, accept, report, taken) -> None:
    names = {name, *wanted.get("aliases", [])}
    found = next((n for n in run.metrics if n in names), None)
    if found is None:
        plain = {_plain(n) for n in names}
        found = next((n for n in run.metrics if _plain(n) in plain), None)
    points = wanted["points"]
    report.wanted += len(points)
    if found is None:
        report.wrong.append(f"no {name!r}")
        return
    taken.add(found)
    series = run.metrics[found]
    got = {_key(step): value for step, value in series.points()}
    for step, value in points:
        key = _key(step)
        rows = accept.get((name, step if not isinstance(step, list) else None))
        near = key in got and _near(got[key], value, wanted, rows)
        report.found += near
        if not near:
            report.wrong.append(f"{name} at {step}: {got.get(key)} for {value}")
    if len(got) > len(points):
        report.wrong.append(f"{name}: {len(got)} points for {len(points)}")
    if series.axis != wanted["axis"]:
        report.said.append(f"axis {series.axis!r} of {name}, not {wanted['axis']!r}")


def _key(step):
    return tuple(step) if isinstance(step, (list, tuple)) else step


def _near(got, value, wanted, rows) -> bool:
    if isinstance(value, str):
        value = float(value.replace("Infinity", "inf"))
    choices = [value, value * 100]
    if rows:
        choices += [rows[0] / rows[1], rows[2]]
    tol = max(wanted.get("abs_tol", 0), wanted.get("rel_tol", 0) * abs(value), 1e-6)
    return any(
        abs(got - choice) <= tol or (math.isnan(got) and math.isnan(choice)) for choice in choices
    )

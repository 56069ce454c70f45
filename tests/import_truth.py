"""What a reader hands on, gathered into whole runs and compared with what is known of them.

`read_all(path)` reads a copy of a store whose files are a day old, and proves that nothing in it
was changed; `check(found, item)` compares it with the store's `truth.json`, exactly, and prints
a line of figures. `gather` also holds every piece against the contract of `records.py`.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from tui_tracker.importers import find_sources
from tui_tracker.importers.records import (
    ImportedArtifact,
    ImportedRun,
    Piece,
    Points,
    Printed,
    StartedOver,
    Unread,
    flatten,
    ms_from_utc,
)

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
_DAY_S = 86_400
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_STATUS = {"running", "finished", "failed", "killed", "crashed", "pruned"}


@dataclass(slots=True)
class Series:
    """All points of one metric, in log order."""

    steps: list[int] = field(default_factory=list)
    times_ms: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Gathered:
    """A run with all its points and printed lines."""

    run: ImportedRun
    metrics: dict[tuple[str, str], Series] = field(default_factory=dict)
    """By name and context."""
    system: dict[tuple[str, str], Series] = field(default_factory=dict)
    printed: list[tuple[int, str, str]] = field(default_factory=list)

    def series(self, name: str) -> Series:
        """Return a metric by its name, or by name and context as `name {context}`."""
        found = [
            series
            for (metric, context), series in self.metrics.items()
            if name in (metric, f"{metric} {{{context}}}")
        ]
        assert len(found) == 1, f"{len(found)} series are {name!r} of {sorted(self.metrics)}"
        return found[0]


@dataclass(slots=True)
class Found:
    """All that was read at or below a path."""

    runs: dict[str, Gathered] = field(default_factory=dict)
    """By key."""
    unread: list[Unread] = field(default_factory=list)
    tools: set[str] = field(default_factory=set)

    def one(self, wanted: str) -> Gathered:
        """Return the run with this id, or else this name."""
        for tell in (lambda run: run.id, lambda run: run.name):
            named = [one for one in self.runs.values() if tell(one.run) == wanted]
            if named:
                assert len(named) == 1, f"{len(named)} runs are {wanted!r}"
                return named[0]
        raise AssertionError(f"no run {wanted!r} in {[one.run.id for one in self.runs.values()]}")

    @property
    def points(self) -> int:
        return sum(len(s.steps) for one in self.runs.values() for s in one.metrics.values())


def truth_of(item: str) -> dict[str, Any]:
    """Return the truth of a store in the shared folder; the test is skipped where it is absent."""
    file = SHARED / item / "truth.json"
    if not file.exists():
        pytest.skip(f"{file} is not here: the data of other tools are kept beside the repository")
    truth: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return truth


def aged_copy(source: Path, target: Path) -> Path:
    """Copy a store, links as links; all its files were written a day ago, as far as they tell."""
    shutil.copytree(source, target, symlinks=True)
    for path in target.rglob("*"):
        age(path)
    return target


def age(path: Path, seconds: float = _DAY_S) -> None:
    """Set back the time of a file's last change."""
    moment = time.time() - seconds
    os.utime(path, (moment, moment), follow_symlinks=False)


def read_item(item: str, tmp_path: Path, *, tool: str = "") -> Found:
    """Return all that a store of the shared folder holds, read from a copy under its own name."""
    truth_of(item)
    return read_all(aged_copy(SHARED / item, tmp_path / item), tool=tool)


def read_all(path: Path, *, tool: str = "") -> Found:
    """Return all that can be read at or below a path, twice over; nothing in it may change."""
    before = fingerprint(path)
    unread: list[Unread] = []
    pieces: list[Piece] = []
    tools = set()
    for source in find_sources(path, tool=tool, tell=unread.append):
        tools.add(source.tool)
        reader = source.open()
        try:
            pieces += reader.read()
            again = [one for one in reader.read() if isinstance(one, (Points, Printed))]
        finally:
            reader.close()
        assert not again, f"a second read of what did not grow told of {again[:3]} anew"
    assert fingerprint(path) == before, "reading changed the source"
    found = gather(pieces)
    found.unread = unread + found.unread
    found.tools = tools
    return found


def fingerprint(path: Path) -> dict[str, tuple[str, int]]:
    """Return the content's hash and the time of change of each file at or below a path."""
    files = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
    return {
        str(one): (hashlib.sha256(one.read_bytes()).hexdigest(), one.stat().st_mtime_ns)
        for one in files
        if os.access(one, os.R_OK)
    }


def gather(pieces: Iterable[Piece], found: Found | None = None) -> Found:
    """Return whole runs, made of pieces as a store would make them; adds to `found`."""
    found = Found() if found is None else found
    for piece in pieces:
        if isinstance(piece, Unread):
            assert piece.problem
            found.unread.append(piece)
        elif isinstance(piece, StartedOver):
            found.runs.pop(piece.run, None)
        elif isinstance(piece, ImportedRun):
            _check_run(piece)
            known = found.runs.setdefault(piece.key, Gathered(piece))
            known.run = piece
        elif isinstance(piece, Printed):
            _known(found, piece.run).printed += _checked_lines(piece)
        else:
            _add(_known(found, piece.run), piece)
    return found


def _known(found: Found, key: str) -> Gathered:
    assert key in found.runs, f"points or lines of {key!r} came before its run"
    return found.runs[key]


def _add(run: Gathered, points: Points) -> None:
    count = len(points.steps)
    assert count > 0
    assert count == len(points.times_ms) == len(points.values)
    assert all(type(step) is int and -(2**63) <= step < 2**63 for step in points.steps)
    assert all(type(at) is int and -(2**63) <= at < 2**63 for at in points.times_ms)
    assert all(type(value) is float for value in points.values)
    assert points.metric
    kind = run.system if points.system else run.metrics
    series = kind.setdefault((points.metric, points.context), Series())
    series.steps += points.steps
    series.times_ms += points.times_ms
    series.values += points.values


def _checked_lines(piece: Printed) -> list[tuple[int, str, str]]:
    assert all(
        type(at) is int and stream in ("o", "e") and "\n" not in text
        for at, stream, text in piece.lines
    )
    return list(piece.lines)


def _check_run(run: ImportedRun) -> None:
    assert run.key
    assert run.id
    assert run.name
    assert run.experiment
    assert run.status in _STATUS
    assert run.parent != run.key
    for moment in (run.started_at, run.ended_at, *(note.at for note in run.notes)):
        assert moment is None or moment.tzinfo is not None
    for name, value in run.params.items():
        assert isinstance(name, str)
        assert value is None or type(value) in (bool, int, float, str, list), (name, value)
    assert all(type(tag) is str and tag for tag in run.tags), run.tags
    for artifact in run.artifacts:
        parts = PurePosixPath(artifact.path).parts
        assert parts, artifact
        assert not {"..", "/", ".", ""} & set(parts), artifact
        assert artifact.file is None or artifact.file.is_file(), artifact
    for facts in run.lineage.values():
        json.dumps(facts)


# -- the comparison


@dataclass(slots=True)
class _Figures:
    runs: int = 0
    params: int = 0
    metrics: int = 0
    points: int = 0
    tags: int = 0
    artifacts: int = 0
    extra: set[str] = field(default_factory=set)


def check(
    found: Found,
    truth: Mapping[str, Any],
    *,
    exact: bool = True,
    more_params: bool = False,
    not_told: frozenset[str] | set[str] = frozenset(),
) -> None:
    """Compare all runs with the truth and print the figures of it.

    `exact`: the source holds float64, so values are equal to the last bit; else they are within
    the truth's `float_rel_tol`. `more_params`: the tool adds params of its own. `not_told` names
    what the store does not hold: `name`, `status`, `start_time`, `end_time`, `params`, `tags`.
    Metrics beyond the truth's are printed, and no mistake: the truth lists what matters.
    """
    figures = _Figures()
    tolerance = 0.0 if exact else float(truth["float_rel_tol"])
    for expected in truth["runs"]:
        actual = found.one(str(expected["id"] if expected["id"] is not None else expected["name"]))
        where = f"{truth['item']}: {expected['name']}"
        _check_facts(actual, expected, where, not_told, float(truth["time_tolerance_s"]))
        if "params" not in not_told:
            _check_params(actual.run, expected, where, more_params)
        if "tags" not in not_told:
            _check_tags(actual.run, expected, where)
        _check_metrics(actual, expected, where, tolerance, figures)
        _check_artifacts(actual.run, expected, where)
        figures.runs += 1
        figures.params += len(flatten(expected["params"]))
        figures.tags += len(expected["tags"])
        figures.artifacts += len(expected["artifacts"])
    assert len(found.runs) == len(truth["runs"]), (
        f"{len(found.runs)} runs, not {len(truth['runs'])}: {sorted(found.runs)}"
    )
    print(_line(truth["item"], figures, len(found.unread)))


def _line(item: str, figures: _Figures, unread: int) -> str:
    more = f"; further series: {', '.join(sorted(figures.extra))}" if figures.extra else ""
    return (
        f"{item}: {figures.runs} runs, {figures.params} params, {figures.metrics} metrics with "
        f"{figures.points} points, {figures.tags} tags, {figures.artifacts} artifacts as stated; "
        f"{unread} warnings{more}"
    )


def _check_facts(
    actual: Gathered,
    expected: Mapping[str, Any],
    where: str,
    not_told: frozenset[str] | set[str],
    tolerance_s: float,
) -> None:
    run = actual.run
    told = not _all_lost(expected)
    if told and "name" not in not_told:
        assert run.name == expected["name"], where
    if told and expected["experiment"] is not None:
        assert run.experiment == expected["experiment"], where
    if "status" not in not_told:
        assert run.status == expected["status"], where
    if expected.get("lifecycle_stage") == "deleted":
        assert run.archived, where
    if expected.get("parent_id"):
        assert str(expected["parent_id"]) in run.parent, where
    if expected["start_time"] and "start_time" not in not_told and not _all_lost(expected):
        _check_time(_started(actual), expected["start_time"], tolerance_s, f"{where}: start")
    if expected["end_time"] and "end_time" not in not_told:
        assert run.ended_at is not None, f"{where}: no end"
        end = ms_from_utc(run.ended_at)
        _check_time(end, expected["end_time"], tolerance_s, f"{where}: end")


def _all_lost(expected: Mapping[str, Any]) -> bool:
    return bool(expected.get("metrics_lost") == "all")


def _started(actual: Gathered) -> int:
    if actual.run.started_at is not None:
        return ms_from_utc(actual.run.started_at)
    return min(series.times_ms[0] for series in actual.metrics.values())


def _check_time(actual_ms: int, expected: str, tolerance_s: float, where: str) -> None:
    apart = abs(actual_ms / 1000 - datetime.fromisoformat(expected).timestamp())
    assert apart <= tolerance_s, f"{where} is {apart} s apart from {expected}"


def _check_params(
    run: ImportedRun, expected: Mapping[str, Any], where: str, more_params: bool
) -> None:
    if _all_lost(expected):
        return
    wanted = flatten(expected["params"])
    actual = dict(run.params)
    if more_params:
        actual = {name: value for name, value in actual.items() if name in wanted}
    assert _plain(actual) == _plain(wanted), where


def _plain(params: Mapping[str, object]) -> dict[str, str]:
    """Return params as text with their types: True is no 1, and 1 no 1.0."""
    return {name: repr(value) for name, value in sorted(params.items())}


def _check_tags(run: ImportedRun, expected: Mapping[str, Any], where: str) -> None:
    tags = expected["tags"]
    if isinstance(tags, list):
        wanted = set(tags)
    else:
        notes = {note.text for note in run.notes}
        assert tags.get("mlflow.note.content", "") in {"", *notes}, where
        # A key without a value is written as true.
        wanted = {
            name if value is True else f"{name}:{value}"
            for name, value in tags.items()
            if name != "mlflow.note.content"
        }
    assert wanted <= set(run.tags), f"{where}: {wanted - set(run.tags)} missing in {run.tags}"


def _check_metrics(
    actual: Gathered,
    expected: Mapping[str, Any],
    where: str,
    tolerance: float,
    figures: _Figures,
) -> None:
    lost = expected.get("metrics_lost") or {}
    if lost == "all":
        assert not actual.metrics, where
        return
    stated = expected.get("metrics_in_store") or expected["metrics"]
    for name, facts in stated.items():
        series = actual.series(name)
        place = f"{where}: {name}"
        if expected.get("metrics_at_least"):
            assert len(series.values) >= facts["n"], place
            continue
        _check_series(series, facts, tolerance, place)
        figures.metrics += 1
        figures.points += len(series.values)
    names = {(metric, context) for metric, context in actual.metrics}
    figures.extra |= {
        metric if not context else f"{metric} {{{context}}}"
        for metric, context in names
        if not {metric, f"{metric} {{{context}}}"} & set(stated)
    }


def _check_series(series: Series, facts: Mapping[str, Any], tolerance: float, place: str) -> None:
    finite = [value for value in series.values if math.isfinite(value)]
    assert len(series.values) == facts["n"], place
    assert series.steps[0] == facts["first_step"], place
    assert series.steps[-1] == facts["last_step"], place
    same_value(series.values[0], facts["first"], tolerance, f"{place}: first")
    same_value(series.values[-1], facts["last"], tolerance, f"{place}: last")
    if facts.get("min") is not None:
        same_value(min(finite), facts["min"], tolerance, f"{place}: min")
        same_value(max(finite), facts["max"], tolerance, f"{place}: max")
    assert sum(map(math.isnan, series.values)) == facts.get("n_nan", 0), place
    assert sum(map(math.isinf, series.values)) == facts.get("n_inf", 0), place
    if "n_distinct_steps" in facts:
        assert len(set(series.steps)) == facts["n_distinct_steps"], place
    if "steps_monotonic" in facts:
        assert (series.steps == sorted(series.steps)) is facts["steps_monotonic"], place


def same_value(actual: float, expected: float | str, tolerance: float, place: str) -> None:
    """Fail unless two values are equal, or as near as the tolerance; NaN equals NaN."""
    wanted = _SPECIAL[expected] if isinstance(expected, str) else float(expected)
    if math.isnan(wanted):
        assert math.isnan(actual), place
    elif tolerance:
        assert math.isclose(actual, wanted, rel_tol=tolerance, abs_tol=1e-12), (
            f"{place} is {actual!r}, not {wanted!r}"
        )
    else:
        assert actual == wanted, f"{place} is {actual!r}, not {wanted!r}"


def _check_artifacts(run: ImportedRun, expected: Mapping[str, Any], where: str) -> None:
    for wanted in expected["artifacts"]:
        artifact = _artifact(run, wanted["path"], where)
        assert artifact.file is not None, f"{where}: {wanted['path']} has no bytes"
        content = artifact.file.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        assert (len(content), digest) == (wanted["size"], wanted["sha256"]), where
        assert artifact.sha256 in ("", digest), where
        assert artifact.size_bytes in (None, len(content)), where


def _artifact(run: ImportedRun, path: str, where: str) -> ImportedArtifact:
    """Return the artifact whose path is this one, which may begin with the run's own folder."""
    found = [one for one in run.artifacts if f"/{path}".endswith(f"/{one.path}")]
    found = [one for one in found if one.path == path] or found
    assert len(found) == 1, f"{where}: {len(found)} artifacts are {path}"
    return found[0]

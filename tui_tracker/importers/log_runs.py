"""The runs of a log, made of the events of its parser."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tui_tracker.importers.batches import Batches
from tui_tracker.importers.claims import Claim
from tui_tracker.importers.files import safe_name
from tui_tracker.importers.records import (
    ImportedArtifact,
    ImportedNote,
    ImportedRun,
    ParamValue,
    Piece,
    Status,
    utc_from_ms,
)
from tui_tracker.importers.run_folders import experiment_of, run_id
from tui_tracker.parsing.events import (
    LINEAGE,
    Begun,
    Ended,
    Event,
    Fact,
    Final,
    Mentioned,
    Named,
    Param,
    Resumed,
    Unclear,
    Values,
)
from tui_tracker.parsing.steps import WholeSteps

_MOST_FILES = 1000
_MOST_RUNS = 20_000
_Time = Callable[[int], int]


@dataclass(slots=True)
class _Run:
    """What is known of one run."""

    key: str
    name: str
    started_ms: int
    parent: str = ""
    status: Status | None = None
    is_trial: bool = False
    params: dict[str, ParamValue] = field(default_factory=dict)
    artifacts: dict[str, bool] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    recognised: dict[str, dict[str, object]] = field(default_factory=dict)
    """By metric: what it was recognised by, its axis, the line of its first value, how many."""
    notes: list[str] = field(default_factory=list)
    ended_ms: int | None = None
    last_step: int = 0
    steps: WholeSteps = field(default_factory=WholeSteps)
    told: object = None


class LogRuns:
    """Takes events, gives pieces."""

    def __init__(self, claim: Claim, key: str) -> None:
        self._claim, self._key = claim, key
        self._runs: dict[int, tuple[_Run, str]] = {}
        """By the parser's number: the run, and the context of its rank."""
        self._all: list[_Run] = []
        self._bounds: list[tuple[int, str]] = []
        self._batches = Batches()
        self._lines = (0, 0)
        self._main: _Run | None = None

    @property
    def is_plain(self) -> bool:
        """Whether no value was found."""
        return not any(run.recognised for run in self._all)

    def list_keys(self) -> list[str]:
        return [run.key for run in self._all]

    def bounds(self) -> tuple[list[int], list[str]]:
        """Return the lines at which runs begin that lines belong to, and their keys."""
        bounds = [(0, self._key), *self._bounds]
        return [line for line, _ in bounds], [key for _, key in bounds]

    def tell_lines(self, lines: int, unused: int) -> None:
        self._lines = (lines, unused)

    def take(self, event: Event, time: _Time) -> None:
        """Take an event; `time` tells when a line was printed."""
        if isinstance(event, Begun):
            self._whole(time(1))
            self._begin(event, time(event.line))
            return
        found = self._runs.get(-1 if isinstance(event, Unclear) else event.run)
        if found is None:
            return
        run, context = found
        if isinstance(event, Values):
            self._values(run, context, event, time(event.line))
        elif isinstance(event, Final):
            self._final(run, context, event, time(event.line))
        else:
            _single(run, event, time)
            if isinstance(event, Named):
                self._as_trial(run, event.name)

    def _begin(self, event: Begun, at_ms: int) -> None:
        main = self._whole(at_ms)
        if event.rank and not event.trial:
            self._runs[event.run] = (main, f"rank{event.rank}" if event.rank != "0" else "")
        elif event.trial:
            self._runs[event.run] = (self._add(event.name, at_ms, main.key), "")
            self._as_trial(self._runs[event.run][0], event.name)
        elif not self._runs:
            self._runs[event.run] = (main, "")
        elif len(self._all) < _MOST_RUNS:
            run = self._add(f"{main.name} {len(self._all) + 1}", at_ms, "")
            self._runs[event.run] = (run, "")
            self._bounds.append((event.line, run.key))

    def _add(self, name: str, at_ms: int, parent: str) -> _Run:
        run = _Run(f"{self._key}/{len(self._all)}", name, at_ms, parent)
        self._all.append(run)
        return run

    def _as_trial(self, run: _Run, name: str) -> None:
        run.name, run.is_trial = name, True
        if run is not self._main:
            run.parent = self._key

    def _whole(self, at_ms: int) -> _Run:
        """Return the run of the log as a whole."""
        if self._main is None:
            name = self._claim.path.stem or self._claim.path.name
            self._main = _Run(self._key, name, at_ms)
            self._all.append(self._main)
        return self._main

    def _values(self, run: _Run, context: str, event: Values, at_ms: int) -> None:
        for name, value in zip(event.names, event.values, strict=True):
            series = f"{name}@{context}" if context else name
            step = run.steps.whole(series, event.step, event.total)
            self._batches.add(run.key, name, step, at_ms, value, context)
            known = run.recognised.get(series)
            if known is None:
                run.recognised[series] = {
                    "by": event.how,
                    "axis": event.axis,
                    "line": event.line,
                    "values": 1,
                }
            else:
                known["values"] = int(str(known["values"])) + 1
            run.last_step = step
        if not isinstance(event.step, int) and "epoch" not in event.names:
            epoch = event.step[0] if isinstance(event.step, tuple) else event.step
            self._batches.add(run.key, "epoch", run.last_step, at_ms, float(epoch), context)

    def _final(self, run: _Run, context: str, event: Final, at_ms: int) -> None:
        """Take a value for the run as a whole: one point at the last step."""
        self._batches.add(run.key, event.name, run.last_step, at_ms, event.value, context)
        series = f"{event.name}@{context}" if context else event.name
        facts = {"by": event.how, "axis": "", "line": event.line, "values": 1}
        run.recognised.setdefault(series, facts)

    def pieces(self) -> Iterator[Piece]:
        """Yield what is new: runs that nobody heard of, then their points."""
        for run in self._all:
            if run.told is None:
                yield self._imported(run, "running")
        yield from self._batches.take()

    def settle(self, status: Status, now_ms: int) -> Iterator[Piece]:
        """Yield the runs of which more is known by now."""
        self._whole(now_ms)
        for run in self._all:
            is_last = run is self._all[-1] or run is self._main
            imported = self._imported(run, status if is_last else "finished", now_ms)
            if imported is not None and imported != run.told:
                run.told = imported
                yield imported
        yield from self._batches.take()

    def _imported(self, run: _Run, status: Status, now_ms: int | None = None) -> ImportedRun:
        told: Status = run.status if run.status and status != "running" else status
        if run.is_trial and run.status:
            told = run.status
        ended = run.ended_ms if run.is_trial else (now_ms if told != "running" else None)
        made = ImportedRun(
            key=run.key,
            id=run_id(self._claim) + run.key[len(self._key) :],
            name=run.name,
            experiment=experiment_of(self._claim),
            status=told,
            path=self._claim.path,
            started_at=utc_from_ms(run.started_ms),
            ended_at=utc_from_ms(ended),
            parent=run.parent,
            params=dict(run.params),
            notes=[ImportedNote(text) for text in run.notes],
            artifacts=self._artifacts(run),
            lineage=self._lineage(run),
        )
        if run.told is None:
            run.told = made
        return made

    def _artifacts(self, run: _Run) -> list[ImportedArtifact]:
        found: dict[str, ImportedArtifact] = {}
        for path, used in run.artifacts.items():
            # Outside of the log's folder only the name is left, without its root.
            name = safe_name(path) or safe_name(path.replace("\\", "/").lstrip("/").split(":")[-1])
            if name is None or name in found:
                continue
            file = self._claim.path.parent / name
            inside = safe_name(path) is not None and os.path.isfile(file)
            found[name] = ImportedArtifact(name, file if inside else None, used=used)
        return list(found.values())

    def _lineage(self, run: _Run) -> dict[str, dict[str, object]]:
        facts = run.facts
        parts: dict[str, dict[str, object]] = {}
        if run.recognised or run is self._main:
            lines, unused = self._lines
            parts["printed"] = {
                "metrics": {name: dict(facts) for name, facts in run.recognised.items()},
                "lines": lines,
                "unused_lines": unused,
                "missing": [name for name in LINEAGE if name not in facts],
            }
        if "git_commit" in facts:
            parts["code"] = {"commit": facts["git_commit"]}
        if "command" in facts:
            parts["process"] = {"argv": _words(facts["command"])}
        if "data_name" in facts:
            name = facts["data_name"].rstrip("/").rpartition("/")[2] or facts["data_name"]
            version = {"version": facts["data_version"]} if "data_version" in facts else {}
            parts[f"data:{name}"] = {"name": name, "path": facts["data_name"], **version}
        return parts


def _single(run: _Run, event: Event, time: _Time) -> None:
    """Take what is no value of a series."""
    match event:
        case Param():
            run.params[event.name] = event.value
        case Mentioned() if len(run.artifacts) < _MOST_FILES:
            run.artifacts.setdefault(event.path, event.used)
        case Fact():
            run.facts.setdefault(event.field, event.value)
        case Ended():
            run.status, run.ended_ms = event.status, time(event.line)
        case Resumed():
            run.status = None
            where = f" at line {event.line}: {event.why[:120]}"
            run.notes.append(f"it went on from an earlier step{where}; both values are kept")
        case _:
            pass


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()

"""A whole log as runs: what events add up to.

Where a run was resumed, or a line repeats a step, the later value of a step holds. Points are
kept as plain arrays, 16 bytes each where steps are whole numbers.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

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
    ParamValue,
    Resumed,
    Status,
    Step,
    Unclear,
    Values,
)
from tui_tracker.parsing.parser import LogParser, Tell
from tui_tracker.parsing.patterns import Pattern

CHUNK = 1 << 18
_MOST_ARTIFACTS = 10_000
_MOST_SAMPLES = 1000
_MOST_RUNS = 100_000


@dataclass(slots=True)
class Series:
    """One metric of one run."""

    axis: str
    steps: list[Step] | array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    lines: array[int] = field(default_factory=lambda: array("q"))
    how: str = ""
    replaced: int = 0
    """Values that a later one of the same step took the place of."""

    def points(self) -> list[tuple[Step, float]]:
        return list(zip(self.steps, self.values, strict=True))


@dataclass(slots=True)
class ParsedRun:
    """One run of a log."""

    name: str
    rank: str = ""
    trial: bool = False
    line: int = 0
    params: dict[str, ParamValue] = field(default_factory=dict)
    metrics: dict[str, Series] = field(default_factory=dict)
    final: dict[str, float] = field(default_factory=dict)
    artifacts: list[str] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    """Files that it went on from."""
    status: Status = "finished"
    resumed: int = 0
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not (self.metrics or self.params or self.final or self.artifacts)


@dataclass(slots=True)
class ParsedLog:
    """What a log says."""

    runs: list[ParsedRun] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """Lineage that it does not tell, by the names of `LINEAGE`."""
    lines: int = 0
    unused_lines: int = 0
    unclear: list[Unclear] = field(default_factory=list)
    """The first lines with numbers that were not understood."""


class Collector:
    """Adds events up to runs."""

    def __init__(self) -> None:
        self._runs: dict[int, ParsedRun] = {}
        self._cut: dict[int, set[str]] = {}
        self.unclear: list[Unclear] = []
        self.facts: dict[str, str] = {}

    def take(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, Values):
                self._values(event)
            elif isinstance(event, Unclear):
                if len(self.unclear) < _MOST_SAMPLES:
                    self.unclear.append(event)
            elif isinstance(event, Begun):
                name = event.name or (f"rank{event.rank}" if event.rank else "run")
                if len(self._runs) < _MOST_RUNS:
                    self._runs[event.run] = ParsedRun(name, event.rank, event.trial, event.line)
            elif event.run in self._runs:
                self._single(self._runs[event.run], event)

    def runs(self) -> list[ParsedRun]:
        """Return the runs with something in them; what was said before they parted is theirs."""
        found = list(self._runs.values())
        parted = [run for run in found if run.rank or run.trial]
        if parted:
            common = [run for run in found if not (run.rank or run.trial or run.metrics)]
            for run in parted:
                for other in common:
                    run.params = {**other.params, **run.params}
            found = [run for run in found if run not in common]
        found = [run for run in found if not run.is_empty] or found[:1]
        found = _in_order_of_ranks(found)
        _number_names(found)
        return found

    def _single(self, run: ParsedRun, event: Event) -> None:
        match event:
            case Param():
                run.params[event.name] = event.value
            case Final():
                run.final[event.name] = event.value
            case Fact():
                self.facts.setdefault(event.field, event.value)
                run.facts.setdefault(event.field, event.value)
            case Mentioned():
                _add_file(run.used if event.used else run.artifacts, event.path)
            case Named():
                run.name, run.trial = event.name, True
            case Ended():
                run.status = event.status
            case Resumed():
                run.resumed += 1
                run.status = "finished"
                self._cut[event.run] = set(run.metrics)
            case _:
                pass

    def _values(self, event: Values) -> None:
        run = self._runs.get(event.run)
        if run is None:
            return
        if run.status != "finished":
            run.status = "finished"  # it went on all the same
        for name, value in zip(event.names, event.values, strict=True):
            series = run.metrics.get(name)
            if series is None:
                series = run.metrics[name] = Series(event.axis, how=event.how)
            self._add(event, name, series, value)

    def _add(self, event: Values, name: str, series: Series, value: float) -> None:
        step = event.step
        if series.values and (name in self._cut.get(event.run, ()) or series.steps[-1] == step):
            self._cut.get(event.run, set()).discard(name)
            _cut_back(series, step)
        if isinstance(series.steps, array) and not isinstance(step, int):
            series.steps = list(series.steps)
            if isinstance(step, tuple):
                # So far only the batch was told: it was of the epoch before.
                series.axis = event.axis
                series.steps = [(step[0] - 1, one) for one in series.steps]  # type: ignore[misc]
        series.steps.append(step)  # type: ignore[arg-type]
        series.values.append(value)
        series.lines.append(event.line)


def _add_file(files: list[str], path: str) -> None:
    if path not in files and len(files) < _MOST_ARTIFACTS:
        files.append(path)


def _cut_back(series: Series, step: Step) -> None:
    """Take out the values at and after a step that is printed again."""
    count = len(series.steps)
    while count and _at_or_after(series.steps[count - 1], step):
        count -= 1
    series.replaced += len(series.steps) - count
    del series.steps[count:], series.values[count:], series.lines[count:]


def _at_or_after(one: Step, other: Step) -> bool:
    if isinstance(one, tuple) != isinstance(other, tuple):
        return False
    return one >= other  # type: ignore[operator]


def _in_order_of_ranks(runs: list[ParsedRun]) -> list[ParsedRun]:
    """Return runs with those of ranks in the order of the ranks, the rest where they were."""
    ranked = iter(sorted((r for r in runs if r.rank), key=lambda run: int(run.rank)))
    return [next(ranked) if run.rank else run for run in runs]


def _number_names(runs: Sequence[ParsedRun]) -> None:
    counts: dict[str, int] = {}
    for run in runs:
        counts[run.name] = count = counts.get(run.name, 0) + 1
        if count > 1:
            run.name = f"{run.name} {count}"


def parse(
    chunks: Iterable[bytes], patterns: Sequence[Pattern] = (), tell: Tell | None = None
) -> ParsedLog:
    """Return what a log says, given its bytes in pieces."""
    parser = LogParser(patterns, tell)
    collector = Collector()
    for chunk in chunks:
        collector.take(parser.feed(chunk))
    collector.take(parser.finish())
    missing = [name for name in LINEAGE if name not in collector.facts]
    return ParsedLog(
        collector.runs(), missing, parser.lines, parser.unused_lines, collector.unclear
    )

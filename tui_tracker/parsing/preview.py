"""What would be taken from a log, before it is: runs, series with counts, gaps, odd lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_tracker.errors import ImportFailed
from tui_tracker.parsing.events import ParamValue, Step
from tui_tracker.parsing.patterns import Pattern, suggest
from tui_tracker.parsing.result import CHUNK, ParsedLog, ParsedRun, parse

SAMPLES = 20


@dataclass(frozen=True, slots=True)
class PreviewSeries:
    """One metric that was found."""

    name: str
    axis: str
    """What its steps count: step, epoch, iteration, (epoch, batch), bar, count ..."""
    count: int
    first_step: Step
    last_step: Step
    first: float
    last: float
    line: int
    """The line of its first value."""
    how: str
    """Why it was taken for a metric."""


@dataclass(frozen=True, slots=True)
class PreviewRun:
    """One run that was found."""

    name: str
    status: str
    params: tuple[tuple[str, ParamValue], ...]
    series: tuple[PreviewSeries, ...]
    final: tuple[tuple[str, float], ...]
    artifacts: tuple[str, ...]
    resumed: int
    """How often it went on from an earlier step."""


@dataclass(frozen=True, slots=True)
class OddLine:
    """A line with numbers that was not understood."""

    line: int
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a log holds."""

    path: Path
    runs: tuple[PreviewRun, ...]
    missing: tuple[str, ...]
    """Lineage that it does not tell: git_commit, seed, data_name ..."""
    lines: int
    """Lines with something on them."""
    unused_lines: int
    odd: tuple[OddLine, ...]
    """The first of the lines that were not understood and have numbers."""
    suggestions: tuple[str, ...]
    """Patterns that would read such lines, names to be corrected."""

    @property
    def is_empty(self) -> bool:
        return not any(run.series or run.final or run.params for run in self.runs)


def preview(path: Path, patterns: Sequence[Pattern] = ()) -> Preview:
    """Return what a log holds, read from its start to its end; nothing is stored.

    Raises:
        ImportFailed: the file cannot be read.
    """
    try:
        log = parse(read_chunks(path), patterns)
    except OSError as error:
        raise ImportFailed(str(path), "", f"cannot be read: {error.strerror}") from error
    return make_preview(path, log)


def make_preview(path: Path, log: ParsedLog) -> Preview:
    """Return a parsed log as values that do not change."""
    return Preview(
        path,
        tuple([_run(run) for run in log.runs]),
        tuple(log.missing),
        log.lines,
        log.unused_lines,
        tuple([OddLine(*odd) for odd in log.unclear[:SAMPLES]]),
        tuple(suggest([odd.text for odd in log.unclear])),
    )


def read_chunks(path: Path) -> Iterator[bytes]:
    """Yield a file's bytes in pieces."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _run(run: ParsedRun) -> PreviewRun:
    series = [
        PreviewSeries(
            name,
            one.axis,
            len(one.values),
            one.steps[0],
            one.steps[-1],
            one.values[0],
            one.values[-1],
            one.lines[0],
            one.how,
        )
        for name, one in run.metrics.items()
        if one.values
    ]
    return PreviewRun(
        run.name,
        run.status,
        tuple(run.params.items()),
        tuple(series),
        tuple(run.final.items()),
        tuple(run.artifacts),
        run.resumed,
    )

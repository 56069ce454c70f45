"""What questions to the store are answered with: frozen values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tui_tracker.queries.proofs import Proof

RunKey = int
Status = Literal["running", "finished", "failed", "killed", "crashed", "pruned"]
ParamValue = bool | int | float | str | None | list[object]


@dataclass(slots=True, unsafe_hash=True)
class MetricSummary:
    """What one series of a run came to; computed by the drain, never typed in.

    Nobody changes one. It is not frozen because that makes it eight times as slow to make,
    and ten thousand runs have eighty thousand.
    """

    name: str
    context: str
    """Where it was taken (`offline_cv`, `rank1` ...), "" where nothing was said."""
    count: int
    """Points, NaN and infinities included."""
    first_step: int
    last_step: int
    first: float
    last: float
    """First and last value in log order; may be NaN or infinite."""
    min: float | None
    max: float | None
    mean: float | None
    """Over the finite values; None where there is none."""
    min_step: int | None
    max_step: int | None
    nan: int
    inf: int
    key: int
    """The store's own integer for (name, context)."""
    std: float | None = None
    """Of the finite values along the series, by n - 1; None where there are less than two."""

    @property
    def label(self) -> str:
        """`name`, or `name@context` where there is a context."""
        return f"{self.name}@{self.context}" if self.context else self.name


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that a run made or used."""

    path: str
    kind: str
    size_bytes: int | None
    sha256: str | None
    """None where hashing failed; `problem` then says why."""
    copied: bool
    """The bytes are in the store, not only named."""
    problem: str
    logged_at: datetime


@dataclass(frozen=True, slots=True)
class Note:
    """A free text on a run."""

    id: int
    text: str
    author: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class LineagePart:
    """One recorded fact group of a run: code, environment, hardware, data, seeds ..."""

    name: str
    status: Literal["ok", "partial", "failed", "skipped", "pending"]
    reason: str
    facts: dict[str, object]


@dataclass(frozen=True, slots=True)
class RunRow:
    """One line of the table of runs: the cells that were asked for."""

    key: RunKey
    id: str
    name: str
    experiment: str
    status: Status
    started_at: datetime
    ended_at: datetime | None
    duration_s: float
    """Until now while the run is running."""
    tags: tuple[str, ...]
    archived: bool
    deleted: bool
    params: dict[str, ParamValue] = field(default_factory=dict)
    metrics: dict[str, MetricSummary] = field(default_factory=dict)
    """By `MetricSummary.label`."""
    host: str = ""
    user: str = ""
    notes: tuple[str, ...] = ()
    """Oldest first; only where they were asked for."""
    sparks: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """Smallest and largest value along the curve, in turn, by metric label; may be NaN."""


@dataclass(frozen=True, slots=True)
class RunDetail:
    """Everything about one run but its points and its console."""

    row: RunRow
    """With all params and all metrics."""
    notes: tuple[Note, ...]
    artifacts: tuple[Artifact, ...]
    lineage: tuple[LineagePart, ...]
    parent: str | None
    """Id of the parent run."""
    source: dict[str, str] | None
    """Where an imported run came from (tool, path, id)."""
    ended_by: str
    """Why it ended, in words: a traceback's tail, a signal; "" when it finished."""
    host: str
    user: str
    pid: int | None
    points: int
    console_lines: int
    lost: int
    """Calls or bytes the logger or the drain had to give up, told in `lost_why`."""
    lost_why: str
    system: dict[str, MetricSummary] = field(default_factory=dict)
    """What the machine was busy with, by label; steps are seconds since the run began."""
    proof: Proof | None = None
    """How far it was shown that the run can be had again; None where nobody tried."""
    amended: tuple[str, ...] = field(default=(), compare=False)
    """Fields that somebody corrected afterwards, which `queries.amendments` tells."""


@dataclass(frozen=True, slots=True)
class ExperimentRow:
    """An experiment and how many runs of it there are by status."""

    name: str
    counts: dict[Status, int]
    last_started_at: datetime | None

    @property
    def runs(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Series:
    """All points of one metric of one run, in log order."""

    steps: Sequence[int]
    times_ms: Sequence[int]
    """Unix milliseconds."""
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Buckets:
    """A curve reduced to at most n buckets along the step axis; none is empty.

    Minimum and maximum of every bucket are kept, so a spike of one step stays visible.
    """

    low_steps: Sequence[int]
    high_steps: Sequence[int]
    mins: Sequence[float]
    maxs: Sequence[float]
    """Over the finite values; NaN in both where a bucket has none."""
    first_step: int
    last_step: int
    """Of the whole curve."""
    count: int
    """Points in the whole curve."""


@dataclass(frozen=True, slots=True)
class ConsoleLine:
    """One line that the run printed."""

    number: int
    """From 0."""
    at: datetime
    stream: Literal["out", "err"]
    text: str
    """As printed, ANSI codes kept, no line end."""


@dataclass(frozen=True, slots=True)
class ParamChange:
    """One of several values that a param was logged with."""

    name: str
    at: datetime
    value: ParamValue


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What a store holds and what it weighs."""

    folder: str
    database: str
    schema: int
    database_bytes: int
    journal_bytes: int
    artifact_bytes: int
    experiments: int
    runs: int
    archived: int
    trashed: int
    points: int
    journals: int
    """Files of runs that live, or that nobody has brought in yet."""
    network: bool
    read_only: bool

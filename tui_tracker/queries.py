"""Questions to the store: reads only, answers are frozen values.

A table of runs is an ordered list of keys (one query) plus the cells of the rows
that are on the screen (one query a kind of cell), so that a hundred thousand runs
and a hundred feel the same. A `RunKey` is the store's own small integer for a run;
it means nothing in another store and never leaves the process: people and scripts
see `id`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from tui_tracker.store import Store

RunKey = int
Status = Literal["running", "finished", "failed", "killed", "crashed"]
ParamValue = bool | int | float | str | None | list[object]


@dataclass(frozen=True, slots=True)
class MetricSummary:
    """What one series of a run came to; computed by the drain, never typed in."""

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
class Selection:
    """Which runs: all that fit every part that is set."""

    experiment: str | None = None
    """An experiment, or a branch of the tree: `a` takes `a` and all of `a/...`."""
    statuses: frozenset[Status] | None = None
    text: str = ""
    """Found, case ignored, in name, id, experiment or a tag."""
    archived: bool = False
    """Also archived runs."""
    deleted: bool = False
    """The trash instead of the runs."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a table of runs is sorted by. Runs that lack the field come last."""

    field: str = "started"
    """`started`, `name`, `experiment`, `status`, `duration`, `param:KEY` or
    `metric:LABEL[.last|.min|.max|.mean]`."""
    descending: bool = True


@dataclass(frozen=True, slots=True)
class Series:
    """All points of one metric of one run, in log order."""

    steps: Sequence[int]
    times: Sequence[float]
    """Unix seconds."""
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


def list_experiments(store: Store, selection: Selection = Selection()) -> list[ExperimentRow]:
    """Return the experiments that have a run of the selection, by name."""


def list_run_keys(
    store: Store, selection: Selection = Selection(), order: Order = Order()
) -> list[RunKey]:
    """Return the keys of the selected runs in order; ties by start, newest first."""


def get_rows(
    store: Store,
    keys: Sequence[RunKey],
    *,
    params: Sequence[str] | None = (),
    metrics: Sequence[str] | None = (),
) -> list[RunRow]:
    """Return the rows of these runs, in the order of `keys`; a vanished run is left out.

    `params` and `metrics` (labels) name the cells wanted; None asks for all.
    """


def list_columns(store: Store, selection: Selection = Selection()) -> tuple[list[str], list[str]]:
    """Return the names of params and the labels of metrics that any selected run has.

    The most frequent first, ties by name.
    """


def find_run(store: Store, address: str) -> RunKey:
    """Return the run that an id, a unique prefix or ending of an id, or a name means.

    Raises:
        NotFound: nothing fits.
        Ambiguous: more than one run fits.
    """


def get_run(store: Store, key: RunKey) -> RunDetail:
    """Return everything about one run.

    Raises:
        NotFound: the run is gone.
    """


def find_metric(run: RunDetail, label: str) -> MetricSummary:
    """Return the metric of that label, or of that name where only one context has it.

    Raises:
        NotFound: the run never logged it.
        Ambiguous: the name was logged in several contexts.
    """


def read_series(store: Store, run: RunKey, metric: int) -> Series:
    """Return all points of a metric; empty where there is none."""


def read_buckets(
    store: Store,
    run: RunKey,
    metric: int,
    buckets: int,
    *,
    low: int | None = None,
    high: int | None = None,
) -> Buckets | None:
    """Return the curve between two steps (inclusive) in at most `buckets` buckets.

    Reads block headers where a block lies inside one bucket, points only where it does
    not. None where the run has no point of the metric.
    """


def read_console(store: Store, run: RunKey, first: int = 0, count: int = 1000) -> list[ConsoleLine]:
    """Return up to `count` lines of the run's console from line `first`."""


def data_version(store: Store) -> int:
    """Return a number that changes when another connection changed the store."""

"""What a printed log says: events in the order of its lines.

Named tuples, not dataclasses: a log of 50 MB has millions of values, and a frozen dataclass
takes four times as long to build.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

ParamValue = bool | int | float | str | None | list[object]
Step = int | float | tuple[int, int]
"""A whole number; a fraction where only that was printed (epoch 0.25); or epoch and batch."""
Status = Literal["finished", "failed", "killed", "pruned"]

LINEAGE = (
    "git_commit",
    "seed",
    "data_name",
    "data_version",
    "split",
    "command",
    "env",
    "hardware",
    "start_time",
    "end_time",
    "owner",
)
"""The facts of a run that a log may or may not tell."""


class Begun(NamedTuple):
    """A run begins; events of several runs may be mixed."""

    run: int
    line: int
    name: str
    why: str
    rank: str = ""
    """Which of several processes prints it, "" for the only one."""
    trial: bool = False
    """It is one of a study's trials."""


class Named(NamedTuple):
    """A run that began under a passing name is called otherwise."""

    run: int
    line: int
    name: str


class Values(NamedTuple):
    """Values of metrics that one line gives for one step."""

    run: int
    line: int
    at_ms: int | None
    """Unix milliseconds, where the line has a time and a date."""
    axis: str
    step: Step
    names: tuple[str, ...]
    values: tuple[float, ...]
    how: str
    total: int = 0
    """Batches of an epoch, where the step is epoch and batch and the line says it."""


class Param(NamedTuple):
    """A param of the run."""

    run: int
    line: int
    name: str
    value: ParamValue
    how: str


class Final(NamedTuple):
    """A value that is given once, for the run as a whole."""

    run: int
    line: int
    name: str
    value: float
    how: str


class Mentioned(NamedTuple):
    """A file that the run says it wrote, read from or continued from."""

    run: int
    line: int
    path: str
    used: bool
    how: str


class Fact(NamedTuple):
    """A piece of lineage that the log gives: one of `LINEAGE`, and what it says."""

    run: int
    line: int
    field: str
    value: str


class Resumed(NamedTuple):
    """The run goes on from an earlier state; its next steps may have been printed before."""

    run: int
    line: int
    step: int | None
    why: str


class Ended(NamedTuple):
    """How a run ended, as far as is printed; a later one of the same run holds."""

    run: int
    line: int
    status: Status
    why: str


class Unclear(NamedTuple):
    """A line with numbers of which nothing was made."""

    line: int
    text: str
    why: str


Event = Begun | Named | Values | Param | Final | Mentioned | Fact | Resumed | Ended | Unclear

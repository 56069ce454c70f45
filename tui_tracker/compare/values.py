"""What a comparison of two runs answers with: frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tui_tracker.code_store import CodeChange
from tui_tracker.queries import MetricSummary, RunRow

Kind = Literal[
    "params",
    "metrics",
    "code",
    "packages",
    "data",
    "split",
    "command",
    "hardware",
    "variables",
    "seeds",
    "determinism",
    "python",
]
KINDS: tuple[Kind, ...] = (
    "params",
    "metrics",
    "code",
    "data",
    "split",
    "packages",
    "python",
    "command",
    "seeds",
    "determinism",
    "variables",
    "hardware",
)
"""In the order in which they explain a difference of results."""
State = Literal["differs", "only in a", "only in b"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One name with another value in each run."""

    name: str
    state: State
    a: object = None
    """As it was recorded; None also where only `b` has it."""
    b: object = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class MetricDifference:
    """One metric that came to something else in each run."""

    name: str
    a: MetricSummary | None
    b: MetricSummary | None
    best_a: float | None
    """Lowest or highest value, whichever is better by the metric's name; else the last."""
    best_b: float | None
    stat: Literal["last", "min", "max"]
    """What `best` is."""
    change: float | None
    """Last of `b` less last of `a`; None where one has none, or it is no finite number."""
    relative: float | None
    """`change` by the size of `a`'s last; None where that is zero."""


@dataclass(frozen=True, slots=True)
class Group:
    """What differs in one respect."""

    kind: Kind
    differences: tuple[Difference, ...] = ()
    noise: tuple[Difference, ...] = ()
    """What differs between any two runs (process id, job number), and is no difference."""
    same: int = 0
    """How many names have the same value in both."""
    ignored: int = 0
    """How many differences were not wanted."""
    unknown: str = ""
    """Why this, or part of it, cannot be compared; in one sentence."""

    @property
    def differs(self) -> bool:
        return bool(self.differences)


@dataclass(frozen=True, slots=True)
class CodeSide:
    """The code of one of the runs."""

    commit: str
    branch: str
    snapshot: str
    """The commit in the store's code.git; "" where none was taken."""
    tree: str
    line: str
    """The same in words."""


@dataclass(frozen=True, slots=True)
class CodeDifference:
    """What differs in the code that the runs ran."""

    a: CodeSide
    b: CodeSide
    same: bool | None
    """Byte for byte; None where that cannot be told."""
    files: tuple[CodeChange, ...] = ()
    diff: str = ""
    """Unified, secrets replaced, the ignored files left out."""
    ignored: int = 0
    """Files that differ and were not wanted."""
    why: str = ""
    """Why there is no list of files, in one sentence."""

    @property
    def differs(self) -> bool:
        """Whether the code is known to differ, or at least the commit it was based on."""
        return bool(self.files) or (self.same is None and self.a.commit != self.b.commit)


@dataclass(frozen=True, slots=True)
class RunDifference:
    """All that differs between two runs."""

    a: RunRow
    b: RunRow
    metrics: tuple[MetricDifference, ...]
    metrics_same: int
    metrics_ignored: int
    code: CodeDifference
    groups: tuple[Group, ...]
    """All but metrics and code, in the order of `KINDS`."""

    @property
    def differs(self) -> bool:
        return bool(
            self.metrics or self.code.differs or any(group.differs for group in self.groups)
        )

    def group(self, kind: Kind) -> Group:
        return next(group for group in self.groups if group.kind == kind)

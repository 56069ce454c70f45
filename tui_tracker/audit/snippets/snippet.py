"""What a snippet says, as facts; empty where it says nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tui_tracker.audit.snippets.leaves import Leaf


@dataclass(frozen=True, slots=True)
class SnippetMetric:
    """A metric of a snippet."""

    name: str
    """As it is called, with the keys that it stands below."""
    values: tuple[float, ...]
    path: str
    split: str = ""
    """Told by the name, by what it stands below, or next to it."""
    said: str = ""
    """How a value is written that has its spread with it: `0.52 ± 0.01`."""


@dataclass(slots=True)
class Snippet:
    """What a snippet says; empty where it says nothing."""

    names: dict[str, str] = field(default_factory=dict)
    """Name of the run or experiment by where it stands."""
    seeds: list[Any] = field(default_factory=list)
    split_seed: Any = None
    """Of the split, where it has one of its own."""
    repeats: int = 0
    """How many seeds stand in one list: so often it was run."""
    split: str = ""
    data_name: str = ""
    data_versions: list[str] = field(default_factory=list)
    data_digest: str = ""
    commit: str = ""
    dirty: bool | None = None
    """None where it does not say whether the tree was changed."""
    diff: str = ""
    environment: list[str] = field(default_factory=list)
    """All that pins packages, each with where it stands."""
    script: str = ""
    arguments: str = ""
    """Of the script, where they stand apart from it."""
    params: dict[str, Any] = field(default_factory=dict)
    metrics: list[SnippetMetric] = field(default_factory=list)
    owner: str = ""
    purpose: str = ""
    notes: list[str] = field(default_factory=list)
    artifacts: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    """The table that each of them stands in."""
    artifact_pins: list[str] = field(default_factory=list)
    pins: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Kind and value of a hash by the table that it stands in."""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    evaluated_at: datetime | None = None
    moments: list[str] = field(default_factory=list)
    """Ends as they are written, also in a form that is not read: 02/03/2026 is two days."""
    status: str = ""
    leaves: list[Leaf] = field(default_factory=list)

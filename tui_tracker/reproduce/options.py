"""What the user asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Mode = Literal["rebuild", "rescore", "rerun"]
EnvKind = Literal["auto", "uv", "current", "venv"]


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is to be reproduced; each is one option of the command."""

    mode: Mode = "rerun"
    dry_run: bool = False
    """Steps up to the execution: code, environment and data are rebuilt and verified."""
    plan_only: bool = False
    """Nothing is built."""
    reruns: int = 1
    group: bool = False
    """The seed siblings are rerun, too."""
    env: EnvKind = "auto"
    python: str | None = None
    data_map: Mapping[str, str] = field(default_factory=dict)
    find_links: tuple[str, ...] = ()
    index_url: str | None = None
    offline: bool = False
    allow_nearest: frozenset[str] = frozenset()
    """Names of packages, normalised."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Set in the rerun, over those that were recorded."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Never stored."""
    command: str | None = None
    """What scores the recorded model."""
    timeout_s: float | None = None
    rtol: float | None = None
    atol: float | None = None
    keep: bool = False
    """The rebuilt tree stays."""
    report: Path | None = None

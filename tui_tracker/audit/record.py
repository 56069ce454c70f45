"""What the rules read: a run as it is recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from tui_tracker.facts import word
from tui_tracker.queries import (
    Artifact,
    LineagePart,
    MetricSummary,
    ParamChange,
    ParamValue,
    RunDetail,
    RunKey,
)
from tui_tracker.queries.details import get_runs, param_changes
from tui_tracker.queries.digests import params_digests
from tui_tracker.store import Store
from tui_tracker.telling import metric_rank, rank_metrics

CHUNK = 500
"""Runs that are read at once."""
_MOST_FACTS = 8000
DATA_NAMES = ("dataset", "dataset_name", "data_name", "data.name", "dataset.name")
VERSIONS = ("data_version", "dataset_version", "data.version", "dataset.version")
"""Params that people name data and their version by."""
SEEDS = ("seed", "random_state", "random_seed", "rng_seed")


@dataclass(frozen=True, slots=True)
class Amendment:
    """A fact of a record that somebody corrected afterwards; the record itself stays."""

    field: str
    old: object
    new: object
    evidence: str
    confidence: str
    who: str
    at: datetime
    reason: str


@dataclass(frozen=True)
class RunRecord:
    """One run, and the few questions that many rules ask of it."""

    detail: RunDetail
    changes: tuple[ParamChange, ...] = ()
    """Values of params that were logged with more than one."""
    group: bytes = b""
    """Equal for runs that differ in nothing but the seed; b"" where there is no param."""
    amendments: tuple[Amendment, ...] = ()

    @property
    def key(self) -> RunKey:
        return self.detail.row.key

    @property
    def params(self) -> Mapping[str, ParamValue]:
        return self.detail.row.params

    @property
    def metrics(self) -> Mapping[str, MetricSummary]:
        """By label: `name`, or `name@context`."""
        return self.detail.row.metrics

    @property
    def tags(self) -> tuple[str, ...]:
        return self.detail.row.tags

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        return self.detail.artifacts

    @property
    def imported(self) -> bool:
        """Whether another tool logged it, so that nothing of its machine was captured."""
        return self.detail.source is not None

    @cached_property
    def parts(self) -> dict[str, LineagePart]:
        """The lineage by part: `code`, `environment`, `data:digits` ..."""
        return {part.name: part for part in self.detail.lineage}

    def part(self, name: str) -> LineagePart | None:
        """Return a part of the lineage that has facts; None where it has none."""
        part = self.parts.get(name)
        return part if part is not None and part.status in ("ok", "partial") else None

    def is_open(self, name: str) -> bool:
        """Return whether a part is still being recorded, so that its rules cannot judge yet."""
        part = self.parts.get(name)
        return part is not None and part.status == "pending"

    def fact(self, name: str, *path: str) -> Any:
        """Return a fact of a part by its path; None where it is not recorded."""
        part = self.part(name)
        found: Any = part.facts if part is not None else None
        for step in path:
            found = found.get(step) if isinstance(found, dict) else None
        return found

    def parts_of(self, kind: str) -> Iterator[tuple[str, LineagePart]]:
        """Yield name and part of every data set (`data`) or split (`split`)."""
        for name, part in self.parts.items():
            head, colon, rest = name.partition(":")
            if head == kind and colon:
                yield rest, part

    @cached_property
    def data_versions(self) -> tuple[tuple[str, str, str], ...]:
        """Name, version and digest of each data set, "" for what is not recorded.

        Data that were only named by params count, too.
        """
        version = next((str(self.params[n]) for n in VERSIONS if self.params.get(n)), "")
        parts = list(self.parts_of("data"))
        if parts:
            lone = version if len(parts) == 1 else ""
            return tuple(
                (word(p.facts, "name") or name, word(p.facts, "version") or lone,
                 word(p.facts, "digest"))
                for name, p in parts
            )  # fmt: skip
        name = next((str(self.params[n]) for n in DATA_NAMES if self.params.get(n)), "")
        return ((name, version, ""),) if name or version else ()

    @property
    def data_names(self) -> tuple[str, ...]:
        """The names of the run's data."""
        return tuple(name for name, _, _ in self.data_versions if name)

    def tag(self, key: str) -> str:
        """Return the value of a tag with a key (`purpose:baseline`), "" where there is none."""
        for tag in self.tags:
            head, colon, value = tag.partition(":")
            if colon and head == key:
                return value
        return ""

    @cached_property
    def seed(self) -> ParamValue:
        """The run's seed as a param; None where it has none."""
        found = (self.params[name] for name in SEEDS if name in self.params)
        return next(found, None)

    @cached_property
    def main_metric(self) -> str | None:
        """The label of the metric that tells how good the run was; None where none does.

        Declared by the param or the tag `main_metric`; else the most telling one, where it
        is a judged quality (`val_f1_macro`).
        """
        declared = self.params.get("main_metric") or self.tag("main_metric")
        if declared and str(declared) in self.metrics:
            return str(declared)
        ranked = rank_metrics(list(self.metrics))
        return ranked[0] if ranked and metric_rank(ranked[0]) == 0 else None


def read_records(store: Store, keys: Sequence[RunKey]) -> Iterator[RunRecord]:
    """Yield the records of these runs, in their order; a run that is gone is left out.

    Lineage facts that runs share are parsed once.
    """
    known: dict[bytes, dict[str, object]] = {}
    for start in range(0, len(keys), CHUNK):
        some = keys[start : start + CHUNK]
        changes = param_changes(store, some)
        groups = params_digests(store, some)
        if len(known) > _MOST_FACTS:  # each run has parts of its own, too
            known.clear()
        for detail in get_runs(store, some, known):
            key = detail.row.key
            yield RunRecord(detail, tuple(changes.get(key, ())), groups.get(key) or b"")

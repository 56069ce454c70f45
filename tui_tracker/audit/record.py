"""What the rules read: a run as it is recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

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
from tui_tracker.queries.amended import amended
from tui_tracker.queries.amendments import Amendment, read_amendments
from tui_tracker.queries.details import get_runs, param_changes
from tui_tracker.queries.digests import params_digests
from tui_tracker.queries.renamed import renamed
from tui_tracker.queries.rows import METRIC_KIND
from tui_tracker.store import Store
from tui_tracker.telling import metric_rank, rank_metrics
from tui_tracker.values import seed_of

if TYPE_CHECKING:
    from tui_tracker.audit.deep import Seen

__all__ = ["Amendment", "RunRecord", "read_records"]

CHUNK = 500
"""Runs that are read at once."""
_MOST_FACTS = 8000
DATA_NAMES = ("dataset", "dataset_name", "data_name", "data.name", "dataset.name")
VERSIONS = ("data_version", "dataset_version", "data.version", "dataset.version")
"""Params that people name data and their version by."""


@dataclass(frozen=True)
class RunRecord:
    """One run, and the few questions that many rules ask of it."""

    detail: RunDetail
    """As its amendments have it."""
    changes: tuple[ParamChange, ...] = ()
    """Values of params that were logged with more than one."""
    group: bytes = b""
    """Equal for runs that differ in nothing but the seed; b"" where there is no param."""
    amendments: tuple[Amendment, ...] = ()
    raw: RunDetail | None = None
    """The record as it was captured, where amendments say otherwise."""
    seen: Seen | None = None
    """What a deep look found of commit, data and files; None where nobody looked."""
    read_as: Mapping[tuple[int, str], str] = field(default_factory=dict, compare=False)
    """Names that count by kind and logged name, for conditions that still say the latter."""

    @property
    def original(self) -> RunDetail:
        """The record as it was captured."""
        return self.raw or self.detail

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
        yield from self._kinds.get(kind, ())

    @cached_property
    def _kinds(self) -> dict[str, list[tuple[str, LineagePart]]]:
        found: dict[str, list[tuple[str, LineagePart]]] = {}
        for name, part in self.parts.items():
            if ":" in name:
                head, _, rest = name.partition(":")
                found.setdefault(head, []).append((rest, part))
        return found

    @cached_property
    def data_versions(self) -> tuple[tuple[str, str, str], ...]:
        """Name, version and digest of each data set, "" for what is not recorded.

        Data that were only named by params count, too.
        """
        parts = self._kinds.get("data")
        if parts:
            lone = self._first_told(VERSIONS) if len(parts) == 1 else ""
            return tuple(
                (word(p.facts, "name") or name, word(p.facts, "version") or lone,
                 word(p.facts, "digest"))
                for name, p in parts
            )  # fmt: skip
        name, version = self._first_told(DATA_NAMES), self._first_told(VERSIONS)
        return ((name, version, ""),) if name or version else ()

    def _first_told(self, names: Sequence[str]) -> str:
        """Return the first of these params that says anything, "" where none does."""
        params = self.params
        for name in names:
            if params.get(name):
                return str(params[name])
        return ""

    @property
    def data_names(self) -> tuple[str, ...]:
        """The names of the run's data."""
        return tuple(name for name, _, _ in self.data_versions if name)

    def tag(self, key: str) -> str:
        """Return the value of a tag with a key (`purpose:baseline`), "" where there is none."""
        return self._keyed_tags.get(key, "")

    @cached_property
    def _keyed_tags(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for tag in self.tags:
            if ":" in tag:
                head, _, value = tag.partition(":")
                found.setdefault(head, value)
        return found

    @cached_property
    def seed(self) -> ParamValue:
        """The run's seed as a param; None where it has none."""
        return cast("ParamValue", seed_of(self.params))

    def label_of(self, said: str) -> str:
        """Return the label of the metric that is meant, also by its logged name; "" for none."""
        if said in self.metrics:
            return said
        name, at, context = said.partition("@")
        read = f"{self.read_as.get((METRIC_KIND, name), name)}{at}{context}"
        return read if read in self.metrics else ""

    @cached_property
    def main_metric(self) -> str | None:
        """The label of the metric that tells how good the run was; None where none does.

        Declared by the param or the tag `main_metric`; else the most telling one, where it
        is a judged quality (`val_f1_macro`).
        """
        declared = self.params.get("main_metric") or self.tag("main_metric")
        if declared and (label := self.label_of(str(declared))):
            return label
        ranked = rank_metrics(list(self.metrics))
        return ranked[0] if ranked and metric_rank(ranked[0]) == 0 else None


def read_records(store: Store, keys: Sequence[RunKey]) -> Iterator[RunRecord]:
    """Yield the records of these runs, in their order; a run that is gone is left out.

    Lineage facts that runs share are parsed once.
    """
    known: dict[bytes, dict[str, object]] = {}
    read_as = renamed(store)
    for start in range(0, len(keys), CHUNK):
        some = keys[start : start + CHUNK]
        changes = param_changes(store, some)
        groups = params_digests(store, some)
        amendments = read_amendments(store, some)
        if len(known) > _MOST_FACTS:  # each run has parts of its own, too
            known.clear()
        for detail in get_runs(store, some, known, captured=True):
            key = detail.row.key
            told = tuple(changes.get(key, ()))
            record = RunRecord(detail, told, groups.get(key) or b"", read_as=read_as)
            if key in amendments:
                record = amend_record(record, amendments[key])
            yield record


def amend_record(record: RunRecord, amendments: tuple[Amendment, ...]) -> RunRecord:
    """Return a record as read through its amendments."""
    raw = record.original
    return replace(record, detail=amended(raw, amendments), amendments=amendments, raw=raw)

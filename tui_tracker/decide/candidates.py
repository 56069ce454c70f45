"""What a decision is made of: runs with their values, and groups of runs.

Plain values without a store, so that every rule can be tried on a few lines of numbers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import cast

from tui_tracker.decide.rule import Options
from tui_tracker.health import Health
from tui_tracker.queries.answers import MetricSummary, ParamValue
from tui_tracker.values import is_seed, seed_of

_SHOWN = 3
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_USUAL = Options()
_LIKE_ANOTHER = re.compile(r"[-+]?[\d.]+(e[-+]?\d+)?|true|false|none|nan|-?inf|", re.I)
"""Text that would be read as a number, as yes or no, or as nothing."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A run as a decision sees it."""

    id: str
    name: str
    params: Mapping[str, ParamValue]
    metrics: Mapping[str, MetricSummary]
    """By label."""
    status: str = "finished"
    tags: tuple[str, ...] = ()
    started_at: datetime = _EPOCH
    duration_s: float = 0.0
    archived: bool = False
    data: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Version and digest of each data set by its name; "" where not recorded."""
    splits: Mapping[str, str] = field(default_factory=dict)
    """Hash of each split by its name."""
    code: str = ""
    """Tree of the code; "" where not recorded."""
    used: str = ""
    """Digest of the files that ran: entry and imported modules; "" where not all are recorded."""
    grade: str = ""
    """Audit grade; "" where the run was not audited."""
    errors: int = 0
    """Audit errors."""
    proof: str = "L0"
    steps: Mapping[tuple[str, int], float] = field(default_factory=dict)
    """Values at a step by label and step, as far as the rule names any."""
    health: tuple[Health, ...] = ()
    """What is wrong with its curves, worst first; read where the rule asks for it."""

    @property
    def seed(self) -> ParamValue:
        """The seed as a param; None where there is none."""
        return cast("ParamValue", seed_of(self.params))


@dataclass(frozen=True, slots=True)
class Group:
    """Runs that are one configuration, differing in what they are repeated over."""

    params: Mapping[str, ParamValue]
    """What the group's runs have in common, of the params that make groups."""
    runs: tuple[Candidate, ...]
    whole: bool = False
    """Its values are told whole: cut short they would read like those of another group."""
    lacks: tuple[str, ...] = ()
    """Params that others have and it has not, where it has none to be told by."""

    @property
    def label(self) -> str:
        """The params that tell it from others, as text; `all runs` where there are no others."""
        told = repr if self.whole else _short
        if self.params or not self.lacks:
            pairs = (f"{key}={told(value)}" for key, value in self.params.items())
            return ", ".join(pairs) or "all runs"
        return f"no {', '.join(self.lacks[:_SHOWN])}{' ...' if len(self.lacks) > _SHOWN else ''}"


def group_key(run: Candidate, options: Options) -> tuple[tuple[str, str], ...]:
    """Return what runs of one group have in common: names and values of params.

    Without `options.by`, all params make a group but the seed, the one to leave out, and
    the fold where groups are over folds.
    """
    over = (options.over,) if options.over != "seed" else ()
    keys = options.by or _heeded(tuple(run.params), (options.leave_out, *over))
    return tuple((key, told_apart(run.params.get(key))) for key in keys)


def told_apart(value: object) -> str:
    """Return what tells a value from others: 1 and 1.0 are one, and "1" another."""
    if isinstance(value, list):
        return f"[{', '.join(map(told_apart, value))}]"
    return repr(value) if isinstance(value, list) else _told_once(value)


@lru_cache(4096, typed=True)
def _told_once(value: float | str | None) -> str:
    """Return the same of a plain value; runs of an experiment share most of theirs."""
    return repr(int(value) if isinstance(value, float) and value.is_integer() else value)


@lru_cache(16)
def _heeded(names: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names that make groups, sorted; most runs of an experiment have the same."""
    return tuple(sorted(name for name in names if name not in others and not is_seed(name)))


def group_runs(runs: Sequence[Candidate], options: Options = _USUAL) -> list[Group]:
    """Return the groups in the order of their first run.

    The `params` of a group are those that differ between groups.
    """
    found: dict[tuple[tuple[str, str], ...], list[Candidate]] = {}
    for run in runs:
        found.setdefault(group_key(run, options), []).append(run)
    differing = _differing(list(found))
    groups = []
    for key, members in found.items():
        first = members[0].params
        params = {name: first[name] for name, _ in key if name in differing and name in first}
        lacks = () if params else tuple(sorted(differing))
        groups.append(Group(params, tuple(members), lacks=lacks))
    labels = Counter(group.label for group in groups)
    return [replace(group, whole=labels[group.label] > 1) for group in groups]


def _differing(keys: Sequence[tuple[tuple[str, str], ...]]) -> set[str]:
    values: dict[str, set[str]] = {}
    for key in keys:
        for name, value in key:
            values.setdefault(name, set()).add(value)
    counts = Counter(name for key in keys for name in dict(key))
    return {name for name in values if len(values[name]) > 1 or counts[name] < len(keys)}


def _short(value: ParamValue) -> str:
    if isinstance(value, str) and _LIKE_ANOTHER.fullmatch(value):
        return f'"{value}"'
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"

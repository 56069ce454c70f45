"""Which metrics count for a verdict, and how far apart two values of one may lie.

    [tool.tui_tracker.reproduce]
    main_metric = "val_f1"
    guard_metrics = ["val_loss"]
    rescore = "python evaluate.py"

    [tool.tui_tracker.metrics."val_f1"]
    rtol = 1e-4
    atol = 0.0
    delta = 0.01        # the margin for "statistically consistent", in the metric's unit

These stand in the `pyproject.toml` of the recorded code, so they were stated before
the rerun. Keys may also be written with dashes.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tui_tracker.errors import InvalidArgument
from tui_tracker.telling import rank_metrics

SAME_MACHINE, OTHER_MACHINE = 1e-6, 1e-3
"""Relative tolerance where the hardware class is the same, and where it is not."""

Role = Literal["main", "guard", "other", "clock"]

_CLOCK = re.compile(
    r"(^|[_/.@ -])(time|times|secs?|seconds|s|ms|us|minutes|hours|duration|elapsed|eta|runtime|"
    r"walltime|throughput|fps|latency|speed|memory|mem|rss|vram|(gpu|cpu)_?(util|usage|mem|temp)\w*)"
    r"($|[_/.@ -])"
    r"|_per_(s|sec|second|step|min)\b|per_second|(^|[_/])(it|its|samples|tokens|steps)_?/?s$",
    re.IGNORECASE,
)
_QUALITY = re.compile(r"loss|acc(uracy)?($|[_/.@ -])|f1|auc|bleu|recall|precision", re.I)
_SHARE = re.compile(r"(^|[_/.@ -])(acc|accuracy|top\d?|error_rate|hit_rate|exact_match)", re.I)
_ROLES = {"val": ("val", "valid", "validation", "dev"), "test": ("test",), "train": ("train",)}


@dataclass(frozen=True, slots=True)
class Rule:
    """What was declared for one metric; None where nothing was."""

    rtol: float | None = None
    atol: float | None = None
    delta: float | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What a project says about its reproduction."""

    main_metric: str | None = None
    guards: tuple[str, ...] = ()
    rescore: str | None = None
    rules: Mapping[str, Rule] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choice:
    """The metrics of a run by the part they play, and how that was settled."""

    roles: Mapping[str, Role]
    why: str

    @property
    def main(self) -> str | None:
        return next((name for name, role in self.roles.items() if role == "main"), None)


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far two values of a metric may lie apart."""

    rtol: float
    atol: float
    delta: float | None
    """The declared margin of equivalence."""
    why: str

    def allows(self, wanted: float, found: float) -> bool:
        if wanted == found or (wanted != wanted and found != found):
            return True
        return abs(found - wanted) <= self.atol + self.rtol * abs(wanted)


def read_settings(folder: Path) -> Settings:
    """Return what the `pyproject.toml` in `folder` says; nothing where there is none.

    Raises:
        InvalidArgument: a value is of the wrong kind, or the file is no TOML.
    """
    path = folder / "pyproject.toml"
    try:
        with path.open("rb") as file:
            whole = tomllib.load(file)
    except OSError:
        return Settings()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidArgument(f"pyproject.toml of the run cannot be read: {error}") from error
    tool = _table(whole.get("tool"), "tool").get("tui_tracker")
    ours = _table(tool, "tool.tui_tracker")
    said = _table(ours.get("reproduce"), "tool.tui_tracker.reproduce")
    metrics = _table(ours.get("metrics"), "tool.tui_tracker.metrics")
    guards = said.get("guard_metrics", [])
    if not isinstance(guards, list):
        raise InvalidArgument("guard_metrics in pyproject.toml is a list of names")
    return Settings(
        main_metric=_word(said, "main_metric") or _word(ours, "main_metric"),
        guards=tuple(str(name) for name in guards),
        rescore=_word(said, "rescore"),
        rules={name: _rule(name, table) for name, table in metrics.items()},
    )


def choose_metrics(
    labels: Sequence[str],
    settings: Settings,
    params: Mapping[str, object],
    tags: Sequence[str],
) -> Choice:
    """Return which metric decides, which guard it, and which are clocks and left out."""
    roles: dict[str, Role] = {
        label: "clock" if is_clock(label) else "other" for label in sorted(labels)
    }
    main, why = _main(list(labels), settings, params, tags)
    guards = {*settings.guards, *(tag[6:] for tag in tags if tag.startswith("guard:"))}
    for label in roles:
        if label == main:
            roles[label] = "main"
        elif label in guards or label.partition("@")[0] in guards:
            roles[label] = "guard"
    return Choice(roles, why)


def is_clock(label: str) -> bool:
    """Return whether a metric measures time, speed or memory, which no rerun repeats."""
    return _CLOCK.search(label) is not None and _QUALITY.search(label) is None


def tolerance_of(
    label: str,
    settings: Settings,
    *,
    same_machine: bool,
    rtol: float | None,
    atol: float | None,
    examples: Mapping[str, int],
) -> Tolerance:
    """Return the tolerance of a metric: what was asked for, else declared, else usual.

    `examples` is the size of each split by role: one example more or less is allowed
    for shares of examples.
    """
    rule = settings.rules.get(label) or settings.rules.get(label.partition("@")[0]) or Rule()
    usual = SAME_MACHINE if same_machine else OTHER_MACHINE
    relative = next(value for value in (rtol, rule.rtol, usual) if value is not None)
    absolute = next((value for value in (atol, rule.atol) if value is not None), None)
    why = "as asked for" if rtol is not None or atol is not None else "as declared"
    if rtol is None and rule.rtol is None and absolute is None:
        why = "same class of machine" if same_machine else "another class of machine"
    if absolute is None:
        count = _examples(label, examples)
        absolute = 1 / count if count else 0.0
        why += f", one of {count:,} examples" if count else ""
    return Tolerance(relative, absolute, rule.delta, why)


def _examples(label: str, examples: Mapping[str, int]) -> int:
    if not _SHARE.search(label):
        return 0
    words = re.split(r"[_/.@ -]", label.lower())
    for role, names in _ROLES.items():
        if any(name in words for name in names):
            return max((examples.get(name, 0) for name in (role, *names)), default=0)
    return 0


def _main(
    labels: list[str], settings: Settings, params: Mapping[str, object], tags: Sequence[str]
) -> tuple[str | None, str]:
    tagged = next((tag[12:] for tag in tags if tag.startswith("main_metric:")), None)
    for said, where in (
        (params.get("main_metric"), "param main_metric"),
        (tagged, "tag main_metric"),
        (settings.main_metric, "pyproject.toml"),
    ):
        if isinstance(said, str) and said:
            found = [label for label in labels if said in (label, label.partition("@")[0])]
            if found:
                return found[0], f"named by {where}"
    judged = [label for label in rank_metrics(labels) if not is_clock(label)]
    if not judged:
        return None, "the run logged no metric that could be compared"
    return judged[0], "guessed from its name"


def _rule(name: str, value: object) -> Rule:
    table = _table(value, f'tool.tui_tracker.metrics."{name}"')
    numbers: dict[str, float] = {}
    for key in ("rtol", "atol", "delta"):
        if key in table:
            number = table[key]
            if not isinstance(number, (int, float)) or isinstance(number, bool) or number < 0:
                raise InvalidArgument(
                    f"{key} of metric {name!r} in pyproject.toml is a number from 0 on, "
                    f"not {number!r}"
                )
            numbers[key] = float(number)
    return Rule(**numbers)


def _table(value: object, name: str) -> dict[str, object]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidArgument(f"{name} in pyproject.toml is a table, not {value!r:.60}")
    if name.endswith("metrics"):
        return {str(key): member for key, member in value.items()}
    return {str(key).replace("-", "_"): member for key, member in value.items()}


def _word(table: Mapping[str, object], key: str) -> str | None:
    value = table.get(key)
    return value if isinstance(value, str) and value else None

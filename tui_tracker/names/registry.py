"""What a project says of its names, in the `pyproject.toml` around the folder one works in.

    [tool.tui_tracker.metrics.val_zork]
    direction = "max"        # or "min", or "none" where neither is better
    unit = "fraction"
    averaging = "macro"
    split = "val"
    delta = 0.01             # what is too small a difference to matter

    [tool.tui_tracker.names]
    mode = "warn"            # off, warn, fix, strict
    aliases = { acc = "accuracy", hid = "hidden_size" }
    purposes = ["probe"]

In the same table stand the tolerances of a rerun, `rtol` and `atol` (see `tt reproduce`);
one that says nothing else leaves the direction to the name. A metric is declared by its
whole name or without its split. What is declared holds for the whole process, because a
metric has one direction wherever it is shown: `adopt` puts it into the tables that all
readers of names share.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, cast

from tui_tracker import telling
from tui_tracker.errors import InvalidArgument
from tui_tracker.names import metric, words
from tui_tracker.names.project import project_file
from tui_tracker.names.words import AVERAGINGS, SPLITS, MetricWord

Mode = Literal["off", "warn", "fix", "strict"]
MODES: tuple[Mode, ...] = ("off", "warn", "fix", "strict")

_METRIC = ("direction", "unit", "averaging", "split", "delta", "rtol", "atol")
_NUMBERS = {"delta", "rtol", "atol"}
_NAMES = ("mode", "aliases", "purposes")
_DIRECTIONS = {"max": "max", "min": "min", "none": None}


@dataclass(frozen=True, slots=True)
class NamesConfig:
    """A project's words about its names."""

    metrics: Mapping[str, MetricWord] = field(default_factory=dict)
    """By the name that was declared, of those with a direction."""
    deltas: Mapping[str, float] = field(default_factory=dict)
    """What is too small a difference to matter, by the name that was declared."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """What stands for what, in names of metrics without their split and in params."""
    purposes: tuple[str, ...] = ()
    mode: Mode | None = None
    path: str = ""
    """The file that says so; "" where none does."""


_NOTHING = NamesConfig()


def read_names(start: Path) -> NamesConfig:
    """Return what the project around a folder says of names.

    Raises:
        InvalidArgument: the file says something that means nothing, with the place.
    """
    found = project_file(str(start))
    if not found:
        return _NOTHING
    path = Path(found)
    try:
        whole = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidArgument(f"{path} cannot be read: {error}") from error
    ours = _table(_table(whole, "tool", str(path)), "tui_tracker", f"{path}: tool")
    where = f"{path}: [tool.tui_tracker"
    metrics = _table(ours, "metrics", f"{where}]")
    names = _table(ours, "names", f"{where}]")
    _refuse_unknown(names, _NAMES, f"{where}.names]")
    read = {name: _metric(name, metrics, f"{where}.metrics") for name in metrics}
    declared = {name: word for name, word in read.items() if word is not None}
    return NamesConfig(
        declared,
        {name: float(said["delta"]) for name, said in metrics.items() if "delta" in said},
        dict(_aliases(names, f"{where}.names]")),
        _purposes(names, f"{where}.names]"),
        _mode(names, f"{where}.names]"),
        str(path),
    )


def adopt(config: NamesConfig) -> None:
    """Let all that reads names in this process go by what a project says."""
    forget()
    for name, word in config.metrics.items():
        words.DECLARED[name] = word
        telling.DECLARED[name] = word.direction or "last"
    telling.DELTAS.update(config.deltas)
    words.METRIC_ALIASES[:0] = config.aliases.items()
    words.PARAM_ALIASES.update(config.aliases)
    metric.forget_read()
    for name, word in config.metrics.items():
        read = metric.read_metric(name)
        if read.stat in words.OF_SPREAD:
            continue  # what is said of `val_f1_std` is not said of f1
        words.METRICS[read.base] = MetricWord(read.base, word.direction, word.unit)
    for purposes in (words.PURPOSES, words.EXPERIMENT_PURPOSES):
        purposes += [purpose for purpose in config.purposes if purpose not in purposes]
    metric.forget_read()
    telling.forget()


def forget() -> None:
    """Go back to what is shipped."""
    for table, shipped in zip(_TABLES, _SHIPPED[0], strict=True):
        table.clear()
        table.update(shipped)
    for list_, known in zip(_LISTS, _SHIPPED[1], strict=True):
        list_[:] = known
    metric.forget_read()
    telling.forget()


def adopt_project(start: Path) -> NamesConfig:
    """Read what the project around a folder says, and go by it."""
    config = read_names(start)
    adopt(config)
    return config


def _table(whole: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    found = whole.get(key, {})
    if not isinstance(found, dict):
        raise InvalidArgument(f"{where} {key} is a table, not {found!r:.60}")
    return found


def _refuse_unknown(table: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            raise InvalidArgument(f"{where}: {key!r} means nothing: {hint}")


def _metric(name: str, metrics: Mapping[str, Any], where: str) -> MetricWord | None:
    """Return what is declared of a metric; None where its name is to tell the direction."""
    said = _table(metrics, name, f"{where}]")
    place = f"{where}.{name}]"
    _refuse_unknown(said, _METRIC, place)
    _refuse_numbers(said, place)
    if not said.keys() - _NUMBERS and said:
        return None
    if said.get("direction") not in _DIRECTIONS:
        raise InvalidArgument(
            f"{place}: direction is {said.get('direction')!r}, use max, min or none"
        )
    for key, known in (("averaging", AVERAGINGS), ("split", SPLITS)):
        if key in said and said[key] not in known:
            raise InvalidArgument(f"{place}: {key} is {said[key]!r}, use {', '.join(known)}")
    return MetricWord(
        name,
        cast("words.Direction | None", _DIRECTIONS[said["direction"]]),
        cast("words.Unit", str(said.get("unit", ""))),
        str(said.get("averaging", "")),
        str(said.get("split", "")),
    )


def _refuse_numbers(said: Mapping[str, Any], place: str) -> None:
    """Raise where a difference that should be told is none."""
    for key in _NUMBERS & said.keys():
        number = said[key]
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not number >= 0:
            raise InvalidArgument(f"{place}: {key} is a number from 0 on, not {number!r}")


def _aliases(names: Mapping[str, Any], where: str) -> Iterator[tuple[str, str]]:
    found: dict[str, str] = {}
    for alias, canonical in _table(names, "aliases", where).items():
        if not isinstance(canonical, str) or not canonical.strip():
            raise InvalidArgument(f"{where}: aliases: {alias} stands for a name, not {canonical!r}")
        found[words.snake(alias)] = words.snake(canonical)
    for alias, canonical in found.items():
        if (other := found.get(canonical, canonical)) != canonical:
            means = "a circle" if other == alias else f"which stands for {other}: write that"
            raise InvalidArgument(f"{where}: aliases: {alias} stands for {canonical}, {means}")
        yield alias, canonical


def _purposes(names: Mapping[str, Any], where: str) -> tuple[str, ...]:
    found = names.get("purposes", [])
    if not isinstance(found, list) or not all(isinstance(word, str) and word for word in found):
        raise InvalidArgument(f'{where}: purposes is a list of words, as in ["probe"]')
    return tuple(found)


def _mode(names: Mapping[str, Any], where: str) -> Mode | None:
    mode = names.get("mode")
    if mode is not None and mode not in MODES:
        raise InvalidArgument(f"{where}: mode is {mode!r}, use {', '.join(MODES)}")
    return cast("Mode | None", mode)


_TABLES: list[dict[str, Any]] = [
    words.METRICS,
    words.PARAM_ALIASES,
    words.DECLARED,
    telling.DECLARED,
    telling.DELTAS,
]
_LISTS: list[list[Any]] = [words.METRIC_ALIASES, words.PURPOSES, words.EXPERIMENT_PURPOSES]
_SHIPPED = [table.copy() for table in _TABLES], [list_.copy() for list_ in _LISTS]
"""What the shared tables hold without a project."""

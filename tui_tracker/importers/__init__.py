"""Which reader fits a path: formats of other trackers, found by what lies there.

A format is a module of this package; see `claims.Format`. Modules are loaded when a
path is looked at, never before.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, cast

from tui_tracker.errors import InvalidArgument
from tui_tracker.importers.claims import Claim, Find, Format, Listing, list_claims
from tui_tracker.importers.records import Reader, Unread

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMATS: tuple[str, ...] = (
    "wandb",
    "swanlab",
    "mlflow_sqlite",
    "mlflow_files",
    "trackio",
    "optuna",
    "goodseed",
    "exptrack",
    "aim",
    "guild",
    "sacred",
    "dvclive",
    "tlog",
    "hf_trainer",
    "ultralytics",
    "lightning",
    "tensorboard",
    "tracker_jsonl",
    "tabular",
    "console_log",
)
"""Modules in the order in which they are asked: sure ones first, guessing ones last."""


@dataclass(frozen=True, slots=True)
class Source:
    """Something that can be read, and the format that knows how."""

    claim: Claim
    format: Format

    @property
    def tool(self) -> str:
        return self.claim.tool

    @property
    def path(self) -> Path:
        return self.claim.path

    def open(self) -> Reader:
        return self.format.open_reader(self.claim)


def find_sources(
    path: Path, *, tool: str = "", tell: Callable[[Unread], None] = lambda _: None
) -> Iterator[Source]:
    """Yield what can be read at or below a path, in order of paths.

    `tool` restricts it to one tool's formats. `tell` hears of what could not be looked into.

    Raises:
        InvalidArgument: there is nothing at the path, or no tool of that name.
    """
    if not os.path.exists(path):
        raise InvalidArgument(f"there is nothing at {str(path)!r} to read.")
    names = _names(tool)
    finds: list[Find] = [_Asked(name) for name in names]
    for number, claim in list_claims(path, finds, tell):
        yield Source(claim, cast("Format", _load(names[number])))


def nothing_to_read(path: Path, tool: str) -> InvalidArgument:
    """Return the error that says that nothing was found at a path."""
    wanted = f"no run of {tool}" if tool else "nothing of any tool that is known"
    return InvalidArgument(f"in {str(path)!r} is {wanted}: {', '.join(list_tools())} can be read.")


def list_tools() -> list[str]:
    """Return the names that `tool` may have, in the order in which formats are asked."""
    return list(dict.fromkeys(_load(name).TOOL for name in FORMATS))


class _Asked:
    """A format that is loaded when it is asked first: most paths are of one of the first."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, listing: Listing) -> Iterator[Claim]:
        found: Iterator[Claim] = _load(self._name).find_claims(listing)
        return found


def _names(tool: str) -> Sequence[str]:
    if not tool:
        return FORMATS
    chosen = [name for name in FORMATS if tool == _load(name).TOOL]
    if not chosen:
        raise InvalidArgument(f"no tool named {tool!r} is known: {', '.join(list_tools())} are.")
    return chosen


def _load(name: str) -> ModuleType:
    return import_module(f"{__name__}.{name}")

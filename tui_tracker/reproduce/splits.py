"""The recorded splits, made again before anything is executed.

The kept indices must give the recorded hash, and so must the recipe of `tt.split` where it
needs nothing but numbers. What a script makes by other means is compared after the rerun.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Mapping, Sequence

from tui_tracker import folder as folders
from tui_tracker.artifacts import stored_path
from tui_tracker.capture.split_format import read_split
from tui_tracker.capture.splits import hash_roles
from tui_tracker.capture.splitting import make_split
from tui_tracker.errors import InvalidArgument
from tui_tracker.facts import mapping, word
from tui_tracker.queries import LineagePart
from tui_tracker.reproduce.failures import DATA, CannotReproduce

_NUMBERS = frozenset(("n", "test", "val"))
"""What a recipe holds that needs no column of the data."""


def check_recorded(store_folder: str, splits: Sequence[LineagePart]) -> int:
    """Verify what is recorded of each split; return how many could be made again.

    Raises:
        CannotReproduce: indices or recipe give another split than the run had.
    """
    rebuilt = 0
    for part in splits:
        wanted = word(part.facts, "hash")
        found = {
            "its kept indices": _from_indices(store_folder, part),
            "its recipe": _from_recipe(part),
        }
        made = {how: digest for how, digest in found.items() if digest}
        for how, digest in made.items():
            if wanted and digest != wanted:
                name = part.name.partition(":")[2]
                raise CannotReproduce(
                    "data",
                    f"split {name!r}: {how} give {digest:.20}.. but the run had {wanted:.20}... "
                    "Nothing was run",
                    exit_code=DATA,
                )
        rebuilt += bool(wanted and made)
    return rebuilt


def _from_indices(store_folder: str, part: LineagePart) -> str:
    sha256 = word(part.facts, "indices")
    path = stored_path(folders.artifacts(store_folder), sha256) if sha256 else ""
    if not path or not os.path.exists(path):
        return ""
    try:
        return _hash(read_split(path))
    except (InvalidArgument, OSError) as error:
        return f"nothing ({error})"


def _from_recipe(part: LineagePart) -> str:
    facts = part.facts
    arguments = mapping(facts, "arguments")
    if word(facts, "splitter") != "tui_tracker.split" or not set(arguments) <= _NUMBERS:
        return ""
    n, test, val = (arguments.get(key) for key in ("n", "test", "val"))
    if not isinstance(n, int) or not isinstance(test, float | int):
        return ""
    if word(facts, "strategy") != "random" or not isinstance(val, float | int):
        return ""
    try:
        return _hash(make_split(n, test=test, val=val, seed=facts.get("seed")))
    except InvalidArgument:
        return ""


def _hash(roles: Mapping[str, Sequence[object]]) -> str:
    return hash_roles({role: _rows(rows) for role, rows in roles.items()})


def _rows(rows: Sequence[object]) -> array[int] | list[str]:
    if all(isinstance(row, int) for row in rows):
        return array("q", rows)  # type: ignore[arg-type]
    return [str(row) for row in rows]

"""Score what somebody, or the tool, found in a practice against its hidden answers.

What was found is JSON: `{"RUN": {"FIELD": value}}` by name or id of the run, null where
nothing tells a value any more; or what `tt drill --json` prints.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui_tracker.drill.practice import ANSWERS
from tui_tracker.errors import InvalidArgument
from tui_tracker.queries import find_run, run_id
from tui_tracker.store import Store

ENOUGH = 0.95
"""The share of the planted gaps that has to be found."""
_LEAST_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Value:
    """A value that was proposed, and whether it is marked as a guess."""

    value: object
    guess: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in one run."""

    rules: frozenset[str]
    """The rules whose gaps were named; none where fields are."""
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class ScoreSheet:
    """How a practice went."""

    planted: int
    found: int
    right: int
    guessed: int
    """Wrong values that are marked as guesses."""
    wrong: int
    lines: tuple[str, ...]
    """What was missed or wrong, a sentence each."""

    @property
    def passed(self) -> bool:
        return self.wrong == 0 and self.found >= ENOUGH * self.planted

    def shape(self) -> dict[str, Any]:
        return {
            "planted": self.planted,
            "found": self.found,
            "right": self.right,
            "guessed": self.guessed,
            "wrong": self.wrong,
            "passed": self.passed,
            "missed_or_wrong": list(self.lines),
        }


def score_file(store: Store, path: Path) -> ScoreSheet:
    """Return how many of the planted gaps a file names, and how many values are right.

    Raises:
        InvalidArgument: the store is no practice, or the file cannot be read.
        NotFound: the file names a run that there is none of.
    """
    sheet = Path(store.folder).parent / ANSWERS
    if not sheet.is_file():
        raise InvalidArgument(f"{store.folder!r} is no practice: `tt drill --practice` makes one")
    answers = _read(sheet)["runs"]
    found = dict(_found(store, _read(path)))
    return score(answers, found, _names(store, answers))


def _names(store: Store, answers: Mapping[str, object]) -> dict[str, str]:
    rows = {row[0]: row[1] for row in store.read("SELECT lower(hex(uuid)), name FROM run")}
    return {id_: str(rows.get(id_.replace("-", ""), id_)) for id_ in answers}


def _read(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidArgument(f"{str(path)!r} cannot be read: {error}") from error
    if not isinstance(told, dict):
        raise InvalidArgument(f'{str(path)!r} should hold {{"RUN": {{"FIELD": value}}}}')
    return told


def _found(store: Store, told: Mapping[str, Any]) -> Iterator[tuple[str, Found]]:
    runs = told.get("runs")
    if isinstance(runs, list):
        try:
            yield from [_printed(run) for run in runs]
        except (KeyError, TypeError, AttributeError) as error:
            raise InvalidArgument("this is not what `tt drill --json` prints") from error
        return
    for address, fields in told.items():
        if not isinstance(fields, dict):
            raise InvalidArgument(f"what was found in {address!r} should be fields with values")
        values = {str(field): Value(value) for field, value in fields.items()}
        yield run_id(store, find_run(store, address)), Found(frozenset(), values)


def _printed(run: Mapping[str, Any]) -> tuple[str, Found]:
    """Return what `tt drill --json` prints of a run."""
    gaps = run["gaps"]
    values = {
        item["field"]: Value(item["new"], item["confidence"] == "guess")
        for gap in gaps
        for item in gap["proposals"]
    }
    return str(run["id"]), Found(frozenset(gap["rule"] for gap in gaps), values)


def score(
    answers: Mapping[str, list[Mapping[str, Any]]],
    found: Mapping[str, Found],
    names: Mapping[str, str],
) -> ScoreSheet:
    """Return how well what was found fits the answers, by run id."""
    planted = hits = right = guessed = wrong = 0
    lines = []
    for id_, gaps in answers.items():
        told = found.get(id_, Found(frozenset(), {}))
        for gap in gaps:
            planted += 1
            values: Mapping[str, object] = gap["values"]
            if gap["rule"] not in told.rules and not set(values) & set(told.values):
                lines.append(f"{names.get(id_, id_)}: {gap['rule']} was not found")
                continue
            hits += 1
            for field, wanted in values.items():
                given = told.values.get(field)
                if given is None or (given.value is None and wanted is None):
                    # The gap was named without a value, which is right where none is left.
                    right += wanted is None
                elif wanted is not None and is_same(given.value, wanted):
                    right += 1
                elif given.guess:
                    guessed += 1
                else:
                    wrong += 1
                    lines.append(f"{names.get(id_, id_)}: {field} is not {given.value!r:.60}")
    return ScoreSheet(planted, hits, right, guessed, wrong, tuple(lines))


def is_same(given: object, wanted: object) -> bool:
    """Return whether a value is the right one: digests and commits by their first digits."""
    if isinstance(given, dict) and isinstance(wanted, dict):
        return given == wanted
    if isinstance(given, dict):
        given = given.get("sha256", given.get("last"))
    if isinstance(wanted, float) and isinstance(given, (int, float)):
        return math.isclose(given, wanted, rel_tol=1e-3)
    left, right = (str(v).rpartition(":")[2].strip().lower() for v in (given, wanted))
    long = len(right) >= 40 and len(left) >= _LEAST_DIGITS
    return left == right or (long and right.startswith(left))

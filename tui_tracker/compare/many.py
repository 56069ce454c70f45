"""Any number of runs side by side: one row a field, one cell a run.

Rows that differ come first in each section. Where a run has no record of a whole
respect its cells are unknown, and a row with an unknown cell is never told as the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tui_tracker import folder as folders
from tui_tracker.compare.changes import Changed, code_between
from tui_tracker.compare.doubts import Doubt, Unsaid, code_identities, comparability
from tui_tracker.compare.groups import equal, is_noise, moved_rows
from tui_tracker.compare.ignoring import Ignored
from tui_tracker.compare.metric_rows import metric_rows
from tui_tracker.compare.rows import Row, row_of
from tui_tracker.compare.sides import (
    Fields,
    Side,
    command_words,
    data_fields,
    flat,
    hardware_fields,
    package_fields,
    process_fields,
    python_fields,
    read_sides,
    seed_fields,
    split_fields,
)
from tui_tracker.compare.values import Kind
from tui_tracker.errors import InvalidArgument
from tui_tracker.facts import mapping, word
from tui_tracker.lineage.words import SHORT, changes_line
from tui_tracker.queries import RunKey, RunRow
from tui_tracker.store import Store

MOST_RUNS = 20
Section = Literal["run"] | Kind
SECTIONS: tuple[Section, ...] = (
    "run",
    "params",
    "metrics",
    "data",
    "split",
    "code",
    "packages",
    "python",
    "hardware",
    "seeds",
    "determinism",
    "command",
    "variables",
)
"""In the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs side by side."""

    runs: tuple[RunRow, ...]
    reference: int
    """The place of the run that others are measured against."""
    doubts: tuple[Doubt, ...]
    """Why the runs may not be comparable, gravest first."""
    rows: tuple[Row, ...]
    """By section; in each those that differ first, then the unknown, then the same."""
    code: tuple[Changed, ...]
    """What differs in the code of each run from the reference's."""

    def section(self, name: Section) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.section == name)

    @property
    def differs(self) -> bool:
        """Whether anything differs but what differs between any two runs."""
        return any(row.state == "differs" and not row.noise for row in self.rows)


def compare_many(
    store: Store,
    keys: Sequence[RunKey],
    *,
    reference: int = 0,
    ignore: Iterable[str] = (),
    metric: str | None = None,
) -> Comparison:
    """Return runs side by side; `ignore` has patterns as `Ignored` reads them.

    `metric` is the one that doubts are about; None takes the most telling.

    Raises:
        InvalidArgument: there is no run, or there are more than `MOST_RUNS`.
        NotFound: a run is gone.
        StoreError: the store cannot be read.
    """
    if not 1 <= len(keys) <= MOST_RUNS:
        raise InvalidArgument(f"{len(keys)} runs were chosen: two to {MOST_RUNS} can be compared")
    sides = read_sides(store, keys)
    reference = min(max(0, reference), len(sides) - 1)
    code = code_between(store, sides, reference)
    rows = [
        row
        for row in _rows(sides, folders.artifacts(store.folder), reference, code)
        if row.section == "run" or not Ignored(ignore).hides(row.section, row.name)
    ]
    rows.sort(key=_place)
    return Comparison(
        runs=tuple(side.run.row for side in sides),
        reference=reference,
        doubts=comparability(sides, metric),
        rows=tuple(rows),
        code=code,
    )


_STATES = ("differs", "unknown", "same")


def _place(row: Row) -> tuple[int, int, int]:
    state = 0 if row.section in ("run", "code") else _STATES.index(row.state)
    if row.section == "metrics":
        # The rows of one stay together, in the order in which metrics tell something.
        state = row.rank
    return SECTIONS.index(row.section), state, int(row.noise)


def _rows(
    sides: Sequence[Side], artifacts: str, reference: int, code: Sequence[Changed]
) -> Iterable[Row]:
    yield from _run_rows(sides)
    params: list[Mapping[str, object] | None] = [dict(side.run.row.params) for side in sides]
    yield from _field_rows("params", params)
    yield from metric_rows([side.run.row for side in sides])
    yield from _code_rows(sides, code)
    for kind, read in _READ.items():
        for row in _field_rows(kind, [read(side) or None for side in sides]):
            if kind == "split" and row.name.endswith(".hash"):
                yield replace(row, notes=_moved(sides, row, artifacts, reference))
            else:
                yield row


def _command(side: Side) -> Fields:
    words = command_words(side)
    return {**({"argv": words} if words else {}), **process_fields(side)}


def _determinism(side: Side) -> Fields:
    return flat(side.facts("determinism"))


def _hardware(side: Side) -> Fields:
    # The host alone is known of every run and says nothing of its machine.
    return hardware_fields(side) if side.facts("hardware") else {}


def _variables(side: Side) -> Fields:
    return dict(mapping(side.facts("variables"), "variables"))


_READ: dict[Kind, Callable[[Side], Fields]] = {
    "data": data_fields,
    "split": split_fields,
    "packages": package_fields,
    "python": python_fields,
    "command": _command,
    "seeds": seed_fields,
    "determinism": _determinism,
    "variables": _variables,
    "hardware": _hardware,
}


def _field_rows(section: Section, fields: Sequence[Mapping[str, object] | None]) -> Iterable[Row]:
    """Yield a row for each name that any of the runs has; None is a run without a record."""
    names = dict.fromkeys(name for found in fields if found is not None for name in found)
    for name in names:
        values = [
            Unsaid.UNKNOWN if found is None else found.get(name, Unsaid.ABSENT) for found in fields
        ]
        noise = section != "run" and is_noise(section, name)
        yield row_of(section, name, values, noise=noise)


def _run_rows(sides: Sequence[Side]) -> Iterable[Row]:
    """Yield how each run stands; only its status and its steps count as differences."""
    rows = [side.run.row for side in sides]
    yield row_of("run", "status", [row.status for row in rows])
    steps: list[object] = [
        max((metric.last_step for metric in row.metrics.values()), default=Unsaid.ABSENT)
        for row in rows
    ]
    yield row_of("run", "last step", steps)
    yield row_of("run", "duration", [row.duration_s for row in rows], noise=True)
    yield row_of("run", "started", [row.started_at for row in rows], noise=True)
    yield row_of("run", "experiment", [row.experiment for row in rows], noise=True)
    yield row_of("run", "tags", [" ".join(row.tags) or Unsaid.ABSENT for row in rows], noise=True)


def _code_rows(sides: Sequence[Side], code: Sequence[Changed]) -> Iterable[Row]:
    facts = [side.facts("code") for side in sides]
    if not any(facts):
        return
    identities: list[object] = list(code_identities(sides))
    yield replace(row_of("code", "code", identities), notes=tuple(c.words for c in code))
    fields: list[Mapping[str, object] | None] = []
    for part in facts:
        told = {
            "commit": word(part, "commit")[:SHORT],
            "branch": word(part, "branch"),
            "changed on top": changes_line(part),
        }
        fields.append({name: text for name, text in told.items() if text} if part else None)
    yield from _field_rows("code", fields)


def _moved(sides: Sequence[Side], row: Row, artifacts: str, reference: int) -> tuple[str, ...]:
    """Return how many rows are in another role than in the reference's split."""
    name = row.name.removesuffix(".hash")
    parts = [side.named("split").get(name) for side in sides]
    ours = parts[reference]
    return tuple(
        moved_rows(ours, theirs, artifacts)
        if ours is not None and theirs is not None and not equal(value, row.values[reference])
        else ""
        for theirs, value in zip(parts, row.values, strict=True)
    )

"""What the columns of a table seem to be, told from their names and its first rows.

Names decide first, then what is in the column: what counts upwards is a step, what never changes
within a run a param, numbers are metrics, and texts are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tui_tracker.errors import ImportFailed
from tui_tracker.importers.columns import Columns
from tui_tracker.importers.table_cells import is_duration, is_missing, moment_ms, number
from tui_tracker.importers.table_text import BadRow, Chunk, Form, GrowingTable

GUESSED_ROWS = 2000
"""Only so many rows, and bytes, are looked at for a guess."""
_GUESSED_BYTES = 8 << 20
_GUESSED_CELLS = 1_000_000

_STEPS = """step global_step globalstep _step trainer/global_step train_step total_steps
    iteration iterations iter global_iter it num_iterations update updates num_updates
    epoch epochs ep current_epoch epoche schritt round rounds generation
    batch batch_idx index""".split()
_SURE = {*_STEPS} - {"index", "batch_idx"}
_FRACTIONS = {"epoch", "epochs", "ep", "current_epoch"}
_TIMES = """timestamp _timestamp wall_time walltime wall time datetime date_time date ts _ts t
    logged_at created_at""".split()
_RUNS = "run run_id run_name runid runname _run trial trial_id trial_number exp exp_id".split()
_SEEDS = "seed random_seed fold cv_fold split_id".split()
_PARAMS = re.compile(
    r"(?:.*[._/ ])?(?:lr|learning_?rate|batch_?size|bs|seed|random_?seed|hidden\w*|n_?layers?|"
    r"num_?layers?|layers?|depth|width|dropout|weight_?decay|wd|momentum|optimizer|opt|model|arch|"
    r"architecture|dataset|data|epochs|max_epochs|num_epochs|n_epochs|max_steps|fold|alpha|gamma|"
    r"beta\d?|lambda|reg|l1|l2|temperature|warmup\w*|activation|scheduler|device|gpu|n_estimators|"
    r"max_depth|kernel_?size|embed\w*dim|n_?heads?|num_?heads?|patience|split|version|tag|name)",
    re.IGNORECASE,
)
_LOSSES = re.compile(r"(?:^|[^a-z])(?:loss|acc|accuracy|mse|mae|auc|f1)(?:$|[^a-z])", re.IGNORECASE)
_RATES = re.compile(r"(?:.*[._/ ])?(?:lr\w*|learning_?rate\w*)", re.IGNORECASE)


def guess_columns(path: Path, *, rows: int = GUESSED_ROWS) -> Columns:
    """Return what the columns of a file seem to be.

    Raises:
        ImportFailed: it cannot be read, or is no table.
    """
    try:
        sample = _first_rows(path, rows)
    except OSError as error:
        raise ImportFailed(str(path), "", f"cannot be read: {error.strerror}") from error
    if sample is None:
        problem = (
            "wanted rows with a header and numbers below it, or one JSON object a line, "
            "and found none; `--columns step=NAME,metric=NAME` tells what counts"
        )
        raise ImportFailed(str(path), "", problem)
    form, chunk = sample
    return guess_of(form, chunk)


def _first_rows(path: Path, rows: int) -> tuple[Form, Chunk] | None:
    table = GrowingTable(path, most_cells=20_000)
    cells: dict[str, list[object]] = {}
    count = 0
    for piece in _pieces(table):
        if isinstance(piece, BadRow):
            continue
        size = len(piece.lines)
        for name, column in zip(piece.names, piece.columns, strict=True):
            cells.setdefault(name, [None] * count).extend(column)
        for column in cells.values():
            column.extend([None] * (count + size - len(column)))
        count += size
        if (
            count >= rows
            or len(cells) * count >= _GUESSED_CELLS
            or table.text.bytes_read > _GUESSED_BYTES
        ):
            break
    if table.form is None or not count:
        return None
    return table.form, Chunk(list(cells), list(cells.values()), list(range(count)))


def _pieces(table: GrowingTable) -> Iterator[Chunk | BadRow]:
    yield from table.read()
    # Of a file of one line, too, and of one without a last line end.
    yield from table.read_last()


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is in a column."""

    name: str
    values: tuple[float | None, ...]
    cells: tuple[object, ...]
    filled: int
    numeric: int

    @property
    def low(self) -> str:
        return self.name.strip().lower().replace(" ", "_")

    @property
    def is_number(self) -> bool:
        strange = self.filled - self.numeric
        return self.numeric > 0 and strange <= max(self.numeric > 1, 0.1 * self.filled)

    @property
    def present(self) -> list[float]:
        return [value for value in self.values if value is not None]

    @property
    def is_whole(self) -> bool:
        return self.is_number and all(value == value // 1 for value in self.present)


def guess_of(form: Form, chunk: Chunk) -> Columns:
    """Return what the columns of some rows seem to be."""
    facts = [
        _facts(name, column, comma=form.comma)
        for name, column in zip(chunk.names, chunk.columns, strict=True)
    ]
    step = _find_step(facts)
    time = _find_time(facts, step)
    taken = {one.name for one in (step, time) if one}
    run = _find_run([one for one in facts if one.name not in taken], step)
    taken |= {run.name} if run else set()
    rest = [one for one in facts if one.name not in taken]
    groups = _groups(run)
    params = [
        one.name
        for one in rest
        if _is_param(one, groups, several=run is not None) or _is_beside_steps(one, step)
    ]
    metrics = [one.name for one in rest if one.is_number and one.name not in params]
    return Columns(
        tuple(chunk.names),
        form,
        step=step.name if step else "",
        time=time.name if time else "",
        run=run.name if run else "",
        metrics=tuple(metrics),
        params=tuple(params),
        rows=len(chunk.lines),
        step_is_sure=step is not None and _is_sure(step, metrics),
        step_goes_on=step is not None and _goes_on(step, groups),
        runs_by_name=run is not None and run.low in _RUNS,
    )


def _facts(name: str, column: Sequence[object], *, comma: bool) -> _Facts:
    filled = sum(cell is not None and not is_missing(cell) for cell in column)
    values = tuple(None if cell is None else number(cell, comma=comma) for cell in column)
    numeric = sum(value is not None for value in values)
    return _Facts(name, values, tuple(column), filled, numeric)


def _find_step(facts: Sequence[_Facts]) -> _Facts | None:
    """Return the column that counts: by its name, the finest first; else one that counts rows."""
    by_name = {one.low: one for one in reversed(facts)}
    for name in _STEPS:
        one = by_name.get(name)
        if one is not None and one.is_number and (one.is_whole or name in _FRACTIONS):
            return one
    for one in facts:
        last = re.split(r"[/._ ]", one.low)[-1]
        if last in ("step", "epoch", "iteration", "iter") and one.is_whole:
            return one
    first = facts[0] if facts else None
    if first is not None and first.is_whole and first.low in ("index", "", "unnamed:_0", "#"):
        return first
    return first if first is not None and _counts_rows(first) else None


def _counts_rows(one: _Facts) -> bool:
    present = one.present
    return (
        len(present) == len(one.values) >= 3
        and one.is_whole
        and present[0] in (0, 1)
        and all(b - a == 1 for a, b in pairwise(present))
    )


def _is_sure(step: _Facts, metrics: Sequence[str]) -> bool:
    """Return whether a name says that this is a step, or a row of a history: `,loss,val_loss`."""
    last = re.split(r"[/._ ]", step.low)[-1]
    if step.low in _SURE or last in ("step", "epoch", "iteration", "iter"):
        return True
    return step.low == "index" and any(_LOSSES.search(name) for name in metrics)


def _goes_on(step: _Facts, groups: list[str] | None) -> bool:
    last: dict[str, float] = {}
    rises, falls = 0, 0
    for group, value in zip(groups or [""] * len(step.values), step.values, strict=True):
        if value is None:
            continue
        before = last.get(group, value)
        rises, falls = rises + (value > before), falls + (value < before)
        last[group] = value
    return rises > 0 and falls <= 1 + rises // 3


def _find_time(facts: Sequence[_Facts], step: _Facts | None) -> _Facts | None:
    by_name = {one.low: one for one in reversed(facts) if one is not step}
    for name in _TIMES:
        one = by_name.get(name)
        if one is None:
            continue
        cells = [cell for cell in one.cells if not is_missing(cell)]
        if cells and all(moment_ms(cell) is not None for cell in cells):
            return one
    return None


def _find_run(facts: Sequence[_Facts], step: _Facts | None) -> _Facts | None:
    """Return the column by which rows are of several runs; one with a single value tells none."""
    for names in (_RUNS, _SEEDS):
        for one in facts:
            if one.low not in names or one.filled < len(one.cells):
                continue
            kinds = len(set(map(str, one.cells)))
            if 1 < kinds < len(one.cells) and (names is _RUNS or _steps_repeat(one, step)):
                return one
    return None


def _steps_repeat(run: _Facts, step: _Facts | None) -> bool:
    """Return whether each value of a column comes with steps of its own, none twice."""
    if step is None:
        return False
    pairs = list(zip(map(str, run.cells), step.values, strict=True))
    return len(set(pairs)) == len(pairs) and len(set(step.values)) < len(pairs)


def _groups(run: _Facts | None) -> list[str] | None:
    return [str(cell) for cell in run.cells] if run else None


def _is_param(one: _Facts, groups: list[str] | None, *, several: bool) -> bool:
    """Return whether a column never changes within a run, and is no measurement by its name."""
    if not one.filled or len(one.cells) < 2:
        return False
    first: dict[str, str] = {}
    for group, cell in zip(groups or [""] * len(one.cells), one.cells, strict=True):
        if is_missing(cell):
            continue
        if first.setdefault(group, str(cell)) != str(cell):
            return False
    if not one.is_number:
        return not any(map(is_duration, one.cells))
    if one.filled < len(one.cells) or not _PARAMS.fullmatch(one.low):
        return False
    # A rate that stands still in one run is what its schedule gave; in a sweep it is what varies.
    return several or not _RATES.fullmatch(one.low)


def _is_beside_steps(one: _Facts, step: _Facts | None) -> bool:
    """Return whether a column is only filled where no step is: a record of the settings."""
    if step is None or not one.filled:
        return False
    return all(
        value is None
        for value, cell in zip(step.values, one.cells, strict=True)
        if not is_missing(cell)
    )

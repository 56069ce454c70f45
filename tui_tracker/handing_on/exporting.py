"""One export from beginning to end: which target, where it goes, what is told of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, TextIO, get_args

from tui_tracker.errors import InvalidArgument
from tui_tracker.handing_on import csv_files, run_table
from tui_tracker.handing_on.lines_writing import write_lines
from tui_tracker.handing_on.losses import Losses, Progress, count_left_out, count_words
from tui_tracker.handing_on.places import LIST, new_file, new_folder, refuse_existing
from tui_tracker.handing_on.points import read_points
from tui_tracker.handing_on.run_table import Cell, TableColumn
from tui_tracker.handing_on.secrets import Cleaner
from tui_tracker.queries.rows import run_uuid
from tui_tracker.store import Store

Kind = Literal["csv", "jsonl", "parquet", "tensorboard", "mlflow", "wandb-config"]
Shape = Literal["points", "runs"]
KINDS: tuple[Kind, ...] = get_args(Kind)
TABLES: tuple[Kind, ...] = ("csv", "parquet")
"""Kinds that have a shape."""
TEXTS: tuple[Kind, ...] = ("csv", "jsonl")
"""Kinds that go to standard output where no place is named."""
_PLACES = {
    "parquet": "{shape}.parquet",
    "tensorboard": "tensorboard",
    "mlflow": "mlruns",
    "wandb-config": "wandb-config",
}
"""Where the others go then."""
Table = tuple[Sequence[TableColumn], Callable[[Cleaner], Iterator[list[list[Cell]]]]]
"""Columns, and what reads their cells some runs at a time."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be made of some runs."""

    kind: Kind
    out: str | None = None
    shape: Shape = "points"
    """Of a table."""
    force: bool = False
    """What stands at the place may be replaced."""
    keep_secrets: bool = False
    table: Table | None = None
    """The columns of a table of runs; None for all of them."""
    about: dict[str, str] = field(default_factory=dict)
    """Version and query, for targets that say what they are."""


@dataclass(frozen=True, slots=True)
class Exported:
    """An export that was made."""

    path: str
    """"" where it went to standard output."""
    runs: int
    points: int
    """Points of metrics and of the machine that went out."""
    notes: tuple[str, ...]
    """What was left out or changed, a sentence each."""


def export(
    store: Store, keys: Sequence[int], wanted: Wanted, *, progress: Progress | None = None
) -> Exported:
    """Write these runs, in their order.

    Raises:
        InvalidArgument: the place is taken, or what the target needs is not installed.
        StoreDamaged: points of a run cannot be read.
    """
    made = _Export(store, keys, wanted, progress)
    path = wanted.out or _PLACES.get(wanted.kind, "").format(shape=wanted.shape)
    if path:
        folder = wanted.kind in ("tensorboard", "mlflow", "wandb-config")
        refuse_existing(path, force=wanted.force, folder=folder)
    getattr(made, wanted.kind.replace("-", "_"))(path)
    if made.cleaner.hidden:
        losses = count_words(made.cleaner.hidden, "text")
        made.notes.append(f"{losses} held what looks like a secret, which is hidden")
    return Exported(path, len(keys), made.done, (*made.losses.sentences(), *made.notes))


class _Export:
    """One export while it is made; a method for each kind."""

    def __init__(
        self, store: Store, keys: Sequence[int], wanted: Wanted, progress: Progress | None
    ) -> None:
        self._store, self._keys, self._wanted = store, keys, wanted
        self._progress = progress
        self.cleaner = Cleaner(keep=wanted.keep_secrets)
        self.losses = Losses()
        self.notes: list[str] = []
        self.done = 0
        self._total = self._count_points()

    def csv(self, path: str) -> None:
        with self._text(path) as out:
            if self._wanted.shape == "runs":
                columns, chunks = self._table()
                heads = [column.name for column in columns]
                csv_files.write_rows(heads, (row for chunk in chunks for row in chunk), out)
            else:
                csv_files.write_points(self._points(), self._names(), out, self._tell)
        self._leave_out()

    def jsonl(self, path: str) -> None:
        with self._text(path) as out:
            write_lines(
                self._store,
                self._keys,
                out.write,
                cleaner=self.cleaner,
                losses=self.losses,
                tell=self._tell,
            )

    def parquet(self, path: str) -> None:
        from tui_tracker.handing_on import parquet

        about = {**self._wanted.about, "what": self._wanted.shape}
        with new_file(path, force=self._wanted.force) as draft:
            if self._wanted.shape == "runs":
                columns, chunks = self._table()
                parquet.write_runs(chunks, columns, draft, about)
            else:
                parquet.write_points(self._points(), self._names(), draft, about, self._tell)
        self._leave_out()

    def tensorboard(self, path: str) -> None:
        from tui_tracker.handing_on import tensorboard

        with self._folder(path) as (folder, made):
            places = tensorboard.write_events(self._store, self._keys, folder, **self._ways())
            self._say_spelling(made, places.spelling.changed)
            made["runs"] = places.runs
        self._leave_rest("TensorBoard", tensorboard.HELD)

    def mlflow(self, path: str) -> None:
        from tui_tracker.handing_on import mlflow

        with self._folder(path) as (folder, made):
            spelling = mlflow.write_store(self._store, self._keys, folder, path, **self._ways())
            self._say_spelling(made, spelling.changed)
        self._leave_rest("MLflow", mlflow.HELD)
        self.notes.append(mlflow.READ_WITH)

    def wandb_config(self, path: str) -> None:
        from tui_tracker.handing_on import wandb_config

        with self._folder(path) as (folder, made):
            ways = {**self._ways(), "tell": lambda _: None}
            places = wandb_config.write_configs(self._store, self._keys, folder, **ways)
            self._say_spelling(made, places.spelling.changed)
            made["runs"] = places.runs
        self._leave_rest("a config file", wandb_config.HELD)
        self.losses.add("point", "left out: a config file has params alone", self._count_points())

    def _count_points(self) -> int:
        chosen = set(self._keys)
        rows = self._store.read("SELECT id, points FROM run")
        return sum(points for key, points in rows if key in chosen)

    def _ways(self) -> dict[str, Any]:
        return {"cleaner": self.cleaner, "losses": self.losses, "tell": self._tell}

    def _table(self) -> tuple[Sequence[TableColumn], Iterator[list[list[Cell]]]]:
        if self._wanted.table is not None:
            columns, read = self._wanted.table
            return columns, read(self.cleaner)
        columns = run_table.run_columns(self._store, self._keys)
        return columns, run_table.read_table(self._store, self._keys, columns, self.cleaner)

    def _points(self) -> Iterator[Any]:
        return read_points(self._store, self._keys)

    def _names(self) -> Callable[[int], str]:
        known: dict[int, str] = {}

        def name(key: int) -> str:
            if key not in known:
                known.clear()  # runs come one after the other
                rows = self._store.read("SELECT uuid FROM run WHERE id=?", (key,))
                known[key] = run_uuid(rows[0][0])
            return known[key]

        return name

    def _leave_out(self) -> None:
        """Count what a table has no place for; whoever chose the columns knows."""
        if self._wanted.shape == "points":
            self._leave_rest("a table of points", ("metric",))
        elif self._wanted.table is None:
            self._leave_rest("a table of runs", run_table.HELD)

    def _leave_rest(self, target: str, held: Sequence[str]) -> None:
        why = f"left out: {target} has no place for them"
        count_left_out(self._store, self._keys, self.losses, held, why)

    def _say_spelling(self, made: dict[str, object], changed: dict[str, str]) -> None:
        """Tell which names had to change, and keep in the folder how."""
        made["names"] = changed
        if changed:
            one, written = next(iter(changed.items()))
            names = count_words(len(changed), "name")
            how = f"{one!r} is {written!r} there"
            self.notes.append(f"{names} written in other letters: {how}, {LIST} has all of them")

    @contextmanager
    def _text(self, path: str) -> Iterator[TextIO]:
        if not path:
            yield sys.stdout
            return
        with (
            new_file(path, force=self._wanted.force) as draft,
            open(draft, "w", encoding="utf-8", errors="surrogatepass", newline="") as out,
        ):
            yield out
            out.flush()
            os.fsync(out.fileno())

    @contextmanager
    def _folder(self, path: str) -> Iterator[tuple[Any, dict[str, object]]]:
        made: dict[str, object] = {"made_of": "runs", "kind": self._wanted.kind}
        made |= self._wanted.about
        with new_folder(path, made, force=self._wanted.force) as folder:
            yield folder, made

    def _tell(self, points: int) -> None:
        self.done += points
        if self._progress is not None:
            self._progress(min(self.done, self._total), self._total)


def check(wanted: Wanted) -> None:
    """Refuse what makes no sense together.

    Raises:
        InvalidArgument: that is so.
    """
    if wanted.shape == "runs" and wanted.kind not in TABLES:
        raise InvalidArgument(f"--shape is for {' and '.join(TABLES)}: {wanted.kind} has its own")
    if wanted.table is not None and wanted.shape != "runs":
        raise InvalidArgument("--columns are of a table of runs: add --shape runs")

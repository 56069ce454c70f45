"""Read any table with a step: what Keras and fastai log as CSV, and what people write themselves.

A CSV, TSV or semicolon file, or one JSON object a line. What its columns are is guessed
(`columns`), and can be told instead: `open_reader(claim, columns)`.

Keras: `CSVLogger` writes `epoch` from 0 and the logs by name, `NA` where there is none; with
`append` a resumed training goes on in the file. fastai: `CSVLogger` writes `history.csv` with
`epoch`, losses, metrics and `time` (`mm:ss`, which is left out). In a folder only what is clearly
a training's is claimed: a column whose name says that it is a step, and numbers beside it. If it is
the only one there, the settings that lie beside it are its params: config, params, hparams, args or
hyperparameters as YAML or JSON, or what Hydra keeps in `.hydra`. Points without a time of their
own have the time of the file's last change.

Source: keras-team/keras, keras/src/callbacks/csv_logger.py; fastai/fastai, callback/progress.py.
Checked with keras 3.15 and fastai 2.8.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tui_tracker.errors import ImportFailed
from tui_tracker.importers.claims import Claim, Listing
from tui_tracker.importers.column_guess import guess_columns
from tui_tracker.importers.columns import Columns, describe, parse_columns
from tui_tracker.importers.liveness import changed_at, status_without_end
from tui_tracker.importers.news import News
from tui_tracker.importers.records import (
    ImportedRun,
    ParamValue,
    Piece,
    Unread,
    flatten,
    utc_from_ms,
)
from tui_tracker.importers.rewritten import Stamp, mapping, read_json, reason, stamp_of
from tui_tracker.importers.run_folders import experiment_of, run_id, run_key
from tui_tracker.importers.table_runs import TableRun, TableRuns
from tui_tracker.importers.table_text import BadRow, Chunk, GrowingTable, sniff
from tui_tracker.importers.yaml_text import read_yaml

__all__ = [
    "TOOL",
    "Columns",
    "describe",
    "find_claims",
    "guess_columns",
    "open_reader",
    "parse_columns",
]

TOOL = "table"

_ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson")
_GIVEN_ENDINGS = (*_ENDINGS, ".dat", ".txt", ".log", ".json", "")
_LOOKED_AT_ROWS = 200
_SETTINGS = re.compile(r"(?:config|params|hparams|args|hyperparameters)\.(?:ya?ml|json)")


def find_claims(listing: Listing) -> Iterator[Claim]:
    """Yield the files of a folder that hold curves; a file that was named, more freely."""
    names = list(_find_tables(listing))
    settings = _find_settings(listing) if len(names) == 1 and not listing.given else ()
    for name in names:
        yield listing.claim(TOOL, name, *settings)


def _find_settings(listing: Listing) -> list[str]:
    found = sorted(name for name in listing.files if _SETTINGS.fullmatch(name))
    hydra = listing.folder / ".hydra" / "config.yaml"
    return [*found, *([".hydra"] if ".hydra" in listing.folders and os.path.isfile(hydra) else [])]


def _find_tables(listing: Listing) -> Iterator[str]:
    for name in sorted(listing.files):
        ending = f".{name.rpartition('.')[2].lower()}" if "." in name else ""
        if listing.given and ending in _ENDINGS:
            if _is_text(listing.head(name)):
                yield name
        elif ending in (_GIVEN_ENDINGS if listing.given else _ENDINGS):
            head = listing.head(name)
            if _is_text(head) and _is_table(head, listing.given) and _holds_curves(listing, name):
                yield name


def _is_text(head: bytes) -> bool:
    return b"\0" not in head or head.startswith((b"\xff\xfe", b"\xfe\xff"))


def _is_table(head: bytes, is_given: bool) -> bool:
    """Return whether lines are worth a closer look, so that prose is not gone through."""
    if b"\0" in head:
        return True
    lines = head.decode("utf-8", "replace").splitlines()[:30]
    form = sniff(lines)
    if form.delimiter == "json":
        return all(line.startswith("{") for line in lines if line.strip())
    return is_given or form.delimiter != " "


def _holds_curves(listing: Listing, name: str) -> bool:
    try:
        columns = guess_columns(listing.folder / name, rows=_LOOKED_AT_ROWS)
    except ImportFailed:
        return False
    return (
        columns.step_is_sure
        and bool(columns.metrics)
        and columns.rows >= 2
        and columns.step_goes_on
    )


def open_reader(claim: Claim, columns: Columns | None = None) -> Reader:
    return Reader(claim, columns)


@dataclass(slots=True)
class Reader:
    """One file."""

    claim: Claim
    columns: Columns | None = None
    _runs: TableRuns | None = None
    _news: News = field(default_factory=News)
    _waiting: list[TableRun] = field(default_factory=list)
    _settings: dict[str, ParamValue] = field(default_factory=dict)
    _is_unreadable: bool = False
    """And that was told."""
    _settings_stamps: list[Stamp] = field(default_factory=list)

    def close(self) -> None:
        """Nothing is held open."""

    def read(self) -> Iterator[Piece]:
        runs = self._opened()
        path = self.claim.path
        runs.time_ms = round(max(changed_at(path), 0.0) * 1000)
        yield from self._read_settings()
        is_over = status_without_end(path, otherwise="finished") != "running"
        try:
            change = runs.table.look()
            if change == "over":
                yield from self._news.start_over()
                runs.start_over()
            if change in ("grown", "over"):
                yield from self._taken(runs, runs.table.read())
            if is_over and change != "gone":
                yield from self._taken(runs, runs.table.read_last())
        except OSError as error:
            if not self._is_unreadable:
                self._is_unreadable = True
                yield Unread(path, "", f"cannot be read: {error.strerror}", skipped=True)
            return
        self._is_unreadable = False
        yield from self._told_anew(runs)

    def _read_settings(self) -> Iterator[Unread]:
        """Read what lies beside the table, if it was claimed with it."""
        folder = self.claim.path.parent
        names = [name for name in sorted(self.claim.takes) if _SETTINGS.fullmatch(name)]
        paths = [folder / name for name in names]
        paths += [folder / ".hydra" / "config.yaml"] if ".hydra" in self.claim.takes else []
        stamps = [stamp_of(path) for path in paths]
        if stamps == self._settings_stamps:
            return
        self._settings_stamps, self._settings = stamps, {}
        for path in paths:
            try:
                self._settings |= _settings_of(path)
            except (OSError, ValueError, RecursionError) as error:
                yield Unread(path, "", f"the params cannot be read: {reason(error)}")

    def _opened(self) -> TableRuns:
        """Return the runs of the table; the guess waits for a file that has no rows yet.

        Raises:
            ImportFailed: nothing in it can be a series.
        """
        if self._runs is None:
            columns = self.columns or guess_columns(self.claim.path)
            if not columns.metrics:
                problem = (
                    "wanted a column of numbers that change, and found none "
                    f"({len(columns.names)} columns, {columns.rows} rows); "
                    "`--columns step=NAME,metric=NAME` tells what counts"
                )
                raise ImportFailed(str(self.claim.path), "", problem)
            table = GrowingTable(self.claim.path)
            self._runs = TableRuns(table, columns, run_key(self.claim.path))
        return self._runs

    def _taken(self, runs: TableRuns, pieces: Iterator[Chunk | BadRow]) -> Iterator[Piece]:
        for piece in runs.take(pieces, self._waiting.append):
            yield from self._announced()
            yield piece
        yield from self._announced()

    def _announced(self) -> Iterator[ImportedRun]:
        waiting = list(self._waiting)
        self._waiting.clear()
        for run in waiting:
            yield from self._news.run(self._imported(run))

    def _told_anew(self, runs: TableRuns) -> Iterator[ImportedRun]:
        for run in runs.runs.values():
            yield from self._news.run(self._imported(run))

    def _imported(self, run: TableRun) -> ImportedRun:
        path = self.claim.path
        status = status_without_end(path, otherwise="finished")
        name, params = self._name(run), {**self._settings, **run.params}
        ended_ms = run.ended_ms if run.ended_ms is not None else changed_at(path) * 1000
        return ImportedRun(
            key=run.key,
            id=f"{run_id(self.claim)}#{run.value}" if run.value else run_id(self.claim),
            name=name,
            experiment=experiment_of(self.claim),
            status=status,
            path=path,
            started_at=utc_from_ms(run.started_ms),
            ended_at=utc_from_ms(ended_ms) if status != "running" else None,
            params=params,
        )

    def _name(self, run: TableRun) -> str:
        name = run_id(self.claim)
        if not run.value or self._runs is None:
            return name
        return f"{name} {self._runs.columns.run}={run.value}"


def _settings_of(path: Path) -> dict[str, ParamValue]:
    held = read_json(path) if path.suffix == ".json" else read_yaml(path)
    return flatten(mapping(held))

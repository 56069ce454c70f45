"""Read the trials of an Optuna database.

The tables of `study.db`, which is SQLite (schema 12, the one since Optuna 1.2; columns that are
read, with what came later in brackets):

    version_info               schema_version, library_version
    studies                    study_id, study_name; direction until 2.3
    study_directions           study_id, objective, direction [2.4]
    study_user_attributes      study_id, key, value_json; study_system_attributes alike
    trials                     trial_id, number, study_id, state, datetime_start,
                               datetime_complete; value until 2.3
    trial_params               trial_id, param_name, param_value, distribution_json
    trial_user_attributes      trial_id, key, value_json; trial_system_attributes alike
    trial_values               until 2.3: trial_id, step, value, the intermediate values;
                               since then objective, value [3.0: value_type]
    trial_intermediate_values  trial_id, step, intermediate_value [3.0: intermediate_value_type]

A type is FINITE, INF_POS, INF_NEG or NAN, and the value NULL or 0 if it is not FINITE. Before
3.0 NaN was NULL. Times are local to the writing machine, without an offset: they are read as
local to this one. Ids grow with the time of writing, but are used again after a study was
deleted; then the row at the mark is another one, and all is read anew.

Source: optuna/optuna, optuna/storages/_rdb/models.py and alembic/versions.
Checked with Optuna 2.10, 4.1 and 5.0.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tui_tracker.importers.batches import Batches
from tui_tracker.importers.cells import moment, number, parsed, text, whole
from tui_tracker.importers.claims import Claim
from tui_tracker.importers.databases import Row, Session
from tui_tracker.importers.following import Mark, Watched
from tui_tracker.importers.news import News
from tui_tracker.importers.optuna_trials import (
    INTERMEDIATE,
    STATES,
    Study,
    Trial,
    as_run,
    attribute,
    key_of,
)
from tui_tracker.importers.records import Piece, Unread, ms_from_utc

NEEDED = frozenset({"version_info", "studies", "trials", "trial_params", "trial_values"})
_SCHEMA = 12
_KINDS = {"INF_POS": float("inf"), "INF_NEG": float("-inf"), "NAN": float("nan")}
_SETTLED_CHUNK = 500


class OptunaDatabase:
    """The trials of one database, read on from where the last look ended."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._watched = Watched(claim.path)
        self._news = News()
        self._trials: dict[int, Trial] = {}
        """By id in the database."""
        self._mark: Mark | None = None
        """In the table of intermediate values, once it is known which one that is."""
        self._valued: set[int] = set()
        """Trials whose objectives were told."""
        self._studies = ""
        self._version: tuple[object, ...] = ()

    def read(self) -> Iterator[Piece]:
        """Yield what is new; see `records.Reader`."""
        if not self._watched.is_due():
            return
        with self._watched.database.look() as session:
            yield from self._check_version(session)
            if self._mark is None:
                self._mark = _points_mark(session)
            yield from self._start_over(session, self._mark)
            until = self._mark.last(session)
            yield from self._tell_trials(session)
            yield from self._points(session, self._mark, until)
            yield from self._objectives(session)
            yield from session.damages

    def close(self) -> None:
        """Nothing is held between two reads."""

    def _check_version(self, session: Session) -> Iterator[Piece]:
        rows = session.table("version_info", "schema_version", "library_version")
        version = rows[0] if rows else (None, None)
        if version != self._version:
            self._version = version
            if version[0] != _SCHEMA:
                problem = f"has the unknown schema {version[0]!r} (Optuna {text(version[1])}), "
                problem += "and was read as far as it is known"
                yield Unread(session.path, "table version_info", problem)

    def _start_over(self, session: Session, mark: Mark) -> Iterator[Piece]:
        if mark.is_lost(session):
            mark.forget()
            self._valued, self._trials = set(), {}
            yield from self._news.start_over()

    def _tell_trials(self, session: Session) -> Iterator[Piece]:
        """Tell all trials that have no end yet, or are new; ended ones do not change any more."""
        rows = _trial_rows(session)
        studies = _studies(session)
        # What a study says is told with each of its trials.
        seen, self._studies = self._studies, repr(studies)
        # One that was open at the last look may have ended since.
        changed = {
            key: row
            for key, row in rows.items()
            if key not in self._trials or self._trials[key].is_open() or seen != self._studies
        }
        keys = list(changed)
        for start in range(0, len(keys), _SETTLED_CHUNK):
            some = keys[start : start + _SETTLED_CHUNK]
            for trial in _trials(session, some, changed, studies):
                self._trials[trial[0]] = trial[1]
                status = self._watched.open() if trial[1].is_open() else "finished"
                yield from self._news.run(as_run(self._claim.path, trial[1], status))

    def _points(self, session: Session, mark: Mark, until: int) -> Iterator[Piece]:
        points = Batches()
        odd = 0
        for rows in mark.read(session, until):
            for _, key, cell, value, kind in rows:
                trial, step = self._trials.get(key), whole(cell)
                if trial is None or step is None:
                    odd += 1
                    continue
                run = key_of(self._claim.path, trial)
                points.add(run, INTERMEDIATE, step, _time(trial), _value(value, kind))
            yield from points.full()
        yield from points.take()
        if odd:
            problem = f"{odd} rows belong to no trial that is there, and were passed over"
            yield Unread(session.path, f"table {mark.table}", problem)

    def _objectives(self, session: Session) -> Iterator[Piece]:
        """Yield the values that trials reached, once they have ended."""
        ended = {
            key: trial
            for key, trial in self._trials.items()
            if key not in self._valued and not trial.is_open()
        }
        points = Batches()
        values = _objective_rows(session) if ended else {}
        for key, trial in ended.items():
            self._valued.add(key)
            for place, value in values.get(key, ()):
                metric = trial.study.objective(place, len(values[key]))
                points.add(
                    key_of(self._claim.path, trial), metric, 0, _time(trial, end=True), value
                )
        yield from points.take()


def _points_mark(session: Session) -> Mark:
    modern = "trial_intermediate_values"
    if modern in session.tables:
        kind = "intermediate_value_type"
        return Mark(modern, "trial_id", "step", "intermediate_value", kind)
    return Mark("trial_values", "trial_id", "step", "value", "value_type")


def _value(cell: object, kind: object) -> float:
    """Return a value by its type; before there were types NULL was NaN."""
    found = number(cell)
    return _KINDS.get(text(kind), float("nan") if found is None else found)


def _time(trial: Trial, *, end: bool = False) -> int:
    """Return when a point was logged, as near as the trial tells."""
    at = (trial.ended_at or trial.started_at) if end else (trial.started_at or trial.ended_at)
    return ms_from_utc(at) if at is not None else 0


def _trial_rows(session: Session) -> dict[int, Row]:
    columns = ("trial_id", "study_id", "number", "state", "datetime_start", "datetime_complete")
    return {row[0]: row for row in session.table("trials", *columns) if isinstance(row[0], int)}


def _studies(session: Session) -> dict[object, Study]:
    found: dict[object, Study] = {}
    for key, name, direction in session.table("studies", "study_id", "study_name", "direction"):
        found[key] = Study(text(name) or f"study {key}", [text(direction)] if direction else [])
    order = "ORDER BY objective"
    for key, direction in session.table("study_directions", "study_id", "direction", where=order):
        if key in found:
            found[key].directions.append(text(direction))
    for kind in ("user", "system"):
        table = f"study_{kind}_attributes"
        for key, name, value in session.table(table, "study_id", "key", "value_json"):
            if key in found:
                getattr(found[key], kind)[text(name)] = attribute(value)
    return found


def _trials(
    session: Session, keys: list[int], rows: dict[int, Row], studies: dict[object, Study]
) -> Iterator[tuple[int, Trial]]:
    where = f"WHERE trial_id IN ({','.join('?' * len(keys))}) ORDER BY rowid"
    given = tuple(keys)
    found: dict[int, Trial] = {}
    for key in keys:
        _, study, place, state, start, end = rows[key]
        owner = studies.get(study) or Study(f"study {text(study)}")
        started, ended = moment(start, None), moment(end, None)
        known = text(state) if text(state) in STATES else "RUNNING"
        found[key] = Trial(owner, _number(place, key), known, started, ended)
    columns = ("trial_id", "param_name", "param_value", "distribution_json")
    for key, name, value, kept in session.table("trial_params", *columns, where=where, given=given):
        if key in found:  # a damaged index may lead to others
            found[key].params[text(name)] = (number(value), parsed(kept))
    for kind in ("user", "system"):
        table = f"trial_{kind}_attributes"
        for key, name, value in session.table(
            table, "trial_id", "key", "value_json", where=where, given=given
        ):
            if key in found:
                getattr(found[key], kind)[text(name)] = attribute(value)
    for trial in found.values():
        trial.number = _number(trial.system.pop("_number", trial.number), trial.number)
    yield from found.items()


def _number(cell: object, otherwise: int) -> int:
    found = whole(cell)
    return otherwise if found is None else found


def _objective_rows(session: Session) -> dict[int, list[tuple[int, float]]]:
    found: dict[int, list[tuple[int, float]]] = defaultdict(list)
    if "objective" in session.columns("trial_values"):
        columns = ("trial_id", "objective", "value", "value_type")
        rows = session.table("trial_values", *columns, where="ORDER BY objective")
    else:
        some = session.table("trials", "trial_id", "value", where="WHERE value IS NOT NULL")
        rows = [(key, 0, value, None) for key, value in some]
    for key, place, value, kind in rows:
        found[key].append((_number(place, 0), _value(value, kind)))
    return found

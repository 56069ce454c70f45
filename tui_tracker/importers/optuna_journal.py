"""Read the trials of an Optuna journal: a file that grows by one JSON object a line.

Each has `op_code` and `worker_id`, and by code:

     0  study_name, directions            a study is made; studies are numbered from 0
     1  study_id                          it is deleted
     2  study_id, user_attr {key: value}  3 alike with system_attr
     4  study_id, datetime_start          a trial is made; trials are numbered from 0 over all
                                          studies. A trial that was made whole has state, value,
                                          values, params (as numbers), distributions,
                                          intermediate_values, user_attrs, system_attrs too
     5  trial_id, param_name, param_value_internal, distribution (JSON in text)
     6  trial_id, state, values, datetime_start, datetime_complete
     7  trial_id, step, intermediate_value
     8  trial_id, user_attr               9 alike with system_attr
    10  trials are discarded

Times are UTC with an offset. An operation on a trial that has ended is void, and a worker
that loses the race to start a waiting trial writes an operation that is void, too.

Source: optuna/optuna, optuna/storages/journal/_storage.py. Checked with Optuna 4.1 and 5.0.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tui_tracker.errors import ImportFailed
from tui_tracker.importers.batches import Batches
from tui_tracker.importers.cells import moment, number, parsed, text, whole
from tui_tracker.importers.claims import Claim
from tui_tracker.importers.growing import GrowingText
from tui_tracker.importers.liveness import status_without_end
from tui_tracker.importers.optuna_trials import (
    DIRECTIONS,
    INTERMEDIATE,
    STATES,
    Study,
    Trial,
    as_run,
    key_of,
)
from tui_tracker.importers.records import Piece, StartedOver, Status, Unread, ms_from_utc

Entry = Mapping[str, Any]


def is_journal(head: bytes) -> bool:
    """Return whether a file begins as a journal does: with a study that is made."""
    entry = parsed(head.partition(b"\n")[0])
    needed = {"op_code", "worker_id", "study_name", "directions"}
    return isinstance(entry, dict) and needed <= entry.keys()


class OptunaJournal:
    """The trials of one journal, read on from where the last look ended."""

    def __init__(self, claim: Claim) -> None:
        self._path = claim.path
        self._lines = GrowingText(claim.path)
        self._forget()

    def _forget(self) -> None:
        self._studies: list[Study] = []
        self._trials: list[Trial] = []
        self._counts: dict[int, int] = {}
        """Trials by the study's number."""
        self._changed: dict[int, None] = {}
        self._points = Batches()
        self._status: Status = "running"

    def read(self) -> Iterator[Piece]:
        """Yield what is new; see `records.Reader`."""
        try:
            change = self._lines.look()
            if change == "over":
                yield from self._start_over()
            if change in ("grown", "over"):
                yield from self._read_on()
        except OSError as error:
            raise ImportFailed(str(self._path), "", f"cannot be read: {error.strerror}") from error
        yield from self._tell()

    def close(self) -> None:
        """Nothing is held between two reads."""

    def _start_over(self) -> Iterator[Piece]:
        self._lines.start_over()
        for trial in self._trials:
            yield StartedOver(key_of(self._path, trial))
        self._forget()

    def _read_on(self) -> Iterator[Piece]:
        for first, lines in self._lines.read():
            for place, line in enumerate(lines, first):
                if problem := self._apply(line):
                    yield Unread(self._path, f"line {place}", f"{problem}, and was passed over")

    def _tell(self) -> Iterator[Piece]:
        status = status_without_end(self._path)
        if status != self._status:
            self._status = status
            self._changed |= {key: None for key, one in enumerate(self._trials) if one.is_open()}
        changed, self._changed = self._changed, {}
        for key in changed:
            yield as_run(self._path, self._trials[key], status)
        yield from self._points.take()

    def _apply(self, line: str) -> str:
        """Take an operation; return what is wrong with it, "" for nothing."""
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            return "is no JSON"
        try:
            operate = _OPERATIONS.get(entry["op_code"])
            if operate is None:
                return f"has the unknown operation {entry['op_code']!r}"
            operate(self, entry)
        except (KeyError, IndexError, TypeError, AttributeError, ValueError):
            return "is no operation as Optuna writes them"
        return ""

    # -- operations; numbers that lead nowhere raise IndexError or KeyError

    def _create_study(self, entry: Entry) -> None:
        directions = [DIRECTIONS[one] for one in entry["directions"]]
        self._studies.append(Study(text(entry["study_name"]), directions))

    def _pass(self, entry: Entry) -> None:
        """A deleted study's runs stay: they were told before it was deleted."""

    def _study_attributes(self, entry: Entry) -> None:
        study = self._studies[_place(entry["study_id"])]
        study.user.update(entry.get("user_attr", {}))
        study.system.update(entry.get("system_attr", {}))
        self._changed |= {key: None for key, one in enumerate(self._trials) if one.study is study}

    def _create_trial(self, entry: Entry) -> None:
        place = _place(entry["study_id"])
        trial = Trial(self._studies[place], self._counts.get(place, 0))
        trial.started_at = moment(entry.get("datetime_start"))
        trial.user.update(entry.get("user_attrs", {}))
        trial.system.update(entry.get("system_attrs", {}))
        kept = entry.get("distributions", {})
        for name, value in entry.get("params", {}).items():
            trial.params[name] = (number(value), parsed(kept.get(name)))
        self._counts[place] = trial.number + 1
        self._trials.append(trial)
        self._changed[len(self._trials) - 1] = None
        for step, value in entry.get("intermediate_values", {}).items():
            self._point(trial, whole(step), value)
        if "state" in entry:
            self._end(trial, entry)

    def _set_param(self, entry: Entry) -> None:
        trial = self._open_trial(entry)
        if trial is not None:
            kept = (number(entry["param_value_internal"]), parsed(entry["distribution"]))
            trial.params[text(entry["param_name"])] = kept

    def _set_state(self, entry: Entry) -> None:
        trial = self._open_trial(entry)
        if trial is not None:
            self._end(trial, entry)

    def _end(self, trial: Trial, entry: Entry) -> None:
        trial.state = STATES[_place(entry["state"])]
        trial.started_at = moment(entry.get("datetime_start")) or trial.started_at
        trial.ended_at = moment(entry.get("datetime_complete")) or trial.ended_at
        value = entry.get("value")
        values = entry.get("values") or ([] if value is None else [value])
        at = trial.ended_at or trial.started_at
        for place, reached in enumerate(values):
            metric = trial.study.objective(place, len(values))
            time_ms = ms_from_utc(at) if at else 0
            self._points.add(key_of(self._path, trial), metric, 0, time_ms, float(reached))

    def _intermediate(self, entry: Entry) -> None:
        trial = self._open_trial(entry)
        if trial is not None:
            self._point(trial, whole(entry["step"]), entry["intermediate_value"])

    def _point(self, trial: Trial, step: int | None, value: object) -> None:
        found = number(value)
        time_ms = ms_from_utc(trial.started_at) if trial.started_at else 0
        if step is None:
            raise ValueError(step)
        found = float("nan") if found is None else found
        self._points.add(key_of(self._path, trial), INTERMEDIATE, step, time_ms, found)

    def _trial_attributes(self, entry: Entry) -> None:
        trial = self._open_trial(entry)
        if trial is not None:
            trial.user.update(entry.get("user_attr", {}))
            trial.system.update(entry.get("system_attr", {}))

    def _open_trial(self, entry: Entry) -> Trial | None:
        """Return the trial that is meant, to be told again; None if it has ended."""
        place = _place(entry["trial_id"])
        trial = self._trials[place]
        if not trial.is_open():
            return None
        self._changed[place] = None
        return trial


def _place(cell: object) -> int:
    found = whole(cell)
    if found is None or found < 0:
        raise ValueError(cell)
    return found


_OPERATIONS: dict[object, Callable[[OptunaJournal, Entry], None]] = {
    0: OptunaJournal._create_study,
    1: OptunaJournal._pass,
    2: OptunaJournal._study_attributes,
    3: OptunaJournal._study_attributes,
    4: OptunaJournal._create_trial,
    5: OptunaJournal._set_param,
    6: OptunaJournal._set_state,
    7: OptunaJournal._intermediate,
    8: OptunaJournal._trial_attributes,
    9: OptunaJournal._trial_attributes,
    10: OptunaJournal._pass,
}

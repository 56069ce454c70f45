"""Where values belong: to which run, at which step; and what is a value of the run as a whole.

A value that is printed without a step belongs to the heading above it (`Epoch 3`), or to the
epoch of the last values with one. Whether it is printed once (then it is final) or again and
again (then it is a series) shows later, so it waits until it is printed a second time.
Steps that go back to where they began are another run, if nothing says that it was resumed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from tui_tracker.parsing.events import (
    Begun,
    Ended,
    Event,
    Fact,
    Final,
    Mentioned,
    Named,
    Param,
    ParamValue,
    Resumed,
    Status,
    Step,
    Values,
)
from tui_tracker.parsing.facts import Trial, facts_of_param
from tui_tracker.parsing.reading import Reading
from tui_tracker.parsing.words import is_best

_MOST_NAMES = 10_000
"""Series and single values that are remembered; a program that prints more prints ids."""


class Place(NamedTuple):
    """Where in a log something stands."""

    line: int
    at_ms: int | None


@dataclass(slots=True)
class _Waiting:
    """A value without a step of its own."""

    where: Place
    axis: str
    step: Step | None
    value: float
    how: str
    heading: bool
    is_series: bool = False
    is_told: bool = False
    count: int = 0


@dataclass(slots=True)
class _Span:
    """Steps of values that are printed together."""

    first: Step
    last: Step
    names: tuple[str, ...]
    """The names that they have in the run."""


class Placing:
    """One process's runs: takes what lines say, and emits events."""

    def __init__(
        self, emit: Callable[[Event], None], next_run: Callable[[], int], rank: str
    ) -> None:
        self._emit, self._next_run, self.rank = emit, next_run, rank
        self.run = -1
        self.has_values = False
        self.heading: tuple[str, Step] | None = None
        self._first_heading: Step | None = None
        self.epoch: int | float | None = None
        self._context: tuple[str, Step] | None = None
        self._spans: dict[tuple[str, tuple[str, ...]], _Span] = {}
        self._epochs: dict[tuple[str, tuple[str, ...]], float] = {}
        """The epoch that the last line of values named; -1 where steps count anew in each."""
        self.is_renewed = False
        """A table's head was printed again."""
        self._axes: dict[str, str] = {}
        """By name, what its steps count."""
        self._waiting: dict[str, _Waiting] = {}
        self._resumed = False
        self._held: Values | None = None
        self._why = "the first thing that it prints"
        self.summary = False
        """The next line with a step repeats the best one."""
        self._passes = 0
        self.on_leave: Callable[[], None] = lambda: None
        self.on_record: Callable[[Values], None] = lambda _: None

    # Runs.

    def begin(self, line: int, *, name: str = "", trial: bool = False) -> int:
        """Return the run that is under way; it begins now if none is."""
        if self.run < 0:
            self.run = self._next_run()
            self._emit(Begun(self.run, line, name, self._why, self.rank, trial))
        return self.run

    def leave(self, why: str) -> None:
        """End the run that is under way: what comes next is another."""
        self.flush()
        self.on_leave()
        self.run, self.has_values, self._why = -1, False, why
        self.heading = self._first_heading = self.epoch = self._context = None
        self._spans, self._resumed, self._passes = {}, False, 0
        self._axes, self._epochs = {}, {}

    def take_trial(self, line: int, trial: Trial) -> None:
        """Close the run that is under way as a trial of a study."""
        name = f"trial {trial.number}"
        self.flush()
        fresh = self.run < 0
        run = self.begin(line, name=name, trial=True)
        if not fresh:
            self._emit(Named(run, line, name))
        for key, value in trial.params.items():
            self.take_param(line, key, value, "a trial's parameters")
        for number, value in enumerate(trial.values):
            name = "value" if len(trial.values) == 1 else f"value_{number}"
            self._emit(Final(run, line, name, value, "a trial's result"))
        self._emit(Ended(run, line, trial.status, "as the study says"))
        self.leave("the trial before it ended")

    def take_end(self, line: int, status: Status, why: str) -> None:
        if self.run >= 0:
            self.settle()
            self._emit(Ended(self.run, line, status, why))

    def take_resume(self, line: int, step: int | None, why: str) -> None:
        if self.run >= 0 and self.has_values:
            self.settle()
            self._emit(Resumed(self.run, line, step, why))
            self._resumed = True

    # Single things.

    def take_param(self, line: int, name: str, value: ParamValue, how: str) -> None:
        run = self.begin(line)
        self._emit(Param(run, line, name, value, how))
        for field, said in facts_of_param(name, value):
            self._emit(Fact(run, line, field, said))

    def take_fact(self, line: int, field: str, value: str) -> None:
        self._emit(Fact(self.begin(line), line, field, value))

    def take_file(self, line: int, path: str, used: bool) -> None:
        how = "a line that tells of a file read" if used else "a line that tells of a file written"
        self._emit(Mentioned(self.begin(line), line, path, used, how))

    def take_final(self, line: int, name: str, value: float, how: str) -> None:
        self._emit(Final(self.begin(line), line, name, value, how))

    # Values at steps.

    def take_heading(self, axis: str, step: Step) -> None:
        """Take a line that says nothing but a step: what follows belongs to it."""
        self.settle()
        if self.heading == (axis, step):
            return
        first, before = self._first_heading, self.heading
        if before is not None and before[0] == axis and first is not None and self.has_values:
            back = _is_back(step, first, before[1])
            if back and not self._resumed:
                self.leave(f"{axis} {step} comes again")
        if self._first_heading is None:
            self._first_heading = step
        self.heading = (axis, step)
        if axis == "epoch" and not isinstance(step, tuple):
            self.epoch = step

    def take_record(self, where: Place, said: Reading) -> None:
        """Take values that a line gives with their step."""
        axis, step, epoch = said.axis, said.step, said.epoch
        if epoch is not None:
            if type(step) is int and axis != "epoch":
                axis, step = self._of_epoch(axis, step, said.names, epoch)
            self.epoch = epoch
        self.place(where, axis, step, said.names, said.values, said.why, said.total)

    def place(
        self,
        where: Place,
        axis: str,
        step: Step | None,
        names: tuple[str, ...],
        values: tuple[float, ...],
        how: str,
        total: int = 0,
    ) -> None:
        """Emit values at a step, in the run that they belong to."""
        if step is None or not names:
            return
        if self.summary and not isinstance(step, tuple):
            self.summary = False
            self.take_final(where.line, "best_iteration", float(step), "the best line, repeated")
            return
        if self._waiting:
            self._tell_waiting()
        if axis == "batch" or (axis != "epoch" and self.heading is not None):
            axis, step = self._within(axis, step, names)
        span = self._spans.get((axis, names))
        if (
            span is not None
            and type(step) is int
            and type(span.last) is int
            and step > span.last
            and not (self._resumed or self.is_renewed)
        ):
            span.last = step
        else:
            span = self._watch(axis, step, names)
        names = span.names
        line, at_ms = where
        run = self.run if self.run >= 0 else self.begin(line)
        told = Values(run, line, at_ms, axis, step, names, values, how, total)
        if (held := self._held) is not None and (held.names != names or held.step != step):
            # In one line a later state replaces an earlier one of the same step.
            self._emit(held)
        self._held = told
        self.has_values = True
        self._context = (axis, step)
        self.on_record(told)

    def _own_name(self, name: str, axis: str) -> str:
        """Return a name under which no values of another axis are, as the mean of an epoch."""
        known = self._axes.get(name)
        if known is None:
            if len(self._axes) < _MOST_NAMES:
                self._axes[name] = axis
            return name
        return name if known == axis or "epoch" not in (known, axis) else f"{name} ({axis})"

    def settle(self) -> None:
        """Emit what was held back as long as its line went on."""
        if self._held is not None:
            self._emit(self._held)
            self._held = None

    def _of_epoch(
        self, axis: str, step: int, names: tuple[str, ...], epoch: int | float
    ) -> tuple[str, Step]:
        """Return a step together with the epoch of its line, where it counts anew in each."""
        key = axis, names
        before = self._epochs.get(key)
        span = self._spans.get(key)
        anew = before is not None and span is not None and not _is_less(span.last, step)
        if before == -1 or (anew and before is not None and epoch > before and epoch == int(epoch)):
            self._epochs[key] = -1
            return "(epoch, batch)", (int(epoch), step)
        if len(self._epochs) < _MOST_NAMES:
            self._epochs[key] = epoch
        return axis, step

    def _within(self, axis: str, step: Step, names: tuple[str, ...]) -> tuple[str, Step]:
        """Return a step that counts anew in each epoch together with its epoch."""
        if axis == "epoch" or isinstance(step, (tuple, float)):
            return axis, step
        told = self.heading[1] if self.heading and self.heading[0] == "epoch" else None
        if axis == "batch" and isinstance(told, int):
            return "(epoch, batch)", (told, step)
        span = self._spans.get((axis, names))
        if axis == "batch":
            if span is not None and not isinstance(span.last, tuple) and step < span.last:
                self._passes += 1
                self._spans.clear()
            return ("(epoch, batch)", (self._passes, step)) if self._passes else (axis, step)
        if isinstance(told, int):
            pair = self._spans.get(("(epoch, batch)", names))
            back = span is not None and _is_less(step, span.last) and told != self._first_heading
            if pair is not None or back:
                return "(epoch, batch)", (told, step)
        return axis, step

    def _watch(self, axis: str, step: Step, names: tuple[str, ...]) -> _Span:
        """Notice where steps begin anew. Where they merely go back, all values are kept."""
        span = self._spans.get((axis, names))
        renewed, self.is_renewed = self.is_renewed, False
        if span is not None and (_is_less(step, span.last) or (renewed and step == span.last)):
            if not self._resumed and (renewed or _is_back(step, span.first, span.last)):
                self.leave(f"{axis} {step} comes again")
                span = None
        elif self._resumed:
            self._resumed = span is None or not _is_less(span.last, step)
        if span is None:
            span = _Span(step, step, tuple([self._own_name(name, axis) for name in names]))
            if len(self._spans) < _MOST_NAMES:
                self._spans[axis, names] = span
        span.last = step
        return span

    # Values without a step.

    def take_alone(self, where: Place, said: Reading) -> None:
        """Take values that a line gives without a step."""
        for name, value in zip(said.names, said.values, strict=True):
            if is_best(name):
                self.take_final(where.line, name, value, said.why)
            elif len(self._waiting) < _MOST_NAMES:
                self._wait(where, name, value, said.why)

    def _wait(self, where: Place, name: str, value: float, how: str) -> None:
        axis, step = self._present()
        new = _Waiting(where, axis, step, value, how, self.heading is not None)
        before = self._waiting.get(name)
        self.begin(where.line)
        if before is not None:
            new.is_series, new.count = before.is_series, before.count
            if step is None or (axis, step) != (before.axis, before.step):
                new.is_series = before.is_series = True
                self._tell(name, before)
                new.count = before.count + 1
            elif before.is_told:
                return  # it repeats what the epoch had already
        self._waiting[name] = new

    def _present(self) -> tuple[str, Step | None]:
        if self.heading is not None:
            return self.heading
        if self.epoch is not None:
            return "epoch", self.epoch
        return self._context or ("count", None)

    def _tell(self, name: str, told: _Waiting) -> None:
        if told.is_told:
            return
        told.is_told = self.has_values = True
        step = told.count if told.step is None else told.step
        self._emit(
            Values(
                self.run, told.where.line, told.where.at_ms, told.axis, step,
                (self._own_name(name, told.axis),),
                (told.value,), told.how,
            )
        )  # fmt: skip

    def _tell_waiting(self) -> None:
        for name, told in self._waiting.items():
            if told.is_series and not told.is_told:
                self._tell(name, told)

    def flush(self) -> None:
        """Emit what still waits: as points where they are of a series, else as final values."""
        self.settle()
        for name, told in self._waiting.items():
            if told.is_told:
                continue
            if told.is_series or (told.heading and told.step == self._first_heading):
                self._tell(name, told)
            else:
                self.take_final(told.where.line, name, told.value, told.how)
        self._waiting = {}


def _is_less(one: Step, other: Step) -> bool:
    if type(one) is type(other):
        return one < other  # type: ignore[operator]
    if isinstance(one, tuple) or isinstance(other, tuple):
        return isinstance(one, tuple) and isinstance(other, tuple) and one < other
    return one < other


def _is_back(step: Step, first: Step, last: Step) -> bool:
    """Return whether steps begin anew, after they had gone on."""
    return not _is_less(first, step) and _is_less(first, last)

"""Values that stand in progress bars, and the step that they are of.

Of a bar the last state counts. Which step that is, depends on what else is printed:

- The bar's label, or a heading above it, names an epoch: the bar's last state is that epoch's.
- Lines with steps are printed while the bar stands: what it showed then is of their step.
- The bar begins anew again and again: it is one point a time.
- It is one bar from the start to the end: each of its counts is a step.

Which of the last three holds shows after a while; until then states are kept, `MOST` at most.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from tui_tracker.parsing.bars import Bar
from tui_tracker.parsing.events import Values
from tui_tracker.parsing.placing import Place, Placing
from tui_tracker.parsing.words import PHASES, has_phase, is_schedule, words_of

MOST = 2000
_MOST_BARS = 200


class _State(NamedTuple):
    where: Place
    done: int
    names: tuple[str, ...]
    values: tuple[float, ...]


@dataclass(slots=True)
class _Epoch:
    """The bar of an epoch."""

    epoch: int
    state: _State
    complete: bool = False


@dataclass(slots=True)
class _Plain:
    """A bar that names no epoch."""

    mode: str = ""
    """adopted (by lines with steps), bars (one point each), steps, "" as long as nobody knows."""
    states: list[_State] = field(default_factory=list)
    shown: tuple[float, ...] = ()
    number: int = 0
    base: int = 0


@lru_cache(maxsize=1024)
def _phased(label: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names with the phase that a bar's label tells, unless it is the training."""
    words = (word for word in words_of(label) if word in PHASES and not word.startswith("train"))
    phase = next(words, "")
    if not phase:
        return names
    return tuple([n if has_phase(n) or is_schedule(n) else f"{phase} {n}" for n in names])


class BarValues:
    """The bars of one process."""

    def __init__(self, placing: Placing) -> None:
        self._placing = placing
        self._epochs: dict[str, _Epoch] = {}
        self._told: dict[str, dict[str, float]] = {}
        self._plain: dict[str, _Plain] = {}
        self._keras: tuple[Place, Bar] | None = None
        self._keras_heading: object = None
        placing.on_record = self._adopt

    def take(self, where: Place, bar: Bar) -> None:
        """Take a state of a bar."""
        if bar.is_keras:
            self._take_keras(where, bar)
            return
        if not bar.names or bar.label.startswith("Sanity"):
            return
        state = _State(where, bar.done, _phased(bar.label, bar.names), bar.values)
        heading = self._placing.heading
        epoch = bar.epoch
        if epoch is None and heading and heading[0] == "epoch" and isinstance(heading[1], int):
            epoch = heading[1]
        if epoch is not None:
            self._take_epoch(bar, epoch, state)
        elif bar.label in self._plain or len(self._plain) < _MOST_BARS:
            self._take_plain(self._plain.setdefault(bar.label, _Plain()), bar, state)

    def line_ends(self) -> None:
        """Take in that a line is over: a Keras bar that is full counts."""
        if self._keras and self._keras[1].done >= self._keras[1].total:
            self.end_keras()

    def flush(self) -> None:
        """Emit what is still held."""
        self.end_keras(last=True)
        for label in list(self._epochs):
            self._tell_epoch(label)
        for plain in self._plain.values():
            self._flush_plain(plain)
        self._plain = {}

    # Keras: the heading says the epoch; a bar without a heading is an evaluation.

    def _take_keras(self, where: Place, bar: Bar) -> None:
        if self._keras is not None and bar.done < self._keras[1].done:
            self.end_keras()
        self._keras = (where, bar)

    def end_keras(self, *, last: bool = False) -> None:
        if self._keras is None:
            return
        (where, bar), self._keras = self._keras, None
        if not bar.names or (last and bar.done < bar.total):
            return
        heading = self._placing.heading
        if heading is not None and heading is not self._keras_heading:
            self._keras_heading = heading
            how = "the last state of an epoch's bar"
            self._placing.place(where, heading[0], heading[1], bar.names, bar.values, how)
            return
        for name, value in zip(bar.names, bar.values, strict=True):
            how = "a bar without an epoch above it"
            self._placing.take_final(where.line, f"evaluate {name}", value, how)

    # Bars of an epoch.

    def _take_epoch(self, bar: Bar, epoch: int, state: _State) -> None:
        held = self._epochs.get(bar.label)
        if held is not None and held.epoch != epoch:
            self._tell_epoch(bar.label)
            held = None
        full = bar.done >= bar.total > 0
        if held is not None:
            held.state, held.complete = state, held.complete or full
        elif len(self._epochs) < _MOST_BARS:
            self._epochs[bar.label] = _Epoch(epoch, state, full)

    def _tell_epoch(self, label: str) -> None:
        held = self._epochs.pop(label)
        before = self._told.setdefault(label, {})
        state = held.state
        # An unfinished bar still shows the values of the epoch before it.
        fresh = [
            (name, value)
            for name, value in zip(state.names, state.values, strict=True)
            if held.complete or before.get(name) != value
        ]
        before.update(fresh)
        if fresh:
            names, values = zip(*fresh, strict=True)
            how = "the last state of an epoch's bar"
            self._placing.place(state.where, "epoch", held.epoch, names, values, how)

    # Bars without an epoch.

    def _take_plain(self, plain: _Plain, bar: Bar, state: _State) -> None:
        last = plain.states[-1] if plain.states else None
        if plain.mode == "adopted":
            if state.values != plain.shown:
                plain.states = [state]
            return
        if last is not None and (state.done, state.values) == (last.done, last.values):
            return
        anew = last is not None and state.done < last.done
        if plain.mode == "steps":
            plain.base += (bar.total or last.done) if anew and last else 0
            plain.states = [state]
            self._tell(state, "step", plain.base + state.done)
        elif anew:
            plain.mode = "bars"
            self._tell(plain.states[-1], "bar", plain.number)
            plain.number += 1
            plain.states = [state]
        elif plain.mode == "bars":
            plain.states = [state]
        else:
            plain.states.append(state)
            if len(plain.states) > MOST:
                self._tell_steps(plain)

    def _tell(self, state: _State, axis: str, step: int) -> None:
        how = "a state of a progress bar"
        self._placing.place(state.where, axis, step, state.names, state.values, how)

    def _tell_steps(self, plain: _Plain) -> None:
        plain.mode = "steps"
        last: dict[int, _State] = {state.done: state for state in plain.states}
        for count, state in last.items():
            self._tell(state, "step", count)
        plain.states = plain.states[-1:]

    def _adopt(self, record: Values) -> None:
        """Take what bars show as values of the step that a line names."""
        if not self._plain or record.how.endswith("bar"):
            return
        for plain in self._plain.values():
            if plain.mode not in ("", "adopted") or not plain.states:
                continue
            state = plain.states[-1]
            plain.mode, plain.states, plain.shown = "adopted", [], state.values
            fresh = [pair for pair in zip(state.names, state.values, strict=True)
                     if pair[0] not in record.names]  # fmt: skip
            if fresh:
                names, values = zip(*fresh, strict=True)
                how = "what a bar showed when this step was printed: a bar"
                self._placing.place(state.where, record.axis, record.step, names, values, how)

    def _flush_plain(self, plain: _Plain) -> None:
        if not plain.states or plain.mode in ("adopted", "steps"):
            return
        if plain.mode == "bars":
            self._tell(plain.states[-1], "bar", plain.number)
        else:
            self._tell_steps(plain)

"""Values in a dict whose step a bar tells.

The Hugging Face Trainer prints fractions of epochs, and its bar, just behind, the step.
"""

from __future__ import annotations

from tui_tracker.parsing.bars import Bar
from tui_tracker.parsing.placing import Place, Placing
from tui_tracker.parsing.reading import Reading


class HeldDict:
    """The last dict of one process, as long as the next state of a bar may tell its step."""

    def __init__(self, placing: Placing) -> None:
        self._placing = placing
        self._held: tuple[Place, Reading] | None = None
        self._per_epoch = 0.0

    def hold(self, where: Place, said: Reading) -> None:
        self._held = (where, said)

    def resolve(self, bar: Bar) -> None:
        """Take the values at the step that a bar tells."""
        if self._held is None or bar.is_keras or bar.done <= 0 or bar.total <= 0:
            return
        (where, said), self._held = self._held, None
        epoch = float(said.epoch or 0)
        step = bar.done
        if self._per_epoch and abs(step - epoch * self._per_epoch) > max(1.0, step * 0.02):
            step = round(epoch * self._per_epoch)
        elif epoch > 0:
            self._per_epoch = step / epoch
        self._take_at(where, said, step)

    def release(self) -> None:
        """Take the values without a bar."""
        if self._held is None:
            return
        (where, said), self._held = self._held, None
        if self._per_epoch and said.epoch is not None:
            self._take_at(where, said, round(float(said.epoch) * self._per_epoch))
        else:
            self._placing.take_record(where, said)

    def _take_at(self, where: Place, said: Reading, step: int) -> None:
        how = "a dict, its step from the progress bar"
        self._placing.place(where, "step", step, said.names, said.values, how)

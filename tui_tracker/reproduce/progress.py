"""What is seen while a run is rebuilt: one line a finished step, one live line meanwhile."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

from tui_tracker.formatting import cell_width, crop, format_duration, printable, wrap

_REDRAW_S = 0.1
_INDENT, _LABEL = 2, 10


@dataclass(slots=True)
class Step:
    """One step: its name, what came of it, how long it took."""

    name: str
    text: str = ""
    seconds: float = 0.0
    ok: bool = False

    def shape(self) -> dict[str, object]:
        return {
            "step": self.name,
            "ok": self.ok,
            "text": self.text,
            "seconds": round(self.seconds, 3),
        }


@dataclass(slots=True)
class Progress:
    """Tells a terminal or a log how far it is; silent where there is no stream."""

    stream: TextIO | None = None
    steps: list[Step] = field(default_factory=list)
    _drawn: float = 0.0
    _live: bool = False

    @classmethod
    def to_stderr(cls) -> Progress:
        return cls(sys.stderr)

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Time a step; its line appears when it is done, or with what stopped it."""
        step = Step(name)
        self.steps.append(step)
        started = time.monotonic()
        self.live(f"{name} ...")
        try:
            yield step
            step.ok = True
        except BaseException as error:
            step.text = step.text or str(error).partition("\n")[0] or type(error).__name__
            raise
        finally:
            step.seconds = time.monotonic() - started
            self._line(step)

    def live(self, text: str) -> None:
        """Show what happens now, on a terminal only and not more often than it can be read."""
        now = time.monotonic()
        if self.stream is None or not self.stream.isatty() or now - self._drawn < _REDRAW_S:
            return
        self._drawn, self._live = now, True
        self.stream.write(f"\r\x1b[2K  {crop(printable(text), _width() - 4)}")
        self.stream.flush()

    def tell(self, text: str) -> None:
        """Write one line."""
        if self.stream is None:
            return
        self._clear()
        self.stream.write(printable(text) + "\n")
        self.stream.flush()

    def tell_fact(self, label: str, text: str) -> None:
        """Write a fact under its label, in as many lines as it takes."""
        room = max(20, _width() - 1 - _INDENT - _LABEL)
        for number, part in enumerate(wrap(printable(text), room)):
            head = "" if number else label
            self.tell(f"{' ' * _INDENT}{head:<{_LABEL}}{part}")

    def _line(self, step: Step) -> None:
        if self.stream is None:
            return
        self._clear()
        mark = "✓" if step.ok else "✗"
        took = format_duration(step.seconds)
        head, room = f"{mark} {step.name:<12}", _width() - 1
        text = crop(printable(step.text), max(10, room - len(head) - len(took) - 2))
        gap = max(2, room - len(head) - cell_width(text) - len(took))
        self.stream.write(f"{head}{text}{' ' * gap}{took}\n")
        self.stream.flush()

    def _clear(self) -> None:
        if self._live and self.stream is not None:
            self.stream.write("\r\x1b[2K")
            self._live = False


def _width() -> int:
    import shutil

    return min(100, shutil.get_terminal_size().columns)

"""What a command prints, read along: its params and metrics become those of the run.

A thread of its own reads, so that what passes through to the terminal never waits for it.
A script that joins the run with our logger says itself what counts: then nothing is read, or
it would be there twice. Whatever goes wrong here is told once, and the command goes on.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from tui_tracker import journal
from tui_tracker.errors import JournalDamaged
from tui_tracker.journal_reader import read_batch
from tui_tracker.live import say
from tui_tracker.parsing.events import LINEAGE, Begun, Event, Fact, Final, Mentioned, Param, Values
from tui_tracker.parsing.parser import LogParser
from tui_tracker.parsing.patterns import Pattern
from tui_tracker.parsing.steps import WholeSteps
from tui_tracker.run import Run

_MOST_WAITING = 64 << 20
"""Characters that may wait to be read."""
_LOOK_S = 0.2
_TURN_S = 0.0005
_LAST_S = 30.0
"""How long is read on once the command is over."""
_START_BYTES = 1 << 16
_MOST_FILES = 100
_PAUSE_S = 0.01
"""After each read some output is let gather: many small reads cost more than a few larger ones."""


class PrintedValues:
    """Reads what is handed to `take`, and logs what it finds to a run."""

    def __init__(
        self,
        run: Run,
        patterns: Sequence[Pattern],
        has_joined: Callable[[], bool],
        given: Mapping[str, object],
    ) -> None:
        self._run, self._has_joined, self._given = run, has_joined, given
        self._parser = LogParser(patterns)
        self._queue: queue.SimpleQueue[tuple[str, str] | None] = queue.SimpleQueue()
        self._waiting = 0
        self._open = {"out": "", "err": ""}
        self._last = ""
        self._ranks: dict[int, str] = {}
        self._trials: set[int] = set()
        self._steps = WholeSteps()
        self._step = 0
        self._looked = 0.0
        self._joined = False
        self._off = False
        self._metrics: dict[str, dict[str, object]] = {}
        self._facts: dict[str, str] = {}
        self._files: list[str] = []
        # What passes through must not wait its turn for 5 ms behind what is read.
        sys.setswitchinterval(min(sys.getswitchinterval(), _TURN_S))
        self._thread = threading.Thread(target=self._work, name="tt-parsing", daemon=True)
        self._thread.start()

    def take(self, stream: str, text: str) -> None:
        """Take text that was printed; returns at once."""
        if self._off or not text:
            return
        self._waiting += len(text)
        if self._waiting > _MOST_WAITING:
            self._give_up("it is printed faster than it can be read")
            return
        self._queue.put((stream, text))

    def finish(self, wait_s: float = _LAST_S) -> Mapping[str, object] | None:
        """Read what is left; return the lineage of what was found, None where nothing was."""
        self._queue.put(None)
        self._thread.join(wait_s)
        if self._thread.is_alive():
            self._off = True
            say("what was printed last was not read for metrics: it was too much")
        if self._joined or not (self._metrics or self._facts or self._files):
            return None
        return {
            "metrics": self._metrics,
            "lines": self._parser.lines,
            "unused_lines": self._parser.unused_lines,
            "told": self._facts,
            "missing": [name for name in LINEAGE if name not in self._facts],
            "files": self._files,
        }

    def _give_up(self, why: str) -> None:
        if not self._off:
            self._off = True
            say(f"what is printed is no longer read for metrics: {why}")

    def _work(self) -> None:
        try:
            while (item := self._queue.get()) is not None:
                if self._off:
                    continue
                self._read(*item)
                time.sleep(_PAUSE_S if self._queue.empty() else 0)
            if not self._off:
                for stream in self._open:
                    self._feed(stream, self._open[stream])
                self._log(self._parser.finish())
        except Exception as error:  # noqa: BLE001  the training must not end by a fault of ours
            self._give_up(f"{type(error).__name__}: {error}")

    def _read(self, stream: str, text: str) -> None:
        self._waiting -= len(text)
        whole = self._open[stream] + text
        # Only what stands finished: two streams may write at the same time.
        cut = max(whole.rfind("\n"), whole.rfind("\r")) + 1
        self._open[stream] = whole[cut:] if len(whole) - cut < 1 << 16 else ""
        if cut:
            self._feed(stream, whole[:cut])

    def _feed(self, stream: str, text: str) -> None:
        if self._last and self._last != stream:
            text = "\r" + text
        self._last = stream
        self._log(self._parser.feed(text.encode("utf-8", "replace")))

    def _log(self, events: list[Event]) -> None:
        if not events or self._script_logs():
            return
        for event in events:
            match event:
                case Values():
                    self._log_values(event)
                case Final():
                    self._log_final(event)
                case Begun():
                    self._ranks[event.run] = event.rank if event.rank != "0" else ""
                    if event.trial:
                        self._trials.add(event.run)
                case _:
                    self._take_fact(event)

    def _take_fact(self, event: Event) -> None:
        match event:
            case Param() if event.run not in self._trials and event.name not in self._given:
                self._run.log_params({event.name: event.value})
            case Fact():
                self._facts.setdefault(event.field, event.value)
            case Mentioned() if len(self._files) < _MOST_FILES:
                self._files.append(event.path)
            case _:
                pass

    def _script_logs(self) -> bool:
        """Return whether the script joined the run; looked for a few times a second."""
        now = time.monotonic()
        if not self._joined and now - self._looked >= _LOOK_S:
            self._looked = now
            self._joined = self._has_joined()
            self._off = self._off or self._joined
        return self._joined

    def _log_values(self, event: Values) -> None:
        rank = self._ranks.get(event.run, "")
        context = f"rank{rank}" if rank else ""
        step = self._steps.whole(f"{event.names[0]}@{context}", event.step, event.total)
        self._step = step
        values = dict(zip(event.names, event.values, strict=True))
        if not isinstance(event.step, int) and "epoch" not in values:
            told = event.step[0] if isinstance(event.step, tuple) else event.step
            values["epoch"] = float(told)
        self._run.log(values, step=step, context=context)
        for name in event.names:
            self._note(name, event.how, event.axis, event.line)

    def _log_final(self, event: Final) -> None:
        # Of a study's trials each has its result: one point a trial.
        step = len(self._trials) - 1 if event.run in self._trials else self._step
        self._run.log({event.name: event.value}, step=step)
        self._note(event.name, event.how, "", event.line)

    def _note(self, name: str, how: str, axis: str, line: int) -> None:
        known = self._metrics.get(name)
        if known is None:
            self._metrics[name] = {"by": how, "axis": axis, "line": line, "values": 1}
        else:
            known["values"] = int(str(known["values"])) + 1


def has_joined(folder: str, run_id: str) -> bool:
    """Return whether a script writes to the run besides us: it logs itself."""
    return any(_is_of_script(path) for path in journal.list_journals(folder, run_id))


def _is_of_script(path: str) -> bool:
    """Return whether a side journal was begun by `init`, not by what watches the process."""
    if not any(part.startswith("s") for part in os.path.basename(path).split(".")[1:-1]):
        return False
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        records = read_batch(file, 0, path=path, final=False, limit=_START_BYTES).records
    except (OSError, JournalDamaged):
        return False
    finally:
        os.close(file)
    first = json.loads(records[0][2]) if records and records[0][1] == journal.START else {}
    return "experiment" in first

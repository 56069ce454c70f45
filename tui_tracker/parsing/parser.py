"""Bytes of a console in, events out, in little memory however long the log is.

A line is tried in this order: a progress bar; a pattern that the user taught; a row of a table
that is being printed; names and values (`reading.py`); and only then, what is rarer: dumps of
params, heads of tables, files, lineage, ends. Each process (`[rank0]:`) has a state of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from tui_tracker.parsing.bar_values import BarValues
from tui_tracker.parsing.bars import may_be_bar, read_bar
from tui_tracker.parsing.boxes import Box, begins_result, may_be_pair
from tui_tracker.parsing.cleaning import Lines
from tui_tracker.parsing.events import Begun, Event, Fact, Unclear
from tui_tracker.parsing.held_dict import HeldDict
from tui_tracker.parsing.patterns import Pattern
from tui_tracker.parsing.placing import Place, Placing
from tui_tracker.parsing.prefixes import Prefixes
from tui_tracker.parsing.reading import Reader, Reading, with_phase
from tui_tracker.parsing.tables import Table, read_head
from tui_tracker.parsing.texts import Texts, read_values
from tui_tracker.parsing.told import read_told

Tell = Callable[[int, str], None]
"""Hears what became of a line, and why."""
_MOST_RANKS = 4096
_DIGIT = re.compile(r"\d")
_NO_DIGITS = str.maketrans("", "", "0123456789")
_MOST_QUIET, _LONGEST_QUIET = 20_000, 1000
_CONTINUES = frozenset(" \t|│┃")
"""How lines begin that may belong to a box or a traceback."""
_ROW_HEADS = frozenset("0123456789|│┃")


class LogParser:
    """Parses one log; `tell` hears of every line what was made of it."""

    def __init__(self, patterns: Sequence[Pattern] = (), tell: Tell | None = None) -> None:
        self._patterns = tuple(patterns)
        self._tell = tell
        self._lines = Lines()
        self._reader = Reader()
        self._prefixes = Prefixes()
        self._key = ""
        self._quiet: set[str] = set()
        """Lines without their digits of which nothing was made."""
        self._events: list[Event] = []
        self._ranks: dict[str, _Rank] = {}
        self._runs = 0
        self._first: int | None = None
        """The line with the first time, until a run is there to have it; then 0."""
        self._last: tuple[int, int] | None = None
        self.used = False
        self.why = ""
        self.lines = 0
        """Lines with something on them."""
        self.unused_lines = 0
        """Those of which nothing was made."""

    def feed(self, data: bytes) -> list[Event]:
        """Return the events that further bytes give."""
        for number, states in self._lines.feed(data):
            if states:
                self._take(number, states)
        return self._drained()

    def finish(self) -> list[Event]:
        """Return the events that were held back in case more came; the log is over."""
        for number, states in self._lines.finish():
            if states:
                self._take(number, states)
        for rank in self._ranks.values():
            rank.flush()
        if self._last is not None and self._last[0] >= 0:
            run, line = self._last
            self._events.append(Fact(run, line, "end_time", "the last time in a line"))
        return self._drained()

    def _drained(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def _take(self, number: int, states: list[str]) -> None:
        self.lines += 1
        self.used, self.why, self._key = False, "", ""
        rank: _Rank | None = None
        for state in states:
            text, at_ms, name, phase, _ = self._prefixes.cut(state)
            rank = self._ranks.get(name) or self._rank(name)
            if text:
                rank.take(Place(number, at_ms), text, phase)
            if at_ms is not None:
                self._time(rank.placing.run, number)
        if rank is not None:
            rank.line_ends()
        if not self.used:
            self.unused_lines += 1
            self._unclear(number, states[-1])
            if self._key and len(states) == 1 and rank is not None and not rank.is_busy:
                if len(self._quiet) >= _MOST_QUIET:
                    self._quiet.clear()
                self._quiet.add(self._key)

    def is_quiet(self, text: str) -> bool:
        """Return whether nothing was made of a line that differs in its digits only."""
        if len(text) > _LONGEST_QUIET:
            return False
        self._key = text.translate(_NO_DIGITS)
        return self._key in self._quiet

    def forget(self) -> None:
        """Look anew at lines of which nothing was made: what they are may have changed."""
        self._quiet.clear()

    def _unclear(self, number: int, text: str) -> None:
        why = self.why or "nothing of a shape that is known"
        if _DIGIT.search(text[:500]):
            self._events.append(Unclear(number, text[:500], why))
        if self._tell is not None:
            self._tell(number, f"not understood: {why}")

    def _time(self, run: int, line: int) -> None:
        self._last = (run, line)
        if self._first is None:
            self._first = line
            if run >= 0:
                self._tell_start(run)

    def _tell_start(self, run: int) -> None:
        fact = Fact(run, self._first or 0, "start_time", "the first time in a line")
        self._events.append(fact)
        self._first = 0

    def _rank(self, name: str) -> _Rank:
        found = self._ranks.get(name)
        if found is None:
            if len(self._ranks) >= _MOST_RANKS:
                return next(iter(self._ranks.values()))
            found = self._ranks[name] = _Rank(self, name)
        return found

    # What the parts of one process say.

    def emit(self, event: Event) -> None:
        self.used = True
        self._events.append(event)
        if isinstance(event, Begun) and self._first:
            self._tell_start(event.run)
        if self._tell is not None:
            self._tell(event.line, describe(event))

    def next_run(self) -> int:
        self._runs += 1
        return self._runs - 1

    def note(self, line: int, what: str) -> None:
        """Take in that a line was understood, though it gave no event of its own."""
        self.used = True
        if self._tell is not None and what:
            self._tell(line, what)

    def lost(self, line: int) -> None:
        """Take in that a line that was set aside is nothing after all."""
        self.unused_lines += 1
        if self._tell is not None:
            self._tell(line, "not understood: a name and a text, in no block of params")

    @property
    def reader(self) -> Reader:
        return self._reader

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        return self._patterns


class _Rank:
    """The lines of one process."""

    def __init__(self, parser: LogParser, name: str) -> None:
        self._parser = parser
        self.placing = Placing(parser.emit, parser.next_run, name)
        self._bars = BarValues(self.placing)
        self.placing.on_leave = parser.forget
        self._texts = Texts(self.placing, parser.note, parser.lost)
        self._table: Table | None = None
        self._dict = HeldDict(self.placing)
        self._box: Box | None = None
        self._hot = False

    def take(self, where: Place, text: str, phase: str) -> None:
        """Take one state of a line."""
        if may_be_bar(text) and self._take_bar(where, text):
            return
        if (text[0] in _CONTINUES or self._is_pending()) and self._goes_on(where, text):
            return
        if self._parser.patterns and self._take_pattern(where, text):
            return
        if self._table is not None and self._take_row(where, text):
            return
        # Where values come line after line, looking for them is cheapest; else it is not.
        if not self._hot and not self._texts.is_busy and self._parser.is_quiet(text):
            return
        said = self._parser.reader.read(text, phase)
        self._hot = said.kind == "record" and text[0] != "{"
        if not self._hot:
            self._take_other(where, text, said, phase)
            return
        self._dict.release()
        self._bars.end_keras()
        self.placing.take_record(where, said)
        self._parser.used = True

    def _is_pending(self) -> bool:
        return self._box is not None or self._texts.is_open

    def _goes_on(self, where: Place, text: str) -> bool:
        """Return whether a line belongs to what lines before it began, and take it."""
        if self._texts.is_open:
            if not self._texts.is_hopeless and not self._is_record(text):
                self._texts.go_on(where, text)
                return True
            self._give_up()
        if text[0] in " \t" and self._texts.in_traceback:
            self._parser.note(where.line, "a part of a traceback")
            return True
        return (self._box is not None or may_be_pair(text)) and self._take_box(where, text)

    @property
    def is_busy(self) -> bool:
        """Whether a line may mean something here that means nothing elsewhere."""
        return self._texts.is_busy

    def line_ends(self) -> None:
        self._bars.line_ends()
        self.placing.settle()

    def flush(self) -> None:
        """Emit all that is held."""
        self._end_box()
        self._dict.release()
        self._bars.flush()
        self._give_up()
        self._texts.flush()
        self.placing.flush()

    def _take_other(self, where: Place, text: str, said: Reading, phase: str) -> None:
        """Take a line that is no values at a step, or values in a dict."""
        if text[0] == "{" and text.rstrip()[-1] == "}":
            self._take_dict(where, text, said, phase)
            return
        if said.kind != "heading" and (told := read_told(text)) is not None:
            said = told
        if said.kind == "heading" and said.step is not None:
            self._bars.end_keras()
            self._texts.flush()
            self._parser.note(where.line, f"a heading: {said.axis} {said.step}")
            self.placing.take_heading(said.axis, said.step)
            return
        if said.kind == "lone":
            self._bars.end_keras()
            self._parser.note(where.line, "")
            self.placing.take_alone(where, said)
            self._texts.take_side(where, text)
            return
        if begins_result(text):
            self._box = Box(is_result=True)
            self._parser.note(where.line, "the head of a result")
            return
        if (table := read_head(text)) is not None:
            self.placing.is_renewed = self._table is not None and table.titles == self._table.titles
            self._table = table
            self._parser.forget()
            self._parser.note(where.line, "the head of a table")
            return
        self._parser.why = said.why
        self._texts.take(where, text)

    def _take_bar(self, where: Place, text: str) -> bool:
        bar = read_bar(text)
        if bar is None:
            return False
        if self._table is not None and self._table.by == "wide" and self._take_row(where, text):
            return True
        if self._table is None or not text.lstrip().startswith("Class "):
            self._parser.note(where.line, "a progress bar")
        self._dict.resolve(bar)
        self._bars.take(where, bar)
        if bar.label.lstrip().startswith("Class") and (head := read_head(text.split(":")[0])):
            self._table = head
        if bar.after.strip():
            self.take(where, bar.after.strip(), "")
        return True

    def _take_row(self, where: Place, text: str) -> bool:
        table = self._table
        first = text.lstrip()[:1]
        if table is None or (first not in _ROW_HEADS and table.label < 0):
            return False
        row = table.read(text)
        if row is None:
            return False
        self._parser.note(where.line, "")
        if table.label < 0:
            said = Reading(
                "record",
                row.axis,
                row.step,
                row.epoch,
                0,
                row.names,
                row.values,
                "a row of a table",
            )
            self.placing.take_record(where, said)
        else:
            said = Reading("lone", names=row.names, values=row.values, why="a row of a table")
            self.placing.take_alone(where, said)
        return True

    def _is_record(self, text: str) -> bool:
        said = self._parser.reader.read(text)
        return said.kind == "record" and len(said.names) + (said.step is not None) > 1

    def _give_up(self) -> None:
        """Read the lines of what was no dump as what they are."""
        for where, text in self._texts.give_up():
            self._texts.take(where, text, dumps_too=False)

    def _take_box(self, where: Place, text: str) -> bool:
        box = self._box or Box()
        if box.take(where.line, text):
            self._box = box
            self._parser.note(where.line, "a name and a value in a box")
            return True
        self._end_box()
        return False

    def _end_box(self) -> None:
        box, self._box = self._box, None
        if box is None or not box.values:
            return
        said = read_values(box.values, sure=True)
        if said.kind == "record":
            self.placing.take_record(Place(box.line, None), said)
        elif said.kind == "lone":
            self.placing.take_alone(Place(box.line, None), said)

    def _take_pattern(self, where: Place, text: str) -> bool:
        for pattern in self._parser.patterns:
            said = pattern.read(text)
            if said is not None:
                self._parser.note(where.line, "")
                if said.step is None:
                    self.placing.take_alone(where, said)
                else:
                    self.placing.take_record(where, said)
                return True
        return False

    def _take_dict(self, where: Place, text: str, said: Reading, phase: str) -> None:
        if '"' in text or "{" in text[1:] or said.kind == "none":
            said = with_phase(self._texts.read_dict(where, text), phase)
        if said.kind == "lone":
            self._parser.note(where.line, "")
            self.placing.take_alone(where, said)
        elif said.kind == "record":
            self._dict.release()
            self._parser.note(where.line, "")
            if said.axis == "epoch" and text.rstrip("}'\"0123456789.e-+ ").endswith("'epoch':"):
                self._dict.hold(where, said)
            else:
                self.placing.take_record(where, said)


def describe(event: Event) -> str:
    """Return in words what an event makes of its line, and why."""
    from tui_tracker.parsing.describing import words_for

    return words_for(event)

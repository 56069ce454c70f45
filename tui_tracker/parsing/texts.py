"""Lines that are no values: dumps of params, files, lineage, ends, trials, restarts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from tui_tracker.parsing import dumps, facts
from tui_tracker.parsing.events import ParamValue
from tui_tracker.parsing.placing import Place, Placing
from tui_tracker.parsing.reading import Reading
from tui_tracker.parsing.words import axis_of, is_clock, is_metric

_SUMMARY = re.compile(r"\bbest iteration(?: is)?:?\s*$", re.I)
_FOLD = re.compile(r"\W*(?:fold|seed|trial|run|experiment) #?\d+(?:\s*(?:/|of)\s*\d+)?\W*$", re.I)
_LED = re.compile(r"^[\w/.-]{1,60}:\s+(?=\w+=)")
_MOST_FACTS = 4096


class Texts:
    """Reads the text of one process's log."""

    def __init__(
        self,
        placing: Placing,
        note: Callable[[int, str], None],
        lost: Callable[[int], None],
    ) -> None:
        self._placing, self._note, self._lost = placing, note, lost
        self._call: list[tuple[Place, str]] = []
        """Lines of a dump that is not whole yet."""
        self._brackets = dumps.Brackets()
        self._no_dumps = False
        self._block: list[tuple[int, str]] = []
        self._in_traceback = False
        self._seen: set[tuple[str, str]] = set()

    @property
    def is_open(self) -> bool:
        """Whether a dump goes on over several lines."""
        return bool(self._call)

    @property
    def is_busy(self) -> bool:
        """Whether a dump, a block or a traceback goes on."""
        return bool(self._call or self._block or self._in_traceback)

    def go_on(self, where: Place, text: str) -> None:
        """Take a further line of a dump that is not whole yet."""
        self._call.append((where, text))
        self._note(where.line, "a part of a dump of params")
        if self._brackets.read(text + " ").are_open:
            return
        held, self._call = self._call, []
        self._take_dump(held[0][0], "\n".join(text for _, text in held))

    @property
    def is_hopeless(self) -> bool:
        """Whether what was begun is too long to be a dump."""
        return self._brackets.are_too_long or len(self._call) > dumps.MOST_LINES

    def give_up(self) -> list[tuple[Place, str]]:
        """Return the lines of a dump that is none, to be read as what they are."""
        held, self._call = self._call, []
        return held

    def take(self, where: Place, text: str, *, dumps_too: bool = True) -> None:
        """Take a line without values."""
        line = where.line
        self._no_dumps = not dumps_too
        if self._take_dump(where, text):
            return
        if not self._placing.has_values and self._take_config(where, text):
            return
        if _SUMMARY.search(text[-60:]):
            self._placing.summary = True
            self._note(line, "the next line repeats the best one")
        elif (trial := facts.read_trial(text)) is not None:
            self._note(line, "")
            self._placing.take_trial(line, trial)
        elif name := facts.read_study(text):
            self._note(line, f"the study {name} begins")
        elif _FOLD.match(text):
            if self._placing.has_values:
                self._placing.leave(f"{text.strip()} begins")
            self._note(line, "a heading: another run begins")
        else:
            self._take_end(where, text)
            self.take_side(where, text)

    def take_side(self, where: Place, text: str) -> None:
        """Take what a line tells besides: files and lineage."""
        line = where.line
        if len(text) > 4000:
            return
        for path, used in facts.read_files(text):
            self._placing.take_file(line, path, used)
        resumes, step = facts.read_resume(text)
        if resumes:
            self._placing.take_resume(line, step, text[:200])
        if self._in_traceback:
            return
        for field, value in facts.read_facts(text):
            if (field, value) not in self._seen and len(self._seen) < _MOST_FACTS:
                self._seen.add((field, value))
                self._placing.take_fact(line, field, value)

    @property
    def in_traceback(self) -> bool:
        return self._in_traceback

    def read_dict(self, where: Place, text: str) -> Reading:
        """Return what a dict or JSON object says; params are taken here."""
        found = dumps.read_mapping(text)
        if found is None:
            return Reading("none", why="no dict that can be read")
        values = dumps.flat(found)
        said = read_values(values)
        if said.kind == "none" and dumps.is_config(values) and not self._placing.has_values:
            self._take_params(where, values, "a dict of params")
        return said

    def flush(self) -> None:
        """Take the block of params that was being gathered, if it is one."""
        block, self._block = self._block, []
        params = dumps.read_yaml([text for _, text in block])
        if len(params) < 3:
            for line, _ in block:
                self._lost(line)
            return
        for name, value in params.items():
            self._placing.take_param(block[0][0], name, value, "a block of YAML")
        for line, _ in block[1:]:
            self._note(line, "a part of a block of YAML")

    def _begin_dump(self, where: Place, text: str) -> bool:
        """Return whether a text begins a dump that goes on in the next line."""
        brackets = dumps.Brackets().read(text + " ")
        if self._no_dumps or not brackets.are_open:
            return False
        self._call, self._brackets = [(where, text)], brackets
        self._note(where.line, "the head of a dump of params")
        return True

    def _take_dump(self, where: Place, text: str) -> bool:
        if "(" in text and dumps.begins_call(text):
            if self._begin_dump(where, text):
                return True
            if params := dumps.read_call(text):
                if self._placing.has_values and "Namespace(" in text[:60]:
                    self._placing.leave("params are printed again")
                self._take_params(where, params, "a call with its arguments")
                return True
        if text[0] == "{" and not self._placing.has_values:
            if self._begin_dump(where, text):
                return True
            found = dumps.read_mapping(text)
            if found and dumps.is_config(flat := dumps.flat(found)):
                self._take_params(where, flat, "a dict of params")
                return True
        return False

    def _take_config(self, where: Place, text: str) -> bool:
        # Ultralytics: `engine/trainer: task=detect, epochs=3, ...`
        many = text.count("=") > 2 and not self._block
        if many and self._take_pairs(where, _LED.sub("", text)):
            return True
        if dumps.is_yaml(text) and len(self._block) < dumps.MOST_LINES:
            self._block.append((where.line, text))
            self._note(where.line, "")
            if not text[0].isspace() and text[:1] != "-":
                self.take_side(where, text)
            return True
        if self._block:
            self.flush()
        if dotted := dumps.read_dotted(text):
            self._take_params(where, dict([dotted]), "a name and a value with dots between")
            return True
        return ("=" in text or ":" in text) and self._take_pairs(where, text)

    def _take_pairs(self, where: Place, text: str) -> bool:
        params = dumps.read_pairs(text)
        kept = {k: v for k, v in params.items() if not _is_commit(k, v)}
        if not kept:
            return False
        self._take_params(where, kept, "names and values")
        self.take_side(where, text)
        return True

    def _take_params(self, where: Place, params: Mapping[str, ParamValue], how: str) -> None:
        self._note(where.line, "")
        for name, value in params.items():
            self._placing.take_param(where.line, name, value, how)

    def _take_end(self, where: Place, text: str) -> None:
        if text.startswith("Traceback (most recent call last)"):
            self._in_traceback = True
            self._note(where.line, "a traceback begins")
            return
        if self._in_traceback and text[0] in " \t":
            self._note(where.line, "a part of a traceback")
            return
        ended = facts.read_end(text)
        if ended is not None and (self._in_traceback or ended[0] == "killed" or "fault" in text):
            self._note(where.line, f"the run {ended[0]}")
            self._placing.take_end(where.line, *ended)
        self._in_traceback = False


def _is_commit(name: str, value: ParamValue) -> bool:
    return any(field == "git_commit" for field, _ in facts.facts_of_param(name, value))


def read_values(values: Mapping[str, ParamValue], *, sure: bool = False) -> Reading:
    """Return what flat names and values say: at a step, without one, or nothing.

    With `sure` a step is enough, whatever the names are.
    """
    steps: dict[str, int | float] = {}
    told: dict[str, float] = {}
    for name, value in values.items():
        number = _number(value)
        last = _PARTS.split(name)[-1]
        if number is None or is_clock(last):
            continue
        axis = axis_of(last)
        if axis and number == number and abs(number) < 2**62:
            whole = number.is_integer()
            if axis not in steps or (whole and type(steps[axis]) is float):
                steps[axis] = int(number) if whole else number
        else:
            told[name] = number
    known = [name for name in told if is_metric(name)]
    strict = any(is_metric(name, strict=True) for name in known)
    if not told or not (strict or ((known or sure) and steps)):
        return Reading("none", why="a dict without a metric's name")
    return _at_steps(steps, told)


def _at_steps(steps: dict[str, int | float], told: Mapping[str, float]) -> Reading:
    why = "a dict of names and values"
    names, values = tuple(told), tuple(told.values())
    epoch, batch = steps.pop("epoch", None), steps.pop("batch", None)
    if steps:
        axis, step = next(iter(steps.items()))
        return Reading("record", axis, step, epoch, 0, names, values, why)
    if epoch is not None and batch is not None:
        pair = (int(epoch), int(batch))
        return Reading("record", "(epoch, batch)", pair, epoch, 0, names, values, why)
    if epoch is not None:
        return Reading("record", "epoch", epoch, epoch, 0, names, values, why)
    if batch is not None:
        return Reading("record", "batch", batch, None, 0, names, values, why)
    return Reading("lone", names=names, values=values, why=why)


_PARTS = re.compile(r"[./]")
_PRINTED_NUMBER = re.compile(r"[-+]?[\d.]{1,30}(?:[eE][-+]?\d+)?|-?nan|-?inf|NaN|-?Infinity")


def _number(value: ParamValue) -> float | None:
    if isinstance(value, bool) or value is None or isinstance(value, list):
        return None
    if isinstance(value, str) and (len(value) > 40 or not _PRINTED_NUMBER.fullmatch(value)):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None

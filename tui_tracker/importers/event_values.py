"""The values in one run's event files, and the way from a record to its number.

A record is an `Event`:

    wall_time (1, float64, Unix seconds)   step (2)   file_version (3)   graph_def (4)
    summary (5) { value (1)... }   session_log (7) { status (1): 1 is START }
    and others without values

    Summary.Value   tag (1)  simple_value (2)  image (4)  histo (5)  audio (6)  tensor (8)
                    metadata (9) { plugin_data (1) { plugin_name (1)  content (2) } }

A scalar is a `simple_value` (float32; TensorFlow 1, PyTorch, tensorboardX) or a tensor with one
element of the plugin `scalars` (TensorFlow 2). Metadata may stand with a tag's first value only.

Scalars of one tag differ in a few bytes: of each the bytes around the number are remembered
with the place of it, so that the next one is looked up whole instead of being taken apart.

Source: tensorflow/tensorflow, core/util/event.proto, core/framework/summary.proto;
tensorboard/tensorboard, tensorboard/data_compat.py.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tui_tracker.importers.framing import Record
from tui_tracker.importers.hparams import PLUGIN as HPARAMS
from tui_tracker.importers.hparams import Session
from tui_tracker.importers.printed_text import Line
from tui_tracker.importers.records import BATCH_POINTS, Points
from tui_tracker.importers.tensors import is_text, number_of, texts_of
from tui_tracker.importers.wire import Message, WireError, read_field, read_varint

_FLOAT, _DOUBLE = struct.Struct("<f"), struct.Struct("<d")
_LATEST_S = 1e11
_START = 1
_SHORTEST = 20
NO_BOUND = 1 << 63
"""Above every step."""
_TEXT_ENDING = "/text_summary"
"""What PyTorch and tensorboardX add to the tag of a text."""
_LEGACY = {3: "histogram", 4: "image", 5: "histogram", 6: "audio"}
_OTHER_EVENTS = {4: "graph", 8: "run metadata", 9: "graph"}
_PLURALS = {"audio": "audio clips", "run metadata": "run metadata", "text": "texts"}
_MOST_SHAPES = 100_000


@dataclass(slots=True)
class Tag:
    """One scalar: points that were not handed on yet."""

    name: str
    context: str
    steps: list[int] = field(default_factory=list)
    walls: list[bytes] = field(default_factory=list)
    """Unix seconds as float64."""
    times: list[int] = field(default_factory=list)
    """Unix milliseconds; may lag behind `walls`."""
    values: list[float] = field(default_factory=list)


_Layout = tuple[int, struct.Struct, dict[bytes, Tag]]
"""Where the number stands in records of one length, and the tags by the bytes around it."""


@dataclass(frozen=True, slots=True)
class Start:
    """A writer began anew at a step: what came before from this step on is void."""

    step: int


@dataclass(frozen=True, slots=True)
class _Here:
    """An event that is taken apart."""

    payload: bytes
    step: int
    wall: bytes
    context: str


class EventValues:
    """All values of one run."""

    def __init__(self, started_ms: int = 0, *, always_context: bool = False) -> None:
        self._started_ms = started_ms
        """The time of what tells none, until something does."""
        self._always_context = always_context
        """Tell the context of a tag even where nothing else has its name."""
        self.session = Session()
        self.passed_over: dict[str, dict[str, int]] = {}
        """How often a tag held something that is no number, by its kind."""
        self.texts: dict[str, tuple[int, str]] = {}
        """The last text of each tag and its time in Unix milliseconds."""
        self.lines: list[Line] = []
        """Texts that a later one of their tag replaced, to be handed on as printed lines."""
        self.first_ms: int | None = None
        self.last_ms: int | None = None
        self.largest_step = -(1 << 63)
        self.superseded = 0
        """Points that a restart made void."""
        self.has_any = False
        self._tags: dict[tuple[str, str], Tag] = {}
        self._plugins: dict[str, str] = {}
        self.bound = NO_BOUND
        self._layouts: dict[str, dict[int, list[_Layout]]] = {}
        """By context and length behind the step."""
        self._shapes = 0

    @property
    def is_full(self) -> bool:
        return sum(len(tag.steps) for tag in self._tags.values()) >= BATCH_POINTS

    def add(
        self, records: Sequence[Record], context: str = ""
    ) -> Iterator[tuple[int, Start | WireError]]:
        """Take in records; values whose step is not below `bound` are void.

        Yield place and trouble of those that are no events, or say that a writer began anew;
        `bound` may be set anew then.
        """
        layouts = self._layouts.setdefault(context, {})
        bound = self.bound
        for place, payload in records:
            tag, step, begin = None, 0, 0
            if len(payload) > _SHORTEST and payload[9] == 0x10:
                step, at = payload[10], 11
                if step >= 0x80:
                    step, at = _long_step(payload)
                for offset, form, tags in layouts.get(len(payload) - at, ()):
                    begin = at + offset
                    tag = tags.get(payload[at:begin] + payload[begin + form.size :])
                    if tag is not None:
                        break
            if tag is not None and step < bound:
                tag.steps.append(step)
                tag.walls.append(payload[1:9])
                tag.values.append(form.unpack_from(payload, begin)[0])
            elif trouble := self._add_slowly(payload, context):
                yield place, trouble
                bound = self.bound

    def settle(self) -> None:
        """Bring times and the largest step up to what was taken in."""
        for tag in self._tags.values():
            new = tag.walls[len(tag.times) :]
            if new:
                tag.times += _milliseconds(new, self.last_ms or self._started_ms)
                self._spread(min(tag.times), max(tag.times))
                self.largest_step = max(self.largest_step, max(tag.steps))

    def batches(self, run: str) -> Iterator[Points]:
        """Yield all points that wait, by tag in order of appearance."""
        self.settle()
        for tag in self._tags.values():
            if tag.steps:
                yield Points(run, tag.name, tag.steps, tag.times, tag.values, tag.context)
                tag.steps, tag.times, tag.values, tag.walls = [], [], [], []

    def take_lines(self) -> list[Line]:
        lines, self.lines = self.lines, []
        return lines

    def told(self) -> Iterator[str]:
        """Yield what was passed over, a sentence for each kind."""
        for kind, tags in sorted(self.passed_over.items()):
            count = sum(tags.values())
            names = sorted(tags)
            shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            what = f"1 {kind}" if count == 1 else f"{count} {_PLURALS.get(kind, f'{kind}s')}"
            were = "was" if count == 1 else "were"
            yield f"{what}{f' of {shown}' if shown else ''} {were} passed over"
        if self.superseded:
            yield f"{self.superseded} points were superseded by a restart at an earlier step"

    # -- one event

    def _add_slowly(self, payload: bytes, context: str) -> Start | WireError | None:
        try:
            event = Message(payload)
            here = _Here(payload, event.integer(2), event.raw(1), context)
            if 0 < event.double(1) < _LATEST_S:
                at_ms = int(event.double(1) * 1000 + 0.5)
                self._spread(at_ms, at_ms)
            for number, kind in _OTHER_EVENTS.items():
                if number in event:
                    self._pass_over(kind, "")
            if 7 in event and event.message(7).integer(1) == _START:
                return Start(here.step)
            for value in event.message(5).messages(1):
                self._add_value(value, here)
        except WireError as error:
            return error
        return None

    def _spread(self, first_ms: int, last_ms: int) -> None:
        self.first_ms = first_ms if self.first_ms is None else min(self.first_ms, first_ms)
        self.last_ms = last_ms if self.last_ms is None else max(self.last_ms, last_ms)

    def _add_value(self, value: Message, here: _Here) -> None:
        name = value.text(1) or value.text(7)
        plugin = self._plugin(value, name)
        self.has_any = True
        if plugin == HPARAMS:
            self.session.take(value.message(9).message(1).raw(2))
        elif len(content := value.raw(2)) == _FLOAT.size:
            self._add_number(name, _FLOAT.unpack(content)[0], here, content, _FLOAT)
        elif 8 in value:
            self._add_tensor(value.message(8), name, plugin, here)
        else:
            kinds = [kind for number, kind in _LEGACY.items() if number in value]
            self._pass_over(kinds[0] if kinds else plugin or "empty value", name)

    def _add_tensor(self, tensor: Message, name: str, plugin: str, here: _Here) -> None:
        if is_text(tensor) and plugin in ("text", ""):
            self._add_text(name.removesuffix(_TEXT_ENDING), "\n".join(texts_of(tensor)))
            return
        number = number_of(tensor) if plugin in ("scalars", "") else None
        if number is None:
            self._pass_over(plugin.removesuffix("s") or "tensor", name)
            return
        content = tensor.raw(4) or tensor.raw(5) or tensor.raw(6)
        form = {(1, 4): _FLOAT, (2, 8): _DOUBLE}.get((tensor.integer(1), len(content)))
        self._add_number(name, number, here, content, form)

    def _add_number(
        self, name: str, number: float, here: _Here, content: bytes, form: struct.Struct | None
    ) -> None:
        tag = self._tag(name, here.context)
        if form is not None:
            self._remember(here, content, tag, form)
        if here.step >= self.bound:
            self.superseded += 1
            return
        tag.steps.append(here.step)
        tag.walls.append(here.wall if len(here.wall) == _DOUBLE.size else bytes(_DOUBLE.size))
        tag.values.append(number)

    def _plugin(self, value: Message, name: str) -> str:
        if 9 in value:
            plugin = value.message(9).message(1).text(1)
            if plugin:
                self._plugins[name] = plugin
        return self._plugins.get(name, "")

    def _tag(self, name: str, context: str) -> Tag:
        """Return a tag; `context` counts only where the run itself has one of that name."""
        tag = self._tags.get((name, context))
        if tag is None:
            is_told = self._always_context or (name, "") in self._tags
            shown = context if is_told else ""
            tag = self._tags[name, context] = Tag(name or "value", shown)
        return tag

    def _add_text(self, name: str, text: str) -> None:
        at_ms = self.last_ms or self._started_ms
        before = self.texts.get(name)
        if before is not None and before[1] != text:
            self.lines += [(before[0], "o", f"{name}: {line}") for line in before[1].splitlines()]
        self.texts[name] = (at_ms, text)

    def _pass_over(self, kind: str, name: str) -> None:
        tags = self.passed_over.setdefault(kind, {})
        tags[name] = tags.get(name, 0) + 1

    def _remember(self, here: _Here, content: bytes, tag: Tag, form: struct.Struct) -> None:
        """Remember the bytes around a number, if it is all that the record may vary in."""
        payload = here.payload
        at = _behind_step(payload)
        place = payload.find(content, at)
        is_lone = payload.find(content, place + 1) < 0 and _holds_one_value(payload, at)
        if not is_lone or self._shapes >= _MOST_SHAPES:
            return
        by_length = self._layouts.setdefault(here.context, {})
        layouts = by_length.setdefault(len(payload) - at, [])
        offset = place - at
        around = payload[at:place] + payload[place + form.size :]
        for known, its_form, tags in layouts:
            if (known, its_form) == (offset, form):
                tags[around] = tag
                break
        else:
            layouts.append((offset, form, {around: tag}))
        self._shapes += 1


def _long_step(payload: bytes) -> tuple[int, int]:
    """Return a step of more than one byte, and the place behind it."""
    if payload[11] < 0x80:
        return payload[10] & 0x7F | payload[11] << 7, 12
    if payload[12] < 0x80:
        return payload[10] & 0x7F | (payload[11] & 0x7F) << 7 | payload[12] << 14, 13
    try:
        return read_varint(payload, 10)
    except WireError:
        return NO_BOUND, len(payload)


def _milliseconds(walls: list[bytes], otherwise: int) -> list[int]:
    """Return times in Unix milliseconds; those that are none are the one before."""
    seconds = struct.unpack(f"<{len(walls)}d", b"".join(walls))
    try:
        if min(seconds) > 0 and max(seconds) < _LATEST_S:
            return [int(wall * 1000 + 0.5) for wall in seconds]
    except ValueError:  # a NaN hid from min and max
        pass
    found = []
    for wall in seconds:
        otherwise = int(wall * 1000 + 0.5) if 0 < wall < _LATEST_S else otherwise
        found.append(otherwise)
    return found


def _behind_step(payload: bytes) -> int:
    """Return where an event goes on behind time and step, if it begins with them."""
    if payload[:1] != b"\t":
        return 0
    return read_varint(payload, 10)[1] if payload[9:10] == b"\x10" else 9


def _holds_one_value(payload: bytes, at: int) -> bool:
    """Return whether an event is, from here on, a summary with one value."""
    try:
        number, summary, end = read_field(payload, at)
        if number != 5 or end != len(payload) or not isinstance(summary, bytes):
            return False
        return read_field(summary, 0)[2] == len(summary)
    except WireError:
        return False

"""The records of a SwanLab log, of both versions, as one kind of events.

Version 2 (SwanLab 0.8 on) is a protobuf message `Record`:

    1 num  2 timestamp  10 start  11 finish  12 column  13 scalar  14 media  16 log  20 save
    start:  1 project 2 workspace 4 name 5 description 6 tags 7 group 8 job_type 10 id 12 started_at
    finish: 1 state (0 running, 1 finished, 2 crashed, 3 aborted) 2 error 3 finished_at
    column: 1 class (2: system) 2 type 3 key 4 name
    scalar: 1 key 2 step 4 timestamp 5 value {1 number: double}
    media:  1 key 2 step 3 type 5 value {1 items}
    log:    1 line 2 level (1: error) 3 timestamp

A timestamp is {1 seconds, 2 nanoseconds}. Version 1 (0.6 and 0.7) is JSON: {"model_type", "data"}
with Header, Project, Experiment, Column, Scalar, Media, Log, Runtime, Footer.

Source: SwanHubX/SwanLab, swanlab/proto/ (v0.py for version 1; *.proto for version 2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from tui_tracker.importers.records import ms_from_utc, utc_from_ms
from tui_tracker.importers.rewritten import as_number, as_step, mapping, parse_json
from tui_tracker.importers.run_folders import utc
from tui_tracker.importers.wire import Message

_STATES = {1: "finished", 2: "failed", 3: "killed"}


@dataclass(frozen=True, slots=True)
class Begun:
    """What the run says of itself; "" where it says nothing."""

    at: datetime | None
    project: str = ""
    name: str = ""
    id: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    group: str = ""
    job_type: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    state: str
    """A status of ours; "" where the run goes on."""
    at: datetime | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    key: str
    is_system: bool


@dataclass(frozen=True, slots=True)
class Scalar:
    key: str
    step: int
    time_ms: int
    value: float


@dataclass(frozen=True, slots=True)
class Media:
    key: str


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    time_ms: int
    is_error: bool


Event = Begun | Ended | Column | Scalar | Media | Line


def read_record(data: bytes) -> Event | None:
    """Return what a record says; None where nothing in it is of use.

    Raises:
        ValueError: it is no record.
    """
    if data.startswith(b"{"):
        record = mapping(parse_json(data.decode("utf-8", "replace")))
        read_json = _OF_TEXT.get(str(record.get("model_type")))
        return read_json(mapping(record.get("data"))) if read_json else None
    message = Message(data)
    for number, read_message in _OF_MESSAGE.items():
        if number in message:
            return read_message(message.message(number), _time_ms(message.message(2)))
    return None


# -- version 2


def _time_ms(timestamp: Message) -> int:
    seconds = timestamp.integer(1)
    return seconds * 1000 + timestamp.integer(2) // 1_000_000 if abs(seconds) < 1 << 50 else 0


def _moment(message: Message, number: int, otherwise_ms: int) -> datetime | None:
    found = _time_ms(message.message(number)) if number in message else otherwise_ms
    return utc_from_ms(found) if found else None


def _start(message: Message, time_ms: int) -> Begun:
    return Begun(
        at=_moment(message, 12, time_ms),
        project=message.text(1),
        name=message.text(4),
        id=message.text(10),
        description=message.text(5),
        tags=tuple(message.texts(6)),
        group=message.text(7),
        job_type=message.text(8),
    )


def _finish(message: Message, time_ms: int) -> Ended:
    state = _STATES.get(message.integer(1), "")
    return Ended(state, _moment(message, 3, time_ms), message.text(2))


def _column(message: Message, _: int) -> Column:
    return Column(message.text(3), message.integer(1) == 2)


def _scalar(message: Message, time_ms: int) -> Scalar:
    own_ms = _time_ms(message.message(4))
    value = message.message(5).double(1)
    return Scalar(message.text(1), message.integer(2), own_ms or time_ms, value)


def _media(message: Message, _: int) -> Media:
    return Media(message.text(1))


def _log(message: Message, time_ms: int) -> Line:
    own_ms = _time_ms(message.message(3))
    return Line(message.text(1), own_ms or time_ms, message.integer(2) == 1)


_OF_MESSAGE: dict[int, Callable[[Message, int], Event]] = {
    10: _start,
    11: _finish,
    12: _column,
    13: _scalar,
    14: _media,
    16: _log,
}


# -- version 1


def _ms(text: object) -> int:
    moment = utc(text)
    return ms_from_utc(moment) if moment else 0


def _header(data: Mapping[str, object]) -> Begun:
    return Begun(utc(data.get("create_time")))


def _project(data: Mapping[str, object]) -> Begun:
    return Begun(None, project=str(data.get("name") or ""))


def _experiment(data: Mapping[str, object]) -> Begun:
    tags = data.get("tags")
    return Begun(
        None,
        name=str(data.get("name") or ""),
        id=str(data.get("id") or ""),
        description=str(data.get("description") or ""),
        tags=tuple(str(tag) for tag in tags if tag) if isinstance(tags, list) else (),
        group=str(data.get("group") or ""),
        job_type=str(data.get("job_type") or ""),
    )


def _footer(data: Mapping[str, object]) -> Ended:
    state = "finished" if data.get("success") is True else "failed"
    return Ended(state, utc(data.get("create_time")))


def _column_text(data: Mapping[str, object]) -> Column:
    return Column(str(data.get("key") or ""), data.get("cls") == "SYSTEM")


def _scalar_text(data: Mapping[str, object]) -> Scalar | None:
    metric = mapping(data.get("metric"))
    value = as_number(metric.get("data"))
    step = as_step(data.get("step"))
    step = as_step(metric.get("index")) if step is None else step
    if value is None or step is None:
        return None
    return Scalar(str(data.get("key") or "_"), step, _ms(metric.get("create_time")), value)


def _media_text(data: Mapping[str, object]) -> Media:
    return Media(str(data.get("key") or ""))


def _log_text(data: Mapping[str, object]) -> Line:
    is_error = data.get("level") in ("ERROR", "ERR")
    return Line(str(data.get("message") or ""), _ms(data.get("create_time")), is_error)


_OF_TEXT: dict[str, Callable[[Mapping[str, object]], Event | None]] = {
    "Header": _header,
    "Project": _project,
    "Experiment": _experiment,
    "Footer": _footer,
    "Column": _column_text,
    "Scalar": _scalar_text,
    "Media": _media_text,
    "Log": _log_text,
}

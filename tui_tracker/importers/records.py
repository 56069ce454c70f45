"""What readers of foreign formats hand on: runs and their points, in pieces.

A reader yields pieces in any order of runs; what becomes of them (a store, a preview) is
not its concern. Points and printed lines come in batches and are appended to what came
before, so that a log of any length is read in little memory. A later `ImportedRun` of
the same run replaces the earlier one, and says all that is known by then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol

ParamValue = bool | int | float | str | None | list[object]
Status = Literal["running", "finished", "failed", "killed", "crashed", "pruned"]

DELETED = "deleted"
"""The tag of a run that its tool counts as deleted; it is archived, too."""
BATCH_POINTS = 50_000
"""About as many points a reader gathers before it hands them on."""


@dataclass(frozen=True, slots=True)
class ImportedArtifact:
    """A file that the foreign run made or used."""

    path: str
    """As the run names it: relative, `/` between its parts, no `..`."""
    file: Path | None
    """Where its bytes are now; None where only its name is left."""
    kind: str = ""
    size_bytes: int | None = None
    sha256: str = ""
    """Hexadecimal, where the foreign store tells it; else it is worked out when it is copied."""
    used: bool = False
    """Whether it is an input, not an output."""


@dataclass(frozen=True, slots=True)
class ImportedNote:
    """A free text on a run."""

    text: str
    at: datetime | None = None
    author: str = ""


@dataclass(frozen=True, slots=True)
class ImportedRun:
    """All that is known of a foreign run by now, but for its points and printed lines."""

    key: str
    """Tells the run from all others of the same tool, on any machine if the tool's ids do
    (else it has the path in it); the run is known by it at the next import."""
    id: str
    """The tool's own id, as its users know it; a path below what was opened where it has none."""
    name: str
    experiment: str
    status: Status
    path: Path
    """The file or folder that it was read from."""
    started_at: datetime | None = None
    """Aware. None where the source does not tell; the first point's time is taken then."""
    ended_at: datetime | None = None
    parent: str = ""
    """`key` of the run that it belongs to."""
    params: Mapping[str, ParamValue] = field(default_factory=dict)
    """Flat: what was nested has dots in its name."""
    tags: Sequence[str] = ()
    """Short labels; one with a key reads `key:value`."""
    notes: Sequence[ImportedNote] = ()
    artifacts: Sequence[ImportedArtifact] = ()
    lineage: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Facts that the source recorded itself, never this machine's: by part (`code`, `data:NAME`,
    `environment`, `hardware`, `process`, `seeds`), in the shape that `capture` gives them."""
    host: str = ""
    user: str = ""
    archived: bool = False
    """The tool counts it as deleted or archived."""


@dataclass(frozen=True, slots=True)
class Points:
    """Further points of one metric, in log order; the columns have the same length > 0."""

    run: str
    """`key` of the run."""
    metric: str
    steps: Sequence[int]
    """Any 64-bit whole numbers, as logged."""
    times_ms: Sequence[int]
    """Unix milliseconds; see `fill_times` where the source has none."""
    values: Sequence[float]
    """float64; NaN and infinities as logged."""
    context: str = ""
    """Where the tool tells series of one name apart (`train`, `val`), else ""."""
    system: bool = False
    """It was sampled from the machine, not logged by the script."""


@dataclass(frozen=True, slots=True)
class Printed:
    """Further lines that the run printed: Unix milliseconds, `o` or `e` for the stream, text."""

    run: str
    lines: Sequence[tuple[int, str, str]]


@dataclass(frozen=True, slots=True)
class StartedOver:
    """What came of this run's points and lines so far is void: its file was replaced or cut.

    The run and all its points follow anew.
    """

    run: str


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that could not be read, or not be understood; the rest was read all the same."""

    path: Path
    place: str
    """Where in the file: `line 3`, `byte 4096`, a table, a field; "" for all of it."""
    problem: str
    """What was found there and what became of it, half a sentence."""
    run: str = ""
    """`key` of the run that lacks it, where that is known."""
    skipped: bool = False
    """The whole of it was passed over, not a part."""

    def __str__(self) -> str:
        place = f", {self.place}" if self.place else ""
        return f"{self.path}{place}: {self.problem}"


Piece = ImportedRun | Points | Printed | StartedOver | Unread


class Reader(Protocol):
    """An opened source. It holds no file open between two reads that its writer could miss."""

    def read(self) -> Iterator[Piece]:
        """Yield what is there at the first call, and at each later one what is new since.

        An `ImportedRun` comes before the first points of its run, and again once anything
        in it changed. Trouble with a part is an `Unread`, never an exception.

        Raises:
            ImportFailed: nothing of the source can be read.
        """
        ...

    def close(self) -> None: ...


def flatten(values: Mapping[str, object], prefix: str = "") -> dict[str, ParamValue]:
    """Return nested params as flat ones with dots between the names.

    A list stays a value; an empty mapping is an empty list; what is of no known type
    is its text.
    """
    flat: dict[str, ParamValue] = {}
    for name, value in values.items():
        full = f"{prefix}{name}"
        if isinstance(value, Mapping):
            if value:
                flat |= flatten(value, f"{full}.")
            else:
                flat[full] = []
        elif value is None or isinstance(value, (bool, int, float, str)):
            flat[full] = value
        elif isinstance(value, (list, tuple)):
            flat[full] = list(value)
        else:
            flat[full] = str(value)
    return flat


def typed(text: str) -> ParamValue:
    """Return what a param that was kept as text was: `0.001`, `True`, `None`, `[64, 32]`.

    What is no number, truth value, None or list stays text, as do `nan` and `inf` in words
    and whole numbers with a leading zero, which are more often names.
    """
    from ast import literal_eval

    words: dict[str, ParamValue] = {"True": True, "False": False, "None": None}
    if text in words:
        return words[text]
    head = text[:1]
    if not (head.isdigit() or head in "+-.[(") or len(text) > 10_000:
        return text
    if head == "0" and text[1:2].isdigit():
        return text
    try:
        value = literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return text
    if isinstance(value, (bool, int, float)):
        return value
    return list(value) if isinstance(value, (list, tuple)) else text


def utc_from_ms(milliseconds: float | None) -> datetime | None:
    """Return a Unix time in milliseconds as a datetime; None where it is none that exists."""
    if milliseconds is None:
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError, TypeError):
        return None


def ms_from_utc(moment: datetime) -> int:
    """Return an aware datetime as Unix milliseconds."""
    return round(moment.timestamp() * 1000)


def fill_times(count: int, started_ms: int, ended_ms: int) -> list[int]:
    """Return times for points that have none: evenly from the start to the end."""
    if count < 2 or ended_ms <= started_ms:
        return [started_ms] * count
    span = ended_ms - started_ms
    return [started_ms + span * number // (count - 1) for number in range(count)]

"""What a run begins with: its id, its place, its first record.

Everything that can be wrong is found here, before training starts. Nothing here opens
SQLite, but for a run that is resumed.
"""

from __future__ import annotations

import os
import sys
import time

from tui_tracker import folder as folders
from tui_tracker import journal
from tui_tracker.capture import git, launch, process
from tui_tracker.errors import InvalidArgument, NotFound, RunIsLive
from tui_tracker.live import say
from tui_tracker.values import flatten

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tui_tracker.store import Row, Store

_MEET_S = 30.0
LATER = ("code", "environment", "hardware")
"""Parts of lineage that the helper process records."""


class Start:
    """The facts that a `Run` is made of; goes to child processes by pickle."""

    def __init__(self, folder: str, run_id: str) -> None:
        self.folder, self.run_id = folder, run_id
        self.experiment = self.name = ""
        self.params: dict[str, object] = {}
        self.writer = "main"
        self.rank = 0
        self.attempt = 1
        self.first_step = 0
        self.ordinal = -1
        """Of the run among those that this launch's ranks share; -1 for a run of its own."""
        self.console = self.capture = self.watched = self.system = True
        self.fsync = False
        self.facts: dict[str, object] = {}

    @property
    def path(self) -> str:
        """The journal's path: the run's id, then what tells its writers apart."""
        parts = [self.run_id]
        if self.attempt > 1:
            parts.append(f"a{self.attempt}")
        if self.rank:
            parts.append(f"r{self.rank}")
        if self.writer in ("fork", "join"):
            # A process id comes back some day; a moment does not.
            # `s` sorts behind `journal`: the main one, which says less, is read first.
            kind = "p" if self.writer == "fork" else "s"
            parts.append(f"{kind}{os.getpid()}-{time.time_ns():x}")
        return os.path.join(folders.journals(self.folder), ".".join(parts) + journal.SUFFIX)

    @property
    def tells_machine(self) -> bool:
        """Whether this process is the one of its launch that speaks for the machine."""
        return self.rank == 0 or launch.read_local_rank() == 0

    @property
    def record(self) -> dict[str, object]:
        """The journal's first record."""
        return {
            "run": self.run_id,
            "writer": self.writer,
            "rank": self.rank,
            "attempt": self.attempt,
            "t": time.time_ns() // 1_000_000,
            "experiment": self.experiment,
            "name": self.name,
            "pid": os.getpid(),
            **self.facts,
        }

    def record_with(self, parts: Sequence[Mapping[str, object]]) -> dict[str, object]:
        """Return the journal's first record with more parts of lineage."""
        record = self.record
        lineage = record.get("lineage", [])
        told = parts if self.writer != "fork" else ()
        return {**record, "lineage": [*lineage, *told]} if told else record  # type: ignore[misc]

    def for_child(self) -> Start:
        """Return the start of this process's own journal of the same run."""
        child = Start(self.folder, self.run_id)
        child.experiment, child.name, child.params = self.experiment, self.name, self.params
        child.writer, child.rank, child.attempt = "fork", self.rank, self.attempt
        child.fsync = self.fsync
        child.console = child.capture = child.watched = child.system = False
        return child

    def tell_ranks(self) -> None:
        """Leave the id where the other ranks of this launch look for it."""
        if self.ordinal >= 0 and self.rank == 0 and self.writer == "main":
            folder = folders.journals(self.folder)
            launch.leave_id(folder, self.ordinal, self.run_id, self.attempt)

    def clear(self) -> None:
        """Take back what was left for the other ranks."""
        if self.ordinal >= 0 and self.rank == 0:
            launch.clear(folders.journals(self.folder), self.ordinal)


def prepare(
    *,
    experiment: str | None,
    name: str | None,
    params: object,
    tags: Iterable[str],
    note: str,
    parent: str | None,
    resume: bool | str | None,
    store: str | os.PathLike[str] | None,
    ordinal: int,
    capture: bool,
    joins: bool = True,
) -> Start:
    """Return what a new or resumed run begins with; make its store's folder.

    With `joins` a process that `tt run` started goes on in the run of that command.

    Raises:
        InvalidArgument: an argument cannot be used.
        StoreError: the store cannot be used or made.
        NotFound, RunIsLive: there is no such run to resume, or it still runs.
    """
    from tui_tracker.capture.redaction import redact_param

    reproduces = os.environ.get("TUI_TRACKER_REPRODUCES", "")
    if reproduces:
        # What is done again goes where whoever asked for it looks, and never into the original.
        store, resume = os.environ.get("TUI_TRACKER_STORE") or store, None
    flat = _flat(params)
    given = _text("experiment", experiment)
    experiment = given or _default_experiment()
    named = store or os.environ.get("TUI_TRACKER_STORE")
    folder = folders.locate(store)
    # Refused now, when the user is still there to read it, and not by a thread later.
    folders.schema_version(folders.database(folder))
    if folders.make(folder) and not named:
        say(f"made a new store, {folder}")
    joined = launch.find_joined(folders.journals(folder)) if joins and not resume else None
    if joined is not None:
        start = _join(folder, joined, given, _text("name", name))
    else:
        start = _place(folder, experiment, _text("name", name), resume, ordinal)
    start.params, start.capture = flat, capture and start.writer == "main"
    start.watched = capture
    shown = {name: redact_param(name, value) for name, value in flat.items()}
    start.facts.update({"params": shown, "add": list(tags), "text": str(note) if note else ""})
    if parent:
        start.facts["parent"] = find_id(folder, parent)
    _add_lineage(start)
    if reproduces and start.writer == "main":
        _add_origin(start, reproduces)
    return start


def new_id() -> str:
    """Return a UUID of version 7: its ids sort by the time they were made.

    Source: RFC 9562, section 5.7, method 3 (clock bits in place of rand_a).
    """
    ms, ns = divmod(time.time_ns(), 1_000_000)
    value = (ms << 80) | (7 << 76) | (((ns << 12) // 1_000_000) << 64)
    value |= (2 << 62) | (int.from_bytes(os.urandom(8), "big") >> 2)
    digits = f"{value:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def find_id(folder: str, address: str) -> str:
    """Return the id of the run that an id, a prefix of one or a name means.

    Raises:
        NotFound: there is no such run.
    """
    with _open(folder) as store:
        row = _find(store, "r.name=:a OR hex(r.uuid) LIKE :p", address)
    if row is None:
        raise NotFound("run", address)
    return str(row[0])


def _place(
    folder: str, experiment: str, name: str, resume: bool | str | None, ordinal: int
) -> Start:
    rank = launch.read_rank()
    if rank:
        met = launch.meet(folders.journals(folder), ordinal, _MEET_S)
        if met:
            start = Start(folder, met[0])
            start.experiment, start.name, start.attempt = experiment, name, met[1]
            start.writer, start.rank, start.ordinal = "rank", rank, ordinal
            return start
        say(f"rank {rank} did not find rank 0's run; it logs a run of its own")
    if resume:
        found = _resumed(folder, experiment, name, resume)
        if found is not None:
            found.ordinal = ordinal if not rank else -1
            return found
    start = Start(folder, new_id())
    stem = process.script_name().removesuffix(".py")
    start.experiment, start.name = experiment, name or f"{stem}-{start.run_id[-6:]}"
    start.ordinal = ordinal if not rank else -1
    return start


def _join(folder: str, joined: launch.Joined, experiment: str, name: str) -> Start:
    """Return the start of this process's own journal in the run of `tt run`.

    A name or experiment that the script gives counts, unless the command line gave one.
    """
    launch.Joined.done = True
    if (observer := sys.modules.get("tui_tracker.capture.observer")) is not None:
        observer.stand_back()
    start = Start(folder, joined.run_id)
    start.experiment = experiment or _default_experiment()
    start.name, start.attempt = name or joined.name, joined.attempt
    start.writer, start.rank, start.console = "join", launch.read_rank(), False
    start.system = False  # `tt run` tells of all processes of the command
    given = {"name": name, "experiment": experiment}
    given = {key: text for key, text in given.items() if text and key not in joined.settled}
    if given and not start.rank:
        start.facts["given"] = given
    return start


def _resumed(folder: str, experiment: str, name: str, resume: bool | str) -> Start | None:
    """Return the next attempt of a run; None where `resume=True` finds none to go on with."""
    address = "" if isinstance(resume, bool) else str(resume)
    with _open(folder) as store:
        if address:
            row = _find(store, "r.name=:a OR hex(r.uuid) LIKE :p", address)
        elif name:
            row = _find(store, "r.name=:a AND e.name=:e", name, experiment)
        else:
            row = _find(store, "e.name=:e", "", experiment)
        if row is None:
            if address:
                raise NotFound("run", address)
            return None
        run_id, found_name, found_experiment, key, status = row
        if status == "running":
            raise RunIsLive(f"{found_name!r} still runs, so it cannot be resumed: end it first")
        attempt = store.read("SELECT max(attempt) FROM journal WHERE run=?", (key,))[0][0]
        last = store.read(
            "SELECT max(m.last_step) FROM metric AS m JOIN key AS k ON k.id = m.key "
            "WHERE m.run=? AND k.kind=1",
            (key,),
        )[0][0]
    start = Start(folder, str(run_id))
    start.experiment, start.name = str(found_experiment), str(found_name)
    start.attempt = int(attempt or 1) + 1
    start.first_step = 0 if last is None else int(last) + 1
    return start


def _find(store: Store, where: str, address: str, experiment: str = "") -> Row | None:
    """Return id, name, experiment, key and status of the newest run that fits."""
    plain = address.replace("-", "").upper()
    pattern = f"{plain}%" if plain and all(c in "0123456789ABCDEF" for c in plain) else ""
    rows = store.read(
        "SELECT lower(hex(r.uuid)), r.name, e.name, r.id, r.status FROM run AS r "
        f"JOIN experiment AS e ON e.id = r.experiment WHERE ({where}) "
        "AND r.deleted_ms IS NULL ORDER BY r.started_ms DESC LIMIT 1",
        {"a": address, "p": pattern, "e": experiment},
    )
    if not rows:
        return None
    digits = rows[0][0]
    dashed = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    return dashed, *rows[0][1:]


def _open(folder: str) -> Store:
    """Open the store with all that dead runs left in their journals."""
    from tui_tracker import drain
    from tui_tracker.store import Store

    store = Store.open(folder, create=True)
    drain.recover(store)
    return store


def _add_lineage(start: Start) -> None:
    from tui_tracker.capture import variables  # an import of the package does without it

    if start.writer == "join":
        # `tt run` recorded the rest; what the script set before `init` only it knows.
        told = [_record("variables", variables.capture_variables)]
        start.facts["lineage"] = told if not start.rank else []
        return
    head = git.read_head(process.working_folder())
    top = head.get("top")
    start.facts |= {"host": process.host_name(), "user": process.user_name()}
    parts: list[dict[str, object]] = [
        _record("process", lambda: process.capture_process(str(top) if top else None)),
        _record("variables", variables.capture_variables),
    ]
    status, reason = ("pending", "") if start.capture else ("skipped", "capture is switched off")
    for part in LATER:
        known: Mapping[str, object] = head if part == "code" else {}
        parts.append({"part": part, "status": status, "reason": reason, "facts": known})
    start.facts["lineage"] = parts


def _record(part: str, capture: Callable[[], dict[str, object]]) -> dict[str, object]:
    try:
        return {"part": part, "status": "ok", "facts": capture()}
    except Exception as error:  # noqa: BLE001  whatever a machine may do to a capture
        return {"part": part, "status": "failed", "reason": f"{type(error).__name__}: {error}"}


def _add_origin(start: Start, run_id: str) -> None:
    facts = {"derived_from": run_id, "relation": "reproduction"}
    start.facts["lineage"] = [
        *start.facts["lineage"],  # type: ignore[misc]
        {"part": "origin", "status": "ok", "facts": facts},
    ]
    start.facts["add"] = [*start.facts["add"], "reproduction"]  # type: ignore[misc]


def _default_experiment() -> str:
    said = os.environ.get("TUI_TRACKER_EXPERIMENT")
    return said or process.script_name().removesuffix(".py")


def _flat(params: object) -> dict[str, object]:
    if params is None:
        return {}
    try:
        return flatten(params)
    except TypeError as error:
        raise InvalidArgument(f"init(): {error}") from error
    except Exception as error:  # a user's mapping may raise anything
        raise InvalidArgument(f"init(): params cannot be read ({error!r:.200})") from error


def _text(what: str, value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidArgument(f"init(): {what} is a text, not {value!r:.60}")
    if len(value) > 500:
        raise InvalidArgument(f"init(): {what} has {len(value)} characters, at most 500 fit")
    return value.strip()

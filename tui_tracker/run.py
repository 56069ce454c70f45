"""`init()` and the `Run` that a training script holds.

A log call packs its values into one journal record and writes it: two to three
microseconds, in the kernel when it returns. All else happens in threads and in a helper
process. `init` raises on wrong arguments and where no journal can be made; after that
nothing here ends or stalls the training: trouble is told once and counted at the end.
"""

from __future__ import annotations

import operator
import os
import sys
import threading
import time
from zlib import crc32

from tui_tracker import endings, journal
from tui_tracker.capture import process
from tui_tracker.config import Config
from tui_tracker.journal import METRICS
from tui_tracker.journal_writer import JournalWriter
from tui_tracker.live import LiveDrain, say
from tui_tracker.run_files import RunFiles
from tui_tracker.start import LATER
from tui_tracker.values import MOST_STEP, flatten, flatten_metrics, number, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType
    from typing import Literal, Self

    from tui_tracker.capture.console import Console
    from tui_tracker.capture.data import DataLog
    from tui_tracker.capture.redaction import Mask
    from tui_tracker.capture.system import Sampler
    from tui_tracker.series_frames import Engine, Frame
    from tui_tracker.start import Start

_MOST_KEYSETS = 4096
"""Key sets of one run; beyond, each metric of a call is written on its own."""

_write = os.write
_now = time.time_ns
_index = operator.index


class Run:
    """One execution of a training script, from `init` to `finish`.

    Safe for threads. A context manager: an exception inside makes the run `failed`,
    Ctrl-C `killed`. In a forked child it goes on into a journal of the child's own.
    """

    def __init__(self, start: Start) -> None:
        self.id: str = start.run_id
        self.name: str = start.name
        self.experiment: str = start.experiment
        self.config = Config(start.params, self.log_params)
        """The params, readable and writable by name, as in wandb's habit."""
        self._start = start
        self._step = start.first_step
        self._warned: set[str] = set()
        self._lock = threading.RLock()
        self._finished = False
        self._forked = False
        self._entered = False
        self._thread = threading.get_ident()
        self._capture = start.capture
        """The helper process is still to be started."""
        from tui_tracker.capture import inside  # only a process that logs needs it

        self._inside = inside.Inside(
            start.folder, start.params, rank=start.rank, wanted=start.watched
        )
        record = start.record_with(self._inside.parts)
        self._journal = JournalWriter(start.path, record, fsync=start.fsync)
        self._keysets = self._journal.keysets
        start.tell_ranks()
        self._mask: Mask | None = None
        self._sampler: Sampler | None = None
        self._console: Console | None = None
        if start.console:
            from tui_tracker.capture.console import Console

            self._console = Console(self._log_console)
        self._files = RunFiles(start, self._journal, self._warn, self._inside.declare)
        self._live = LiveDrain(
            start.folder, self.id, self._journal, self._tick, drains=start.writer != "join"
        )
        self._inside.watch()
        endings.watch(self)

    def log(
        self,
        metrics: Mapping[str, object],
        step: int | None = None,
        *,
        context: str = "",
        commit: bool | None = None,
    ) -> None:
        """Log numbers by name at a step.

        Without `step` it counts up by one a call, from the step after the last. Steps
        may come in any order and more than once. Takes numbers of Python and single
        numbers of numpy, torch and jax; NaN and infinities are kept. A value that is no
        number is named in one warning, and the rest of the call is kept. `context` says
        where the metrics were taken (`offline_cv`, `shadow_prod` ...). `commit=False`
        stays at the step, as in wandb's habit.
        """
        try:
            at = self._step if step is None else _index(step)
            if context:
                keyset = self._keysets[context, tuple(metrics)]
            else:
                keyset = self._keysets[tuple(metrics)]
            frame = keyset.pack(keyset.length, METRICS, keyset.id, at, _now(), *metrics.values())
            frame += crc32(frame).to_bytes(4, "little")
            written = _write(self._journal.fd, frame)
        except Exception:  # noqa: BLE001  a value's own __float__ may raise anything
            self._log_slowly(metrics, step, context, commit)
            return
        if written != keyset.total:
            self._journal.cut_back(frame, written)
        self._step = at if commit is False else at + 1

    def log_params(self, params: object) -> None:
        """Log params: a mapping, a Namespace or a dataclass; nested names get dots.

        A param that is logged again with another value keeps both, with their times.
        """
        from tui_tracker.capture.redaction import redact_param

        try:
            flat = flatten(params)
            self._inside.see_params(flat)
            shown = {name: redact_param(name, value) for name, value in flat.items()}
        except Exception as error:  # noqa: BLE001  a user's mapping may raise anything
            self._warn(f"log_params(): {error}")
            return
        if shown:
            self._append(journal.PARAMS, {"params": shown})

    def log_artifact(
        self,
        path: str | os.PathLike[str],
        kind: str = "file",
        *,
        name: str | None = None,
        copy: bool = True,
    ) -> None:
        """Log a file, or all files of a folder, by content; `copy=False` only hashes it.

        Returns at once: hashing and copying happen in a thread, and `finish` waits for
        them. A file that cannot be read is kept with the reason.
        """
        try:
            if self._forked:
                self._join_as_child()
            self._files.add(path, kind, name, copy=copy)
        except Exception as error:  # noqa: BLE001  a file system may do anything
            self._warn(f"log_artifact({path!r}): {error}")

    def log_data(
        self,
        name: str,
        data: object = None,
        *,
        path: object = None,
        version: str | None = None,
        role: str = "input",
        split: object = None,
        source: str | None = None,
        licence: str | None = None,
        groups: object = None,
        time: object = None,
    ) -> None:
        """Log what data this run uses, by content: files of `path`, or the object `data`.

        `path` is a file, a folder, a pattern, a list of those, or an address such as
        `s3://bucket/key?versionId=...`; with `data` it is only noted. Files are hashed in a
        thread, and `finish` waits for it. `split` gives the rows of each role, as
        `log_split` takes them, with their `groups` and `time`; both may be names of columns
        of `data`. In a launch of several ranks rank 0 speaks for all.
        """
        if (log := self._data_log("log_data")) is not None:
            log.log_data(
                *(name, data, path, role),
                {"version": version, "source": source, "licence": licence},
                split=split,
                columns={"groups": groups, "time": time},
            )

    def log_split(
        self,
        *,
        train: object = None,
        val: object = None,
        test: object = None,
        folds: object = None,
        name: str = "split",
        data: str | None = None,
        strategy: object = None,
        seed: int | None = None,
        groups: object = None,
        time: object = None,
        library: str | None = None,
        arguments: Mapping[str, object] | None = None,
        **roles: object,
    ) -> None:
        """Log which rows are in which role, and check them for overlap, duplicates and leaks.

        Rows are whole numbers, a mask, or ids; `folds` is a list of (train, val). `strategy`
        is a word or a splitter of scikit-learn. `groups` and `time` have a value for each row
        of the data: a group in two roles, or training on what comes later, is told.
        """
        said = {"data": data, "strategy": strategy, "seed": seed, "library": library}
        roles = {"train": train, "val": val, "test": test, **roles}
        columns = {"groups": groups, "time": time}
        self._log_split(name, roles, folds, {**said, "arguments": arguments}, columns)

    def series(self, metric: str, context: str = "", *, engine: Engine = "pandas") -> Frame:
        """Return all points of a metric so far as a frame of pandas or polars.

        The columns are `step` (int64), `time` (datetime64[ms, UTC]) and `value` (float64), a
        line a point in log order; ranks and forks have contexts of their own.

        Raises:
            NotFound: nothing was logged by that name.
            InvalidArgument: the library is not installed, or is not known.
            StoreError: the store cannot be read.
        """
        from tui_tracker.series_frames import series_frame  # with what reads a store

        return series_frame(self._start.folder, self.id, metric, context, engine)

    def wait_for_artifacts(self) -> None:
        """Return when all files and data logged so far are read, and may be removed."""
        self._files.wait()

    def tag(self, *tags: str, **keyed: str) -> None:
        """Add tags; `run.tag(purpose="baseline")` adds `purpose:baseline`."""
        self._append(journal.TAGS, {"add": tag_list(tags, keyed)})

    def untag(self, *tags: str) -> None:
        """Remove tags."""
        self._append(journal.TAGS, {"remove": tag_list(tags, {})})

    def note(self, text: str) -> None:
        """Add a note: free text with its time and author."""
        self._append(journal.NOTE, {"text": str(text), "user": process.user_name()})

    def finish(
        self,
        status: Literal["finished", "failed", "killed", "pruned"] | int | None = None,
        why: str = "",
    ) -> None:
        """End the run: write its last record and bring everything into the store.

        Waits for artifacts, and for a locked store up to half a minute; what cannot be
        brought in then stays in the journal for whoever opens the store next. A number
        is taken as an exit code.
        """
        with self._lock:
            if self._finished or self._forked:
                return
            self._finished = True
        if isinstance(status, int):
            status = "failed" if status else "finished"
        try:
            self._inside.end(self._files.tell_lineage, self._files.keep_notebook)
            self.wait_for_artifacts()
            if self._console is not None:
                self._console.release()
                self._console = None
            self._launch_helper()
        finally:
            # Also where a second Ctrl-C cuts the wait short.
            self._write_finish(status or "finished", why)
            endings.forget(self)
        self._live.stop()
        self._journal.restore()
        self._journal.close()
        problem = self._live.finish()
        self._start.clear()
        if problem:
            say(f"{self.name}: {problem}. All is kept in {self._journal.path}.")
        if self._journal.lost:
            lost = f"{self._journal.lost} records were lost: {self._journal.problem}"
            say(f"{self.name}: {lost}")

    def __enter__(self) -> Self:
        self._entered = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None or error is None:
            self.finish()
            return
        status = endings.status_of(error)
        why = endings.describe(kind, error, trace) if status != "finished" else ""
        self.finish("killed" if status == "killed" else "failed" if why else "finished", why)

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        """A run that is sent to a spawned process goes on there as in a forked one."""
        return _attach, (self._start,)

    def __repr__(self) -> str:
        return f"<Run {self.name!r} of {self.experiment!r}, {self.id}>"

    # -- the slow paths

    def _log_slowly(
        self, metrics: Mapping[str, object], step: object, context: str, commit: bool | None
    ) -> None:
        """Log what the fast path could not take: new names, odd values, a broken file."""
        if self._finished:
            self._warn(f"log() after finish() of {self.name!r}: nothing is kept")
            return
        try:
            values = self._numbers(flatten_metrics(metrics))  # type: ignore[arg-type]
            at = self._whole_step(step)
        except Exception as error:  # noqa: BLE001  whatever was handed in
            self._warn(f"log() takes names and numbers: {error}")
            return
        if values:
            self._write_metrics(values, at, str(context))
        self._step = at if commit is False or at == MOST_STEP else at + 1

    def _write_metrics(self, values: dict[str, float], step: int, context: str) -> None:
        if len(self._keysets) >= _MOST_KEYSETS and len(values) > 1:
            for name, value in values.items():
                self._write_metrics({name: value}, step, context)
            return
        if self._forked:
            self._join_as_child()
        keyset = self._journal.define(tuple(values), context)
        frame = keyset.pack(keyset.length, METRICS, keyset.id, step, _now(), *values.values())
        self._journal.write(frame + crc32(frame).to_bytes(4, "little"))

    def _numbers(self, metrics: Mapping[str, object]) -> dict[str, float]:
        values: dict[str, float] = {}
        for name, value in metrics.items():
            try:
                values[name] = number(value)
            except Exception:  # noqa: BLE001  a value's own __float__ may raise anything
                kind = type(value).__name__
                self._warn(f"log(): {name!r} is no number but a {kind}, and is left out", name)
        return values

    def _whole_step(self, step: object) -> int:
        if step is None:
            return min(self._step, MOST_STEP)  # the fast path counts on without a look
        try:
            return whole(step)
        except Exception as error:  # noqa: BLE001  whatever was handed in
            self._warn(f"log(): step {step!r:.60} is none ({error}); counted up instead", "step")
            return self._step

    def _append(self, kind: int, facts: dict[str, object]) -> None:
        if self._finished:
            self._warn(f"{self.name!r} is finished: nothing is kept any more")
            return
        try:
            if self._forked:
                self._join_as_child()
            self._journal.append(kind, {"t": _now_ms(), **facts})
        except Exception as error:  # noqa: BLE001  whatever was handed in
            self._warn(f"a record could not be written: {error}")

    def _data_log(self, call: str) -> DataLog | None:
        """Return what records data and splits; None where this process does not."""
        if self._finished:
            self._warn(f"{call}() after finish() of {self.name!r}: nothing is kept")
        if self._finished or self._start.rank:
            return None
        try:
            if self._forked:
                self._join_as_child()
            return self._files.data()
        except Exception as error:  # noqa: BLE001  a file system may do anything
            self._warn(f"{call}(): {error}")
            return None

    def _log_split(
        self,
        name: str,
        roles: Mapping[str, object],
        folds: object,
        said: Mapping[str, object],
        columns: Mapping[str, object],
    ) -> None:
        if (log := self._data_log("log_split")) is not None:
            log.log_split(str(name), roles, folds, said, columns)

    def _log_console(self, stream: str, text: str, partial: bool) -> None:
        # Until the streams are given back, also while the run ends.
        if self._console is None:
            return
        if self._forked:
            self._join_as_child()
        facts: dict[str, object] = {"t": _now_ms(), "stream": stream, "text": self.masked(text)}
        self._journal.append(journal.CONSOLE, {**facts, "partial": True} if partial else facts)

    def masked(self, text: str) -> str:
        """Return a line of output without the secrets that this process was given."""
        if self._mask is None:
            from tui_tracker.capture.redaction import Mask  # with the first line

            self._mask = Mask(getattr(sys, "orig_argv", sys.argv), os.environ)
        return self._mask.hide(text)

    def _tick(self) -> None:
        if (console := self._console) is not None:
            console.tick()
        if not self._finished:
            self._launch_helper()
            self._inside.tick(self._files.tell_lineage)
            self._sample()

    def _sample(self) -> None:
        """Write down what the machine is busy with, now and then."""
        if not self._start.system:
            return
        if self._sampler is None:
            from tui_tracker.capture.system import Sampler  # after the start

            start = self._start
            self._sampler = Sampler(start.folder, machine=start.tells_machine)
        if values := self._sampler.due():
            self._journal.append(journal.SYSTEM, {"t": _now_ms(), "values": values})

    def _launch_helper(self) -> None:
        """Start the process that records code, packages and hardware, once."""
        with self._lock:
            due, self._capture = self._capture, False
        if not due:
            return
        try:
            from tui_tracker import helper  # with `subprocess`, after the start

            helper.launch(self._start.folder, self.id)
            endings.at_exit(helper.settle)
        except Exception as error:  # noqa: BLE001  a machine may refuse new processes
            for part in LATER:
                facts = {"part": part, "status": "failed", "reason": str(error)}
                self._journal.append(journal.LINEAGE, facts)

    def _write_finish(self, status: str, why: str) -> None:
        facts: dict[str, object] = {"t": _now_ms(), "status": status, "why": why}
        self._journal.flush()
        if self._journal.lost:
            facts |= {"lost": self._journal.lost, "lost_why": self._journal.problem}
        self._journal.append(journal.FINISH, facts)

    def _warn(self, text: str, key: str = "") -> None:
        if (key or text) not in self._warned:
            self._warned.add(key or text)
            say(text)

    # -- the process's life

    def _end_by_signal(self, name: str) -> None:
        """Write the last words from a signal handler; the process dies right after."""
        self._finished = True
        if self._console is not None:
            self._console.flush()
        self._inside.end_by_signal(self._files.tell_lineage)
        self._write_finish("killed", f"stopped by {name}")

    def _before_fork(self) -> None:
        self._inside.before_fork()
        # A child must not inherit a lock that another thread holds.
        self._live.hold()
        self._lock.acquire()
        self._journal.lock.acquire()

    def _after_fork(self) -> None:
        self._journal.lock.release()
        self._lock.release()
        self._live.let_go()

    def _in_child(self) -> None:
        """Let go of the parent's file: while a child held it, a dead parent would look alive."""
        self._journal.forget()
        self._lock = threading.RLock()
        self._journal.lock = threading.RLock()
        self._files.forget()
        self._forked = not self._finished
        if self._console is not None:
            self._console.forget()

    def _join_as_child(self) -> None:
        """Open this process's own journal of the run, at its first record."""
        with self._lock:
            if not self._forked:
                return
            self._start = self._start.for_child()
            self._journal = JournalWriter(
                self._start.path, self._start.record, fsync=self._start.fsync
            )
            self._keysets = self._journal.keysets
            self._files = RunFiles(self._start, self._journal, self._warn, self._inside.declare)
            self._live = _Silent()  # type: ignore[assignment]
            self._capture = False
            self._forked = False
            endings.watch(self)


class _Silent:
    """In a child nobody drains: the parent does, or whoever looks next."""

    def stop(self) -> None: ...

    def hold(self) -> None: ...

    def let_go(self) -> None: ...

    def finish(self) -> str:
        return ""

    def say_once(self, problem: str) -> None: ...


def tag_list(tags: Iterable[object], keyed: Mapping[str, object]) -> list[str]:
    """Return tags as texts, keyed ones as `key:value`; empty ones are left out."""
    found = [str(tag).strip() for tag in tags]
    found += [f"{key}:{value}" for key, value in keyed.items() if value]
    return [tag for tag in found if tag]


def _attach(start: Start) -> Run:
    for run in endings.open_runs():
        if run.id == start.run_id:
            return run  # a pool sends it with each task
    return Run(start.for_child())


def _now_ms() -> int:
    return time.time_ns() // 1_000_000

"""What only the training process itself can know, asked when a run begins and when it ends.

    at the start    modules, seeds, determinism: in the journal's first record
    meanwhile       reads, notebook: watched
    at the end      all of these anew, resources

What is known at the start is `partial`, so that a killed run keeps it and nobody takes
it for all there was. Each part is captured on its own: one that fails says why, and what
it knew before stays. Only the process that began the run captures; a forked child and a
spawned one do not. Of the other ranks of a launch only the seeds are kept.
"""

from __future__ import annotations

import os
import threading
import time

from tui_tracker.capture import git

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tui_tracker.capture.modules import Modules
    from tui_tracker.capture.notebook import Notebook
    from tui_tracker.capture.reads import Reads
    from tui_tracker.capture.seeds import Seeds

    Facts = dict[str, object]
    Answer = tuple[Facts, str]
    """Facts, and why they are not all there is ("" where they are)."""

PARTS = ("modules", "seeds", "determinism", "reads", "resources")
_EARLY = "at the start only: the end of the run was not seen"
_LOCK_S = 2.0
_OFF = "capture is switched off"


class Inside:
    """The eyes of one run in its own process."""

    def __init__(
        self, folder: str, params: Mapping[str, object], *, rank: int = 0, wanted: bool = True
    ) -> None:
        self.parts: list[Facts] = []
        """For the journal's first record."""
        self._folder, self._rank = folder, rank
        self._pid = os.getpid()
        self._began, self._cpu = time.monotonic(), time.process_time()
        self._known: dict[str, Facts] = {}
        self._modules: Modules | None = None
        self._seeds: Seeds | None = None
        self._reads: Reads | None = None
        self._notebook: Notebook | None = None
        self._flags: Facts = {}
        self._problems: dict[str, str] = {}
        self._alive = wanted
        self._lock = threading.Lock()
        """Held by whoever captures after the start: the run's thread, or its end."""
        self._late = True
        """What the start had no time for is still to be done."""
        if wanted:
            self._begin(params)
        elif not rank:
            self.parts = [{"part": p, "status": "skipped", "reason": _OFF} for p in PARTS]

    def watch(self) -> None:
        """Begin to watch what the script reads, and the cells of its notebook."""
        if not self._is_mine():
            return
        if self._seeds is not None:
            self._seeds.listen()
        if self._rank:
            return
        for part, begin in (("reads", self._begin_reads), ("notebook", self._begin_notebook)):
            try:
                begin()
            except Exception as error:  # noqa: BLE001  a process may refuse anything
                self._problems[part] = _reason(error)

    def declare(self, path: str) -> None:
        """Leave a file or folder out of `reads`: it is recorded as data."""
        if self._reads is not None:
            self._reads.declare(path)

    def see_params(self, params: Mapping[str, object]) -> None:
        """Take in params that were logged after the start."""
        if self._seeds is not None:
            self._seeds.see_params(params)

    def before_fork(self) -> None:
        """Make ready for a child that reads data for this run."""
        if self._reads is not None and self._is_mine():
            try:
                self._reads.before_fork()
            except OSError as error:  # no descriptors left
                self._problems["reads"] = _reason(error)

    def tick(self, append: Callable[[Facts], None]) -> None:
        """Do what the start had no time for, and listen to what was imported since.

        Called by the run's thread, about once a second.
        """
        if not self._is_mine() or not self._lock.acquire(blocking=False):
            return  # the run ends at this very moment
        try:
            if self._seeds is not None:
                self._seeds.tick()
            if self._reads is not None:
                self._reads.hear_workers()
            if self._late:
                self._late = False
                self._catch_up(append)
        except Exception as error:  # noqa: BLE001  nor may this end the thread
            self._problems.setdefault("modules", _reason(error))
        finally:
            self._lock.release()

    def end(
        self,
        append: Callable[[Facts], None],
        keep: Callable[[bytes, str], None] | None = None,
    ) -> None:
        """Ask everything again and write it down, once; `keep` takes a file in."""
        if not self._is_mine():
            return
        # A tick that is on its way would write what it knows over what is written here.
        held = self._lock.acquire(timeout=_LOCK_S)
        try:
            self._alive = False
            for part, ask in self._questions(keep):
                append(self._capture(part, ask))
        finally:
            self._forget()
            if held:
                self._lock.release()

    def drop(self) -> None:
        """Watch no more and record nothing: somebody else does from here."""
        self._alive = False
        self._forget()

    def end_by_signal(self, append: Callable[[Facts], None]) -> None:
        """Write down what is at hand; called from a signal handler.

        No library is asked, whose locks another thread may hold.
        """
        if not self._is_mine():
            return
        # Not waited for its lock: the process dies right after, whatever its threads do.
        self._alive = False
        doubt = "a signal ended the run: what takes longer was not asked again"
        for part, ask in self._at_hand():
            append(self._capture(part, _with(ask, doubt)))

    # -- the parts

    def _begin(self, params: Mapping[str, object]) -> None:
        def begin_seeds() -> Answer:
            from tui_tracker.capture.seeds import Seeds

            self._seeds = Seeds(params)
            return self._seeds.begin(), _EARLY

        def begin_modules() -> Answer:
            from tui_tracker.capture.modules import Modules

            self._modules = Modules(git.find_top(os.getcwd()))
            return self._modules.begin(), _EARLY

        def begin_flags() -> Answer:
            from tui_tracker.capture import determinism

            self._flags = determinism.flags()
            return {"start": self._flags}, _EARLY

        if not self._rank:
            self.parts.append(self._capture("modules", begin_modules))
        self.parts.append(self._capture(self._seeds_part, begin_seeds))
        if not self._rank:
            self.parts.append(self._capture("determinism", begin_flags))

    def _begin_reads(self) -> None:
        if os.environ.get("TUI_TRACKER_READS", "").lower() in ("0", "off", "no", "false"):
            return
        from tui_tracker.capture import reads

        watching = reads.Reads([self._folder, *reads.system_folders()])
        watching.begin()
        self._reads = watching

    def _begin_notebook(self) -> None:
        import sys

        if "IPython" in sys.modules:
            from tui_tracker.capture import notebook, notebook_path

            if (shell := notebook_path.find_shell()) is not None:
                self._notebook = notebook.Notebook(shell)

    def _catch_up(self, append: Callable[[Facts], None]) -> None:
        modules = self._modules
        if modules is not None and modules.catch_up(lambda: time.sleep(0.0002)) and self._alive:
            append(self._capture("modules", lambda: (modules.facts(), _EARLY)))
        if self._seeds is not None:
            self._seeds.catch_up()

    def _questions(
        self, keep: Callable[[bytes, str], None] | None
    ) -> list[tuple[str, Callable[[], Answer]]]:
        found: list[tuple[str, Callable[[], Answer]]] = [(self._seeds_part, self._end_seeds)]
        if self._rank:
            return found
        found += [("modules", self._end_modules), ("determinism", self._end_flags)]
        found += [("reads", self._end_reads), ("resources", lambda: (self._resources(), ""))]
        if self._notebook is not None or "notebook" in self._problems:
            found.append(("notebook", lambda: self._end_notebook(keep)))
        return found

    def _at_hand(self) -> list[tuple[str, Callable[[], Facts]]]:
        found: list[tuple[str, Callable[[], Facts]]] = []
        if self._seeds is not None:
            found.append((self._seeds_part, self._seeds.facts))
        if self._reads is not None:
            reads = self._reads
            found.append(("reads", lambda: reads.facts(0.0)))
        return found if self._rank else [*found, ("resources", self._resources)]

    def _end_modules(self) -> Answer:
        assert self._modules is not None, self._problems.get("modules", "")
        from tui_tracker.capture import distributions

        facts = self._modules.end()
        doubts = self._modules.doubts()
        facts["distributions"], complete = distributions.list_imported()
        gap = "" if complete else "some distributions were not looked at"
        return facts, ", ".join(doubt for doubt in (doubts, gap) if doubt)

    def _end_seeds(self) -> Answer:
        assert self._seeds is not None
        return self._seeds.end(), ""

    def _end_flags(self) -> Answer:
        from tui_tracker.capture import determinism

        return {"start": self._flags, "end": determinism.flags()}, ""

    def _end_reads(self) -> Answer:
        if self._reads is None and "reads" in self._problems:
            raise RuntimeError(self._problems["reads"])
        if self._reads is None:
            raise _SwitchedOff("TUI_TRACKER_READS switches it off")
        facts = self._reads.facts()
        return facts, "" if self._reads.is_whole else "worker processes read more files"

    def _end_notebook(self, keep: Callable[[bytes, str], None] | None) -> Answer:
        if self._notebook is None:
            raise RuntimeError(self._problems["notebook"])
        if keep is not None:
            from tui_tracker.values import to_json

            raw = to_json(self._notebook.facts(whole=True)).encode("utf-8", "backslashreplace")
            keep(raw, "notebook.json")
        return self._notebook.facts(), ""

    def _resources(self) -> Facts:
        facts: Facts = {
            "cpu_s": round(time.process_time() - self._cpu, 3),
            "wall_s": round(time.monotonic() - self._began, 3),
        }
        try:
            import resource
        except ImportError:
            return facts  # Windows
        import sys

        unit = 1 if sys.platform == "darwin" else 1024
        own, children = (
            resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        facts["peak_rss_bytes"] = own.ru_maxrss * unit
        if children.ru_maxrss:
            facts["children_cpu_s"] = round(children.ru_utime + children.ru_stime, 3)
        return facts

    # -- how a part is captured

    @property
    def _seeds_part(self) -> str:
        return f"seeds.rank{self._rank}" if self._rank else "seeds"

    def _is_mine(self) -> bool:
        """Return whether this is the process that began the run, and it was not ended yet."""
        return self._alive and os.getpid() == self._pid

    def _capture(self, part: str, ask: Callable[[], Answer]) -> Facts:
        started = time.monotonic()
        facts: Facts = {}
        try:
            facts, reason = ask()
            early = self._problems.get(part, "")
            reason = ", ".join(words for words in (reason, early) if words)
            status = "partial" if reason else "ok"
            self._known[part] = facts
        except _SwitchedOff as error:
            status, reason = "skipped", str(error)
        except Exception as error:  # noqa: BLE001  whatever a library may do to a capture
            facts = self._known.get(part, {})
            status, reason = "partial" if facts else "failed", _reason(error)
            self._problems[part] = reason
        took_ms = int((time.monotonic() - started) * 1000)
        return {
            "part": part,
            "status": status,
            "reason": reason,
            "took_ms": took_ms,
            "facts": facts,
        }

    def _forget(self) -> None:
        for watcher in (self._reads, self._notebook, self._seeds):
            if watcher is not None:
                watcher.forget()


class _SwitchedOff(Exception):
    """A part is not wanted."""


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]


def _with(ask: Callable[[], Facts], doubt: str) -> Callable[[], Answer]:
    return lambda: (ask(), doubt)

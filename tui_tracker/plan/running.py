"""Run what a plan still lacks, one after another or several at a time.

What is done is read from the store before each start, so a second call goes on where the
first was stopped. Each start is claimed first, so two calls side by side share the work.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_tracker.errors import InvalidArgument
from tui_tracker.plan.claims import Claim, take_claim
from tui_tracker.plan.coverage import Coverage, Covered, check_plan
from tui_tracker.plan.plan import Cell, Plan
from tui_tracker.store import Store

OPEN = ("missing", "failed", "incomplete")
_LOOK_S = 0.1
_IDLE_S = 5.0
_STOP_S = 10.0


@dataclass(frozen=True, slots=True)
class Ended:
    """One planned run that was started here, and its end."""

    cell: Cell
    exit_code: int
    took_s: float


Told = Callable[[Cell, Ended | None], None]
"""Hears of each start (None) and of each end."""


def open_cells(coverage: Coverage) -> list[Covered]:
    """Return the planned runs that are still to be made: never tried first, then failed ones."""
    found = [cell for cell in coverage.cells if cell.state in OPEN]
    return sorted(found, key=lambda cell: OPEN.index(cell.state))


def tt_command(plan: Plan, cell: Cell, *, store: str | None = None) -> list[str]:
    """Return the words of the `tt run` that makes a planned run."""
    words = ["tt", *(["--store", store] if store else []), "run", "--experiment", plan.experiment]
    tags = list(plan.tags)
    if plan.purpose and not any(tag.startswith("purpose:") for tag in tags):
        tags.append(f"purpose:{plan.purpose}")
    for tag in tags:
        words += ["--tag", tag]
    for key, value in {**plan.params, **cell.params}.items():
        words += ["--param", f"{key}={value}"]
    return [*words, "--", *plan.command_of(cell)]


def run_plan(
    store: Store, plan: Plan, *, at_once: int = 1, most: int | None = None, told: Told
) -> list[Ended]:
    """Make what a plan lacks, each once, and return how that ended.

    Stops at the plan's budget of hours, and after `most` runs. With one at a time its
    output is shown; with several it is only kept in the store.

    Raises:
        InvalidArgument: the plan has no command.
    """
    if not plan.command:
        raise InvalidArgument(f'{plan.path}: a plan that runs needs a command: command = "..."')
    runner = _Runner(store, plan, at_once, told)
    try:
        runner.work(most)
    except BaseException:
        runner.stop()
        raise
    return runner.ended


class _Runner:
    """The processes of one call."""

    def __init__(self, store: Store, plan: Plan, at_once: int, told: Told) -> None:
        self.ended: list[Ended] = []
        self._store, self._plan, self._told = store, plan, told
        self._at_once = max(1, at_once)
        self._tried: set[str] = set()
        self._open: list[Cell] = []
        """What the last look at the store left to be made."""
        self._idle_until = 0.0
        """Where nothing was found, others have to end before anything is: no need to hurry."""
        self._live: list[tuple[Cell, subprocess.Popen[bytes], float, Claim]] = []

    def work(self, most: int | None) -> None:
        while True:
            self._reap()
            left = None if most is None else most - len(self._tried)
            while len(self._live) < self._at_once and (left is None or left > 0):
                if time.monotonic() < self._idle_until:
                    break
                found = self._next()
                if found is None:
                    self._idle_until = time.monotonic() + _IDLE_S
                    break
                self._start(*found)
                left = None if left is None else left - 1
            if not self._live:
                return
            time.sleep(_LOOK_S)

    def _next(self) -> tuple[Cell, Claim] | None:
        """Return the next planned run that nobody has made or makes now, claimed.

        Claimed is what the last look at the store left open; the look after the claim tells
        whether who had it before made it meanwhile, and serves the next start.
        """
        taken: set[str] = set()
        fresh = False
        while True:
            cell = self._untried(taken)
            if cell is None:
                if fresh:
                    return None
                self._look()
                fresh = True
                continue
            taken.add(cell.label)
            claim = take_claim(Path(self._store.folder), self._plan, cell)
            if claim is None:
                continue
            self._look()
            fresh = True
            if any(one.label == cell.label for one in self._open):
                return cell, claim
            claim.give_up()

    def _untried(self, taken: set[str]) -> Cell | None:
        return next(
            (c for c in self._open if c.label not in self._tried and c.label not in taken), None
        )

    def _look(self) -> None:
        """Find the planned runs to be made; none where the hours of the plan are used up."""
        from tui_tracker.drain import recover

        recover(self._store)
        coverage = check_plan(self._store, self._plan)
        most = self._plan.most_hours
        spent = most is not None and coverage.hours >= most
        self._open = [] if spent else [covered.cell for covered in open_cells(coverage)]

    def _start(self, cell: Cell, claim: Claim) -> None:
        self._tried.add(cell.label)
        words = tt_command(self._plan, cell, store=str(self._store.folder))[1:]
        command: Sequence[str] = [sys.executable, "-m", "tui_tracker.cli", *words]
        quiet = subprocess.DEVNULL if self._at_once > 1 else None
        self._told(cell, None)
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=quiet,
            stderr=quiet,
            pass_fds=() if claim.handle is None else (claim.handle,),
        )
        self._live.append((cell, process, time.monotonic(), claim))

    def _reap(self) -> None:
        for entry in list(self._live):
            cell, process, began, claim = entry
            code = process.poll()
            if code is not None:
                self._live.remove(entry)
                self._idle_until = 0.0
                claim.give_up()
                ended = Ended(cell, code, time.monotonic() - began)
                self.ended.append(ended)
                self._told(cell, ended)

    def stop(self) -> None:
        """End what still runs, and wait for it: its run is then `killed`, not lost."""
        for _, process, _, _ in self._live:
            process.terminate()
        for _, process, _, claim in self._live:
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            claim.give_up()

"""The steps of a reproduction in their order, and what each of them leaves behind.

    plan, code, environment, data, run, compare

Each step verifies what it made before the next begins. What fails is kept as an attempt
with its reason; what is interrupted leaves nothing but a run that says `killed`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from tui_tracker.code_store import CodeStore
from tui_tracker.drain import recover
from tui_tracker.errors import RunIsLive
from tui_tracker.formatting import format_duration
from tui_tracker.lineage.words import plural
from tui_tracker.queries import RunKey
from tui_tracker.queries.proofs import proof_levels
from tui_tracker.reproduce import compare, conditions, data, environment, execute, scoring, splits
from tui_tracker.reproduce.attempts import attach_report, save_attempt
from tui_tracker.reproduce.code import Tree, rebuild_code
from tui_tracker.reproduce.compare import Comparison, Rerun
from tui_tracker.reproduce.conditions import Command
from tui_tracker.reproduce.env_cache import Rebuilt
from tui_tracker.reproduce.failures import EXECUTION, TROUBLE, CannotReproduce
from tui_tracker.reproduce.options import Options
from tui_tracker.reproduce.outcome import Outcome, markdown
from tui_tracker.reproduce.places import remove_tree, scratch_folder
from tui_tracker.reproduce.plan import Plan, make_plan
from tui_tracker.reproduce.progress import Progress
from tui_tracker.reproduce.record import Dataset, Recorded, read_record
from tui_tracker.reproduce.siblings import Siblings, find_reruns, find_siblings, match_rerun
from tui_tracker.reproduce.tolerance import Settings, read_settings
from tui_tracker.store import Store

REPRODUCES = "TUI_TRACKER_REPRODUCES"
"""Tells `init` in the rerun whose reproduction it is."""


def reproduce(store: Store, key: RunKey, options: Options, progress: Progress) -> Outcome:
    """Do what the options ask for, and return what it came to.

    Raises:
        NotFound: the run is gone.
        RunIsLive: it still runs.
        CannotReproduce: with exit code 2, where the request cannot be followed.
        KeyboardInterrupt: everything that was begun is ended and removed before.
    """
    record = read_record(store, key)
    if record.detail.row.status == "running":
        raise RunIsLive(f"{record.name!r} still runs: it can be reproduced when it has ended")
    attempt = Attempt(store, record, options, progress)
    try:
        outcome = attempt.run()
    except CannotReproduce as failure:
        if failure.exit_code == TROUBLE:
            raise
        outcome = attempt.failed(failure)
    if outcome.verdict != "planned":
        _keep(store, outcome)
    return outcome


def _keep(store: Store, outcome: Outcome) -> None:
    save_attempt(
        store,
        of=outcome.run,
        run=outcome.reruns[0] if outcome.reruns else None,
        mode=outcome.mode,
        verdict=outcome.verdict,
        level=outcome.level,
        machine=outcome.machine,
        report=outcome.shape(),
    )
    if outcome.reruns:
        attach_report(store, outcome.reruns[0], markdown(outcome))


@dataclass(frozen=True, slots=True)
class _Place:
    """One rebuilt tree with its data."""

    tree: Tree
    ready: data.Ready


class Attempt:
    """One attempt on one run: what is known of it so far, so that a failure can tell it."""

    def __init__(
        self, store: Store, record: Recorded, options: Options, progress: Progress
    ) -> None:
        self._store, self._record = store, record
        self._options, self._progress = options, progress
        self._plan: Plan | None = None
        self._built: Rebuilt | None = None
        self._notes: dict[str, None] = {}
        self._reruns: list[Rerun] = []
        self._digests: dict[tuple[str, int, int], str] = {}

    def run(self) -> Outcome:
        options, progress = self._options, self._progress
        siblings = find_siblings(self._store, self._record)
        with progress.step("plan") as step:
            self._plan = make_plan(self._store, self._record, siblings, options)
            step.text = f"best that can be expected: {self._plan.best}"
        for label, text in self._plan.told():
            progress.tell_fact(label, text)
        if options.plan_only:
            return self._outcome("planned", self._plan.best_why, self._known_level(), 0)
        runs = siblings.records if options.group else (self._record,)
        if options.mode == "rerun" and not options.dry_run:
            for record in runs:  # asked for before anything is built
                conditions.fill_secrets(record.argv, options)
        with scratch_folder(keep=options.keep) as scratch:
            if options.keep:
                self._note(f"the rebuilt tree stays in {scratch / 'tree'}")
            return self._rebuild(scratch, siblings, runs)

    def failed(self, failure: CannotReproduce) -> Outcome:
        """Return what is to be told of a step that could not be done."""
        # What was rebuilt and verified stays so, whatever the script then did.
        level = "L1" if failure.exit_code == EXECUTION else "L0"
        tail = failure.tail if isinstance(failure, ExecutionFailed) else ()
        outcome = self._outcome("failed", str(failure), level, failure.exit_code)
        return replace(outcome, tail=tuple(tail))

    def _rebuild(self, scratch: Path, siblings: Siblings, runs: Sequence[Recorded]) -> Outcome:
        place = self._prepare(scratch, self._record, first=True)
        settings = read_settings(place.tree.folder)
        if self._options.dry_run or self._options.mode == "rebuild":
            return self._outcome("rebuilt", "code, packages and data are as recorded", "L1", 0)
        if self._options.mode == "rescore":
            return self._rescore(scratch, place, settings)
        for number in range(self._options.reruns):
            for record in runs:
                if self._reruns or number:
                    place = self._prepare(scratch, record, first=False)
                self._reruns.append(self._rerun(scratch, place, record))
        return self._compared(siblings, settings)

    def _prepare(self, scratch: Path, record: Recorded, *, first: bool) -> _Place:
        """Return a fresh tree; later ones are told in one line, for nothing is new in them."""
        folder = scratch / "tree"
        remove_tree(folder)
        folder.mkdir()
        if not first:
            tree = rebuild_code(self._store, record, folder, self._progress.live)
            return _Place(tree, self._data(record, tree))
        with self._progress.step("code") as step:
            tree = rebuild_code(self._store, record, folder, self._progress.live)
            step.text = f"{plural(tree.files, 'file')} written and verified"
            for path in tree.missing:
                self._note(f"{path} was too large for the snapshot, and is gone")
        with self._progress.step("environment") as step:
            self._built = self._environment()
            step.text = self._told_environment(self._built)
        with self._progress.step("data") as step:
            ready = self._data(record, tree)
            step.text = self._told_data(record, ready)
        return _Place(tree, ready)

    def _environment(self) -> Rebuilt:
        assert self._plan is not None

        def write_out(snapshot: str, folder: str) -> None:
            CodeStore.holding(self._store.folder, snapshot).write_out(snapshot, folder)

        built = environment.build(
            self._plan.environment,
            self._record.environment,
            self._options,
            write_out,
            self._progress.live,
        )
        for note in built.notes:
            self._note(note)
        return built

    def _told_environment(self, built: Rebuilt) -> str:
        assert self._plan is not None
        if not built.folder or self._plan.environment.tool is None:
            return self._plan.environment.why
        how = "found in the cache" if built.cached else f"built with {self._plan.environment.kind}"
        instead = f", {len(built.substituted)} substituted" if built.substituted else ""
        return f"{plural(built.packages, 'package')}, {how}{instead}"

    def _data(self, record: Recorded, tree: Tree) -> data.Ready:
        ready = data.prepare(record, tree, self._options, self._progress.live, digest=self._digest)
        for note in ready.notes:
            self._note(note)
        return ready

    def _told_data(self, record: Recorded, ready: data.Ready) -> str:
        count = sum(found.source is not None for found in ready.located)
        made = splits.check_recorded(self._store.folder, record.splits)
        told = (
            f"{count} of {plural(len(record.data), 'dataset')} verified" if record.data else "none"
        )
        return (
            f"{told}, {made} of {plural(len(record.splits), 'split')} made again" if made else told
        )

    def _digest(self, path: str, dataset: Dataset) -> str:
        """Return a digest; what was read in this attempt and is the same file is not read again."""
        if os.path.isdir(path):
            return data.digest_of(path, dataset)
        facts = os.stat(path)
        key = (os.path.realpath(path), facts.st_mtime_ns, facts.st_size)
        if key not in self._digests:
            self._digests[key] = data.digest_of(path, dataset)
        return self._digests[key]

    def _rerun(self, scratch: Path, place: _Place, record: Recorded) -> Rerun:
        assert self._built is not None
        command = conditions.replay(
            record,
            place.tree,
            self._built,
            self._options,
            moved=place.ready.moved,
            more=self._tracked(record),
        )
        limit = execute.time_limit(record.detail.row.duration_s, self._options.timeout_s)
        with self._progress.step("run") as step:
            done, key = self._execute(scratch, command, record, limit)
            step.text = self._told_run(done, record)
        self._check_linked(place.ready)
        if key is None:
            raise ExecutionFailed("the script ended and logged no run", done.tail)
        return Rerun(record, read_record(self._store, key), done.seconds)

    def _execute(
        self, scratch: Path, command: Command, record: Recorded, limit_s: float
    ) -> tuple[execute.Execution, RunKey | None]:
        """Run a command; return what came of it and the run that it logged.

        Raises:
            CannotReproduce: it failed, or took too long.
        """
        for note in command.notes:
            self._note(note)
        known = [row[0] for row in self._store.read("SELECT id FROM run")]
        try:
            done = execute.execute(
                command, log=scratch / "output.log", limit_s=limit_s, tell=self._progress.live
            )
        except OSError as error:
            problem = f"{command.shown[0]} cannot be started ({error.strerror})"
            raise ExecutionFailed(problem, ()) from error
        finally:
            recover(self._store)
        key = match_rerun(self._store, record, find_reruns(self._store, known, record.id))
        if done.timed_out or (done.failed and record.detail.row.status == "finished"):
            raise self._execution_failed(done, key, record, limit_s)
        return done, key

    def _execution_failed(
        self, done: execute.Execution, key: RunKey | None, record: Recorded, limit_s: float
    ) -> ExecutionFailed:
        how = f"ended with code {done.code}"
        if done.timed_out:
            how = f"was stopped after {format_duration(limit_s)} (--timeout SECONDS allows more)"
        problem = f"the rerun {how}"
        if key is not None:
            rerun = Rerun(record, read_record(self._store, key), done.seconds)
            self._reruns.append(rerun)
            where = compare.first_diverging(self._store, rerun)
            problem += f"; {where}" if where else ""
        last = next((line for line in reversed(done.tail) if line.strip()), "")
        return ExecutionFailed(f"{problem}. {last}" if last else problem, done.tail)

    def _told_run(self, done: execute.Execution, record: Recorded) -> str:
        original = record.detail.row.duration_s
        return f"{record.name}: {done.seconds:.1f} s, the run itself took {original:.1f} s"

    def _tracked(self, record: Recorded) -> dict[str, str]:
        return {"TUI_TRACKER_STORE": self._store.folder, REPRODUCES: record.id}

    def _check_linked(self, ready: data.Ready) -> None:
        for name in data.check_linked(ready, self._progress.live):
            self._note(f"the dataset {name} was changed while the rerun ran")

    def _rescore(self, scratch: Path, place: _Place, settings: Settings) -> Outcome:
        """Run the project's scoring on the recorded model, and compare what both logged."""
        assert self._built is not None
        words = scoring.scoring_command(self._options, settings)
        folder = scoring.write_artifacts(self._store, self._record, scratch / "artifacts")
        command = conditions.replay(
            self._record,
            place.tree,
            self._built,
            self._options,
            command=words,
            moved=place.ready.moved,
            more={**self._tracked(self._record), scoring.ARTIFACTS: str(folder)},
        )
        limit = execute.time_limit(self._record.detail.row.duration_s, self._options.timeout_s)
        with self._progress.step("rescore") as step:
            done, key = self._execute(scratch, command, self._record, limit)
            step.text = f"{' '.join(command.shown)}: {done.seconds:.1f} s"
        if key is None:
            raise ExecutionFailed("the scoring ended and logged no run", done.tail)
        self._reruns.append(Rerun(self._record, read_record(self._store, key), done.seconds))
        with self._progress.step("compare") as step:
            found = compare.compare_scores(self._store, self._reruns[0], settings, self._options)
            step.text = found.verdict
        return self._graded(found)

    def _compared(self, siblings: Siblings, settings: Settings) -> Outcome:
        assert self._built is not None
        with self._progress.step("compare") as step:
            compare.check_splits(self._reruns)
            found = compare.compare_reruns(
                self._store,
                self._reruns,
                siblings,
                settings,
                self._options,
                substituted=self._built.substituted,
            )
            step.text = found.verdict
        return self._graded(found)

    def _graded(self, found: Comparison) -> Outcome:
        for note in found.notes:
            self._note(note)
        outcome = self._outcome(found.verdict, found.why, found.level, found.exit_code)
        return replace(
            outcome,
            metrics=tuple(found.metrics),
            main_why=found.main_why,
            files=tuple(found.files),
            suspects=(*outcome.suspects, *found.suspects),
        )

    def _outcome(self, verdict: str, why: str, level: str, exit_code: int) -> Outcome:
        mode = "rebuild" if self._options.dry_run else self._options.mode
        built = self._built
        suspects = list(built.substituted) if built else []
        suspects += [f"{k}={v} was set" for k, v in self._options.variables.items()]
        return Outcome(
            run=self._record.id,
            name=self._record.name,
            mode=mode,
            verdict=verdict,
            why=why,
            level=level,
            exit_code=exit_code,
            at=datetime.now(UTC),
            machine=self._plan.machines.name if self._plan else "",
            reruns=tuple(rerun.record.id for rerun in self._reruns),
            metrics=(),
            main_why="",
            files=(),
            suspects=tuple(suspects),
            notes=tuple(self._notes),
            tail=(),
            environment=_environment_shape(built),
            plan=self._plan,
            steps=[step.shape() for step in self._progress.steps],
        )

    def _known_level(self) -> str:
        proof = proof_levels(self._store, [self._record.key]).get(self._record.key)
        return proof.level if proof else "L0"

    def _note(self, text: str) -> None:
        self._notes[text] = None


class ExecutionFailed(CannotReproduce):
    """The rerun failed; its last lines say how."""

    def __init__(self, problem: str, tail: Sequence[str]) -> None:
        self.tail = tuple(tail)
        super().__init__("run", problem, exit_code=EXECUTION)


def _environment_shape(built: Rebuilt | None) -> Mapping[str, object]:
    if built is None:
        return {}
    return {
        "executable": built.executable,
        "cached": built.cached,
        "substituted": list(built.substituted),
        "notes": list(built.notes),
    }

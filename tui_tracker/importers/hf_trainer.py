"""Read what the Trainer of Hugging Face transformers leaves in its output folder.

    <output_dir>/
        checkpoint-<step>/trainer_state.json   the state as of a checkpoint
        trainer_state.json                     the last state, where `save_state()` was called
        config.json, model.safetensors ...     the model
        README.md                              a model card, with hyperparameters as a list
        training_args.bin                      a pickle of the arguments
        all_results.json, train_results.json, eval_results.json

`log_history` of a state lists all that was logged: {"step", "epoch", <metric>: value ...}. Each
state has all of the history before it, so the one that came furthest counts. All of a folder is one
run, and so is a lone checkpoint. Params are the arguments (see `hf_arguments`), what the card and
the state tell besides, and the model's config below `model.`. No time is told but
`train_runtime`, in the record that ends a training; the times of points are spread over it, back
from the last change of the state.

Source: huggingface/transformers, src/transformers/trainer_callback.py (TrainerState),
trainer.py, modelcard.py. Checked with 5.23 and 5.24.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path

from tui_tracker.errors import ImportFailed
from tui_tracker.importers import hf_arguments
from tui_tracker.importers.claims import Claim, Listing
from tui_tracker.importers.liveness import changed_at, status_without_end
from tui_tracker.importers.news import News
from tui_tracker.importers.records import (
    ImportedArtifact,
    ImportedRun,
    ParamValue,
    Piece,
    Points,
    Status,
    Unread,
    fill_times,
    flatten,
    typed,
    utc_from_ms,
)
from tui_tracker.importers.regular import open_regular
from tui_tracker.importers.rewritten import (
    Stamp,
    ToldSeries,
    as_number,
    as_step,
    mapping,
    read_json,
    read_json_start,
    reason,
    stamp_of,
)
from tui_tracker.importers.run_folders import (
    KINDS,
    artifact,
    clean,
    experiment_of,
    folder_name,
    is_plain_file,
    list_artifacts,
    run_id,
    run_key,
)

TOOL = "hf_trainer"

STATE = "trainer_state.json"
_CHECKPOINT = re.compile(r"checkpoint-(\d+)")
_MODEL_FILES = re.compile(
    r".*\.(?:safetensors|bin|pt|pth|model|jinja)|(?:.*config|tokenizer.*|vocab|special_tokens_map|"
    r"added_tokens|.*_results|trainer_state|.*\.index)\.json|(?:vocab|merges)\.txt|README\.md"
)
_SETTINGS = (
    "max_steps num_train_epochs train_batch_size logging_steps eval_steps save_steps trial_name"
).split()
_CARD = re.compile(r"^- ([a-z_0-9]+): (.+)$", re.MULTILINE)
_MOST_CARD = 1 << 20


def find_claims(listing: Listing) -> Iterator[Claim]:
    """Yield the folder if it has a state, or checkpoints that have one."""
    checkpoints = [
        name
        for name in listing.folders
        if _CHECKPOINT.fullmatch(name) and os.path.isfile(listing.folder / name / STATE)
    ]
    own = STATE in listing.files and b'"log_history"' in _state_text(listing)
    if not checkpoints and not own:
        return
    names = {name for name in listing.files if _MODEL_FILES.fullmatch(name)}
    yield Claim(TOOL, listing.folder, listing.root, frozenset(names | set(checkpoints)))


def _state_text(listing: Listing) -> bytes:
    head = listing.head(STATE)
    # In a long file `log_history` comes late only behind keys that no other file has.
    return head + (b'"log_history"' if b'"is_hyper_param_search"' in head else b"")


def open_reader(claim: Claim) -> Reader:
    return Reader(claim)


@dataclass(frozen=True, slots=True)
class _State:
    path: Path
    content: Mapping[str, object]

    @property
    def log(self) -> list[Mapping[str, object]]:
        history = self.content.get("log_history")
        return [mapping(one) for one in history] if isinstance(history, list) else []

    @property
    def progress(self) -> tuple[float, int]:
        """How far its log goes; `global_step` may stand before a log that was cut."""
        log = self.log
        steps = [as_number(record.get("step")) or 0.0 for record in log]
        return max(steps, default=0.0), len(log)


@dataclass(slots=True)
class Reader:
    """One output folder."""

    claim: Claim
    _stamps: dict[Path, Stamp] = field(default_factory=dict)
    _state: _State | None = None
    _news: News = field(default_factory=News)
    _told: ToldSeries = field(default_factory=ToldSeries)

    def close(self) -> None:
        """Nothing is held open."""

    def read(self) -> Iterator[Piece]:
        paths = list(self._state_files())
        stamps = {path: stamp_of(path) for path in paths}
        live = self._news.status(run_key(self.claim.path)) == "running"
        if stamps == self._stamps and not live:
            return
        problems: list[Unread] = []
        if stamps != self._stamps:
            self._state = self._newest(paths, problems)
            self._stamps = stamps
        yield from self._pieces(problems)

    def _state_files(self) -> Iterator[Path]:
        """Yield all states, the furthest checkpoints first."""
        folder = self.claim.path
        yield folder / STATE
        try:
            names = [one.name for one in folder.iterdir() if not os.path.islink(one)]
        except OSError:
            return
        found = [
            (int(hit.group(1)[:18]), name) for name in names if (hit := _CHECKPOINT.fullmatch(name))
        ]
        for _, name in sorted(found, reverse=True):
            yield folder / name / STATE

    def _newest(self, paths: list[Path], problems: list[Unread]) -> _State:
        """Return the state that came furthest; of equals the one of the whole training.

        Raises:
            ImportFailed: none can be read.
        """
        states: list[_State] = []
        for path in paths:
            # The older checkpoints have nothing that a later one lacks.
            if states and states[-1].path.parent != self.claim.path:
                break
            if not os.path.isfile(path):
                continue
            state = self._read_state(path, problems)
            if state is not None:
                states.append(state)
        if states:
            return max(states, key=lambda state: state.progress)
        if self._state is not None:
            return self._state
        why = problems[0].problem if problems else "has no state with a log_history"
        raise ImportFailed(str(self.claim.path), "", why)

    def _read_state(self, path: Path, problems: list[Unread]) -> _State | None:
        try:
            found, doubt = read_json_start(path)
        except (OSError, ValueError) as error:
            found, doubt = {}, f"cannot be read: {reason(error)}"
        if doubt:
            problems.append(Unread(path, "", doubt, run_key(self.claim.path)))
        state = _State(path, mapping(found))
        return state if isinstance(state.content.get("log_history"), list) else None

    def _pieces(self, problems: list[Unread]) -> Iterator[Piece]:
        state = self._state
        if state is None:
            return
        key = run_key(self.claim.path)
        status = self._status(state)
        series = _series(state, key, over=status != "running")
        if any(self._told.has_changed(key, one.metric, one.steps, one.values) for one in series):
            yield from self._news.start_over()
            self._told.forget(key)
        run = self._run(state, key, status, problems)
        yield from self._news.run(run)
        for one in series:
            yield from self._told.fresh(key, one.metric, one.steps, one.times_ms, one.values)
        yield from self._news.trouble(problems)

    def _status(self, state: _State) -> Status:
        content = state.content
        step = as_number(content.get("global_step")) or 0.0
        most = as_number(content.get("max_steps")) or 0.0
        ended = any("train_runtime" in record for record in state.log) or 0 < most <= step
        if ended or _was_told_to_stop(content):
            return "finished"
        return status_without_end(*(path for path in self._stamps))

    def _run(self, state: _State, key: str, status: Status, problems: list[Unread]) -> ImportedRun:
        begun_ms, ended_ms = _span(state)
        best = str(state.content.get("best_model_checkpoint") or "").replace("\\", "/")
        timed = ended_ms > begun_ms
        return ImportedRun(
            key=key,
            id=run_id(self.claim),
            name=run_id(self.claim),
            experiment=experiment_of(self.claim),
            status=status,
            path=self.claim.path,
            started_at=utc_from_ms(begun_ms) if timed else None,
            ended_at=utc_from_ms(ended_ms) if status != "running" else None,
            params=self._params(state, key, problems),
            tags=[f"best:{best.rpartition('/')[2]}"] if best else [],
            artifacts=list(self._artifacts()),
        )

    def _artifacts(self) -> Iterator[ImportedArtifact]:
        """Yield the files of the folder and of its checkpoints, as seen from beside it."""
        folder = self.claim.path
        top = f"{folder_name(folder)}/"
        for name in sorted(self.claim.takes or {STATE}):
            if is_plain_file(folder / name):
                yield artifact(folder / name, top + clean(name), KINDS)
        for path in self._stamps:
            if path.parent != folder:
                prefix = f"{top}{clean(path.parent.name)}/"
                yield from list_artifacts(path.parent, kinds=KINDS, prefix=prefix)

    def _params(self, state: _State, key: str, problems: list[Unread]) -> dict[str, ParamValue]:
        content = state.content
        params = self._card() | self._arguments(state, key, problems)
        for name in _SETTINGS:
            if content.get(name) is not None:
                params.setdefault(name, flatten({name: content[name]}).get(name))
        params |= flatten(mapping(content.get("trial_params")))
        path = self._beside(state, "config.json")
        if path is not None:
            try:
                params |= flatten(mapping(read_json(path)), "model.")
            except (OSError, ValueError, RecursionError) as error:
                problems.append(Unread(path, "", f"cannot be read: {reason(error)}", key))
        return params

    def _arguments(self, state: _State, key: str, problems: list[Unread]) -> dict[str, ParamValue]:
        """Return the arguments that were pickled."""
        path = self._beside(state, hf_arguments.FILE)
        if path is None:
            return {}
        try:
            params, problem = hf_arguments.read_arguments(path)
        except (OSError, ValueError) as error:
            params, problem = {}, f"cannot be read: {reason(error)}"
        if problem:
            problems.append(Unread(path, "", problem, key))
        return params

    def _beside(self, state: _State, name: str) -> Path | None:
        """Return a file of the folder, else of the state's checkpoint, else of the last one."""
        for folder in (self.claim.path, state.path.parent, *(one.parent for one in self._stamps)):
            if is_plain_file(folder / name):
                return folder / name
        return None

    def _card(self) -> dict[str, ParamValue]:
        """Return the hyperparameters that the model card lists."""
        path = self.claim.path / "README.md"
        if "README.md" not in self.claim.takes or not is_plain_file(path):
            return {}
        try:
            with TextIOWrapper(open_regular(path), "utf-8", "replace") as file:
                text = file.read(_MOST_CARD)
        except OSError:
            return {}
        _, _, below = text.partition("Training hyperparameters")
        section = below.partition("\n#")[0]
        return {name: typed(value.strip()) for name, value in _CARD.findall(section)}


def _was_told_to_stop(content: Mapping[str, object]) -> bool:
    control = mapping(mapping(content.get("stateful_callbacks")).get("TrainerControl"))
    return mapping(control.get("args")).get("should_training_stop") is True


def _span(state: _State) -> tuple[int, int]:
    """Return when it began and ended in Unix milliseconds, as far as that can be told."""
    ended_ms = round(max(changed_at(state.path), 0.0) * 1000)
    runtimes = [as_number(record.get("train_runtime")) for record in state.log]
    known = [one for one in runtimes if one is not None and 0 < one < 1e9]
    return ended_ms - round(known[-1] * 1000) if known else ended_ms, ended_ms


def _series(state: _State, key: str, *, over: bool) -> list[Points]:
    log = state.log
    times = fill_times(len(log), *_span(state))
    columns: dict[str, tuple[list[int], list[int], list[float]]] = {}
    step = 0
    for record, time_ms in zip(log, times, strict=True):
        found = as_step(record.get("step"))
        step = step if found is None else found
        for name, value in _numbers(record):
            steps, moments, values = columns.setdefault(name, ([], [], []))
            steps.append(step)
            moments.append(time_ms)
            values.append(value)
    if over:
        last = times[-1] if times else _span(state)[1]
        for name, (at, value) in _totals(state).items():
            if name not in columns:
                columns[name] = ([at], [last], [value])
    return [Points(key, name, *column) for name, column in columns.items()]


def _numbers(record: Mapping[str, object]) -> Iterator[tuple[str, float]]:
    """Yield the metrics of a record; one that holds several is told with dots."""
    for name, value in record.items():
        if isinstance(value, Mapping):
            for part, inner in flatten(value, f"{name}.").items():
                number = as_number(inner)
                if number is not None:
                    yield part, number
        elif name != "step":
            number = as_number(value)
            if number is not None:
                yield name or "_", number


def _totals(state: _State) -> dict[str, tuple[int, float]]:
    """Return what the state tells at the end: the step it belongs to, and the value."""
    content = state.content
    end = as_step(content.get("global_step")) or 0
    found = {}
    for name, at in (
        ("best_metric", as_step(content.get("best_global_step")) or end),
        ("total_flos", end),
        ("num_input_tokens_seen", end),
    ):
        value = as_number(content.get(name))
        # A total of 0 was not counted; a metric of 0 may well be the best.
        if value is not None and (value or name == "best_metric"):
            found[name] = (at, value)
    return found

"""The functions of `import tui_tracker as tt`: `init`, and what acts on the current run.

The current run is the last one that this thread began and did not finish, else the
last one of the process.
"""

from __future__ import annotations

import os
import sys
import threading

from tui_tracker import endings, start
from tui_tracker.errors import InvalidArgument
from tui_tracker.live import say
from tui_tracker.run import Run, tag_list
from tui_tracker.values import flatten

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, Literal

    from tui_tracker.seeding import Seeded

_ELSEWHERE = frozenset(
    "allow_val_change anonymous config_exclude_keys config_include_keys dir entity force "
    "fork_from monitor_gym reinit resume_from save_code settings sync_tensorboard".split()
)
"""Arguments of wandb.init that mean nothing here: named once and passed over."""

_ordinal = 0
_told: set[str] = set()


def init(
    experiment: str | None = None,
    name: str | None = None,
    params: object = None,
    *,
    tags: Iterable[str] | str = (),
    note: str | None = None,
    purpose: str | None = None,
    owner: str | None = None,
    ticket: str | None = None,
    parent: Run | str | None = None,
    resume: bool | str | None = None,
    store: str | os.PathLike[str] | None = None,
    console: bool | None = None,
    capture: bool | None = None,
    system: bool | None = None,
    durability: Literal["kernel", "fsync"] = "kernel",
    names: Literal["off", "warn", "fix", "strict"] | None = None,
    mode: str | None = None,
    project: str | None = None,
    config: object = None,
    notes: str | None = None,
    group: str | None = None,
    job_type: str | None = None,
    **elsewhere: object,
) -> Run:
    """Begin a run and return it; also a context manager.

    `experiment` is the named set the run belongs to, `a/b` a branch of a tree; without
    it the script's name. `params` is a mapping (nested names get dots), a Namespace or
    a dataclass. `purpose`, `owner`, `ticket`, `group` and `job_type` become keyed tags.
    `parent` makes this run a part of another; inside a `with` block of another run that
    one is the parent. `resume` goes on with a finished or crashed run, named by id or
    name; `True` takes the last of this experiment (and name) or begins a new one.
    `console=False` keeps nothing of what is printed, `capture=False` records only what
    costs no process, `system=False` takes no samples of processor, memory and graphics
    cards. `durability="fsync"` makes each call wait for the disk (some tens
    of milliseconds on a busy one). `names` says what becomes of names that are not clear:
    `"warn"` tells each once, `"fix"` also has those that leave no choice read as what they
    mean, `"strict"` refuses them here, and tags the run `naming:broken` where it logs one
    later, `"off"` looks at none. `project`, `config` and `notes` are wandb's names
    for `experiment`, `params` and `note`.

    Raises:
        InvalidArgument: an argument cannot be used.
        StoreError: the store cannot be used or made.
        NotFound, RunIsLive: there is no such run to resume, or it still runs.
    """
    _refuse_unknown(elsewhere)
    if durability not in ("kernel", "fsync"):
        raise InvalidArgument(f"init(): durability is 'kernel' or 'fsync', not {durability!r}")
    experiment, given = experiment or project, params if params is not None else config
    names_mode = _names_mode(names)
    if "disabled" in (mode, os.environ.get("TUI_TRACKER_MODE")):
        _told.update(("log", "log_params", "log_artifact", "tag", "note"))
        _told.update(("log_data", "log_split", "split"))
        from tui_tracker.disabled import DisabledRun

        return DisabledRun(experiment or "", name or "", _as_dict(given))
    _finish_forgotten()
    labels = [tags] if isinstance(tags, str) else list(tags)
    keyed = {"purpose": purpose, "owner": owner, "ticket": ticket}
    keyed |= {"group": group, "job_type": job_type}
    begun = start.prepare(
        experiment=experiment,
        name=name,
        params=given,
        tags=tag_list(labels, {key: value for key, value in keyed.items() if value}),
        note=note or notes or "",
        parent=_parent_id(parent),
        resume=_resume(resume),
        store=store,
        ordinal=_next_ordinal(),
        capture=_switch(capture, "TUI_TRACKER_CAPTURE"),
    )
    begun.console = begun.console and _switch(console, "TUI_TRACKER_CONSOLE")
    begun.system = begun.system and _switch(system, "TUI_TRACKER_SYSTEM")
    begun.fsync = durability == "fsync"
    if names_mode == "strict":
        from tui_tracker.names.live import refuse_unclear

        refuse_unclear(begun.experiment if experiment else "", name or "", begun.params)
    run = Run(begun)
    if names_mode != "off" and begun.writer in ("main", "join"):
        _watch_names(run, names_mode, experiment=bool(experiment), name=bool(name))
    return run


def _names_mode(said: str | None) -> str:
    """Return what becomes of unclear names: as the call, the environment or the project says."""
    mode = said or os.environ.get("TUI_TRACKER_NAMES", "").lower()
    if mode == "off":
        return mode
    from tui_tracker.names.project import project_file

    if project_file(os.curdir):
        from pathlib import Path

        from tui_tracker.names.registry import adopt_project

        mode = mode or adopt_project(Path.cwd()).mode or ""
    mode = mode or "warn"
    if mode not in ("warn", "fix", "strict"):
        raise InvalidArgument(f"init(): names is 'off', 'warn', 'fix' or 'strict', not {mode!r}")
    return mode


def _watch_names(run: Run, mode: str, *, experiment: bool, name: bool) -> None:
    """Have the thread that drains the run look at its names; here nothing is loaded for it."""
    watches: list[Any] = []

    def watch(store: object) -> None:
        if not watches:
            from tui_tracker.names.live import NameWatch

            watches.append(NameWatch(run, mode, experiment=experiment, name=name))
        watches[0].look(store)

    run._live.watch = watch


def current() -> Run | None:
    """Return the current run, None where there is none."""
    runs = endings.open_runs()
    mine = [run for run in runs if run._thread == threading.get_ident()]
    found = mine or runs
    return found[-1] if found else None


def log(metrics: Mapping[str, object], step: int | None = None, *, context: str = "") -> None:
    """Log to the current run; see `Run.log`."""
    if (run := _current("log")) is not None:
        run.log(metrics, step, context=context)


def log_params(params: object) -> None:
    """Log params to the current run; see `Run.log_params`."""
    if (run := _current("log_params")) is not None:
        run.log_params(params)


def log_artifact(
    path: str | os.PathLike[str], kind: str = "file", *, name: str | None = None, copy: bool = True
) -> None:
    """Log a file or folder to the current run; see `Run.log_artifact`."""
    if (run := _current("log_artifact")) is not None:
        run.log_artifact(path, kind, name=name, copy=copy)


def log_data(name: str, data: object = None, **options: Any) -> None:
    """Log data to the current run; see `Run.log_data`."""
    if (run := _current("log_data")) is not None:
        run.log_data(name, data, **options)


def log_split(**options: Any) -> None:
    """Log a split to the current run; see `Run.log_split`."""
    if (run := _current("log_split")) is not None:
        run.log_split(**options)


def split(
    rows: object,
    *,
    test: float | None = None,
    val: float = 0.0,
    seed: int | str | None = None,
    stratify: object = None,
    groups: object = None,
    time: object = None,
    folds: int | None = None,
    name: str = "split",
    data: str | None = None,
    log: bool = True,
) -> Any:
    """Split rows into train, val and test, the same way on every machine, and log it.

    `rows` is their number, or data that has a length; `test` and `val` are shares below 1 or
    numbers of rows, a fifth of them for test if neither is said. Returns row numbers
    (arrays where numpy is loaded) that can be taken apart, `train, test = ...`, or asked for
    by role, `["train"]`. `stratify` keeps the shares of classes, `groups` keeps groups
    together, `time` puts the latest rows into test: a value for each row, or the name of a
    column of `rows`. `folds=5` returns a list of (train, val) instead.

    Raises:
        InvalidArgument: an argument cannot be used.
    """
    from tui_tracker.capture import splitting

    columns = {"stratify": stratify, "groups": groups, "time": time}
    found, dealt, recipe = splitting.split(
        rows, test=test, val=val, folds=folds, seed=seed, columns=columns
    )
    if log and (run := _current("split")) is not None:
        checked = splitting.columns_of(rows, {"groups": groups, "time": time})
        run._log_split(name, found, dealt, {**recipe, "data": data}, checked)
    if dealt is not None:
        return [(splitting.as_rows(train), splitting.as_rows(rest)) for train, rest in dealt]
    return splitting.Split({role: splitting.as_rows(each) for role, each in found.items()})


def read_split(source: str | os.PathLike[str] | bytes) -> dict[str, list[int]]:
    """Return the rows of each role from a file that `log_split` kept, or its bytes.

    Raises:
        InvalidArgument: it is no such file.
        OSError: the file cannot be read.
    """
    from tui_tracker.capture import split_format

    return split_format.read_split(source)


def tag(*tags: str, **keyed: str) -> None:
    """Tag the current run; see `Run.tag`."""
    if (run := _current("tag")) is not None:
        run.tag(*tags, **keyed)


def note(text: str) -> None:
    """Add a note to the current run."""
    if (run := _current("note")) is not None:
        run.note(text)


def seed_everything(seed: int, *, deterministic: bool | Literal["warn"] = False) -> Seeded:
    """Seed `random`, and numpy, torch (all devices) and tensorflow where they are loaded.

    `deterministic=True` also asks the libraries for algorithms that give the same each
    time, `"warn"` has torch warn where there is none. Returns what else the seed gives:
    `.numpy` (a Generator), `.generator` and `.worker_init_fn` for a DataLoader,
    `.jax_key`. A call before `init` is recorded by the next run. PYTHONHASHSEED is set
    for child processes; for this one it is too late.

    Raises:
        InvalidArgument: the seed is no whole number from 0 to 2**32 - 1.
    """
    from tui_tracker import seeding

    return seeding.seed_everything(seed, deterministic=deterministic)


def finish(
    status: Literal["finished", "failed", "killed", "pruned"] | int | None = None, why: str = ""
) -> None:
    """Finish the current run, if there is one; see `Run.finish`."""
    if (run := current()) is not None:
        run.finish(status, why)


def _current(call: str) -> Run | None:
    run = current()
    off = os.environ.get("TUI_TRACKER_MODE") == "disabled"
    if run is None and not off and call not in _told:
        _told.add(call)
        say(f"{call}() without a run: call init() first; nothing is kept")
    return run


def _finish_forgotten() -> None:
    """Finish a run that this thread began and left, unless it is a `with` block's."""
    for run in reversed(endings.open_runs()):
        if run._thread == threading.get_ident() and not run._entered:
            if "ipykernel" not in sys.modules:
                say(f"{run.name!r} was not finished; it is now, because a new run begins")
            run.finish()


def _parent_id(parent: Run | str | None) -> str | None:
    if isinstance(parent, Run):
        return parent.id
    if parent is not None:
        return str(parent)
    inside = current()
    return inside.id if inside is not None and inside._entered else None


def _resume(resume: bool | str | None) -> bool | str | None:
    words: dict[object, bool] = {"allow": True, "auto": True, "must": True, "never": False}
    return words.get(resume, resume) if isinstance(resume, str) else resume


def _next_ordinal() -> int:
    global _ordinal
    _ordinal += 1
    return _ordinal


def _switch(said: bool | None, variable: str) -> bool:
    if said is not None:
        return bool(said)
    return os.environ.get(variable, "").lower() not in ("0", "off", "no", "false")


def _as_dict(params: object) -> dict[str, object]:
    if isinstance(params, dict):
        return params
    return flatten(params) if params is not None else {}


def _refuse_unknown(arguments: Mapping[str, object]) -> None:
    for argument in arguments:
        if argument not in _ELSEWHERE:
            from difflib import get_close_matches

            code = init.__code__
            known = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
            near = get_close_matches(argument, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "see help(tui_tracker.init)."
            raise InvalidArgument(f"init() takes no argument {argument!r}: {hint}")
        if argument not in _told:
            _told.add(argument)
            say(f"init(): {argument}= means nothing here and is passed over")

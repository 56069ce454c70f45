"""The command and the variables of a run, as they are to be set again.

The interpreter is swapped, paths into the work tree lead into the rebuilt one, and
secrets are put back in from what the user gives. Nothing given is ever stored.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_tracker.capture.redaction import hidden
from tui_tracker.capture.variables import is_recorded
from tui_tracker.reproduce.code import Tree
from tui_tracker.reproduce.env_cache import Rebuilt
from tui_tracker.reproduce.failures import CODE, TROUBLE, CannotReproduce
from tui_tracker.reproduce.options import Options
from tui_tracker.reproduce.places import below
from tui_tracker.reproduce.record import Recorded

_SECRET = re.compile(r"\*\*\*\(sha256:[0-9a-f]{8}\)")
_OF_THE_MACHINE = frozenset(
    "VIRTUAL_ENV CONDA_DEFAULT_ENV CONDA_PREFIX PYTHONPATH DYLD_LIBRARY_PATH".split()
)
"""Recorded, and set by the rebuilt environment itself."""
_OFFLINE = {
    "UV_OFFLINE": "1",
    "PIP_NO_INDEX": "1",
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "WANDB_MODE": "offline",
}
_PYTHON = re.compile(r"^python(\d+(\.\d+)?)?(\.exe)?$|^pypy\d?", re.I)


@dataclass(frozen=True, slots=True)
class Command:
    """What is executed."""

    argv: tuple[str, ...]
    shown: tuple[str, ...]
    """The same, without secrets."""
    cwd: Path
    environment: Mapping[str, str]
    notes: tuple[str, ...]


def secrets_wanted(record: Recorded) -> list[str]:
    """Return the names by which the redacted arguments are asked for."""
    return list(dict.fromkeys(name for _, name in _hidden_places(record.argv)))


def fill_secrets(argv: Sequence[str], options: Options) -> tuple[list[str], list[str]]:
    """Return the arguments with their secrets, and notes on those that are other ones.

    A secret comes from `--secret NAME=VALUE`, else from the variable of that name.

    Raises:
        CannotReproduce: one was not given.
    """
    filled, notes = list(argv), []
    missing: dict[str, None] = {}
    given = {_spelt(name): value for name, value in options.secrets.items()}
    for index, name in _hidden_places(argv):
        value = given.get(name) or os.environ.get(name)
        if value is None:
            missing[name] = None
            continue
        wanted = _SECRET.search(filled[index])
        if wanted is not None and hidden(value) != wanted[0]:
            notes.append(f"the secret {name} is not the one that the run had")
        filled[index] = _SECRET.sub(value.replace("\\", r"\\"), filled[index], count=1)
    if missing:
        asked = " ".join(f"--secret {name}=..." for name in missing)
        raise CannotReproduce(
            "conditions",
            f"the command had secrets that were not stored: give them with {asked}, "
            "or as variables of these names",
            exit_code=TROUBLE,
        )
    return filled, notes


def replay(
    record: Recorded,
    tree: Tree,
    rebuilt: Rebuilt,
    options: Options,
    *,
    command: Sequence[str] | None = None,
    moved: Mapping[str, str] | None = None,
    more: Mapping[str, str] | None = None,
) -> Command:
    """Return the recorded command in the rebuilt tree and environment.

    `command` takes the place of the recorded one; `moved` says where data lie now;
    `more` are further variables.

    Raises:
        CannotReproduce: the command cannot be had again, or a secret was not given.
    """
    shown = list(command or record.argv)
    _refuse_without_script(record, shown)
    argv, notes = fill_secrets(shown, options)
    swap = _Swap(record, tree, rebuilt, moved or {})
    argv, shown = swap.arguments(argv), swap.arguments(shown)
    notes += outside_arguments(record, shown[1:], tree)
    if record.launched and command is None:
        argv, shown = _launch(record, argv), _launch(record, shown)
    environment = _environment(record, tree, rebuilt, options)
    environment |= more or {}
    return Command(tuple(argv), tuple(shown), tree.cwd, environment, tuple(notes))


def _launch(record: Recorded, argv: Sequence[str]) -> list[str]:
    """Return a command as `tt run` is told it; params are read from it as they were then."""
    row = record.detail.row
    named = ["--experiment", row.experiment, "--name", row.name]
    return [sys.executable, "-m", "tui_tracker.cli", "run", "--quiet", *named, "--", *argv]


def outside_arguments(record: Recorded, arguments: Sequence[str], tree: Tree) -> list[str]:
    """Return notes on arguments that name places outside the rebuilt tree.

    Data that the run declared are known; any other might be where it writes.
    """
    declared = {os.path.abspath(os.path.expanduser(d.path)) for d in record.data if d.path}
    notes = []
    for argument in arguments:
        path = argument.partition("=")[2] if argument.startswith("-") else argument
        if not os.path.isabs(path) or below(path, str(tree.folder)) is not None:
            continue
        if os.path.abspath(path) not in declared and os.path.exists(os.path.dirname(path)):
            notes.append(f"{argument} lies outside the rebuilt tree: the rerun may write there")
    return notes


class _Swap:
    """Leads paths of the recorded command to where things lie now."""

    def __init__(
        self, record: Recorded, tree: Tree, rebuilt: Rebuilt, moved: Mapping[str, str]
    ) -> None:
        self._executable, self._folder = rebuilt.executable, rebuilt.folder
        self._prefix = os.path.dirname(os.path.dirname(record.executable))
        self._pairs = sorted(moved.items(), key=lambda pair: -len(pair[0]))
        if record.code.top:
            self._pairs.append((record.code.top, str(tree.folder)))

    def arguments(self, argv: Sequence[str]) -> list[str]:
        first, *rest = argv
        if not _PYTHON.match(os.path.basename(first)):
            return [self._program(first), *[self._path(text) for text in rest]]
        swapped = [self._executable]
        for index, text in enumerate(rest):
            # A console script of the old environment has its twin in the new one.
            swapped.append(self._program(text) if index == 0 else self._path(text))
        return swapped

    def _program(self, text: str) -> str:
        inside = below(text, self._prefix) if self._folder else None
        if inside is not None and inside.split(os.sep)[0] in ("bin", "Scripts"):
            return os.path.join(self._folder, inside)
        return self._path(text)

    def _path(self, text: str) -> str:
        for old, new in self._pairs:
            for start in (text.find(old + os.sep), text.find(old)):
                whole = start >= 0 and (
                    start + len(old) == len(text) or text[start + len(old)] in "/=,:"
                )
                if whole and (start == 0 or text[start - 1] in "=,:"):
                    return text[:start] + new + text[start + len(old) :]
        return text


def _environment(
    record: Recorded, tree: Tree, rebuilt: Rebuilt, options: Options
) -> dict[str, str]:
    """Return the variables: this user's, but those that change results as they were then."""
    environment = {
        name: value
        for name, value in os.environ.items()
        # What is set here today and was not then must not reach the rerun.
        if record.variables is None or not is_recorded(name) or name in ("LANG", "LD_LIBRARY_PATH")
    }
    for name in ("PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH"):
        environment.pop(name, None)
    for name in list(environment):
        if name.startswith("TUI_TRACKER_") and name != "TUI_TRACKER_PRIVACY":
            environment.pop(name)
    for name, value in (record.variables or {}).items():
        if name not in _OF_THE_MACHINE and "***" not in value:
            environment[name] = os.path.expanduser(value) if value.startswith("~") else value
    if rebuilt.folder:
        environment["VIRTUAL_ENV"] = rebuilt.folder
    programs = os.path.dirname(rebuilt.executable)
    environment["PATH"] = os.pathsep.join([programs, environment.get("PATH", os.defpath)])
    environment["PYTHONPATH"] = os.pathsep.join(_import_path(record, tree, rebuilt))
    # What an interrupted or timed-out script printed must not be lost in its buffer.
    environment["PYTHONUNBUFFERED"] = "1"
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    environment |= _OFFLINE if options.offline else {}
    return environment | dict(options.variables)


def _import_path(record: Recorded, tree: Tree, rebuilt: Rebuilt) -> list[str]:
    """Return where modules are looked for before the installed packages.

    The logger is this installation's own, whatever the environment has; the project is
    the rebuilt tree, which an editable install would lead around.
    """
    path = [str(own_package(tree.folder.parent))]
    old = (record.variables or {}).get("PYTHONPATH", "")
    for place in filter(None, old.split(os.pathsep)):
        inside = below(os.path.expanduser(place), record.code.top)
        if inside is not None:
            path.append(str(tree.folder / inside))
        elif not os.path.exists(os.path.join(os.path.expanduser(place), "tui_tracker")):
            path.append(os.path.expanduser(place))
    path += rebuilt.import_paths
    if (tree.folder / "src").is_dir():
        path.append(str(tree.folder / "src"))
    return [*path, str(tree.folder)] if _is_installed(record) else path


def own_package(scratch: Path) -> Path:
    """Return a folder in which this package, and nothing else, can be imported."""
    import tui_tracker

    folder = scratch / "logger"
    folder.mkdir(exist_ok=True)
    link = folder / "tui_tracker"
    if not link.exists():
        link.symlink_to(Path(tui_tracker.__file__).resolve().parent, target_is_directory=True)
    return folder


def _is_installed(record: Recorded) -> bool:
    """Return whether the project itself was installed, from its own folder."""
    top = record.code.top
    return any(
        below(str(origin.get("path") or ""), top) is not None
        for origin in record.environment.origins.values()
        if origin.get("kind") in ("editable", "local")
    )


def _refuse_without_script(record: Recorded, argv: Sequence[str]) -> None:
    problem = ""
    if not argv:
        problem = "its command was not recorded"
    elif len(argv) == 1 or (len(argv) > 1 and argv[1] == "-"):
        problem = "it was typed or piped into an interpreter, so there is no script to run"
    elif any("ipykernel" in text for text in argv[:4]):
        problem = "it ran in a notebook: its cells are kept as an artifact, and cannot be run here"
    if problem:
        raise CannotReproduce(
            "conditions", f"{record.name!r} cannot be run again: {problem}", exit_code=CODE
        )


def _hidden_places(argv: Sequence[str]) -> list[tuple[int, str]]:
    """Return index and name of every redacted value."""
    found = []
    for index, argument in enumerate(argv):
        for match in _SECRET.finditer(argument):
            before = argument[: match.start()]
            flag = before.rstrip("=").rpartition(" ")[2] if before.endswith("=") else ""
            if not flag and index and argv[index - 1].startswith("-") and not before:
                flag = argv[index - 1]
            found.append((index, _spelt(flag) or f"ARGUMENT_{index}"))
    return found


def _spelt(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", name.lstrip("-")).strip("_").upper()

"""An interpreter with the recorded packages: one that is there, or one that is built."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import sys
from dataclasses import replace

from tui_tracker.lineage.words import plural
from tui_tracker.reproduce import installers
from tui_tracker.reproduce.building import Build, Tell, WriteOut, import_roots
from tui_tracker.reproduce.env_cache import (
    Decision,
    Rebuilt,
    cache_folder,
    find_complete,
    kept_source,
    locked,
)
from tui_tracker.reproduce.failures import ENVIRONMENT, CannotReproduce
from tui_tracker.reproduce.installers import Tool
from tui_tracker.reproduce.options import Options
from tui_tracker.reproduce.packages import (
    OURSELVES,
    Installed,
    compare,
    normal,
    probe,
    short,
    telling,
)
from tui_tracker.reproduce.places import below
from tui_tracker.reproduce.record import Environment, Recorded, word
from tui_tracker.reproduce.requirements import list_requirements, snapshot_of


def decide(record: Recorded, options: Options) -> Decision:
    """Return which environment to use: one that is there and equal, else one to build.

    Raises:
        CannotReproduce: nothing was recorded to build from.
    """
    wanted = record.environment
    if options.env == "current":
        return _current(record)
    if wanted.missing_why:
        raise CannotReproduce(
            "environment",
            f"{wanted.missing_why}, so no environment can be built",
            exit_code=ENVIRONMENT,
            ways_out=("--env current",),
        )
    if options.env == "auto" and options.python is None and not options.allow_nearest:
        places = [("current", sys.executable), ("recorded", record.executable)]
        for kind, executable in places:
            found = probe(executable) if executable and os.path.exists(executable) else None
            if found is not None and not telling(compare(wanted, found)):
                count = plural(len(found.packages), "package")
                why = f"the {kind} interpreter has the recorded {count}, Python {found.python}"
                editable = _editable(record, found)
                lost = _lost(editable)
                return Decision(kind, executable, None, found.python, (), why, lost, editable)
    return _to_build(record, options)


def build(
    decision: Decision, recorded: Environment, options: Options, write_out: WriteOut, tell: Tell
) -> Rebuilt:
    """Return the environment that was decided on, built or found in the cache.

    Raises:
        CannotReproduce: it cannot be built; the message says which package and what helps.
    """
    if decision.tool is None:
        return _as_it_is(decision, write_out)
    place = cache_folder() / _key(decision, options)
    with locked(place, tell):
        built = find_complete(place)
        if built is None:
            shutil.rmtree(place, ignore_errors=True)
            try:
                built = Build(decision, recorded, options, place, write_out, tell).run()
            except BaseException:
                shutil.rmtree(place, ignore_errors=True)
                raise
    known = dict.fromkeys([*decision.substituted, *built.substituted])
    return replace(built, substituted=tuple(known))


def _as_it_is(decision: Decision, write_out: WriteOut) -> Rebuilt:
    """Return an interpreter that is there, its packages in folders as they were then."""
    folder = os.path.dirname(os.path.dirname(decision.executable))
    own = folder if os.path.exists(os.path.join(folder, "pyvenv.cfg")) else ""
    paths: list[str] = []
    notes: list[str] = []
    for name, snapshot in decision.editable:
        if snapshot is None:
            continue
        roots = import_roots(kept_source(snapshot, write_out))
        paths += [str(root) for root in roots]
        notes.append(f"{name} is imported as it was, from its snapshot {snapshot:.9}")
    return Rebuilt(
        decision.executable, own, decision.substituted, tuple(notes), tuple(paths), True, 0
    )


def _editable(record: Recorded, found: Installed) -> tuple[tuple[str, str | None], ...]:
    """Return the packages in folders, but for the project itself: that is the rebuilt tree."""
    origins = {normal(name): origin for name, origin in record.environment.origins.items()}
    names = sorted(found.editable - {OURSELVES})
    return tuple(
        (name, snapshot_of(origins.get(name, {})))
        for name in names
        if below(word(origins.get(name, {}).get("path")) or "", record.code.top) is None
    )


def _lost(editable: tuple[tuple[str, str | None], ...]) -> tuple[str, ...]:
    return tuple(
        f"{name} as its folder is now, which was not kept" for name, kept in editable if not kept
    )


def _current(record: Recorded) -> Decision:
    found = probe(sys.executable)
    differences = telling(compare(record.environment, found)) if found else []
    if record.environment.missing_why:
        substituted = [f"this interpreter: {record.environment.missing_why}"]
    else:
        substituted = [str(difference) for difference in differences]
    why = "the current interpreter, as asked for"
    if differences:
        why += f" ({short(differences)})"
    editable = _editable(record, found) if found else ()
    return Decision(
        *("current", sys.executable, None, platform.python_version(), (), why),
        (*substituted, *_lost(editable)),
        editable,
    )


def _to_build(record: Recorded, options: Options) -> Decision:
    wanted = record.environment
    version = options.python or wanted.python or platform.python_version()
    requirements = tuple(list_requirements(wanted))
    substituted = [requirement.note for requirement in requirements if requirement.note]
    if wanted.python != version and not (wanted.python or "").startswith(f"{version}."):
        substituted.append(f"python {version} instead of {wanted.python or 'an unknown one'}")
    count = f"{plural(len(requirements), 'package')} and Python {version}"
    uv = installers.find_uv() if options.env in ("auto", "uv") else None
    if uv is not None:
        why = f"built by uv: {count}"
        return Decision("uv", "", Tool("uv", uv), version, requirements, why, tuple(substituted))
    if options.env == "uv":
        raise CannotReproduce(
            "environment",
            "uv is not here",
            exit_code=ENVIRONMENT,
            ways_out=("pip install 'tui-tracker[repro]'", "--env venv"),
        )
    base = installers.find_interpreter(version, [record.executable, sys.executable])
    if base is None:
        raise CannotReproduce(
            "environment",
            f"Python {version} is not here, and only uv could fetch it",
            exit_code=ENVIRONMENT,
            ways_out=(
                "pip install 'tui-tracker[repro]'",
                f"--python {platform.python_version()}",
                "--env current",
            ),
        )
    why = f"built by venv and pip: {count}"
    return Decision("venv", "", Tool("venv", base), version, requirements, why, tuple(substituted))


def _key(decision: Decision, options: Options) -> str:
    """Return the hash of all that an environment is made of."""
    assert decision.tool is not None
    parts = {
        "tool": decision.tool.kind,
        "python": decision.python,
        "platform": [platform.system(), platform.machine()],
        "packages": [[r.line, r.snapshot] for r in decision.requirements],
        "nearest": sorted(options.allow_nearest),
        "places": [*options.find_links, options.index_url],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:24]

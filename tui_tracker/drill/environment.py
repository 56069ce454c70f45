"""Which Python and which packages: from what the process told, locks, and installed files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from tui_tracker.audit.amendments import Confidence
from tui_tracker.drill.case import Case
from tui_tracker.drill.locks import LOCKS, is_lock, read_lock
from tui_tracker.drill.recipes import Answers, recipe
from tui_tracker.facts import mapping, mappings, word
from tui_tracker.formatting import format_time
from tui_tracker.lineage.words import plural

_PYTHON = re.compile(r"python(\d+\.\d+)$")
_MOST_RECORDS = 5_000


@recipe("env.python-missing")
def python(case: Case) -> Answers:
    """Read the version from the process, its program's name, or its virtual environment."""
    executable = str(case.record.fact("process", "executable") or "") or (
        case.argv[0] if case.argv and "python" in case.argv[0] else ""
    )
    if told := _environment_of(executable, case.start):
        version, path = told
        why = f"`{path}` says so, and was written before the start"
        yield case.propose("environment.python.version", version, why, "likely")
        return
    if match := _PYTHON.search(executable):
        why = f"the program was `{executable}`"
        yield case.propose("environment.python.version", match[1], why, "likely")
        return
    pinned = case.read_code(".python-version")
    if pinned is not None and pinned.text.strip():
        why = f"`.python-version` of {pinned.where}"
        version = pinned.text.split()[0]
        yield case.propose("environment.python.version", version, why, "guess")
        return
    yield "neither the program's name nor a file of its environment tells the version"


def _environment_of(executable: str, start: datetime) -> tuple[str, str] | None:
    """Return the version that a virtual environment states, and the file that states it."""
    if not executable:
        return None
    folder = os.path.dirname(os.path.dirname(os.path.expanduser(executable)))
    path = os.path.join(folder, "pyvenv.cfg")
    try:
        if _changed(path) > start:
            return None
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = dict(line.split("=", 1) for line in file if "=" in line)
    except (OSError, ValueError):
        return None
    told = {key.strip(): value.strip() for key, value in lines.items()}
    version = told.get("version") or told.get("version_info", "")
    return (".".join(version.split(".")[:3]), path) if version else None


@recipe("env.freeze-missing")
def packages(case: Case) -> Answers:
    """Read a lock that was recorded, one of the commit, or the files of what is installed."""
    imported = _imported(case.record.part("modules"))
    for path, text, where in _locks(case):
        found = read_lock(path, text)
        if not found:
            continue
        apart = [n for n, v in imported.items() if _version(found, n) not in ("", v)]
        if apart:
            name = apart[0]
            told = (
                f"`{path}` of {where} pins {plural(len(found), 'package')}; {name} "
                f"{imported[name]} was imported where it says {_version(found, name)}, which "
                "counts here"
            )
            whole = {n: imported.get(_name(n), v) for n, v in found.items()}
            yield case.propose("environment.packages", whole, told, "guess")
        else:
            agree = f", as {plural(len(imported), 'imported one')} agrees" if imported else ""
            told = f"`{path}` of {where} pins {plural(len(found), 'package')}{agree}"
            yield case.propose("environment.packages", found, told, "likely")
        return
    yield from _installed(case, imported)


def _imported(part: object) -> dict[str, str]:
    facts: Mapping[str, object] = getattr(part, "facts", {})
    told = mapping(facts, "distributions")
    return {_name(name): word(told, name) for name in told if word(told, name)}


def _version(found: Mapping[str, str], name: str) -> str:
    return next((version for other, version in found.items() if _name(other) == name), "")


def _name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _locks(case: Case) -> Iterator[tuple[str, str, str]]:
    """Yield path, text and place of lock files: of the run's record, then of its commit."""
    part = case.record.part("lock")
    for file in mappings(part.facts, "files") if part is not None else ():
        if word(file, "text"):
            yield word(file, "path"), word(file, "text"), "the record of the run"
    paths = [path for path in case.code_paths if is_lock(path)]
    paths.sort(key=lambda path: (LOCKS.index(path) if path in LOCKS else len(LOCKS), path))
    for path in paths:
        if (file_ := case.read_code(path)) is not None:
            yield path, file_.text, file_.where


def _installed(case: Case, imported: Mapping[str, str]) -> Answers:
    executable = os.path.expanduser(str(case.record.fact("process", "executable") or ""))
    found, newer, place = _site_packages(executable, case.start)
    confidence: Confidence = "guess"
    if found:
        told = (
            f"{plural(len(found), 'package')} in `{place}` whose RECORD was written before the "
            f"start{f'; {newer} were installed later and left out' if newer else ''}"
        )
        yield case.propose("environment.packages", {**found, **imported}, told, confidence)
    elif imported:
        told = f"the {plural(len(imported), 'package')} that the process had imported at its end"
        yield case.propose("environment.packages", dict(imported), told, "likely")
    else:
        yield "no lock file is recorded or in the commit, and the environment is not there any more"


def _site_packages(executable: str, start: datetime) -> tuple[dict[str, str], int, str]:
    """Return what is installed beside a Python since before a time, and how many are newer."""
    library = os.path.join(os.path.dirname(os.path.dirname(executable)), "lib")
    found: dict[str, str] = {}
    newer = 0
    if not executable or not os.path.isdir(library):
        return found, newer, ""
    for version in sorted(os.listdir(library)):
        place = os.path.join(library, version, "site-packages")
        if not version.startswith("python") or not os.path.isdir(place):
            continue
        for entry in sorted(os.listdir(place))[:_MOST_RECORDS]:
            stem = entry.removesuffix(".dist-info")
            name, _, number = stem.rpartition("-")
            if stem == entry or not name:
                continue
            try:
                before = _changed(os.path.join(place, entry, "RECORD")) < start
            except OSError:
                continue
            if before:
                found[_name(name)] = number
            newer += not before
        return found, newer, place
    return found, newer, ""


def _changed(path: str) -> datetime:
    facts = os.stat(path)
    return datetime.fromtimestamp(facts.st_mtime, UTC)


@recipe("env.unlockable")
def unlockable(case: Case) -> Answers:
    """Look where HEAD of an editable package's repository was."""
    from tui_tracker.drill.repository import open_repository

    part = case.record.part("environment")
    origins = mapping(part.facts, "origins") if part is not None else {}
    for name in origins:
        origin = mapping(origins, name)
        place = word(origin, "path") or word(origin, "url").removeprefix("file://")
        if word(origin, "kind") not in ("editable", "local") or word(origin, "sha256"):
            continue
        repository = open_repository(place) if place else None
        head = repository.head_at(case.start) if repository is not None else None
        if head is None:
            yield f"nothing tells the state of {name!r} at the start"
            continue
        told = f"its repository was at it since {format_time(head.since)} by the reflog"
        field = f"environment.origins.{name}"
        yield case.propose(field, {**origin, "kind": "vcs", "commit": head.commit}, told, "likely")


@recipe("env.container-unpinned")
def container(case: Case) -> Answers:
    """A sibling of the same image may have told its digest."""
    image = case.record.fact("process", "container", "image")
    for other in case.siblings:
        told = other.fact("process", "container")
        if isinstance(told, dict) and told.get("image") == image and told.get("digest"):
            why = f"run {other.detail.row.name!r} recorded it of the same image; tags may move"
            yield case.propose("process.container.digest", told["digest"], why, "guess")
            return
    yield "what the tag meant at the start is recorded nowhere"

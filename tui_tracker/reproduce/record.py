"""What is recorded of a run, as far as getting it again needs it.

Facts come from older versions, other machines and damaged journals, so nothing is taken
for granted: what is not there, or is not of its kind, reads as absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from tui_tracker.queries import LineagePart, RunDetail, RunKey, get_run
from tui_tracker.store import Store

Facts = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Code:
    """The code that ran."""

    top: str | None
    """The work tree's folder at the time."""
    commit: str | None
    snapshot: str | None
    """Commit in the store's own repository."""
    tree: str | None
    complete: bool
    skipped: tuple[Facts, ...]
    entry: str | None
    """The script, relative to the top."""
    entry_sha256: str | None
    missing_why: str
    """Why there is no snapshot; "" where there is one."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Interpreter and packages."""

    python: str | None
    implementation: str
    packages: Mapping[str, str]
    origins: Mapping[str, Facts]
    missing_why: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """One declared dataset."""

    name: str
    kind: str
    role: str
    path: str | None
    digest: str | None
    full: bool
    bytes: int | None
    facts: Facts
    part: LineagePart


@dataclass(frozen=True, slots=True)
class Recorded:
    """One run as it was recorded."""

    key: RunKey
    detail: RunDetail
    argv: tuple[str, ...]
    cwd: str
    cwd_rel: str | None
    executable: str
    launched: bool
    """By `tt run`, so that the script may call no logger itself."""
    variables: Mapping[str, str] | None
    """None where they were not recorded."""
    code: Code
    environment: Environment
    hardware: Facts
    data: tuple[Dataset, ...]
    splits: tuple[LineagePart, ...]
    reads: Facts
    derived_from: str | None
    """Id of the run that this one was a reproduction of."""

    @property
    def id(self) -> str:
        return self.detail.row.id

    @property
    def name(self) -> str:
        return self.detail.row.name


def read_record(store: Store, key: RunKey) -> Recorded:
    """Return what is recorded of a run.

    Raises:
        NotFound: the run is gone.
    """
    detail = get_run(store, key)
    parts = {part.name: part for part in detail.lineage}
    process = _facts(parts, "process")
    variables = mapping(_facts(parts, "variables").get("variables"))
    return Recorded(
        key=key,
        detail=detail,
        argv=tuple(str(text) for text in sequence(process.get("argv"))),
        cwd=word(process.get("cwd")) or "",
        cwd_rel=word(process.get("cwd_rel"), empty=True),
        executable=word(process.get("executable")) or "",
        launched="launcher" in process,
        variables={str(k): str(v) for k, v in variables.items()} if "variables" in parts else None,
        code=_code(parts.get("code")),
        environment=_environment(parts.get("environment")),
        hardware=_facts(parts, "hardware"),
        data=tuple(_dataset(part) for name, part in parts.items() if name.startswith("data:")),
        splits=tuple(part for name, part in parts.items() if name.startswith("split:")),
        reads=_facts(parts, "reads"),
        derived_from=word(_facts(parts, "origin").get("derived_from")),
    )


def mapping(value: object) -> Facts:
    """Return a mapping, an empty one where the value is none."""
    return cast("Facts", value) if isinstance(value, dict) else {}


def sequence(value: object) -> list[object]:
    """Return a list, an empty one where the value is none."""
    return value if isinstance(value, list) else []


def word(value: object, *, empty: bool = False) -> str | None:
    """Return a text, None where the value is none; an empty text only where asked for."""
    return value if isinstance(value, str) and (value or empty) else None


def number(value: object) -> int | None:
    """Return a whole number, None where the value is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _facts(parts: Mapping[str, LineagePart], name: str) -> Facts:
    return parts[name].facts if name in parts else {}


def _code(part: LineagePart | None) -> Code:
    facts = part.facts if part else {}
    snapshot, entry = mapping(facts.get("snapshot")), mapping(facts.get("entry"))
    why = ""
    if not word(snapshot.get("commit")):
        why = "no snapshot of the code was recorded"
        if part is not None and part.reason:
            why += f" ({part.reason})"
        elif part is not None and part.status != "ok":
            why += f" ({part.status})"
    return Code(
        top=word(facts.get("top")),
        commit=word(facts.get("commit")),
        snapshot=word(snapshot.get("commit")),
        tree=word(snapshot.get("tree")),
        complete=snapshot.get("complete") is True,
        skipped=tuple(mapping(item) for item in sequence(snapshot.get("skipped"))),
        entry=word(entry.get("path")),
        entry_sha256=word(entry.get("sha256")),
        missing_why=why,
    )


def _environment(part: LineagePart | None) -> Environment:
    facts = part.facts if part else {}
    python = facts.get("python")
    build = mapping(python)
    packages = mapping(facts.get("packages"))
    why = "" if packages else "no list of packages was recorded"
    if why and part is not None and (part.reason or part.status != "ok"):
        why += f" ({part.reason or part.status})"
    implementation = word(build.get("implementation")) or word(facts.get("implementation"))
    return Environment(
        python=word(python) or word(build.get("version")),
        implementation=implementation or "CPython",
        packages={str(name): str(version) for name, version in packages.items()},
        origins={str(n): mapping(origin) for n, origin in mapping(facts.get("origins")).items()},
        missing_why=why,
    )


def _dataset(part: LineagePart) -> Dataset:
    facts = part.facts
    return Dataset(
        name=word(facts.get("name")) or part.name.partition(":")[2],
        kind=word(facts.get("kind")) or "object",
        role=word(facts.get("role")) or "",
        path=word(facts.get("path")),
        digest=word(facts.get("digest")),
        full=facts.get("full") is not False,
        bytes=number(facts.get("bytes")),
        facts=facts,
        part=part,
    )

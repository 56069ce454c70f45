"""What Guild recorded of where a run came from: attributes and the manifest, as lineage."""

from __future__ import annotations

import shlex
from pathlib import Path

from tui_tracker.importers.regular import open_regular

Lineage = dict[str, dict[str, object]]

_MOST_BYTES = 16 << 20


def manifest_of(guild: Path) -> dict[str, str]:
    """Return the kind of each file that Guild put into the run: `s` sources, `d` inputs."""
    return {path: kind for kind, path, *_ in _manifest(guild)}


def lineage_of(attrs: dict[str, object], guild: Path) -> Lineage:
    """Return the facts in the shape that our own capture gives them."""
    found = {
        "code": _code(attrs),
        "environment": _environment(attrs),
        "hardware": _hardware(attrs),
        "process": _process(attrs),
        "seeds": _seeds(attrs),
    }
    for _, path, digest, *origin in (line for line in _manifest(guild) if line[0] == "d"):
        facts: dict[str, object] = {"name": path}
        if digest != "-":
            facts["digest"] = f"sha1:{digest}"
        if origin:
            facts["path"] = origin[0]
        found[f"data:{path}"] = facts
    return {part: facts for part, facts in found.items() if facts}


def _manifest(guild: Path) -> list[list[str]]:
    """Return the fields of each line: kind, path, SHA-1 or `-`, origin."""
    try:
        with open_regular(guild / "manifest") as file:
            text = file.read(_MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return []
    lines = []
    for line in text.splitlines():
        try:
            fields = shlex.split(line)
        except ValueError:
            continue
        if len(fields) >= 3:
            lines.append(fields)
    return lines


def _code(attrs: dict[str, object]) -> dict[str, object]:
    facts: dict[str, object] = {}
    commit = attrs.get("vcs_commit")
    if isinstance(commit, str):  # git:<hash>[ (modified)]
        name, _, changed = commit.partition(" ")
        facts["commit"] = name.rpartition(":")[2]
        facts["dirty"] = bool(changed)
    if isinstance(digest := attrs.get("sourcecode_digest"), str):
        facts["digest"] = digest
    return facts


def _environment(attrs: dict[str, object]) -> dict[str, object]:
    facts: dict[str, object] = {}
    platform = _mapping(attrs.get("platform"))
    if isinstance(python := platform.get("python_version"), str):
        facts["python"] = {"version": python.partition(" ")[0]}
    if isinstance(system := platform.get("uname"), str):
        facts["system"] = {"name": system.strip()}
    frozen = attrs.get("pip_freeze")
    pairs = [str(one).partition("==") for one in frozen] if isinstance(frozen, list) else []
    if packages := {name: version for name, equals, version in pairs if equals}:
        facts["packages"] = packages
    return facts


def _hardware(attrs: dict[str, object]) -> dict[str, object]:
    platform = _mapping(attrs.get("platform"))
    facts: dict[str, object] = {}
    if isinstance(cores := platform.get("cpus"), int):
        facts["cores"] = cores
    if isinstance(processor := platform.get("processor"), str) and processor:
        facts["cpu"] = processor
    return facts


def _process(attrs: dict[str, object]) -> dict[str, object]:
    command = attrs.get("cmd")
    return {"argv": [str(one) for one in command]} if isinstance(command, list) else {}


def _seeds(attrs: dict[str, object]) -> dict[str, object]:
    seed = attrs.get("random_seed")
    return {"params": {"random_seed": seed}} if isinstance(seed, int) else {}


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}

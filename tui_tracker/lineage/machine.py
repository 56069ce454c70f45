"""Environment and hardware of a run beside those of this machine: information, never a loss."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from tui_tracker.capture.process import shorten_home
from tui_tracker.facts import mapping, mappings, whole, word
from tui_tracker.formatting import format_size
from tui_tracker.lineage.code import on_disk
from tui_tracker.lineage.present import Present, Recorded, normalised
from tui_tracker.lineage.tree import LineageNode, group, listed, missing_part
from tui_tracker.lineage.words import (
    environment_line,
    hardware_line,
    plural,
    resources_line,
    short_digest,
    text_of,
)

if TYPE_CHECKING:
    from tui_tracker.facts import Facts


def environment_group(recorded: Recorded, here: Present) -> LineageNode:
    """Return Python, packages, lock file and variables, compared with this interpreter."""
    part = recorded.parts.get("environment")
    variables = _variables(recorded)
    if part is None or not part.facts:
        gap = missing_part("packages", part.status if part else "", part.reason if part else "")
        return group("environment", [gap, *variables])
    facts = part.facts
    nodes = [*_python(facts, here), *_system(facts), *_packages(facts, here)]
    nodes += [*_lock(recorded, facts, here), *variables]
    return group("environment", nodes, environment_line(facts))


def _python(facts: Facts, here: Present) -> Iterator[LineageNode]:
    python = mapping(facts, "python")
    version = word(python, "version") or text_of(facts, "python")
    if not version:
        return
    kind, prefix = word(python, "kind"), word(python, "prefix") or text_of(facts, "prefix")
    detail = ", ".join(part for part in (version, kind) if part)
    if version == here.python:
        yield LineageNode("python", detail, "verified", "as this interpreter", value=version)
    else:
        why = f"this interpreter is {here.python}"
        yield LineageNode("python", detail, "changed", why, value=version, informs=True)
    if prefix:
        yield LineageNode("prefix", shorten_home(prefix), why="where it was installed")


def _system(facts: Facts) -> Iterator[LineageNode]:
    system = mapping(facts, "system")
    words = [text_of(system, key) for key in ("distro", "name", "release", "libc")]
    text = ", ".join(part for part in words if part)
    if text := text or text_of(facts, "system"):
        yield LineageNode("system", text)


def _packages(facts: Facts, here: Present) -> Iterator[LineageNode]:
    packages, origins = mapping(facts, "packages"), mapping(facts, "origins")
    if not packages:
        yield LineageNode("packages", "", "not recorded", "no list of them was recorded")
        return
    nodes = [
        _package(name, word(packages, name), mapping(origins, name), here)
        for name in sorted(packages, key=str.lower)
    ]
    differ = sum(node.mark != "verified" for node in nodes)
    told = f"{differ} differ now" if differ else "the same now"
    title = plural(len(nodes), "package")
    yield replace(listed("packages", nodes, f"{title}, {told}"), closed=True)


def _package(name: str, version: str, origin: Facts, here: Present) -> LineageNode:
    node = LineageNode(name, f"{version}{_origin(origin)}", value=f"{name}=={version}")
    now = here.packages.get(normalised(name))
    if now is None:
        return replace(node, mark="changed", why="not installed here", informs=True)
    if now != version:
        return replace(node, mark="changed", why=f"{now} here", informs=True)
    return replace(node, mark="verified", why="the same version here")


def _origin(origin: Facts) -> str:
    """Return where a package came from, unless it is plainly an index."""
    kind = word(origin, "kind")
    if not kind or kind == "index":
        return ""
    snapshot = mapping(origin, "snapshot")
    commit = word(origin, "commit") or word(snapshot, "commit")
    words = [kind, word(origin, "url") or word(origin, "path"), commit[:12]]
    return f", {' '.join(part for part in words if part)}"


def _lock(recorded: Recorded, facts: Facts, here: Present) -> Iterator[LineageNode]:
    """Yield the project's lock files; their texts are kept in a part of their own."""
    top = word(recorded.facts("code"), "top") or word(recorded.facts("process"), "cwd")
    kept = {word(file, "sha256") for file in mappings(recorded.facts("lock"), "files")}
    for lock in mappings(facts, "locks") or [mapping(facts, "lock")]:
        path, digest = word(lock, "path"), word(lock, "sha256")
        if not path:
            continue
        node = LineageNode("lock file", f"{path} {short_digest(digest)}", value=digest)
        if digest in kept:
            yield replace(node, mark="verified", why="its text is kept in the store")
            continue
        mark, why = here.check_file(on_disk(path, top), digest, None)
        # The packages themselves are recorded, so a lock that moved on loses nothing.
        mark = "changed" if mark == "missing" else mark
        yield replace(node, mark=mark, why=why, informs=mark == "changed")


def _variables(recorded: Recorded) -> list[LineageNode]:
    part = recorded.parts.get("variables")
    if part is None:
        return []
    variables = mapping(part.facts, "variables")
    if not variables:
        if part.status == "ok":
            return [LineageNode("variables", "none of those that matter was set")]
        return [missing_part("variables", part.status, part.reason)]
    nodes = []
    for name in sorted(variables):
        value, now = word(variables, name), os.environ.get(name)
        differs = now is not None and now.replace(os.path.expanduser("~"), "~") != value
        why = "set otherwise here" if differs else "" if now is not None else "not set here"
        nodes.append(LineageNode(name, value, why=why))
    return [replace(listed("variables", nodes, plural(len(nodes), "variable")), closed=True)]


def hardware_group(recorded: Recorded, here: Present) -> LineageNode:
    """Return the machine: which it was, and what it had."""
    part = recorded.parts.get("hardware")
    host = word(recorded.facts("process"), "host") or recorded.run.host
    nodes = []
    if host:
        same = host == here.host
        why = "this machine" if same else f"another machine than this ({here.host})"
        nodes.append(LineageNode("machine", host, "verified" if same else "recorded", why))
    if part is None or not part.facts:
        gap = missing_part("processor", part.status if part else "", part.reason if part else "")
        return group("hardware", [*nodes, gap, *_used(recorded)])
    nodes += [*_hardware(part.facts), *_used(recorded)]
    return group("hardware", nodes, hardware_line(part.facts))


def _used(recorded: Recorded) -> Iterator[LineageNode]:
    """Yield what the process took of the machine."""
    if text := resources_line(recorded.facts("resources")):
        yield LineageNode("used", text)


def _hardware(facts: Facts) -> Iterator[LineageNode]:
    memory, cores = whole(facts, "memory_bytes"), whole(facts, "cores")
    cpu = ", ".join(
        part for part in (text_of(facts, "cpu"), f"{cores} cores" if cores else "") if part
    )
    if cpu:
        yield LineageNode("processor", cpu)
    flags = facts.get("cpu_flags")
    if isinstance(flags, list) and flags:
        yield LineageNode("vector units", " ".join(map(str, flags)))
    if memory:
        yield LineageNode("memory", format_size(memory))
    for blas in mappings(facts, "blas"):
        words = [word(blas, key) for key in ("lib", "version", "architecture")]
        threads = whole(blas, "threads")
        words.append(plural(threads, "thread") if threads else "")
        yield LineageNode("BLAS", " ".join(part for part in words if part))
    for gpu in mappings(facts, "gpus"):
        words = [text_of(gpu, key) for key in ("name", "memory", "driver")]
        yield LineageNode("graphics", ", ".join(part for part in words if part))
    for title in ("cuda", "threads"):
        group_facts = mapping(facts, title)
        text = " ".join(f"{key}={word(group_facts, key)}" for key in group_facts)
        if text := text or text_of(facts, title):
            yield LineageNode(title, text)

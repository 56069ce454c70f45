"""`pylock.toml` of a run (PEP 751): the packages that can be locked, and the names of the rest.

A lock file names files by hash, and an installed package does not tell which file it came
from. The hashes are taken from the project's own lock file where one was recorded and
names the installed version (uv.lock, pylock.toml); from the record of the installation
where there is one (PEP 610: commits, archives, folders). Every other package is named
with its version under `[tool.tui-tracker]`, because a `[[packages]]` without a file is
not valid.

Sources: packaging.python.org, specifications/pylock-toml and direct-url; uv, uv.lock.
"""

from __future__ import annotations

import json
import tomllib
from typing import Any

from tui_tracker.capture.redaction import redact_text
from tui_tracker.exports import Export
from tui_tracker.exports.facts import Json, Run, normal_name

_TOOL = "tui-tracker"


def export(run: Run) -> Export:
    known, origins = _locked(run), run.origins
    entries: list[Json] = []
    rest: list[str] = []
    for name, version in run.packages.items():
        entry = _entry(name, version, origins.get(name), known)
        if entry is None:
            rest.append(f"{name}=={version}")
        else:
            entries.append(entry)
    entries.sort(key=lambda entry: str(entry["name"]))
    text = _head(run, entries, rest) + "".join(_package(entry) for entry in entries)
    return Export(text, tuple(_notes(run, rest)))


def _notes(run: Run, rest: list[str]) -> list[str]:
    if not run.packages:
        return ["no packages were recorded of this run, so nothing is locked"]
    if not rest:
        return []
    many = f"{len(rest)} of {len(run.packages)} packages have no known hash and are named only"
    return [f"{many}, under [tool.{_TOOL}]: lock them anew with their versions to get one"]


def _head(run: Run, entries: list[Json], rest: list[str]) -> str:
    minor = ".".join(run.python.split(".")[:2])
    lines = [
        f"# packages of the run {' '.join(run.name.split())} ({run.id})",
        'lock-version = "1.0"',
    ]
    if minor:
        lines.append(f'requires-python = "=={minor}.*"')
    lines.append(f"created-by = {_toml(_TOOL)}")
    if not entries:
        lines.append("packages = []")
    tool = {"run": run.id, "python": run.python}
    lines += ["", f"[tool.{_TOOL}]", *(f"{key} = {_toml(value)}" for key, value in tool.items())]
    if rest:
        lines += [
            "# Versions only: which files they came from is not known.",
            "unhashed = [",
            *(f"    {_toml(requirement)}," for requirement in rest),
            "]",
        ]
    return "\n".join(lines) + "\n"


def _entry(name: str, version: str, origin: Json | None, known: dict[tuple[str, str], Json]) -> Any:
    """Return what a lock says of a package; None where its files are not known."""
    normal = normal_name(name)
    kind = origin.get("kind") if isinstance(origin, dict) else None
    if origin is None or kind in (None, "index"):
        found = known.get((normal, version))
        return {"name": normal, "version": version, **found} if found else None
    source = _source(str(kind), origin)
    if source is None:
        return None
    # Of a folder the version may be another one tomorrow, so PEP 751 wants none.
    versions = {} if "directory" in source else {"version": version}
    return {"name": normal, **versions, **source}


def _source(kind: str, origin: Json) -> Json | None:
    url = redact_text(str(origin.get("url") or ""))
    path = str(origin.get("path") or "")
    below = {"subdirectory": origin["subdirectory"]} if origin.get("subdirectory") else {}
    if kind == "vcs" and url and origin.get("commit"):
        vcs = str(origin.get("vcs") or "git")
        wanted = {"requested-revision": origin["requested"]} if origin.get("requested") else {}
        place = url.removeprefix(f"{vcs}+")
        return {
            "vcs": {"type": vcs, "url": place, **wanted, "commit-id": origin["commit"], **below}
        }
    if kind == "archive" and url and (hashes := _hashes(origin.get("hash"))):
        return {"archive": {"url": url, "hashes": hashes, **below}}
    if kind in ("editable", "local") and path:
        snapshot = origin.get("snapshot")
        tool = {"tool": {_TOOL: {"snapshot": _ids(snapshot)}}} if _ids(snapshot) else {}
        folder = {"path": path, "editable": kind == "editable", **below}
        return {"directory": folder, **tool}
    return None


def _ids(snapshot: Any) -> Json:
    if not isinstance(snapshot, dict):
        return {}
    return {name: snapshot[name] for name in ("commit", "tree") if snapshot.get(name)}


def _hashes(told: Any) -> dict[str, str]:
    kind, equals, value = str(told or "").replace(":", "=", 1).partition("=")
    return {kind: value} if equals and value else {}


def _locked(run: Run) -> dict[tuple[str, str], Json]:
    """Return what the project's lock files say of each package and version."""
    found: dict[tuple[str, str], Json] = {}
    files = run.part("lock").get("files")
    for lock in files if isinstance(files, list) else []:
        facts = lock if isinstance(lock, dict) else {}
        text = facts.get("text")
        read = {"uv": _from_uv, "pylock": _from_pylock}.get(str(facts.get("format")))
        if not isinstance(text, str) or read is None:
            continue
        try:
            for name, version, entry in read(tomllib.loads(text)):
                found.setdefault((normal_name(name), version), entry)
        except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError):
            continue  # written by hand, or by a tool that was cut short
    return found


def _from_uv(lock: Json) -> list[tuple[str, str, Json]]:
    found = []
    for package in lock.get("package", ()):
        source = package.get("source", {})
        wheels = [_uv_file(file) for file in package.get("wheels", ()) if "url" in file]
        sdist = package.get("sdist")
        entry: Json = {}
        if "registry" in source:
            entry["index"] = source["registry"]
        if isinstance(sdist, dict) and "url" in sdist and "hash" in sdist:
            entry["sdist"] = _uv_file(sdist)
        if wheels:
            entry["wheels"] = wheels
        if "registry" in source and ("sdist" in entry or wheels):
            found.append((package["name"], package["version"], entry))
    return found


def _uv_file(file: Json) -> Json:
    size = {"size": file["size"]} if "size" in file else {}
    return {"url": file["url"], **size, "hashes": _hashes(file["hash"])}


def _from_pylock(lock: Json) -> list[tuple[str, str, Json]]:
    names = ("index", "sdist", "wheels")
    return [
        (package["name"], package["version"], {n: package[n] for n in names if n in package})
        for package in lock.get("packages", ())
        if "version" in package and ("sdist" in package or package.get("wheels"))
    ]


def _package(entry: Json) -> str:
    """Return a package as TOML: what is simple first, then its tables."""
    plain = {k: v for k, v in entry.items() if k not in ("wheels", "tool")}
    lines = ["", "[[packages]]", *(f"{key} = {_toml(value)}" for key, value in plain.items())]
    if entry.get("wheels"):
        wheels = (f"    {_toml(wheel)}," for wheel in entry["wheels"])
        lines += ["wheels = [", *wheels, "]"]
    if "tool" in entry:
        lines.append(f"tool = {_toml(entry['tool'])}")
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    """Return a value as TOML on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {_toml(v)}" for key, v in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(member) for member in value) + "]"
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    # JSON's escapes are TOML's, but for DEL, which JSON leaves as it is.
    text = str(value).encode("utf-8", "replace").decode()
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(key: str) -> str:
    bare = key.replace("-", "").replace("_", "")
    return key if bare.isascii() and bare.isalnum() else _toml(key)

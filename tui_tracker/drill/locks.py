"""Names and versions of packages in a lock file, whoever wrote it.

uv.lock, poetry.lock, pdm.lock    TOML: [[package]] with name and version
pylock.toml                       TOML: [[packages]] with name and version (PEP 751)
Pipfile.lock                      JSON: default.NAME.version = "==1.2"
requirements*.txt                 a line `name==1.2`, with markers and hashes behind it
"""

from __future__ import annotations

import json
import re
import tomllib

LOCKS = ("uv.lock", "pylock.toml", "poetry.lock", "pdm.lock", "Pipfile.lock")
"""In the order in which one speaks for a project."""
_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*===?\s*([^\s;\\,#]+)")


def is_lock(path: str) -> bool:
    """Return whether a path of a project's top is that of a lock file."""
    if "/" in path:
        return False
    pinned = path.startswith("requirements") and path.endswith(".txt")
    return path in LOCKS or pinned or (path.startswith("pylock.") and path.endswith(".toml"))


def read_lock(path: str, text: str) -> dict[str, str]:
    """Return version by name; {} where it is no lock file or pins nothing."""
    name = path.rpartition("/")[2]
    try:
        if name == "Pipfile.lock":
            return _pipfile(json.loads(text))
        if name.endswith((".lock", ".toml")):
            return _toml(tomllib.loads(text))
    except (ValueError, AttributeError, TypeError):
        return {}
    lines = map(_PINNED.match, map(str.strip, text.splitlines()))
    return {match[1]: match[2] for match in lines if match}


def _toml(parsed: dict[str, object]) -> dict[str, str]:
    found = {}
    for key in ("package", "packages"):
        listed = parsed.get(key)
        for entry in listed if isinstance(listed, list) else ():
            # The project itself stands among them, with a path for a source.
            source = entry.get("source") or {}
            ours = isinstance(source, dict) and ({"editable", "virtual"} & source.keys())
            if not ours and entry.get("name") and entry.get("version"):
                found[str(entry["name"])] = str(entry["version"])
    return found


def _pipfile(parsed: dict[str, dict[str, dict[str, str]]]) -> dict[str, str]:
    told = parsed.get("default", {})
    return {n: e["version"].lstrip("=") for n, e in told.items() if e.get("version")}

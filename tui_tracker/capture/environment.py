"""The Python build, the system, and the packages, as the training's interpreter sees them.

Nothing here differs between two runs of one environment, so that all of them share one
record of it.
"""

from __future__ import annotations

import os
import platform
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path

from tui_tracker.capture import locks, packages
from tui_tracker.capture.process import private_path


def capture_environment(
    start: str, search: Sequence[str], snapshot: packages.Snapshot | None = None
) -> tuple[dict[str, object], str]:
    """Return the facts, and why they are not complete ("" where they are).

    `start` is the training's folder, `search` the path that it imports from, `snapshot`
    keeps the state of a package that is installed in place.
    """
    facts: dict[str, object] = {"python": python_facts(), "system": system_facts()}
    found, problems = packages.list_packages(search, snapshot)
    facts |= found
    known = [{key: lock[key] for key in lock if key != "text"} for lock in locks.find_locks(start)]
    if known:
        facts["lock"] = known[0]
    if len(known) > 1:
        facts["locks"] = known
    more = f" and {len(problems) - 5} more" if len(problems) > 5 else ""
    return facts, f"{', '.join(problems[:5])}{more}"


def capture_locks(start: str) -> dict[str, object]:
    """Return the texts of the project's lock files, a part of its own: few runs change it."""
    return {"files": locks.find_locks(start)}


def python_facts() -> dict[str, object]:
    """Return which Python this is, how it was built, and what kind of place it lives in."""
    base = _base_kind(sys.base_prefix)
    facts: dict[str, object] = {
        "version": platform.python_version(),
        "implementation": platform.python_implementation(),
        "build": " ".join(platform.python_build()),
        "compiler": platform.python_compiler(),
        "abi": sysconfig.get_config_var("SOABI") or f"{sys.implementation.cache_tag}{sys.abiflags}",
        "kind": python_kind(sys.prefix, sys.base_prefix, sys.executable),
        "prefix": private_path(sys.prefix),
    }
    if sys.prefix != sys.base_prefix:
        facts |= {"base": base, "base_prefix": private_path(sys.base_prefix)}
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        facts["free_threaded"] = True
    return facts


def python_kind(prefix: str, base_prefix: str, executable: str) -> str:
    """Return uv, venv, virtualenv, conda, pyenv, system or embedded."""
    if os.path.isdir(os.path.join(prefix, "conda-meta")):
        return "conda"
    settings = _read_settings(os.path.join(prefix, "pyvenv.cfg"), "=")
    if settings or prefix != base_prefix:
        made_by = (name for name in ("uv", "virtualenv") if name in settings)
        return next(made_by, "venv")
    if not os.path.basename(executable).lower().startswith(("python", "pypy")):
        return "embedded"
    return _base_kind(base_prefix)


def system_facts(root: str = "/") -> dict[str, object]:
    """Return name, release, version, distribution, C library and kernel."""
    system = platform.uname()
    facts: dict[str, object] = {
        "name": system.system,
        "release": system.release,
        "version": system.version,
        "kernel": f"{system.system} {system.release}",
        "machine": system.machine,
    }
    distro = _read_settings(os.path.join(root, "etc/os-release"), "=")
    if name := distro.get("PRETTY_NAME") or distro.get("NAME"):
        facts["distro"] = name
    if system.system == "Darwin":
        facts["distro"] = f"macOS {platform.mac_ver()[0]}"
    if libc := " ".join(part for part in platform.libc_ver() if part) or _musl(root):
        facts["libc"] = libc
    return facts


def _base_kind(base_prefix: str) -> str:
    parts = Path(base_prefix).parts
    if ".pyenv" in parts or base_prefix.startswith(os.environ.get("PYENV_ROOT") or "\0"):
        return "pyenv"
    if os.path.isdir(os.path.join(base_prefix, "conda-meta")):
        return "conda"
    # Where uv keeps the builds that it fetched.
    return "uv" if "/uv/python/" in Path(base_prefix).as_posix() + "/" else "system"


def _musl(root: str) -> str:
    found = sorted(Path(root, "lib").glob("ld-musl-*"))
    return "musl" if found else ""


def _read_settings(path: str, sign: str) -> Mapping[str, str]:
    try:
        text = Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    pairs = (line.partition(sign) for line in text.splitlines())
    return {name.strip(): value.strip().strip('"') for name, found, value in pairs if found}

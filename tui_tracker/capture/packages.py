"""Every installed distribution, and where each one came from.

Read from the files that installers leave: no `pip freeze`, no `conda list`, which take
seconds. Of two distributions of one name the first one on the path is imported, so the
others are only noted.

Sources: PEP 376 (INSTALLER), PEP 610 (direct_url.json), PEP 660 and setuptools
(`__editable__*.pth`), setuptools' develop mode (`.egg-link`), conda (conda-meta/*.json).
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tui_tracker.capture.limits import time_limit
from tui_tracker.capture.process import private_path
from tui_tracker.capture.redaction import redact_text

_SNAPSHOTS_S = 5.0
"""What the snapshots of all packages in place may take together."""

Snapshot = Callable[[str], dict[str, object] | None]
"""Keeps a folder's state; None where that is not possible."""


def list_packages(
    search: Sequence[str], snapshot: Snapshot | None = None
) -> tuple[dict[str, object], list[str]]:
    """Return `packages`, `origins`, `installers`, `shadowed` and `conda`, and what was unreadable.

    `search` is the path that the training imports from.
    """
    found = _Found(_legacy_editables(search))
    for distribution in metadata.distributions(path=list(search)):
        found.add(distribution)
    found.take_snapshots(snapshot)
    facts = found.facts
    if conda := list_conda(sys.prefix):
        facts["conda"] = conda
    return facts, found.problems


class _Found:
    """Distributions in the order of the path: the first one of a name is the one imported."""

    def __init__(self, legacy: dict[str, str]) -> None:
        self._legacy = legacy
        self._versions: dict[str, str] = {}
        self._origins: dict[str, dict[str, object]] = {}
        self._installers: dict[str, int] = {}
        self._shadowed: list[dict[str, str]] = []
        self._places: dict[str, str] = {}
        self.problems: list[str] = []

    def add(self, distribution: metadata.Distribution) -> None:
        place = str(getattr(distribution, "_path", ""))
        try:
            name, version = _read_head(distribution)
        except Exception as error:  # noqa: BLE001  a broken folder is one package less
            self.problems.append(f"unreadable: {os.path.basename(place)} ({type(error).__name__})")
            return
        real = os.path.realpath(place)
        if self._places.setdefault(_normal(name), real) != real:
            self._shadowed.append({"name": name, "version": version, "path": private_path(place)})
        elif name not in self._versions:
            self._versions[name] = version
            self._add_origin(name, distribution)

    def _add_origin(self, name: str, distribution: metadata.Distribution) -> None:
        installer = (distribution.read_text("INSTALLER") or "").strip() or "unknown"
        self._installers[installer] = self._installers.get(installer, 0) + 1
        origin = _origin(distribution, self._legacy.get(_normal(name), ""))
        if not origin and installer == "conda":
            origin = {"kind": "conda"}
        if origin:
            self._origins[name] = origin

    def take_snapshots(self, snapshot: Snapshot | None) -> None:
        """Keep the states of packages in place, and write their paths as they are recorded."""
        deadline = time.monotonic() + _SNAPSHOTS_S
        for name, origin in self._origins.items():
            if origin["kind"] not in ("editable", "local"):
                continue
            path = str(origin["path"])
            if snapshot is not None:
                try:
                    with time_limit(max(0.1, deadline - time.monotonic())):
                        kept = snapshot(path)
                except Exception as error:  # noqa: BLE001  the list of packages is worth more
                    self.problems.append(f"no snapshot of {name} ({type(error).__name__})")
                else:
                    origin |= {"snapshot": kept} if kept else {}
            origin["path"] = private_path(path)

    @property
    def facts(self) -> dict[str, object]:
        versions = sorted(self._versions.items(), key=lambda item: item[0].lower())
        facts: dict[str, object] = {
            "packages": dict(versions),
            "origins": dict(sorted(self._origins.items())),
            "installers": dict(sorted(self._installers.items())),
        }
        if self._shadowed:
            order = sorted(self._shadowed, key=lambda entry: (entry["name"], entry["path"]))
            facts["shadowed"] = order
        return facts


def list_conda(prefix: str) -> dict[str, dict[str, str]]:
    """Return conda's own packages by name, with what is needed to install the same ones."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(Path(prefix, "conda-meta").glob("*.json")):
        try:
            facts = json.loads(path.read_text(encoding="utf-8"))
            entry = {
                key: str(facts[key]) for key in ("version", "build", "url", "md5") if key in facts
            }
            found[str(facts["name"])] = entry
        except (OSError, ValueError, KeyError, TypeError):
            continue  # half-written by an installation that is under way
        if "url" in entry:
            entry["url"] = _without_token(entry["url"])
    return found


def _read_head(distribution: metadata.Distribution) -> tuple[str, str]:
    """Return name and version; the parser of e-mails would take ten times as long.

    Raises:
        ValueError: one of them is missing.
    """
    text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if not line:
            break
        field, colon, value = line.partition(":")
        if colon and field in ("Name", "Version"):
            found.setdefault(field, value.strip())
        if len(found) == 2:
            return found["Name"], found["Version"]
    if not text:
        # An egg-info that is a file, or one that only its name tells about.
        return str(distribution.metadata["Name"]), str(distribution.version)
    raise ValueError("no name or no version")


def _origin(distribution: metadata.Distribution, editable: str) -> dict[str, object]:
    """Return where a distribution came from; {} for one that is plainly from an index."""
    try:
        said = json.loads(distribution.read_text("direct_url.json") or "{}")
    except ValueError:
        said = {}
    url = str(said.get("url", "")) if isinstance(said, dict) else ""
    if url:
        return _direct(url, said)
    return {"kind": "editable", "path": editable} if editable else {}


def _direct(url: str, said: dict[str, object]) -> dict[str, object]:
    """Return what PEP 610's file tells, without user names and passwords."""
    shown = redact_text(url)
    origin: dict[str, object] = {"kind": "archive", "url": shown}
    if isinstance(vcs := said.get("vcs_info"), dict):
        origin |= {"kind": "vcs", "vcs": vcs.get("vcs"), "commit": vcs.get("commit_id")}
        origin["requested"] = vcs.get("requested_revision")
    elif isinstance(folder := said.get("dir_info"), dict):
        kind = "editable" if folder.get("editable") else "local"
        origin = {"kind": kind, "path": unquote(urlsplit(url).path)}
    elif isinstance(archive := said.get("archive_info"), dict):
        hashes = archive.get("hashes")
        plain = hashes.get("sha256") if isinstance(hashes, dict) else None
        origin["hash"] = f"sha256={plain}" if plain else archive.get("hash")
        if url.startswith("file:"):
            origin["url"] = private_path(shown)
    origin["subdirectory"] = said.get("subdirectory")
    return {key: value for key, value in origin.items() if value}


def _legacy_editables(search: Sequence[str]) -> dict[str, str]:
    """Return the folders of packages that older tools installed in place, by name."""
    found: dict[str, str] = {}
    for folder in search:
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue  # a zip file, or a folder that is not there
        for name in names:
            stem, dot, ending = name.rpartition(".")
            if dot and ending == "egg-link":
                found[_normal(stem)] = _first_path(folder, name)
            elif ending == "pth" and stem.startswith("__editable__."):
                project = stem.removeprefix("__editable__.").rsplit("-", 1)[0]
                found.setdefault(_normal(project), _first_path(folder, name))
    return {name: path for name, path in found.items() if path}


def _first_path(folder: str, name: str) -> str:
    try:
        text = Path(folder, name).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    lines = [line.strip() for line in text.splitlines()]
    # A finder is imported by the line; only a folder says where the source lies.
    return next((line for line in lines if os.path.isabs(line)), "")


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _without_token(url: str) -> str:
    """Return a channel's address without the access token that stands in its path."""
    head, found, rest = url.partition("/t/")
    return redact_text(f"{head}/{rest.partition('/')[2]}" if found else url)

"""From a recorded list of packages to what an installer is asked for."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tui_tracker.reproduce.packages import INSTALLERS, TOOLS, normal
from tui_tracker.reproduce.record import Environment, Facts, word


@dataclass(frozen=True, slots=True)
class Requirement:
    """One package as it is asked for."""

    name: str
    """Normalised."""
    version: str
    url: str | None = None
    """Of a repository at a commit, or of an archive."""
    snapshot: str | None = None
    """Of its source in the store, where it was installed from a folder."""
    path: str | None = None
    """Where that folder was."""
    optional: bool = False
    """What a run may do without."""
    note: str = ""
    """What is put in the place of what was recorded; "" where nothing is."""
    loosened: int = 0
    """How far from the recorded version may be gone: the same minor, the same major, any."""

    @property
    def line(self) -> str:
        """What stands in the file of requirements; sources have their own line."""
        if self.url is not None:
            return f"{self.name} @ {self.url}"
        parts = re.split(r"[.+!-]", self.version)
        if self.loosened == 1 and len(parts) > 2:
            return f"{self.name}=={parts[0]}.{parts[1]}.*"
        if self.loosened in (1, 2) and len(parts) > 1:
            return f"{self.name}=={parts[0]}.*"
        return self.name if self.loosened else f"{self.name}=={self.version}"

    def loosen(self) -> Requirement:
        return replace(self, loosened=self.loosened + 1)


def list_requirements(environment: Environment) -> list[Requirement]:
    """Return what to install, by name; installers and this package are left out."""
    origins = {normal(name): origin for name, origin in environment.origins.items()}
    return [
        _requirement(normal(name), version, origins.get(normal(name), {}))
        for name, version in sorted(environment.packages.items(), key=lambda p: normal(p[0]))
        if normal(name) not in INSTALLERS
    ]


def _requirement(name: str, version: str, origin: Facts) -> Requirement:
    kind, url = word(origin.get("kind")) or "index", word(origin.get("url"))
    plain = Requirement(name, version, optional=name in TOOLS)
    if kind == "vcs" and url:
        return replace(plain, url=_repository(url, origin))
    if kind == "archive" and url:
        return _archive(plain, url)
    if kind in ("editable", "local"):
        snapshot = snapshot_of(origin)
        note = "" if snapshot else f"{name} was installed from a folder that was not kept"
        return replace(plain, snapshot=snapshot, path=word(origin.get("path")), note=note)
    if kind == "conda":
        return replace(plain, note=f"{name} {version} from the index for the one of conda")
    return plain


def _repository(url: str, origin: Facts) -> str:
    """Return a repository's address at its commit.

    Source: PEP 508 and pip's VCS support (`git+URL@COMMIT#subdirectory=...`).
    """
    vcs = word(origin.get("vcs")) or "git"
    address = url if url.startswith(f"{vcs}+") else f"{vcs}+{url}"
    commit, below = word(origin.get("commit")), word(origin.get("subdirectory"))
    return address + (f"@{commit}" if commit else "") + (f"#subdirectory={below}" if below else "")


def _archive(plain: Requirement, url: str) -> Requirement:
    """Return a requirement of an archive; one on this disk may have gone since."""
    if not url.startswith("file:"):
        return replace(plain, url=url)
    path = os.path.expanduser(unquote(urlsplit(url).path))
    if os.path.exists(path):
        return replace(plain, url=Path(path).as_uri())
    return replace(plain, note=f"{plain.name} {plain.version} from the index for {path}")


def snapshot_of(origin: Facts) -> str | None:
    """Return the commit of a folder's snapshot, however it was noted down."""
    kept = origin.get("snapshot")
    return word(kept.get("commit")) if isinstance(kept, Mapping) else word(kept)

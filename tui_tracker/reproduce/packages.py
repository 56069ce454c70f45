"""Packages of an interpreter, and how they differ from those that were recorded."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from tui_tracker.reproduce.record import Environment, Facts, mapping, word

OURSELVES = "tui-tracker"
INSTALLERS = frozenset({"pip", "uv", "wheel", "distribute", OURSELVES})
"""What a run does not compute with: never a difference."""
TOOLS = frozenset({"setuptools"})
"""Comes with an interpreter; a difference is told and stops nothing."""
_PROBE_S = 60.0

_PROBE = """
import json, platform, sys
sys.path = [place for place in sys.path if place]
from importlib import metadata
packages, origins = {}, {}
for found in metadata.distributions():
    name = found.metadata["Name"]
    if name and name not in packages:
        packages[name] = found.version
        text = found.read_text("direct_url.json")
        if text:
            origins[name] = json.loads(text)
print(json.dumps({
    "version": platform.python_version(),
    "implementation": platform.python_implementation(),
    "packages": packages,
    "origins": origins,
}))
"""


@dataclass(frozen=True, slots=True)
class Installed:
    """What one interpreter has."""

    executable: str
    python: str
    implementation: str
    packages: Mapping[str, str]
    """Version by normalised name."""
    commits: Mapping[str, str]
    """Of those that come from a repository."""
    editable: frozenset[str]


@dataclass(frozen=True, slots=True)
class Difference:
    """A package, or `python`, that is not as it was recorded."""

    name: str
    wanted: str | None
    found: str | None

    def __str__(self) -> str:
        if self.found is None:
            return f"{self.name} {self.wanted} is missing"
        if self.wanted is None:
            return f"{self.name} {self.found} was not there"
        return f"{self.name} {self.found} instead of {self.wanted}"


def normal(name: str) -> str:
    """Return a package's name as indexes compare it.

    Source: PEP 503.
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def probe(executable: str) -> Installed | None:
    """Return what an interpreter has; None where it cannot be run."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    try:
        done = subprocess.run(
            [executable, "-c", _PROBE],
            capture_output=True,
            timeout=_PROBE_S,
            env=environment,
            stdin=subprocess.DEVNULL,
            check=True,
        )
        found = mapping(json.loads(done.stdout))
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    origins = {normal(name): mapping(o) for name, o in mapping(found.get("origins")).items()}
    commits = {n: word(mapping(o.get("vcs_info")).get("commit_id")) for n, o in origins.items()}
    return Installed(
        executable=executable,
        python=str(found.get("version")),
        implementation=str(found.get("implementation")),
        packages=_normal_keys(cast("Mapping[str, str]", found.get("packages") or {})),
        commits={name: commit for name, commit in commits.items() if commit},
        editable=frozenset(
            name for name, o in origins.items() if mapping(o.get("dir_info")).get("editable")
        ),
    )


def compare(
    recorded: Environment, found: Installed, *, aside: Sequence[str] = ()
) -> list[Difference]:
    """Return what differs, by name; installers, this package and `aside` are left out."""
    wanted = _normal_keys(recorded.packages)
    left_out = INSTALLERS | {normal(name) for name in aside}
    differences = []
    if recorded.python is not None and found.python != recorded.python:
        differences.append(Difference("python", recorded.python, found.python))
    for name in sorted((wanted.keys() | found.packages.keys()) - left_out):
        one, other = wanted.get(name), found.packages.get(name)
        if one != other:
            differences.append(Difference(name, one, other))
    for name, origin in recorded.origins.items():
        commit, key = word(origin.get("commit")), normal(name)
        if commit and key in found.packages and found.commits.get(key, "") != commit:
            differences.append(Difference(key, f"at {commit:.12}", found.commits.get(key, "")[:12]))
    return differences


def telling(differences: Sequence[Difference]) -> list[Difference]:
    """Return the differences that may change a result: not what comes with an interpreter."""
    return [d for d in differences if d.name not in TOOLS]


def short(differences: Sequence[Difference], most: int = 3) -> str:
    """Return the first differences in words."""
    shown = "; ".join(str(difference) for difference in differences[:most])
    more = len(differences) - most
    return shown + (f"; and {more} more" if more > 0 else "")


def _normal_keys(packages: Mapping[str, str] | Facts) -> dict[str, str]:
    return {normal(str(name)): str(version) for name, version in packages.items()}

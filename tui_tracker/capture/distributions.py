"""The installed distributions that a process imported, with their versions.

`importlib.metadata.packages_distributions` reads the file list of every distribution: a
quarter of a second for a hundred. Here the folders' names are read, and for a module that
is called otherwise than its distribution, the lists of those that are left.
"""

from __future__ import annotations

import os
import sys
import time

from tui_tracker.capture.modules import INSTALLED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_LIMIT_S = 0.04
"""Of processor time, so that the answer does not depend on who else uses the machine."""
_LONGEST_S = 0.5
"""Of wall time: a slow file system is not waited for."""
_NOBODYS = frozenset(("__main__", "__mp_main__", "_distutils_hack"))
"""The last is a hook of setuptools that each start of Python loads."""
_HEAD = 1 << 14
_LIST = 1 << 14
"""Of a distribution's list of files so much is read: its modules come first or soon."""


class _Installed:
    """One distribution, as the name of its metadata folder tells."""

    __slots__ = ("folder", "stem", "version")

    def __init__(self, folder: str, stem: str, version: str) -> None:
        self.folder, self.stem, self.version = folder, stem, version


_found: list[tuple[object, dict[str, str]]] = []
"""What was looked at last, and what it gave: a sweep asks once a run."""


def list_imported() -> tuple[dict[str, str], bool]:
    """Return {name: version} of the distributions in use, and whether all were found.

    A module that belongs to none (the user's own, or a file on the path) is no gap.
    """
    state = (len(sys.modules), tuple(sys.path))
    if _found and _found[0][0] == state:
        return dict(_found[0][1]), True
    found, complete = _look()
    if complete:
        _found[:] = [(state, found)]
    return dict(found), complete


def _look() -> tuple[dict[str, str], bool]:
    until, latest = time.thread_time() + _LIMIT_S, time.monotonic() + _LONGEST_S
    names, installed_names = _imported_names()
    installed = list(_list_installed())
    used = [one for one in installed if one.stem in names]
    wanted = installed_names - {one.stem for one in used}
    rest = [one for one in installed if one not in used]
    # Most are called alike (python-dateutil), so few lists are read.
    rest.sort(key=lambda one: not any(name.strip("_") in one.stem for name in wanted))
    late = False
    for one in rest:
        late = time.thread_time() > until or time.monotonic() > latest
        if not wanted or late:
            break
        if mine := wanted & _modules_of(one):
            used.append(one)
            wanted -= mine
    return dict(sorted(_told(one) for one in used)), not (wanted and late)


def _imported_names() -> tuple[set[str], set[str]]:
    """Return the top-level names that were imported, and those of them from site-packages.

    What lies elsewhere may be an editable install, which is called like its module.
    """
    names: set[str] = set()
    installed: set[str] = set()
    for name, module in list(sys.modules.items()):
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names or top in _NOBODYS:
            continue
        names.add(_plain(top))
        if top == name and any(word in _file_of(module) for word in INSTALLED):
            installed.add(_plain(top))
    return names, installed


def _file_of(module: object) -> str:
    try:
        known = object.__getattribute__(module, "__dict__")
        path = known.get("__file__") or next(iter(known.get("__path__") or ()), "")
    except Exception:  # noqa: BLE001  anything may stand in sys.modules
        return ""
    return path if isinstance(path, str) else ""


def _plain(name: str) -> str:
    return name.lower().replace("-", "_").replace(".", "_")


def _list_installed() -> Iterator[_Installed]:
    seen: set[str] = set()
    for place in dict.fromkeys(sys.path):
        try:
            names = os.listdir(place or os.curdir)
        except OSError:
            continue  # a zip file, or nothing
        for name in sorted(names):
            stem, ending = os.path.splitext(name)
            if ending in (".dist-info", ".egg-info"):
                label, _, version = stem.partition("-")
                # The first on the path is the one that is imported.
                if _plain(label) not in seen:
                    seen.add(_plain(label))
                    folder = os.path.join(place, name)
                    yield _Installed(folder, _plain(label), version.partition("-py")[0])


def _modules_of(one: _Installed) -> set[str]:
    text = _read(os.path.join(one.folder, "top_level.txt"), _HEAD)
    if text:
        return {_plain(line.partition("/")[0]) for line in text.split()}
    found = set()
    for line in _read(os.path.join(one.folder, "RECORD"), _LIST).splitlines():
        first, below, _ = line.partition(",")[0].partition("/")
        if below or first.endswith((".py", ".so", ".pyd")):
            found.add(_plain(first.partition(".")[0]))
    return found


def _told(one: _Installed) -> tuple[str, str]:
    """Return name and version as the distribution's own metadata spells them."""
    name, version = one.stem, one.version
    file = "METADATA" if one.folder.endswith(".dist-info") else "PKG-INFO"
    place = os.path.join(one.folder, file) if os.path.isdir(one.folder) else one.folder
    for line in _read(place, _HEAD).splitlines():
        if line.startswith("Name: "):
            name = line[6:].strip()
        elif line.startswith("Version: "):
            version = line[9:].strip()
        elif not line:
            break
    return name, version


def _read(path: str, size: int) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(size)
    except OSError:
        return ""

"""Which file a run was started from, as its command line and its modules tell."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

_TAKE_A_VALUE = ("-X", "-W", "--check-hash-based-pycs")


@dataclass(frozen=True, slots=True)
class Entry:
    """What Python was told to run."""

    kind: Literal["script", "module", "notebook", "repl", "stdin"]
    path: str | None = None
    """Absolute; None where there is no file, or it is not known."""

    def facts(self, top: str) -> dict[str, object]:
        """Return the entry for the record, its path relative to `top` where it lies below."""
        facts: dict[str, object] = {"kind": self.kind}
        if self.path:
            facts["path"] = relative(self.path, top) or shorten_home(self.path)
            try:
                with open(self.path, "rb") as file:
                    facts["sha256"] = hashlib.file_digest(file, "sha256").hexdigest()
            except OSError:
                pass  # it was there when the run began
        return facts


def find_entry(
    start: str, top: str, process: Mapping[str, object], modules: Sequence[object]
) -> Entry:
    """Return the entry of a process that was started in the folder `start`.

    Paths of `modules` are relative to `top`.
    """
    if process.get("script") == "notebook":
        return Entry("notebook", _existing(start, os.environ.get("JPY_SESSION_NAME", "")))
    argv = process.get("argv")
    words = [str(word) for word in argv] if isinstance(argv, list) else []
    kind, name = _parse(words[1:])
    if kind == "module":
        return Entry("module", _main_module(top, modules) or _module_file(start, name))
    if kind == "script":
        return Entry("script", _existing(start, name) or _main_module(top, modules))
    return Entry(kind)


def _parse(
    arguments: Sequence[str],
) -> tuple[Literal["script", "module", "repl", "stdin"], str]:
    """Return the kind of entry in Python's own arguments, and the script or module named."""
    rest = iter(arguments)
    for word in rest:
        if word in _TAKE_A_VALUE:
            next(rest, None)
        elif word == "-" or word.startswith("-c"):
            return "stdin", ""
        elif word.startswith("-m"):
            return "module", word[2:] or next(rest, "")
        elif not word.startswith("-"):
            return "script", word
        elif word[-1] in "mc" and not word.startswith("--"):
            # Flags may stand together: `-um package`.
            return ("module", next(rest, "")) if word[-1] == "m" else ("stdin", "")
    return "repl", ""


def _module_file(start: str, name: str) -> str | None:
    path = name.replace(".", os.sep)
    return _existing(start, f"{path}.py") or _existing(start, os.path.join(path, "__main__.py"))


def _main_module(top: str, modules: Sequence[object]) -> str | None:
    for module in modules:
        if isinstance(module, dict) and module.get("name") == "__main__":
            return _existing(top, str(module.get("path") or ""))
    return None


def _existing(start: str, name: str) -> str | None:
    path = os.path.join(start, os.path.expanduser(name))
    # A folder or an archive can be run as well; the first has a `__main__.py`.
    if name and os.path.isdir(path):
        path = os.path.join(path, "__main__.py")
    return os.path.normpath(path) if name and os.path.isfile(path) else None


def relative(path: str, top: str) -> str | None:
    """Return a path relative to `top`; None where it lies elsewhere."""
    real, real_top = os.path.realpath(path), os.path.realpath(top)
    if real.startswith(os.path.join(real_top, "")):
        return os.path.relpath(real, real_top)
    return None


def shorten_home(path: str) -> str:
    """Return a path with `~` for the user's own folder."""
    home = os.path.expanduser("~")
    return "~" + path[len(home) :] if path.startswith(home + os.sep) else path

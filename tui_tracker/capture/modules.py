"""The user's own modules that a process imported, by the content of their files.

Local is what lies neither in the standard library nor in site-packages: it is no part of
an installed distribution, so only its content says what ran. Files are told by their
path below the work tree's top, others by their whole path, with `~` for the home folder.

At the start as many files are hashed as a moment allows, the rest by the first tick; at
the end those that look different are hashed again. A module is looked at through its
own `__dict__`, because asking a lazy module for anything else would import it.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

_MOST = 2000
_AT_ONCE_BYTES = 2 << 20
_AT_ONCE_S = 0.0003
"""What `init` may spend on hashes."""
_CHUNK = 1 << 18
_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
"""A pipe in place of a file is not waited for."""
_SOURCES = (".py", ".pyx", ".c", ".cpp", ".cc", ".cu", ".rs")
INSTALLED = ("site-packages", "dist-packages")
_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_NO_MARK = (0, 0, 0, 0)
_ITSELF = object.__getattribute__


def new_sha256() -> Any:
    """Return a new SHA-256, without OpenSSL unless somebody loaded it: that takes 4 ms."""
    loaded = sys.modules.get("hashlib")
    if loaded is not None and hasattr(loaded, "sha256"):
        return loaded.sha256()
    for name in ("_sha256", "_sha2"):  # up to Python 3.11, and since
        try:
            return __import__(name).sha256()
        except ImportError:
            continue
    import hashlib

    return hashlib.sha256()


class _File:
    """One source file as it was first seen."""

    __slots__ = ("edited", "mark", "name", "path", "problem", "sha256", "shown")

    def __init__(self, name: str, path: str, shown: str) -> None:
        self.name, self.path, self.shown = name, path, shown
        self.sha256 = self.problem = ""
        self.mark = _NO_MARK
        """How the file looked when it was hashed."""
        self.edited: bool | None = None
        """Whether it was edited after Python had read it, None where nobody looked yet."""


class Modules:
    """The local modules of this process, from the start of a run to its end."""

    def __init__(self, top: str | None) -> None:
        self._top = os.path.join(top, "") if top else ""
        self._foreign = _foreign()
        self._files: dict[str, _File] = {}
        self._seen: set[str] = set()
        self._left_out = 0
        self._entry: dict[str, object] = {}

    def begin(self) -> dict[str, object]:
        """Return the facts of what is imported by now."""
        self._entry = self._find_entry()
        self._find()
        deadline = time.perf_counter() + _AT_ONCE_S
        left = _AT_ONCE_BYTES
        for file in self._unhashed():
            if left < 0 or time.perf_counter() > deadline:
                break
            _hash(file)
            left -= file.mark[1]
        return self.facts()

    def catch_up(self, breathe: Callable[[], None]) -> bool:
        """Do what the start had no time for; return whether that brought anything new."""
        found = False
        for file in self._unhashed():
            found = True
            _hash(file)
            breathe()
        self._look_for_edits()
        return found or any(file.edited for file in self._files.values())

    def end(self) -> dict[str, object]:
        """Return the facts of all modules imported until now, and which files changed."""
        before = list(self._files.values())
        if self._entry.get("kind") == "stdin":
            # `tt run` looked before `python -m` had found its module.
            self._entry = self._find_entry()
        self._find()
        for file in self._unhashed():
            _hash(file)
        self._look_for_edits()
        changed = {file.shown for file in before if _is_changed(file)}
        return {**self.facts(), "changed": sorted(changed | self._edited())}

    def facts(self) -> dict[str, object]:
        facts: dict[str, object] = {"modules": [_facts(f) for f in self._files.values()]}
        if self._left_out:
            facts["left_out"] = self._left_out
        if edited := self._edited():
            facts["changed"] = sorted(edited)
        return {**facts, "entry": self._entry}

    def doubts(self) -> str:
        """Return what the facts do not tell, "" where they tell all."""
        unread = sum(1 for file in self._files.values() if file.problem)
        words = [
            f"{unread} files cannot be read" if unread else "",
            f"more than {_MOST} modules" if self._left_out else "",
        ]
        return ", ".join(word for word in words if word)

    def _edited(self) -> set[str]:
        return {file.shown for file in self._files.values() if file.edited}

    def _look_for_edits(self) -> None:
        from tui_tracker.capture import edited

        began = edited.process_start()
        for file in list(self._files.values()):
            if file.edited is None and began is not None and file.sha256:
                _, size, mtime_ns, _ = file.mark
                file.edited = edited.is_edited(file.name, mtime_ns, size, began)

    def _unhashed(self) -> Iterator[_File]:
        return (f for f in list(self._files.values()) if not f.sha256 and not f.problem)

    def _find(self) -> None:
        """Take in the local modules that were imported since the last look."""
        foreign, seen = self._foreign, self._seen
        # With torch there are thousands, of which most are sorted out by the first tests.
        for name, module in list(sys.modules.items()):
            try:
                known = _ITSELF(module, "__dict__")
                path = known.get("__file__")
                if path is None or path in seen or path.startswith(foreign):
                    continue
            except (AttributeError, TypeError):
                continue  # anything may stand in sys.modules
            seen.add(path)
            if not any(word in path for word in INSTALLED):
                archive = getattr(known.get("__loader__"), "archive", None)
                self._take(name, archive if type(archive) is str else path)

    def _take(self, name: str, path: str) -> None:
        for source in _sources(path):
            if len(self._files) >= _MOST:
                self._left_out += 1
            elif source not in self._files:
                self._files[source] = _File(name, source, self.show(source))

    def show(self, path: str) -> str:
        """Return a path as it is recorded."""
        if self._top:
            if not path.startswith(self._top):
                # The folder may have been reached by a link.
                real = os.path.realpath(path)
                path = real if real.startswith(self._top) else path
            if path.startswith(self._top):
                return path[len(self._top) :].replace(os.sep, "/")
        home = os.path.expanduser("~")
        return "~" + path[len(home) :] if path.startswith(os.path.join(home, "")) else path

    def _find_entry(self) -> dict[str, object]:
        """Return what was started: a script, a module, a notebook, a prompt or a text."""
        main: dict[str, Any] = vars(sys.modules["__main__"]) if "__main__" in sys.modules else {}
        if "ipykernel" in sys.modules:
            from tui_tracker.capture import notebook_path

            if notebook_path.find_shell() is not None:
                notebook = notebook_path.find()
                return {"kind": "notebook", **(self._told(notebook) if notebook else {})}
        path, spec = main.get("__file__") or _started(), main.get("__spec__")
        if type(path) is str and os.path.exists(path):
            if spec is not None and spec.name != "__main__":
                module = str(spec.name).removesuffix(".__main__")
                return {"kind": "module", "module": module, **self._told(path)}
            return {"kind": "script", **self._told(path)}
        if hasattr(sys, "ps1") or sys.flags.interactive:
            return {"kind": "repl"}
        return {"kind": "stdin", **_command()}

    def _told(self, path: str) -> dict[str, object]:
        full = os.path.abspath(path)
        file = _File("__main__", full, self.show(full))
        _hash(file)
        return {"path": file.shown, "sha256": file.sha256} if file.sha256 else {"path": file.shown}


def _facts(file: _File) -> dict[str, object]:
    facts: dict[str, object] = {"name": file.name, "path": file.shown}
    if file.sha256:
        facts["sha256"] = file.sha256
    if file.problem:
        facts["problem"] = file.problem
    return facts


def _started() -> str | None:
    """Return the script that is still to be loaded, or ended: it has no `__file__` then."""
    word = sys.argv[0] if sys.argv else ""
    return word if word not in ("", "-", "-c", "-m") and os.path.isfile(word) else None


def _command() -> dict[str, object]:
    """Return the hash of the text of `python -c`, {} for one that came by standard input."""
    argv = getattr(sys, "orig_argv", [])
    if sys.argv[:1] != ["-c"] or "-c" not in argv:
        return {}
    digest = new_sha256()
    digest.update(argv[argv.index("-c") + 1].encode("utf-8", "surrogateescape"))
    return {"sha256": digest.hexdigest(), "option": "-c"}


def _foreign() -> tuple[str, ...]:
    """Return the beginnings of paths that hold nothing of the user's."""
    installed = [path for path in sys.path if path.endswith(INSTALLED)]
    library = os.path.dirname(os.path.abspath(os.__file__))
    # A lone folder of a virtual environment may be the project itself, so not the prefix.
    places = {library, os.path.realpath(library), os.path.join(library, "lib-dynload")}
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    for prefix in {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}:
        places |= {os.path.join(prefix, lib, version) for lib in ("lib", "lib64")}
        if prefix != sys.base_prefix:
            places |= {os.path.join(prefix, name) for name in ("bin", "Scripts")}
    return (*(os.path.join(place, "") for place in [*installed, *sorted(places)]), _OURS)


def _sources(path: str) -> list[str]:
    """Return the files that tell what a module is: its own, and its source beside it."""
    if path[:1] != os.sep:
        path = os.path.abspath(path)
    if path.endswith(".py"):
        return [path]
    stem, suffix = os.path.splitext(path)
    # Compiled: `name.cpython-311-x86_64-linux-gnu.so`, or `name.pyc` on its own.
    stem = os.path.join(os.path.dirname(stem), os.path.basename(stem).partition(".")[0])
    beside = [stem + ending for ending in _SOURCES if os.path.exists(stem + ending)]
    return beside if suffix == ".pyc" and beside else [path, *beside]


def _mark(facts: os.stat_result) -> tuple[int, int, int, int]:
    """Return what tells a file that was touched from one that was not."""
    return facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns


def _hash(file: _File) -> None:
    try:
        file.sha256, file.mark = _read(file.path)
    except OSError as error:
        file.problem = error.strerror or str(error)


def _read(path: str) -> tuple[str, tuple[int, int, int, int]]:
    """Return a file's SHA-256, and how it looked."""
    digest = new_sha256()
    # Not `open`: a fifth of the time, and no wrapper of somebody's own in between.
    descriptor = os.open(path, _FLAGS)
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        while data := os.read(descriptor, _CHUNK):
            digest.update(data)
    finally:
        os.close(descriptor)
    return digest.hexdigest(), _mark(facts)


def _is_changed(file: _File) -> bool:
    if not file.sha256:
        return False
    try:
        return _mark(os.stat(file.path)) != file.mark and _read(file.path)[0] != file.sha256
    except OSError:
        return True  # it is gone

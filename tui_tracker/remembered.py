"""What the app remembers by itself: layout, filters and columns of a store, and the theme.

    $XDG_STATE_HOME/tui_tracker/app.json            for all stores
    $XDG_STATE_HOME/tui_tracker/store-<hash>.json   of one store, by its folder

Each is one JSON object. It is never asked for more than comfort: a damaged file is
ignored, told in one sentence, and replaced at the next change. Two apps on one store
keep each other's values, but for those that both change.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


class State:
    """Remembered values by name: those of the store, and those of all stores."""

    def __init__(self, folder: str | os.PathLike[str] | None, base: Path | None = None) -> None:
        base = base or state_folder()
        here = os.path.realpath(folder) if folder is not None else ""
        name = f"store-{sha256(os.fsencode(here)).hexdigest()[:16]}.json"
        self._store = _Kept(base / name, {"folder": here}) if here else _Kept(None)
        self._everywhere = _Kept(base / "app.json")
        self.on_change: Callable[[], None] | None = None
        """Called when there is something to `save`."""

    @property
    def problems(self) -> tuple[str, ...]:
        """Files that could not be read, one sentence each."""
        return tuple(kept.problem for kept in (self._everywhere, self._store) if kept.problem)

    def get(self, name: str, default: T, *, everywhere: bool = False) -> T:
        """Return what is remembered; the default also where that is of another kind.

        A file may come from another version, so no caller has to check what it gets.
        Whole numbers pass for floats; None as default takes anything.
        """
        value = (self._everywhere if everywhere else self._store).values.get(name, default)
        fits = default is None or isinstance(value, type(default))
        return value if fits else default  # type: ignore[return-value]

    def put(self, name: str, value: object, *, everywhere: bool = False) -> None:
        """Remember a value that JSON can hold; None forgets it. Written by `save`."""
        kept = self._everywhere if everywhere else self._store
        if kept.put(name, value) and self.on_change is not None:
            self.on_change()

    def save(self) -> bool:
        """Write what changed; return whether all could be written."""
        return self._everywhere.save() & self._store.save()


class _Kept:
    """One file: its values, and the names of those that changed."""

    def __init__(self, path: Path | None, always: Mapping[str, object] | None = None) -> None:
        self._path, self._always = path, always or {}
        self.problem = ""
        self._changed: set[str] = set()
        self.values = self._read()

    def _read(self) -> dict[str, object]:
        if self._path is None:
            return {}
        try:
            values = json.loads(self._path.read_text(encoding="utf-8"))
            if isinstance(values, dict):
                return values
            problem = "it holds no object"
        except FileNotFoundError:
            return {}
        except OSError as error:
            problem = error.strerror or str(error)
        except ValueError:  # of JSON and of UTF-8
            problem = "it is damaged"
        self.problem = f"{self._path}: not read, {problem}; the app starts with its defaults."
        return {}

    def put(self, name: str, value: object) -> bool:
        if self.values.get(name) == value:
            return False
        if value is None:
            self.values.pop(name, None)
        else:
            self.values[name] = value
        self._changed.add(name)
        return True

    def save(self) -> bool:
        if self._path is None or not self._changed:
            return True
        others = self._read()
        mine = {name: self.values[name] for name in self._changed if name in self.values}
        kept = {name: value for name, value in others.items() if name not in self._changed}
        # Another process may be writing as well: each has a file of its own to rename.
        beside = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps({**self._always, **kept, **mine}, ensure_ascii=False, indent=1)
            beside.write_text(text, encoding="utf-8")
            beside.replace(self._path)
        except OSError:  # a home that cannot be written is no reason to fail
            return False
        self._changed.clear()
        return True


def state_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder that remembered values live in."""
    base = environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return Path(base, "tui_tracker")

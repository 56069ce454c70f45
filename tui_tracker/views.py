"""Saved views of a store: a text file beside the database, to be read, edited and shared.

    <store>/views.toml

    [view."best per seed"]
    query = "status:finished val_f1 > 0.8"
    columns = ["status", "name", "metric:val_f1.max=best F1|10"]
    sort = ["-metric:val_f1.max", "name"]     # `-`: the largest first
    group = ["params-but-seed"]
    tree = ["experiment", "param:model"]
    panes = { tree = 30, peek = 40 }          # widths in cells, 0 for hidden
    archived = false

Every key may be left out. What a person wrote stays as it is: only the lines whose
values change are rewritten, so that comments, order and unknown keys survive.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui_tracker.errors import InvalidArgument, NotFound, ViewsDamaged

FILE = "views.toml"
TABLE = "view"


@dataclass(frozen=True, slots=True)
class View:
    """One way to look at the runs of a store."""

    name: str
    query: str = ""
    columns: tuple[str, ...] = ()
    """Column specs; empty leaves the choice to the app."""
    sort: tuple[str, ...] = ()
    """Column specs, the most important first; with `-` in front the largest comes first."""
    group: tuple[str, ...] = ()
    tree: tuple[str, ...] = ()
    panes: Mapping[str, int] = field(default_factory=dict)
    archived: bool = False
    extra: Mapping[str, object] = field(default_factory=dict)
    """Keys of the file that this version does not know."""


_LISTS = ("columns", "sort", "group", "tree")
_KNOWN = ("query", *_LISTS, "panes", "archived")


def views_path(folder: str | os.PathLike[str]) -> Path:
    """Return the file of a store's views, whether or not it is there."""
    return Path(folder, FILE)


def list_views(folder: str | os.PathLike[str]) -> list[View]:
    """Return the saved views in the order of the file.

    Raises:
        ViewsDamaged: the file cannot be read as views; says where.
    """
    path = views_path(folder)
    return _views(path, _read(path))


def get_view(folder: str | os.PathLike[str], name: str) -> View:
    """Return one saved view.

    Raises:
        NotFound: there is none of this name.
        ViewsDamaged: the file cannot be read as views.
    """
    views = list_views(folder)
    for view in views:
        if view.name == name:
            return view
    raise NotFound("view", name, [view.name for view in views])


def save_view(folder: str | os.PathLike[str], view: View) -> None:
    """Write a view, in the place of the one of its name or at the end.

    Raises:
        InvalidArgument: the name is empty.
        ViewsDamaged: the file cannot be read; nothing is written then.
        OSError: the file cannot be written.
    """
    if not view.name.strip():
        raise InvalidArgument("a view needs a name")
    path = views_path(folder)
    text = _read(path)
    others = {known.name: known for known in _views(path, text)}
    block = _Block.find(text, view.name)
    new = block.rewritten(view) if block else _appended(text, view)
    _write_checked(path, new, {**others, view.name: view})


def delete_view(folder: str | os.PathLike[str], name: str) -> None:
    """Take a view out of the file.

    Raises:
        NotFound: there is none of this name.
        ViewsDamaged: the file cannot be read; nothing is written then.
    """
    path = views_path(folder)
    text = _read(path)
    views = {known.name: known for known in _views(path, text)}
    if name not in views:
        raise NotFound("view", name, list(views))
    block = _Block.find(text, name)
    del views[name]
    _write_checked(path, block.removed() if block else text, views)


# Reading.


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ViewsDamaged(str(path), line, "it is not UTF-8") from error


def _views(path: Path, text: str) -> list[View]:
    import tomllib  # only who has such a file pays for it

    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+)", str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        words = re.sub(r" \(at [^)]*\)", "", str(error))
        raise ViewsDamaged(str(path), line, words[:1].lower() + words[1:]) from error
    views = tables.get(TABLE, {})
    if not isinstance(views, dict):
        raise ViewsDamaged(str(path), _line_of(text, TABLE), f"{TABLE} is not a table")
    return [_view(path, text, name, entry) for name, entry in views.items()]


def _view(path: Path, text: str, name: str, entry: object) -> View:
    if not isinstance(entry, dict):
        raise ViewsDamaged(str(path), _line_of(text, name), f"the view {name!r} is not a table")
    values: dict[str, Any] = {}
    for key in _KNOWN:
        if key not in entry:
            continue
        value, fits = entry[key], _FITS[key](entry[key])
        if not fits:
            words = _WORDS.get(key, "a list of texts")
            problem = f"{key} of the view {name!r} is not {words}"
            raise ViewsDamaged(str(path), _line_of(text, key), problem)
        values[key] = tuple(value) if key in _LISTS else value
    extra = {key: value for key, value in entry.items() if key not in _KNOWN}
    return View(name, **values, extra=extra)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _are_widths(value: object) -> bool:
    return isinstance(value, dict) and all(type(width) is int for width in value.values())


_FITS = {
    "query": lambda value: isinstance(value, str),
    "panes": _are_widths,
    "archived": lambda value: isinstance(value, bool),
    **dict.fromkeys(_LISTS, _are_texts),
}
_WORDS = {"query": "a text", "panes": "a table of widths", "archived": "true or false"}


def _line_of(text: str, name: str) -> int:
    """Return the first line that mentions a name, 1 where none does."""
    at = text.find(name)
    return text.count("\n", 0, at) + 1 if at >= 0 else 1


# Writing.


@dataclass(frozen=True, slots=True)
class _Statement:
    """A header or a `key = value` with its lines, from `start` to before `end`."""

    path: tuple[str, ...]
    """The names of a header, or the one of a key."""
    header: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Block:
    """The lines of one view: its header, and the statements up to the next header."""

    lines: list[str]
    name: str
    header: _Statement
    statements: list[_Statement]
    end: int
    """The line after its last; comments that lead to the next header are not its own."""

    @staticmethod
    def find(text: str, name: str) -> _Block | None:
        """Return the block of a view; None where there is none that begins with a header."""
        lines = text.split("\n")
        statements = _statements(lines)
        for at, header in enumerate(statements):
            if header.header and header.path == (TABLE, name):
                inner = []
                for statement in statements[at + 1 :]:
                    below = statement.header and statement.path[: len(header.path)] == header.path
                    if statement.header and not below:
                        break
                    inner.append(statement)
                end = inner[-1].end if inner else header.end
                return _Block(lines, name, header, inner, end)
        return None

    def rewritten(self, view: View) -> str:
        """Return the file with this block holding the view's values."""
        lines, before = list(self.lines), _parsed(self.lines[self.header.start : self.end])
        old = before[TABLE][self.name]
        wanted = _entries(view)
        # From the bottom up, so that the numbers of the lines above hold.
        fresh = [_entry(key, value) for key, value in wanted.items() if key not in old]
        plain = [s for s in self._own() if not s.header]
        at = plain[-1].end if plain else self.header.end
        lines[at:at] = fresh
        for statement in reversed(self._own()):
            key = statement.path[0] if not statement.header else statement.path[-1]
            if key not in _KNOWN or old.get(key) == wanted.get(key):
                continue
            new = [_entry(key, wanted[key])] if key in wanted else []
            lines[statement.start : statement.end] = new
        return _joined(lines)

    def _own(self) -> list[_Statement]:
        """Return the statements of the view itself, not those of tables inside it."""
        own = []
        for statement in self.statements:
            if statement.header:
                break
            own.append(statement)
        return own

    def removed(self) -> str:
        """Return the file without this block."""
        lines = list(self.lines)
        del lines[self.header.start : self.end]
        return _joined(lines).lstrip("\n")


def _statements(lines: Sequence[str]) -> list[_Statement]:
    """Return headers and keys with their lines; a value may take several of them."""
    found, at = [], 0
    while at < len(lines):
        line = lines[at].strip()
        if not line or line.startswith("#"):
            at += 1
            continue
        end = at + 1
        # tomllib is what knows where a value ends: when the lines so far can be read.
        while (parsed := _parsed_or_none(lines[at:end])) is None and end < len(lines):
            end += 1
        if parsed is not None:
            header = line.startswith("[")
            names = _names(parsed) if header else tuple(parsed)[:1]
            found.append(_Statement(names, header, at, end))
        at = end
    return found


def _names(parsed: object) -> tuple[str, ...]:
    """Return the names of a header, from what it alone reads as."""
    names: list[str] = []
    while isinstance(parsed, dict) and parsed:
        (name, parsed), *_ = parsed.items()
        names.append(name)
    return tuple(names)


def _parsed_or_none(lines: Sequence[str]) -> dict[str, Any] | None:
    import tomllib

    try:
        return tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError:
        return None


def _parsed(lines: Sequence[str]) -> dict[str, Any]:
    import tomllib

    return tomllib.loads("\n".join(lines))


def _entries(view: View) -> dict[str, object]:
    """Return what the file says of a view: only what is not the default."""
    values = {key: getattr(view, key) for key in _KNOWN}
    values = {key: list(v) if key in _LISTS else v for key, v in values.items()}
    values["panes"] = dict(view.panes)
    return {key: value for key, value in values.items() if value}


def _appended(text: str, view: View) -> str:
    lines = [*text.rstrip("\n").split("\n"), ""] if text.strip() else []
    lines.append(f"[{TABLE}.{_text(view.name)}]")
    lines += [_entry(key, value) for key, value in {**_entries(view), **view.extra}.items()]
    return _joined(lines)


def _joined(lines: Sequence[str]) -> str:
    return "\n".join(lines).rstrip("\n") + "\n"


def _entry(key: str, value: object) -> str:
    return f"{_key(key)} = {_value(value)}"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        inner = ", ".join(_entry(str(key), content) for key, content in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, Sequence):
        return f"[{', '.join(map(_value, value))}]"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def _text(text: str) -> str:
    """Return a text as TOML's basic string."""
    safe = (_SHORT.get(c, c) if ord(c) >= 32 or c in _SHORT else f"\\u{ord(c):04x}" for c in text)
    return f'"{"".join(safe)}"'.replace("\x7f", "\\u007f")


def _write_checked(path: Path, text: str, wanted: Mapping[str, View]) -> None:
    """Write the file if it reads as what is wanted; else write it anew, without comments."""
    try:
        kept = {view.name: _entries(view) for view in _views(path, text)}
    except ViewsDamaged:
        kept = None
    if kept != {name: _entries(view) for name, view in wanted.items()}:
        # Written in a way that has no lines of its own, such as inline tables.
        text = ""
        for view in wanted.values():
            text = _appended(text, view)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)

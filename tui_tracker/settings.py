"""What a person sets once for all stores, and what the app remembers by itself.

    $XDG_CONFIG_HOME/tui_tracker/config.toml     written by hand, only ever read here
    $XDG_STATE_HOME/tui_tracker/app.json         remembered for all stores: the theme
    $XDG_STATE_HOME/tui_tracker/store-*.json     remembered of one store: layout, filters

A mistake in the settings is told in one sentence and never ends anything: the default
stands in for what cannot be used. What decides is, first to last: the command line, the
environment, the file, the default.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from tui_tracker.errors import InvalidArgument

Colors = Literal["auto", "truecolor", "256", "16", "none"]
Link = Literal["auto", "fast", "slow"]
Ascii = Literal["auto", "on", "off"]

COLORS: tuple[Colors, ...] = ("auto", "truecolor", "256", "16", "none")
LINKS: tuple[Link, ...] = ("auto", "fast", "slow")
ON_OFF = ("auto", "on", "off")
THEMES = (
    "auto",
    "tracker-dark",
    "tracker-light",
    "ansi",
    "red-green-safe",
    "blue-yellow-safe",
)
"""`auto` is what was chosen last, else dark or light as the terminal is."""


@dataclass(frozen=True, slots=True)
class Alerts:
    """When somebody is called who does not look; the table `[alerts]`."""

    rules: tuple[str, ...] = ()
    """Such as `finished`, `crashed`, `val_loss is NaN`, `no new step for 10 minutes`."""
    bell: bool = True
    notify: bool = True
    """Ask the terminal for a desktop notification."""
    webhook: str = ""
    """An address that each alert is posted to; "" for none."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What is in force, where each value comes from, and what could not be used."""

    theme: str = "auto"
    colors: Colors = "auto"
    ascii: Ascii = "auto"
    link: Link = "auto"
    mouse: bool = True
    editor: str = ""
    """Command for notes; "" for `$VISUAL`, `$EDITOR`, else `vi`."""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Keys by action, as `tt keys` names them: `table.sort` to `("s", "f5")`."""
    alerts: Alerts = Alerts()
    sources: Mapping[str, str] = field(default_factory=dict)
    """Where a value comes from that is not the default: by its name, `alerts.bell` too."""
    problems: tuple[str, ...] = ()
    """One sentence each."""


@dataclass(frozen=True, slots=True)
class _Option:
    """One name in the file: what it may hold."""

    kind: Literal["choice", "bool", "text", "texts"]
    choices: Sequence[str] = ()
    environment: str = ""


_OPTIONS: dict[str, _Option] = {
    "theme": _Option("choice", THEMES, "TUI_TRACKER_THEME"),
    "colors": _Option("choice", COLORS, "TUI_TRACKER_COLORS"),
    "ascii": _Option("choice", ON_OFF, "TUI_TRACKER_ASCII"),
    "link": _Option("choice", LINKS, "TUI_TRACKER_LINK"),
    "mouse": _Option("bool", (), "TUI_TRACKER_MOUSE"),
    "editor": _Option("text"),
    "alerts.rules": _Option("texts"),
    "alerts.bell": _Option("bool"),
    "alerts.notify": _Option("bool"),
    "alerts.webhook": _Option("text"),
}
_WORDS = {True: "on", False: "off", 16: "16", 256: "256"}
"""What a choice may be written as in TOML although it is no text."""
_BOOLS = {"1": True, "on": True, "true": True, "0": False, "off": False, "false": False}


def config_path(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where the settings are read from, whether or not the file is there."""
    base = environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return Path(base, "tui_tracker", "config.toml")


def read_settings(
    path: Path | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    said: Mapping[str, object] | None = None,
) -> Settings:
    """Return the settings in force; `said` is what the command line says, None for nothing.

    Raises:
        InvalidArgument: what the command line says cannot be used.
    """
    path = path or config_path(environ)
    reader = _Reader(path)
    reader.take_file()
    reader.take_environment(environ)
    reader.take_said(said or {})
    return reader.settings()


class _Reader:
    """Values, their sources and the problems, while they are gathered."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._text = ""
        self._values: dict[str, Any] = {}
        self._keys: dict[str, tuple[str, ...]] = {}
        self._sources: dict[str, str] = {}
        self._problems: list[str] = []

    def take_file(self) -> None:
        try:
            self._text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return
        except (OSError, UnicodeDecodeError) as error:
            problem = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            self._problems.append(
                f"{self._path}: cannot be read ({problem}), nothing of it is used."
            )
            return
        import tomllib  # a millisecond that nobody pays who has no such file

        try:
            tables = tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as error:
            words, line = _toml_trouble(error)
            self._problems.append(f"{self._path}:{line}: {words}. Nothing of the file is used.")
            return
        for name, value in tables.items():
            self._take_entry(name, value)

    def _take_entry(self, name: str, value: object) -> None:
        if name == "keys" and isinstance(value, dict):
            self._take_keys(value)
        elif name == "alerts" and isinstance(value, dict):
            for inner, content in value.items():
                self._take_value(f"alerts.{inner}", content)
        elif name in ("keys", "alerts"):
            self._problems.append(f"{self._where(name)}: {name} is a table: write [{name}].")
        else:
            self._take_value(name, value)

    def _take_keys(self, table: Mapping[str, object]) -> None:
        for action, keys in _flattened(table):
            names = [keys] if isinstance(keys, str) else keys
            if isinstance(names, list) and all(isinstance(key, str) for key in names):
                self._keys[action] = tuple(names)
                self._sources[f"keys.{action}"] = self._where(action)
            else:
                self._problems.append(
                    f"{self._where(action)}: keys are a list of texts, "
                    f'as in {_quoted(action)} = ["s", "f5"].'
                )

    def _take_value(self, name: str, value: object) -> None:
        where = self._where(name.rpartition(".")[2])
        if name not in _OPTIONS:
            known = [*_OPTIONS, "keys"]
            self._problems.append(f"{where}: no setting named {name!r}{_nearest(name, known)}")
            return
        try:
            self._set(name, _checked(name, value), where)
        except InvalidArgument as error:
            self._problems.append(f"{where}: {error}")

    def take_environment(self, environ: Mapping[str, str]) -> None:
        for name, option in _OPTIONS.items():
            text = environ.get(option.environment) if option.environment else None
            if not text:
                continue
            value = _BOOLS.get(text.lower(), text) if option.kind == "bool" else text
            try:
                self._set(name, _checked(name, value), option.environment)
            except InvalidArgument as error:
                self._problems.append(f"{option.environment}: {error}")
        # What a person set for this program is meant more than what is said to all.
        if environ.get("NO_COLOR") and self._values.get("colors", "auto") == "auto":
            self._set("colors", "none", "NO_COLOR")

    def take_said(self, said: Mapping[str, object]) -> None:
        for name, value in said.items():
            if value is not None:
                self._set(name, _checked(name, value), f"--{name}")

    def _set(self, name: str, value: object, source: str) -> None:
        self._values[name], self._sources[name] = value, source

    def _where(self, name: str) -> str:
        """Return file and line of a name, as far as it can be told."""
        pattern = re.compile(
            rf"^\s*(?:\[|(?:[\w\"'.-]+\.)?)[\"']?{re.escape(name)}[\"']?\s*[\]=]", re.M
        )
        found = pattern.search(self._text)
        line = f":{self._text.count(chr(10), 0, found.end()) + 1}" if found else ""
        return f"{self._path}{line}"

    def settings(self) -> Settings:
        plain = {name: value for name, value in self._values.items() if "." not in name}
        alerts = {
            name.partition(".")[2]: value
            for name, value in self._values.items()
            if name.startswith("alerts.")
        }
        found = Settings(**plain, keys=self._keys, alerts=Alerts(**alerts), sources=self._sources)
        return replace(found, problems=(*self._problems, *_contradictions(found)))


def _contradictions(settings: Settings) -> list[str]:
    """Return what two settings say against each other, and which of them holds."""
    found = []
    if settings.colors in ("truecolor", "256") and settings.theme == "ansi":
        found.append(
            f'colors = "{settings.colors}" changes nothing: the theme "ansi" has only the '
            "terminal's own 16 colours."
        )
    if settings.colors in ("truecolor", "256") and settings.link == "slow":
        found.append(
            f'link = "slow" would draw in 16 colours, and colors = "{settings.colors}" is '
            "asked for: that holds."
        )
    return found


def _checked(name: str, value: object) -> object:
    """Return a value as the settings keep it.

    Raises:
        InvalidArgument: it cannot be used; says what can.
    """
    option = _OPTIONS[name]
    if option.kind == "choice":
        word = _WORDS.get(value, value) if isinstance(value, int) else value
        word = {"1": "on", "0": "off"}.get(str(word), word) if name == "ascii" else word
        if word in option.choices:
            return word
        known = ", ".join(option.choices)
        raise InvalidArgument(f"{name} cannot be {value!r}: it is one of {known}.")
    if option.kind == "texts":
        values = [value] if isinstance(value, str) else value
        if isinstance(values, list) and all(isinstance(text, str) for text in values):
            return tuple(values)
        raise InvalidArgument(f"{name} is a list of texts, not {value!r}.")
    wanted, words = (bool, "true or false") if option.kind == "bool" else (str, "a text")
    if isinstance(value, wanted):
        return value
    raise InvalidArgument(f"{name} cannot be {value!r}: it is {words}.")


def _flattened(table: Mapping[str, object]) -> list[tuple[str, object]]:
    """Return `[keys.table] sort = ...` as `table.sort`, which is the same in TOML's eyes."""
    flat = []
    for name, value in table.items():
        if isinstance(value, dict):
            flat += [(f"{name}.{inner}", content) for inner, content in _flattened(value)]
        else:
            flat.append((name, value))
    return flat


def _toml_trouble(error: Exception) -> tuple[str, int]:
    """Return what tomllib says without its place, and the line; 1 where it names none."""
    found = re.search(r"\(at line (\d+)", str(error))
    return re.sub(r" \(at [^)]*\)", "", str(error)), int(found[1]) if found else 1


def _nearest(wanted: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(wanted, known, n=1)
    return f": did you mean {near[0]!r}?" if near else f": there are {', '.join(known)}."


def _quoted(name: str) -> str:
    return f'"{name}"'


def effective(settings: Settings) -> list[tuple[str, object, str]]:
    """Return name, value and source of every setting, for `tt config`."""
    rows: list[tuple[str, object, str]] = []
    for name in _OPTIONS:
        where, _, inner = name.rpartition(".")
        value = getattr(settings.alerts if where else settings, inner)
        rows.append((name, value, settings.sources.get(name, "default")))
    rows += [
        (f"keys.{action}", keys, settings.sources.get(f"keys.{action}", "default"))
        for action, keys in settings.keys.items()
    ]
    return rows

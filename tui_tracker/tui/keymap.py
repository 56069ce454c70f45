"""The person's own keys laid over the table of keys.

What a person binds wins wherever it is valid: a shipped action that would answer to the
same key before it loses that key. Around the place of a person's key nothing has to be
taken away, for the inner place is asked first. Keys that a terminal cannot send apart
from others are refused, with the reason.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tui_tracker.tui.keys import AROUND, KEYS, UNBOUND, Key, Place, key_name

NOT_SENT = {
    "ctrl+h": "most terminals send backspace as ctrl+h",
    "ctrl+i": "terminals send tab as ctrl+i",
    "ctrl+j": "terminals send a line feed, which is enter for many, as ctrl+j",
    "ctrl+m": "terminals send enter as ctrl+m",
    "ctrl+left_square_bracket": "terminals send esc as ctrl+[",
    "ctrl+c": "ctrl+c quits, whatever else is bound",
    "ctrl+z": "ctrl+z hands the terminal back to the shell",
}
"""Keys that cannot be bound, and why."""
_CALLED = {
    "esc": "escape",
    "return": "enter",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "pgdown": "pagedown",
    "del": "delete",
    "ins": "insert",
    "↑": "up",
    "↓": "down",
    "←": "left",
    "→": "right",
}
_REPLACED = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
    "full_stop": "full_stop",
}
_SPECIAL = frozenset(
    "enter tab space escape backspace delete insert home end pageup pagedown up down left "
    "right".split()
) | {f"f{number}" for number in range(1, 25)}
_MODIFIERS = ("ctrl", "alt", "shift")


@dataclass(frozen=True, slots=True)
class Keymap:
    """The table of keys in force."""

    keys: tuple[Key, ...]
    """A key that lost all it was bound to is still there, with none."""
    displaced: Mapping[str, tuple[str, ...]]
    """Shipped keys that others took, by the action's name."""
    problems: tuple[str, ...]

    def changes(self) -> dict[str, str]:
        """Return what differs from the shipped table, as Textual's keymap has it."""
        return {
            key.name: ",".join(key.keys) or UNBOUND
            for key, shipped in zip(self.keys, KEYS, strict=True)
            if key.keys != shipped.keys
        }


def lay_over(wanted: Mapping[str, Sequence[str]]) -> Keymap:
    """Return the shipped table with the keys that a person wants, by names of actions."""
    if not wanted:
        return Keymap(KEYS, {}, ())
    problems: list[str] = []
    own = _own_keys(wanted, problems)
    keys: list[Key] = []
    displaced: dict[str, tuple[str, ...]] = {}
    for key in KEYS:
        if key.name in own:
            keys.append(replace(key, keys=own[key.name]))
            continue
        taken = _taken(key, own)
        lost = tuple(name for name in key.keys if name in taken)
        if lost:
            displaced[key.name] = lost
        keys.append(replace(key, keys=tuple(name for name in key.keys if name not in taken)))
    return Keymap(tuple(keys), displaced, tuple(problems))


def _own_keys(
    wanted: Mapping[str, Sequence[str]], problems: list[str]
) -> dict[str, tuple[str, ...]]:
    """Return what of a person's keys can be bound, in Textual's names; tell what cannot."""
    known = {key.name: key for key in KEYS}
    own: dict[str, tuple[str, ...]] = {}
    for name, texts in wanted.items():
        if name not in known:
            problems.append(f"keys: {_no_action(name, list(known))}")
            continue
        kept = [key for text in texts if (key := _bindable(name, text, problems)) is not None]
        for key in list(kept):
            if (other := _bound_there(key, known[name].place, own, known)) is not None:
                problems.append(f"keys: {key_name(key)!r} is bound to {other}, not to {name} too.")
                kept.remove(key)
        # Nobody who mistyped a key wants to be without the action.
        if kept or not texts:
            own[name] = tuple(dict.fromkeys(kept))
    return own


def _bindable(name: str, text: str, problems: list[str]) -> str | None:
    """Return a key in Textual's name; None where it cannot be bound, which is told."""
    key = normal_key(text)
    if key is None:
        problems.append(
            f"keys: {name}: there is no key {text!r}; keys are called like s, S, ctrl+d, f5, "
            "pageup, shift+left."
        )
        return None
    if key in NOT_SENT and not (key == "ctrl+c" and name == "everywhere.interrupt"):
        problems.append(f"keys: {name}: {text} cannot be bound: {NOT_SENT[key]}.")
        return None
    return key


def _bound_there(
    key: str, place: Place, own: Mapping[str, Sequence[str]], known: Mapping[str, Key]
) -> str | None:
    """Return which other action of the same place the person gave this key."""
    for name, keys in own.items():
        if key in keys and known[name].place == place:
            return name
    return None


def _taken(key: Key, own: Mapping[str, Sequence[str]]) -> set[str]:
    """Return the keys that a person bound where `key` would answer to them first."""
    places = {shipped.name: shipped.place for shipped in KEYS}
    return {
        name
        for action, names in own.items()
        if _asked_before(key.place, places[action])
        for name in names
    }


def _asked_before(one: Place, other: Place) -> bool:
    """Return whether keys of `one` are asked before those of `other`, or are its own."""
    chains = [(place, *around) for place, around in AROUND.items()]
    return any(
        one in chain and other in chain and chain.index(one) <= chain.index(other)
        for chain in chains
    )


def normal_key(text: str) -> str | None:
    """Return a key in Textual's name: `?` is `question_mark`; None where there is none."""
    if len(text) == 1:
        return _character(text)
    *modifiers, last = text.split("+") if not text.endswith("++") else [*text[:-2].split("+"), "+"]
    if any(modifier not in _MODIFIERS for modifier in modifiers):
        return None
    last = _CALLED.get(last.lower(), last)
    if len(last) == 1:
        last = _character(last.lower() if modifiers else last) or ""
    elif last.lower() in _SPECIAL:
        last = last.lower()
    elif last not in _NAMED:
        return None
    ordered = [modifier for modifier in _MODIFIERS if modifier in modifiers]
    return "+".join([*ordered, last]) if last else None


def _character(character: str) -> str | None:
    """Return what Textual calls a character; None for one that is not printed."""
    if character == " ":
        return "space"
    if not character.isprintable():
        return None
    if character in _CALLED:
        return _CALLED[character]
    if character.isalnum():
        return character
    name = re.sub("[- ]", "_", unicodedata.name(character, "").lower())
    return _REPLACED.get(name, name) or None


_NAMED = {_character(chr(point)) or "" for point in range(33, 127) if not chr(point).isalnum()}
"""Textual's names of punctuation, which may be written out as well."""


def _no_action(name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "`tt keys` lists them."
    return f"no action named {name!r}: {hint}"

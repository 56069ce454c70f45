"""What a command line says of params: `--lr 0.1`, `--lr=0.1`, `lr=0.1`, `--no-amp`."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Sequence

from tui_tracker.audit.snippets.leaves import plain_value
from tui_tracker.names.words import snake

_WHOLE = re.compile(r"[+-]?\d{1,300}$")
_REAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
_NAMES = frozenset("commit tree version digest hash sha256 name path branch".split())
"""Facts that are called something, even where that is made of digits."""


def read_flags(argv: Sequence[str]) -> dict[str, object]:
    """Return the values by name in snake case, numbers as numbers.

    What was hidden because it looked like a secret is left out.
    """
    found: dict[str, object] = {}
    words = list(argv)
    for at, word in enumerate(words):
        name, equals, value = word.partition("=")
        if not equals:
            if not word.startswith("--"):
                continue
            following = words[at + 1] if at + 1 < len(words) else "--"
            value = following if not following.startswith("--") else "true"
        if "***" not in value and (key := snake(name.lstrip("-+"))):
            found[key] = as_value(value)
    return found


def typed_value(field: str, text: str) -> object:
    """Return what somebody typed in for a field: a number only where it gives the text back.

    A version 1.10, a commit 1234567 and a ticket 007 are no numbers; of a param 0.10 is one.
    """
    head, _, last = field.replace(":", ".").partition(".")
    if head in ("params", "metrics"):
        return as_value(text)
    if head in ("tags", "notes") or last.rpartition(".")[2] in _NAMES:
        return text.strip("'\"")
    value = plain_value(text.strip("'\""))
    return text if value is None else value


def as_value(text: str) -> object:
    """Return a word as the number or switch it is written as."""
    if _WHOLE.match(text):
        return int(text)
    if _REAL.match(text) and math.isfinite(number := float(text)):
        return number
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    return text.strip("'\"")


def read_defaults(source: str) -> dict[str, tuple[object, int]]:
    """Return the defaults that a script gives its options, with their lines.

    Options of argparse, click and typer are known by their first word with two dashes, and
    constants by their name in capitals.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    found: dict[str, tuple[object, int]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            _option(node, found)
        elif isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
            if isinstance(target, ast.Name) and target.id.isupper():
                _constant(target.id, node.value, node.lineno, found)
    return found


def _option(call: ast.Call, found: dict[str, tuple[object, int]]) -> None:
    called = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if called not in ("add_argument", "option"):
        return
    names = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    name = next((n for n in names if n.startswith("--")), "")
    for keyword in call.keywords:
        if keyword.arg == "default" and name:
            _constant(name, keyword.value, call.lineno, found)


def _constant(name: str, node: ast.expr, line: int, found: dict[str, tuple[object, int]]) -> None:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return
    if isinstance(value, (int, float, str, bool)):
        found.setdefault(snake(name.lstrip("-")), (value, line))

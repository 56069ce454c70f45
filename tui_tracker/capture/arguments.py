"""What a command line gives its script: params by name, as far as they can be read off.

    --lr 0.1    --lr=0.1    -e 5    -e5       a value
    --layers 64 32          --tag a --tag b   a list
    --fast      --no-fast                     true, false
    lr=0.1      +a.b=c      ++a.b=c           hydra's overrides

Only what follows the script counts: the options of `python`, `torchrun` and the like are
no params. A word that follows a switch cannot be told from its value, and is taken for it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence

from tui_tracker.capture.redaction import redact_param

_SCRIPTS = (".py", ".ipynb", ".sh", ".r", ".jl", ".lua", ".pl", ".rb", ".js")
_MODULES: tuple[str, ...] = (
    "torch.distributed.run",
    "torch.distributed.launch",
    "accelerate.commands.launch",
)
_MODULES += ("coverage", "cProfile", "pdb", "kernprof", "debugpy", "trace", "scalene")
"""Modules whose own first argument is the script."""
_PROGRAMS = frozenset(
    "accelerate torchrun deepspeed horovodrun mpirun mpiexec srun uv poetry pipenv hatch pdm "
    "conda mamba micromamba pixi env nice time bash sh zsh coverage papermill ray".split()
)
"""Programs that start the script, and whose options come before it."""
_WORDS: dict[str, object] = {"true": True, "false": False, "none": None, "null": None}
_NOT_FINITE = frozenset(("nan", "inf", "-inf"))


def read_params(command: Sequence[str]) -> dict[str, object]:
    """Return the params in a command, by name with `_` for `-`; secrets are hidden."""
    found: dict[str, list[object]] = {}
    for name, values in _read(script_arguments(command)):
        found.setdefault(name, []).extend(values)
    return {
        name: redact_param(name, values[0] if len(values) == 1 else values)
        for name, values in found.items()
    }


def script_arguments(command: Sequence[str]) -> list[str]:
    """Return what follows the script, or the program where there is no script."""
    return list(command[_script_place(command) + 1 :])


def script_word(command: Sequence[str]) -> str:
    """Return the script's file name, or the module or program that runs."""
    return os.path.basename(command[_script_place(command)])


def script_stem(command: Sequence[str]) -> str:
    """Return what a command is called by: its script, module or program."""
    place = _script_place(command)
    word = command[place]
    if place and command[place - 1] == "-m":
        return word.removesuffix(".__main__").rpartition(".")[2] or word
    if place and command[place - 1] == "-c":
        return "python"
    return os.path.splitext(os.path.basename(word))[0] or word


def typed(text: str) -> object:
    """Return a word as the number, truth value, None or list that it spells."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    digits = text.lstrip("+-")
    if digits.isdecimal() and digits.isascii():
        # 007 is a name or a date; as a number it would lose what it says.
        return text if len(digits) > 1 and digits.startswith("0") else int(text)
    if text[:1] in "[{" and text[-1:] in "]}":
        try:
            return json.loads(text)
        except ValueError:
            return text
    if (not any(c.isdecimal() for c in text) and text.lower() not in _NOT_FINITE) or "_" in text:
        return text
    try:
        return float(text)
    except ValueError:
        return text


def _script_place(command: Sequence[str]) -> int:
    """Return the index of the word that names what runs."""
    program = os.path.basename(command[0])
    starts = program in _PROGRAMS or _is_python(command[:1])
    for index, word in enumerate(command):
        before = command[index - 1] if index else ""
        if before in ("-m", "-c") and _is_python(command[:index]):
            if word not in _MODULES:
                return index
            continue
        if word.lower().endswith(_SCRIPTS) and (starts or not before.startswith("--")):
            return index
    return 0


def _is_python(words: Sequence[str]) -> bool:
    return any(os.path.basename(word).startswith(("python", "pypy")) for word in words)


def _read(arguments: Sequence[str]) -> Iterator[tuple[str, list[object]]]:
    index = 0
    while index < len(arguments):
        word = arguments[index]
        index += 1
        if word == "--":
            continue
        if not _is_flag(word):
            name, equals, value = word.partition("=")
            if equals and _is_name(name.lstrip("+")):
                yield _plain(name.lstrip("+")), [typed(value)]
            continue
        name, equals, value = word.lstrip("-").partition("=")
        if equals:
            values = [value]
        else:
            name, values = _short(word, name)
        while not equals and index < len(arguments) and _is_value(arguments[index]):
            values.append(arguments[index])
            index += 1
        if name:
            yield from _named(name, values)


def _named(name: str, values: list[str]) -> Iterator[tuple[str, list[object]]]:
    if values:
        yield _plain(name), [typed(value) for value in values]
    elif name.startswith(("no-", "no_")) and len(name) > 3:
        yield _plain(name[3:]), [False]
    else:
        yield _plain(name), [True]


def _short(word: str, name: str) -> tuple[str, list[str]]:
    """Return a flag's name and the value that is written right behind it, as in `-e5`."""
    together = not word.startswith("--") and len(name) > 1 and name[0].isalpha()
    return (name[0], [name[1:]]) if together and name[1:].isdecimal() else (name, [])


def _is_flag(word: str) -> bool:
    return word.startswith("-") and word not in ("-", "--") and not _is_number(word)


def _is_value(word: str) -> bool:
    name, equals, _ = word.partition("=")
    return word != "--" and not _is_flag(word) and not (equals and _is_name(name.lstrip("+")))


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _is_name(text: str) -> bool:
    plain = text.replace("_", "a").replace(".", "a").replace("-", "a").replace("/", "a")
    return plain.isalnum() and not text[0].isdecimal() and not text.startswith(("/", "."))


def _plain(name: str) -> str:
    return name.replace("-", "_")

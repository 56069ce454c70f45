"""Params that are printed whole: argparse, estimators, dicts, JSON, YAML, and words with dots.

    Namespace(lr=0.001, layers=[64, 32])          argparse; also any `Name(key=value, ...)`
    MLPClassifier(max_iter=20,                    scikit-learn, over several lines
                  verbose=True)
    {'lr': 0.001, 'model': {'depth': 4}}          a dict; JSON over several lines
    model:                                        OmegaConf, YAML
      depth: 4
    lr .............. 0.001                       Megatron

Such a dump is held until it is whole, and never longer than `MOST_LINES` lines.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping

from tui_tracker.parsing.events import ParamValue

MOST_LINES = 500
_MOST_CHARACTERS = 1 << 17
_LONGEST_PAIRS = 8000
_CALL = re.compile(r"(?:[\w .]{0,40}[:=]\s*)?(?P<name>[A-Z]\w{2,60})\((?=\w+\s?=)")
_KEY = re.compile(
    r"(?P<indent> *)(?P<dash>- )?(?P<key>[A-Za-z_][\w./-]{0,60}):(?:\s+(?P<value>\S.*?))?\s*$"
)
_ITEM = re.compile(r"(?P<indent> *)- (?P<value>\S.*?)\s*$")
_DOTTED = re.compile(r"\s{0,8}(?P<key>[A-Za-z_][\w.-]{0,60}) \.{2,}\s*(?P<value>\S.*?)\s*$")
_PAIRS = re.compile(
    r"(?:^|[\s,;])(?P<key>[A-Za-z_][\w./-]{0,40})\s?[=:]\s?(?P<value>'[^']*'|\"[^\"]*\"|[^\s,;]+)"
)
_KNOWN = frozenset(
    "seed random_seed lr learning_rate base_lr batch_size bs train_batch_size eval_batch_size"
    " epochs num_epochs max_epochs n_epochs max_steps warmup_steps model arch optimizer optim"
    " scheduler dropout weight_decay wd momentum gamma temperature hidden_size hidden_dim"
    " num_layers n_layers depth max_depth num_heads embed_dim lora_rank n_estimators dataset"
    " data_dir device".split()
)
_WORDS: dict[str, ParamValue] = {
    "null": None, "~": None, "None": None, "true": True, "True": True, "false": False,
    "False": False, "yes": True, "no": False,
}  # fmt: skip


def scalar(text: str) -> ParamValue:
    """Return what a printed value is: a number, a truth value, None, a list, else the text."""
    text = text.strip()
    if text in _WORDS:
        return _WORDS[text]
    if len(text) < 2000 and (text[:1] in "'\"[(-+.{" or text[:1].isdigit()):
        value = _literal(text)
        if isinstance(value, tuple):
            return list(value)
        if isinstance(value, (bool, int, float, str, list)):
            return value
    return text.strip("'\"") if text[:1] in "'\"" and text[-1:] == text[:1] else text


def _literal(text: str) -> object:
    if text[:1] == "0" and text[1:2].isdigit():
        return text
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text


def read_call(text: str) -> dict[str, ParamValue] | None:
    """Return the arguments of `Name(key=value, ...)`, None where a text is no whole one."""
    found = _CALL.match(text)
    if found is None:
        return None
    end = _closing(text, found.end() - 1)
    if end < 0:
        return None
    given: dict[str, ParamValue] = {}
    for piece in split_outside(text[found.end() : end]):
        key, equals, value = piece.partition("=")
        if equals and re.fullmatch(r"\s*\w+\s*", key):
            given[key.strip()] = scalar(" ".join(value.split()))
    return given


def begins_call(text: str) -> bool:
    """Return whether a text begins a call of keywords."""
    return _CALL.match(text) is not None


def read_mapping(text: str) -> dict[str, object] | None:
    """Return a dict or JSON object that a text is, None where it is none."""
    text = text.strip()
    if text[:1] != "{" or text[-1:] != "}" or len(text) > _MOST_CHARACTERS:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = _literal(text)
    return found if isinstance(found, dict) and all(isinstance(k, str) for k in found) else None


def is_config(values: Mapping[str, object]) -> bool:
    """Return whether a mapping reads like params."""
    return any(str(key).lower().rpartition(".")[2] in _KNOWN for key in values)


def flat(values: Mapping[str, object], prefix: str = "", depth: int = 0) -> dict[str, ParamValue]:
    """Return nested values with dots between the names."""
    found: dict[str, ParamValue] = {}
    for key, value in values.items():
        if isinstance(value, Mapping) and value and depth < 32:
            found |= flat(value, f"{prefix}{key}.", depth + 1)
        elif value is None or isinstance(value, (bool, int, float, str)):
            found[f"{prefix}{key}"] = value
        else:
            found[f"{prefix}{key}"] = (
                list(value) if isinstance(value, (list, tuple)) else str(value)
            )
    return found


def read_dotted(text: str) -> tuple[str, ParamValue] | None:
    """Return what `name ....... value` says, None for another line."""
    found = _DOTTED.match(text) if ".." in text else None
    return (found["key"], scalar(found["value"])) if found else None


def read_pairs(text: str) -> dict[str, ParamValue]:
    """Return `seed=3 lr=0.1` where all of a line is pairs and one is a known param; else none."""
    found = {pair["key"]: scalar(pair["value"]) for pair in _PAIRS.finditer(text[:_LONGEST_PAIRS])}
    left = _PAIRS.sub("", text[:_LONGEST_PAIRS]).strip(" ,;|-")
    words = [word for word in left.split() if word.isalpha()]
    if not found or not is_config(found) or len(words) > 2 or re.search(r"\d", left):
        return {}
    return found


def split_outside(text: str, by: str = ",") -> Iterator[str]:
    """Yield the pieces between commas that stand in no brackets and no quotes."""
    depth, quote, start = 0, "", 0
    for at, character in enumerate(text):
        if quote:
            quote = "" if character == quote and text[at - 1 : at] != "\\" else quote
        elif character in "'\"":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == by and depth <= 0:
            yield text[start:at]
            start = at + 1
    yield text[start:]


def _closing(text: str, opening: int) -> int:
    """Return where the bracket at `opening` is closed, -1 where it is not."""
    depth, quote = 0, ""
    for at in range(opening, len(text)):
        character = text[at]
        if quote:
            quote = "" if character == quote and text[at - 1] != "\\" else quote
        elif character in "'\"":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
            if not depth:
                return at
    return -1


class Brackets:
    """Counts brackets that are open at the end of what was read so far."""

    def __init__(self) -> None:
        self._depth, self._quote, self._size = 0, "", 0

    @property
    def are_open(self) -> bool:
        return self._depth > 0 and self._size <= _MOST_CHARACTERS

    @property
    def are_too_long(self) -> bool:
        return self._size > _MOST_CHARACTERS

    def read(self, text: str) -> Brackets:
        """Read on."""
        self._size += len(text)
        if self._size > _MOST_CHARACTERS:
            return self
        before = ""
        for character in text:
            if self._quote:
                if character == self._quote and before != "\\":
                    self._quote = ""
            elif character in "'\"":
                self._quote = character
            elif character in "([{":
                self._depth += 1
            elif character in ")]}":
                self._depth -= 1
            before = character
        return self


def is_open(text: str) -> bool:
    """Return whether brackets are open at the end of a text."""
    return Brackets().read(text).are_open


def is_yaml(text: str) -> bool:
    """Return whether a line may be one of a YAML block."""
    return _KEY.match(text) is not None or _ITEM.match(text) is not None


def read_yaml(lines: list[str]) -> dict[str, ParamValue]:
    """Return the params of a block as OmegaConf and `yaml.dump` write it, flat with dots.

    Nested mappings and lists of scalars are read; the rest of YAML is not.
    """
    found: dict[str, ParamValue] = {}
    above: list[tuple[int, str]] = []
    for line in lines:
        if match := _KEY.match(line):
            indent = len(match["indent"]) + (2 if match["dash"] else 0)
            while above and above[-1][0] >= indent:
                above.pop()
            name = ".".join((*[key for _, key in above], match["key"]))
            if match["value"] is None:
                above.append((indent, match["key"]))
                found[name] = None
            else:
                found[name] = scalar(match["value"].split(" #")[0])
                _forget_homes(found, above)
        elif match := _ITEM.match(line):
            while above and above[-1][0] > len(match["indent"]):
                above.pop()
            name = ".".join(key for _, key in above)
            held = found.get(name)
            if name and (held is None or isinstance(held, list)):
                found[name] = [*(held or []), scalar(match["value"])]
                _forget_homes(found, above[:-1])
    return found


def _forget_homes(found: dict[str, ParamValue], above: list[tuple[int, str]]) -> None:
    """Take out what turned out to be a mapping."""
    for depth in range(1, len(above) + 1):
        name = ".".join(key for _, key in above[:depth])
        if name in found and found[name] is None:
            del found[name]

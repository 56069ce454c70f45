"""What single values of a YAML file mean, and what the objects in it were before they were written.

Nothing is constructed: a tag is looked at for what it says about plain data. See `yaml_text`.

Source: yaml/pyyaml, lib/yaml/resolver.py and constructor.py; numpy's pickle state of a scalar.
"""

from __future__ import annotations

import re
import struct
from base64 import b64decode
from math import isinf

_CORE_WORDS: dict[str, object] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
for _sign, _infinite in (("", "inf"), ("+", "inf"), ("-", "-inf")):
    _CORE_WORDS |= dict.fromkeys((f"{_sign}.inf", f"{_sign}.Inf", f"{_sign}.INF"), float(_infinite))
_WORDS: dict[str, object] = {
    **_CORE_WORDS,
    **dict.fromkeys(("yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("no", "No", "NO", "off", "Off", "OFF"), False),
}
_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9_]*)")
_WHOLE_CORE = re.compile(r"[-+]?[0-9][0-9_]*")
_BASED = re.compile(r"([-+]?)(0b[01_]+|0x[0-9a-fA-F_]+|0o?[0-7_]+)")
_SIXTY = re.compile(r"([-+]?)([0-9][0-9_]*(?::[0-5]?[0-9])+)(\.[0-9_]*)?")
_REAL = re.compile(
    r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[0-9][0-9_]*[eE][-+]?[0-9]{1,2}"
    r"|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?)"
)
_LONGEST_NUMBER = 4000
"""Digits; Python itself refuses to read whole numbers of more than 4,300."""

_STANDARD = "tag:yaml.org,2002:"
_PATHS = re.compile(r"python/object/apply:pathlib\.(?:_local\.)?(Pure)?(Posix|Windows)?Path$")
_NUMPY_SCALAR = re.compile(r"python/object/apply:numpy\.(?:_?core)\.multiarray\.scalar$")
_NUMPY_TYPES = dict(
    zip(
        "f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1".split(),
        "e f d b h i q B H I Q ?".split(),
        strict=True,
    )
)
_OBJECT_PARTS = {"args", "kwds", "state", "listitems", "dictitems"}


def plain_value(text: str, *, core: bool = False) -> object:
    """Return what a scalar without quotes and tag means; `core` for YAML 1.2."""
    words = _CORE_WORDS if core else _WORDS
    if text in words:
        return words[text]
    if text[0] not in "+-.0123456789" or len(text) > _LONGEST_NUMBER:
        return text
    if (_WHOLE_CORE if core else _WHOLE).fullmatch(text):
        return int(text.replace("_", ""))
    if _REAL.fullmatch(text):
        number = float(text.replace("_", ""))
        # `12e4567` is rather the beginning of a hash.
        return text if isinf(number) else number
    if based := _BASED.fullmatch(text):
        return _in_base(text, based.group(1), based.group(2).replace("_", ""), core=core)
    if not core and (sixty := _SIXTY.fullmatch(text)):
        return _in_sixties(*sixty.groups())
    return text


def _in_base(text: str, sign: str, digits: str, *, core: bool) -> object:
    if not core and digits[1:2] == "o":
        return text
    if not digits[1:].isdigit():
        value = _of_base(digits)
        return text if value is None else -value if sign == "-" else value
    return int(sign + digits, 8)


def _of_base(digits: str) -> int | None:
    base = {"b": 2, "x": 16, "o": 8}.get(digits[1:2])
    try:
        return int(digits[2:], base) if base else None
    except ValueError:
        return None


def _in_sixties(sign: str, whole: str, fraction: str | None) -> object:
    total = 0
    for part in whole.replace("_", "").split(":"):
        total = total * 60 + int(part)
    factor = -1 if sign == "-" else 1
    if fraction is None:
        return factor * total
    return factor * (total + float("0" + fraction.replace("_", "") + "0"))


def tagged_value(tag: str, text: str, *, core: bool = False) -> object:
    """Return what a scalar with a tag means: by the tag where it is known, else its text."""
    kind = tag.removeprefix(_STANDARD)
    if kind in ("int", "float", "bool", "null", "python/int", "python/long", "python/float"):
        return _wanted(kind.rpartition("/")[2], plain_value(text, core=core), text)
    if kind in ("python/bool", "python/none"):
        return plain_value(text, core=core)
    if kind in ("binary", "python/bytes"):
        return _decoded(text)
    for named in ("python/name:", "python/module:"):
        if kind.startswith(named):
            return kind.removeprefix(named)
    return text


def _wanted(kind: str, value: object, text: str) -> object:
    if kind == "float" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return text if isinstance(value, str) else value


class _Binary(str):
    """Bytes as text, which numbers of numpy are told from all the same."""

    raw: bytes


def _decoded(text: str) -> str:
    """Return bytes as text where they are that, else as they were written."""
    try:
        raw = b64decode("".join(text.split()), validate=True)
    except ValueError:
        return text
    try:
        decoded = _Binary(raw.decode("utf-8"))
    except UnicodeDecodeError:
        decoded = _Binary(text)
    decoded.raw = raw
    return decoded


def type_object(tag: str, value: list[object] | dict[str, object]) -> object:
    """Return a list or mapping as what its tag says that it was, in plain data."""
    kind = tag.removeprefix(_STANDARD)
    if kind == "set" and isinstance(value, dict):
        return list(value)
    if kind == "omap" and isinstance(value, list):
        return _as_mapping(value)
    if not kind.startswith("python/object"):
        return value
    if kind.endswith(":numpy.dtype"):
        return _numpy_type(value)
    return _applied(kind, value) if isinstance(value, list) else _object_content(value)


def _as_mapping(pairs: list[object]) -> object:
    if not all(isinstance(pair, dict) for pair in pairs):
        return pairs
    return {name: value for pair in pairs if isinstance(pair, dict) for name, value in pair.items()}


def _applied(kind: str, parts: list[object]) -> object:
    """Return what a call with these arguments made, where that is plain data."""
    if (found := _PATHS.match(kind)) and all(isinstance(part, str) for part in parts):
        return _path_text([str(part) for part in parts], windows=found.group(2) == "Windows")
    if _NUMPY_SCALAR.match(kind):
        return _numpy_number(parts)
    if kind.endswith(":collections.OrderedDict") and len(parts) == 1:
        return _ordered(parts[0])
    # An enum's value, a device's name: the only argument stands for the thing.
    only = parts[0] if len(parts) == 1 else parts
    return parts if isinstance(only, (list, dict)) else only


def _ordered(pairs: object) -> object:
    if not isinstance(pairs, list):
        return pairs
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        return pairs
    return {str(name): value for name, value in pairs}


def _object_content(parts: dict[str, object]) -> object:
    """Return what an object held: of how it was to be built, the part that has something in it."""
    if not parts or not parts.keys() <= _OBJECT_PARTS:
        return parts
    for name in ("dictitems", "listitems", "state", "kwds", "args"):
        if parts.get(name):
            return parts[name]
    return []


def _path_text(parts: list[str], *, windows: bool) -> str:
    if not parts:
        return "."
    between = "\\" if windows else "/"
    first, rest = parts[0], parts[1:]
    return first + ("" if first.endswith(between) or not rest else between) + between.join(rest)


def _numpy_type(parts: list[object] | dict[str, object]) -> object:
    """Return a numpy type as numpy itself writes it: `<f8`."""
    args = parts.get("args") if isinstance(parts, dict) else parts
    state = parts.get("state") if isinstance(parts, dict) else None
    if not isinstance(args, list) or not args or not isinstance(args[0], str):
        return parts
    order = state[1] if isinstance(state, list) and len(state) > 1 else "<"
    return f"{'>' if order == '>' else '<'}{args[0]}"


def _numpy_number(parts: list[object]) -> object:
    """Return a numpy scalar, which is written as its type and its bytes."""
    if len(parts) != 2 or not isinstance(parts[1], _Binary):
        return parts
    kind = str(parts[0])
    form = _NUMPY_TYPES.get(kind[1:])
    if form is None or struct.calcsize(form) != len(parts[1].raw):
        return parts
    number: object = struct.unpack(kind[0] + form, parts[1].raw)[0]
    return number

"""Values as YAML that every reader takes for the same: JSON's forms, but for numbers.

Texts stand in double quotes, so that `yes`, `1e-3` and `null` stay texts. YAML 1.1, which
PyYAML reads, takes `1e-05` for a text and wants `1.0e-05`.
"""

from __future__ import annotations

import json
import math


def yaml_value(value: object) -> str:
    """Return a value on one line."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(yaml_value, value)) + "]"
    if isinstance(value, dict):
        pairs = (f"{_text(str(name))}: {yaml_value(member)}" for name, member in value.items())
        return "{" + ", ".join(pairs) + "}"
    if value is None or isinstance(value, (bool, int)):
        return json.dumps(value)
    return _text(str(value))


def _float(value: float) -> str:
    if not math.isfinite(value):
        return ".nan" if value != value else ".inf" if value > 0 else "-.inf"
    text = repr(value)
    mantissa, mark, exponent = text.partition("e")
    if not mark:
        return text
    sign = "" if exponent[0] in "+-" else "+"
    return f"{mantissa}{'' if '.' in mantissa else '.0'}e{sign}{exponent}"


def _text(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    # What YAML does not allow as it is, and a line end that JSON has none of.
    return "".join(f"\\u{ord(letter):04x}" if _is_odd(ord(letter)) else letter for letter in quoted)


def _is_odd(point: int) -> bool:
    return (
        0x7F <= point <= 0x9F
        or point in (0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF)
        or 0xD800 <= point < 0xE000
    )

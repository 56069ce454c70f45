"""What leaves the machine: data and texts in which nothing looks like a secret any more.

Data are read value by value: as JSON, the version of a package whose name ends in "auth"
looks like a value assigned to a secret. A param is hidden for its name as well.
"""

from __future__ import annotations

from typing import Any

from tui_tracker.capture.redaction import hidden, is_secret_name, redact_text

_PEM = "-----BEGIN ", "-----END ", "PRIVATE KEY"


def clean_value(value: Any) -> Any:
    """Return plain JSON data with what looks like a secret hidden, in keys and in values."""
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, dict):
        return {redact_text(str(name)): clean_value(member) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean_value(member) for member in value]
    return value


def clean_param(name: str, value: Any) -> Any:
    """Return a param's value, hidden where its name is a secret's or it looks like one."""
    if isinstance(value, str) and value and is_secret_name(name):
        return value if value.startswith("***(") else hidden(value)
    if isinstance(value, dict):
        return {str(inner): clean_param(str(inner), member) for inner, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean_param(name, member) for member in value]
    return clean_value(value)


def clean_lines(text: str) -> str:
    """Hide secrets in lines of text; a key of several lines leaves as many lines."""
    cleaned = redact_text(text)
    if cleaned == text or cleaned.count("\n") == text.count("\n"):
        return cleaned
    from tui_tracker.capture.shapes import find_spans

    parts: list[str] = []
    done = 0
    for start, end, _ in find_spans(text):
        secret = text[start:end]
        parts += (text[done:start], hidden(secret), "\n" * secret.count("\n"))
        done = end
    return "".join([*parts, text[done:]])


def clean_printed(texts: list[str], inside: bool) -> tuple[list[str], bool]:
    """Hide secrets in printed lines, of which there may be more before and after.

    `inside` says that a private key goes on in them; returned is also whether one goes on
    after them.
    """
    begin, end, what = _PEM
    hide = _key_lines(texts, inside)
    joined = "\n".join("***" if number in hide else text for number, text in enumerate(texts))
    cleaned = clean_lines(joined).split("\n")
    if len(cleaned) != len(texts):  # a line end inside a line
        cleaned = [redact_text(text) for text in texts]
    for text in texts:
        if what in text and (begin in text or end in text):
            inside = text.rfind(begin) > text.rfind(end)
    return cleaned, inside


def _key_lines(texts: list[str], inside: bool) -> frozenset[int]:
    """Return the lines at the start that belong to a key begun before them."""
    if not inside:
        return frozenset()
    last = next((number for number, text in enumerate(texts) if _PEM[1] in text), len(texts) - 1)
    return frozenset(range(last + 1))

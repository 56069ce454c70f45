"""What looks like a secret, hidden on its way out, and counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tui_tracker.outgoing import clean_param, clean_printed, clean_value

_REMEMBERED = 4096
"""Texts whose outcome is kept: a sweep says the same words in all its runs."""


class Cleaner:
    """Hides what looks like a secret; with `keep` it leaves everything as it is."""

    def __init__(self, *, keep: bool = False) -> None:
        self._keep = keep
        self._known: dict[str, str] = {}
        self.hidden = 0
        """Values in which something was hidden."""

    def text(self, text: str) -> str:
        if self._keep or not text:
            return text
        if (known := self._known.get(text)) is None:
            known = str(clean_value(text))
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[text] = known
        self.hidden += known != text
        return known

    def value(self, value: Any) -> Any:
        """Return plain JSON data without secrets, in names and in values."""
        if self._keep:
            return value
        return self._counted(value, clean_value(value))

    def param(self, name: str, value: Any) -> Any:
        """Return a param's value, hidden for its name as well."""
        if self._keep or not isinstance(value, (str, list)):
            return value
        return self._counted(value, clean_param(name, value))

    def lines(self, texts: Sequence[str], inside: bool) -> tuple[list[str], bool]:
        """Return printed lines without secrets, and whether a private key goes on after them."""
        if self._keep:
            return list(texts), False
        cleaned, inside = clean_printed(list(texts), inside)
        self.hidden += sum(a != b for a, b in zip(texts, cleaned, strict=True))
        return cleaned, inside

    def _counted(self, old: Any, new: Any) -> Any:
        # A NaN differs from itself, and is no secret.
        self.hidden += new != old and new == new and repr(new) != repr(old)
        return new

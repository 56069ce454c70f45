"""Bytes of a console to lines, each as the states that a terminal showed one after another.

A carriage return or a run of backspaces begins a state anew; colours, cursor moves and titles
are left out. A line is held up to `LONGEST` characters: of a longer one the states that are
complete are handed on, and a single longer state is cut.

Source: ECMA-48 (CSI, OSC and two-byte escapes).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

LONGEST = 1 << 16
_ESCAPE = re.compile(
    r"\x1b(?:\[[0-?]*+[ -/]*+[@-~]?|[\]PX^_][^\x07\x1b]*+(?:\x07|\x1b\\)?|[ -/]*+[0-~]?)"
)
_BACK = re.compile(r"\x08++")
_BOMS = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
"""PowerShell writes UTF-16 when output is redirected."""


class Lines:
    """Cuts a stream of bytes into numbered lines; what is not UTF-8 becomes a stand-in."""

    def __init__(self) -> None:
        self.number = 0
        """Lines that were begun so far."""
        self._rest = ""
        self._cut = False
        self._decoder: codecs.IncrementalDecoder | None = None

    def feed(self, data: bytes) -> Iterator[tuple[int, list[str]]]:
        """Yield the number, from 1, and the states of each line that the bytes complete.

        A long line that is not complete yet is yielded in parts of the same number.
        """
        if self._decoder is None:
            name = next((name for bom, name in _BOMS if data.startswith(bom)), "utf-8-sig")
            self._decoder = codecs.getincrementaldecoder(name)("replace")
        text = self._decoder.decode(data)
        *lines, rest = text.split("\n")
        for line in lines:
            self.number += 1
            yield self.number, states(self._take(line))
            self._rest, self._cut = "", False
        if rest:
            self._rest = self._take(rest)
            if len(self._rest) > LONGEST:
                yield from self._relieve()

    def finish(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the last line, where it has no end."""
        last = self._take(self._decoder.decode(b"", True) if self._decoder else "")
        self._rest = ""
        if last:
            self.number += 1
            yield self.number, states(last)

    @property
    def open_text(self) -> str:
        """What of a line is there that has no end yet."""
        return self._rest

    def _take(self, text: str) -> str:
        if self._cut:
            # The line was cut before: only a new state in it is of interest.
            _, found, text = text.partition("\r")
            self._cut = not found
            return text
        return self._rest + text if self._rest else text

    def _relieve(self) -> Iterator[tuple[int, list[str]]]:
        done, found, rest = self._rest.rpartition("\r")
        if found:
            self._rest = rest if len(rest) <= LONGEST else ""
            self._cut = len(rest) > LONGEST
            yield self.number + 1, states(done[-16 * LONGEST :])
        else:
            self._rest, self._cut = "", True
            yield self.number + 1, states(done or rest[:LONGEST])


def states(line: str) -> list[str]:
    """Return what a line showed one after another, without what is blank."""
    if "\x1b" in line:
        line = _ESCAPE.sub("", line)
    if "\x08" in line:
        line = _BACK.sub("\r", line)
    if "\x00" in line:
        line = line.replace("\x00", "")
    if "\r" not in line:
        return [line[:LONGEST]] if line and not line.isspace() else []
    return [state[:LONGEST] for state in line.split("\r") if state and not state.isspace()]

"""What stands before the message of a logged line: a rank, a time, a level, a logger's name.

[rank0]: ...                                     torchrun, srun -l, mpirun
2026-11-23 06:33:45 | INFO | train_inner | ...   fairseq
[2026-11-23 06:27:59,892][train][INFO] - ...     Hydra
11/23/2026 06:33:45 - INFO - __main__ - ...      Hugging Face examples
I1123 06:33:45.123456 12345 train.py:12] ...     absl, glog
INFO:root:...                                    logging.basicConfig
[I 2026-11-23 06:27:48,361] ...                  Optuna, tornado
(train_fn pid=1234, ip=10.0.0.1) ...             Ray
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

_RANK = re.compile(
    r"\s*(?:\[(?:rank|default|trainer|worker|node|proc|process|gpu)[ _:=-]?(?P<a>\d{1,5})\]:?"
    r"|\[1,(?P<b>\d{1,5})\]<std(?:out|err)>:"
    r"|(?:rank|worker)[ _:=-]?(?P<c>\d{1,5})\s?[:|\]]"
    r"|(?P<d>\d{1,4}):(?=\s+(?:\[?(?:epoch|step|iter|iteration|train|val|test)\b)))\s*",
    re.I,
)
_DATE = r"(?P<y>\d{4})[-/.](?P<mo>\d\d)[-/.](?P<d>\d\d)|(?P<mo2>\d\d)/(?P<d2>\d\d)/(?P<y2>\d{4})"
_TIME = r"\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
_STAMP = re.compile(
    rf"[\[(<]?(?:[IWEDC] )?(?:(?:{_DATE})[T _-]{{1,2}})?(?P<time>{_TIME})"
    r"(?P<zone>Z|\s?UTC|\s?[+-]\d\d:?\d\d)?[\])>]?[,:]?(?=\W|$)"
)
_GLOG = re.compile(r"[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+\s+\d+ [\w./-]+:\d+\] ")
_SYSLOG = re.compile(r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d [\w.-]+ [\w./-]+(?:\[\d+\])?: ")
_LEVELS = "DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|NOTICE|TRACE|FATAL|SUCCESS"
_LEVEL = re.compile(
    rf"[\s:|,-]*[\[(<]?(?P<level>{_LEVELS}|(?:debug|info|warning|error)(?=[\])>|:]))[\])>]?[:,]?(?=\W|$)"
)
_SPACE = re.compile(r"[\s:|,-]*(?:[-|>]+\s+)?")
_TAGGED = re.compile(r"\s*\[[A-Za-z][\w.-]{0,30}\]:?\s+(?=\[?\d{4}[-/]\d\d[-/]\d\d)")
_RAY = re.compile(r"\([\w.:<>-]{1,60} pid=\d+(?:, ip=[\d.:]+)?\) ")
_CALLER = re.compile(
    rf"\s*+(?:(?:\([\w.]+:\d+\)|[A-Za-z_][\w.]{{0,40}}(?::\d+)?)\s++){{1,3}}(?=[\[(]?(?:{_LEVELS})[\])]?[:\s])"
)
_BRACKETED = re.compile(r"\s*\[(?P<name>[A-Za-z_][\w.:/ -]{0,60})\](?=[\s:\[-])")
_PIPED = re.compile(r"\s*\|\s*(?P<name>[A-Za-z_][\w.:]{0,60})\s+[|-]\s+")
_DASHED = re.compile(r"\s*-\s*(?P<name>[A-Za-z_][\w.:]{0,60})\s+-\s+")
_COLONED = re.compile(
    r"[\s:-]*(?P<name>[a-z_][\w.]{0,60}(?::\d+)?(?:\.py)?)\s?(?::\s*|\s-\s)(?=\S)"
)
_PHASE = re.compile(r"(?:train|valid|val|test|eval|dev)(?:_inner|_outer|ation|ing|uation)?$")
_HEADS = frozenset("0123456789[(< \t")
_WORDS = ("INFO", "WARN", "ERROR", "DEBUG", "CRIT", "rank", "Rank", "RANK", "work", "NOTI", "TRAC")


class Prefix(NamedTuple):
    """What a line says before its message."""

    text: str
    """The message."""
    at_ms: int | None = None
    rank: str = ""
    phase: str = ""
    """The logger's name, where it names a phase in columns as fairseq has them."""
    level: str = ""


class Prefixes:
    """Cuts prefixes, and remembers where they end in lines that differ in digits only."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, int, int, str, str]] = {}
        self._last = _NO_LAST

    def cut(self, text: str) -> tuple[str, int | None, str, str, str]:
        """Return a line without what stands before its message, as a `Prefix` has it."""
        if _has_none(text):
            return text, None, "", "", ""
        width, head, known = self._last
        if width and text[:width].translate(_ONE_DIGIT) == head:
            end, start, stop, phase, level = known
            return text[end:], _stamped(text[start:stop]) if start >= 0 else None, "", phase, level
        return self._cut(text)

    def _cut(self, text: str) -> Prefix:
        key = text[:_HEAD].translate(_ONE_DIGIT)
        known = self._known.get(key)
        if known is None:
            prefix = cut_prefix(text)
            # A rank differs in its digits, and a long prefix is not seen whole.
            end = len(text) - len(prefix.text)
            if prefix.rank or end > _HEAD - 16:
                return prefix
            stamp = _place_of_time(text[:end]) if prefix.at_ms is not None else (-1, -1)
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[key] = (end, *stamp, prefix.phase, prefix.level)
            return prefix
        end, start, stop, phase, level = known
        # What a prefix is hangs on no more than the word behind it, once its level is known.
        space = text.find(" ", end) if level and text[end : end + 1].isalnum() else -1
        if 0 < space < _HEAD - 4:
            self._last = (space + 4, key[: space + 4], known)
        at_ms = _stamped(text[start:stop]) if start >= 0 else None
        return Prefix(text[end:] if end else text, at_ms, "", phase, level)


_NO_LAST: tuple[int, str, tuple[int, int, int, str, str]] = (0, "", (0, -1, -1, "", ""))


def _has_none(text: str) -> bool:
    """Return whether a line surely has no prefix; cheap."""
    return (
        text[0].isalpha()
        and text[3:4] != " "
        and not text[1:2].isdigit()
        and not text.startswith(_WORDS)
    )


def _place_of_time(text: str) -> tuple[int, int]:
    found = _STAMP.search(text)
    return (found.start(), found.end()) if found else (-1, -1)


@lru_cache(maxsize=256)
def _stamped(text: str) -> int | None:
    plain = _PLAIN_TIME.match(text)
    if plain is not None:
        day, minute, second, fraction = plain.groups()
        whole = _second(f"{day}T{minute}:00", "")
        if whole is not None:
            told = whole + int(second) * 1000
            return told + int(fraction.ljust(3, "0")[:3]) if fraction else told
    found = _STAMP.match(text)
    return _moment(found) if found else None


_PLAIN_TIME = re.compile(
    r"[\[(<]?(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d):(\d\d)(?:[.,](\d{1,9}))?[\])>]?[,:]?$"
)
_HEAD = 120
"""Characters of a line that tell prefixes apart; a prefix is shorter."""
_MOST_KNOWN = 8192
_ONE_DIGIT = str.maketrans("123456789", "000000000")


def cut_prefix(text: str) -> Prefix:
    """Return a line without what stands before its message."""
    if text[0] not in _HEADS and not text.startswith(_WORDS):
        found = (_GLOG if text[0] in "IWEF" else _SYSLOG).match(text)
        return Prefix(text[found.end() :] if found else text)
    if text[0] == "(" and (found := _RAY.match(text)):
        rest = text[found.end() :]
        return Prefix(rest) if rest[:1] in ("", "(") else cut_prefix(rest)
    at, rank, at_ms = 0, "", None
    if ("ank" in text[:12] or "[" in text[:2] or text[0].isdigit() or text[0] in "wR ") and (
        found := _RANK.match(text)
    ):
        rank = found["a"] or found["b"] or found["c"] or found["d"]
        at = found.end()
    if tagged := _TAGGED.match(text, at):
        at = tagged.end()
    if found := _STAMP.match(text, at):
        at, at_ms = found.end(), _moment(found)
    stamped = found is not None
    name, level, end = _logger(text, at, stamped)
    if not stamped and not level and not name:
        return Prefix(text[at:], None, rank)
    message = text[end:]
    if found := _SPACE.match(message):
        message = message[found.end() :] if stamped or level else message
    return Prefix(message, at_ms, rank, name if _PHASE.match(name) else "", level)


def _logger(text: str, at: int, stamped: bool) -> tuple[str, str, int]:
    """Return the phase-like name in columns, the level, and where the message begins."""
    phase, level = "", ""
    for _ in range(4):
        if not level and (found := _LEVEL.match(text, at)):
            level, at = found["level"], found.end()
        elif stamped and not level and (found := _CALLER.match(text, at)):
            at = found.end()
        elif found := _BRACKETED.match(text, at):
            if _is_of_message(found):
                break
            at = found.end()
        elif (stamped or level) and (found := _PIPED.match(text, at) or _DASHED.match(text, at)):
            phase = found["name"] if found.re is _PIPED else phase
            at = found.end()
        elif level and (found := _COLONED.match(text, at)) and not _is_said(found["name"]):
            return phase, level, found.end()
        else:
            break
    return phase, level, at


def _is_of_message(found: re.Match[str]) -> bool:
    """Return whether brackets are of the message, as `[train] epoch 1`, not `[train][INFO]`."""
    phase = _PHASE.match(found["name"].lower())
    return phase is not None and not _LEVEL.match(found.string, found.end())


_SAID = frozenset(
    "epoch step iter iteration loss batch acc accuracy seed lr val valid test eval metrics"
    " results args config params".split()
)


def _is_said(name: str) -> bool:
    return name.lower() in _SAID


def _moment(found: re.Match[str]) -> int | None:
    year = found["y"] or found["y2"]
    if not year:
        return None
    clock, _, fraction = found["time"].replace(",", ".").partition(".")
    month, day = found["mo"] or found["mo2"], found["d"] or found["d2"]
    whole = _second(f"{year}-{month}-{day}T{clock}", (found["zone"] or "").strip())
    return None if whole is None else whole + int(fraction.ljust(3, "0")[:3])


@lru_cache(maxsize=1024)
def _second(text: str, zone: str) -> int | None:
    """Return Unix milliseconds; a time without a zone is the reading machine's."""
    try:
        if zone in ("Z", "UTC"):
            moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
        else:
            moment = datetime.fromisoformat(text + zone)
        return round(moment.timestamp()) * 1000
    except (ValueError, OverflowError, OSError):
        return None

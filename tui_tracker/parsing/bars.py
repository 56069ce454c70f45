"""Progress bars: what they count, and the values that they carry.

    Epoch 3:  40%|####      | 2/5 [00:00<00:00, 52.5it/s, loss=0.31]      tqdm, Lightning
    train: 12it [00:03, 4.1it/s, loss=0.31]                               tqdm without a total
    22/22 [==============================] - 1s 7ms/step - loss: 0.31     Keras 2
    22/22 ━━━━━━━━━━━━━━━━━━━━ 0s 7ms/step - loss: 0.31                   Keras 3
    22/22 - 1s - loss: 0.31                                               Keras, verbose=2
    Epoch 0/3 ━━━━━━ 5/5 0:00:00 • 0:00:00 90.1it/s train_loss: 0.31      Rich, Lightning
    Epoch 1/5 : |####----| 50.00% [2/4 00:00<00:00 1.3511]                fastprogress

Source: tqdm, std.py (format_meter); keras, utils/progbar.py; fastprogress, fastprogress.py.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from tui_tracker.parsing.reading import number_of
from tui_tracker.parsing.shapes import NUMBER
from tui_tracker.parsing.words import axis_of

_COUNT = re.compile(r"\|?\s*(?P<n>[\d.]+[kMGT]?)/(?P<total>[\d.]+[kMGT]?|\?)[A-Za-z ]{0,12}\s*\[")
_OPEN = re.compile(r"(?P<n>\d+)(?:it|[A-Za-z]{1,12})? \[\d\d:\d\d")
_KERAS = re.compile(r"\s*(?P<n>\d+)/(?P<total>\d+|Unknown|None)\s+(?:\[[=>. ]*+\]|━[━╸╺]*+|-)\s")
_RICH = re.compile(r"[━╸╺╶]{3,}+[━╸╺╶ ]*+")
_RICH_COUNT = re.compile(r"\s*(?P<n>\d+)/(?P<total>\d+)\s")
_KERAS_TIME = re.compile(r"[\d:.]+(?:[a-zµμ]+|:\d\d)?(?: \d+[a-zµμ]+)?(?:/(?:step|epoch|sample))?")
_PAIR = re.compile(
    r"(?P<name>[^\W\d][\w@/.%'()-]*(?: [^\W\d][\w@/.%'()-]*)*)\s*[=:]\s*(?P<value>[-+]?[\w.+-]+)%?"
)
_EPOCH = re.compile(r"\bep(?:och)?\s*[:#=\[(]{0,2}\s*(?P<epoch>\d+)(?:\s*/\s*(?P<of>\d+))?", re.I)
_NO_VALUE = frozenset(("v_num", "refresh", "eta"))
_axis_of = lru_cache(maxsize=1024)(axis_of)
_POWERS = {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


class Bar(NamedTuple):
    """One state of a progress bar."""

    label: str
    """What stands before it, without numbers: tells bars apart."""
    epoch: int | None
    """As its label says it."""
    done: int
    """How far it is."""
    total: int
    """0 where it is not known."""
    names: tuple[str, ...]
    values: tuple[float, ...]
    is_keras: bool
    before: str
    """Text in front of it that is no label; often a line that nothing ended."""
    after: str


def may_be_bar(text: str) -> bool:
    """Return whether a text is worth to be looked at as a bar; cheap."""
    if "[" in text and ("%|" in text or "% [" in text or "it [" in text or "/? [" in text):
        return True
    return "━" in text or _begins(text)


def _begins(text: str) -> bool:
    return "/" in text[:24] and _KERAS.match(text) is not None


def read_bar(text: str) -> Bar | None:
    """Return the bar that a text shows, None where it shows none."""
    if (at := text.find("%|")) >= 0:
        return _read_tqdm(text, at)
    if found := _KERAS.match(text):
        return _read_keras(text, found)
    if "━" in text and (found := _RICH.search(text)):
        return _read_rich(text, found)
    if ("% [" in text or "/? [" in text) and "|" in text:
        return Bar("", None, 0, 0, (), (), False, "", "")  # fastprogress tells no names
    if "it [" in text and (found := _OPEN.search(text)):
        label = text[: found.start()].rstrip(" :")
        return _with_rest(label, int(found["n"]), 0, text, text.find("[", found.start()))
    return None


def _read_tqdm(text: str, at: int) -> Bar | None:
    label = text[:at].rstrip("0123456789.").rstrip()
    closing = text.find("|", at + 2)
    found = _COUNT.match(text, closing) if closing >= 0 else None
    if found is None:
        return Bar(label, None, 0, 0, (), (), False, "", "")
    total = 0 if found["total"] == "?" else _count(found["total"])
    return _with_rest(label, _count(found["n"]), total, text, found.end() - 1)


def _with_rest(label: str, count: int, total: int, text: str, opening: int) -> Bar:
    """Return a bar whose times and values stand in brackets from `opening` on."""
    closing = text.find("]", opening)
    inside = text[opening + 1 : closing] if closing >= 0 else text[opening + 1 :]
    after = text[closing + 1 :] if closing >= 0 else ""
    fields = inside.split(", ")[1:]
    names, values = _pairs(", ".join(field for field in fields if "/s" not in field))
    more, label, epoch = _read_label(label)
    names, values = more[0] + names, more[1] + values
    return Bar(label, epoch, count, total, names, values, False, "", after)


@lru_cache(maxsize=256)
def _read_label(
    label: str,
) -> tuple[tuple[tuple[str, ...], tuple[float, ...]], str, int | None]:
    """Return the values that a bar's label carries, the label without them, and its epoch."""
    found = _EPOCH.search(label)
    at = found.end() if found else 0
    own = label[at:] if re.search(r"[=:]\s*[-+]?\d", label[at:]) else ""
    rest = NUMBER.sub("#", label[: len(label) - len(own)])
    return _pairs(own), rest, int(found["epoch"]) if found else None


def _read_keras(text: str, found: re.Match[str]) -> Bar:
    rest = text[found.end() :]
    total = int(found["total"]) if found["total"].isdigit() else 0
    pieces = [
        piece for piece in rest.lstrip("- ").split(" - ") if ":" in piece and "/s" not in piece
    ]
    names, values = _pairs(", ".join(piece for piece in pieces if not piece[:1].isdigit()))
    return Bar("", None, int(found["n"]), total, names, values, True, "", "")


def _read_rich(text: str, found: re.Match[str]) -> Bar | None:
    counted = _RICH_COUNT.match(text, found.end())
    label = text[: found.start()].strip()
    if counted is None:
        return Bar(label, None, 0, 0, (), (), False, "", "") if "%" in text[found.end() :] else None
    rest = text[counted.end() :]
    _, cut, behind = rest.partition("it/s")
    fields = re.split(r"\s+(?=[A-Za-z_][\w/@.-]*[:=])", behind if cut else rest)
    names, values = _pairs(", ".join(fields))
    epoch = _EPOCH.search(label)
    return Bar(
        NUMBER.sub("#", label), int(epoch["epoch"]) if epoch else None, int(counted["n"]),
        int(counted["total"]), names, values, False, "", "",
    )  # fmt: skip


def _pairs(text: str) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Return the names and values of `loss=0.3, acc=0.9` or `loss: 0.3`."""
    if not text or ("=" not in text and ":" not in text):
        return (), ()
    found: dict[str, float] = {}
    for pair in _PAIR.finditer(text):
        name = pair["name"].strip()
        if name in _NO_VALUE or _axis_of(name) == "epoch":
            continue
        if NUMBER.fullmatch(pair["value"].rstrip(".")):
            found[name] = number_of(pair["value"].rstrip("."))
    return tuple(found), tuple(found.values())


def _count(text: str) -> int:
    power = _POWERS.get(text[-1:], 0)
    try:
        return int(float(text[:-1]) * power) if power else int(float(text))
    except (ValueError, OverflowError):
        return 0

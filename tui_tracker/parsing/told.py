"""Lines that tell one result in a sentence, and those of a search over params.

    Accuracy of the network on the 10000 test images: 54 %        PyTorch's tutorials
    Accuracy for class: plane is 37.7 %
     Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.385       COCO
    [CV 1/3] END ....C=0.1, kernel=rbf;, score=0.933 total time=   0.0s          scikit-learn
    [CV 1/3; 1/4] END C=1; f1: (train=0.97, test=0.92) total time=   0.1s

The name is what stands before the value, numbers and all. It must begin with a metric's name.
Checked with scikit-learn 1.9.1, and with lines as the others' code prints them.
"""

from __future__ import annotations

import re

from tui_tracker.parsing.reading import Reading, number_of
from tui_tracker.parsing.words import PHASES, is_metric, words_of

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|nan"
_TOLD = re.compile(
    rf"(?P<name>[A-Za-z][^=\n]*?)\s*(?:[:=]|\bis)\s*(?P<value>{_NUMBER})\s?(?P<percent>%)?[.!]?\s*$"
)
_COCO = re.compile(rf"\s*(?P<name>Average (?:Precision|Recall) .*\])\s=\s(?P<value>{_NUMBER})\s*$")
_LINK = re.compile(
    r" (?:of|for|on|over) (?:the|all|class|classes|test|train|training|validation|val|dev|final"
    r"|best|model|network|each)\b"
)
_MEANS = frozenset("average avg mean overall final total top".split()) | PHASES
_VERBS = frozenset(
    "was were did has have improved decreased increased reached dropped not than from epoch step"
    " iteration threshold".split()
)
_CV = re.compile(r"\[CV[ \d/;]*\](?: END)?[ .]*(?P<body>.*?),? total(?: time)?=\s*[\d.]+\s?\w*$")
_SCORE = re.compile(
    rf"\b(?P<name>score(?==)|\w+(?=: \())(?:=|: )\(?(?:train=(?P<train>{_NUMBER}), )?(?:test=)?"
    rf"(?P<test>{_NUMBER})"
)
_LONGEST = 400


def read_told(text: str) -> Reading | None:
    """Return the result that a line tells, None for another line."""
    if len(text) > _LONGEST:
        return None
    if text.startswith("[CV"):
        return _read_scores(text)
    found = _COCO.match(text) or (_TOLD.match(text) if text[0].isalpha() else None)
    if found is None:
        return None
    name = " ".join(found["name"].split())
    if found.re is _TOLD and not _is_result(name, found):
        return None
    values = (number_of(found["value"]),)
    return Reading("lone", names=(name,), values=values, why="a result told in a sentence")


def _is_result(name: str, found: re.Match[str]) -> bool:
    words = words_of(name)
    if len(name) > 100 or not _LINK.search(name) or not _VERBS.isdisjoint(words):
        return False
    is_said = found.string[: found.start("value")].rstrip().endswith("is")
    if found["percent"] is None and (is_said or "." not in found["value"]):
        return False
    if is_said and ": " not in name:
        return False
    head = next((at for at, word in enumerate(words) if word not in _MEANS), len(words))
    return bool(words[head:]) and is_metric(words[head], strict=True)


def _read_scores(text: str) -> Reading | None:
    found = _CV.match(text)
    if found is None:
        return None
    told: dict[str, float] = {}
    for score in _SCORE.finditer(found["body"]):
        name = score["name"]
        if score["train"]:
            told[f"train {name}"] = number_of(score["train"])
            name = f"test {name}"
        told[name] = number_of(score["test"])
    if not told:
        return None
    why = "the scores of a search over params"
    return Reading("lone", names=tuple(told), values=tuple(told.values()), why=why)

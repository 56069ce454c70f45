"""Whose run it was and what for: from the history's authors and the names' first words."""

from __future__ import annotations

import re

from tui_tracker.audit.amendments import Confidence
from tui_tracker.drill.case import SHORT, Case
from tui_tracker.drill.recipes import Answers, recipe
from tui_tracker.formatting import format_time
from tui_tracker.names.words import PURPOSES, snake

_TICKET = re.compile(r"\b([A-Z][A-Z0-9]{1,9}-\d{1,6})\b|(?:^|[\s(/])#(\d{1,6})\b")
_NO_PROJECTS = frozenset(
    "CIFAR MNIST IMAGENET COCO VOC CUB SST WMT GPT BERT VIT RESNET VGG YOLO LLAMA CLIP UTF SHA MD "
    "ISO FP INT BF TOP COVID RTX GTX CUDA PY CVE RFC".split()
)
"""What stands before a number as a project does before a ticket: CIFAR-10, UTF-8."""
_STANDS_FOR = {
    "tune": "sweep", "grid": "sweep", "search": "sweep", "hpo": "sweep", "base": "baseline",
    "ablate": "ablation", "abl": "ablation", "dbg": "debug", "test": "debug", "smoke": "debug",
    "repro": "reproduction",
}  # fmt: skip


@recipe("tags.owner-missing")
def owner(case: Case) -> Answers:
    """Name the author of the commit that ran."""
    if case.repository is None:
        yield "there is no repository that would name an author"
        return
    commit = case.repository.find(case.commit) if case.commit else None
    if commit is not None:
        told = f"the author of commit {commit.id[:SHORT]}, which ran"
        yield case.propose("tags.owner", commit.author.partition(" <")[0], told, "likely")
        return
    before = case.repository.commits_before(case.start)
    if not before:
        yield "nobody committed anything before the start"
        return
    told = f"the last who committed before the start ({format_time(before[0].at)})"
    yield case.propose("tags.owner", before[0].author.partition(" <")[0], told, "guess")


@recipe("tags.purpose-missing")
def purpose(case: Case) -> Answers:
    """Read it from the words of the run's and the experiment's name."""
    row = case.record.detail.row
    for what, text in (("experiment", row.experiment), ("run", row.name)):
        words = re.split(r"[_/\s=.-]+", snake(text.rpartition("/")[2] or text))
        for at, word in enumerate(words):
            said = word if word in PURPOSES else _STANDS_FOR.get(word, "")
            if said:
                where = "begins with" if at == 0 else "has"
                told = f"the name of the {what} {where} {word!r}: {text!r}"
                # `grid_world` and `test_time` begin with words that mean something else there.
                sure: Confidence = "likely" if at == 0 and word in PURPOSES else "guess"
                yield case.propose("tags.purpose", said, told, sure)
                return
    yield "no word of the names tells it"


@recipe("tags.ticket-missing")
def ticket(case: Case) -> Answers:
    """Read it from the branch, the commit's subject, notes and names."""
    row = case.record.detail.row
    commit = case.repository.find(case.commit) if case.repository and case.commit else None
    places = [
        ("the branch", str(case.record.fact("code", "branch") or "")),
        ("the subject of the commit that ran", commit.subject if commit else ""),
        ("the name of the run", row.name),
        ("the name of the experiment", row.experiment),
        *(("a note", note.text) for note in case.record.detail.notes),
    ]
    for where, text in places:
        found = (match[1] or f"#{match[2]}" for match in _TICKET.finditer(text))
        said = next((one for one in found if one.partition("-")[0] not in _NO_PROJECTS), "")
        if said:
            yield case.propose("tags.ticket", said, f"{where}: {text[:80]!r}", "likely")
            return
    yield "neither branch, commit, notes nor names have one"

"""Questions to a snippet about the run as a piece of work: when, by whom, what for."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from tui_tracker.audit.rules import Doubt
from tui_tracker.audit.snippets.leaves import as_truth, is_missing
from tui_tracker.audit.snippets.rules import asks, prose, wants
from tui_tracker.audit.snippets.snippet import Snippet
from tui_tracker.audit.snippets.words import PARENTS
from tui_tracker.lineage.words import plural
from tui_tracker.names.lint import is_vague

STALE = timedelta(days=7)
"""So long after its start nobody believes that a run is still running."""
_PICTURE = re.compile(r"\.(png|jpe?g|gif|svg|pdf|html|txt|log|md)$", re.I)
"""Of files that are neither a model nor its predictions."""
_CONTINUES = re.compile(
    r"\b(fine-?tun\w*|finetun\w*|resum\w+|continu(?:e|es|ed|ing|ation)|warm[- _]?start\w*)\b"
    r"|\bfrom (a |the )?(checkpoint|ckpt)\b",
    re.I,
)
_IDENTIFIED = re.compile(r"[0-9a-f]{7,}|@|v\d|:\d|/\d+|run[-_ ]?\w*\d|\d{4}-\d\d-\d\d", re.I)


wants(
    "metrics.timestamp-missing",
    "warn",
    lambda snippet: snippet.evaluated_at or snippet.ended_at or snippet.moments,
    Doubt(
        "metrics.evaluated_at", "when it was evaluated is not told", "give the time of the scores"
    ),
)


@asks("run.times-inconsistent", "error")
def _times(snippet: Snippet, _: datetime) -> Doubt | None:
    start = snippet.started_at
    for name, moment in (("end", snippet.ended_at), ("evaluation", snippet.evaluated_at)):
        if start is not None and moment is not None and moment < start:
            return Doubt(
                "times",
                f"the {name} ({moment.isoformat()}) lies before the start ({start.isoformat()})",
                "give all times with their zone, from one clock",
            )
    return None


@asks("run.stale", "warn")
def _stale(snippet: Snippet, as_of: datetime) -> Doubt | None:
    if snippet.status not in ("running", "active", "in progress", "in_progress", "started"):
        return None
    start = snippet.started_at
    if snippet.ended_at is None and (start is None or as_of - start <= STALE):
        return None
    why = "it has an end" if snippet.ended_at else f"it began on {start:%Y-%m-%d}"
    return Doubt("status", f"it is said to be running, but {why}", "say how it ended")


@asks("run.parent-missing", "warn")
def _parent(snippet: Snippet, _: datetime) -> Doubt | None:
    said = ""
    for leaf in snippet.leaves:
        key = "_".join(leaf.keys)
        parent = PARENTS.search(key) and isinstance(leaf.value, str) and not leaf.is_empty
        if parent and (_IDENTIFIED.search(leaf.text) or "run" in leaf.words or "id" in leaf.words):
            return None
        on = as_truth(leaf.value) if not isinstance(leaf.value, str) else not is_missing(leaf.value)
        off = leaf.text.lower() in ("no", "false", "none", "off", "0")
        if _CONTINUES.search(leaf.key.replace("_", " ")) and on and not off:
            if isinstance(leaf.value, str) and _IDENTIFIED.search(leaf.text):
                return None
            said = said or leaf.path
    words = _CONTINUES.search(prose(snippet))
    if words and re.search(
        r"[0-9a-f]{7,}|@\w|\bv\d|run[-_ ]\w*\d", prose(snippet)[words.start() :]
    ):
        return None
    if not said and not words:
        return None
    return Doubt(
        said or "notes",
        "it continues or fine-tunes something, and does not say which run or checkpoint",
        "give the parent's id, or the checkpoint with its hash",
    )


@asks("naming.experiment", "warn")
def _vague(snippet: Snippet, _: datetime) -> Doubt | None:
    for path, name in snippet.names.items():
        if is_vague(name):
            return Doubt(
                path,
                f"{name!r} does not tell what was tried",
                "begin with the purpose, then the topic: sweep_lr_cnn",
            )
    return None


wants(
    "tags.owner-missing",
    "warn",
    lambda snippet: snippet.owner,
    Doubt("owner", "nobody is named to ask", "owner = NAME"),
)


wants(
    "tags.purpose-missing",
    "warn",
    lambda snippet: snippet.purpose,
    Doubt("purpose", "what it was for is not told", "purpose = baseline, sweep, ablation ..."),
)


wants(
    "run.note-missing",
    "warn",
    lambda snippet: snippet.notes,
    Doubt("note", "there is no note", "a sentence on why it was run and what came of it"),
)


@asks("artifacts.model-missing", "warn")
def _artifacts(snippet: Snippet, _: datetime) -> Doubt | None:
    if not all(map(_PICTURE.search, snippet.artifacts)):
        return None
    return Doubt(
        "artifacts", "no model, checkpoint or prediction file is named", "name it, with its hash"
    )


@asks("artifacts.unhashed", "warn")
def _unhashed(snippet: Snippet, _: datetime) -> Doubt | None:
    if not snippet.artifacts or snippet.artifact_pins:
        return None
    return Doubt(
        "artifacts",
        f"{plural(len(snippet.artifacts), 'file')} without a hash or a version",
        "`sha256sum FILE`",
    )

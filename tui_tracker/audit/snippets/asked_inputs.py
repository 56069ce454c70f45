"""Questions to a snippet about code, params, seeds, data and environment."""

from __future__ import annotations

import re
from datetime import datetime

from tui_tracker.audit.rules import Doubt
from tui_tracker.audit.snippets.leaves import COMMANDS, Leaf, as_number
from tui_tracker.audit.snippets.rules import asks, wants
from tui_tracker.audit.snippets.snippet import Snippet
from tui_tracker.capture.redaction import find_secrets, is_secret_name, redact_argv
from tui_tracker.names.lint import is_pinned

WHOLE_COMMIT = 40
_LEAST_SECRET = 6
_NO_SECRET = re.compile(r"\*\*\*|redacted|<.*>|\$\{?\w|^\.+$", re.I)
"""What stands where a secret was taken out, or comes from elsewhere."""
_MIXED = re.compile(r"(?=.*\d)(?=.*[a-z]).{6,}", re.I)
_PIN_IT = "give a date (v2025-05-01), a version number or a content hash"


wants(
    "code.commit-missing",
    "error",
    lambda snippet: snippet.commit,
    Doubt("code.commit", "no commit of the code is given", "give all of `git rev-parse HEAD`"),
)


@asks("code.commit-abbreviated", "warn")
def _abbreviated(snippet: Snippet, _: datetime) -> Doubt | None:
    if not snippet.commit or len(snippet.commit) >= WHOLE_COMMIT:
        return None
    digits = len(snippet.commit)
    return Doubt(
        "code.commit",
        f"commit {snippet.commit} has {digits} of 40 digits and may mean another one day",
        f"`git rev-parse {snippet.commit}` prints all of them",
    )


@asks("code.snapshot-incomplete", "error")
def _dirty(snippet: Snippet, _: datetime) -> Doubt | None:
    if not snippet.dirty or snippet.diff:
        return None
    return Doubt(
        "code.dirty",
        "the work tree was changed on top of the commit, and no diff is kept",
        "keep `git diff HEAD --binary` and the untracked files, or commit before the run",
    )


wants(
    "code.entry-missing",
    "error",
    lambda snippet: snippet.script,
    Doubt("code.entry", "neither script nor command line is given", "give the whole command line"),
)


wants(
    "params.missing",
    "error",
    lambda snippet: snippet.params,
    Doubt("params", "no hyperparameter is given", "give every knob that was set"),
)


@asks("params.secret", "error")
def _secret(snippet: Snippet, _: datetime) -> Doubt | None:
    for leaf in snippet.leaves:
        if _holds_secret(leaf):
            return Doubt(
                leaf.path,
                f"{leaf.path} holds what looks like a secret",
                "take it out, and make a new one: this one is no secret any more",
            )
    return None


def _holds_secret(leaf: Leaf) -> bool:
    words = leaf.value if isinstance(leaf.value, list) else leaf.text.split()
    words = [word for word in words if isinstance(word, str)]
    text = " ".join(words)
    if len(text) < _LEAST_SECRET or leaf.is_empty:
        return False
    named = isinstance(leaf.value, str) and is_secret_name(leaf.key)
    if named and not _NO_SECRET.search(text) and as_number(text) is None:
        return True
    if find_secrets(text):
        return True
    # In a sentence `the --api-key flag` names one, and shows none.
    typed = leaf.key in COMMANDS
    told = (words[at].partition("=")[2] or words[at] for at in redact_argv(words)[1])
    return any(not _NO_SECRET.search(value) and (typed or _MIXED.match(value)) for value in told)


wants(
    "seed.missing",
    "error",
    lambda snippet: snippet.seeds or snippet.split_seed is not None,
    Doubt("params.seed", "no random seed is given", "set and log one: params.seed = 0"),
)


wants(
    "data.name-missing",
    "error",
    lambda snippet: snippet.data_name,
    Doubt("data.name", "no data set is named", "name it: data.name = ..."),
)


@asks("data.version-missing", "error")
def _data_version(snippet: Snippet, _: datetime) -> Doubt | None:
    if not snippet.data_name or snippet.data_versions or snippet.data_digest:
        return None
    if _is_pinned_name(snippet.data_name):
        return None
    return Doubt(
        "data.version",
        f"data {snippet.data_name!r} has neither version nor hash",
        _PIN_IT,
    )


def _is_pinned_name(name: str) -> bool:
    """Whether a name carries its version: `s3://b/train-2026-03-01.csv`, `squad:1.1.0`."""
    return bool(re.search(r"\d{4}-\d\d-\d\d|[:@]v?\d+\.\d|[0-9a-f]{32,}|[-:@ ]v\d+(\.\d+)*$", name))


@asks("data.version-mutable", "error")
def _data_mutable(snippet: Snippet, _: datetime) -> Doubt | None:
    loose = [version for version in snippet.data_versions if not is_pinned(version)]
    if snippet.data_digest or not loose or len(loose) < len(snippet.data_versions):
        return None
    return Doubt(
        "data.version",
        f"version {loose[0]!r} does not pin the data",
        _PIN_IT,
    )


wants(
    "data.split-strategy-missing",
    "error",
    lambda snippet: snippet.split,
    Doubt(
        "data.split",
        "how the data were split into train, validation and test is not told",
        "give fractions and seed, or the file with the rows",
    ),
)


wants(
    "env.freeze-missing",
    "error",
    lambda snippet: snippet.environment,
    Doubt(
        "env",
        "neither package versions nor a lock file nor a container's digest is given",
        "`pip freeze`, or the lock file with its hash",
    ),
)

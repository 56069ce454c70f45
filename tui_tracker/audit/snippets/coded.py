"""What a snippet says of the code that ran, of its command line and of its packages."""

from __future__ import annotations

import json
import re

from tui_tracker.audit.snippets.leaves import FILES, PARAM_HOMES, WHERE_DATA, Leaf, as_truth
from tui_tracker.audit.snippets.measured import is_metric_home
from tui_tracker.audit.snippets.snippet import Snippet

_HEX = re.compile(
    r"\b(?:g(?=[0-9a-f]{7}))?([0-9a-f]{7,64})\b"
    r"(\s*[-+,;*]?\s*[(\[]?\s*(?:dirty|modified|uncommitted)|\s?[+*])?",
    re.I,
)
"""A commit, also as `git describe` writes it, and a mark that the tree was changed."""
_CHANGED_FILES = re.compile(r"^\s{0,2}([MADRCU?]{1,2})\s+\S|\b(dirty|modified|uncommitted)\b")
"""What `git status` says of a tree that was changed."""
_SCRIPT = re.compile(
    r"\S+\.(py|ipynb|sh|r|jl)\b|\bpython\b|\btorchrun\b|\baccelerate\b|-m \S+", re.I
)
_SCRIPTS = frozenset(
    "script script_name entry entry_point entrypoint main program cmd command command_line argv "
    "notebook source_name code_file run_command launch file filename".split()
)
_PACKAGES = (
    "torch|pytorch|tensorflow|tf|keras|jax|numpy|sklearn|scikit[-_]learn|transformers|lightning"
    "|xgboost|lightgbm|catboost|pandas"
)
_VERSIONED = re.compile(
    rf"[A-Za-z][\w.-]*\s*(==|>=|~=|=|@)\s*\d|\b({_PACKAGES})(_version)?:?\s+v?\d+\.\d", re.I
)
_LOCK = re.compile(
    r"requirements|freeze|\.lock\b|pylock|environment\.ya?ml|conda|poetry|pipfile|uv\.lock"
    r"|pyproject|@sha256:|sha256:[0-9a-f]{12}",
    re.I,
)
_NAMED_PACKAGE = re.compile(rf"({_PACKAGES})\s+v?\d+\.\d\S*|[A-Za-z][\w.-]*\s*==\s*\d[\w.]*", re.I)
"""All of a text: `Transformers 4.27.2`, as model cards list them, or `lm-eval==0.4.3`."""
_ENVIRONMENTS = frozenset(
    "env environment requirements packages pip freeze conda deps dependencies libraries libs "
    "docker container lockfile framework versions software".split()
)
"""Words of places that tell an environment."""
_PACKAGE_LISTS = frozenset(
    "requirements packages pip pip_freeze freeze dependencies libraries libs versions".split()
)
_NO_PACKAGES = frozenset(
    "python python_version cuda os hostname gpu cpu image docker container id name env_id "
    "env_name".split()
)
_PACKAGE_VERSION = re.compile(rf"({_PACKAGES})_version$")
_DIRTY = frozenset("dirty git_dirty is_dirty uncommitted uncommitted_changes modified".split())
_COMMITS = frozenset(
    "commit git_commit git_sha sha git_hash commit_hash commit_id commit_sha git_revision "
    "revision code_version git source_version vcs_revision git_rev rev head".split()
)


def take_code(snippet: Snippet, leaf: Leaf) -> None:
    """Take the commit, and whether the work tree was changed on top of it."""
    if any(key in WHERE_DATA for key in leaf.keys) or any(key in FILES for key in leaf.keys):
        return
    git = bool({"git", "code", "vcs", "source", "repo"} & set(leaf.keys[:-1]))
    named = leaf.key in _COMMITS and (git or leaf.key not in ("sha", "rev", "revision", "head"))
    named = named or (git and leaf.key == "version")
    # Of one commit in 27 the first seven digits make a number.
    if named and _is_digits(leaf.value) and (found := _HEX.search(leaf.text)):
        snippet.commit = snippet.commit or found[1]
        snippet.dirty = bool(found[2]) or snippet.dirty
    changed = _says_changed(leaf, git=git)
    snippet.dirty = snippet.dirty if changed is None else snippet.dirty or changed
    kept = re.search(r"(^|_)(diff|patch|snapshot)(_|$)", leaf.key)
    # `tt show --json` tells a snapshot by its tree: that is the whole work tree as it was.
    whole = leaf.keys[-2:] == ("snapshot", "tree")
    if (kept or whole) and not leaf.is_empty and leaf.value is not False:
        snippet.diff = leaf.text


def _says_changed(leaf: Leaf, *, git: bool) -> bool | None:
    """Whether the work tree was changed; None where a leaf says nothing of it.

    An empty list of changes, and an empty answer of `git status`, say that nothing was.
    """
    if leaf.key in _DIRTY and (leaf.value == [] or not leaf.is_empty):
        return as_truth(leaf.value)
    if (leaf.key == "git_status" or (git and leaf.key == "status")) and leaf.value is not None:
        return bool(_CHANGED_FILES.search(leaf.text))
    return None


def _is_digits(value: object) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool)


def take_environment(snippet: Snippet, leaf: Leaf) -> None:
    """Take what pins packages."""
    if leaf.is_empty or is_metric_home(leaf):
        return
    text = json.dumps(leaf.value) if not isinstance(leaf.value, str) else leaf.value
    versioned = _PACKAGE_VERSION.match(leaf.key) and re.search(r"\d", text)
    at_home = _ENVIRONMENTS & leaf.words or {"image", "lock"} & {*leaf.keys}
    if versioned or (at_home and _pins_packages(leaf, text)) or _NAMED_PACKAGE.fullmatch(text):
        snippet.environment.append(f"{leaf.path}: {text}")


def _pins_packages(leaf: Leaf, text: str) -> bool:
    """Whether what stands below a place of the environment pins it; one in RL has numbers, too."""
    if "deps" in leaf.words and leaf.key in ("path", "md5", "hash", "size", "nfiles"):
        return False  # of DVC: files, not packages
    if _VERSIONED.search(text):
        return True
    if _LOCK.search(f"{leaf.key} {text}") and leaf.key not in ("kind", "type"):
        return True
    if leaf.key in _NO_PACKAGES or len(leaf.keys) == 1 or {*leaf.keys[:-1]} & PARAM_HOMES:
        return False
    if _PACKAGE_LISTS & {*leaf.keys[:-1]} or re.fullmatch(_PACKAGES, leaf.key):
        return re.search(r"\d", text) is not None
    return isinstance(leaf.value, str) and re.search(r"\d+\.\d+|[0-9a-f]{12}", text) is not None


def take_script(snippet: Snippet, leaf: Leaf) -> None:
    """Take the command line, or at least the script."""
    named = leaf.key in _SCRIPTS or leaf.keys[-2:] == ("source", "name")
    text = " ".join(map(str, leaf.value)) if isinstance(leaf.value, list) else str(leaf.value)
    if leaf.key in ("args", "arguments") and text.startswith("-"):
        snippet.arguments = text
    if not named or leaf.is_empty or any(key in FILES for key in leaf.keys):
        return
    if leaf.key in ("file", "filename", "main", "entry") and not _SCRIPT.search(text):
        return
    if "cmd" in leaf.key or "command" in leaf.key or leaf.key == "argv" or not snippet.script:
        snippet.script = text

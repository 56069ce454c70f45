"""What a snippet says: facts of a run, gathered from wherever they stand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from tui_tracker.audit.snippets.leaves import (
    PARAM_HOMES,
    Leaf,
    as_time,
    as_truth,
    is_missing,
    leaves,
)
from tui_tracker.audit.snippets.measured import METRIC_HOMES, find_metrics, is_metric_home
from tui_tracker.audit.snippets.snippet import Snippet
from tui_tracker.names.words import SPLIT_ALIASES, SPLITS, snake

_HEX = re.compile(
    r"\b(?:g(?=[0-9a-f]{7}))?([0-9a-f]{7,64})\b"
    r"(\s*[-+,;*]?\s*[(\[]?\s*(?:dirty|modified|uncommitted)|\s?[+*])?",
    re.I,
)
"""A commit, also as `git describe` writes it, and a mark that the tree was changed."""
_CHANGED_FILES = re.compile(r"^\s{0,2}([MADRCU?]{1,2})\s+\S|\b(dirty|modified|uncommitted)\b")
"""What `git status` says of a tree that was changed."""
_FLAG = re.compile(r"--?([A-Za-z][\w-]*)(?:[ =]([^\s-][^\s]*))?|\b([A-Za-z_][\w.]*)=(\S+)")
_SCRIPT = re.compile(
    r"\S+\.(py|ipynb|sh|r|jl)\b|\bpython\b|\btorchrun\b|\baccelerate\b|-m \S+", re.I
)
_FILE = re.compile(
    r"\.(pt|pth|ckpt|safetensors|onnx|pkl|joblib|h5|keras|bin|cbm|npz|gguf|pb|tflite|mlmodel"
    r"|model)\b",
    re.I,
)
_PACKAGES = (
    "torch|pytorch|tensorflow|tf|keras|jax|numpy|sklearn|scikit[-_]learn|transformers|lightning"
    "|xgboost|lightgbm|catboost|pandas"
)
_VERSIONED = re.compile(
    rf"[A-Za-z][\w.-]*\s*(==|>=|~=|=|@)\s*\d|\b({_PACKAGES})(_version:)?\s+v?\d+\.\d", re.I
)
_LOCK = re.compile(
    r"requirements|freeze|\.lock\b|pylock|environment\.ya?ml|conda|poetry|pipfile|uv\.lock"
    r"|pyproject|@sha256:|sha256:[0-9a-f]{12}",
    re.I,
)
_PACKAGE_VERSION = re.compile(rf"({_PACKAGES})_version$")
_PARAM_ENDS = frozenset("params args arguments config hparams hyperparameters settings".split())
"""What names of such places end with: `training_arguments`, `model_config`."""
_KNOBS = frozenset(
    "lr learning_rate batch_size epochs optimizer dropout weight_decay depth max_depth eta "
    "n_estimators num_leaves hidden_size layers momentum model arch model_type max_iter "
    "temperature alpha gamma".split()
)
_SEEDS = re.compile(r"(^|_)(seeds?|random_state|rng)$")
_SPLIT = re.compile(
    r"(^|_)(splits?|folds?|n_folds|k_fold|kfold|cv|holdout|hold_out|stratify|stratified"
    r"|(train|val|valid|validation|test|dev)_(size|fraction|frac|ratio|share|pct|percent|idx"
    r"|indices|ids|rows))(_|$)"
)
_WHERE_DATA = frozenset(("data", "dataset", "datasets", "train_data", "corpus", "input_data"))
_OFTEN_WORDS = frozenset(("content", "message", "summary_text"))
"""Keys of notes that hold other things as often, so that only a sentence counts."""
_DATA_NAMES = frozenset(
    "dataset data data_name dataset_name train_data training_data corpus data_path dataset_path "
    "train_file data_file train_path data_uri dataset_id data_source input_data".split()
)
_DATA_PLACES = frozenset(
    "name path paths uri url id source file files train val valid validation test dev".split()
)
"""What names data below a key such as `data`."""
_PINS = frozenset(
    "version revision rev hash sha sha256 sha1 md5 digest checksum etag snapshot date commit "
    "fingerprint tag vintage extract as_of".split()
)
_DATA_PINS = re.compile(r"^(?!meta)(\w+_)?(data|dataset)s?_(" + "|".join(_PINS) + r")$")
_FILE_PIN = re.compile(
    r"^(model|artifact|checkpoint|ckpt|weights|predictions?)_(file_)?(sha256|sha1|sha|md5|hash|digest|version)$"
)
_LATER = ("tbd", "?", "todo", "???", "??")
_OWNERS = frozenset(
    "owner author user team created_by by contact who researcher maintainer engineer operator "
    "username user_id entity submitted_by run_by assignee".split()
)
_PURPOSES = frozenset("purpose goal stage objective hypothesis aim intent phase lifecycle".split())
_PURPOSE_WORDS = re.compile(
    r"\b(baseline|sweep|ablation|candidate|production|debug|final|reproduction|tuning|benchmark"
    r"|exploration|pilot)\b",
    re.I,
)
_NOTES = frozenset(
    "note notes comment comments description desc remark remarks why rationale summary_text "
    "message content readme abstract observation observations conclusion claim claims finding "
    "findings outcome".split()
)
_NAMES = frozenset(
    "name run_name run experiment experiment_name exp_name exp project title".split()
)
_COMMITS = frozenset(
    "commit git_commit git_sha sha git_hash commit_hash commit_id commit_sha git_revision "
    "revision code_version git source_version vcs_revision git_rev rev head".split()
)
_STARTS = re.compile(r"^(start|started|begin|began|begun|created)(_?(at|time|date|on|ts))?$")
_ENDS = re.compile(r"^(end|ended|finish|finished|completed|stop|stopped)(_?(at|time|date|on|ts))?$")
_EVALS = re.compile(
    r"^(eval|evaluated|evaluation|scored|measured)(_?(at|time|date|on|timestamp|ts))?$"
)
_HASHES = frozenset("sha256 sha1 sha md5 hash digest checksum version etag crc32 blake3".split())
_FILES = frozenset(
    "artifacts artifact checkpoints checkpoint ckpt model_path model_file model_uri weights "
    "weights_path outputs output files predictions prediction_file saved_model best_model "
    "model_checkpoint checkpoint_path artifact_uri".split()
)


def read_snippet(record: dict[str, Any]) -> Snippet:
    """Return what a record says, whatever its keys are called and however it is nested."""
    snippet = Snippet(leaves=leaves(record))
    for leaf in snippet.leaves:
        for take in _TAKERS:
            take(snippet, leaf)
    _take_command(snippet)
    snippet.metrics = list(find_metrics(snippet.leaves))
    return snippet


# What each fact looks like.


def _take_names(snippet: Snippet, leaf: Leaf) -> None:
    above = leaf.keys[:-1]
    if leaf.key not in _NAMES or not isinstance(leaf.value, str) or leaf.is_empty:
        return
    inner = not set(above) <= {"run", "experiment", "meta", "metadata", "info", "tags", "mlflow"}
    if inner or (leaf.key == "run" and above):
        return
    snippet.names[leaf.path] = leaf.text


def _take_seed(snippet: Snippet, leaf: Leaf) -> None:
    if _SEEDS.search(leaf.key) and not leaf.is_empty and leaf.key not in ("n_seeds", "num_seeds"):
        values = leaf.value if isinstance(leaf.value, list) else [leaf.value]
        told = [v for v in values if not is_missing(v) and not isinstance(v, bool)]
        if any(_SPLIT.search(key) for key in leaf.keys):
            snippet.split_seed = told[0] if told else snippet.split_seed
            return
        snippet.seeds += told
        if isinstance(leaf.value, list):
            snippet.repeats = max(snippet.repeats, len(values))


def _take_split(snippet: Snippet, leaf: Leaf) -> None:
    if leaf.is_empty or snippet.split or is_metric_home(leaf):
        return
    if not any(_SPLIT.search(key) for key in leaf.keys):
        return
    names = {*SPLITS, *SPLIT_ALIASES}
    if isinstance(leaf.value, str) and leaf.value.lower() in names:
        return  # which split was scored, not how it was made
    snippet.split = f"{leaf.path}: {leaf.text}"


def _take_data(snippet: Snippet, leaf: Leaf) -> None:
    if _is_split(leaf) or is_metric_home(leaf):
        return
    inside = any(key in _WHERE_DATA for key in leaf.keys[:-1])
    named = leaf.key in _DATA_NAMES or (inside and leaf.key in _DATA_PLACES)
    names = (leaf.value or [None]) if isinstance(leaf.value, list) else [leaf.value]
    if named and isinstance(names[0], str) and not is_missing(names[0]) and not snippet.data_name:
        snippet.data_name, _, pin = names[0].partition("@")
        snippet.data_versions += [pin] if pin else []
    if isinstance(leaf.value, (dict, list)):
        return
    if _DATA_PINS.match(leaf.key) or (inside and leaf.key in _PINS):
        _take_pin(snippet, leaf)


def _take_pin(snippet: Snippet, leaf: Leaf) -> None:
    """Take a version or a digest of data; `tbd` is a version that says nothing yet."""
    if leaf.key.rpartition("_")[2] in _HASHES - {"version"} and not leaf.is_empty:
        snippet.data_digest = leaf.text
    elif not leaf.is_empty or str(leaf.value).strip().lower() in _LATER:
        snippet.data_versions.append(str(leaf.value))


def _take_code(snippet: Snippet, leaf: Leaf) -> None:
    if any(key in _WHERE_DATA for key in leaf.keys) or any(key in _FILES for key in leaf.keys):
        return
    git = bool({"git", "code", "vcs", "source", "repo"} & set(leaf.keys[:-1]))
    named = leaf.key in _COMMITS and (git or leaf.key not in ("sha", "rev", "revision", "head"))
    named = named or (git and leaf.key == "version")
    if named and isinstance(leaf.value, str) and (found := _HEX.search(leaf.text)):
        snippet.commit = snippet.commit or found[1]
        snippet.dirty = snippet.dirty or bool(found[2])
    dirty = {"dirty", "git_dirty", "is_dirty", "uncommitted", "uncommitted_changes", "modified"}
    if leaf.key in dirty:
        snippet.dirty = (
            snippet.dirty
            or as_truth(leaf.value)
            or (isinstance(leaf.value, list) and bool(leaf.value))
        )
    if leaf.key == "git_status" or (git and leaf.key == "status"):
        snippet.dirty = snippet.dirty or bool(_CHANGED_FILES.search(leaf.text))
    kept = re.search(r"(^|_)(diff|patch|snapshot)(_|$)", leaf.key)
    # `tt show --json` tells a snapshot by its tree: that is the whole work tree as it was.
    whole = leaf.keys[-2:] == ("snapshot", "tree")
    if (kept or whole) and not leaf.is_empty and leaf.value is not False:
        snippet.diff = leaf.text


def _take_environment(snippet: Snippet, leaf: Leaf) -> None:
    homes = {"env", "environment", "requirements", "packages", "pip", "freeze", "conda", "deps",
             "dependencies", "libraries", "libs", "docker", "container", "image", "lock",
             "lockfile", "pip_freeze", "conda_env", "framework", "framework_version",
             "versions", "software"}  # fmt: skip
    if _PACKAGE_VERSION.match(leaf.key) and re.search(r"\d", leaf.text):
        snippet.environment = snippet.environment or f"{leaf.path}: {leaf.text}"
    if leaf.is_empty or not homes & {*leaf.keys, *leaf.words}:
        return
    text = json.dumps(leaf.value) if not isinstance(leaf.value, str) else leaf.value
    alone = leaf.key in ("python", "python_version", "cuda", "os", "hostname", "gpu", "cpu")
    kept = _LOCK.search(f"{leaf.key} {text}") and leaf.key not in ("kind", "type")
    named = (
        not alone and re.search(r"\d", text) and leaf.key not in ("image", "docker", "container")
    )
    if _VERSIONED.search(text) or kept or (named and len(leaf.keys) > 1):
        snippet.environment = snippet.environment or f"{leaf.path}: {text[:80]}"


def _take_script(snippet: Snippet, leaf: Leaf) -> None:
    keys = {"script", "script_name", "entry", "entry_point", "entrypoint", "main", "program", "cmd",
            "command", "command_line", "argv", "notebook", "source_name", "code_file",
            "run_command", "launch", "file", "filename"}  # fmt: skip
    named = leaf.key in keys or leaf.keys[-2:] == ("source", "name")
    if not named or leaf.is_empty or any(key in _FILES for key in leaf.keys):
        return
    text = " ".join(map(str, leaf.value)) if isinstance(leaf.value, list) else str(leaf.value)
    if leaf.key in ("file", "filename", "main", "entry") and not _SCRIPT.search(text):
        return
    if "cmd" in leaf.key or "command" in leaf.key or leaf.key == "argv" or not snippet.script:
        snippet.script = text


def _take_params(snippet: Snippet, leaf: Leaf) -> None:
    if leaf.is_empty or is_metric_home(leaf) or _is_split(leaf) or _SEEDS.search(leaf.key):
        return
    inside = any(
        key in PARAM_HOMES or key.rpartition("_")[2] in _PARAM_ENDS for key in leaf.keys[:-1]
    )
    plain = len(leaf.keys) == 1 and leaf.key in _KNOBS
    data = leaf.key in _DATA_NAMES or _DATA_PINS.match(leaf.key)
    if (inside or plain) and not data:
        snippet.params[leaf.path.rpartition(".")[2]] = leaf.value


def _take_people(snippet: Snippet, leaf: Leaf) -> None:
    above = set(leaf.keys[:-1])
    if leaf.is_empty or not isinstance(leaf.value, (str, list)):
        return
    if above & (PARAM_HOMES | METRIC_HOMES | _WHERE_DATA):
        return
    if leaf.key in _OWNERS:
        snippet.owner = snippet.owner or leaf.text
    if leaf.key in _PURPOSES:
        snippet.purpose = snippet.purpose or leaf.text
    if leaf.key in ("tags", "tag", "labels"):
        _take_tags(snippet, leaf.value if isinstance(leaf.value, list) else [leaf.value])
    is_sentence = " " in leaf.text.strip()
    if leaf.key in _NOTES and (is_sentence or leaf.key not in _OFTEN_WORDS):
        snippet.notes.append(leaf.text)


def _take_tags(snippet: Snippet, tags: Sequence[object]) -> None:
    for text in map(str, tags):
        key, colon, value = text.partition(":")
        if colon and key.strip().lower() in _OWNERS:
            snippet.owner = snippet.owner or value.strip()
        if _PURPOSE_WORDS.search(text):
            snippet.purpose = snippet.purpose or text


def _take_artifacts(snippet: Snippet, leaf: Leaf) -> None:
    inside = any(key in _FILES for key in leaf.keys)
    if leaf.is_empty or is_metric_home(leaf) or any(_SPLIT.search(key) for key in leaf.keys):
        return
    place = leaf.path.rpartition(".")[0]
    if (inside and leaf.key in _HASHES) or _FILE_PIN.search(leaf.key):
        snippet.artifact_pins.append(leaf.text)
        snippet.pins.setdefault(place, (leaf.key.rpartition("_")[2], leaf.text))
        return
    texts = leaf.value if isinstance(leaf.value, list) else [leaf.value]
    used = bool({"from", "init", "data", "resume", "resumed", "base"} & leaf.words)
    for text in (t for t in texts if isinstance(t, str)):
        names = leaf.key in (*_FILES, "path", "file", "name", "uri", "filename", "url")
        if (inside and names) or (_FILE.search(text) and not used):
            snippet.artifacts.append(text)
            snippet.places.append(place)
            if re.search(r"@?sha\d*:|[0-9a-f]{32,}|@v?\d|^models:/[^/]+/\d", text):
                snippet.artifact_pins.append(text)


def _take_times(snippet: Snippet, leaf: Leaf) -> None:
    if leaf.is_empty or any(key in _WHERE_DATA | PARAM_HOMES for key in leaf.keys[:-1]):
        return
    snippet.moments += [leaf.text] if _ENDS.match(leaf.key) or _EVALS.match(leaf.key) else []
    places: tuple[tuple[re.Pattern[str], str], ...] = (
        (_STARTS, "started_at"), (_ENDS, "ended_at"), (_EVALS, "evaluated_at"),
    )  # fmt: skip
    for pattern, name in places:
        joined = "_".join(leaf.keys[-2:])
        fits = pattern.match(leaf.key) or (len(leaf.keys) > 1 and pattern.match(joined))
        if fits and getattr(snippet, name) is None:
            setattr(snippet, name, as_time(leaf.value))
    if leaf.key == "timestamp" and is_metric_home(leaf) and snippet.evaluated_at is None:
        snippet.evaluated_at = as_time(leaf.value)


def _take_status(snippet: Snippet, leaf: Leaf) -> None:
    of_git = bool({"git", "code", "vcs", "repo"} & set(leaf.keys[:-1]))
    if leaf.key in ("status", "state", "run_status") and isinstance(leaf.value, str) and not of_git:
        snippet.status = snippet.status or leaf.value.strip().lower()


_TAKERS: tuple[Callable[[Snippet, Leaf], None], ...] = (
    _take_names, _take_seed, _take_split, _take_data, _take_code, _take_environment,
    _take_script, _take_params, _take_people, _take_artifacts, _take_times, _take_status,
)  # fmt: skip


def _is_split(leaf: Leaf) -> bool:
    return any(key in ("split", "splits", "cv", "folds") for key in leaf.keys)


def _take_command(snippet: Snippet) -> None:
    """Take seeds and params from the flags of the command line."""
    for found in _FLAG.finditer(snippet.script):
        key = snake(found[1] or found[3] or "")
        value = found[2] or found[4]
        if _SEEDS.search(key) and value and not is_missing(value):
            snippet.seeds.append(value)
        elif value and key not in ("m", "c", "o", "out", "output", "data", "config"):
            snippet.params.setdefault(key, value)

"""What a snippet says: facts of a run, gathered from wherever they stand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tui_tracker.audit.snippets.leaves import (
    PARAM_HOMES,
    Leaf,
    as_time,
    as_truth,
    is_missing,
    leaves,
    series,
)
from tui_tracker.names.metric import read_metric
from tui_tracker.names.words import METRICS, SPLIT_ALIASES, SPLITS, snake

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
_VERSIONED = re.compile(rf"[A-Za-z][\w.-]*\s*(==|>=|~=|=|@)\s*\d|\b({_PACKAGES})\s+v?\d+\.\d", re.I)
_LOCK = re.compile(
    r"requirements|freeze|\.lock\b|pylock|environment\.ya?ml|conda|poetry|pipfile|uv\.lock"
    r"|pyproject|@sha256:|sha256:[0-9a-f]{12}",
    re.I,
)
_PACKAGE_VERSION = re.compile(rf"({_PACKAGES})_version$")
_METRIC_HOMES = frozenset(
    "metrics metric results result scores score history summary evaluation eval final logs "
    "performance curves curve log outputs_metrics".split()
)
_PARAM_ENDS = frozenset("params args arguments config hparams hyperparameters settings".split())
"""What names of such places end with: `training_arguments`, `model_config`."""
_KNOBS = frozenset(
    "lr learning_rate batch_size epochs optimizer dropout weight_decay depth max_depth eta "
    "n_estimators num_leaves hidden_size layers momentum model arch model_type max_iter "
    "temperature alpha gamma".split()
)
_NOT_METRICS = frozenset(
    "epoch epochs step steps iteration iterations time timestamp seed seeds n n_seeds folds "
    "split lr learning_rate count samples n_samples duration runtime date index fold".split()
)
_COUNTS = re.compile(r"_(epoch|step|iteration|iter|round)s?$")
"""Where a best value stood, which is none: `best_epoch`."""
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


@dataclass(frozen=True, slots=True)
class SnippetMetric:
    """A metric of a snippet."""

    name: str
    """As it is called, with the keys that it stands below."""
    values: tuple[float, ...]
    path: str
    split: str = ""
    """Told by the name, by what it stands below, or next to it."""


@dataclass(slots=True)
class Snippet:
    """What a snippet says; empty where it says nothing."""

    names: dict[str, str] = field(default_factory=dict)
    """Name of the run or experiment by where it stands."""
    seeds: list[Any] = field(default_factory=list)
    repeats: int = 0
    """How many seeds stand in one list: so often it was run."""
    split: str = ""
    data_name: str = ""
    data_versions: list[str] = field(default_factory=list)
    data_digest: str = ""
    commit: str = ""
    dirty: bool = False
    diff: str = ""
    environment: str = ""
    script: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    metrics: list[SnippetMetric] = field(default_factory=list)
    owner: str = ""
    purpose: str = ""
    notes: list[str] = field(default_factory=list)
    artifacts: list[str] = field(default_factory=list)
    artifact_pins: list[str] = field(default_factory=list)
    started_at: datetime | None = None
    ended_at: datetime | None = None
    evaluated_at: datetime | None = None
    moments: list[str] = field(default_factory=list)
    """Where ends are told, also in a form that is not read: 02/03/2026 is two days."""
    status: str = ""
    leaves: list[Leaf] = field(default_factory=list)


def read_snippet(record: dict[str, Any]) -> Snippet:
    """Return what a record says, whatever its keys are called and however it is nested."""
    snippet = Snippet(leaves=leaves(record))
    for leaf in snippet.leaves:
        for take in _TAKERS:
            take(snippet, leaf)
    _take_command(snippet)
    snippet.metrics = list(_metrics(snippet.leaves))
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
        snippet.seeds += told
        if isinstance(leaf.value, list):
            snippet.repeats = max(snippet.repeats, len(values))


def _take_split(snippet: Snippet, leaf: Leaf) -> None:
    if leaf.is_empty or snippet.split or _is_metric_home(leaf):
        return
    if not any(_SPLIT.search(key) for key in leaf.keys):
        return
    names = {*SPLITS, *SPLIT_ALIASES}
    if isinstance(leaf.value, str) and leaf.value.lower() in names:
        return  # which split was scored, not how it was made
    snippet.split = f"{leaf.path}: {leaf.text}"


def _take_data(snippet: Snippet, leaf: Leaf) -> None:
    if _is_split(leaf) or _is_metric_home(leaf):
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
    if leaf.is_empty or _is_metric_home(leaf) or _is_split(leaf) or _SEEDS.search(leaf.key):
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
    if above & (PARAM_HOMES | _METRIC_HOMES | _WHERE_DATA):
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
    if leaf.is_empty or _is_metric_home(leaf):
        return
    if (inside and leaf.key in _HASHES) or _FILE_PIN.search(leaf.key):
        snippet.artifact_pins.append(leaf.text)
        return
    texts = leaf.value if isinstance(leaf.value, list) else [leaf.value]
    used = bool({"from", "init", "data", "resume", "resumed", "base"} & leaf.words)
    for text in (t for t in texts if isinstance(t, str)):
        names = leaf.key in (*_FILES, "path", "file", "name", "uri", "filename", "url")
        if (inside and names) or (_FILE.search(text) and not used):
            snippet.artifacts.append(text)
            if re.search(r"@?sha\d*:|[0-9a-f]{32,}|@v?\d|^models:/[^/]+/\d", text):
                snippet.artifact_pins.append(text)


def _take_times(snippet: Snippet, leaf: Leaf) -> None:
    if leaf.is_empty or any(key in _WHERE_DATA | PARAM_HOMES for key in leaf.keys[:-1]):
        return
    snippet.moments += [leaf.path] if _ENDS.match(leaf.key) or _EVALS.match(leaf.key) else []
    places: tuple[tuple[re.Pattern[str], str], ...] = (
        (_STARTS, "started_at"), (_ENDS, "ended_at"), (_EVALS, "evaluated_at"),
    )  # fmt: skip
    for pattern, name in places:
        joined = "_".join(leaf.keys[-2:])
        fits = pattern.match(leaf.key) or (len(leaf.keys) > 1 and pattern.match(joined))
        if fits and getattr(snippet, name) is None:
            setattr(snippet, name, as_time(leaf.value))
    if leaf.key == "timestamp" and _is_metric_home(leaf) and snippet.evaluated_at is None:
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


def _is_metric_home(leaf: Leaf) -> bool:
    return any(_home(key) for key in leaf.keys[:-1])


def _home(key: str) -> bool:
    """Whether a key names a place of metrics: `metrics`, `val_metrics`, `final_results`."""
    words = key.split("_")
    return key in _METRIC_HOMES or words[-1] in ("metrics", "results", "scores", "history")


def _take_command(snippet: Snippet) -> None:
    """Take seeds and params from the flags of the command line."""
    for found in _FLAG.finditer(snippet.script):
        key = snake(found[1] or found[3] or "")
        value = found[2] or found[4]
        if _SEEDS.search(key) and value and not is_missing(value):
            snippet.seeds.append(value)
        elif value and key not in ("m", "c", "o", "out", "output", "data", "config"):
            snippet.params.setdefault(key, value)


# Metrics.


def _metrics(found: Iterable[Leaf]) -> Iterator[SnippetMetric]:
    told = list(found)
    splits = {
        leaf.keys[:-1]: str(leaf.value).lower()
        for leaf in told
        if leaf.key in ("split", "eval_split", "subset", "evaluated_on", "dataset_split")
    }
    for leaf in told:
        if not leaf.keys or leaf.key in _NOT_METRICS or _COUNTS.search(leaf.key):
            continue
        values = series(leaf.value)
        inside = _is_metric_home(leaf)
        flat = len(leaf.keys) == 1 and _is_metric_word(leaf.key)
        if not values or not (inside or flat):
            continue
        name = _metric_name(leaf)
        if name:
            near = splits.get(leaf.keys[:-1], "")
            yield SnippetMetric(name, tuple(values), leaf.path, _split_of(leaf, name) or near)


def _is_metric_word(key: str) -> bool:
    read = read_metric(key)
    return (
        read.base in METRICS
        and METRICS[read.base].direction is not None
        and (read.base not in ("error",))
    )


def _metric_name(leaf: Leaf) -> str:
    """Return a metric's name: the keys below its home, without words for a kind of value."""
    at = max((n for n, key in enumerate(leaf.keys[:-1]) if _home(key)), default=-1)
    kinds = ("last", "best", "final", "value", "values", "latest", "data", "points", "steps")
    below = [key for key in leaf.keys[at + 1 :] if key not in kinds]
    raw = leaf.path.rpartition(".")[2]
    if len(below) == 1 and snake(raw) == below[0]:
        return raw
    return "/".join(below)


def _split_of(leaf: Leaf, name: str) -> str:
    known: dict[str, str] = {**dict.fromkeys(SPLITS, ""), **SPLIT_ALIASES}
    words: list[str] = [*leaf.words, *re.findall(r"[a-z]+", snake(name))]
    for word in words:
        if word in known or word in ("training", "online", "shadow", "ab"):
            return SPLIT_ALIASES.get(word, word)
    return str(read_metric(name.rpartition("/")[2]).split)

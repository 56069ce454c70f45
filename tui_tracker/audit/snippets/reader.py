"""What a snippet says: facts of a run, gathered from wherever they stand."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from tui_tracker.audit.snippets.coded import take_code, take_environment, take_script
from tui_tracker.audit.snippets.leaves import (
    COMMANDS,
    FILES,
    PARAM_HOMES,
    WHERE_DATA,
    Leaf,
    as_time,
    is_missing,
    leaves,
    plain_value,
)
from tui_tracker.audit.snippets.measured import METRIC_HOMES, find_metrics, is_metric_home
from tui_tracker.audit.snippets.snippet import Snippet
from tui_tracker.names.words import SPLIT_ALIASES, SPLITS, snake

_FLAG = re.compile(
    r"--?([A-Za-z][\w.-]*)(?:[ =]('[^']*'|\"[^\"]*\"|-?[\d.]\S*|[^\s-]\S*))?"
    r"|\b([A-Za-z_][\w.]*)=(\S+)"
)
_NO_KNOBS = frozenset(
    "m c o out output output_dir config cuda_visible_devices omp_num_threads nproc_per_node nnodes "
    "node_rank master_port".split()
)
"""Flags and variables that say where it ran and with what, not how it was trained."""
_FILE = re.compile(
    r"\.(pt|pth|ckpt|safetensors|onnx|pkl|joblib|h5|keras|bin|cbm|npz|gguf|pb|tflite|mlmodel"
    r"|model)\b",
    re.I,
)
_PARAM_ENDS = frozenset("params args arguments config hparams hyperparameters settings".split())
"""What names of such places end with: `training_arguments`, `model_config`."""
_HYPER = frozenset("hyperparameters hyperparams hyperparameter hparams".split())
_PARTS = frozenset(
    "optim optimizer optimiser scheduler lr_scheduler solver model net network architecture "
    "trainer train training".split()
)
"""Parts of a training whose settings stand below their names."""
_NO_KNOB = re.compile(
    r"(^|_)(rows|samples|count|size_bytes|path|file|dir|uri|url|id|time|duration|runtime|start\w*"
    r"|end\w*|date|at|by|host|status|state|hash|sha\d*|md5|digest|checksum|version|data|dataset"
    r"|acc|accuracy|loss|error|auc|auroc|f1|score|metric|cmd|command)$"
)
"""Keys below such a part that tell something else: a file, a time, a score."""
_KNOB = re.compile(
    r"(^|_)(lr\d?|learning_rate|batch_size|epochs|optimi[sz]er|dropout|weight_decay|momentum"
    r"|warmup(_\w+)?|n_estimators|num_leaves|max_depth|hidden_(size|dim)|(n|num)_layers)$"
)
"""Names that mean a param wherever they stand."""
_KNOBS = frozenset(
    "depth eta layers model arch model_type model_name model_name_or_path max_iter temperature "
    "alpha gamma".split()
)
_SEEDS = re.compile(r"(^|(?<!per)(?<!by)_)(seeds?|random_state|rng|seed_everything)$")
_SEVERAL = re.compile(r"\s*\d+(?:\s*[,;/ ]\s*\d+)+\s*")
"""Seeds in one text: `0, 1, 2`."""
_SCORED = re.compile(r"(^|_)(score|acc|accuracy|auc|f1|loss|error|rmse|mae|mse|r2|mean|std)s?$")
"""Keys that hold a score, of which a split is only a part of the name."""
_SPLIT = re.compile(
    r"(^|_)(splits?|folds?|n_folds|k_fold|kfold|cv|holdout|hold_out|stratify|stratified"
    r"|(train|val|valid|validation|test|dev)_(size|fraction|frac|ratio|share|pct|percent|idx"
    r"|indices|ids|rows))(_|$)"
)
_OFTEN_WORDS = frozenset(("content", "message", "summary_text"))
"""Keys of notes that hold other things as often, so that only a sentence counts."""
_DATA_NAMES = frozenset(
    "dataset data data_name dataset_name train_data training_data corpus data_path dataset_path "
    "train_file data_file train_path data_uri dataset_id data_source input_data data_dir data_root "
    "dataset_dir dataset_root env_id env_name gym_id".split()
)
"""Of reinforcement learning, what it learns in."""
_ANY_DATA = re.compile(r"[./~]*(data|datasets?|input)?/*$", re.I)
"""A folder of data that may be any."""
_DATA_PLACES = frozenset(
    "name path paths uri url id source file files class_path train val valid validation test "
    "dev".split()
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
_OF_RUN = frozenset("run experiment meta metadata info tags mlflow".split())
"""Tables that tell of a run as a whole."""
_STARTS = re.compile(
    r"^(datetime_)?(start|started|begin|began|begun|created)(_?(at|time|date|on|ts))?$"
)
_ENDS = re.compile(
    r"^(datetime_)?(end|complete|ended|finish|finished|completed|stop|stopped)(_?(at|time|date|on|ts))?$"
)
_DATED = frozenset("date datetime timestamp logged_at heartbeat_at updated_at".split())
"""Of a run as a whole: not when which score was taken, but about when."""
_EVALS = re.compile(
    r"^(eval|evaluated|evaluation|scored|measured)(_?(at|time|date|on|timestamp|ts))?$"
)
_HASHES = frozenset("sha256 sha1 sha md5 hash digest checksum version etag crc32 blake3".split())
_OFTEN_FOLDERS = frozenset("output outputs artifact_uri".split())
"""Keys that name the folder of what comes out as often as a file."""
_IS_FILE = re.compile(r"\.\w{1,12}$|[@:]v?\d|^models:/")


def read_snippet(record: dict[str, Any]) -> Snippet:
    """Return what a record says, whatever its keys are called and however it is nested."""
    snippet = Snippet(leaves=leaves(record))
    for leaf in snippet.leaves:
        for take in _TAKERS:
            take(snippet, leaf)
    snippet.params = _by_name(snippet.params)
    _take_command(snippet)
    snippet.metrics = list(find_metrics(snippet.leaves))
    return snippet


def says_something(record: Any) -> bool:
    """Return whether a record tells any fact of a run: prose and logs have colons, too."""
    if isinstance(record, list):
        return any(says_something(one) for one in record)
    return isinstance(record, dict) and replace(read_snippet(record), leaves=[]) != Snippet()


def is_read(leaf: Leaf) -> bool:
    """Return whether a leaf tells any fact but a metric."""
    one = Snippet()
    for take in _TAKERS:
        take(one, leaf)
    return one != Snippet()


def is_setting(key: str) -> bool:
    """Return whether a name alone means a param or a seed."""
    return bool(key in _KNOBS or _KNOB.search(key) or _SEEDS.search(key))


def _by_name(params: dict[str, Any]) -> dict[str, Any]:
    """Return params by the last key of their paths; by the whole path where values differ."""
    values: dict[str, set[str]] = {}
    for path, value in params.items():
        values.setdefault(path.rpartition(".")[2], set()).add(repr(value))
    found = {}
    for path, value in params.items():
        name = path.rpartition(".")[2]
        found[name if len(values[name]) == 1 else path] = value
    return found


# What each fact looks like.


def _take_names(snippet: Snippet, leaf: Leaf) -> None:
    above = leaf.keys[:-1]
    if leaf.key not in _NAMES or not isinstance(leaf.value, str) or leaf.is_empty:
        return
    inner = not set(above) <= _OF_RUN
    if inner or (leaf.key == "run" and above):
        return
    snippet.names[leaf.path] = leaf.text


def _take_seed(snippet: Snippet, leaf: Leaf) -> None:
    if _SEEDS.search(leaf.key) and not leaf.is_empty and leaf.key not in ("n_seeds", "num_seeds"):
        values = leaf.value if isinstance(leaf.value, list) else [leaf.value]
        if isinstance(leaf.value, str) and _SEVERAL.fullmatch(leaf.value):
            values = re.findall(r"\d+", leaf.value)
        # A seed of `random` or `fixed` tells none.
        told = [v for v in values if isinstance(v, (int, float, str)) and re.search(r"\d", str(v))]
        if any(_SPLIT.search(key) for key in leaf.keys):
            snippet.split_seed = told[0] if told else snippet.split_seed
            return
        snippet.seeds += told
        if len(values) > 1:
            snippet.repeats = max(snippet.repeats, len(values))


def _take_split(snippet: Snippet, leaf: Leaf) -> None:
    if leaf.is_empty or snippet.split or is_metric_home(leaf) or _SCORED.search(leaf.key):
        return
    if not any(_SPLIT.search(key) for key in leaf.keys):
        return
    names = {*SPLITS, *SPLIT_ALIASES}
    if isinstance(leaf.value, str) and leaf.value.lower() in names:
        return  # which split was scored, not how it was made
    snippet.split = f"{leaf.path}: {leaf.text}"


def _take_data(snippet: Snippet, leaf: Leaf) -> None:
    inside = any(key in WHERE_DATA for key in leaf.keys[:-1])
    if _is_split(leaf) or (is_metric_home(leaf) and leaf.keys[-2] not in WHERE_DATA):
        return
    named = leaf.key in _DATA_NAMES or (inside and leaf.key in _DATA_PLACES)
    names = (leaf.value or [None]) if isinstance(leaf.value, list) else [leaf.value]
    told = isinstance(names[0], str) and not is_missing(names[0]) and not _ANY_DATA.match(names[0])
    if named and told and not snippet.data_name:
        name, _, pin = names[0].lstrip("@").partition("@")
        snippet.data_name = name.strip()
        snippet.data_versions += [pin.strip()] if pin.strip() else []
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


def _take_params(snippet: Snippet, leaf: Leaf) -> None:
    if leaf.is_empty or is_metric_home(leaf) or _is_split(leaf) or _SEEDS.search(leaf.key):
        return
    above = leaf.keys[:-1]
    inside = any(
        key in PARAM_HOMES or _PARAM_ENDS & {key.rpartition("_")[2]} or _HYPER & {*key.split("_")}
        for key in above
    )
    elsewhere = (WHERE_DATA | {"deps", "outs"}) & {*above}
    part = bool(_PARTS & {*above}) and not elsewhere and not _NO_KNOB.search(leaf.key)
    plain = not above and leaf.key in _KNOBS
    data = leaf.key in _DATA_NAMES or _DATA_PINS.match(leaf.key)
    if (inside or plain or part or _KNOB.search(leaf.key)) and not data:
        snippet.params[leaf.path] = leaf.value


def _take_people(snippet: Snippet, leaf: Leaf) -> None:
    above = set(leaf.keys[:-1])
    if leaf.is_empty or not isinstance(leaf.value, (str, list)):
        return
    if above & (PARAM_HOMES | METRIC_HOMES | WHERE_DATA):
        return
    of_person = leaf.keys[-2:-1] and leaf.keys[-2] in _OWNERS and leaf.key in ("name", "email")
    if leaf.key in _OWNERS or of_person:
        snippet.owner = snippet.owner or leaf.text
    loss = leaf.key == "objective" and not re.search(r"\s", leaf.text.strip())
    if leaf.key in _PURPOSES and (not loss or _PURPOSE_WORDS.search(leaf.text)):
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
    inside = any(key in FILES for key in leaf.keys)
    if leaf.is_empty or is_metric_home(leaf) or any(_SPLIT.search(key) for key in leaf.keys):
        return
    if leaf.key in COMMANDS:
        return
    place = leaf.path.rpartition(".")[0]
    if (inside and leaf.key in _HASHES) or _FILE_PIN.search(leaf.key):
        snippet.artifact_pins.append(leaf.text)
        snippet.pins.setdefault(place, (leaf.key.rpartition("_")[2], leaf.text))
        return
    texts = leaf.value if isinstance(leaf.value, list) else [leaf.value]
    used = bool({"from", "init", "data", "resume", "resumed", "base"} & leaf.words)
    for text in (t for t in texts if isinstance(t, str)):
        names = leaf.key in (*FILES, "path", "file", "name", "uri", "filename", "url")
        names = names and (leaf.key not in _OFTEN_FOLDERS or bool(_IS_FILE.search(text)))
        if (inside and names) or (_FILE.search(text) and not used):
            snippet.artifacts.append(text)
            snippet.places.append(place)
            if re.search(r"@?sha\d*:|[0-9a-f]{32,}|@v?\d|:v\d+$|^models:/[^/]+/\d", text):
                snippet.artifact_pins.append(text)


def _take_times(snippet: Snippet, leaf: Leaf) -> None:
    if leaf.is_empty or any(key in WHERE_DATA | PARAM_HOMES for key in leaf.keys[:-1]):
        return
    dated = leaf.key in _DATED and {*leaf.keys[:-1]} <= _OF_RUN
    told = dated or _ENDS.match(leaf.key) or _EVALS.match(leaf.key)
    snippet.moments += [leaf.text] if told else []
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
    _take_names, _take_seed, _take_split, _take_data, take_code, take_environment,
    take_script, _take_params, _take_people, _take_artifacts, _take_times, _take_status,
)  # fmt: skip


def _is_split(leaf: Leaf) -> bool:
    return any(key in ("split", "splits", "cv", "folds") for key in leaf.keys)


def _take_command(snippet: Snippet) -> None:
    """Take what the flags of the command line tell, as if they stood below `args`."""
    told = Snippet()
    for found in _FLAG.finditer(f"{snippet.script} {snippet.arguments}"):
        key, value = snake(found[1] or found[3] or ""), found[2] or found[4]
        if not key or not value or key in _NO_KNOBS:
            continue
        leaf = Leaf(("args", key), plain_value(value.strip("'\"")), key)
        for take in (_take_seed, _take_split, _take_data, _take_params):
            take(told, leaf)
    snippet.seeds = snippet.seeds or told.seeds
    snippet.split = snippet.split or told.split
    snippet.params = told.params | snippet.params
    if not snippet.data_name:
        snippet.data_name = told.data_name
        snippet.data_versions += told.data_versions
        snippet.data_digest = snippet.data_digest or told.data_digest

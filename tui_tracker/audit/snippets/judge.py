"""What a snippet leaves in doubt, and the record that would not."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tui_tracker.audit.rules import Doubt, Severity
from tui_tracker.audit.snippets.leaves import as_number, as_truth, is_missing, series
from tui_tracker.audit.snippets.reader import Snippet, SnippetMetric
from tui_tracker.capture.redaction import find_secrets, redact_argv
from tui_tracker.lineage.words import plural
from tui_tracker.names.lint import is_pinned, is_vague
from tui_tracker.names.metric import propose_metric, read_metric
from tui_tracker.names.words import METRICS, SPLITS, snake

STALE = timedelta(days=7)
"""So long after its start nobody believes that a run is still running."""
WHOLE_COMMIT = 40

_EMPTY_NAMES = re.compile(
    r"^(score|metric|value|result|perf|performance|quality|eval|measure|number|fitness)\d*$"
    r"|^(acc|accuracy|loss|auc|f1|err|error)\d+$"
)
_ONLINE = re.compile(
    r"(^|[_/])(ctr|cvr|conversion|conversions|revenue|lift|clicks?|gmv|retention|engagement"
    r"|ab|online|live|prod|production|shadow|arpu|bounce)([_/]|$)"
)
_CONTEXTS = frozenset(
    "context traffic population experiment_group arm window period ab_test dates exposure "
    "holdback treatment segment".split()
)
_SEVERAL = re.compile(
    r"(mean|average|avg|averaged|median)\b.{0,24}\b(seeds?|folds?|runs?|trials?|repeats?|restarts?)"
    r"|\b(over|across|of)\s+(\d+|several|many|all)\s+(seeds?|folds?|runs?|trials?)"
    r"|\b\d+[- ](fold|seed)s?\b.{0,16}\b(mean|average|avg|cv|score)",
    re.I,
)
_SPREAD = re.compile(
    r"(^|[_/ ])(std|sd|stdev|stddev|sem|ci|ci_low|ci_high|var|variance|interval|stderr|iqr)"
    r"([_/ ]|$)"
    r"|±|\+/?-|\bstandard deviation\b|\bconfidence interval\b",
    re.I,
)
_REPEATS = (
    *("cv", "folds", "n_folds", "kfold", "k_fold", "n_seeds", "num_seeds", "n_runs"),
    *("repeats", "n_repeats"),
)
_TIME_NAME = re.compile(r"(^|_)(time|latency|duration|elapsed|runtime|train_time|inference)$")
_CHOSEN_KEY = re.compile(
    r"monitor|select|best_by|early_stop|checkpoint_metric|metric_for_best|chosen|picked|tuned_on"
)
_CHOSEN_TEXT = re.compile(
    r"\b(best|chosen|selected|picked|tuned|early[- ]stopp\w+|stopp\w+)\b[^.;]{0,40}"
    r"\b(on|by|using|with|via|to)\b[^.;]{0,24}\btest\b",
    re.I,
)
_CONTINUES = re.compile(
    r"\b(fine-?tun\w*|finetun\w*|resum\w+|continu\w+|warm[- _]?start\w*)\b|\bfrom (a |the )?"
    r"(checkpoint|ckpt)\b",
    re.I,
)
_PARENTS = re.compile(
    r"(^|_)(parent|base_run|from_run|resumed_from|source_run|init_run|previous_run|base_model"
    r"|init_checkpoint|pretrained|checkpoint_from|resume_from|init_from|base_checkpoint)(_|$)"
)
_IDENTIFIED = re.compile(r"[0-9a-f]{7,}|@|v\d|:\d|/\d+|run[-_ ]?\w*\d|\d{4}-\d\d-\d\d", re.I)


@dataclass(frozen=True, slots=True)
class SnippetRule:
    """One question to a snippet."""

    id: str
    severity: Severity
    check: Callable[[Snippet, datetime], Doubt | None]


SNIPPET_RULES: dict[str, SnippetRule] = {}
_Check = Callable[[Snippet, datetime], Doubt | None]


def _asks(id_: str, severity: Severity) -> Callable[[_Check], _Check]:
    def declare(check: _Check) -> _Check:
        SNIPPET_RULES[id_] = SnippetRule(id_, severity, check)
        return check

    return declare


def judge_snippet(snippet: Snippet, as_of: datetime) -> list[tuple[SnippetRule, Doubt]]:
    """Return every rule that has a doubt, in their order, with what it found."""
    found = []
    for rule in SNIPPET_RULES.values():
        if (doubt := rule.check(snippet, as_of)) is not None:
            found.append((rule, doubt))
    return found


# Code.


@_asks("code.commit-missing", "error")
def _commit(snippet: Snippet, _: datetime) -> Doubt | None:
    if snippet.commit:
        return None
    return Doubt(
        "code.commit", "no commit of the code is given", "give all of `git rev-parse HEAD`"
    )


@_asks("code.commit-abbreviated", "warn")
def _abbreviated(snippet: Snippet, _: datetime) -> Doubt | None:
    if not snippet.commit or len(snippet.commit) >= WHOLE_COMMIT:
        return None
    digits = len(snippet.commit)
    return Doubt(
        "code.commit",
        f"commit {snippet.commit} has {digits} of 40 digits and may mean another one day",
        f"`git rev-parse {snippet.commit}` prints all of them",
    )


@_asks("code.snapshot-incomplete", "error")
def _dirty(snippet: Snippet, _: datetime) -> Doubt | None:
    if not snippet.dirty or snippet.diff:
        return None
    return Doubt(
        "code.dirty",
        "the work tree was changed on top of the commit, and no diff is kept",
        "keep `git diff HEAD --binary` and the untracked files, or commit before the run",
    )


@_asks("code.entry-missing", "error")
def _script(snippet: Snippet, _: datetime) -> Doubt | None:
    if snippet.script:
        return None
    return Doubt(
        "code.entry", "neither script nor command line is given", "give the whole command line"
    )


# Params, seeds, data, environment.


@_asks("params.missing", "error")
def _params(snippet: Snippet, _: datetime) -> Doubt | None:
    if snippet.params:
        return None
    return Doubt("params", "no hyperparameter is given", "give every knob that was set")


@_asks("params.secret", "error")
def _secret(snippet: Snippet, _: datetime) -> Doubt | None:
    for leaf in snippet.leaves:
        named = re.search(r"password|passwd|secret|api_?key|token|credential|private_key", leaf.key)
        plain = isinstance(leaf.value, str) and len(leaf.value) >= 6
        hidden = re.search(r"\*\*\*|redacted|<.*>|\$\{?\w", leaf.text, re.I)
        counted = re.search(r"tokens$|max_token|token_(count|limit)|tokenizer", leaf.key)
        if (named and plain and not hidden and not counted and as_number(leaf.value) is None) or (
            plain and (find_secrets(leaf.text) or redact_argv(leaf.text.split())[1])
        ):
            return Doubt(
                leaf.path,
                f"{leaf.path} holds what looks like a secret",
                "take it out, and make a new one: this one is no secret any more",
            )
    return None


@_asks("seed.missing", "error")
def _seed(snippet: Snippet, _: datetime) -> Doubt | None:
    if snippet.seeds:
        return None
    return Doubt("params.seed", "no random seed is given", "set and log one: params.seed = 0")


@_asks("data.name-missing", "error")
def _data_name(snippet: Snippet, _: datetime) -> Doubt | None:
    if snippet.data_name:
        return None
    return Doubt("data.name", "no data set is named", "name it: data.name = ...")


@_asks("data.version-missing", "error")
def _data_version(snippet: Snippet, _: datetime) -> Doubt | None:
    if not snippet.data_name or snippet.data_versions or snippet.data_digest:
        return None
    if _is_pinned_name(snippet.data_name):
        return None
    return Doubt(
        "data.version",
        f"data {snippet.data_name!r} has neither version nor hash",
        "give a date (v2025-05-01), a version number or a content hash",
    )


def _is_pinned_name(name: str) -> bool:
    """Whether a name carries its version: `s3://b/train-2026-03-01.csv`, `squad:1.1.0`."""
    return bool(re.search(r"\d{4}-\d\d-\d\d|[:@]v?\d+\.\d|[0-9a-f]{32,}", name))


@_asks("data.version-mutable", "error")
def _data_mutable(snippet: Snippet, _: datetime) -> Doubt | None:
    loose = [version for version in snippet.data_versions if not is_pinned(version)]
    if snippet.data_digest or not loose or len(loose) < len(snippet.data_versions):
        return None
    return Doubt(
        "data.version",
        f"version {loose[0]!r} does not pin the data",
        "give a date (v2025-05-01), a version number or a content hash",
    )


@_asks("data.split-strategy-missing", "error")
def _split(snippet: Snippet, _: datetime) -> Doubt | None:
    if snippet.split:
        return None
    return Doubt(
        "data.split",
        "how the data were split into train, validation and test is not told",
        "give fractions and seed, or the file with the rows",
    )


@_asks("env.freeze-missing", "error")
def _environment(snippet: Snippet, _: datetime) -> Doubt | None:
    if snippet.environment:
        return None
    return Doubt(
        "env",
        "neither package versions nor a lock file nor a container's digest is given",
        "`pip freeze`, or the lock file with its hash",
    )


# Metrics.


@_asks("naming.metric-ambiguous", "warn")
def _ambiguous(snippet: Snippet, _: datetime) -> Doubt | None:
    for metric in snippet.metrics:
        leaf = metric.name.rpartition("/")[2]
        read = read_metric(metric.name)
        base = read.base.rpartition("/")[2]
        bare_f1 = base == "f1" and not read.averaging
        vague = _EMPTY_NAMES.match(snake(leaf)) or _EMPTY_NAMES.match(base)
        if bare_f1 or not read.sure or vague:
            near = propose_metric(leaf, siblings=[m.name for m in snippet.metrics])
            hint = f", such as {near[0].name}" if near else ", such as val_f1_macro"
            return Doubt(
                metric.path,
                f"{metric.name!r} does not say what was computed",
                f"name metric, average and split{hint}",
            )
    return None


@_asks("naming.metric-split", "error")
def _metric_split(snippet: Snippet, _: datetime) -> Doubt | None:
    for metric in snippet.metrics:
        name = snake(metric.name.rpartition("/")[2])
        if metric.split or _ONLINE.search(name) or _TIME_NAME.search(name) or _is_cost(name):
            continue
        return Doubt(
            metric.path,
            f"{metric.name!r} does not say on which split it was measured",
            f"name it val_{name} or test_{name}",
        )
    return None


def _is_cost(name: str) -> bool:
    return bool(
        re.search(r"_(s|ms|sec|seconds|min|minutes|hours|mb|gb|per_second|params|flops)$", name)
        or re.search(r"^(n_|num_)|grad_norm|throughput|memory|samples|tokens", name)
    )


@_asks("metrics.curve-missing", "warn")
def _curve(snippet: Snippet, _: datetime) -> Doubt | None:
    if any(len(metric.values) > 1 for metric in snippet.metrics):
        return None
    kept = any(re.search(r"curve|history|tensorboard|events|metrics\.(csv|jsonl?)", text, re.I)
               for text in snippet.artifacts)  # fmt: skip
    if kept:
        return None
    said = "only last or best values are given, no curve" if snippet.metrics else (
        "no metric is given"
    )  # fmt: skip
    return Doubt("metrics", said, "keep the values of every epoch")


@_asks("metrics.not-finite", "error")
def _finite(snippet: Snippet, _: datetime) -> Doubt | None:
    for metric in snippet.metrics:
        if all(map(math.isfinite, metric.values)):
            continue
        told = re.search(r"\b(nan|inf\w*|diverg\w*|overflow\w*|unstable)\b", _prose(snippet), re.I)
        if told:
            return None
        return Doubt(
            metric.path,
            f"{metric.name!r} is NaN or infinite, and nothing says so",
            "note that it diverged, and from which step on",
        )
    return None


@_asks("metrics.uncertainty-missing", "warn")
def _std(snippet: Snippet, _: datetime) -> Doubt | None:
    names = " ".join(metric.name.replace("_", " ") for metric in snippet.metrics)
    several = _SEVERAL.search(_prose(snippet)) or _SEVERAL.search(names) or snippet.repeats > 1
    counts = [
        int(as_number(leaf.value) or 0)
        for leaf in snippet.leaves
        if leaf.key in _REPEATS and not isinstance(leaf.value, list)
    ]
    folds = max(counts, default=0) > 1
    means = [m for m in snippet.metrics if re.search(r"(^|_)(mean|avg|average|cv)(_|$)",
                                                     snake(m.name))]  # fmt: skip
    if not (several or (folds and means)):
        return None
    repeats = {snippet.repeats, *counts} - {0, 1}
    keys = " ".join(leaf.path.replace(".", "/") for leaf in snippet.leaves)
    if _SPREAD.search(keys) or _SPREAD.search(_prose(snippet)):
        return None
    if any(_lists_seeds(metric, repeats) for metric in snippet.metrics):
        return None
    return Doubt(
        "metrics",
        "a score over several runs is given without its spread",
        "give mean, standard deviation and n, or the single values",
    )


def _lists_seeds(metric: SnippetMetric, repeats: set[int]) -> bool:
    """Whether a metric gives the single values, one a seed."""
    words = set(re.split(r"[_/ ]", snake(metric.name)))
    by_seed = words & {"seed", "seeds", "fold", "folds", "runs", "values", "all", "per"}
    return len(metric.values) > 1 and (bool(by_seed) or "mean" in words or (
        len(metric.values) in repeats and not words & {"loss"}))  # fmt: skip


@_asks("metrics.test-selection", "error")
def _test_selection(snippet: Snippet, _: datetime) -> Doubt | None:
    for leaf in snippet.leaves:
        if _CHOSEN_KEY.search("_".join(leaf.keys)) and re.search(
            r"(^|[^a-z])test([^a-z]|$)", leaf.text.lower()
        ):
            return Doubt(
                leaf.path,
                f"{leaf.path} is {leaf.text!r}: the model was chosen by test data",
                "choose by a validation split, and score the test split once",
            )
    if found := _CHOSEN_TEXT.search(_prose(snippet)):
        return Doubt(
            "notes",
            f"{found[0]!r}: the model was chosen by test data",
            "choose by a validation split, and score the test split once",
        )
    return None


@_asks("metrics.context-mixed", "warn")
def _mixed(snippet: Snippet, _: datetime) -> Doubt | None:
    online = [m for m in snippet.metrics if _is_online(m)]
    offline = [m for m in snippet.metrics if not _is_online(m) and (
        m.split in SPLITS or read_metric(m.name).base in METRICS)]  # fmt: skip
    if not online or not offline:
        return None
    told = any(_CONTEXTS & {*leaf.keys} and not leaf.is_empty for leaf in snippet.leaves)
    if told:
        return None
    return Doubt(
        online[0].path,
        f"{online[0].name!r} from production stands beside {offline[0].name!r}",
        "give each its context: offline_holdout, online_ab, with dates and population",
    )


def _is_online(metric: SnippetMetric) -> bool:
    return bool(_ONLINE.search(snake(metric.name).replace("/", "_")) or _ONLINE.search(metric.name))


@_asks("naming.metric-unit", "warn")
def _unit(snippet: Snippet, _: datetime) -> Doubt | None:
    scales: dict[bool, str] = {}
    for metric in snippet.metrics:
        word = METRICS.get(read_metric(metric.name).base)
        share = word is not None and word.unit == "fraction"
        share = share or re.search(r"acc(uracy)?\b", metric.name.replace("_", " ")) is not None
        values = [value for value in metric.values if math.isfinite(value)]
        if share and values:
            scales.setdefault(max(values) > 1, metric.name)
    if len(scales) > 1:
        return Doubt(
            "metrics",
            f"{scales[True]!r} runs to 100 and {scales[False]!r} to 1",
            "give all shares from 0 to 1, or name percents so",
        )
    for leaf in snippet.leaves:
        clock = re.search(r"(start|end|eval|begin|finish|creat|update|stamp)", leaf.key)
        of_wandb = leaf.path.rpartition(".")[2] == "_runtime"  # always in seconds
        numbers = series(leaf.value)
        if _TIME_NAME.search(leaf.key) and numbers and numbers[0] < 1e8:
            if clock or of_wandb:
                continue
            return Doubt(
                leaf.path, f"{leaf.path} has no unit", f"name it {leaf.key}_s or {leaf.key}_ms"
            )
    return None


# The run as a piece of work.


@_asks("metrics.timestamp-missing", "warn")
def _evaluated(snippet: Snippet, _: datetime) -> Doubt | None:
    if snippet.evaluated_at or snippet.ended_at or snippet.moments:
        return None
    return Doubt(
        "metrics.evaluated_at", "when it was evaluated is not told", "give the time of the scores"
    )


@_asks("run.times-inconsistent", "error")
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


@_asks("run.stale", "warn")
def _stale(snippet: Snippet, as_of: datetime) -> Doubt | None:
    if snippet.status not in ("running", "active", "in progress", "in_progress", "started"):
        return None
    start = snippet.started_at
    if snippet.ended_at is None and (start is None or as_of - start <= STALE):
        return None
    why = "it has an end" if snippet.ended_at else f"it began on {start:%Y-%m-%d}"
    return Doubt("status", f"it is said to be running, but {why}", "say how it ended")


@_asks("run.parent-missing", "warn")
def _parent(snippet: Snippet, _: datetime) -> Doubt | None:
    said = ""
    for leaf in snippet.leaves:
        key = "_".join(leaf.keys)
        parent = _PARENTS.search(key) and isinstance(leaf.value, str) and not leaf.is_empty
        if parent and (_IDENTIFIED.search(leaf.text) or "run" in leaf.words or "id" in leaf.words):
            return None
        on = as_truth(leaf.value) if not isinstance(leaf.value, str) else not is_missing(leaf.value)
        off = leaf.text.lower() in ("no", "false", "none", "off", "0")
        if _CONTINUES.search(leaf.key.replace("_", " ")) and on and not off:
            if isinstance(leaf.value, str) and _IDENTIFIED.search(leaf.text):
                return None
            said = said or leaf.path
    words = _CONTINUES.search(_prose(snippet))
    if words and re.search(
        r"[0-9a-f]{7,}|@\w|\bv\d|run[-_ ]\w*\d", _prose(snippet)[words.start() :]
    ):
        return None
    if not said and not words:
        return None
    return Doubt(
        said or "notes",
        "it continues or fine-tunes something, and does not say which run or checkpoint",
        "give the parent's id, or the checkpoint with its hash",
    )


@_asks("naming.experiment", "warn")
def _vague(snippet: Snippet, _: datetime) -> Doubt | None:
    for path, name in snippet.names.items():
        if is_vague(name):
            return Doubt(
                path,
                f"{name!r} does not tell what was tried",
                "begin with the purpose, then the topic: sweep_lr_cnn",
            )
    return None


@_asks("tags.owner-missing", "warn")
def _owner(snippet: Snippet, _: datetime) -> Doubt | None:
    return None if snippet.owner else Doubt("owner", "nobody is named to ask", "owner = NAME")


@_asks("tags.purpose-missing", "warn")
def _purpose(snippet: Snippet, _: datetime) -> Doubt | None:
    if snippet.purpose:
        return None
    return Doubt(
        "purpose", "what it was for is not told", "purpose = baseline, sweep, ablation ..."
    )


@_asks("run.note-missing", "warn")
def _note(snippet: Snippet, _: datetime) -> Doubt | None:
    if snippet.notes:
        return None
    return Doubt("note", "there is no note", "a sentence on why it was run and what came of it")


@_asks("artifacts.model-missing", "warn")
def _artifacts(snippet: Snippet, _: datetime) -> Doubt | None:
    if snippet.artifacts:
        return None
    return Doubt(
        "artifacts", "no model, checkpoint or prediction file is named", "name it, with its hash"
    )


@_asks("artifacts.unhashed", "warn")
def _unhashed(snippet: Snippet, _: datetime) -> Doubt | None:
    if not snippet.artifacts or snippet.artifact_pins:
        return None
    return Doubt(
        "artifacts",
        f"{plural(len(snippet.artifacts), 'file')} without a hash or a version",
        "`sha256sum FILE`",
    )


def _prose(snippet: Snippet) -> str:
    """Return all that people wrote in sentences."""
    return "\n".join(_sentences(snippet))


def _sentences(snippet: Snippet) -> Iterator[str]:
    for leaf in snippet.leaves:
        texts: list[Any] = leaf.value if isinstance(leaf.value, list) else [leaf.value]
        yield from (text for text in texts if isinstance(text, str) and " " in text.strip())

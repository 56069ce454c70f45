"""Questions to a snippet about its metrics: what was measured, on what, how honestly told."""

from __future__ import annotations

import math
import re
from datetime import datetime

from tui_tracker.audit.rules import Doubt
from tui_tracker.audit.snippets.leaves import as_number, series
from tui_tracker.audit.snippets.measured import BARE_SCORES
from tui_tracker.audit.snippets.rules import asks, prose
from tui_tracker.audit.snippets.snippet import Snippet, SnippetMetric
from tui_tracker.audit.snippets.words import CONTEXTS, ONLINE, is_online
from tui_tracker.names.lint import LOOSE
from tui_tracker.names.metric import propose_metric, read_metric
from tui_tracker.names.words import METRICS, SPLITS, snake

_EMPTY_NAMES = re.compile(
    r"^(score|metric|value|result|perf|performance|quality|eval|measure|number|fitness)\d*$"
    r"|^(acc|accuracy|loss|auc|f1|err|error)\d+$"
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
_SAYS_PERCENT = re.compile(r"%|percent|(^|_)pct(_|$)", re.I)
_TIME_NAME = re.compile(r"(^|_)(time|latency|duration|elapsed|runtime|train_time|inference)$")
_CHOSEN_KEY = re.compile(
    r"monitor|select|best_(\w+_)?by|early_stop|checkpoint_metric|metric_for_best|chosen|picked|tuned_on"
)
_CHOSEN_TEXT = re.compile(
    r"\b(best\s+(\w+\s+)?(epoch|model|checkpoint|ckpt|step|iteration|weights|run|trial|seed|one"
    r"|threshold|config\w*|param\w*|hyper\w*|lr)|chosen|selected|picked|tuned|early[- ]stopp\w+"
    r"|stopp\w+)\b[^.;,]{0,40}\b(on|by|using|with|via|to)\b"
    r"(?:(?!\b(?:val\w*|dev|train\w*|evaluated|scored)\b)[^.;,]){0,24}\btest\b",
    re.I,
)
_BY_VALIDATION = "choose by a validation split, and score the test split once"
_DENIED = re.compile(r"\b(not|never|nothing|none|without|instead of|rather than)\b|n't\b", re.I)


@asks("naming.metric-ambiguous", "warn")
def _ambiguous(snippet: Snippet, _: datetime) -> Doubt | None:
    for metric in snippet.metrics:
        leaf = metric.name.rpartition("/")[2]
        read = read_metric(metric.name)
        base = read.base.rpartition("/")[2]
        bare_f1 = base == "f1" and not read.averaging
        words = snake(leaf)
        vague = _EMPTY_NAMES.match(words) or _EMPTY_NAMES.match(base) or BARE_SCORES.search(words)
        if bare_f1 or not read.sure or vague:
            near = propose_metric(leaf, siblings=[m.name for m in snippet.metrics])
            hint = f", such as {near[0].name}" if near else ", such as val_f1_macro"
            return Doubt(
                metric.path,
                f"{metric.name!r} does not say what was computed",
                f"name metric, average and split{hint}",
            )
    return None


@asks("naming.metric-split", "error")
def _metric_split(snippet: Snippet, _: datetime) -> Doubt | None:
    for metric in snippet.metrics:
        name = snake(metric.name.rpartition("/")[2])
        if metric.split or ONLINE.search(name) or _TIME_NAME.search(name) or _is_cost(name):
            continue
        near = propose_metric(name, siblings=[other.name for other in snippet.metrics])
        return Doubt(
            metric.path,
            f"{metric.name!r} does not say on which split it was measured",
            f"name it {' or '.join(one.name for one in near[:2]) or f'val_{name}'}",
        )
    return None


def _is_cost(name: str) -> bool:
    return bool(
        re.search(r"_(s|ms|sec|seconds|min|minutes|hours|mb|gb|per_second|params|flops)$", name)
        or re.search(r"^(n_|num_)|grad_norm|throughput|memory|samples|tokens", name)
    )


@asks("metrics.curve-missing", "warn")
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


@asks("metrics.not-finite", "error")
def _finite(snippet: Snippet, _: datetime) -> Doubt | None:
    for metric in snippet.metrics:
        if all(map(math.isfinite, metric.values)):
            continue
        told = re.search(r"\b(nan|inf\w*|diverg\w*|overflow\w*|unstable)\b", prose(snippet), re.I)
        if told:
            return None
        return Doubt(
            metric.path,
            f"{metric.name!r} is NaN or infinite, and nothing says so",
            "note that it diverged, and from which step on",
        )
    return None


@asks("metrics.uncertainty-missing", "warn")
def _std(snippet: Snippet, _: datetime) -> Doubt | None:
    names = " ".join(metric.name.replace("_", " ") for metric in snippet.metrics)
    several = _SEVERAL.search(prose(snippet)) or _SEVERAL.search(names) or snippet.repeats > 1
    told = [as_number(leaf.value) for leaf in snippet.leaves if leaf.key in _REPEATS]
    counts = [int(number) for number in told if number is not None and math.isfinite(number)]
    folds = max(counts, default=0) > 1
    means = [m for m in snippet.metrics if re.search(r"(^|_)(mean|avg|average|cv)(_|$)",
                                                     snake(m.name))]  # fmt: skip
    if not (several or (folds and means)):
        return None
    repeats = {snippet.repeats, *counts} - {0, 1}
    keys = " ".join(leaf.path.replace(".", "/") for leaf in snippet.leaves)
    if _SPREAD.search(keys) or _SPREAD.search(prose(snippet)):
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


@asks("metrics.test-selection", "error")
def _test_selection(snippet: Snippet, _: datetime) -> Doubt | None:
    for leaf in snippet.leaves:
        by_test = re.search(r"(^|[^a-z])test([^a-z]|$)", leaf.text.lower())
        is_file = re.search(r"\.[a-z]\w{0,6}$", leaf.text)
        if by_test and not is_file and _CHOSEN_KEY.search("_".join(leaf.keys)):
            return Doubt(
                leaf.path,
                f"{leaf.path} is {leaf.text!r}: the model was chosen by test data",
                _BY_VALIDATION,
            )
    told = prose(snippet)
    for found in _CHOSEN_TEXT.finditer(told):
        if _DENIED.search(told[max(found.start() - 12, 0) : found.end()]):
            continue
        return Doubt(
            "notes",
            f"{found[0]!r}: the model was chosen by test data",
            _BY_VALIDATION,
        )
    return None


@asks("metrics.context-mixed", "warn")
def _mixed(snippet: Snippet, _: datetime) -> Doubt | None:
    online = [m for m in snippet.metrics if is_online(m)]
    offline = [m for m in snippet.metrics if not is_online(m) and (
        m.split in SPLITS or read_metric(m.name).base in METRICS)]  # fmt: skip
    if not online or not offline:
        return None
    told = any(CONTEXTS & {*leaf.keys} and not leaf.is_empty for leaf in snippet.leaves)
    if told:
        return None
    return Doubt(
        online[0].path,
        f"{online[0].name!r} from production stands beside {offline[0].name!r}",
        "give each its context: offline_holdout, online_ab, with dates and population",
    )


@asks("naming.metric-unit", "warn")
def _unit(snippet: Snippet, _: datetime) -> Doubt | None:
    scales: dict[bool, str] = {}
    for metric in snippet.metrics:
        word = METRICS.get(read_metric(metric.name).base)
        share = word is not None and word.unit == "fraction"
        share = share or re.search(r"acc(uracy)?\b", metric.name.replace("_", " ")) is not None
        values = [value for value in metric.values if math.isfinite(value)]
        if share and values and not _SAYS_PERCENT.search(metric.name):
            scales.setdefault(max(values) > LOOSE, metric.name)
    if len(scales) > 1:
        return Doubt(
            "metrics",
            f"{scales[True]!r} runs to 100 and {scales[False]!r} to 1",
            "give all shares from 0 to 1, or name percents so",
        )
    for leaf in snippet.leaves:
        clock = re.search(r"(start|end|eval|begin|finish|creat|update|stamp)", leaf.key)
        # W&B's are always in seconds.
        of_wandb = leaf.path.rpartition(".")[2] == "_runtime" or leaf.keys[-2:] == (
            "wandb",
            "runtime",
        )
        numbers = series(leaf.value)
        if _TIME_NAME.search(leaf.key) and numbers and numbers[0] < 1e8:
            if clock or of_wandb:
                continue
            return Doubt(
                leaf.path, f"{leaf.path} has no unit", f"name it {leaf.key}_s or {leaf.key}_ms"
            )
    return None

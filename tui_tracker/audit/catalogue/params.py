"""Rules about params: is every knob there, with one value, in words that can be replayed?"""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from tui_tracker.audit.record import RunRecord
from tui_tracker.audit.rules import NOT_APPLICABLE, PASSED, Answer, Doubt, rule
from tui_tracker.facts import words
from tui_tracker.formatting import format_value
from tui_tracker.lineage.words import plural
from tui_tracker.names.words import PARAM_ALIASES, snake

REQUIRED: dict[str, tuple[str, ...]] = {
    "default": ("model_type", "learning_rate", "batch_size", "epochs", "seed"),
    "gbdt": ("model_type", "n_estimators", "seed"),
    "linear": ("model_type", "seed"),
    "forest": ("model_type", "n_estimators", "seed"),
}
"""By model family; users extend it."""
MEANS: dict[str, tuple[str, ...]] = {
    "model_type": ("model", "arch", "architecture", "model_name", "estimator", "backbone", "net"),
    "epochs": (
        "max_steps",
        "steps",
        "num_steps",
        "iterations",
        "max_iter",
        "n_steps",
        "num_rounds",
    ),
    "batch_size": ("train_batch_size", "per_device_train_batch_size", "minibatch_size"),
    "learning_rate": ("eta", "base_lr", "learning_rate_init", "eta0"),
    "n_estimators": ("num_boost_round", "num_rounds", "iterations", "num_trees", "epochs"),
    "seed": ("manual_seed", "global_seed"),
}
_FAMILIES = (
    ("gbdt", re.compile(r"gbdt|gbm|xgb|lightgbm|lgb|catboost|boost", re.I)),
    ("forest", re.compile(r"forest|extra_?trees", re.I)),
    ("linear", re.compile(r"log_?reg|logistic|linear|ridge|lasso|svm|svc|naive|knn|pca", re.I)),
)
_YES, _NO = ("true", "1", "yes", "on"), ("false", "0", "no", "off")
_OPAQUE = re.compile(r"<[^<>]*(?:function|object|lambda|method|class|module)\b[^<>]*>|\.\.\.\Z")
_ABSOLUTE = re.compile(r"(?:/(?:home|Users|mnt|data|tmp|var|root|scratch|work)/|[A-Za-z]:\\)\S+")


def canonical_params(run: RunRecord) -> dict[str, object]:
    """Return the params by the names the field uses: `lr` reads as `learning_rate`."""
    found: dict[str, object] = {}
    for name, value in run.params.items():
        found.setdefault(_canonical(name), value)
    return found


@lru_cache(maxsize=8192)
def _canonical(name: str) -> str:
    leaf = snake(name.rpartition(".")[2])
    return PARAM_ALIASES.get(leaf, leaf)


def family_of(params: Mapping[str, object]) -> str:
    """Return the model family that the params tell of; `default` where they tell none."""
    for name in ("model_type", *MEANS["model_type"]):
        told = params.get(name)
        if not told:
            continue
        for family, words_ in _FAMILIES:
            if words_.search(str(told)):
                return family
    return "default"


def missing_params(
    run: RunRecord, required: Mapping[str, Sequence[str]] = REQUIRED
) -> tuple[str, ...]:
    """Return the required params of the run's family that it has under no name.

    A param whose value is `na`, or a tag `na:NAME`, says that it does not apply.
    """
    params = canonical_params(run)
    wanted = required.get(family_of(params), required["default"])
    waived = {tag.partition(":")[2] for tag in run.tags if tag.startswith("na:")}
    missing = []
    for name in wanted:
        if name in waived:
            continue
        for other in (name, *MEANS.get(name, ())):
            if params.get(other) not in (None, ""):
                break
        else:
            missing.append(name)
    return tuple(missing)


@rule("params.required-missing", "context", "WEEE", fix="proposed")
def required_missing(run: RunRecord, required: Mapping[str, Sequence[str]] = REQUIRED) -> Answer:
    """A result is repeated by its knobs; one that nobody wrote down is set by chance."""
    missing = missing_params(run, required)
    if not missing:
        return PASSED
    return Doubt(
        "params",
        f"{plural(len(missing), 'param')} {'is' if len(missing) == 1 else 'are'} missing: "
        f"{', '.join(missing)}",
        f"log it with the other params, or say that none applies: `tt tag RUN na:{missing[0]}`",
    )


@rule("params.multi-source", "context", "IWWE")
def multi_source(run: RunRecord) -> Answer:
    """A knob that two places set differently was set by whichever came last."""
    argv = words(run.parts["process"].facts, "argv") if run.part("process") else []
    if not argv:
        return NOT_APPLICABLE
    for name, said in _flags(argv).items():
        for key in (name, PARAM_ALIASES.get(name, name)):
            value = run.params.get(key)
            if value is not None and not _same(said, value):
                shown = format_value(value)
                return Doubt(
                    f"params.{key}",
                    f"{key} is {shown} in the params and {said} on the command line",
                    "read it from one place, and log what was used",
                )
    return PASSED


def _flags(argv: Sequence[str]) -> dict[str, str]:
    """Return what `--name value` and `name=value` say on a command line."""
    found: dict[str, str] = {}
    for at, word in enumerate(argv):
        name, equals, value = word.partition("=")
        if word.startswith("--") and not equals and at + 1 < len(argv):
            value = argv[at + 1]
            if value.startswith("--"):
                continue
        elif not equals:
            continue
        found[snake(name.lstrip("-"))] = value
    return found


def _same(said: str, value: object) -> bool:
    if said.startswith("***") or isinstance(value, list):
        return True  # redacted, or written in a way of its own
    if isinstance(value, bool):
        # Behind a switch stands what is no value of it: `--amp data.csv`.
        return said.lower() not in (_NO if value else _YES)
    if isinstance(value, (int, float)):
        try:
            return math.isclose(float(said), value)
        except ValueError:
            return False
    text, told = said.strip("'\"").casefold(), str(value).casefold()
    # A path may have been completed since.
    return text == told or ("/" in text and told.endswith(f"/{posixpath.normpath(text)}"))


@rule("params.mutated", "context", "WWEE")
def mutated(run: RunRecord) -> Answer:
    """A param that changed while the run was active has no one value."""
    if not run.changes:
        return PASSED
    name = run.changes[0].name
    values = [change.value for change in run.changes if change.name == name]
    shown = " -> ".join(format_value(value) for value in values[:4])
    return Doubt(
        f"params.{name}",
        f"{name} changed while the run was active: {shown}",
        "log what changes as a metric, and start a new run for new params",
    )


@rule("params.opaque", "context", "IWWW")
def opaque(run: RunRecord) -> Answer:
    """A value such as `<function f at 0x7f>` cannot be typed in again."""
    for name, value in run.params.items():
        strange = isinstance(value, float) and not math.isfinite(value)
        if strange or (isinstance(value, str) and _OPAQUE.search(value)):
            return Doubt(
                f"params.{name}",
                f"{name} is {format_value(value)}, which cannot be replayed",
                "log a name that the script understands",
            )
    return PASSED


@rule("params.absolute-path", "context", "-IWW", fix="proposed")
def absolute_path(run: RunRecord) -> Answer:
    """A path of this machine means nothing on another."""
    for name, value in run.params.items():
        if isinstance(value, str) and _ABSOLUTE.match(value):
            return Doubt(
                f"params.{name}",
                f"{name} is a path of this machine: {format_value(value)}",
                "log the data by name and version, and map paths in a config file",
            )
    return PASSED


@rule("params.search-undocumented", "context", "-IEW", fix="proposed")
def search_undocumented(run: RunRecord) -> Answer:
    """How many settings were tried, and which, decides what the best of them is worth."""
    if "sweep" not in run.tags and run.tag("purpose") != "sweep":
        return NOT_APPLICABLE
    text = " ".join([*(note.text for note in run.detail.notes), *run.params]).lower()
    if re.search(r"\b(range|grid|space|random search|bayes|tpe|trials?|sweep_)", text):
        return PASSED
    return Doubt(
        "notes",
        "the sweep's ranges, its method and its number of trials are not told",
        'note them: `tt note RUN "grid over learning_rate in 1e-4, 3e-4, 1e-3: 3 trials"`',
    )

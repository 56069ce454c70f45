"""The words that metric names are made of, and what other words stand for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Direction = Literal["min", "max"]
Unit = Literal["", "fraction", "ms", "s", "bytes", "percent"]

SPLITS = ("train", "val", "test", "cv", "oof", "prod", "live", "holdout")
SPLIT_ALIASES = {
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "eval": "val",
    "tr": "train",
    "training": "train",
    "te": "test",
    "testing": "test",
    "production": "prod",
}
AVERAGINGS = ("macro", "micro", "weighted", "binary", "samples")
STATS = ("last", "best", "mean", "std", "min", "max", "ci_low", "ci_high", "n")
OF_SPREAD = ("std", "n")
"""Those of them of which the metric's own direction and unit say nothing."""
NEEDS_AVERAGING = frozenset(("f1", "precision", "recall", "jaccard"))


@dataclass(frozen=True, slots=True)
class MetricWord:
    """What is known of a kind of metric."""

    name: str
    direction: Direction | None
    """Whether less or more is better; None where neither is."""
    unit: Unit = ""
    averaging: str = ""
    """What a project says of how classes are averaged, so that the name need not."""
    split: str = ""
    """What a project says of the split, so that the name need not."""


def _words(direction: Direction | None, unit: Unit, names: str) -> dict[str, MetricWord]:
    return {name: MetricWord(name, direction, unit) for name in names.split()}


METRICS: dict[str, MetricWord] = {
    **_words(
        "max",
        "fraction",
        "accuracy balanced_accuracy top5_accuracy f1 precision recall jaccard auroc auprc auc_roc "
        "auc_pr roc_auc pr_auc map iou miou dice specificity sensitivity ndcg mrr hit_rate "
        "exact_match",
    ),
    **_words("max", "", "r2 mcc kappa bleu rouge1 rouge2 rougel psnr ssim reward return elbo"),
    **_words(
        "min",
        "",
        "loss cross_entropy nll hinge mse rmse mae mape smape perplexity brier fid kl rmsle "
        "log_loss focal_loss",
    ),
    **_words("min", "fraction", "error error_rate wer cer calibration_error ece mce eer"),
    **_words("min", "ms", "latency_ms"),
    **_words("min", "s", "train_time_s time_s duration_s"),
    **_words(None, "", "epoch step learning_rate grad_norm lr weight_norm"),
}
"""By canonical name, without split, averaging and statistic; a project's own are added."""
DECLARED: dict[str, MetricWord] = {}
"""What the project at hand declares, by the name it uses (`registry.adopt`)."""

METRIC_ALIASES: list[tuple[str, str]] = [
    ("acc", "accuracy"),
    ("bal_acc", "balanced_accuracy"),
    ("roc_auc", "auroc"),
    ("auc_roc", "auroc"),
    ("rocauc", "auroc"),
    ("pr_auc", "auprc"),
    ("auc_pr", "auprc"),
    ("average_precision", "auprc"),
    ("ap", "auprc"),
    ("auc", "auroc"),
    ("m_ap", "map"),
    ("xent", "cross_entropy"),
    ("ce", "cross_entropy"),
    ("ppl", "perplexity"),
    ("prec", "precision"),
    ("rec", "recall"),
    ("f1_score", "f1"),
    ("fscore", "f1"),
    ("logloss", "log_loss"),
    ("err", "error"),
    *((name, "accuracy") for name in ("top1", "top_1", "top1_acc", "top1_accuracy")),
    *((name, "top5_accuracy") for name in ("top5", "top_5", "top5_acc", "top_5_accuracy")),
]
"""What stands for what, the first that fits."""
UNDERSTOOD = frozenset(("auc_roc", "roc_auc", "auc_pr", "pr_auc"))
"""Aliases that say exactly what was computed, so no reader is left in doubt."""
GUESSES = frozenset(("auc", "ap"))
"""Aliases that leave a choice: of which curve, of which average."""

PARAM_ALIASES = {
    "lr": "learning_rate",
    "bs": "batch_size",
    "batchsize": "batch_size",
    "n_epochs": "epochs",
    "num_epochs": "epochs",
    "max_epochs": "epochs",
    "random_state": "seed",
    "random_seed": "seed",
    "rng_seed": "seed",
    "wd": "weight_decay",
    "opt": "optimizer",
}
CLASSES = ("num_classes", "n_classes", "number_of_classes", "classes", "num_labels")
"""Params that tell the number of classes."""
PURPOSES = ["baseline", "sweep", "ablation", "debug", "final", "reproduction", "candidate"]
EXPERIMENT_PURPOSES = [*PURPOSES, "compare", "benchmark", "aug", "tune", "finetune", "pretrain"]
MUTABLE = frozenset(
    "latest current newest final main master head prod tmp temp new test test2 last now today "
    "tbd todo dev stable default v".split()
)
"""Data versions that mean something else tomorrow."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_APART = re.compile(r"[\s/.:\-\\|]+")


@lru_cache(maxsize=8192)
def snake(name: str) -> str:
    """Return a name in small letters with underscores: `valF1 Score` is `val_f1_score`."""
    words = "_".join(part for part in _APART.split(_CAMEL.sub("_", name.strip())) if part)
    plain = re.sub(r"[^\w@]+", "_", words.lower())
    return re.sub(r"_+", "_", plain).strip("_")

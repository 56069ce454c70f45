"""Which metrics tell how good a run was, by what their names say.

Validation before training, quality before bookkeeping: the table of runs, its app and
the verdict on a reproduction all ask here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

Stat = Literal["last", "min", "max"]

# Short names stand alone or end a word: `layer2` has no r2 in it, `power` no wer.
_LOW = re.compile(
    r"loss|err(?:or)?s?\d*\b|mse|perplexity|latency|brier|davies bouldin"
    r"|\b(?:mae|ppl|wer|cer|fid|nll|bpc|rank)\d*\b",
    re.I,
)
_HIGH = re.compile(
    r"accuracy|precision|recall|auroc|bleu|rouge|score|reward|psnr|ssim|ndcg|success"
    r"|acc(?![a-z])|auc(?:pr|roc)?(?![a-z])|iou\d*\b"
    r"|\b(?:val|test|train|macro|micro)?f1(?!\d)"
    r"|\b(?:map|hits?|mrr)\d*\b|\br2\b|\bdice|\bcorr(?!u)|\breturns?\b|\bwin(?:s|rate)?\b",
    re.I,
)
_JUDGED = re.compile(r"\b(val|valid|validation|eval|test|dev|holdout|cv)", re.I)
_BOOKKEEPING = re.compile(
    r"\btime|time\b|\bsecs?\b|seconds?\b|speed|throughput|\blr\b|learning[ _]rate|gpu|cpu|\bmem\b"
    r"|memory|\bdisk|\bsystem|\bgrad|norms?\b",
    re.I,
)
_COUNTING = re.compile(
    r"\bepochs?\b|steps?\b|\bweights?\b|\bbatch|\biters?\b|\biteration|\bsamples?\b|\btokens?\b",
    re.I,
)
"""Bookkeeping where no quality is named: `train_loss_epoch` is a loss."""
_OF_SPREAD = re.compile(r"\b(?:std|stdev|sem|var|variance|gap|drop|diff)$", re.I)
"""Spreads and differences of a quality: its own direction says nothing of them."""
_NEGATED = re.compile(
    r"\bneg(?:ative|ated)?\b( (?:log loss|mean|root mean|median|max|brier))?", re.I
)
"""An error turned round, as scikit-learn's scorers have it; of other words nobody knows."""
_JOINS = re.compile(r"[_/@]|(?<=[a-z]{2})(?=[A-Z])")

DECLARED: dict[str, Stat] = {}
"""What the project at hand says, by a metric's whole name or without its split."""
DELTAS: dict[str, float] = {}
"""What it says is too small a difference to matter, in the metric's own unit."""


def forget() -> None:
    """Judge labels anew: what a project says has changed."""
    metric_stat.cache_clear()
    metric_rank.cache_clear()


def delta_of(label: str) -> float | None:
    """Return the difference of a metric that is too small to matter; None where nobody says."""
    return next((DELTAS[key] for key in _names(label) if key in DELTAS), None)


def _declared(label: str) -> Stat | None:
    return next((DECLARED[key] for key in _names(label) if key in DECLARED), None)


def _names(label: str) -> tuple[str, str, str]:
    """Return the names that a metric may be declared by: whole, without context, without split."""
    name = label.partition("@")[0]
    return label, name, re.split(r"[_/.]", name, maxsplit=1)[-1]


@lru_cache(maxsize=8192)
def metric_stat(label: str) -> Stat:
    """Return which value of a metric tells how good a run was."""
    if DECLARED and (said := _declared(label)) is not None:
        return said
    words = _JOINS.sub(" ", label.partition("@")[0])  # `val_acc@loss_probe` is no loss
    if _BOOKKEEPING.search(words) or _OF_SPREAD.search(words):
        return "last"
    if _LOW.search(words):
        negated = _NEGATED.search(words)
        return "min" if negated is None else "max" if negated[1] else "last"
    return "max" if _HIGH.search(words) else "last"


def rank_metrics(labels: Sequence[str]) -> list[str]:
    """Return the metrics, most telling first; within a rank the given order stays."""
    return sorted(labels, key=metric_rank)


@lru_cache(maxsize=8192)
def metric_rank(label: str) -> int:
    """Return 0 for a judged quality, 1 for any quality, 2 for others, 3 for bookkeeping."""
    words = _JOINS.sub(" ", label)
    said = _declared(label) if DECLARED else None
    if _BOOKKEEPING.search(words) and said in (None, "last"):
        return 3
    quality = said or _LOW.search(words) or _HIGH.search(words)
    if not quality and _COUNTING.search(words):
        return 3
    judged = _JUDGED.search(words)
    return 0 if judged and quality else 1 if quality else 2

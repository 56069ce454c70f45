"""Overfitting: a metric that gets worse on held-out data while it gets better in training.

The two are found by their names: `val_loss` and `train_loss`, or plain `loss`. Told where
the held-out curve has given back a tenth of its progress and five times its noise since its
best, that best lies a fifth of the curve or more behind, and training went on to gain.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from statistics import median

from tui_tracker.health.findings import Health
from tui_tracker.health.shape import Curve, Shape, noise, shape_of, smoothed

GIVEN_BACK, GIVEN_BACK_NOISE = 0.1, 5.0
LONG_AGO = 0.2
_FEWEST = 8
_TRAIN = re.compile(r"(?<![a-z])(train(ing)?|fit)(?![a-z])", re.I)
_HELD_OUT = re.compile(
    r"(?<![a-z])(val|valid|validation|eval|evaluation|test|dev|holdout|heldout)(?![a-z])", re.I
)


def judge_pairs(curves: Iterable[Curve]) -> Iterator[Health]:
    """Yield the overfitting that pairs of curves show."""
    return judge_pairs_of(
        {curve.label: shape for curve in curves if (shape := shape_of(curve)) is not None}
    )


def judge_pairs_of(shapes: Mapping[str, Shape]) -> Iterator[Health]:
    """Yield the overfitting that pairs of shapes show, by label."""
    for held_out, train in pair_labels(shapes):
        if (found := _overfitting(shapes[held_out], shapes[train])) is not None:
            yield found


def is_held_out(label: str) -> bool:
    """Return whether a name says that a metric was taken on data that were not trained on."""
    return bool(_HELD_OUT.search(label)) and not _TRAIN.search(label)


def ended_at_best(shapes: Mapping[str, Shape]) -> bool:
    """Return whether there are training curves, and all of them ended near their best."""
    training = [
        shape
        for label, shape in shapes.items()
        if not is_held_out(label) and not shape.opposed and not shape.returns
    ]
    return bool(training) and all(map(_is_near_best, training))


def _is_near_best(shape: Shape) -> bool:
    level, count = shape.level, len(shape.level)
    if count < _FEWEST:
        return False
    best = min(smoothed(level, 1 if count < 50 else count // 40))
    progress = median(level[:2]) - best
    end = median(level[-max(2, count // 20) :])
    return progress > 0 and end - best <= GIVEN_BACK * progress + 3 * noise(level)


def pair_labels(labels: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield (held-out, training) labels of the same quantity."""
    known = list(labels)
    trained = {_stem(label): label for label in known if not _HELD_OUT.search(label)}
    # A name that says that it is of training counts before one that says nothing.
    trained |= {_stem(label): label for label in known if _TRAIN.search(label)}
    for label in known:
        if is_held_out(label) and _stem(label) in trained:
            yield label, trained[_stem(label)]


def _stem(label: str) -> str:
    """Return what a metric measures, without on which data."""
    bare = _HELD_OUT.sub("", _TRAIN.sub("", label.replace("_", " "))).lower()
    return " ".join(re.sub(r"[^a-z0-9]+", " ", bare).split())


def _overfitting(held_out: Shape, train: Shape) -> Health | None:
    count = len(held_out.level)
    if count < _FEWEST or held_out.opposed or held_out.returns:
        return None
    calm = smoothed(held_out.level, 1 if count < 50 else count // 40)
    at = min(range(count), key=calm.__getitem__)
    if (count - 1 - at) < max(4, LONG_AGO * count):
        return None
    tail = max(2, count // 10)
    best, end = calm[at], median(held_out.level[-tail:])
    progress = median(held_out.level[:2]) - best
    spread = noise(held_out.level)
    if end - best < max(GIVEN_BACK * progress, GIVEN_BACK_NOISE * spread, 1e-12) or progress <= 0:
        return None
    if not _still_gains(train, held_out.steps[at]):
        return None
    step = held_out.steps[at]
    top, now = f"{held_out.value(best):.4g}", f"{held_out.value(end):.4g}"
    words = f"overfits since step {step:,}: {top} to {now}, while {train.label} goes on to improve"
    return Health("overfitting", held_out.label, step, words, "warn")


def _still_gains(train: Shape, step: int) -> bool:
    """Return whether training went on to gain after a step, more than by noise."""
    at = bisect_right(train.steps, step) if _grows(train.steps) else len(train.steps) // 2
    around = train.level[max(0, at - 3) : at + 3]
    if not around or at >= len(train.level):
        return False
    tail = max(2, len(train.level) // 10)
    gain = median(around) - median(train.level[-tail:])
    return gain > max(noise(train.level[at // 2 :]), 0.01 * abs(median(around)), 1e-12)


def _grows(steps: list[int]) -> bool:
    return all(before <= after for before, after in pairwise(steps))

"""What is wrong with one curve: values that are none, spikes, divergence, unrest, plateaus.

The thresholds, each with its reason; `progress` is how far the curve came from its start
to its best, `noise` the spread of its changes from cell to cell.

    spike       over 12 noise, a fifth of the progress and a third of the level before, and
                back by three quarters within a twelfth of the curve. Batch losses reach 6
                noise every few thousand steps; a restart of a cosine schedule takes longer
                to come back.
    diverged    the last twentieth has given back 90 % of the progress and stays there, and
                the progress was worth 8 noise; or the end is ten times as far from zero as
                the start. A rise by less is overfitting or a restart, and so is what a
                held-out curve gave back while the training curves ended at their best.
    unstable    five spikes, or the noise of the last third is five times that of before and an
                eighth of the progress. Noise shrinks in a training that converges.
    plateau     from the third to the last quarter the level gained less than 1.5 % of the
                progress and 2.5 % of itself, an error of that by noise included. A
                logarithmic decay still gains 5 % there, a power law 3 % or more.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import median

from tui_tracker.health.findings import Health, Severity, worst
from tui_tracker.health.shape import Curve, Shape, grain, noise, shape_of, smoothed
from tui_tracker.telling import metric_rank

SPIKE_NOISE, SPIKE_PROGRESS, SPIKE_LEVEL, SPIKE_LENGTH = 12.0, 0.2, 0.35, 12
MANY_SPIKES = 5
LOST, LOST_NOISE, BLOWN_UP = 0.9, 8.0, 10.0
MOST_OF = 2 / 3
"""Of what there was to learn: a curve that learned so much lost something, however few its rows."""
LOUDER, LOUD = 5.0, 1 / 8
PLATEAU, PLATEAU_LEVEL = 0.015, 0.025
_BEFORE = 15
"""Cells that say what the level was."""
_CALM = 8
"""Cells that must be known before a spike can be told from a start."""
_FEWEST_FOR_LOSS = 12
_FEWEST_FOR_PLATEAU = 40
_FEWEST_FOR_UNREST = 60
_BOOKKEEPING = 3
"""`metric_rank` of what tells nothing of quality."""


def judge_curve(curve: Curve) -> tuple[Health, ...]:
    """Return what is wrong with one metric by itself, worst first."""
    shape = shape_of(curve)
    return worst([*judge_values(curve), *(judge_shape(shape) if shape is not None else ())])


def judge_shape(shape: Shape, *, trained_well: bool = False) -> list[Health]:
    """Return what the shape of a curve tells; a divergence speaks for all that it causes.

    `trained_well` is said of a held-out curve: what it gave back was lost to overfitting.
    """
    if (diverged := find_divergence(shape, only_blown_up=trained_well)) is not None:
        return [diverged]
    if shape.opposed or shape.returns:
        return []
    spikes = _spikes(shape)
    unrest = _unrest(shape, spikes)
    found = [unrest] if unrest else list(_tell_spikes(shape, spikes))
    if not unrest and (plateau := _plateau(shape)) is not None:
        found.append(plateau)
    return found


def judge_values(curve: Curve) -> Iterator[Health]:
    """Yield NaN and infinities.

    A gradient norm is infinite now and then where losses are scaled (mixed precision skips
    such a step), so of bookkeeping only a series that ends in them is told.
    """
    if metric_rank(curve.label) == _BOOKKEEPING and not curve.ends_odd:
        return
    total = curve.count or curve.nan + curve.inf
    since = f"from step {curve.odd_step:,}" if curve.odd_step is not None else "somewhere"
    for kind, word, number in (("nan", "NaN", curve.nan), ("inf", "infinite", curve.inf)):
        if not number:
            continue
        severity: Severity = "bad" if curve.ends_odd else "warn"
        share = "" if number == total else f", {number:,} of {total:,} points"
        on = " on" if curve.ends_odd else ""
        yield Health(kind, curve.label, curve.odd_step, f"{word} {since}{on}{share}", severity)  # type: ignore[arg-type]


def find_divergence(shape: Shape, *, only_blown_up: bool = False) -> Health | None:
    """Return the divergence of a curve, told at the cell where it left for good."""
    level, count = shape.level, len(shape.level)
    if count < 3:
        return None
    # One cell alone is no best that could be lost.
    calm = smoothed(level, max(count // 100, int(count >= _FEWEST_FOR_LOSS)))
    tail = max(2, count // 20)
    best = min(calm[: count - tail] or calm)
    # What lies behind the best is no start: a curve that only rises has nothing to lose.
    start = median(level[: max(1, min(5, count // 10, calm.index(best) + 1))])
    at_end, least_at_end = median(level[-tail:]), min(level[-tail:])
    progress = start - best
    blown = BLOWN_UP * max(abs(start), abs(best), progress)
    if blown > 0 and least_at_end > max(start, best) + blown:
        threshold = max(start, best) + blown
    elif not only_blown_up and _lost_all(shape, progress, best, at_end, least_at_end):
        threshold = best + progress / 2
    else:
        return None
    since = count - 1
    while since > 0 and calm[since - 1] > threshold:
        since -= 1
    # What crossed the threshold left before: the last cell at the level of the best.
    low = best + max(progress, 0.0) * 0.1 + 3 * noise(level[: max(4, since)])
    left = since
    while left > 0 and calm[left - 1] > low:
        left -= 1
    step = shape.steps[left]
    words = f"diverged at step {step:,}: {_number(shape, best)} to {_number(shape, at_end)}"
    return Health("diverged", shape.label, step, words, "bad")


def _lost_all(
    shape: Shape, progress: float, best: float, at_end: float, least_at_end: float
) -> bool:
    """Return whether what had been learned is gone, and was more than noise."""
    count = len(shape.level)
    # Few cells say nothing for good; an agent's or an opponent's curve comes back often.
    if count < _FEWEST_FOR_LOSS or progress <= 0 or shape.opposed:
        return False
    spread = max(noise(shape.level), noise(shape.level[: count // 2]))
    if progress < LOST_NOISE * spread * (2 if shape.returns else 1):
        return False
    if progress < LOST_NOISE * grain(shape.level) and progress < MOST_OF * abs(best + progress):
        return False
    return at_end > best + LOST * progress and least_at_end > best + 0.7 * progress


def _spikes(shape: Shape) -> list[tuple[int, float]]:
    """Return cell and level before of each excursion that came back."""
    worst_of, count = shape.worst, len(shape.worst)
    if count < _CALM + 4:
        return []
    longest = max(2, count // SPIKE_LENGTH)
    first = _first_look(shape)
    calm = list(worst_of[max(0, first - _BEFORE) : first])
    start = median(shape.level[:3])
    best = min(shape.level[:first])
    found: list[tuple[int, float]] = []
    at = first
    while at < count:
        before = median(calm[-_BEFORE:])
        height = worst_of[at] - before
        limit = _spike_limit(calm, max(start - best, 0.0), before, height)
        if height <= limit:
            calm.append(worst_of[at])
            best = min(best, shape.level[at])
            at += 1
            continue
        end = _end_of_excursion(worst_of, at, before)
        if end - at <= longest and end < count:
            found.append((max(range(at, end), key=worst_of.__getitem__), before))
            at = end
        else:  # a new level, or not back yet
            calm += worst_of[at : at + _BEFORE]
            at += _BEFORE
    return found


def _end_of_excursion(worst_of: list[float], at: int, before: float) -> int:
    """Return the cell at which three quarters of a climb that begins at `at` are undone."""
    end, top = at, worst_of[at]
    while end < len(worst_of) and worst_of[end] > before + (top - before) / 4:
        top = max(top, worst_of[end])
        end += 1
    return end


def _first_look(shape: Shape) -> int:
    """Return the cell from which on spikes are looked for: behind a warmup's first rise."""
    return max(_CALM, len(shape.worst) // 20)


def _spike_limit(calm: list[float], progress: float, before: float, height: float) -> float:
    # A curve without progress or noise (a constant) may jump by a third of itself.
    limit = max(SPIKE_PROGRESS * progress, SPIKE_LEVEL * abs(before), 1e-12)
    # The noise is dear to tell, so it is asked only where all else is passed.
    return limit if height <= limit else max(limit, SPIKE_NOISE * noise(calm[-40:]))


def _tell_spikes(shape: Shape, spikes: list[tuple[int, float]]) -> Iterator[Health]:
    if not spikes:
        return
    at, before = max(spikes, key=lambda spike: shape.worst[spike[0]] - spike[1])
    step = shape.peaks[at]
    top, level = _number(shape, shape.worst[at]), _number(shape, before)
    more = f"; {len(spikes)} spikes in all" if len(spikes) > 1 else ""
    yield Health(
        "spike", shape.label, step, f"spike to {top} at step {step:,}, from {level}{more}", "warn"
    )


def _unrest(shape: Shape, spikes: list[tuple[int, float]]) -> Health | None:
    if len(spikes) >= MANY_SPIKES:
        step = shape.peaks[spikes[0][0]]
        words = f"unstable: {len(spikes)} spikes from step {step:,} on"
        return Health("unstable", shape.label, step, words, "warn")
    count = len(shape.level)
    if count < _FEWEST_FOR_UNREST:
        return None
    begin = count // 5
    third = (count - begin) // 3
    progress = median(shape.level[:3]) - min(smoothed(shape.level, 2))
    # Cells of many points have calm middles, so their worst values are asked as well.
    for values in (shape.level, shape.worst):
        early = noise(values[begin : begin + third])
        middle = noise(values[begin + third : count - third])
        late, before = noise(values[count - third :]), max(early, middle, 1e-12)
        if late > LOUDER * before and late > LOUD * max(progress, 0.0) > 0:
            step = shape.steps[count - third]
            words = f"unstable from step {step:,} on: {late / before:.0f} times the noise"
            return Health("unstable", shape.label, step, words, "warn")
    return None


def _plateau(shape: Shape) -> Health | None:
    """Return since when nothing was gained, where that is half of the curve or more."""
    level, count = shape.level, len(shape.level)
    if count < _FEWEST_FOR_PLATEAU:
        return None
    before, after = level[count // 2 : 3 * count // 4], level[3 * count // 4 :]
    end = median(after)
    progress = median(level[:3]) - end
    spread = max(noise(before), noise(after))
    # The error of the difference of two medians, of cells that are not quite independent.
    error = 1.5 * 1.2533 * spread * math.sqrt(1 / len(before) + 1 / len(after))
    if progress < 3 * spread or progress <= 0:
        return None
    gained = median(before) - end + error
    if gained > PLATEAU * progress or gained > PLATEAU_LEVEL * abs(end):
        return None
    calm = smoothed(level, max(2, count // 50))
    band = end + 2 * PLATEAU * progress + spread
    # Where this level was first reached: a curve that got worse since did not get better.
    step = shape.steps[next(at for at, value in enumerate(calm) if value <= band)]
    words = f"plateau since step {step:,}: {_number(shape, end)}, no better since"
    return Health("plateau", shape.label, step, words, "note")


def _number(shape: Shape, badness: float) -> str:
    return f"{shape.value(badness):.4g}"

"""Simulated curves of trainings that are well, and of some that are not."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

Make = Callable[[Random, int], list[float]]
LENGTHS = (3, 5, 10, 20, 50, 100, 200, 500, 1500)


def _decay(random: Random, count: int, noise: float | None = None) -> list[float]:
    """Return an exponential decay that has not ended yet."""
    speed, floor, height = random.uniform(1, 6), random.uniform(0.05, 0.8), random.uniform(0.5, 3)
    spread = random.choice((0.002, 0.01, 0.03, 0.08)) if noise is None else noise
    return [
        floor + height * math.exp(-speed * at / count) + random.gauss(0, spread)
        for at in range(count)
    ]


def _proportional(random: Random, count: int) -> list[float]:
    spread = random.uniform(0.01, 0.3)
    return [value * math.exp(random.gauss(0, spread)) for value in _decay(random, count, 0)]


def _warmup(random: Random, count: int) -> list[float]:
    first = max(1, int(count * random.uniform(0.02, 0.1)))
    rise = [2.3 + 0.8 * at / first + random.gauss(0, 0.02) for at in range(first)]
    return rise + [value + 0.3 for value in _decay(random, max(1, count - first), 0.02)]


def _restarts(random: Random, count: int) -> list[float]:
    cycles, height = random.choice((3, 4, 6)), random.uniform(0.05, 0.25)
    curve = _decay(random, count, 0.02)
    for at in range(count // cycles, count):
        curve[at] += height * (math.cos(math.pi * ((at / count * cycles) % 1)) + 1) / 2
    return curve


def _staircase(random: Random, count: int) -> list[float]:
    stairs = (0.4, 0.4, 0.15, 0.0)
    return [
        0.3 + math.exp(-20 * at / count) + stairs[4 * at // count] + random.gauss(0, 0.03)
        for at in range(count)
    ]


def _power(random: Random, count: int) -> list[float]:
    power = random.uniform(0.1, 0.6)
    return [(at + 1) ** -power + random.gauss(0, 0.005) for at in range(count)]


def _logarithm(random: Random, count: int) -> list[float]:
    return [3 - 0.25 * math.log(at + 1) + random.gauss(0, 0.02) for at in range(count)]


def _accuracy(random: Random, count: int) -> list[float]:
    speed, spread = random.uniform(1, 6), random.choice((0.002, 0.01, 0.02))
    return [
        min(1.0, max(0.0, 0.95 - 0.85 * math.exp(-speed * at / count) + random.gauss(0, spread)))
        for at in range(count)
    ]


def _rewards(random: Random, count: int) -> list[float]:
    return [
        -200 + 350 / (1 + math.exp(4 - 8 * at / count)) + random.gauss(0, 60) for at in range(count)
    ]


def _successes(random: Random, count: int) -> list[float]:
    return [float(random.random() < at / count) for at in range(count)]


def _generator(random: Random, count: int) -> list[float]:
    return [
        1.5 + at / count + 0.6 * math.sin(at / 7) + abs(random.gauss(0, 0.6)) for at in range(count)
    ]


def _grokking(random: Random, count: int) -> list[float]:
    late = 0.7 * count
    learned = [1 - 0.9 * math.exp(min(0.0, (late - at) / count * 30)) for at in range(count)]
    return [max(0.0, min(1.0, value + random.gauss(0, 0.01))) for value in learned]


WELL: dict[str, tuple[str, Make]] = {
    "decay": ("loss", _decay),
    "noise in proportion": ("train/loss", _proportional),
    "warmup": ("loss", _warmup),
    "restarts": ("loss", _restarts),
    "staircase": ("loss", _staircase),
    "power law": ("val_loss", _power),
    "logarithm": ("val_loss", _logarithm),
    "accuracy": ("val_acc", _accuracy),
    "percent": ("test_accuracy", lambda r, n: [100 * value for value in _accuracy(r, n)]),
    "rewards": ("episode_reward", _rewards),
    "successes": ("success_rate", _successes),
    "generator": ("g_loss", _generator),
    "grokking": ("val_acc", _grokking),
    "constant": ("loss", lambda r, n: [r.choice((0.0, 1.0, 2.303, 1e30))] * n),
    "perfect": ("accuracy", lambda _, n: [1.0] * n),
    "noise alone": ("val_loss", lambda r, n: [0.7 + r.gauss(0, 0.03) for _ in range(n)]),
    "huge": ("loss", lambda r, n: [1e30 * value for value in _decay(r, n, 0.03)]),
    "at the end of float64": ("loss", lambda r, n: [1e308 * r.random() for _ in range(n)]),
    "tiny": ("loss", lambda r, n: [1e-9 * value for value in _decay(r, n, 0.03)]),
}


def well_curves(random: Random, rounds: int) -> Iterator[tuple[str, str, list[float]]]:
    """Yield kind, metric and values of healthy curves of many lengths."""
    for _ in range(rounds):
        for kind, (label, make) in WELL.items():
            yield kind, label, make(random, random.choice(LENGTHS))


@dataclass(frozen=True, slots=True)
class Ill:
    """A curve that went wrong."""

    label: str
    values: list[float]
    at: int
    """Where it began."""


def spiked(random: Random, count: int) -> Ill:
    values = _decay(random, count, 0.03)
    at = random.randrange(count // 5, count - max(4, count // 10))
    for later in range(max(1, count // 100)):
        values[at + later] += random.uniform(1.5, 6) * math.exp(-later)
    return Ill("loss", values, at)


def blown_up(random: Random, count: int) -> Ill:
    values = _decay(random, count, 0.03)
    at = random.randrange(count // 4, int(count * 0.8))
    for later in range(at + 1, count):
        values[later] = values[at] * math.exp(min(40.0, 50 * (later - at) / count))
    return Ill("loss", values, at)


def forgotten(random: Random, count: int) -> Ill:
    values = [0.1 + 0.8 * (1 - math.exp(-8 * at / count)) for at in range(count)]
    at = random.randrange(count // 3, int(count * 0.8))
    values[at:] = [0.1] * (count - at)
    return Ill("val_acc", [value + random.gauss(0, 0.01) for value in values], at)


def at_rest(random: Random, count: int) -> Ill:
    values = [0.3 + 2 * math.exp(-30 * at / count) + random.gauss(0, 0.003) for at in range(count)]
    return Ill("loss", values, count // 6)


def restless(random: Random, count: int) -> Ill:
    values = _decay(random, count, 0.02)
    at = 2 * count // 3
    values[at:] = [value + abs(random.gauss(0, 1.5)) for value in values[at:]]
    return Ill("loss", values, at)

"""A small training to look at: a sweep of learning rates over seeds, in plain Python.

A network of one hidden layer learns a noisy curve by stochastic gradient descent. The
numbers are what training gives: small rates are slow, one is good, and the largest
diverges until its loss leaves the floating-point numbers.
"""

from __future__ import annotations

import math
import os
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

import tui_tracker as tt
from tui_tracker.run import Run

EXPERIMENT = "demo/sweep_lr"
LEARNING_RATES = (0.001, 0.01, 0.1, 1.0)
SEEDS = (0, 1, 2)
STEPS = 5000
HIDDEN = 12
BATCH = 24
_POINTS = 160
_EVAL_EVERY = 50

Point = tuple[float, float]


class Network:
    """x -> tanh(a x + b) -> v . h + c; the state of one training."""

    def __init__(self, hidden: int) -> None:
        self.a = [random.gauss(0, 2) for _ in range(hidden)]
        self.b = [random.gauss(0, 1) for _ in range(hidden)]
        self.v = [random.gauss(0, 1 / math.sqrt(hidden)) for _ in range(hidden)]
        self.c = 0.0

    def predict(self, x: float) -> float:
        weights = zip(self.a, self.b, self.v, strict=True)
        return self.c + sum(v * math.tanh(a * x + b) for a, b, v in weights)

    def loss(self, points: Sequence[Point]) -> float:
        """Return the mean squared error; infinite where it leaves the floats."""
        try:
            return sum((self.predict(x) - y) ** 2 for x, y in points) / len(points)
        except OverflowError:
            return math.inf

    def learn(self, batch: Sequence[Point], rate: float) -> tuple[float, float]:
        """Take one step down the gradient; return the batch's loss and the gradient's norm."""
        n = len(self.a)
        da, db, dv, dc, total = [0.0] * n, [0.0] * n, [0.0] * n, 0.0, 0.0
        for x, y in batch:
            hidden = [math.tanh(a * x + b) for a, b in zip(self.a, self.b, strict=True)]
            error = self.c + sum(v * h for v, h in zip(self.v, hidden, strict=True)) - y
            total += error * error
            dc += error
            for i, h in enumerate(hidden):
                dv[i] += error * h
                slope = error * self.v[i] * (1 - h * h)
                da[i] += slope * x
                db[i] += slope
        scale = 2 / len(batch)
        gradient = [g * scale for g in (*da, *db, *dv, dc)]
        self.a = [w - rate * g for w, g in zip(self.a, gradient[:n], strict=True)]
        self.b = [w - rate * g for w, g in zip(self.b, gradient[n : 2 * n], strict=True)]
        self.v = [w - rate * g for w, g in zip(self.v, gradient[2 * n : 3 * n], strict=True)]
        self.c -= rate * gradient[-1]
        return total / len(batch), math.hypot(*gradient)


def make_data(seed: int = 7) -> tuple[list[Point], list[Point]]:
    """Return training and validation points of a noisy curve, the same for every run."""
    generator = random.Random(seed)
    points = []
    for _ in range(_POINTS):
        x = generator.uniform(-2, 2)
        points.append((x, math.sin(2 * x) + 0.3 * x + generator.gauss(0, 0.1)))
    return points[: _POINTS * 3 // 4], points[_POINTS * 3 // 4 :]


def train(run: Run, rate: float, seed: int, steps: int) -> None:
    """Train one network and log it."""
    training, validation = make_data()
    tt.seed_everything(seed)
    run.log_data("noisy_curve", [*training, *validation], version="v1")
    run.log_split(
        train=range(len(training)), val=range(len(training), _POINTS), strategy="in order"
    )
    network = Network(HIDDEN)
    spread = sum(y * y for _, y in validation) / len(validation)
    for step in range(steps):
        loss, norm = network.learn(random.sample(training, BATCH), rate)
        run.log({"train_loss": loss, "grad_norm": norm}, step=step)
        if step % _EVAL_EVERY == 0 or step == steps - 1:
            val_loss = network.loss(validation)
            run.log({"val_loss": val_loss, "val_r2": 1 - val_loss / spread}, step=step)
        if not math.isfinite(loss):
            run.note(f"{rate:g} diverged: the loss is {loss} from step {step}")
            break
    print(f"learning rate {rate:g}, seed {seed}: val_loss {network.loss(validation):.4g}")
    _save_fit(run, network, validation)


def _save_fit(run: Run, network: Network, points: Sequence[Point]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fit.csv"
        rows = [f"{x:.6f},{y:.6f},{network.predict(x):.6f}" for x, y in sorted(points)]
        path.write_text("\n".join(["x,y,predicted", *rows]) + "\n", encoding="utf-8")
        run.log_artifact(path, kind="predictions", name="fit.csv")
        run.wait_for_artifacts()


def sweep(
    store: str | os.PathLike[str] | None,
    *,
    rates: Sequence[float] = LEARNING_RATES,
    seeds: Sequence[int] = SEEDS,
    steps: int = STEPS,
) -> None:
    """Train every learning rate with every seed, one run after another."""
    for seed in seeds:
        for rate in rates:
            params: dict[str, object] = {"learning_rate": rate, "seed": seed, "steps": steps}
            params |= {"hidden": HIDDEN, "batch_size": BATCH, "optimizer": "sgd"}
            name = f"lr={rate:g}_seed={seed}"
            # What is told of names would be written over the app.
            with tt.init(
                EXPERIMENT, name, params, purpose="sweep", store=store, names="off"
            ) as run:
                train(run, rate, seed, steps)

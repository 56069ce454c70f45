"""Train one small network on 8x8 digits, once for each learning rate and seed.

The network is a hidden layer of 32 with a squared loss, in numpy: too large a step makes
such a loss grow without bound, so the largest rate ends in NaN instead of merely learning
nothing.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

import tui_tracker as tt

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from pictures import draw_lines

RATES = (0.003, 0.03, 0.1, 0.3)
SEEDS = (0, 1, 2)
HIDDEN, BATCH_SIZE = 32, 32
EPOCHS = 25 if os.environ.get("EXAMPLES_QUICK") else 40
_AFTER_NAN = 2
"""So many epochs are still logged once the loss is no number: then there is nothing to see."""


class Network:
    """A hidden layer with tanh, an output for each class, weights by a seed."""

    def __init__(self, inputs: int, outputs: int, draw: np.random.Generator) -> None:
        self.w1 = draw.normal(0, inputs**-0.5, (inputs, HIDDEN))
        self.b1 = np.zeros(HIDDEN)
        self.w2 = draw.normal(0, HIDDEN**-0.5, (HIDDEN, outputs))
        self.b2 = np.zeros(outputs)

    def outputs(self, x: np.ndarray) -> np.ndarray:
        return np.tanh(x @ self.w1 + self.b1) @ self.w2 + self.b2

    def step(self, x: np.ndarray, wanted: np.ndarray, rate: float) -> None:
        """Take one step down the squared loss of a batch."""
        hidden = np.tanh(x @ self.w1 + self.b1)
        error = (hidden @ self.w2 + self.b2 - wanted) / len(x)
        back = (error @ self.w2.T) * (1 - hidden**2)
        self.w2 -= rate * hidden.T @ error
        self.b2 -= rate * error.sum(axis=0)
        self.w1 -= rate * x.T @ back
        self.b1 -= rate * back.sum(axis=0)


def train(rate: float, seed: int) -> None:
    """Train one network, and log it as a run."""
    images, labels = load_digits(return_X_y=True)
    images, wanted = images / 16, np.eye(10)[labels]
    draw = tt.seed_everything(seed).numpy
    params = {
        "model_type": "mlp",
        "hidden": HIDDEN,
        "learning_rate": rate,
        "batch_size": BATCH_SIZE,
        "epochs": EPOCHS,
        "seed": seed,
    }
    name = f"lr={rate:g}_seed={seed}"
    note = f"grid over learning_rate {RATES}, seeds {SEEDS}; chosen by the last val_accuracy"
    with tt.init(
        "sweep_lr_mlp", name, params, tags=["area:model"], purpose="sweep", note=note
    ) as run:
        run.log_data("digits", images, version="uci-1998", source="sklearn.datasets.load_digits")
        parts = tt.split(len(labels), val=0.25, test=0.25, seed=0, stratify=labels, data="digits")
        rows, held_out = parts["train"], parts["val"]
        network = Network(images.shape[1], 10, draw)
        curves: dict[str, list[float]] = {"train_loss": [], "val_loss": []}
        for epoch in range(EPOCHS):
            order = draw.permutation(rows)
            for start in range(0, len(order), BATCH_SIZE):
                batch = order[start : start + BATCH_SIZE]
                network.step(images[batch], wanted[batch], rate)
            values = {
                "train_loss": loss(network, images[rows], wanted[rows]),
                "val_loss": loss(network, images[held_out], wanted[held_out]),
                "val_accuracy": accuracy(network, images[held_out], labels[held_out]),
            }
            run.log(values, step=epoch)
            for each, curve in curves.items():
                curve.append(values[each])
            nans = int(np.isnan(curves["train_loss"]).sum())
            if nans == 1:
                run.note(f"diverged: train_loss is NaN from epoch {epoch} on")
                run.tag("diverged")
            if nans > _AFTER_NAN:
                break
        print(f"{name:16} val_accuracy {values['val_accuracy']:.3f}")
        keep(run, network, curves)


def loss(network: Network, x: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.mean((network.outputs(x) - wanted) ** 2))


def accuracy(network: Network, x: np.ndarray, labels: np.ndarray) -> float:
    return float(np.mean(network.outputs(x).argmax(axis=1) == labels))


def keep(run: tt.Run, network: Network, curves: dict[str, list[float]]) -> None:
    """Log the model and a picture of its loss as artifacts."""
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.npz"
        np.savez(model, w1=network.w1, b1=network.b1, w2=network.w2, b2=network.b2)
        epochs = range(len(curves["train_loss"]))
        lines = {name: (epochs, values) for name, values in curves.items()}
        picture = draw_lines(Path(folder) / "loss_curve", lines, "epoch", "squared loss")
        run.log_artifact(model, kind="model", name=model.name)
        run.log_artifact(picture, kind="plot", name=picture.name)
        run.wait_for_artifacts()


if __name__ == "__main__":
    np.seterr(over="ignore", invalid="ignore")  # the largest rate is meant to diverge
    for each in RATES:
        for number in SEEDS:
            train(each, number)

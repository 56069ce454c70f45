"""Tell eights from other digits, with pixels normalised one by one or all together.

A logistic regression by stochastic gradient descent. Besides the area under the precision
and recall curve it logs how far its probabilities are from what happens: a metric of our
own, which the tracker knows by its name to be better when lower.
"""

from __future__ import annotations

import os
import pickle
import sys
import tempfile
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import average_precision_score, log_loss

import tui_tracker as tt

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from pictures import draw_lines

NORMALIZERS = ("per_feature", "global")
SEEDS = (123, 124, 125)
EPOCHS = 25 if os.environ.get("EXAMPLES_QUICK") else 40
BINS = 10


def calibration(labels: np.ndarray, chances: np.ndarray) -> tuple[float, list[float], list[float]]:
    """Return the expected calibration error, and what was said and what happened by bin.

    The error is the mean of |said - happened| over bins of equal width, each weighing as
    many rows as fall into it; an empty bin is left out.
    """
    bins = np.minimum((chances * BINS).astype(int), BINS - 1)
    error, said, happened = 0.0, [], []
    for each in np.unique(bins):
        inside = bins == each
        said.append(float(chances[inside].mean()))
        happened.append(float(labels[inside].mean()))
        error += abs(said[-1] - happened[-1]) * float(inside.mean())
    return error, said, happened


def train(normalizer: str, seed: int) -> None:
    """Train with one normalisation and seed, and log it as a run."""
    images, digits = load_digits(return_X_y=True)
    labels = (digits == 8).astype(int)
    params = {
        "model_type": "logreg",
        "normalizer": normalizer,
        "learning_rate": "optimal",
        "alpha": 1e-3,
        "batch_size": 1,
        "epochs": EPOCHS,
        "seed": seed,
    }
    name = f"normalizer={normalizer}_seed={seed}"
    tags = ("area:data",)
    with tt.init("compare_normalization", name, params, tags=tags, purpose="compare") as run:
        tt.seed_everything(seed)
        run.log_data("digits", images, version="uci-1998", source="sklearn.datasets.load_digits")
        parts = tt.split(len(labels), val=0.3, test=0.2, seed=0, stratify=labels, data="digits")
        rows, held_out = parts["train"], parts["val"]
        # Mean and spread are of the training rows alone: the others are not to be known.
        axis = 0 if normalizer == "per_feature" else None
        spread = images[rows].std(axis=axis)
        x = (images - images[rows].mean(axis=axis)) / np.where(spread == 0, 1, spread)
        model = SGDClassifier(loss="log_loss", alpha=1e-3, random_state=seed)
        for epoch in range(EPOCHS):
            model.partial_fit(x[rows], labels[rows], classes=[0, 1])
            chances = model.predict_proba(x[held_out])[:, 1]
            error, said, happened = calibration(labels[held_out], chances)
            run.log(
                {
                    "train_loss": log_loss(labels[rows], model.predict_proba(x[rows])),
                    "val_loss": log_loss(labels[held_out], chances),
                    "val_auc_pr": average_precision_score(labels[held_out], chances),
                    "val_calibration_error": error,
                },
                step=epoch,
            )
        print(f"{name:30} val_calibration_error {error:.4f}")
        lines = {"this run": (said, happened), "ideal": ([0, 1], [0, 1])}
        keep(run, model, lines)


def keep(run: tt.Run, model: object, lines: dict[str, tuple[list[float], list[float]]]) -> None:
    """Log the model and its calibration plot as artifacts."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.pkl"
        path.write_bytes(pickle.dumps(model))
        stem = Path(folder) / "calibration_plot"
        picture = draw_lines(stem, lines, "said probability", "share of eights")
        run.log_artifact(path, kind="model", name=path.name)
        run.log_artifact(picture, kind="plot", name=picture.name)
        run.wait_for_artifacts()


if __name__ == "__main__":
    for each in NORMALIZERS:
        for number in SEEDS:
            train(each, number)

"""A benchmark of one's own: a baseline, a sweep and an ablation on scikit-learn's digits.

Three experiments below one name, so that the tree and the report show them together. Each
answers one question and hands its answer to the next; the test rows are scored once, last.
"""

from __future__ import annotations

import os
import pickle
import tempfile
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import f1_score, log_loss

import tui_tracker as tt

SEEDS, FRESH, FINAL = (0, 1, 2), (3, 4, 5), (6, 7, 8)
"""What was chosen by some seeds is confirmed by others: a winner is partly a lucky one."""
ALPHAS = (1e-4, 1e-2, 0.1)
"""How strongly weights are held small; the sweep is over these."""
EPOCHS = 10 if os.environ.get("EXAMPLES_QUICK") else 15


def train(
    experiment: str,
    purpose: str,
    *,
    seed: int,
    alpha: float,
    pixels: str = "all",
    note: str = "",
    test: bool = False,
) -> float:
    """Train a linear classifier, log it as a run, and return its last val_f1_macro."""
    images, labels = load_digits(return_X_y=True)
    params = {
        "model_type": "linear",
        "alpha": alpha,
        "pixels": pixels,
        "learning_rate": "optimal",
        "batch_size": 1,
        "epochs": EPOCHS,
        "seed": seed,
    }
    name = f"alpha={alpha:g}_pixels={pixels}_seed={seed}"
    tags = ("area:model",)
    with tt.init(experiment, name, params, tags=tags, purpose=purpose, note=note) as run:
        draw = tt.seed_everything(seed).numpy
        run.log_data("digits", images, version="uci-1998", source="sklearn.datasets.load_digits")
        parts = tt.split(len(labels), val=0.25, test=0.25, seed=0, stratify=labels, data="digits")
        x = only(images / 16, pixels)
        rows, held_out = parts["train"], parts["val"]
        model = SGDClassifier(loss="log_loss", alpha=alpha, random_state=seed)
        for epoch in range(EPOCHS):
            order = draw.permutation(rows)
            model.partial_fit(x[order], labels[order], classes=np.arange(10))
            score = f1_score(labels[held_out], model.predict(x[held_out]), average="macro")
            values = {
                "train_loss": log_loss(labels[rows], model.predict_proba(x[rows])),
                "val_loss": log_loss(labels[held_out], model.predict_proba(x[held_out])),
                "val_f1_macro": score,
            }
            run.log(values, step=epoch)
        if test:
            said = model.predict(x[parts["test"]])
            final = f1_score(labels[parts["test"]], said, average="macro")
            run.log({"test_f1_macro": final}, step=EPOCHS - 1)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.pkl"
            path.write_bytes(pickle.dumps(model))
            run.log_artifact(path, kind="model", name=path.name)
            run.wait_for_artifacts()
    return float(score)


def only(images: np.ndarray, pixels: str) -> np.ndarray:
    """Return the images, without their outermost ring of pixels where that is asked for."""
    if pixels == "all":
        return images
    return images.reshape(-1, 8, 8)[:, 1:-1, 1:-1].reshape(len(images), -1)


def main() -> None:
    for seed in SEEDS:
        train(
            "benchmark/baseline_linear",
            "baseline",
            seed=seed,
            alpha=1.0,
            note="heavily regularised",
        )
    grid = f"grid over alpha {ALPHAS}, seeds {SEEDS}, chosen by mean val_f1_macro"
    means = {
        alpha: np.mean(
            [train("benchmark/sweep_alpha", "sweep", seed=s, alpha=alpha, note=grid) for s in SEEDS]
        )
        for alpha in ALPHAS
    }
    best = max(means, key=lambda alpha: means[alpha])
    for pixels in ("all", "no_border"):
        for seed in FRESH:
            train("benchmark/ablation_border", "ablation", seed=seed, alpha=best, pixels=pixels)
    for seed in FINAL:
        train(
            "benchmark/final_linear",
            "final",
            seed=seed,
            alpha=best,
            note=f"alpha={best:g} by the sweep; the test rows are scored here alone",
            test=True,
        )


if __name__ == "__main__":
    main()

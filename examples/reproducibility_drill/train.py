"""Score a logistic regression on the diabetes table: is the disease worse than usual?

python train.py                              as it was done: nothing is seeded
python train.py --split-seed 0 --seed 0      as it should have been done
"""

from __future__ import annotations

import argparse
import pickle
import tempfile
from pathlib import Path

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss, roc_auc_score

import tui_tracker as tt

EPOCHS = 20


def fit(
    table: np.ndarray, labels: np.ndarray, rows: np.ndarray, held_out: np.ndarray, seed: int | None
) -> tuple[SGDClassifier, list[dict[str, float]]]:
    """Return the trained model, and its scores epoch by epoch."""
    x = (table - table[rows].mean(axis=0)) / table[rows].std(axis=0)
    model = SGDClassifier(loss="log_loss", alpha=0.01, random_state=seed)
    scores = []
    for _ in range(EPOCHS):
        model.partial_fit(x[rows], labels[rows], classes=[0, 1])
        chances = model.predict_proba(x[held_out])[:, 1]
        scores.append(
            {
                "train_loss": log_loss(labels[rows], model.predict_proba(x[rows])),
                "val_auc_roc": roc_auc_score(labels[held_out], chances),
            }
        )
    return model, scores


def load() -> tuple[np.ndarray, np.ndarray]:
    """Return the table, and whether the disease went further than in half of the people."""
    source = load_diabetes(scaled=False)
    return source.data, (source.target > np.median(source.target)).astype(int)


def shuffled(count: int, seed: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Return rows to train on and a fifth to score on; None shuffles otherwise each time."""
    order = np.random.default_rng(seed).permutation(count)
    return order[count // 5 :], order[: count // 5]


def loose() -> None:
    """Train as many notebooks do: split and model draw from nobody knows where."""
    table, labels = load()
    params = {"model_type": "logreg", "learning_rate": "optimal", "alpha": 0.01, "epochs": EPOCHS}
    with tt.init("drill_claim", None, params) as run:
        for values in fit(table, labels, *shuffled(len(labels), None), None)[1]:
            run.log(values)
        print(f"nothing seeded: val_auc_roc {values['val_auc_roc']:.4f}")


def recorded(split_seed: int, seed: int) -> None:
    """Train on five folds with all that draws seeded, and with data and models on record."""
    table, labels = load()
    params = {
        "model_type": "logreg",
        "learning_rate": "optimal",
        "alpha": 0.01,
        "batch_size": 1,
        "epochs": EPOCHS,
        "split_seed": split_seed,
        "seed": seed,
    }
    note = "the claim once more, on five folds, with seeds, data and models on record"
    with tt.init(
        "baseline_auc_folds", f"seed={seed}", params, purpose="baseline", note=note
    ) as run:
        tt.seed_everything(seed)
        run.log_data(
            "diabetes", table, version="efron-2004", source="sklearn.datasets.load_diabetes"
        )
        folds = tt.split(len(labels), folds=5, seed=split_seed, stratify=labels, data="diabetes")
        fitted = [fit(table, labels, rows, held_out, seed) for rows, held_out in folds]
        for scores in zip(*(scores for _, scores in fitted), strict=True):
            aucs = [values["val_auc_roc"] for values in scores]
            run.log(
                {
                    "train_loss": np.mean([values["train_loss"] for values in scores]),
                    "val_auc_roc": np.mean(aucs),
                    "val_auc_roc_std": np.std(aucs, ddof=1),
                }
            )
        print(f"seed {seed}: val_auc_roc {np.mean(aucs):.4f} ± {np.std(aucs, ddof=1):.4f}")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "models.pkl"
            path.write_bytes(pickle.dumps([model for model, _ in fitted]))
            run.log_artifact(path, kind="model", name=path.name)
            run.wait_for_artifacts()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--split-seed", type=int)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if args.split_seed is None:
        loose()
    else:
        recorded(args.split_seed, args.seed)


if __name__ == "__main__":
    main()

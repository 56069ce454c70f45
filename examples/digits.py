"""Train a small network on scikit-learn's digits and log it.

pip install scikit-learn
python examples/digits.py --learning-rate 0.01 --seed 0 --epochs 60
"""

from __future__ import annotations

import argparse
import pickle
import tempfile
import warnings
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import f1_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

import tui_tracker as tt


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learning-rate", type=float, default=0.01)
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--store")
    args = parser.parse_args()
    params = {name: value for name, value in vars(args).items() if name != "store"}
    warnings.simplefilter("ignore", ConvergenceWarning)

    images, labels = load_digits(return_X_y=True)
    train_x, val_x, train_y, val_y = train_test_split(
        images / 16, labels, test_size=0.25, random_state=0, stratify=labels
    )
    model = MLPClassifier(
        (args.hidden,),
        solver="sgd",
        learning_rate_init=args.learning_rate,
        batch_size=args.batch_size,
        random_state=args.seed,
    )
    name = f"lr={args.learning_rate:g}_seed={args.seed}"
    with tt.init("digits/mlp", name, params, purpose="baseline", store=args.store) as run:
        order = np.random.default_rng(args.seed)
        for epoch in range(args.epochs):
            rows = order.permutation(len(train_x))
            model.partial_fit(train_x[rows], train_y[rows], classes=np.unique(labels))
            predicted = model.predict(val_x)
            run.log(
                {
                    "train_loss": model.loss_,
                    "val_loss": log_loss(val_y, model.predict_proba(val_x)),
                    "val_accuracy": np.mean(predicted == val_y),
                    "val_f1_macro": f1_score(val_y, predicted, average="macro"),
                },
                step=epoch,
            )
            print(f"epoch {epoch:3d}  train_loss {model.loss_:.4f}")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.pkl"
            path.write_bytes(pickle.dumps(model))
            run.log_artifact(path, kind="model", name="model.pkl")
            run.wait_for_artifacts()


if __name__ == "__main__":
    main()

"""Train gradient boosting on the diabetes table, and log what the tracking plan asks for."""

from __future__ import annotations

import argparse
import csv
import os
import pickle
import sys
import tempfile
from pathlib import Path

import numpy as np
from features import SETS, engineer
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.metrics import mean_absolute_error, r2_score

import tui_tracker as tt

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from pictures import draw_lines

TREES = 60 if os.environ.get("EXAMPLES_QUICK") else 120


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feature-set", choices=SETS, required=True)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    params = {
        "model_type": "gbdt",
        "feature_set": args.feature_set,
        "n_estimators": TREES,
        "learning_rate": 0.05,
        "max_depth": 3,
        "subsample": 0.7,
        "loss": "squared_error",
        "seed": args.seed,
    }
    with tt.init(None, f"features={args.feature_set}_seed={args.seed}", params) as run:
        tt.seed_everything(args.seed)
        source = load_diabetes(scaled=False)
        run.log_data(
            "diabetes", source.data, version="efron-2004", source="sklearn.datasets.load_diabetes"
        )
        parts = tt.split(len(source.target), val=0.25, test=0.25, seed=0, data="diabetes")
        rows, held_out = parts["train"], parts["val"]
        table, names = engineer(source.data, source.feature_names, args.feature_set)
        model = GradientBoostingRegressor(
            n_estimators=TREES,
            learning_rate=0.05,
            max_depth=3,
            subsample=0.7,
            random_state=args.seed,
        )
        model.fit(table[rows], source.target[rows])
        curve = []
        for tree, guess in enumerate(model.staged_predict(table[held_out])):
            truth = source.target[held_out]
            curve.append(float(np.sqrt(np.mean((guess - truth) ** 2))))
            run.log(
                {
                    "train_loss": float(model.train_score_[tree]),
                    "val_rmse": curve[-1],
                    "val_mae": mean_absolute_error(truth, guess),
                    "val_r2": r2_score(truth, guess),
                },
                step=tree,
            )
        run.log({"feature_count": len(names)}, step=TREES - 1)
        keep(run, model, names, curve)


def keep(run: tt.Run, model: object, names: list[str], curve: list[float]) -> None:
    """Log the model, what it looks at, and its curve as artifacts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "model.pkl").write_bytes(pickle.dumps(model))
        with (folder / "feature_importance.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["feature", "importance"])
            pairs = zip(names, model.feature_importances_, strict=True)
            writer.writerows(sorted(pairs, key=lambda pair: -pair[1]))
        picture = draw_lines(
            folder / "loss_curve", {"val_rmse": (range(len(curve)), curve)}, "trees", "RMSE"
        )
        run.log_artifact(folder / "model.pkl", kind="model", name="model.pkl")
        run.log_artifact(folder / "feature_importance.csv", name="feature_importance.csv")
        run.log_artifact(picture, kind="plot", name=picture.name)
        run.wait_for_artifacts()


if __name__ == "__main__":
    main()

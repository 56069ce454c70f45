"""Tell three growers' wines apart, with and without the measurements of colour.

A small forest on scikit-learn's wine data. The split is the same in every run: only the
forest's own seed and the set of features change.
"""

from __future__ import annotations

import argparse
import os
import pickle
import sys
import tempfile
from pathlib import Path

import numpy as np
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import confusion_matrix, f1_score, log_loss

import tui_tracker as tt

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from pictures import draw_matrix

COLOUR = ("color_intensity", "hue")
TREES = 30
EVERY = 15 if os.environ.get("EXAMPLES_QUICK") else 5
"""The forest is scored each time it has grown by so many trees."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feature-set", choices=("all", "no_color"), required=True)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    wine = load_wine()
    names = [n for n in wine.feature_names if args.feature_set == "all" or n not in COLOUR]
    table = wine.data[:, [wine.feature_names.index(name) for name in names]]
    params = {
        "model_type": "random_forest",
        "feature_set": args.feature_set,
        "n_estimators": TREES,
        "max_depth": 3,
        "seed": args.seed,
    }
    with tt.init(None, f"features={args.feature_set}_seed={args.seed}", params) as run:
        tt.seed_everything(args.seed)
        # The whole table is the data, so that both variants are known to share it.
        run.log_data("wine", wine.data, version="uci-1991", source="sklearn.datasets.load_wine")
        parts = tt.split(len(table), val=0.4, test=0.2, seed=0, stratify=wine.target, data="wine")
        rows, held_out = parts["train"], parts["val"]
        forest = RandomForestClassifier(max_depth=3, random_state=args.seed, warm_start=True)
        for trees in range(EVERY, TREES + 1, EVERY):
            forest.set_params(n_estimators=trees).fit(table[rows], wine.target[rows])
            said = forest.predict(table[held_out])
            run.log(
                {
                    "train_loss": log_loss(wine.target[rows], forest.predict_proba(table[rows])),
                    "val_f1_macro": f1_score(wine.target[held_out], said, average="macro"),
                    "feature_count": len(names),
                },
                step=trees,
            )
        keep(run, forest, confusion_matrix(wine.target[held_out], said), wine.target_names)


def keep(run: tt.Run, forest: object, counts: np.ndarray, names: list[str]) -> None:
    """Log the model and its confusion matrix as artifacts."""
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.pkl"
        model.write_bytes(pickle.dumps(forest))
        picture = draw_matrix(Path(folder) / "confusion_matrix", counts, names)
        run.log_artifact(model, kind="model", name=model.name)
        run.log_artifact(picture, kind="plot", name=picture.name)
        run.wait_for_artifacts()


if __name__ == "__main__":
    main()

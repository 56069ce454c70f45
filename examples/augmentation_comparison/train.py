"""Train a small network on few 8x8 digits, which each epoch shows in another guise.

shift    moved by up to one pixel each way
rotate   turned by up to 15 degrees
erase    a square of 3x3 pixels blanked
"""

from __future__ import annotations

import argparse
import os
import pickle
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from scipy.ndimage import rotate
from sklearn.datasets import load_digits
from sklearn.metrics import confusion_matrix, f1_score, log_loss
from sklearn.neural_network import MLPClassifier

import tui_tracker as tt

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from pictures import draw_lines, draw_matrix

EPOCHS = 8 if os.environ.get("EXAMPLES_QUICK") else 40


def shifted(image: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    down, right = draw.integers(0, 3, 2)
    return np.pad(image, 1)[down : down + 8, right : right + 8]


def turned(image: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    return np.clip(rotate(image, draw.uniform(-15, 15), reshape=False, order=1), 0, 1)


def erased(image: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    top, left = draw.integers(0, 6, 2)
    image = image.copy()
    image[top : top + 3, left : left + 3] = 0
    return image


AUGMENTATIONS = {"shift": shifted, "rotate": turned, "erase": erased}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--aug", choices=AUGMENTATIONS, required=True)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    params = {
        "model_type": "mlp",
        "aug": args.aug,
        "hidden": 32,
        "learning_rate": 0.002,
        "batch_size": 32,
        "epochs": EPOCHS,
        "seed": args.seed,
    }
    with tt.init(None, f"aug={args.aug}_seed={args.seed}", params) as run:
        draw = tt.seed_everything(args.seed).numpy
        images, labels = load_digits(return_X_y=True)
        run.log_data("digits", images, version="uci-1998", source="sklearn.datasets.load_digits")
        parts = tt.split(len(labels), val=0.5, test=0.3, seed=0, stratify=labels, data="digits")
        model, curves = fit(run, images / 16, labels, parts, draw, params)
        said = model.predict(images[parts["val"]] / 16)
        keep(run, model, curves, confusion_matrix(labels[parts["val"]], said))


def fit(
    run: tt.Run,
    images: np.ndarray,
    labels: np.ndarray,
    parts: dict[str, np.ndarray],
    draw: np.random.Generator,
    params: dict[str, object],
) -> tuple[MLPClassifier, dict[str, list[float]]]:
    """Train and log epoch by epoch; return the network and its two losses."""
    rows, held_out = parts["train"], parts["val"]
    augment = AUGMENTATIONS[str(params["aug"])]
    model = MLPClassifier(
        (params["hidden"],),
        learning_rate_init=params["learning_rate"],
        batch_size=params["batch_size"],
        random_state=params["seed"],
    )
    curves: dict[str, list[float]] = {"train_loss": [], "val_loss": []}
    took_s = 0.0
    for epoch in range(EPOCHS):
        began = time.perf_counter()
        order = draw.permutation(rows)
        seen = np.array([augment(images[row].reshape(8, 8), draw).ravel() for row in order])
        model.partial_fit(seen, labels[order], classes=np.arange(10))
        took_s += time.perf_counter() - began
        said = model.predict(images[held_out])
        values = {
            "train_loss": model.loss_,
            "val_loss": log_loss(labels[held_out], model.predict_proba(images[held_out])),
            "val_accuracy": float(np.mean(said == labels[held_out])),
            "val_f1_macro": f1_score(labels[held_out], said, average="macro"),
            "train_time_s": took_s,
        }
        run.log(values, step=epoch)
        for name, curve in curves.items():
            curve.append(values[name])
    return model, curves


def keep(run: tt.Run, model: object, curves: dict[str, list[float]], counts: np.ndarray) -> None:
    """Log the model, its losses and its confusions as artifacts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "model.pkl").write_bytes(pickle.dumps(model))
        lines = {each: (range(len(curve)), curve) for each, curve in curves.items()}
        run.log_artifact(folder / "model.pkl", kind="model", name="model.pkl")
        for picture in (
            draw_lines(folder / "loss_curve", lines, "epoch", "loss"),
            draw_matrix(folder / "confusion_matrix", counts, [str(digit) for digit in range(10)]),
        ):
            run.log_artifact(picture, kind="plot", name=picture.name)
        run.wait_for_artifacts()


if __name__ == "__main__":
    main()

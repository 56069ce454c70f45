"""Train one small model and log it with another tool, for `elsewhere.py`.

    python train_elsewhere.py TOOL FOLDER SEED SECONDS

TOOL is wandb (offline), mlflow, tensorboard or trackio, which have to be installed, as
scikit-learn has to. An epoch takes a part of a second, so that the curves grow while
somebody looks.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

EPOCHS = 60
Log = Callable[[int, dict[str, float]], None]
PARAMS = {"learning_rate": 0.02, "alpha": 1e-4, "dataset": "digits"}


def open_wandb(folder: Path, seed: int) -> tuple[Log, Callable[[], None]]:
    os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true")
    import wandb

    run = wandb.init(project="digits", name=f"wandb-seed{seed}", dir=folder, config=PARAMS)
    run.config.update({"seed": seed})
    return lambda epoch, values: run.log(values, step=epoch), run.finish


def open_mlflow(folder: Path, seed: int) -> tuple[Log, Callable[[], None]]:
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    mlflow.set_experiment("digits")
    mlflow.start_run(run_name=f"mlflow-seed{seed}")
    mlflow.log_params({**PARAMS, "seed": seed})
    return lambda epoch, values: mlflow.log_metrics(values, step=epoch), mlflow.end_run


def open_tensorboard(folder: Path, seed: int) -> tuple[Log, Callable[[], None]]:
    from tensorboardX import SummaryWriter

    writer = SummaryWriter(str(folder / "tb" / f"tensorboard-seed{seed}"), flush_secs=1)

    def log(epoch: int, values: dict[str, float]) -> None:
        for name, value in values.items():
            writer.add_scalar(name, value, epoch)

    return log, writer.close


def open_trackio(folder: Path, seed: int) -> tuple[Log, Callable[[], None]]:
    os.environ["TRACKIO_DIR"] = str(folder / "trackio")
    import trackio

    trackio.init(project="digits", name=f"trackio-seed{seed}", config={**PARAMS, "seed": seed})
    return lambda epoch, values: trackio.log(values, step=epoch), trackio.finish


OPENERS = {
    "wandb": open_wandb,
    "mlflow": open_mlflow,
    "tensorboard": open_tensorboard,
    "trackio": open_trackio,
}


def main(tool: str, place: str, seed_text: str, seconds: str) -> None:
    import numpy as np
    from sklearn.datasets import load_digits
    from sklearn.linear_model import SGDClassifier
    from sklearn.metrics import f1_score, log_loss
    from sklearn.model_selection import train_test_split

    seed, pause = int(seed_text), float(seconds) / EPOCHS
    log, end = OPENERS[tool](Path(place), seed)
    data, labels = load_digits(return_X_y=True)
    parts = train_test_split(data / 16, labels, test_size=0.25, random_state=0, stratify=labels)
    train, test, train_labels, test_labels = parts
    model = SGDClassifier(
        loss="log_loss", learning_rate="constant", eta0=PARAMS["learning_rate"],
        alpha=PARAMS["alpha"], random_state=seed,
    )  # fmt: skip
    order = np.random.default_rng(seed)
    for epoch in range(EPOCHS):
        rows = order.permutation(len(train))
        model.partial_fit(train[rows], train_labels[rows], classes=np.arange(10))
        log(
            epoch,
            {
                "train_loss": float(log_loss(train_labels, model.predict_proba(train))),
                "val_loss": float(log_loss(test_labels, model.predict_proba(test))),
                "val_f1": float(f1_score(test_labels, model.predict(test), average="macro")),
            },
        )
        time.sleep(pause)
    end()


if __name__ == "__main__":
    main(*sys.argv[1:])

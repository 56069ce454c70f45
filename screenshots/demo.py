"""Log the experiments that the pictures show: a sweep, fine-tuning, tables, all made up.

Run as a script it keeps one run running, so that a picture can show that too:

    python screenshots/demo.py FOLDER
"""

from __future__ import annotations

import math
import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

os.environ["TUI_TRACKER_CAPTURE"] = "off"
os.environ["TUI_TRACKER_CONSOLE"] = "off"

import tui_tracker as tt
from tui_tracker.store import Store

STEPS = 400
RATES = (1e-3, 3e-4, 3e-3, 1e-4)
HOUR_MS = 3_600_000
ENDS = {5: "failed", 11: "killed", 17: "failed"}


def curves(
    rnd: random.Random, lr: float, *, diverges: bool, spikes: bool = False
) -> Iterator[dict[str, float]]:
    """Yield what one image model logs, step by step."""
    pace = 40 + 25 * rnd.random() + abs(math.log10(lr / 6e-4)) * 40
    floor = 0.18 + abs(math.log10(lr / 6e-4)) * 0.09 + 0.02 * rnd.random()
    for step in range(STEPS):
        noise = rnd.gauss(0, 0.03) * (0.3 + math.exp(-step / 150))
        fit = math.exp(-step / pace)
        train = floor * 0.8 + 2.1 * fit + abs(noise)
        valid = floor + 2.0 * fit + abs(rnd.gauss(0, 0.02)) + max(0, step - 260) * 2e-4
        if step == 142 and spikes:
            train += 1.6  # one bad batch: a spike that a thinned curve would lose
        if diverges and step > 180:
            train, valid = math.nan, math.nan
        yield {
            "train_loss": train,
            "val_loss": valid,
            "val_f1_macro": max(0.05, 0.94 - floor * 0.5 - 0.8 * fit + rnd.gauss(0, 0.006)),
            "val_accuracy": max(0.1, 0.96 - floor * 0.4 - 0.82 * fit + rnd.gauss(0, 0.004)),
            "learning_rate": lr * (1 + math.cos(math.pi * step / STEPS)) / 2,
            "samples_per_second": 2100 + rnd.gauss(0, 60),
        }


def log_sweep(folder: Path, experiment: str, models: list[str], count: int, seed: int) -> None:
    """Log a sweep over learning rate, batch size and seed."""
    rnd = random.Random(seed)
    for number in range(count):
        # Three seeds of each configuration, configurations in the order of a grid.
        group, fold = divmod(number, 3)
        lr, model = RATES[group // len(models) % len(RATES)], models[group % len(models)]
        ends = ENDS.get(number, "finished")
        params = {
            "model": model,
            "learning_rate": lr,
            "batch_size": 128,
            "weight_decay": 0.05 if model.startswith("vit") else 0.0001,
            "seed": fold,
            "optimizer": "adamw",
            "epochs": 90,
        }
        name = f"{model}_lr{lr:g}_s{fold}"
        tags = ["baseline"] if number == 0 else []
        run = tt.init(experiment, name, params, tags=tags, store=folder)
        told = curves(rnd, lr, diverges=ends == "failed", spikes=number % 9 == 3)
        for step, values in enumerate(told):
            if ends == "killed" and step > 230:
                break
            run.log(values, step=step * 100)
        if number == 0:
            run.note("The baseline that the paper reports.")
        run.finish(ends)  # type: ignore[arg-type]


def spread_out(folder: Path) -> None:
    """Give the runs the times of a week of work instead of the seconds it took to log."""
    with Store.open(folder) as store, store.write() as connection:
        keys = [key for (key,) in connection.execute("SELECT id FROM run ORDER BY id DESC")]
        now = time.time_ns() // 1_000_000
        for number, key in enumerate(keys):
            start = now - int((number + 1) * 1.7 * HOUR_MS)
            took = int((0.8 + (key * 37 % 50) / 40) * HOUR_MS)
            connection.execute(
                "UPDATE run SET started_ms = ?, ended_ms = ? WHERE id = ?",
                (start, start + took, key),
            )


def make(folder: Path) -> None:
    """Fill a new store."""
    log_sweep(folder, "tabular/churn", ["gbdt", "mlp"], 6, 4)
    log_sweep(folder, "text/finetune_bert", ["bert_base", "bert_large"], 9, 3)
    log_sweep(folder, "vision/imagenet_subset", ["convnext"], 7, 2)
    log_sweep(folder, "vision/cifar10/lr_sweep", ["resnet18", "vit_small"], 24, 1)
    spread_out(folder)


def keep_running(folder: Path) -> None:
    """Log a run until the process is stopped."""
    params = {"model": "vit_small", "learning_rate": 6e-4, "batch_size": 128, "seed": 0}
    run = tt.init("vision/cifar10/lr_sweep", "vit_small_lr0.0006_s0", params, store=folder)
    for step, values in enumerate(curves(random.Random(9), 6e-4, diverges=False)):
        run.log(values, step=step * 100)
        if step == 290:
            print("one run is running now", flush=True)
        if step >= 290:
            time.sleep(2)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
    keep_running(Path(sys.argv[1]))

"""The demo trains something real, and its largest rate diverges."""

from __future__ import annotations

import math
import random
from pathlib import Path

from tui_tracker import cli, demo, queries
from tui_tracker.store import Store


def test_the_gradient_is_that_of_the_loss():
    random.seed(3)
    network, batch = demo.Network(4), demo.make_data()[0][:8]
    before, step = network.loss(batch), 1e-6

    _, norm = network.learn(batch, step)

    assert math.isclose((before - network.loss(batch)) / step, norm**2, rel_tol=1e-3)


def test_a_good_rate_learns_and_the_largest_diverges(folder: Path):
    demo.sweep(folder, rates=(0.1, 1.0), seeds=(0,), steps=400)

    with Store.open(folder) as store:
        rows = queries.get_rows(store, queries.list_run_keys(store), metrics=None)
    found = {row.name: row.metrics["train_loss"] for row in rows}
    assert found["lr=0.1_seed=0"].last < 0.1
    assert not math.isfinite(found["lr=1_seed=0"].last)


def test_the_demo_without_a_terminal_prints_the_table_of_its_runs(folder: Path, capsys):
    code = cli.main(["--store", str(folder), "demo", "--seeds", "1", "--steps", "20"])

    printed = capsys.readouterr().out
    assert code == 0
    assert [f"lr={rate:g}_seed=0" in printed for rate in demo.LEARNING_RATES] == [True] * 4

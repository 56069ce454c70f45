"""`tt health`: what is wrong with runs, as text, as JSON, as an exit code."""

from __future__ import annotations

import json
import math


def test_runs_that_are_well_are_counted_and_nothing_is_found(tt_, log_run):
    log_run("calm", loss=[1.0, 0.5, 0.3])

    code, out, err = tt_("health")

    assert (code, out, err) == (0, "", "tt: 1 run well, 0 runs with something to look at\n")


def test_what_is_wrong_is_told_by_run_and_metric(tt_, log_run):
    log_run("calm", loss=[1.0, 0.5])
    log_run("ill", loss=[1.0, math.nan])

    code, out, _ = tt_("health")

    assert code == 1
    assert "calm" not in out
    assert [line.split()[:4] for line in out.splitlines()[1:]] == [["✗", "nan", "ill", "sweep_lr"]]
    assert "NaN from step 1 on, 1 of 2 points" in out


def test_one_run_is_named_by_its_address(tt_, log_run):
    log_run("calm", loss=[1.0, 0.5])
    log_run("ill", loss=[1.0, math.nan])

    assert tt_("health", "calm")[0] == 0
    assert tt_("health", "ill")[0] == 1
    assert tt_("health", "sweep")[0] == 1
    assert tt_("health", "nothing like it")[:2] == (0, "")


def test_json_tells_of_every_run(tt_, log_run):
    run = log_run("ill", loss=[1.0, math.nan])

    _, out, _ = tt_("health", "--json")

    assert json.loads(out) == [
        {
            "id": run.id,
            "name": "ill",
            "experiment": "sweep_lr",
            "status": "finished",
            "health": [
                {
                    "kind": "nan",
                    "severity": "bad",
                    "metric": "loss",
                    "step": 1,
                    "words": "NaN from step 1 on, 1 of 2 points",
                }
            ],
        }
    ]

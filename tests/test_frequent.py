"""Names of params and metrics by how many of some runs have them."""

from __future__ import annotations

from tui_tracker.queries import list_run_keys
from tui_tracker.queries.frequent import frequent_names


def test_the_most_frequent_names_come_first_and_ties_by_name(store, log_run):
    log_run("a", loss=[0.5], params={"lr": 0.1, "depth": 3})
    log_run("b", loss=[0.4], f1=[0.9], params={"lr": 0.2})
    log_run("c", acc=[0.7], loss=[0.4], params={"lr": 0.3, "alpha": 1})

    found = frequent_names(store, list_run_keys(store), 2000)

    assert found == (["lr", "alpha", "depth"], ["loss", "acc", "f1"])


def test_runs_are_enough_once_they_have_many_metrics(store, log_run):
    log_run("old", rare=[0.5])
    for number in range(10):
        log_run(f"run_{number}", loss=[0.5], f1=[0.5])

    _, metrics = frequent_names(store, list_run_keys(store), 1)

    assert metrics == ["f1", "loss"]

"""What the questions of the start screen cost on a large store: tree, groups, columns, sorting.

    python benchmarks/make_store.py FOLDER
    python benchmarks/queries.py FOLDER

CPU milliseconds, the least and the median of five, with the store in the page cache.
"""

from __future__ import annotations

import argparse
import statistics
import time

from tui_tracker.queries import (
    BUT_SEED,
    Order,
    Selection,
    get_rows,
    group_runs,
    list_choices,
    list_columns,
    list_run_keys,
)
from tui_tracker.queries.branches import list_branches
from tui_tracker.store import Store

ROUNDS = 5


def questions(store):
    keys = list_run_keys(store)[:60]
    sgd = Selection(query="optimizer = sgd")
    several = Order("param:optimizer", False, (Order("metric:val/acc.max"),))
    return {
        "keys of all runs": lambda: list_run_keys(store),
        "sorted by a metric": lambda: list_run_keys(store, order=Order("metric:val/loss.min")),
        "sorted by a param, then a metric": lambda: list_run_keys(store, order=several),
        "60 rows with a small curve": lambda: get_rows(store, keys, sparks=["val/loss"]),
        "columns, names only": lambda: list_columns(store),
        "columns, counts and differences": lambda: list_choices(store),
        "the same, of the runs that fit a query": lambda: list_choices(store, sgd),
        "tree: experiments": lambda: list_branches(store),
        "tree: experiments, best of a metric": lambda: list_branches(
            store, metric="metric:val/acc"
        ),
        "tree: a param": lambda: list_branches(store, levels=["param:optimizer"]),
        "tree: tags": lambda: list_branches(store, levels=["tags"]),
        "groups by all but the seed": lambda: group_runs(store, metrics=["metric:val/loss"]),
        "groups by two params, three metrics": lambda: group_runs(
            store,
            by=["param:optimizer", "param:batch_size"],
            metrics=["metric:val/loss", "metric:val/acc", "metric:val/f1"],
        ),
        "groups of the runs that fit a query": lambda: group_runs(
            store, sgd, [BUT_SEED], ["metric:val/loss"]
        ),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    args = parser.parse_args()
    with Store.open(args.folder) as store:
        for name, ask in questions(store).items():
            taken = []
            for _ in range(ROUNDS):
                started = time.process_time()
                ask()
                taken.append(1000 * (time.process_time() - started))
            print(f"{name:<40} {min(taken):>8.1f} {statistics.median(taken):>8.1f}")


if __name__ == "__main__":
    main()

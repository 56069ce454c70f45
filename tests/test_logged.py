"""Rows of names with aliases: found along the indexes, and the same that the views show."""

from __future__ import annotations

import random

import pytest

from tui_tracker.logged import logged
from tui_tracker.names.aliases import Renaming, rename
from tui_tracker.queries import Order, Selection, list_run_keys
from tui_tracker.queries.by_index import sort_by_index
from tui_tracker.queries.order import order_sql


@pytest.fixture
def mixed(store, log_run):
    """Runs that logged one thing under several names, some under two of them."""
    rng = random.Random(4)
    for number in range(40):
        names = rng.sample(["val_acc", "acc", "val_accuracy"], rng.choice([1, 1, 2]))
        # Two names of one run that are read as one must not differ, or renaming is refused.
        value = rng.choice([0.1, 0.5, 0.5, 0.9])
        values = {name: [value] for name in names}
        params = {rng.choice(["lr", "learning_rate"]): rng.choice([0.1, 0.2, "auto", 3])}
        log_run(f"r{number}", experiment=rng.choice(["one", "two"]), params=params, **values)
    return store


def in_sql(store, order: Order) -> list[int]:
    """Return the runs as the views and SQLite alone sort them."""
    made = order_sql(order)
    rows = store.read(
        f"SELECT r.id FROM run AS r {' '.join(made.joins)} ORDER BY {', '.join(made.terms)}",
        made.bound,
    )
    return [row[0] for row in rows]


@pytest.mark.parametrize("scope", ["", "one"])
@pytest.mark.parametrize("field", ["metric:val_accuracy", "metric:acc.max", "param:learning_rate"])
@pytest.mark.parametrize("falls", [True, False])
def test_an_order_by_index_is_that_of_the_views(mixed, scope, field, falls):
    rename(
        mixed,
        [
            Renaming("metric", "val_acc", "val_accuracy", scope),
            Renaming("metric", "acc", "val_accuracy"),
            Renaming("param", "lr", "learning_rate", scope),
        ],
    )
    newest = list_run_keys(mixed, Selection())
    order = Order(field, falls)

    assert sort_by_index(mixed, list(newest), order) == in_sql(mixed, order)


@pytest.mark.parametrize("scope", ["", "one"])
@pytest.mark.parametrize(
    ("query", "table", "name", "test"),
    [
        ("val_accuracy >= 0.5", "metric", "val_accuracy", "t.last >= 0.5"),
        ("val_acc < 0.5", "metric", "val_acc", "t.last < 0.5"),
        ("has:val_accuracy", "metric", "val_accuracy", "1"),
        ("learning_rate = auto", "param", "learning_rate", "t.text = 'auto'"),
        ("learning_rate > 0.1", "param", "learning_rate", "t.number > 0.1"),
        ("learning_rate ~ ^a", "param", "learning_rate", "t.text = 'auto'"),
    ],
)
def test_a_query_finds_the_runs_that_the_views_show(mixed, scope, query, table, name, test):
    rename(
        mixed,
        [
            Renaming("metric", "acc", "val_accuracy", scope),
            Renaming("param", "lr", "learning_rate", scope),
        ],
    )
    shown = mixed.read(
        f"SELECT DISTINCT t.run FROM {table} AS t JOIN key AS k ON k.id = t.key "
        f"WHERE k.name = ? AND {test}",
        (name,),
    )

    assert sorted(list_run_keys(mixed, Selection(query=query))) == sorted(run for (run,) in shown)


def test_rows_of_a_renamed_metric_are_sought_in_the_index_of_the_table(mixed):
    rename(mixed, [Renaming("metric", "acc", "accuracy")])
    ((key,),) = mixed.read("SELECT id FROM key WHERE name = 'accuracy'")

    rows = logged(mixed, "metric", [key])

    plan = mixed.read(
        f"EXPLAIN QUERY PLAN SELECT run FROM {rows.table} AS m WHERE {rows.where('m')} "
        "AND m.last > 0.5"
    )
    assert ["metric_by_last (key=? AND last>?)" in str(step[3]) for step in plan] == [True]

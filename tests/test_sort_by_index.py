"""Sorting along the indexes gives what plain Python and one SQL sort give."""

from __future__ import annotations

import random
from itertools import product
from math import inf, nan

import pytest

from tui_tracker.queries import Order, Selection, get_rows, list_run_keys
from tui_tracker.queries.selection import STATUSES

ODD = (1, 1.0, True, 2.5, -inf, inf, nan, "NaN", "adam", "sgd", None, 2**60, [1, 2], "ä")
FIELDS = ("param:lr", "metric:loss.min", "metric:loss", "metric:acc.max", "metric:nope")
EVERY_STATUS = frozenset(STATUSES)


@pytest.fixture
def runs(log_run, store):
    chance = random.Random(4)
    for number in range(60):
        params = {"lr": chance.choice(ODD)} if number % 5 else {}
        values = {"loss": [chance.choice((0.5, 1.5, inf, nan, float(number)))]}
        if number % 3:
            # Mostly apart from each other, with a few that tie.
            values["acc"] = [0.5 if number % 29 == 1 else number / 64]
        log_run(f"run-{number}", params=params, **(values if number % 7 else {}))
    return store


@pytest.mark.parametrize(("first", "second"), list(product(FIELDS, FIELDS)))
@pytest.mark.parametrize(("down", "then"), [(True, False), (False, True)])
def test_two_keys_fall_as_one_sort_in_sql_has_them(runs, first, second, down, then):
    order = Order(first, down, (Order(second, then),))

    found = list_run_keys(runs, order=order)

    # What narrows the list, if only in words, is sorted by SQLite.
    assert found == list_run_keys(runs, Selection(statuses=EVERY_STATUS), order)


@pytest.mark.parametrize("down", [True, False])
def test_a_metric_falls_as_plain_python_has_it(runs, down):
    newest = list_run_keys(runs)
    rows = {row.key: row for row in get_rows(runs, newest, metrics=["acc"])}
    have = [key for key in newest if "acc" in rows[key].metrics]
    have.sort(key=lambda key: rows[key].metrics["acc"].max, reverse=down)

    found = list_run_keys(runs, order=Order("metric:acc.max", down))

    assert found == have + [key for key in newest if key not in have]


def test_archived_runs_stay_out(runs):
    archived = list_run_keys(runs)[::4]
    with runs.write() as connection:
        connection.executemany("UPDATE run SET archived_ms=1 WHERE id=?", [(k,) for k in archived])
    order = Order("metric:acc.max", True, (Order("param:lr", False),))

    found = list_run_keys(runs, order=order)

    assert not set(found) & set(archived)
    assert found == list_run_keys(runs, Selection(statuses=EVERY_STATUS), order)
    everything = list_run_keys(runs, Selection(archived=True), order)
    assert everything == list_run_keys(runs, Selection(statuses=EVERY_STATUS, archived=True), order)

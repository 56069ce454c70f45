"""The health of runs as the store tells it: few queries, kept until a run grows."""

from __future__ import annotations

import math

import pytest

import tui_tracker as tt
from tui_tracker import queries
from tui_tracker.queries import read_health
from tui_tracker.store import Store


@pytest.fixture
def asked(monkeypatch):
    """The queries that were sent to the store, one text each."""
    texts: list[str] = []
    read = Store.read

    def counted(self, sql, parameters=()):
        texts.append(sql)
        return read(self, sql, parameters)

    monkeypatch.setattr(Store, "read", counted)
    return texts


def found(store, name="run", **options):
    key = queries.find_run(store, name)
    return [(one.kind, one.metric, one.step) for one in read_health(store, [key], **options)[key]]


def test_sixty_runs_are_judged_by_a_handful_of_queries_and_then_by_one(store, log_run, asked):
    for number in range(60):
        log_run(f"run {number}", loss=[1 / (step + 1) for step in range(30)], val_loss=[1.0, 0.5])
    keys = queries.list_run_keys(store)
    asked.clear()

    first = read_health(store, keys)
    for_all = len(asked)
    again = read_health(store, keys)

    assert list(first) == keys
    assert again == first
    assert for_all <= 8
    assert len(asked) == for_all + 1


def test_nan_of_any_metric_is_told_with_its_step(store, log_run):
    log_run("run", loss=[1.0, 0.5], weird=[1.0] * 2000 + [math.nan] * 3000)

    assert found(store) == [("nan", "weird", 2000)]


@pytest.mark.parametrize("odd", [math.nan, math.inf])
@pytest.mark.parametrize("since", [1000, 1999, 2000, 2001])
def test_the_step_is_where_the_values_that_are_none_begin_at_the_end(store, log_run, odd, since):
    log_run("run", loss=[odd] + [1.0] * (since - 1) + [odd] * (4500 - since))

    ((_, metric, step),) = found(store)

    assert (metric, step) == ("loss", since)


def test_a_series_that_never_was_a_number_is_so_from_its_first_step_on(store, log_run):
    log_run("run", loss=[math.nan] * 2500)

    assert found(store) == [("nan", "loss", 0)]


def test_nan_of_the_last_run_is_told_however_many_others_have_some(store, log_run):
    for number in range(26):
        log_run(f"run{number}", **{f"weird{at}": [math.nan] for at in range(20)})
    keys = queries.list_run_keys(store)

    told = read_health(store, keys)

    assert [key for key in keys if not any(one.kind == "nan" for one in told[key])] == []


def test_a_nan_in_the_middle_is_searched_for(store, log_run):
    log_run("run", loss=[1.0] * 1500 + [math.nan] + [1.0] * 1500)

    assert found(store) == [("nan", "loss", 1500)]


@pytest.mark.parametrize("most_blocks", [400, 0])
def test_a_spike_of_a_long_series_is_found_by_points_and_by_the_heads_of_blocks(
    store, log_run, most_blocks
):
    values = [2 / (1 + step / 4000) for step in range(50_000)]
    values[31_337] = 60.0
    log_run("run", loss=values)

    assert found(store, most_blocks=most_blocks) == [("spike", "loss", 31_337)]


def test_a_drop_of_an_accuracy_is_found_by_the_heads_too(store, log_run):
    values = [0.9 - 0.8 / (1 + step / 2000) for step in range(50_000)]
    values[31_337] = 0.0
    log_run("run", val_acc=values)

    assert found(store, most_blocks=0) == [("spike", "val_acc", 31_337)]


def test_a_live_run_is_judged_anew_when_it_grew(store, folder):
    run = tt.init("e", "run", store=folder, console=False)
    run.log({"loss": 1.0})
    look(store)
    before = found(store)
    run.log({"loss": math.nan})
    look(store)

    assert before == []
    assert found(store) == [("nan", "loss", 1)]


def test_silence_is_told_of_a_live_run_without_a_new_point(store, folder):
    run = tt.init("e", "run", store=folder, console=False)
    for _ in range(10):
        run.log({"loss": 1.0})
    look(store)
    key = queries.find_run(store, "run")
    last_ms = store.read("SELECT max(last_ms) FROM metric")[0][0]

    soon = read_health(store, [key], now_ms=last_ms + 30_000)
    late = read_health(store, [key], now_ms=last_ms + 120_000)

    assert soon == {key: ()}
    assert [one.kind for one in late[key]] == ["stalled"]


def test_a_dead_run_says_what_ended_it(store, log_run):
    log_run("run", status="failed", loss=[1.0])

    assert found(store) == [("dead", "", None)]


def test_a_run_that_is_gone_is_left_out(store, log_run):
    log_run("run", loss=[1.0])

    assert list(read_health(store, [1, 99])) == [1]


def look(store):
    from tui_tracker.drain import recover

    recover(store)

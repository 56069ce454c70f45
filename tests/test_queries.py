"""Questions to the store: lists, cells, addresses, whatever the names are."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tui_tracker import queries
from tui_tracker.errors import Ambiguous, InvalidArgument, NotFound, StoreDamaged
from tui_tracker.queries import Order, Selection
from tui_tracker.store import Store


def names(store: Store, order: Order | None = None, **selection: object) -> list[str]:
    keys = queries.list_run_keys(
        store,
        Selection(**selection),  # type: ignore[arg-type]
        order or Order("name", descending=False),
    )
    return [row.name for row in queries.get_rows(store, keys)]


@pytest.fixture
def runs(log_run, folder):
    """Three runs of two branches; one diverged, one failed."""
    log_run("alpha", experiment="sweep/lr", params={"lr": 0.1, "opt": "sgd"}, loss=[0.9, 0.3])
    log_run("beta", experiment="sweep", params={"lr": 0.01}, tags=("best",), loss=[0.8, math.nan])
    log_run("gamma", experiment="sweeping", status="failed", accuracy=[0.5])
    with Store.open(folder) as store:
        yield store


def test_a_branch_takes_what_is_below_it_and_nothing_that_only_begins_alike(runs):
    assert names(runs, experiment="sweep") == ["alpha", "beta"]
    assert names(runs, experiment="sweep/lr") == ["alpha"]
    assert names(runs, experiment="swee") == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("ALPHA", ["alpha"]),
        ("best", ["beta"]),
        ("sweep failed", ["gamma"]),
        ("%", []),
        ("_", []),
        ("\\", []),
        ('"\'; DROP TABLE run; --"', []),
        ("", ["alpha", "beta", "gamma"]),
    ],
)
def test_a_search_takes_its_words_as_they_are(runs, text, wanted):
    assert names(runs, query=text) == wanted


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("metric:loss.min", ["alpha", "beta", "gamma"]),
        ("metric:loss.max", ["beta", "alpha", "gamma"]),
        ("metric:accuracy", ["gamma", "beta", "alpha"]),
        ("param:lr", ["beta", "alpha", "gamma"]),
        ("param:nowhere", ["gamma", "beta", "alpha"]),
    ],
)
def test_runs_without_the_field_they_are_sorted_by_come_last(runs, field, wanted):
    assert names(runs, Order(field, descending=False)) == wanted


@pytest.mark.parametrize("field", ["", "loss", "metric:", "param:", "run.id; DROP TABLE run"])
def test_an_order_that_names_no_field_is_refused_with_those_there_are(runs, field):
    with pytest.raises(InvalidArgument, match="use started, name"):
        queries.list_run_keys(runs, order=Order(field))


def test_a_run_is_found_by_id_prefix_ending_and_name(runs):
    key = queries.find_run(runs, "beta")
    run_id = queries.run_id(runs, key)

    for address in (run_id, run_id.upper(), run_id.replace("-", ""), run_id[-8:]):
        assert queries.find_run(runs, address) == key


def test_a_name_that_nothing_has_is_answered_with_the_nearest(runs):
    with pytest.raises(NotFound, match="did you mean 'alpha'"):
        queries.find_run(runs, "alpa")


def test_a_name_that_two_runs_have_lists_them(log_run, folder):
    log_run("twin")
    log_run("twin")

    with Store.open(folder) as store, pytest.raises(Ambiguous) as caught:
        queries.find_run(store, "twin")

    assert len(caught.value.candidates) == 2


@pytest.mark.parametrize(
    "address", ["", " ", "%", "_", "-", "--", "'", "\0", "0" * 32, "😀" * 1000]
)
def test_an_odd_address_finds_nothing_and_says_so(runs, address):
    with pytest.raises((NotFound, Ambiguous)):
        queries.find_run(runs, address)


def test_cells_are_those_asked_for_in_the_order_asked(runs):
    keys = [queries.find_run(runs, name) for name in ("gamma", "alpha")]

    rows = queries.get_rows(runs, [*keys, 10**9], params=["lr", "none"], metrics=["loss", "x@y"])

    assert [(row.name, row.params, list(row.metrics)) for row in rows] == [
        ("gamma", {}, []),
        ("alpha", {"lr": 0.1}, ["loss"]),
    ]


def test_a_value_that_ended_as_nan_reads_as_nan(runs):
    run = queries.get_run(runs, queries.find_run(runs, "beta"))
    metric = queries.find_metric(run, "loss")

    assert math.isnan(metric.last)
    assert (metric.first, metric.min, metric.max, metric.mean, metric.nan) == (0.8,) * 4 + (1,)


def test_a_run_that_is_gone_is_not_found(runs):
    with pytest.raises(NotFound):
        queries.get_run(runs, 10**9)


def test_ten_thousand_keys_are_one_question(runs):
    key = queries.find_run(runs, "alpha")

    assert len(queries.get_rows(runs, [key] * 10_000)) == 10_000


@pytest.mark.parametrize("damage", [b"", b"\x01", b"\x09" + bytes(40), b"\x01\0" + bytes(40)])
def test_a_block_that_cannot_be_read_is_told_as_damage_of_the_store(runs, damage):
    key = queries.find_run(runs, "alpha")
    metric = queries.get_run(runs, key).row.metrics["loss"].key
    with runs.write() as connection:
        connection.execute("UPDATE block SET data=?", (damage,))

    with pytest.raises(StoreDamaged, match=r"a series block .*: run tt doctor, or restore"):
        queries.read_series(runs, key, metric)
    with pytest.raises(StoreDamaged, match="a series block"):
        queries.read_buckets(runs, key, metric, 10)


def test_no_name_of_the_package_is_that_of_one_of_its_modules():
    """Importing such a module would put it in the place of what the package offers."""
    folder = Path(queries.__file__).parent

    assert {path.stem for path in folder.iterdir()}.isdisjoint(queries.__all__)

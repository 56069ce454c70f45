"""Groups of runs: exact over all members, compared with plain Python over all rows read."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable

import pytest

import tui_tracker as tt
from tui_tracker.errors import BadColumn
from tui_tracker.queries import Selection, get_rows, list_run_keys
from tui_tracker.queries.groups import (
    BUT_SEED,
    GroupOrder,
    GroupStat,
    group_runs,
    left_out,
    parse_group_order,
)
from tui_tracker.queries.selection import ABSENT
from tui_tracker.store import Store

LogRun = Callable[..., tt.Run]


def test_seeds_of_one_config_are_a_group_with_mean_and_spread(
    store: Store, log_run: LogRun
) -> None:
    for seed, loss in enumerate([0.1, 0.2, 0.6]):
        log_run("a", params={"lr": 0.1, "seed": seed}, loss=[1.0, loss])
    log_run("b", params={"lr": 0.2, "seed": 0}, loss=[0.5])

    b, a = group_runs(store, metrics=["metric:loss"])

    assert a.runs == 3
    assert a.counts == {"finished": 3}
    assert a.stats[0].n == 3
    assert a.stats[0].mean == pytest.approx(0.3)
    assert a.stats[0].std == pytest.approx(statistics.stdev([0.1, 0.2, 0.6]))
    assert (a.stats[0].min, a.stats[0].max) == (0.1, 0.6)
    assert b.stats == (GroupStat(1, 0.5, None, 0.5, 0.5, 0, 0),)


def test_the_same_params_in_two_experiments_are_two_groups(store: Store, log_run: LogRun) -> None:
    log_run("a", experiment="one", params={"lr": 0.1, "seed": 0})
    log_run("b", experiment="two", params={"lr": 0.1, "seed": 1})

    assert len(group_runs(store)) == 2


def test_runs_without_a_finite_value_are_told_and_not_averaged(
    store: Store, log_run: LogRun
) -> None:
    log_run("a", loss=[0.5])
    log_run("b", loss=[math.nan])
    log_run("c", loss=[math.inf])
    log_run("d")

    (group,) = group_runs(store, by=["experiment"], metrics=["metric:loss.last"])

    assert group.stats == (GroupStat(1, 0.5, None, 0.5, 0.5, 2, 1),)


def test_a_run_that_lacks_the_key_is_in_a_group_of_its_own(store: Store, log_run: LogRun) -> None:
    log_run("a", params={"lr": None})
    log_run("b")
    log_run("c", params={"lr": 5})

    groups = group_runs(store, by=["param:lr"], order=[GroupOrder("param:lr", False)])

    assert [group.values for group in groups] == [(5,), (ABSENT,), (None,)]


def test_values_keep_their_kind(store: Store, log_run: LogRun) -> None:
    long = "x" * 600
    for value in (True, 2**70, 2**70 + 1, "5", 0.5, [1, 2], long + "a", long + "b"):
        log_run("r", params={"p": value})

    groups = group_runs(store, by=["param:p"])

    assert {repr(group.values[0]) for group in groups} == {
        *map(repr, (True, 2**70, 2**70 + 1, "5", 0.5, [1, 2], long + "a", long + "b"))
    }


def test_several_tags_are_one_key(store: Store, log_run: LogRun) -> None:
    log_run("a", tags=("x", "purpose:final", "purpose:paper"))
    log_run("b", tags=("purpose:final",))

    groups = group_runs(store, by=["tag:purpose", "tags"])

    assert [group.values for group in groups] == [
        ("final", "purpose:final"),
        ("final, paper", "purpose:final, purpose:paper, x"),
    ]


def test_groups_agree_with_all_rows_read(store: Store, log_run: LogRun) -> None:
    draw = random.Random(3)
    for number in range(40):
        params: dict[str, object] = {"opt": draw.choice(["adam", "sgd"]), "seed": number}
        if draw.random() < 0.8:
            params["layers"] = draw.choice([2, 4])
        values = [draw.choice([1e9 + draw.random(), math.nan]) for _ in range(draw.randrange(3))]
        status = draw.choice(["finished", "failed"])
        log_run(f"r{number}", experiment=draw.choice("ab"), params=params, status=status, f1=values)
    selection = Selection(statuses=frozenset(["finished"]))
    by = ["experiment", "param:opt", "param:layers"]

    groups = group_runs(store, selection, by, ["metric:f1.max"])

    rows = get_rows(store, list_run_keys(store, selection), params=None, metrics=None)
    expected: dict[object, list[float | None]] = {}
    for row in rows:
        raws = (row.experiment, row.params["opt"], row.params.get("layers", ABSENT))
        f1 = row.metrics.get("f1")
        expected.setdefault(raws, []).append(f1.max if f1 else None)
    assert [group.values for group in groups] == list(expected)
    for group, values in zip(groups, expected.values(), strict=True):
        finite = [value for value in values if value is not None]
        stat = group.stats[0]
        assert group.runs == len(values)
        assert stat.n == len(finite)
        assert stat.n + stat.not_finite + stat.missing == group.runs
        if len(finite) > 1:
            assert stat.mean == pytest.approx(statistics.fmean(finite), rel=1e-15)
            assert stat.std == pytest.approx(statistics.stdev(finite), rel=1e-9)


def test_groups_are_sorted_by_several_keys_and_what_has_none_comes_last(
    store: Store, log_run: LogRun
) -> None:
    for name, values in (("a", [1.0, 3.0]), ("b", [2.0, 2.0]), ("c", [math.nan]), ("d", [5.0])):
        for value in values:
            log_run(name, loss=[value])

    def names(*order: str) -> str:
        orders = [parse_group_order(text) for text in order]
        groups = group_runs(store, by=["name"], metrics=["metric:loss"], order=orders)
        return "".join(str(group.values[0]) for group in groups)

    assert names() == "dcba"
    assert names("metric:loss") == "badc"
    assert names("-metric:loss") == "dbac"
    assert names("+std:metric:loss") == "badc"
    assert names("-n:metric:loss", "name") == "abdc"
    assert names("-runs", "+started") == "abcd"


@pytest.mark.parametrize(
    ("by", "metrics", "order", "said"),
    [
        (["spark:loss"], [], [], "runs cannot be told apart by 'spark:loss'"),
        (["nam"], [], [], "no column is called 'nam': did you mean 'name'?"),
        (["name"], ["param:lr"], [], "'param:lr' is no metric, and only those have a mean"),
        (
            [BUT_SEED],
            ["metric:loss"],
            ["metric:los"],
            "groups cannot be sorted by 'metric:los': they have runs, started, params-but-seed, "
            "metric:loss: did you mean 'metric:loss'?",
        ),
    ],
)
def test_what_cannot_be_grouped_is_answered_with_the_nearest(
    store: Store, by: list[str], metrics: list[str], order: list[str], said: str
) -> None:
    with pytest.raises(BadColumn) as caught:
        group_runs(store, by=by, metrics=metrics, order=[parse_group_order(t) for t in order])

    assert str(caught.value) == said


def test_reproductions_are_no_further_seeds_unless_they_are_asked_for(
    store: Store, log_run: LogRun
) -> None:
    for name, tags in (("a", ()), ("b", ("reproduction",)), ("c", ("purpose:sweep",))):
        log_run(name, params={"lr": 0.1, "seed": 0}, tags=tags)
    log_run("d", params={"lr": 0.2, "seed": 0}, tags=("reproduction",))

    (group,) = group_runs(store)

    assert (group.runs, group.reproductions) == (2, 1)
    assert len(left_out(store)) == 2
    asked = Selection(query="tag = reproduction")
    assert [(one.runs, one.reproductions) for one in group_runs(store, asked)] == [(1, 0), (1, 0)]
    assert left_out(store, asked) == frozenset()

"""Any number of runs side by side: rows, their states, the best value, and distances."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lineage_runs import changed_code, record_parts, run_with

import tui_tracker as tt
from tui_tracker import queries
from tui_tracker.compare import MOST_RUNS, Comparison, Row, Unsaid, compare_many, delta, relative
from tui_tracker.compare.rows import best_of, row_of, state_of
from tui_tracker.drain import recover
from tui_tracker.errors import InvalidArgument
from tui_tracker.store import Store

ABSENT, UNKNOWN = Unsaid.ABSENT, Unsaid.UNKNOWN


def compare(folder, *addresses: str, **options) -> Comparison:
    with Store.open(folder) as store:
        recover(store)
        keys = [queries.find_run(store, address) for address in addresses]
        return compare_many(store, keys, **options)


def values(comparison: Comparison, section: str, *, differing: bool = True) -> dict[str, tuple]:
    return {
        row.name: row.values
        for row in comparison.section(section)
        if (row.state != "same") is differing
    }


def test_params_are_rows_and_those_that_differ_come_first(folder, log_run):
    log_run("a", params={"same": 1, "lr": 0.1, "old": "x"})
    log_run("b", params={"same": 1, "lr": 0.2})
    log_run("c", params={"same": 1, "lr": 0.1, "old": None})

    rows = compare(folder, "a", "b", "c").section("params")

    assert [(row.name, row.state, row.values) for row in rows] == [
        ("lr", "differs", (0.1, 0.2, 0.1)),
        ("old", "differs", ("x", ABSENT, None)),
        ("same", "same", (1, 1, 1)),
    ]


def test_metrics_have_a_row_of_their_best_and_one_of_their_last_value(folder, log_run):
    log_run("a", val_acc=[0.5, 0.8, 0.7], step_time=[1.0], loss=[0.5, 0.4])
    log_run("b", val_acc=[0.5, 0.6, 0.75], step_time=[2.0])

    rows = compare(folder, "a", "b").section("metrics")

    assert [(row.name, row.stat, row.values, sorted(row.best)) for row in rows] == [
        ("val_acc", "max", (0.8, 0.75), [0]),
        ("val_acc", "last", (0.7, 0.75), [1]),
        ("loss", "min", (0.4, ABSENT), []),
        ("loss", "last", (0.4, ABSENT), []),
        ("step_time", "last", (1.0, 2.0), []),
    ]
    assert delta(rows[0], 1, 0) == pytest.approx(-0.05)
    assert relative(rows[0], 1, 0) == pytest.approx(-0.0625)
    assert (delta(rows[0], 0, 0), delta(rows[2], 1, 0)) == (None, None)


def test_what_a_run_did_not_record_is_unknown_and_never_the_same(folder):
    packages = {"environment": {"packages": {"numpy": "2.1", "torch": "2.5"}}}
    more = {"environment": {"packages": {"numpy": "2.2", "torch": "2.5"}}}
    for name, parts in (("a", packages), ("b", more), ("c", {})):
        run_with(folder, name, **parts)

    found = compare(folder, "a", "b", "c").section("packages")

    assert [(row.name, row.state, row.values) for row in found] == [
        ("numpy", "differs", ("2.1", "2.2", UNKNOWN)),
        ("torch", "unknown", ("2.5", "2.5", UNKNOWN)),
    ]


def test_the_code_of_each_run_is_measured_against_the_reference(folder):
    old, new = {"train.py": b"one\n"}, {"train.py": b"one\ntwo\n", "model.py": b"m\n"}
    for name, files in (("a", old), ("b", new), ("c", old)):
        run_with(folder, name, code=changed_code(folder, {}, files))

    first, second = (compare(folder, "a", "b", "c", reference=place) for place in (0, 1))

    (row,) = (row for row in first.section("code") if row.name == "code")
    assert (row.state, row.notes) == ("differs", ("", "2 files, +2/-0", ""))
    assert [len(changed.files) for changed in second.code] == [2, 0, 2]
    assert [change.path for change in first.code[1].files] == ["model.py", "train.py"]


def test_code_without_a_snapshot_says_whose_it_is(folder):
    run_with(folder, "a", code=changed_code(folder, {}, {"a.py": b"1\n"}))
    run_with(folder, "b", code={"commit": "a" * 40, "dirty": True})

    comparison = compare(folder, "a", "b")

    assert comparison.code[1].why == "no snapshot was taken of the code of 'b'"
    assert next(row for row in comparison.section("code")).state == "unknown"


def test_what_differs_between_any_two_runs_is_no_difference(folder, log_run):
    ids = [log_run(name, params={"lr": 1}, loss=[0.5]).id for name in "ab"]
    for pid, run_id in enumerate(ids):
        facts = {"pid": pid, "host": f"node-{pid}", "argv": ["t.py"], "cwd": "/p"}
        record_parts(folder, run_id, {"process": facts})

    comparison = compare(folder, *ids)

    assert not comparison.differs
    assert {row.name for row in comparison.rows if row.noise} >= {"pid", "host", "duration"}
    assert comparison.section("run")[0].values == ("finished", "finished")


def test_names_to_ignore_are_left_out(folder, log_run):
    log_run("a", params={"lr": 1, "seed": 1})
    log_run("b", params={"lr": 1, "seed": 2})

    assert compare(folder, "a", "b").differs
    assert not compare(folder, "a", "b", ignore=["param:seed"]).differs


def test_rows_that_moved_between_the_roles_of_a_split_are_counted(folder):
    ids = []
    for name, roles in (("a", ([0, 1, 2], [3, 4])), ("b", ([0, 1, 4], [3, 2]))):
        run = tt.init("e", name, store=folder)
        run.log_split(train=roles[0], val=roles[1])
        run.finish()
        ids.append(run.id)

    rows = compare(folder, *ids).section("split")

    (row,) = (row for row in rows if row.name.endswith(".hash"))
    assert (row.state, row.notes) == ("differs", ("", "2 rows moved"))


def test_more_than_twenty_runs_are_too_many(store, log_run):
    log_run("a")
    key = queries.find_run(store, "a")

    with pytest.raises(InvalidArgument, match="21 runs were chosen: two to 20"):
        compare_many(store, [key] * (MOST_RUNS + 1))


def test_doubts_come_with_the_comparison(folder, log_run):
    log_run("a", loss=[1.0, 0.5])
    log_run("b", loss=[1.0], status="failed")

    doubts = compare(folder, "a", "b").doubts

    assert doubts[0].words == "b failed at step 0"


Values = st.sampled_from([0, 1, 1.0, True, "x", math.nan, None, ABSENT, UNKNOWN])


@given(st.lists(Values, min_size=1, max_size=6))
def test_a_row_is_the_same_only_where_every_value_is_known_and_equal(values):
    state = state_of(values)

    if UNKNOWN in values:
        assert state != "same"
    if state == "same":
        assert len({(type(value), str(value)) for value in values}) == 1
    assert state_of(list(reversed(values))) == state


@given(st.lists(st.one_of(st.floats(), st.sampled_from([ABSENT, UNKNOWN, "x"])), max_size=8))
def test_the_best_are_the_lowest_or_highest_finite_values(values):
    finite = [v for v in values if isinstance(v, float) and math.isfinite(v)]

    for better, pick in (("min", min), ("max", max)):
        best = best_of(values, better)
        if len(set(finite)) < 2:
            assert best == frozenset()
        else:
            assert {values[place] for place in best} == {pick(finite)}
    assert best_of(values, "") == frozenset()


def test_distances_of_what_is_no_number_are_none():
    row: Row = row_of("metrics", "x", (1.0, math.nan, True, "x", 10**400, 0.0, ABSENT))

    assert [delta(row, place, 0) for place in range(7)] == [
        None,
        None,
        None,
        None,
        None,
        -1.0,
        None,
    ]
    assert relative(row, 0, 5) is None

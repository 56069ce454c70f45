"""Whether runs may be compared: each reason against it, and what nobody can tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from tui_tracker.compare import Doubt, Side, comparability, main_metric, side_of
from tui_tracker.compare.doubts import Unsaid, partition
from tui_tracker.compare.naming import across, list_names
from tui_tracker.formatting import shared_prefix
from tui_tracker.queries import LineagePart, MetricSummary, RunDetail, RunRow

CODE = {"commit": "a" * 40, "dirty": False, "snapshot": {"tree": "1" * 40}}
DATA = {"version": "v1", "digest": "sha256:1"}
SPLIT = {"hash": "sha256:1"}
FULL = {"code": CODE, "data:digits": DATA, "split:digits": SPLIT}
START = datetime(2026, 11, 1, tzinfo=UTC)


def summary(name: str = "val_f1", context: str = "", *, last: int = 9, count: int = 10):
    steps = {"count": count, "first_step": 0, "last_step": last}
    values = {"first": 0.1, "last": 0.5, "min": 0.1, "max": 0.6, "mean": 0.3}
    places = {"min_step": 0, "max_step": 5, "nan": 0, "inf": 0, "key": 1}
    return MetricSummary(name, context, **steps, **values, **places)


def run(
    name: str,
    parts: dict[str, dict[str, object]] | None = None,
    *,
    status: str = "finished",
    metrics: tuple[MetricSummary, ...] = (summary(),),
) -> Side:
    labelled = {metric.label: metric for metric in metrics}
    row = RunRow(1, f"id-{name}", name, "e", status, START, START, 1.0, (), False, False)  # type: ignore[arg-type]
    lineage = tuple(LineagePart(part, "ok", "", facts) for part, facts in (parts or FULL).items())
    detail = RunDetail(
        replace(row, metrics=labelled), (), (), lineage, None, None, "", "", "", None, 0, 0, 0, ""
    )
    return side_of(detail)


def sentences(*sides: Side, metric: str | None = None) -> list[str]:
    return [doubt.words for doubt in comparability(sides, metric)]


def changed(**parts: dict[str, object]) -> dict[str, dict[str, object]]:
    return FULL | {name.replace("__", ":"): facts for name, facts in parts.items()}


def test_runs_of_one_data_split_and_code_are_comparable():
    assert comparability([run("a"), run("b"), run("c")]) == ()


def test_one_run_alone_raises_no_doubt():
    assert comparability([run("a", status="failed")]) == ()


def test_another_split_is_told_with_its_metric_and_between_whom():
    other = changed(split__digits={"hash": "sha256:2"})

    doubts = comparability([run("a"), run("b"), run("c", other)])

    assert doubts == (
        Doubt(
            "split",
            "digits",
            "val_f1",
            ((0, 1), (2,)),
            (),
            "val_f1 is not comparable between c and a and b: other split of digits",
        ),
    )
    assert [doubts[0].between(*pair) for pair in ((0, 1), (0, 2), (2, 1), (2, 2))] == [
        False,
        True,
        True,
        False,
    ]


def test_the_only_splits_of_runs_are_compared_whatever_they_are_called():
    parts = {"code": CODE, "data:digits": DATA, "split": SPLIT}

    assert sentences(run("a"), run("b", parts)) == []


def test_a_split_that_one_run_did_not_record_is_unknown_and_not_the_same():
    parts = {"code": CODE, "data:digits": DATA}

    doubts = comparability([run("a"), run("b", parts), run("c")])

    (doubt,) = doubts
    assert (doubt.certain, doubt.groups, doubt.unknown) == (False, ((0, 2),), (1,))
    assert doubt.words == "Whether val_f1 is comparable is unknown: b recorded no split of digits"
    assert (doubt.between(0, 2), doubt.between(0, 1)) == (False, True)


def test_what_no_run_recorded_is_told_in_one_sentence_each():
    told = sentences(run("a", {"x": {}}), run("b", {"x": {}}))

    assert told == [
        "None of the runs recorded its data",
        "None of the runs recorded its split",
        "None of the runs recorded its exact code",
    ]


def test_other_data_is_told_by_version_content_or_absence():
    version = changed(data__digits={"version": "v2", "digest": "sha256:2"})
    content = changed(data__digits={"version": "v1", "digest": "sha256:2"})
    more = changed(data__extra=DATA)

    told = [sentences(run("a"), run("b", parts))[0] for parts in (version, content, more)]

    start = "val_f1 is not comparable between b and a: "
    assert told[0] == f"{start}other version of the data digits"
    assert told[1] == f"{start}other content of the data digits v1"
    assert told[2] == f"{start}not all of them used the data extra"


def test_data_without_a_hash_is_told_by_its_version():
    same, other = ({"version": version} for version in ("v1", "v2"))

    assert sentences(*(run(n, changed(data__digits=same)) for n in "ab")) == []
    assert len(
        sentences(run("a", changed(data__digits=same)), run("b", changed(data__digits=other)))
    )


def test_code_is_told_by_its_tree_and_by_a_clean_commit_alone():
    tree = changed(code={**CODE, "commit": "b" * 40})
    other = changed(code={**CODE, "snapshot": {"tree": "2" * 40}})
    clean = [changed(code={"commit": commit * 40, "dirty": False}) for commit in "aab"]
    dirty = changed(code={"commit": "a" * 40, "dirty": True})

    assert sentences(run("a"), run("b", tree)) == []
    assert sentences(run("a"), run("b", other)) == [
        "val_f1 is not comparable between b and a: other code"
    ]
    told = comparability([run(n, parts) for n, parts in zip("abc", clean, strict=True)])
    assert [doubt.groups for doubt in told] == [((0, 1), (2,))]
    assert sentences(run("a", clean[0]), run("b", dirty)) == [
        "Whether val_f1 is comparable is unknown: b recorded no exact code"
    ]


def test_runs_that_did_not_end_are_told_with_how_far_they_came():
    failed = run("b", status="failed", metrics=(summary(last=4),))

    told = sentences(run("a"), failed, run("c", status="running"), run("d", status="killed"))

    assert told == [
        "b failed at step 4",
        "c is still running, so its values are not final",
        "d was stopped by hand at step 9",
    ]


def test_two_runs_that_failed_are_not_comparable_with_each_other_either():
    (doubt,) = comparability([run("a"), run("b", status="failed"), run("c", status="failed")])

    assert doubt.between(1, 2)
    assert doubt.words == "b and c failed at step 9"


def test_other_steps_and_other_numbers_of_points_are_told():
    longer = run("b", metrics=(summary(last=99, count=10),))
    rarer = run("b", metrics=(summary(last=9, count=2),))

    assert sentences(run("a"), longer) == ["val_f1 was logged to step 9 in a, to step 99 in b"]
    assert sentences(run("a"), rarer) == ["val_f1 was logged 10 times in a, 2 times in b"]


def test_a_metric_that_is_missing_or_taken_elsewhere_is_told():
    elsewhere = run("b", metrics=(summary(context="offline_cv"),))
    without = run("c", metrics=(summary("loss"),))

    assert sentences(run("a"), elsewhere, without, metric="val_f1") == [
        "b never logged val_f1, only val_f1@offline_cv",
        "c never logged val_f1",
    ]


def test_another_version_of_a_package_that_defines_metrics_is_a_doubt_and_no_certainty():
    ours, theirs = (
        changed(environment={"packages": {"scikit-learn": version}}) for version in ("1.5", "1.6")
    )

    (doubt,) = comparability([run("a", ours), run("b", theirs), run("c", theirs)])

    assert not doubt.certain
    assert doubt.words == "val_f1 may be defined otherwise: scikit-learn is there as 1.5 and 1.6"
    assert (doubt.between(0, 1), doubt.between(1, 2)) == (True, False)


def test_certain_doubts_stand_before_what_nobody_can_tell():
    parts = {"code": {**CODE, "snapshot": {"tree": "2" * 40}}, "data:digits": DATA}

    assert [doubt.certain for doubt in comparability([run("a"), run("b", parts)])] == [True, False]


def test_runs_without_any_metric_are_told_of_as_runs():
    other = changed(split__digits={"hash": "sha256:2"})

    told = sentences(run("a", metrics=()), run("b", other, metrics=()))

    assert told == ["The runs are not comparable between b and a: other split of digits"]


def test_the_main_metric_is_the_most_telling_of_those_that_most_runs_have():
    rare = (summary("loss"), summary("lr"), summary("val_acc"))
    often = (summary("loss"), summary("lr"))

    assert main_metric([run("a", metrics=rare), run("b", metrics=often)]) == "loss"
    assert main_metric([run("a", metrics=rare)]) == "val_acc"
    assert main_metric([run("a", metrics=())]) == ""


@given(st.lists(st.sampled_from([1, 2, 3, Unsaid.UNKNOWN, Unsaid.ABSENT]), max_size=12))
def test_every_run_is_in_one_group_or_unknown(values):
    groups, unknown = partition(values)

    places = [place for group in groups for place in group] + list(unknown)
    assert sorted(places) == list(range(len(values)))
    for group in groups:
        assert len({values[place] for place in group}) == 1
    assert len(groups) == len({value for value in values if value is not Unsaid.UNKNOWN})


def test_names_are_listed_as_people_do_and_counted_where_they_are_many():
    assert [list_names(list("abcdef"[:n])) for n in range(6)] == [
        "",
        "a",
        "a and b",
        "a, b and c",
        "a, b, c and d",
        "a, b and 3 more",
    ]
    assert across([["a"] * 9, ["b"]]) == "between b and the other 9 runs"
    assert across([["a"], ["b"], ["c"]]) == "between a, b and c"
    assert across([["a", "d"], ["b", "e"], ["c"]]) == (
        "across 3 groups of runs (a and 1 more; b and 1 more; c)"
    )


@given(st.lists(st.text("ab_=1", max_size=8), max_size=5))
def test_a_shared_beginning_is_cut_at_a_separator_and_leaves_every_name_something(names):
    length = shared_prefix(names)

    assert all(name.startswith(names[0][:length]) for name in names)
    if length:
        assert not names[0][length - 1].isalnum()
        assert all(name[length:] for name in names)

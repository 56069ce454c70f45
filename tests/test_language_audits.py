"""Queries, columns and orders about what the audit says."""

from __future__ import annotations

import json

import pytest

from tui_tracker.errors import QueryError
from tui_tracker.queries import Order, Selection, get_rows, list_run_keys, list_values, suggest
from tui_tracker.queries.groups import group_runs


@pytest.fixture(autouse=True)
def _runs(log_run):
    log_run("bare", loss=[0.5])
    log_run("told", params={"seed": 1}, tags=("purpose:baseline", "ticket:X-1"), loss=[0.5])
    log_run("other", experiment="other", tags=("purpose:x",), errors=[7.0])


def names(store, query: str) -> list[str]:
    keys = list_run_keys(store, Selection(query=query))
    return sorted(row.name for row in get_rows(store, keys))


def score(store, name: str) -> int:
    ((points,),) = store.read(
        "SELECT a.score FROM audit AS a JOIN run AS r ON r.id = a.run WHERE r.name = ?", (name,)
    )
    return int(points)


def test_grades_are_ordered_from_a_to_f(store):
    everyone = ["bare", "other", "told"]
    assert names(store, "grade <= A") == everyone
    assert names(store, "grade > A") == []
    assert names(store, "grade in (A, B, C, D, F)") == everyone
    assert names(store, "grade in A..F") == names(store, "grade in F..A") == everyone
    assert names(store, "grade = f or grade != F") == everyone
    assert names(store, "has:grade") == everyone
    assert names(store, "missing:grade") == []


def test_a_number_is_a_score(store):
    names(store, "grade >= 0")
    points = score(store, "told")

    assert "told" in names(store, f"grade = {points}")
    assert "told" not in names(store, f"grade > {points}")
    assert "told" in names(store, f"grade in {points}..100")


def test_open_rules_can_be_asked_for_whole_by_category_and_by_glob(store):
    assert "told" not in names(store, "audit:tags.ticket-missing")
    assert "bare" in names(store, "audit:tags.ticket-missing")
    assert names(store, "audit = tags.*") == names(store, "audit:tags")
    assert names(store, "audit ~ ticket") == names(store, "audit:tags.ticket-missing")
    assert "told" in names(store, "audit != tags.ticket-missing")


def test_findings_are_counted_but_a_metric_of_that_name_is_meant_first(store):
    assert names(store, "errors = 7") == ["other"]
    assert names(store, "warnings >= 0") == ["bare", "other", "told"]


def test_proof_levels_are_ordered(store):
    assert names(store, "proof = L0") == ["bare", "other", "told"]
    assert names(store, "proof >= L4") == []
    assert names(store, "proof < 1") == ["bare", "other", "told"]


@pytest.mark.parametrize(
    ("query", "column", "words"),
    [
        ("audit:code.dirtyy", 6, "did you mean 'code.dirty'"),
        ("grade = X", 8, "no grade"),
        ("proof = high", 8, "no proof"),
        ("grade ~ A", 8, "no regex"),
        ("audit > code", 8, "neither more nor less"),
        ("warnings = many", 11, ""),
    ],
)
def test_what_means_nothing_is_told_at_its_place(store, query, column, words):
    with pytest.raises(QueryError) as caught:
        names(store, query)

    assert caught.value.column == column
    assert words in str(caught.value)


def test_runs_are_sorted_by_grade_and_proof(store):
    keys = list_run_keys(store, order=Order("grade"))
    order = [row.name for row in get_rows(store, keys)]

    points = [score(store, name) for name in order]
    assert points == sorted(points, reverse=True)
    assert len(list_run_keys(store, order=Order("proof"))) == 3


def test_runs_are_grouped_by_grade_and_a_group_finds_its_runs(store):
    groups = group_runs(store, Selection(), by=("grade",))

    for group in groups:
        (grade,) = group.values
        found = list_run_keys(store, Selection().below((("grade", grade),)))
        assert len(found) == group.runs


def test_values_and_completion_know_the_fields(store):
    rules = {value.text: value.runs for value in list_values(store, "audit").values}
    grades = list_values(store, "grade").values
    offered = [item.text for item in suggest(store, "gra", 3).items]
    at_value = [item.text for item in suggest(store, "audit:tags.", 11).items]

    assert rules["tags.ticket-missing"] == 2
    assert sum(value.runs for value in grades) == 3
    assert "grade" in offered
    assert "tags.ticket-missing" in at_value


def test_ls_shows_grade_and_proof(tt_):
    code, out, _ = tt_("ls", "--json", "--columns", "name,grade,proof")

    found = json.loads(out)
    assert code == 0
    assert {run["proof"] for run in found} == {"L0"}
    assert all(run["grade"].split()[0] in "ABCDF" for run in found)


def test_the_overview_counts_what_the_findings_do(tt_, log_run):
    for number in range(20):
        log_run(f"more{number}", loss=[0.1])

    code, out, _ = tt_("audit", "--fail-on", "never")
    _, told, _ = tt_("audit", "--json")

    summary = json.loads(told)["summary"]
    assert code == 0
    assert f"23 runs: {', '.join(f'{n} {g}' for g, n in summary['grades'].items())}" in out
    for rule, count in summary["rules"].items():
        (line,) = [line for line in out.splitlines() if line.split()[:1] == [rule]]
        assert line.split()[2] == str(count)

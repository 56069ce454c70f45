"""What queries can name: targets of fields, values with counts, completion."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from lineage_runs import run_with

from tui_tracker.errors import QueryError
from tui_tracker.language import units
from tui_tracker.language.complete import place_at
from tui_tracker.queries import (
    Selection,
    find_run,
    get_rows,
    list_fields,
    list_run_keys,
    list_values,
    suggest,
)
from tui_tracker.store import Store


@pytest.fixture
def runs(folder, log_run):
    log_run("one", params={"lr": 0.1, "opt": "adam", "lr (max)": 1}, tags=("group:a",), loss=[0.5])
    log_run("two", params={"lr": 0.2, "opt": "sgd", "loss": 3}, tags=("group:b", "best"), loss=[2])
    log_run("three", params={"opt": "adam"}, status="failed")
    run_with(folder, "four", environment={"packages": {"torch": "2.1"}})
    with Store.open(folder) as store:
        yield store


def names(store: Store, query: str, **more: object) -> list[str]:
    keys = list_run_keys(store, Selection(query=query, **more))  # type: ignore[arg-type]
    return sorted(row.name for row in get_rows(store, keys))


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("loss < 1", ["one"]),
        ("param.loss = 3", ["two"]),
        ("group = a", ["one"]),
        ("group in (a, b)", ["one", "two"]),
        ("has:group", ["one", "two"]),
        ("tag.group != a", ["two"]),
        ("`lr (max)` = 1", ["one"]),
        ("missing:nowhere", ["four", "one", "three", "two"]),
        ("has:nowhere", []),
        ("not lr = 0.1", ["four", "three", "two"]),
        ("lr != 0.1", ["two"]),
        ("tag != best", ["four", "one", "three"]),
        ("started > 1 hour ago", ["four", "one", "three", "two"]),
        ("started < 1 hour ago", []),
        ("started = today or started = yesterday", ["four", "one", "three", "two"]),
        ("duration < 1h status in (FAILED, killed)", ["three"]),
        ("experiment = sweep_*", ["one", "three", "two"]),
        ("is:failed", ["three"]),
    ],
)
def test_a_field_is_what_the_documents_say(runs, query, wanted):
    assert names(runs, query) == wanted


@pytest.mark.parametrize(
    ("query", "column", "words"),
    [
        ("best and lrr < 1", 9, "no field named 'lrr': did you mean 'lr'?"),
        ("LR < 1", 0, "did you mean 'lr'?"),
        ("loss.mx < 1", 0, "loss has no statistic 'mx': did you mean 'loss.max'?"),
        ("loss.p99 < 1", 0, "loss has no statistic 'p99': last, min, max"),
        ("lr < 5m", 5, "'5m' is no number: did you mean '5M'?"),
        ("loss < small", 7, "loss.last is a number, and 'small' is none"),
        ("loss ~ 1", 7, "no regex fits it"),
        ("status = fnished", 9, "no status 'fnished': did you mean 'finished'?"),
        ("started > soon", 10, "'soon' is no time"),
        ("started > 2h", 10, "did you mean '2h ago'?"),
        ("duration > long", 11, "is no duration"),
        ('name ~ "("', 7, "no regex"),
        ("lr in 1..b", 9, "from number to number"),
        ("status < failed", 9, "neither more nor less"),
        ("starred = maybe", 10, "is true or false"),
        ("id = xyz", 5, "no part of an id"),
    ],
)
def test_a_value_or_name_that_does_not_fit_is_told_with_its_place(runs, query, column, words):
    with pytest.raises(QueryError) as caught:
        list_run_keys(runs, Selection(query=query))

    assert caught.value.column == column
    assert words in str(caught.value)


def test_a_run_has_a_branch_of_names_when_it_has_one_of_them(folder, log_run):
    log_run("nested", params={"opt": {"name": "adam"}})
    log_run("curve", **{"val/loss": [1.0]})
    run_with(folder, "told", data__cifar={"name": "cifar", "version": "v1"})

    with Store.open(folder) as store:
        assert names(store, "has:opt") == ["nested"]
        assert names(store, "has:val") == ["curve"]
        assert names(store, "has:data") == ["told"]
        assert names(store, "missing:data missing:opt") == ["curve"]
        assert names(store, "has:param.opt or has:va") == []


def test_archived_runs_are_found_where_the_query_speaks_of_them(runs):
    from tui_tracker import edits

    edits.archive(runs, list_run_keys(runs, Selection(query="one")))

    assert names(runs, "") == ["four", "three", "two"]
    assert names(runs, "archived") == ["one"]
    assert names(runs, "archived = false") == ["four", "three", "two"]


def test_values_are_counted_over_the_selected_runs(runs):
    found = list_values(runs, "opt", Selection(query="opt = adam"))

    assert [(value.text, value.runs) for value in found.values] == [("adam", 2)]
    assert (found.kind, found.different, found.missing) == ("param", 1, 0)


def test_numbers_of_which_there_are_many_are_told_as_ranges(log_run, store):
    for number in range(40):
        log_run(f"run{number}", params={"x": number / 7})

    found = list_values(store, "x")

    assert [value.text for value in found.values] == ["..1.3", "1.3..2.7", "2.7..4.1", "4.1.."]
    assert sum(value.runs for value in found.values) == 40
    for value in found.values:
        assert len(names(store, f"x in {value.written}")) == value.runs


def test_values_of_a_statistic_are_those_of_the_statistic(log_run, store):
    log_run("steady", loss=[1.0, 3.0, math.nan])
    log_run("once", loss=[2.0])
    log_run("broken", loss=[math.nan])

    spread = list_values(store, "loss.std")
    most = list_values(store, "loss.max")

    assert [(value.text, value.runs) for value in spread.values] == [(repr(2**0.5), 1)]
    assert spread.missing == 2
    assert [(value.text, value.runs) for value in most.values] == [("2.0", 1), ("3.0", 1)]
    assert most.missing == 1


def test_values_of_a_field_with_an_odd_name_are_counted(log_run, store):
    log_run("one", params={"missing:seed": 1})
    log_run("two")

    found = list_values(store, "missing:seed")

    assert ([value.text for value in found.values], found.missing) == (["1"], 1)


def test_a_run_is_found_by_the_beginning_of_the_short_id_that_lists_show(log_run, store):
    run = log_run("one")
    log_run("two")

    shown = run.id[-8:]

    assert names(store, f"id = {shown[:6]}") == ["one"]
    assert find_run(store, shown[:6]) == find_run(store, run.id)
    assert names(store, f"id = {run.id[10:18]}") == []


def test_of_fields_of_one_name_the_further_ones_are_offered_with_their_kind(log_run, store):
    log_run("one", params={"loss": 1, "name": "x"}, loss=[0.5])

    offered = [[item.text for item in suggest(store, word, 4).items] for word in ("loss", "name")]

    assert offered[0] == ["loss", "param.loss"]
    assert offered[1][0] == "name"
    assert "param.name" in offered[1]
    for text in ("param.loss = 1", "param.name = x", "loss < 1"):
        assert names(store, text) == ["one"]


def test_numbers_are_offered_one_by_one_to_a_comparison_and_as_ranges_behind_in(log_run, store):
    for number in range(40):
        log_run(f"run{number}", params={"seed": number})

    offered = suggest(store, "seed = ", 7).items
    ranges = suggest(store, "seed in ", 8).items

    assert [item.text for item in offered] == [str(number) for number in range(40)]
    assert [item.text for item in ranges] == ["..9", "9..19", "19..29", "29.."]


def test_every_field_that_is_listed_can_be_asked_for(runs):
    for field in list_fields(runs, count=True):
        name = field.written if field.kind == "run" else f"{field.kind}.{field.written}"
        assert isinstance(names(runs, f"has:{name}"), list)


@pytest.mark.parametrize(
    ("text", "kind", "start", "typed"),
    [
        ("", "term", 0, ""),
        ("lo", "term", 0, "lo"),
        ("lr ", "operator", 3, ""),
        ("lr <", "value", 4, ""),
        ("lr < 0", "value", 5, "0"),
        ("tag:be", "value", 4, "be"),
        ("has:l", "field", 4, "l"),
        ("is:f", "value", 3, "f"),
        ("lr < 1 ", "term", 7, ""),
        ("lr < 1 and o", "term", 11, "o"),
        ("lr in (1, 2", "value", 10, "2"),
        ('name = "al', "value", 7, "al"),
        ("`lr (", "term", 0, "lr ("),
    ],
)
def test_the_piece_under_the_cursor_is_known(text, kind, start, typed):
    place = place_at(text, len(text))

    assert (place.kind, place.start, place.typed) == (kind, start, typed)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("op", "opt"),
        ("`lr (", "`lr (max)`"),
        ("opt = ", "adam"),
        ("opt = s", "sgd"),
        ("loss ", "<"),
        ("loss.mi", "loss.min"),
        ("is:fa", "failed"),
        ("tag:b", "best"),
        ("has:gr", "group"),
        ("package.to", "package.torch"),
        ("opt = adam ", "and"),
        ("opt in ", "(adam"),
        ("metric.lo", "metric.loss"),
        ("param.`lr (", "param.`lr (max)`"),
        ("has:param.o", "param.opt"),
        ("metric.loss.mi", "metric.loss.min"),
        ("started > ", "today"),
        ("started > 2 d", "2 days ago"),
        ("started in ", "today.."),
        ("duration < ", "1min"),
    ],
)
def test_the_likeliest_completion_comes_first(runs, text, first):
    assert suggest(runs, text, len(text)).items[0].text == first


ZONE = timezone(timedelta(hours=2))
NOW = datetime(2026, 11, 25, 12, 30, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-11-01", "2026-10-31T22:00:00.000", "2026-11-01T21:59:59.999"),
        ("2026-11", "2026-10-31T22:00:00.000", "2026-11-30T21:59:59.999"),
        ("2026", "2025-12-31T22:00:00.000", "2026-12-31T21:59:59.999"),
        ("2026-11-01T10:30Z", "2026-11-01T10:30:00.000", "2026-11-01T10:30:59.999"),
        ("today", "2026-11-24T22:00:00.000", "2026-11-25T21:59:59.999"),
        ("yesterday", "2026-11-23T22:00:00.000", "2026-11-24T21:59:59.999"),
        ("2 days ago", "2026-11-23T10:30:00.000", "2026-11-23T10:30:00.000"),
        ("1h30m ago", "2026-11-25T09:00:00.000", "2026-11-25T09:00:00.000"),
    ],
)
def test_a_time_is_all_that_it_names(text, first, last):
    found = units.moment(text, NOW)

    assert found is not None
    said = [
        datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds") for ms in found
    ]
    assert [text.removesuffix("+00:00") for text in said] == [first, last]


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-13-01", "99999999999 years ago", "2026-02-30", "ago"]
)
def test_what_is_no_time_is_none(text):
    assert units.moment(text, NOW) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1e-3", 1e-3),
        ("10k", 10_000),
        ("5M", 5_000_000),
        ("1.5G", 1_500_000_000),
        ("4Ki", 4096),
        ("1_000", 1000),
        (".5", 0.5),
        ("-2", -2),
        ("5m", None),
        ("1e", None),
        ("1__0", None),
        ("adam", None),
        ("9" * 5000, None),
    ],
)
def test_a_number_has_the_units_of_numbers(text, number):
    assert units.number(text) == number


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("30min", 1800), ("5m", 300), ("1h30m", 5400), ("2 days", 172800), ("x", None)],
)
def test_a_span_has_the_units_of_times(text, seconds):
    assert units.span(text) == seconds


@pytest.mark.parametrize(
    ("less", "more"),
    [("2.1", "2.10"), ("2.1rc1", "2.1"), ("2.1", "2.1.post1"), ("2.1.dev0", "2.1a1"), ("1.9", "2")],
)
def test_versions_are_compared_part_by_part(less, more):
    assert units.version(less) < units.version(more)
    assert units.version("2.1") == units.version("v2.1.0+cu121")

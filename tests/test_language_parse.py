"""The text of a query: its tree, its errors and their places."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from query_trees import trees

from tui_tracker.errors import QueryError
from tui_tracker.language import Query, parse
from tui_tracker.language.tree import (
    And,
    Between,
    Compare,
    Field,
    Has,
    Is,
    Missing,
    Not,
    OneOf,
    Or,
    Text,
    Value,
)


@settings(max_examples=400, deadline=None)
@given(trees)
def test_a_tree_written_down_reads_as_the_same_tree(tree):
    assert parse(str(tree)).tree == tree


@settings(max_examples=400, deadline=None)
@given(st.text(alphabet="ab1 .:=<>!~()`\"'\\,*andornotin", max_size=30) | st.text(max_size=20))
def test_any_text_is_a_query_or_an_error_with_its_place(text):
    query, error = attempt(text)

    assert (query is None) == (error is not None)
    assert query is None or parse(str(query)) == query
    assert error is None or (0 <= error.column <= len(text) and error.query == text)


def attempt(text: str) -> tuple[Query | None, QueryError | None]:
    try:
        return parse(text), None
    except QueryError as error:
        return None, error


LR, SEED = Field("lr"), Field("seed")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", None),
        ("best run", And((Text("best"), Text("run")))),
        ("best AND run", And((Text("best"), Text("run")))),
        ("a or b c", Or((Text("a"), And((Text("b"), Text("c")))))),
        ("not a b", And((Not(Text("a")), Text("b")))),
        ("lr=1e-3", Compare(LR, "=", Value("1e-3"))),
        ("lr == 1", Compare(LR, "=", Value("1"))),
        ("tag:group:x", Compare(Field("tag"), ":", Value("group:x"))),
        ("lr is NaN", Compare(LR, "=", Value("nan"))),
        (
            "lr is not nan seed is none",
            And((Compare(LR, "!=", Value("nan")), Compare(SEED, "=", Value("none")))),
        ),
        ("this is good", And((Text("this"), Text("is"), Text("good")))),
        ("this is not nan-safe", And((Text("this"), Text("is"), Not(Text("nan-safe"))))),
        ("seed in (1, 2)", OneOf(SEED, (Value("1"), Value("2")))),
        ("seed not in (1)", Not(OneOf(SEED, (Value("1"),)))),
        ("lr in 1e-4..1e-2", Between(LR, Value("1e-4"), Value("1e-2"))),
        ("lr in ..1e-2", Between(LR, None, Value("1e-2"))),
        ("has:lr missing:seed", And((Has(LR), Missing(SEED)))),
        ("is:Running dirty", And((Is("running"), Is("dirty")))),
        ('"dirty"', Text("dirty")),
        ("`lr (max)`.max > 1", Compare(Field("lr (max)", "", "max", True), ">", Value("1"))),
        ('"lr (max)" > 1', Compare(Field("lr (max)", exact=True), ">", Value("1"))),
        ("metric.loss.min < 1", Compare(Field("loss.min", "metric"), "<", Value("1"))),
        ("params.lr < 1", Compare(Field("lr", "param"), "<", Value("1"))),
        (
            "started > 2 days ago best",
            And((Compare(Field("started"), ">", Value("2 days ago")), Text("best"))),
        ),
        (
            "started in 2 days ago..today",
            Between(Field("started"), Value("2 days ago"), Value("today")),
        ),
        ("lr > 2 days", And((Compare(LR, ">", Value("2")), Text("days")))),
        (r'name ~ "a\.b"', Compare(Field("name"), "~", Value(r"a\.b", True))),
    ],
)
def test_a_query_reads_as_it_is_meant(text, tree):
    assert parse(text).tree == tree


@pytest.mark.parametrize(
    ("text", "column", "nearest", "words"),
    [
        ("lr => 1", 3, ">=", "no operator '=>'"),
        ("lr > ", 5, "", "a value is wanted behind >"),
        ("a && b", 2, "and", "no operator '&&'"),
        ("(a or b", 0, "", "this bracket is not closed"),
        ("a)", 1, "", "')' closes nothing"),
        ("a and", 5, "", "a term is wanted here"),
        ('name = "x', 7, "", "is not closed"),
        ("is:runing", 3, "running", "no state 'runing'"),
        ("lr in 5", 6, "", "in wants (a, b) or low..high"),
        ("`loss`.mx < 1", 7, "max", "no statistic 'mx'"),
        ("= 3", 0, "", "a field is wanted before '='"),
        ("lr in (1 2)", 9, ",", "a comma or a closing bracket"),
        ("(" * 100 + "a" + ")" * 100, 60, "", "too many brackets"),
        ("a \0", 2, "", "no NUL"),
        ("name:" + "x" * 5001, 5, "", "5,001 characters"),
        ("'" + "x" * 5001 + "'", 0, "", "5,001 characters"),
        ("a " * 300, 400, "", "more than 200 terms"),
    ],
)
def test_an_error_says_where_and_what_is_nearest(text, column, nearest, words):
    with pytest.raises(QueryError) as caught:
        parse(text)

    assert (caught.value.column, caught.value.nearest) == (column, nearest)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("lr = 1e-3..0.1", "lr in 1e-3..0.1"),
        ("lr=1..10k", "lr in 1..10k"),
        ('lr = "1..2"', 'lr = "1..2"'),
        ("path = ../data", "path = ../data"),
        ("lr = 1..", "lr = 1.."),
        ("lr:1..2", "lr:1..2"),
    ],
)
def test_two_numbers_behind_an_equals_sign_are_a_range(said, means):
    assert str(parse(said)) == means

"""Decision rules: what their words mean, and how mistakes are told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_tracker.decide.parse import parse_rule
from tui_tracker.decide.rule import (
    COMPARISONS,
    FUNCTIONS,
    Bound,
    Fact,
    GradeBound,
    NoError,
    Options,
    ProofBound,
    Rule,
    Stat,
    TieBreak,
)
from tui_tracker.errors import RuleInvalid


def test_the_sentence_of_the_course_is_read_as_it_stands():
    rule = parse_rule("highest mean val_f1 with std <= 0.5; tie-break by accuracy")

    assert rule == Rule(
        "highest",
        Stat("mean", "val_f1"),
        (Bound(Stat("std", None), "<=", 0.5),),
        TieBreak(((None, Stat("mean", "accuracy")),)),
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "max iqm(val_f1_macro@offline_cv) where n >= 5 and grade >= B; "
            "tie-break by lowest mean(latency_ms) within ci",
            Rule(
                "highest",
                Stat("iqm", "val_f1_macro", "offline_cv"),
                (Bound(Stat("n", None), ">=", 5), GradeBound("B")),
                TieBreak((("lowest", Stat("mean", "latency_ms")),), "ci"),
            ),
        ),
        (
            "min median(val_loss, best) where max(val_loss, best) < 0.4 and tag.purpose != debug",
            Rule(
                "lowest",
                Stat("median", "val_loss", pick="best"),
                (
                    Bound(Stat("max", "val_loss", pick="best"), "<", 0.4),
                    Fact("tag", "purpose", "!=", "debug"),
                ),
            ),
        ),
        (
            "max ci_low(val_auroc) where data.version = v2025-05-01; baseline lr=0.001",
            Rule(
                "highest",
                Stat("ci_low", "val_auroc"),
                (Fact("data", "version", "=", "v2025-05-01"),),
                options=Options(baseline=(("lr", 0.001),)),
            ),
        ),
        (
            "HIGHEST val_f1 Subject To std <= 0.5pp, no error, proof >= l4; group by lr, "
            "wd except fold; over fold; CI bca 90%; tie-break by highest q10 val_f1 then n x "
            "within 0.2pp",
            Rule(
                "highest",
                Stat("mean", "val_f1"),
                (Bound(Stat("std", None), "<=", 0.5, "pp"), NoError(), ProofBound("L4")),
                TieBreak(
                    (("highest", Stat("q10", "val_f1")), (None, Stat("n", "x"))), 0.2, "pp"
                ),
                Options(("lr", "wd"), "fold", "fold", "bca", 0.9),
            ),
        ),
        ("max max(loss, at 10)", Rule("highest", Stat("max", "loss", pick=10))),
        ("max `mean`", Rule("highest", Stat("mean", "mean"))),
        ("max val/f1", Rule("highest", Stat("mean", "val/f1"))),
        ("max f1; group by config except fold;", Rule(
            "highest", Stat("mean", "f1"), options=Options(leave_out="fold"))),
    ],
)  # fmt: skip
def test_rules_are_read(text, wanted):
    assert parse_rule(text) == wanted


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("", 1, "highest, lowest, max or min is wanted, the rule ends"),
        ("hihgest f1", 1, "did you mean 'highest'?"),
        ("highest", 8, "the name of a metric is wanted"),
        ("highest f1 with std <= many", 24, "a number is wanted, found 'many'"),
        ("highest f1 with std", 20, "a comparison such as <= is wanted"),
        ("highest f1 wiht std <= 1", 12, "did you mean 'with'?"),
        ("highest mean(f1", 16, "a closing parenthesis is wanted"),
        ("highest f1 where grade >= Q", 27, "a grade from A to F is wanted"),
        ("highest f1 where grade <= B", 24, ">= is wanted"),
        ("highest f1; tie-brake by x", 13, "did you mean 'tie-break'?"),
        ("highest f1; ci t 0", 18, "a level lies between 0 and 1"),
        ("highest f1 where std <= 1 $ 2", 27, "with, and, ; or the end is wanted"),
        ("highest f1 where `x <= 1", 18, "a closing ` is missing"),
        ('highest f1 where param.x = "y', 28, 'a closing " is missing'),
        ("highest f1 with std <= 1 with n > 2", 26, "found 'with'"),
        ("best f1", 1, "did you mean 'highest'?"),
        ("highest f1 with std <= .pp", 24, "a number is wanted, found '.pp'"),
        ("highest f1 with std <= 1.2.3pp", 24, "a number is wanted, found '1.2.3pp'"),
        ("highest f1 where n >= 2.5", 23, "a number of runs as a whole number is wanted"),
        ("highest f1 where n >= -1", 23, "a number of runs as a whole number is wanted"),
        ("highest f1 where n >= 3pp", 24, "with, and, ; or the end is wanted"),
        ("highest f1 where std <= 1e999", 25, "a number below 1.8e308 is wanted"),
        (f"highest f1 where n >= 1{'0' * 5000}", 23, "a number below 1.8e308 is wanted"),
        (f"highest f1 where param.a = 1{'0' * 5000}", 28, "a number below 1.8e308 is wanted"),
        ("highest f1 where data.version >= v2", 34, ">= takes a number, found 'v2'"),
        ("highest f1 where param.size < small", 31, "< takes a number, found 'small'"),
        ("highest f1; group by lr; group by wd", 26, "'group' is said twice"),
        ("highest f1; tie-break by a; tie-break by b", 29, "'tie-break' is said twice"),
    ],
)
def test_a_mistake_is_told_with_its_column(text, column, words):
    with pytest.raises(RuleInvalid) as caught:
        parse_rule(text)

    assert caught.value.column == column
    assert words in str(caught.value)


names = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zl", "Zp"]),
                min_size=1, max_size=8).filter(str.strip)  # fmt: skip
numbers = st.floats(allow_nan=False, allow_infinity=False)
picks = st.one_of(st.sampled_from(["", "last", "best"]), st.integers(0, 10**6))
stats = st.builds(
    Stat, st.sampled_from([*FUNCTIONS, "q05", "q50"]), names, st.none() | names, picks
)
texts = st.text("abc \\\"`'1.-")
values = st.one_of(st.booleans(), st.integers(-(10**9), 10**9), numbers, texts)
bare = st.builds(Stat, st.sampled_from(FUNCTIONS), st.none())
counts = (stats | bare).map(lambda stat: replace(stat, function="n"))
conditions = st.one_of(
    st.builds(Bound, (stats | bare).filter(lambda stat: stat.function != "n"),
              st.sampled_from(COMPARISONS), numbers, st.sampled_from(["", "%", "pp"])),
    st.builds(Bound, counts, st.sampled_from(COMPARISONS), st.integers(0, 10**6)),
    st.builds(Fact, st.just("param"), names, st.sampled_from(["=", "!="]), values),
    st.builds(Fact, st.just("param"), names, st.sampled_from(COMPARISONS), numbers),
    st.builds(Fact, st.sampled_from(["tag", "data"]), names, st.sampled_from(["=", "!="]), texts),
    st.builds(Fact, st.sampled_from(["tag", "data"]), names, st.sampled_from(COMPARISONS),
              numbers.map(repr)),
    st.builds(GradeBound, st.sampled_from("ABCDF")),
    st.builds(ProofBound, st.sampled_from(["L0", "L5"])),
    st.just(NoError()),
)  # fmt: skip
ties = st.one_of(
    st.none(),
    st.builds(
        lambda by, within: TieBreak(tuple(by), *within),
        st.lists(st.tuples(st.sampled_from([None, "highest", "lowest"]), stats | bare),
                 min_size=1, max_size=3),
        st.sampled_from([(None,), ("ci",), (0.5, "pp"), (0.01, "")]),
    ),
)  # fmt: skip
options = st.builds(
    Options,
    st.lists(names, max_size=3).map(tuple),
    st.just("") | names,
    st.sampled_from(["seed", "fold"]),
    st.sampled_from(["t", "bca"]),
    st.floats(0.01, 0.99),
    st.lists(st.tuples(names, values), max_size=3).map(tuple),
)


@given(
    st.builds(
        Rule,
        st.sampled_from(["highest", "lowest"]),
        stats,
        st.lists(conditions, max_size=4).map(tuple),
        ties,
        options,
    )
)
def test_what_a_rule_prints_is_read_as_that_rule(rule):
    assert parse_rule(str(rule)) == rule


@pytest.mark.parametrize("name", ["pp", "mean", "q05", "tie-break", "ci", "a b", "x`y", "5pp"])
def test_a_name_that_reads_as_something_else_is_written_so_that_it_does_not(name):
    options = Options((name,), name, baseline=((name, "pp"),))
    by = ((None, Stat("mean", name)),)
    rule = Rule("highest", Stat("mean", name, name), (), TieBreak(by), options)

    assert parse_rule(str(rule)) == rule


@given(st.text(max_size=60))
def test_no_text_makes_anything_but_a_rule_or_its_error(text):
    column = 1
    try:
        parse_rule(text)
    except RuleInvalid as error:
        column = error.column

    assert 1 <= column <= len(text) + 1

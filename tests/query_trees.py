"""Random queries: trees as hypothesis makes them, and what a random store is made of."""

from __future__ import annotations

from hypothesis import strategies as st

from tui_tracker.language.tokens import STATISTICS
from tui_tracker.language.tree import (
    And,
    Between,
    Compare,
    Field,
    Has,
    Is,
    Missing,
    Node,
    Not,
    OneOf,
    Or,
    Text,
    Value,
    all_of,
    any_of,
)

HOSTILE = (
    "'; DROP TABLE run; --",
    '" OR 1=1 --',
    "a`b",
    "a``",
    "\\",
    'x\\"y',
    ":q0",
    "?1",
    "%",
    "_",
    "lr (max)",
    "and",
    "NOT",
    "..",
    "é\u202e😀",
    "[64]",
    "a..b",
    "x'y",
    "tab\there",
    "new\nline",
    "param.x",
    "is",
)
odd_texts = st.text(max_size=8).filter(lambda text: "\0" not in text) | st.sampled_from(HOSTILE)
bare_values = st.sampled_from(
    [
        "1e-3",
        "10k",
        "5M",
        "adam",
        "c*",
        "a?b",
        "nan",
        "-inf",
        "true",
        "v2",
        "a:b",
        "x=y",
        "/d/a.csv",
    ]
)
values = st.builds(Value, bare_values) | st.builds(Value, odd_texts, st.just(True))
bare_names = st.sampled_from(["lr", "val_loss", "loss@cv", "a.max", "x/y", "été", "package.torch"])
fields = st.builds(
    Field, bare_names, st.sampled_from(["", "param", "metric", "fact", "tag"])
) | st.builds(
    Field,
    odd_texts.filter(bool),
    st.sampled_from(["", "param", "metric"]),
    st.sampled_from(["", *STATISTICS]),
    st.just(True),
)
times = st.sampled_from(["2 days ago", "today", "2026-11-01", "2h ago", "2026-11-01 10:30"])
operators = st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "~", "!~", ":"])
timed = st.builds(
    Compare,
    st.builds(Field, st.sampled_from(["started", "ended"])),
    st.sampled_from(["<", ">", "="]),
    st.builds(Value, times),
)
terms = st.one_of(
    st.builds(Text, odd_texts | bare_values),
    st.builds(Is, st.sampled_from(["running", "failed", "dirty", "archived", "starred"])),
    st.builds(Has, fields),
    st.builds(Missing, fields),
    st.builds(Compare, fields, operators, values),
    st.builds(OneOf, fields, st.lists(values, min_size=1, max_size=3).map(tuple)),
    st.builds(Between, fields, values, st.none() | values),
    st.builds(Between, fields, st.none(), values),
    timed,
)


def joined(leaves: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Return trees over these leaves, as the parser makes them: no joint right inside its like."""
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.lists(inner, min_size=2, max_size=3).map(all_of),
            st.lists(inner, min_size=2, max_size=3).map(any_of),
        ),
        max_leaves=8,
    )


trees = joined(terms)
__all__ = ["HOSTILE", "And", "Or", "joined", "trees"]

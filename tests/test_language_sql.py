"""Queries as SQL: they agree with the plain reference, whatever names and values are."""

from __future__ import annotations

import contextlib
import math
import random
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lineage_runs import record_parts
from query_reference import Reference
from query_trees import HOSTILE, joined

import tui_tracker as tt
from tui_tracker import edits, queries
from tui_tracker.drain import recover
from tui_tracker.errors import QueryError
from tui_tracker.language import parse
from tui_tracker.language.sql import condition
from tui_tracker.language.tree import (
    Between,
    Compare,
    Field,
    Has,
    Is,
    Missing,
    Node,
    OneOf,
    Query,
    Text,
    Value,
    quote,
)
from tui_tracker.queries import Selection, list_run_keys
from tui_tracker.store import Store

NOW = datetime(2100, 1, 1, tzinfo=UTC)
PARAMS = ("lr", "opt", "switch", "layers", "big", "text", "lr (max)", "'; DROP TABLE run; --")
PARAM_VALUES: tuple[object, ...] = (
    *(0.1, 1e-3, 1, 0, -2.5, math.nan, math.inf, True, False, None, "adam", "Adam", "1", "NaN"),
    *("", "true", "x" * 600, "x" * 599 + "y", "x" * 512, 2**53 + 1, 2**53, 10**400),
    *([64, 32], ["adam", 1.5, True, None], [], [[1]], [math.nan, 1], *HOSTILE),
)
NAMES = ("alpha", "Beta", "lr=0.1", "été", *HOSTILE)
TAGS = ("best", "Best", "star", "group:a", "purpose:baseline", *HOSTILE[:4])
METRICS = ("loss", "val_acc", "a.max", "metric (x)")


def log_random_runs(folder: Path, seed: int) -> None:
    """Log twelve runs of all kinds into a new store."""
    rng = random.Random(seed)
    for _ in range(12):
        params = {name: rng.choice(PARAM_VALUES) for name in rng.sample(PARAMS, 4)}
        tags = tuple(rng.sample(TAGS, rng.randrange(4)))
        experiment = rng.choice(("a", "a/b", "été"))
        run = tt.init(experiment, rng.choice(NAMES), params, tags=tags, store=folder)
        for metric in rng.sample(METRICS, rng.randrange(4)):
            for context in rng.sample(("", "cv", "rank1"), rng.randrange(1, 3)):
                for step in range(rng.randrange(1, 4)):
                    value = rng.choice((0.5, -1, math.nan, math.inf, 3e10, 0.1))
                    run.log({metric: value}, step=step, context=context)
        if rng.random() < 0.5:
            run.note(rng.choice(("a note", "50% off", "Best_one", HOSTILE[0])))
        run.finish(rng.choice(("finished", "failed", "killed")))
        if rng.random() < 0.7:
            parts = {
                "code": {
                    "commit": rng.choice(("abc123", "ABD", "0" * 40)),
                    "dirty": rng.random() < 0.5,
                },
                "environment": {
                    "packages": {"torch": rng.choice(("2.1.0", "2.10", "2.1rc1", "odd"))}
                },
                "hardware": {"gpus": [{"name": "A100"}] * rng.randrange(3), "cores": 8},
            }
            record_parts(folder, run.id, parts)


@pytest.fixture(scope="module", params=[1, 2, 3])
def told(request, tmp_path_factory):
    """A random store, and the reference over its runs."""
    patch = pytest.MonkeyPatch()
    patch.setenv("TUI_TRACKER_CAPTURE", "off")
    patch.setenv("TUI_TRACKER_CONSOLE", "off")
    folder = tmp_path_factory.mktemp("told") / "store"
    log_random_runs(folder, request.param)
    patch.undo()
    with Store.open(folder) as store:
        assert not recover(store).problems
        keys = list_run_keys(store, Selection(archived=True))
        edits.archive(store, keys[::5])
        yield store, Reference([queries.get_run(store, key) for key in keys], NOW)


VALUES = ("1", "0", "0.1", "1e-3", "nan", "inf", "true", "none", "adam", "a*", "?dam", "*x", "64")
VALUES += (
    "NaN",
    "9007199254740993",
    "9007199254740992",
    "1" + "0" * 400,
    "[64, 32]",
    "1.5",
    "-2.5",
)
value = st.builds(Value, st.sampled_from(VALUES)) | st.builds(
    Value, st.sampled_from((*HOSTILE, "x" * 600, "x" * 512, "1", "adam", "")), st.just(True)
)
number = st.builds(
    Value, st.sampled_from(("0.5", "0.1", "-1", "nan", "inf", "-inf", "30G", "0", "2"))
)
pattern = st.builds(
    Value, st.sampled_from(("^a", "a.m$", "(?i)BEST", "x{5}", r"\\", "[0-9]")), st.just(True)
)
EQUAL = st.sampled_from(("=", "!=", ":"))
ORDER = st.sampled_from(("<", "<=", ">", ">="))
statistic = st.sampled_from(
    ("", "last", "min", "max", "mean", "first", "count", "best", "nan", "inf")
)
param = st.builds(
    Field, st.sampled_from(PARAMS), st.just("param"), st.just(""), st.just(True)
) | st.builds(Field, st.sampled_from(("lr", "opt", "layers")))
metric = st.one_of(
    st.builds(Field, st.sampled_from(("loss", "val_acc")), st.just(""), statistic, st.just(True)),
    st.builds(
        Field, st.sampled_from(("loss.min", "loss.max", "val_acc.best", "a.max", "a.max.min"))
    ),
    st.builds(
        Field, st.sampled_from(("loss@cv", "loss@rank1.max", "metric (x)")), st.just("metric")
    ).filter(lambda field: " " not in field.name),
)
own = st.builds(Field, st.sampled_from(("name", "experiment", "tag", "note", "host", "user")))
fact = st.builds(Field, st.sampled_from(("gpu", "gpus", "cores", "dirty")))
package = st.builds(Field, st.just("package.torch"))
version = st.builds(Value, st.sampled_from(("2.1", "2.1.0", "2.2", "2.9", "2", "3")))
LEAVES = st.one_of(
    st.builds(Text, st.sampled_from((*NAMES, *TAGS, "fail", "a", "0", "-", "e", "note", "O"))),
    st.builds(
        Is, st.sampled_from(("failed", "killed", "finished", "dirty", "archived", "starred"))
    ),
    st.builds(Has, st.one_of(param, metric, own, fact)),
    st.builds(Missing, st.one_of(param, metric, own, fact)),
    st.builds(Compare, param, EQUAL, value),
    st.builds(Compare, param | own, st.sampled_from(("~", "!~")), pattern),
    st.builds(Compare, param, ORDER, value.filter(lambda v: v.quoted or v.text not in ("1.5.2",))),
    st.builds(OneOf, param, st.lists(value, min_size=1, max_size=3).map(tuple)),
    st.builds(Between, param, number, number),
    st.builds(Compare, metric, EQUAL | ORDER, number),
    st.builds(OneOf, metric, st.lists(number, min_size=1, max_size=3).map(tuple)),
    st.builds(Between, metric, number, st.none() | number),
    st.builds(Compare, own, EQUAL | ORDER, value),
    st.builds(
        Compare,
        st.just(Field("status")),
        st.sampled_from((":", "=", "!=")),
        st.builds(Value, st.sampled_from(("failed", "FAILED", "f*", "k?lled"))),
    ),
    st.builds(Compare, fact, EQUAL | ORDER, value),
    st.builds(
        Compare,
        st.just(Field("commit")),
        EQUAL,
        st.builds(Value, st.sampled_from(("ab", "ABC", "0"))),
    ),
    st.builds(Compare, package, ORDER | st.sampled_from(("=", "!=")), version),
    st.builds(
        Compare,
        st.just(Field("duration")),
        ORDER,
        st.builds(Value, st.sampled_from(("0", "1h", "1ms"))),
    ),
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(tree=joined(LEAVES))
def test_sql_and_reference_agree(told, tree):
    store, reference = told

    found = ids(store, tree)

    assert found == reference.fitting(tree), str(tree)


def ids(store: Store, tree: Node) -> set[str]:
    where = condition(Query(tree), store, NOW)
    rows = store.read(f"SELECT r.id FROM run AS r WHERE {where.sql}", where.bound)
    return {queries.run_id(store, key) for (key,) in rows}


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "form", ["{q}", "name = {q}", "tag:{q}", "tag.{b} = x", "note ~ {r}", "{b}:1"]
)
def test_hostile_names_and_values_are_bound_and_never_pasted(told, text, form):
    store, _ = told
    marked = f"{text}Zq9"
    name = "`" + marked.replace("`", "``") + "`"
    query = parse(form.format(q=quote(marked), b=name, r=quote(re.escape(marked))))

    with contextlib.suppress(QueryError):  # a name that no run has
        found = condition(query, store)
        assert "Zq9" not in found.sql
    with contextlib.suppress(QueryError):
        assert list_run_keys(store, Selection(query=str(query))) == []

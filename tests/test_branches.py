"""The tree of runs by any levels: every branch counts the runs that its `where` selects."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

import tui_tracker as tt
from tui_tracker.edits import archive
from tui_tracker.errors import BadColumn
from tui_tracker.queries import Selection, get_rows, list_run_keys
from tui_tracker.queries import branch_reader as module
from tui_tracker.queries.branch_query import branch_query
from tui_tracker.queries.branches import Branch, list_branches, read_branches
from tui_tracker.queries.selection import ABSENT
from tui_tracker.queries.value_counts import count_values
from tui_tracker.store import Store

LogRun = Callable[..., tt.Run]


@pytest.fixture
def logged(store: Store, log_run: LogRun) -> Store:
    """A store of forty runs with holes in everything."""
    draw = random.Random(5)
    for number in range(40):
        params: dict[str, object] = {"seed": number, "lr": draw.choice([0.1, 0.01, None, True])}
        if number % 3:
            params["opt"] = draw.choice(["adam", "sgd", "x" * 600 + str(number % 2)])
        log_run(
            f"run{number % 4}",
            experiment=draw.choice(["a", "a/b", "a/c/d", "e", "e//f", ""] if number else ["a"])
            or "z",
            params=params,
            tags=tuple(draw.sample(["good", "bad", "for:paper", "for:talk"], number % 3)),
            status=draw.choice(["finished", "failed", "killed"]),
            f1=[draw.choice([draw.random(), math.nan, math.inf]) for _ in range(number % 3)],
        )
    archive(store, list_run_keys(store)[:4])
    return store


def _all(branches: tuple[Branch, ...]) -> Iterator[Branch]:
    for branch in branches:
        yield branch
        yield from _all(branch.children)


LEVELS = [
    ("experiment",),
    ("param:lr", "experiment"),
    ("param:opt", "status"),
    ("tags", "param:lr"),
    ("tag:for", "name"),
    ("experiment", "param:opt", "tags"),
    ("started", "host", "user"),
    ("param:nobody-has-it",),
]


@pytest.mark.parametrize("levels", LEVELS, ids=",".join)
def test_every_branch_counts_what_it_selects(logged: Store, levels: tuple[str, ...]) -> None:
    selection = Selection(query="run1") if levels[0] == "tags" else Selection()

    whole = read_branches(logged, selection, levels, metric="metric:f1.max").found

    assert whole
    for branch in _all(whole):
        rows = get_rows(
            logged, list_run_keys(logged, selection.below(branch.where)), metrics=["f1"]
        )
        assert branch.counts == Counter(row.status for row in rows)
        assert branch.newest_ms == max(int(row.started_at.timestamp() * 1000) for row in rows)
        best = [row.metrics["f1"].max for row in rows if "f1" in row.metrics]
        finite = [value for value in best if value is not None]
        assert branch.best == (max(finite) if finite else None)


@pytest.mark.parametrize("levels", LEVELS, ids=",".join)
def test_a_level_asked_for_alone_is_that_of_the_whole_tree(
    logged: Store, levels: tuple[str, ...]
) -> None:
    whole = read_branches(logged, levels=levels, metric="metric:f1.max").found

    def ask(where: tuple[tuple[str, object], ...], depth: int) -> tuple[Branch, ...]:
        found = list_branches(
            logged,
            levels=levels,
            where=where,  # type: ignore[arg-type]
            depth=depth,
            metric="metric:f1.max",
        )
        return found.found

    waiting = [(ask((), 0), whole)]
    while waiting:
        lazy, complete = waiting.pop()
        assert [_alone(branch) for branch in lazy] == [_alone(branch) for branch in complete]
        for one, other in zip(lazy, complete, strict=True):
            below = ask(one.where, one.depth + 1) if one.opens else one.children
            waiting.append((below, other.children))


@pytest.mark.parametrize("levels", LEVELS, ids=",".join)
def test_a_branch_is_a_query_as_well(logged: Store, levels: tuple[str, ...]) -> None:
    for branch in _all(read_branches(logged, levels=levels).found):
        if any(len(str(value)) > 500 for _, value in branch.where):
            continue  # told by their beginning, which others may have as well
        query = branch_query(branch.where)

        assert list_run_keys(logged, Selection(query=query)) == list_run_keys(
            logged, Selection(where=branch.where)
        ), query


def _alone(branch: Branch) -> tuple[object, ...]:
    return branch.label, branch.where, branch.counts, branch.newest_ms, branch.best, branch.opens


def test_the_branches_of_a_level_without_several_values_are_all_runs(logged: Store) -> None:
    for level in ("experiment", "param:lr", "param:opt", "status"):
        found = list_branches(logged, levels=(level,)).found

        assert sum(branch.runs for branch in found) == len(list_run_keys(logged))


def test_the_smallest_is_the_best_of_a_loss(store: Store, log_run: LogRun) -> None:
    log_run("a", experiment="x/1", loss=[0.5, 0.3])
    log_run("b", experiment="x/2", loss=[0.9])

    (x,) = list_branches(store, metric="metric:loss").found

    assert (x.best, [child.best for child in x.children]) == (0.3, [0.3, 0.9])


@pytest.mark.parametrize("looked_at", [1, 2, 2000])
@pytest.mark.parametrize(("metric", "best"), [("loss", [0.2, 0.4, None]), ("f1", [0.8, 0.6, None])])
def test_the_best_is_the_same_however_few_of_the_best_runs_are_looked_at(
    store: Store,
    log_run: LogRun,
    monkeypatch: pytest.MonkeyPatch,
    looked_at: int,
    metric: str,
    best: list[float | None],
) -> None:
    log_run("a", experiment="x", loss=[0.2], f1=[0.8])
    log_run("b", experiment="x", loss=[0.3], f1=[0.7])
    log_run("c", experiment="y", loss=[0.4], f1=[0.6])
    log_run("d", experiment="z", loss=[math.nan], f1=[math.inf])
    monkeypatch.setattr(module, "_LOOKED_AT", looked_at)

    found = list_branches(store, metric=f"metric:{metric}").found

    assert [branch.best for branch in found] == best


def test_values_stand_in_their_order_and_lacking_last(store: Store, log_run: LogRun) -> None:
    for value in (10, 9, "b", "a", None, 0.5):
        log_run("r", params={"p": value})
    log_run("r")

    found = list_branches(store, levels=("param:p",)).found

    assert [branch.label for branch in found] == ["0.5", "9", "10", "a", "b", "None", "no p"]


def test_too_many_values_are_told_by_their_number(
    store: Store, log_run: LogRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    for value in (1, 2, 3, 3, 4, 4):
        log_run("r", params={"p": value})

    found = list_branches(store, levels=("param:p",))

    assert [branch.label for branch in found.found] == ["3", "4"]
    assert found.more == 2


@pytest.mark.parametrize("level", ["status", "tags", "tag:for", "param:seed", "started", "user"])
def test_the_values_of_a_field_are_as_many_as_its_branches(logged: Store, level: str) -> None:
    found = list_branches(logged, Selection(archived=True), (level,)).found

    values = [branch for branch in found if branch.value is not ABSENT]
    assert count_values(logged)[level] == len(values)


def test_what_can_be_no_level_is_refused(store: Store) -> None:
    with pytest.raises(BadColumn) as caught:
        list_branches(store, levels=("metric:loss",))

    assert str(caught.value) == "a tree cannot have 'metric:loss' as a level"

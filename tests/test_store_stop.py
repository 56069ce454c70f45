"""A question to the store can be stopped in the middle of its query, and no other is."""

from __future__ import annotations

import threading

import pytest

from tui_tracker.errors import QuestionStopped
from tui_tracker.store import Store
from tui_tracker.tui.screens.base import Asking

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


def test_a_query_that_is_under_way_ends_when_its_question_is_stopped(store: Store):
    asking, ended = Asking(), []

    def ask() -> None:
        with store.asking(asking):
            try:
                store.read(ENDLESS)
            except QuestionStopped:
                ended.append(True)

    thread = threading.Thread(target=ask)
    thread.start()
    while store._answering is not asking:
        pass
    store.stop(asking)
    thread.join(10)

    assert ended == [True]
    assert store.read("SELECT 1") == [(1,)]


def test_a_query_ends_also_where_the_interrupt_came_before_its_first_step(store: Store):
    asking = Asking()
    timer = threading.Timer(0.05, lambda: setattr(asking, "stopped", True))
    timer.start()

    with store.asking(asking), pytest.raises(QuestionStopped):
        store.read(ENDLESS)

    assert store.read("SELECT 1") == [(1,)]


def test_a_question_that_was_stopped_before_asks_no_further(store: Store):
    asking = Asking()
    store.stop(asking)

    with store.asking(asking), pytest.raises(QuestionStopped):
        store.read("SELECT 1")


def test_stopping_a_question_leaves_others_alone(store: Store):
    asking, other = Asking(), Asking()

    with store.asking(other):
        store.stop(asking)

        assert store.read("SELECT 1") == [(1,)]


def test_a_moment_that_was_stopped_is_over(store: Store):
    asking = Asking()

    with store.asking(asking):
        moment = store.one_moment()
        moment.__enter__()
        store.stop(asking)
        moment.__exit__(None, None, None)

    assert store.read("SELECT 1") == [(1,)]

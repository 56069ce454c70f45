"""Queries while they are typed: a word that is about to be a field empties no list."""

from __future__ import annotations

import pytest

from tui_tracker.queries import Selection
from tui_tracker.queries.settled import settled_query


@pytest.mark.parametrize(
    ("typed", "holds"),
    [
        ("val_loss", ""),
        ("val_l", ""),
        ("val_loss ", ""),
        ("lr = 0.1 and val_loss ", "lr = 0.1"),
        ("dura", ""),
        ("lr = 0.1 and val_loss", "lr = 0.1"),
        ("lr = 0.1 and not val_loss", "lr = 0.1 and not val_loss"),
        ("lr = 0.1 val_loss@cv", "lr = 0.1"),
        ("first", "first"),
        ("fir", "fir"),
        ("nothing_like_it", "nothing_like_it"),
        ("val_loss < 0.1", "val_loss < 0.1"),
        ("name:val_loss", "name:val_loss"),
        ('"val_loss"', '"val_loss"'),
        ("", ""),
        ("lr = 0.1 ", "lr = 0.1 "),
    ],
)
def test_only_a_word_that_begins_a_field_and_finds_nothing_is_left_out(
    store, log_run, typed, holds
):
    log_run("first", params={"lr": 0.1}, val_loss=[0.5])

    assert settled_query(store, Selection(query=typed)) == holds

"""Stores of aim."""

from __future__ import annotations

from tests.import_truth import check, read_item, truth_of


def test_every_run_of_the_shared_store_is_as_stated(tmp_path):
    truth = truth_of("aim")

    found = read_item("aim", tmp_path)

    check(found, truth)
    assert not found.unread

"""Stores of exptrack."""

from __future__ import annotations

from tests.import_truth import check, read_item, truth_of


def test_every_run_of_the_shared_store_is_as_stated(tmp_path):
    truth = truth_of("exptrack")
    # The second run wrote over the first one's file: only what the store says of it is left.
    (overwritten,) = truth["runs"][0]["artifacts"]
    truth["runs"][0]["artifacts"] = []

    found = read_item("exptrack", tmp_path)

    check(found, truth)
    assert not found.unread
    (told,) = found.one(truth["runs"][0]["id"]).run.artifacts
    assert (told.path, told.sha256) == (overwritten["path"], overwritten["sha256"])
    assert told.size_bytes == overwritten["size"]

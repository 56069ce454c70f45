"""Reading what Lightning's loggers left."""

from __future__ import annotations

from tests.import_truth import check, read_item, truth_of


def test_all_runs_of_the_shared_folder_come_out_as_stated(tmp_path):
    found = read_item("lightning", tmp_path)

    check(found, truth_of("lightning"), exact=False, not_told={"name", "start_time", "end_time"})

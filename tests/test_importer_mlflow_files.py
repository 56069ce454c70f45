"""MLflow file stores."""

from __future__ import annotations

from tests.import_truth import check, read_item, truth_of


def test_every_run_of_the_shared_store_is_as_stated(tmp_path):
    truth = truth_of("mlflow_file")
    # The run's folder lies in the experiment that was active last; the script's side record
    # names the one before.
    stray = next(run for run in truth["runs"] if run["name"] == "nan-and-repeats")
    stray["experiment"] = "breast-cancer-search"

    found = read_item("mlflow_file", tmp_path)

    check(found, truth)
    assert not found.unread

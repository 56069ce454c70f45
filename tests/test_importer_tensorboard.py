"""Reading TensorBoard's event files."""

from __future__ import annotations

from tests.import_truth import check, read_item, same_value, truth_of


def test_all_runs_of_the_shared_folder_come_out_as_stated(tmp_path):
    truth = truth_of("tensorboard")
    for run in truth["runs"]:
        if "nesterov" in run["params"]:
            # PyTorch writes a bool as a number, and nothing tells it from one.
            run["params"]["nesterov"] = int(run["params"]["nesterov"])

    found = read_item("tensorboard", tmp_path)

    check(found, truth, exact=False)
    for name in ("hp/lr0.001", "hp/lr0.01"):
        run = next(one for one in truth["runs"] if one["name"] == name)
        for metric, value in run["hparam_metrics"].items():
            same_value(found.one(name).series(metric).values[0], value, 1e-6, metric)

"""Write corrected_record.json: the claim again, each field read from the store.

What the pasted record left open is filled in from what the run recorded, never typed.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

RUN, METRIC = "seed=0", "val_auc_roc"


def ask(*words: str) -> Any:
    """Return what a command of tt prints as JSON."""
    answer = subprocess.run(("tt", *words, "--json"), check=True, capture_output=True, text=True)
    return json.loads(answer.stdout)


def main() -> None:
    run = ask("show", RUN)
    # A reproduction repeats a seed, so it tells nothing of the spread over seeds.
    query = "experiment = baseline_auc_folds and not tag:reproduction"
    group = ask("group", query, "--metrics", f"{METRIC}.last")[0]
    over_seeds = group["metrics"][f"metric:{METRIC}.last"]
    curves = {
        curve["metric"]: list(zip(curve["steps"], curve["values"], strict=True))
        for curve in ask("curve", RUN, "train_loss", METRIC)
    }
    lineage = run["lineage"]
    code, environment = lineage["code"], lineage["environment"]
    data, split = lineage["data"][0], lineage["splits"][0]
    record = {
        "name": "baseline_logreg_diabetes",
        "purpose": "baseline",
        "owner": run["user"],
        "started_at": run["started_at"],
        "evaluated_at": run["ended_at"],
        "code": {
            "commit": code.get("commit"),
            "dirty": code.get("dirty"),
            "diff": code["snapshot"]["tree"],
            "command": "python train.py --split-seed 0 --seed 0",
        },
        "data": {
            "name": data["name"],
            "version": data["version"],
            "sha256": data["digest"].removeprefix("sha256:"),
        },
        "split": {"method": "5 folds, stratified", "seed": split["seed"], "hash": split["hash"]},
        "env": {
            "python": environment["python"]["version"],
            "packages": environment["packages"],
            "os": environment["system"]["distro"],
        },
        "hardware": {"cpu": lineage["hardware"]["cpu"]},
        "params": run["params"],
        "metrics": curves,
        "over_seeds": {
            f"{METRIC}_mean": over_seeds["mean"],
            f"{METRIC}_std": over_seeds["std"],
            "n_seeds": over_seeds["n"],
        },
        "artifacts": [
            {"path": item["path"], "sha256": item["sha256"]} for item in run["artifacts"]
        ],
        "tags": run["tags"],
        "note": run["notes"][0],
    }
    Path("corrected_record.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print("wrote corrected_record.json")


if __name__ == "__main__":
    main()

"""Write table.csv, a row for each run and one for each feature set, from the store alone.

No number is typed or pasted: the table is made again whenever the runs change.
"""

from __future__ import annotations

import csv
import json
import subprocess
from pathlib import Path

METRIC = "val_f1_macro"


def ask(*words: str) -> list[dict[str, object]]:
    """Return what a command of tt prints as JSON."""
    answer = subprocess.run(("tt", *words, "--json"), check=True, capture_output=True, text=True)
    return json.loads(answer.stdout)


def main() -> None:
    columns = ("name", "feature_set", "seed", f"{METRIC}.last")
    runs = ask("ls", "--columns", ",".join(columns), "--sort", "name")
    groups = ask("group", "--by", "feature_set", "--metrics", f"{METRIC}.last")
    with Path("table.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["feature_set", "seed", METRIC, "std", "n"])
        for run in runs:
            writer.writerow(
                [run["param:feature_set"], run["param:seed"], run[f"metric:{METRIC}.last"], "", 1]
            )
        for group in groups:
            stats = next(iter(group["metrics"].values()))
            row = [
                group["by"]["param:feature_set"],
                "mean",
                stats["mean"],
                stats["std"],
                stats["n"],
            ]
            writer.writerow(row)
    print("wrote table.csv")


if __name__ == "__main__":
    main()

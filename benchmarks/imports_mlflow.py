"""Reading an MLflow database: ours beside MLflow's own client, in one run.

    python benchmarks/imports_mlflow.py PYTHON [--runs 2000] [--rounds 3]

PYTHON is an interpreter that has MLflow. It makes an empty database with its own migrations, and
SQL fills it (5 metrics of 10 steps, 5 params, 3 tags a run); then all runs with all points
are read by `MlflowClient` (search_runs in pages, get_metric_history) there, and by our reader
here, each round in a new process, and the ratio of the medians is printed. Both are made to prove
that they read all: the sums of all values have to be the same.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import uuid
from contextlib import closing
from pathlib import Path

METRICS, STEPS = 5, 10

MAKE = """
import sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
mlflow.MlflowClient().create_experiment("bench", artifact_location=sys.argv[2])
"""

THEIRS = """
import json, math, sys, time, mlflow
client = mlflow.MlflowClient(sys.argv[1])
experiments = [one.experiment_id for one in client.search_experiments()]
begin = time.perf_counter()
runs, points, total, token = 0, 0, [], None
while True:
    page = client.search_runs(experiments, max_results=1000, page_token=token)
    for run in page:
        runs += 1
        for metric in run.data.metrics:
            history = client.get_metric_history(run.info.run_id, metric)
            points += len(history)
            total.append(math.fsum(point.value for point in history))
    token = page.token
    if not token:
        break
seconds = time.perf_counter() - begin
print(json.dumps([seconds, runs, points, math.fsum(total)]))
"""

OURS = """
import json, math, sys, time
from pathlib import Path
from tui_tracker.importers import find_sources
from tui_tracker.importers.records import ImportedRun, Points
begin = time.perf_counter()
runs, points, total = 0, 0, []
for source in find_sources(Path(sys.argv[1])):
    for piece in source.open().read():
        if isinstance(piece, ImportedRun):
            runs += 1
        elif isinstance(piece, Points):
            points += len(piece.values)
            total.append(math.fsum(piece.values))
seconds = time.perf_counter() - begin
print(json.dumps([seconds, runs, points, math.fsum(total)]))
"""


def fill(path: Path, count: int) -> None:
    """Put runs into an empty database, as MLflow would have."""
    draw = random.Random(0)
    with closing(sqlite3.connect(path)) as connection, connection:
        (experiment,) = connection.execute(
            "SELECT experiment_id FROM experiments WHERE name='bench'"
        ).fetchone()
        for number in range(count):
            key, start = uuid.UUID(int=draw.getrandbits(128)).hex, 1_700_000_000_000 + number
            connection.execute(
                "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, "
                "user_id, status, start_time, end_time, source_version, lifecycle_stage, "
                "artifact_uri, experiment_id) VALUES (?,?,'UNKNOWN','','','me','FINISHED',?,?,'',"
                "'active',?,?)",
                (key, f"run {number}", start, start + 9, f"/gone/{key}/artifacts", experiment),
            )
            connection.executemany(
                "INSERT INTO params (key, value, run_uuid) VALUES (?,?,?)",
                [(f"param{one}", str(draw.random()), key) for one in range(5)],
            )
            connection.executemany(
                "INSERT INTO tags (key, value, run_uuid) VALUES (?,?,?)",
                [(f"tag{one}", "word", key) for one in range(3)],
            )
            points = [
                (f"metric{metric}", draw.random(), start + step, key, step, 0)
                for metric in range(METRICS)
                for step in range(STEPS)
            ]
            connection.executemany(
                "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) "
                "VALUES (?,?,?,?,?,?)",
                points,
            )
            connection.executemany(
                "INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan) "
                "VALUES (?,?,?,?,?,?)",
                points[STEPS - 1 :: STEPS],
            )


def timed(python: str, code: str, argument: str) -> list[float]:
    """Return seconds, runs, points and the sum of values as a new process tells them."""
    done = subprocess.run([python, "-c", code, argument], capture_output=True, check=True)
    found: list[float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("python", help="an interpreter that has MLflow")
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mlflow.db"
        address = f"sqlite:///{path}"
        subprocess.run([args.python, "-c", MAKE, address, folder], capture_output=True, check=True)
        fill(path, args.runs)
        theirs, ours = [], []
        for _ in range(args.rounds):
            ours.append(timed(sys.executable, OURS, str(path)))
            theirs.append(timed(args.python, THEIRS, address))
    for mine, other in zip(ours, theirs, strict=True):
        assert mine[1:3] == other[1:3] == [args.runs, args.runs * METRICS * STEPS], (mine, other)
        assert math.isclose(mine[3], other[3], rel_tol=1e-12), (mine, other)
    mine, other = (statistics.median(one[0] for one in rows) for rows in (ours, theirs))
    print(f"{args.runs} runs x {METRICS} metrics x {STEPS} steps, medians of {args.rounds} rounds")
    print(f"MLflow's client {other:.2f} s, tui_tracker {mine:.3f} s: {other / mine:.0f} x faster")


if __name__ == "__main__":
    main()

"""Make a store to measure with: many small runs, or one long one; the same at every call.

    python benchmarks/make_store.py FOLDER                     100,000 runs, 40 experiments
    python benchmarks/make_store.py FOLDER --runs 10000
    python benchmarks/make_store.py FOLDER --long metrics      one run, 20 metrics x 10,000 steps
    python benchmarks/make_store.py FOLDER --long points       one run, 1 metric x 10,000,000 steps
    python benchmarks/make_store.py FOLDER --long both         the two in one store

A run has 12 params, 8 metrics of 20 points, 3 tags and a lineage of code, environment, hardware,
data and seeds. Five runs in a row differ in nothing but their seed. About one in ten did not
finish, and one in a hundred diverged to NaN. Store, series and digests are made by the project's
own code; what is the same for all runs goes in as bulk SQL, with the indexes made afterwards.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import random
import sqlite3
import sys
import time
import uuid
import zlib
from itertools import islice, product

from tui_tracker.fact_rows import save_all_facts
from tui_tracker.series import AxisCache, OpenSeries
from tui_tracker.store import Store
from tui_tracker.values import params_digest_text

BEGIN_MS = 1_767_225_600_000
"""2026-01-01; a run begins every 4 minutes."""
APART_MS = 240_000
POINTS = 20
SEEDS = 5
BATCH = 1000
PARAM, METRIC = 0, 1
NOISE = 1 << 16
STRETCH = 102_400
"""Points of a long series that are made at once: full blocks."""
SHAPES = {"metrics": [(20, 10_000)], "points": [(1, 10_000_000)]}
SHAPES["both"] = SHAPES["metrics"] + SHAPES["points"]
METRICS = (
    ("train/loss", 2.2, 0.30, 0.03),
    ("val/loss", 2.3, 0.45, 0.04),
    ("train/acc", 0.10, 0.93, 0.01),
    ("val/acc", 0.10, 0.86, 0.01),
    ("val/f1", 0.08, 0.83, 0.01),
    ("grad_norm", 4.0, 0.6, 0.2),
    ("lr", 1.0, 0.01, 0.0),
    ("epoch_seconds", 12.0, 12.0, 0.5),
)
"""Name, where it begins, where a good run ends, and its noise."""
TOPICS = {
    "vision": ("cifar10", "cifar100", "imagenet", "detection"),
    "text": ("classification", "translation", "summaries"),
    "audio": ("speech", "events"),
    "tabular": ("churn", "pricing"),
}
GRID = {
    "optimizer": ("adam", "sgd", "lion", "adamw"),
    "batch_size": (32, 64, 128, 256),
    "layers": (2, 4, 6, 8),
    "dropout": (0.0, 0.1, 0.3),
}
"""Its product, with learning rates drawn beside it, is the sweep of an experiment."""
STATUSES = ("finished",) * 88 + ("failed",) * 5 + ("killed",) * 4 + ("crashed",) * 3
ENDED_BY = {
    "finished": "",
    "failed": "RuntimeError: CUDA out of memory",
    "killed": "SIGINT",
    "crashed": "the process vanished without a word",
}
HOSTS = ("gpu01", "gpu02", "gpu03", "lab-a100", "login")
USERS = ("ada", "grace", "alan", "edsger")
PURPOSES = ("baseline", "ablation", "sweep", "final", "debug")
WORDS = (
    "paper",
    "rerun",
    "keep",
    "tuned",
    "quick",
    "long",
    "draft",
    "review",
    "odd",
    "best-so-far",
)


def experiments():
    """Return 40 paths of two and three levels."""
    paths = [f"{topic}/{task}" for topic, tasks in TOPICS.items() for task in tasks]
    deep = [f"{path}/{part}" for path in paths for part in ("pretrain", "finetune", "distill")]
    return (paths + deep)[:40]


class Source:
    """Everything random, from one seed; noise comes from a table, for it is needed by millions."""

    def __init__(self, seed):
        self.draw = random.Random(seed)
        self.noise = [self.draw.gauss(0, 1) for _ in range(NOISE)]

    def curve(self, start, end, spread, points=POINTS):
        """Return values that fall or rise from start to end."""
        at = self.draw.randrange(NOISE - points)
        tau = points / (3 + 2 * self.noise[at] ** 2)
        gap = start - end
        return [
            end + gap * math.exp(-i / tau) + spread * noise
            for i, noise in enumerate(self.noise[at : at + points])
        ]


class Contents:
    """Large texts, each kept once by its content."""

    def __init__(self):
        self.new = []
        self._digests = {}

    def digest(self, facts):
        text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
        found = self._digests.get(text)
        if found is None:
            found = self._digests[text] = hashlib.sha256(text.encode()).digest()
            self.new.append((found, zlib.compress(text.encode())))
        return found


def lineage_parts(source, number, params):
    """Return the recorded parts of one run; most are the same as in other runs."""
    state = number // 250  # the code changes now and then, and is dirty at every third state
    code = {
        "top": "/home/ada/project",
        "vcs": "git",
        "commit": hashlib.sha1(f"commit{state}".encode()).hexdigest(),
        "branch": ("main", "main", "wider", "schedule")[state % 4],
        "dirty": state % 3 == 0,
        "entry": {"kind": "script", "path": "train.py"},
    }
    torch = ("2.6.0", "2.7.1", "2.9.0")[number * 3 // 100_000 % 3]
    environment = {
        "python": {"version": ("3.11.9", "3.12.4")[state % 2], "implementation": "CPython"},
        "packages": {"torch": torch, "numpy": "2.1.3", "pandas": "2.2.3", "scikit-learn": "1.5.2"},
        "system": {"name": "Linux", "distro": "Debian GNU/Linux 12"},
    }
    host = HOSTS[state % len(HOSTS)]
    hardware = {
        "cpu": "AMD EPYC 7763" if host != "login" else "Intel Xeon 6248",
        "cores": 64 if host != "login" else 8,
        "memory_bytes": 512_000_000_000,
        "gpus": [{"name": "NVIDIA A100-SXM4-80GB"}] if host != "login" else [],
    }
    version = f"v{1 + state % 5}"
    data = {
        "name": "train",
        "version": version,
        "role": "train",
        "kind": "folder",
        "digest": "sha256:" + hashlib.sha256(version.encode()).hexdigest(),
        "bytes": 170_498_071,
    }
    seeds = {"params": {"seed": params["seed"]}, "applied": [], "unseen": []}
    parts = {
        "code": code,
        "environment": environment,
        "hardware": hardware,
        "data:train": data,
        "seeds": seeds,
    }
    if source.draw.random() < 0.02:
        del parts["data:train"]
    return host, parts


def sweep(source, count):
    """Yield the params of `count` runs of one experiment, five seeds a config."""
    grid = list(product(*GRID.values()))
    for number in range(-(-count // SEEDS)):
        optimizer, batch, layers, dropout = grid[number % len(grid)]
        config = {
            "optimizer": optimizer,
            "batch_size": batch,
            "layers": layers,
            "dropout": dropout,
            "lr": round(10 ** source.draw.uniform(-4.5, -1.5), 6),
            "weight_decay": source.draw.choice((0.0, 0.01, 0.1)),
            "warmup": 500 * (number % 3),
            "epochs": POINTS,
            "scheduler": source.draw.choice(("cosine", "linear", "constant")),
            "model.name": source.draw.choice(("resnet18", "resnet50", "vit-small")),
            "augment": number % 2 == 0,
        }
        for seed in range(min(SEEDS, count - number * SEEDS)):
            yield {**config, "seed": seed}


def param_row(run, key, value):
    if isinstance(value, bool):
        return run, key, "bool", float(value), None, None
    if isinstance(value, str):
        return run, key, "str", None, value, None
    return run, key, "int" if isinstance(value, int) else "float", float(value), None, None


def run_id(source, started_ms):
    """Return a UUIDv7 of that time."""
    number = started_ms << 80 | 7 << 76 | source.draw.getrandbits(12) << 64
    return uuid.UUID(int=number | 2 << 62 | source.draw.getrandbits(62)).bytes


class Writer:
    """Puts runs into an open store, a thousand at a time."""

    def __init__(self, connection, source):
        self.connection, self.source = connection, source
        self.contents, self.axes = Contents(), AxisCache()
        self.keys = {}
        self.rows = {}
        self.run = 0

    def intern(self, kind, name):
        key = self.keys.get((kind, name))
        if key is None:
            key = self.keys[kind, name] = self.connection.execute(
                "INSERT INTO key (kind, name, context) VALUES (?,?,'')", (kind, name)
            ).lastrowid
        return key

    def add(self, table, *rows):
        self.rows.setdefault(table, []).extend(rows)

    def add_run(self, experiment, params):
        source, self.run = self.source, self.run + 1
        run, started = self.run, BEGIN_MS + APART_MS * self.run
        status = source.draw.choice(STATUSES)
        host, parts = lineage_parts(source, run, params)
        encoded = {k: [*param_row(0, 0, v)[2:5], ""] for k, v in params.items()}
        digest = hashlib.sha256(params_digest_text(encoded).encode()).digest()[:8]
        points = POINTS if status == "finished" else 1 + source.draw.randrange(POINTS)
        uuid7 = run_id(source, started)
        ended = started + 12_000 * points + source.draw.randrange(60_000)
        name = f"{params['optimizer']}-{params['lr']:g}-s{params['seed']}"
        user = USERS[run // 1000 % len(USERS)]
        self.add(
            "run",
            (
                *(run, uuid7, experiment, name, status, started, ended, None, digest, host, user),
                *(4000 + run % 20000, ENDED_BY[status], None, points * len(METRICS), 0, 0, ""),
                *(None, None),
            ),
        )
        rows = [param_row(run, self.intern(PARAM, k), value) for k, value in params.items()]
        self.add("param", *rows)
        self.add("tag", *((run, tag, started) for tag in self.tags()))
        self.add(
            "lineage",
            *(
                (run, part, "ok", "", 40, self.contents.digest(facts))
                for part, facts in parts.items()
            ),
        )
        if run % 50 == 0:
            self.add("note", (None, run, ended, user, f"looked at {name}: worth another try"))
        name = f"{uuid.UUID(bytes=uuid7)}.log"
        self.add("journal", (name, run, "main", 1, 4096, status, b"", ""))
        self.add_series(started, points, params)
        if run % BATCH == 0:
            self.flush()

    def tags(self):
        draw = self.source.draw
        return {f"purpose:{draw.choice(PURPOSES)}", *draw.sample(WORDS, 2)}

    def add_series(self, started, points, params):
        source, steps = self.source, list(range(points))
        times = [started + 12_000 * (step + 1) for step in steps]
        # How far from the best learning rate, which is what most of the quality hangs on.
        poor = min(1.0, abs(math.log10(params["lr"]) + 3) / 2.5 + 0.02 * params["layers"])
        diverged = source.draw.random() < 0.01
        for name, start, end, spread in METRICS:
            reached = params["lr"] if name == "lr" else end + (start - end) * 0.4 * poor
            values = source.curve(start, reached, spread, points)
            if diverged and name.endswith("loss"):
                values[points // 2 :] = [math.nan] * (points - points // 2)
            series = OpenSeries(self.run, self.intern(METRIC, name))
            series.add(steps, times, values)
            series.save(self.connection, self.axes)
        self.axes.clear()

    def flush(self):
        self.rows["content"], self.contents.new = self.contents.new, []
        for table, rows in self.rows.items():
            if rows:
                marks = ",".join("?" * len(rows[0]))
                self.connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
                rows.clear()


def make_runs(connection, runs, seed):
    """Put runs into a new store, spread evenly over the experiments, in turn of configs."""
    source = Source(seed)
    writer = Writer(connection, source)
    names = experiments()[: max(1, min(40, runs // SEEDS))]
    share = [runs // len(names) + (i < runs % len(names)) for i in range(len(names))]
    connection.executemany(
        "INSERT INTO experiment (id, name, created_ms) VALUES (?,?,?)",
        [(i, name, BEGIN_MS) for i, name in enumerate(names, 1)],
    )
    sweeps = [(i, sweep(source, count)) for i, count in enumerate(share, 1)]
    while sweeps:
        left = []
        for experiment, configs in sweeps:
            taken = list(islice(configs, SEEDS))
            for params in taken:
                writer.add_run(experiment, params)
            if len(taken) == SEEDS:
                left.append((experiment, configs))
        sweeps = left
    writer.flush()


def make_long(connection, shapes, seed):
    """Put runs of long series into a new store, one a shape of metrics and points."""
    source = Source(seed)
    connection.execute("INSERT INTO experiment VALUES (1, 'long', ?)", (BEGIN_MS,))
    for run, (metrics, points) in enumerate(shapes, 1):
        apart = max(1, 10_000_000 // points)
        began, name = BEGIN_MS + APART_MS * run, f"{metrics}x{points}"
        connection.execute(
            "INSERT INTO run (id, uuid, experiment, name, status, started_ms, ended_ms, host, "
            "points) VALUES (?, ?, 1, ?, 'finished', ?, ?, 'gpu01', ?)",
            (run, run_id(source, began), name, began, began + apart * points, metrics * points),
        )
        for number in range(metrics):
            make_series(connection, source, run, number, points, apart)


def make_series(connection, source, run, number, points, apart):
    """Put one long series into the store; a third of the way along stands a spike."""
    name, start, end, spread = METRICS[number % len(METRICS)]
    label = name if number < len(METRICS) else f"{name}.{number}"
    connection.execute("INSERT OR IGNORE INTO key VALUES (?,?,?,'')", (number + 1, METRIC, label))
    series, axes, fall = OpenSeries(run, number + 1), AxisCache(), 8 / points
    for first in range(0, points, STRETCH):
        steps = range(first, min(first + STRETCH, points))
        at = source.draw.randrange(NOISE)
        noise = source.noise[at:] + source.noise[:at]
        values = [
            end + (start - end) * math.exp(-fall * step) + spread * noise[step % NOISE]
            for step in steps
        ]
        if points // 3 in steps:
            values[points // 3 - first] = start * 10
        series.add(list(steps), [BEGIN_MS + apart * step for step in steps], values)
        series.save(connection, axes)
        axes.clear()


def fill(folder, work):
    """Make a store and let `work` fill it through a fast connection."""
    Store.open(folder, create=True).close()
    with Store.open(folder) as store:
        path = store.path
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-200000"):
        connection.execute(f"PRAGMA {pragma}")
    indexes = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type='index' AND sql IS NOT NULL"
    ).fetchall()
    connection.execute("BEGIN")
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    work(connection)
    for _, sql in indexes:
        connection.execute(sql)
    save_all_facts(connection)
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--long", choices=tuple(SHAPES))
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    started = time.perf_counter()
    if args.long is None:
        fill(args.folder, lambda connection: make_runs(connection, args.runs, args.seed))
    else:
        fill(args.folder, lambda connection: make_long(connection, SHAPES[args.long], args.seed))
    print(f"{args.folder}: made in {time.perf_counter() - started:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()

"""tui_tracker, as the side-by-side benchmark of loggers drives it.

Console capture, the capture of code, packages and hardware, and system samples are off, as
they are for every other logger there.
"""

import time

DIST = "tui-tracker"
MODULE = "tui_tracker"
_s = {}


def import_package():
    import tui_tracker  # noqa: F401


def start(run_dir, params=None, name="run"):
    import tui_tracker as tt

    _s["run"] = run = tt.init(
        "bench", name, params, store=run_dir, console=False, capture=False, system=False
    )
    # Callers fetch `log` after start(): this spares them one call of an adapter's.
    globals()["log"] = lambda step, metrics, _log=run.log: _log(metrics, step)


def log(step, metrics):
    _s["run"].log(metrics, step)


def finish():
    _s["run"].finish()


def import_reader():
    import tui_tracker.drain  # noqa: F401

    # Queries are loaded as they are asked for; what reading needs is not what is timed.
    from tui_tracker.queries import (  # noqa: F401
        get_run,
        list_last_values,
        list_run_keys,
        read_buckets,
        read_series,
    )


def _open(run_dir):
    from tui_tracker import drain
    from tui_tracker.store import Store

    store = Store.open(run_dir, create=True)
    drain.recover(store)
    return store


def count_points(run_dir):
    with _open(run_dir) as store:
        return store.read("SELECT coalesce(sum(n), 0) FROM series_block")[0][0]


def populate_series(run_dir, n, budget_s):  # noqa: ARG001  called so by the harness
    start(run_dir)
    for i in range(n):
        _s["run"].log({"train/loss": 2.0 / (1 + i * 1e-4)}, i)
    finish()
    return n


def _first_run(store):
    from tui_tracker import queries

    run = queries.list_run_keys(store)[0]
    return run, queries.get_run(store, run).row.metrics["train/loss"].key


def read_series(run_dir):
    from tui_tracker import queries

    with _open(run_dir) as store:
        return len(queries.read_series(store, *_first_run(store)).values)


def read_down(run_dir, k):
    from tui_tracker import queries

    with _open(run_dir) as store:
        return len(queries.read_buckets(store, *_first_run(store), k).mins)


def populate_runs(run_dir, n, budget_s):
    params = {
        "lr": 0.001,
        "batch_size": 64,
        "model": "resnet18",
        "depth": 18,
        "dropout": 0.1,
        "optimizer": "adamw",
        "seed": 0,
        "amp": True,
    }
    t = time.time()
    for r in range(n):
        start(run_dir, params | {"seed": r}, name=f"run{r}")
        for step in range(10):
            _s["run"].log({f"m{m}": m / (step + 1.0) for m in range(5)}, step)
        finish()
        if time.time() - t > budget_s:
            return r + 1
    return n


def list_runs(run_dir):
    from tui_tracker import queries

    with _open(run_dir) as store:
        rows = queries.list_last_values(store, queries.list_run_keys(store))
    assert all(len(metrics) == 5 for _, _, metrics in rows)
    return len(rows)

"""Compare two runs in all respects."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from tui_tracker import folder as folders
from tui_tracker.compare import groups
from tui_tracker.compare.code import compare_code
from tui_tracker.compare.ignoring import Ignored
from tui_tracker.compare.metrics import compare_metrics
from tui_tracker.compare.sides import read_sides
from tui_tracker.compare.values import RunDifference
from tui_tracker.queries import RunKey
from tui_tracker.store import Store


def compare_runs(
    store: Store, a: RunKey, b: RunKey, *, ignore: Iterable[str] = ()
) -> RunDifference:
    """Return all that differs between two runs; `ignore` has patterns as `Ignored` reads them.

    Raises:
        NotFound: a run is gone.
        StoreError: the store cannot be read.
    """
    ours, theirs = read_sides(store, [a, b])
    ignored = Ignored(ignore)
    metrics, same, hidden = compare_metrics(ours.run.row.metrics, theirs.run.row.metrics, ignored)
    names = ours.name, theirs.name
    code = compare_code(store, ours.facts("code"), theirs.facts("code"), names, ignored)
    compared = (
        groups.params,
        groups.data,
        partial(groups.split, artifacts=folders.artifacts(store.folder)),
        groups.packages,
        groups.python,
        groups.command,
        groups.seeds,
        groups.determinism,
        groups.variables,
        groups.hardware,
    )
    return RunDifference(
        a=ours.run.row,
        b=theirs.run.row,
        metrics=metrics,
        metrics_same=same,
        metrics_ignored=hidden,
        code=code,
        groups=tuple(compare(ours, theirs, ignored) for compare in compared),
    )

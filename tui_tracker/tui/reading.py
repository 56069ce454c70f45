"""What the screens ask the store: a few queries at a time, answered as one value.

Imported by the workers only, so that the first frame waits neither for SQLite nor for a
query. One answer holds all that changes together, and is painted once. What the table of
runs can do without is imported where it is used: the first page waits for this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tui_tracker.queries import Order, RunRow, Selection, get_rows, list_run_keys
from tui_tracker.store import Store
from tui_tracker.tui.columns import (
    SAMPLED_PARAMS,
    SAMPLED_RUNS,
    Column,
    column_of,
    rank_metrics,
    read_columns,
    table_columns,
)

if TYPE_CHECKING:
    from tui_tracker.code_store import CodeChange
    from tui_tracker.health import Health
    from tui_tracker.lineage import LineageTree, Progress
    from tui_tracker.queries import ConsoleLine, RunDetail
    from tui_tracker.queries.groups import GroupRow
    from tui_tracker.tui.tree import TreeFound, TreeWanted

COUNTED_RUNS = 5_000
"""Up to so many runs columns are chosen by all of them, above by a sample."""
NEWEST = Order()
MANY_METRICS = 2_000
SPARKED = 12
SPARK_BUCKETS = 24


@dataclass(frozen=True, slots=True)
class RunsWanted:
    """A table of runs: which, in what order, and which lines of it are on the screen."""

    selection: Selection
    order: Order
    first: int
    count: int
    columns: tuple[Column, ...] | None
    """None: choose them by what the runs have."""
    tree: TreeWanted | None
    """The branches to read as well."""
    differing: bool = False
    """Of the columns only those that differ between the runs, and all such params."""
    group: tuple[str, ...] = ()
    """What the runs are grouped by; empty where they are not."""


@dataclass(frozen=True, slots=True)
class RunsFound:
    """The answer to `RunsWanted`."""

    wanted: RunsWanted
    tree: TreeFound | None
    """Branches of all runs, whatever is selected; None where they were not asked for."""
    keys: list[int]
    columns: tuple[Column, ...]
    """Empty where there is no run to choose them by."""
    rows: dict[int, RunRow]
    read_at: datetime
    groups: tuple[GroupRow, ...] = ()
    """In their order, where groups were asked for; `keys` are then in no order to be shown."""
    metrics: tuple[str, ...] = ()
    """Specs of the metrics that the groups have statistics of."""
    more: bool = False
    """Only the first keys were read; there are more."""


def find_page(store: Store, wanted: RunsWanted) -> RunsFound:
    """Return the visible lines of a table from its beginning, with one key more than those.

    For an order that an index has: of a hundred thousand runs the first ones then take as long
    as those of a hundred. Nothing but runs is read, with the columns that are wanted.
    """
    keys = list_run_keys(store, wanted.selection, wanted.order, limit=wanted.count + 1)
    columns = wanted.columns or ()
    rows = read_rows(store, keys[: wanted.count], columns)
    more = len(keys) > wanted.count
    return RunsFound(wanted, None, keys, columns, rows, datetime.now(UTC), more=more)


def find_runs(store: Store, wanted: RunsWanted) -> RunsFound:
    """Return the keys of a table, its columns, and the cells of its visible lines."""
    order = NEWEST if wanted.group else wanted.order
    keys = list_run_keys(store, wanted.selection, order)
    columns = wanted.columns or (choose_columns(store, wanted.selection, keys) if keys else ())
    if wanted.differing and keys:
        columns = differing_columns(store, wanted.selection, columns)
    groups: tuple[GroupRow, ...] = ()
    metrics: tuple[str, ...] = ()
    if wanted.group:
        from tui_tracker.tui.group_reading import TAKEN_NAMES, find_groups

        groups, metrics = find_groups(store, wanted, columns)
        shown = groups[wanted.first : wanted.first + wanted.count]
        visible = [key for group in shown for key in group.members[:TAKEN_NAMES]]
    else:
        first = max(0, min(wanted.first, len(keys) - wanted.count))
        visible = keys[first : first + wanted.count]
    rows = read_rows(store, visible, columns)
    tree = None
    if wanted.tree:
        from tui_tracker.tui.reading_tree import read_tree

        tree = read_tree(store, wanted.tree)
    now = datetime.now(UTC)
    return RunsFound(wanted, tree, keys, columns, rows, now, groups, metrics)


def choose_columns(store: Store, selection: Selection, keys: Sequence[int]) -> tuple[Column, ...]:
    """Return the columns that tell the selected runs apart."""
    apart = max(1, len(keys) // SAMPLED_RUNS)
    some = keys[::apart][:SAMPLED_RUNS]
    if len(keys) <= COUNTED_RUNS:
        from tui_tracker.queries import list_columns

        params, metrics = list_columns(store, selection)
    else:
        # Counting the names of a hundred thousand runs takes half a second, which the first
        # page would wait for.
        from tui_tracker.queries.frequent import frequent_names

        params, metrics = frequent_names(store, some, MANY_METRICS)
    sample = get_rows(store, some, params=params[:SAMPLED_PARAMS])
    columns = table_columns(metrics, params[:SAMPLED_PARAMS], sample)
    return _with_tool(store, columns) if store.foreign else columns


def _with_tool(store: Store, columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Return the columns with the tool of each run, where there are several."""
    ((tools,),) = store.read("SELECT count(DISTINCT json_extract(source, '$.tool')) FROM run")
    if tools < 2:
        return columns
    pinned = sum(column.pinned for column in columns)
    return (*columns[:pinned], *read_columns(["fact:tool"], 0), *columns[pinned:])


def differing_columns(
    store: Store, selection: Selection, columns: Sequence[Column]
) -> tuple[Column, ...]:
    """Return the columns that differ between the runs: of the given ones, and all params.

    Pinned ones stay, for without a name nobody knows which run is which; so do those of
    which it is not known.
    """
    from tui_tracker.queries import list_choices

    choices = list_choices(store, selection)
    same = {(one.spec.kind, one.spec.key) for one in choices if not one.differs}
    kept = [c for c in columns if c.pinned or (c.spec.partition(":")[0], c.key) not in same]
    there = {(column.kind, column.key) for column in kept}
    more = [
        column_of(one.spec)
        for one in choices
        if one.spec.kind == "param" and one.differs and ("param", one.spec.key) not in there
    ]
    return (*kept, *more)


def read_rows(store: Store, keys: Sequence[int], columns: Sequence[Column]) -> dict[int, RunRow]:
    """Return the rows of some runs with the cells that the columns show."""

    def names(kind: str) -> list[str]:
        return [column.key for column in columns if column.kind == kind]

    rows = get_rows(
        store,
        keys,
        params=names("param"),
        metrics=names("metric"),
        sparks=names("spark"),
        notes=any(column.kind == "notes" for column in columns),
    )
    return {row.key: row for row in rows}


@dataclass(frozen=True, slots=True)
class RunFound:
    """One run, and the curves that its overview draws small."""

    detail: RunDetail
    sparks: dict[str, list[float]]
    """Smallest and largest value along the curve, by metric label."""
    read_at: datetime
    health: tuple[Health, ...] = ()


def read_run(store: Store, key: int, *, overview: bool = True) -> RunFound:
    """Return everything that the pages of a run show but curves and console.

    Without `overview` what only that page shows is left out: ten times as dear as the rest.
    """
    from tui_tracker.queries import get_run, read_buckets, read_health

    detail = get_run(store, key)
    if not overview:
        return RunFound(detail, {}, datetime.now(UTC))
    sparks = {}
    for label in rank_metrics(list(detail.row.metrics))[:SPARKED]:
        buckets = read_buckets(store, key, detail.row.metrics[label].key, SPARK_BUCKETS)
        if buckets is not None:
            pairs = zip(buckets.mins, buckets.maxs, strict=True)
            sparks[label] = [value for pair in pairs for value in pair]
    health = read_health(store, [key]).get(key, ())
    return RunFound(detail, sparks, datetime.now(UTC), health)


def read_lines(store: Store, run: int, first: int, count: int) -> list[ConsoleLine]:
    """Return lines of a run's console."""
    from tui_tracker.queries import read_console

    return read_console(store, run, first, count)


def place_of_moment(store: Store, run: int, metric: int, at_ms: int, x: str) -> float | None:
    """Return where a moment is on an axis of `step`, `wall` or `relative`; None without points.

    Before the first point it is the first, after the last the last.
    """
    from tui_tracker.queries.curves import XAxis
    from tui_tracker.queries.probing import read_values_at

    ends = store.read(
        "SELECT first_ms, last_ms, first_step, last_step FROM metric WHERE run=? AND key=?",
        (run, metric),
    )
    if not ends:
        return None
    first_ms, last_ms, first_step, last_step = ends[0]
    inside = max(first_ms, min(last_ms, at_ms))
    if x == "wall":
        return float(inside)
    if x == "relative":
        started = store.read("SELECT started_ms FROM run WHERE id=?", (run,))[0][0]
        return float(inside - started)
    found = read_values_at(store, [(run, metric)], inside, XAxis("wall"))
    if not found:
        return float(first_step if inside <= first_ms else last_step)
    return float(found[run, metric].step)


def read_lineage(
    store: Store, key: int, *, deep: bool, progress: Progress | None = None
) -> LineageTree:
    """Return a run's lineage, checked against what is there now."""
    from tui_tracker.lineage import trace_lineage

    return trace_lineage(store, key, deep=deep, progress=progress)


@dataclass(frozen=True, slots=True)
class ChangesFound:
    """What was changed on top of the commit that a run was at."""

    name: str
    """The run's."""
    line: str
    """Its code in words."""
    changes: tuple[CodeChange, ...]
    patches: dict[str, str]
    """The diff of each file by its path, secrets replaced."""
    empty: str
    """What to say where there is no changed file."""


def read_changes(store: Store, key: int, against: int | None = None) -> ChangesFound:
    """Return the changed files of a run and their diffs, from the store's own copy.

    Changed since its commit, or else since the code of the run `against`.

    Raises:
        CodeUnavailable: there is no copy of the code.
    """
    if against is not None:
        return _changes_between(store, against, key)
    from tui_tracker.capture.redaction import redact_text
    from tui_tracker.compare.code import changes_of_run
    from tui_tracker.lineage.words import code_line
    from tui_tracker.queries import get_run

    changes, patches, facts = changes_of_run(store, key)
    run = get_run(store, key)
    empty = "Nothing was changed on top of the commit." if facts.get("commit") else ""
    empty = empty or "There is no commit to compare with."
    return ChangesFound(run.row.name, redact_text(code_line(facts)), changes, patches, empty)


def _changes_between(store: Store, old: int, new: int) -> ChangesFound:
    from tui_tracker.capture.redaction import redact_text
    from tui_tracker.compare.changes import patches_between
    from tui_tracker.compare.sides import read_sides
    from tui_tracker.lineage.words import code_line

    ours, theirs = read_sides(store, [old, new])
    changes, patches = patches_between(store, ours, theirs)
    told = [redact_text(code_line(side.facts("code"))) for side in (ours, theirs)]
    names = f"{ours.name} → {theirs.name}"
    return ChangesFound(
        names, " → ".join(dict.fromkeys(told)), changes, patches, "The code is the same."
    )

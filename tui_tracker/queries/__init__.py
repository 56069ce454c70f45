"""Questions to the store: reads only, answers are frozen values.

A table of runs is an ordered list of keys (one query) plus the cells of the rows
that are on the screen (one query a kind of cell), so that a hundred thousand runs
and a hundred feel the same. A `RunKey` is the store's own small integer for a run;
it means nothing in another store and never leaves the process: people and scripts
see `id`.
"""

from tui_tracker.queries.answers import (
    Artifact,
    Buckets,
    ConsoleLine,
    ExperimentRow,
    LineagePart,
    MetricSummary,
    Note,
    Order,
    ParamChange,
    ParamValue,
    RunDetail,
    RunKey,
    RunRow,
    Selection,
    Series,
    Status,
    StoreFacts,
)
from tui_tracker.queries.details import find_metric, get_run, list_param_changes
from tui_tracker.queries.facts import data_version, store_facts
from tui_tracker.queries.overview import LastValues, list_last_values
from tui_tracker.queries.points import read_buckets, read_console, read_series
from tui_tracker.queries.runs import (
    find_run,
    get_rows,
    list_columns,
    list_experiments,
    list_run_keys,
    run_id,
)

__all__ = [
    "Artifact",
    "Buckets",
    "ConsoleLine",
    "ExperimentRow",
    "LastValues",
    "LineagePart",
    "MetricSummary",
    "Note",
    "Order",
    "ParamChange",
    "ParamValue",
    "RunDetail",
    "RunKey",
    "RunRow",
    "Selection",
    "Series",
    "Status",
    "StoreFacts",
    "data_version",
    "find_metric",
    "find_run",
    "get_rows",
    "get_run",
    "list_columns",
    "list_experiments",
    "list_last_values",
    "list_param_changes",
    "list_run_keys",
    "read_buckets",
    "read_console",
    "read_series",
    "run_id",
    "store_facts",
]

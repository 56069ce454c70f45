"""Questions to the store: reads only, answers are frozen values.

A table of runs is an ordered list of keys (one query) plus the cells of the rows
that are on the screen (one query a kind of cell), so that a hundred thousand runs
and a hundred feel the same. A `RunKey` is the store's own small integer for a run;
it means nothing in another store and never leaves the process: people and scripts
see `id`.

What is not asked is not loaded: a list of runs for a script needs a tenth of this.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tui_tracker.queries.answers import (
        Artifact,
        Buckets,
        ConsoleLine,
        ExperimentRow,
        LineagePart,
        MetricSummary,
        Note,
        ParamChange,
        ParamValue,
        RunDetail,
        RunKey,
        RunRow,
        Series,
        Status,
        StoreFacts,
    )
    from tui_tracker.queries.choices import ColumnChoice, list_choices, list_columns
    from tui_tracker.queries.columns import ColumnSpec, parse_column, parse_columns
    from tui_tracker.queries.console import Searched, find_line_at, search_console
    from tui_tracker.queries.curves import ChartWanted, Pair, XAxis, read_curves
    from tui_tracker.queries.curves_over import read_difference
    from tui_tracker.queries.details import find_metric, get_run, list_param_changes
    from tui_tracker.queries.facets import (
        FieldInfo,
        FieldValues,
        ValueCount,
        list_fields,
        list_values,
    )
    from tui_tracker.queries.facts import data_version, store_facts
    from tui_tracker.queries.groups import (
        BUT_SEED,
        GroupOrder,
        GroupRow,
        GroupStat,
        group_runs,
        parse_group_order,
    )
    from tui_tracker.queries.health import read_health
    from tui_tracker.queries.overview import LastValues, list_last_values
    from tui_tracker.queries.points import read_buckets, read_console, read_series
    from tui_tracker.queries.probing import (
        Crossing,
        PointFound,
        first_crossings,
        read_values_at,
    )
    from tui_tracker.queries.runs import (
        find_run,
        get_rows,
        list_experiments,
        run_id,
    )
    from tui_tracker.queries.selection import ABSENT, Absent, Order, Selection, list_run_keys
    from tui_tracker.queries.sorting import order_by
    from tui_tracker.queries.suggestions import Suggestion, Suggestions, suggest

__all__ = [
    "ABSENT",
    "BUT_SEED",
    "Absent",
    "Artifact",
    "Buckets",
    "ChartWanted",
    "ColumnChoice",
    "ColumnSpec",
    "ConsoleLine",
    "Crossing",
    "ExperimentRow",
    "FieldInfo",
    "FieldValues",
    "GroupOrder",
    "GroupRow",
    "GroupStat",
    "LastValues",
    "LineagePart",
    "MetricSummary",
    "Note",
    "Order",
    "Pair",
    "ParamChange",
    "ParamValue",
    "PointFound",
    "RunDetail",
    "RunKey",
    "RunRow",
    "Searched",
    "Selection",
    "Series",
    "Status",
    "StoreFacts",
    "Suggestion",
    "Suggestions",
    "ValueCount",
    "XAxis",
    "data_version",
    "find_line_at",
    "find_metric",
    "find_run",
    "first_crossings",
    "get_rows",
    "get_run",
    "group_runs",
    "list_choices",
    "list_columns",
    "list_experiments",
    "list_fields",
    "list_last_values",
    "list_param_changes",
    "list_run_keys",
    "list_values",
    "order_by",
    "parse_column",
    "parse_columns",
    "parse_group_order",
    "read_buckets",
    "read_console",
    "read_curves",
    "read_difference",
    "read_health",
    "read_series",
    "read_values_at",
    "run_id",
    "search_console",
    "store_facts",
    "suggest",
]

_PLACES = {
    "answers": "Artifact Buckets ConsoleLine ExperimentRow LineagePart MetricSummary Note "
    "ParamChange ParamValue RunDetail RunKey RunRow Series Status StoreFacts",
    "curves": "ChartWanted Pair XAxis read_curves",
    "curves_over": "read_difference",
    "choices": "ColumnChoice list_choices list_columns",
    "columns": "ColumnSpec parse_column parse_columns",
    "sorting": "order_by",
    "console": "Searched find_line_at search_console",
    "details": "find_metric get_run list_param_changes",
    "facts": "data_version store_facts",
    "facets": "FieldInfo FieldValues ValueCount list_fields list_values",
    "health": "read_health",
    "overview": "LastValues list_last_values",
    "points": "read_buckets read_console read_series",
    "probing": "Crossing PointFound first_crossings read_values_at",
    "suggestions": "Suggestion Suggestions suggest",
    "runs": "find_run get_rows list_experiments run_id",
    "groups": "BUT_SEED GroupOrder GroupRow GroupStat group_runs parse_group_order",
    "selection": "ABSENT Absent Order Selection list_run_keys",
}
_MODULES = {name: module for module, names in _PLACES.items() for name in names.split()}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value

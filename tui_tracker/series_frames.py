"""One series as a frame of pandas or polars.

    step    int64
    time    datetime64[ms, UTC]   (polars: Datetime("ms", "UTC"))
    value   float64               NaN and infinities as logged

One line a point, in log order. Both libraries are extras, loaded where a frame is made.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from tui_tracker import blocks
from tui_tracker.errors import InvalidArgument, NotFound, StoreDamaged
from tui_tracker.store import Store

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from typing import Literal

    Engine = Literal["pandas", "polars"]
    Frame = Any
    """A `pandas.DataFrame` or a `polars.DataFrame`."""
    Columns = tuple[array[int], array[int], array[float]]
    """Steps, Unix milliseconds, values."""

ENGINES = ("pandas", "polars")


def series_frame(
    folder: str | os.PathLike[str] | None,
    run_id: str,
    metric: str,
    context: str = "",
    engine: Engine = "pandas",
) -> Frame:
    """Return all points of a metric of a run, with all that was logged until now.

    `metric` is a name or a label (`name@context`). A metric of the user's comes before what
    was sampled from the machine.

    Raises:
        NotFound: the run never logged it.
        InvalidArgument: the library is not installed, or is not known.
        StoreError: the store cannot be read.
    """
    from tui_tracker.drain import recover

    load_engine(engine)
    with Store.open(folder) as store:
        recover(store)
        return points_frame(*read_series(store, run_id, metric, context), engine)


def _as_read(store: Store, run: int, name: str) -> str:
    """Return what a metric of that name, as the run logged it, is read as."""
    from tui_tracker.alias_views import KINDS, READ_AS

    rows = store.read(READ_AS, {"run": run, "kind": KINDS["metric"], "name": name})
    return str(rows[0][0]) if rows else name


def read_series(store: Store, run_id: str, metric: str, context: str = "") -> Columns:
    """Return the points of a metric of a run.

    Raises:
        NotFound: there is no such run, or it never logged the metric.
        StoreDamaged: a block cannot be read.
    """
    found = store.read("SELECT id FROM run WHERE uuid=?", (bytes.fromhex(run_id.replace("-", "")),))
    if not found:
        raise NotFound("run", run_id)
    run = found[0][0]
    rows = store.read(
        "SELECT k.id, k.kind, k.name, k.context FROM metric AS m JOIN key AS k ON k.id = m.key "
        "WHERE m.run=? ORDER BY k.kind",
        (run,),
    )
    name, _, rest = metric.rpartition("@")
    wanted = [(metric, context), *([] if context else [(name, rest)])]
    key = next((row[0] for one in wanted for row in rows if row[2:] == one), None)
    if key is None and store.aliased:
        read = [(_as_read(store, run, one), where) for one, where in wanted]
        key = next((row[0] for one in read for row in rows if row[2:] == one), None)
    if key is None:
        labels = [f"{row[2]}@{row[3]}" if row[3] else row[2] for row in rows]
        raise NotFound("metric", f"{metric}@{context}" if context else metric, labels)
    steps, times, values = array("q"), array("q"), array("d")
    for (data,) in store.read(
        "SELECT b.data FROM series_block AS s JOIN block AS b ON b.id = s.data "
        "WHERE s.run=? AND s.metric=? ORDER BY s.seq",
        (run, key),
    ):
        try:
            more_steps, more_times = blocks.decode_axis(data)
            values += blocks.decode_values(data)
        except ValueError as error:
            raise StoreDamaged(store.path, str(error)) from error
        steps += more_steps
        times += more_times
    return steps, times, values


def points_frame(
    steps: Sequence[int], times_ms: Sequence[int], values: Sequence[float], engine: Engine
) -> Frame:
    """Return points as a frame."""
    library = load_engine(engine)
    return library.DataFrame(
        {
            "step": whole_column(library, steps),
            "time": time_column(library, times_ms),
            "value": float_column(library, values),
        }
    )


def load_engine(engine: str) -> Any:
    """Return the module of a library of frames.

    Raises:
        InvalidArgument: it is none of `ENGINES`, or not installed.
    """
    from importlib import import_module

    if engine not in ENGINES:
        raise InvalidArgument(f"engine={engine!r} is not known: {' and '.join(ENGINES)} are")
    try:
        return import_module(engine)
    except ImportError as error:
        needed = f"frames of {engine} need it installed: pip install 'tui-tracker[{engine}]'"
        raise InvalidArgument(needed) from error


def whole_column(library: Any, values: Sequence[int]) -> Any:
    """Return whole numbers as a column, int64."""
    return library.Series(_numbers(library, values, "q"), dtype=_type(library, "int64", "Int64"))


def float_column(library: Any, values: Sequence[float]) -> Any:
    """Return numbers as a column, float64."""
    return library.Series(
        _numbers(library, values, "d"), dtype=_type(library, "float64", "Float64")
    )


def time_column(library: Any, times_ms: Sequence[int | None]) -> Any:
    """Return Unix milliseconds as a column of times in UTC; None is no time."""
    if is_polars(library):
        column = library.Series(_numbers(library, times_ms, "q"), dtype=library.Int64)
        return column.cast(library.Datetime("ms", "UTC"))
    import numpy

    lowest = -(2**63)  # what numpy keeps for "no time"
    whole = array("q", [lowest if ms is None else ms for ms in times_ms])
    times = numpy.frombuffer(whole, dtype="int64").view("datetime64[ms]")
    return library.Series(library.DatetimeIndex(times).tz_localize("UTC"))


def is_polars(library: Any) -> bool:
    return bool(library.__name__ == "polars")


def _type(library: Any, pandas: str, polars: str) -> Any:
    return getattr(library, polars) if is_polars(library) else pandas


def _numbers(library: Any, values: Sequence[Any], kind: str) -> Any:
    """Return numbers in the form that a library takes without looking at each of them."""
    if not isinstance(values, array) or not len(values):
        return list(values)
    try:
        import numpy
    except ImportError:  # polars goes without it
        return values.tolist()
    del library
    return numpy.frombuffer(values, dtype={"q": "int64", "d": "float64"}[kind])

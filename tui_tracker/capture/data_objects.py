"""What can be told of an object that holds data without reading all of it.

Its kind, size, rows and columns; a copy that stands still while it is hashed; and for
datasets that are more than their memory, what names their content: a fingerprint, or the
files that they read.
"""

from __future__ import annotations

import os
import sys

from tui_tracker.capture.digests import fingerprint, libraries_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_KINDS = {"pandas": "pandas", "polars": "polars", "pyarrow": "arrow", "numpy": "numpy"}
_KINDS |= {"torch": "torch"}
_MOST_COLUMNS = 1000
_FEW = 10
_MOST_MEMBERS = 1000
"""Members of a list or dict that are looked at one by one for their size."""
_ROOTS = ("root", "root_dir", "data_dir", "data_root", "root_folder")


def describe(value: object) -> dict[str, object]:
    """Return kind, and where they can be told rows, columns and bytes; never raises."""
    facts: dict[str, object] = {"kind": kind_of(value)}
    try:
        rows, columns, size = _rows(value), _columns(value), size_of(value)
    except Exception:  # noqa: BLE001  an object of the user's may answer with anything
        return facts
    if rows is not None:
        facts["rows"] = rows
    if columns:
        facts["columns"] = columns[:_MOST_COLUMNS]
        if len(columns) > _MOST_COLUMNS:
            facts["more_columns"] = len(columns) - _MOST_COLUMNS
    if size:
        facts["bytes"] = size
    return facts


def kind_of(value: object) -> str:
    """Return what kind of data it is, by the library it comes from."""
    if isinstance(value, (list, tuple)) and 0 < len(value) <= _FEW:
        kinds = set(map(kind_of, value))
        return kinds.pop() if len(kinds) == 1 else "object"  # (X, y) is what X and y are
    return next((_KINDS[name] for name in libraries_of(value) if name in _KINDS), "object")


def size_of(value: object, depth: int = 3) -> int:
    """Return about how many bytes would be hashed; 0 where that is not known."""
    if isinstance(value, (str, bytes, bytearray)):
        return len(value)
    if isinstance(value, (dict, list, tuple)):
        members = list(value.values()) if isinstance(value, dict) else value
        if depth and len(members) <= _MOST_MEMBERS:
            return sum(size_of(member, depth - 1) for member in members)
        return 32 * len(members)
    counted = getattr(value, "memory_usage", None)
    if callable(counted):
        found: Any = counted()
        return int(found.sum() if hasattr(found, "sum") else found)
    estimate = getattr(value, "estimated_size", None)
    if callable(estimate):
        return int(estimate())
    if "scipy" in libraries_of(value) and hasattr(value, "data"):
        value = value.data
    size = getattr(value, "nbytes", 0)
    return size if isinstance(size, int) else 0


def still_copy(value: object, depth: int = 3) -> object:
    """Return what keeps its content while the script goes on to change the original."""
    if isinstance(value, dict) and type(value) is dict and depth:
        return {key: still_copy(member, depth - 1) for key, member in value.items()}
    if type(value) in (list, tuple) and depth:
        members = [still_copy(member, depth - 1) for member in value]  # type: ignore[attr-defined]
        return members if isinstance(value, list) else tuple(members)
    names = libraries_of(value)
    if "polars" in names or "torch" in names:
        copy = getattr(value, "clone", None)
    elif "pyarrow" in names:
        return value  # cannot be changed
    else:
        copy = getattr(value, "copy", None)
    return copy() if callable(copy) else value


def stands_still(value: object) -> bool:
    """Return whether `still_copy` keeps such a value apart from the original."""
    if isinstance(value, (dict, list, tuple)):
        members = list(value.values()) if isinstance(value, dict) else value
        return len(members) <= _MOST_MEMBERS and all(map(stands_still, members))
    if value is None or isinstance(value, (bool, int, float, str, bytes)):
        return True
    holds = bool({"pandas", "polars", "pyarrow", "numpy", "scipy"} & set(libraries_of(value)))
    return holds or type(value).__name__ in ("Tensor", "Parameter")


def inner_data(value: object) -> object:
    """Return the dataset of a loader of torch, anything else as it is."""
    loads = type(value).__name__ == "DataLoader" and "torch" in libraries_of(value)
    return value.dataset if loads else value  # type: ignore[attr-defined]


def named_content(value: object) -> dict[str, object] | None:
    """Return the facts of a dataset that names its own content, None for any other object.

    A Hugging Face dataset has a fingerprint of its source and of all that was done to it
    since; others may have a `__fingerprint__()` or a `_fingerprint`.
    """
    mark = fingerprint(value)
    if mark is None:
        return None
    facts = describe(value)
    kind = "huggingface" if "datasets" in libraries_of(value) else "fingerprint"
    pointer: dict[str, object] = {"kind": kind, "fingerprint": mark}
    info = getattr(value, "info", None)
    for name in ("builder_name", "config_name", "version"):
        if (found := getattr(info, name, None)) is not None:
            pointer[name] = str(found)
    if (part := getattr(value, "split", None)) is not None and kind == "huggingface":
        pointer["split"] = str(part)
    shown = "pointer" if kind == "huggingface" else facts["kind"]
    return {**facts, "kind": shown, "digest": f"{kind}:{mark}", "full": True, "pointer": pointer}


def roots_of(value: object) -> list[str]:
    """Return the files and folders that a dataset says it reads, if they are there."""
    inner, several = getattr(value, "dataset", None), getattr(value, "datasets", None)
    if inner is not None and "torch" in libraries_of(value):
        return roots_of(inner)
    if isinstance(several, (list, tuple)) and "torch" in libraries_of(value):
        found = [roots_of(one) for one in several]
        return list(dict.fromkeys(root for roots in found for root in roots)) if all(found) else []
    for name in _ROOTS:
        root = getattr(value, name, None)
        if isinstance(root, (str, os.PathLike)) and os.path.lexists(root) and os.fspath(root):
            return [os.fsdecode(root)]
    return []


def chosen_rows(value: object) -> list[object]:
    """Return which rows of the datasets below a dataset chooses, outermost first."""
    found: list[object] = []
    while (inner := getattr(value, "dataset", None)) is not None and len(found) < 10:
        if (rows := getattr(value, "indices", None)) is not None:
            found.append(rows)
        value = inner
    return found


def is_dataset(value: object) -> bool:
    """Return whether it is a dataset of torch, which is code as much as content."""
    data = sys.modules.get("torch.utils.data")
    return data is not None and isinstance(value, (data.Dataset, data.DataLoader))


def _rows(value: Any) -> int | None:
    if isinstance(value, (str, bytes, bytearray)):
        return None
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) or type(shape).__name__ == "Size":
        return int(shape[0]) if len(shape) else None  # type: ignore[arg-type, index]
    if isinstance(value, (dict, list, tuple)) and 0 < len(value) <= _FEW:
        members = list(value.values()) if isinstance(value, dict) else value
        lengths = {tuple(getattr(member, "shape", ("",))[:1]) for member in members}
        if lengths != {("",)}:
            rows: tuple[Any, ...] = lengths.pop() if len(lengths) == 1 else ()
            return int(rows[0]) if rows else None
    if isinstance(value, dict):
        return None
    return len(value) if hasattr(value, "__len__") else None


def _columns(value: Any) -> list[list[str]]:
    """Return names and dtypes; of an array its one dtype, under no name."""
    schema = getattr(value, "schema", None)
    kind = kind_of(value)
    if kind == "polars" and schema is not None:
        return [[str(name), str(dtype)] for name, dtype in schema.items()]
    if kind == "arrow" and schema is not None:
        return [[field.name, str(field.type)] for field in schema]
    if kind == "pandas" and hasattr(value, "columns"):
        return [[str(n), str(t)] for n, t in zip(value.columns, value.dtypes, strict=True)]
    dtype = getattr(value, "dtype", None)
    if dtype is None:
        return []
    name = getattr(value, "name", None)
    return [[str(name) if isinstance(name, str) else "", str(dtype)]]

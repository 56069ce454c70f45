"""Conditions that users write about a record: `tags.purpose == 'baseline' and env.gpu_count >= 1`.

Python's own grammar, of which only comparisons, `in`, `and`, `or`, `not`, names with dots
and plain values are known: nothing is ever called or looked up outside of the record. A
name that the record does not have is None, and a comparison with None is false, but for
`== None` and `!= None`.

    tags.KEY       the value of the tag KEY:value; True for a tag KEY
    params.NAME    metrics.NAME (its last value), metrics.NAME.best / min / max / mean / count
    data.name, data.version, data.digest    of the first data set
    env.python, env.gpu_count, env.packages.NAME
    run.name, run.experiment, run.status, run.host, run.user, run.duration_s
    PART.FACT...   any other fact of the lineage: code.dirty, hardware.cores
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Sequence
from typing import Any

from tui_tracker.audit.record import RunRecord
from tui_tracker.errors import InvalidArgument
from tui_tracker.queries.rows import PARAM_KIND
from tui_tracker.telling import metric_stat

Condition = Callable[[RunRecord], bool]

_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}
_STATS = ("last", "min", "max", "mean", "count", "first", "best")


def read_condition(text: str, where: str) -> Condition:
    """Return the condition that a text states; `where` is named in errors.

    Raises:
        InvalidArgument: the text is none.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        _check(tree)
    except (SyntaxError, ValueError, RecursionError) as error:
        problem = error.msg if isinstance(error, SyntaxError) else str(error)
        raise InvalidArgument(f"{where}: {text!r} is no condition: {problem}") from error
    return lambda record: bool(_value(tree, record))


def _check(node: ast.AST) -> None:
    """Raise ValueError where a condition holds anything but what is allowed."""
    if isinstance(node, ast.BoolOp):
        children: Sequence[ast.AST] = node.values
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub)):
        children = [node.operand]
    elif isinstance(node, ast.Compare) and all(type(op) in _COMPARE for op in node.ops):
        children = [node.left, *node.comparators]
    elif isinstance(node, (ast.List, ast.Tuple)):
        children = node.elts
    elif isinstance(node, ast.Constant) and isinstance(node.value, (str, int, float, type(None))):
        return
    elif isinstance(node, (ast.Attribute, ast.Name, ast.Subscript)):
        _path(node)
        return
    else:
        raise ValueError("only comparisons, and, or, not, names and plain values are known")
    for child in children:
        _check(child)


def _path(node: ast.AST) -> list[str]:
    """Return a dotted name as its parts; `params['a b']` names what has odd letters."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        return [*_path(node.value), node.attr]
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return [*_path(node.value), str(node.slice.value)]
    raise ValueError("a name is made of words with dots between them")


def _value(node: ast.AST, record: RunRecord) -> Any:
    if isinstance(node, ast.BoolOp):
        values = (_value(child, record) for child in node.values)
        return all(values) if isinstance(node.op, ast.And) else any(values)
    if isinstance(node, ast.UnaryOp):
        value = _value(node.operand, record)
        if isinstance(node.op, ast.Not):
            return not value
        return -value if isinstance(value, (int, float)) else None
    if isinstance(node, ast.Compare):
        return _holds(node, record)
    if isinstance(node, (ast.List, ast.Tuple)):
        return [_value(child, record) for child in node.elts]
    if isinstance(node, ast.Constant):
        return node.value
    return look_up(record, _path(node))


def _holds(node: ast.Compare, record: RunRecord) -> bool:
    left = _value(node.left, record)
    for op, child in zip(node.ops, node.comparators, strict=True):
        right = _value(child, record)
        if (left is None or right is None) and not isinstance(op, (ast.Eq, ast.NotEq)):
            return False
        try:
            if not _COMPARE[type(op)](left, right):
                return False
        except TypeError:  # a text and a number have no order
            return False
        left = right
    return True


def look_up(record: RunRecord, path: Sequence[str]) -> Any:
    """Return what a dotted name means in a record; None where there is nothing."""
    head, *rest = path
    name = ".".join(rest)
    if head == "tags":
        return record.tag(name) or (True if name in record.tags else None)
    if head == "params":
        known = record.params
        return known.get(name if name in known else record.read_as.get((PARAM_KIND, name), name))
    if head == "metrics":
        return _metric(record, name)
    if head == "run":
        row = record.detail.row
        source = record.detail if name in ("host", "user") else row
        return getattr(source, name, None) if name.isidentifier() else None
    if head == "data" and rest:
        first = next(iter(record.data_versions), ("", "", ""))
        told = {"name": first[0], "version": first[1], "digest": first[2]}
        return told.get(name) or None
    if head == "env":
        return _environment(record, rest)
    return record.fact(head, *rest)


def _metric(record: RunRecord, name: str) -> float | None:
    stem, _, stat = name.rpartition(".")
    label = record.label_of(stem) if stat in _STATS else ""
    if not label:
        label, stat = record.label_of(name), "last"
    if not label:
        return None
    stat = metric_stat(label) if stat == "best" else stat
    value: float | None = getattr(record.metrics[label], stat)
    return value


def _environment(record: RunRecord, path: Sequence[str]) -> Any:
    if list(path) == ["gpu_count"]:
        return len(record.fact("hardware", "gpus") or [])
    if list(path) == ["python"]:
        return record.fact("environment", "python", "version")
    return record.fact("environment", *path)

"""Runs that have a certain value in a field: what a branch of the tree and a group stand for.

A value is as the store keeps it: a number, a text, None for a param that was given as None,
or `ABSENT` for runs that lack the field. Loaded by every list of runs, so it imports nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from tui_tracker.queries.selection import Absent

    Raw = str | float | None
    """A value as the store keeps it."""
    Condition = tuple[str, Raw | Absent]
    """A field as `ColumnSpec.sort_field` calls it, and the value in it."""

FACT_KIND = 3
LONG_TEXT = 512
"""Characters of a text that stand in `param`; the rest is told by its digest."""
_KEY = "(SELECT id FROM key WHERE kind = {kind} AND name = :{n} AND context = :{n}context)"


def where_sql(where: Sequence[Condition], absent: Absent) -> tuple[list[str], dict[str, Any]]:
    """Return conditions on run `r` and experiment `e`, and what they bind."""
    parts: list[str] = []
    bound: dict[str, Any] = {}
    for number, (field, value) in enumerate(where):
        n = f"w{number}"
        kind, _, name = field.partition(":")
        if value is absent:
            parts.append(_lacks(kind, name, n, bound))
        else:
            parts.append(_has(kind, name, value, n, bound))  # type: ignore[arg-type]
    return parts, bound


def _has(kind: str, name: str, value: Raw, n: str, bound: dict[str, Any]) -> str:
    bound[f"{n}v"] = value
    if kind == "experiment":
        branch = f"{value}/"
        bound |= {f"{n}branch": branch, f"{n}length": len(branch)}
        return f"(e.name = :{n}v OR substr(e.name, 1, :{n}length) = :{n}branch)"
    if kind == "started":
        bound[f"{n}v"], bound[f"{n}end"] = day_ms(str(value))
        return f"r.started_ms >= :{n}v AND r.started_ms < :{n}end"
    if kind in ("status", "name", "host", "user"):
        return f'r."{kind}" = :{n}v'
    if kind in ("tag", "tags"):
        bound[f"{n}v"] = f"{name}:{value}" if name else value
        return f"r.id IN (SELECT run FROM tag WHERE tag = :{n}v)"
    if kind in ("grade", "proof"):
        return _judged(kind, n, bound)
    return f"r.id IN ({_rows(kind, name, n, bound)} AND {_equals(kind, name, value, n, bound)})"


def _judged(kind: str, n: str, bound: dict[str, Any]) -> str:
    from tui_tracker import judged

    if kind == "proof":
        return f"{judged.PROOF} = :{n}v"
    bound[f"{n}profile"] = judged.profile_here()
    return judged.in_audit(f":{n}profile", f"a.grade = :{n}v")


def _lacks(kind: str, name: str, n: str, bound: dict[str, Any]) -> str:
    if kind in ("host", "user"):
        return f"r.\"{kind}\" = ''"
    if kind == "tags":
        return "NOT EXISTS (SELECT 1 FROM tag AS t WHERE t.run = r.id)"
    if kind == "tag":
        bound |= {f"{n}v": f"{name}:", f"{n}end": f"{name};"}
        return (
            f"NOT EXISTS (SELECT 1 FROM tag AS t WHERE t.run = r.id "
            f"AND t.tag > :{n}v AND t.tag < :{n}end)"
        )
    if kind not in ("param", "metric", "fact"):
        return "0"
    return f"r.id NOT IN ({_rows(kind, name, n, bound)})"


def _rows(kind: str, name: str, n: str, bound: dict[str, Any]) -> str:
    """Return the runs that have a param, a metric or a fact at all."""
    from tui_tracker.queries.order import split_label, split_statistic

    context = ""
    if kind == "metric":
        name, context = split_label(split_statistic(name)[0])
    bound |= {n: name, f"{n}context": context}
    key = _KEY.format(kind={"param": 0, "metric": 1, "fact": FACT_KIND}[kind], n=n)
    if kind == "fact":
        joined = "fact AS f JOIN run_body AS b ON b.body = f.body"
        return f"SELECT b.run FROM {joined} WHERE f.key = {key}"
    return f"SELECT o.run FROM {kind} AS o WHERE o.key = {key}"


def _equals(kind: str, name: str, value: Raw, n: str, bound: dict[str, Any]) -> str:
    if kind == "fact":
        return f"f.text = :{n}v"
    if kind == "metric":
        from tui_tracker.queries.order import split_statistic, statistic_sql

        return f"{statistic_sql('o', *split_statistic(name))} IS :{n}v"
    if value is None:
        return f"o.number IS :{n}v AND o.text IS NULL"
    if not isinstance(value, str):
        return f"o.number = :{n}v"
    text, _, digest = value.partition("\0") if len(value) > LONG_TEXT else (value, "", "")
    bound[f"{n}v"] = text
    if not digest:
        return f"o.text = :{n}v AND o.digest IS NULL"
    bound[f"{n}digest"] = digest
    return f"o.text = :{n}v AND hex(o.digest) = :{n}digest"


def day_ms(day: str) -> tuple[int, int]:
    """Return first Unix millisecond of a day (`2026-11-01`) here, and of the day after."""
    from datetime import datetime, timedelta

    start = datetime.fromisoformat(day)
    # Each end is told in this machine's zone on its own: a day may have 23 or 25 hours.
    after = (start + timedelta(days=1)).astimezone()
    return int(start.astimezone().timestamp() * 1000), int(after.timestamp() * 1000)

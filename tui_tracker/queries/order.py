"""What runs are sorted by, as SQL: one key after the other, runs without a value last.

Of those without a value, a metric that was logged (NaN only) comes before one that was not.
Loaded by every list of runs, so it imports next to nothing.
"""

from __future__ import annotations

import time

from tui_tracker.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tui_tracker.queries.selection import Order

STATISTICS = ("last", "min", "max", "mean", "first", "count", "std", "best", "nan", "inf")
_PARAM_KIND, _METRIC_KIND, _FACT_KIND = 0, 1, 3
_SIMPLE = {
    "started": "r.started_ms",
    "name": "r.name",
    "experiment": "e.name",
    "status": "r.status",
    "ended": "r.ended_ms",
    "host": "nullif(r.host, '')",
    "user": "nullif(r.\"user\", '')",
    "id": "r.uuid",
    "duration": "(coalesce(r.ended_ms, :now) - r.started_ms)",
    "tags": "(SELECT count(*) FROM tag AS t WHERE t.run = r.id)",
    "notes": "(SELECT count(*) FROM note AS n WHERE n.run = r.id)",
}
_FORMS = (
    "param:KEY",
    "tag:KEY",
    "fact:KEY",
    "metric:NAME[.last|.min|.max|.mean|.std|.first|.count|.best]",
)


class OrderSql:
    """Joins and terms of an `ORDER BY`, and what they bind."""

    __slots__ = ("bound", "graded", "joins", "terms")

    def __init__(self) -> None:
        self.joins: list[str] = []
        self.terms: list[str] = []
        self.bound: dict[str, Any] = {}
        self.graded = False
        """Audits have to be up to date for it."""

    def add(self, order: Order, number: int) -> None:
        """Add one key; `number` keeps its names apart from those of the others."""
        down = "DESC" if order.descending else "ASC"
        if order.field == "started":
            # A start is never missing, and only so is its index used.
            self.terms.append(f"r.started_ms {down}")
            return
        value = self._value(order.field, number)
        joined = f"o{number}." in value
        lacking = f"({value} IS NULL) + (o{number}.run IS NULL)" if joined else f"{value} IS NULL"
        self.terms.append(f"{lacking}, {value} {down}")

    def _value(self, field: str, number: int) -> str:
        if field in ("grade", "proof"):
            return self._judged(field)
        if field in _SIMPLE:
            if field == "duration":
                self.bound["now"] = int(time.time() * 1000)
            return _SIMPLE[field]
        kind, _, name = field.partition(":")
        if not name or kind not in ("param", "metric", "tag", "fact"):
            known = ", ".join([*_SIMPLE, "grade", "proof", *_FORMS])
            raise InvalidArgument(f"runs cannot be sorted by {field!r}: use {known}")
        if kind == "tag":
            # What begins with `name:` stands between that and the next character, `;`.
            self.bound |= {f"tag{number}": f"{name}:", f"tag{number}end": f"{name};"}
            return (
                f"(SELECT min(t.tag) FROM tag AS t WHERE t.run = r.id "
                f"AND t.tag > :tag{number} AND t.tag < :tag{number}end)"
            )
        if kind == "fact":
            self.bound[f"fact{number}"] = name
            # A number comes before every text in SQLite, so that both can be in one column.
            return (
                "(SELECT min(coalesce(f.number, f.text)) FROM run_body AS b JOIN fact AS f "
                "ON f.body = b.body WHERE b.run = r.id AND f.key = (SELECT id FROM key "
                f"WHERE name = :fact{number} AND kind = {_FACT_KIND} AND context = ''))"
            )
        if kind == "param":
            self._join("param", number, name, "", _PARAM_KIND)
            # NaN is kept as a text, and must not stand among the texts.
            return (
                f"CASE WHEN o{number}.type = 'float' THEN o{number}.number "
                f"ELSE coalesce(o{number}.number, o{number}.text) END"
            )
        label, statistic = split_statistic(name)
        self._join("metric", number, *split_label(label), _METRIC_KIND)
        return statistic_sql(f"o{number}", label, statistic)

    def _judged(self, field: str) -> str:
        from tui_tracker import judged

        if field == "proof":
            return judged.PROOF
        self.graded = True
        self.bound["audit_profile"] = judged.profile_here()
        return judged.audit_value("score", ":audit_profile")

    def _join(self, table: str, number: int, name: str, context: str, kind: int) -> None:
        o = f"o{number}"
        self.joins.append(
            f"LEFT JOIN {table} AS {o} ON {o}.run = r.id AND {o}.key = (SELECT id FROM key "
            f"WHERE name = :{o}name AND kind = {kind} AND context = :{o}context)"
        )
        self.bound |= {f"{o}name": name, f"{o}context": context}


def order_sql(order: Order) -> OrderSql:
    """Return the SQL of an order; what ties in all of its keys goes by start, newest first.

    Raises:
        InvalidArgument: a key names no field.
    """
    made = OrderSql()
    for number, key in enumerate((order, *order.then)):
        made.add(key, number)
    down = "ASC" if order.field == "started" and not order.descending else "DESC"
    # Two terms: one that stands there already must not be said twice, or SQLite sorts.
    made.terms += [f"r.started_ms {down}", f"r.id {down}"]
    return made


def split_statistic(name: str) -> tuple[str, str]:
    """Return label and statistic of `LABEL[.STATISTIC]`; the last value where none is said."""
    stem, dot, statistic = name.rpartition(".")
    return (stem, statistic) if dot and stem and statistic in STATISTICS else (name, "last")


def split_label(label: str) -> tuple[str, str]:
    """Return name and context of a metric's label."""
    name, separator, context = label.rpartition("@")
    return (name, context) if separator else (label, "")


def statistic_sql(row: str, label: str, statistic: str) -> str:
    """Return a statistic of a row of `metric`, NULL where it has no number.

    The spread of a series is its variance here: what is sorted by it falls the same way, and
    not every SQLite has a square root.
    """
    if statistic == "best":
        from tui_tracker.telling import metric_stat

        statistic = metric_stat(label)
    if statistic == "std":
        finite = f"({row}.count - {row}.nan - {row}.inf)"
        return f"CASE WHEN {finite} > 1 THEN {row}.m2 / ({finite} - 1) END"
    return f"{row}.{statistic}"

"""What a bare name of a column means in a store: `val_f1.max`, `lr`, `data.version`.

Looked for in this order, as in queries: plain columns, metrics, metrics and a statistic,
params, facts. `param:lr`, or `param.lr` as in queries, says which is meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import cast

from tui_tracker.errors import BadColumn
from tui_tracker.queries.columns import (
    NAMED,
    PLAIN,
    ColumnSpec,
    NamedKind,
    Statistic,
    parse_column,
    split_head,
    split_specs,
    unknown,
)
from tui_tracker.queries.order import STATISTICS
from tui_tracker.queries.renamed import renamed
from tui_tracker.queries.rows import FACT_KIND, METRIC_KIND, PARAM_KIND
from tui_tracker.queries.selection import Order
from tui_tracker.queries.sorting import sort_key
from tui_tracker.store import Store

_PREFIXES: dict[str, NamedKind] = {
    **{kind: kind for kind in NAMED},
    **{f"{kind}s": kind for kind in NAMED},
}


class Names:
    """The params, metrics and facts that runs of a store have."""

    def __init__(self, store: Store) -> None:
        self._names: dict[int, set[str]] = {PARAM_KIND: set(), METRIC_KIND: set(), FACT_KIND: set()}
        for kind, name, context in store.read("SELECT kind, name, context FROM key"):
            if kind in self._names:
                self._names[kind].add(f"{name}@{context}" if context else name)
        self._renamed = renamed(store)

    def column(self, text: str) -> ColumnSpec:
        """Return the column that a text means, with its title and width.

        Raises:
            BadColumn: it means none; names the nearest.
        """
        head, rest = split_head(text.strip())
        kind, dot, name = head.partition(".")
        if head in PLAIN or head.partition(":")[0] in NAMED:
            return self._as_read(parse_column(text))
        found = self._bare(head)
        if found is None and dot and name and kind in _PREFIXES:
            return parse_column(f"{_PREFIXES[kind]}:{name}{rest}")
        if found is None:
            own = self._names[METRIC_KIND] | self._names[PARAM_KIND]
            raise unknown(text, head, own, PLAIN, self._names[FACT_KIND])
        return parse_column(f"{found.field}{rest}")

    def columns(self, texts: str | Sequence[str]) -> tuple[ColumnSpec, ...]:
        """Return the columns of lists with commas.

        Raises:
            BadColumn: one means none.
        """
        return tuple(map(self.column, split_specs(texts)))

    def metric(self, text: str) -> ColumnSpec:
        """Return the metric that a text means.

        Raises:
            BadColumn: it means another column, or none.
        """
        spec = self.column(text)
        if spec.kind != "metric":
            near = get_close_matches(text, self._names[METRIC_KIND], n=1)
            raise BadColumn(text, f"{spec.field!r} is no metric", nearest=near[0] if near else "")
        return spec

    def order(self, texts: str | Sequence[str], *, descending: bool | None = None) -> Order:
        """Return the order that sort keys with commas say, as `order_by`.

        `descending` is for the keys that say neither `-` nor `+`; None leaves it to them.

        Raises:
            BadColumn: one means no column, or none that can be sorted by.
        """
        keys = []
        for text in split_specs(texts):
            sign = text[:1] if text[:1] in ("-", "+") else ""
            key = sort_key(sign, self.column(text[len(sign) :]))
            plain = sign or descending is None
            keys.append(key if plain else Order(key.field, bool(descending)))
        first, *more = keys or [Order()]
        return Order(first.field, first.descending, tuple(more))

    def _as_read(self, spec: ColumnSpec) -> ColumnSpec:
        """Return the column under the name that its metric or param is read as."""
        kind = {"metric": METRIC_KIND, "param": PARAM_KIND}.get(spec.kind)
        if kind is None or spec.key in self._names[kind]:
            return spec
        name, at, context = spec.key.partition("@") if kind == METRIC_KIND else (spec.key, "", "")
        read = self._renamed.get((kind, name))
        return spec if read is None else replace(spec, key=f"{read}{at}{context}")

    def _bare(self, name: str) -> ColumnSpec | None:
        stem, _, statistic = name.rpartition(".")
        metrics = self._names[METRIC_KIND]
        if name in metrics:
            return ColumnSpec("metric", name)
        if stem in metrics and statistic in STATISTICS:
            return ColumnSpec("metric", stem, cast("Statistic", statistic))
        if name in self._names[PARAM_KIND]:
            return ColumnSpec("param", name)
        if name in self._names[FACT_KIND]:
            return ColumnSpec("fact", name)
        return self._bare_renamed(name)

    def _bare_renamed(self, name: str) -> ColumnSpec | None:
        stem, _, statistic = name.rpartition(".")
        for kind, one in ((METRIC_KIND, name), (METRIC_KIND, stem), (PARAM_KIND, name)):
            plain, at, context = one.partition("@")
            read = self._renamed.get((kind, plain))
            if read is not None and (one == name or statistic in STATISTICS):
                said = statistic if one == stem else "best"
                label = f"{read}{at}{context}"
                if kind == PARAM_KIND:
                    return ColumnSpec("param", read)
                return ColumnSpec("metric", label, cast("Statistic", said))
        return None

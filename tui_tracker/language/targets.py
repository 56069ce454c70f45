"""What the fields of a query are in one store."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from tui_tracker.errors import QueryError
from tui_tracker.fact_rows import KIND as FACT_KIND
from tui_tracker.fact_rows import KNOWN as KNOWN_FACTS
from tui_tracker.fact_rows import package_name
from tui_tracker.judged import FIELDS as AUDIT_FIELDS
from tui_tracker.language.complete import written_field
from tui_tracker.language.tokens import STATISTICS
from tui_tracker.language.tree import Field
from tui_tracker.logged import Logged, logged
from tui_tracker.store import Store
from tui_tracker.telling import metric_stat

OWN = {
    "name": "the run's name",
    "id": "its id, the beginning or end of it",
    "experiment": "the experiment's name",
    "status": "running, finished, failed, killed, crashed",
    "tag": "any of its tags",
    "note": "any of its notes",
    "started": "when it began: 2 days ago, today, 2026-11-01",
    "ended": "when it ended",
    "duration": "how long it ran, or runs: 90, 30min, 2h, 1d",
    "host": "the machine's name",
    "user": "who started it",
    "reason": "why it ended, where it did not finish",
    "points": "how many values it logged",
    "artifact": "the path of any of its artifacts",
    "parent": "the id of its parent run",
    "archived": "it was archived",
    "starred": "it has the tag star",
}
"""The fields that every store has, and what they say."""
ALIASES = {"tags": "tag", "notes": "note", "artifacts": "artifact", "start": "started"}
_KINDS = {"param": 0, "metric": 1, "system": 2, "fact": FACT_KIND}
_MOST_NEAR = 5000
_PACKAGE = "package."

TargetKind = Literal["own", "audit", "param", "metric", "fact", "tag"]


@dataclass(frozen=True, slots=True)
class Target:
    """A field as the store knows it."""

    kind: TargetKind
    name: str
    keys: tuple[int, ...] = ()
    """Rows of `key`; empty where no run has the field."""
    rows: Logged | None = None
    """Where the rows of a param or metric stand."""
    statistic: str = "last"
    """Of a metric: a column of `metric`, or `std`."""


class Targets:
    """The fields of one store."""

    def __init__(self, store: Store, query: str) -> None:
        self._store, self._query = store, query

    def find(self, field: Field, *, lacking: bool = False) -> Target:
        """Return what a field is; `lacking` takes one that no run has, too.

        Raises:
            QueryError: no run of the store has it.
        """
        found = self._said(field) if field.kind else self._bare(field)
        if found is not None:
            return found
        if lacking:
            return Target("param", field.name)
        problem, near = self._unknown(field)
        length = max(1, len(str(field)))
        raise QueryError(self._query, field.column, problem, nearest=near, length=length)

    def branch(self, name: str) -> list[Target]:
        """Return all fields below a name that is none itself: `data.name` and more of `data`."""
        below: dict[int, list[int]] = {}
        rows = self._store.read(
            "SELECT id, kind FROM key WHERE substr(name, 1, :length) IN (:dot, :slash)",
            {"length": len(name) + 1, "dot": f"{name}.", "slash": f"{name}/"},
        )
        for key, kind in rows:
            below.setdefault(kind, []).append(key)
        found = [Target("fact", name, tuple(below[FACT_KIND]))] if FACT_KIND in below else []
        if keys := tuple(below.get(0, ())):
            found.append(Target("param", name, keys, logged(self._store, "param", keys)))
        if keys := tuple(below.get(1, ())):
            found.append(Target("metric", name, keys, logged(self._store, "metric", keys)))
        return found

    def _unknown(self, field: Field) -> tuple[str, str]:
        """Return what is wrong with a field that no run has, and what is like it."""
        stem, dot, last = field.name.rpartition(".")
        if dot and not field.exact and (self._labelled(1, stem) or self._keys(1, stem, None)):
            near = get_close_matches(last, STATISTICS, n=1)
            problem = f"{stem} has no statistic {last!r}"
            if near:
                return problem, f"{stem}.{near[0]}"
            return f"{problem}: {', '.join(STATISTICS)}", ""
        nearest = self._spaced(field) or self.nearest(field.name)
        return f"no field named {field.name!r}", nearest

    def _spaced(self, field: Field) -> str:
        """Return the name with blanks that a word is the end of, as it is written; "" for none."""
        text = self._query[: field.column + len(field.name)]
        whole = [name for name in self._all_names() if " " in name and text.endswith(name)]
        return written_field(max(whole, key=len)) if whole else ""

    def nearest(self, name: str) -> str:
        """Return the known name that is most like another, "" where none is."""
        names = [*OWN, *AUDIT_FIELDS, *KNOWN_FACTS, *self._all_names()]
        for known in names:
            if known.lower() == name.lower():
                return known
        initials = [known for known in names if _initials(known) == name.lower()]
        near = get_close_matches(name, names, n=1)
        return (near or initials or [""])[0]

    def _all_names(self) -> list[str]:
        rows = self._store.read(
            "SELECT name, context FROM key ORDER BY kind LIMIT :most", {"most": _MOST_NEAR}
        )
        return [f"{name}@{context}" if context else name for name, context in rows]

    def _bare(self, field: Field) -> Target | None:
        if field.exact:
            return self._metric(field) or self._param(field.name)
        name = ALIASES.get(field.name, field.name)
        if name in OWN:
            return Target("own", name)
        return (
            self._metric(field)
            or self._param(field.name)
            or self._fact(field.name, known=True)
            or (Target("audit", field.name) if field.name in AUDIT_FIELDS else None)
            or self._tag(field.name)
        )

    def _said(self, field: Field) -> Target | None:
        """Return a field whose kind was said: it need not be in the store."""
        match field.kind:
            case "param":
                return self._param(field.name) or Target("param", field.name)
            case "fact":
                return self._fact(field.name) or Target("fact", field.name)
            case "tag":
                return Target("tag", field.name)
            case _:
                kind = _KINDS[field.kind]
                return self._metric(field, kind) or Target("metric", field.name)

    def _param(self, name: str) -> Target | None:
        keys = self._keys(0, name, "")
        return Target("param", name, keys, logged(self._store, "param", keys)) if keys else None

    def _metric(self, field: Field, kind: int = 1) -> Target | None:
        """Return a metric by its label, then with a statistic, then in any context."""
        label, statistic = field.name, str(field.statistic)
        if keys := self._labelled(kind, label):
            return self._of_metric(label, keys, statistic or "last")
        stem, dot, last = label.rpartition(".")
        split = dot and not field.exact and last in STATISTICS
        if split and (keys := self._labelled(kind, stem) or self._keys(kind, stem, None)):
            return self._of_metric(stem, keys, last)
        keys = self._keys(kind, label, None)
        return self._of_metric(label, keys, statistic or "last") if keys else None

    def _of_metric(self, label: str, keys: tuple[int, ...], statistic: str) -> Target:
        if statistic == "best":
            statistic = metric_stat(label)
        return Target("metric", label, keys, logged(self._store, "metric", keys), statistic)

    def _labelled(self, kind: int, label: str) -> tuple[int, ...]:
        name, at, context = label.rpartition("@")
        return self._keys(kind, label, "") or (self._keys(kind, name, context) if at else ())

    def _fact(self, name: str, *, known: bool = False) -> Target | None:
        if name.startswith(_PACKAGE):
            name = _PACKAGE + package_name(name.removeprefix(_PACKAGE))
        keys = self._keys(FACT_KIND, name, "")
        if keys or (known and (name in KNOWN_FACTS or name.startswith(_PACKAGE))):
            return Target("fact", name, keys)
        return None

    def _tag(self, name: str) -> Target | None:
        rows = self._store.read(
            "SELECT 1 FROM tag WHERE tag >= :low AND tag < :high LIMIT 1",
            {"low": f"{name}:", "high": f"{name};"},
        )
        return Target("tag", name) if rows else None

    def _keys(self, kind: int, name: str, context: str | None) -> tuple[int, ...]:
        rows = self._store.read(
            "SELECT id FROM key WHERE name=:name AND kind=:kind "
            "AND (:context IS NULL OR context=:context)",
            {"name": name, "kind": kind, "context": context},
        )
        if not rows and self._store.aliased:
            return self._renamed_keys(kind, name, context)
        return tuple(row[0] for row in rows)

    def _renamed_keys(self, kind: int, name: str, context: str | None) -> tuple[int, ...]:
        """Return what a name is read as, which no run shows any more as it was logged."""
        rows = self._store.read(
            "SELECT DISTINCT a.canonical FROM temp.alias_hidden AS h "
            "JOIN main.key AS k ON k.id = h.raw JOIN temp.alias_key AS a ON a.raw = h.raw "
            "WHERE k.name=:name AND k.kind=:kind AND (:context IS NULL OR k.context=:context)",
            {"name": name, "kind": kind, "context": context},
        )
        return tuple(row[0] for row in rows)


def _initials(name: str) -> str:
    """Return the first letters of a name's words: `lr` of `learning_rate`; "" of one word."""
    words = re.findall(r"[a-z0-9]+", name.lower())
    return "".join(word[0] for word in words) if len(words) > 1 else ""

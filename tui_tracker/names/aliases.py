"""Aliases: a name that is read in place of the one that was logged.

Renaming writes rows of `alias` and never touches a point or a param, so all of it can be
taken back, a batch at a time, and the name that was logged can always be told. What
reads a store sees the names that count (`alias_views`); this module decides which.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from tui_tracker.alias_views import KINDS, effective, read_aliases
from tui_tracker.capture.process import user_name
from tui_tracker.errors import InvalidArgument, NameCollision, NotFound
from tui_tracker.queries.answers import RunKey
from tui_tracker.store import Store

Kind = Literal["metric", "param"]

_LONGEST = 500
_DIFFER = {
    "metric": "x.count <> y.count OR x.first_step <> y.first_step OR x.last_step <> y.last_step "
    "OR x.first IS NOT y.first OR x.last IS NOT y.last OR x.min IS NOT y.min "
    "OR x.max IS NOT y.max OR x.mean IS NOT y.mean",
    "param": "x.type <> y.type OR x.number IS NOT y.number OR x.text IS NOT y.text "
    "OR x.digest IS NOT y.digest",
}
"""Whether two names of one run have other values; a curve is told by what is known of it."""


@dataclass(frozen=True, slots=True)
class Renaming:
    """A wish: read a name as another."""

    kind: Kind
    raw: str
    canonical: str
    scope: str = ""
    """The experiment it is for; "" for the whole store."""


@dataclass(frozen=True, slots=True)
class Alias:
    """A name that is, or was, read as another."""

    kind: Kind
    raw: str
    canonical: str
    scope: str
    who: str
    at: datetime
    reason: str
    batch: int
    reverted_at: datetime | None

    @property
    def stands(self) -> bool:
        return self.reverted_at is None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a batch of renamings did."""

    batch: int
    """0 where nothing was to be done."""
    renamings: tuple[Renaming, ...]
    """Those that were not in force already."""


def rename(
    store: Store, renamings: Iterable[Renaming], *, reason: str = "", dry_run: bool = False
) -> Recorded:
    """Read names as others from now on, all of them or none; `dry_run` only looks.

    Raises:
        NotFound: nothing in the store has such a name.
        InvalidArgument: a name is empty or leads in a circle.
        NameCollision: a run would have two values of one name.
    """
    wanted = [_checked(one) for one in renamings]
    try:
        with store.write() as connection:
            done = _record(connection, wanted, reason)
            if dry_run:
                raise _OnlyLooking(done)
    except _OnlyLooking as looked:
        return Recorded(0, looked.done.renamings)
    return done


class _OnlyLooking(Exception):
    """Ends a transaction that was to be tried and not to be kept."""

    def __init__(self, done: Recorded) -> None:
        self.done = done


def _record(connection: sqlite3.Connection, wanted: Sequence[Renaming], reason: str) -> Recorded:
    standing = read_aliases(connection)
    new = [one for one in wanted if standing.get(_place(one)) != one.canonical]
    (last,) = connection.execute("SELECT coalesce(max(batch), 0) FROM alias").fetchone()
    at_ms = time.time_ns() // 1_000_000
    for one in new:
        _refuse_unknown(connection, one)
        connection.execute(
            "INSERT INTO alias (scope, kind, raw, canonical, who, at_ms, reason, batch) "
            "VALUES (?,?,?,?,?,?,?,?)",
            (*_place(one), one.canonical, user_name(), at_ms, reason, last + 1),
        )
    _refuse_circles(connection, new)
    for one in new:
        _refuse_collision(connection, one)
    return Recorded(last + 1 if new else 0, tuple(new))


def undo(store: Store) -> list[Alias]:
    """Take back the newest batch that stands; return its aliases, none where there is none."""
    with store.write() as connection:
        row = connection.execute(
            "SELECT max(batch) FROM alias WHERE reverted_ms IS NULL"
        ).fetchone()
        if row[0] is None:
            return []
        connection.execute(
            "UPDATE alias SET reverted_ms=? WHERE batch=? AND reverted_ms IS NULL",
            (time.time_ns() // 1_000_000, row[0]),
        )
    return [alias for alias in list_aliases(store, taken_back=True) if alias.batch == row[0]]


def list_aliases(store: Store, *, taken_back: bool = False) -> list[Alias]:
    """Return the aliases, oldest first; `taken_back` adds those that no longer stand."""
    only = "" if taken_back else "WHERE reverted_ms IS NULL"
    return [
        Alias(kind, raw, canonical, scope, who, _moment(at), reason, batch, back and _moment(back))
        for kind, raw, canonical, scope, who, at, reason, batch, back in store.read(
            "SELECT kind, raw, canonical, scope, who, at_ms, reason, batch, reverted_ms "
            f"FROM alias {only} ORDER BY id"
        )
    ]


def overruled(aliases: Sequence[Alias]) -> list[Alias]:
    """Return those that stand and do not count, because a newer one of the same name does."""
    newest = {(a.scope, a.kind, a.raw): a for a in aliases if a.stands}
    return [a for a in aliases if a.stands and newest[a.scope, a.kind, a.raw] is not a]


def count_runs(store: Store, renaming: Renaming) -> int:
    """Return how many runs have what a renaming would rename: by its logged or its present name."""
    table = renaming.kind
    inside = ""
    if renaming.scope:
        inside = (
            "AND t.run IN (SELECT r.id FROM run AS r JOIN experiment AS e "
            "ON e.id = r.experiment WHERE e.name = :scope)"
        )
    # What is read as another already has its logged name in the tables alone.
    found = " UNION ".join(
        f"SELECT t.run FROM {place}{table} AS t JOIN {place}key AS k ON k.id = t.key "
        f"WHERE k.kind = :kind AND k.name = :raw {inside}"
        for place in ("", "main.")
    )
    rows = store.read(
        f"SELECT count(*) FROM ({found})",
        {"kind": KINDS[table], "raw": renaming.raw}
        | ({"scope": renaming.scope} if renaming.scope else {}),
    )
    return int(rows[0][0])


def raw_names(store: Store, key: RunKey) -> dict[Kind, dict[str, str]]:
    """Return what a run logged under another name: by kind, the label and the logged label."""
    found: dict[Kind, dict[str, str]] = {"metric": {}, "param": {}}
    if not store.aliased:
        return found
    for kind in found:
        found[kind] = dict(
            store.read(
                f"SELECT {_label('n')}, {_label('k')} FROM temp.alias_key AS a "
                "JOIN run AS r ON r.id = :run "
                f"JOIN main.{kind} AS t ON t.run = r.id AND t.key = a.raw "
                "JOIN main.key AS k ON k.id = a.raw JOIN key AS n ON n.id = a.canonical "
                "WHERE a.place = CASE WHEN r.experiment IN (SELECT place FROM temp.alias_place) "
                "THEN r.experiment ELSE 0 END AND NOT EXISTS (SELECT 1 FROM temp.alias_rival AS o "
                f"JOIN main.{kind} AS x ON x.run = r.id AND x.key = o.rival "
                "WHERE o.raw = a.raw AND o.place = a.place) ORDER BY 1",
                {"run": key},
            )
        )
    return found


def _label(key: str) -> str:
    plain, context = f"{key}.name", f"{key}.context"
    return f"CASE WHEN {context} = '' THEN {plain} ELSE {plain} || '@' || {context} END"


def _place(one: Renaming) -> tuple[str, str, str]:
    return one.scope, one.kind, one.raw


def _checked(one: Renaming) -> Renaming:
    canonical = one.canonical.strip()
    if not canonical or not one.raw:
        raise InvalidArgument(f"{one.raw!r} needs a name to be read as, such as val_accuracy")
    if len(canonical) > _LONGEST:
        raise InvalidArgument(f"a name of {len(canonical)} characters is too long")
    if canonical == one.raw:
        raise InvalidArgument(f"{one.raw!r} has that name already")
    return Renaming(one.kind, one.raw, canonical, one.scope)


def _refuse_unknown(connection: sqlite3.Connection, one: Renaming) -> None:
    kind = KINDS[one.kind]
    known = {
        row[0]
        for row in connection.execute(
            "SELECT name FROM main.key WHERE kind=? UNION SELECT canonical FROM alias "
            "WHERE kind=? AND reverted_ms IS NULL",
            (kind, one.kind),
        )
    }
    if one.raw not in known:
        raise NotFound(one.kind, one.raw, sorted(known))
    if one.scope:
        names = [row[0] for row in connection.execute("SELECT name FROM experiment")]
        if one.scope not in names:
            raise NotFound("experiment", one.scope, names)


def _refuse_circles(connection: sqlite3.Connection, new: Sequence[Renaming]) -> None:
    aliases = read_aliases(connection)
    for one in new:
        found = {
            raw: name
            for (scope, kind, raw), name in aliases.items()
            if kind == one.kind and scope in ("", one.scope)
        }
        name, steps = one.canonical, 0
        while name in found and steps <= len(found):
            name, steps = found[name], steps + 1
            if name == one.raw:
                raise InvalidArgument(
                    f"{one.canonical!r} is itself read as {one.raw!r}: "
                    "`tt names undo` takes an alias back"
                )


def _refuse_collision(connection: sqlite3.Connection, one: Renaming) -> None:
    """Refuse an alias by which a run would have two values of one name."""
    aliases = read_aliases(connection)
    scopes = {scope for scope, _, _ in aliases if scope} | {""}
    for scope in sorted(scopes if not one.scope else {one.scope}):
        names = effective(aliases, ("", scope) if scope else ("",))
        end = names.get((one.kind, one.raw), one.raw)
        same = [raw for (kind, raw), name in names.items() if kind == one.kind and name == end]
        others = (scopes - {""}) if not scope else set()
        if found := _collision(connection, one.kind, sorted({*same, end}), scope, others):
            raise NameCollision(one.kind, *found, end)


def _collision(
    connection: sqlite3.Connection,
    kind: Kind,
    names: Sequence[str],
    scope: str,
    others: Iterable[str],
) -> tuple[str, str, str] | None:
    """Return two names with other values in one run, and the run."""
    marks = ",".join("?" * len(names))
    outside = sorted(others)
    where = "e.name = ?" if scope else f"e.name NOT IN ({','.join('?' * len(outside))})"
    row = connection.execute(
        f"SELECT k.name, l.name, r.name FROM main.key AS k "
        "JOIN main.key AS l ON l.kind = k.kind AND l.context = k.context AND l.id > k.id "
        f"JOIN main.{kind} AS x ON x.key = k.id "
        f"JOIN main.{kind} AS y ON y.run = x.run AND y.key = l.id "
        "JOIN main.run AS r ON r.id = x.run JOIN main.experiment AS e ON e.id = r.experiment "
        f"WHERE k.kind = ? AND k.name IN ({marks}) AND l.name IN ({marks}) "
        f"AND {where} AND ({_DIFFER[kind]}) LIMIT 1",
        (KINDS[kind], *names, *names, *([scope] if scope else outside)),
    ).fetchone()
    return (row[0], row[1], row[2]) if row else None


def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)

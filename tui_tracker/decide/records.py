"""Decisions as they were made, kept in the store, and whether they still hold.

A decision rests on the runs that were asked about and on the state of their records: how
each ended, its points, tags, lineage and amendments. It is stale where one of those came,
went or changed; it is then made again, and who would win now is told. So is one that was
made when rules meant something else. The same decision on the same runs is stored once.
"""

from __future__ import annotations

import hashlib
import json
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tui_tracker.capture.process import user_name
from tui_tracker.decide.asking import decide_for, find_asked
from tui_tracker.decide.basis import read_basis
from tui_tracker.decide.outcome import Decision
from tui_tracker.decide.parse import parse_rule
from tui_tracker.decide.rule import GradeBound, NoError, ProofBound
from tui_tracker.decide.shape import to_shape
from tui_tracker.errors import NotFound, TrackerError
from tui_tracker.queries.contents import content
from tui_tracker.queries.records import iso_time, to_json
from tui_tracker.queries.rows import moment
from tui_tracker.store import Store

RULESET = 3
"""What rules mean: raised with every change of it, and kept with each decision."""
_COLUMNS = "id, experiment, rule, winner, at_ms, who, digest"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A decision that was stored."""

    id: int
    experiment: str
    """What was asked about: an experiment, or a query."""
    rule: str
    winner: str | None
    """The label of the group that won; None where none did."""
    at: datetime
    who: str
    whole: dict[str, Any]
    """What `tt decide --json` printed then, and `states`: of each run what it rested on."""


@dataclass(frozen=True, slots=True)
class Staleness:
    """How a stored decision stands to the runs of today."""

    new: int = 0
    """Runs that were not there, or not finished into it, then."""
    changed: int = 0
    gone: int = 0
    winner: str | None = None
    """Who would win now; None where nobody would, or `problem` says why it cannot be told."""
    other_winner: bool = False
    problem: str = ""

    @property
    def is_stale(self) -> bool:
        return bool(self.new or self.changed or self.gone or self.other_winner or self.problem)


def save_decision(store: Store, experiment: str, decision: Decision) -> tuple[int, bool]:
    """Store a decision with what it rests on; return its number, and whether it is a new one.

    Raises:
        StoreError: the store cannot be written.
    """
    basis = decision.basis
    members = _digest(basis.states)
    rule, winner = str(decision.rule), _label(decision)
    told = None if winner is None else to_json(winner)
    rests = {"ruleset": RULESET, "states": basis.states, "values": basis.values}
    whole = to_json({**to_shape(decision), **rests})
    digest = hashlib.sha256(whole.encode()).digest()
    with store.write() as connection:
        known = connection.execute(
            "SELECT id FROM decision WHERE experiment=? AND rule=? AND members=? AND winner IS ?",
            (experiment, rule, members, told),
        ).fetchone()
        if known:
            return int(known[0]), False
        connection.execute(
            "INSERT OR IGNORE INTO content VALUES (?,?)", (digest, zlib.compress(whole.encode()))
        )
        made = connection.execute(
            "INSERT INTO decision (experiment, rule, winner, at_ms, who, members, digest) "
            "VALUES (?,?,?,?,?,?,?)",
            (experiment, rule, told, time.time_ns() // 1_000_000, user_name(), members, digest),
        )
        return int(made.lastrowid or 0), True


def list_decisions(store: Store, experiment: str | None = None) -> list[Recorded]:
    """Return the stored decisions, of one experiment or of all, oldest first."""
    if not store.read("SELECT 1 FROM sqlite_schema WHERE name = 'decision'"):
        return []  # an older store that this user may not write
    rows = store.read(
        f"SELECT {_COLUMNS} FROM decision WHERE :name IS NULL OR experiment = :name "
        "ORDER BY at_ms, id",
        {"name": experiment},
    )
    return [_recorded(store, row) for row in rows]


def get_decision(store: Store, number: int) -> Recorded:
    """Return a stored decision by its number.

    Raises:
        NotFound: there is none.
    """
    found = [one for one in list_decisions(store) if one.id == number]
    if not found:
        raise NotFound("decision", str(number), [str(one.id) for one in list_decisions(store)])
    return found[0]


def check_decision(store: Store, recorded: Recorded) -> Staleness:
    """Return whether a decision still rests on the runs as they are, and who would win now."""
    try:
        keys = find_asked(store, recorded.experiment)
    except TrackerError:
        return Staleness(gone=len(recorded.whole.get("states", {})), problem="its runs are gone")
    basis = read_basis(store, keys)
    now, then = basis.states, recorded.whole.get("states", {})
    new = sum(one not in then for one in now)
    gone = sum(one not in now for one in then)
    changed = sum(one in now and now[one] != state for one, state in then.items())
    try:
        rule = parse_rule(recorded.rule)
        beyond = any(isinstance(c, (GradeBound, ProofBound, NoError)) for c in rule.conditions)
        beyond = beyond or recorded.whole.get("ruleset") != RULESET
        beyond = beyond or recorded.whole.get("values") != basis.values
        if not (new or gone or changed or beyond):
            return Staleness(winner=recorded.winner)
        made = decide_for(store, keys, rule)
    except TrackerError as error:
        return Staleness(new, changed, gone, problem=str(error))
    return Staleness(new, changed, gone, _label(made), _is_other(recorded, made))


def _is_other(recorded: Recorded, made: Decision) -> bool:
    """Whether another configuration wins now: one that has none of the runs that won then.

    Names tell that only where those are gone: they say what configurations differ in, which
    other runs may change.
    """
    before = set(recorded.whole.get("winner_runs", ()))
    if made.winner is None or not before & set(made.basis.states):
        return _label(made) != recorded.winner
    return not before & {run.id for run in made.winner.group.runs}


def stale_words(recorded: Recorded, found: Staleness) -> str:
    """Return `stale: 3 new runs, 1 run changed; the winner would now be lr=0.1`; "" if fresh."""
    if not found.is_stale:
        return ""
    parts = [
        f"{count} {word}{'s' if count != 1 else ''}{rest}"
        for count, word, rest in (
            (found.new, "new run", ""),
            (found.changed, "run", " changed"),
            (found.gone, "run", " gone"),
        )
        if count
    ]
    told = f"stale: {', '.join(parts) or 'what it rests on changed'}"
    if found.problem:
        return f"{told}; it cannot be made again: {found.problem}"
    if found.other_winner:
        winner = found.winner
        return f"{told}; " + (
            f"the winner would now be {winner}" if winner else "nobody would win now"
        )
    return f"{told}; the outcome would be the same" + (
        f", {recorded.winner}" if recorded.winner else ""
    )


def to_record_shape(recorded: Recorded, found: Staleness, *, whole: bool) -> dict[str, Any]:
    """Return what `tt decisions --json` prints of one decision."""
    shape: dict[str, Any] = {
        "id": recorded.id,
        "experiment": recorded.experiment,
        "rule": recorded.rule,
        "winner": recorded.winner,
        "at": iso_time(round(recorded.at.timestamp() * 1000)),
        "who": recorded.who,
        "stale": found.is_stale,
        "new": found.new,
        "changed": found.changed,
        "gone": found.gone,
        "winner_now": found.winner,
        "words": stale_words(recorded, found),
    }
    if whole:
        shape["decision"] = {k: v for k, v in recorded.whole.items() if k != "states"}
    return shape


def _digest(states: Mapping[str, str]) -> bytes:
    return hashlib.sha256(json.dumps(sorted(states.items())).encode()).digest()


def _label(decision: Decision) -> str | None:
    return None if decision.winner is None else decision.winner.group.label


def _recorded(store: Store, row: Sequence[Any]) -> Recorded:
    number, experiment, rule, winner, at_ms, who, digest = row
    text = content(store, digest) if digest is not None else b""
    whole = json.loads(text) if text else {}
    name = None if winner is None else str(json.loads(winner))
    return Recorded(number, experiment, rule, name, moment(at_ms), who, whole)

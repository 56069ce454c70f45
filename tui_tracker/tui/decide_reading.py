"""What the decide screen shows: a ranking as cells, the notes, and the rule to begin with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_tracker.decide.asking import decide_for, find_asked
from tui_tracker.decide.complete import written_label
from tui_tracker.decide.outcome import Decision, Standing
from tui_tracker.decide.parse import parse_rule
from tui_tracker.decide.shape import excluded_words
from tui_tracker.formatting import MISSING, align_points, format_number, printable
from tui_tracker.queries.rows import marks, run_uuid
from tui_tracker.store import Store
from tui_tracker.telling import metric_stat, rank_metrics

KEPT_SHOWN = 3
"""Stale decisions that are told of: each is made again to say who would win now."""


@dataclass(frozen=True, slots=True)
class RankRow:
    """A configuration."""

    rank: str
    label: str
    n: str
    stats: tuple[str, ...]
    eliminated: str
    keys: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DecideFound:
    """A decision as it is shown."""

    rule: str
    """As it was typed."""
    decision: Decision
    keys: tuple[int, ...]
    """Of the runs that were asked about."""
    stats: tuple[str, ...]
    """What the statistics are called."""
    rows: tuple[RankRow, ...]
    winner: str
    """The label of the winner; "" where none is."""
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What a rule can name among these runs."""

    metrics: tuple[str, ...]
    """The most telling first."""
    params: tuple[str, ...]
    rule: str
    """One to begin with; "" where there is no metric."""


def runs_asked(store: Store, keys: Sequence[int], asked: str) -> list[int]:
    """Return the runs to decide among: as `tt decide` finds them, or those that were marked."""
    return find_asked(store, asked) if asked else list(keys)


def find_known(store: Store, keys: Sequence[int], asked: str) -> Known:
    """Return the metrics and params of these runs."""
    found = runs_asked(store, keys, asked)
    names: dict[int, list[str]] = {}
    for kind, table in ((1, "metric"), (0, "param")):
        rows = store.read(
            "SELECT k.name, k.context FROM key AS k WHERE k.kind = :kind AND k.id IN "
            f"(SELECT key FROM {table} WHERE run IN (SELECT value FROM json_each(:keys)))",
            {"kind": kind, "keys": marks(found)},
        )
        names[kind] = [f"{name}@{context}" if context else name for name, context in rows]
    metrics = rank_metrics(names[1])
    rule = ""
    if metrics:
        direction = "lowest" if metric_stat(metrics[0]) == "min" else "highest"
        rule = f"{direction} mean {written_label(metrics[0])}"
    return Known(tuple(metrics), tuple(sorted(names[0])), rule)


def find_decision(store: Store, keys: Sequence[int], asked: str, rule: str) -> DecideFound:
    """Decide among these runs.

    Raises:
        RuleInvalid: the rule does not parse, or cannot be applied to these runs.
    """
    parsed = parse_rule(rule)
    found = runs_asked(store, keys, asked)
    decision = decide_for(store, found, parsed, project=Path.cwd())
    uuids = {
        run_uuid(uuid): key
        for key, uuid in store.read(
            "SELECT id, uuid FROM run WHERE id IN (SELECT value FROM json_each(:keys))",
            {"keys": marks(found)},
        )
    }
    names = _stat_names(decision)
    columns = [align_points([_number(s, name) for s in decision.ranking]) for name in names]
    rows = tuple(
        RankRow(
            str(standing.rank) if standing.rank is not None else "–",
            printable(standing.group.label),
            str(standing.n),
            tuple(column[place] for column in columns),
            printable(standing.eliminated),
            tuple(uuids[run.id] for run in standing.group.runs if run.id in uuids),
        )
        for place, standing in enumerate(decision.ranking)
    )
    winner = decision.winner
    notes = [*decision.notes, excluded_words(decision), *_kept_words(store, asked)]
    return DecideFound(
        rule,
        decision,
        tuple(found),
        tuple(map(printable, names)),
        rows,
        printable(winner.group.label) if winner is not None else "",
        tuple(printable(note) for note in notes if note),
    )


def _kept_words(store: Store, asked: str) -> list[str]:
    """Return what became of the latest decisions that were kept, each that is stale."""
    from tui_tracker.decide.records import check_decision, list_decisions, stale_words

    kept = list_decisions(store, asked)[-KEPT_SHOWN:] if asked else []
    told = ((one, stale_words(one, check_decision(store, one))) for one in reversed(kept))
    return [
        f"Decision {one.id}, {one.winner or 'no winner'} by {one.rule}, is {words}."
        for one, words in told
        if words
    ]


def _stat_names(decision: Decision) -> list[str]:
    """Return the objective, then mean and std, then what else the rule names."""
    objective = decision.rule.objective
    names = [str(objective)]
    own = "mean" if objective.function == "mean" else ""
    names += [name for name in ("mean", "std") if name not in (*names, own)]
    ranking = decision.ranking
    told = ranking[0].stats if ranking else ()
    return names + [name for name in told if name not in (*names, "n", own)]


def _number(standing: Standing, name: str) -> str:
    value = standing.stats.get(name)
    return MISSING if value is None else format_number(value)


def record(store: Store, asked: str, found: DecideFound) -> tuple[int, bool]:
    """Keep a decision in the store; return its number, and whether it is a new one."""
    from tui_tracker.decide.records import save_decision

    return save_decision(store, asked, found.decision)

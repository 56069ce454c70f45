"""A decision as JSON, and as sentences."""

from __future__ import annotations

import math
from typing import Any

from tui_tracker.decide.outcome import Decision, Standing


def to_shape(decision: Decision) -> dict[str, Any]:
    """Return what `tt decide --json` prints."""
    winner = decision.winner
    lead = decision.lead
    return {
        "rule": str(decision.rule),
        "metric": decision.metric,
        "winner": dict(winner.group.params) if winner is not None else None,
        "winner_runs": [run.id for run in winner.group.runs] if winner is not None else [],
        "ranking": [_standing(standing) for standing in decision.ranking],
        "excluded": dict(decision.excluded),
        "note": " ".join(decision.notes),
        "lead": {
            "certainty": lead.certainty,
            "difference": lead.difference,
            "low": lead.low,
            "high": lead.high,
            "p": lead.p,
            "pairs": lead.pairs,
            "chance": lead.chance,
            "chance_low": lead.chance_low,
            "chance_high": lead.chance_high,
            "more_runs": lead.more_runs,
            "delta": lead.delta,
            "equal_p": lead.equal_p,
        },
        "against": [
            {
                "group": dict(one.group.params),
                "baseline": dict(one.baseline.params),
                "difference": one.difference,
                "low": one.low,
                "high": one.high,
                "p": one.p,
                "pairs": one.pairs,
            }
            for one in decision.against
        ],
        "members": list(decision.members),
    }


def _standing(standing: Standing) -> dict[str, Any]:
    return {
        "group": dict(standing.group.params),
        "n": standing.n,
        "rank": standing.rank,
        "stats": {
            name: value if value is None or math.isfinite(value) else None
            for name, value in standing.stats.items()
        },
        "eliminated": standing.eliminated or None,
        "runs": [run.id for run in standing.group.runs],
    }


def excluded_words(decision: Decision) -> str:
    """Return `excluded: 2 failed, 1 without val_f1`; "" where every run took part."""
    if not decision.excluded:
        return ""
    parts = ", ".join(f"{count} {reason}" for reason, count in sorted(decision.excluded.items()))
    return f"excluded: {parts}"

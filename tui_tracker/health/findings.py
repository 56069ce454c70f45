"""What a judgement says: one finding each, ordered by how bad it is, in words of any length."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "nan", "inf", "spike", "diverged", "plateau", "overfitting", "unstable", "stalled", "dead"
]
Severity = Literal["bad", "warn", "note"]

LEVELS: dict[Severity, int] = {"bad": 0, "warn": 1, "note": 2}
GLYPHS: dict[Severity, str] = {"bad": "✗", "warn": "▲", "note": "≈"}
ASCII_GLYPHS: dict[Severity, str] = {"bad": "x", "warn": "!", "note": "~"}
_ORDER: tuple[Kind, ...] = (
    *("dead", "nan", "inf", "diverged", "stalled"),
    *("unstable", "overfitting", "spike", "plateau"),
)
_SHORT: dict[Kind, str] = {"nan": "NaN", "overfitting": "overfits"}


@dataclass(frozen=True, slots=True)
class Health:
    """One thing that is wrong with a run."""

    kind: Kind
    metric: str
    """Label of the metric it shows in; "" where it is about the run as a whole."""
    step: int | None
    """Where it began; None where no step can be named."""
    words: str
    """One line without the metric's name: `spike to 8.31 at step 812, from 0.42`."""
    severity: Severity


def worst(found: Iterable[Health]) -> tuple[Health, ...]:
    """Return findings in order: worst first, then by kind, metric and step."""
    return tuple(
        sorted(
            found,
            key=lambda one: (
                LEVELS[one.severity],
                _ORDER.index(one.kind),
                one.metric,
                one.step or 0,
            ),
        )
    )


def glyph(severity: Severity, *, glyphs: Mapping[Severity, str] = GLYPHS) -> str:
    """Return the mark of a severity; meaning is never told by colour alone."""
    return glyphs[severity]


def short_words(one: Health) -> str:
    """Return a finding for a narrow column: `NaN 120`, `diverged 4,000`, `dead`."""
    word = _SHORT.get(one.kind, one.kind)
    if one.step is None or one.kind in ("dead", "stalled"):
        return word
    return f"{word} {one.step:,}"


def summary(
    found: Iterable[Health], *, glyphs: Mapping[Severity, str] = GLYPHS
) -> tuple[str, Severity | None]:
    """Return a cell for a table and its severity: `✗ NaN 120 +2`; "" and None for a well run."""
    ordered = worst(found)
    if not ordered:
        return "", None
    more = f" +{len(ordered) - 1}" if len(ordered) > 1 else ""
    first = ordered[0]
    return f"{glyph(first.severity, glyphs=glyphs)} {short_words(first)}{more}", first.severity

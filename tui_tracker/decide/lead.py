"""How sure a winner's lead is, in numbers and in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from tui_tracker.decide.outcome import Certainty, Lead, Standing
from tui_tracker.decide.rule import Direction, Options, Rule
from tui_tracker.equivalence import (
    Contrast,
    difference_p,
    holm,
    paired,
    runs_to_settle,
    t_quantile,
    tost,
    welch,
)
from tui_tracker.estimates import Ahead, chance_of_best, chance_to_beat, optimism
from tui_tracker.means import mean_of

ALPHA = 0.05
_ALIKE = 1e-12
"""Below this share of the values, differences vary by rounding alone."""
MEANINGFUL = 0.75
"""The chance to beat the other from which on a lead is worth acting on (Bouthillier et al.)."""
Values = Mapping[str, float]
"""Values of a group's runs by their seed, as far as seeds are known and differ."""


def lead_of(
    direction: Direction,
    winner: Sequence[float],
    others: Sequence[Sequence[float]],
    *,
    seeds: Values | None = None,
    other_seeds: Sequence[Values] = (),
    delta: float | None = None,
    level: float = 1 - ALPHA,
) -> Lead:
    """Return the winner's lead over `others`, of which the first is the runner-up.

    Groups of the same seeds, two or more, are compared seed by seed. `delta` is a difference
    that does not matter: whether it is less than that is tested as well. A lead is clear
    where its interval at `level`, after Holm, leaves 0 out.
    """
    if not others:
        return Lead("alone")
    sign = 1 if direction == "highest" else -1
    contrasts = [
        contrast_of(sign, winner, values, seeds or {}, (*other_seeds, *[{}] * len(others))[i])
        for i, values in enumerate(others)
    ]
    ps = [difference_p(contrast) if contrast else 1.0 for contrast in contrasts]
    first, p = contrasts[0], holm(ps)[0]
    ahead = _ahead(sign, winner, others[0], seeds or {}, other_seeds[0] if other_seeds else {})
    if first is None:
        gap = sign * (mean_of(winner) - mean_of(others[0]))
        return Lead(
            "unknown", gap, chance=ahead.chance, chance_low=0.0, chance_high=1.0, delta=delta
        )
    reach = reach_of(first, level)
    certainty = _certainty(first, p, ahead, level)
    return Lead(
        certainty,
        first.difference,
        first.difference - reach,
        first.difference + reach,
        p,
        first.pairs,
        ahead.chance,
        ahead.low,
        ahead.high,
        None if certainty in ("clear", "behind") else runs_to_settle(first, 0.0, 1 - level),
        delta,
        tost(first, delta).p if delta else None,
    )


def is_apart(
    first: Sequence[float], second: Sequence[float], seeds: Values, theirs: Values, level: float
) -> bool:
    """Return whether two groups are shown to differ; a group of one run shows nothing.

    Where neither varies, as scores that came out alike for each seed, other values are apart.
    """
    if min(len(first), len(second)) > 1 and not (_varies(first) or _varies(second)):
        return _varies((*first, *second))
    contrast = contrast_of(1, first, second, seeds, theirs)
    return contrast is not None and difference_p(contrast) < 1 - level


def reach_of(contrast: Contrast, level: float) -> float:
    """Return how far the interval of a difference reaches to each side."""
    return t_quantile((1 + level) / 2, contrast.df) * contrast.error if contrast.error else 0.0


def contrast_of(
    sign: int, winner: Sequence[float], other: Sequence[float], seeds: Values, theirs: Values
) -> Contrast | None:
    """Return the winner less the other, better is positive.

    None where a group has one run, where neither varies, and beyond all numbers: runs of
    which each has the same value are likely no repeats of each other.

    They are paired where both have the same seeds: pairs of some of the runs would give
    another difference than that of the means which are ranked.
    """
    if pairs := _pairs(sign, winner, other, seeds, theirs):
        contrast = paired(pairs[1], pairs[0])
        # Differences all alike, as of a coarse metric, are too few to know their spread by.
        if contrast.error > _ALIKE * max(map(abs, (*winner, *other))):
            return _told(contrast)
    if min(len(winner), len(other)) < 2 or not (_varies(winner) or _varies(other)):
        return None
    return _told(welch([sign * value for value in other], [sign * value for value in winner]))


def _varies(values: Sequence[float]) -> bool:
    return max(values) - min(values) > _ALIKE * max(map(abs, values))


def _told(contrast: Contrast) -> Contrast | None:
    told = (contrast.difference, contrast.error, contrast.df)
    return contrast if all(map(math.isfinite, told)) else None


def _pairs(
    sign: int, winner: Sequence[float], other: Sequence[float], seeds: Values, theirs: Values
) -> tuple[list[float], list[float]] | None:
    """Return the values of both in the order of their seeds; None where those are not the same."""
    if seeds.keys() != theirs.keys() or not 2 <= len(seeds) == len(winner) == len(other):
        return None
    shared = sorted(seeds)
    return [sign * seeds[s] for s in shared], [sign * theirs[s] for s in shared]


def _ahead(
    sign: int, winner: Sequence[float], other: Sequence[float], seeds: Values, theirs: Values
) -> Ahead:
    if pairs := _pairs(sign, winner, other, seeds, theirs):
        return chance_to_beat(*pairs, paired=True)
    return chance_to_beat([sign * v for v in winner], [sign * v for v in other])


def _certainty(contrast: Contrast, p: float, ahead: Ahead, level: float) -> Certainty:
    if p < 1 - level and contrast.difference > 0:
        return "clear"
    if p < 1 - level and contrast.difference < 0:
        return "behind"
    if difference_p(contrast) < 1 - level and ahead.chance >= MEANINGFUL:
        return "probable"
    return "not distinguishable"


def lead_words(lead: Lead, winner: Standing, others: Sequence[Standing], rule: Rule) -> list[str]:
    """Return what to say beside the winner: how sure it is, and what luck may be in it."""
    if not others:
        return ["It is the only group that can win, so nothing was compared."]
    name = others[0].group.label
    sentences = [_certainty_words(lead, name, rule), *_matters(lead, name)]
    runs = min(standing.n for standing in (winner, *others))
    groups = 1 + len(others)
    if groups > 2:
        luck = optimism(groups, max(1, runs))
        found = chance_of_best(groups, max(1, runs))
        sentences.append(
            f"The best of {groups} equal groups looks {luck:.2f} standard deviations better by "
            f"luck alone with {runs} {_runs(runs)} each, and a true lead of one standard "
            f"deviation is found {found:.0%} of the time: confirm the winner with fresh seeds."
        )
    return sentences


def _certainty_words(lead: Lead, name: str, rule: Rule) -> str:
    options = rule.options
    if lead.difference is None or lead.low is None or lead.high is None or lead.p is None:
        return (
            f"How sure its lead over {name} is cannot be told: that takes at least 2 runs each, "
            "of values that have a spread."
        )
    how = paired_words(lead.pairs, options)
    # Whatever statistic was ranked by, only of means it is known how sure they are.
    means = "" if rule.objective.function == "mean" else "of the means "
    numbers = (
        f"difference {means}{lead.difference:.4g}, "
        f"{100 * options.level:.4g} % interval {lead.low:.4g} to {lead.high:.4g}, "
        f"p {lead.p:.2g} after Holm, {how}"
    )
    if lead.chance is not None:
        numbers += f", a run of it beats one of the other {lead.chance:.0%} of the time"
    if lead.certainty == "clear":
        return f"Clear lead over {name}: {numbers}."
    if lead.certainty == "behind":
        return f"The mean of {name} is surely better, and the rule prefers the winner: {numbers}."
    word = "Probable lead over" if lead.certainty == "probable" else "Not distinguishable from"
    more = ""
    if lead.more_runs is not None:
        more = f"; about {_several(lead.more_runs, options)} would settle it"
    return f"{word} {name}: {numbers}{more}."


def _matters(lead: Lead, name: str) -> list[str]:
    """Return whether the lead is more than was declared too small to matter; nothing unsaid."""
    if lead.delta is None or lead.difference is None:
        return []
    than = f"{lead.delta:.4g}, which is declared too small to matter"
    if lead.equal_p is not None and lead.equal_p < ALPHA:
        return [
            f"For practical purposes it equals {name}: shown to differ by less than {than} "
            f"(TOST, p {lead.equal_p:.2g})."
        ]
    if lead.difference < lead.delta:
        return [f"The lead is less than {than}."]
    if lead.low is not None and lead.low > lead.delta:
        return [f"The lead is surely more than {than}."]
    return [f"Whether the lead is more than {than}, is not shown."]


def _runs(count: int) -> str:
    return "run" if count == 1 else "runs"


def _several(count: int, options: Options) -> str:
    return f"{count} more {options.over}{'' if count == 1 else 's'}"


def paired_words(pairs: int, options: Options) -> str:
    """Return `by 3 shared seeds`, or that groups do not have the same ones."""
    if pairs:
        return f"by {pairs} shared {options.over}{'' if pairs == 1 else 's'}"
    return f"not paired by {options.over}"

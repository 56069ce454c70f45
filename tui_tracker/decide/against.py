"""Every group of a decision against the one that the rule calls its baseline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tui_tracker.decide.candidates import Group
from tui_tracker.decide.facts import holds
from tui_tracker.decide.lead import contrast_of, paired_words, reach_of
from tui_tracker.decide.outcome import Standing, Versus
from tui_tracker.decide.rule import Direction, Options, Rule, Value
from tui_tracker.equivalence import difference_p, holm
from tui_tracker.errors import RuleInvalid
from tui_tracker.means import mean_of

_SHOWN = 6


def against_baseline(
    rule: Rule,
    standings: Sequence[Standing],
    by_seed: Callable[[Group], Mapping[str, float]],
    way: Direction,
) -> tuple[Versus, ...]:
    """Return each group that has a value beside the baseline, as `standings` has them.

    Means are compared, and `way` says which way they are better. Groups of the same
    seeds are paired by them, else Welch's test is taken; p is Holm's over all groups.
    Empty where the rule names no baseline.

    Raises:
        RuleInvalid: no group is the baseline, or several are.
    """
    if not rule.options.baseline:
        return ()
    base = _find(rule, standings)
    if not base.values:
        return ()
    sign = 1 if way == "highest" else -1
    others = [one for one in standings if one is not base and one.values]
    seeds = by_seed(base.group)
    contrasts = [
        contrast_of(sign, one.values, base.values, by_seed(one.group), seeds) for one in others
    ]
    ps = iter(holm([difference_p(contrast) for contrast in contrasts if contrast is not None]))
    found = []
    for one, contrast in zip(others, contrasts, strict=True):
        if contrast is None:
            gap = sign * (mean_of(one.values) - mean_of(base.values))
            found.append(Versus(one.group, base.group, gap, None, None, None, 0))
            continue
        gap, reach = contrast.difference, reach_of(contrast, rule.options.level)
        ends = gap - reach, gap + reach
        found.append(Versus(one.group, base.group, gap, *ends, next(ps), contrast.pairs))
    return tuple(found)


def _find(rule: Rule, standings: Sequence[Standing]) -> Standing:
    pairs = rule.options.baseline
    fitting = [one for one in standings if is_baseline(rule, one.group)]
    if len(fitting) == 1:
        return fitting[0]
    wanted = ", ".join(f"{key}={value}" for key, value in pairs)
    labels = [one.group.label for one in fitting or standings]
    shown = "; ".join(labels[:_SHOWN]) + (" ..." if len(labels) > _SHOWN else "")
    problem = f"the baseline {wanted} may be any of {shown}: name more of its params"
    if not fitting:
        problem = f"no configuration is the baseline {wanted}; there are {shown}"
    raise RuleInvalid(str(rule), 0, problem, "")


def is_baseline(rule: Rule, group: Group) -> bool:
    """Return whether a group is what the rule calls its baseline; False where it names none."""
    pairs = rule.options.baseline
    return bool(pairs) and all(_has(run.params, pairs) for run in group.runs)


def _has(params: Mapping[str, object], pairs: Sequence[tuple[str, Value]]) -> bool:
    return all(key in params and holds(params[key], "=", value) for key, value in pairs)


def versus_words(found: Sequence[Versus], options: Options) -> list[str]:
    """Return a sentence for each group, the first few of them."""
    words = []
    for one in found[:_SHOWN]:
        way = "worse" if one.difference < 0 else "better"
        head = f"{one.group.label} is {way} than {one.baseline.label} by {abs(one.difference):.4g}"
        if one.low is None or one.high is None or one.p is None:
            words.append(
                f"{head}; how surely cannot be told, that takes at least 2 runs each, "
                "of values that have a spread."
            )
            continue
        how = paired_words(one.pairs, options)
        # Of what is worse, the interval of how much worse.
        ends = (-one.high, -one.low) if way == "worse" else (one.low, one.high)
        words.append(
            f"{head} ({100 * options.level:.4g} % interval {ends[0]:.4g} to {ends[1]:.4g}, "
            f"p {one.p:.2g} after Holm, {how})."
        )
    if len(found) > _SHOWN:
        words.append(f"{len(found) - _SHOWN} more configurations were compared with the baseline.")
    return words

"""The rules of alerts: text to a rule, errors that name the nearest.

    finished  failed  crashed  killed      the run ended so
    ended  dead  started                   in any way; by an error, a crash or by hand; began
    nan  inf                               any metric has such a value
    METRIC is nan | inf                    this one has
    METRIC > 0.9                           also >= < <= = !=; of the last value, and of any
                                           value between two looks
    METRIC.min < 0.1                       of a statistic: last min max mean first count
    ... first time                         once a run, however often it is met
    no new step for 10 minutes             and the run still runs
    any health                             what `tt health` finds; or one kind of it:
                                           diverged, plateau, spike, overfitting, unstable ...

Letters may be large or small. A metric whose name has blanks stands in backquotes or
double quotes. Units of time and of numbers are those of queries.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, get_args

from tui_tracker.errors import RuleError
from tui_tracker.health import Kind as HealthKind
from tui_tracker.language import units

Kind = Literal["ended", "started", "odd", "threshold", "silence", "health"]

DEFAULT_RULES = ("finished", "failed", "crashed", "killed", "nan")
STATISTICS = ("last", "min", "max", "mean", "first", "count")
_ENDS: dict[str, frozenset[str]] = {
    "finished": frozenset(("finished",)),
    "failed": frozenset(("failed",)),
    "crashed": frozenset(("crashed",)),
    "killed": frozenset(("killed",)),
    "pruned": frozenset(("pruned",)),
    "dead": frozenset(("failed", "crashed", "killed")),
    "ended": frozenset(("finished", "failed", "crashed", "killed", "pruned")),
}
_HEALTH: frozenset[str] = frozenset(get_args(HealthKind)) - {"nan", "inf", "dead"}
_ODD = ("nan", "inf")
_FIXED = (*_ENDS, "started", *_ODD, "any health", *sorted(_HEALTH))
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
}
_SILENCE = re.compile(r"(?:no (?:new )?steps?|nothing new|silent|silence) for (.+)$", re.I)
_CONDITION = re.compile(
    r"""(?: `(?P<ticked>[^`]+)` | "(?P<quoted>[^"]+)" | (?P<bare>\S+?) )
    (?: \.(?P<statistic>last|min|max|mean|first|count) )?
    \s* (?: \s is \s+ (?P<odd>\S+) | (?P<sign>>=|<=|==|!=|=|>|<) \s* (?P<number>\S+) )
    (?P<first> \s+ (?:for \s+ the \s+)? first \s+ time | \s+ once )? \s* $""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """What is looked for in runs."""

    text: str
    """As it was written."""
    kind: Kind
    ends: frozenset[str] = frozenset()
    """Statuses that a run ends in."""
    metric: str = ""
    """Its label; "" is any."""
    statistic: str = "last"
    sign: str = ""
    number: float = 0.0
    once: bool = False
    odd: str = ""
    """`nan` or `inf`."""
    seconds: float = 0.0
    health: frozenset[str] = frozenset()

    def holds(self, value: float | None) -> bool:
        """Return whether a number meets a threshold; NaN meets none."""
        return value is not None and value == value and _COMPARE[self.sign](value, self.number)

    @property
    def rises(self) -> bool:
        """Whether larger values meet it sooner."""
        return self.sign in (">", ">=")


def parse_rules(texts: Iterable[str]) -> tuple[Rule, ...]:
    """Return the rules of these texts; several may stand in one, with commas between.

    Raises:
        RuleError: one cannot be read.
    """
    return tuple(parse_rule(part) for text in texts for part in _split(text))


def _split(text: str) -> list[str]:
    """Return the parts between commas that stand in no quotes."""
    parts = re.findall(r'(?:`[^`]*`|"[^"]*"|[^,])+', text)
    return [part for part in parts if part.strip()] or [text]


def parse_rule(text: str) -> Rule:
    """Return the rule that a text says.

    Raises:
        RuleError: it says none; the nearest is named.
    """
    said = " ".join(text.split())
    if (fixed := _fixed(said)) is not None:
        return fixed
    if (silence := _SILENCE.match(said)) is not None:
        return _silence(said, silence[1])
    if (condition := _CONDITION.match(said)) is not None:
        return _condition(said, condition)
    raise _unknown(said)


def _fixed(text: str) -> Rule | None:
    """Return the rule of a text that is one of a few; None where it is none of them."""
    word = re.sub(r"^any (metric )?(is )?(?=(nan|inf)$)", "", text.lower())
    if word in _ENDS:
        return Rule(text, "ended", ends=_ENDS[word])
    if word == "started":
        return Rule(text, "started")
    if word in _ODD:
        return Rule(text, "odd", odd=word)
    if word in ("any health", "health"):
        return Rule(text, "health", health=_HEALTH)
    return Rule(text, "health", health=frozenset((word,))) if word in _HEALTH else None


def _silence(text: str, span: str) -> Rule:
    seconds = units.span(span)
    if seconds is None or seconds <= 0:
        raise RuleError(text, f"{span!r} is no span of time", "no new step for 10 minutes")
    return Rule(text, "silence", seconds=seconds)


def _condition(text: str, found: re.Match[str]) -> Rule:
    metric = found["ticked"] or found["quoted"] or found["bare"]
    once = found["first"] is not None
    if found["odd"] is not None:
        word = found["odd"].lower().removeprefix("+")
        if word not in _ODD:
            near = get_close_matches(word, _ODD, n=1)
            raise RuleError(
                text, f"{found['odd']!r} is not nan or inf", f"{metric} is {(near or _ODD)[0]}"
            )
        return Rule(text, "odd", metric=metric, odd=word, once=once)
    number = units.number(found["number"])
    if number is None:
        problem = f"{found['number']!r} is no number"
        raise RuleError(text, problem, f"{metric} {found['sign']} 0.5")
    if number != number:
        raise RuleError(text, "nothing is larger or smaller than NaN", f"{metric} is nan")
    return Rule(
        text,
        "threshold",
        metric=metric,
        statistic=(found["statistic"] or "last").lower(),
        sign=found["sign"],
        number=float(number),
        once=once,
    )


def _unknown(text: str) -> RuleError:
    near = get_close_matches(text.lower(), _FIXED, n=1, cutoff=0.5)
    if near:
        return RuleError(text, "no such rule", near[0])
    first = text.split()[0] if text.split() else ""
    if text.lower().startswith(("no ", "silen", "nothing")):
        return RuleError(text, "no such rule", "no new step for 10 minutes")
    known = ", ".join((*DEFAULT_RULES, f"{first or 'loss'} > 10", "any health"))
    return RuleError(text, f"no such rule; rules are such as {known}")

"""The tree of a decision rule, and how it is written out.

    rule       := objective [("with"|"subject to"|"where") cond {("and"|",") cond}]
                  {";" (tiebreak | option)}
    objective  := ("highest"|"lowest"|"max"|"min") stat
    stat       := [FN] metric ["@" context] | FN "(" metric ["@" context] ["," PICK] ")"
    PICK       := "last" | "best" | "at" STEP
    FN         := mean|median|std|sem|min|max|range|iqm|cv|n|q05..q95|ci_low|ci_high|prob_best
    cond       := (stat | FN) OP NUMBER["%"|"pp"] | "n" ">=" WHOLE
                | ("param"|"tag"|"data") "." NAME OP VALUE
                | "grade" ">=" LETTER | "proof" ">=" LEVEL | "no error" | "stable" | "no health"
    tiebreak   := "tie-break by" [DIRECTION] (stat | FN) {"then" [DIRECTION] (stat | FN)}
                  ["within" (NUMBER["pp"] | "ci")]
    option     := "group by" ("config" | KEY {"," KEY}) ["except" KEY] | "over" ("seed"|"fold")
                | "ci" ("t"|"bca") LEVEL | "baseline" PARAM "=" VALUE {"," PARAM "=" VALUE}

`str` of a rule is a rule again, and parsing that gives an equal tree. A statistic without
a metric is of the objective's metric; a metric without a statistic is its mean. A spread
breaks ties as the lower of two. `stable` asks for curves without NaN, infinities, spikes and
divergence, `no health` for curves of which the health check has nothing to tell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

Direction = Literal["highest", "lowest"]
Comparison = Literal["<=", ">=", "<", ">", "=", "!="]
Unit = Literal["", "%", "pp"]
Value = bool | int | float | str

FUNCTIONS = (
    *("mean", "median", "std", "sem", "min", "max", "range", "iqm", "cv", "n"),
    *("ci_low", "ci_high", "prob_best"),
)
SPREADS = ("std", "sem", "range", "cv", "n", "prob_best")
"""Those of them that are no value of the metric itself."""
QUANTILE = re.compile(r"q(0[5-9]|[1-8]\d|9[0-5])")
COMPARISONS: tuple[Comparison, ...] = ("<=", ">=", "!=", "<", ">", "=")
GRADES = "ABCDF"
LEVELS = ("L0", "L1", "L2", "L3", "L4", "L5")
RESERVED = frozenset(
    [
        *(*FUNCTIONS, "highest", "lowest", "with", "where", "subject", "to", "and", "tie-break"),
        *("by", "then", "within", "group", "except", "over", "ci", "baseline", "param", "tag"),
        *("data", "grade", "proof", "no", "error", "last", "best", "at", "config", "pp"),
    ]
)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_PLAIN = re.compile(r"[A-Za-z_][\w./-]*\Z")


def is_of_spread(function: str) -> bool:
    """Return whether a statistic tells how far values lie apart, or how many there are."""
    return function in SPREADS and function != "prob_best"


def usual_way(function: str) -> Direction | None:
    """Return which way a statistic is better whatever its metric; None: as the metric is."""
    if function in ("n", "prob_best"):
        return "highest"
    return "lowest" if function in SPREADS else None


def as_number(value: object) -> float | None:
    """Return the number that a value is or is written as; None where it is none."""
    if isinstance(value, str):
        return float(value) if _NUMBER.fullmatch(value) else None
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def is_function(word: str) -> bool:
    """Return whether a word is a statistic; `q05` to `q95` are quantiles in percent."""
    return word in FUNCTIONS or QUANTILE.fullmatch(word) is not None


@dataclass(frozen=True, slots=True)
class Stat:
    """A statistic over the runs of a group."""

    function: str
    metric: str | None
    """None: the objective's metric."""
    context: str | None = None
    """None: whichever context the metric was logged in, if it is one alone."""
    pick: Literal["", "last", "best"] | int = ""
    """Which value stands for a run: "" and `last` its last, `best` by direction, or a step's."""

    def __str__(self) -> str:
        if self.metric is None:
            return self.function
        inner = written(self.metric)
        if self.context is not None:
            inner += f"@{written(self.context)}"
        if self.pick != "":
            inner += f", at {self.pick}" if isinstance(self.pick, int) else f", {self.pick}"
        return f"{self.function}({inner})"


@dataclass(frozen=True, slots=True)
class Bound:
    """A statistic has to lie on one side of a number."""

    stat: Stat
    comparison: Comparison
    number: float
    unit: Unit = ""
    """`%` and `pp` are hundredths of a metric that runs from 0 to 1."""

    def __str__(self) -> str:
        return f"{self.stat} {self.comparison} {_number(self.number)}{self.unit}"


@dataclass(frozen=True, slots=True)
class Fact:
    """A param, tag or data set of every run of the group has to be something."""

    kind: Literal["param", "tag", "data"]
    name: str
    comparison: Comparison
    value: Value

    def __str__(self) -> str:
        return f"{self.kind}.{written(self.name)} {self.comparison} {_value(self.value)}"


@dataclass(frozen=True, slots=True)
class GradeBound:
    """Every run of the group has at least this audit grade."""

    letter: str

    def __str__(self) -> str:
        return f"grade >= {self.letter}"


@dataclass(frozen=True, slots=True)
class ProofBound:
    """A run of the group was shown to be had again at least this far."""

    level: str

    def __str__(self) -> str:
        return f"proof >= {self.level}"


@dataclass(frozen=True, slots=True)
class NoError:
    """No run of the group has an audit error."""

    def __str__(self) -> str:
        return "no error"


@dataclass(frozen=True, slots=True)
class Healthy:
    """The curves of every run of the group are well."""

    wholly: bool = False
    """Nothing at all is told of them; else: no NaN, infinity, spike or divergence."""

    def __str__(self) -> str:
        return "no health" if self.wholly else "stable"


Condition = Bound | Fact | GradeBound | ProofBound | NoError | Healthy


@dataclass(frozen=True, slots=True)
class TieBreak:
    """What decides between groups that the objective leaves level."""

    by: tuple[tuple[Direction | None, Stat], ...]
    """In order; None takes the metric's own direction."""
    within: float | Literal["ci"] | None = None
    """How far apart level groups may be; "ci": as far as cannot be told apart."""
    unit: Unit = ""

    def __str__(self) -> str:
        parts = [f"{way} {stat}" if way else f"{stat}" for way, stat in self.by]
        text = f"tie-break by {' then '.join(parts)}"
        if self.within == "ci":
            return f"{text} within ci"
        return text if self.within is None else f"{text} within {_number(self.within)}{self.unit}"


@dataclass(frozen=True, slots=True)
class Options:
    """How runs become groups, and how sure intervals are."""

    by: tuple[str, ...] = ()
    """Params that make a group; none: all but the one that groups are over."""
    leave_out: str = ""
    """A param that does not make a group either."""
    over: Literal["seed", "fold"] = "seed"
    interval: Literal["", "t", "bca"] = ""
    """"": by the number of runs."""
    level: float = 0.95
    baseline: tuple[tuple[str, Value], ...] = ()
    """Params of the group that all others are compared with."""

    def parts(self) -> list[str]:
        """Return the options that are not the usual ones, as they are written."""
        parts = []
        if self.by or self.leave_out:
            keys = ", ".join(map(written, self.by)) or "config"
            parts.append(f"group by {keys}")
            if self.leave_out:
                parts[-1] += f" except {written(self.leave_out)}"
        if self.over != "seed":
            parts.append(f"over {self.over}")
        if self.interval:
            parts.append(f"ci {self.interval} {_number(self.level)}")
        if self.baseline:
            pairs = (f"{written(key)}={_value(value)}" for key, value in self.baseline)
            parts.append(f"baseline {', '.join(pairs)}")
        return parts


@dataclass(frozen=True, slots=True)
class Rule:
    """Which group of runs wins, and what it has to fulfil."""

    direction: Direction
    objective: Stat
    conditions: tuple[Condition, ...] = ()
    tie: TieBreak | None = None
    options: Options = field(default_factory=Options)

    def __str__(self) -> str:
        text = f"{self.direction} {self.objective}"
        if self.conditions:
            text += f" where {' and '.join(map(str, self.conditions))}"
        return "; ".join([text, *([str(self.tie)] if self.tie else []), *self.options.parts()])


def written(name: str) -> str:
    """Return a name as a rule has it: in backquotes where it would be read as something else."""
    plain = _PLAIN.match(name) and name.lower() not in RESERVED and not is_function(name.lower())
    return name if plain else _quoted(name, "`")


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return _number(value)
    return _quoted(value, '"')


def _quoted(text: str, mark: str) -> str:
    escaped = text.replace("\\", "\\\\").replace(mark, f"\\{mark}")
    return f"{mark}{escaped}{mark}"


def _number(value: float) -> str:
    text = repr(value)
    return text.removesuffix(".0") if isinstance(value, float) and "e" not in text else text

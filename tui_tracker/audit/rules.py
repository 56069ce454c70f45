"""What a rule is, how it is declared, and the list of all there are.

    @rule("code.entry-mismatch", "code", "EEEE", of=("code", "modules"))
    def entry_mismatch(run: RunRecord) -> Answer:
        \"\"\"The script that ran and the one that is kept have to be the same bytes.\"\"\"

The four letters are the severity in the profiles minimal, seed, paper and regulated: E
error, W warning, I information, - off. The docstring is the reason, for `tt audit --rules`.
A rule answers with what it found, or that all is well, that it does not apply, or that it
cannot tell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, TypeVar

from tui_tracker.audit.record import RunRecord
from tui_tracker.errors import InvalidArgument

Severity = Literal["error", "warn", "info"]
Category = Literal["code", "data", "env", "seeds", "metrics", "artifacts", "context"]
Profile = Literal["minimal", "seed", "paper", "regulated"]
Fix = Literal["automatic", "proposed", "by hand", "none"]
Scope = Literal["run", "group", "experiment", "store"]

PROFILES: tuple[Profile, ...] = ("minimal", "seed", "paper", "regulated")
_LETTERS: dict[str, Severity | None] = {"E": "error", "W": "warn", "I": "info", "-": None}


class Outcome(Enum):
    """What a rule says where it has no doubt to tell."""

    PASSED = "passed"
    NOT_APPLICABLE = "not applicable"
    UNKNOWN = "unknown"
    """It cannot be told (yet), which is never the same as passed."""


PASSED, NOT_APPLICABLE, UNKNOWN = Outcome.PASSED, Outcome.NOT_APPLICABLE, Outcome.UNKNOWN


@dataclass(frozen=True, slots=True)
class Doubt:
    """What a rule found."""

    field: str
    """What it is about: `params.seed`, `data:digits.version`."""
    message: str
    fix: str
    """What to do, as a sentence with a command or a call in it where there is one."""


Answer = Doubt | Outcome
Members = Sequence[RunRecord]
_Check = TypeVar("_Check", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Rule:
    """One question to a record."""

    id: str
    category: Category
    severities: tuple[Severity | None, ...]
    """By the order of `PROFILES`; None where the rule is off."""
    scope: Scope
    check: Callable[[Any], Answer | Sequence[tuple[int, Doubt]]]
    """A rule of a run takes its record; others take many, and name the run of each doubt."""
    why: str
    fix: Fix
    of: tuple[str, ...] = ()
    """The parts of the lineage that alone decide its answer; () where anything else does."""

    def severity(self, profile: Profile) -> Severity | None:
        return self.severities[PROFILES.index(profile)]


RULES: dict[str, Rule] = {}
"""All rules of ours by id, in the order of the files that declare them."""


def rule(
    id_: str,
    category: Category,
    severities: str,
    *,
    scope: Scope = "run",
    fix: Fix = "by hand",
    of: tuple[str, ...] = (),
) -> Callable[[_Check], _Check]:
    """Declare a function as a rule."""

    def declare(check: _Check) -> _Check:
        why = " ".join((check.__doc__ or "").split())
        levels = tuple(_LETTERS[letter] for letter in severities)
        RULES[id_] = Rule(id_, category, levels, scope, check, why, fix, of)
        return check

    return declare


def find_rule(id_: str, known: Sequence[str] = ()) -> Rule:
    """Return a rule by its id.

    Raises:
        InvalidArgument: there is none of that id.
    """
    from difflib import get_close_matches

    if id_ in RULES:
        return RULES[id_]
    near = get_close_matches(id_, [*RULES, *known], n=1)
    hint = f"did you mean {near[0]!r}?" if near else "`tt audit --rules` lists them"
    raise InvalidArgument(f"there is no audit rule {id_!r}: {hint}")

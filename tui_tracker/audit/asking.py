"""Ask rules: about one record, or about many at once; a rule of a user's may fail at it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from traceback import extract_tb
from typing import Any

from tui_tracker.audit.record import RunRecord
from tui_tracker.audit.rules import RULES, Doubt, Outcome, Rule

Arguments = Mapping[str, Mapping[str, Any]]
"""Further arguments of a rule's check by its id."""


def ask(rule: Rule, subject: object, arguments: Arguments) -> Any:
    """Return a rule's answer; one that raises could not tell, whatever it raised."""
    try:
        check: Callable[..., Any] = rule.check
        answer = check(subject, **arguments.get(rule.id, {}))
        return answer if rule.id in RULES else _checked(rule, answer)
    except Exception as error:
        if rule.id in RULES:
            raise
        place = _place_of(error)
        message = f"the rule itself failed{place}: {type(error).__name__}: {error}"
        return Unanswered(rule.id, message, f"mend the rule{place}")


def _checked(rule: Rule, answer: Any) -> Any:
    """Return the answer of a rule of a user's, if it is one.

    Raises:
        TypeError: it is none.
    """
    if rule.scope == "run":
        if isinstance(answer, (Doubt, Outcome)):
            return answer
        raise TypeError(f"it answered {answer!r:.60}, not a Doubt, PASSED or NOT_APPLICABLE")
    found = list(answer)
    for one in found:
        if not (isinstance(one, tuple) and len(one) == 2 and isinstance(one[1], Doubt)):
            raise TypeError(f"it answered {one!r:.60}, not the key of a run with a Doubt")
    return found


@dataclass(frozen=True, slots=True)
class Unanswered(Doubt):
    """What stands for the answer of a rule that raised: it could not be told."""


def _place_of(error: BaseException) -> str:
    """Return where it was raised, the file by its name alone; "" where nothing tells."""
    ours = Path(__file__).name
    frames = [f for f in extract_tb(error.__traceback__) if Path(f.filename).name != ours]
    return f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


def ask_of_many(
    rule: Rule, records: Sequence[RunRecord], arguments: Arguments
) -> Mapping[int, Doubt]:
    """Return the doubt about each run that has one, by the run's key."""
    found: dict[int, Doubt] = {}
    for members in _scopes(rule, records):
        answer = ask(rule, members, arguments)
        if isinstance(answer, Doubt):  # it failed
            return dict.fromkeys((record.key for record in members), answer)
        for key, doubt in answer:
            found.setdefault(key, doubt)
    return found


def _scopes(rule: Rule, records: Sequence[RunRecord]) -> Iterable[list[RunRecord]]:
    """Return the sets of runs that a rule is applied to."""
    if rule.scope == "store":
        return [list(records)]
    found: dict[object, list[RunRecord]] = defaultdict(list)
    for record in records:
        row = record.detail.row
        if "reproduction" in row.tags:
            continue
        key: object = row.experiment
        if rule.scope == "group":
            key = (row.experiment, record.group or record.key)
        found[key].append(record)
    return found.values()

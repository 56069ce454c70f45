"""What a checklist asks, and how rules and facts of many runs make one answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from tui_tracker.audit.engine import Audited, Finding
from tui_tracker.code_store import CodeStore, CodeUnavailable
from tui_tracker.facts import mapping, mappings, whole, word
from tui_tracker.formatting import format_duration
from tui_tracker.lineage.words import hardware_line, plural
from tui_tracker.store import Store

Verdict = Literal["yes", "no", "partly", "not applicable"]
_MOST_EVIDENCE = 6
_MOST_ADDED = 5


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where an answer comes from."""

    run: str
    """Id of the run."""
    rule: str
    """The rule that was asked; "" where a fact speaks for itself."""
    field: str = ""
    """The field of the record, "" where the rule passed as a whole."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to one item."""

    verdict: Verdict
    because: str
    evidence: tuple[Evidence, ...] = ()
    add: tuple[str, ...] = ()
    """What to do for a better answer."""


@dataclass(frozen=True, slots=True)
class Item:
    """One question of a checklist, in our words."""

    id: str
    question: str
    answer: Callable[[Subject], Answer]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A checklist with its answers."""

    name: str
    title: str
    runs: tuple[tuple[str, str], ...]
    """Id and name of each run that was asked about."""
    answers: tuple[tuple[Item, Answer], ...]


@dataclass(frozen=True)
class Subject:
    """The runs that a checklist is answered about."""

    store: Store
    audited: tuple[Audited, ...]

    @cached_property
    def paths(self) -> tuple[str, list[str]]:
        """Id of a run whose code is kept, and the paths of its files; "" where none is."""
        for one in self.audited:
            snapshot = str(one.record.fact("code", "snapshot", "commit") or "")
            try:
                if snapshot:
                    files = CodeStore.holding(self.store.folder, snapshot).list_files(snapshot)
                    return one.record.detail.row.id, [file.path for file in files]
            except (CodeUnavailable, OSError):
                continue
        return "", []

    @cached_property
    def decisions(self) -> list[str]:
        """The rules by which winners of these experiments were decided."""
        names = {one.record.detail.row.experiment for one in self.audited}
        marks = ",".join("?" * len(names))
        sql = f"SELECT DISTINCT rule FROM decision WHERE experiment IN ({marks}) ORDER BY rule"
        return [str(row[0]) for row in self.store.read(sql, sorted(names))]

    def findings(self, rule: str) -> Iterator[tuple[Audited, Finding]]:
        """Yield the open findings of a rule."""
        for one in self.audited:
            for finding in one.open:
                if finding.rule == rule:
                    yield one, finding

    # What facts say, for the sentence of an answer.

    def software(self) -> str:
        """Return `Python 3.11.9 and 104 packages`; "" where neither is recorded."""
        for one in self.audited:
            python = word(mapping_of(one, "environment", "python"), "version")
            packages = mapping_of(one, "environment", "packages")
            words = [f"Python {python}"] if python else []
            words += [plural(len(packages), "package")] if packages else []
            if words:
                return " and ".join(words)
        return ""

    def machines(self) -> str:
        """Return the kinds of machines, two at most."""
        told: dict[str, None] = {}
        for one in self.audited:
            part = one.record.part("hardware")
            if part is not None:
                told[hardware_line(part.facts)] = None
        lines = [line for line in told if line]
        more = f" and {len(lines) - 2} more" if len(lines) > 2 else ""
        return "; ".join(lines[:2]) + more

    def compute(self) -> str:
        """Return how many runs took how long, with those that failed."""
        rows = [one.record.detail.row for one in self.audited]
        total = sum(row.duration_s for row in rows)
        unfinished = sum(row.status != "finished" for row in rows)
        cards = sum(
            len(mappings(part.facts, "gpus")) > 0
            for one in self.audited
            if (part := one.record.part("hardware")) is not None
        )
        told = f"{plural(len(rows), 'run')}, {format_duration(total)} in all"
        told += f", {unfinished} of them not finished" if unfinished else ""
        return told + (f", {cards} with graphics cards" if cards else "")

    def data(self) -> str:
        """Return the data sets by name, version and number of rows."""
        told: dict[str, None] = {}
        for one in self.audited:
            for name, part in one.record.parts_of("data"):
                label = " ".join(w for w in (word(part.facts, "name") or name,
                                             word(part.facts, "version")) if w)  # fmt: skip
                rows = whole(part.facts, "rows")
                told[label + (f" ({plural(rows, 'row')})" if rows is not None else "")] = None
            if not any(one.record.parts_of("data")):
                told |= dict.fromkeys(one.record.data_names)
        return ", ".join(list(told)[:4])


def mapping_of(one: Audited, part: str, key: str) -> dict[str, object]:
    """Return a fact that is a mapping; {} where it is none."""
    found = one.record.part(part)
    return dict(mapping(found.facts, key)) if found is not None else {}


def by_rules(
    *rules: str,
    says: Callable[[Subject], str] | None = None,
    also: str = "",
    needs: tuple[str, ...] = (),
) -> Callable[[Subject], Answer]:
    """Answer yes where all these rules passed in all runs, no where none did.

    `says` tells facts that go into the sentence; `also` is what to add in any case. Where
    none applies because one of `needs` failed, there is nothing to speak of: that is no.
    """

    def answer(subject: Subject) -> Answer:
        passed, failed = _standings(subject, rules)
        told = says(subject) if says is not None else ""
        add = _fixes(subject, rules)
        add += (also,) if also and passed else ()
        if not passed and not failed:
            return _not_asked(subject, rules, needs, told)
        checks = f"{len(passed)} of {plural(len(passed) + len(failed), 'check')} passed"
        because = f"{told}; {checks}" if told else checks
        verdict: Verdict = "yes" if not failed else "partly" if passed else "no"
        evidence = _spread((*_named(subject, failed), *passed))
        return Answer(verdict, because, evidence[:_MOST_EVIDENCE], add)

    return answer


def _not_asked(subject: Subject, rules: Sequence[str], needs: Sequence[str], told: str) -> Answer:
    """Return the answer where no rule applied."""
    _, lacking = _standings(subject, needs)
    if lacking:
        evidence = _spread(_named(subject, lacking))[:_MOST_EVIDENCE]
        return Answer("no", "what it asks about is not recorded", evidence, _fixes(subject, needs))
    first = subject.audited[0].record.detail.row.id
    asked = tuple(Evidence(first, rule) for rule in rules)
    why = told or "no rule about it applies to these runs"
    return Answer("not applicable", why, asked[:_MOST_EVIDENCE])


def _standings(
    subject: Subject, rules: Sequence[str]
) -> tuple[tuple[Evidence, ...], tuple[Evidence, ...]]:
    """Return which rules passed (or were accepted) in which runs, and which did not."""
    passed, failed = [], []
    for one in subject.audited:
        standings = one.standings
        for rule in rules:
            ended = standings.get(rule)
            if ended in ("passed", "waived"):
                passed.append(Evidence(one.record.detail.row.id, rule))
            elif ended is not None:
                failed.append(Evidence(one.record.detail.row.id, rule))
    return tuple(passed), tuple(failed)


def _named(subject: Subject, failed: Sequence[Evidence]) -> tuple[Evidence, ...]:
    fields = {
        (one.record.detail.row.id, finding.rule): finding.field
        for one in subject.audited
        for finding in one.findings
    }
    return tuple(Evidence(e.run, e.rule, fields.get((e.run, e.rule), "")) for e in failed)


def _spread(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Return the first of each rule before any second: one run may fail them all."""
    first: dict[str, Evidence] = {}
    for one in evidence:
        first.setdefault(one.rule, one)
    chosen = list(first.values())
    return (*chosen, *(one for one in evidence if one not in chosen))


def _fixes(subject: Subject, rules: Sequence[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for rule in rules:
        for one, finding in subject.findings(rule):
            fix = finding.fix.replace("RUN", one.record.detail.row.name)
            found.setdefault(f"{finding.message}: {fix}")
            break  # one example a rule is enough
    return tuple(found)[:_MOST_ADDED]


def by_hand(what: str) -> Callable[[Subject], Answer]:
    """Answer no: records of runs cannot hold it, so the author has to write it."""
    return lambda _: Answer("no", "a record of a run does not hold this", add=(what,))


def by_theory(what: str) -> Callable[[Subject], Answer]:
    """Answer that it does not apply to experiments, and when it does."""
    return lambda _: Answer("not applicable", "these are experiments", add=(what,))


README = re.compile(r"(.*/)?readme[^/]*", re.I)
EVALUATION = re.compile(
    r"(?!(.*/)?(tests?/|test_|conftest))(.*/)?"
    r"[^/]*(?<![a-z])(eval(uat\w*)?|scor(er?|es|ing)|predict\w*|inference|test(ing)?)(?![a-z])[^/]*"
    r"\.(py|ipynb|sh|r|jl|cpp|lua)",
    re.I,
)
"""Programs that score a model. Unit tests are none: they lie in a folder or begin with `test_`."""


def by_files(what: str, fits: re.Pattern[str], *, add: str) -> Callable[[Subject], Answer]:
    """Answer yes where the kept code has a file whose path fits."""

    def answer(subject: Subject) -> Answer:
        run, paths = subject.paths
        for path in paths:
            if fits.fullmatch(path):
                evidence = (Evidence(run, "", f"code.snapshot:{path}"),)
                return Answer("yes", f"the kept code has `{path}`", evidence)
        why = f"the kept code has no {what}" if paths else "no copy of the code is kept"
        return Answer("no", why, add=(add,))

    return answer

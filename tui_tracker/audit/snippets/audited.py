"""A snippet audited as a run is, so that every form of a report takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tui_tracker.audit.engine import Audited, Finding
from tui_tracker.audit.record import RunRecord
from tui_tracker.audit.rules import Doubt, Severity
from tui_tracker.audit.score import Standing
from tui_tracker.audit.snippets.corrected import correct, score_snippet
from tui_tracker.audit.snippets.judge import judge_snippet
from tui_tracker.audit.snippets.rules import SNIPPET_RULES, SnippetRule
from tui_tracker.audit.snippets.snippet import Snippet
from tui_tracker.queries.answers import RunDetail, RunRow

_EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class AuditedSnippet:
    """What the rules say of a snippet, and the record that it should have been."""

    audited: Audited
    corrected: dict[str, Any]


def audit_snippet(
    snippet: Snippet,
    as_of: datetime,
    *,
    name: str,
    severities: Mapping[str, Severity | None] | None = None,
) -> AuditedSnippet:
    """Return what is in doubt; `name` is for a snippet that has none.

    `severities` are those that a project sets by rule; None switches a rule off.
    """
    chosen = _chosen(severities or {})
    found = [
        (chosen[rule.id], doubt)
        for rule, doubt in judge_snippet(snippet, as_of)
        if rule.id in chosen
    ]
    failed = {rule.id for rule, _ in found}
    ended: list[Standing] = ["failed" if id_ in failed else "passed" for id_ in chosen]
    audited = Audited(
        record=_record(next(iter(snippet.names.values()), name)),
        findings=tuple(_finding(rule, doubt) for rule, doubt in found),
        score=score_snippet(found, tuple(chosen.values())),
        rules=tuple(chosen),
        ended=tuple(ended),
    )
    return AuditedSnippet(audited, correct(snippet, found))


def _chosen(severities: Mapping[str, Severity | None]) -> dict[str, SnippetRule]:
    chosen = {}
    for id_, rule in SNIPPET_RULES.items():
        severity = severities.get(id_, rule.severity)
        if severity is not None:
            chosen[id_] = SnippetRule(id_, severity, rule.check)
    return chosen


def _finding(rule: SnippetRule, doubt: Doubt) -> Finding:
    return Finding(rule.id, rule.severity, doubt.field, doubt.message, doubt.fix)


def _record(name: str) -> RunRecord:
    """Return a record that holds a name alone: a snippet is no run of a store."""
    row = RunRow(0, "", name, "", "finished", _EPOCH, None, 0.0, (), False, False)
    detail = RunDetail(row, (), (), (), None, None, "", "", "", None, 0, 0, 0, "", {}, None)
    return RunRecord(detail)

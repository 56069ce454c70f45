"""The record that a snippet should have been: what it says in one form, and what it lacks.

Nothing is made up. What has to be told by a person stands as `TODO: ...`, in its place or,
where it has none, in `todo`; a name that is proposed says so in `proposed`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tui_tracker.audit.rules import Doubt
from tui_tracker.audit.score import Judged, Score, Standing, score
from tui_tracker.audit.snippets.leaves import of_hundred
from tui_tracker.audit.snippets.reader import is_read
from tui_tracker.audit.snippets.rules import SNIPPET_RULES, SnippetRule
from tui_tracker.audit.snippets.snippet import Snippet
from tui_tracker.audit.snippets.words import CONTEXTS, PARENTS, is_online
from tui_tracker.capture.redaction import redact_argv, redact_param, redact_text
from tui_tracker.names.lint import is_pinned, lint_experiment
from tui_tracker.names.metric import propose_metric

_NO_PLACE = frozenset(
    "metrics.test-selection metrics.not-finite metrics.context-mixed metrics.curve-missing "
    "metrics.uncertainty-missing naming.metric-unit run.times-inconsistent run.stale "
    "run.parent-missing params.secret".split()
)
"""Rules whose findings no single value of a record would settle."""
_AREAS = {"code": "code", "data": "data", "env": "env", "seed": "seeds", "artifacts": "artifacts"}


def score_snippet(
    found: list[tuple[SnippetRule, Doubt]], rules: Sequence[SnippetRule] | None = None
) -> Score:
    """Return the readiness of a snippet, by the same weights as that of a run.

    `rules` are those that were on; None stands for all.
    """
    failed = {rule.id for rule, _ in found}

    def judged(rule: SnippetRule) -> Judged:
        head = rule.id.partition(".")[0]
        area = (
            "metrics" if head == "metrics" or "metric" in rule.id else _AREAS.get(head, "context")
        )
        standing: Standing = "failed" if rule.id in failed else "passed"
        return Judged(rule.id, area, rule.severity, standing)  # type: ignore[arg-type]

    return score(judged(rule) for rule in (SNIPPET_RULES.values() if rules is None else rules))


def correct(snippet: Snippet, found: list[tuple[SnippetRule, Doubt]]) -> dict[str, Any]:
    """Return the corrected record; `proposed` says which of its values are proposals."""
    failed = {rule.id: doubt for rule, doubt in found}
    proposed: dict[str, str] = {}
    record = {
        **_identity(snippet, failed, proposed),
        "code": _code(snippet, failed),
        "data": _data(snippet, failed),
        "environment": _one_or_all(snippet.environment) or _todo(failed, "env.freeze-missing"),
        "params": {
            **{key: value for key, value in snippet.params.items() if not _is_seed(key)},
            "seed": _seeds(snippet, failed),
        },
        "metrics": _metrics(snippet, proposed),
        **_beside(snippet),
        "evaluated_at": _time(snippet.evaluated_at or snippet.ended_at)
        or next(iter(snippet.moments), None)
        or _todo(failed, "metrics.timestamp-missing"),
        "artifacts": _artifacts(snippet, failed),
        "tags": {
            "purpose": snippet.purpose or _todo(failed, "tags.purpose-missing"),
            "owner": snippet.owner or _todo(failed, "tags.owner-missing"),
        },
        "note": " ".join(snippet.notes) or _todo(failed, "run.note-missing"),
    }
    if others := _others(snippet):
        record["other"] = others
    if rest := {id_: _todo(failed, id_) for id_ in failed if id_ in _NO_PLACE}:
        record["todo"] = rest
    if proposed:
        record["proposed"] = proposed
    return {key: _without_secrets(key, value) for key, value in record.items()}


def _without_secrets(name: str, value: Any) -> Any:
    """Return a value with what looks like a secret hidden: the record is there to be handed on."""
    if isinstance(value, dict):
        return {key: _without_secrets(key, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_secrets(name, inner) for inner in value]
    if not isinstance(value, str):
        return value
    if name == "command":
        value = " ".join(redact_argv(value.split(" "))[0])
    return redact_text(str(redact_param(name, value)))


def _todo(failed: dict[str, Doubt], rule: str) -> str | None:
    return f"TODO: {failed[rule].fix}" if rule in failed else None


def _is_seed(key: str) -> bool:
    return re.search(r"(^|_)(seed|random_state)s?$", key) is not None


def _seeds(snippet: Snippet, failed: dict[str, Doubt]) -> Any:
    if not snippet.seeds and snippet.split_seed is None:
        return _todo(failed, "seed.missing")
    values = list(dict.fromkeys(map(str, snippet.seeds or [snippet.split_seed])))
    return _one_or_all([int(text) if text.lstrip("-").isdigit() else text for text in values])


def _one_or_all(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _beside(snippet: Snippet) -> dict[str, Any]:
    """Return what a record says of how it ended, what it continues, and where it was measured."""
    found: dict[str, Any] = {"status": snippet.status} if snippet.status else {}
    for leaf in snippet.leaves:
        if leaf.is_empty or isinstance(leaf.value, dict):
            continue
        if CONTEXTS & {*leaf.keys}:
            found.setdefault("context", {})[leaf.path] = leaf.value
        elif PARENTS.search("_".join(leaf.keys)) and isinstance(leaf.value, str):
            found.setdefault("parent", leaf.value)
    return found


def _others(snippet: Snippet) -> dict[str, Any]:
    """Return single values that say nothing to any rule, so that none of them is lost."""
    measured = {metric.path for metric in snippet.metrics}
    return {
        leaf.path: leaf.value
        for leaf in snippet.leaves
        if isinstance(leaf.value, (str, int, float))
        and not (leaf.is_empty or leaf.path in measured or is_read(leaf))
        and not (CONTEXTS | {"git", "code", "dirty", "todo", "proposed", "other"}) & leaf.words
        and not PARENTS.search("_".join(leaf.keys))
    }


def _identity(
    snippet: Snippet, failed: dict[str, Doubt], proposed: dict[str, str]
) -> dict[str, Any]:
    names = list(snippet.names.values())
    found: dict[str, Any] = {"name": names[0] if names else "TODO: purpose and topic"}
    if "naming.experiment" in failed and names:
        found["name"] = f"TODO: {failed['naming.experiment'].fix}"
    elif names and (near := [p for d in lint_experiment(names[0]) for p in d.proposals]):
        proposed["name"] = f"{near[0].name} ({near[0].confidence})"
    for name in ("started_at", "ended_at"):
        if (moment := getattr(snippet, name)) is not None:
            found[name] = _time(moment)
    return found


def _code(snippet: Snippet, failed: dict[str, Doubt]) -> dict[str, Any]:
    commit: Any = snippet.commit or _todo(failed, "code.commit-missing")
    if "code.commit-abbreviated" in failed:
        commit = f"{snippet.commit} TODO: {failed['code.commit-abbreviated'].fix}"
    found = {"commit": commit, **({} if snippet.dirty is None else {"dirty": snippet.dirty})}
    if snippet.dirty:
        found["diff"] = snippet.diff or _todo(failed, "code.snapshot-incomplete")
    command = f"{snippet.script} {snippet.arguments}".strip() if snippet.script else ""
    found["command"] = command or _todo(failed, "code.entry-missing")
    return found


def _data(snippet: Snippet, failed: dict[str, Doubt]) -> dict[str, Any]:
    pinned = [version for version in snippet.data_versions if is_pinned(version)]
    missing = _todo(failed, "data.version-missing") or _todo(failed, "data.version-mutable")
    return {
        "name": snippet.data_name or _todo(failed, "data.name-missing"),
        "version": pinned[0] if pinned else missing,
        "digest": snippet.data_digest or None,
        "split": snippet.split or _todo(failed, "data.split-strategy-missing"),
    }


def _metrics(snippet: Snippet, proposed: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    names = [metric.name for metric in snippet.metrics]
    curves = {(m.name, m.split): m for m in snippet.metrics if len(m.values) > 1}
    for metric in snippet.metrics:
        leaf = metric.name.rpartition("/")[2]
        full = f"{metric.split}_{leaf}" if metric.split and metric.split not in leaf else leaf
        near = () if is_online(metric) else propose_metric(full, siblings=names)
        name = near[0].name if near and near[0].confidence != "guess" else full
        curve = curves.get((metric.name, metric.split), metric)
        if metric is not curve and metric.values[0] in curve.values:
            continue  # the last of its curve
        if name in found:  # another model's, or another table's
            name = metric.name if metric.name not in found else metric.path
        if near and near[0].name != metric.name:
            proposed[f"metrics.{name}"] = (
                f"{near[0].name} for {metric.name!r} ({near[0].confidence})"
            )
        # A percent whose name no longer says so would be another number.
        lost = "%" in metric.name and "percent" not in name
        values = [of_hundred(value) if lost else value for value in metric.values]
        found[name] = metric.said or _one_or_all(values)
    return found


def _artifacts(snippet: Snippet, failed: dict[str, Doubt]) -> Any:
    missing = _todo(failed, "artifacts.model-missing")
    if not snippet.artifacts:
        return missing
    unhashed = {"sha256": _todo(failed, "artifacts.unhashed")}
    listed: list[Any] = []
    for path, place in zip(snippet.artifacts, snippet.places, strict=True):
        kind, pin = snippet.pins.get(place, ("", ""))
        listed.append({"path": path, **({kind: pin} if pin else unhashed)})
    return [*listed, missing] if missing else listed


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None

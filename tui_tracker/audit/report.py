"""An audit as JSON, Markdown, SARIF or JUnit, for scripts, reviews and CI."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from tui_tracker.audit.engine import Audited, Finding
from tui_tracker.audit.rules import Rule, Severity
from tui_tracker.audit.score import GRADES

_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
_NOT_XML = re.compile("[^\\t\\n\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
_LEVELS: dict[Severity, str] = {"error": "error", "warn": "warning", "info": "note"}


def summarise(audited: Sequence[Audited]) -> dict[str, Any]:
    """Return counts over all runs: findings by severity and rule, worst and median score."""
    severities: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    for run in audited:
        for finding in run.open:
            severities[finding.severity] += 1
            rules[finding.rule] += 1
    points = [run.score.points for run in audited]
    grades = Counter(run.score.grade for run in audited)
    return {
        "runs": len(audited),
        "error": severities["error"],
        "warn": severities["warn"],
        "info": severities["info"],
        "waived": sum(bool(f.waived) for run in audited for f in run.findings),
        "rules": dict(rules.most_common()),
        "grades": {grade: grades[grade] for _, grade in GRADES if grades[grade]},
        "worst": min(points, default=None),
        "median": median(points) if points else None,
    }


def to_shape(audited: Sequence[Audited], *, profile: str) -> dict[str, Any]:
    """Return what `tt audit --json` prints."""
    return {
        "profile": profile,
        "runs": [_run(run) for run in audited],
        "summary": summarise(audited),
    }


def _run(run: Audited) -> dict[str, Any]:
    row = run.record.detail.row
    proof = run.record.detail.proof
    return {
        "id": row.id,
        "name": row.name,
        "experiment": row.experiment,
        "score": run.score.points,
        "grade": run.score.grade,
        "cap": run.score.cap or None,
        "capped_by": run.score.capped_by or None,
        "without_cap": run.score.without_cap,
        "proof": proof.level if proof is not None else "L0",
        "categories": dict(run.score.by_category),
        "findings": [finding_shape(finding) for finding in run.findings],
    }


def finding_shape(finding: Finding) -> dict[str, Any]:
    """Return a finding as a JSON object."""
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "field": finding.field,
        "message": finding.message,
        "fix": finding.fix,
        "waived": finding.waived or None,
        "unknown": finding.unknown,
    }


def to_sarif(
    audited: Sequence[Audited],
    known: Sequence[Rule] = (),
    scripts: Mapping[int, str] | None = None,
    *,
    version: str,
) -> str:
    """Return the findings in SARIF 2.1.0, a run as the logical location of its findings.

    `known` are the rules whose reasons are told, `scripts` the files by run at whose first line
    a reader shows them: GitHub takes no result without a file.
    Source: OASIS, Static Analysis Results Interchange Format 2.1.0.
    """
    results = [
        _sarif_result(run, finding, (scripts or {}).get(run.record.key, ""))
        for run in audited
        for finding in run.findings
    ]
    why = {rule.id: rule.why for rule in known}
    used = sorted({result["ruleId"] for result in results})
    rules = [{"id": id_, "shortDescription": {"text": why.get(id_) or id_}} for id_ in used]
    driver = {"name": "tui-tracker", "version": version, "rules": rules}
    shape = {
        "$schema": _SARIF,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }
    return json.dumps(shape, indent=1, ensure_ascii=False)


def _sarif_result(run: Audited, finding: Finding, script: str) -> dict[str, Any]:
    row = run.record.detail.row
    qualified = "/".join(part for part in (row.experiment, row.id, finding.field) if part)
    place = script or "/".join(part for part in (row.experiment, row.name) if part)
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{row.name}: {finding.message}. Fix: {finding.fix}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(place.lstrip("/"))},
                    "region": {"startLine": 1},
                },
                "logicalLocations": [
                    {"name": row.name, "fullyQualifiedName": qualified, "kind": "resource"}
                ],
            }
        ],
        "partialFingerprints": {"run": row.id or row.name},
    }
    if finding.waived:
        result["suppressions"] = [{"kind": "external", "justification": finding.waived}]
    return result


def to_junit(audited: Sequence[Audited]) -> str:
    """Return one test suite a run and one test case a rule, for CI that shows JUnit files."""
    root = ElementTree.Element("testsuites", name="tui-tracker audit")
    for run in audited:
        row = run.record.detail.row
        asked = [id_ for id_, end in run.standings.items() if end is not None]
        failed = {f.rule: f for f in run.open if f.severity == "error"}
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=_xml(f"{row.experiment}/{row.name}" if row.experiment else row.name),
            tests=str(len(asked)),
            failures=str(len(failed)),
        )
        by_rule = {finding.rule: finding for finding in run.findings}
        for id_ in asked:
            case = ElementTree.SubElement(
                suite, "testcase", classname=_xml(row.id or row.name), name=id_
            )
            finding = by_rule.get(id_)
            if finding is None:
                continue
            if id_ in failed:
                failure = ElementTree.SubElement(case, "failure", message=_xml(finding.message))
                failure.text = _xml(finding.fix)
            else:
                ElementTree.SubElement(case, "system-out").text = _xml(finding.message)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, "unicode")


def _xml(text: str) -> str:
    """Return a text without the characters that XML cannot hold."""
    return _NOT_XML.sub("\ufffd", text)


def to_markdown(audited: Sequence[Audited]) -> str:
    """Return a table of runs and their findings, for a review or a chat."""
    lines = ["| run | readiness | proof | errors | warnings |", "| --- | --- | --- | --- | --- |"]
    for run in audited:
        row, proof = run.record.detail.row, run.record.detail.proof
        counts = Counter(finding.severity for finding in run.open)
        lines.append(
            f"| {_cell(row.name)} | {run.score.grade} {run.score.points} "
            f"| {proof.level if proof else 'L0'} | {counts['error']} | {counts['warn']} |"
        )
    for run in audited:
        told = [finding for finding in run.findings if finding.severity != "info"]
        if told:
            lines += ["", f"**{_cell(run.record.detail.row.name)}**", ""]
            lines += [_line(finding) for finding in told]
    return "\n".join(lines) + "\n"


def _line(finding: Finding) -> str:
    waived = f" (accepted: {_cell(finding.waived)})" if finding.waived else ""
    return (
        f"- {finding.severity} `{finding.rule}` {_cell(finding.message)}{waived}  \n"
        f"  fix: {_cell(finding.fix)}"
    )


def _cell(text: str) -> str:
    return text.replace("\n", " ").replace("|", "\\|")


def fails(audited: Sequence[Audited], fail_on: str) -> bool:
    """Return whether an audit should fail: `error`, `warn`, `info`, `grade<B`, or `never`."""
    if fail_on == "never":
        return False
    if fail_on.startswith("grade<"):
        least = next(points for points, grade in GRADES if grade == fail_on[-1])
        return any(run.score.points < least for run in audited)
    levels = {"error": {"error"}, "warn": {"error", "warn"}, "info": {"error", "warn", "info"}}
    return any(finding.severity in levels[fail_on] for run in audited for finding in run.open)

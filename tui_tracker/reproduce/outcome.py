"""What an attempt came to: for scripts as JSON, for people as a page of Markdown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from tui_tracker.formatting import format_duration, format_number, printable
from tui_tracker.queries.proofs import MEANINGS
from tui_tracker.reproduce.files import FileVerdict
from tui_tracker.reproduce.plan import Plan
from tui_tracker.reproduce.verdict import MetricVerdict

_WORDS = {
    "identical": "reproduced, bit for bit",
    "within tolerance": "reproduced, within tolerance",
    "consistent": "reproduced, statistically consistent",
    "different": "not reproduced: it differs",
    "inconclusive": "inconclusive",
    "rebuilt": "rebuilt and verified, not run",
    "failed": "could not be reproduced",
    "planned": "planned, nothing was done",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt to get a run again came to."""

    run: str
    name: str
    mode: str
    verdict: str
    """A word of the ladder, `rebuilt`, `failed` or `planned`."""
    why: str
    level: str
    exit_code: int
    at: datetime
    machine: str
    reruns: tuple[str, ...]
    """Ids of the runs that came of it."""
    metrics: tuple[MetricVerdict, ...]
    main_why: str
    """How the main metric was settled on."""
    files: tuple[FileVerdict, ...]
    suspects: tuple[str, ...]
    """What was not as it was recorded: the first that a difference may come from."""
    notes: tuple[str, ...]
    tail: tuple[str, ...]
    """Last lines that a failed rerun printed."""
    environment: Mapping[str, object]
    plan: Plan | None
    steps: Sequence[Mapping[str, object]]

    def shape(self) -> dict[str, object]:
        """Return the outcome in the public shape of JSON."""
        return {
            "run": self.run,
            "name": self.name,
            "mode": self.mode,
            "verdict": self.verdict,
            "why": self.why,
            "exit_code": self.exit_code,
            "proof": {
                "level": self.level,
                "verdict": self.verdict,
                "at": f"{self.at:%Y-%m-%dT%H:%M:%S}Z",
                "machine": self.machine,
                "run": self.reruns[0] if self.reruns else None,
            },
            "reruns": list(self.reruns),
            "metrics": {metric.name: asdict(metric) for metric in self.metrics},
            "main_metric_why": self.main_why,
            "artifacts": [asdict(file) for file in self.files],
            "suspects": list(self.suspects),
            "notes": list(self.notes),
            "tail": list(self.tail),
            "environment": dict(self.environment),
            "plan": self.plan.shape() if self.plan else None,
            "steps": list(self.steps),
        }


def verdict_line(outcome: Outcome) -> str:
    """Return the verdict in one line."""
    words = _WORDS.get(outcome.verdict, outcome.verdict)
    return f"{words} ({outcome.level}: {MEANINGS[outcome.level]})"


def markdown(outcome: Outcome) -> str:
    """Return the report as a page."""
    parts = [
        f"# Reproduction of {printable(outcome.name)}",
        f"**{verdict_line(outcome)}**",
        printable(outcome.why),
        _facts(outcome),
    ]
    if outcome.metrics:
        parts += ["## Metrics", _metrics(outcome.metrics)]
        if outcome.main_why:
            parts.append(f"The main metric was {outcome.main_why}.")
    if outcome.files:
        parts += ["## Artifacts", _files(outcome.files)]
    if outcome.suspects:
        parts += ["## Not as it was recorded", _bullets(outcome.suspects)]
    if outcome.plan is not None:
        parts += ["## Plan", _plan(outcome.plan)]
    if outcome.notes:
        parts += ["## Notes", _bullets(outcome.notes)]
    if outcome.tail:
        parts += ["## Last lines of the rerun", "```text\n" + "\n".join(outcome.tail) + "\n```"]
    parts += ["## Steps", _steps(outcome.steps)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _facts(outcome: Outcome) -> str:
    rows = [
        ("run", outcome.run),
        ("reruns", ", ".join(outcome.reruns) or "none"),
        ("mode", outcome.mode),
        ("at", f"{outcome.at:%Y-%m-%d %H:%M:%S} UTC"),
        ("machine", printable(outcome.machine)),
        ("expected best", outcome.plan.best if outcome.plan else "unknown"),
        ("exit code", str(outcome.exit_code)),
    ]
    return "\n".join(["| | |", "| --- | --- |", *[f"| {k} | {_cell(v)} |" for k, v in rows]])


def _plan(plan: Plan) -> str:
    lines = [f"{label:<10}{printable(text)}" for label, text in plan.told()]
    return "\n".join(["```text", *lines, "```"])


def _metrics(metrics: Sequence[MetricVerdict]) -> str:
    lines = [
        "| metric | | verdict | run | rerun | difference | first differing step | why |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for metric in sorted(metrics, key=lambda m: ("main guard other clock".index(m.role), m.name)):
        cells = [
            metric.name,
            metric.role,
            metric.verdict or "not judged",
            _exact(metric.original),
            _exact(metric.rerun),
            format_number(metric.difference, 3) if metric.difference else "0",
            "" if metric.first_bits is None else str(metric.first_bits),
            metric.why,
        ]
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    return "\n".join(lines)


def _files(files: Sequence[FileVerdict]) -> str:
    lines = ["| artifact | verdict | run | rerun |", "| --- | --- | --- | --- |"]
    for file in files:
        cells = [file.path, file.verdict, (file.sha256 or "")[:12], (file.rerun_sha256 or "")[:12]]
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    return "\n".join(lines)


def _steps(steps: Sequence[Mapping[str, object]]) -> str:
    return _bullets(
        [
            f"{'done' if step['ok'] else 'failed'}: {step['step']}, {step['text']} "
            f"({format_duration(float(str(step['seconds'])))})"
            for step in steps
        ]
    )


def _bullets(texts: Sequence[str]) -> str:
    return "\n".join(f"- {printable(text)}" for text in texts)


def _exact(value: float) -> str:
    return "none" if math.isnan(value) else f"{value:.10g}"


def _cell(text: str) -> str:
    # A bar in the user's words would begin another cell.
    return printable(text).replace("|", "\\|")

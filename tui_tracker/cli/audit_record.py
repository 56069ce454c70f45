"""`tt audit --record`: pasted metadata, in whatever notation; no store is touched."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_tracker.cli.output import print_json, say
from tui_tracker.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_tracker.audit.engine import Settings
    from tui_tracker.audit.snippets.audited import AuditedSnippet


def audit_record(args: argparse.Namespace, settings: Settings) -> list[AuditedSnippet]:
    """Return the audits of the records that a file holds."""
    from tui_tracker.audit.snippets.audited import audit_snippet
    from tui_tracker.audit.snippets.texts import read_file

    if args.words or args.deep or args.sheet is not None:
        raise InvalidArgument("--record audits a file in place of runs: leave the others out")
    if args.record == "-" and sys.stdin.isatty():
        say("paste the record, and end it with Ctrl-D on a line of its own")
    path = Path(args.record)
    snippets = read_file(path)
    stem = path.stem if args.record != "-" else "pasted"
    names = [stem if len(snippets) == 1 else f"{stem} {n}" for n in range(1, len(snippets) + 1)]
    as_of = _as_of(args.as_of)
    return [
        audit_snippet(snippet, as_of, name=name, severities=settings.severities)
        for snippet, name in zip(snippets, names, strict=True)
    ]


def print_json_records(found: Sequence[AuditedSnippet], *, profile: str) -> None:
    """Print the records as `tt audit --json` prints runs, each with its corrected one."""
    from tui_tracker.audit.report import to_shape

    shape = to_shape([one.audited for one in found], profile=profile)
    runs: list[dict[str, Any]] = shape["runs"]
    for run, one in zip(runs, found, strict=True):
        run |= {"id": None, "corrected": one.corrected}
    if len(found) == 1:
        shape["corrected"] = found[0].corrected
    print_json(shape, indent=1)


def print_corrected(one: AuditedSnippet) -> None:
    """Print the record that leaves less in doubt."""
    from tui_tracker.queries.records import to_json

    print("A record that leaves less in doubt:\n")
    print(to_json(one.corrected, indent=1))


def _as_of(text: str | None) -> datetime:
    from tui_tracker.audit.snippets.leaves import as_time

    if text is None:
        return datetime.now(UTC)
    moment = as_time(text)
    if moment is None:
        raise InvalidArgument(f"--as-of {text!r} is no date: write it as 2026-06-01")
    return moment

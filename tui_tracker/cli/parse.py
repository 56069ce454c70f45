"""Say what a printed log holds: params, metrics with steps, files, and what lineage is missing.

No store is touched. LOG may be - for standard input. Exit 1: nothing was found.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from tui_tracker.cli.output import plural, print_json, tell
from tui_tracker.cli.tables import Column, print_facts, print_heading, print_table
from tui_tracker.formatting import format_number, printable
from tui_tracker.parsing.result import ParsedLog, ParsedRun, Series

_MOST_ROWS = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("log", metavar="LOG", help="a file with what a program printed, or -")
    parser.add_argument("--json", action="store_true", help="print all points, for scripts")
    parser.add_argument(
        "--explain", action="store_true", help="say line by line what was read as what, and why"
    )
    parser.add_argument(
        "--pattern",
        metavar="P",
        action="append",
        default=[],
        help="a shape of lines, as 'ep {epoch:d} loss {loss:f}'; may be repeated",
    )
    parser.add_argument(
        "--suggest", action="store_true", help="propose patterns for lines that were not understood"
    )


def run(args: argparse.Namespace) -> int:
    from tui_tracker.parsing.config import read_given, read_patterns
    from tui_tracker.parsing.result import parse

    patterns = (*read_given(args.pattern, "--pattern"), *read_patterns(Path.cwd()))
    notes: dict[int, list[str]] = {}
    told = (lambda line, what: notes.setdefault(line, []).append(what)) if args.explain else None
    source = _Source(args.log, keep=args.explain)
    log = parse(source.chunks(), patterns, told)
    found = any(run.metrics or run.params or run.final for run in log.runs)
    if args.json:
        print_json(as_json(log))
    elif args.explain:
        _explain(source, notes)
    elif args.suggest:
        _suggest(log)
    else:
        _show(log)
    return 0 if found else 1


class _Source:
    """The bytes of a log: a file that can be read again, or standard input."""

    def __init__(self, name: str, *, keep: bool) -> None:
        self._name, self._keep = name, keep and name == "-"
        self._kept: list[bytes] = []

    def chunks(self) -> Iterator[bytes]:
        from tui_tracker.parsing.result import CHUNK

        if self._name != "-":
            with open(self._name, "rb") as file:
                while chunk := file.read(CHUNK):
                    yield chunk
            return
        while chunk := os.read(sys.stdin.fileno(), CHUNK):
            if self._keep:
                self._kept.append(chunk)
            yield chunk

    def again(self) -> Iterator[bytes]:
        return iter(self._kept) if self._keep else self.chunks()


def as_json(log: ParsedLog) -> dict[str, object]:
    """Return a log in the shape that scripts may rely on."""
    return {
        "runs": [_run_json(run) for run in log.runs],
        "missing": log.missing,
        "unused_lines": log.unused_lines,
        "lines": log.lines,
        "unclear": [{"line": odd.line, "text": odd.text, "why": odd.why} for odd in log.unclear],
    }


def _run_json(run: ParsedRun) -> dict[str, object]:
    return {
        "name": run.name,
        "params": run.params,
        "metrics": {name: _series_json(series) for name, series in run.metrics.items()},
        "final": run.final,
        "artifacts": [*run.artifacts, *[p for p in run.used if p not in run.artifacts]],
        "status": run.status,
        "resumed": run.resumed,
        "lineage": run.facts,
    }


def _series_json(series: Series) -> dict[str, object]:
    points = [[list(s) if isinstance(s, tuple) else s, v] for s, v in series.points()]
    return {"axis": series.axis, "points": points, "lines": list(series.lines)}


def _show(log: ParsedLog) -> None:
    for number, run in enumerate(log.runs):
        if number:
            print()
        _show_run(run)
    print_heading("Lines")
    print(f"{log.lines - log.unused_lines:,} of {log.lines:,} lines were understood")
    if log.missing:
        print_heading("Lineage that the log does not tell")
        print(", ".join(log.missing))
    if log.unclear:
        tell("tt parse --explain says what became of each line, --suggest proposes patterns.")


def _show_run(run: ParsedRun) -> None:
    resumed = f", went on from an earlier step {run.resumed} x" if run.resumed else ""
    print_facts([("run", printable(f"{run.name}, {run.status}{resumed}"))])
    params = ", ".join(f"{key}={value}" for key, value in run.params.items())
    print_facts([("params", printable(params))])
    if run.metrics:
        print_heading("Metrics")
        _print_series(run)
    if run.final:
        print_heading("Final values")
        print_facts([(printable(k), format_number(v)) for k, v in run.final.items()])
    if files := (*run.artifacts, *run.used):
        print_heading("Files")
        print("\n".join(map(printable, files)))


def _print_series(run: ParsedRun) -> None:
    rows = list(run.metrics.items())[:_MOST_ROWS]
    columns = [
        Column("metric", [printable(name) for name, _ in rows]),
        Column("axis", [series.axis for _, series in rows], rank=2),
        Column("points", [f"{len(series.values):,}" for _, series in rows], right=True),
        Column("steps", [_span(series) for _, series in rows], rank=1),
        Column("first", [format_number(s.values[0]) for _, s in rows], right=True, rank=3),
        Column("last", [format_number(s.values[-1]) for _, s in rows], right=True),
        Column("line", [f"{series.lines[0]:,}" for _, series in rows], right=True, rank=4),
    ]
    print_table(columns)
    if len(run.metrics) > _MOST_ROWS:
        print(f"and {plural(len(run.metrics) - _MOST_ROWS, 'further metric')}")


def _span(series: Series) -> str:
    first, last = series.steps[0], series.steps[-1]
    return f"{first}" if first == last else f"{first} to {last}"


def _explain(source: _Source, notes: dict[int, list[str]]) -> None:
    from tui_tracker.parsing.cleaning import Lines

    lines = Lines()
    shown = 0

    def show(number: int, states: list[str]) -> None:
        nonlocal shown
        if states:
            again = f" (the last of {len(states)} states)" if len(states) > 1 else ""
            print(f"{number:>6}  {printable(states[-1][:300])}{again}")
        # A held-back bar or value is told with its own line, once each.
        for what in dict.fromkeys(notes.get(number, [])) if number != shown else ():
            print(f"        -> {printable(what)}")
        shown = number

    for chunk in source.again():
        for number, states in lines.feed(chunk):
            show(number, states)
    for number, states in lines.finish():
        show(number, states)


def _suggest(log: ParsedLog) -> None:
    from tui_tracker.parsing.patterns import suggest

    patterns = suggest([odd.text for odd in log.unclear])
    if not patterns:
        tell("There is no line with numbers that was not understood.")
        return
    tell("Correct the names, take away what varies ({} stands for any text), and put it under")
    tell("[tool.tui_tracker.parse] in pyproject.toml, or behind --pattern:")
    for pattern in patterns:
        print(f"pattern = {_quoted(pattern)}")


def _quoted(text: str) -> str:
    return (
        f"'{text}'"
        if "'" not in text
        else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    )

"""Plan an experiment before it runs, and see what of the plan is there.

  tt plan new sweep          write plan.toml: sweep, ablation, preprocessing, augmentation
  tt plan check [PLAN]       a matrix: done, running, missing, failed, and what nobody planned
  tt plan next [PLAN]        the commands that are still to run
  tt plan run [PLAN] [-j N]  run them, N at a time; again after a crash, to go on

PLAN is a file, by default plan.toml. `check` ends with 0 where all is done, else with 1.
"""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from tui_tracker import folder as folders
from tui_tracker.cli.opening import READ_WAIT_S, add_json, from_number, open_store
from tui_tracker.cli.output import on_terminal, plural, print_json, rich_console, say, tell
from tui_tracker.errors import InvalidArgument

if TYPE_CHECKING:
    from tui_tracker.plan.coverage import Coverage, Covered, State
    from tui_tracker.plan.plan import Cell
    from tui_tracker.plan.running import Ended

_VERBS = ("new", "check", "next", "run")
_GLYPHS: dict[State, tuple[str, str]] = {
    "done": ("✓", "green"),
    "running": ("●", "green"),
    "incomplete": ("~", "yellow"),
    "failed": ("✗", "red"),
    "missing": ("·", "dim"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("verb", metavar="new|check|next|run", choices=_VERBS)
    parser.add_argument("plan", metavar="PLAN", nargs="?", help="the file; for new: the template")
    parser.add_argument("--out", metavar="FILE", help="where new writes (default: plan.toml)")
    parser.add_argument(
        "-j", "--jobs", metavar="N", type=from_number(1), default=1, help="so many at a time"
    )
    parser.add_argument("--limit", metavar="N", type=from_number(1), help="run at most so many")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    if args.verb == "new":
        return _new(args)
    from tui_tracker.plan.coverage import check_plan
    from tui_tracker.plan.plan import read_plan

    plan = read_plan(Path(args.plan or "plan.toml"))
    for doubt in plan.doubts():
        say(doubt)
    if args.verb == "run":
        from tui_tracker.plan.running import run_plan

        with open_store(args, create=True) as store:
            ended = run_plan(store, plan, at_once=args.jobs, most=args.limit, told=_tell)
            return _report(ended, check_plan(store, plan))
    # A plan comes before its first run, and so before the store that the run makes.
    if not folders.exists(folders.locate(args.store)):
        coverage = check_plan(None, plan)
    else:
        with open_store(args, wait_s=READ_WAIT_S) as store:
            coverage = check_plan(store, plan)
    return _next(args, coverage) if args.verb == "next" else _check(args, coverage)


def _new(args: argparse.Namespace) -> int:
    from tui_tracker.plan.templates import TEMPLATES, template

    kind = args.plan or "sweep"
    text, path = template(kind), Path(args.out or "plan.toml")
    if path.exists():
        raise InvalidArgument(f"{path} is there already: name another with --out")
    path.write_text(text, encoding="utf-8")
    others = ", ".join(name for name in TEMPLATES if name != kind)
    tell(f"wrote {path} ({kind}; others: {others}); edit it, then: tt plan check {path}")
    return 0


def _next(args: argparse.Namespace, coverage: Coverage) -> int:
    from tui_tracker.plan.running import open_cells, tt_command

    commands = [
        tt_command(coverage.plan, covered.cell, store=args.store)
        for covered in open_cells(coverage)
    ]
    if args.json:
        print_json([shlex.join(command) for command in commands], indent=1)
        return 0
    if not coverage.plan.command:
        raise InvalidArgument(f'{coverage.plan.path}: a plan that runs needs command = "..."')
    for command in commands:
        print(shlex.join(command))
    return 0


def _check(args: argparse.Namespace, coverage: Coverage) -> int:
    if args.json:
        print_json(_shape(coverage), indent=1)
    else:
        _print(coverage)
    return 0 if coverage.is_complete else 1


def _shape(coverage: Coverage) -> dict[str, object]:
    from tui_tracker.plan.coverage import STATES

    return {
        "experiment": coverage.plan.experiment,
        "cells": [
            {
                "params": dict(covered.cell.params),
                "state": covered.state,
                "run": covered.run,
                "name": covered.name or None,
                "lacks": list(covered.lacks),
                "attempts": covered.attempts,
                "runs": [id_ for id_, _ in covered.runs],
            }
            for covered in coverage.cells
        ],
        "counts": {state: coverage.count(state) for state in STATES},
        "unplanned": [{"run": id_, "name": name} for id_, name in coverage.unplanned],
        "hours": coverage.hours,
    }


def _print(coverage: Coverage) -> None:
    from rich.text import Text

    from tui_tracker.formatting import cell_width, fit, printable
    from tui_tracker.plan.coverage import STATES

    console, plan = rich_console(), coverage.plan
    console.print(Text(printable(plan.experiment), "bold"), soft_wrap=True)
    if plan.question:
        console.print(Text(printable(plan.question), "dim"), soft_wrap=True)
    console.print()
    rows: dict[str, list[Covered]] = {}
    for covered in coverage.cells:
        pairs = [f"{k}={v}" for k, v in covered.cell.params.items() if k != plan.seed_param]
        rows.setdefault(printable(" ".join(pairs)) or "all", []).append(covered)
    width = min(48, max(cell_width(name) for name in rows))
    if plan.seeds:
        head = f"{' ' * width}  {plan.seed_param} " + " ".join(str(seed) for seed in plan.seeds)
        console.print(Text(head, "dim"), soft_wrap=True)
    gap = " " * (len(plan.seed_param) + 1 if plan.seeds else 0)
    for name, row in rows.items():
        line = Text(f"{fit(name, width)}  {gap}")
        for number, covered in enumerate(row):
            glyph, style = _GLYPHS[covered.state]
            seed = len(str(plan.seeds[number])) if number < len(plan.seeds) else 1
            line.append(glyph.rjust(seed) + " ", style)
        line.append("  " + _lacking(row), "yellow")
        console.print(line, soft_wrap=True)
    console.print()
    told = [f"{coverage.count(state)} {state}" for state in STATES if coverage.count(state)]
    console.print(Text(", ".join(told) or "nothing is planned"), soft_wrap=True)
    if coverage.unplanned:
        names = ", ".join(printable(name) for _, name in coverage.unplanned[:5])
        more = " ..." if len(coverage.unplanned) > 5 else ""
        console.print(
            Text(f"{plural(len(coverage.unplanned), 'run')} not in the plan: {names}{more}", "dim"),
            soft_wrap=True,
        )


def _lacking(row: list[Covered]) -> str:
    lacks = dict.fromkeys(text for covered in row for text in covered.lacks)
    return f"lacks {', '.join(lacks)}" if lacks else ""


def _tell(cell: Cell, ended: Ended | None) -> None:
    from tui_tracker.formatting import format_duration, printable

    label = printable(cell.label)
    if ended is None:
        tell(f"tt: begin {label}")
    elif ended.exit_code:
        say(f"{label} ended with {ended.exit_code} after {format_duration(ended.took_s)}")
    elif not on_terminal():
        tell(f"tt: done  {label} in {format_duration(ended.took_s)}")


def _report(ended: list[Ended], coverage: Coverage) -> int:
    plan = coverage.plan
    failed = sum(bool(one.exit_code) for one in ended)
    running = coverage.count("running")
    open_ = len(coverage.cells) - coverage.count("done")
    rest = "the plan is done"
    if open_:
        elsewhere = f" ({running} running elsewhere)" if running else ""
        rest = f"{open_} of the plan still open{elsewhere}: tt plan check {plan.path}"
        if plan.most_hours is not None and coverage.hours >= plan.most_hours:
            rest += f"; its budget of {plan.most_hours:g} hours is used up"
    tell(f"tt: {plural(len(ended), 'run')} made, {failed} failed; {rest}")
    return 1 if failed or open_ else 0

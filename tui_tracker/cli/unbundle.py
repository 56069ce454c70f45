"""Bring the runs of a bundle into the store, which is made where there is none.

Every byte is checked before anything is written. A run that is there already is brought
up to date, and one that is newer here is left. Exit code 1 says that something was left.
"""

from __future__ import annotations

import argparse

from tui_tracker.cli.opening import add_json
from tui_tracker.cli.output import plural, print_json, say, tell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tui_tracker.bundle.reading import Unbundled


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", help="what tt bundle wrote, or tt export --to jsonl"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    if _is_lines(args.file):
        # What `tt export --to jsonl` wrote is a bundle of its own kind.
        from tui_tracker.cli import command_parser
        from tui_tracker.cli.importing import run as run_import

        parser = command_parser("import")
        parser.set_defaults(store=args.store, json=args.json)
        return run_import(parser.parse_args(["--", args.file]))
    from tui_tracker.bundle.reading import unbundle
    from tui_tracker.cli.progress import Progress

    with Progress("unbundling") as progress:
        done = unbundle(args.file, args.store, progress=progress)
    if args.json:
        print_json(_facts(args.file, done), indent=2)
    else:
        _tell(done)
    return 1 if done.runs.left or done.problems else 0


def _is_lines(path: str) -> bool:
    from tui_tracker.handing_on.lines_format import HEAD, is_lines

    with open(path, "rb") as file:
        return is_lines(file.read(len(HEAD)))


def _facts(path: str, done: Unbundled) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "file": path,
        "sha256": done.sha256,
        "added": list(done.runs.added),
        "updated": list(done.runs.updated),
        "same": list(done.runs.same),
        "left": [{"run": run, "why": why} for run, why in done.runs.left],
        "problems": list(done.problems),
        "left_out": [asdict(item) for item in done.contents.left_out],
    }


def _tell(done: Unbundled) -> None:
    from tui_tracker.cli.bundle import say_left_out

    names = {run.id: run.name for run in done.contents.runs}
    outcomes = (
        (done.runs.added, "added"),
        (done.runs.updated, "brought up to date"),
        (done.runs.same, "here already"),
    )
    tell(
        ", ".join(f"{plural(len(ids), 'run')} {what}" for ids, what in outcomes if ids) or "no run"
    )
    for run, why in done.runs.left:
        say(f"{names.get(run, run)!r} was left: {why}")
    for problem in done.problems:
        say(problem)
    say_left_out(done.contents.left_out)

"""Write one page about an experiment: outcome, configurations, curves, gaps, commands.

It is made from the store alone, as Markdown, HTML (one file, pictures included) or LaTeX, by
the ending of FILE; `--out -` prints it. Without --rule the plan's rule is taken, else that of
the newest stored decision, and without any the configurations are only ranked. As long as the
store stays as it is, the page comes out the same, byte by byte.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tui_tracker.cli.opening import READ_WAIT_S, open_store
from tui_tracker.cli.output import tell

if TYPE_CHECKING:
    from tui_tracker.report.writing import Format


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "experiment",
        metavar="EXPERIMENT",
        nargs="?",
        help="an experiment, or a query; else the plan's",
    )
    parser.add_argument(
        "--out", metavar="FILE", default="-", help="report.md, report.html, report.tex, or -"
    )
    parser.add_argument("--format", choices=("md", "html", "tex"), help="where FILE does not say")
    parser.add_argument("--rule", metavar="RULE", default="", help="what decides, as in tt decide")
    parser.add_argument("--plan", metavar="FILE", help="a plan.toml, to compare the outcome with")


def run(args: argparse.Namespace) -> int:
    from tui_tracker.errors import InvalidArgument
    from tui_tracker.plan.plan import read_plan
    from tui_tracker.report.writing import report

    plan = read_plan(Path(args.plan)) if args.plan is not None else None
    experiment = args.experiment or (plan.experiment if plan is not None else "")
    if not experiment:
        raise InvalidArgument("an experiment is needed: tt report sweep_lr --out report.html")
    form = _format(args.out, args.format)
    with open_store(args, wait_s=READ_WAIT_S) as store:
        text = report(store, experiment, form, rule=args.rule, plan=plan)
    if args.out == "-":
        sys.stdout.write(text)
        return 0
    path = Path(args.out)
    # A pipe or a device is a place to write to, and has no end to be read to.
    if path.is_file() and path.read_bytes() == text.encode():
        tell(f"tt: {path} is up to date")
        return 0
    path.write_bytes(text.encode())
    tell(f"tt: wrote {path}")
    return 0


def _format(out: str, asked: Format | None) -> Format:
    """Return the format that was asked for, else the one that the file's name says.

    Raises:
        InvalidArgument: neither says one.
    """
    from tui_tracker.errors import InvalidArgument

    if asked is not None:
        return asked
    if out == "-":
        return "md"
    endings: dict[str, Format] = {".md": "md", ".markdown": "md", ".html": "html", ".htm": "html"}
    endings[".tex"] = "tex"
    if (form := endings.get(Path(out).suffix.lower())) is None:
        raise InvalidArgument(f"{out!r} says no format: end it in .md, .html or .tex")
    return form

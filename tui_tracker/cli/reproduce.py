"""Get a recorded run again: rebuild its code, packages and data, run it, grade what comes out.

Everything happens in a scratch folder; the run's own repository and files are only read.
The rerun is a run of its own in the same store, tagged `reproduction`.

exit codes: 0 reproduced, 1 it differs, 2 trouble, 3 the code cannot be rebuilt,
4 the environment cannot, 5 data or split are not those of the run, 6 the rerun failed,
7 inconclusive.
"""

from __future__ import annotations

import argparse
import signal
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from tui_tracker.cli.opening import add_json, add_run, from_number, open_store
from tui_tracker.cli.output import print_json, tell

if TYPE_CHECKING:
    from tui_tracker.reproduce.options import Options
    from tui_tracker.reproduce.outcome import Outcome


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run(parser)
    _add_what(parser)
    _add_environment(parser)
    _add_conditions(parser)
    judge = parser.add_argument_group("how it is judged")
    judge.add_argument("--rtol", metavar="X", type=_measure, help="relative tolerance of metrics")
    judge.add_argument("--atol", metavar="X", type=_measure, help="absolute tolerance of metrics")
    judge.add_argument("--report", metavar="FILE", help="write the report there as Markdown, too")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from tui_tracker.queries import find_run
    from tui_tracker.reproduce.failures import CannotReproduce
    from tui_tracker.reproduce.outcome import markdown
    from tui_tracker.reproduce.progress import Progress
    from tui_tracker.reproduce.steps import reproduce

    options = _options(args)
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        # Whatever ends us ends the rerun, and leaves no scratch folder behind.
        signal.signal(number, _interrupted)
    with open_store(args) as store:
        key = find_run(store, args.run)
        try:
            outcome = reproduce(store, key, options, Progress.to_stderr())
        except CannotReproduce as failure:
            tell(f"tt: {failure}")
            return failure.exit_code
    if options.report is not None:
        options.report.write_text(markdown(outcome), encoding="utf-8")
    if args.json:
        report = str(options.report.absolute()) if options.report else None
        print_json({**outcome.shape(), "report": report}, indent=2)
    else:
        _print(outcome)
    return outcome.exit_code


def _add_what(parser: argparse.ArgumentParser) -> None:
    what = parser.add_argument_group("what is done")
    what.add_argument(
        "--mode",
        choices=("rebuild", "rescore", "rerun"),
        default="rerun",
        help="rebuild and verify only, score the recorded model, or run all again (default)",
    )
    what.add_argument(
        "--command", metavar="COMMAND", help='what scores the model: "python evaluate.py"'
    )
    what.add_argument("--plan-only", action="store_true", help="tell the plan and do nothing")
    what.add_argument(
        "--dry-run", action="store_true", help="rebuild and verify everything, run nothing"
    )
    what.add_argument(
        "--reruns", metavar="K", type=from_number(1), default=1, help="run it so many times"
    )
    what.add_argument(
        "--group", action="store_true", help="also the other seeds of the same params"
    )
    what.add_argument("--timeout", metavar="SECONDS", type=_measure, help="of one rerun")
    what.add_argument("--keep", action="store_true", help="keep the rebuilt tree")


def _add_environment(parser: argparse.ArgumentParser) -> None:
    packages = parser.add_argument_group("with which packages")
    packages.add_argument(
        "--env",
        choices=("auto", "uv", "current", "venv"),
        default="auto",
        help="an equal interpreter, else one that is built (default); or one of these",
    )
    packages.add_argument("--python", metavar="X.Y.Z", help="another version of Python")
    packages.add_argument(
        "--allow-nearest",
        metavar="NAME",
        action="append",
        default=[],
        help="take another version of this package where its own is gone",
    )
    packages.add_argument(
        "--find-links", metavar="DIR", action="append", default=[], help="a folder of wheels"
    )
    packages.add_argument("--index-url", metavar="URL", help="the index to install from")
    packages.add_argument("--offline", action="store_true", help="use no network")


def _add_conditions(parser: argparse.ArgumentParser) -> None:
    conditions = parser.add_argument_group("under which conditions")
    for option, form, text in (
        ("--data-map", "OLD=NEW", "where data lie now"),
        ("--set", "NAME=VALUE", "set a variable in the rerun"),
        ("--secret", "NAME=VALUE", "a secret of the command (else that variable); never stored"),
    ):
        conditions.add_argument(
            option, metavar=form, action="append", default=[], type=_pair, help=text
        )


def _options(args: argparse.Namespace) -> Options:
    from tui_tracker.reproduce.options import Options
    from tui_tracker.reproduce.packages import normal

    return Options(
        mode=args.mode,
        dry_run=args.dry_run,
        plan_only=args.plan_only,
        reruns=args.reruns,
        group=args.group,
        env=args.env,
        python=args.python,
        data_map=dict(args.data_map),
        find_links=tuple(str(Path(place).absolute()) for place in args.find_links),
        index_url=args.index_url,
        offline=args.offline,
        allow_nearest=frozenset(normal(name) for name in args.allow_nearest),
        variables=dict(args.set),
        secrets=dict(args.secret),
        command=args.command,
        timeout_s=args.timeout,
        rtol=args.rtol,
        atol=args.atol,
        keep=args.keep,
        report=Path(args.report) if args.report else None,
    )


def _print(outcome: Outcome) -> None:
    from tui_tracker.cli.tables import Column, print_table
    from tui_tracker.formatting import align_points, format_number, printable
    from tui_tracker.reproduce.outcome import verdict_line

    if outcome.metrics:
        metrics = sorted(outcome.metrics, key=lambda m: "main guard other clock".index(m.role))
        words = [metric.verdict or "not judged" for metric in metrics]
        print_table(
            [
                Column("metric", [printable(metric.name) for metric in metrics]),
                Column("", [metric.role for metric in metrics], rank=3),
                Column("run", align_points(format_number(m.original, 6) for m in metrics), rank=1),
                Column("rerun", align_points(format_number(m.rerun, 6) for m in metrics)),
                Column("verdict", words, styles=[_style(word) for word in words]),
            ]
        )
        print()
    for text in outcome.tail:
        print(f"    {text}")
    print(verdict_line(outcome))
    print(printable(outcome.why))
    for suspect in outcome.suspects:
        print(f"not as recorded: {printable(suspect)}")
    for note in outcome.notes:
        print(f"note: {printable(note)}")
    if outcome.reruns:
        print(f"rerun: {', '.join(outcome.reruns)}")


def _style(verdict: str) -> str:
    good = ("identical", "within tolerance", "consistent")
    return "green" if verdict in good else "red" if verdict == "different" else ""


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _measure(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 on")
    return value


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form A=B")
    return name, value

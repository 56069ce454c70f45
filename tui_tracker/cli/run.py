"""Run a command and record it as a run: arguments, output, and what produced it.

Nothing in the script needs to change; a script that calls `init` joins this run. The
arguments become params (`--lr 0.1`, `-e 5`, `--flag`, `key=value`), secrets are hidden. What
a script that does not log itself prints is read for params and metrics, as by `tt parse`.
tt ends as the command did: with its exit code, or 128 and the number of its signal.
"""

from __future__ import annotations

import argparse
import os

from tui_tracker.capture.arguments import typed
from tui_tracker.cli.output import say, tell
from tui_tracker.errors import CannotRun, InvalidArgument
from tui_tracker.formatting import printable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "tt run [options] [--] COMMAND ..."
    parser.add_argument("--experiment", metavar="E", help="the experiment (else the script's name)")
    parser.add_argument("--name", metavar="N", help="the run's name")
    parser.add_argument(
        "--tag", metavar="TAG", action="append", default=[], help="a tag; may be repeated"
    )
    parser.add_argument("--note", metavar="TEXT", default="", help="a note")
    parser.add_argument(
        "--param",
        metavar="K=V",
        action="append",
        default=[],
        help="a param beside those of the command; may be repeated",
    )
    parser.add_argument(
        "--no-params", action="store_true", help="read no params from the command's arguments"
    )
    parser.add_argument(
        "--no-parse", action="store_true", help="read no params and metrics from what is printed"
    )
    parser.add_argument("--quiet", action="store_true", help="do not name the run at its end")
    parser.add_argument("command", metavar="COMMAND", nargs=argparse.REMAINDER)


def run(args: argparse.Namespace) -> int:
    command = args.command[1:] if args.command[:1] == ["--"] else args.command
    if not command:
        raise InvalidArgument("tt run needs a command: tt run -- python train.py --lr 0.1")
    params = dict(_pair(text) for text in args.param)
    if os.environ.get("TUI_TRACKER_MODE") == "disabled":
        os.execvp(command[0], command)
    from tui_tracker.launcher import run_command

    _bring_up(args.store)
    try:
        result = run_command(
            command,
            experiment=args.experiment,
            name=args.name,
            params=params,
            read_arguments=not args.no_params,
            read_printed=not args.no_parse,
            tags=args.tag,
            note=args.note,
            store=args.store,
        )
    except CannotRun as error:
        say(str(error))
        return error.exit_code
    if not args.quiet:
        name = printable(result.name)
        tell(f"tt: {name!r} {result.status}: tt show {result.run_id[-8:]}")
    return result.exit_code


def _bring_up(store: str | None) -> None:
    """Bring a store of an older version up: a run itself leaves that to others."""
    from tui_tracker import folder as folders
    from tui_tracker.database import SCHEMA_VERSION
    from tui_tracker.store import Store

    folder = folders.locate(store)
    version = folders.schema_version(folders.database(folder))
    if version is not None and version < SCHEMA_VERSION:
        with Store.open(folder):
            pass


def _pair(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise InvalidArgument(f"--param takes NAME=VALUE, such as lr=0.1, not {text!r}")
    return name, typed(value)

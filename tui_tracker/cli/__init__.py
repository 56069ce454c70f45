"""The command line: `tt` and `tui-tracker`.

One command a file, imported only when it is called, so that `tt ls` never waits for
Textual and `--help` opens no store. stdout is data, stderr is talk. A command returns
0 where there is nothing to report, 1 where it found something, and 2 in trouble, which
is told in one sentence and never with a traceback.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from tui_tracker.cli.arguments import Parser, parse_words
from tui_tracker.errors import InvalidArgument, QueryError, RuleInvalid, TrackerError

PROGRAM = "tt"
INTERRUPTED = 130
"""What shells take for "ended by Ctrl-C"."""

MOST_BEFORE, MOST_BEHIND = 300, 200
"""Characters of a wrong query that are shown before the place and from it on."""

GROUPS: dict[str, dict[str, str]] = {
    "look": {
        "tui": "open the app (as tt alone does)",
        "serve": "show the app in a browser, on this machine alone",
        "ls": "list runs, all or those that a query fits",
        "tree": "show runs as a tree, by any levels",
        "group": "show runs in groups, with mean and spread of metrics",
        "fields": "list what queries can name",
        "values": "list the values of a field, with counts",
        "show": "show all about one run",
        "curve": "draw metrics over steps",
        "health": "say what is wrong with runs",
        "watch": "tell what happens to runs: ends, crashes, NaN, silence",
        "console": "print what a run printed",
        "artifacts": "list a run's files, or copy them out",
        "lineage": "check what a run came from against what is there now",
        "diff": "say what differs between two runs",
        "compare": "lay two to twenty runs side by side",
        "reproduce": "get a run again, and grade what comes out",
        "code": "show a run's code, or rebuild it in a folder",
        "views": "list saved views of the store, or show one",
    },
    "judge": {
        "audit": "say what the records of runs leave in doubt, and how to mend it",
        "drill": "propose what records lack, with evidence, item by item",
        "names": "say which names are unclear, and read them as clear ones",
        "plan": "plan an experiment, see what of it is there, run the rest",
        "decide": "say which configuration wins by a rule, and how surely",
        "decisions": "list stored decisions, and say which went stale",
        "report": "write one page about an experiment",
    },
    "change": {
        "tag": "add tags to runs",
        "untag": "remove tags from runs",
        "note": "write, change or remove notes on runs",
        "star": "star runs",
        "unstar": "take the stars of runs away",
        "group-as": "put runs into a group",
        "rename": "give runs other names",
        "archive": "take runs out of the lists",
        "restore": "bring runs back from archive or trash",
        "rm": "put runs into the trash",
        "undo": "take back the last change",
        "redo": "make it again",
        "history": "say who changed what, and when",
    },
    "keep": {
        "store": "say what the store holds and weighs",
        "doctor": "check the store, recover what dead runs left, back up",
        "gc": "empty the trash and give the space back",
        "keys": "list the keys of the app, with your own",
        "config": "say which settings are in force, and from where",
    },
    "hand on": {
        "bundle": "write runs into one file, with files and code",
        "unbundle": "bring the runs of such a file into the store",
        "export": "write runs as tables, or for another tracker",
        "statement": "say what a run came from, in a standard format",
    },
    "other tools": {
        "open": "look at what another tool left, in place, and follow it",
        "import": "copy another tool's runs into the store",
    },
    "begin": {
        "run": "run a command and record it as a run",
        "parse": "say what a printed log holds, before it is stored",
        "demo": "train something small and watch it",
        "completion": "print the shell's completion script",
    },
}
HIDDEN = {"__complete": "complete"}
"""Commands that other programs call, and their modules."""
_MODULES = {"group-as": "group_as", "import": "importing", **HIDDEN}

COMMANDS = {name: text for group in GROUPS.values() for name, text in group.items()}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        return _end_quietly()
    except KeyboardInterrupt:
        return INTERRUPTED
    except QueryError as error:
        return _marked_trouble(str(error), error.query, error.column, error.length)
    except RuleInvalid as error:
        return _marked_trouble(str(error), error.rule, error.column - 1, 1)
    except TrackerError as error:
        return _trouble(str(error))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _trouble(f"{where}{error.strerror or error}")
    except SystemExit as end:  # argparse showed its help
        return end.code if isinstance(end.code, int) else 0
    return code


def command_parser(name: str) -> argparse.ArgumentParser:
    """Return the parser of one command; its module says what the command takes."""
    module = load(name)
    parser = Parser(
        prog=f"{PROGRAM} {name}",
        description=module.__doc__,
        formatter_class=_Help,
        allow_abbrev=False,
    )
    module.add_arguments(parser)
    _add_store(parser)
    return parser


def load(name: str) -> ModuleType:
    """Return the module of a command: `add_arguments(parser)` and `run(args)`."""
    return import_module(f"tui_tracker.cli.{_MODULES.get(name, name)}")


def top_parser() -> argparse.ArgumentParser:
    """Return the parser of what stands before a command."""
    parser = Parser(
        prog=PROGRAM,
        usage=f"{PROGRAM} [--store FOLDER] [COMMAND ...]",
        description="Look at runs, and keep them. Without a command the app opens.",
        epilog=_list_commands(),
        formatter_class=_Help,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    _add_store(parser)
    parser.add_argument("command", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help as wide as the terminal."""

    def __init__(self, prog: str) -> None:
        # argparse makes a formatter for every argument it is told of, and loads all
        # compressors of the standard library with `shutil` to ask for the width.
        super().__init__(prog, width=_width() - 2)


def _width() -> int:
    try:
        return int(os.environ.get("COLUMNS") or 0) or os.get_terminal_size().columns or 80
    except (OSError, ValueError):
        return 80


def _run(arguments: list[str]) -> int:
    # A name that the terminal's encoding lacks is no reason to fail.
    for stream in (sys.stdout, sys.stderr):
        if (reconfigure := getattr(stream, "reconfigure", None)) is not None:
            reconfigure(errors=_stand_in(getattr(stream, "encoding", None) or "utf-8"))
    top = top_parser().parse_args(_with_command(arguments))
    if top.version:
        from tui_tracker import __version__

        print(f"tui-tracker {__version__}")
        return 0
    name, *rest = top.command or ["tui"]
    if name not in COMMANDS and name not in HIDDEN:
        if not os.path.exists(name):
            raise InvalidArgument(_unknown(name))
        name, rest = "open", [name, *rest]
    parser = command_parser(name)
    parser.set_defaults(store=top.store)
    args = parse_words(parser, _joined(rest))
    if name not in HIDDEN:
        _follow_project()
    return int(load(name).run(args))


def _follow_project() -> None:
    """Go by the metrics and names that the project around this folder declares."""
    from tui_tracker.names.project import project_file

    known = "tui_tracker.names.registry"  # loaded in vain, it would cost each command 10 ms
    if project_file(os.curdir) or known in sys.modules:
        from pathlib import Path

        from tui_tracker.names.registry import adopt_project

        adopt_project(Path.cwd())


def _stand_in(encoding: str) -> str:
    """Return how what an encoding lacks is written: our signs by their ASCII ones."""
    if encoding.lower().replace("-", "") == "utf8":
        return "replace"
    from tui_tracker.glyphs import HANDLER, register_handler

    register_handler()
    return HANDLER


def _with_command(arguments: list[str]) -> list[str]:
    """Return the arguments with `tui` where only options stand: `tt --ascii` is meant for it."""
    at = 0
    if arguments and arguments[0].partition("=")[0] == "--store":
        at = 1 if "=" in arguments[0] else 2
    rest = arguments[at:]
    ours = ("--help", "-h", "--version", "--store")
    if rest and rest[0].startswith("-") and rest[0].partition("=")[0] not in ours:
        return [*arguments[:at], "tui", *rest]
    return arguments


def _joined(words: list[str]) -> list[str]:
    """Return the words with `--sort -lr` as one: argparse would take `-lr` for an option."""
    joined: list[str] = []
    for word in words:
        falls = word.startswith("-") and not word.startswith("--") and len(word) > 1
        if falls and joined[-1:] == ["--sort"]:
            joined[-1] = f"--sort={word}"
        else:
            joined.append(word)
    return joined


def _add_store(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--store",
        metavar="FOLDER",
        help="the store to use (else TUI_TRACKER_STORE, else the nearest .tui_tracker/)",
    )


def _list_commands() -> str:
    lines = []
    for group, commands in GROUPS.items():
        lines.append(f"{group}:")
        lines += [f"  {name:<12}{text}" for name, text in commands.items()]
    lines.append(f"\n`{PROGRAM} COMMAND --help` says more about one.")
    return "\n".join(lines)


def _unknown(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, COMMANDS, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"{PROGRAM} --help lists them."
    return f"no command named {name!r}: {hint}"


def _trouble(text: str) -> int:
    from tui_tracker.cli.output import say

    say(text)
    return 2


def _marked_trouble(text: str, said: str, column: int, length: int) -> int:
    """Show a query or a rule with a mark below the place that is wrong, where there is one."""
    from tui_tracker.formatting import cell_width, printable

    if column >= 0:
        # Of a text that was pasted whole, what stands around the place.
        start = max(0, column - MOST_BEFORE)
        left, right = "…" if start else "", "…" if len(said) > column + MOST_BEHIND else ""
        said = f"{left}{said[start : column + MOST_BEHIND]}{right}"
        column += len(left) - start
        before = cell_width(printable(said[:column]))
        wrong = cell_width(printable(said[column : column + length]))
        print(f"  {printable(said)}", file=sys.stderr)
        print(f"  {' ' * before}{'^' * max(1, wrong)}", file=sys.stderr)
    return _trouble(text)


def _end_quietly() -> int:
    """End where nobody reads on: `tt ls | head` wants neither more output nor a complaint."""
    # Python flushes once more at exit, and would complain then.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0

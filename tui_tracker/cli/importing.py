"""Copy the runs of another tool into the store, with their files.

PATH is what the tool left: a folder (a wandb or mlruns folder, or any folder above them), a
database, an event file, a table, a printed log. Nothing there is changed. A second import
brings in what grew and adds nothing twice. Exit code 1 says that something was left out.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tui_tracker.cli.opening import add_json, open_store
from tui_tracker.cli.output import plural, print_json, say, tell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tui_tracker.importers import Source
    from tui_tracker.importers.importing import Imported
    from tui_tracker.importers.records import Unread
    from tui_tracker.importers.told import Told
    from tui_tracker.importers.writing import Taken
    from tui_tracker.store import Store

MOST_TOLD = 20
"""Troubles that are told one by one; --json has them all."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="PATH", help="a folder or file of another tool")
    parser.add_argument(
        "--from", dest="tool", metavar="TOOL", default="", help="read it as this tool's alone"
    )
    add_told(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="only say what would be read, and as what"
    )
    add_json(parser)


def add_told(parser: argparse.ArgumentParser) -> None:
    """Let a command be told how a table or a printed log is to be read."""
    parser.add_argument(
        "--columns",
        metavar="ROLE=NAME,...",
        default="",
        help="what the columns of a table are, where the guess that --dry-run shows is wrong: "
        "step=, time=, run=, metric=, param=; metric= and param= may come again",
    )
    parser.add_argument(
        "--pattern",
        dest="patterns",
        metavar="P",
        action="append",
        default=[],
        help="a shape of lines of a printed log, as 'ep {epoch:d} loss {loss:f}'; may be repeated",
    )


def told_of(args: argparse.Namespace) -> Told:
    """Return what a command was told of how to read."""
    from tui_tracker.importers.told import Told

    return Told(args.columns, tuple(args.patterns))


def run(args: argparse.Namespace) -> int:
    from tui_tracker.importers.importing import import_path

    path, told = Path(args.path), told_of(args)
    told.check()
    if args.dry_run:
        return _list(args, path)
    # Before a store is made for nothing.
    find_something(path, args.tool)
    with open_store(args, create=True) as store, _Line() as line:
        done = import_path(
            *(store, path),
            tool=args.tool,
            progress=line,
            opened=told.open,
            bring_back=_bring_back,
        )
    if args.json:
        print_json(facts_of(done), indent=2)
    else:
        tell_imported(done)
    return 1 if done.skipped else 0


def _bring_back(path: Path, store: Store) -> Taken:
    """Bring runs back that `tt export --to jsonl` wrote, as they were."""
    from tui_tracker.cli.progress import Progress
    from tui_tracker.handing_on.lines_reading import restore
    from tui_tracker.importers.records import Unread
    from tui_tracker.importers.writing import Taken

    with Progress("reading") as progress:
        back = restore(str(path), store, progress=progress)
    left = [Unread(path, run, f"was left: {why}", run, True) for run, why in back.merged.left]
    told = [Unread(path, "", problem) for problem in back.problems]
    done = back.merged
    return Taken(
        [*done.added], [*done.updated], [*done.same], unread=[*left, *told], points=back.points
    )


def find_something(path: Path, tool: str) -> tuple[list[Source], list[Unread]]:
    """Return what can be read at a path, and what of it cannot be looked into.

    Raises:
        InvalidArgument: there is nothing.
    """
    from tui_tracker.importers import find_sources, nothing_to_read

    unread: list[Unread] = []
    sources = list(find_sources(path, tool=tool, tell=unread.append))
    if not sources and not unread:
        raise nothing_to_read(path, tool)
    return sources, unread


def facts_of(done: Imported) -> dict[str, object]:
    """Return an import in the shape that scripts rely on."""
    return {
        "tool": done.tools[0] if len(done.tools) == 1 else "several" if done.tools else None,
        "tools": done.tools,
        "imported": done.imported,
        "updated": done.updated,
        "same": done.same,
        "points": done.points,
        "skipped": [{"what": _place(one), "why": one.problem} for one in done.skipped],
        "warnings": [str(one) for one in done.warnings],
    }


def tell_imported(done: Imported) -> None:
    outcomes = (
        (done.imported, "imported"),
        (done.updated, "brought up to date"),
        (done.same, "here already"),
    )
    told = ", ".join(f"{plural(len(ids), 'run')} {what}" for ids, what in outcomes if ids)
    tell(f"{told or 'no run'} ({', '.join(done.tools)})" if done.tools else told or "no run")
    for kind, unread in (("left out: ", done.skipped), ("", done.warnings)):
        for one in unread[:MOST_TOLD]:
            say(f"{kind}{one}")
        if len(unread) > MOST_TOLD:
            say(f"and {len(unread) - MOST_TOLD:,} more: --json tells all")


def _list(args: argparse.Namespace, path: Path) -> int:
    sources, unread = find_something(path, args.tool)
    if args.json:
        print_json([{"tool": one.tool, "path": str(one.path)} for one in sources], indent=2)
    else:
        from tui_tracker.cli.tables import Column, print_table
        from tui_tracker.formatting import printable

        print_table(
            [
                Column("tool", [one.tool for one in sources]),
                Column("path", [printable(str(one.path)) for one in sources]),
            ]
        )
        for source in sources:
            _tell_columns(source, args.columns)
    for one in unread:
        say(str(one))
    return 1 if unread else 0


def _tell_columns(source: Source, told: str) -> None:
    """Say what the columns of a table are taken for."""
    from tui_tracker.errors import ImportFailed
    from tui_tracker.importers import tabular
    from tui_tracker.importers.told import columns_of

    if source.tool != tabular.TOOL:
        return
    tell(f"{source.path}:")
    try:
        columns = columns_of(source.path, told)
    except ImportFailed as error:
        say(str(error))
        return
    for line in tabular.describe(columns):
        tell(f"  {line}")


def _place(one: Unread) -> str:
    return f"{one.path}, {one.place}" if one.place else str(one.path)


class _Line:
    """One line on the terminal that says how much was brought in; nothing on a pipe."""

    def __init__(self) -> None:
        import time

        self._clock = time.monotonic
        self._next, self._shown = self._clock() + 0.5, False

    def __call__(self, runs: int, points: int) -> None:
        import sys

        now = self._clock()
        if now < self._next or not sys.stderr.isatty():
            return
        self._next, self._shown = now + 0.1, True
        sys.stderr.write(f"\r\x1b[Kimporting: {plural(runs, 'run')}, {plural(points, 'point')}")
        sys.stderr.flush()

    def __enter__(self) -> _Line:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            import sys

            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

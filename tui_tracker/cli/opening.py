"""How a command comes to its store and its runs."""

from __future__ import annotations

import argparse

from tui_tracker import folder as folders
from tui_tracker import journal
from tui_tracker.cli.output import say
from tui_tracker.judged import be_heard_by
from tui_tracker.store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tui_tracker.cli.progress import Progress
    from tui_tracker.drain import Recovered
    from tui_tracker.queries import RunKey

TEXT_FORMATS = ("markdown", "latex", "csv", "tsv")
READ_WAIT_S = 1.0
"""A reader of a locked store shows what is there, and says what it could not bring in."""


def open_store(args: argparse.Namespace, *, wait_s: float = 5.0, create: bool = False) -> Store:
    """Open the store that was asked for, with all that its runs have logged so far.

    What could not be brought in is told, one line each. `wait_s` is how long to wait
    for the lock of another process, which only writing needs. `create` makes a store where
    there is none, for what is about to log the first run.

    Raises:
        StoreError: there is none, or it cannot be used.
    """
    be_heard_by(_progress)
    store = Store.open(args.store, wait_s=wait_s, create=create)
    # The drain is loaded only for a journal: `tt ls --json` has a hundred milliseconds.
    if journal.list_journals(folders.journals(store.folder)):
        from tui_tracker.drain import recover

        tell_problems(recover(store))
    return store


def _progress() -> Progress:
    from tui_tracker.cli.progress import Progress

    return Progress("judging", unit="runs")


def tell_problems(recovered: Recovered) -> None:
    for problem in recovered.problems:
        say(problem)


def find_runs(store: Store, addresses: Sequence[str]) -> list[RunKey]:
    """Return the runs that these addresses mean, each once.

    Raises:
        NotFound: an address fits no run.
        Ambiguous: an address fits several.
    """
    from tui_tracker.queries import find_run

    return list(dict.fromkeys(find_run(store, address) for address in addresses))


def add_json(parser: argparse._ActionsContainer) -> None:
    """Give a command that reads its `--json`."""
    parser.add_argument("--json", action="store_true", help="print JSON, for scripts")


def add_format(parser: argparse._ActionsContainer) -> None:
    """Give a command that prints a table its `--format`."""
    parser.add_argument(
        "--format",
        choices=("table", *TEXT_FORMATS),
        default="table",
        help="print it to be pasted: csv and tsv have all digits (default: %(default)s)",
    )


def add_run(parser: argparse.ArgumentParser) -> None:
    """Give a command the run that it is about."""
    parser.add_argument(
        "run", metavar="RUN", help="a run's id, the beginning or end of one, or its name"
    )


def add_runs(parser: argparse.ArgumentParser) -> None:
    """Give a command the runs that it is about."""
    parser.add_argument(
        "runs", metavar="RUN", nargs="+", help="ids, their beginnings or ends, or names of runs"
    )


def add_some_runs(parser: argparse.ArgumentParser) -> None:
    """Give a command the runs that it is about, which may be told in another way."""
    parser.add_argument(
        "runs", metavar="RUN", nargs="*", help="ids, their beginnings or ends, or names of runs"
    )


def add_more(parser: argparse.ArgumentParser) -> None:
    """Let a command whose other arguments are many take further runs."""
    parser.add_argument(
        "--run", dest="more", metavar="RUN", action="append", default=[], help="another run as well"
    )


def from_number(least: int) -> Callable[[str], int]:
    """Return the type of an argument that is a whole number from `least` on."""

    def read(text: str) -> int:
        if not text.lstrip("-").isdigit() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} on")
        return int(text)

    return read

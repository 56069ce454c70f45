"""Say what a run came from and what it made, in a format that other programs read.

slsa is an in-toto statement with SLSA provenance, openlineage the events of the run, one
a line, rocrate the metadata of an RO-Crate, prov PROV-JSON, requirements and pylock the
packages. What looks like a secret is hidden in all of them.
"""

from __future__ import annotations

import argparse
import os
import sys

from tui_tracker.cli.opening import READ_WAIT_S, add_run, open_store
from tui_tracker.cli.output import say
from tui_tracker.exports import FORMATS
from tui_tracker.store import Store

_LINES_AT_ONCE = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run(parser)
    parser.add_argument(
        "--format", choices=FORMATS, default=FORMATS[0], help="which one (default: %(default)s)"
    )
    parser.add_argument("--out", metavar="FILE", help="write it there instead of to stdout")


def run(args: argparse.Namespace) -> int:
    from tui_tracker import __version__
    from tui_tracker.exports import export
    from tui_tracker.exports.facts import Run
    from tui_tracker.queries import find_run, get_run
    from tui_tracker.queries.records import run_records

    with open_store(args, wait_s=READ_WAIT_S) as store:
        key = find_run(store, args.run)
        detail = get_run(store, key)
        record = next(run_records(store, [key], bulky=True))
        console = _hash_console(store, key, detail.console_lines)
    made = export(Run(detail, __version__, record, console), args.format)
    if args.out:
        _write(args.out, made.text)
    else:
        sys.stdout.write(made.text)
    for note in made.notes:
        say(note)
    return 0


def _hash_console(store: Store, key: int, lines: int) -> str | None:
    """Return the SHA-256 of what the run printed, as `tt console RUN` prints it to a pipe."""
    import hashlib

    from tui_tracker.queries import read_console

    if not lines:
        return None
    digest = hashlib.sha256()
    for first in range(0, lines, _LINES_AT_ONCE):
        for line in read_console(store, key, first, _LINES_AT_ONCE):
            digest.update(line.text.encode("utf-8", "replace") + b"\n")
    return digest.hexdigest()


def _write(path: str, text: str) -> None:
    """Write a file whole or not at all."""
    temporary = f"{path}.{os.getpid()}.new"
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)

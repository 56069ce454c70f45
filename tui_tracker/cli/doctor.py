"""Check the store, bring in what dead runs left, and make a backup while runs write.

Exit code 1 says that something was found. --backup FILE writes a consistent copy of the
database; put it in place of store.db to go back to it.
"""

from __future__ import annotations

import argparse
import os
import sqlite3

from tui_tracker import folder as folders
from tui_tracker.cli.checks import Check, run_checks
from tui_tracker.cli.opening import add_json
from tui_tracker.cli.output import plural, print_json
from tui_tracker.drain import Recovered, recover
from tui_tracker.errors import InvalidArgument, StoreDamaged, StoreError
from tui_tracker.formatting import format_size, printable
from tui_tracker.queries import store_facts
from tui_tracker.store import Store

_MOST_NAMES = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--deep", action="store_true", help="also every index, and the hash of every artifact"
    )
    parser.add_argument("--backup", metavar="FILE", help="write a copy of the database there")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    if args.backup and os.path.lexists(args.backup):
        raise InvalidArgument(f"{args.backup!r} exists already: name a new file for the backup")
    try:
        store = Store.open(args.store)
    except StoreDamaged as error:
        damaged = Check("database", "cannot be opened", (str(error),))
        return _report(args, folders.locate(args.store), [damaged], None)
    with store:
        checks = [_recovery(store), *run_checks(store, deep=args.deep)]
        backup = _back_up(store, args.backup) if args.backup else None
        return _report(args, store.folder, checks, backup)


def _recovery(store: Store) -> Check:
    done = recover(store)
    problems = [f"{problem}" for problem in done.problems]
    if done.waiting:
        problems.append(f"{format_size(done.waiting)} could not be brought in and wait in journals")
    return Check("recovery", _explain(store, done), tuple(problems))


def _explain(store: Store, done: Recovered) -> str:
    if not done.points and not done.ended:
        return "nothing to bring in, no run was found dead"
    parts = [f"brought in {plural(done.points, 'point')} from journals"]
    if done.ended:
        names = ", ".join(_name(store, run_id) for run_id in done.ended[:_MOST_NAMES])
        more = (
            "" if len(done.ended) <= _MOST_NAMES else f" and {len(done.ended) - _MOST_NAMES} more"
        )
        parts.append(f"found {plural(len(done.ended), 'run')} dead: {names}{more}")
    return "; ".join(parts)


def _name(store: Store, run_id: str) -> str:
    uuid = bytes.fromhex(run_id.replace("-", ""))
    rows = store.read("SELECT name, status FROM run WHERE uuid=?", (uuid,))
    return f"{rows[0][0]} ({rows[0][1]})" if rows else run_id


def _back_up(store: Store, target: str) -> Check:
    """Copy the database beside the target first: what stands there is always whole."""
    temporary = f"{target}.{os.getpid()}.new"
    try:
        store.backup(temporary)
        found = _quick_check(temporary)
        if found != "ok":
            return Check("backup", "not made", (f"the copy is not whole: {found}",))
        os.replace(temporary, target)
    except (StoreError, OSError) as error:
        return Check("backup", "not made", (f"{target}: {error}",))
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)
    said = f"{target}, {format_size(os.path.getsize(target))}"
    facts = store_facts(store)
    if facts.artifact_bytes:
        place = folders.artifacts(store.folder)
        said += f"; artifacts ({format_size(facts.artifact_bytes)}) are not in it: copy {place} too"
    return Check("backup", said)


def _quick_check(path: str) -> str:
    connection = sqlite3.connect(path)
    try:
        return str(connection.execute("PRAGMA quick_check").fetchone()[0])
    except sqlite3.Error as error:
        return str(error)
    finally:
        connection.close()


def _report(
    args: argparse.Namespace, folder: str, checks: list[Check], backup: Check | None
) -> int:
    done = [*checks, *([backup] if backup else [])]
    found = sum(len(check.problems) for check in done)
    if args.json:
        shapes = [
            {"check": check.name, "said": check.said, "problems": list(check.problems)}
            for check in done
        ]
        print_json({"store": folder, "checks": shapes, "problems": found}, indent=2)
    else:
        _print(folder, done, found)
    failed = backup is not None and bool(backup.problems)
    return 2 if failed else 1 if found else 0


def _print(folder: str, checks: list[Check], found: int) -> None:
    from tui_tracker.cli.tables import print_facts

    facts = [("store", printable(folder))]
    styles = {}
    for check in checks:
        facts.append((check.name, printable(check.said)))
        styles[check.name] = "red" if check.problems else "green"
    print_facts(facts, styles=styles)
    for check in checks:
        for problem in check.problems:
            print(f"- {check.name}: {printable(problem)}")
    print(f"{plural(found, 'problem')} found" if found else "all is well")

"""Say where the store is, what it holds, what it weighs, and what waits in journals."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from tui_tracker.cli.opening import READ_WAIT_S, add_json, open_store
from tui_tracker.cli.output import plural, print_json
from tui_tracker.formatting import format_count, format_size, printable
from tui_tracker.queries import StoreFacts, store_facts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    with open_store(args, wait_s=READ_WAIT_S) as store:
        facts = store_facts(store)
    if args.json:
        print_json(asdict(facts), indent=2)
    else:
        _print(facts)
    return 0


def _print(facts: StoreFacts) -> None:
    from tui_tracker.cli.tables import print_facts

    aside = [
        f"{format_count(number)} {what}"
        for number, what in ((facts.archived, "archived"), (facts.trashed, "in the trash"))
        if number
    ]
    runs = f"{format_count(facts.runs)} in {plural(facts.experiments, 'experiment')}"
    journals = f"{facts.journals} open, {format_size(facts.journal_bytes)}"
    print_facts(
        [
            ("folder", printable(facts.folder)),
            ("database", f"{printable(facts.database)}, schema {facts.schema}"),
            ("runs", ", ".join([runs, *aside])),
            ("points", format_count(facts.points)),
            ("size", format_size(facts.database_bytes)),
            ("artifacts", format_size(facts.artifact_bytes)),
            ("journals", journals if facts.journals else "none waiting"),
            ("network", "journals stay there, this machine reads its own copy" * facts.network),
            ("access", "read only" if facts.read_only else ""),
        ]
    )

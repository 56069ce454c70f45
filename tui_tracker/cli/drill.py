"""Say what the records of runs lack, and propose what they should have held, with evidence.

WORDS are runs, an experiment, or what `tt ls` takes. On a terminal each proposal is asked
about: y takes it, n leaves it, e takes another value, q ends. The record stays as it is:
what is taken stands beside it as an amendment, which views, rules and bundles read (a series
that was told has no points, so only the audit and `tt show` read it).

The exit code is 1 where gaps stay open. To learn it: `tt drill --practice` makes runs with
planted gaps, and `tt drill --score FILE` says which of them you found.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tui_tracker.cli.opening import READ_WAIT_S, add_json, open_store
from tui_tracker.cli.output import on_terminal, plural, print_json, rich_console, say, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

    from tui_tracker.audit.amendments import Correction
    from tui_tracker.audit.record import RunRecord
    from tui_tracker.drill.drill import Drilled, Gap
    from tui_tracker.queries import RunKey
    from tui_tracker.store import Store

DEFAULT_REASON = "as tt drill found it"
_STYLES = {"certain": "green", "likely": "yellow", "guess": "red"}
_LONGEST_VALUE = 160


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", metavar="WORDS", nargs="*", help="runs, an experiment or a query")
    parser.add_argument("--profile", metavar="P", help="of the audit: minimal, seed, paper ...")
    parser.add_argument(
        "--yes-certain", action="store_true", help="take all proposals that are certain"
    )
    parser.add_argument(
        "--accept", metavar="FIELD", action="append", default=[], help="take the one of a field"
    )
    parser.add_argument(
        "--set", metavar="FIELD=VALUE", action="append", default=[], help="amend by hand"
    )
    parser.add_argument(
        "--withdraw", metavar="FIELD", action="append", default=[], help="take an amendment back"
    )
    parser.add_argument("--reason", metavar="TEXT", help="why, kept with the amendments")
    parser.add_argument("--practice", action="store_true", help="make runs with planted gaps")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of the practice")
    parser.add_argument("--out", metavar="FOLDER", help="where the practice goes (drill-practice)")
    parser.add_argument("--score", metavar="FILE", help="score what was found in a practice")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    if args.practice:
        return _practice(args)
    if args.score:
        return _score(args)
    from tui_tracker.audit.config import read_config
    from tui_tracker.drill.drill import drill_runs

    config = read_config(Path.cwd(), profile=args.profile)
    with open_store(args, wait_s=READ_WAIT_S) as store:
        keys = _wanted(store, args.words)
        if args.set or args.withdraw:
            return _by_hand(args, store, keys)
        drilled = drill_runs(store, keys, config.settings)
        if args.json:
            from tui_tracker.drill.drill import drilled_shape

            print_json({"runs": [drilled_shape(one) for one in drilled]}, indent=1)
        elif not drilled:
            say("no run fits" if args.words else "no runs yet")
        _offer(args, store, drilled)
    return 1 if any(one.gaps for one in drilled) else 0


def _wanted(store: Store, words: Sequence[str]) -> list[RunKey]:
    from tui_tracker.cli.audit import wanted_runs

    return wanted_runs(store, words)


def _by_hand(args: argparse.Namespace, store: Store, keys: Sequence[RunKey]) -> int:
    """Amend runs by what was typed in, or take amendments back."""
    from tui_tracker.audit.amendments import amend, withdraw
    from tui_tracker.audit.record import read_records
    from tui_tracker.drill.arguments import typed_value
    from tui_tracker.drill.drill import typed
    from tui_tracker.errors import InvalidArgument

    pairs = [text.partition("=") for text in args.set]
    for field, equals, value in pairs:
        if not equals or not value:
            raise InvalidArgument(f"--set {field!r} needs a value: --set tags.owner=ann")
    if not args.words:
        raise InvalidArgument("--set and --withdraw need a run: `tt drill RUN --set FIELD=VALUE`")
    records = list(read_records(store, keys))
    _refuse_unamended(records, args.withdraw)
    for record in records:
        items = [typed(record, field, typed_value(field, value)) for field, _, value in pairs]
        amend(store, record.key, items, reason=args.reason or "")
        for field in args.withdraw:
            withdraw(store, record.key, record.detail, field, reason=args.reason or "")
        count = len(items) + len(args.withdraw)
        tell(f"{record.detail.row.name}: {plural(count, 'amendment')} written")
    return 0


def _refuse_unamended(records: Sequence[RunRecord], fields: Sequence[str]) -> None:
    """Refuse to take back what is not there, before anything is written."""
    from tui_tracker.errors import InvalidArgument

    for record in records:
        amended = {item.field for item in record.amendments}
        for field in fields:
            if field not in amended:
                raise InvalidArgument(f"{field!r} of {record.detail.row.name!r} was not amended")


def _offer(args: argparse.Namespace, store: Store, drilled: Sequence[Drilled]) -> None:
    """Print and accept: what was named, what is certain, or what is answered with y."""
    from tui_tracker.drill.drill import accept

    asked = not (args.json or args.accept or args.yes_certain)
    asked = asked and on_terminal() and sys.stdin.isatty()
    taken = 0
    for one in drilled:
        if not args.json:
            _print_run(one)
        if asked:
            if not _ask(args, store, one):
                return
            continue
        fields = [
            item.field
            for item in one.proposals
            if item.field in args.accept or (args.yes_certain and item.confidence == "certain")
        ]
        taken += accept(store, one, fields, reason=args.reason or DEFAULT_REASON)
    if args.accept or args.yes_certain:
        _tell_taken(args, drilled, taken)


def _tell_taken(args: argparse.Namespace, drilled: Sequence[Drilled], taken: int) -> None:
    from tui_tracker.errors import InvalidArgument

    known = {item.field for one in drilled for item in one.proposals}
    tell(f"{plural(taken, 'amendment')} written")
    unknown = [field for field in args.accept if field not in known]
    if unknown:
        offered = ", ".join(sorted(known)) or "nothing"
        raise InvalidArgument(f"nothing was proposed for {unknown[0]!r}: there is {offered}")


def _ask(args: argparse.Namespace, store: Store, drilled: Drilled) -> bool:
    """Ask about each proposal of a run; return whether to go on with the next run."""
    from tui_tracker.audit.amendments import amend

    chosen: list[Correction] = []
    on = True
    for item in drilled.proposals:
        answer, value = _answer(item)
        if answer == "q":
            on = False
            break
        if answer == "y":
            chosen.append(item)
        elif answer == "e":
            chosen.append(_edited(item, value))
    if chosen:
        amend(store, drilled.record.key, chosen, reason=args.reason or _reason())
        tell(f"{plural(len(chosen), 'amendment')} written")
    return on


_ANSWERS = {"y": "y", "yes": "y", "": "n", "n": "n", "no": "n", "q": "q", "quit": "q", "e": "e"}


def _answer(item: Correction) -> tuple[str, str]:
    """Return y, n or q, or e with what was typed in."""
    from tui_tracker.formatting import printable

    value = printable(shown(item.new))
    try:
        while True:
            text = input(f"  {printable(item.field)} = {value}  [y/n/e/q] ").strip().lower()
            answer = _ANSWERS.get(text, "")
            typed_in = input("    value: ").strip() if answer == "e" else ""
            if answer and (answer != "e" or typed_in):
                return answer, typed_in
    except EOFError:
        return "q", ""


def _edited(item: Correction, text: str) -> Correction:
    from dataclasses import replace

    from tui_tracker.drill.arguments import typed_value

    evidence = f"typed in; tt drill had proposed {shown(item.new)}"
    return replace(item, new=typed_value(item.field, text), evidence=evidence, confidence="")


def _reason() -> str:
    try:
        return input(f"  why? [{DEFAULT_REASON}] ").strip() or DEFAULT_REASON
    except EOFError:
        return DEFAULT_REASON


def shown(value: object) -> str:
    """Return a value in one line: a table by its size, a digest cut short."""
    import json

    from tui_tracker.formatting import crop
    from tui_tracker.lineage.words import short_digest

    if isinstance(value, dict):
        if set(map(type, value.values())) <= {str} and len(value) > 3:
            first = ", ".join(f"{name} {value[name]}" for name in list(value)[:3])
            return f"{len(value)}: {first} ..."
        return crop(json.dumps(value, ensure_ascii=False, default=str), _LONGEST_VALUE)
    if isinstance(value, str) and value.startswith(("sha256:", "sample:")):
        return short_digest(value)
    return "nothing" if value is None else crop(str(value), _LONGEST_VALUE)


def _print_run(drilled: Drilled) -> None:
    from rich.text import Text

    from tui_tracker.formatting import printable

    row, before, after = drilled.record.detail.row, drilled.before.score, drilled.after.score
    head = Text()
    head.append(printable(row.name), "bold")
    head.append(f"  {before.grade} {before.points}")
    if drilled.proposals:
        head.append(f"; {after.grade} {after.points} with all that is proposed", "dim")
    if drilled.record.amendments:
        count = len(drilled.record.amendments)
        head.append(f"  {plural(count, 'amendment')} already", "dim")
    console = rich_console()
    console.print(head, soft_wrap=True)
    if not drilled.gaps:
        console.print(Text("  no gap", "green"))
    for gap in drilled.gaps:
        _print_gap(gap)
    console.print()


def _print_gap(gap: Gap) -> None:
    from rich.text import Text

    from tui_tracker.formatting import printable

    console = rich_console()
    line = Text("  ")
    style = "red" if gap.finding.severity == "error" else "yellow"
    line.append(f"{gap.finding.severity:<6}", style)
    line.append(f" {gap.finding.rule}  ")
    line.append(printable(gap.finding.message), "dim")
    console.print(line, soft_wrap=True)
    for item in gap.proposals:
        for part in proposal_lines(item):
            console.print(part, soft_wrap=True)
    for why in gap.refused:
        console.print(Text(f"           {printable(why)}", "dim"), soft_wrap=True)


def proposal_lines(item: Correction) -> list[Text]:
    """Return a proposal as lines for a terminal: field, old, new, how sure; then why."""
    from rich.text import Text

    from tui_tracker.formatting import printable

    line = Text("         ")
    line.append(f"{item.confidence:<8}", _STYLES.get(item.confidence, ""))
    line.append(f"{printable(item.field)}: {printable(shown(item.old))} -> ")
    line.append(printable(shown(item.new)), "bold")
    return [line, Text(f"                 {printable(item.evidence)}", "dim")]


def _practice(args: argparse.Namespace) -> int:
    from tui_tracker.drill.practice import make_practice

    folder = Path(args.out or "drill-practice")
    made = make_practice(folder, seed=args.seed)
    facts = {"store": str(made.store), "runs": made.runs, "gaps": made.gaps, "sheet": "hidden"}
    if args.json:
        print_json(facts, indent=1)
        return 0
    print(f"{plural(made.runs, 'run')} with {plural(made.gaps, 'planted gap')} in {made.store}")
    print(
        f"\nLook for them by hand (`tt --store {made.store} audit`, `show`, the app), and write "
        "what you find:\n\n"
        '  {"RUN NAME": {"FIELD": "VALUE", "OTHER FIELD": null}}\n\n'
        "null says that it is gone and nothing tells it. Then:\n\n"
        f"  tt --store {made.store} drill --score found.json\n\n"
        "Or score the tool: "
        f"`tt --store {made.store} drill --json > found.json` and the same."
    )
    return 0


def _score(args: argparse.Namespace) -> int:
    from tui_tracker.drill.scoring import score_file

    with open_store(args, wait_s=READ_WAIT_S) as store:
        result = score_file(store, Path(args.score))
    if args.json:
        print_json(result.shape(), indent=1)
        return 0 if result.passed else 1
    print(
        f"{result.found} of {plural(result.planted, 'planted gap')} found, {result.right} values "
        f"right, {result.guessed} marked as guesses, {result.wrong} wrong"
    )
    for line in result.lines:
        print(f"  {line}")
    return 0 if result.passed else 1

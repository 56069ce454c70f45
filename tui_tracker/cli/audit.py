"""Say what the records of runs leave in doubt, and how to mend each.

WORDS are runs, an experiment, or what `tt ls` takes; without any, all runs are audited.
The exit code is 1 where a run fails (`--fail-on`, by default an error), for CI. Rules,
profile and waivers stand in the `pyproject.toml` of the folder where this is called, in
[tool.tui_tracker.audit]; severities may differ by experiment.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from tui_tracker.cli.opening import READ_WAIT_S, add_json, open_store
from tui_tracker.cli.output import on_terminal, plural, print_json, rich_console, say, terminal_size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tui_tracker.audit.engine import Audited, Finding, Settings
    from tui_tracker.audit.kept import Kept
    from tui_tracker.audit.record import RunRecord
    from tui_tracker.queries import RunKey
    from tui_tracker.store import Store

_STYLES = {"error": "red", "warn": "yellow", "info": "dim"}
_NAME = re.compile(r"[\w./+-]+")
"""What is a name, and no question that happens to have no answer."""
_JOINING = ("and", "or", "not", "in")
_NAMED = 500
"""So many of the newest runs have their names looked at for the one that was meant."""
_MOST_TOLD = 20
"""Runs whose findings are printed one by one; more are told as a table of rules."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", metavar="WORDS", nargs="*", help="runs, an experiment or a query")
    parser.add_argument(
        "--profile", metavar="P", help="minimal, seed (the default), paper or regulated"
    )
    parser.add_argument(
        "--fail-on",
        metavar="LEVEL",
        help="error (the default), warn, info, grade<A to grade<D, or never",
    )
    parser.add_argument("--info", action="store_true", help="also tell what only informs")
    parser.add_argument("--rules", action="store_true", help="list the rules and their reasons")
    parser.add_argument(
        "--record",
        metavar="FILE",
        help="audit metadata as it was pasted instead of runs: JSON, a dict, YAML, TOML, a table, "
        "a command line; - reads standard input",
    )
    parser.add_argument(
        "--deep", action="store_true", help="also look at commits, data and files themselves"
    )
    parser.add_argument(
        "--sheet", metavar="NAME", help="answer neurips, mlrc, reforms or completeness"
    )
    parser.add_argument(
        "--as-of", metavar="DATE", help="the date of that audit (default: now), as 2026-06-01"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--md", action="store_true", help="print Markdown")
    form.add_argument("--sarif", action="store_true", help="print SARIF 2.1.0")
    form.add_argument("--junit", action="store_true", help="print JUnit's XML")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from tui_tracker.audit.config import FAIL_ON, read_config
    from tui_tracker.errors import InvalidArgument

    # A checklist asks for what only the strict profile looks at, such as licences.
    profile = args.profile or ("paper" if args.sheet is not None else None)
    config = read_config(Path.cwd(), profile=profile)
    fail_on = (args.fail_on or config.fail_on).replace(" ", "")
    if fail_on not in FAIL_ON:
        raise InvalidArgument(f"--fail-on {args.fail_on!r} means nothing: use {', '.join(FAIL_ON)}")
    for waiver in config.ended:
        say(f"the waiver of {waiver.rule} ended on {waiver.until}: what it accepted counts again")
    if args.record is not None:
        return _audit_record(args, config.settings, fail_on)
    if args.rules:
        return _print_rules(args, config.settings)
    with open_store(args, wait_s=READ_WAIT_S) as store:
        return _audit(store, args, config.settings, fail_on)


def _audit(store: Store, args: argparse.Namespace, settings: Settings, fail_on: str) -> int:
    from tui_tracker.audit import cache
    from tui_tracker.audit.report import fails

    keys = wanted_runs(store, args.words)
    formed = args.json or args.sarif or args.junit or args.md
    if not keys and not (formed and not args.md):
        say("no run fits" if args.words else "no runs yet")
        return 0
    if args.deep or args.sheet is not None:
        return _audit_now(store, args, settings, keys, fail_on)
    cache.refresh(store, settings, keys if args.words else None)
    if len(keys) > _MOST_TOLD and not formed:
        kept = cache.read_kept(store, settings, keys)
        severities = {rule.id: severity for rule, severity in settings.chosen()}
        _print_overview(kept, severities, {rule.id: rule.why for rule in settings.known()})
        return 1 if _kept_fails(kept, fail_on) else 0
    audited = cache.read_audits(store, settings, keys)
    _print(args, audited, settings, _scripts(store, args, keys))
    return 1 if fails(audited, fail_on) else 0


def _kept_fails(kept: Sequence[Kept], fail_on: str) -> bool:
    """Return what `report.fails` does, of audits that are kept as counts."""
    from tui_tracker.audit.score import GRADES

    if fail_on.startswith("grade<"):
        least = next(points for points, grade in GRADES if grade == fail_on[-1])
        return any(one.points < least for one in kept)
    if fail_on == "info":
        return any(one.rules for one in kept)
    counted = {"error": lambda one: one.errors, "warn": lambda one: one.errors + one.warnings}
    return fail_on in counted and any(map(counted[fail_on], kept))


def _audit_now(
    store: Store, args: argparse.Namespace, settings: Settings, keys: list[RunKey], fail_on: str
) -> int:
    """Audit without what is kept: the files may have changed, or another profile is asked."""
    from tui_tracker.audit.engine import audit_records
    from tui_tracker.audit.relatives import read_with_relatives
    from tui_tracker.audit.report import fails

    records = read_with_relatives(store, keys)
    if args.deep:
        records = _look_deep(store, records, keys)
    audited = audit_records(records, settings, only=keys)
    if args.sheet is not None:
        return _print_sheet(args, store, audited)
    _print(args, audited, settings, _scripts(store, args, keys))
    return 1 if fails(audited, fail_on) else 0


def _scripts(store: Store, args: argparse.Namespace, keys: Sequence[RunKey]) -> dict[RunKey, str]:
    """Return the script of each run, for the form that has a place for it."""
    from tui_tracker.queries.fact_cells import read_facts

    facts = read_facts(store, keys, ["entry"]) if args.sarif else {}
    return {key: told["entry"] for key, told in facts.items()}


def _look_deep(
    store: Store, records: Sequence[RunRecord], keys: Sequence[RunKey]
) -> list[RunRecord]:
    """Look at what is there of these runs; say where the time was over before all was read."""
    from tui_tracker.audit.deep import LONGEST_S, look_deep

    found = look_deep(store, records, keys)
    short = sum(record.seen is not None and not record.seen.whole for record in found)
    if short:
        say(
            f"after {LONGEST_S:.0f} s of reading, files of {plural(short, 'run')} were compared "
            "by size alone; audit fewer runs at once"
        )
    return found


def _print_sheet(args: argparse.Namespace, store: Store, audited: Sequence[Audited]) -> int:
    from tui_tracker.audit.sheets import answer_sheet, sheet_shape, sheet_text

    sheet = answer_sheet(args.sheet, store, audited)
    if args.json:
        print_json(sheet_shape(sheet), indent=1)
    else:
        print(sheet_text(sheet), end="")
    return 0


def wanted_runs(store: Store, words: Sequence[str]) -> list[RunKey]:
    """Return the runs that the words mean: runs, an experiment, or a query.

    Raises:
        NotFound: it is a name, and nothing has it: what checks nothing must not pass.
        QueryError: it means nothing as a query.
    """
    from tui_tracker.errors import NotFound
    from tui_tracker.queries import (
        Order,
        Selection,
        find_run,
        get_rows,
        list_experiments,
        list_run_keys,
    )

    text = " ".join(words)
    if not text:
        return list_run_keys(store, Selection(), Order())
    found = list_run_keys(store, Selection(experiment=text), Order())
    if found:
        return found
    try:
        return [find_run(store, text)]
    except NotFound:
        found = list_run_keys(store, Selection(query=text), Order())
    if found or not all(_NAME.fullmatch(word) and word not in _JOINING for word in words):
        return found
    known = [row.name for row in list_experiments(store, Selection(archived=True))]
    if text in known:
        return []  # all of its runs are archived
    try:
        return list(dict.fromkeys(find_run(store, word) for word in words))
    except NotFound as error:
        names = [row.name for row in get_rows(store, list_run_keys(store, limit=_NAMED))]
        raise NotFound("run or experiment", error.wanted, [*known, *names]) from error


def _print(
    args: argparse.Namespace,
    audited: Sequence[Audited],
    settings: Settings,
    scripts: Mapping[RunKey, str],
) -> None:
    from tui_tracker import __version__
    from tui_tracker.audit import report

    if args.json:
        print_json(report.to_shape(audited, profile=settings.profile), indent=1)
    elif args.sarif:
        print(report.to_sarif(audited, settings.known(), scripts, version=__version__))
    elif args.junit:
        print(report.to_junit(audited))
    elif args.md:
        print(report.to_markdown(audited), end="")
    else:
        for run_ in audited:
            _print_run(run_, everything=args.info)


def _audit_record(args: argparse.Namespace, settings: Settings, fail_on: str) -> int:
    from tui_tracker.audit.report import fails
    from tui_tracker.cli.audit_record import audit_record, print_corrected, print_json_records

    found = audit_record(args, settings)
    audited = [one.audited for one in found]
    if args.json:
        print_json_records(found, profile=settings.profile)
    elif args.md or args.sarif or args.junit:
        _print(args, audited, settings, {0: args.record})
    else:
        for one in found:
            _print_run(one.audited, everything=True)
            print_corrected(one)
    return 1 if fails(audited, fail_on) else 0


def _print_run(run_: Audited, *, everything: bool) -> None:
    from rich.text import Text

    from tui_tracker.audit.score import mending_gives
    from tui_tracker.formatting import printable

    row, proof = run_.record.detail.row, run_.record.detail.proof
    score = run_.score
    head = Text()
    head.append(printable(row.name), "bold")
    head.append(f"  {score.grade} {score.points}", _grade_style(score.grade))
    head.append(f" / {proof.level if proof else 'L0'}")
    if score.cap:
        head.append(f"  {score.cap} ({score.capped_by}); {mending_gives(score)}", "dim")
    console = rich_console()
    console.print(head, soft_wrap=True)
    shown = [f for f in run_.findings if everything or f.severity != "info"]
    for finding in shown:
        _print_finding(finding)
    hidden = len(run_.findings) - len(shown)
    if hidden:
        console.print(Text(f"  {hidden} more that only inform: --info", "dim"))
    if not run_.findings:
        console.print(Text("  nothing is in doubt", "green"))
    console.print()


def _grade_style(grade: str) -> str:
    return {"A": "green", "B": "green", "C": "yellow"}.get(grade, "red")


def _print_finding(finding: Finding) -> None:
    from rich.text import Text

    from tui_tracker.formatting import printable, wrap

    width = terminal_size()[0] if on_terminal() else 100
    console = rich_console()
    style = "dim" if finding.waived else _STYLES[finding.severity]
    word = "accepted" if finding.waived else finding.severity
    line = Text("  ")
    line.append(f"{word:<6}", style)
    line.append(f" {finding.rule}")
    console.print(line, soft_wrap=True)
    for text, look in ((finding.message, ""), (finding.waived or finding.fix, "dim")):
        for part in wrap(printable(text), max(20, width - 11)):
            console.print(Text(f"         {part}", look), soft_wrap=True)


def _print_overview(
    kept: Sequence[Kept], severities: Mapping[str, str], why: Mapping[str, str]
) -> None:
    from collections import Counter
    from statistics import median

    from tui_tracker.cli.tables import Column, print_table
    from tui_tracker.judged import GRADES

    # Runs of a sweep leave the same doubts: there are far fewer sets of rules than runs.
    sets = Counter(one.rules for one in kept)
    rules: Counter[str] = Counter()
    for ids, count in sets.items():
        rules.update(dict.fromkeys(ids, count))
    order = sorted(rules, key=lambda id_: (list(_STYLES).index(severities[id_]), -rules[id_]))
    styles = [_STYLES[severities[id_]] for id_ in order]
    print_table(
        [
            Column("rule", order),
            Column("severity", [severities[id_] for id_ in order], styles=styles),
            Column("runs", [f"{rules[id_]:,}" for id_ in order], right=True),
            Column("why", [why.get(id_, "") for id_ in order], rank=9),
        ]
    )
    counts = Counter(one.grade for one in kept)
    grades = ", ".join(f"{counts[grade]:,} {grade}" for grade in GRADES if counts[grade])
    points = [one.points for one in kept]
    print(f"\n{plural(len(kept), 'run')}: {grades}; worst {min(points)}, median {median(points):g}")


def _print_rules(args: argparse.Namespace, settings: Settings) -> int:
    """List the rules as they are in force here: with the project's severities and own rules."""
    from tui_tracker.cli.tables import Column, print_table

    rules = settings.known()
    chosen = {rule.id: severity for rule, severity in settings.chosen()}
    severities = [chosen.get(rule.id, "off") for rule in rules]
    if args.json:
        print_json(
            [
                {"rule": r.id, "severity": s, "scope": r.scope, "fix": r.fix, "why": r.why}
                for r, s in zip(rules, severities, strict=True)
            ],
            indent=1,
        )
        return 0
    styles = [_STYLES.get(severity, "dim") for severity in severities]
    print_table(
        [
            Column("rule", [rule.id for rule in rules]),
            Column("severity", severities, styles=styles),
            Column("fix", [rule.fix for rule in rules], rank=3),
            Column("why", [rule.why for rule in rules], rank=2),
        ]
    )
    return 0

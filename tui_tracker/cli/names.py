"""Check the names of metrics, params, experiments, runs, tags and data; mend them by aliases.

  tt names check [QUERY]     what is unclear about names; exit code 1 where something is
  tt names fix --all-certain                   take every name that leaves no choice
  tt names fix --metric acc=val_accuracy       read one name as another
  tt names list              the names that are read as others
  tt names undo              take back the last batch of them

Nothing that was logged is changed: an alias is a name that is read in place of the one that
was logged, in every list, table, curve, query, rule and export. `tt show` tells the logged
one. With --experiment an alias is for that experiment alone. A name that a run would have
twice, with other values, is refused. --dry-run tells what would be done.

Metrics, aliases and purposes of a project stand in its pyproject.toml, in
[tool.tui_tracker.metrics] and [tool.tui_tracker.names].
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tui_tracker.cli.opening import READ_WAIT_S, add_json, open_store
from tui_tracker.cli.output import plural, print_json, say, tell
from tui_tracker.errors import InvalidArgument, NameCollision, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_tracker.names.aliases import Alias, Kind, Renaming
    from tui_tracker.names.check import NameFinding
    from tui_tracker.queries import RunKey
    from tui_tracker.store import Store

_ACTIONS = ("check", "fix", "undo", "list")
_STYLES = {"error": "red", "warn": "yellow", "info": "dim"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", metavar="ACTION", choices=_ACTIONS, help=", ".join(_ACTIONS))
    parser.add_argument("query", metavar="QUERY", nargs="*", help="of which runs, as in tt ls")
    for kind in ("metric", "param"):
        parser.add_argument(
            f"--{kind}",
            metavar="RAW=NAME",
            action="append",
            default=[],
            help=f"fix: read this {kind} as another; may be said again",
        )
    parser.add_argument("--all-certain", action="store_true", help="fix: all that leave no choice")
    parser.add_argument(
        "--experiment", metavar="E", default="", help="fix: in this experiment only"
    )
    parser.add_argument("--reason", metavar="TEXT", default="", help="fix: why, kept with it")
    parser.add_argument("--dry-run", action="store_true", help="fix: tell, and change nothing")
    parser.add_argument("--all", action="store_true", help="list: also those taken back")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    changes = args.action == "undo" or (args.action == "fix" and not args.dry_run)
    with open_store(args, wait_s=5.0 if changes else READ_WAIT_S) as store:
        return {"check": _check, "fix": _fix, "undo": _undo, "list": _list}[args.action](
            args, store
        )


# -- check


def _chosen(args: argparse.Namespace, store: Store) -> list[RunKey]:
    """Return the runs whose names are looked at.

    Raises:
        NotFound: there is no experiment of that name: what checks nothing must not pass.
    """
    from tui_tracker.queries import Selection, list_experiments, list_run_keys

    known = [row.name for row in list_experiments(store, Selection(archived=True))]
    if args.experiment and args.experiment not in known:
        raise NotFound("experiment", args.experiment, known)
    selection = Selection(
        experiment=args.experiment or None, query=" ".join(args.query), archived=True
    )
    return list_run_keys(store, selection)


def _check(args: argparse.Namespace, store: Store) -> int:
    from tui_tracker.names.check import check_names, to_shape

    keys = _chosen(args, store)
    found = check_names(store, keys)
    if args.json:
        print_json([to_shape(finding) for finding in found], indent=1)
    elif found:
        _print_findings(found)
    elif keys:
        tell("all names are clear")
    else:
        say("no run fits" if args.query else "no runs yet")
    return 1 if found else 0


def _print_findings(found: Sequence[NameFinding]) -> None:
    from tui_tracker.cli.tables import Column, print_table
    from tui_tracker.formatting import crop, printable

    doubts = [finding.doubt for finding in found]
    print_table(
        [
            Column(
                "severity",
                [d.severity for d in doubts],
                styles=[_STYLES[d.severity] for d in doubts],
            ),
            Column("kind", [d.kind for d in doubts], rank=3),
            Column("name", [crop(printable(d.name), 40) for d in doubts], styles=("bold",)),
            Column("runs", [str(finding.runs) for finding in found], right=True, rank=2),
            Column("rule", [d.rule.removeprefix("naming.") for d in doubts]),
            Column("propose", [_proposed(finding) for finding in found]),
            Column("what is unclear", [printable(d.message) for d in doubts], rank=1),
        ]
    )
    certain = len({finding.doubt.name for finding in found if _fixable(finding)})
    if certain:
        tell(f"{plural(certain, 'name')} can be mended surely: tt names fix --all-certain")
    if any(doubt.kind == "run" for doubt in doubts):
        tell("runs get another name by tt rename RUN NAME")


def _fixable(finding: NameFinding) -> bool:
    return bool(finding.certain) and finding.doubt.kind in ("metric", "param")


def _proposed(finding: NameFinding) -> str:
    from tui_tracker.formatting import crop, printable

    proposals = finding.doubt.proposals
    if not proposals:
        return ""
    more = f" +{len(proposals) - 1}" if len(proposals) > 1 else ""
    return f"{crop(printable(proposals[0].name), 40)} ({proposals[0].confidence}{more})"


# -- fix


def _fix(args: argparse.Namespace, store: Store) -> int:
    from tui_tracker.names.aliases import count_runs

    wanted = _wanted(args, store)
    counts = [count_runs(store, one) for one in wanted]
    kept, skipped, batch = _apply(args, store, wanted)
    if args.json:
        print_json(
            {
                "dry_run": args.dry_run,
                "batch": batch or None,
                "renamed": [_renamed(one, n) for one, n in zip(wanted, counts, strict=True)
                            if one in kept],
                "skipped": [{"name": one.raw, "why": str(why)} for one, why in skipped],
            },
            indent=1,
        )  # fmt: skip
        return 1 if skipped else 0
    _print_renamings([(one, n) for one, n in zip(wanted, counts, strict=True) if one in kept])
    for _, error in skipped:
        say(str(error))
    if not wanted:
        tell("no name is to be mended surely: name one, as in --metric acc=val_accuracy")
    elif args.dry_run:
        tell("nothing was changed: say it again without --dry-run")
    elif batch:
        tell(f"batch {batch}: {plural(len(kept), 'name')} read anew; tt names undo takes it back")
    elif kept:
        tell("all of it was in force already")
    return 1 if skipped else 0


def _wanted(args: argparse.Namespace, store: Store) -> list[Renaming]:
    """Return what was asked for: named renamings first, then those that leave no choice."""
    from tui_tracker.names.aliases import Renaming
    from tui_tracker.names.check import certain_renamings, check_names

    wanted = [
        Renaming(kind, *_pair(kind, text), args.experiment)
        for kind, texts in _named(args)
        for text in texts
    ]
    if args.all_certain or (args.dry_run and not wanted):
        named = {(one.kind, one.raw) for one in wanted}
        sure = certain_renamings(check_names(store, _chosen(args, store)), scope=args.experiment)
        wanted += [one for one in sure if (one.kind, one.raw) not in named]
    elif not wanted:
        raise InvalidArgument(
            "say what to mend: --all-certain, --metric RAW=NAME or --param RAW=NAME "
            "(`tt names fix --dry-run` tells what is certain)"
        )
    return wanted


def _named(args: argparse.Namespace) -> list[tuple[Kind, list[str]]]:
    return [("metric", args.metric), ("param", args.param)]


def _pair(kind: str, text: str) -> tuple[str, str]:
    raw, equals, canonical = text.rpartition("=")
    if not equals or not raw or not canonical:
        raise InvalidArgument(f"--{kind} takes RAW=NAME, as in acc=val_accuracy, not {text!r}")
    return raw, canonical


def _apply(
    args: argparse.Namespace, store: Store, wanted: Sequence[Renaming]
) -> tuple[list[Renaming], list[tuple[Renaming, NameCollision]], int]:
    """Rename; one that was not named and would collide is left out, and told."""
    from tui_tracker.names.aliases import rename

    kept = list(wanted)
    skipped: list[tuple[Renaming, NameCollision]] = []
    named = {(kind, _pair(kind, text)[0]) for kind, texts in _named(args) for text in texts}
    while kept:
        try:
            done = rename(store, kept, reason=args.reason, dry_run=args.dry_run)
            return kept, skipped, done.batch
        except NameCollision as error:
            at_fault = [
                one
                for one in kept
                if one.kind == error.kind and one.raw in (error.one, error.other)
            ]
            if not at_fault or any((one.kind, one.raw) in named for one in at_fault):
                raise
            skipped += [(one, error) for one in at_fault]
            kept = [one for one in kept if one not in at_fault]
    return kept, skipped, 0


def _renamed(one: Renaming, runs: int) -> dict[str, object]:
    return {
        "kind": one.kind,
        "raw": one.raw,
        "canonical": one.canonical,
        "experiment": one.scope or None,
        "runs": runs,
    }


def _print_renamings(renamings: Sequence[tuple[Renaming, int]]) -> None:
    from tui_tracker.cli.tables import Column, print_table
    from tui_tracker.formatting import printable

    if not renamings:
        return
    print_table(
        [
            Column("kind", [one.kind for one, _ in renamings], rank=1),
            Column("logged as", [printable(one.raw) for one, _ in renamings]),
            Column("read as", [printable(one.canonical) for one, _ in renamings], styles=("bold",)),
            Column("runs", [f"{runs:,}" for _, runs in renamings], right=True),
        ]
    )


# -- undo and list


def _undo(args: argparse.Namespace, store: Store) -> int:
    from tui_tracker.names.aliases import list_aliases, undo

    undone = undo(store)
    if args.json:
        print_json([_shape(alias) for alias in undone], indent=1)
    elif undone:
        # A name that was renamed twice goes back to the first of its new names.
        now = {(a.scope, a.kind, a.raw): repr(a.canonical) for a in list_aliases(store)}
        read_as = [(a.raw, now.get((a.scope, a.kind, a.raw), "it was logged")) for a in undone]
        names = ", ".join(f"{raw!r} is read as {name}" for raw, name in read_as[:5])
        more = f" and {len(undone) - 5} more" if len(undone) > 5 else ""
        tell(f"took back batch {undone[0].batch}: {names}{more}")
    else:
        tell("no alias is in force")
    return 0


def _list(args: argparse.Namespace, store: Store) -> int:
    from tui_tracker.names.aliases import list_aliases

    aliases = list_aliases(store, taken_back=args.all)
    if args.json:
        print_json([_shape(alias) for alias in aliases], indent=1)
    elif aliases:
        _print_aliases(aliases)
    else:
        tell("no alias is in force")
    return 0


def _print_aliases(aliases: Sequence[Alias]) -> None:
    from tui_tracker.cli.tables import Column, print_table
    from tui_tracker.formatting import format_time, printable
    from tui_tracker.names.aliases import overruled

    columns = [
        Column("batch", [str(alias.batch) for alias in aliases], right=True),
        Column("kind", [alias.kind for alias in aliases], rank=1),
        Column("logged as", [printable(alias.raw) for alias in aliases]),
        Column("read as", [printable(alias.canonical) for alias in aliases], styles=("bold",)),
        Column("in", [printable(alias.scope) or "the whole store" for alias in aliases], rank=2),
        Column("by", [printable(alias.who) for alias in aliases], rank=4),
        Column("at", [format_time(alias.at) for alias in aliases], rank=3),
        Column("reason", [printable(alias.reason) for alias in aliases], rank=5),
    ]
    if overruled_ := overruled(aliases):
        columns.append(Column("counts", ["no, a newer one" if alias in overruled_ else ""
                                         for alias in aliases]))  # fmt: skip
    if any(not alias.stands for alias in aliases):
        back = [format_time(a.reverted_at) if a.reverted_at else "" for a in aliases]
        columns.append(Column("taken back", back))
    print_table(columns)


def _shape(alias: Alias) -> dict[str, object]:
    return {
        "batch": alias.batch,
        "kind": alias.kind,
        "raw": alias.raw,
        "canonical": alias.canonical,
        "experiment": alias.scope or None,
        "who": alias.who,
        "at": alias.at.isoformat(),
        "reason": alias.reason,
        "reverted_at": alias.reverted_at.isoformat() if alias.reverted_at else None,
    }

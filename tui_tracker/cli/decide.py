"""Say which configuration of an experiment wins by a rule, and how sure that is.

Runs that differ only in their seed are one configuration. A rule reads like this:

  highest mean val_f1 with std <= 0.5; tie-break by accuracy
  max iqm(val_f1_macro@offline_cv) where n >= 5 and grade >= B
  min median(val_loss, best) where tag.purpose != debug; group by lr, wd

What is compared: mean, median, std, sem, min, max, range, iqm, cv, n, q05 to q95, ci_low, ci_high
or prob_best of the runs' last values; mean(f1, best) and mean(f1, at 10) take others. Bounds take
% and pp. Further conditions: param.NAME, tag.NAME, data.version, grade, proof, no error, `stable`
(no NaN, spike or divergence in any curve) and no health (nothing at all). Behind a semicolon:

  tie-break by [highest|lowest] STATISTIC [then ...] [within 0.5pp | within ci]
  group by PARAM, ... | config [except PARAM]      over fold      ci t|bca 0.99
  baseline PARAM=VALUE, ...

The decision is stored, with the runs it rests on: `tt decisions` lists such records and says
which went stale.

--json prints rule, winner (params of the configuration, or null), winner_runs, ranking (group,
n, rank, stats, eliminated: null or the reason, runs), excluded (counts by reason), note, lead
over the runner-up, against (each other group beside the baseline, better is positive), members,
and decision (the number of the record, or null).

The exit code is 0 where there is a winner, 1 where no configuration fulfils the rule, and
2 where the rule cannot be applied, as when runs do not compare.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tui_tracker.cli.opening import READ_WAIT_S, add_format, add_json, open_store
from tui_tracker.cli.output import on_terminal, print_json, rich_console, terminal_size

if TYPE_CHECKING:
    from tui_tracker.cli.tables import Column
    from tui_tracker.decide.outcome import Decision, Standing
    from tui_tracker.store import Store


_BETTER = {"highest": "max", "lowest": "min"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "experiment", metavar="EXPERIMENT", nargs="?", help="an experiment, or a query"
    )
    parser.add_argument("rule", metavar="RULE", nargs="?", help="the rule, in quotes")
    parser.add_argument(
        "--plan", metavar="FILE", help="take experiment and rule from a plan, where not given"
    )
    parser.add_argument(
        "--against", metavar="PARAMS", help="a baseline, as lr=0.001: all others beside it"
    )
    parser.add_argument(
        "--no-save", dest="save", action="store_false", help="store no record of the decision"
    )
    how = parser.add_mutually_exclusive_group()
    add_format(how)
    add_json(how)


def run(args: argparse.Namespace) -> int:
    from tui_tracker.decide.asking import decide_for, find_asked
    from tui_tracker.decide.parse import parse_rule
    from tui_tracker.decide.shape import to_shape

    experiment, text = _asked(args)
    rule = parse_rule(text)
    with open_store(args, wait_s=READ_WAIT_S) as store:
        keys = find_asked(store, experiment)
        decision = decide_for(store, keys, rule)
        number = _save(store, experiment, decision) if args.save else None
    if args.json:
        print_json({**to_shape(decision), "decision": number}, indent=1)
    elif args.format != "table":
        from tui_tracker.cli.tables import print_table

        print_table(_columns(decision), args.format)
    else:
        _print(decision)
    return 0 if decision.winner is not None else 1


def _save(store: Store, experiment: str, decision: Decision) -> int | None:
    """Store the decision and say so; one that cannot be stored is still a decision."""
    from tui_tracker.cli.output import say, tell
    from tui_tracker.decide.records import save_decision
    from tui_tracker.errors import StoreError

    try:
        number, new = save_decision(store, experiment, decision)
    except StoreError as error:
        say(f"the decision was not stored: {error}")
        return None
    if new:
        tell(f"tt: stored as decision {number}: tt decisions show {number}")
    return number


def _asked(args: argparse.Namespace) -> tuple[str, str]:
    """Return experiment and rule, those of the plan where they were not given."""
    from tui_tracker.errors import InvalidArgument

    experiment, rule = args.experiment or "", args.rule or ""
    if args.plan is not None:
        from pathlib import Path

        from tui_tracker.plan.plan import read_plan

        plan = read_plan(Path(args.plan))
        if experiment and not rule and " " in experiment.strip():
            # One word too few: what reads like a rule is one.
            experiment, rule = "", experiment
        experiment, rule = experiment or plan.experiment, rule or plan.rule
        if not rule:
            raise InvalidArgument(f'{args.plan}: the plan has no rule = "..." to decide by')
    if not experiment or not rule:
        raise InvalidArgument(
            'an experiment and a rule are needed: tt decide sweep_lr "highest mean val_f1"'
        )
    return experiment, f"{rule}; baseline {args.against}" if args.against else rule


def _print(decision: Decision) -> None:
    from rich.text import Text

    from tui_tracker.cli.tables import print_table
    from tui_tracker.decide.shape import excluded_words
    from tui_tracker.formatting import printable, wrap

    console = rich_console()
    winner = decision.winner
    head = Text("no winner" if winner is None else printable(winner.group.label), "bold")
    head.append(f"  by {decision.rule}", "dim")
    console.print(head, soft_wrap=True)
    console.print()
    print_table(_columns(decision))
    console.print()
    width = terminal_size()[0] if on_terminal() else 100
    for note in (*decision.notes, excluded_words(decision)):
        for line in wrap(printable(note), width) if note else ():
            console.print(Text(line), soft_wrap=True)


def _columns(decision: Decision) -> list[Column]:
    from tui_tracker.cli.tables import Column
    from tui_tracker.formatting import align_points, printable

    ranking = decision.ranking
    names = [str(decision.rule.objective)]
    own = "mean" if decision.rule.objective.function == "mean" else ""
    names += [name for name in ("mean", "std") if name not in (*names, own)]
    names += [
        name for name in (ranking[0].stats if ranking else ()) if name not in (*names, "n", own)
    ]
    places = [str(s.rank) if s.rank is not None else "–" for s in ranking]
    columns = [
        Column("#", places, right=True, styles=["green" if p == "1" else "" for p in places]),
        Column("configuration", [printable(s.group.label) for s in ranking], styles=("bold",)),
        Column("n", [str(s.n) for s in ranking], right=True),
    ]
    for number, name in enumerate(names):
        cells = align_points([_number(standing, name) for standing in ranking])
        told = [standing.stats.get(name) for standing in ranking]
        # Of the rule's own figure the winner's is the best, whatever its name tells.
        better = _BETTER.get(decision.rule.direction, "") if not number else ""
        columns.append(Column(name, cells, True, number, values=told, better=better))
    if any(s.eliminated for s in ranking):
        out = [printable(s.eliminated) for s in ranking]
        columns.append(Column("eliminated", out, rank=1, styles=("yellow",)))
    return columns


def _number(standing: Standing, name: str) -> str:
    from tui_tracker.formatting import MISSING, format_number

    value = standing.stats.get(name)
    return MISSING if value is None else format_number(value)

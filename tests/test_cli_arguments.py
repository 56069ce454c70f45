"""Mistakes in arguments: one sentence with the way out, exit code 2, and no usage."""

from __future__ import annotations

import argparse

import pytest

from tui_tracker.cli import COMMANDS, HIDDEN, command_parser
from tui_tracker.cli.arguments import parse_words


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("views nope", "tt views does not know 'nope': use list or show"),
        ("curve", "tt curve needs RUN and METRIC: tt curve RUN METRIC ... (--help says more)"),
        ("curve RUN", "tt curve needs METRIC: tt curve RUN METRIC ..."),
        ("console", "tt console needs RUN: tt console RUN"),
        ("names", "tt names needs ACTION: tt names ACTION [QUERY ...]"),
        ("plan chek", "tt plan does not know 'chek': did you mean 'check'?"),
        ("plan new x y", "tt plan cannot take 'y' as well: tt plan new|check|next|run [PLAN]"),
        ("ls --bogus", "tt ls has no option '--bogus': tt ls --help tells what there is"),
        ("ls --limt=4", "tt ls has no option '--limt': did you mean '--limit'?"),
        ("ls --limit x", "--limit: 'x' is no whole number from 0 on"),
        ("ls --limit", "--limit needs a value: --limit N"),
        ("ls --up --down", "--down does not go with --up: give one of them"),
        ("ls --status fin", "--status does not know 'fin': use running, finished, failed"),
        ("--store", "--store needs a value: --store FOLDER"),
    ],
)
def test_a_mistake_is_answered_in_one_sentence(tt_, words, says):
    code, out, told = tt_(*words.split())

    assert (code, out) == (2, "")
    assert told.startswith(f"tt: {says}")
    assert told.count("\n") == 1


@pytest.mark.parametrize("command", [*COMMANDS, *HIDDEN])
def test_no_command_prints_its_usage_for_an_option_that_it_lacks(tt_, command):
    # What follows `run` may be the command that is run.
    if command_parser(command)._actions[-2].nargs == "...":
        pytest.skip("takes any words")
    code, _, told = tt_(command, "--no-such-option")

    assert code == 2
    assert told.count("\n") == 1
    assert "usage" not in told


def test_options_may_stand_between_the_words_of_every_command():
    for name in COMMANDS:
        parser = command_parser(name)
        places = [a for a in parser._actions if not a.option_strings]
        # A command of another program takes all that follows as its own.
        if not places or any(a.nargs == argparse.REMAINDER for a in places):
            continue
        words = [_fitting(a, "word") for a in places]
        needed = [a for a in parser._actions if a.option_strings and a.required]
        between = [part for a in needed for part in (a.option_strings[-1], _fitting(a, "there"))]
        between += ["--store", "there"]

        args = parse_words(parser, [words[0], *between, *words[1:]])

        assert args.store == "there", name
        for action, word in zip(places, words, strict=True):
            assert getattr(args, action.dest) in (word, [word]), (name, action.dest)


def test_a_word_behind_two_dashes_is_no_option(tt_, log_run):
    log_run("steady", loss=[0.5])

    code, _, err = tt_("note", "steady", "--", "-5 degrees")

    assert (code, err.strip()) == (0, "noted on 1 run")


def _fitting(action, word):
    return str(next(iter(action.choices))) if action.choices else word

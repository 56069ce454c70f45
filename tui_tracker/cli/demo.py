"""Train something small and real, and watch it in the app.

A network in plain Python learns a noisy curve: four learning rates, three seeds, one
run after another; the largest rate diverges. Without a terminal the training runs
first, and the table of runs is printed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

from tui_tracker import folder as folders
from tui_tracker.cli.opening import tell_problems
from tui_tracker.cli.output import on_terminal, say
from tui_tracker.drain import recover
from tui_tracker.store import Store

_STOP_S = 10.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from tui_tracker.demo import SEEDS, STEPS

    parser.add_argument(
        "--seeds", type=_count, default=len(SEEDS), metavar="N", help="seeds a learning rate"
    )
    parser.add_argument("--steps", type=_count, default=STEPS, metavar="N", help="steps a run")
    parser.add_argument(
        "--plain", action="store_true", help="open no app: train, then print the table"
    )
    parser.add_argument("--train-only", action="store_true", help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    folder = folders.locate(args.store)
    if args.train_only:
        _train(folder, args)
        return 0
    if args.plain or not (on_terminal() and sys.stdin.isatty()):
        _train(folder, args)
        return _print_table(folder)
    return _watch(folder, args)


def _train(folder: str, args: argparse.Namespace) -> None:
    from tui_tracker.demo import sweep

    sweep(folder, seeds=range(args.seeds), steps=args.steps)


def _print_table(folder: str) -> int:
    from tui_tracker.cli import main
    from tui_tracker.demo import EXPERIMENT

    return main(["--store", folder, "ls", "--experiment", EXPERIMENT])


def _watch(folder: str, args: argparse.Namespace) -> int:
    """Open the app while a process of its own trains."""
    from tui_tracker.tui.app import run_app

    training = subprocess.Popen(
        [
            *(sys.executable, "-m", "tui_tracker.cli", "--store", folder, "demo", "--train-only"),
            *("--seeds", str(args.seeds), "--steps", str(args.steps)),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Ctrl-C in the app is the app's.
        start_new_session=True,
    )
    try:
        with Store.open(folder, create=True) as store:
            run_app(store)
    finally:
        if training.poll() is None:
            training.terminate()
            training.wait(_STOP_S)
            say("the training was stopped with the app; tt shows what it logged")
    with Store.open(folder) as store:
        tell_problems(recover(store))
    return 0


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return value

"""Show the app in a browser, on this machine alone.

The address that is printed holds a token; whoever has it can read and change the store.
From elsewhere, go through a tunnel: `ssh -L 8642:127.0.0.1:8642 HOST`.
"""

from __future__ import annotations

import argparse
import shlex

from tui_tracker.cli.opening import from_number
from tui_tracker.cli.output import say, tell
from tui_tracker.store import Store

PORT = 8642


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port",
        metavar="N",
        type=from_number(0),
        default=PORT,
        help=f"the port to listen on (else {PORT}); 0 takes any that is free",
    )
    parser.add_argument(
        "--host",
        metavar="ADDRESS",
        default="127.0.0.1",
        help="the address to listen on (else 127.0.0.1, which only this machine reaches)",
    )


def run(args: argparse.Namespace) -> int:
    try:
        from tui_tracker.tui.browser.server import LOOPBACK, TokenServer, command_of
    except ModuleNotFoundError as error:
        if error.name not in ("textual_serve", "aiohttp"):
            raise
        say("serving needs textual-serve: pip install 'tui-tracker[serve]'")
        return 2
    with Store.open(args.store) as store:
        folder = str(store.folder)
    server = TokenServer(shlex.join(command_of(folder)), args.host, args.port, "tui_tracker")
    if args.host not in LOOPBACK:
        say(
            f"{args.host} is reached from other machines, and nothing is encrypted: "
            "a tunnel (ssh -L) is safer"
        )
    print(server.address, flush=True)
    tell("Open this address in a browser; Ctrl-C ends it.")
    server.run()
    return 0

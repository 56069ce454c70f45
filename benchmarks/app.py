"""The app beside other programs: start, keys, idling, resizing and bad lines, in a real pty.

    python benchmarks/app.py PROBE STORE [--rounds 5] [--rival NAME READY COMMAND ...]

PROBE is a program that drives another in a pseudo-terminal and writes what it measured as
JSON (`--json`): when the first cell, a given text and silence came, bytes and processor
seconds until then, and the same for every key. STORE holds the runs of
`benchmarks/make_store.py`. Beside the app stands the smallest Textual program, which is
the floor of any. A rival is measured the same way: its name, a text that shows that it is
usable, and the command in one argument.

Processor seconds and bytes are firm; times depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HELLO = """
from textual.app import App
from textual.widgets import Static
class Hello(App):
    def compose(self):
        yield Static("hello there")
Hello().run()
"""


@dataclass(frozen=True)
class Case:
    """One start of one program, and what is pressed in it."""

    name: str
    command: list[str]
    ready: str
    keys: str = ""
    options: tuple[str, ...] = ()


def cases(store: str) -> list[Case]:
    """Return the app in all its ways, and the floor."""
    tt = [sys.executable, "-m", "tui_tracker.cli", "--store", store]
    ready = "000 runs"
    slow = ("--bps", "115200", "--rtt", "100")
    return [
        Case("Textual hello", [sys.executable, "-c", HELLO], "hello there", "idle:10"),
        Case("app", tt, ready, "sleep:2,j*10,idle:10,pgdn*3,resize:100x30,resize:120x40"),
        Case("app, scrolling", tt, ready, "sleep:2,G,g,j*34,mark:scroll,j*10"),
        Case("app, 16 colours", [*tt, "tui", "--colors", "16"], ready, "sleep:2,j*5"),
        Case("app, no colours", [*tt, "tui", "--colors", "none"], ready, "sleep:2,j*5"),
        Case("app, 115 kbit/s, 100 ms", tt, ready, "sleep:3,hold:j*30@30", slow),
        Case("app, that link, scrolling", tt, ready, "sleep:3,j*34,hold:j*30@30", slow),
        Case("app, filter", tt, ready, "sleep:2,/,text:run_1"),
    ]


def measure(probe: str, case: Case, rounds: int) -> dict[str, object]:
    """Return the medians of a case over some rounds, and the least processor time."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out.json")
        command = [sys.executable, probe, "--size", "120x40", "--ready", case.ready]
        command += ["--runs", str(rounds), "--json", str(out), *case.options]
        command += ["--keys", case.keys] if case.keys else []
        environ = {**os.environ, "XDG_STATE_HOME": folder, "XDG_CONFIG_HOME": folder}
        # Without compiled modules every start would compile them anew.
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        subprocess.run(
            [*command, "--", *case.command], env=environ, capture_output=True, check=False
        )
        told = json.loads(out.read_text())
        found: dict[str, object] = told["median"]
        # What else the machine does costs processor time, too: the least is the program's own.
        least = min(run["startup"]["cpu_s"] for run in told["runs"])
        found["startup"] = {**found["startup"], "cpu_s": least}  # type: ignore[dict-item]
        return found


def row(name: str, found: dict[str, object]) -> str:
    """Return a case as a line of the table."""
    start = dict(found["startup"])  # type: ignore[call-overload]
    keys = [dict(key) for key in found["keys"]]  # type: ignore[attr-defined]
    marked = [key for key in keys if key.get("mark")] or keys
    idle = [dict(item) for item in found["idle"]]  # type: ignore[attr-defined]
    cells = [
        name,
        _ms(start.get("first_paint")),
        _ms(start.get("ready")),
        f"{start.get('cpu_s', 0):.2f} s",
        f"{start.get('bytes', 0) / 1000:.1f} kB",
        _each(marked, "first_change_ms", " ms"),
        _each(marked, "bytes", " B"),
        _each(marked, "lag_after_last_ms", " ms"),
        f"{idle[0]['bytes']} B, {idle[0]['cpu_used_s']} s" if idle else "–",
        f"{start.get('pss_mib', 0):.0f} MiB",
    ]
    return f"| {' | '.join(cells)} |"


def _ms(seconds: object) -> str:
    return f"{float(seconds) * 1000:.0f} ms" if isinstance(seconds, (int, float)) else "–"


def _each(keys: list[dict[str, object]], name: str, unit: str) -> str:
    """Return the median of a figure over keys, and the largest."""
    values = sorted(float(key[name]) for key in keys if isinstance(key.get(name), (int, float)))
    if not values:
        return "–"
    return f"{values[len(values) // 2]:.0f}, at most {values[-1]:.0f}{unit}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])  # type: ignore[union-attr]
    parser.add_argument("probe")
    parser.add_argument("store")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", help="cases whose names contain this")
    parser.add_argument(
        "--rival", nargs=3, action="append", default=[], metavar=("NAME", "READY", "COMMAND")
    )
    args = parser.parse_args()
    rivals = [
        Case(name, shlex.split(command), ready, "sleep:1,down*10,idle:10")
        for name, ready, command in args.rival
    ]
    head = "program | first cell | usable | CPU | bytes | a key | its bytes | lag of a held key"
    print(f"| {head} | idle 10 s | memory |\n|{' --- |' * 10}")
    for case in [*cases(args.store), *rivals]:
        if not args.only or args.only in case.name:
            print(row(case.name, measure(args.probe, case, args.rounds)), flush=True)


if __name__ == "__main__":
    main()

"""The process that reads another tool's files into a passing store while that is looked at.

    python -m tui_tracker.importers.follow FOLDER PATH TOOL TOLD

TOOL and COLUMNS may be empty.

A process of its own, so that reading a large store never holds up the app that shows it. It
ends when its standard input is closed, which the end of its parent does in any case. What it
has done so far stands in FOLDER/reading.json, replaced as a whole at each change.
"""

from __future__ import annotations

import json
import math
import os
import select
import sys
import time
from pathlib import Path

from tui_tracker.errors import TrackerError
from tui_tracker.importers import nothing_to_read
from tui_tracker.importers.importing import Follower, Imported
from tui_tracker.importers.told import Told
from tui_tracker.store import Store

REPORT = "reading.json"
SHOW_S = 0.4
"""How often what was read of one source is written, so that it can be looked at."""
LOOK_S = 0.7
"""Between two readings at least; more where readings take long."""
AGAIN_S = 10.0
"""Between two looks for files that were not there before."""
_SHARE, _LONGEST_S = 4, 10.0
"""How much longer than a reading the pause after it is, and the longest one."""
_TELL_S = 0.3
_MOST_TOLD = 500


class _Report:
    """What was read so far, for whoever shows it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / REPORT
        self._next = 0.0
        self.facts: dict[str, object] = {
            "tools": [],
            "runs": 0,
            "points": 0,
            "done": False,
            "error": "",
            "code": 0,
            "skipped": [],
            "warnings": [],
        }
        self._runs: set[str] = set()

    def progress(self, runs: int, points: int) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _TELL_S
            known = len(self._runs)
            self.write(runs=max(known, runs), reading=points)

    def add(self, done: Imported) -> bool:
        """Take over what a reading did; return whether that was anything."""
        self._runs.update(done.imported)
        tools = list(dict.fromkeys([*self._list("tools"), *done.tools]))
        skipped = [{"what": str(one.path), "why": str(one)} for one in done.skipped]
        points = self.facts["points"]
        assert isinstance(points, int)
        self.write(
            tools=tools,
            runs=len(self._runs),
            points=points + done.points,
            done=True,
            skipped=[*self._list("skipped"), *skipped][:_MOST_TOLD],
            warnings=[*self._list("warnings"), *map(str, done.warnings)][:_MOST_TOLD],
        )
        return bool(done.imported or done.updated)

    def write(self, **facts: object) -> None:
        self.facts |= facts
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(self.facts), encoding="utf-8")
        os.replace(new, self._path)

    def _list(self, name: str) -> list[object]:
        value = self.facts[name]
        return value if isinstance(value, list) else []


def main(arguments: list[str]) -> int:
    folder, path, tool, told = arguments
    report = _Report(Path(folder))
    try:
        with Store.open(folder, create=True) as store:
            follower = Follower(
                *(store, Path(path)),
                tool=tool,
                keep_files=False,
                progress=report.progress,
                opened=Told.from_text(told).open,
                every_s=SHOW_S,
            )
            try:
                _follow(follower, report, Path(path), tool)
            finally:
                follower.close()
    except (TrackerError, OSError) as error:
        report.write(error=str(error), done=True)
        return 2
    return 0


def _follow(follower: Follower, report: _Report, path: Path, tool: str) -> None:
    looked, wait_s = -math.inf, LOOK_S
    while True:
        began = time.monotonic()
        look_again = began - looked >= AGAIN_S
        first = looked == -math.inf
        looked = began if look_again else looked
        done = follower.read(look_again=look_again)
        if first and not (done.tools or done.skipped or done.warnings):
            raise nothing_to_read(path, tool)
        report.add(done)
        if not first:
            wait_s = min(_LONGEST_S, max(LOOK_S, _SHARE * (time.monotonic() - began)))
        if _is_over(wait_s):
            return


def _is_over(wait_s: float) -> bool:
    """Wait; return whether whoever started this process is gone."""
    ready, _, _ = select.select([sys.stdin], [], [], wait_s)
    return bool(ready) and not os.read(sys.stdin.fileno(), 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The cells that a notebook really executed, in the order in which it did.

A notebook's file says what its cells are now, and not which ran, how often, or what they
said then. IPython tells of each cell before and after it runs, and remembers those that
ran before the run began.

Source: IPython, `IPython.core.events` and `IPython.core.history` (input_hist_raw).
"""

from __future__ import annotations

import json
import os
from itertools import pairwise

from tui_tracker.capture import notebook_path
from tui_tracker.capture.modules import new_sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LONGEST = 64 << 10
_MOST_CELLS = 2000
_MOST_BYTES = 4 << 20


class Cell:
    """One execution of a cell."""

    __slots__ = ("failed", "id", "number", "sha256", "source")

    def __init__(self, number: int, source: str, cell_id: str | None = None) -> None:
        # IPython keeps a cell in its history without the newlines at its end.
        raw = source.rstrip("\n").encode("utf-8", "backslashreplace")
        digest = new_sha256()
        digest.update(raw)
        self.number, self.id, self.sha256 = number, cell_id, str(digest.hexdigest())
        self.source = raw[:_LONGEST].decode("utf-8", "ignore")
        self.failed = False

    def facts(self, *, whole: bool) -> dict[str, object]:
        facts: dict[str, object] = {"n": self.number, "sha256": self.sha256}
        if self.id:
            facts["id"] = self.id
        if self.failed:
            facts["failed"] = True
        return {**facts, "source": self.source} if whole else facts


class Notebook:
    """The cells of this process's IPython shell, from its first to the end of the run."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._cells = [Cell(n, source) for n, source in _history(shell)]
        self._room = _MOST_BYTES - sum(len(cell.source) for cell in self._cells)
        self._more = 0
        shell.events.register("pre_run_cell", self._before)
        shell.events.register("post_run_cell", self._after)

    def forget(self) -> None:
        """Listen no more."""
        for event, callback in (("pre_run_cell", self._before), ("post_run_cell", self._after)):
            try:
                self._shell.events.unregister(event, callback)
            except ValueError:
                pass  # somebody cleared the shell's callbacks

    def facts(self, *, whole: bool = False) -> dict[str, object]:
        """Return the cells in order; `whole` with their sources."""
        facts: dict[str, object] = {}
        if path := notebook_path.find():
            home = os.path.join(os.path.expanduser("~"), "")
            facts["path"] = "~/" + path[len(home) :] if path.startswith(home) else path
            facts |= self._compare(path)
        elif self._is_rerun():
            facts["out_of_order"] = True
        facts["cells"] = [cell.facts(whole=whole) for cell in self._cells]
        return {**facts, "more": self._more} if self._more else facts

    def _before(self, info: Any) -> None:
        try:
            # The shell's own count is that of this cell or of the next one, by release.
            number = max(1, len(self._shell.history_manager.input_hist_raw))
            cell = Cell(number, info.raw_cell or "", getattr(info, "cell_id", None))
            if not getattr(info, "store_history", True) or not cell.source.strip():
                return  # the front end asks something for itself
            if len(self._cells) >= _MOST_CELLS or len(cell.source) > self._room:
                self._more += 1
                return
            # The cell that called `init` is in the history already.
            if not (self._cells and self._cells[-1].number == number):
                self._cells.append(cell)
                self._room -= len(cell.source)
        except Exception:  # noqa: BLE001  IPython would print it below each cell
            pass

    def _after(self, result: Any) -> None:
        number = getattr(result, "execution_count", None)
        for cell in self._cells[-1:]:
            if number is not None and cell.number == number:
                cell.failed = not getattr(result, "success", True)

    def _is_rerun(self) -> bool:
        ids = [cell.id for cell in self._cells if cell.id]
        return len(set(ids)) < len(ids)

    def _compare(self, path: str) -> dict[str, object]:
        """Return how what ran differs from the notebook's file, as it was last saved."""
        places: dict[str, int] = {}
        try:
            cells = _read_cells(path)
        except (OSError, ValueError, AttributeError, TypeError) as error:
            return {"unread": f"{type(error).__name__}: {error}"[:200]}
        for place, digest in enumerate(cells):
            places.setdefault(digest, place)
        order = [places[cell.sha256] for cell in self._cells if cell.sha256 in places]
        return {
            # One that runs twice in a row is no disorder.
            "out_of_order": any(b < a for a, b in pairwise(order)),
            # What is in no cell of the file was edited or removed since it ran.
            "edited": [cell.number for cell in self._cells if cell.sha256 not in places],
        }


def _history(shell: Any) -> list[tuple[int, str]]:
    """Return number and source of the cells that ran before, and of the one that runs."""
    sources = list(getattr(shell.history_manager, "input_hist_raw", []))
    return [(n, source) for n, source in enumerate(sources) if n and source][-_MOST_CELLS:]


def _read_cells(path: str) -> list[str]:
    """Return the SHA-256 of each code cell in a notebook's file, in order."""
    with open(path, encoding="utf-8") as file:
        cells = json.load(file).get("cells", ())
    sources = [cell.get("source", "") for cell in cells if cell.get("cell_type") == "code"]
    return [Cell(0, s if isinstance(s, str) else "".join(s)).sha256 for s in sources]

"""The first page's runs, read by a process of its own while Textual is still being loaded.

What the start screen will ask first is known before it exists. A thread that asked it would
share the interpreter with the imports, and hand it over at every row; so a process is
forked, before there is a thread or a connection, and after the import of all that both
need. It begins when the app has noted the store's version, so that what changes meanwhile
is news. If the screen asks for anything else, the answer is dropped and the question is put
as ever. A filter, an order or columns that are remembered are left to the screen, which
knows them.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
from threading import Lock

from tui_tracker.queries import Order, Selection
from tui_tracker.remembered import State
from tui_tracker.store import Store
from tui_tracker.tui.reading import RunsFound, RunsWanted, find_runs
from tui_tracker.tui.tree import TreeWanted

ARRANGED = ("filter", "sort", "group", "columns")
"""What a remembered page of runs may hold that changes its first question."""
CHUNK_BYTES = 1 << 20


class Ahead:
    """One answer, read before the question is put; a context manager that ends its process."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.version: int | None = None
        """Of the store before anything was read: what changes meanwhile is news to the app."""
        self._told, self._go = os.pipe()
        self._answer, self._answering = os.pipe()
        self._child = 0
        self._ending = Lock()

    def __enter__(self) -> Ahead:
        self._child = os.fork()
        if not self._child:
            self._serve()
        os.close(self._told)
        os.close(self._answering)
        return self

    def __exit__(self, *error: object) -> None:
        self._end()

    def begin(self, store: Store, lines: int) -> None:
        """Have the first page of a store read, with as many runs as the window has lines."""
        self.version = store.data_version()
        try:
            os.write(self._go, str(lines).encode())
        except BrokenPipeError:
            pass  # it was ended from outside
        os.close(self._go)
        self._go = -1

    @property
    def is_ready(self) -> bool:
        """Whether `take` needs not wait."""
        return self._answer >= 0 and bool(select.select([self._answer], [], [], 0)[0])

    def take(self, wanted: RunsWanted) -> RunsFound | None:
        """Return the answer if it is to this question; the first time only."""
        if self.version is None or self._answer < 0:
            return None
        answer = bytearray()
        while chunk := os.read(self._answer, CHUNK_BYTES):
            answer += chunk
        self._end()
        try:
            found: RunsFound | None = pickle.loads(answer)
        except (EOFError, pickle.UnpicklingError):
            return None  # it was ended: the screen reads for itself
        return found if found is not None and found.wanted == wanted else None

    def give_up(self) -> None:
        """End the process; who waits for its answer has none at once."""
        with self._ending:
            if self._child:
                os.kill(self._child, signal.SIGKILL)  # it only reads
                os.waitpid(self._child, 0)
                self._child = 0

    def _end(self) -> None:
        for one in (self._go, self._answer):
            if one >= 0:
                os.close(one)
        self._go = self._answer = -1
        self.give_up()

    # In the process of its own.

    def _serve(self) -> None:
        """Answer once and end, whatever happens: the terminal and all else is the app's."""
        try:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            os.close(self._go)
            os.close(self._answer)
            self._read()
        except BaseException:  # noqa: BLE001 - the app reads for itself, and tells what is wrong
            pass
        finally:
            os._exit(0)

    def _read(self) -> None:
        state = State(self._folder)
        lines = os.read(self._told, 16)
        if not lines or any(state.get(name, None) for name in ARRANGED):
            return
        remembered: dict[str, object] = state.get("tree", {})
        levels = remembered.get("levels")
        levels = tuple(map(str, levels)) if isinstance(levels, list) else ()
        tree = TreeWanted(levels or ("experiment",), ())
        order = Order("started", descending=True)
        with Store.open(self._folder) as store:
            wanted = RunsWanted(Selection(), order, 0, int(lines), None, tree)
            answer = pickle.dumps(find_runs(store, wanted), pickle.HIGHEST_PROTOCOL)
        with os.fdopen(self._answering, "wb") as file:
            file.write(answer)

"""One file of W&B's records, and what its first records tell of the run."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

from tui_tracker.importers.framing import BlockLog
from tui_tracker.importers.wire import Message, WireError

RUN = 17
"""The number of the run record."""
_FIRST_RECORDS = 50


@dataclass(slots=True)
class Segment:
    """One file of records, and the run folder that it lies in."""

    path: Path
    """The file; the folder, where there is no such file."""
    folder: Path | None
    project: str | None = None
    """None until its run record was read."""
    rewound_to: float = math.inf
    """The last step that holds of what earlier files have."""
    log: BlockLog = field(init=False)

    def __post_init__(self) -> None:
        self.log = BlockLog(self.path)

    def peek(self) -> None:
        """Find out which run it is of, by its first records."""
        if self.project is not None or self.path == self.folder:
            return
        try:
            for _, record in zip(range(_FIRST_RECORDS), BlockLog(self.path).read(), strict=False):
                if isinstance(record, bytes) and (run := Message(record).raw(RUN)):
                    self._take(Message(run))
                    return
        except (OSError, WireError):
            return

    def _take(self, run: Message) -> None:
        self.project = run.text(3)
        branch = run.message(23)
        if branch.text(1) == run.text(1) and branch.text(3) == "_step":
            self.rewound_to = branch.double(2)

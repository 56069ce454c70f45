"""The runs that an audit has to read beside those it is asked about.

A doubt such as "two runs of one experiment used two splits" shows only beside the other
run. Also archived runs and those in the trash are relatives: seeds that were put away are
the very thing that one of the rules looks for.
"""

from __future__ import annotations

from collections.abc import Sequence

from tui_tracker.audit.record import RunRecord, read_records
from tui_tracker.queries import RunKey
from tui_tracker.queries.rows import marks
from tui_tracker.store import Store

_SAME_EXPERIMENT = (
    "SELECT id FROM run WHERE experiment IN (SELECT DISTINCT experiment FROM run "
    "WHERE id IN (SELECT value FROM json_each(:keys)))"
)


def read_with_relatives(store: Store, keys: Sequence[RunKey]) -> list[RunRecord]:
    """Return the records of these runs, and of the others of their experiments."""
    if not keys:
        return []
    related = [row[0] for row in store.read(_SAME_EXPERIMENT, {"keys": marks(keys)})]
    asked = dict.fromkeys(keys)
    return list(read_records(store, [*asked, *(key for key in related if key not in asked)]))

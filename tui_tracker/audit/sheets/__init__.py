"""Checklists of venues and journals, answered as far as records of runs can answer them.

Every answer names the runs, rules and fields it rests on, and what would still have to be
added. What no record can hold is said to be for the author to write.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from tui_tracker.audit.engine import Audited
from tui_tracker.audit.sheets.completeness import COMPLETENESS
from tui_tracker.audit.sheets.items import Item, Sheet, Subject
from tui_tracker.audit.sheets.mlrc import MLRC
from tui_tracker.audit.sheets.neurips import NEURIPS
from tui_tracker.audit.sheets.reforms import REFORMS
from tui_tracker.audit.sheets.writing import sheet_shape, sheet_text
from tui_tracker.errors import InvalidArgument
from tui_tracker.store import Store

__all__ = ["SHEETS", "answer_sheet", "sheet_shape", "sheet_text"]

SHEETS: dict[str, tuple[str, tuple[Item, ...]]] = {
    "neurips": ("NeurIPS paper checklist, items 4 to 8 and 12", NEURIPS),
    "mlrc": ("Machine Learning Reproducibility Checklist v2.0", MLRC),
    "reforms": ("REFORMS, modules 2, 6 and 7", REFORMS),
    "completeness": ("ML code completeness", COMPLETENESS),
}


def answer_sheet(name: str, store: Store, audited: Sequence[Audited]) -> Sheet:
    """Return a checklist with answers about these runs, which the profile paper judged.

    Raises:
        InvalidArgument: there is no such checklist, or no run.
    """
    if name not in SHEETS:
        near = get_close_matches(name, SHEETS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(SHEETS)}"
        raise InvalidArgument(f"there is no sheet {name!r}: {hint}")
    if not audited:
        raise InvalidArgument("no run fits, so there is nothing to answer about")
    title, items = SHEETS[name]
    subject = Subject(store, tuple(audited))
    answered = tuple((item, item.answer(subject)) for item in items)
    runs = tuple((one.record.detail.row.id, one.record.detail.row.name) for one in audited)
    return Sheet(name, title, runs, answered)

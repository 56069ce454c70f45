"""The changes that people make to runs after they were logged, each with its history.

Every change is a row of `edit`: who, when, which run, what, from what, to what. Changes
that were asked for at once share a batch, and `undo` takes back a batch as one, until
`empty_trash` removes the run itself. Each function is one write transaction, so runs may
log and other people may edit meanwhile. What changes nothing (a tag that is there, a run
that is archived) leaves no row.
"""

from __future__ import annotations

from tui_tracker.edits.batch import LONGEST_LABEL
from tui_tracker.edits.history import Change, list_history
from tui_tracker.edits.kinds import EFFECTS, GROUP, MOMENTS, REVERSALS, STAR, bound
from tui_tracker.edits.notes import edit_note, note, remove_note
from tui_tracker.edits.removal import Emptied, empty_trash, is_written
from tui_tracker.edits.runs import archive, rename, rename_all, restore, trash, unarchive
from tui_tracker.edits.tags import group, star, tag, unstar, untag
from tui_tracker.edits.undoing import Undone, redo, undo

__all__ = [
    "EFFECTS",
    "GROUP",
    "LONGEST_LABEL",
    "MOMENTS",
    "REVERSALS",
    "STAR",
    "Change",
    "Emptied",
    "Undone",
    "archive",
    "bound",
    "edit_note",
    "empty_trash",
    "group",
    "is_written",
    "list_history",
    "note",
    "redo",
    "remove_note",
    "rename",
    "rename_all",
    "restore",
    "star",
    "tag",
    "trash",
    "unarchive",
    "undo",
    "unstar",
    "untag",
]

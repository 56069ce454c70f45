"""Read what Optuna left: databases (`optuna_sqlite`) and journals (`optuna_journal`)."""

from __future__ import annotations

from collections.abc import Iterator

from tui_tracker.errors import ImportFailed
from tui_tracker.importers.claims import Claim, Listing
from tui_tracker.importers.databases import is_database, list_tables
from tui_tracker.importers.optuna_journal import OptunaJournal, is_journal
from tui_tracker.importers.optuna_sqlite import NEEDED, OptunaDatabase
from tui_tracker.importers.optuna_trials import TOOL
from tui_tracker.importers.records import Reader
from tui_tracker.importers.regular import open_regular

__all__ = ["TOOL", "find_claims", "open_reader"]

_BESIDE = ("-wal", "-shm", "-journal", ".lock")


def find_claims(listing: Listing) -> Iterator[Claim]:
    """Yield databases and journals of Optuna."""
    for name in sorted(listing.files):
        # A journal's lock is a link to the journal itself.
        if name.endswith(".lock"):
            continue
        head = listing.head(name)
        database = is_database(head) and list_tables(listing.folder / name) >= NEEDED
        if database or is_journal(head):
            yield listing.claim(TOOL, name, *({f"{name}{end}" for end in _BESIDE} & listing.files))


def open_reader(claim: Claim) -> Reader:
    """Return a reader of a database or a journal.

    Raises:
        ImportFailed: it cannot be read.
    """
    try:
        with open_regular(claim.path) as file:
            head = file.read(16)
    except OSError as error:
        raise ImportFailed(str(claim.path), "", f"cannot be read: {error.strerror}") from error
    return OptunaDatabase(claim) if is_database(head) else OptunaJournal(claim)

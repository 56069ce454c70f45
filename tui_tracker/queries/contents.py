"""Texts that the store keeps once by their hash."""

from __future__ import annotations

import json
import zlib

from tui_tracker.store import Store


def content(store: Store, digest: bytes) -> bytes:
    """Return a text that is stored by its hash, empty where it is gone."""
    rows = store.read("SELECT data FROM content WHERE digest=?", (digest,))
    return zlib.decompress(rows[0][0]) if rows else b""


def source_of(told: str | None) -> dict[str, str] | None:
    """Return tool, path and id of an imported run; None for one that was logged here."""
    if not told:
        return None
    source: dict[str, str] = json.loads(told)
    source.pop("state", None)  # the importers' own
    return source

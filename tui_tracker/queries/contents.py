"""Texts that the store keeps once by their hash."""

from __future__ import annotations

import zlib

from tui_tracker.store import Store


def content(store: Store, digest: bytes) -> bytes:
    """Return a text that is stored by its hash, empty where it is gone."""
    rows = store.read("SELECT data FROM content WHERE digest=?", (digest,))
    return zlib.decompress(rows[0][0]) if rows else b""

"""Texts that the store keeps once by their hash."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence

from tui_tracker.store import Store

_AT_ONCE = 500


def content(store: Store, digest: bytes) -> bytes:
    """Return a text that is stored by its hash, empty where it is gone."""
    rows = store.read("SELECT data FROM content WHERE digest=?", (digest,))
    return zlib.decompress(rows[0][0]) if rows else b""


def contents(store: Store, digests: Sequence[bytes]) -> dict[bytes, bytes]:
    """Return those of the texts that are there, by their hashes."""
    found: dict[bytes, bytes] = {}
    for start in range(0, len(digests), _AT_ONCE):
        some = digests[start : start + _AT_ONCE]
        places = ",".join("?" * len(some))
        rows = store.read(f"SELECT digest, data FROM content WHERE digest IN ({places})", some)
        found.update((digest, zlib.decompress(data)) for digest, data in rows)
    return found


def source_of(told: str | None) -> dict[str, str] | None:
    """Return tool, path and id of an imported run; None for one that was logged here."""
    if not told:
        return None
    source: dict[str, str] = json.loads(told)
    source.pop("state", None)  # the importers' own
    return source

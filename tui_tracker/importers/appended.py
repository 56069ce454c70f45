"""A file that its writer appends to: how far it was read, and whether it is still the same.

The file is opened for each reading and closed after it, so that no writer is ever in the way of
a reader, nor a reader in the way of one who renames or removes the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tui_tracker.importers.regular import open_regular

_HEAD_BYTES = 256


class AppendedFile:
    """How far an append-only file was read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = 0
        """Up to here everything was read."""
        self.size = 0
        """In bytes, when it was opened last."""
        self._head = b""
        self._inode = 0

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Open the file for as long as the block lasts, and note its size.

        Raises:
            OSError: it cannot be opened.
        """
        with open_regular(self.path) as file:
            facts = os.fstat(file.fileno())
            self.size, self._inode = facts.st_size, facts.st_ino
            if len(self._head) < _HEAD_BYTES:
                self._head = file.read(_HEAD_BYTES)
            yield file

    def grew(self) -> bool:
        """Return whether there are bytes beyond what was there when it was opened last."""
        try:
            return os.stat(self.path).st_size != self.size
        except OSError:
            return False

    def was_replaced(self) -> bool:
        """Return whether it is shorter than what was read of it, or another file altogether."""
        if not self._head:
            return False
        try:
            facts = os.stat(self.path)
            if facts.st_size < self.offset or facts.st_ino != self._inode:
                return True
            with open_regular(self.path) as file:
                return not file.read(_HEAD_BYTES).startswith(self._head)
        except OSError:
            return False

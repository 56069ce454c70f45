"""What a file is, by its first bytes before its name, and in which ways it can be looked at."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from tui_tracker.formatting import format_size
from tui_tracker.viewing.finding import Unreadable

Kind = Literal["empty", "text", "json", "csv", "jsonl", "parquet", "npy", "npz", "image", "binary"]
View = Literal["picture", "table", "summary", "pretty", "text", "hex"]

HEAD = 8192
"""Bytes that are looked at to tell what a file is."""

_IMAGES: tuple[tuple[bytes, int, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", 0, "PNG image"),
    (b"\xff\xd8\xff", 0, "JPEG image"),
    (b"GIF87a", 0, "GIF image"),
    (b"GIF89a", 0, "GIF image"),
    (b"WEBP", 8, "WebP image"),
)
_MAGIC: tuple[tuple[bytes, int, str], ...] = (
    (b"SQLite format 3\0", 0, "SQLite database"),
    (b"\x1f\x8b", 0, "gzip data"),
    (b"BZh", 0, "bzip2 data"),
    (b"\xfd7zXZ\0", 0, "xz data"),
    (b"\x28\xb5\x2f\xfd", 0, "zstd data"),
    (b"7z\xbc\xaf\x27\x1c", 0, "7-Zip archive"),
    (b"ustar", 257, "tar archive"),
    (b"\x89HDF\r\n\x1a\n", 0, "HDF5 file"),
    (b"ARROW1", 0, "Arrow file"),
    (b"%PDF-", 0, "PDF document"),
    (b"\x7fELF", 0, "ELF program"),
    (b"GGUF", 0, "GGUF model"),
    (b"RIFF", 0, "RIFF media"),
    (b"OggS", 0, "Ogg media"),
    (b"ftyp", 4, "MP4 media"),
    (b"ID3", 0, "MP3 audio"),
    (b"fLaC", 0, "FLAC audio"),
    (b"II*\0", 0, "TIFF image"),
    (b"MM\0*", 0, "TIFF image"),
    (b"\0asm", 0, "WebAssembly"),
    (b"TFL3", 4, "TensorFlow Lite model"),
)
_NAMED: dict[str, Kind] = {
    ".json": "json",
    ".ipynb": "json",
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
_VIEWS: dict[Kind, tuple[View, ...]] = {
    "empty": ("summary",),
    "text": ("text", "hex"),
    "json": ("pretty", "text", "hex"),
    "csv": ("table", "text", "hex"),
    "jsonl": ("table", "text", "hex"),
    "parquet": ("table", "hex"),
    "npy": ("summary", "hex"),
    "npz": ("summary", "hex"),
    "image": ("picture", "hex"),
    "binary": ("summary", "hex"),
}


@dataclass(frozen=True, slots=True)
class Look:
    """What a file is."""

    path: str
    """Where its bytes lie."""
    name: str
    """What the run called it."""
    size_bytes: int
    kind: Kind
    words: str
    """The same in words: `PNG image`, `CSV table`."""

    @property
    def views(self) -> tuple[View, ...]:
        """The ways to look at it, best first."""
        return _VIEWS[self.kind]

    @property
    def line(self) -> str:
        return f"{self.words}, {format_size(self.size_bytes)}"


def look_at(path: str, name: str) -> Look:
    """Return what a file is.

    Raises:
        Unreadable: it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(HEAD)
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise Unreadable(f"this file cannot be read: {error.strerror or error}") from error
    kind, words = what_is(head, name)
    return Look(path, name, size, kind, words)


def what_is(head: bytes, name: str) -> tuple[Kind, str]:
    """Return kind and words for a file that begins with `head`."""
    suffix = os.path.splitext(name.lower())[1]
    if not head:
        return "empty", "empty file"
    if words := _magic(head, _IMAGES) or _bitmap(head):
        return "image", words
    for magic, found in _FORMATS.items():
        if head.startswith(magic):
            return found
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip(suffix)
    if words := _magic(head, _MAGIC):
        return "binary", words
    if suffix in (".pkl", ".pickle", ".joblib") or (head[0] == 0x80 and head[1:2] in _PROTOCOLS):
        return "binary", "pickle, which is never opened"
    return _text(suffix) if is_text(head) else ("binary", "binary file")


_FORMATS: dict[bytes, tuple[Kind, str]] = {
    b"PAR1": ("parquet", "Parquet table"),
    b"\x93NUMPY": ("npy", "NumPy array"),
}
_PROTOCOLS = (b"\2", b"\3", b"\4", b"\5")


def _magic(head: bytes, table: tuple[tuple[bytes, int, str], ...]) -> str:
    found = (words for magic, at, words in table if head[at : at + len(magic)] == magic)
    return next(found, "")


def _bitmap(head: bytes) -> str:
    # "BM" alone begins many a text.
    size = int.from_bytes(head[14:18], "little") if len(head) > 26 else 0
    return "BMP image" if head.startswith(b"BM") and size in (12, 40, 52, 56, 108, 124) else ""


def _zip(suffix: str) -> tuple[Kind, str]:
    if suffix == ".npz":
        return "npz", "NumPy arrays"
    if suffix in (".pt", ".pth", ".ckpt"):
        return "binary", "PyTorch file, which is never opened"
    return "binary", "zip archive"


def _text(suffix: str) -> tuple[Kind, str]:
    return _NAMED.get(suffix, "text"), _TEXTS.get(suffix, "text")


_TEXTS = {
    ".json": "JSON",
    ".ipynb": "notebook",
    ".yaml": "YAML",
    ".yml": "YAML",
    ".toml": "TOML",
    ".csv": "table of text",
    ".tsv": "table of text",
    ".jsonl": "JSON lines",
    ".ndjson": "JSON lines",
    ".py": "Python",
    ".md": "Markdown",
}


def is_text(head: bytes) -> bool:
    """Return whether bytes read as text: no NUL, few control characters, mostly UTF-8."""
    if b"\0" in head:
        return False
    text = head.decode("utf-8", "replace")
    odd = sum(c == "\ufffd" or (c < " " and c not in "\t\n\r\f\v\b\x1b") for c in text[:-4] or text)
    return odd <= len(text) // 20

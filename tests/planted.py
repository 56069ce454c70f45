"""Secrets that tests plant, and a search for them in everything that leaves a machine."""

from __future__ import annotations

import io
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

AWS = "AKIA" + "QYLPMN5HFIQR7BTE"
GITHUB = "ghp_" + "x7Kq2LmN9pRs4TvW8yZa1BcD3eFg5HjK6mQp"
HF = "hf_" + "QwErTyUiOpAsDfGhJkLzXcVbNm1234567X"
OPENAI = "sk-proj-" + "Zx9Yc8Wb7Va6Ud5Te4Sf3Rg2Qh1Pi0Oj"
URL_PASSWORD = "s3cr3tPassw0rd"
KEY_BODY = "MIIEowIBAAKCAQEAz7Jq3k9vYcT1pLx0sN4aW8bQ2rU6eHgFdKoMiVjXyZn5tRlC"
PEM = (
    f"-----BEGIN RSA PRIVATE KEY-----\n{KEY_BODY}\n{KEY_BODY[::-1]}\n-----END RSA PRIVATE KEY-----"
)
NAMED = "correct-horse-battery-staple-77"

VALUES = (AWS, GITHUB, HF, OPENAI, URL_PASSWORD, KEY_BODY, KEY_BODY[::-1], NAMED)
TEXT = (
    f"AWS_ACCESS_KEY_ID={AWS}\nuse {GITHUB} and {HF}\nOPENAI_API_KEY='{OPENAI}'\n"
    f"https://user:{URL_PASSWORD}@example.org/data\n{PEM}\n"
)
"""One text with all of them."""


def found_in(data: bytes) -> set[str]:
    """Return the planted values that bytes hold."""
    return {value for value in VALUES if value.encode() in data}


def found_in_text(text: str) -> set[str]:
    return found_in(text.encode())


def everything_in(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield all that a bundle holds, inflated as far as it goes, with where it was."""
    yield "the file", path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        for name in archive.namelist():
            data = archive.read(name)
            yield name, data
            if name == "store.db":
                yield from _texts_in(data)
            if name.endswith(".bundle"):
                yield from _objects_in(name, data)


def _texts_in(database: bytes) -> Iterator[tuple[str, bytes]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "store.db")
        path.write_bytes(database)
        connection = sqlite3.connect(path)
        for sql in (
            "SELECT data FROM content",
            "SELECT data FROM console_block",
            "SELECT keysets FROM journal WHERE keysets != x''",
        ):
            for (data,) in connection.execute(sql):
                yield sql, zlib.decompress(data)
        connection.close()


def _objects_in(name: str, bundle: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield every object of a git bundle."""
    import subprocess

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "x.bundle").write_bytes(bundle)
        git = ["git", "--git-dir", f"{folder}/g"]
        subprocess.run(["git", "init", "-q", "--bare", f"{folder}/g"], check=True)
        fetch = ["fetch", "-q", f"{folder}/x.bundle", "refs/snapshots/*:refs/snapshots/*"]
        subprocess.run([*git, *fetch], check=True)
        listed = [*git, "cat-file", "--batch-all-objects", "--batch"]
        yield name, subprocess.run(listed, check=True, capture_output=True).stdout

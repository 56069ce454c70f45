"""The outside of a bundle: names, the list of contents, and the seal at the end."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from tui_tracker.errors import BundleError

FORMAT = "tui_tracker bundle"
VERSION = 1
LIST, STORE = "bundle.json", "store.db"
CHUNK = 1 << 20
LONGEST_LIST = 64 << 20
"""Bytes of `bundle.json`: a hundred times what ten thousand runs need."""
SEAL = b"tui_tracker bundle sha256:"
_DIGITS = 64
_NAME = re.compile(r"store\.db|code(-[1-9]\d{0,3})?\.bundle|artifacts/([0-9a-f]{2})/\2[0-9a-f]{62}")

Progress = Callable[[int, int], None]
"""Told bytes done and bytes in all."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a bundle."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class BundledRun:
    """A run as the list of contents names it."""

    id: str
    name: str
    experiment: str
    status: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something of a run that is not in the bundle."""

    run: str
    """Id of the run."""
    what: str
    """`artifact`, `code`, `data` or `text`."""
    path: str
    why: str
    asked: bool = False
    """It was left out because whoever made the bundle said so."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a bundle holds."""

    tool: str
    made_at: str
    """ISO 8601."""
    schema: int
    """Of `store.db`."""
    runs: tuple[BundledRun, ...]
    points: int
    members: dict[str, Member]
    left_out: tuple[LeftOut, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> str:
        facts = {"format": FORMAT, "version": VERSION, **asdict(self)}
        return json.dumps(facts, indent=1) + "\n"


def artifact_name(sha256: str) -> str:
    """Return the name of the member that holds an artifact."""
    return f"artifacts/{sha256[:2]}/{sha256}"


def code_name(number: int) -> str:
    """Return the name of a git bundle; numbers begin at 1."""
    return "code.bundle" if number == 1 else f"code-{number}.bundle"


def is_member_name(name: str) -> bool:
    """Return whether a member beside the list may be called so: there are no other names."""
    return _NAME.fullmatch(name) is not None


def read_contents(path: str, text: bytes) -> Contents:
    """Return the list of contents in a bundle's `bundle.json`.

    Raises:
        BundleError: it is of a later version, or not what we write.
    """
    try:
        facts = json.loads(text)
        if facts["format"] != FORMAT:
            raise ValueError("another format")
        version = facts["version"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BundleError(path, "its list of contents is not one that tt bundle writes") from error
    if version != VERSION:
        raise BundleError(
            path,
            f"the bundle has format {version!r} and this version reads {VERSION}: "
            "upgrade tui-tracker to take it in",
        )
    try:
        return _contents(facts)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BundleError(path, "its list of contents is not one that tt bundle writes") from error


def _contents(facts: dict[str, Any]) -> Contents:
    members = {
        str(name): Member(_size(member["size"]), _digits(member["sha256"]))
        for name, member in facts["members"].items()
    }
    return Contents(
        tool=str(facts["tool"]),
        made_at=str(facts["made_at"]),
        schema=_size(facts["schema"]),
        runs=tuple(
            BundledRun(*(str(run[name]) for name in ("id", "name", "experiment", "status")))
            for run in facts["runs"]
        ),
        points=_size(facts["points"]),
        members=members,
        left_out=tuple(
            LeftOut(
                run=str(item["run"]),
                what=str(item["what"]),
                path=str(item["path"]),
                why=str(item["why"]),
                asked=item["asked"] is True,
            )
            for item in facts["left_out"]
        ),
        counts={str(name): _size(count) for name, count in facts["counts"].items()},
    )


def _size(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 62:
        raise ValueError(f"{value!r} is no size")
    return value


def _digits(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{64}", value):
        raise ValueError(f"{value!r} is no SHA-256")
    return value


def unsealed_comment() -> bytes:
    """Return the comment of a zip file that is not sealed yet, as long as the sealed one."""
    return SEAL + b"0" * _DIGITS


def seal(path: str) -> str:
    """Write the hash of a bundle over its last bytes; return it."""
    digest = _hash_before_seal(path, None)
    with open(path, "r+b") as file:
        file.seek(-_DIGITS, os.SEEK_END)
        file.write(digest.encode())
    return digest


def check_seal(path: str, progress: Progress | None) -> str:
    """Return a bundle's hash, after comparing it with all of its bytes.

    Raises:
        BundleError: the file has no seal, or another one than its bytes have.
    """
    with open(path, "rb") as file:
        start = file.read(4)
        if not start.startswith(b"PK"):
            raise BundleError(path, "this is no bundle of runs: tt bundle makes them")
        tail_length = len(SEAL) + _DIGITS
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - tail_length))
        tail = file.read()
    if not tail.startswith(SEAL):
        raise BundleError(
            path, "the end of a bundle is missing: it was cut, or another program made this file"
        )
    digest = _hash_before_seal(path, progress)
    if tail[len(SEAL) :].decode("ascii", "replace") != digest:
        raise BundleError(path, "its bytes are not those that were written: copy it once more")
    return digest


def _hash_before_seal(path: str, progress: Progress | None) -> str:
    digest = hashlib.sha256()
    size = left = os.path.getsize(path) - _DIGITS
    with open(path, "rb") as file:
        while left > 0 and (data := file.read(min(CHUNK, left))):
            digest.update(data)
            left -= len(data)
            if progress is not None:
                progress(size - left, size)
    return digest.hexdigest()

"""Write a waiver into the project's `pyproject.toml`: which finding, of which runs, and why."""

from __future__ import annotations

import json
import os
import tomllib
from datetime import date
from pathlib import Path

from tui_tracker.audit.config import find_config, read_config
from tui_tracker.errors import InvalidArgument


def write_waiver(folder: Path, rule: str, match: str, reason: str, until: date | None) -> Path:
    """Add a waiver at the end of the nearest `pyproject.toml`, or of a new one; return it.

    The rest of the file stays byte for byte as it is.

    Raises:
        InvalidArgument: the waiver means nothing, or the file cannot be read or written.
    """
    path = find_config(folder) or folder / "pyproject.toml"
    lines = ["[[tool.tui_tracker.audit.waive]]", f"rule = {_quoted(rule)}"]
    lines += [f"match = {_quoted(match)}"] if match else []
    lines.append(f"reason = {_quoted(reason)}")
    lines += [f"until = {until:%Y-%m-%d}"] if until is not None else []
    try:
        before = path.read_bytes() if path.exists() else b""
        text = "\n".join(lines) + "\n"
        gap = b"" if not before else b"\n" if before.endswith(b"\n") else b"\n\n"
        after = before + gap + text.encode()
        tomllib.loads(after.decode())
        _replace(path, after)
    except (OSError, ValueError) as error:
        raise InvalidArgument(f"{path} cannot take a waiver: {error}") from error
    try:
        read_config(folder)
    except InvalidArgument:
        _replace(path, before)
        raise
    return path


def read_until(text: str) -> date | None:
    """Return the day until which a waiver holds; "" is for ever.

    Raises:
        InvalidArgument: the text is no day, or a day that is over.
    """
    if not text:
        return None
    try:
        until = date.fromisoformat(text)
    except ValueError as error:
        raise InvalidArgument(f"{text!r} is no day: write it as 2026-12-31") from error
    if until < date.today():
        raise InvalidArgument(f"{text} is over: a waiver holds until a day to come")
    return until


def _quoted(text: str) -> str:
    # A string of JSON is one of TOML, but for a character that JSON leaves as it is.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        temporary.write_bytes(content)
        if path.exists():
            temporary.chmod(path.stat().st_mode)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)

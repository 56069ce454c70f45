"""Words written in the person's own editor, for the command line and the app alike."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from contextlib import suppress

from tui_tracker.errors import EditorFailed


def edit_text(text: str) -> str:
    """Return what the person made of a text in $VISUAL or $EDITOR.

    The editor gets the terminal, so nothing else may be drawing on it. What was written
    stays in its file where the editor fails after that.

    Raises:
        EditorFailed: there is no editor, it cannot be started, or it failed.
    """
    command = editor_command()
    handle, path = tempfile.mkstemp(prefix="note-", suffix=".md")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
        try:
            code = subprocess.run([*command, path], check=False).returncode
        except OSError as error:
            problem = error.strerror or str(error)
            raise EditorFailed(f"{command[0]!r} cannot be started ({problem})") from error
        written = _read(path)
        if code:
            kept = written != text
            words = f"what you wrote is in {path}" if kept else "nothing was changed"
            path = "" if kept else path
            raise EditorFailed(f"{command[0]!r} ended with exit code {code}: {words}")
        return written
    finally:
        if path:
            with suppress(OSError):
                os.unlink(path)


def editor_command() -> list[str]:
    """Return the command that $VISUAL or $EDITOR names.

    Raises:
        EditorFailed: there is none, or its quotes do not match.
    """
    wanted = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
    try:
        command = shlex.split(wanted)
    except ValueError as error:
        raise EditorFailed(f"the editor {wanted!r} cannot be read ({error})") from error
    if not command:
        raise EditorFailed("no editor is set: export EDITOR=nano, for example")
    return command


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError as error:
        raise EditorFailed(f"the note cannot be read back ({error.strerror})") from error

r"""A unified diff of many files, cut into one a file.

Git writes a path as it is, or in double quotes with `\"`, `\\`, `\t` and the bytes of what
is no ASCII as three octal digits.

Source: git, Documentation/diff-generate-patch.txt, quote.c.
"""

from __future__ import annotations

import re

_ESCAPED = re.compile(rb"\\([0-7]{3}|.)")
_LETTERS = {
    b"a": b"\a",
    b"b": b"\b",
    b"f": b"\f",
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"v": b"\v",
}


def split_patch(diff: str) -> list[str]:
    """Return the diff of each file, in the order they stand in."""
    parts: list[list[str]] = []
    # Not splitlines: a form feed in a source file ends no line.
    for line in diff.split("\n"):
        if line.startswith("diff --git ") or not parts:
            parts.append([])
        parts[-1].append(line)
    texts = ["\n".join(part) for part in parts]
    return [text if text.endswith("\n") else text + "\n" for text in texts if text]


def path_of(patch: str) -> str:
    """Return the path of the file that a diff is about, as it is afterwards if it is there."""
    head, *lines = patch.split("\n")
    for lead in ("rename to ", "+++ ", "--- "):
        for line in lines:
            if line.startswith("@@"):
                break
            if line.startswith(lead) and "/dev/null" not in line:
                path = unquoted(line.removeprefix(lead).rstrip("\t"))
                return path if lead == "rename to " else path[2:]
    # A binary file, an empty one, or only another mode: both names are the same.
    names = head.removeprefix("diff --git ")
    return unquoted(names[: (len(names) - 1) // 2])[2:]


def unquoted(path: str) -> str:
    """Return a path without git's quotes."""
    if len(path) < 2 or not (path.startswith('"') and path.endswith('"')):
        return path
    raw = _ESCAPED.sub(_plain, path[1:-1].encode("utf-8", "surrogateescape"))
    return raw.decode("utf-8", "surrogateescape")


def _plain(found: re.Match[bytes]) -> bytes:
    said = found.group(1)
    return bytes((int(said, 8) & 0xFF,)) if len(said) == 3 else _LETTERS.get(said, said)

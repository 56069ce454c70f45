"""The files of a snapshot: listed, written to a folder, and compared with one.

Blobs are the bytes that lay on disk, so writing is copying and comparing is hashing. A
snapshot may come from a bundle of somebody else's: no path of it may lead out of the
folder or into a `.git`, and nothing is ever written through a link.

Source: git, Documentation/git-cat-file.txt (BATCH OUTPUT), git-ls-tree.txt.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tui_tracker.code_git import CodeGit
from tui_tracker.errors import TrackerError
from tui_tracker.plumbing import GITLINK, LINK, PROGRAM, GitFailed, talk_to_git, to_bytes, to_text

_CHUNK = 1 << 20
_TELL_EVERY = 200
_DOT_GIT = (".git", "git~1") if os.name == "nt" else (".git",)


class CodeUnavailable(TrackerError):
    """Code of a run that cannot be read, rebuilt or compared, with the reason."""


@dataclass(frozen=True, slots=True)
class CodeFile:
    """One file of a snapshot."""

    path: str
    """Relative to the work tree's top; bytes that are no UTF-8 are lone surrogates."""
    mode: str
    """`100644`, `100755` for a program, `120000` for a symbolic link."""
    oid: str
    size: int
    """In bytes."""


def list_files(code: CodeGit, snapshot: str) -> list[CodeFile]:
    """Return the files of a snapshot in git's order.

    Raises:
        CodeUnavailable: the snapshot, or part of its tree, is not here.
    """
    out = ask(code, snapshot, "ls-tree", "-r", "-l", "-z", "--full-tree", snapshot)
    files = []
    for line in out.split(b"\0")[:-1]:
        facts, _, path = line.partition(b"\t")
        mode, _, oid, size = facts.decode().split()
        if mode != GITLINK:
            files.append(CodeFile(to_text(path), mode, oid, int(size)))
    return files


def ask(
    code: CodeGit, snapshot: str, *arguments: str, wait_s: float = 60.0, feed: bytes | None = None
) -> bytes:
    """Return git's answer about a snapshot.

    Raises:
        CodeUnavailable: git is missing, or the snapshot is not here.
    """
    if not code.exists:
        raise CodeUnavailable(f"snapshot {snapshot:.12} is not in this store: it holds no code")
    try:
        return code.run(*arguments, wait_s=wait_s, feed=feed)
    except GitFailed as error:
        if error.code is None:
            raise CodeUnavailable(f"snapshot {snapshot:.12} cannot be read: {error}") from error
        raise CodeUnavailable(
            f"snapshot {snapshot:.12} is not whole in this store ({_last_line(error.problem)})"
        ) from error


def write_out(
    code: CodeGit,
    files: Sequence[CodeFile],
    folder: str,
    progress: Callable[[int, int], None] | None,
) -> int:
    """Write the files below a folder and return how many those are.

    Raises:
        CodeUnavailable: a path is hostile, a blob is missing, or a link is in the way.
    """
    refuse_hostile(files)
    # Links come last, so that no file of this tree can be written through one of them.
    ordered = sorted(files, key=lambda file: file.mode == LINK)
    os.makedirs(folder, exist_ok=True)
    made: set[bytes] = set()
    top = os.fsencode(folder)
    for count, (file, chunks) in enumerate(_read_all(code, ordered), start=1):
        path = os.path.join(top, to_bytes(file.path))
        _make_room(top, path, made)
        if file.mode == LINK:
            os.symlink(b"".join(chunks), path)
        else:
            _write(path, chunks, 0o777 if file.mode == PROGRAM else 0o666)
        if progress and (count % _TELL_EVERY == 0 or count == len(ordered)):
            progress(count, len(ordered))
    return len(ordered)


def verify(code: CodeGit, files: Sequence[CodeFile], folder: str) -> list[tuple[str, str]]:
    """Return the files that are `missing` from the folder or `changed` there."""
    top, plain = os.fsencode(folder), {b""}
    found = []
    for file in files:
        path = to_bytes(file.path)
        wrong = ""
        if not _lies_plainly(top, os.path.dirname(path), plain):
            wrong = "changed"
        wrong = wrong or _compare(os.path.join(top, path), file, code.object_format)
        if wrong:
            found.append((file.path, wrong))
    return found


def _lies_plainly(top: bytes, folder: bytes, plain: set[bytes]) -> bool:
    """Return whether no link leads to the folder; `plain` are those known to be so."""
    if folder in plain:
        return True
    if not _lies_plainly(top, os.path.dirname(folder), plain):
        return False
    if os.path.islink(os.path.join(top, folder)):
        return False
    plain.add(folder)
    return True


def refuse_hostile(files: Sequence[CodeFile]) -> None:
    """Raise CodeUnavailable where a path would leave its folder or change a repository."""
    for file in files:
        parts = file.path.split("/")
        if any(part in ("", ".", "..") or part.lower() in _DOT_GIT for part in parts):
            raise CodeUnavailable(
                f"the snapshot holds the path {file.path!r}, which no work tree can: "
                "nothing was written"
            )


def blob_id(data: Iterator[bytes], size: int, object_format: str) -> str:
    """Return the id that git gives to a file of these bytes."""
    digest = hashlib.new(object_format, b"blob %d\0" % size, usedforsecurity=False)
    for chunk in data:
        digest.update(chunk)
    return digest.hexdigest()


def read_chunks(path: bytes) -> Iterator[bytes]:
    """Yield a file's bytes."""
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _compare(path: bytes, file: CodeFile, object_format: str) -> str:
    try:
        found = os.lstat(path)
        if stat.S_ISLNK(found.st_mode):
            target = os.readlink(path)
            same = file.mode == LINK and file.oid == blob_id(
                iter((target,)), len(target), object_format
            )
        else:
            same = _same_file(path, found, file, object_format)
    except (FileNotFoundError, NotADirectoryError):
        return "missing"
    return "" if same else "changed"


def _same_file(path: bytes, found: os.stat_result, file: CodeFile, object_format: str) -> bool:
    if not stat.S_ISREG(found.st_mode) or file.mode == LINK or found.st_size != file.size:
        return False
    if os.name == "posix" and bool(found.st_mode & 0o100) != (file.mode == PROGRAM):
        return False
    return blob_id(read_chunks(path), file.size, object_format) == file.oid


def _make_room(top: bytes, path: bytes, made: set[bytes]) -> None:
    """Make the folders that a file lies in, and remove what stands in its place."""
    inner = path[len(top) + 1 :].split(b"/")[:-1]
    here = top
    for part in inner:
        here = os.path.join(here, part)
        if here in made:
            continue
        try:
            os.mkdir(here)
        except FileExistsError:
            if not stat.S_ISDIR(os.lstat(here).st_mode):
                raise CodeUnavailable(
                    f"{os.fsdecode(here)!r} is in the way and is no folder: nothing is written "
                    "through it"
                ) from None
        made.add(here)
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise CodeUnavailable(f"{os.fsdecode(path)!r} is in the way ({error.strerror})") from error


def _write(path: bytes, chunks: Iterator[bytes], mode: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    flags |= getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags, mode), "wb") as file:
        for chunk in chunks:
            file.write(chunk)


def _read_all(
    code: CodeGit, files: Sequence[CodeFile]
) -> Iterator[tuple[CodeFile, Iterator[bytes]]]:
    """Yield each file with its bytes, which must be taken before the next one."""
    environment = code.environment
    with talk_to_git(None, "cat-file", "--batch", "--buffer", environment=environment) as git:
        assert git.stdin is not None
        assert git.stdout is not None
        # In a thread: git stops reading while nobody takes what it has to say.
        import threading

        asker = threading.Thread(target=_ask_for, args=(git.stdin, files), daemon=True)
        asker.start()
        for file in files:
            head = git.stdout.readline().split()
            if len(head) != 3 or head[1] != b"blob":
                raise CodeUnavailable(f"the bytes of {file.path!r} are not in this store")
            left = int(head[2])
            yield file, _take(git.stdout, left)
            git.stdout.read(1)
        asker.join()


def _ask_for(pipe: object, files: Sequence[CodeFile]) -> None:
    try:
        for file in files:
            pipe.write(file.oid.encode() + b"\n")  # type: ignore[attr-defined]
        pipe.close()  # type: ignore[attr-defined]
    except (OSError, ValueError):
        pass  # the reader gave up


def _take(pipe: object, size: int) -> Iterator[bytes]:
    while size:
        chunk = pipe.read(min(size, _CHUNK))  # type: ignore[attr-defined]
        if not chunk:
            raise CodeUnavailable("git ended while a snapshot was read")
        size -= len(chunk)
        yield chunk


def _last_line(text: str) -> str:
    return text.strip().splitlines()[-1] if text.strip() else "git said nothing"

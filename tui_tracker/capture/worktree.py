"""A work tree as git sees it: where it is, how it is set up, what is changed in it.

Only questions are asked here: no lock is taken, no index refreshed, no hook run.

Source: git, Documentation/git-status.txt (Porcelain Format Version 2), git-ls-files.txt,
git-rev-parse.txt.
"""

from __future__ import annotations

import glob
import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tui_tracker.plumbing import GitFailed, run_git

_STATUS_S = 6.0
"""For git's own answer; where its filters need longer, it is asked again without them."""
_CLOSED = re.compile(r"could not open directory '(.+?)/?': ")
_STATUS = (
    "status --porcelain=v2 -z --branch --untracked-files=all --ignore-submodules=none "
    "--ahead-behind"
).split()


class Deadline:
    """How much time is left of a limit."""

    def __init__(self, limit_s: float) -> None:
        self._at = time.monotonic() + limit_s

    def left(self, most_s: float = 60.0) -> float:
        """Return the seconds that are left, at most `most_s`, and never quite none."""
        return max(0.001, min(most_s, self._at - time.monotonic()))

    @property
    def passed(self) -> bool:
        return time.monotonic() >= self._at


@dataclass(frozen=True, slots=True)
class Place:
    """A work tree and its repository."""

    top: str
    git_folder: str
    objects: str
    """Where the repository keeps its objects, those of a linked work tree its owner's."""
    object_format: str
    shallow: bool
    settings: Mapping[str, str]
    """Every setting that holds here; keys in lower case but for their middle part."""

    @property
    def filters(self) -> list[str]:
        """Names of the content filters that are set up."""
        names = {key.split(".", 1)[1].rpartition(".")[0] for key in self._keys("filter.")}
        return sorted(names)

    @property
    def is_partial(self) -> bool:
        """Whether objects may be missing here that a server has."""
        return any(key.endswith(".promisor") for key in self._keys("remote."))

    def is_on(self, key: str, default: bool) -> bool:
        """Return a setting that is true or false."""
        value = self.settings.get(key)
        return default if value is None else value.lower() in ("", "true", "yes", "on", "1")

    def _keys(self, prefix: str) -> Iterator[str]:
        return (key for key in self.settings if key.startswith(prefix))


@dataclass(frozen=True, slots=True)
class Change:
    """One path that is not as the commit has it."""

    path: bytes
    letter: str
    """`M A D R T` as git names them, `U` for a conflict, `?` for untracked, `S` for a submodule."""
    staged: bool
    unstaged: bool
    gone: bool
    """There is no file of this name in the work tree."""


@dataclass(frozen=True, slots=True)
class Status:
    """What git says about a work tree."""

    commit: str | None
    branch: str | None
    """None on a detached head."""
    ahead: int | None
    behind: int | None
    changes: list[Change] = field(default_factory=list)
    without_filters: bool = False
    """Git could answer only with its content filters switched off."""
    closed: list[bytes] = field(default_factory=list)
    """Folders that git may not look into."""

    def counts(self) -> dict[str, int]:
        """Return how many paths are changed in which way."""
        letters = [change.letter for change in self.changes]
        whole = [change for change in self.changes if change.letter in "MADRTC"]
        return {
            "staged": sum(change.staged for change in whole),
            "unstaged": sum(change.unstaged for change in whole),
            "untracked": letters.count("?"),
            "conflicted": letters.count("U"),
            "submodule": letters.count("S"),
        }


@dataclass(frozen=True, slots=True)
class Tracked:
    """One entry of the index."""

    path: bytes
    mode: bytes
    oid: bytes
    hidden: bool
    """Git was told not to look at the file: assume-unchanged or skip-worktree."""


@contextmanager
def shared_index_times(place: Place) -> Iterator[None]:
    """Give the files of a split index their times back, which git renews at every look."""
    times = {
        path: (facts.st_atime_ns, facts.st_mtime_ns)
        for path in glob.glob(os.path.join(glob.escape(place.git_folder), "sharedindex.*"))
        if (facts := os.stat(path))
    }
    try:
        yield
    finally:
        for path, before in times.items():
            with suppress(OSError):  # removed meanwhile, or another user's
                if os.stat(path).st_mtime_ns != before[1]:
                    os.utime(path, ns=before)


def read_place(start: str, deadline: Deadline) -> Place:
    """Return the work tree that a folder lies in.

    Raises:
        GitFailed: there is none, git is missing, or git refuses to read it.
    """
    command = ("--show-toplevel", "--absolute-git-dir", "--is-shallow-repository")
    more = ("--show-object-format", "--git-path", "objects")
    out = run_git(start, "rev-parse", *command, *more, wait_s=deadline.left())
    # A folder's name may end in anything but it cannot break the order of the lines.
    lines = os.fsdecode(out).split("\n")
    top, git_folder, shallow, form, objects = lines[:5]
    listed = run_git(start, "config", "--list", "-z", wait_s=deadline.left())
    settings = dict(_settings(os.fsdecode(listed)))
    objects = os.path.join(start, objects)
    return Place(top, git_folder, os.path.normpath(objects), form, shallow == "true", settings)


def read_status(place: Place, deadline: Deadline) -> Status:
    """Return what is changed; where a filter is in the way, without filters.

    Raises:
        GitFailed: git cannot tell.
    """
    # Renames are told by content, which a partial clone may not have.
    command = (*_STATUS, "--no-renames" if place.is_partial else "--find-renames")
    with tempfile.TemporaryDirectory(prefix="tt-lfs-") as scratch:
        # Git LFS keeps a copy of every file that it looks at: not in the user's repository.
        lfs = ("-c", f"lfs.storage={scratch}") if "lfs" in place.filters else ()
        try:
            limit_s, said = deadline.left(_STATUS_S), list[str]()
            out = run_git(place.top, *lfs, *command, wait_s=limit_s, warnings=said)
            return parse_status(out, warnings=said)
        except GitFailed:
            if not place.filters:
                raise
    said = []
    command = (*no_filters(place), *command)
    out = run_git(place.top, *command, wait_s=deadline.left(), warnings=said)
    return parse_status(out, without_filters=True, warnings=said)


def no_filters(place: Place) -> list[str]:
    """Return the options that switch every content filter off."""
    empty = [f"filter.{name}.{key}=" for name in place.filters for key in ("clean", "process")]
    kind = [f"filter.{name}.required=false" for name in place.filters]
    return [word for setting in (*empty, *kind) for word in ("-c", setting)]


def list_tracked(place: Place, deadline: Deadline) -> list[Tracked]:
    """Return the index, entry by entry; of a conflict all stages but none as entry 0.

    Raises:
        GitFailed: the index cannot be read.
    """
    # Unfolding a sparse index would refresh the times of the trees in it; what stays folded
    # is not in the work tree.
    folded = ("--sparse",) if place.is_on("index.sparse", False) else ()
    out = run_git(place.top, "ls-files", "-s", "-v", "-z", *folded, wait_s=deadline.left())
    entries = []
    for line in out.split(b"\0")[:-1]:
        facts, _, path = line.partition(b"\t")
        tag, mode, oid, stage = facts.split(b" ")
        if stage == b"0" and mode != b"040000":
            entries.append(Tracked(path, mode, oid, tag == b"S" or tag.islower()))
    return entries


def parse_status(
    out: bytes, *, without_filters: bool = False, warnings: Sequence[str] = ()
) -> Status:
    """Return what stands in the output of `git status --porcelain=v2 --branch -z`."""
    heads: dict[str, str] = {}
    changes = []
    parts = iter(out.split(b"\0"))
    for part in parts:
        if part.startswith(b"# "):
            key, _, value = os.fsdecode(part[2:]).partition(" ")
            heads[key] = value
        elif part.startswith(b"? "):
            changes.append(Change(part[2:], "?", staged=False, unstaged=False, gone=False))
        elif part[:2] in (b"1 ", b"2 ", b"u "):
            if part[:1] == b"2":
                next(parts, None)  # a rename is followed by its old path
            changes.append(_change(part))
    commit, branch = heads.get("branch.oid"), heads.get("branch.head")
    distance = re.fullmatch(r"\+(\d+) -(\d+)", heads.get("branch.ab", ""))
    return Status(
        None if commit == "(initial)" else commit,
        None if branch == "(detached)" else branch,
        int(distance[1]) if distance else None,
        int(distance[2]) if distance else None,
        changes,
        without_filters,
        [os.fsencode(found[1]) for line in warnings if (found := _CLOSED.search(line))],
    )


def _change(part: bytes) -> Change:
    kind = part[:1]
    fields = part.split(b" ", {b"1": 8, b"2": 9, b"u": 10}[kind])
    index, work = chr(fields[1][0]), chr(fields[1][1])
    if kind == b"u":
        # The mode of the file in the work tree is 0 where there is none.
        gone = fields[6] == b"000000"
        return Change(fields[-1], "U", staged=False, unstaged=False, gone=gone)
    letter = work if work != "." else index
    if fields[2][:1] == b"S" and letter == "M":
        letter = "S"
    gone = work == "D" or (work == "." and index == "D")
    return Change(fields[-1], letter, index != ".", work != ".", gone)


def _settings(listed: str) -> Iterator[tuple[str, str]]:
    for entry in listed.split("\0"):
        key, _, value = entry.partition("\n")
        if key:
            yield key, value


def hide_password(url: str) -> str:
    """Return a remote's address without user name and password."""
    if "://" in url:
        scheme, rest = url.split("://", 1)
        host, slash, path = rest.partition("/")
        url = f"{scheme}://{host.rsplit('@', 1)[-1]}{slash}{path}"
    return url

"""Git without its surprises, and the repository of our own that snapshots are kept in.

    <store>/code.git             bare; refs/snapshots/<commit>, one ref a snapshot
    <store>/code-sha256.git      the same for repositories whose ids are SHA-256

Git is run by GitPython, with no prompt, hook, pager, file-system monitor or lock, and
without the variables of the caller that point it elsewhere. In our own repository also
without anybody's configuration, and with attributes that overrule those of the tree: no
line end is converted there and no filter runs, so a blob is a file's bytes.

Source: git, Documentation/gitrepository-layout.txt, gitattributes.txt, git.txt.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from tui_tracker.errors import TrackerError

# GitPython looks for the program when it is imported, and refuses to be where it is absent.
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

WAIT_S = 15.0
"""For one command where the caller says nothing else."""
REFS = "refs/snapshots/"
LINK = "120000"
GITLINK = "160000"
PLAIN = "100644"
PROGRAM = "100755"

_QUIET = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "--no-pager")
_ATTRIBUTES = b"* -text !eol -ident -filter -working-tree-encoding !diff !merge\n"
_CONFIG = """[core]
\trepositoryformatversion = {version}
\tfilemode = true
\tbare = true
\tsymlinks = true
\tignorecase = false
\tautocrlf = false
\tsafecrlf = false
\tprotectNTFS = false
\tprotectHFS = false
\tattributesFile = /dev/null
\tlogAllRefUpdates = false
[gc]
\tauto = 0
[pack]
\twriteReverseIndex = false
"""
_EXTENSION = "[extensions]\n\tobjectFormat = sha256\n"
_KEPT = ("GIT_PYTHON_", "GIT_EXEC_PATH", "GIT_CEILING_", "GIT_DISCOVERY_", "GIT_CONFIG_")
_PASSED_BY_GIT = "GIT_CONFIG_PARAMETERS"
"""What `git -c` leaves to its children; the rest of GIT_CONFIG_ people set on purpose."""
_STAMP = ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE")
_IDENTITY = {
    "GIT_AUTHOR_NAME": "tui_tracker",
    "GIT_AUTHOR_EMAIL": "snapshot@localhost",
    "GIT_COMMITTER_NAME": "tui_tracker",
    "GIT_COMMITTER_EMAIL": "snapshot@localhost",
}
_spawning = threading.Lock()


class GitFailed(TrackerError):
    """A git command that could not be started, took too long, or refused."""

    def __init__(self, what: str, problem: str, code: int | None = None) -> None:
        self.what, self.problem, self.code = what, problem, code
        """`code` is None where git is missing or took too long."""
        super().__init__(f"git {what}: {problem}")


def run_git(
    folder: str | None,
    *arguments: str | bytes,
    feed: bytes | None = None,
    environment: Mapping[str, str] | None = None,
    wait_s: float = WAIT_S,
    accept: Sequence[int] = (0,),
) -> bytes:
    """Return what one git command wrote to standard output; `feed` is its standard input.

    Raises:
        GitFailed: there is no git, it took longer than `wait_s`, or its exit code is
            not in `accept`.
    """
    what = _name(arguments)
    process = _start(folder, arguments, environment, piped=feed is not None)
    try:
        out, err = process.communicate(feed, timeout=wait_s)
    except subprocess.TimeoutExpired:
        _end(process)
        raise GitFailed(what, f"took longer than {wait_s:.3g} s") from None
    except BaseException:
        _end(process)
        raise
    if process.returncode not in accept:
        said = err.decode("utf-8", "replace").strip() or f"exit code {process.returncode}"
        raise GitFailed(what, said[:2000], process.returncode)
    return bytes(out)


@contextmanager
def talk_to_git(
    folder: str | None, *arguments: str, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a git process whose input and output are open, and end it afterwards."""
    process = _start(folder, arguments, environment, piped=True)
    try:
        yield process
    finally:
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    pass  # git went before all was said
        try:
            process.wait(1.0)
        except subprocess.TimeoutExpired:
            _end(process)


def _start(
    folder: str | None,
    arguments: Sequence[str | bytes],
    environment: Mapping[str, str] | None,
    *,
    piped: bool,
) -> subprocess.Popen[bytes]:
    from git.cmd import Git  # GitPython costs a tenth of a second
    from git.exc import GitCommandNotFound

    command = [Git.GIT_PYTHON_GIT_EXECUTABLE or "git", *_QUIET, *arguments]
    ours = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1"}
    ours |= {"GIT_ASKPASS": "true", "SSH_ASKPASS": "true", "GIT_ADVICE": "0"}
    try:
        with _without_callers_variables():
            wrapped = Git(folder).execute(
                command,
                istream=subprocess.PIPE if piped else None,
                as_process=True,
                env={**ours, **(environment or {})},
                start_new_session=True,
            )
    except (GitCommandNotFound, OSError) as error:
        raise GitFailed(_name(arguments), "git is not installed or cannot be started") from error
    process, wrapped.proc = wrapped.proc, None  # it would be ended together with its wrapper
    assert process is not None
    return process


@contextmanager
def _without_callers_variables() -> Iterator[None]:
    """Hide GIT_DIR and its like while a process is started: GitPython hands all of them on."""
    with _spawning:
        hidden = {
            name: value
            for name, value in os.environ.items()
            if name == _PASSED_BY_GIT or (name.startswith("GIT_") and not name.startswith(_KEPT))
        }
        for name in hidden:
            del os.environ[name]
        try:
            yield
        finally:
            os.environ.update(hidden)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command together with what it started: filters, helpers of submodules."""
    try:
        os.killpg(process.pid, 9)
    except (OSError, AttributeError):
        process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            try:
                stream.close()
            except OSError:
                pass


def _name(arguments: Sequence[str | bytes]) -> str:
    words = [os.fsdecode(word) for word in arguments]
    while words and words[0].startswith("-"):
        del words[: 2 if words[0] == "-c" else 1]
    return words[0] if words else ""


class CodeGit:
    """Our own bare repository of one object format, and git run in it."""

    def __init__(self, store_folder: str, object_format: str = "sha1") -> None:
        self.store_folder = store_folder
        self.object_format = object_format
        name = "code.git" if object_format == "sha1" else f"code-{object_format}.git"
        self.path = os.path.join(store_folder, name)
        self.objects = os.path.join(self.path, "objects")

    @property
    def exists(self) -> bool:
        return os.path.isfile(os.path.join(self.path, "HEAD"))

    def make(self) -> None:
        """Make the repository where it is not there yet; without git, in milliseconds."""
        if self.exists:
            return
        for inner in ("objects/info", "objects/pack", "refs/heads", REFS, "info"):
            os.makedirs(os.path.join(self.path, inner), exist_ok=True)
        sha256 = self.object_format != "sha1"
        config = _CONFIG.format(version=int(sha256)) + (_EXTENSION if sha256 else "")
        self._put("config", config.encode())
        self._put("info/attributes", _ATTRIBUTES)
        self._put("HEAD", b"ref: refs/heads/none\n")  # last: `exists` looks for it

    def run(
        self,
        *arguments: str | bytes,
        feed: bytes | None = None,
        environment: Mapping[str, str] | None = None,
        wait_s: float = WAIT_S,
        accept: Sequence[int] = (0,),
    ) -> bytes:
        """Return what a git command wrote that ran in this repository.

        Raises:
            GitFailed: see `run_git`.
        """
        env = {**self.environment, **(environment or {})}
        return run_git(None, *arguments, feed=feed, environment=env, wait_s=wait_s, accept=accept)

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which git works in this repository and reads no other settings."""
        return {
            "GIT_DIR": self.path,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_COUNT": "0",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_LITERAL_PATHSPECS": "1",
            "XDG_CONFIG_HOME": os.devnull,
        }

    @contextmanager
    def locked(self, wait_s: float) -> Iterator[bool]:
        """Hold the repository against other captures and sweeps; yield whether that worked.

        Nothing is harmed where it did not: at worst two processes do the same work.
        """
        try:
            import fcntl
        except ImportError:
            yield False
            return
        file = os.open(os.path.join(self.path, "tui_tracker.lock"), os.O_RDWR | os.O_CREAT, 0o666)
        try:
            yield _take(lambda: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB), wait_s)
        finally:
            os.close(file)

    def has_ref(self, snapshot: str) -> bool:
        """Return whether the snapshot was kept whole; the ref is written last."""
        if os.path.exists(os.path.join(self.path, REFS, snapshot)):
            return True
        found = self.run("for-each-ref", "--format=%(objectname)", REFS + snapshot)
        return bool(found.strip())

    def list_refs(self) -> list[str]:
        """Return the ids of all snapshots that are kept."""
        if not self.exists:
            return []
        return self.run("for-each-ref", "--format=%(objectname)", REFS).decode().split()

    def keep(self, snapshot: str) -> None:
        """Write the ref of a snapshot; another process may be writing the same one."""
        path = os.path.join(self.path, REFS, snapshot)
        if os.path.exists(path):
            return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        # Not update-ref: of two that write the same ref at once, one fails on its lock.
        self._put(REFS + snapshot, snapshot.encode() + b"\n")

    def _put(self, name: str, data: bytes) -> None:
        path = os.path.join(self.path, name)
        temporary = f"{path}.{os.getpid()}-{threading.get_ident()}.new"
        with open(temporary, "wb") as file:
            file.write(data)
        os.replace(temporary, path)


def commit_tree(code: CodeGit, tree: str, parents: Sequence[str], when: str) -> str:
    """Return the commit of a tree; equal arguments give equal ids.

    `when` is in git's own form: seconds since 1970 and a time zone.
    """
    named = [word for parent in parents for word in ("-p", parent)]
    environment = {**_IDENTITY, **dict.fromkeys(_STAMP, when)}
    out = code.run("commit-tree", tree, *named, feed=b"snapshot\n", environment=environment)
    return out.decode().strip()


def _take(lock: object, wait_s: float) -> bool:
    assert callable(lock)
    deadline = time.monotonic() + wait_s
    while True:
        try:
            lock()
            return True
        except OSError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)

"""Files and folders by content: what is in a digest, what is told of the rest, the cache."""

from __future__ import annotations

import hashlib
import os
import socket
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tui_tracker.capture import data_cache, manifest
from tui_tracker.capture.data_cache import HashCache
from tui_tracker.capture.manifest import digest_path, digest_paths

AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder of three files, two of them below."""
    folder = tmp_path / "data"
    (folder / "b").mkdir(parents=True)
    (folder / "a.csv").write_bytes(b"1,2\n")
    (folder / "b" / "x").write_bytes(b"")
    (folder / "b.txt").write_bytes(b"text")
    return folder


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that are read from now on, as they are read."""
    seen: list[str] = []
    real = manifest._hash_once

    def watched(path: str, algo: str) -> tuple[str, int, bool]:
        seen.append(os.path.basename(path))
        return real(path, algo)

    monkeypatch.setattr(manifest, "_hash_once", watched)
    return seen


def age(folder: Path, seconds: float = 10.0) -> None:
    """Let files look as if they were written a while ago; what the cache trusts is the change."""
    then = time.time() - seconds
    for path in [folder, *folder.rglob("*")]:
        os.utime(path, (then, then), follow_symlinks=False)


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust files that were written just now: a test cannot wait two seconds."""
    monkeypatch.setattr(data_cache, "_TRUSTED_NS", -(10**18))


def test_a_file_has_the_digest_that_sha256sum_gives(data):
    found = digest_path(str(data / "a.csv"))

    assert (found.kind, found.digest, found.full) == ("file", sha256(b"1,2\n"), True)
    assert (found.bytes, found.files, found.status) == (4, 1, "ok")


def test_a_folder_has_the_digest_of_its_manifest(data):
    found = digest_path(str(data))

    lines = [
        b"a.csv\0004\0" + sha256(b"1,2\n").encode(),
        b"b.txt\0004\0" + sha256(b"text").encode(),
        b"b/x\0000\0" + sha256(b"").encode(),
    ]
    assert found.manifest == b"".join(line + b"\n" for line in lines)
    assert found.digest == sha256(found.manifest)
    assert (found.kind, found.bytes, found.files, found.status) == ("folder", 8, 3, "ok")


def test_a_folder_is_known_by_its_content_wherever_it_lies(data, tmp_path):
    before = digest_path(str(data)).digest
    data.rename(tmp_path / "moved")
    age(tmp_path / "moved")

    assert digest_path(str(tmp_path / "moved")).digest == before


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "a.csv").write_bytes(b"1,3\n"),
        lambda folder: (folder / "a.csv").rename(folder / "c.csv"),
        lambda folder: (folder / "b" / "x").unlink(),
        lambda folder: (folder / "new").write_bytes(b""),
    ],
)
def test_every_change_of_a_folder_is_seen(data, change: Callable[[Path], object]):
    before = digest_path(str(data)).digest
    change(data)

    assert digest_path(str(data)).digest != before


def test_the_store_and_git_are_left_out(data):
    before = digest_path(str(data)).digest
    for name in (".git", ".tui_tracker", "store"):
        (data / name).mkdir()
        (data / name / "file").write_text("x")

    assert digest_path(str(data), skip=str(data / "store")).digest == before


def test_a_link_is_the_file_or_folder_that_it_means(data, tmp_path):
    before = digest_path(str(data)).digest
    (tmp_path / "far").mkdir()
    for name in ("a.csv", "b"):
        (data / name).rename(tmp_path / "far" / name)
        (data / name).symlink_to(tmp_path / "far" / name)
    (tmp_path / "link").symlink_to(data)

    assert digest_path(str(data)).digest == before
    assert digest_path(str(tmp_path / "link")).digest == before


def test_a_link_back_to_a_folder_above_is_noted_and_not_followed(data):
    (data / "b" / "up").symlink_to(data)
    (data / "b" / "self").symlink_to(".")

    found = digest_path(str(data))

    assert found.left_out == ["b/self", "b/up"]
    assert (found.files, found.status) == (3, "ok")


def test_links_that_lead_to_each_other_end(tmp_path):
    for one, other in (("a", "b"), ("b", "a")):
        (tmp_path / one).mkdir()
        (tmp_path / one / "file").write_text(one)
        (tmp_path / one / "to").symlink_to(tmp_path / other)

    found = digest_path(str(tmp_path))

    assert found.files == 4
    assert found.left_out == ["a/to/to", "b/to/to"]


def test_what_is_no_file_is_told_with_its_reason(data):
    os.mkfifo(data / "pipe")
    (data / "broken").symlink_to("nowhere\nelse")
    (data / "round").symlink_to("round")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(data / "socket"))
        found = digest_path(str(data))

    reasons = dict(found.problems)
    assert reasons["pipe"] == "it is a pipe"
    assert reasons["socket"] == "it is a socket"
    assert reasons["broken"] == "a link that leads nowhere"
    assert "symbolic links" in reasons["round"]
    assert found.status == "partial"
    assert b"broken\0000\0link:nowhere\\nelse\n" in found.manifest


@pytest.mark.skipif(AS_ROOT, reason="root reads everything")
def test_what_cannot_be_read_is_told_with_its_reason(data):
    (data / "a.csv").chmod(0)
    (data / "b").chmod(0)
    try:
        found = digest_path(str(data))
    finally:
        (data / "b").chmod(0o755)

    assert dict(found.problems) == {
        "a.csv": "cannot be read: Permission denied",
        "b": "cannot be read: Permission denied",
    }
    assert found.status == "partial"


def test_a_file_that_is_refused_while_it_is_read_is_told(data, monkeypatch):
    def refuse(*_: str) -> tuple[str, int, bool]:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(manifest, "_hash_once", refuse)
    found = digest_path(str(data))

    assert len(found.problems) == 3
    assert b"none:Input/output error" in found.manifest
    assert digest_path(str(data / "a.csv")).status == "failed"


def test_a_file_that_never_holds_still_is_told(data, monkeypatch):
    real = manifest._hash_once
    monkeypatch.setattr(manifest, "_hash_once", lambda *a: (*real(*a)[:2], True))
    monkeypatch.setattr(manifest.time, "sleep", lambda _: None)

    found = digest_path(str(data))

    assert dict(found.problems)["a.csv"] == "it changed while it was read"


def test_names_that_are_no_text_keep_their_bytes(data):
    name = os.fsdecode(b"caf\xe9\n.csv")
    try:
        (data / name).write_bytes(b"")
    except OSError:
        pytest.skip("the file system takes no such name")

    found = digest_path(str(data))

    assert b"caf\xe9\n.csv\0000\0sha256:" in found.manifest
    assert found.status == "ok"


def test_a_missing_path_and_an_empty_folder_say_so(data):
    (data / "empty").mkdir()

    missing, empty = digest_path(str(data / "no")), digest_path(str(data / "empty"))

    assert (missing.status, missing.reason) == ("failed", "there is no such file")
    assert (empty.status, empty.reason) == ("partial", "the folder holds no file")


def test_several_paths_are_one_folder_of_their_own(data):
    found = digest_paths([str(data / "b"), str(data / "a.csv")])

    assert [line.split(b"\0")[0] for line in found.manifest.splitlines()] == [b"a.csv", b"b/x"]


def test_beyond_the_limit_samples_are_read_and_look_like_it(data, monkeypatch):
    whole = digest_path(str(data)).digest
    monkeypatch.setenv("TUI_TRACKER_FULL_HASH_LIMIT", "7")

    found = digest_path(str(data))

    assert found.digest.startswith("sample:")
    assert not found.full
    assert found.manifest.count(b"sample:") == 3
    assert found.digest.partition(":")[2] != whole.partition(":")[2]
    assert digest_path(str(data / "a.csv")).full


def test_a_sample_sees_ends_and_size(tmp_path):
    path = tmp_path / "large"
    content = bytearray(3 << 20)
    digests = []
    for change in (None, 0, len(content) - 1, len(content) // 2, "longer"):
        changed = bytearray(content)
        if isinstance(change, int):
            changed[change] = 1
        path.write_bytes(changed + (b"\0" if change == "longer" else b""))
        digests.append(digest_path(str(path), limit=0).digest)

    assert len(set(digests)) == 5


@pytest.mark.parametrize(
    ("said", "limit"), [("5", 5), ("2kb", 2000), ("1.5 GB", 15 * 10**8), ("x", 20 * 10**9)]
)
def test_the_limit_takes_units(monkeypatch, said, limit):
    monkeypatch.setenv("TUI_TRACKER_FULL_HASH_LIMIT", said)

    assert manifest.full_limit() == limit


# -- the cache


@pytest.mark.usefixtures("trusting")
def test_unchanged_files_are_not_read_again(data, hashed):
    first = digest_path(str(data), cache=HashCache()).digest
    read = list(hashed)

    assert digest_path(str(data), cache=HashCache()).digest == first
    assert hashed == read == ["a.csv", "b.txt", "x"]


@pytest.mark.usefixtures("trusting")
def test_a_rewrite_of_the_same_size_with_the_same_time_is_noticed(data):
    path = data / "a.csv"
    first = digest_path(str(data), cache=HashCache()).digest
    state = path.stat()
    path.write_bytes(b"9,9\n")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))

    assert digest_path(str(data), cache=HashCache()).digest != first


def test_a_file_written_less_than_two_seconds_before_is_not_trusted(data, hashed):
    cache = HashCache()
    digest_path(str(data), cache=cache)
    digest_path(str(data), cache=cache)

    assert hashed.count("a.csv") == 2


def test_a_time_set_back_does_not_make_a_new_file_trusted(data, hashed):
    age(data)
    cache = HashCache()
    digest_path(str(data), cache=cache)
    digest_path(str(data), cache=cache)

    assert hashed.count("a.csv") == 2


@pytest.mark.usefixtures("trusting")
def test_samples_and_whole_digests_are_kept_apart(data):
    cache = HashCache()
    whole = digest_path(str(data), cache=cache).digest
    sample = digest_path(str(data), cache=cache, limit=0).digest

    assert digest_path(str(data), cache=cache).digest == whole
    assert digest_path(str(data), cache=cache, limit=0).digest == sample


@pytest.mark.parametrize("damage", [b"no database at all" * 100, b""])
@pytest.mark.usefixtures("trusting")
def test_a_damaged_cache_costs_time_and_nothing_else(data, hashed, damage):
    path = Path(data_cache.cache_path())
    path.parent.mkdir(parents=True)
    path.write_bytes(damage)
    wanted = digest_path(str(data)).digest
    for _ in range(3):
        assert digest_path(str(data), cache=HashCache()).digest == wanted

    assert hashed.count("a.csv") < 4  # the third one had a cache again


@pytest.mark.usefixtures("trusting")
def test_a_locked_cache_costs_time_and_nothing_else(data, monkeypatch):
    monkeypatch.setattr(data_cache, "_WAIT_S", 0.01)
    digest_path(str(data), cache=HashCache())
    lock = sqlite3.connect(data_cache.cache_path(), isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    (data / "new").write_text("x")

    found = digest_path(str(data), cache=HashCache())

    lock.close()
    assert found.files == 4
    assert found.status == "ok"


def test_a_cache_that_cannot_be_made_costs_time_and_nothing_else(data, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    assert digest_path(str(data), cache=HashCache()).digest == digest_path(str(data)).digest


@pytest.mark.usefixtures("trusting")
def test_a_cache_that_grew_too_large_gives_up_its_older_half(data, monkeypatch):
    cache = HashCache()
    digest_path(str(data), cache=cache)
    cache.close()
    monkeypatch.setattr(data_cache, "_MOST_BYTES", 1)

    digest_path(str(data), cache=HashCache())

    with closing(sqlite3.connect(data_cache.cache_path())) as connection, connection:
        assert connection.execute("SELECT count(*) FROM file").fetchone()[0] <= 3


@pytest.mark.usefixtures("trusting")
def test_numbers_of_inodes_beyond_the_signed_ones_are_found():
    state = (b"x", 7, 2**64 - 5, 3, 0, 0)
    cache = HashCache()
    cache.keep([(state, time.time_ns(), "sha256:ab")], "sha256")

    assert cache.find([state], "sha256") == {(7, 2**64 - 5): "sha256:ab"}


@pytest.mark.usefixtures("trusting")
def test_a_file_system_that_numbers_no_files_has_no_cache():
    cache = HashCache()
    cache.keep([((b"x", 7, 0, 3, 0, 0), time.time_ns(), "sha256:ab")], "sha256")

    assert cache.find([(b"y", 7, 0, 3, 0, 0)], "sha256") == {}


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A folder of so many files that its manifest is kept as a whole."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(120):
        (folder / str(number)).write_text(str(number))
    return folder


@pytest.mark.usefixtures("trusting")
def test_a_large_folder_that_did_not_change_is_known_as_a_whole(many, hashed):
    first = digest_path(str(many), cache=HashCache())
    read = len(hashed)
    second = digest_path(str(many), cache=HashCache())

    assert (second.digest, second.manifest) == (first.digest, first.manifest)
    assert len(hashed) == read == 120


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "7").write_text("8"),
        lambda folder: (folder / "7").unlink(),
        lambda folder: (folder / "7").rename(folder / "77x"),
        lambda folder: (folder / "new").write_text(""),
        lambda folder: (folder / "link").symlink_to("nowhere"),
    ],
)
def test_a_change_in_a_large_folder_is_seen(many, change: Callable[[Path], object]):
    before = digest_path(str(many), cache=HashCache()).digest
    change(many)
    found = digest_path(str(many), cache=HashCache())

    assert found.digest != before
    assert found.digest == digest_path(str(many)).digest


def test_a_large_folder_that_was_just_written_is_not_trusted(many, hashed):
    for _ in range(2):
        digest_path(str(many), cache=HashCache())

    assert len(hashed) == 240

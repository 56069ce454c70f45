"""Snapshots read back: listed, rebuilt, verified, compared, bundled."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tui_tracker.capture.objects import ObjectWriter
from tui_tracker.code_git import CodeGit
from tui_tracker.code_store import CodeChange, CodeFile, CodeStore, CodeUnavailable

_WHEN = "1700000000 +0000"


def write_commit(code: CodeGit, tree: bytes, parents: tuple[str, ...] = ()) -> str:
    above = [parent.encode() for parent in parents]
    writer = ObjectWriter(code)
    commit = writer.add_commit(tree, above, _WHEN).decode()
    writer.flush()
    return commit


def keep(
    code: CodeGit, files: dict[bytes, tuple[str, bytes]], parents: tuple[str, ...] = ()
) -> str:
    """Put a snapshot of these files (path: mode, bytes) into the repository by hand."""
    code.make()
    trees: dict[bytes, list[bytes]] = {}
    for path, (mode, data) in files.items():
        oid = code.run("hash-object", "-w", "--stdin", feed=data).strip()
        folder, _, name = path.rpartition(b"/")
        trees.setdefault(folder, []).append(b"%s blob %s\t%s" % (mode.encode(), oid, name))
    for folder in sorted((f for f in trees if f), reverse=True):
        made = code.run("mktree", "-z", feed=b"\0".join([*trees[folder], b""])).strip()
        above, _, name = folder.rpartition(b"/")
        trees.setdefault(above, []).append(b"040000 tree %s\t%s" % (made, name))
    tree = code.run("mktree", "-z", feed=b"\0".join([*trees.get(b"", []), b""]))
    commit = write_commit(code, tree.strip(), parents)
    code.keep(commit)
    return commit


@pytest.fixture
def code(tmp_path: Path) -> CodeGit:
    return CodeGit(str(tmp_path / "store"))


@pytest.fixture
def reader(tmp_path: Path) -> CodeStore:
    return CodeStore(str(tmp_path / "store"))


_FILES = {
    b"train.py": ("100644", b"print(1)\n"),
    b"run.sh": ("100755", b"#!/bin/sh\r\n"),
    b"data/\xff\nodd name": ("100644", b"\0\1"),
    b"data/link": ("120000", b"../train.py"),
}


def test_files_are_listed_with_mode_and_size(code: CodeGit, reader: CodeStore):
    snapshot = keep(code, _FILES)

    files = reader.list_files(snapshot)

    assert [(f.path, f.mode, f.size) for f in files] == [
        ("data/link", "120000", 11),
        ("data/\udcff\nodd name", "100644", 2),
        ("run.sh", "100755", 11),
        ("train.py", "100644", 9),
    ]
    assert isinstance(files[0], CodeFile)


def test_a_file_is_read_by_its_path(code: CodeGit, reader: CodeStore):
    snapshot = keep(code, _FILES)

    assert reader.read_file(snapshot, "data/\udcff\nodd name") == b"\0\1"
    with pytest.raises(CodeUnavailable, match="holds no file 'other'"):
        reader.read_file(snapshot, "other")


def test_a_snapshot_is_written_byte_for_byte_and_verified(
    code: CodeGit, reader: CodeStore, tmp_path: Path
):
    snapshot, told = keep(code, _FILES), []

    count = reader.write_out(snapshot, str(tmp_path / "out"), progress=lambda *n: told.append(n))

    out = os.fsencode(tmp_path / "out")
    with open(out + b"/data/\xff\nodd name", "rb") as file:
        assert file.read() == b"\0\1"
    assert os.readlink(tmp_path / "out/data/link") == "../train.py"
    assert os.stat(tmp_path / "out/run.sh").st_mode & 0o111
    assert (count, told[-1]) == (4, (4, 4))
    assert reader.verify(snapshot, str(tmp_path / "out")) == []


def test_a_changed_a_missing_and_a_retyped_file_are_found(
    code: CodeGit, reader: CodeStore, tmp_path: Path
):
    snapshot, out = keep(code, _FILES), tmp_path / "out"
    reader.write_out(snapshot, str(out))

    (out / "train.py").write_text("print(2)\n")
    (out / "data/link").unlink()
    (out / "run.sh").chmod(0o644)

    assert reader.verify(snapshot, str(out)) == [
        ("data/link", "missing"),
        ("run.sh", "changed"),
        ("train.py", "changed"),
    ]


def test_a_folder_written_as_a_repository_is_clean_at_the_snapshot(
    code: CodeGit, reader: CodeStore, tmp_path: Path
):
    snapshot, out = (
        keep(code, {**_FILES, b".gitattributes": ("100644", b"* eol=crlf\n")}),
        tmp_path / "out",
    )

    reader.write_out(snapshot, str(out), as_repository=True)

    def ask(*arguments: str) -> str:
        return subprocess.check_output(["git", *arguments], cwd=out, text=True).strip()

    assert (ask("rev-parse", "HEAD"), ask("status", "--porcelain")) == (snapshot, "")


@pytest.mark.parametrize("path", [b".git/hooks/post-checkout", b"a/.GIT/config", b"x/../../y"])
def test_a_hostile_path_is_refused_before_anything_is_written(
    code: CodeGit, reader: CodeStore, tmp_path: Path, path: bytes
):
    code.make()
    oid = code.run("hash-object", "-w", "--stdin", feed=b"evil").strip().decode()
    tree = b""
    for name in reversed(path.split(b"/")):
        mode = b"100644" if not tree else b"40000"
        raw = mode + b" " + name + b"\0" + bytes.fromhex(oid)
        tree = raw
        command = ("hash-object", "-w", "-t", "tree", "--literally", "--stdin")
        oid = code.run(*command, feed=raw).strip().decode()
    snapshot = write_commit(code, oid.encode())

    with pytest.raises(CodeUnavailable, match="which no work tree can"):
        reader.write_out(snapshot, str(tmp_path / "out"))

    assert not (tmp_path / "out").exists()


def test_nothing_is_written_through_a_link_that_is_there(
    code: CodeGit, reader: CodeStore, tmp_path: Path
):
    snapshot = keep(code, _FILES)
    outside, out = tmp_path / "outside", tmp_path / "out"
    outside.mkdir()
    out.mkdir()
    (out / "data").symlink_to(outside)
    (outside / "file").write_text("precious")
    (out / "train.py").symlink_to(outside / "file")

    with pytest.raises(CodeUnavailable, match="nothing is written through it"):
        reader.write_out(snapshot, str(out))

    assert [p.name for p in outside.iterdir()] == ["file"]
    assert (outside / "file").read_text() == "precious"


def test_changes_tell_state_lines_and_renames(code: CodeGit, reader: CodeStore):
    text = b"".join(b"line %d\n" % n for n in range(20))
    old = {b"a.py": ("100644", text), b"b.bin": ("100644", b"\0"), b"c": ("100644", b"c\n")}
    new = {b"a2.py": ("100644", text + b"more\n"), b"b.bin": ("100644", b"\0\0")}
    first = keep(code, old)
    second = keep(code, {**new, b"c": ("120000", b"a2.py"), b"d": ("100644", b"d\n")}, (first,))

    assert reader.changes(first, second) == [
        CodeChange("R", "a2.py", "a.py", 1, 0),
        CodeChange("M", "b.bin", "b.bin", None, None),
        CodeChange("T", "c", "c", 1, 1),
        CodeChange("A", "d", "d", 1, 0),
    ]
    assert (reader.base_of(second), reader.base_of(first)) == (first, None)


def test_a_diff_that_shows_the_middle_of_a_private_key_hides_it(code: CodeGit, reader: CodeStore):
    body = [f"{line:02d}" + "Ab3/" * 15 + "xY" for line in range(20)]
    fence = ("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----")
    changed = [*body[:10], "99" + body[10][2:], *body[11:]]
    states = ["\n".join((fence[0], *lines, fence[1])) for lines in (body, changed)]
    first, second = (keep(code, {b"k.pem": ("100644", state.encode())}) for state in states)

    shown = reader.diff(first, second)

    assert "@@" in shown
    assert [line for line in (*body, *changed) if line in shown] == []


def test_a_diff_hides_secrets_unless_it_is_asked_not_to(code: CodeGit, reader: CodeStore):
    secret = "hf_" + "AbCdEfGhIjKlMnOpQrStUvWx"
    first = keep(code, {b"a.py": ("100644", b"x = 1\n")})
    second = keep(code, {b"a.py": ("100644", f"x = '{secret}'\n".encode())})

    assert "+x = '***(sha256:" in reader.diff(first, second)
    assert secret in reader.diff(first, second, redact=False)


def test_a_bundle_brings_snapshots_and_their_base_to_another_store(
    code: CodeGit, reader: CodeStore, tmp_path: Path
):
    base = keep(code, {b"a": ("100644", b"1")})
    snapshot = keep(code, _FILES, (base,))
    other = CodeStore(str(tmp_path / "other"))

    reader.pack([snapshot], tmp_path / "code.bundle")
    ids = other.unpack(tmp_path / "code.bundle")

    assert ids == [snapshot]
    assert other.has(snapshot)
    assert other.base_of(snapshot) == base
    assert other.list_files(snapshot) == reader.list_files(snapshot)


def test_a_path_left_out_of_a_bundle_is_a_notice_there_and_in_its_base(
    code: CodeGit, reader: CodeStore, tmp_path: Path
):
    base = keep(code, {b"key.py": ("100644", b"first secret")})
    snapshot = keep(
        code, {b"key.py": ("100644", b"second secret"), b"a": ("100644", b"1")}, (base,)
    )
    other = CodeStore(str(tmp_path / "other"))

    ids = reader.pack([snapshot], tmp_path / "code.bundle", leave_out=["key.py"])
    other.unpack(tmp_path / "code.bundle")

    packed = ids[snapshot]
    assert other.read_file(packed, "a") == b"1"
    for kept in (packed, other.base_of(packed)):
        assert b"left out" in other.read_file(str(kept), "key.py")
    assert not other.has(snapshot)


def test_a_file_that_is_no_bundle_is_refused_in_one_sentence(tmp_path: Path, reader: CodeStore):
    (tmp_path / "x").write_text("nothing of the kind")

    with pytest.raises(CodeUnavailable, match="cannot be taken in"):
        reader.unpack(tmp_path / "x")


def test_what_is_not_here_is_said(reader: CodeStore, code: CodeGit):
    with pytest.raises(CodeUnavailable, match="it holds no code"):
        reader.list_files("0" * 40)
    code.make()

    assert not reader.has("1" * 40)
    with pytest.raises(CodeUnavailable, match="is not whole in this store"):
        reader.list_files("1" * 40)


def test_without_git_the_reason_is_told(
    code: CodeGit, reader: CodeStore, monkeypatch: pytest.MonkeyPatch
):
    snapshot = keep(code, _FILES)
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(CodeUnavailable, match="git is not installed"):
        reader.list_files(snapshot)

"""Snapshots of work trees in every state that git knows: exact, or the missing files named."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from repositories import (
    Captured,
    capture,
    commit_all,
    contents,
    fingerprint,
    git,
    make_repository,
    rebuilt,
)

from tui_tracker.capture import worktree


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "project")


def check(work_tree: Path, store: Path, out: Path) -> Captured:
    """Capture, rebuild, and compare: all bytes are there, and the repository is as it was."""
    before, expected = fingerprint(work_tree), contents(work_tree)

    captured = capture(work_tree, store)

    assert fingerprint(work_tree) == before
    assert captured.snapshot["kind"] == "work tree", captured.reason
    assert rebuilt(captured, out) == expected
    assert captured.store.has(captured.commit)
    assert captured.snapshot["complete"] is True
    return captured


def write(path: Path, data: bytes | str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)


def test_odd_names(repository: Path, folder: Path, tmp_path: Path):
    names = [b"new\nline", b" lead", b"trail ", b"-dash", b"\xff\xfe", "ü ☃".encode(), b'q"u\\o\te']
    for number, name in enumerate(names):
        for prefix in (b"tracked ", b""):
            with open(os.path.join(os.fsencode(repository), prefix + name), "wb") as file:
                file.write(b"%d" % number)
        git(repository, "add", "--", b"./tracked " + name)
    git(repository, "commit", "-qm", "Odd")
    with open(os.path.join(os.fsencode(repository), b"tracked \xff\xfe"), "wb") as file:
        file.write(b"changed")
    os.mkdir(os.path.join(os.fsencode(repository), b"dir \xff"))
    write(repository / os.fsdecode(b"dir \xff") / ".hidden", "x")
    write(repository / "git~1", "x")

    captured = check(repository, folder, tmp_path / "out")

    files = captured.facts["files"]
    assert ["M", "tracked \udcff\udcfe"] in files  # type: ignore[operator]


@pytest.mark.parametrize("setting", ["true", "input", "false"])
def test_line_ends_under_autocrlf(repository: Path, folder: Path, tmp_path: Path, setting: str):
    write(repository / "lf.txt", "a\nb\n")
    write(repository / "crlf.txt", "a\r\nb\r\n")
    write(repository / "mixed.txt", "a\r\nb\n")
    git(repository, "config", "core.autocrlf", setting)
    git(repository, "config", "core.safecrlf", "false")
    commit_all(repository)
    write(repository / "new_crlf.txt", "x\r\n")
    write(repository / "train.py", "print(2)\r\nprint(3)\n")

    check(repository, folder, tmp_path / "out")


@pytest.mark.parametrize("line", ["* text=auto", "* text eol=crlf", "*.py eol=crlf", "*.py text"])
def test_line_ends_by_attribute(repository: Path, folder: Path, tmp_path: Path, line: str):
    write(repository / ".gitattributes", line + "\n")
    commit_all(repository)
    for name in ("train.py", "src/model.py"):
        (repository / name).unlink()
    git(repository, "checkout", "--", ".")
    write(repository / "src/model.py", "x = 1\r\ny = 2\r\n")
    git(repository, "add", "-u")

    check(repository, folder, tmp_path / "out")


def test_files_checked_out_under_settings_that_no_longer_hold(
    repository: Path, folder: Path, tmp_path: Path
):
    git(repository, "config", "core.autocrlf", "true")
    (repository / "train.py").unlink()
    git(repository, "checkout", "--", ".")
    assert b"\r\n" in (repository / "train.py").read_bytes()
    git(repository, "config", "--unset", "core.autocrlf")

    check(repository, folder, tmp_path / "out")


def test_expanded_keywords_and_other_encodings(repository: Path, folder: Path, tmp_path: Path):
    text = "*.py ident\n*.u16 working-tree-encoding=UTF-16LE\n*.l1 working-tree-encoding=LATIN1\n"
    write(repository / ".gitattributes", text)
    write(repository / "train.py", "# $Id$\n")
    write(repository / "a.u16", "ä\n".encode("utf-16-le"))
    write(repository / "b.l1", "äöü\n".encode("latin-1"))
    commit_all(repository)
    (repository / "train.py").unlink()
    git(repository, "checkout", "--", ".")
    assert b"$Id: " in (repository / "train.py").read_bytes()
    write(repository / "c.l1", "é\n".encode("latin-1"))

    check(repository, folder, tmp_path / "out")


def _filter(repository: Path, *, missing: bool) -> None:
    """Set a required filter up that keeps a pointer in git and content on disk."""
    write(repository / ".gitattributes", "*.bin filter=kept -text\n")
    write(repository / ".git/clean", "#!/bin/sh\necho pointer; sha256sum\n")
    (repository / ".git/clean").chmod(0o755)
    git(repository, "config", "filter.kept.clean", str(repository / ".git/clean"))
    git(repository, "config", "filter.kept.required", "true")
    write(repository / "model.bin", bytes(5000))
    write(repository / "other.bin", bytes(6000))
    commit_all(repository)
    if missing:
        git(repository, "config", "filter.kept.clean", "no-such-program clean -- %f")


@pytest.mark.parametrize("missing", [False, True])
def test_a_filter_that_keeps_pointers(
    repository: Path, folder: Path, tmp_path: Path, missing: bool
):
    _filter(repository, missing=missing)
    write(repository / "new.bin", b"\1" * 100)
    write(repository / "other.bin", b"\1" + bytes(5999))  # git has to hash it to see that

    captured = check(repository, folder, tmp_path / "out")

    assert captured.facts["checkout"]["filters"] == ["kept"]  # type: ignore[index]
    files = captured.facts["files"]
    assert ["M", "other.bin"] in files  # type: ignore[operator]
    # Without the filter git takes every file that it has to hash for a changed one.
    assert missing or files == [["?", "new.bin"], ["M", "other.bin"]]


def test_a_filter_that_takes_for_ever_is_done_without(
    repository: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    _filter(repository, missing=False)
    git(repository, "config", "filter.kept.clean", "sleep 60")
    write(repository / "other.bin", b"\1" + bytes(5999))
    monkeypatch.setattr(worktree, "_STATUS_S", 0.3)

    captured = check(repository, folder, tmp_path / "out")

    assert captured.status == "partial"
    assert "git's filters failed" in captured.reason


def test_pointers_whose_content_was_never_fetched(repository: Path, folder: Path, tmp_path: Path):
    write(repository / ".gitattributes", "*.bin filter=kept -text\n")
    write(repository / "model.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    git(repository, "-c", "filter.kept.clean=cat", "add", "-A")
    git(repository, "commit", "-qm", "Pointer")
    git(repository, "config", "filter.kept.clean", "no-such-program")
    git(repository, "config", "filter.kept.required", "true")
    (repository / "model.bin").touch()

    check(repository, folder, tmp_path / "out")


@pytest.mark.skipif(not shutil.which("git-lfs"), reason="git-lfs is not installed")
def test_git_lfs_itself_leaves_no_object_behind(repository: Path, folder: Path, tmp_path: Path):
    write(repository / ".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")
    for key, value in (("clean", "clean -- %f"), ("smudge", "smudge -- %f")):
        git(repository, "config", f"filter.lfs.{key}", f"git-lfs {value}")
    git(repository, "config", "filter.lfs.process", "git-lfs filter-process")
    git(repository, "config", "filter.lfs.required", "true")
    write(repository / "model.bin", bytes(5000))
    commit_all(repository)
    write(repository / "model.bin", bytes(6000))

    captured = check(repository, folder, tmp_path / "out")

    assert captured.facts["files"] == [["M", "model.bin"]]


def _with_submodule(repository: Path, tmp_path: Path) -> Path:
    inner = make_repository(tmp_path / "inner_origin")
    lib = make_repository(tmp_path / "lib_origin")
    git(lib, "submodule", "add", "-q", str(inner), "deep/inner")
    commit_all(lib)
    git(repository, "submodule", "add", "-q", str(lib), "lib")
    git(repository, "submodule", "update", "--init", "--recursive", "-q")
    commit_all(repository)
    return repository / "lib"


def test_dirty_and_nested_submodules(repository: Path, folder: Path, tmp_path: Path):
    lib = _with_submodule(repository, tmp_path)
    write(lib / "train.py", "changed\n")
    write(lib / "deep/inner/new.py", "untracked\n")

    captured = check(repository, folder, tmp_path / "out")

    submodules = captured.facts["submodules"]
    assert [(s["path"], s["dirty"]) for s in submodules] == [  # type: ignore[attr-defined]
        ("lib", True),
        ("lib/deep/inner", True),
    ]
    assert captured.facts["changes"]["submodule"] == 1  # type: ignore[index]


def test_clean_submodules_and_their_survival(repository: Path, folder: Path, tmp_path: Path):
    _with_submodule(repository, tmp_path)
    captured = check(repository, folder, tmp_path / "out")
    expected = contents(repository)

    for name in ("project", "lib_origin", "inner_origin"):
        shutil.rmtree(tmp_path / name)

    assert rebuilt(captured, tmp_path / "again") == expected


def test_a_submodule_that_moved_and_one_just_added(repository: Path, folder: Path, tmp_path: Path):
    lib = _with_submodule(repository, tmp_path)
    write(lib / "train.py", "moved\n")
    commit_all(lib)
    git(repository, "submodule", "add", "-q", str(tmp_path / "inner_origin"), "second")

    captured = check(repository, folder, tmp_path / "out")

    assert ["S", "lib"] in captured.facts["files"]  # type: ignore[operator]


def test_a_submodule_that_is_not_checked_out_is_named(
    repository: Path, folder: Path, tmp_path: Path
):
    _with_submodule(repository, tmp_path)
    git(tmp_path, "clone", "-q", str(repository), str(tmp_path / "clone"))

    captured = capture(tmp_path / "clone", folder)

    assert captured.skipped() == {"lib": "a submodule that is not checked out"}
    assert rebuilt(captured, tmp_path / "out") == contents(tmp_path / "clone")


def test_an_embedded_repository_and_a_broken_one(repository: Path, folder: Path, tmp_path: Path):
    embedded = make_repository(repository / "vendor/tool")
    write(embedded / "train.py", "changed\n")
    write(embedded / "new.py", "new\n")
    make_repository(repository / "empty_head")
    write(repository / "broken/.git", "gitdir: /nowhere\n")
    write(repository / "broken/code.py", "x\n")

    captured = check(repository, folder, tmp_path / "out")

    assert captured.facts["embedded"] == ["empty_head", "vendor/tool"]


def test_an_embedded_repository_without_commits(repository: Path, folder: Path, tmp_path: Path):
    write(repository / "young/code.py", "x\n")
    git(repository / "young", "init", "-q")

    check(repository, folder, tmp_path / "out")


def test_a_merge_conflict_is_kept_with_its_markers(repository: Path, folder: Path, tmp_path: Path):
    git(repository, "checkout", "-qb", "side")
    write(repository / "train.py", "side\n")
    (repository / "src/model.py").unlink()
    commit_all(repository)
    git(repository, "checkout", "-q", "trunk")
    write(repository / "train.py", "trunk\n")
    write(repository / "src/model.py", "z = 3\n")
    commit_all(repository)
    subprocess.run(["git", "merge", "side"], cwd=repository, capture_output=True, check=False)
    assert b"<<<<" in (repository / "train.py").read_bytes()

    captured = check(repository, folder, tmp_path / "out")

    assert captured.facts["changes"]["conflicted"] == 2  # type: ignore[index]


def test_before_the_first_commit(folder: Path, tmp_path: Path):
    work = tmp_path / "young"
    write(work / "train.py", "x\n")
    write(work / "staged.py", "y\n")
    git(work, "init", "-q")
    git(work, "add", "staged.py")

    captured = check(work, folder, tmp_path / "out")

    assert (captured.facts["commit"], captured.facts["dirty"]) == (None, True)
    assert captured.store.base_of(captured.commit) is None


def test_an_empty_repository(folder: Path, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    git(tmp_path / "empty", "init", "-q")

    check(tmp_path / "empty", folder, tmp_path / "out")


def test_a_detached_head(repository: Path, folder: Path, tmp_path: Path):
    git(repository, "checkout", "-q", "--detach")
    write(repository / "train.py", "x\n")

    captured = check(repository, folder, tmp_path / "out")

    assert (captured.facts["branch"], captured.facts["detached"]) == (None, True)


def test_a_shallow_clone(repository: Path, folder: Path, tmp_path: Path):
    write(repository / "train.py", "second\n")
    commit_all(repository)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repository}", str(clone))
    write(clone / "train.py", "third\n")

    captured = check(clone, folder, tmp_path / "out")

    assert captured.facts["shallow"] is True
    assert "repository" not in captured.facts


def test_a_linked_work_tree(repository: Path, folder: Path, tmp_path: Path):
    linked = tmp_path / "linked"
    git(repository, "worktree", "add", "-q", "-b", "side", str(linked))
    write(linked / "train.py", "x\n")
    write(linked / "new.py", "x\n")
    before = fingerprint(repository)

    captured = check(linked, folder, tmp_path / "out")

    assert captured.facts["branch"] == "side"
    assert fingerprint(repository) == before


@pytest.mark.parametrize("index", ["--no-sparse-index", "--sparse-index"])
@pytest.mark.parametrize("came_back", [False, True])
def test_a_sparse_checkout_keeps_only_what_is_there(
    repository: Path, folder: Path, tmp_path: Path, index: str, came_back: bool
):
    if came_back and index == "--sparse-index":
        pytest.skip("git itself refreshes the times of trees when it unfolds such an index")
    for name in ("src/deep/a.py", "other/b.py", "other/deep/c.py"):
        write(repository / name, name)
    commit_all(repository)
    git(repository, "sparse-checkout", "init", "--cone", index)
    git(repository, "sparse-checkout", "set", "src")
    assert not (repository / "other").exists()
    write(repository / "src/deep/a.py", "changed")
    if came_back:
        write(repository / "other/b.py", "came back")

    captured = check(repository, folder, tmp_path / "out")

    assert captured.facts["checkout"]["sparse"] is True  # type: ignore[index]


def test_a_split_index(repository: Path, folder: Path, tmp_path: Path):
    git(repository, "update-index", "--split-index")
    write(repository / "more.py", "x\n")
    git(repository, "add", "more.py")
    write(repository / "train.py", "x\n")

    check(repository, folder, tmp_path / "out")


def test_files_that_git_was_told_not_to_look_at(repository: Path, folder: Path, tmp_path: Path):
    git(repository, "update-index", "--assume-unchanged", "train.py", "src/model.py")
    git(repository, "update-index", "--skip-worktree", "run.sh")
    write(repository / "train.py", "changed behind git's back\n")
    (repository / "src/model.py").unlink()
    write(repository / "run.sh", "changed as well\n")

    captured = check(repository, folder, tmp_path / "out")

    assert captured.status == "ok"


def test_files_replaced_by_folders_and_links(repository: Path, folder: Path, tmp_path: Path):
    write(repository / "pkg/a.py", "a\n")
    write(repository / "elsewhere/a.py", "not this\n")
    write(repository / "data/x", "x\n")
    (repository / "link").symlink_to("train.py")
    (repository / "to_folder").symlink_to("src")
    commit_all(repository)
    (repository / "train.py").unlink()
    write(repository / "train.py/inner.py", "now a folder\n")
    shutil.rmtree(repository / "pkg")
    (repository / "pkg").symlink_to("elsewhere")
    shutil.rmtree(repository / "data")
    write(repository / "data", "now a file\n")
    (repository / "link").unlink()
    write(repository / "link", "now a file\n")

    check(repository, folder, tmp_path / "out")


def test_a_mode_that_git_was_told_not_to_trust(repository: Path, folder: Path, tmp_path: Path):
    git(repository, "config", "core.filemode", "false")
    (repository / "train.py").chmod(0o755)
    (repository / "run.sh").chmod(0o644)

    check(repository, folder, tmp_path / "out")


def test_a_file_that_is_only_announced_to_git(repository: Path, folder: Path, tmp_path: Path):
    write(repository / "soon.py", "x\n")
    git(repository, "add", "-N", "soon.py")
    write(repository / "staged_then_gone.py", "x\n")
    git(repository, "add", "staged_then_gone.py")
    (repository / "staged_then_gone.py").unlink()
    git(repository, "rm", "-q", "--cached", "train.py")

    check(repository, folder, tmp_path / "out")


def test_a_pipe_where_a_file_was_is_named(repository: Path, folder: Path):
    (repository / "train.py").unlink()
    os.mkfifo(repository / "train.py")

    captured = capture(repository, folder)

    assert captured.skipped() == {"train.py": "not a file"}
    assert captured.snapshot["complete"] is False


def test_a_repository_of_sha256(folder: Path, tmp_path: Path):
    repository = make_repository(tmp_path / "project", "--object-format=sha256")
    write(repository / "train.py", "x\n")

    captured = check(repository, folder, tmp_path / "out")

    assert (folder / "code-sha256.git").is_dir()
    assert (captured.snapshot["format"], len(captured.commit)) == ("sha256", 64)


@pytest.mark.parametrize("filters", ["blob:none", "tree:0"])
def test_a_partial_clone_asks_no_server(
    repository: Path, folder: Path, tmp_path: Path, filters: str
):
    write(repository / "other/b.py", "b\n")
    write(repository / "train.py", "second\n")
    commit_all(repository)
    git(repository, "config", "uploadpack.allowFilter", "true")
    git(repository, "config", "uploadpack.allowAnySHA1InWant", "true")
    clone, origin = tmp_path / "clone", f"file://{repository}"
    git(tmp_path, "clone", "-q", "--sparse", f"--filter={filters}", origin, str(clone))
    git(clone, "sparse-checkout", "set", "src")
    write(clone / "train.py", "third\n")
    write(clone / "new.py", "new\n")

    captured = check(clone, folder, tmp_path / "out")

    assert "not all here" in captured.reason


def test_a_repository_that_may_only_be_read(repository: Path, folder: Path, tmp_path: Path):
    write(repository / "train.py", "x\n")
    for path in (repository / ".git").rglob("*"):
        path.chmod(path.stat().st_mode & ~0o222)
    (repository / ".git").chmod(0o555)

    check(repository, folder, tmp_path / "out")


def test_a_folder_below_the_top_captures_the_whole(repository: Path, folder: Path, tmp_path: Path):
    write(repository / "train.py", "x\n")

    captured = capture(repository / "src", folder)

    assert captured.facts["top"] == str(repository)
    assert rebuilt(captured, tmp_path / "out") == contents(repository)


def test_a_repository_whose_path_is_odd(folder: Path, tmp_path: Path):
    repository = make_repository(tmp_path / 'a:b "c" \\d')
    write(repository / "train.py", "x\n")

    check(repository, folder, tmp_path / "out")

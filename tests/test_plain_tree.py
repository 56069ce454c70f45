"""Code that lies in no repository, or in one that git does not read."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from repositories import Captured, capture, contents, git, make_repository, objects, rebuilt

from tui_tracker.capture import plain_tree
from tui_tracker.capture.objects import ObjectWriter
from tui_tracker.code_git import CodeGit

PROCESS = {"process": {"argv": ["python", "train.py"], "script": "train.py"}}


def write(path: Path, text: str = "x\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def names(captured: Captured) -> list[str]:
    return [file.path for file in captured.store.list_files(captured.commit)]


def test_the_folder_of_a_script_is_kept_where_it_looks_like_code(folder: Path, tmp_path: Path):
    work = tmp_path / "work"
    kept = "conf/a.yaml lib/b.py requirements-dev.txt run.sh train.py".split()
    left = ".hidden/c.py .env.py env/lib/d.py env/pyvenv.cfg node_modules/e.json notes.txt w.bin"
    for name in (*kept, *left.split()):
        write(work / name)
    (work / "run.sh").chmod(0o755)
    (work / "conf/current.yaml").symlink_to("a.yaml")

    captured = capture(work, folder, PROCESS)

    assert names(captured) == sorted([*kept, "conf/current.yaml"])
    assert captured.status == "partial"
    assert captured.reason == "not in a git work tree: 6 files that look like code were kept"
    assert (captured.facts["vcs"], captured.snapshot["kind"]) == ("none", "plain")
    assert (captured.facts["top"], "dirty" in captured.facts) == (str(work), False)
    assert captured.facts["entry"]["path"] == "train.py"  # type: ignore[index]
    for name in left.split():
        (work / name).unlink()
    assert rebuilt(captured, tmp_path / "out") == contents(work)


def test_equal_folders_share_one_snapshot(folder: Path, tmp_path: Path):
    for name in ("one", "two"):
        write(tmp_path / name / "train.py")

    first, second = (capture(tmp_path / name, folder, PROCESS) for name in ("one", "two"))

    assert first.commit == second.commit
    assert objects(folder)[1] == 1


def test_a_script_called_from_elsewhere_brings_its_own_folder(folder: Path, tmp_path: Path):
    write(tmp_path / "scripts/train.py")
    write(tmp_path / "scripts/lib.py")
    write(tmp_path / "elsewhere/other.py")
    argv = ["python", str(tmp_path / "scripts/train.py")]

    captured = capture(tmp_path / "elsewhere", folder, {"process": {"argv": argv}})

    assert names(captured) == ["lib.py", "train.py"]


def test_an_imported_module_goes_in_whatever_it_is_called(folder: Path, tmp_path: Path):
    write(tmp_path / "work/train.py")
    write(tmp_path / "work/.local/odd")
    modules = {"modules": [{"name": "odd", "path": ".local/odd", "sha256": ""}]}

    captured = capture(tmp_path / "work", folder, {**PROCESS, "modules": modules})

    assert names(captured) == [".local/odd", "train.py"]


def test_a_home_folder_is_not_searched(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write(tmp_path / "home/train.py")
    write(tmp_path / "home/other/project.py")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    captured = capture(tmp_path / "home", folder, PROCESS)

    assert names(captured) == ["train.py"]


def test_more_files_than_the_limit_are_said_to_be_incomplete(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for number in range(5):
        write(tmp_path / f"work/m{number}.py")
    write(tmp_path / "work/big.json", "1" * 1_000_001)
    monkeypatch.setattr(plain_tree, "_MOST_FILES", 3)

    captured = capture(tmp_path / "work", folder)

    assert captured.snapshot["complete"] is False
    assert captured.reason.endswith("3 files that look like code were kept, and not all of them")
    assert captured.skipped() == {"big.json": "larger than 1 MB"}


def test_without_git_commit_and_branch_are_known_and_the_files_kept(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    repository = make_repository(tmp_path / "project")
    commit = git(repository, "rev-parse", "HEAD")
    path = os.environ["PATH"]
    monkeypatch.setenv("PATH", "/nowhere")

    captured = capture(repository, folder)

    assert (captured.facts["commit"], captured.facts["branch"]) == (commit, "trunk")
    assert captured.reason == "git is not installed: 3 files that look like code were kept"
    monkeypatch.setenv("PATH", path)
    assert rebuilt(captured, tmp_path / "out") == contents(repository)


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root gives files away")
def test_a_repository_of_somebody_else_is_not_trusted_and_the_way_out_is_told(
    folder: Path, tmp_path: Path
):
    repository = make_repository(tmp_path / "project")
    for path in (repository, *repository.rglob("*")):
        os.chown(path, 65534, 65534, follow_symlinks=False)

    captured = capture(repository, folder)

    assert captured.facts["vcs"] == "unreadable"
    assert captured.reason.startswith("git does not trust the owner of this repository: 3 files")
    said = captured.facts["advice"]
    assert said == f"git config --global --add safe.directory {repository}"
    assert "dirty" not in captured.facts


def test_a_damaged_repository_leaves_at_least_the_files(folder: Path, tmp_path: Path):
    repository = make_repository(tmp_path / "project")
    (repository / ".git/index").write_bytes(b"garbage")

    captured = capture(repository, folder)

    assert captured.facts["vcs"] == "unreadable"
    assert captured.reason.startswith("git cannot read this repository (")
    assert rebuilt(captured, tmp_path / "out") == contents(repository)


def test_inside_of_a_git_folder_nothing_breaks(folder: Path, tmp_path: Path):
    repository = make_repository(tmp_path / "project")

    captured = capture(repository / ".git", folder)

    assert captured.status == "partial"


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_trees_written_here_are_those_that_git_would_write(folder: Path, tmp_path: Path, form: str):
    repository = tmp_path / "project"
    for name in ("a", "a.b", "a-b/c", "a0/d", "z/y/x", "b/c"):
        write(repository / name, name)
    git(tmp_path, "init", "-q", f"--object-format={form}", str(repository))
    git(repository, "add", "-A")
    code = CodeGit(str(folder), form)
    code.make()
    writer = ObjectWriter(code)

    files = {name: writer.add_file(os.path.join(os.fsencode(repository), name)) for name in (
        b"a", b"a.b", b"a-b/c", b"a0/d", b"z/y/x", b"b/c"
    )}  # fmt: skip
    tree = writer.add_tree(files).decode()
    writer.flush()

    assert tree == git(repository, "write-tree")
    code.run("fsck", "--strict", tree)


def test_many_captures_at_once_agree(folder: Path, tmp_path: Path):
    repository = make_repository(tmp_path / "project")
    (repository / "train.py").write_text("changed\n")
    folder.mkdir()
    script = (
        "import sys; from tui_tracker.capture.code import Origin, capture_code\n"
        "capture_code(Origin(sys.argv[1], sys.argv[2], {}), "
        "lambda status, reason, facts: print(status, facts['snapshot']['commit']))()"
    )

    many = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(folder), str(repository)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    said = [process.communicate(timeout=60) for process in many]

    assert {err for _, err in said} == {""}
    last = {out.splitlines()[-1] for out, _ in said}
    assert len(last) == 1
    assert last.pop().startswith("ok ")
    assert objects(folder)[1] == 1
    shutil.rmtree(repository)
    assert CodeGit(str(folder)).run("fsck", "--strict").strip() in (b"", b"notice: HEAD points")

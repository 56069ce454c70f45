"""Facts of the machine: commit and changes, command line, packages."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import tui_tracker as tt
from tui_tracker import drain, helper, queries
from tui_tracker.capture import git
from tui_tracker.journal_writer import JournalWriter
from tui_tracker.store import Store


def run_git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit on branch `trunk`."""
    folder = tmp_path / "project"
    folder.mkdir()
    run_git(folder, "init", "-q", "-b", "trunk")
    (folder / "train.py").write_text("print(1)\n")
    run_git(folder, "add", ".")
    run_git(folder, "commit", "-qm", "Begin")
    return folder


def test_the_commit_and_branch_are_read_from_the_files_of_git(repository: Path):
    below = repository / "src" / "deep"
    below.mkdir(parents=True)

    head = git.read_head(str(below))

    assert head == {
        "top": str(repository),
        "commit": run_git(repository, "rev-parse", "HEAD"),
        "branch": "trunk",
    }


def test_a_packed_branch_is_found(repository: Path):
    commit = run_git(repository, "rev-parse", "HEAD")
    run_git(repository, "pack-refs", "--all")

    assert git.read_head(str(repository))["commit"] == commit


def test_a_detached_head_has_a_commit_and_no_branch(repository: Path):
    commit = run_git(repository, "rev-parse", "HEAD")
    run_git(repository, "checkout", "-q", "--detach")

    head = git.read_head(str(repository))

    assert (head["commit"], head["branch"]) == (commit, None)


def test_a_linked_work_tree_reads_its_own_branch(repository: Path, tmp_path: Path):
    linked = tmp_path / "linked"
    run_git(repository, "worktree", "add", "-q", "-b", "side", str(linked))

    head = git.read_head(str(linked))

    assert (head["branch"], head["commit"]) == ("side", run_git(repository, "rev-parse", "side"))


def test_before_the_first_commit_there_is_a_branch_and_no_commit(tmp_path: Path):
    run_git(tmp_path, "init", "-q", "-b", "trunk")

    head = git.read_head(str(tmp_path))

    assert (head["commit"], head["branch"]) == (None, "trunk")


def test_outside_a_work_tree_nothing_is_said(tmp_path: Path):
    assert git.read_head(str(tmp_path)) == {}


def test_a_run_ends_with_code_environment_and_hardware_recorded(
    repository: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    (repository / "train.py").write_text("print(2)\n")
    monkeypatch.chdir(repository)

    with tt.init("lineage", store=folder, capture=True) as run:
        run.log({"loss": 1.0})

    parts = lineage(folder)
    wanted = ("code", "environment", "hardware", "process", "variables")
    assert [parts[name].status for name in wanted] == ["ok"] * 5
    assert parts["code"].facts["dirty"] is True
    assert parts["code"].facts["commit"] == run_git(repository, "rev-parse", "HEAD")


def test_outside_a_work_tree_the_code_that_is_there_is_kept(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "script.py").write_text("print(1)\n")
    monkeypatch.chdir(tmp_path)

    with tt.init("lineage", store=folder, capture=True):
        pass

    code = lineage(folder)["code"]
    assert code.status == "partial"
    assert code.reason == "not in a git work tree: 1 file that looks like code was kept"
    assert "dirty" not in code.facts
    assert code.facts["vcs"] == "none"


def test_without_git_the_commit_is_still_known_and_the_rest_is_not_called_clean(
    repository: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(repository)
    monkeypatch.setenv("PATH", "/nowhere")

    with tt.init("lineage", store=folder, capture=True):
        pass

    code = lineage(folder)["code"]
    assert code.status == "partial"
    assert code.reason.startswith("git is not installed: 1 file ")
    assert code.facts["branch"] == "trunk"
    assert "dirty" not in code.facts


def test_a_helper_that_dies_leaves_no_part_pending(folder: Path):
    run = tt.init("lineage", store=folder, capture=False)
    run.finish()
    with Store.open(folder) as store, store.write() as connection:
        connection.execute("UPDATE lineage SET status='pending'")
    path = folder / "journals" / f"{run.id}.capture.journal"
    JournalWriter(str(path), {"run": run.id, "writer": "capture"}).forget()

    part = lineage(folder)["environment"]

    assert (part.status, part.reason) == (
        "failed",
        "the helper process ended before it was recorded",
    )


def test_where_no_process_can_be_started_the_run_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sys.executable", "")

    tt.init("lineage", store=folder, capture=True).finish()

    part = lineage(folder)["hardware"]
    assert (part.status, part.reason) == (
        "failed",
        "this Python does not know where its program is",
    )


def test_a_capture_that_is_switched_off_says_so(folder: Path):
    with tt.init("lineage", store=folder, capture=False):
        pass

    part = lineage(folder)["environment"]
    assert (part.status, part.reason) == ("skipped", "capture is switched off")


def lineage(folder: Path) -> dict[str, queries.LineagePart]:
    """Return what the only run recorded, once its helper process is done."""
    helper.settle(20)
    with Store.open(folder) as store:
        drain.recover(store)
        detail = queries.get_run(store, queries.list_run_keys(store)[0])
    return {part.name: part for part in detail.lineage}

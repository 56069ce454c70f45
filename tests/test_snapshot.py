"""The snapshot of a work tree: exact, lasting, shared by equal states, and harmless."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from repositories import (
    capture,
    commit_all,
    contents,
    fingerprint,
    git,
    make_repository,
    objects,
    rebuilt,
)

from tui_tracker import code_git
from tui_tracker.capture import objects as written
from tui_tracker.capture import pinning
from tui_tracker.capture.code import Origin, capture_code
from tui_tracker.capture.worktree import parse_status
from tui_tracker.code_git import CodeGit


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "project")


@pytest.fixture
def changed(repository: Path) -> Path:
    """The work tree with the twelve changes that other tools get wrong."""
    (repository / "text.py").write_text("a = 1\n")
    (repository / "image.bin").write_bytes(bytes(range(256)))
    (repository / "old_name.py").write_text("".join(f"line {n}\n" for n in range(30)))
    (repository / "gone.py").write_text("gone\n")
    (repository / "tool").write_text("#!/bin/sh\n")
    (repository / "no_newline.txt").write_text("end\n")
    (repository / "crlf.txt").write_bytes(b"a\nb\n")
    commit_all(repository)
    (repository / "text.py").write_text("a = 2\n")
    (repository / "image.bin").write_bytes(bytes(reversed(range(256))))
    (repository / "gone.py").unlink()
    git(repository, "mv", "old_name.py", "new_name.py")
    (repository / "tool").chmod(0o755)
    (repository / "no_newline.txt").write_text("end")
    (repository / "crlf.txt").write_bytes(b"a\r\nb\r\n")
    (repository / "staged.py").write_text("new\n")
    git(repository, "add", "staged.py")
    (repository / "untracked.py").write_text("helper\n")
    (repository / "untracked.bin").write_bytes(b"\0\xff")
    (repository / "link").symlink_to("train.py")
    return repository


def test_all_twelve_changes_come_back_byte_for_byte(changed: Path, folder: Path, tmp_path: Path):
    captured = capture(changed, folder)

    assert (captured.status, captured.reason) == ("ok", "")
    assert captured.snapshot["complete"] is True
    assert rebuilt(captured, tmp_path / "out") == contents(changed)
    assert captured.store.verify(captured.commit, str(tmp_path / "out")) == []


def test_the_record_names_every_change(changed: Path, folder: Path):
    facts = capture(changed, folder).facts

    assert facts["dirty"] is True
    assert facts["changes"] == {
        "staged": 2,
        "unstaged": 6,
        "untracked": 3,
        "conflicted": 0,
        "submodule": 0,
    }
    assert facts["files"] == [
        ["M", "crlf.txt"],
        ["D", "gone.py"],
        ["M", "image.bin"],
        ["?", "link"],
        ["R", "new_name.py"],
        ["M", "no_newline.txt"],
        ["A", "staged.py"],
        ["M", "text.py"],
        ["M", "tool"],
        ["?", "untracked.bin"],
        ["?", "untracked.py"],
    ]
    assert facts["commit"] == git(changed, "rev-parse", "HEAD")
    assert facts["repository"] == git(changed, "rev-list", "--max-parents=0", "HEAD")
    assert (facts["branch"], facts["pushed"], facts["vcs"]) == ("trunk", False, "git")


def test_what_changed_on_top_of_the_commit_can_be_read_from_the_store(changed: Path, folder: Path):
    captured = capture(changed, folder)

    base = captured.store.base_of(captured.commit)

    assert base is not None
    assert captured.store.tree_of(base) == git(changed, "rev-parse", "HEAD^{tree}")
    states = {change.path: change.state for change in captured.store.changes(base, captured.commit)}
    assert states["new_name.py"] == "R"
    assert states["gone.py"] == "D"
    assert "-a = 1\n+a = 2\n" in captured.store.diff(base, captured.commit)


def test_a_clean_tree_is_the_commits_own(repository: Path, folder: Path, tmp_path: Path):
    captured = capture(repository, folder)

    assert captured.facts["dirty"] is False
    assert captured.snapshot["tree"] == git(repository, "rev-parse", "HEAD^{tree}")
    assert captured.store.base_of(captured.commit) is None
    assert rebuilt(captured, tmp_path / "out") == contents(repository)


def test_nothing_in_the_users_repository_is_touched(changed: Path, folder: Path):
    os.utime(changed / "train.py", (1, 1))  # git would refresh its index over this
    for hook in ("post-index-change", "reference-transaction", "post-checkout", "pre-commit"):
        path = changed / ".git/hooks" / hook
        path.write_text(f"#!/bin/sh\ntouch {changed}/mark\n")
        path.chmod(0o755)
    git(changed, "config", "core.fsmonitor", f"touch {changed}/mark; false")
    before = fingerprint(changed)

    capture(changed, folder)

    assert fingerprint(changed) == before
    assert not (changed / "mark").exists()


def test_the_callers_variables_of_git_lead_nowhere(
    changed: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    other = make_repository(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other / ".git/objects"))

    captured = capture(changed, folder)

    assert rebuilt(captured, tmp_path / "out") == contents(changed)
    assert os.environ["GIT_DIR"] == str(other / ".git")


def test_a_snapshot_outlives_a_rebase_and_a_sweep_of_the_repository(
    changed: Path, folder: Path, tmp_path: Path
):
    expected = contents(changed)
    captured = capture(changed, folder)

    git(changed, "reset", "-q", "--hard", "HEAD~1")
    git(changed, "clean", "-fdq")
    (changed / "train.py").write_text("rewritten\n")
    git(changed, "commit", "-qa", "--amend", "-m", "Rewritten")
    git(changed, "reflog", "expire", "--expire=now", "--all")
    git(changed, "gc", "-q", "--prune=now")

    assert captured.store.has(captured.commit)
    assert rebuilt(captured, tmp_path / "out") == expected


def test_a_snapshot_outlives_its_repository(changed: Path, folder: Path, tmp_path: Path):
    expected = contents(changed)
    captured = capture(changed, folder)

    shutil.rmtree(changed)

    assert captured.store.has(captured.commit)
    assert rebuilt(captured, tmp_path / "out") == expected


def test_equal_states_share_one_snapshot_and_one_record(changed: Path, folder: Path):
    first = capture(changed, folder)
    before = objects(folder)

    again = [capture(changed, folder) for _ in range(5)]

    assert objects(folder) == before
    assert before[1] == 1
    assert all(captured.facts == first.facts for captured in again)
    assert [captured.records for captured in again] == [1] * 5


def test_the_next_state_adds_only_what_is_new(changed: Path, folder: Path):
    capture(changed, folder)
    before = objects(folder)

    (changed / "text.py").write_text("a = 3\n")
    capture(changed, folder)

    after = objects(folder)
    assert (after[0] - before[0], after[1] - before[1]) == (3, 1)  # blob, tree, commit


def test_a_large_file_is_named_with_its_hash_and_leaves_no_old_content(
    repository: Path, folder: Path
):
    (repository / "pyproject.toml").write_text('[tool.tui_tracker.snapshot]\nmax_file = "1kB"\n')
    (repository / "train.py").write_text("#" * 2000)
    (repository / "data.csv").write_text("1" * 3000)

    captured = capture(repository, folder)

    assert (captured.status, captured.reason) == ("partial", "2 files are not in the snapshot")
    skipped = captured.snapshot["skipped"]
    assert [(s["path"], s["size"], s["why"]) for s in skipped] == [  # type: ignore[attr-defined]
        ("data.csv", 3000, "larger than 0.001 MB"),
        ("train.py", 2000, "larger than 0.001 MB"),
    ]
    assert captured.snapshot["complete"] is False
    names = [file.path for file in captured.store.list_files(captured.commit)]
    assert names == ["pyproject.toml", "run.sh", "src/model.py"]


def test_small_source_files_go_first_where_there_is_too_much(repository: Path, folder: Path):
    text = '[tool.tui_tracker.snapshot]\nmax_untracked = "1500B"\n'
    (repository / "pyproject.toml").write_text(text)
    (repository / "a.log").write_text("1" * 1000)
    (repository / "z.py").write_text("2" * 1000)

    captured = capture(repository, folder)

    assert captured.skipped() == {"a.log": "too many bytes in untracked files"}


def test_caches_environments_and_the_store_are_counted_not_kept(repository: Path):
    store = repository / "runs"
    made = "runs/store.db env/pyvenv.cfg env/lib/x.py __pycache__/a.pyc src/__pycache__/b.pyc"
    for name in made.split():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text("x")

    captured = capture(repository, store)

    assert captured.snapshot["left_out"] == {"caches": 2, "store": 1, "virtual environments": 1}
    assert (captured.facts["dirty"], captured.status) == (False, "ok")
    assert capture(repository, store).facts == captured.facts


def test_an_ignored_file_goes_in_where_the_process_imported_it(repository: Path, folder: Path):
    (repository / ".gitignore").write_text("*.local.py\n__pycache__\n")
    (repository / "settings.local.py").write_text("lr = 1\n")
    (repository / "other.local.py").write_text("lr = 2\n")
    modules = {"modules": [{"name": "settings", "path": "settings.local.py", "sha256": ""}]}

    captured = capture(repository, folder, {"modules": modules})

    names = [file.path for file in captured.store.list_files(captured.commit)]
    assert "settings.local.py" in names
    assert "other.local.py" not in names


def test_secrets_in_changed_files_are_told_by_place_and_never_by_value(
    repository: Path, folder: Path
):
    token = "ghp_" + "a1B2" * 9
    (repository / "train.py").write_text(f"print(1)\nTOKEN = '{token}'\n")

    captured = capture(repository, folder)

    assert captured.facts["secrets"] == [{"path": "train.py", "line": 2, "kind": "GitHub token"}]
    assert token not in repr(captured.facts)


def test_the_entry_is_named_by_its_path_and_hash(repository: Path, folder: Path):
    process = {"argv": ["python", "-u", "train.py", "--lr", "1"], "script": "train.py"}

    captured = capture(repository, folder, {"process": process})

    entry = captured.facts["entry"]
    assert isinstance(entry, dict)
    assert (entry["kind"], entry["path"], len(str(entry["sha256"]))) == ("script", "train.py", 64)


def test_a_remote_tells_no_password_and_a_pushed_commit_is_known(repository: Path, folder: Path):
    git(repository, "remote", "add", "origin", "https://me:s3cret@example.org/p.git")
    git(repository, "update-ref", "refs/remotes/origin/trunk", "HEAD")

    facts = capture(repository, folder).facts

    assert (facts["remote"], facts["pushed"]) == ("https://example.org/p.git", True)


def test_a_file_that_may_not_be_read_is_named(
    repository: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    (repository / "closed.py").write_text("x")
    monkeypatch.setattr(os, "access", lambda path, *_, **__: not str(path).endswith("closed.py'"))

    captured = capture(repository, folder)

    assert captured.skipped() == {"closed.py": "may not be read"}


def test_a_folder_that_may_not_be_read_is_told_by_git():
    said = ["warning: could not open directory 'it's mine/deep/': Permission denied"]

    status = parse_status(b"# branch.oid (initial)\0", warnings=said)

    assert status.closed == [b"it's mine/deep"]


def test_files_that_git_packed_are_not_written_again(changed: Path, folder: Path):
    captured = capture(changed, folder)
    CodeGit(str(folder)).run("gc", "--quiet")
    before = objects(folder)

    again = capture(changed, folder)

    assert (again.commit, again.records) == (captured.commit, 1)
    assert objects(folder)[0] == before[0]


def test_many_files_read_from_disk_are_packed(
    repository: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for number in range(30):
        (repository / f"m{number}.py").write_text(f"{number}\n")
    monkeypatch.setattr(pinning, "_MANY", 20)

    captured = capture(repository, folder)

    assert objects(folder)[0] < 10
    assert rebuilt(captured, tmp_path / "out") == contents(repository)


def test_files_that_are_written_to_meanwhile_are_as_they_were_when_they_were_read(
    repository: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    logs = [repository / "one.log", repository / "two.log"]
    exists = os.path.exists

    def grow(path: str) -> bool:
        for log in logs:
            with log.open("a") as file:
                file.write("x")
        return exists(path)

    grow("")
    monkeypatch.setattr(os.path, "exists", grow)
    monkeypatch.setattr(written, "_MOST_HELD", 0)

    captured = capture(repository, folder)

    assert (captured.status, captured.snapshot["complete"]) == ("ok", True)
    assert set(captured.store.read_file(captured.commit, "one.log")) == {ord("x")}


def test_a_clone_that_borrows_objects_of_another_is_whole(
    repository: Path, folder: Path, tmp_path: Path
):
    git(tmp_path, "clone", "-q", "--shared", str(repository), str(tmp_path / "clone"))
    (tmp_path / "clone/train.py").write_text("x\n")
    captured = capture(tmp_path / "clone", folder)
    expected = contents(tmp_path / "clone")

    shutil.rmtree(repository)
    shutil.rmtree(tmp_path / "clone")

    assert rebuilt(captured, tmp_path / "out") == expected


def test_a_disk_with_little_room_is_left_to_the_runs_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    top = make_repository(tmp_path / "project")
    (top / "train.py").write_text("changed\n")
    monkeypatch.setattr(code_git, "RESERVE", 10**18)
    records: list[object] = []

    with pytest.raises(OSError, match="too little room"):
        capture_code(Origin(str(tmp_path / "store"), str(top), {}), lambda *r: records.append(r))

    files = [path for path in (tmp_path / "store/code.git/objects").rglob("*") if path.is_file()]
    assert (records, files) == ([], [])

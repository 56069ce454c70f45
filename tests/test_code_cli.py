"""`tt code` and what `tt gc` does to snapshots."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from repositories import contents, git, make_repository, objects

import tui_tracker as tt
from tui_tracker import drain, helper
from tui_tracker.code_store import CodeStore
from tui_tracker.store import Store

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    repository = make_repository(tmp_path / "project")
    (repository / "train.py").write_text("print(2)\n")
    (repository / "helper.py").write_text("lr = 1\n")
    return repository


def log_captured(repository: Path, folder: Path, name: str, patch: pytest.MonkeyPatch) -> tt.Run:
    """Log a run in a repository, its code captured."""
    patch.chdir(repository)
    with tt.init("code", name, store=folder, capture=True) as run:
        run.log({"loss": 1.0})
    helper.settle(30)
    with Store.open(folder) as store:
        drain.recover(store)
    return run


def test_the_code_of_a_run_is_listed(
    repository: Path, folder: Path, tt_: Cli, monkeypatch: pytest.MonkeyPatch
):
    log_captured(repository, folder, "one", monkeypatch)

    code, out, err = tt_("code", "one")

    commit = git(repository, "rev-parse", "HEAD")
    assert (code, err) == (0, "")
    assert f"{commit}, on trunk" in out
    assert "1 unstaged, 1 untracked; +2 -1 lines" in out
    assert "4 files" in out
    assert [line.split() for line in out.splitlines()[-2:]] == [
        ["?", "helper.py", "1", "0"],
        ["M", "train.py", "1", "1"],
    ]


def test_the_listing_as_json_has_files_and_changes(
    repository: Path, folder: Path, tt_: Cli, monkeypatch: pytest.MonkeyPatch
):
    run = log_captured(repository, folder, "one", monkeypatch)

    facts = json.loads(tt_("code", "one", "--json")[1])

    assert (facts["run"], facts["status"], facts["dirty"]) == (run.id, "ok", True)
    assert [file["path"] for file in facts["files_in_snapshot"]] == [
        *("helper.py", "run.sh", "src/model.py", "train.py")
    ]
    assert [change["state"] for change in facts["changed_in_snapshot"]] == ["A", "M"]


def test_the_work_tree_is_rebuilt_after_everything_was_discarded(
    repository: Path, folder: Path, tt_: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    expected = contents(repository)
    log_captured(repository, folder, "one", monkeypatch)
    git(repository, "checkout", "-q", "--", ".")
    git(repository, "clean", "-fdq")

    code, out, err = tt_("code", "one", "--out", str(tmp_path / "out"))

    assert (code, out) == (0, "")
    assert err == f"4 files written to {tmp_path / 'out'}, all as they were\n"
    assert contents(tmp_path / "out") == expected


def test_a_folder_that_holds_files_is_refused_unless_forced(
    repository: Path, folder: Path, tt_: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    log_captured(repository, folder, "one", monkeypatch)
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine").write_text("precious")

    refused = tt_("code", "one", "--out", str(out))
    forced = tt_("code", "one", "--out", str(out), "--force")

    assert (refused[0], forced[0]) == (2, 0)
    assert "holds files already" in refused[2]
    assert (out / "mine").read_text() == "precious"


def test_an_incomplete_snapshot_is_written_and_answered_with_1(
    repository: Path, folder: Path, tt_: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (repository / "weights.bin").write_bytes(bytes(6_000_000))
    log_captured(repository, folder, "one", monkeypatch)

    code, _, err = tt_("code", "one", "--out", str(tmp_path / "out"))

    assert code == 1
    assert "weights.bin is not in the snapshot: larger than 5 MB" in err


def test_the_uncommitted_change_is_printed_without_secrets(
    repository: Path, folder: Path, tt_: Cli, monkeypatch: pytest.MonkeyPatch
):
    token = "hf_" + "aB3d" * 8
    (repository / "helper.py").write_text(f"token = '{token}'\n")
    log_captured(repository, folder, "one", monkeypatch)

    code, out, _ = tt_("code", "one", "--diff")

    assert code == 1
    assert "-print(1)\n+print(2)\n" in out
    assert "+token = '***(sha256:" in out
    assert token not in out


def test_a_run_without_a_snapshot_is_told_in_one_sentence(
    tt_: Cli, log_run: Callable[..., tt.Run], tmp_path: Path
):
    log_run("plain")

    code, _, err = tt_("code", "plain", "--out", str(tmp_path / "out"))

    assert code == 2
    assert err == "tt: run 'plain' has no snapshot of its code: capture is switched off\n"


def test_gc_removes_snapshots_of_removed_runs_and_keeps_the_others(
    repository: Path, folder: Path, tt_: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    log_captured(repository, folder, "kept", monkeypatch)
    expected = contents(repository)
    (repository / "big.py").write_text("".join(f"{n * 7919}\n" for n in range(9999)))
    log_captured(repository, folder, "removed", monkeypatch)
    removed = json.loads(tt_("code", "removed", "--json")[1])["snapshot"]["commit"]
    tt_("rm", "removed")
    for path in (folder / "code.git").rglob("*"):
        if path.is_file() and "config" not in path.name:
            os.utime(path, (1, 1))

    code, _, err = tt_("gc")

    assert code == 0
    assert "1 snapshot of code" in err
    assert tt_("code", "kept", "--out", str(tmp_path / "out"))[0] == 0
    assert contents(tmp_path / "out") == expected
    assert not CodeStore(str(folder)).has(removed)


def test_gc_spares_a_snapshot_that_was_just_kept(
    repository: Path, folder: Path, tt_: Cli, monkeypatch: pytest.MonkeyPatch
):
    log_captured(repository, folder, "removed", monkeypatch)
    tt_("rm", "removed")
    kept = objects(folder)[1]

    tt_("gc")

    assert objects(folder)[1] == kept >= 1


def test_doctor_notices_code_that_is_gone_or_damaged(
    repository: Path, folder: Path, tt_: Cli, monkeypatch: pytest.MonkeyPatch
):
    log_captured(repository, folder, "one", monkeypatch)
    well = tt_("doctor", "--deep")

    for path in (folder / "code.git/objects").rglob("*"):
        if path.is_file() and path.suffix != ".idx":
            path.chmod(0o644)
            path.write_bytes(path.read_bytes()[:-1] + b"?")
    damaged = tt_("doctor", "--deep")
    shutil.rmtree(folder / "code.git")
    gone = tt_("doctor")

    assert (well[0], damaged[0], gone[0]) == (0, 1, 1)
    assert "1 snapshot" in well[1]
    assert "the code of run 'one' cannot be read" in damaged[1] + damaged[2]
    assert "the code of run 'one' is gone from the store" in gone[1] + gone[2]

"""Which file a run was started from, and what its process said of itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from repositories import capture, make_repository

import tui_tracker as tt
from tui_tracker.capture import code
from tui_tracker.capture.announced import read_announced
from tui_tracker.capture.entry import find_entry
from tui_tracker.capture.worktree import Deadline


@pytest.fixture
def work(tmp_path: Path) -> Path:
    for name in ("train.py", "pkg/__main__.py", "pkg/tool.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x\n")
    return tmp_path


@pytest.mark.parametrize(
    ("argv", "kind", "path"),
    [
        ("python train.py --lr 1", "script", "train.py"),
        ("python -u -X dev -W ignore train.py", "script", "train.py"),
        ("python -m pkg.tool --x", "module", "pkg/tool.py"),
        ("python -um pkg", "module", "pkg/__main__.py"),
        ("python -mpkg", "module", "pkg/__main__.py"),
        ("python pkg", "script", "pkg/__main__.py"),
        ("python -c print(1)", "stdin", None),
        ("python -", "stdin", None),
        ("python", "repl", None),
        ("python gone.py", "script", None),
        ("python -m nowhere", "module", None),
    ],
)
def test_the_entry_follows_from_the_command_line(work: Path, argv: str, kind: str, path: str):
    entry = find_entry(str(work), str(work), {"argv": argv.split()}, [])

    assert (entry.kind, entry.path) == (kind, str(work / path) if path else None)


def test_a_modules_own_word_on_its_file_is_believed(work: Path):
    modules = [{"name": "__main__", "path": "pkg/tool.py"}]

    entry = find_entry("/", str(work), {"argv": ["python", "-m", "renamed"]}, modules)

    assert entry.path == str(work / "pkg/tool.py")


def test_a_notebook_is_known_by_its_session(work: Path, monkeypatch: pytest.MonkeyPatch):
    (work / "a.ipynb").write_text("{}")
    monkeypatch.setenv("JPY_SESSION_NAME", "a.ipynb")

    entry = find_entry(str(work), str(work), {"script": "notebook"}, [])

    assert entry.facts(str(work))["path"] == "a.ipynb"


def test_what_a_process_announced_is_read_while_it_runs_and_afterwards(folder: Path):
    run = tt.init("exp", store=folder)
    while_it_runs = read_announced(str(folder), run.id)
    run.finish()

    assert while_it_runs["process"]["pid"] == os.getpid()
    assert read_announced(str(folder), run.id) == while_it_runs
    assert read_announced(str(folder / "nowhere"), run.id) == {}


def test_a_capture_that_takes_too_long_keeps_what_there_is(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    repository = make_repository(tmp_path / "project")
    monkeypatch.setattr(code, "LIMIT_S", 0.0)
    # Git may well be done within the millisecond that is the least it gets.
    monkeypatch.setattr(Deadline, "left", lambda *_: 1e-9)

    captured = capture(repository, folder)

    assert captured.status == "partial"
    assert "took longer than" in captured.reason
    assert [f.path for f in captured.store.list_files(captured.commit)] == [
        *("run.sh", "src/model.py", "train.py")
    ]


def test_any_folder_can_be_kept(folder: Path, tmp_path: Path):
    package = make_repository(tmp_path / "package")
    folder.mkdir()

    status, _, facts = code.take_snapshot(str(folder), str(package))

    assert (status, facts["dirty"]) == ("ok", False)

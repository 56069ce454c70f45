"""What the commands that change runs do, say and return."""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import tui_tracker as tt
from tui_tracker import cli

LogRun = Callable[..., tt.Run]
Cli = Callable[..., str]


@pytest.fixture
def tt_(folder: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run a command that must succeed; return what it says on standard error."""

    def run(*arguments: str) -> str:
        capsys.readouterr()
        code = cli.main(["--store", str(folder), *arguments])
        said = capsys.readouterr()
        assert (code, said.out) == (0, "")
        return said.err

    return run


@pytest.fixture
def names(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., list[str]]:
    """Return the names that `tt ls` lists."""

    def run(*arguments: str) -> list[str]:
        cli.main(["--store", str(folder), "ls", "--json", *arguments])
        return [run["name"] for run in json.loads(capsys.readouterr().out)]

    return run


def test_tags_are_added_and_removed(
    tt_: Cli, log_run: LogRun, names: Callable[..., list[str]]
) -> None:
    log_run("a")
    log_run("b")

    said = [
        tt_("tag", "a", "good", "purpose:baseline", "--run", "b"),
        tt_("tag", "a", "good"),
        tt_("untag", "b", "good"),
        tt_("untag", "b", "good"),
    ]

    assert said == [
        "2 runs tagged\n",
        "nothing to do: the tags are there\n",
        "1 run untagged\n",
        "nothing to do: no such tag is there\n",
    ]
    assert names("good") == ["a"]


def test_a_note_is_read_from_standard_input(
    tt_: Cli,
    log_run: LogRun,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    log_run("a")
    monkeypatch.setattr("sys.stdin", io.StringIO("first\nsecond\n"))

    tt_("note", "a", "-")
    tt_("note", "a", "in", "words")

    cli.main(["--store", str(folder), "show", "a", "--json"])
    assert json.loads(capsys.readouterr().out)["notes"] == ["first\nsecond", "in words"]


def test_a_renamed_run_is_found_by_its_new_name(tt_: Cli, log_run: LogRun) -> None:
    log_run("a")

    said = [tt_("rename", "a", "b"), tt_("rename", "b", "b")]

    assert said == ["renamed to 'b'\n", "nothing to do: it has that name\n"]


def test_archived_runs_are_listed_only_when_asked_for(
    tt_: Cli, log_run: LogRun, names: Callable[..., list[str]]
) -> None:
    log_run("a")
    log_run("b")

    assert tt_("archive", "a") == "1 run archived\n"

    assert (names(), names("--archived")) == (["b"], ["b", "a"])
    assert tt_("restore", "a") == "1 run restored\n"
    assert names() == ["b", "a"]


def test_the_trash_gives_back_until_it_is_emptied(
    tt_: Cli, log_run: LogRun, names: Callable[..., list[str]]
) -> None:
    for name in "abc":
        log_run(name, loss=[1.0])

    said = tt_("rm", "a", "b", "c")

    assert said == "3 runs put into the trash: tt undo brings back, tt gc removes\n"
    assert (names(), names("--trash")) == ([], ["c", "b", "a"])
    tt_("restore", "b")
    assert tt_("gc").startswith("2 runs removed for good, 0 unused files")
    assert (names(), names("--trash")) == (["b"], [])


def test_a_running_run_is_not_thrown_away(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tt.init("e", "live", store=folder)
    run.log({"loss": 1.0})

    code = cli.main(["--store", str(folder), "rm", "live"])

    assert code == 2
    assert capsys.readouterr().err == (
        "tt: 'live' is still running: stop it before it goes to the trash\n"
    )


def test_undo_says_what_it_took_back(tt_: Cli, log_run: LogRun) -> None:
    log_run("a")
    tt_("rm", "a")

    said = [tt_("undo"), tt_("undo")]

    assert said[0].startswith("took back rm of 'a' (by ")
    assert said[1] == "nothing to undo\n"


def test_gc_removes_the_files_of_removed_runs(tt_: Cli, folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(b"x" * 2000)
    run = tt.init("e", "a", store=folder)
    run.log_artifact(path)
    run.finish()
    (stored,) = (path for path in (folder / "artifacts").rglob("*") if path.is_file())
    os.utime(stored, (time.time() - 9999,) * 2)
    tt_("rm", "a")

    said = tt_("gc")

    assert said.startswith("1 run removed for good, 1 unused file (2.0 kB)")
    assert not stored.exists()

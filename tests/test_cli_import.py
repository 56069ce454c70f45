"""`tt import` and `tt open`: what other tools left, copied and looked at."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tui_tracker.importers.opening import OpenedInPlace

Tt = Callable[..., tuple[int, str, str]]


def write_curve(path: Path, rows: int = 3, start: float = 1.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ["epoch,loss,acc", *(f"{row},{start / (row + 1)!r},0.{row}" for row in range(rows))]
    path.write_text("\n".join(lines) + "\n")
    return path


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """A folder with two tables of curves."""
    folder = tmp_path / "left"
    write_curve(folder / "a" / "train.csv")
    write_curve(folder / "b" / "train.csv", start=2.0)
    return folder


def test_an_import_says_what_came_in_and_again_that_it_is_there(tt_: Tt, left: Path):
    code, out, _ = tt_("import", str(left), "--json")
    first = json.loads(out)
    again = json.loads(tt_("import", str(left), "--json")[1])

    assert code == 0
    assert {"tool", "imported", "updated", "skipped", "warnings"} <= set(first)
    assert (first["tool"], len(first["imported"])) == ("table", 2)
    assert (again["imported"], again["updated"]) == ([], [])
    assert sorted(again["same"]) == sorted(first["imported"])


def test_a_run_that_grew_is_brought_up_to_date(tt_: Tt, left: Path):
    imported = json.loads(tt_("import", str(left), "--json")[1])["imported"]
    write_curve(left / "a" / "train.csv", rows=5)

    again = json.loads(tt_("import", str(left), "--json")[1])

    assert len(again["updated"]) == 1
    assert again["updated"][0] in imported
    shown = json.loads(tt_("show", again["updated"][0], "--json")[1])
    assert shown["metrics"]["loss"]["count"] == 5
    assert shown["source"]["tool"] == "table"


def test_a_dry_run_lists_what_would_be_read_and_makes_no_store(tt_: Tt, left: Path, folder: Path):
    code, out, err = tt_("import", str(left), "--dry-run")

    assert code == 0
    assert out.count("table") == 2
    assert "step: 'epoch'" in err
    assert not folder.exists()


def test_columns_that_are_told_count_in_place_of_the_guess(tt_: Tt, tmp_path: Path):
    path = tmp_path / "odd.csv"
    path.write_text("n,a,b\n0,1.5,7\n10,2.5,8\n20,3.5,9\n")

    tt_("import", str(path), "--columns", "step=n,metric=a")

    (run,) = json.loads(tt_("ls", "--json")[1])
    assert run["metrics"]["a"]["last_step"] == 20
    assert "b" not in run["metrics"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("import", "nowhere"), "nothing at 'nowhere'"),
        (("open", "nowhere"), "nothing at 'nowhere'"),
        (("import", "x.csv", "--from", "wandb"), "no run of wandb"),
        (("import", "x.csv", "--from", "wandbb"), "no tool named 'wandbb'"),
        (("import", "x.csv", "--columns", "step"), "ROLE=COLUMN"),
        (("open", "x.csv", "--columns", "step=epo", "ls"), "did you mean 'epoch'?"),
        (("open", "x.csv", "tag", "x"), "'tag' cannot be asked"),
        (("open", "x.csv", "--from"), "--from needs a value"),
    ],
)
def test_a_mistake_is_answered_in_one_sentence(
    tt_: Tt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
):
    monkeypatch.chdir(tmp_path)
    write_curve(tmp_path / "x.csv")

    code, out, err = tt_(*arguments)

    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


def test_a_folder_without_runs_says_which_tools_can_be_read(tt_: Tt, tmp_path: Path):
    (tmp_path / "empty").mkdir()

    code, _, err = tt_("import", str(tmp_path / "empty"))

    assert code == 2
    assert "wandb" in err
    assert "mlflow" in err


def test_what_is_open_answers_commands_and_is_not_changed(tt_: Tt, left: Path, folder: Path):
    before = hashes(left)

    code, out, _ = tt_("open", str(left), "ls", "loss < 0.5", "--json")

    runs = json.loads(out)
    assert code == 0
    assert [run["metrics"]["loss"]["last"] for run in runs] == [1 / 3]
    assert hashes(left) == before
    assert not folder.exists()
    opened = Path(os.environ["XDG_CACHE_HOME"]) / "tui_tracker" / "opened"
    assert list(opened.iterdir()) == []


def test_a_path_alone_opens_it(left: Path):
    done = subprocess.run(
        [sys.executable, "-m", "tui_tracker.cli", str(left)], capture_output=True, text=True
    )

    assert done.returncode == 0
    assert done.stdout.count("train.csv") == 2


def test_a_store_of_ours_is_opened_as_one(tt_: Tt, log_run: Callable[..., object], folder: Path):
    log_run("ours", loss=[1.0])

    code, out, _ = tt_("open", str(folder), "ls")

    assert code == 0
    assert "ours" in out


def test_a_file_that_grows_is_followed(left: Path):
    with OpenedInPlace(left) as opened:
        opened.wait()
        write_curve(left / "a" / "train.csv", rows=9)
        with opened.store() as store:
            until = time.monotonic() + 10
            while store.read("SELECT max(points) FROM run") != [(18,)]:
                assert time.monotonic() < until
                time.sleep(0.05)


def test_the_reader_ends_with_whoever_opened_it(left: Path):
    script = (
        "import sys, time; from pathlib import Path\n"
        "from tui_tracker.importers.opening import OpenedInPlace\n"
        f"opened = OpenedInPlace(Path({str(left)!r})); opened.wait()\n"
        "print(opened._process.pid, flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as opener:
        assert opener.stdout is not None
        reader = int(opener.stdout.readline())
        opener.kill()

    until = time.monotonic() + 10
    while _is_alive(reader):
        assert time.monotonic() < until
        time.sleep(0.05)
    # What the killed one left is removed by the next one.
    with OpenedInPlace(left) as opened:
        assert [path.name for path in opened.folder.parent.iterdir()] == [opened.folder.name]


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_what_was_read_before_the_reader_was_killed_is_told_as_such(left: Path):
    with OpenedInPlace(left) as opened:
        opened.wait()
        opened._process.kill()
        opened._process.wait()

        now = opened.wait()

    assert now.runs == 2
    assert "the process that reads it ended" in now.error

"""What `tt doctor` finds in a store, what it mends, and what it copies."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tui_tracker as tt
from tui_tracker import cli
from tui_tracker.queries import list_run_keys
from tui_tracker.store import Store

LogRun = Callable[..., tt.Run]
Doctor = Callable[..., tuple[int, dict[str, list[str]]]]


@pytest.fixture
def doctor(folder: Path, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """Run `tt doctor`; return its exit code and the problems by check."""

    def run(*arguments: str) -> tuple[int, dict[str, list[str]]]:
        code = cli.main(["--store", str(folder), "doctor", "--json", *arguments])
        report: dict[str, Any] = json.loads(capsys.readouterr().out)
        found = {check["check"]: check["problems"] for check in report["checks"]}
        assert report["problems"] == sum(map(len, found.values()))
        return code, found

    return run


def change(folder: Path, sql: str, *values: object) -> None:
    connection = sqlite3.connect(folder / "store.db")
    connection.execute(sql, values)
    connection.commit()
    connection.close()


def stored_file(folder: Path) -> Path:
    (path,) = (path for path in (folder / "artifacts").rglob("*") if path.is_file())
    return path


@pytest.fixture
def with_file(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(b"weights")
    run = tt.init("e", "a", store=folder)
    run.log_artifact(path)
    run.finish()


def test_a_whole_store_is_well(
    doctor: Doctor, log_run: LogRun, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log_run("a", loss=[float("nan"), 1.0, float("inf")] * 1000, other=[1.0])

    code, found = doctor("--deep")

    assert code == 0
    assert found == {
        name: []
        for name in ("recovery", "database", "series", "texts", "artifacts", "code", "journals")
    }
    cli.main(["--store", str(folder), "doctor"])
    assert capsys.readouterr().out.endswith("all is well\n")


def test_a_run_that_was_killed_is_recovered_and_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = (
        "import os, signal, sys, tui_tracker as tt\n"
        "run = tt.init('e', 'victim', store=sys.argv[1])\n"
        "for step in range(100): run.log({'loss': 1.0}, step=step)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(folder)], check=False)

    code = cli.main(["--store", str(folder), "doctor"])

    assert (done.returncode, code) == (-signal.SIGKILL, 0)
    out = capsys.readouterr().out
    assert "brought in 100 points from journals; found 1 run dead: victim (crashed)" in out


def test_a_damaged_journal_is_told_and_kept(doctor: Doctor, folder: Path) -> None:
    run = tt.init("e", "a", store=folder)
    for step in range(50):
        run.log({"loss": 1.0}, step=step)
    run._live.stop()
    path = Path(run._journal.path)
    copy = path.read_bytes()
    run.finish()
    broken = bytearray(copy)
    broken[len(broken) // 2] ^= 0xFF
    other = path.with_name("01a20788-a168-7f4f-8e95-72b7ff1b8b9d.journal")
    other.write_bytes(broken)

    code, found = doctor()

    assert code == 1
    assert "damaged" in found["recovery"][0]
    assert "the file is kept until you delete it" in found["journals"][0]


def test_points_that_do_not_add_up_are_found(doctor: Doctor, log_run: LogRun, folder: Path) -> None:
    run = log_run("a", loss=[1.0, 2.0])
    change(folder, "UPDATE metric SET count=5")

    code, found = doctor()

    assert code == 1
    assert found["series"] == [
        f"'loss' of 'a' ({run.id}) has 2 points in its blocks and 5 in its totals"
    ]


@pytest.mark.parametrize(
    ("sql", "wanted"),
    [
        ("DELETE FROM block", "is gone"),
        ("UPDATE block SET data=x'0102'", "cannot be decoded"),
        ("UPDATE block SET data=x'00ff00ff00ff00ff00ff00ff'", "cannot be decoded"),
        ("UPDATE series_block SET max=99", "has other smallest and largest values"),
        ("UPDATE series_block SET n=1; UPDATE metric SET count=1", "holds 2 points"),
    ],
)
def test_a_wrong_block_is_found(
    doctor: Doctor, log_run: LogRun, folder: Path, sql: str, wanted: str
) -> None:
    log_run("a", loss=[1.0, 2.0])
    for statement in sql.split(";"):
        change(folder, statement)

    code, found = doctor()

    assert code == 1
    assert wanted in found["series"][-1]


def test_every_byte_of_a_block_may_be_wrong_without_a_traceback(
    doctor: Doctor, log_run: LogRun, folder: Path, store: Store
) -> None:
    log_run("a", loss=[1.0, 2.5, 3.25])
    ((whole,),) = store.read("SELECT data FROM block")

    for place in range(len(whole)):
        broken = bytearray(whole)
        broken[place] ^= 0xFF
        change(folder, "UPDATE block SET data=?", bytes(broken))
        code, _ = doctor()
        assert code in (0, 1)  # times and steps have no second record to differ from


def test_a_text_that_is_gone_is_found(doctor: Doctor, log_run: LogRun, folder: Path) -> None:
    log_run("a", params={"long": "x" * 1000})
    change(folder, "DELETE FROM content WHERE digest IN (SELECT digest FROM param)")

    code, found = doctor()

    assert (code, found["texts"]) == (1, ["the param text of run 'a' is gone"])


@pytest.mark.usefixtures("with_file")
def test_a_stored_file_that_is_gone_or_cut_is_found(doctor: Doctor, folder: Path) -> None:
    stored = stored_file(folder)
    stored.write_bytes(b"wei")
    cut = doctor()[1]["artifacts"]
    stored.unlink()

    gone = doctor()[1]["artifacts"]

    assert cut == ["the stored copy of a: model.bin has 3 bytes and had 7"]
    assert gone == ["the stored copy of a: model.bin is gone"]


@pytest.mark.usefixtures("with_file")
def test_only_a_deep_look_compares_hashes(doctor: Doctor, folder: Path) -> None:
    stored_file(folder).write_bytes(b"WEIGHTS")

    shallow, deep = doctor(), doctor("--deep")

    assert shallow[0] == 0
    assert deep[1]["artifacts"] == [
        "the stored copy of a: model.bin was changed: its hash is another"
    ]


def test_a_database_that_is_torn_is_trouble_in_one_sentence(
    doctor: Doctor, log_run: LogRun, folder: Path
) -> None:
    log_run("a", loss=[1.0] * 3000, other=[2.0])
    path = folder / "store.db"
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 3)
        file.write(os.urandom(size // 3))

    code, found = doctor()

    assert code == 1
    assert found["database"]


def test_a_backup_is_made_while_a_run_writes(doctor: Doctor, folder: Path, tmp_path: Path) -> None:
    run = tt.init("e", "live", store=folder)
    run.log({"loss": 0.5})
    target = tmp_path / "backup.db"

    code, found = doctor("--backup", str(target))

    run.log({"loss": 0.25})
    run.finish()
    assert (code, found["backup"]) == (0, [])
    again = tmp_path / "again"
    again.mkdir()
    target.rename(again / "store.db")
    with Store.open(again) as copy:
        assert len(list_run_keys(copy)) == 1
        assert copy.read("SELECT count FROM metric") == [(1,)]


@pytest.mark.usefixtures("store")
def test_a_backup_never_writes_over_a_file(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "precious"
    target.write_text("mine")

    code = cli.main(["--store", str(folder), "doctor", "--backup", str(target)])

    assert code == 2
    assert "exists already" in capsys.readouterr().err
    assert target.read_text() == "mine"


@pytest.mark.usefixtures("store")
def test_a_backup_that_cannot_be_written_is_trouble(doctor: Doctor, tmp_path: Path) -> None:
    code, found = doctor("--backup", str(tmp_path / "no" / "folder" / "b.db"))

    assert code == 2
    assert len(found["backup"]) == 1

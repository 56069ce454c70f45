"""A disk that is full while a run goes on: nothing ends, one sentence, as little lost as can be."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from processes import points, run, the_run, waiting_journals

from tui_tracker.cli import main
from tui_tracker.drain import recover
from tui_tracker.store import Store

SIZE = 2 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if done.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


FILL = """
from tui_tracker import live
live._FINISH_WAIT_S = 0.2
def fill():
    with open(disk + "/filler", "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
def free():
    os.unlink(disk + "/filler")
disk = os.path.dirname(folder)
"""


def test_a_disk_that_is_full_for_a_while_costs_one_sentence_and_no_call(disk):
    folder = disk / "store"
    done = run(
        folder,
        FILL
        + """
with tt.init("e", "one") as r:
    r.log({"loss": 0}, step=0)
    fill()
    for step in range(1, 5000):
        r.log({"loss": step, "accuracy": 1}, step=step)
    r.note("while it was full")
    while not r._live._told:
        time.sleep(0.01)
    free()
    for step in range(5000, 5010):
        r.log({"loss": step}, step=step)
""",
    )

    one = the_run(folder)
    assert (done.returncode, one.row.status, one.lost, one.lost_why) == (0, "finished", 0, "")
    assert points(folder, "loss") == [(step, step) for step in range(5010)]
    assert [note.text for note in one.notes] == ["while it was full"]
    assert len(done.stderr.splitlines()) <= 2
    assert all("disk is full" in line for line in done.stderr.splitlines())


def test_a_disk_that_stays_full_leaves_whole_records_and_a_count_of_the_lost(disk):
    folder = disk / "store"
    done = run(
        folder,
        FILL
        + """
r = tt.init("e", "one")
for step in range(100):
    r.log({"loss": step}, step=step)
fill()
for step in range(100, 400):
    r.log({"loss": step}, step=step)
r.finish()
print("trained")
""",
    )
    (disk / "filler").unlink()

    one = the_run(folder)
    found = points(folder, "loss")
    assert (done.returncode, done.stdout) == (0, "trained\n")
    assert "records were lost: the disk is full" in done.stderr.splitlines()[-1]
    assert len(done.stderr.splitlines()) <= 3
    assert found == [(step, step) for step in range(len(found))]
    assert 100 <= len(found) <= 400
    assert one.row.status in ("finished", "crashed")
    assert f"{400 - len(found) + (one.row.status == 'crashed')} records were lost" in done.stderr


def test_a_store_that_is_full_when_it_is_drained_keeps_the_journal(disk):
    folder = disk / "store"
    with Store.open(folder, create=True) as store:
        store.read("SELECT 1")
    run(
        folder,
        """
        import random
        r = tt.init("e", "one")
        for step in range(8000):
            r.log({"a": random.random(), "b": random.random()}, step=step)
        os._exit(1)
        """,
    )
    with Store.open(folder) as store:
        fill(disk)
        full = recover(store)
        left = waiting_journals(folder)
        (disk / "filler").unlink()
        again = recover(store)

    assert (len(full.problems), full.points) == (1, 0)
    assert "full" in full.problems[0]
    assert (len(left), again.problems, waiting_journals(folder)) == (1, (), [])
    assert (the_run(folder).points, the_run(folder).row.status) == (16_000, "crashed")


def fill(disk: Path) -> None:
    with open(disk / "filler", "wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


def test_an_artifact_that_finds_no_room_is_named_and_known_by_its_hash(disk, tmp_path):
    folder = disk / "store"
    (tmp_path / "model.pt").write_bytes(os.urandom(3 << 20))
    done = run(
        folder,
        f"""
        with tt.init("e", "one") as r:
            r.log_artifact({str(tmp_path / "model.pt")!r})
            r.log({{"loss": 1}})
        """,
    )

    one = the_run(folder)
    (artifact,) = one.artifacts
    assert (done.returncode, done.stderr, one.row.status, one.points) == (0, "", "finished", 1)
    assert artifact.problem == "cannot be kept: No space left on device"
    assert (artifact.size_bytes, artifact.copied) == (3 << 20, False)
    assert artifact.sha256 is not None
    assert [path for path in (folder / "artifacts").rglob("*") if path.is_file()] == []


def test_a_full_disk_at_the_start_is_one_sentence(disk):
    fill(disk)

    done = run(disk / "store", 'tt.init("e")')

    assert done.returncode == 1
    assert "No space left on device" in done.stderr.splitlines()[-1]
    assert "StoreError" in done.stderr.splitlines()[-1]


def test_a_limit_on_the_size_of_files_is_a_full_disk(folder):
    done = run(
        folder,
        """
        import resource, signal
        from tui_tracker import live
        live._FINISH_WAIT_S = 0.2
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        r = tt.init("e", "one")
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
        for step in range(1000):
            r.log({"loss": step}, step=step)
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        time.sleep(0.25)
        r.log({"loss": 1000}, step=1000)
        r.finish()
        """,
    )

    assert done.returncode == 0
    assert points(folder, "loss") == [(step, step) for step in range(1001)]
    assert the_run(folder).lost_why == ""


def test_an_audit_is_answered_where_there_is_no_room_to_keep_it(disk):
    folder = disk / "store"
    run(
        folder,
        "for number in range(40):\n"
        "    with tt.init('e', f'one_{number}') as r:\n"
        "        r.log({'loss': 0}, step=0)\n",
    )
    filler = disk / "filler"
    with suppress(OSError), open(filler, "wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    # What SQLite needs to read at all, and less than the rows of the cache take.
    os.truncate(filler, filler.stat().st_size - 48 * 1024)

    command = [sys.executable, "-m", "tui_tracker.cli", "--store", str(folder), "audit", "--md"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 1, done.stderr
    assert "| one_39 |" in done.stdout


def curve(path: Path, rows: int) -> Path:
    lines = ["epoch,loss,acc", *(f"{row},{1 / (row + 1)!r},{row / 7!r}" for row in range(rows))]
    path.write_text("\n".join(lines) + "\n")
    return path


def filled(disk: Path, left: int) -> Path:
    """Leave only so many bytes of a disk."""
    filler = disk / "filler"
    filler.write_bytes(bytes(SIZE - left))
    return filler


@pytest.mark.parametrize(("left", "words"), [(700_000, "the disk is full"), (8192, "is full")])
def test_what_is_opened_in_place_without_room_says_so(disk, tmp_path, left, words):
    path = curve(tmp_path / "train.csv", 60_000)
    filled(disk, left)

    done = subprocess.run(
        [sys.executable, "-m", "tui_tracker.cli", "open", str(path), "ls"],
        env={**os.environ, "XDG_CACHE_HOME": str(disk / "cache")},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_import_without_room_goes_on_once_there_is_some(disk, tmp_path, capsys):
    path = curve(tmp_path / "train.csv", 60_000)
    filler = filled(disk, 700_000)
    tt = ["--store", str(disk / "store"), "import", str(path)]

    full = main(tt)
    said = capsys.readouterr().err
    filler.unlink()
    again = main(tt)

    assert (full, again) == (2, 0)
    assert "the disk is full" in said
    with Store.open(disk / "store") as store:
        assert store.read("SELECT points FROM run") == [(120_000,)]

"""Files that look like data, were opened for reading, and nobody declared."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
import timeit
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui_tracker.capture import reads, workers


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with files that are older than any run."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("train.csv", "val.CSV", "a.csv.gz", "notes.txt", "b.npy", "code.py", "x.json"):
        (folder / name).write_text("12345")
        os.utime(folder / name, (1e9, 1e9))
    return folder


@pytest.fixture
def watching(tmp_path: Path, data: Path) -> Iterator[reads.Reads]:  # noqa: ARG001  made before
    found = reads.Reads([str(tmp_path / "store"), *reads.system_folders()])
    found.begin()
    yield found
    found.forget()


def names(found: reads.Reads, folder: Path) -> list[str]:
    folders = found.facts()["folders"]
    assert isinstance(folders, dict)
    return folders.get(str(folder), {}).get("names", [])


def test_reads_are_grouped_by_folder_with_count_bytes_and_names(watching, data: Path):
    for name in ("train.csv", "val.CSV", "train.csv"):
        (data / name).read_bytes()

    assert watching.facts() == {
        "folders": {str(data): {"files": 2, "bytes": 10, "names": ["train.csv", "val.CSV"]}},
        "more": 0,
    }


def test_only_what_looks_like_data_counts(watching, data: Path):
    for path in data.iterdir():
        path.read_bytes()

    assert names(watching, data) == sorted(
        ["train.csv", "val.CSV", "a.csv.gz", "notes.txt", "b.npy", "x.json"]
    )


def test_a_text_outside_of_a_data_folder_is_none(watching, tmp_path: Path):
    (tmp_path / "readme.txt").write_text("x")
    os.utime(tmp_path / "readme.txt", (1e9, 1e9))
    (tmp_path / "readme.txt").read_text()

    assert watching.facts()["folders"] == {}


def test_what_the_process_wrote_itself_is_no_input(watching, data: Path):
    (data / "made.csv").write_text("x")
    (data / "made.csv").read_text()
    with open(data / "train.csv", "a") as file:
        file.write("more")
    os.utime(data / "train.csv", (1e9, 1e9))
    (data / "train.csv").read_text()

    assert names(watching, data) == []


def test_what_a_library_wrote_in_c_during_the_run_is_no_input(watching, data: Path):
    later = time.time() + 5
    os.utime(data / "b.npy", (later, later))
    (data / "b.npy").read_bytes()

    assert names(watching, data) == []


def test_a_file_that_is_not_there_was_not_read(watching, data: Path):
    with pytest.raises(FileNotFoundError):
        (data / "missing.csv").read_bytes()

    assert watching.facts()["folders"] == {}


def test_declared_files_and_folders_are_left_out(watching, data: Path, tmp_path: Path):
    link = tmp_path / "link"
    link.symlink_to(data)
    watching.declare(str(data / "train.csv"))
    (data / "train.csv").read_bytes()
    (data / "b.npy").read_bytes()
    (link / "train.csv").read_bytes()
    assert names(watching, data) == ["b.npy"]

    watching.declare(str(link))

    assert watching.facts()["folders"] == {}


def test_the_store_the_system_and_installed_packages_are_left_out(watching, tmp_path: Path):
    places = [tmp_path / "store", tmp_path / "lib" / "site-packages" / "x"]
    for place in places:
        place.mkdir(parents=True)
        (place / "a.csv").write_text("x")
        os.utime(place / "a.csv", (1e9, 1e9))
        (place / "a.csv").read_text()

    assert watching.facts()["folders"] == {}


def test_a_relative_path_is_taken_from_where_it_was_opened(watching, data: Path, monkeypatch):
    monkeypatch.chdir(data.parent)
    os.close(os.open("data/train.csv", os.O_RDONLY))
    monkeypatch.chdir("/")

    assert names(watching, data) == ["train.csv"]


def test_the_loggers_own_threads_read_nothing_of_the_users(watching, data: Path):
    thread = threading.Thread(target=(data / "train.csv").read_bytes, name="tt-artifacts")
    thread.start()
    thread.join()

    assert watching.facts()["folders"] == {}


def test_a_million_files_take_a_bounded_record(watching, data: Path, monkeypatch):
    monkeypatch.setattr(reads, "_MOST_FILES", 3)
    for number in range(5):
        (data / "new").touch()
        os.utime(data / "new", (1e9, 1e9))
        (data / "new").rename(data / f"{number}.png")
        (data / f"{number}.png").read_bytes()

    facts = watching.facts()

    assert facts["folders"][str(data)]["files"] + facts["more"] == 5  # type: ignore[index]


def test_odd_paths_and_modes_reach_open_untouched(watching, data: Path):
    descriptor = os.open(data / "train.csv", os.O_RDONLY)
    with open(descriptor) as file:
        assert file.read() == "12345"
    with open(os.fsencode(data / "b.npy")) as file:
        assert file.read() == "12345"
    with pytest.raises(ValueError, match="mode"):
        open(data / "b.npy", "nonsense")  # noqa: SIM115
    with pytest.raises(TypeError):
        open(None)  # type: ignore[call-overload]  # noqa: SIM115
    assert "b.npy" in names(watching, data)


def test_nothing_is_kept_while_no_run_is_open(data: Path, tmp_path: Path):
    found = reads.Reads([str(tmp_path / "store")])
    found.begin()
    found.forget()
    (data / "train.csv").read_bytes()

    assert found.facts() == {"folders": {}, "more": 0}


def test_an_uninteresting_open_costs_less_than_a_microsecond_more(watching):
    event = ("/home/me/project/train.py", "rb", 0)

    times = timeit.repeat(lambda: reads._hook("open", event), number=2000, repeat=20)

    assert min(times) / 2000 < 1e-6
    assert watching.facts()["folders"] == {}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_forked_workers_tell_what_they_read(watching, data: Path):
    watching.before_fork()
    processes = [
        multiprocessing.get_context("fork").Process(target=_read, args=(data, name))
        for name in ("train.csv", "b.npy")
    ]
    for worker in processes:
        worker.start()
    for worker in processes:
        worker.join()

    assert names(watching, data) == ["b.npy", "train.csv"]
    assert watching.is_whole


def test_more_than_a_pipe_takes_is_dropped_and_said(data: Path):
    pipe = workers.Pipe()
    for number in range(100_000):
        pipe.send(f"{data}/{number}.png", written=False)

    heard = list(pipe.receive())

    assert 500 < len(heard) < 100_000
    assert pipe.overflowed
    assert heard[:2] == [(f"{data}/0.png", False), (f"{data}/1.png", False)]
    pipe.close()


def test_a_file_that_took_the_pipes_number_is_never_written_to(tmp_path: Path):
    pipe = workers.Pipe()
    taken = os.open(tmp_path / "users.bin", os.O_RDWR | os.O_CREAT)
    os.dup2(taken, pipe._in)

    pipe.send("/data/x.csv", written=False)
    pipe.close()

    assert (tmp_path / "users.bin").read_bytes() == b""
    os.close(taken)
    os.close(pipe._in)


def _read(folder: Path, name: str) -> None:
    (folder / name).read_bytes()

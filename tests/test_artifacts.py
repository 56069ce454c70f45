"""Files of a run: kept once by their content, whatever kind of file they are."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import the_run

import tui_tracker as tt
from tui_tracker import artifacts
from tui_tracker.queries import Artifact


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def logged(folder: Path, path: object, **options: object) -> dict[str, Artifact]:
    """Log a path in a run of its own; return what came of it by path."""
    with tt.init("e", store=folder) as run:
        run.log_artifact(path, **options)  # type: ignore[arg-type]
    return {artifact.path: artifact for artifact in the_run(folder).artifacts}


def stored(folder: Path) -> Iterator[Path]:
    """Yield all files below the artifacts folder."""
    return (path for path in (folder / "artifacts").rglob("*") if path.is_file())


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_file_is_kept_under_the_hash_of_its_content(folder, here):
    (here / "model.pt").write_bytes(b"weights")

    found = logged(folder, "model.pt", kind="model")["model.pt"]

    assert (found.kind, found.size_bytes, found.copied, found.problem) == ("model", 7, True, "")
    assert found.sha256 == sha256(b"weights")
    assert Path(artifacts.stored_path(str(folder / "artifacts"), found.sha256)).read_bytes() == (
        b"weights"
    )


def test_without_a_copy_only_the_hash_is_kept(folder, here):
    (here / "data.csv").write_bytes(b"1,2")

    found = logged(folder, "data.csv", copy=False)["data.csv"]

    assert (found.sha256, found.copied) == (sha256(b"1,2"), False)
    assert not (folder / "artifacts").exists()


def test_the_same_content_is_stored_once(folder, here):
    for name in ("a", "b", "c"):
        (here / name).write_bytes(b"same")

    found = logged(folder, ".")

    assert len({artifact.sha256 for artifact in found.values()}) == 1
    assert [path.read_bytes() for path in stored(folder)] == [b"same"]


def test_a_folder_of_a_thousand_files_is_kept_file_by_file(folder, here):
    for number in range(1000):
        place = here / "data" / str(number % 10)
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}.txt").write_text(str(number))

    found = logged(folder, "data")

    assert len(found) == 1000
    assert found["data/7/7.txt"].sha256 == sha256(b"7")
    assert {artifact.problem for artifact in found.values()} == {""}


def test_an_empty_folder_is_told_apart_from_a_forgotten_one(folder, here):
    (here / "out" / "deep").mkdir(parents=True)

    found = logged(folder, "out")

    assert [(a.path, a.problem) for a in found.values()] == [("out", "the folder holds no file")]


@pytest.mark.usefixtures("here")
def test_a_file_that_is_missing_is_named(folder, capsys):
    found = logged(folder, "model.pt")

    assert found["model.pt"].problem == "no such file"
    assert "there is no 'model.pt'" in capsys.readouterr().err


def test_a_link_to_a_file_is_that_file_and_loops_and_dangling_ones_are_named(folder, here):
    (here / "real").write_bytes(b"data")
    (here / "link").symlink_to("real")
    (here / "loop").symlink_to("loop")
    (here / "dangling").symlink_to("nowhere")
    (here / "up").symlink_to("..")

    found = logged(folder, ".")

    assert found["./link"].sha256 == found["./real"].sha256 == sha256(b"data")
    assert found["./loop"].problem.startswith("cannot be read: ")
    assert found["./dangling"].problem.startswith("cannot be read: ")
    assert not any(path.startswith("./up") for path in found)


@pytest.mark.timeout(10)
def test_a_pipe_a_socket_and_a_device_are_named_and_never_waited_for(folder, here):
    import socket

    os.mkfifo(here / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        found = logged(folder, ".") | logged(folder.parent / "second", "/dev/zero")

    assert {path: artifact.problem for path, artifact in found.items()} == {
        "./pipe": "it is no regular file",
        "./socket": "it is no regular file",
        "zero": "it is no regular file",
    }


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_named(folder, here):
    (here / "secret").write_bytes(b"x")
    (here / "secret").chmod(0)

    found = logged(folder, "secret")

    assert found["secret"].problem == "cannot be read: Permission denied"


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "/etc/passwd", "..", "a\nb", "", "a" * 600]
)
def test_no_name_leads_out_of_the_store(folder, here, name):
    (here / "file").write_bytes(b"x")
    before = {path for path in here.parent.rglob("*") if not path.is_relative_to(folder)}

    found = logged(folder, "file", name=name)

    assert set(found) == {name or "file"}
    assert [path.parent.parent for path in stored(folder)] == [folder / "artifacts"]
    assert {path for path in here.parent.rglob("*") if not path.is_relative_to(folder)} == before


@pytest.mark.usefixtures("here")
def test_files_of_one_name_from_two_places_are_both_kept(folder, tmp_path):
    for number in range(20):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "model.pt").write_bytes(str(number).encode())

    with tt.init("e", store=folder) as run:
        for number in range(20):
            run.log_artifact(tmp_path / str(number) / "model.pt")

    found = the_run(folder).artifacts
    assert [(a.path, a.sha256) for a in found] == [
        ("model.pt", sha256(str(number).encode())) for number in range(20)
    ]


def test_a_path_that_is_logged_again_keeps_both_versions(folder, here):
    with tt.init("e", store=folder) as run:
        for content in (b"one", b"two"):
            (here / "model.pt").write_bytes(content)
            run.log_artifact("model.pt")
            run.wait_for_artifacts()

    assert [a.sha256 for a in the_run(folder).artifacts] == [sha256(b"one"), sha256(b"two")]


def test_a_file_that_never_holds_still_is_kept_as_it_was_last_and_noted(folder, here, monkeypatch):
    path = here / "growing.log"
    path.write_bytes(b"x")
    real = artifacts._read_through

    def grow(source: str, target: str, update: object) -> int:
        size = real(source, target, update)  # type: ignore[arg-type]
        path.write_bytes(path.read_bytes() + b"x")
        return size

    monkeypatch.setattr(artifacts, "_read_through", grow)

    found = logged(folder, "growing.log")["growing.log"]

    kept = max(stored(folder), key=lambda file: file.stat().st_size)
    assert found.problem == "it changed while it was read; this is how it was last"
    assert (kept.name, found.sha256) == (sha256(kept.read_bytes()),) * 2
    assert kept.stat().st_size == found.size_bytes


def test_a_file_that_is_replaced_once_while_it_is_read_is_read_again(folder, here, monkeypatch):
    path = here / "model.pt"
    path.write_bytes(b"old")
    real, left = artifacts._read_through, [1]

    def replace(source: str, target: str, update: object) -> int:
        size = real(source, target, update)  # type: ignore[arg-type]
        if left:
            left.pop()
            path.write_bytes(b"brand new")
        return size

    monkeypatch.setattr(artifacts, "_read_through", replace)

    found = logged(folder, "model.pt")["model.pt"]

    assert (found.sha256, found.problem) == (sha256(b"brand new"), "")


def test_a_file_that_cannot_be_copied_is_still_known_by_its_hash(folder, here):
    (here / "model.pt").write_bytes(b"weights")
    folder.mkdir()
    (folder / "artifacts").write_text("a file in the place of the folder")

    found = logged(folder, "model.pt")["model.pt"]

    assert (found.sha256, found.copied) == (sha256(b"weights"), False)
    assert found.problem == "cannot be kept: File exists"


def test_names_of_files_in_any_script_come_back(folder, here):
    names = ["ünï", "😀.pt", "a b", "quote'\"", "line\nend", "-rf", "[bold]", "\u202eevil"]
    (here / "d").mkdir()
    for name in names:
        (here / "d" / name).write_bytes(name.encode())

    found = logged(folder, "d")

    assert {path: a.sha256 for path, a in found.items()} == {
        f"d/{name}": sha256(name.encode()) for name in names
    }


@pytest.mark.usefixtures("here")
def test_names_that_are_no_text_are_kept_apart_by_their_bytes(folder):
    for number in (0xFE, 0xFF):
        with open(b"file" + bytes([number]), "wb") as file:
            file.write(bytes([number]))

    found = logged(folder, ".")

    assert {path: a.sha256 for path, a in found.items()} == {
        "./file\\udcfe": sha256(b"\xfe"),
        "./file\\udcff": sha256(b"\xff"),
    }


def test_files_larger_than_what_is_read_at_once_are_whole(folder, here):
    data = os.urandom(1 << 20) * 2 + b"end"
    (here / "big").write_bytes(data)

    found = logged(folder, "big")["big"]

    assert (found.size_bytes, found.sha256) == (len(data), sha256(data))

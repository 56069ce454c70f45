"""Data that other tools name: recognised without running them, and not taken on blind trust."""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path

import pytest

from tui_tracker.capture.manifest import digest_path
from tui_tracker.capture.pointers import (
    clean_address,
    find_pointer,
    is_address,
    read_address,
)


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def write_dvc(path: Path, md5: str, size: int, extra: str = "") -> None:
    path.write_text(
        f"outs:\n- md5: {md5}\n  size: {size}\n{extra}  hash: md5\n  path: {path.stem}\n"
    )


@pytest.fixture
def tracked(tmp_path: Path) -> Path:
    """A file that DVC tracks."""
    path = tmp_path / "data.xml"
    path.write_bytes(b"<x/>")
    write_dvc(tmp_path / "data.xml.dvc", md5(b"<x/>"), 4)
    return path


def later(path: Path, seconds: float = 60.0) -> None:
    """Let a file look as if it was written after its pointer."""
    os.utime(path, (time.time() + seconds,) * 2)


def test_a_file_of_dvc_is_known_by_the_md5_beside_it(tracked):
    found = find_pointer(str(tracked))

    assert found is not None
    assert (found.kind, found.digest) == ("pointer", f"dvc:md5:{md5(b'<x/>')}")
    assert (found.bytes, found.status) == (4, "ok")
    assert found.pointer == {"kind": "dvc", "md5": md5(b"<x/>"), "file": "data.xml.dvc"}
    assert find_pointer(str(tracked) + ".dvc").digest == found.digest  # type: ignore[union-attr]


def test_data_that_is_newer_than_its_pointer_is_compared_with_it(tracked):
    later(tracked)
    found = find_pointer(str(tracked))

    assert found is not None
    assert found.pointer["verified"] is True
    assert found.digest == f"dvc:md5:{md5(b'<x/>')}"


@pytest.mark.parametrize("content", [b"<y/>", b"<much longer/>"])
def test_data_that_changed_since_is_not_what_its_pointer_says(tracked, content):
    tracked.write_bytes(content)
    later(tracked)
    found = find_pointer(str(tracked))

    assert found is not None
    assert found.digest == ""
    assert found.pointer["differs"] is True


def test_a_pointer_without_its_content_says_so(tracked):
    tracked.unlink()
    found = find_pointer(str(tracked))

    assert found is not None
    assert found.digest == f"dvc:md5:{md5(b'<x/>')}"
    assert found.reason == "only data.xml.dvc is here, not the content: dvc pull"


def test_a_folder_of_dvc_is_compared_by_the_md5_of_its_list(tmp_path):
    folder = tmp_path / "images"
    (folder / "b").mkdir(parents=True)
    (folder / "b" / "2").write_bytes(b"two")
    (folder / "a").write_bytes(b"one")
    entries = [{"md5": md5(b"one"), "relpath": "a"}, {"md5": md5(b"two"), "relpath": "b/2"}]
    whole = md5(json.dumps(entries, sort_keys=True).encode()) + ".dir"
    write_dvc(tmp_path / "images.dvc", whole, 6, "  nfiles: 2\n")
    later(folder / "a")

    found = find_pointer(str(folder))

    assert found is not None
    assert (found.digest, found.files) == (f"dvc:md5:{whole}", 2)
    assert found.pointer["verified"] is True


def test_an_output_of_a_stage_is_found_in_the_lock_of_a_folder_above(tmp_path):
    (tmp_path / ".dvc").mkdir()
    (tmp_path / "data" / "prepared").mkdir(parents=True)
    (tmp_path / "data" / "prepared" / "x").write_bytes(b"12")
    (tmp_path / "dvc.lock").write_text(
        "schema: '2.0'\nstages:\n  prepare:\n    cmd: python prepare.py\n    deps:\n"
        "    - path: data/raw\n      hash: md5\n      md5: aa\n      size: 1\n    outs:\n"
        "    - path: data/prepared\n      hash: md5\n      md5: bb.dir\n      size: 2\n"
        "      nfiles: 1\n"
    )

    found = find_pointer(str(tmp_path / "data" / "prepared"))

    assert found is not None
    assert found.digest == "dvc:md5:bb.dir"
    assert found.pointer["file"] == "dvc.lock"


@pytest.mark.parametrize("text", ["", "outs:", "\0\xff", "- path: data.xml\n- md5: x", "{[}"])
def test_a_pointer_that_says_nothing_is_passed_over(tmp_path, text):
    (tmp_path / "data.xml").write_text("x")
    (tmp_path / "data.xml.dvc").write_text(text, encoding="latin-1")

    assert find_pointer(str(tmp_path / "data.xml")) is None


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 12345\n"


def test_a_pointer_of_git_lfs_is_the_content_that_it_stands_for(tmp_path):
    content = b"the real content"
    oid = hashlib.sha256(content).hexdigest()
    (tmp_path / "pointer").write_bytes(LFS % oid.encode())
    (tmp_path / "real").write_bytes(content)

    found = find_pointer(str(tmp_path / "pointer"))

    assert found is not None
    assert found.digest == digest_path(str(tmp_path / "real")).digest
    assert (found.bytes, found.status) == (12345, "partial")
    assert found.pointer == {"kind": "git-lfs", "oid": oid, "size": 12345}


def test_pointers_of_git_lfs_in_a_folder_are_counted(tmp_path):
    (tmp_path / "one").write_bytes(LFS % (b"a" * 64))
    (tmp_path / "two").write_bytes(b"content")

    found = digest_path(str(tmp_path))

    assert found.status == "partial"
    assert found.reason == "1 of its files are git-LFS pointers, their content is not here"
    assert b"lfs:" + b"a" * 64 in found.manifest


@pytest.mark.parametrize(
    ("address", "digest", "full"),
    [
        ("s3://bucket/key?versionId=v1", "s3://bucket/key?versionId=v1", True),
        ("s3://bucket/key", "s3://bucket/key", False),
        ("gs://bucket/key#17", "gs://bucket/key?generation=17", True),
        ("hf://datasets/org/name@abc/x.csv", "huggingface:org/name@abc/x.csv", True),
        ("hf://datasets/org/name", "huggingface:org/name@unknown", False),
    ],
)
def test_an_address_is_recorded_as_given(address, digest, full):
    found = read_address(address)

    assert (found.digest, found.full) == (digest, full)
    assert found.status == ("ok" if full else "partial")


def test_secrets_of_an_address_are_not_recorded():
    found = read_address("https://me:hunter2@host/key?versionId=v1&X-Amz-Signature=s3cret&sig=x")

    assert found.digest == "https://host/key?versionId=v1"
    assert "hunter2" not in str(vars(found))
    assert "s3cret" not in str(vars(found))


def test_the_cache_of_hugging_face_names_repository_and_revision(tmp_path):
    place = tmp_path / "hub" / "datasets--org--name" / "snapshots" / "abc123"
    place.mkdir(parents=True)
    (place / "train.csv").write_text("x")

    found = find_pointer(str(place / "train.csv"))

    assert found is not None
    assert found.digest == "huggingface:org/name@abc123/train.csv"
    assert found.pointer["repo"] == "org/name"


@pytest.mark.parametrize("path", ["data/x.csv", "C:\\data", "c://data", "/abs", "a b://x", "://x"])
def test_paths_are_no_addresses(path):
    assert not is_address(path)


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("https://me:pw@host/x?id=5&X-Amz-Credential=a&api_key=b", "https://host/x?id=5"),
        ("https://host/x", "https://host/x"),
        ("a survey of 2024, see me@example.org", "a survey of 2024, see me@example.org"),
    ],
)
def test_where_data_came_from_is_kept_without_its_secrets(source, kept):
    assert clean_address(source) == kept

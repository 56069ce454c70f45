"""Python, packages with their origins, lock files and the system."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from tui_tracker.capture import environment, locks, packages
from tui_tracker.capture.__main__ import Recorder
from tui_tracker.capture.limits import TimedOut, time_limit
from tui_tracker.capture.redaction import hidden


def install(
    site: Path, name: str, version: str, *, direct: object = None, installer: str = "pip"
) -> Path:
    """Leave what an installer leaves of a distribution."""
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "INSTALLER").write_text(f"{installer}\n")
    if direct is not None:
        (info / "direct_url.json").write_text(json.dumps(direct))
    return info


def test_this_interpreter_is_described():
    facts, reason = environment.capture_environment("", sys.path)

    assert reason == ""
    assert facts["python"]["version"] == sys.version.split()[0]
    assert facts["python"]["kind"] in ("venv", "uv", "virtualenv", "conda", "pyenv", "system")
    assert "pytest" in facts["packages"]
    assert facts["origins"]["tui-tracker"]["kind"] == "editable"


def test_two_looks_at_one_environment_are_equal_so_that_runs_share_the_record():
    first = environment.capture_environment("", sys.path)
    second = environment.capture_environment("", sys.path)

    assert json.dumps(first) == json.dumps(second)


@pytest.mark.parametrize(
    ("direct", "origin"),
    [
        (
            {
                "url": "https://me:pw@example.org/p.git",
                "vcs_info": {"vcs": "git", "commit_id": "abc1", "requested_revision": "main"},
                "subdirectory": "lib",
            },
            {
                "kind": "vcs",
                "url": f"https://{hidden('me:pw')}@example.org/p.git",
                "vcs": "git",
                "commit": "abc1",
                "requested": "main",
                "subdirectory": "lib",
            },
        ),
        (
            {"url": "file:///src/my%20lib", "dir_info": {"editable": True}},
            {"kind": "editable", "path": "/src/my lib"},
        ),
        ({"url": "file:///src/lib", "dir_info": {}}, {"kind": "local", "path": "/src/lib"}),
        (
            {"url": "https://h/x.whl", "archive_info": {"hashes": {"sha256": "ab"}}},
            {"kind": "archive", "url": "https://h/x.whl", "hash": "sha256=ab"},
        ),
        ({"url": "https://h/x.whl"}, {"kind": "archive", "url": "https://h/x.whl"}),
        (["nonsense"], None),
        ({}, None),
    ],
)
def test_the_origin_is_what_the_installer_left_without_passwords(tmp_path, direct, origin):
    install(tmp_path, "some-lib", "1.0", direct=direct)

    facts, _ = packages.list_packages([str(tmp_path)])

    assert facts["packages"] == {"some-lib": "1.0"}
    assert facts["origins"] == ({"some-lib": origin} if origin else {})


def test_packages_in_place_are_handed_to_the_snapshot(tmp_path):
    install(tmp_path, "a", "1", direct={"url": "file:///src/a", "dir_info": {"editable": True}})
    asked = []

    def snapshot(path: str) -> dict[str, object]:
        asked.append(path)
        return {"tree": "t", "commit": "c"}

    facts, _ = packages.list_packages([str(tmp_path)], snapshot)

    assert asked == ["/src/a"]
    assert facts["origins"]["a"]["snapshot"] == {"tree": "t", "commit": "c"}


def test_a_snapshot_that_fails_or_hangs_leaves_the_list_of_packages(tmp_path, monkeypatch):
    monkeypatch.setattr(packages, "_SNAPSHOTS_S", 0.05)
    for name in ("bad", "slow"):
        direct = {"url": f"file:///src/{name}", "dir_info": {"editable": True}}
        install(tmp_path, name, "1", direct=direct)

    def snapshot(path: str) -> dict[str, object]:
        if path.endswith("slow"):
            time.sleep(5)
        raise OSError("no")

    facts, reason = environment.capture_environment("", [str(tmp_path)], snapshot)

    assert facts["packages"] == {"bad": "1", "slow": "1"}
    assert facts["origins"]["slow"] == {"kind": "editable", "path": "/src/slow"}
    assert sorted(reason.split(", ")) == [
        "no snapshot of bad (OSError)",
        "no snapshot of slow (TimedOut)",
    ]


def test_the_first_of_two_on_the_path_counts_and_the_other_is_noted(tmp_path):
    install(tmp_path / "one", "My.Lib", "2.0")
    other = install(tmp_path / "two", "my-lib", "1.0")

    facts, _ = packages.list_packages([str(tmp_path / "one"), str(tmp_path / "two")])

    assert facts["packages"] == {"My.Lib": "2.0"}
    assert facts["shadowed"] == [{"name": "my-lib", "version": "1.0", "path": str(other)}]


def test_a_folder_that_is_twice_on_the_path_shadows_nothing(tmp_path):
    install(tmp_path, "lib", "1.0")

    facts, _ = packages.list_packages([str(tmp_path), str(tmp_path)])

    assert "shadowed" not in facts
    assert facts["installers"] == {"pip": 1}


@pytest.mark.parametrize(
    ("name", "text"), [("lib.egg-link", "/src/lib\n."), ("__editable__.lib-1.0.pth", "/src/lib\n")]
)
def test_what_older_tools_installed_in_place_is_known_by_their_links(tmp_path, name, text):
    install(tmp_path, "lib", "1.0", installer="")
    (tmp_path / name).write_text(text)

    facts, _ = packages.list_packages([str(tmp_path)])

    assert facts["origins"] == {"lib": {"kind": "editable", "path": "/src/lib"}}


def test_a_broken_distribution_is_named_and_the_others_are_kept(tmp_path):
    install(tmp_path, "good", "1.0")
    (tmp_path / "bad-1.0.dist-info").mkdir()
    (tmp_path / "bad-1.0.dist-info" / "METADATA").write_bytes(b"Name: bad\n\n\xff\xfe")

    facts, reason = environment.capture_environment("", [str(tmp_path)])

    assert facts["packages"] == {"good": "1.0"}
    assert reason == "unreadable: bad-1.0.dist-info (UnicodeDecodeError)"


def test_condas_own_packages_are_read_from_its_files_without_tokens(tmp_path):
    meta = tmp_path / "conda-meta"
    meta.mkdir()
    url = "https://conda.anaconda.org/t/ab-123/main/linux-64/mkl-2024.conda"
    facts = {"name": "mkl", "version": "2024", "build": "h1", "url": url, "md5": "ff"}
    (meta / "mkl.json").write_text(json.dumps(facts))
    (meta / "torn.json").write_text("{")

    assert packages.list_conda(str(tmp_path)) == {
        "mkl": {
            "version": "2024",
            "build": "h1",
            "url": "https://conda.anaconda.org/main/linux-64/mkl-2024.conda",
            "md5": "ff",
        }
    }


@pytest.mark.parametrize(
    ("files", "prefix", "base", "executable", "kind"),
    [
        ({"v/pyvenv.cfg": "home = /x\nuv = 0.9.1\n"}, "v", "b", "python3", "uv"),
        ({"v/pyvenv.cfg": "home = /x\nversion = 3.11\n"}, "v", "b", "python3", "venv"),
        ({"v/pyvenv.cfg": "virtualenv = 20\n"}, "v", "b", "python3", "virtualenv"),
        ({"v/conda-meta/x.json": "{}"}, "v", "v", "python", "conda"),
        ({}, ".pyenv/versions/3.12", ".pyenv/versions/3.12", "python", "pyenv"),
        ({}, "usr", "usr", "python3.12", "system"),
        ({}, "usr", "usr", "blender", "embedded"),
        ({}, "usr", "usr", "", "embedded"),
    ],
)
def test_the_kind_of_a_python_is_told_from_its_files(
    tmp_path, monkeypatch, files, prefix, base, executable, kind
):
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    found = environment.python_kind(str(tmp_path / prefix), str(tmp_path / base), executable)

    assert found == kind


def test_the_nearest_lock_files_are_read_up_to_the_top_of_the_work_tree(tmp_path):
    top = tmp_path / "project"
    below = top / "src" / "deep"
    below.mkdir(parents=True)
    (top / ".git").mkdir()
    (tmp_path / "poetry.lock").write_text("not this one")
    (top / "requirements-dev.txt").write_text("--index-url https://me:pw@host/simple\nnumpy==1\n")
    (top / "uv.lock").write_text("version = 1\n")

    found = locks.find_locks(str(below))

    assert [(lock["format"], lock["path"]) for lock in found] == [
        ("uv", "uv.lock"),
        ("requirements", "requirements-dev.txt"),
    ]
    assert found[1]["text"] == f"--index-url https://{hidden('me:pw')}@host/simple\nnumpy==1\n"
    assert locks.find_locks(str(tmp_path / "project" / "src"))[0]["path"] == "uv.lock"


def test_outside_of_a_work_tree_only_the_folder_itself_is_looked_at(tmp_path):
    (tmp_path / "uv.lock").write_text("x")
    (tmp_path / "src").mkdir()

    assert locks.find_locks(str(tmp_path / "src")) == []
    assert locks.find_locks("") == []


def test_of_a_large_lock_file_the_hash_is_kept_and_the_text_is_not(tmp_path):
    (tmp_path / "uv.lock").write_bytes(b"x" * (1 << 20))

    (lock,) = locks.find_locks(str(tmp_path))

    assert "text" not in lock
    assert len(str(lock["sha256"])) == 64


def test_a_time_limit_ends_what_is_inside_and_leaves_the_outer_one():
    ended = []

    def work() -> None:
        for name, seconds in (("inner", 0.02), ("also inner", 60)):
            try:
                with time_limit(seconds):
                    time.sleep(5)
            except TimedOut:
                ended.append(name)

    with time_limit(0.2):
        work()

    assert ended == ["inner", "also inner"]


def records_of(folder: Path) -> dict[str, dict[str, object]]:
    from tui_tracker import journal
    from tui_tracker.journal_reader import read_batch

    (path,) = (folder / "journals").glob("*.journal")
    file = os.open(path, os.O_RDONLY)
    try:
        batch = read_batch(file, 0, path=str(path), final=True, limit=1 << 22)
    finally:
        os.close(file)
    found = [journal.decode(payload) for _, kind, payload in batch.records if kind == 8]
    return {str(facts["part"]): facts for facts in found}


def test_a_part_that_hangs_fails_and_the_next_one_is_recorded(folder, monkeypatch):
    (folder / "journals").mkdir(parents=True)
    monkeypatch.setattr("tui_tracker.capture.__main__._ONE_S", 0.05)
    recorder = Recorder(str(folder), "0" * 32, frozenset(("slow", "quick", "half", "no")))

    recorder.record("slow", lambda: time.sleep(5))
    recorder.record("quick", lambda: {"x": 1})
    recorder.record("half", lambda: ({"x": 1}, "not all"))
    recorder.record("no", lambda: 1, skip="none there")
    recorder.record("unasked", lambda: 1)
    recorder.finish()

    found = records_of(folder)
    assert [(name, facts["status"]) for name, facts in found.items()] == [
        ("slow", "failed"),
        ("quick", "ok"),
        ("half", "partial"),
        ("no", "skipped"),
    ]
    assert found["half"]["reason"] == "not all"

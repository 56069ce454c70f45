"""The user's own modules that a process imported, and the distributions."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import sys
import types
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui_tracker.capture import distributions, modules


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is shared by many does not leave hashes and names for later."""
    monkeypatch.setattr(modules, "_AT_ONCE_S", 10.0)
    monkeypatch.setattr(distributions, "_LIMIT_S", 10.0)
    monkeypatch.setattr(distributions, "_LONGEST_S", 10.0)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path, whose modules are forgotten after the test."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)
    yield folder
    for name in set(sys.modules) - before:
        del sys.modules[name]


def write(path: Path, text: str = "x = 1\n") -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return hashlib.sha256(text.encode()).hexdigest()


def by_name(facts: dict[str, object]) -> dict[str, dict[str, str]]:
    found = facts["modules"]
    assert isinstance(found, list)
    return {entry["name"]: entry for entry in found}


def test_a_module_of_the_users_own_is_told_by_path_below_the_top_and_content(project: Path):
    digest = write(project / "mine_a.py")
    __import__("mine_a")

    found = by_name(modules.Modules(str(project)).begin())

    assert found["mine_a"] == {"name": "mine_a", "path": "mine_a.py", "sha256": digest}


def test_modules_of_packages_and_of_namespace_packages_count_each(project: Path):
    write(project / "mine_pack" / "__init__.py", "")
    write(project / "mine_pack" / "part.py")
    write(project / "mine_space" / "part.py")
    for name in ("mine_pack.part", "mine_space.part"):
        __import__(name)

    found = by_name(modules.Modules(str(project)).begin())

    paths = {name: entry["path"] for name, entry in found.items() if name.startswith("mine_")}
    assert paths == {
        "mine_pack": "mine_pack/__init__.py",
        "mine_pack.part": "mine_pack/part.py",
        "mine_space.part": "mine_space/part.py",
    }


def test_the_standard_library_installed_packages_and_the_logger_are_not_the_users(project: Path):
    import textual  # noqa: F401

    found = modules.Modules(str(project)).begin()

    paths = [entry["path"] for entry in by_name(found).values()]
    assert not [p for p in paths if "site-packages" in p or "tui_tracker/" in p or "/lib/py" in p]


def test_a_file_outside_of_the_work_tree_is_told_by_its_whole_path(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HOME", str(tmp_path))
    write(project / "mine_b.py")
    __import__("mine_b")

    found = by_name(modules.Modules(str(tmp_path / "elsewhere")).begin())

    assert found["mine_b"]["path"] == "~/project/mine_b.py"


def test_a_work_tree_that_was_reached_by_a_link_is_the_same_tree(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    link = tmp_path / "link"
    link.symlink_to(project)
    monkeypatch.syspath_prepend(str(link))
    write(project / "mine_c.py")
    __import__("mine_c")

    found = by_name(modules.Modules(str(project)).begin())

    assert found["mine_c"]["path"] == "mine_c.py"


def test_a_module_that_changed_during_the_run_is_named(project: Path):
    write(project / "mine_d.py")
    write(project / "mine_e.py")
    for name in ("mine_d", "mine_e"):
        __import__(name)
    seen = modules.Modules(str(project))
    seen.begin()
    seen.catch_up(lambda: None)
    first = by_name(seen.facts())["mine_d"]["sha256"]
    write(project / "mine_d.py", "x = 2\n")
    os.utime(project / "mine_e.py")

    facts = seen.end()

    assert facts["changed"] == ["mine_d.py"]
    assert by_name(facts)["mine_d"]["sha256"] == first


def test_a_module_that_is_gone_at_the_end_has_changed(project: Path):
    write(project / "mine_f.py")
    __import__("mine_f")
    seen = modules.Modules(str(project))
    seen.begin()
    seen.catch_up(lambda: None)
    (project / "mine_f.py").unlink()

    assert seen.end()["changed"] == ["mine_f.py"]


def test_modules_imported_after_the_start_are_there_at_the_end(project: Path):
    seen = modules.Modules(str(project))
    seen.begin()
    digest = write(project / "mine_late.py")
    __import__("mine_late")

    assert by_name(seen.end())["mine_late"]["sha256"] == digest


def test_a_lazy_module_is_not_imported_by_looking_at_it(project: Path):
    import importlib.util

    write(project / "mine_lazy.py", "raise RuntimeError('imported')\n")
    spec = importlib.util.find_spec("mine_lazy")
    assert spec is not None
    assert spec.loader is not None
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules["mine_lazy"] = module
    spec.loader.exec_module(module)

    found = by_name(modules.Modules(str(project)).begin())

    assert found["mine_lazy"]["path"] == "mine_lazy.py"


@pytest.mark.usefixtures("project")
def test_what_is_no_module_in_sys_modules_is_passed_over():
    class Odd:
        __slots__ = ()

        def __getattr__(self, name: str) -> object:
            raise RuntimeError(name)

    odd = types.ModuleType("mine_odd")
    odd.__file__ = 7  # type: ignore[assignment]
    sys.modules["mine_1"] = Odd()  # type: ignore[assignment]
    sys.modules["mine_2"] = None  # type: ignore[assignment]
    sys.modules["mine_3"] = odd

    assert not {"mine_1", "mine_2", "mine_3"} & set(by_name(modules.Modules(None).begin()))


def test_a_compiled_module_is_told_with_the_source_beside_it(project: Path):
    compiled = types.ModuleType("mine_fast")
    compiled.__file__ = str(project / "mine_fast.cpython-311-x86_64-linux-gnu.so")
    write(project / "mine_fast.cpython-311-x86_64-linux-gnu.so", "binary")
    write(project / "mine_fast.pyx")
    sys.modules["mine_fast"] = compiled

    found = modules.Modules(str(project)).begin()["modules"]

    assert isinstance(found, list)
    assert [entry["path"] for entry in found if entry["name"] == "mine_fast"] == [
        "mine_fast.cpython-311-x86_64-linux-gnu.so",
        "mine_fast.pyx",
    ]


def test_of_an_archive_of_modules_the_archive_is_told(project: Path, monkeypatch):
    archive = project / "mine.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("mine_zipped.py", "x = 1\n")
        file.writestr("mine_zipped_too.py", "x = 1\n")
    monkeypatch.syspath_prepend(str(archive))
    for name in ("mine_zipped", "mine_zipped_too"):
        __import__(name)

    found = modules.Modules(str(project)).begin()["modules"]

    assert isinstance(found, list)
    assert [entry["path"] for entry in found if "mine" in entry["name"]] == ["mine.zip"]


@pytest.mark.parametrize("place", ["missing.py", "folder.py"])
def test_a_file_that_cannot_be_read_keeps_the_reason(project: Path, place: str):
    (project / "folder.py").mkdir()
    ghost = types.ModuleType("mine_ghost")
    ghost.__file__ = str(project / place)
    sys.modules["mine_ghost"] = ghost
    seen = modules.Modules(str(project))

    seen.begin()
    seen.catch_up(lambda: None)

    assert by_name(seen.facts())["mine_ghost"]["problem"]
    assert "cannot be read" in seen.doubts()


def test_no_more_modules_are_kept_than_a_record_should_hold(
    project: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(modules, "_MOST", 3)
    for number in range(5):
        write(project / f"mine_many_{number}.py")
        __import__(f"mine_many_{number}")
    seen = modules.Modules(str(project))

    facts = seen.begin()

    assert len(by_name(facts)) == 3
    assert isinstance(facts["left_out"], int)
    assert facts["left_out"] >= 2
    assert "more than 3 modules" in seen.doubts()


def test_a_start_in_a_hurry_leaves_hashes_for_later(project: Path, monkeypatch):
    monkeypatch.setattr(modules, "_AT_ONCE_S", -1.0)
    write(project / "mine_slow.py")
    __import__("mine_slow")
    seen = modules.Modules(str(project))

    early = by_name(seen.begin())["mine_slow"]
    assert seen.catch_up(lambda: None)

    assert "sha256" not in early
    assert "sha256" in by_name(seen.facts())["mine_slow"]


def test_both_ways_to_hash_agree():
    digest = modules.new_sha256()
    digest.update(b"x")

    assert digest.hexdigest() == hashlib.sha256(b"x").hexdigest()


def test_imported_distributions_are_named_as_their_metadata_names_them():
    import PIL  # noqa: F401  its distribution is called pillow
    import textual  # noqa: F401

    found, complete = distributions.list_imported()

    assert found["textual"] == importlib.metadata.version("textual")
    assert found["pillow"] == importlib.metadata.version("pillow")
    assert "ruff" not in found
    assert complete


def test_what_was_found_is_asked_for_again_once_more_is_imported(tmp_path: Path, monkeypatch):
    before, _ = distributions.list_imported()
    (tmp_path / "mine_new-1.0.dist-info").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(sys.modules, "mine_new", types.ModuleType("mine_new"))

    after, _ = distributions.list_imported()

    assert after == {**before, "mine_new": "1.0"}


def test_broken_metadata_is_read_as_far_as_it_goes(tmp_path: Path, monkeypatch):
    (tmp_path / "odd_thing-1.5.dist-info").mkdir()
    (tmp_path / "old_thing-2.0-py3.11.egg-info").write_text("Name: Old-Thing\nVersion: 2.0\n\n")
    (tmp_path / "torn.dist-info").write_bytes(b"\xff\xfe")
    monkeypatch.setattr(sys, "path", [str(tmp_path), "/nowhere", ""])
    (tmp_path / "far_away-3.0.dist-info").mkdir()
    (tmp_path / "far_away-3.0.dist-info" / "RECORD").write_text("near/__init__.py,,\nbroken")
    for name in ("odd_thing", "old_thing", "torn", "near"):
        module = types.ModuleType(name)
        module.__file__ = str(tmp_path / "site-packages" / name / "__init__.py")
        monkeypatch.setitem(sys.modules, name, module)

    found, _ = distributions.list_imported()

    assert found == {"far_away": "3.0", "odd_thing": "1.5", "Old-Thing": "2.0", "torn": ""}

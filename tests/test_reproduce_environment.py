"""Environments are rebuilt from exact versions, or it is said which package is in the way."""

from __future__ import annotations

import json
import os
import sys
import venv
import zipfile
from pathlib import Path

import git
import gitdb
import pytest
import smmap
from reproduction import Project, make_wheel, reproduce, tt_json

import tui_tracker
from tui_tracker.reproduce.env_cache import (
    Decision,
    Rebuilt,
    cache_folder,
    find_complete,
    mark_complete,
)
from tui_tracker.reproduce.environment import build
from tui_tracker.reproduce.installers import find_interpreter, read_refusal
from tui_tracker.reproduce.options import Options
from tui_tracker.reproduce.packages import Difference, Installed, compare, normal, telling
from tui_tracker.reproduce.record import Environment
from tui_tracker.reproduce.requirements import list_requirements

ADD = "def add(a, b):\n    return a + b\n"
USES_ADD = "import tinyadd\ndef bias():\n    return tinyadd.add(1e-3, 0)\n"
TOOLS = ["uv", "venv"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project that was trained in an environment of its own, which is gone since."""
    wheels = tmp_path / "wheels"
    make_wheel(wheels, "tinyadd", "1.2.0", ADD)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    venv.create(tmp_path / "env", symlinks=True)
    python = tmp_path / "env" / "bin" / "python"
    # A wheel of plain Python is installed by unpacking it; pip would take seconds.
    (site,) = (tmp_path / "env").glob("lib/*/site-packages")
    with zipfile.ZipFile(wheels / "tinyadd-1.2.0-py3-none-any.whl") as wheel:
        wheel.extractall(site)
    made = Project(tmp_path / "project", tmp_path / "store")
    made.write("extra.py", USES_ADD)
    logger = tmp_path / "logger"
    logger.mkdir()
    for module in (tui_tracker, git, gitdb, smmap):
        source = Path(str(module.__file__)).parent
        (logger / source.name).symlink_to(source)
    made.train(python=str(python), PYTHONPATH=str(logger))
    (tmp_path / "env").rename(tmp_path / "gone")
    return made


def wheels_of(project: Project) -> Path:
    return project.store.parent / "wheels"


def needs(tool: str) -> None:
    if tool == "uv":
        pytest.importorskip("uv")


@pytest.mark.parametrize("tool", TOOLS)
def test_an_environment_is_built_offline_from_a_folder_of_wheels(project: Project, tool) -> None:
    needs(tool)
    options = ("--env", tool, "--offline", "--find-links", str(wheels_of(project)))

    code, said, told = reproduce(project.store, "seed1", *options)
    again, second, _ = reproduce(project.store, "seed1", *options)

    assert (code, said["verdict"]) == (0, "identical"), told
    assert said["environment"]["substituted"] == []
    assert (said["environment"]["cached"], second["environment"]["cached"]) == (False, True)
    assert again == 0


@pytest.mark.parametrize("tool", TOOLS)
def test_a_package_that_is_gone_is_named_with_the_ways_out(project: Project, tool) -> None:
    needs(tool)
    (wheels_of(project) / "tinyadd-1.2.0-py3-none-any.whl").unlink()
    make_wheel(wheels_of(project), "tinyadd", "1.2.9", ADD)

    code, said, _ = reproduce(
        project.store, "seed1", "--env", tool, "--offline", "--find-links", str(wheels_of(project))
    )

    assert (code, said["verdict"], said["proof"]["level"]) == (4, "failed", "L0")
    assert said["why"].startswith("tinyadd==1.2.0 is not among what is here, offline")
    assert "--allow-nearest tinyadd" in said["why"]
    assert len(tt_json(project.store, "ls")) == 1
    assert [path.name for path in cache_folder().iterdir() if path.is_dir()] == []


@pytest.mark.parametrize("tool", TOOLS)
def test_the_nearest_version_lowers_the_best_verdict(project: Project, tool) -> None:
    needs(tool)
    (wheels_of(project) / "tinyadd-1.2.0-py3-none-any.whl").unlink()
    for version in ("1.2.9", "1.3.0", "2.0.0"):
        make_wheel(wheels_of(project), "tinyadd", version, ADD)

    code, said, told = reproduce(
        *(project.store, "seed1", "--env", tool, "--offline"),
        *("--find-links", str(wheels_of(project)), "--allow-nearest", "tinyadd"),
    )

    assert (code, said["verdict"], said["proof"]["level"]) == (0, "consistent", "L3"), told
    assert said["environment"]["substituted"] == ["tinyadd 1.2.9 instead of 1.2.0"]
    assert said["metrics"]["val_f1"]["verdict"] == "identical"


def test_without_uv_an_environment_is_built_by_venv_and_pip(project: Project) -> None:
    empty = project.store.parent / "empty"
    empty.mkdir()
    (empty / "uv.py").write_text("raise ImportError\n")

    code, said, told = reproduce(
        *(project.store, "seed1", "--offline", "--find-links", str(wheels_of(project))),
        PYTHONPATH=str(empty),
        PATH="/usr/bin:/bin",
    )

    assert (code, said["verdict"]) == (0, "identical"), told
    assert said["plan"]["environment"]["kind"] == "venv"


def test_the_current_interpreter_is_used_when_asked_for_and_its_differences_told(
    project: Project,
) -> None:
    code, said, _ = reproduce(project.store, "seed1", "--env", "current")

    assert code == 6  # tinyadd is not installed here
    assert "tinyadd 1.2.0 is missing" in said["plan"]["substituted"]
    assert said["plan"]["expected_best"] == "consistent"


def test_a_version_of_python_that_is_not_here_is_named(project: Project) -> None:
    code, said, _ = reproduce(project.store, "seed1", "--env", "venv", "--python", "3.2.9")

    assert code == 4
    assert "Python 3.2.9 is not here" in said["why"]


def test_a_build_that_was_killed_is_no_environment(tmp_path: Path) -> None:
    half, whole = tmp_path / "half", tmp_path / "whole"
    half.mkdir()
    whole.mkdir()
    rebuilt = Rebuilt(sys.executable, str(whole), ("a",), (), (), False, 3)
    mark_complete(whole, rebuilt)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "complete.json").write_text(json.dumps({"executable": "/nowhere"}))

    assert find_complete(half) is None
    assert find_complete(tmp_path / "other") is None
    found = find_complete(whole)
    assert found is not None
    assert (found.cached, found.substituted, found.packages) == (True, ("a",), 3)


def environment(packages: dict[str, str], **origins: dict[str, object]) -> Environment:
    return Environment("3.11.7", "CPython", packages, origins, "")


def installed(packages: dict[str, str], **commits: str) -> Installed:
    return Installed("python", "3.11.7", "CPython", packages, commits, frozenset())


def test_packages_are_compared_by_normal_name_and_installers_left_out() -> None:
    recorded = environment({"Scikit_Learn": "1.5", "pip": "23", "six": "1.16", "tui-tracker": "9"})

    found = compare(recorded, installed({"scikit-learn": "1.5", "pip": "24", "new": "1"}))

    assert found == [Difference("new", None, "1"), Difference("six", "1.16", None)]
    assert [str(difference) for difference in found] == [
        "new 1 was not there",
        "six 1.16 is missing",
    ]
    assert telling([Difference("setuptools", "65", "66")]) == []


def test_a_package_from_a_repository_is_the_same_at_the_same_commit_only() -> None:
    recorded = environment({"lib": "1"}, lib={"kind": "vcs", "commit": "a" * 40})

    assert compare(recorded, installed({"lib": "1"}, lib="a" * 40)) == []
    assert len(compare(recorded, installed({"lib": "1"}, lib="b" * 40))) == 1
    assert len(compare(recorded, installed({"lib": "1"}))) == 1


def test_each_origin_is_asked_for_in_its_own_way(tmp_path: Path) -> None:
    kept = make_wheel(tmp_path, "kept", "1.0", "")
    versions = dict.fromkeys(["plain", "repo", "kept", "gone", "mine", "con", "lost"], "1.0")
    recorded = environment(
        {**versions, "pip": "24"},
        repo={
            "kind": "vcs",
            "vcs": "git",
            "url": "https://e.org/r.git",
            "commit": "abc",
            "subdirectory": "py",
        },
        kept={"kind": "archive", "url": kept.as_uri()},
        gone={"kind": "archive", "url": "file:///nowhere/gone-1.0.whl"},
        mine={"kind": "editable", "path": "/p", "snapshot": {"commit": "f" * 40}},
        con={"kind": "conda"},
        lost={"kind": "local", "path": "/l"},
    )

    found = {r.name: r for r in list_requirements(recorded)}

    assert {name: r.line for name, r in found.items()} == {
        "plain": "plain==1.0",
        "repo": "repo @ git+https://e.org/r.git@abc#subdirectory=py",
        "kept": f"kept @ {kept.as_uri()}",
        "gone": "gone==1.0",
        "mine": "mine==1.0",
        "con": "con==1.0",
        "lost": "lost==1.0",
    }
    assert found["mine"].snapshot == "f" * 40
    assert [name for name, r in found.items() if r.note] == ["con", "gone", "lost"]


def test_a_version_is_loosened_step_by_step() -> None:
    (one,) = list_requirements(environment({"six": "1.16.2"}))

    lines = [one.line, one.loosen().line, one.loosen().loosen().line]

    assert lines == ["six==1.16.2", "six==1.16.*", "six==1.*"]
    assert one.loosen().loosen().loosen().line == "six"


@pytest.mark.parametrize(
    ("output", "package", "why"),
    [
        ("Because there is no version of six==99.0 and you require", "six", "missing"),
        ("Because six was not found in the package registry", "six", "missing"),
        ("ERROR: No matching distribution found for Six==99.0", "six", "missing"),
        ("Because six==1 has no wheels with a matching Python ABI tag", "six", "no wheel"),
        ("error: Failed to build `six==1.0`", "six", "missing"),
        ("dns error: failed to lookup address", None, "network"),
        ("something else", None, "other"),
    ],
)
def test_what_an_installer_says_is_understood(output, package, why) -> None:
    refused = read_refusal(output)

    assert (refused.package, refused.why) == (package, why)


def test_an_interpreter_is_found_by_its_version() -> None:
    version = ".".join(map(str, sys.version_info[:3]))

    assert find_interpreter(version, [sys.executable]) == sys.executable
    assert find_interpreter("3.2.9", [sys.executable]) is None
    assert normal("A__b.C") == "a-b-c"


def test_a_package_in_a_folder_is_imported_as_it_was() -> None:
    decision = Decision(
        *("current", sys.executable, None, "3.11", (), ""),
        substituted=("lost as its folder is now, which was not kept",),
        editable=(("kept", "a" * 40), ("lost", None)),
    )

    def write_out(snapshot: str, folder: str) -> None:
        (Path(folder) / "src").mkdir()
        (Path(folder) / "src" / "kept.py").write_text(snapshot)

    built = build(decision, environment({}), Options(), write_out, lambda _: None)
    again = build(decision, environment({}), Options(), lambda *_: 1 / 0, lambda _: None)

    source = cache_folder() / "sources" / ("a" * 40)
    assert built.import_paths == (str(source / "src"), str(source))
    assert built.substituted == ("lost as its folder is now, which was not kept",)
    assert again == built
    assert [path.name for path in source.parent.iterdir()] == [source.name]

"""What `tt run` learns from inside of a script that knows nothing of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from processes import the_run

from tui_tracker.queries import LineagePart

TT = [sys.executable, "-m", "tui_tracker.cli"]


def observe(
    folder: Path, place: Path, script: str, *arguments: str, command: tuple[str, ...] = ()
) -> dict[str, LineagePart]:
    """Run a script in its folder by `tt run`, and return the parts that were recorded."""
    (place / "train.py").write_text(script)
    words = [*(command or (sys.executable, "train.py")), *arguments]
    subprocess.run(
        [*TT, "--store", str(folder), "run", "--quiet", "--", *words],
        cwd=place,
        env={**os.environ, "TUI_TRACKER_CAPTURE": "on", "TUI_TRACKER_CONSOLE": "on"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=60,
        check=True,
    )
    return {part.name: part for part in the_run(folder).lineage}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "layers.py").write_text("WIDTH = 3\n")
    return folder


def test_modules_entry_seeds_and_reads_of_the_script_are_recorded(folder, place):
    (place / "data.csv").write_text("a\n1\n")

    parts = observe(
        folder,
        place,
        "import random, layers, json\nrandom.seed(5)\nopen('data.csv').read()\n",
        "--seed",
        "5",
    )

    modules = parts["modules"].facts
    assert [m["path"] for m in modules["modules"]] == [str(place / "layers.py")]
    assert modules["entry"]["kind"] == "script"
    assert parts["seeds"].facts["params"] == {"seed": 5}
    assert [call["seed"] for call in parts["seeds"].facts["applied"]] == [5]
    assert [f["names"] for f in parts["reads"].facts["folders"].values()] == [["data.csv"]]
    assert parts["resources"].status == "ok"


def test_a_module_that_is_run_is_told_as_one(folder, place):
    parts = observe(folder, place, "pass", command=(sys.executable, "-m", "train"))

    entry = parts["modules"].facts["entry"]
    assert (entry["kind"], os.path.basename(entry["path"])) == ("module", "train.py")


def test_a_script_that_logs_by_itself_is_seen_once_and_from_there(folder, place):
    parts = observe(
        folder,
        place,
        "import random, layers, tui_tracker as tt\n"
        "with tt.init(params={'seed': 7}) as run:\n    random.seed(7); run.log({'loss': 1})\n",
    )

    assert [call["seed"] for call in parts["seeds"].facts["applied"]] == [7]
    assert parts["modules"].facts["entry"]["kind"] == "script"
    assert parts["determinism"].status == "ok"
    assert the_run(folder).points == 1


def test_a_script_that_dies_keeps_what_was_known_at_its_start(folder, place):
    with pytest.raises(subprocess.CalledProcessError):
        observe(folder, place, "import os, time; time.sleep(0.1); os.kill(os.getpid(), 9)")

    parts = {part.name: part for part in the_run(folder).lineage}
    assert parts["modules"].status == "partial"
    assert parts["modules"].facts["entry"]["kind"] == "script"


def test_forked_children_neither_observe_nor_keep_the_journal_alive(folder, place):
    parts = observe(
        folder,
        place,
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    os.close(1); os.close(2); time.sleep(1.5); os._exit(0)\n",
    )

    assert parts["resources"].status == "ok"
    assert list((folder / "journals").glob("*.s*")) == []


def test_a_command_without_python_says_that_nobody_could_tell(folder, place):
    parts = observe(folder, place, "", command=("true",))

    assert (parts["seeds"].status, parts["seeds"].reason) == (
        "skipped",
        "only the command's own process could tell",
    )

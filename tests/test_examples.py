"""The example projects do what their READMEs say.

Four of them are run here with fewer epochs. All seven are run as users run them, which takes
some minutes, where EXAMPLES=1 is set.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tui_tracker.cli import COMMANDS, command_parser
from tui_tracker.names.lint import lint_experiment, lint_metric
from tui_tracker.plan.plan import read_plan

HOME = Path(__file__).resolve().parent.parent
SOURCE = HOME / "examples"
PROJECTS = sorted(path.parent.name for path in SOURCE.glob("*/run.sh"))
PLANS = sorted(path.parent.name for path in SOURCE.glob("*/plan.toml"))
NEEDED = ("sklearn", "numpy", "scipy")

runs = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in NEEDED),
    reason="the examples train with scikit-learn: pip install 'tui-tracker[examples]'",
)
whole = pytest.mark.skipif(
    not os.environ.get("EXAMPLES"),
    reason="set EXAMPLES=1 to run the examples as users do: some minutes",
)
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the examples, with a `tt` of this interpreter beside it."""
    ignore = shutil.ignore_patterns(".tui_tracker", "__pycache__")
    shutil.copytree(SOURCE, tmp_path / "examples", ignore=ignore)
    (tmp_path / "bin").mkdir()
    tt = tmp_path / "bin" / "tt"
    tt.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tui_tracker.cli "$@"\n')
    tt.chmod(0o755)
    return tmp_path / "examples"


@pytest.fixture
def call(copy: Path) -> Run:
    """Call a command in an example's folder."""

    def call_(project: str, *words: str, **extra: str) -> subprocess.CompletedProcess[str]:
        folders = [str(copy.parent / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]]
        environment = {
            **os.environ,
            "PATH": os.pathsep.join(folders),
            "PYTHON": sys.executable,
            "TUI_TRACKER_STORE": str(copy / project / ".tui_tracker"),
            **extra,
        }
        return subprocess.run(words, cwd=copy / project, env=environment, capture_output=True,
                              text=True, check=False)  # fmt: skip

    return call_


def run_planned(call: Run, project: str) -> str:
    """Run an example's plan, all but its last run in one process; return what run.sh says."""
    cells = str(HOME / "tests" / "run_cells.py")
    made = call(project, sys.executable, cells, "plan.toml", "1", EXAMPLES_QUICK="1")
    assert made.returncode == 0, made.stderr
    shown = call(project, "sh", "run.sh", EXAMPLES_QUICK="1")
    assert shown.returncode == 0, shown.stderr
    assert "1 run made, 0 failed; the plan is done" in shown.stderr
    return shown.stdout


# What needs no training.


def test_there_are_the_seven_projects_and_the_list_names_them():
    told = (SOURCE / "README.md").read_text()

    assert len(PROJECTS) == 7
    assert [name for name in PROJECTS if f"({name}/)" not in told] == []


@pytest.mark.parametrize("project", PROJECTS)
def test_commands_in_a_readme_and_in_run_sh_are_ones_that_tt_takes(project):
    text = (SOURCE / project / "README.md").read_text()
    script = (SOURCE / project / "run.sh").read_text().replace("\\\n", " ")
    lines = re.findall(r"^\$ (tt .*?)(?:  +#.*)?$", text, re.M)
    lines += re.findall(r"^show (tt .*)$", script, re.M)

    assert len(lines) > 1
    for line in lines:
        _, command, *words = shlex.split(line)
        command_parser(command).parse_args(words)


@pytest.mark.parametrize("project", PLANS)
def test_a_plan_has_names_that_the_linter_passes(project):
    plan = read_plan(SOURCE / project / "plan.toml")

    assert not lint_experiment(plan.experiment)
    assert [n for n in (plan.primary, *plan.secondary) if lint_metric(n)] == []


def test_the_extra_of_the_examples_is_part_of_what_ci_installs():
    with (HOME / "pyproject.toml").open("rb") as file:
        extras = tomllib.load(file)["project"]["optional-dependencies"]

    names = {re.split(r"[<>=]", entry)[0] for entry in extras["dev"]}
    assert {re.split(r"[<>=]", entry)[0] for entry in extras["examples"]} <= names


# With fewer epochs.


@runs
def test_the_sweep_finds_the_rate_that_diverges_and_a_stable_winner(call):
    shown = call("learning_rate_sweep", "sh", "run.sh", EXAMPLES_QUICK="1")
    health = call("learning_rate_sweep", "tt", "health", "--json")
    notes = call("learning_rate_sweep", "tt", "show", "lr=0.3_seed=0", "--json")

    assert shown.returncode == 0, shown.stderr
    assert "learning_rate=0.03  by highest" in shown.stdout
    assert "All 3 runs of the winner have stable curves." in shown.stdout
    assert "not stable: train_loss: NaN from step" in shown.stdout
    assert health.returncode == 1
    diverged = json.loads(notes.stdout)
    assert "diverged" in diverged["tags"]
    assert any("NaN from epoch" in note for note in diverged["notes"])


@runs
def test_the_change_of_preprocessing_notes_its_reason_on_the_winner(call):
    shown = call("preprocessing_change", "sh", "run.sh", EXAMPLES_QUICK="1")
    candidates = call("preprocessing_change", "tt", "ls", "--json", "tag:candidate")

    assert shown.returncode == 0, shown.stderr
    assert "normalizer=global  by lowest" in shown.stdout
    found = json.loads(candidates.stdout)
    assert [run["params"]["normalizer"] for run in found] == ["global"] * 3
    assert all("mean calibration error" in run["notes"][-1] for run in found)


@runs
def test_the_ablation_keeps_the_features_by_the_rule_of_its_plan(call, copy):
    shown = run_planned(call, "feature_ablation")

    assert "feature_set=all  by highest" in shown
    table = (copy / "feature_ablation" / "table.csv").read_text().splitlines()
    assert table[0] == "feature_set,seed,val_f1_macro,std,n"
    assert len(table) == 9
    assert sum(",mean," in line for line in table) == 2


@runs
def test_the_plan_for_boosting_is_kept_and_decided(call):
    shown = run_planned(call, "gradient_boosting_plan")

    assert "9 done" in shown
    assert "feature_set=raw  by lowest" in shown


# As users run them.

SAID = {
    "learning_rate_sweep": ("learning_rate=0.03  by", "0.9065", "winner have stable curves"),
    "feature_ablation": ("feature_set=all  by", "0.9724 ± 0.0147", "0.9434 ± 0.0250", "6 done"),
    "preprocessing_change": ("global normalisation: mean calibration error 0.0156 against 0.0309",),
    "augmentation_comparison": ("aug=erase  by", "9 done", "not <= 0.02"),
    "personal_benchmark": ("alpha=0.0001  by", "pixels=all  by", "wrote summary.md"),
    "gradient_boosting_plan": ("feature_set=raw  by", "9 done"),
    "reproducibility_drill": ("split seed 27, the best", "reproduced, bit for bit", "A 100"),
}
"""What the output of run.sh has to say, as the README does."""
CODES = {
    "learning_rate_sweep": [1],
    "augmentation_comparison": [1],
    "reproducibility_drill": [1, 1] + [1] * ("drill" in COMMANDS),
}
"""The exit codes that run.sh tells, of commands that found something."""
GRADES = {"reproducibility_drill": {"A", "D"}}


@runs
@whole
@pytest.mark.timeout(600)
@pytest.mark.parametrize("project", PROJECTS)
def test_an_example_says_what_its_readme_says(project, call, copy, monkeypatch):
    for name in ("CAPTURE", "CONSOLE", "SYSTEM"):
        monkeypatch.delenv(f"TUI_TRACKER_{name}")
    person = ("-c", "user.name=example", "-c", "user.email=example@example.org")
    for words in (("init", "-q"), ("add", "."), (*person, "commit", "-q", "-m", "begin")):
        subprocess.run(("git", *words), cwd=copy, check=True)

    shown = call(project, "sh", "run.sh")
    audit = call(project, "tt", "audit", "--json")

    said = shown.stdout + shown.stderr
    assert shown.returncode == 0, said
    assert [text for text in SAID[project] if text not in said] == []
    assert [int(code) for code in re.findall(r"exit code (\d)", said)] == CODES.get(project, [])
    graded = {run["grade"] for run in json.loads(audit.stdout)["runs"]}
    assert graded == GRADES.get(project, {"A"})

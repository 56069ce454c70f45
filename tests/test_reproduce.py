"""A run is got again from the store alone, or it is said exactly why not."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from reproduction import Project, plain_environment, reproduce, tt_json

from tui_tracker import queries
from tui_tracker.queries.proofs import list_reports, proof_levels
from tui_tracker.reproduce.attempts import REPORT
from tui_tracker.store import Store

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    return Project(tmp_path / "project", tmp_path / "store")


def left_over(project: Project) -> list[str]:
    return sorted(path.name for path in (project.store.parent / "scratch").iterdir())


def test_a_lost_run_comes_out_identical_from_the_store_alone(project: Project) -> None:
    project.train()
    project.lose()

    code, said, told = reproduce(project.store, "seed1")

    assert (code, said["verdict"], said["proof"]["level"]) == (0, "identical", "L5"), told
    metrics = {name: metric["verdict"] for name, metric in said["metrics"].items()}
    assert metrics == {"loss": "identical", "val_f1": "identical", "step_time": None}
    assert said["metrics"]["val_f1"]["role"] == "main"
    assert [file["verdict"] for file in said["artifacts"]] == ["identical"]
    assert said["plan"]["expected_best"] == "identical"
    steps = [step["step"] for step in said["steps"]]
    assert steps == ["plan", "code", "environment", "data", "run", "compare"]
    assert sorted(os.listdir(project.folder)) == ["data.csv"]
    assert left_over(project) == []


def test_the_rerun_is_a_run_of_its_own_with_the_report_and_the_proof(project: Project) -> None:
    project.train()
    project.lose()

    _, said, _ = reproduce(project.store, "seed1", "--report", str(project.folder / "r.md"))

    (rerun,) = said["reruns"]
    shown = tt_json(project.store, "show", rerun)
    assert shown["tags"] == ["reproduction"]
    assert shown["lineage"]["origin"]["derived_from"] == said["run"]
    assert REPORT in [artifact["path"] for artifact in shown["artifacts"]]
    original = tt_json(project.store, "show", "seed1")
    assert original["id"] == said["run"]
    assert original["proof"]["level"] == "L5"
    assert (original["proof"]["run"], original["proof"]["verdict"]) == (rerun, "identical")
    page = (project.folder / "r.md").read_text()
    assert "reproduced, bit for bit" in page
    assert "| val_f1 | main | identical |" in page
    with Store.open(project.store) as store:
        key = queries.find_run(store, "seed1")
        assert proof_levels(store, [key])[key].attempts == 1
        assert list_reports(store, key)[0]["verdict"] == "identical"


def test_a_shaken_computation_is_within_tolerance_and_not_identical(project: Project) -> None:
    project.train()

    code, said, told = reproduce(project.store, "seed1", "--set", "SHAKE=1e-12")

    assert (code, said["verdict"], said["proof"]["level"]) == (0, "within tolerance", "L4"), told
    assert said["plan"]["expected_best"] == "within tolerance"
    assert said["metrics"]["val_f1"]["first_bits"] is not None
    assert said["suspects"] == ["SHAKE=1e-12 was set"]


def test_a_changed_file_stops_it_before_anything_runs(project: Project) -> None:
    project.train()
    project.lose()
    project.write("data.csv", "1.0\n2.0\n0.5\n1.6\n")

    code, said, told = reproduce(project.store, "seed1")

    assert code == 5
    assert "data.csv has sha256:" in said["why"]
    assert "Nothing was run" in said["why"]
    assert said["reruns"] == []
    assert len(tt_json(project.store, "ls")) == 1
    assert "run " not in [line.split()[1] for line in told.splitlines() if line[:1] in "✓✗"]
    assert left_over(project) == []


def test_a_lost_file_is_taken_from_where_the_map_says(project: Project, tmp_path: Path) -> None:
    project.train()
    project.lose()
    (project.folder / "data.csv").rename(tmp_path / "elsewhere.csv")

    lost, said, _ = reproduce(project.store, "seed1")
    found, again, told = reproduce(
        project.store, "seed1", "--data-map", f"data.csv={tmp_path / 'elsewhere.csv'}"
    )

    assert lost == 5
    assert "--data-map data.csv=NEW" in said["why"]
    assert (found, again["verdict"]) == (0, "identical"), told


def test_five_paired_seeds_of_a_shifted_metric_are_different(project: Project) -> None:
    for seed in range(5):
        project.train("--seed", str(seed))

    code, said, told = reproduce(project.store, "seed0", "--group", "--set", "SHIFT=-1")

    assert (code, said["verdict"]) == (1, "different"), told
    assert len(said["reruns"]) == 5
    assert "paired by seed" in said["metrics"]["val_f1"]["why"]
    assert said["proof"]["level"] == "L1"


def test_one_rerun_next_to_three_seeds_is_never_consistent(project: Project) -> None:
    for seed in range(3):
        project.train("--seed", str(seed))

    code, said, _ = reproduce(project.store, "seed0", "--set", "SHAKE=0.0005")

    assert (code, said["verdict"]) == (7, "inconclusive")
    assert "weak evidence" in said["metrics"]["val_f1"]["why"]


def test_a_dry_run_earns_the_first_level_and_runs_nothing(project: Project) -> None:
    project.train()
    project.lose()

    code, said, _ = reproduce(project.store, "seed1", "--dry-run")

    assert (code, said["verdict"], said["proof"]["level"]) == (0, "rebuilt", "L1")
    assert len(tt_json(project.store, "ls")) == 1
    assert tt_json(project.store, "show", "seed1")["proof"]["level"] == "L1"


def test_a_plan_is_told_and_nothing_is_kept_of_it(project: Project) -> None:
    project.train()

    code, said, told = reproduce(project.store, "seed1", "--plan-only")

    assert (code, said["verdict"]) == (0, "planned")
    assert "data.csv" in told
    assert tt_json(project.store, "show", "seed1").get("proof") is None


def test_a_run_without_a_snapshot_ends_with_the_code_for_code(project: Project) -> None:
    project.train(TUI_TRACKER_CAPTURE="off")

    code, said, _ = reproduce(project.store, "seed1")

    assert (code, said["verdict"]) == (3, "failed")
    assert "cannot be rebuilt: no snapshot of the code was recorded" in said["why"]


def test_a_script_that_fails_now_ends_with_its_last_lines(project: Project) -> None:
    project.write(
        "extra.py",
        "import os\ndef bias():\n    global n\n    n += 1\n"
        "    if os.environ.get('SHAKE') and n > 9:\n        raise RuntimeError('no card here')\n"
        "    return 1e-3\nn = 0\n",
    )
    project.train()

    code, said, _ = reproduce(project.store, "seed1", "--set", "SHAKE=0")

    assert (code, said["verdict"], said["proof"]["level"]) == (6, "failed", "L1")
    assert said["tail"][-1] == "RuntimeError: no card here"
    assert "had the same bits up to step 8" in said["why"]
    assert tt_json(project.store, "show", said["reruns"][0])["status"] == "failed"


def test_a_rerun_that_takes_too_long_is_stopped(project: Project) -> None:
    project.write(
        "extra.py",
        "import os, time\ndef bias():\n"
        "    time.sleep(float(os.environ.get('SLOW', 0)))\n    return 1e-3\n",
    )
    project.train()

    code, said, _ = reproduce(project.store, "seed1", "--set", "SLOW=60", "--timeout", "2")

    assert (code, said["verdict"]) == (6, "failed")
    assert "was stopped after" in said["why"]


def test_ctrl_c_ends_the_rerun_as_killed_and_leaves_nothing_behind(project: Project) -> None:
    project.write(
        "extra.py",
        "import os, time\ndef bias():\n"
        "    time.sleep(float(os.environ.get('SLOW', 0)))\n    return 1e-3\n",
    )
    project.train()
    environment = {k: v for k, v in os.environ.items() if k != "TUI_TRACKER_CAPTURE"}
    command = [sys.executable, "-m", "tui_tracker.cli", "--store", str(project.store)]
    process = subprocess.Popen(
        [*command, "reproduce", "seed1", "--set", "SLOW=0.5"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + 60
    journals = project.store / "journals"
    while not list(journals.glob("*.journal")):
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    time.sleep(1.0)

    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)

    assert process.returncode == 130
    assert left_over(project) == []
    runs = tt_json(project.store, "ls")
    assert [run["status"] for run in runs] == ["killed", "finished"]
    assert runs[1].get("proof") is None


def test_redacted_arguments_are_asked_for_by_name_and_kept_nowhere(project: Project) -> None:
    secret = "hf_" + "q7Zr9" * 7
    project.train("--seed", "1", "--token", secret)

    without, _, told = reproduce(project.store, "seed1")
    code, said, _ = reproduce(project.store, "seed1", "--secret", f"TOKEN={secret}")

    assert without == 2
    assert "--secret TOKEN=..." in told
    assert (code, said["verdict"]) == (0, "identical")
    assert secret not in str(said)
    for path in project.store.rglob("*"):
        assert not path.is_file() or secret.encode() not in path.read_bytes()


def test_a_recorded_model_is_scored_again(project: Project) -> None:
    project.write(
        "evaluate.py",
        "import os\nimport tui_tracker as tt\n"
        "w = float(open(os.path.join(os.environ['TUI_TRACKER_ARTIFACTS'], 'model.txt')).read())\n"
        "with tt.init('demo', 'score') as run:\n"
        "    run.log({'val_f1': 1 / (1 + abs(w - 1)) + float(os.environ.get('BUG', 0))})\n",
    )
    project.write(
        "pyproject.toml", '[tool.tui_tracker.reproduce]\nrescore = "python evaluate.py"\n'
    )
    project.train()
    project.lose()

    code, said, told = reproduce(project.store, "seed1", "--mode", "rescore")
    wrong, again, _ = reproduce(
        project.store,
        "seed1",
        "--mode",
        "rescore",
        "--command",
        "python evaluate.py",
        "--set",
        "BUG=0.1",
    )

    assert (code, said["verdict"], said["proof"]["level"]) == (0, "identical", "L2"), told
    assert (wrong, again["verdict"]) == (1, "different")


def test_a_split_that_comes_out_otherwise_is_told_apart_from_metrics(project: Project) -> None:
    text = (project.folder / "train.py").read_text()
    project.write(
        "train.py", text.replace("seed=seed)", "seed=seed + int(os.environ.get('OTHER', 0)))")
    )
    project.train()

    code, said, _ = reproduce(project.store, "seed1", "--set", "OTHER=1")

    assert code == 5
    assert "split its data otherwise" in said["why"]


def test_what_still_runs_or_is_not_there_is_refused_in_one_sentence(project: Project) -> None:
    project.train()

    code, said, told = reproduce(project.store, "seed9")

    assert (code, said) == (2, {})
    assert told.count("\n") == 1


BLAS = """
import numpy
import tui_tracker as tt

numbers = numpy.random.default_rng(1)
x = numbers.normal(size=(300, 40))
y = x @ numbers.normal(size=40) > 0
w = numpy.zeros(40)
with tt.init("blas", "logistic", {"seed": 1}) as run:
    for step in range(40):
        p = 1 / (1 + numpy.exp(-(x @ w)))
        w -= 0.5 * x.T @ (p - y) / len(y)
        run.log({"val_acc": float(((p > 0.5) == y).mean()), "norm": float(w @ w)})
"""


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="kernels of x86")
def test_another_kernel_of_blas_is_within_tolerance_and_is_the_suspect(project: Project) -> None:
    pytest.importorskip("numpy")
    project.write("train.py", BLAS)
    project.train()
    project.lose()

    same, first, told = reproduce(project.store, "logistic")
    code, said, _ = reproduce(project.store, "logistic", "--set", "OPENBLAS_CORETYPE=Nehalem")

    assert (same, first["verdict"]) == (0, "identical"), told
    assert (code, said["verdict"]) == (0, "within tolerance")
    assert said["metrics"]["val_acc"]["verdict"] == "identical"
    assert said["metrics"]["norm"]["verdict"] == "within tolerance"
    assert any("Nehalem" in suspect for suspect in said["suspects"])


def test_a_script_without_a_logger_is_launched_again_by_tt_run(project: Project) -> None:
    project.write("plain.py", "import helper\nprint(helper.step(1.0, 2.0))\n")
    command = [sys.executable, "-m", "tui_tracker.cli", "--store", str(project.store), "run"]
    subprocess.run(
        [*command, "--name", "plain", "--", sys.executable, "plain.py", "--lr", "0.1"],
        check=True,
        cwd=project.folder,
        env=plain_environment(),
        capture_output=True,
    )
    project.lose()

    code, said, told = reproduce(project.store, "plain")

    assert (code, said["verdict"]) == (7, "inconclusive"), told
    assert said["why"] == "the run logged no metric that could be compared"
    shown = tt_json(project.store, "show", said["reruns"][0])
    assert (shown["status"], shown["params"]) == ("finished", {"lr": 0.1})
    assert tt_json(project.store, "console", said["reruns"][0])[0]["text"] == "1.2"

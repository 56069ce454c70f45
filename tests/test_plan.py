"""Plans: read from a file, compared with what ran, and run to their end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import tui_tracker as tt
from tui_tracker.errors import InvalidArgument
from tui_tracker.plan import placing, running
from tui_tracker.plan.claims import take_claim
from tui_tracker.plan.coverage import check_plan
from tui_tracker.plan.placing import Places
from tui_tracker.plan.plan import Plan, is_same, read_plan
from tui_tracker.plan.running import open_cells, run_plan, tt_command
from tui_tracker.plan.templates import TEMPLATES, template
from tui_tracker.store import Store

PLAN = """
experiment = "compare_aug_v1"
purpose = "compare"
command = "python train.py --aug {aug} --seed {seed}"
artifacts = ["*.pt"]
rule = "highest mean val_f1 with std <= 0.5pp"
[params]
model = "mlp"
[grid]
aug = ["flip", "cut out"]
[seeds]
values = [0, 1]
[metrics]
primary = "val_f1"
secondary = ["val_accuracy"]
[data]
version = "v1"
[budget]
runs = 4
"""


@pytest.fixture
def write(tmp_path):
    def write_(text: str) -> Path:
        path = tmp_path / "plan.toml"
        path.write_text(text)
        return path

    return write_


@pytest.fixture
def made(folder, tmp_path):
    """Log one planned run, whole unless something is left out."""

    def make(aug: str, seed: int, *, status: str = "finished", files: int = 1, **more: object):
        scores = {"val_f1": [0.8], "val_accuracy": [0.9], **more}
        params = {"aug": aug, "seed": seed, "model": "mlp", "data_version": "v1"}
        params |= scores.pop("params", {})  # type: ignore[arg-type]
        run = tt.init("compare_aug_v1", params=params, store=folder)
        for name, values in scores.items():
            run.log({name: values[0]}, step=0)  # type: ignore[index]
        for number in range(files):
            model = tmp_path / f"model{number}.pt"
            model.write_text("x")
            run.log_artifact(model)
        run.finish(status)  # type: ignore[arg-type]

    return make


def states(store, path):
    coverage = check_plan(store, read_plan(path))
    return [covered.state for covered in coverage.cells], coverage


def test_every_combination_is_a_run_with_seeds_innermost(write):
    plan = read_plan(write(PLAN))

    assert [cell.label for cell in plan.cells()] == [
        "aug=flip seed=0", "aug=flip seed=1", "aug=cut out seed=0", "aug=cut out seed=1",
    ]  # fmt: skip


def test_a_value_with_a_blank_stays_one_word_of_the_command(write):
    plan = read_plan(write(PLAN))

    assert tt_command(plan, plan.cells()[2]) == [
        "tt", "run", "--experiment", "compare_aug_v1", "--tag", "purpose:compare", "--param",
        "model=mlp", "--param", "aug=cut out", "--param", "seed=0", "--", "python", "train.py",
        "--aug", "cut out", "--seed", "0",
    ]  # fmt: skip


def test_a_value_stays_what_it_is_inside_of_quotes(write):
    text = PLAN.replace('"python train.py --aug {aug}', """"sh -c 'x {aug}' --a={aug}""")
    text = text.replace('"cut out"', "'it\"s $x'")
    plan = read_plan(write(text))

    words = plan.command_of(plan.cells()[-1])

    assert words == ["sh", "-c", 'x it"s $x', '--a=it"s $x', "--seed", "1"]


def test_params_that_vary_without_reaching_the_command_are_known(write):
    plan = read_plan(write(PLAN.replace("--aug {aug}", "")))
    whole = read_plan(write(PLAN))

    assert (plan.idle_params(), whole.idle_params()) == (["aug"], [])
    assert [text.partition(": ")[2] for text in plan.doubts()] == [
        "the command does not take {aug}, so all its values run the same"
    ]


def test_nothing_is_there_before_anything_ran(store, write):
    found, coverage = states(store, write(PLAN))

    assert found == ["missing"] * 4
    assert not coverage.is_complete


def test_planned_runs_are_told_by_how_they_ended(store, write, made):
    made("flip", 0)
    made("flip", 1, status="failed")
    made("cut out", 0, files=0)
    made("cut out", 1, params={"data_version": "v2"})

    found, coverage = states(store, write(PLAN))

    assert found == ["done", "failed", "incomplete", "incomplete"]
    assert coverage.cells[2].lacks == ("artifact *.pt",)
    assert coverage.cells[3].lacks == ("data version v1 (it used v2)",)


def test_the_best_of_several_attempts_counts(store, write, made):
    made("flip", 0, status="failed")
    made("flip", 0)

    found, coverage = states(store, write(PLAN))

    assert found[0] == "done"
    assert coverage.cells[0].attempts == 2


def test_runs_that_nobody_planned_are_named(store, write, made):
    made("mixup", 0)
    made("flip", 0, params={"model": "cnn"})

    found, coverage = states(store, write(PLAN))

    assert found == ["missing"] * 4
    assert len(coverage.unplanned) == 2


def test_usual_names_of_a_seed_are_one(store, write, folder):
    params = {"aug": "flip", "random_state": 1}
    tt.init("compare_aug_v1", params=params, store=folder).finish()

    found, _ = states(store, write(PLAN))

    assert found == ["missing", "incomplete", "missing", "missing"]


VALUES = st.one_of(
    st.booleans(), st.integers(-3, 3), st.just(10**400), st.sampled_from([0.1, 1.0, -0.0, 1e-9]),
    st.sampled_from(["1", "1.0", "0.1", "True", "x", "", "[1]", "[]"]),
    st.lists(st.sampled_from([1, 1.0, "1"]), max_size=2),
)  # fmt: skip


def told_apart(values):
    kept = []
    for value in values:
        if not any(is_same(one, value) or is_same(value, one) for one in kept):
            kept.append(value)
    return tuple(kept)


@example({"a": ["1.0", True]}, {"a": 1.0})
@given(
    st.dictionaries(st.sampled_from("abc"), st.lists(VALUES, min_size=1, max_size=5), max_size=3),
    st.dictionaries(st.sampled_from("abcd"), VALUES | st.floats()),
)
def test_a_run_is_the_planned_one_that_a_search_through_all_would_find(grid, params):
    plan = Plan("e", grid={key: told_apart(values) for key, values in grid.items()})
    fitting = [
        number for number, cell in enumerate(plan.cells())
        if all(is_same(params.get(key), value) for key, value in cell.params.items())
    ]  # fmt: skip

    found = Places(plan, {}).of(params)

    assert found == (fitting[0] if fitting else None)


def test_a_run_is_not_laid_beside_each_planned_one(monkeypatch):
    values = tuple(number / 7 for number in range(100))
    places = Places(Plan("e", grid={"a": values, "b": values}), {})
    compared = []
    monkeypatch.setattr(placing, "is_same", lambda *pair: compared.append(pair) or is_same(*pair))

    found = places.of({"a": values[80], "b": values[7]})

    assert found == 8007
    assert len(compared) <= 4


def test_what_was_never_tried_comes_before_what_failed(store, write, made):
    made("flip", 0, status="failed")
    made("flip", 1)

    coverage = check_plan(store, read_plan(write(PLAN)))

    assert [c.state for c in open_cells(coverage)] == ["missing", "missing", "failed"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("experiment = ", "experimnt = "), "did you mean 'experiment'"),
        (("{aug}", "{augg}"), r"asks for \{augg\}: did you mean \{aug\}"),
        (("model = ", "aug = "), "'aug' is both fixed and varied"),
        (('["flip", "cut out"]', "[]"), "has no value, so nothing would run"),
        (('["flip", "cut out"]', '["flip", "flip"]'), "names one value twice"),
        (('["flip", "cut out"]', "[1, 1.0]"), "names one value twice: 1 and 1.0"),
        (('["flip", "cut out"]', '[1, "1"]'), "names one value twice: 1 and '1'"),
        (('["flip", "cut out"]', "[0.5, nan]"), "aug cannot be nan: no run is known by it"),
        (('["flip", "cut out"]', "[{a = 1}]"), "aug cannot be {'a': 1}"),
        (('"mlp"', "nan"), "model cannot be nan: no run is known by it"),
        (("{aug} --seed", "'{aug} --seed"), "the command has a quote that is not closed"),
        (("runs = 4", "runs = 3"), "the grid has 4 runs and the budget 3"),
        (("runs = 4", "runs = -1"), "is a number above 0"),
        (("runs = 4", "hours = nan"), "is a number above 0, not nan"),
        (("highest mean", "hihgest mean"), "did you mean 'highest'"),
        (('"compare_aug_v1"', '""'), "a plan names its experiment"),
        (("[grid]", "[grid"), "cannot be read"),
        (("values = [0, 1]", f"values = {list(range(60_000))}"), "100,000 at most"),
    ],
)
def test_a_plan_that_cannot_be_is_one_sentence(write, change, words):
    with pytest.raises(InvalidArgument, match=words):
        read_plan(write(PLAN.replace(*change)))


def test_dates_and_tables_within_are_what_a_run_keeps(write):
    text = PLAN.replace('model = "mlp"', 'model = "mlp"\nopt = {name = "adam", since = 2025-01-01}')
    text = text.replace('aug = ["flip", "cut out"]', "aug = [2025-01-01, 2025-01-02]\nopt.lr = [1]")

    plan = read_plan(write("\ufeff" + text))

    assert dict(plan.params) == {"model": "mlp", "opt.name": "adam", "opt.since": "2025-01-01"}
    assert plan.grid == {"aug": ("2025-01-01", "2025-01-02"), "opt.lr": (1,)}


def test_no_file_says_how_to_get_one(tmp_path):
    with pytest.raises(InvalidArgument, match="tt plan new"):
        read_plan(tmp_path / "none.toml")


@pytest.mark.parametrize("kind", TEMPLATES)
def test_every_template_is_a_plan(write, kind):
    plan = read_plan(write(template(kind)))

    assert len(plan.cells()) == plan.most_runs
    assert plan.command_of(plan.cells()[0])[0] == "python"


SCRIPT = """
import sys, tui_tracker as tt
seed = int(sys.argv[2])
with tt.init(params={"seed": seed}) as run:
    run.log({"val_f1": 0.5}, step=0)
    if seed == 1 and not __import__("os").path.exists("mended"):
        sys.exit(3)
"""


def test_a_plan_is_run_to_its_end_and_goes_on_where_it_failed(tmp_path):
    (tmp_path / "train.py").write_text(SCRIPT)
    (tmp_path / "plan.toml").write_text(
        f'experiment = "e"\ncommand = "{sys.executable} train.py --seed {{seed}}"\n'
        '[seeds]\nvalues = [0, 1, 2]\n[metrics]\nprimary = "val_f1"\n'
    )
    env = {**os.environ, "TUI_TRACKER_STORE": str(tmp_path / "store")}
    Path(tmp_path / "store").mkdir()

    def tt_(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tui_tracker.cli", *words]
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True,
                              check=False)  # fmt: skip

    subprocess.run([sys.executable, "-c", "import tui_tracker as tt; tt.init('x').finish()"],
                   cwd=tmp_path, env=env, check=True)  # fmt: skip
    first = tt_("plan", "run", "-j", "2")
    (tmp_path / "mended").touch()
    second = tt_("plan", "run")
    check = tt_("plan", "check", "--json")

    assert first.returncode == 1
    assert "3 runs made, 1 failed" in first.stderr
    assert second.returncode == 0, second.stderr
    assert "1 run made, 0 failed; the plan is done" in second.stderr
    assert check.returncode == 0
    assert json.loads(check.stdout)["counts"]["done"] == 3


def test_a_plan_comes_before_the_store_that_its_first_run_makes(tmp_path):
    (tmp_path / "train.py").write_text(SCRIPT)
    (tmp_path / "plan.toml").write_text(
        f'experiment = "e"\ncommand = "{sys.executable} train.py --seed {{seed}}"\n'
        '[seeds]\nvalues = [0]\n[metrics]\nprimary = "val_f1"\n'
    )
    store = tmp_path / "store"

    def tt_(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tui_tracker.cli", "--store", str(store), *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    check, after = tt_("plan", "check", "--json"), store.exists()
    next_ = tt_("plan", "next")
    run = tt_("plan", "run")

    assert (check.returncode, after) == (1, False)
    assert json.loads(check.stdout)["counts"]["missing"] == 1
    assert next_.stdout.startswith(f"tt --store {store} run --experiment e ")
    assert "train.py --seed 0" in next_.stdout
    assert run.returncode == 0, run.stderr


def test_what_somebody_makes_is_claimed_until_it_is_given_up(tmp_path, write):
    plan = read_plan(write(PLAN))
    first, second = plan.cells()[:2]

    claim = take_claim(tmp_path, plan, first)
    again, other = take_claim(tmp_path, plan, first), take_claim(tmp_path, plan, second)
    assert claim is not None
    claim.give_up()
    later = take_claim(tmp_path, plan, first)

    assert again is None
    assert other is not None
    assert later is not None
    later.give_up()
    other.give_up()
    assert list((tmp_path / "plans").iterdir()) == []


def test_a_claim_outlives_whoever_handed_it_on(tmp_path, write):
    plan = read_plan(write(PLAN))
    cell = plan.cells()[0]
    claim = take_claim(tmp_path, plan, cell)
    assert claim is not None
    assert claim.handle is not None
    child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=(claim.handle,))

    os.close(claim.handle)  # as the kernel does with a process that is killed
    while_it_lives = take_claim(tmp_path, plan, cell)
    child.communicate()

    assert while_it_lives is None
    assert take_claim(tmp_path, plan, cell) is not None


def test_what_another_call_makes_is_left_to_it(folder, write):
    plan = read_plan(write('experiment = "e"\ncommand = "true {lr}"\n[grid]\nlr = [1, 2]\n'))
    tt.init("other", store=folder).finish()
    claim = take_claim(folder, plan, plan.cells()[0])
    told = []
    with Store.open(folder) as store:
        ended = run_plan(store, plan, told=lambda cell, _: told.append(cell.label))

    assert claim is not None
    assert [(one.cell.label, one.exit_code) for one in ended] == [("lr=2", 0)]
    assert told == ["lr=2", "lr=2"]


def test_the_store_is_looked_at_once_a_start_and_seldom_while_nothing_can_start(
    folder, write, monkeypatch
):
    text = 'experiment = "e"\ncommand = "sleep {s}"\n[grid]\ns = [0, 0.01, 0.02, 1.5]\n'
    tt.init("other", store=folder).finish()
    looks = []
    monkeypatch.setattr(running, "check_plan", lambda *a: looks.append(a) or check_plan(*a))

    with Store.open(folder) as store:
        ended = run_plan(store, read_plan(write(text)), at_once=3, told=lambda *_: None)

    assert [one.exit_code for one in ended] == [0] * 4
    # One to begin with, one a start, and one after each end at most.
    assert len(looks) <= 9

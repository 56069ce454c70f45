"""The naming rules over a store, and the command that checks and mends."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import tui_tracker as tt
from tui_tracker.cli import main
from tui_tracker.names import metric
from tui_tracker.names.check import certain_renamings, check_names
from tui_tracker.names.metric import Proposal
from tui_tracker.queries import list_run_keys
from tui_tracker.store import Store

LogRun = Callable[..., tt.Run]
BAD = ["F1", "AUCtest", "accuracy", "val_f1", "val_loss_epoch3", "latency", "val_acuracy"]
GOOD = {"val_f1_macro", "test_auc_roc", "train_loss", "val_loss", "val_accuracy", "latency_ms"}


def findings(store: Store) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for finding in check_names(store, list_run_keys(store)):
        rule = finding.doubt.rule.removeprefix("naming.")
        found.setdefault((finding.doubt.kind, finding.doubt.name), set()).add(rule)
    return found


def tell(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main(["names", *words, "--store", str(folder)])
    read = capsys.readouterr()
    return code, read.out, read.err


def test_clear_names_raise_no_finding(store, log_run):
    log_run(
        "lr=0.1_seed=0",
        experiment="sweep_lr_cnn",
        params={"learning_rate": 0.1, "seed": 0},
        tags=("purpose:sweep",),
        **{name: [0.5] for name in GOOD},
    )

    assert findings(store) == {}


def test_unclear_names_are_found_by_kind_and_rule(store, log_run, folder):
    log_run(
        "final_v2_REAL",
        experiment="test2",
        params={"LR": 0.1, "seed": 0},
        tags=("purpose:sweeep",),
        **{name: [0.5] for name in BAD},
    )
    run = tt.init("test2", "lr=0.2_seed=0", {"LR": 0.2, "seed": 0}, store=folder)
    run.log_data("digits", [1, 2, 3], version="latest")
    run.finish()

    found = findings(store)

    assert found["metric", "F1"] == {"metric-case", "metric-split", "metric-averaging"}
    assert found["metric", "accuracy"] == {"metric-split"}
    assert found["metric", "val_loss_epoch3"] == {"metric-step-suffix"}
    assert found["metric", "latency"] == {"metric-unit"}
    assert found["metric", "val_acuracy"] == {"metric-registered"}
    assert found["param", "LR"] == {"param"}
    assert found["experiment", "test2"] == {"experiment"}
    assert found["run", "final_v2_REAL"] == {"run"}
    assert found["tag", "purpose:sweeep"] == {"tag"}
    assert found["data version", "latest"] == {"data-version"}


def test_one_name_for_shares_and_percents_is_told(store, log_run):
    for seed, value in enumerate((0.81, 81.2)):
        log_run(f"lr=1_seed={seed}", experiment="sweep_lr", params={"lr": 1, "seed": seed},
                val_accuracy=[0.1, value], val_loss=[0.5, 2.5])  # fmt: skip

    assert findings(store) == {("metric", "val_accuracy"): {"metric-unit"}}


def test_two_runs_of_one_name_in_an_experiment_are_told(store, log_run):
    for experiment in ("sweep_lr", "sweep_lr", "sweep_wd"):
        log_run("lr=1_seed=0", experiment=experiment, params={"lr": 1, "seed": 0}, val_loss=[1.0])

    (found,) = check_names(store, list_run_keys(store))

    assert (found.doubt.rule, found.runs, found.experiments) == ("naming.run", 2, ("sweep_lr",))
    assert found.doubt.message == "2 runs of 'sweep_lr' are named 'lr=1_seed=0'"


def test_a_version_of_data_that_a_param_tells_is_looked_at_too(store, log_run):
    log_run("lr=1", experiment="sweep_lr", params={"lr": 1, "data_version": "latest"},
            val_loss=[1.0])  # fmt: skip

    assert findings(store) == {("data version", "latest"): {"data-version"}}


def test_siblings_and_classes_narrow_what_is_proposed(store, log_run):
    log_run("a", params={"num_classes": 2}, F1=[0.5], test_accuracy=[0.5])

    (first, *_) = [
        finding
        for finding in check_names(store, list_run_keys(store))
        if finding.doubt.name == "F1"
    ]

    assert first.doubt.proposals == (Proposal("test_f1_binary", "guess"),)
    assert first.certain == ""


def test_names_for_one_thing_in_several_runs_are_found(store, log_run):
    log_run("a", params={"lr": 0.1}, **{"eval/loss": [0.5]})
    log_run("b", params={"learning_rate": 0.1}, val_loss=[0.5])

    found = check_names(store, list_run_keys(store))

    renamings = {(one.kind, one.raw, one.canonical) for one in certain_renamings(found)}
    assert renamings == {("metric", "eval/loss", "val_loss"), ("param", "lr", "learning_rate")}


def test_two_names_that_say_the_same_in_one_run_are_an_error(store, log_run):
    log_run("a", val_acc=[0.5], val_accuracy=[0.7])

    assert "collision" in findings(store)["metric", "val_accuracy"]


def test_the_check_ends_with_1_where_something_is_found(log_run, folder, capsys):
    log_run("lr=0.1", params={"learning_rate": 0.1}, val_loss=[0.5])
    clear = tell(folder, capsys, "check", "val_loss > 0")
    log_run("lr=0.2", params={"learning_rate": 0.2}, F1=[0.5])
    code, out, _ = tell(folder, capsys, "check", "--json")

    assert clear[0] == 0
    assert "all names are clear" in clear[2]
    assert code == 1
    (first, *_) = json.loads(out)
    assert (first["name"], first["rule"], first["severity"], first["runs"]) == (
        *("F1", "naming.metric-split", "error", 1),
    )
    assert {proposal["confidence"] for proposal in first["proposals"]} == {"guess"}


def test_what_is_certain_is_mended_at_once_and_guesses_when_named(log_run, folder, capsys):
    log_run("a", params={"LR": 0.1}, F1=[0.5], val_loss_epoch3=[0.5])

    dry = tell(folder, capsys, "fix", "--dry-run")
    before = tell(folder, capsys, "list")
    done = tell(folder, capsys, "fix", "--all-certain", "--metric", "F1=val_f1_macro")
    listed = json.loads(tell(folder, capsys, "list", "--json")[1])
    undone = tell(folder, capsys, "undo")
    after = json.loads(tell(folder, capsys, "list", "--all", "--json")[1])

    assert "val_loss_epoch3" in dry[1]
    assert "F1" not in dry[1]
    assert "no alias is in force" in before[2]
    assert "batch 1: 3 names" in done[2]
    assert {(one["raw"], one["canonical"]) for one in listed} == {
        ("F1", "val_f1_macro"),
        ("val_loss_epoch3", "val_loss"),
        ("LR", "learning_rate"),
    }
    assert "took back batch 1" in undone[2]
    assert all(one["reverted_at"] for one in after)


def test_a_certain_name_that_would_collide_is_left_and_told(log_run, folder, capsys):
    log_run("a", params={"LR": 0.1}, val_loss_epoch1=[0.5], val_loss_epoch2=[0.4])

    code, out, err = tell(folder, capsys, "fix", "--all-certain")
    listed = json.loads(tell(folder, capsys, "list", "--json")[1])

    assert code == 1
    assert [one["raw"] for one in listed] == ["LR"]
    assert "naming.collision" in err
    assert "learning_rate" in out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("fix",), "say what to mend"),
        (("fix", "--metric", "F1"), "takes RAW=NAME"),
        (("fix", "--metric", "val_los=x"), "no metric named 'val_los': did you mean 'val_loss'?"),
        (("fix", "--metric", "F1=val_loss"), "naming.collision"),
        (("fix", "--metric", "F1=x", "--experiment", "swep_lr"), "did you mean 'sweep_lr'?"),
    ],
)
def test_what_cannot_be_mended_is_one_sentence(log_run, folder, capsys, words, says):
    log_run("a", F1=[0.5], val_loss=[0.7])

    code, _, err = tell(folder, capsys, *words)

    assert code == 2
    assert says in err
    assert len(err.splitlines()) == 1


def test_no_run_is_told_from_clear_names(log_run, folder, capsys):
    log_run("lr=0.1_seed=0", experiment="sweep_lr_cnn", train_loss=[0.5])

    typo = tell(folder, capsys, "check", "--experiment", "sweep_lr_cn")
    none = tell(folder, capsys, "check", "nothing")

    assert typo[0] == 2
    assert "did you mean 'sweep_lr_cnn'?" in typo[2]
    assert none == (0, "", "tt: no run fits\n")


def test_what_stands_beside_metrics_is_read_once(store, log_run):
    log_run("a", experiment="sweep_lr_cnn", **{f"layer_{n}_zork": [0.5] for n in range(50)})
    before = metric._beside_known.cache_info()

    check_names(store, list_run_keys(store))

    after = metric._beside_known.cache_info()
    assert after.misses - before.misses <= 1
    assert after.hits - before.hits >= 49


def test_a_name_that_was_renamed_twice_goes_back_to_its_first_new_name(log_run, folder, capsys):
    log_run("a", experiment="sweep_lr", loss=[0.5])
    tell(folder, capsys, "fix", "--metric", "loss=train_loss")

    again = tell(folder, capsys, "fix", "--metric", "loss=val_loss", "--json")
    listed = tell(folder, capsys, "list")[1].splitlines()
    first, second = (tell(folder, capsys, "undo")[2] for _ in range(2))

    assert json.loads(again[1])["renamed"][0]["runs"] == 1
    assert [line.endswith("no, a newer one") for line in listed[1:]] == [True, False]
    assert "'loss' is read as 'train_loss'" in first
    assert "'loss' is read as it was logged" in second

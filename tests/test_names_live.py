"""What is told of names while a run is logged."""

from __future__ import annotations

import pytest

import tui_tracker as tt
from tui_tracker.errors import InvalidArgument
from tui_tracker.names.aliases import list_aliases
from tui_tracker.names.live import MOST_TOLD, TAG
from tui_tracker.queries import find_run, get_run


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    said = capsys.readouterr().err.splitlines()
    return [line.removeprefix("tui_tracker: ") for line in said if "store" not in line]


def test_an_unclear_name_is_told_once_in_one_line(folder, capsys):
    with tt.init("sweep_lr", params={"learning_rate": 0.1}, store=folder, names="warn") as run:
        for step in range(50):
            run.log({"F1": 0.5, "val_loss": 0.1}, step)
        run.log({"F1": 0.5})

    (line,) = lines(capsys)
    assert line.startswith("metric 'F1' is not in small letters")
    assert "on which split" in line
    assert "how classes were averaged: perhaps 'val_f1_macro' or 'val_f1_binary'" in line


def test_experiment_run_params_and_data_are_looked_at_too(folder, capsys):
    with tt.init("test2", "final", {"LR": 0.1}, store=folder, names="warn") as run:
        run.log_data("digits", [1, 2], version="latest")

    kinds = [line.partition(" '")[0] for line in lines(capsys)]
    assert kinds == ["experiment", "run", "param", "data version"]


def test_names_that_nobody_chose_and_clear_ones_are_not_told(folder, capsys):
    with tt.init(params={"learning_rate": 0.1, "seed": 0}, store=folder, names="warn") as run:
        run.log({"val_loss": 0.5, "train/loss": 0.5, "lr": 0.1, "epoch": 1})

    assert lines(capsys) == []


def test_off_tells_nothing_and_the_environment_says_so_for_all(folder, capsys, monkeypatch):
    with tt.init("sweep_lr", store=folder, names="off") as run:
        run.log({"F1": 0.5})
    monkeypatch.setenv("TUI_TRACKER_NAMES", "off")
    with tt.init("sweep_lr", store=folder) as run:
        run.log({"F1": 0.5})

    assert lines(capsys) == []


def test_warn_is_what_happens_unless_something_else_is_said(folder, capsys, monkeypatch):
    monkeypatch.delenv("TUI_TRACKER_NAMES")
    with tt.init("sweep_lr", store=folder) as run:
        run.log({"F1": 0.5})

    assert len(lines(capsys)) == 1


def test_many_unclear_names_are_not_all_told(folder, capsys):
    with tt.init("sweep_lr", store=folder, names="warn") as run:
        run.log({f"Layer{number}": 0.5 for number in range(40)})

    said = lines(capsys)
    assert len(said) == MOST_TOLD + 1
    assert "tt names check" in said[-1]


def test_fix_reads_what_leaves_no_choice_as_what_it_means(folder, store, capsys):
    with tt.init("sweep_lr", "r", {"LR": 0.1}, store=folder, names="fix") as run:
        run.log({"val_loss_epoch3": 0.5, "F1": 0.5})

    row = get_run(store, find_run(store, "r")).row
    said = lines(capsys)
    assert sorted(row.metrics) == ["F1", "val_loss"]
    assert row.params == {"learning_rate": 0.1}
    assert {alias.scope for alias in list_aliases(store)} == {"sweep_lr"}
    assert "metric 'val_loss_epoch3' is read as 'val_loss' from now on" in said
    assert any(line.startswith("metric 'F1'") for line in said)


def test_fix_never_makes_two_values_of_one_name(folder, store, capsys):
    with tt.init("sweep_lr", "r", store=folder, names="fix") as run:
        run.log({"val_loss_epoch3": 0.5, "val_loss": 0.7})

    assert sorted(get_run(store, find_run(store, "r")).row.metrics) == [
        "val_loss",
        "val_loss_epoch3",
    ]
    assert any("naming.collision" in line for line in lines(capsys))


@pytest.mark.parametrize(
    ("experiment", "name", "params", "says"),
    [
        ("test2", None, {}, "experiment 'test2'"),
        ("sweep_lr", "final_v2", {}, "run 'final_v2'"),
        ("sweep_lr", None, {"LR": 0.1}, "use 'learning_rate'"),
    ],
)
def test_strict_refuses_unclear_names_before_training(folder, experiment, name, params, says):
    with pytest.raises(InvalidArgument, match=says):
        tt.init(experiment, name, params, store=folder, names="strict")

    assert tt.current() is None


def test_strict_never_ends_a_run_that_trains_but_marks_it(folder, store, capsys):
    with tt.init("sweep_lr", "lr=0.1", store=folder, names="strict") as run:
        run.log({"F1": 0.5})
        run.log({"val_loss": 0.5})

    row = get_run(store, find_run(store, "lr=0.1")).row
    assert row.status == "finished"
    assert row.tags == (TAG,)
    assert lines(capsys)[0].startswith("NAMING BROKEN: metric 'F1'")


@pytest.mark.parametrize("where", ["argument", "environment"])
def test_another_mode_is_refused(folder, monkeypatch, where):
    monkeypatch.setenv("TUI_TRACKER_NAMES", "loud")

    with pytest.raises(InvalidArgument, match="'off', 'warn', 'fix' or 'strict', not 'loud'"):
        tt.init("a", store=folder, names="loud" if where == "argument" else None)


def test_the_project_says_how_strict_it_is(folder, tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").write_text('[tool.tui_tracker.names]\nmode = "strict"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TUI_TRACKER_NAMES")

    with pytest.raises(InvalidArgument, match="experiment 'test2'"):
        tt.init("test2", store=folder)

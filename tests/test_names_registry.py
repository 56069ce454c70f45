"""What a project declares of its metrics and names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tui_tracker.cli import main
from tui_tracker.compare.rows import best_of
from tui_tracker.decide.measures import direction_of
from tui_tracker.errors import InvalidArgument
from tui_tracker.names import registry
from tui_tracker.names.lint import lint_experiment, lint_metric, lint_tag
from tui_tracker.names.metric import Proposal, propose_metric
from tui_tracker.telling import delta_of, metric_rank, metric_stat


@pytest.fixture(autouse=True)
def _shipped() -> Iterator[None]:
    yield
    registry.forget()


@pytest.fixture
def project(tmp_path: Path):
    """Write a `pyproject.toml` and go by it."""

    def say(text: str) -> registry.NamesConfig:
        (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
        inside = tmp_path / "src"
        inside.mkdir(exist_ok=True)
        return registry.adopt_project(inside)

    return say


ZORK = """
[tool.tui_tracker.metrics.val_zork]
direction = "min"
unit = "fraction"
averaging = "macro"
split = "val"
delta = 0.01
"""


def test_a_declared_metric_has_its_direction_everywhere(project):
    before = metric_stat("val_zork"), direction_of("val_zork"), metric_rank("val_zork")

    config = project(ZORK)

    assert before == ("last", None, 2)
    assert config.deltas == {"val_zork": 0.01}
    assert (metric_stat("val_zork"), metric_stat("val_zork@cv")) == ("min", "min")
    assert direction_of("val_zork") == "lowest"
    assert metric_rank("val_zork") == 0


def test_what_is_said_of_a_spread_is_not_said_of_the_metric(project):
    project('[tool.tui_tracker.metrics.val_f1_std]\ndirection = "min"\n')

    assert [direction_of(name) for name in ("val_f1_std", "val_f1")] == ["lowest", "highest"]


def test_a_declared_metric_is_registered(project):
    before = [doubt.rule for doubt in lint_metric("val_zork")]

    project(ZORK)

    assert before == ["naming.metric-registered"]
    assert lint_metric("val_zork") == ()


def test_a_metric_declared_without_its_split_holds_for_each(project):
    project('[tool.tui_tracker.metrics.zork]\ndirection = "max"\n')

    assert [metric_stat(name) for name in ("val_zork", "test/zork", "zork")] == ["max"] * 3
    assert direction_of("train_zork") == "highest"


def test_split_and_average_that_are_declared_need_not_be_in_the_name(project):
    project('[tool.tui_tracker.metrics.f1]\ndirection="max"\nsplit="test"\naveraging="macro"\n')

    assert lint_metric("f1") == ()


def test_a_direction_wins_over_what_the_name_sounds_like(project):
    project('[tool.tui_tracker.metrics.val_loss]\ndirection = "max"\n')

    assert (metric_stat("val_loss"), direction_of("val_loss")) == ("max", "highest")


def test_the_alias_map_and_the_purposes_grow(project):
    project('[tool.tui_tracker.names]\naliases = {ACC5 = "top5_accuracy"}\npurposes = ["probe"]\n')

    assert propose_metric("val_acc5") == (Proposal("val_top5_accuracy", "certain"),)
    assert lint_experiment("probe_heads") == ()
    assert lint_tag("purpose:probe") == ()


def test_without_a_project_all_is_as_shipped(project, tmp_path):
    project(ZORK)
    (tmp_path / "pyproject.toml").unlink()

    registry.adopt_project(tmp_path / "src")

    assert metric_stat("val_zork") == "last"
    assert propose_metric("val_acc") == (Proposal("val_accuracy", "certain"),)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[tool.tui_tracker.metrics.x]\nunit='s'", "direction is None, use max, min or none"),
        ("[tool.tui_tracker.metrics.x]\ndirektion='max'", "did you mean 'direction'"),
        ("[tool.tui_tracker.metrics.x]\ndirection='max'\nsplit='dev'", "split is 'dev'"),
        ("[tool.tui_tracker.metrics.x]\ndirection='max'\ndelta='1'", "delta is a number"),
        ("[tool.tui_tracker.metrics]\nx = 'max'", "x is a table"),
        ("[tool.tui_tracker.names]\nmode='loud'", "mode is 'loud', use off, warn, fix, strict"),
        ("[tool.tui_tracker.names]\naliases={acc=1}", "acc stands for a name"),
        ("[tool.tui_tracker.names]\naliases={a='b', b='a'}", "a stands for b, a circle"),
        ("[tool.tui_tracker.names]\naliases={a='b', b='c'}", "which stands for c: write that"),
        ("[tool.tui_tracker.names]\npurposes='probe'", "purposes is a list"),
        ("[tool.tui_tracker.names]\nalias={}", "did you mean 'aliases'"),
        ("[tool.tui_tracker.names\n", "cannot be read"),
    ],
)
def test_what_means_nothing_is_told_in_one_sentence(project, text, says):
    with pytest.raises(InvalidArgument) as caught:
        project(text)

    assert says in str(caught.value)
    assert "pyproject.toml" in str(caught.value)
    assert "\n" not in str(caught.value).split("cannot be read")[0]


def test_a_table_of_tolerances_alone_leaves_the_direction_to_the_name(project):
    before = metric_stat("val_f1")

    config = project("[tool.tui_tracker.metrics.val_f1]\nrtol = 1e-6\ndelta = 0.02\n")

    assert metric_stat("val_f1") == before
    assert (config.metrics, config.deltas) == ({}, {"val_f1": 0.02})
    assert [delta_of(label) for label in ("val_f1@cv", "f1", "test_f1")] == [0.02, None, None]


def test_a_difference_that_is_too_small_makes_two_values_best(project):
    assert best_of((0.81, 0.80, 0.7), "max") == {0}

    project("[tool.tui_tracker.metrics.f1]\ndelta = 0.01\n")

    assert best_of((0.81, 0.80, 0.7), "max", delta_of("val_f1")) == {0, 1}
    assert best_of((0.81, 0.80), "max", delta_of("val_f1")) == set()


def test_every_command_goes_by_the_project(project, tmp_path, folder, log_run, monkeypatch, capsys):
    log_run("a", val_zork=[0.2, 0.5])
    log_run("b", val_zork=[0.3, 0.9])
    project(ZORK)
    monkeypatch.chdir(tmp_path / "src")

    main(["ls", "--columns", "name,val_zork", "--sort", "val_zork", "--store", str(folder)])
    lines = capsys.readouterr().out.splitlines()
    code = main(["decide", "sweep_lr", "best mean val_zork", "--store", str(folder)])
    decided = capsys.readouterr().out

    assert [line.split() for line in lines[1:]] == [["a", "0.2000"], ["b", "0.3000"]]
    assert "↓" in lines[0]
    assert code in (0, 2), decided


def test_a_broken_project_file_is_told_by_a_command(tmp_path, folder, monkeypatch, capsys):
    (tmp_path / "pyproject.toml").write_text("[tool.tui_tracker.names]\nmode=1\n")
    monkeypatch.chdir(tmp_path)

    code = main(["ls", "--store", str(folder)])

    assert code == 2
    assert "mode is 1" in capsys.readouterr().err

"""`init` and the functions on the current run."""

from __future__ import annotations

import argparse
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

import tui_tracker as tt
from tui_tracker import drain, queries
from tui_tracker.disabled import DisabledRun
from tui_tracker.errors import InvalidArgument, NotAStore
from tui_tracker.store import Store


def rows(folder: Path) -> list[queries.RunRow]:
    """Return all runs, oldest first, with all their params and metrics."""
    with Store.open(folder) as store:
        drain.recover(store)
        order = queries.Order(descending=False)
        keys = queries.list_run_keys(store, order=order)
        return queries.get_rows(store, keys, params=None, metrics=None)


def test_the_functions_of_the_module_act_on_the_current_run(folder: Path):
    tt.init("habit", store=folder)
    tt.log({"loss": 1.0})
    tt.log_params({"lr": 0.1})
    tt.tag("best", purpose="baseline")
    tt.finish()

    (row,) = rows(folder)
    assert row.params == {"lr": 0.1}
    assert row.tags == ("best", "purpose:baseline")
    assert row.metrics["loss"].count == 1


def test_wandb_names_of_arguments_mean_the_same(folder: Path, capsys: pytest.CaptureFixture[str]):
    with tt.init(project="p", config={"lr": 1}, notes="why", entity="me", store=folder) as run:
        run.config.update({"depth": 3})
        run.config.width = 8
        assert (run.config.lr, run.config["depth"], "width" in run.config) == (1, 3, True)

    (row,) = rows(folder)
    assert (row.experiment, row.params) == ("p", {"lr": 1, "depth": 3, "width": 8})
    assert "entity= means nothing here" in capsys.readouterr().err


def test_a_misspelt_argument_is_refused_with_the_nearest_name(folder: Path):
    with pytest.raises(InvalidArgument) as caught:
        tt.init(experimnt="x", store=folder)

    assert str(caught.value) == ("init() takes no argument 'experimnt': did you mean 'experiment'?")


def test_params_may_be_a_namespace_a_dataclass_or_nested(folder: Path):
    @dataclass
    class Model:
        depth: int
        name: str

    given = argparse.Namespace(lr=0.1, model=Model(3, "cnn"), layers=[1, 2], none=None)

    with tt.init("params", params=given, store=folder):
        pass

    (row,) = rows(folder)
    assert row.params == {
        "lr": 0.1,
        "model.depth": 3,
        "model.name": "cnn",
        "layers": [1, 2],
        "none": None,
    }


@pytest.mark.parametrize("params", [3, "lr=1", [1, 2]])
def test_params_without_names_are_refused(params: object, folder: Path):
    with pytest.raises(InvalidArgument, match="params take names and values"):
        tt.init("params", params=params, store=folder)


def test_a_param_logged_again_keeps_both_values(folder: Path):
    with tt.init("params", params={"epochs": 10, "lr": 1.5}, store=folder) as run:
        run.log_params({"epochs": 20, "lr": 1.5})

    with Store.open(folder) as store:
        key = queries.list_run_keys(store)[0]
        changes = queries.list_param_changes(store, key)
    assert [(change.name, change.value) for change in changes] == [("epochs", 10), ("epochs", 20)]
    assert rows(folder)[0].params["epochs"] == 20


def test_runs_that_differ_only_in_their_seed_share_a_digest(folder: Path):
    for seed, rate in ((0, 0.1), (1, 0.1), (0, 0.2)):
        with tt.init("seeds", params={"seed": seed, "lr": rate, "m.seed": seed}, store=folder):
            pass

    with Store.open(folder) as store:
        digests = [row[0] for row in store.read("SELECT params_digest FROM run ORDER BY id")]
    assert digests[0] == digests[1] != digests[2]


def test_a_run_inside_a_with_block_has_the_outer_one_as_parent(folder: Path):
    with tt.init("outer", store=folder) as outer, tt.init("inner", store=folder) as inner:
        assert tt.current() is inner

    with Store.open(folder) as store:
        detail = queries.get_run(store, queries.find_run(store, inner.id))
    assert detail.parent == outer.id


def test_a_run_that_was_not_finished_is_when_the_next_begins(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    first = tt.init("sweep", "first", store=folder)
    first.log({"loss": 1.0})
    tt.init("sweep", "second", store=folder).finish()

    assert [row.status for row in rows(folder)] == ["finished", "finished"]
    assert "'first' was not finished" in capsys.readouterr().err


def test_runs_of_two_threads_leave_each_other_alone(folder: Path):
    both_run = threading.Barrier(2)

    def train(number: int) -> None:
        run = tt.init("threads", f"run{number}", store=folder)
        both_run.wait(10)
        tt.log({"loss": float(number)})
        both_run.wait(10)
        run.finish()

    threads = [threading.Thread(target=train, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    found = {row.name: row.metrics["loss"].last for row in rows(folder)}
    assert found == {"run1": 1.0, "run2": 2.0}


def test_a_log_call_without_a_run_is_told_once_and_ends_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("tui_tracker.session._told", set())

    tt.log({"loss": 1.0})
    tt.log({"loss": 1.0})

    assert capsys.readouterr().err == (
        "tui_tracker: log() without a run: call init() first; nothing is kept\n"
    )


def test_disabled_nothing_is_kept_and_nothing_is_made(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TUI_TRACKER_MODE", "disabled")

    with tt.init("off", params={"lr": 1}, store=folder) as run:
        run.log({"loss": 1.0}, step=3, context="x")
        run.log_params({"a": 1})
        run.log_artifact("nothing.pt")
        run.tag("a")
        run.note("b")
        tt.log({"loss": 1})
        assert run.config["lr"] == 1

    assert isinstance(run, DisabledRun)
    assert not folder.exists()


def test_without_a_store_the_nearest_one_above_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    below = tmp_path / "src" / "deep"
    below.mkdir(parents=True)
    (tmp_path / ".tui_tracker").mkdir()
    monkeypatch.chdir(below)

    tt.init("nearest").finish()

    assert (tmp_path / ".tui_tracker" / "store.db").exists()


def test_a_new_store_goes_to_the_top_of_the_work_tree_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    below = tmp_path / "src"
    below.mkdir()
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(below)

    tt.init("top").finish()

    made = tmp_path / ".tui_tracker"
    assert (made / ".gitignore").read_text() == "*\n"
    assert capsys.readouterr().err == f"tui_tracker: made a new store, {made}\n"


def test_a_file_in_place_of_a_store_is_refused_before_training(tmp_path: Path):
    path = tmp_path / "store"
    path.write_text("hello")

    with pytest.raises(NotAStore) as caught:
        tt.init("x", store=path)

    assert str(caught.value) == f"{path}: a store is a folder, and this is a file"

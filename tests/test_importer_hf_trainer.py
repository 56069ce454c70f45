"""Reading what the Trainer of Hugging Face left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.import_damage import damaged, read_damaged
from tests.import_truth import Found, age, check, gather, read_all, read_item, truth_of
from tui_tracker.errors import ImportFailed
from tui_tracker.importers import find_sources
from tui_tracker.importers.records import Points, StartedOver


def state(step: int, log: list[dict[str, Any]], **more: object) -> str:
    facts = {"global_step": step, "log_history": log, "max_steps": 100, "epoch": step / 50}
    return json.dumps({**facts, **more}, indent=2, sort_keys=True)


def losses(count: int) -> list[dict[str, Any]]:
    return [{"step": 10 * n, "epoch": n / 5, "loss": 1 / n} for n in range(1, count + 1)]


def make(folder: Path, states: dict[str, str]) -> Path:
    for name, text in states.items():
        path = folder / name / "trainer_state.json" if name else folder / "trainer_state.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        age(path)
    return folder


def test_the_run_of_the_shared_folder_comes_out_as_stated(tmp_path):
    found = read_item("hf_trainer", tmp_path)

    # The arguments lie in a pickle, which is never opened.
    check(found, truth_of("hf_trainer"), not_told={"params", "start_time", "end_time"})


def test_the_state_that_came_furthest_counts(tmp_path):
    make(
        tmp_path / "out",
        {
            "checkpoint-9": state(9, losses(1)),
            "checkpoint-100": state(100, losses(10)),
            "": state(50, losses(5)),
        },
    )

    found = read_all(tmp_path)

    run = found.one("out")
    assert run.series("loss").steps == list(range(10, 101, 10))
    assert run.run.status == "finished"
    assert len(run.run.artifacts) == 3


def test_totals_best_metric_and_trial_come_with_the_end(tmp_path):
    more = {
        "best_metric": 0.25,
        "best_global_step": 40,
        "best_model_checkpoint": "/home/me/out/checkpoint-40",
        "total_flos": 1e15,
        "trial_params": {"learning_rate": 3e-5},
        "num_train_epochs": 2,
    }
    make(tmp_path / "out", {"": state(100, losses(2), **more)})

    run = read_all(tmp_path).one("out")

    assert run.series("best_metric").steps == [40]
    assert run.series("total_flos").values == [1e15]
    assert run.run.params == {"max_steps": 100, "num_train_epochs": 2, "learning_rate": 3e-5}
    assert run.run.tags == ["best:checkpoint-40"]


def test_the_end_record_tells_how_long_it_took(tmp_path):
    log = [*losses(2), {"step": 20, "train_runtime": 60.0, "train_loss": 0.7}]
    make(tmp_path / "out", {"": state(20, log)})

    run = read_all(tmp_path).one("out").run

    assert run.status == "finished"
    assert (run.ended_at - run.started_at).total_seconds() == pytest.approx(60, abs=0.01)


def test_a_training_without_an_end_was_killed(tmp_path):
    make(tmp_path / "out", {"checkpoint-20": state(20, losses(2))})

    assert read_all(tmp_path).one("out").run.status == "killed"


def test_early_stopping_is_an_end(tmp_path):
    control = {"TrainerControl": {"args": {"should_training_stop": True}, "attributes": {}}}
    make(tmp_path / "out", {"checkpoint-20": state(20, losses(2), stateful_callbacks=control)})

    assert read_all(tmp_path).one("out").run.status == "finished"


def test_the_model_card_and_the_config_tell_params(tmp_path):
    folder = make(tmp_path / "out", {"": state(100, losses(1))})
    (folder / "README.md").write_text(
        "# out\n\n### Training hyperparameters\n\nThe following hyperparameters were used:\n"
        "- learning_rate: 5e-05\n- optimizer: Use adamw_torch\n- seed: 42\n\n### Results\n- x: 1\n"
    )
    (folder / "config.json").write_text('{"model_type": "bert", "layers": [1, 2]}')

    params = read_all(tmp_path).one("out").run.params

    assert params["learning_rate"] == 5e-05
    assert params["optimizer"] == "Use adamw_torch"
    assert params["seed"] == 42
    assert params["model.model_type"] == "bert"
    assert "x" not in params


def test_evaluations_of_several_sets_and_strange_values(tmp_path):
    log = [
        {"step": 1, "eval": {"a_loss": 1.0}, "note": "text", "loss": None},
        {"step": 2, "loss": float("nan"), "ok": True},
        {"loss": 5},
        "nonsense",
    ]
    make(tmp_path / "out", {"": state(100, log)})

    run = read_all(tmp_path).one("out")

    assert run.series("eval.a_loss").values == [1.0]
    assert run.series("loss").steps == [2, 2]
    assert run.series("ok").values == [1.0]


def test_a_lone_checkpoint_is_a_run(tmp_path):
    make(tmp_path, {"checkpoint-20": state(20, losses(2))})

    found = read_all(tmp_path / "checkpoint-20")

    assert found.one("checkpoint-20").series("loss").steps == [10, 20]


def test_a_new_checkpoint_brings_what_is_new(tmp_path):
    make(tmp_path / "out", {"checkpoint-20": state(20, losses(2))})
    (source,) = find_sources(tmp_path)
    reader = source.open()
    list(reader.read())

    make(tmp_path / "out", {"checkpoint-40": state(40, losses(4))})
    pieces = list(reader.read())

    assert {one.metric: one.steps for one in pieces if isinstance(one, Points)} == {
        "epoch": [30, 40],
        "loss": [30, 40],
    }
    assert list(reader.read()) == []


def test_another_training_in_the_same_folder_starts_over(tmp_path):
    make(tmp_path / "out", {"checkpoint-20": state(20, losses(2))})
    (source,) = find_sources(tmp_path)
    reader = source.open()
    found = gather(reader.read())

    make(tmp_path / "out", {"checkpoint-20": state(20, [{"step": 5, "loss": 9.0}])})
    pieces = list(reader.read())

    assert isinstance(pieces[0], StartedOver)
    assert gather(pieces, found).one("out").series("loss").values == [9.0]


def test_a_state_that_was_cut_is_kept_up_to_there(tmp_path):
    text = state(100, losses(10))
    make(tmp_path / "out", {"": text[: text.index('"step": 80')]})

    found = read_all(tmp_path)

    assert found.one("out").series("loss").steps[:7] == [10, 20, 30, 40, 50, 60, 70]
    assert "what stands before it was kept" in found.unread[0].problem


def test_where_no_state_can_be_read_it_is_told(tmp_path):
    make(tmp_path / "out", {"checkpoint-20": "no JSON at all"})
    (source,) = find_sources(tmp_path)

    with pytest.raises(ImportFailed, match="cannot be read"):
        list(source.open().read())


def test_a_pickle_is_only_a_file(tmp_path):
    folder = make(tmp_path / "out", {"": state(100, losses(1))})
    (folder / "training_args.bin").write_bytes(b"cos\nsystem\n(S'touch /tmp/x'\ntR.")

    run = read_all(tmp_path).one("out").run

    assert "out/training_args.bin" in [one.path for one in run.artifacts]


def test_damage_of_any_file_leaves_the_rest(tmp_path):
    folder = make(
        tmp_path / "out", {"checkpoint-20": state(20, losses(2)), "": state(100, losses(10))}
    )
    (folder / "config.json").write_text('{"a": {"b": [1, 2]}}')
    found = []

    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        for _ in damaged(path, 6, 100):
            found.append(read_damaged(tmp_path))

    assert all(isinstance(one, Found) for one in found)
    assert sum(one.points >= 4 for one in found if isinstance(one, Found)) > 270

"""Reading what the Trainer of Hugging Face left."""

from __future__ import annotations

import json
import pickle
import sys
from enum import Enum
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any
from zipfile import ZipFile

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

    # What was passed and the model's config are told apart by the truth only in part.
    check(found, truth_of("hf_trainer"), more_params=True, not_told={"start_time", "end_time"})
    assert len(found.one("trainer_out").run.params) < 80
    assert not found.unread


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


def test_a_best_metric_of_zero_counts_and_totals_that_were_not_counted_do_not(tmp_path):
    more = {"best_metric": 0.0, "best_global_step": 20, "max_steps": 40, "total_flos": 0}
    make(tmp_path / "out", {"": state(40, losses(4), **more)})

    [run] = read_all(tmp_path).runs.values()

    assert (run.series("best_metric").steps, run.series("best_metric").values) == ([20], [0.0])
    assert ("total_flos", "") not in run.metrics


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


def pickled_arguments(monkeypatch, protocol: int = 2, **fields: object) -> bytes:
    """Return arguments as the Trainer pickles them, of classes that are gone when it is read."""
    module = ModuleType("transformers_made_up")
    members = [("LINEAR", "linear"), ("COSINE", "cosine")]
    scheduler = Enum("SchedulerType", members, type=str, module=module.__name__)  # type: ignore[misc]
    arguments = type("TrainingArguments", (), {"__module__": module.__name__})
    module.SchedulerType, module.TrainingArguments = scheduler, arguments  # type: ignore[attr-defined]
    one = arguments()
    one.__dict__.update(fields)
    if "lr_scheduler_type" in fields:
        one.lr_scheduler_type = scheduler(fields["lr_scheduler_type"])
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, module.__name__, module)
        return pickle.dumps(one, protocol)


def zipped(content: bytes, name: str = "training_args/data.pkl") -> bytes:
    file = BytesIO()
    with ZipFile(file, "w") as archive:
        archive.writestr(name, content)
        archive.writestr("training_args/version", "3")
    return file.getvalue()


def old_torch(content: bytes) -> bytes:
    head = [0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}]
    return b"".join(pickle.dumps(one, 2) for one in head) + content + pickle.dumps([], 2)


ARGUMENTS = {
    "output_dir": "out",
    "learning_rate": 3e-4,
    "lr_scheduler_type": "cosine",
    "seed": 7,
    "warmup_steps": 0,
    "max_steps": -1,
    "remove_unused_columns": False,
    "hub_token": "hf_secret",
    "eval_strategy": "no",
    "logging_dir": "/home/me/out/runs",
    "deepspeed": None,
    "my_file": "/home/me/data",
    "lr_scheduler_kwargs": {"num_cycles": 2},
    "include_for_metrics": [],
    "my_layers": [1, 2],
    "_n_gpu": 3,
}
SET = {
    "learning_rate": 3e-4,
    "lr_scheduler_type": "cosine",
    "seed": 7,
    "warmup_steps": 0,
    "remove_unused_columns": False,
    "lr_scheduler_kwargs.num_cycles": 2,
    "my_layers": [1, 2],
}


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("packed", [zipped, old_torch, bytes])
def test_the_arguments_that_somebody_set_are_params(tmp_path, monkeypatch, packed, protocol):
    folder = make(tmp_path / "out", {"": state(100, losses(1))})
    content = packed(pickled_arguments(monkeypatch, protocol, **ARGUMENTS))
    (folder / "training_args.bin").write_bytes(content)

    found = read_all(tmp_path)

    assert found.one("out").run.params == {**SET, "max_steps": 100}
    assert not found.unread


def test_the_arguments_of_a_checkpoint_count_where_the_folder_has_none(tmp_path, monkeypatch):
    folder = make(tmp_path / "out", {"checkpoint-20": state(20, losses(2))})
    content = zipped(pickled_arguments(monkeypatch, seed=5))
    (folder / "checkpoint-20" / "training_args.bin").write_bytes(content)

    assert read_all(tmp_path).one("out").run.params["seed"] == 5


def test_a_pickle_that_would_run_something_does_nothing(tmp_path):
    folder = make(tmp_path / "out", {"": state(100, losses(1))})
    sign = tmp_path / "it_ran"
    evil = b"cos\nsystem\n(S'touch " + str(sign).encode() + b"'\ntR."
    (folder / "training_args.bin").write_bytes(evil)

    found = read_all(tmp_path)

    assert not sign.exists()
    assert found.one("out").run.params == {"max_steps": 100}
    assert "out/training_args.bin" in [one.path for one in found.one("out").run.artifacts]
    assert [one.problem for one in found.unread] == ["cannot be read: holds no arguments"]


def test_arguments_that_were_cut_are_kept_up_to_there(tmp_path, monkeypatch):
    folder = make(tmp_path / "out", {"": state(100, losses(1))})
    content = pickled_arguments(monkeypatch, **ARGUMENTS)
    (folder / "training_args.bin").write_bytes(content[: content.index(b"warmup_steps")])

    found = read_all(tmp_path)

    assert found.one("out").run.params == {
        **{name: SET[name] for name in ("learning_rate", "lr_scheduler_type", "seed")},
        "max_steps": 100,
    }
    (told,) = found.unread
    assert told.path.name == "training_args.bin"
    assert "is damaged behind byte" in told.problem


def test_damage_of_any_file_leaves_the_rest(tmp_path, monkeypatch):
    folder = make(
        tmp_path / "out", {"checkpoint-20": state(20, losses(2)), "": state(100, losses(10))}
    )
    (folder / "config.json").write_text('{"a": {"b": [1, 2]}}')
    (folder / "training_args.bin").write_bytes(zipped(pickled_arguments(monkeypatch, **ARGUMENTS)))
    found = []

    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        for _ in damaged(path, 6, 100):
            found.append(read_damaged(tmp_path))

    assert all(isinstance(one, Found) for one in found)
    assert sum(one.points >= 4 for one in found if isinstance(one, Found)) > 370

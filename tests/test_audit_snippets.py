"""Pasted records: what is missing or unclear, whatever the keys are called."""

from __future__ import annotations

import copy
import json
import math
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_tracker.audit.snippets.corrected import correct
from tui_tracker.audit.snippets.judge import judge_snippet
from tui_tracker.audit.snippets.reader import read_snippet
from tui_tracker.audit.snippets.texts import read_file

HERE = Path(__file__).parent
CASES = HERE.parent.parent / "shared" / "data" / "audit_cases"
KEYS: dict[str, list[str]] = tomllib.loads(
    (HERE / "audit_case_keys.toml").read_text(encoding="utf-8")
)["keys"]
KEY_OF = {rule: key for key, rules in KEYS.items() for rule in rules}
AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
SHA = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
COMMIT = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
needs_cases = pytest.mark.skipif(not CASES.exists(), reason="the audit cases are not beside us")


def findings(record: dict[str, Any]) -> set[str]:
    return {KEY_OF[rule.id] for rule, _ in judge_snippet(read_snippet(record), AS_OF)}


@needs_cases
def test_the_cases_are_answered_with_exactly_what_is_expected():
    truth = json.loads((CASES / "truth.json").read_text())
    wrong = {}
    for name, case in truth["cases"].items():
        found = {
            KEY_OF[rule.id]
            for snippet in read_file(CASES / f"{name}.json")
            for rule, _ in judge_snippet(snippet, AS_OF)
        }
        expected, allowed = set(case["expected"]), set(case["allowed"])
        if missing := expected - found:
            wrong[f"{name} misses"] = missing
        if false := found - expected - allowed:
            wrong[f"{name} invents"] = false

    assert wrong == {}


@needs_cases
def test_every_key_of_the_cases_is_answered_by_a_rule():
    assert set(json.loads((CASES / "truth.json").read_text())["keys"]) == set(KEYS)


NESTED: dict[str, Any] = {
    "experiment": "sweep_lr_cnn", "run": "lr=0.001_seed=3", "user": "dana",
    "tags": ["purpose:sweep", "vision"], "description": "does a smaller rate help?",
    "code": {"repo": "git@x:y.git", "commit": COMMIT, "dirty": "no", "entrypoint": "main.py"},
    "environment": {"python": "3.12.1", "packages": {"torch": "2.13.0", "numpy": "2.4.6"}},
    "dataset": {"id": "cifar10", "revision": "v2025-05-01"},
    "config": {"optimizer": "sgd", "lr": 0.001, "seed": 3, "val_size": 0.1},
    "history": {"epoch": [0, 1], "train_loss": [2.0, 1.0], "val_accuracy": [0.4, 0.6]},
    "checkpoint": {"path": "best.pt", "sha256": SHA},
    "started_at": "2026-05-04T10:00:00+02:00", "finished_at": "2026-05-04T11:00:00+02:00",
    "status": "success",
}  # fmt: skip
DOTTED: dict[str, Any] = {
    "run.name": "ablation-no-color-s1", "meta.owner": "team-vision",
    "meta.goal": "ablation of color",
    "meta.notes": "color features removed, everything else as the baseline",
    "git.sha": COMMIT, "git.dirty": False, "cmd": "torchrun train.py --lr 3e-4 --seed 1",
    "conda.file": "environment.yml", "data.name": "birds", "data.hash": f"sha256:{SHA}",
    "split.file": "splits/v3.json", "hparams.depth": 12, "hparams.dropout": 0.1,
    "metrics.val.f1_macro": [[0, 0.5], [1, 0.6]], "metrics.test.f1_macro": [[1, 0.58]],
    "artifacts.model": "s3://bucket/model.safetensors", "artifacts.model.md5": SHA[:32],
    "time.start": 1746352800, "time.end": 1746356400,
}  # fmt: skip
FLAT: dict[str, Any] = {
    "name": "benchmark_trees_wine", "author": "kim", "purpose": "benchmark",
    "comment": "plain trees on wine", "git_commit": COMMIT, "script_name": "fit.py",
    "requirements": "numpy==2.4.6\nscikit-learn==1.9.1", "dataset_name": "wine",
    "data_version": "1.2.0", "cv": 5, "random_state": 0, "max_depth": 4,
    "cv_accuracy": [0.9, 0.92, 0.91, 0.93, 0.9], "model_path": "model.joblib",
    "model_sha256": SHA, "evaluation_timestamp": "2026-05-04T10:00:00Z",
}  # fmt: skip
WHOLE = {"nested": NESTED, "dotted": DOTTED, "flat": FLAT}


@pytest.mark.parametrize("name", WHOLE)
def test_a_record_with_everything_leaves_no_doubt(name):
    assert findings(WHOLE[name]) == set()


GONE = [
    ("nested", "user", {"missing_owner"}),
    ("nested", "tags", {"missing_purpose"}),
    ("nested", "description", {"missing_note"}),
    ("nested", "code.commit", {"missing_git_commit"}),
    ("nested", "code.entrypoint", {"missing_script"}),
    ("nested", "environment", {"missing_env"}),
    ("nested", "environment.packages", {"missing_env"}),
    ("nested", "dataset", {"missing_data_name"}),
    ("nested", "dataset.revision", {"missing_data_version"}),
    ("nested", "config.seed", {"missing_seed"}),
    ("nested", "config.val_size", {"missing_split"}),
    ("nested", "checkpoint", {"missing_artifacts"}),
    ("nested", "checkpoint.sha256", {"artifact_without_hash"}),
    ("nested", "finished_at", {"missing_eval_time"}),
    ("dotted", "meta.owner", {"missing_owner"}),
    ("dotted", "meta.goal", {"missing_purpose"}),
    ("dotted", "git.sha", {"missing_git_commit"}),
    ("dotted", "conda.file", {"missing_env"}),
    ("dotted", "data.hash", {"missing_data_version"}),
    ("dotted", "split.file", {"missing_split"}),
    ("dotted", "time.end", {"missing_eval_time"}),
    ("flat", "author", {"missing_owner"}),
    ("flat", "purpose", {"missing_purpose"}),
    ("flat", "comment", {"missing_note"}),
    ("flat", "requirements", {"missing_env"}),
    ("flat", "data_version", {"missing_data_version"}),
    ("flat", "random_state", {"missing_seed"}),
    ("flat", "max_depth", {"missing_params"}),
    ("flat", "evaluation_timestamp", {"missing_eval_time"}),
]


@pytest.mark.parametrize(("name", "path", "wanted"), GONE)
def test_what_is_taken_away_is_missed_and_nothing_else(name, path, wanted):
    record = copy.deepcopy(WHOLE[name])
    node, keys = record, [path] if path in record else path.split(".")
    for key in keys[:-1]:
        node = node[key]
    del node[keys[-1]]

    assert findings(record) == wanted


CHANGED = [
    ("nested", {"code": {"commit": COMMIT[:7]}}, {"abbreviated_git_commit"}),
    ("nested", {"code": {"commit": f"{COMMIT}-dirty"}}, {"dirty_without_diff"}),
    ("nested", {"code": {"dirty": "yes", "diff": "changes.patch"}}, set()),
    ("nested", {"code": {"dirty": True}}, {"dirty_without_diff"}),
    ("nested", {"code": {"commit": "unknown"}}, {"missing_git_commit"}),
    ("nested", {"dataset": {"revision": "main"}}, {"ambiguous_data_version"}),
    ("nested", {"dataset": {"revision": "TBD"}}, {"ambiguous_data_version"}),
    ("nested", {"dataset": {"revision": "latest", "md5": SHA[:32]}}, set()),
    ("nested", {"config": {"seed": None}}, {"missing_seed"}),
    ("nested", {"run": "final_v2"}, {"vague_experiment_name"}),
    ("nested", {"experiment": "untitled"}, {"vague_experiment_name"}),
    ("nested", {"finished_at": "2026-05-03T11:00:00Z"}, {"inconsistent_times"}),
    ("nested", {"status": "running"}, {"stale_running"}),
    ("nested", {"history": {"val_accuracy": [0.4, "NaN"]}}, {"non_finite_metric"}),
    ("nested", {"history": {"val_accuracy": ["NaN"]}, "description": "it diverged at once"}, set()),
    ("nested", {"config": {"wandb_api_key": "0123456789abcdef0123456789abcdef01234567"}},
     {"secret_in_params"}),
    ("nested", {"config": {"max_tokens": 4096, "tokenizer": "bpe-large"}}, set()),
    ("nested", {"config": {"early_stopping_metric": "test_accuracy"}}, {"selected_on_test"}),
    ("nested", {"description": "we kept the best epoch on the test set"}, {"selected_on_test"}),
    ("nested", {"description": "fine-tuned from the old model"}, {"missing_lineage_parent"}),
    ("nested", {"config": {"resume": True}}, {"missing_lineage_parent"}),
    ("nested", {"config": {"resume": False}}, set()),
    ("nested", {"config": {"resume": True}, "parent_run": "a1b2c3d4"}, set()),
    ("nested", {"history": {"val_F1": [0.4, 0.5]}}, {"ambiguous_metric_name"}),
    ("nested", {"history": {"score": [0.4, 0.5]}},
     {"ambiguous_metric_name", "metric_no_split_prefix"}),
    ("nested", {"history": {"accuracy": [0.4, 0.5]}}, {"metric_no_split_prefix"}),
    ("nested", {"history": {"val_top5_accuracy": [80.0, 93.4]}}, {"unit_unclear"}),
    ("nested", {"history": {"train_time": [12.0, 13.0]}}, {"unit_unclear"}),
    ("nested", {"history": {"train_time_s": [12.0, 13.0]}}, set()),
    ("nested", {"results": {"online_ctr": 0.03}}, {"mixed_offline_online"}),
    ("nested", {"results": {"online_ctr": 0.03}, "traffic": "5 % of DE, 1 to 7 May"}, set()),
    ("nested", {"description": "mean over 5 seeds"}, {"missing_std"}),
    ("nested", {"description": "mean over 5 seeds, std 0.01"}, set()),
    ("nested", {"history": None, "results": {"val_accuracy": 0.6}}, {"missing_curve"}),
    ("flat", {"cv_accuracy": 0.91}, {"missing_std", "missing_curve"}),
    ("flat", {"cv_accuracy": 0.91, "cv_accuracy_std": 0.01}, {"missing_curve"}),
    ("dotted", {"metrics.test.f1_macro": "inf"}, {"non_finite_metric"}),
]  # fmt: skip


def changed(record: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    found = dict(record)
    for key, value in change.items():
        inner = found.get(key)
        found[key] = changed(inner, value) if isinstance(inner, dict) and isinstance(
            value, dict) else value  # fmt: skip
    return found


@pytest.mark.parametrize(("name", "change", "wanted"), CHANGED)
def test_what_is_changed_is_doubted_and_nothing_else(name, change, wanted):
    assert findings(changed(WHOLE[name], change)) == wanted


@given(st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["metrics", "data", "seed", "git", "name", "time", "tags",
                                       "value", "step", "a.b", "cv", "val", "params", "artifacts",
                                       "env", "accuracy", "commit"])
                      | st.text(max_size=6), inner),
    max_leaves=20,
).filter(lambda value: isinstance(value, dict)))  # fmt: skip
def test_no_record_breaks_the_reader(record):
    snippet = read_snippet(record)

    json.dumps(correct(snippet, judge_snippet(snippet, AS_OF)))


@pytest.mark.parametrize("count", [math.nan, math.inf, "nan%", 10**400])
def test_a_number_of_folds_that_is_none_is_passed_over(count):
    assert findings({**PLAIN, "cv": count}) == set()


def test_a_snapshot_of_the_work_tree_keeps_its_changes():
    code = {"commit": "4b825dc642cb6eb9a060e54bf8d69288fbee4904", "dirty": True}
    kept = {
        **code,
        "snapshot": {"complete": True, "tree": "dbbf94750b5f1c9932a570a9c53103f618cec28f"},
    }

    assert "dirty_without_diff" in findings({"code": code})
    assert "dirty_without_diff" not in findings({"lineage": {"code": kept}})


SAME_FACTS = [
    ({"git": {"commit": "4b825dc (dirty)"}}, {"abbreviated_git_commit", "dirty_without_diff"}),
    ({"git": "v1.2-3-g4b825dc"}, {"abbreviated_git_commit"}),
    ({"git": "v1.2-3-g4b825dc-dirty"}, {"abbreviated_git_commit", "dirty_without_diff"}),
    ({"git": f"https://github.com/x/y/commit/{COMMIT}"}, set()),
    ({"git": {"sha": COMMIT, "status": " M train.py"}}, {"dirty_without_diff"}),
    ({"git": {"sha": COMMIT, "status": "clean"}}, set()),
    ({"command": "python t.py --api-key=abc12345678"}, {"secret_in_params"}),
    ({"command": "WANDB_API_KEY=0123456789abcdef0123456789abcdef01234567 python t.py"},
     {"secret_in_params"}),
    ({"metrics": {"val_accuracy": "93.4%", "test_accuracy": [0.91, 0.92]}}, set()),
    ({"metrics": {"val_accuracy": "0.52 ± 0.01", "train_loss": [2, 1]},
      "note": "mean of 5 seeds"}, set()),
    ({"metrics": {"val_accuracy": "0.52 (0.01)", "train_loss": [2, 1]}}, set()),
    ({"metrics": "val_accuracy=0.91, val_loss=0.3"}, {"missing_curve"}),
    ({"metrics": {"val_loss": [0.1, 0.2], "best_epoch": 4}}, set()),
    ({"metrics": {"val_loss": [0.1, 0.2]}, "summary": {"_runtime": 12.0}}, set()),
    ({"seed": False}, {"missing_seed"}),
    ({"data": ["churn.csv", "extra.csv"]}, {"missing_data_version"}),
    ({"data": {"train": "train.csv", "test": "test.csv"}}, {"missing_data_version"}),
    ({"data": "churn", "train_data_version": "2026-04-01"}, set()),
    ({"data": {"name": "churn", "version": "extract of 2026-03-01 (dana)"}}, set()),
    ({"data": {"name": "churn", "version": f"bundled, md5 {SHA[:32]}"}}, set()),
    ({"env": "python 3.11, torch 2.2.1"}, set()),
    ({"env": None, "torch_version": "2.2.1"}, set()),
    ({"artifacts": "models:/churn/3"}, set()),
    ({"artifacts": None, "predictions": "oof.csv", "predictions_sha256": SHA}, set()),
    ({"ended_at": "02.03.2026 10:12"}, set()),
    ({"ended_at": "2026/03/02 10:12"}, set()),
    ({"ended_at": "Mon, 02 Mar 2026 10:12:00 GMT"}, set()),
    ({"ended_at": "Mar 2, 2026"}, set()),
    ({"ended_at": "02/03/2026"}, set()),
    ({"started_at": "Mar 3, 2026"}, {"inconsistent_times"}),
    ({"note": None, "claims": "improves AUC by 2 points"}, set()),
    ({"params": None, "training_args": {"warmup": 3}}, set()),
    ({"metrics": {"f1": {"macro": [0.1, 0.2]}, "split": "val"}}, set()),
    ({"metrics": {"val acc (%)": 93.4, "val_f1_macro": [0.91, 0.92]}}, set()),
    ({"metrics": {"val_acc": 93.4, "val_f1_macro": [0.91, 0.92]}}, {"unit_unclear"}),
    ({"metrics": [{"epoch": 1, "val_loss": 0.5}, {"epoch": 2, "val_loss": 0.4}]}, set()),
    ({"metrics": {"val_loss": {"1": 0.5, "2": 0.4, "10": 0.3}}}, set()),
    ({"best_epoch_by": "test_acc"}, {"selected_on_test"}),
    ({"git": None, "code": {"version": COMMIT}}, set()),
    ({"params": {"mask_token": "[MASK]", "eos_token": "[SEP]x"}}, set()),
    ({"artifacts": ["confusion_matrix.png"]}, {"missing_artifacts", "artifact_without_hash"}),
    ({"artifacts": [{"path": "roc.svg", "md5": SHA[:32]}]}, {"missing_artifacts"}),
    # Where a knob stands, and what only looks like one.
    ({"params": None, "optimizer": {"_target_": "AdamW", "lr": 0.002}}, set()),
    ({"params": None, "TRAIN": {"BASE_LR": 0.0005}}, set()),
    ({"params": None, "train": {"n_est": 50}}, set()),
    ({"params": None, "num_train_epochs": 3}, set()),
    ({"params": None, "train": {"rows": 100, "accuracy": 0.9, "path": "a.csv"}},
     {"missing_params"}),
    ({"params": None, "args": ["--lr", "0.1"]}, set()),
    ({"params": None, "seed": None, "args": ["--lr", "0.1", "--seed", "3"]}, set()),
    ({"data": None, "command": "python train.py --dataset cifar10@v1.2"}, set()),
    ({"data": {"root": "data/"}, "data_dir": "./data"}, {"missing_data_name"}),
    ({"data": None, "data_dir": "./data/imdb", "data_version": "1.2"}, set()),
    ({"data": "cifar10 @ v2025-05-01"}, set()),
    ({"data": "mnist v2"}, set()),
    ({"data": None, "train.dataset": "@cifar10"}, {"missing_data_version"}),
    # Scores at the top, and what a score's name tells of the split.
    ({"metrics": None, "val/acc": 0.9, "train/loss": [2, 1]}, set()),
    ({"metrics": None, "val": {"acc": [0.8, 0.9]}}, set()),
    ({"metrics": None, "Best CV score": [0.8, 0.9]}, {"ambiguous_metric_name"}),
    ({"metrics": None, "val_top1": [0.8, 0.9]}, set()),
    ({"metrics": {"val_accuracy": 0.9, "val_confusion_matrix": [[10, 0], [1, 9]]}},
     {"missing_curve"}),
    ({"metrics": None, "val": {"accuracy": {"mean": 0.9, "std": 0.1}}}, {"missing_curve"}),
    ({"metrics": None, "val_acc_per_seed": {"0": 0.9, "1": 0.8}}, set()),
    ({"seed": None, "val_acc_per_seed": {"0": 0.9, "1": 0.8}}, {"missing_seed"}),
    ({"metrics": {"val_loss": 10**400, "train_loss": [2, 1]}}, {"non_finite_metric"}),
    ({"metrics": {"val_wer": [1.4, 0.3], "val_accuracy": 0.9}}, set()),
    ({"split": None, "cv_score": 0.9}, {"missing_split", "ambiguous_metric_name"}),
    ({"metrics": None, "offline": {"test_ndcg@10": [0.4, 0.5]}, "online": {"ctr": 0.03}},
     {"mixed_offline_online"}),
    ({"metrics": None, "results": [{"split": "val", "accuracy": [0.8, 0.9]},
                                   {"split": "test", "accuracy": [0.7, 0.8]}]}, set()),
    ({"metrics": None, "results": [{"split": "val", "accuracy": [0.8, 0.9]},
                                   {"accuracy": [0.7, 0.8]}]}, {"metric_no_split_prefix"}),
    ({"metrics": None, "runs": [{"val_accuracy": 0.9}, {"val_accuracy": 0.8}]}, {"missing_curve"}),
    ({"_wandb": {"runtime": 3600}}, set()),
    # Who was chosen by what.
    ({"selected_features": "features_test_v2.json"}, set()),
    ({"note": "best model on val, evaluated once on test"}, set()),
    ({"note": "never tuned on test"}, set()),
    ({"note": "picked lr on validation rather than on test"}, set()),
    ({"note": "picked lr on the test split"}, {"selected_on_test"}),
    ({"note": "best epoch by test accuracy"}, {"selected_on_test"}),
    ({"note": "continuous actions help"}, set()),
    ({"git": {"commit": 1234567}}, {"abbreviated_git_commit"}),
    ({"owner": None, "author": {"name": "Kim"}}, set()),
    # What names a secret, and what shows one.
    ({"note": "the --api-key flag was removed"}, set()),
    ({"note": "set SECRET_KEY=... before, the token=abc was wrong"}, set()),
    ({"command": "python t.py --api-key $KEY --password <PASSWORD>"}, set()),
    ({"note": "ran with --password hunter22"}, {"secret_in_params"}),
    ({"command": "python t.py --password changeme"}, {"secret_in_params"}),
    ({"args": ["--api-key", "abc12345678"]}, {"secret_in_params"}),
    # Environments of reinforcement learning, files of DVC, data sets with `image` in them.
    ({"env": "CartPole-v1"}, {"missing_env"}),
    ({"env": {"id": "CartPole-v1", "num_envs": 8, "dt": 0.05}}, {"missing_env"}),
    ({"env": None, "params": {"lr": 0.1, "env_id": "CartPole-v1"}}, {"missing_env"}),
    ({"env": None, "metrics": {"val ImageNet/top1": [0.7, 0.8]}}, {"missing_env"}),
    ({"env": None, "deps": [{"path": "data/f", "md5": SHA[:32]}]}, {"missing_env"}),
    ({"env": {"torch": 2.1}}, set()),
    ({"env": None, "harness": "lm-eval==0.4.3"}, set()),
    ({"data": None, "env_id": "HalfCheetah-v4"}, set()),
    ({"env": {"image": f"a@sha256:{SHA}"}}, set()),
    # Folders and commands are no files that came out.
    ({"artifacts": None, "artifact_uri": "file:///mlruns/0/a/artifacts"}, {"missing_artifacts"}),
    ({"artifacts": None, "OUTPUT": "output/swin"}, {"missing_artifacts"}),
    ({"artifacts": None, "cmd": "python t.py model.pkl"}, {"missing_artifacts"}),
    ({"artifacts": None, "outs": [{"path": "model.pkl", "md5": SHA[:32]}]}, set()),
    ({"artifacts": None, "best_model_checkpoint": "out/checkpoint-15"}, {"artifact_without_hash"}),
    ({"artifacts": None, "artifact": "team/churn/model:v3"}, set()),
    ({"purpose": None, "objective": "binary:logistic"}, {"missing_purpose"}),
    ({"purpose": None, "objective": "find a smaller rate"}, set()),
    ({"ended_at": None, "date": "2026-03-02"}, set()),
    ({"ended_at": None, "datetime_complete": "2026-03-02T10:00:00"}, set()),
    ({"ended_at": None, "data": {"name": "a", "version": "1.2", "date": "2026-03-02"}},
     {"missing_eval_time"}),
]  # fmt: skip
PLAIN: dict[str, Any] = {
    "name": "sweep_lr_cnn", "owner": "dana", "purpose": "sweep", "note": "does it help?",
    "script": "train.py", "git": {"commit": COMMIT}, "env": {"freeze": "requirements.lock"},
    "data": {"name": "churn", "version": "2026-03-01"}, "split": {"val": 0.2}, "seed": 5,
    "params": {"depth": 6}, "metrics": {"val_roc_auc": [[1, 0.7], [2, 0.8]]},
    "artifacts": [{"path": "m.json", "sha256": SHA}], "ended_at": "2026-03-02T10:12:00Z",
}  # fmt: skip


@pytest.mark.parametrize(("change", "wanted"), SAME_FACTS)
def test_a_fact_is_read_in_each_way_that_people_write_it(change, wanted):
    assert findings({**PLAIN, **change}) == wanted


def test_a_run_as_wandb_exports_it_is_read():
    record = {
        "display_name": "lilac-sweep-12", "project": "sweep_lr_vit", "entity": "vision-team",
        "state": "finished", "notes": "warmup helps", "tags": ["sweep"],
        "config": {"lr": {"value": 0.001}, "seed": {"desc": None, "value": 1},
                   "dataset": {"value": "imagenet100"}, "data_version": {"value": "v2025-05-01"},
                   "val_split": {"value": 0.1}},
        "metadata": {"git": {"commit": COMMIT}, "program": "train.py", "python": "3.11.7"},
        "summaryMetrics": {"val/acc": 0.81, "_runtime": 3600, "_timestamp": 1777891200},
    }  # fmt: skip

    assert findings(record) == {"missing_env", "missing_curve", "missing_artifacts"}


def test_a_run_as_mlflow_answers_it_is_read():
    params = [{"key": "seed", "value": "3"}, {"key": "max_depth", "value": "6"}]
    tags = [{"key": "mlflow.source.name", "value": "train.py"},
            {"key": "mlflow.source.git.commit", "value": COMMIT}]  # fmt: skip
    metrics = [
        {"key": "val_rmse", "value": value, "timestamp": 1777892400000, "step": step}
        for step, value in enumerate((0.4, 0.3))
    ]
    record = {
        "info": {"run_name": "gbm_baseline_churn", "user_id": "kim", "end_time": 1777892400000},
        "data": {"metrics": metrics, "params": params, "tags": tags},
    }

    assert findings(record) == {
        *("missing_split", "missing_data_name", "missing_env", "missing_note"),
        *("missing_artifacts", "missing_purpose"),
    }


NEVER_GONE = ("missing_", "abbreviated_", "dirty_", "artifact_without_hash", "metric_no_split")


@pytest.mark.parametrize("change", [change for change, _ in SAME_FACTS])
def test_a_corrected_record_keeps_what_was_told_and_what_is_to_do(change):
    snippet = read_snippet({**PLAIN, **change})
    before = judge_snippet(snippet, AS_OF)

    corrected = json.loads(json.dumps(correct(snippet, before)))

    after = findings(corrected)
    told = {KEY_OF[rule.id] for rule, _ in before}
    assert after <= told
    assert {key for key in told if key.startswith(NEVER_GONE)} <= after


def test_what_has_no_place_in_a_corrected_record_is_listed_to_do():
    snippet = read_snippet({**PLAIN, "note": "best epoch chosen on the test set", "parent": "a1"})

    corrected = correct(snippet, judge_snippet(snippet, AS_OF))

    todo = "TODO: choose by a validation split, and score the test split once"
    assert corrected["todo"] == {"metrics.test-selection": todo}
    assert corrected["parent"] == "a1"


def test_hashes_of_a_corrected_record_stay_with_their_files():
    files = [{"path": "a.pt", "md5": SHA[:32]}, {"path": "b.pt"}, {"file": "c.pt", "sha256": SHA}]
    snippet = read_snippet({**PLAIN, "artifacts": files, "split": {"seed": 7}})

    corrected = correct(snippet, judge_snippet(snippet, AS_OF))

    assert corrected["artifacts"] == [
        {"path": "a.pt", "md5": SHA[:32]},
        {"path": "b.pt", "sha256": None},
        {"path": "c.pt", "sha256": SHA},
    ]
    assert corrected["params"]["seed"] == 5  # the run's, not that of its split


def test_a_corrected_record_keeps_all_that_was_told():
    record = {
        "results": {"vit": {"val_accuracy": 0.9}, "resnet": {"val_accuracy": 0.8}},
        "params": {"encoder": {"lr": 0.1}, "decoder": {"lr": 0.2}},
        "packages": {"torch": "2.13.0", "numpy": "2.4.6"},
        "lr": 0.3,
        "max_len": 256,
        "use_ema": False,
        "git_dirty": False,
        "history": [{"epoch": 0, "val/loss": 2.0}, {"epoch": 1, "val/loss": 1.5}],
        "summary": {"val/loss": 1.5, "epoch": 1},
    }
    snippet = read_snippet(record)

    corrected = correct(snippet, judge_snippet(snippet, AS_OF))

    scores = {"val_accuracy": 0.9, "resnet/val_accuracy": 0.8, "val_loss": [2.0, 1.5]}
    assert corrected["metrics"] == scores
    assert corrected["other"] == {"max_len": 256, "use_ema": False, "summary.epoch": 1}
    assert corrected["environment"] == ["packages.torch: 2.13.0", "packages.numpy: 2.4.6"]
    lr = {"lr": 0.3, "params.encoder.lr": 0.1, "params.decoder.lr": 0.2}
    assert {key: corrected["params"][key] for key in lr} == lr


@pytest.mark.parametrize(
    ("code", "dirty"),
    [
        ({"commit": COMMIT}, None), ({"dirty": None}, None), ({"dirty": "unknown"}, None),
        ({"dirty": False, "commit": COMMIT}, False), ({"status": ""}, False),
        ({"uncommitted_changes": []}, False), ({"uncommitted_changes": ["a.py"]}, True),
        ({"commit": f"{COMMIT}-dirty", "dirty": False}, True),
    ],
)  # fmt: skip
def test_a_corrected_record_calls_no_tree_clean_of_which_nothing_is_told(code, dirty):
    snippet = read_snippet({**PLAIN, "git": None, "code": code})

    corrected = correct(snippet, judge_snippet(snippet, AS_OF))

    assert corrected["code"].get("dirty") is dirty


def test_a_corrected_record_hides_secrets():
    secret = "0123456789abcdef0123456789abcdef01234567"
    record = {
        **PLAIN,
        "params": {"wandb_api_key": secret, "db": "postgres://u:hunter22@h/db"},
        "command": f"python t.py --password hunter22 --api-key={secret}",
    }
    snippet = read_snippet(record)

    text = json.dumps(correct(snippet, judge_snippet(snippet, AS_OF)))

    assert secret not in text
    assert "hunter22" not in text
    assert "--password ***(sha256:" in text

"""Naming rules: which names are clear, and what is proposed for the others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_tracker.names.lint import (
    alike,
    is_vague,
    lint_collisions,
    lint_data_version,
    lint_experiment,
    lint_metric,
    lint_param,
    lint_run,
    lint_scale,
    lint_tag,
)
from tui_tracker.names.metric import Proposal, propose_metric, read_metric


def rules(doubts):
    return [doubt.rule.removeprefix("naming.") for doubt in doubts]


@pytest.mark.parametrize(
    "name",
    [
        *("val_f1_macro", "test_auc_roc", "train_loss", "val_loss", "val_accuracy", "test_auroc"),
        *("val/loss", "eval/accuracy", "learning_rate", "lr", "epoch", "latency_ms", "val_auc_pr"),
        *("train_time_s", "cv_rmse_mean", "val_recall_macro", "val_ndcg_at10", "grad_norm"),
        *("val_f1_macro_mean", "samples_per_second", "test_calibration_error"),
    ],
)
def test_clear_metrics_raise_no_doubt(name):
    assert rules(lint_metric(name)) == []


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("F1", ["metric-case", "metric-split", "metric-averaging"]),
        ("AUCtest", ["metric-case", "metric-averaging"]),
        ("accuracy", ["metric-split"]),
        ("val_f1", ["metric-averaging"]),
        ("val_loss_epoch3", ["metric-step-suffix"]),
        ("latency", ["metric-unit"]),
        ("val_acuracy", ["metric-registered"]),
        ("valF1Macro", ["metric-case"]),
        ("val_auc", ["metric-averaging"]),
        ("val_score", ["metric-registered"]),
    ],
)
def test_unclear_metrics_break_just_their_rules(name, wanted):
    assert rules(lint_metric(name)) == wanted


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("AUCtest", [Proposal("test_auroc", "likely")]),
        ("val_acuracy", [Proposal("val_accuracy", "guess")]),
        ("eval/loss", [Proposal("val_loss", "certain")]),
        ("validation_acc", [Proposal("val_accuracy", "certain")]),
        ("val_loss_epoch3", [Proposal("val_loss", "certain")]),
        ("val_f1_macro", []),
        ("loss_train", [Proposal("train_loss", "certain")]),
    ],
)
def test_metrics_are_read_into_canonical_names(name, wanted):
    assert list(propose_metric(name)) == wanted


def test_what_a_name_leaves_open_is_only_guessed():
    proposals = propose_metric("F1")

    assert [p.name for p in proposals][:3] == ["val_f1_macro", "val_f1_binary", "val_f1_micro"]
    assert {p.confidence for p in proposals} == {"guess"}


@pytest.mark.parametrize("name", ["val_recall_at5", "val_precision@10"])
def test_a_metric_among_the_first_k_needs_no_averaging(name):
    assert not any("averag" in doubt.message for doubt in lint_metric(name))


@pytest.mark.parametrize(
    ("name", "proposed"),
    [("epoch_time", "epoch_time_s"), ("gpu mem", "gpu_mem_mb"), ("latency", "latency_ms")],
)
def test_a_metric_without_its_unit_is_proposed_with_it(name, proposed):
    assert {p for doubt in lint_metric(name) for p in doubt.proposals} == {
        Proposal(proposed, "guess")
    }


@pytest.mark.parametrize(
    ("largest", "count"),
    [([0.8, 80.0], 1), ([0.8, 0.9], 0), ([80.0, 90.0], 0), ([0.5, 1.2], 0), ([0.5, 8000.0], 0),
     ([float("nan"), 80.0], 0), ([], 0)],
)  # fmt: skip
def test_shares_and_percents_under_one_name_are_told_apart(largest, count):
    assert len(lint_scale("val_accuracy", largest)) == count
    assert lint_scale("val_loss", largest) == ()


def test_a_training_metric_beside_it_says_nothing_of_the_split():
    names = [p.name for p in propose_metric("accuracy", siblings=["train_loss", "lr"])]

    assert names == ["val_accuracy", "test_accuracy"]


def test_two_classes_and_siblings_narrow_the_proposals():
    proposals = propose_metric("val_f1", siblings=["val_accuracy"], classes=2)

    assert proposals == (Proposal("val_f1_binary", "likely"),)


@pytest.mark.parametrize("name", ["latest", "train_latest", "contest", "protest_rate"])
def test_a_split_is_not_read_into_a_word_that_ends_like_one(name):
    assert read_metric(name).split in ("", "train")
    assert read_metric("contest").base == "contest"


@pytest.mark.parametrize(
    "version",
    [
        *("v2025-05-01", "2025-05-01", "1.2.0", "v1.2", "v3", "sha256:" + "a" * 64, "0a1b2c3d4e5f"),
        *("sample:" + "0" * 64, "squad@b1c2d3e4", "imagenet-2012", "digits_v3"),
    ],
)
def test_pinned_data_versions_are_clear(version):
    assert lint_data_version(version) == ()


@pytest.mark.parametrize(
    "version",
    ["latest", "current", "newest", "final", "main", "master", "head", "prod", "tmp", "new",
     "test2", "", "v?", "tbd", "2025-13-01", "Latest"],
)  # fmt: skip
def test_versions_that_mean_something_else_tomorrow_are_doubted(version):
    assert rules(lint_data_version(version)) == ["data-version"]


def test_a_doubted_version_is_offered_the_digest_it_means_today():
    (doubt,) = lint_data_version("latest", "sha256:ab12")

    assert doubt.proposals == (Proposal("sha256:ab12", "certain"),)


@pytest.mark.parametrize(
    "name", ["baseline_intent_clf", "sweep_lr_cnn_v3", "ablation_color_features", "vision/sweep_lr"]
)
def test_experiments_named_by_purpose_and_topic_are_clear(name):
    assert lint_experiment(name) == ()


@pytest.mark.parametrize("name", ["test2", "untitled", "cnn_lr_sweep", "final", "mnist", "exp1"])
def test_other_experiments_are_doubted(name):
    assert rules(lint_experiment(name)) == ["experiment"]


def test_the_purpose_is_put_first_where_it_stands_elsewhere():
    (doubt,) = lint_experiment("cnn_lr_sweep")

    assert doubt.proposals == (Proposal("sweep_cnn_lr", "likely"),)


@pytest.mark.parametrize("name", ["lr=0.001_seed=0", "seed=3"])
def test_runs_named_by_their_params_are_clear(name):
    assert lint_run(name, {"lr": 0.001, "seed": 0}, ["lr"]) == ()


def test_a_vague_run_is_offered_its_varying_params_and_seed():
    params = {"wd": 0.1, "lr": 0.001, "seed": 0, "epochs": 10}
    (doubt,) = lint_run("final_v2_REAL", params, ["lr", "wd"])

    assert doubt.proposals == (Proposal("lr=0.001_wd=0.1_seed=0", "certain"),)


@pytest.mark.parametrize(
    ("name", "vague"),
    [
        ("final2", True), ("test", True), ("run_3", True), ("final_v2_REAL", True), ("asdf", True),
        ("sweep_lr", False), ("calm-otter-12", False), ("baseline", False), ("resnet18", False),
    ],
)  # fmt: skip
def test_names_of_words_that_say_nothing_are_vague(name, vague):
    assert is_vague(name) is vague


def test_two_params_of_one_meaning_are_told():
    assert rules(lint_param("lr", ["learning_rate", "epochs"])) == ["param"]
    assert lint_param("lr", ["epochs"]) == ()
    assert rules(lint_param("LR")) == ["param"]
    assert lint_param("optimizer.lr", ["lr"]) == ()
    assert alike(["lr", "epochs", "optimizer.lr"])("learning_rate") == ["lr"]


def test_a_param_of_signs_alone_is_told_without_a_name_to_use():
    (doubt,) = lint_param("opt.*")

    assert doubt.proposals == ()


def test_a_count_is_of_no_split():
    assert lint_metric("feature_count") == ()


def test_tags_with_a_known_key_keep_their_form():
    assert lint_tag("purpose:compare") == ()  # as the templates of plans say it
    assert lint_tag("purpose:baseline") == lint_tag("anything") == lint_tag("owner:ann@x.org") == ()
    assert lint_tag("ticket:ML-12") == ()
    assert lint_tag("purpose:sweeep")[0].proposals == (Proposal("purpose:sweep", "likely"),)
    assert rules(lint_tag("ticket:later")) == ["tag"]
    assert rules(lint_tag("owner:my friend")) == ["tag"]


def test_two_names_that_say_the_same_in_one_run_collide():
    (doubt,) = lint_collisions(["val_acc", "val_loss", "valid/accuracy"])

    assert doubt.message == "'valid/accuracy' and 'val_acc' both say 'val_accuracy' in one run"


@given(st.text(max_size=30))
def test_no_name_breaks_the_linter_and_a_proposal_says_the_same(name):
    lint_metric(name)
    lint_experiment(name)
    lint_run(name)
    lint_tag(name)
    lint_param(name)
    lint_data_version(name)

    for proposal in propose_metric(name):
        assert propose_metric(proposal.name) in ((), propose_metric(proposal.name))


@pytest.mark.parametrize(
    ("siblings", "wanted"),
    [
        (["loss", "val_loss", "val_accuracy"], ["train_loss"]),
        (["loss", "val_accuracy"], ["val_loss"]),
        (["train_loss", "val_loss"], ["val_loss"]),
        ([], ["val_loss", "test_loss"]),
    ],
)
def test_a_metric_without_a_split_is_proposed_no_name_that_another_has(siblings, wanted):
    for beside in (siblings, frozenset(siblings)):
        assert [one.name for one in propose_metric("loss", siblings=beside)] == wanted


@pytest.mark.parametrize("name", ["global_step", "trainer/global_step", "loss_scale", "eta"])
def test_where_a_training_is_needs_no_split(name):
    assert rules(lint_metric(name)) in ([], ["metric-registered"])


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("best_val_acc", "val_accuracy_best"),
        ("final_test_loss", "test_loss_last"),
        ("best_loss", "best_loss"),
        ("last_layer_norm", "last_layer_norm"),
    ],
)
def test_a_statistic_may_stand_before_the_split(name, canonical):
    assert str(read_metric(name)) == canonical

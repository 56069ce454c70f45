from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tui_tracker.queries import RunRow, parse_column
from tui_tracker.tui.columns import (
    column_of,
    column_text,
    in_old_order,
    metric_columns,
    metric_stat,
    param_columns,
    rank_metrics,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def row(key: int, **params: object) -> RunRow:
    return RunRow(
        key=key,
        id=f"id{key}",
        name=f"run{key}",
        experiment="e",
        status="finished",
        started_at=NOW,
        ended_at=NOW,
        duration_s=1.0,
        tags=(),
        archived=False,
        deleted=False,
        params=params,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("label", "stat"),
    [
        ("val_loss", "min"),
        ("valid/rmse", "min"),
        ("val_f1_macro", "max"),
        ("top1_accuracy", "max"),
        ("learning_rate", "last"),
        ("grad_norm", "last"),
        ("something", "last"),
        ("layer2/m_020", "last"),
        ("gpu_power", "last"),
        ("lower_confidence", "last"),
        ("window_size", "last"),
        ("accumulated", "last"),
        ("val_f1_weighted", "max"),
        ("train_loss_epoch", "min"),
        ("valLoss", "min"),
        ("top5acc", "max"),
        ("mAP50-95", "max"),
        ("hits@10", "max"),
        ("test/r2", "max"),
    ],
)
def test_the_best_of_a_metric_is_guessed_from_its_name(label, stat):
    assert metric_stat(label) == stat


def test_validation_comes_before_training_and_bookkeeping_last():
    labels = ["lr", "train_loss", "gpu_mem", "val_loss", "mystery", "val_acc"]

    assert rank_metrics(labels) == ["val_loss", "val_acc", "train_loss", "mystery", "lr", "gpu_mem"]


def test_a_loss_of_an_epoch_comes_before_the_number_of_epochs():
    labels = ["epoch", "num_steps", "weights", "train_loss_epoch", "weighted_f1"]

    assert rank_metrics(labels)[:2] == ["train_loss_epoch", "weighted_f1"]


def test_bookkeeping_is_no_column_unless_there_is_nothing_else():
    assert [column.key for column in metric_columns(["lr", "val_loss"])] == ["val_loss"]
    assert [column.key for column in metric_columns(["lr"])] == ["lr"]


def test_ten_thousand_metrics_make_a_few_columns():
    assert len(metric_columns([f"layer{n}/act" for n in range(10_000)])) == 4


def test_only_params_that_differ_are_columns_and_those_that_group_come_first():
    sample = [row(n, lr=0.1 if n % 2 else 0.2, uid=n, model="cnn") for n in range(4)]

    columns = param_columns(["model", "uid", "lr"], sample)

    assert [column.key for column in columns] == ["lr", "uid"]


def test_a_column_of_an_odd_name_is_remembered_by_text_that_reads_as_it():
    (metric,) = metric_columns(["we`ird.max"])
    (param,) = param_columns(["a|b=c"], [row(0, **{"a|b=c": 1}), row(1)])

    for column in (metric, param):
        assert column_of(parse_column(column_text(column))).key == column.key


@pytest.mark.parametrize(
    ("before", "chosen", "shown"),
    [
        ((), ("loss", "f1"), ["loss", "f1"]),
        (("f1", "loss"), ("loss", "f1"), ["f1", "loss"]),
        (("f1", "loss"), ("loss", "acc", "f1"), ["f1", "loss", "acc"]),
        (("f1", "loss"), ("acc", "loss"), ["acc", "loss"]),
        (("f1", "loss"), ("acc", "auc"), ["acc", "auc"]),
    ],
)
def test_columns_keep_their_places_when_they_are_chosen_again(before, chosen, shown):
    found = in_old_order(metric_columns(before), metric_columns(chosen))

    assert [column.key for column in found] == shown

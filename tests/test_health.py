"""What is told of curves: few false alarms over many kinds of training, and no miss."""

from __future__ import annotations

import math
from collections import Counter
from random import Random

import numpy as np
import pytest
from curve_shapes import at_rest, blown_up, forgotten, restless, spiked, well_curves

from tui_tracker.health import (
    Health,
    RunFacts,
    curve_of_buckets,
    curve_of_points,
    judge,
    judge_pairs,
    judge_run,
    short_words,
    summary,
)


def kinds(found):
    return [one.kind for one in found]


def curve(label, values):
    return curve_of_points(label, range(len(values)), values)


def test_trainings_that_are_well_raise_hardly_an_alarm():
    alarms = Counter()
    curves = 0

    for kind, label, values in well_curves(Random(7), 60):
        curves += 1
        # A plateau is a remark; whether 1.5 % of a gain is worth a thought is a matter of taste.
        alarms.update(f"{kind}: {k}" for k in kinds(judge(values, metric=label)) if k != "plateau")

    assert curves > 1000
    assert alarms.total() <= 0.003 * curves, alarms


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (spiked, "spike"),
        (blown_up, "diverged"),
        (forgotten, "diverged"),
        (at_rest, "plateau"),
        (restless, "unstable diverged"),  # such unrest may undo all that was learned
    ],
)
@pytest.mark.parametrize("count", [100, 400, 3000])
def test_trainings_that_went_wrong_are_told_and_where(make, kind, count):
    random, steps = Random(count), []

    for _ in range(30):
        ill = make(random, count)
        found = [one for one in judge(ill.values, metric=ill.label) if one.kind in kind.split()]
        steps += [abs(found[0].step - ill.at) / count] if found else []

    assert len(steps) >= 27
    assert sorted(steps)[len(steps) // 2] < 0.1


def test_nan_is_told_with_the_step_from_which_on():
    found = judge([1.0, 0.5, math.nan, math.nan], [0, 10, 20, 30])

    assert found == (Health("nan", "loss", 20, "NaN from step 20 on, 2 of 4 points", "bad"),)


def test_a_nan_that_passed_before_is_no_beginning_of_those_at_the_end():
    found = judge([math.nan, 1.0, 0.5, math.nan, math.inf], [0, 10, 20, 30, 40])

    words = {one.kind: (one.step, one.words) for one in found}
    assert words == {
        "nan": (30, "NaN from step 30 on, 2 of 5 points"),
        "inf": (30, "infinite from step 30 on, 1 of 5 points"),
    }


def test_a_nan_that_passed_is_a_warning():
    found = judge([1.0, math.nan, 0.5, 0.4])

    assert [(one.kind, one.step, one.severity) for one in found] == [("nan", 1, "warn")]


def test_infinite_gradient_norms_of_mixed_precision_are_no_finding_until_they_stay():
    passing = [math.inf, 2.0, 1.5, math.inf, 1.2]

    assert judge(passing, metric="grad_norm") == ()
    assert kinds(judge([*passing, math.inf], metric="grad_norm")) == ["inf"]


def test_a_metric_that_does_not_say_which_way_is_better_is_judged_by_nan_alone():
    jump = [1.0] * 50 + [1e6] + [1.0] * 50

    assert judge(jump, metric="temperature") == ()
    assert kinds(judge(jump, metric="loss")) == ["spike"]


def test_a_spike_of_one_step_in_a_long_series_is_found_with_its_step():
    values = [2 / (1 + at / 5000) for at in range(100_000)]
    values[73_219] = 50.0

    found = judge(values)

    assert [(one.kind, one.step) for one in found] == [("spike", 73_219)]


def test_buckets_of_a_long_series_tell_the_same():
    lows = [2 * math.exp(-at / 40) + 0.2 for at in range(200)]
    highs = [low + 0.01 for low in lows]
    highs[120] = 9.0
    steps = [at * 5000 for at in range(200)]

    (found,) = judge_run([curve_of_buckets("loss", steps, lows, highs)], RunFacts("finished"))

    assert (found.kind, found.step) == ("spike", 600_000)


@pytest.mark.parametrize("values", [[], [1.0], [2.0, 1.0], [1.0, 2.0, 1.5], [0.0] * 3])
def test_a_handful_of_points_is_no_reason_for_alarm(values):
    assert judge(values) == ()


def test_a_learning_rate_that_is_too_large_is_told_within_a_few_steps():
    assert kinds(judge([2.3, 9.1, 212.0, 41_000.0])) == ["diverged"]


def test_held_out_loss_that_climbs_while_training_gains_is_overfitting_and_no_divergence():
    train = [2 * math.exp(-at / 10) for at in range(60)]
    held_out = [0.7 + 0.5 * math.exp(-at / 4) + max(0, at - 15) * 0.03 for at in range(60)]

    found = judge_run([curve("loss", train), curve("val_loss", held_out)], RunFacts("finished"))

    assert kinds(found) == ["overfitting"]
    assert found[0].metric == "val_loss"
    assert 10 <= found[0].step <= 20


@pytest.mark.parametrize(
    ("train", "held_out"),
    [
        ("train_loss", "val_loss"),
        ("train/loss", "eval/loss"),
        ("loss", "validation_loss"),
        ("Loss/train", "Loss/test"),
    ],
)
def test_pairs_are_found_by_their_names(train, held_out):
    falls = [2 * math.exp(-at / 10) for at in range(60)]
    climbs = [0.7 + 0.5 * math.exp(-at / 4) + max(0, at - 15) * 0.03 for at in range(60)]

    found = list(judge_pairs([curve(train, falls), curve(held_out, climbs)]))

    assert [one.metric for one in found] == [held_out]


# Of scikit-learn's networks on its cancer data, 171 rows held out; each third epoch of the losses.
OVERFIT = (0.086, 0.113, 0.163, 0.169, 0.178, 0.197, 0.224, 0.237, 0.248, 0.258, 0.269, 0.275,
           0.28, 0.287, 0.29, 0.295, 0.299, 0.302, 0.306, 0.31)  # fmt: skip
TRAINED = (0.087, 0.05, 0.022, 0.01, 0.006, 0.0033, 0.0021, 0.0015, 0.0011, 0.0009, 0.0007, 0.0006,
           0.0005, 0.0005, 0.0004, 0.0004, 0.0003, 0.0003, 0.0003, 0.0002)  # fmt: skip
RIGHT = (164, 165, 166, *[167] * 3, *[168] * 4, *[167] * 33, *[166] * 17)
BLIP = (165, 165, 165, 166, *[165] * 56)
WORN = (163, 165, 165, *[166] * 8, *[167] * 7, *[168] * 11, *[167] * 24, *[166] * 7)


def rows_right(counts):
    return [count / 171 for count in counts]


def test_a_held_out_loss_that_gives_back_is_no_divergence_where_training_is_well():
    held_out = curve("val_log_loss", [0.4, 0.25, 0.11, 0.09, *OVERFIT])
    well = [curve("train_loss", [0.5, 0.4, 0.3, 0.2, *TRAINED]), held_out]
    ill = [curve("train_loss", [0.5, 0.4, 0.3, 0.2, *TRAINED[:8], *[9.0] * 12]), held_out]

    assert "diverged" in kinds(judge_run([held_out], RunFacts("finished")))
    assert "diverged" not in kinds(judge_run(well, RunFacts("finished")))
    assert "diverged" in kinds(judge_run(ill, RunFacts("finished")))


def test_a_curve_that_only_rises_has_nothing_to_lose():
    assert "diverged" not in kinds(judge(OVERFIT, metric="val_loss"))
    assert "diverged" not in kinds(judge([*OVERFIT[:3], *OVERFIT[:1], *OVERFIT]))


@pytest.mark.parametrize("counts", [RIGHT, BLIP, WORN, (167, *[168] * 8, *[167] * 51)])
def test_a_few_rows_more_or_less_are_no_divergence(counts):
    collapsed = [*counts[:40], *[100] * 20]

    few = judge(rows_right(counts), metric="val_accuracy")
    many = judge([0.6, *rows_right(collapsed)], metric="val_accuracy")

    assert "diverged" not in kinds(few)
    assert "diverged" in kinds(many)


def test_a_plateau_begins_where_its_level_was_first_reached():
    (found,) = judge(rows_right(WORN), metric="val_accuracy")

    assert (found.kind, found.step) == ("plateau", 11)


def test_losses_of_different_things_are_no_pair():
    falls = [2 * math.exp(-at / 10) for at in range(60)]
    climbs = [0.7 + max(0, at - 15) * 0.03 for at in range(60)]

    assert not list(judge_pairs([curve("train_box_loss", falls), curve("val_cls_loss", climbs)]))


LIVE = RunFacts("running", now_ms=1_000_000, last_ms=900_000, usual_ms=1000, points=500)


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        (LIVE, ["stalled"]),
        (RunFacts("finished", now_ms=10**9, last_ms=0, usual_ms=10, points=9), []),
        # One that pauses for an evaluation each hour is not stalled within the pause.
        (RunFacts("running", "", 10**6, 9 * 10**5, 1000, 60_000, 500), []),
        (RunFacts("running", "", 10**9, 0, None, 0, 1), []),
        (RunFacts("running", "", 10**6, 10**6 - 30_000, 10, 0, 500), []),
    ],
)
def test_only_a_live_run_whose_silence_is_unusual_is_stalled(facts, found):
    assert kinds(judge_run([], facts)) == found


def test_a_run_that_died_says_why_in_one_line():
    (found,) = judge_run([], RunFacts("failed", "Traceback\n  ...\nRuntimeError: out of memory"))

    assert (found.kind, found.words) == ("dead", "failed: RuntimeError: out of memory")


def test_a_cell_of_a_table_names_the_worst_and_counts_the_rest():
    found = (
        Health("plateau", "loss", 4000, "", "note"),
        Health("nan", "loss", 12_000, "", "bad"),
        Health("spike", "loss", 7, "", "warn"),
    )

    assert summary(found) == ("✗ NaN 12,000 +2", "bad")
    assert summary(()) == ("", None)
    assert short_words(Health("dead", "", None, "", "bad")) == "dead"


def train(rate: float, steps: int, seed: int = 0) -> dict[str, list[float]]:
    """Train a small network on two rings of points, and return its losses."""
    random = np.random.default_rng(seed)
    angle = random.uniform(0, 2 * np.pi, 400)
    label = random.integers(0, 2, 400)
    radius = 1 + label + random.normal(0, 0.15, 400)
    x = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    w1, w2 = random.normal(0, 1, (2, 24)), random.normal(0, 0.3, 24)
    losses: dict[str, list[float]] = {"train_loss": [], "val_loss": []}
    with np.errstate(all="ignore"):
        for _ in range(steps):
            rows = random.choice(300, 32, replace=False)
            hidden = np.maximum(x[rows] @ w1, 0)
            error = hidden @ w2 - (2 * label[rows] - 1)
            losses["train_loss"].append(float((error**2).mean()))
            held = np.maximum(x[300:] @ w1, 0) @ w2 - (2 * label[300:] - 1)
            losses["val_loss"].append(float((held**2).mean()))
            slope = 2 * error / len(rows)
            back = np.outer(slope, w2) * (hidden > 0)
            w2 -= rate * hidden.T @ slope
            w1 -= rate * x[rows].T @ back
    return losses


@pytest.mark.parametrize("seed", range(8))
def test_a_real_training_is_well_and_with_too_large_a_rate_it_is_not(seed):
    well, ill = train(0.02, 600, seed), train(2.0, 600, seed)

    told = judge_run([curve(*item) for item in well.items()], RunFacts("finished"))
    of_the_ill = judge_run([curve(*item) for item in ill.items()], RunFacts("finished"))

    assert [one for one in told if one.severity != "note"] == []
    assert {"nan", "diverged"} & set(kinds(of_the_ill))

"""The statistics of a verdict, against SciPy and in simulation."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest

from tui_tracker import equivalence as eq

DFS = [1.0, 2.0, 2.5, 4.0, 7.3, 19.0, 100.0, 5000.0, 1e6]
TS = [-40.0, -6.0, -2.0, -0.5, -1e-6, 0.0, 1e-9, 0.3, 1.0, 1.96, 3.5, 12.0, 200.0]
A = [0.842, 0.851, 0.838, 0.860, 0.847]
B = [0.839, 0.862, 0.841, 0.859, 0.851]
C = [0.81, 0.79, 0.84]


@pytest.mark.parametrize("df", DFS)
def test_the_t_distribution_is_that_of_scipy(df):
    stats = pytest.importorskip("scipy.stats")

    assert [eq.t_cdf(t, df) for t in TS] == pytest.approx(stats.t.cdf(TS, df), abs=1e-9)
    tails = [eq.t_tail(t, df) for t in TS if t >= 0]
    assert tails == pytest.approx(stats.t.sf([t for t in TS if t >= 0], df), rel=1e-9)


@pytest.mark.parametrize("df", DFS)
def test_the_quantiles_are_those_of_scipy(df):
    stats = pytest.importorskip("scipy.stats")
    ps = [0.001, 0.025, 0.05, 0.3, 0.5, 0.8, 0.95, 0.975, 0.9995]

    assert [eq.t_quantile(p, df) for p in ps] == pytest.approx(stats.t.ppf(ps, df), rel=1e-9)


def test_what_is_no_probability_has_no_quantile():
    assert math.isnan(eq.t_quantile(1.5, 3))
    assert math.isnan(eq.t_cdf(math.nan, 3))
    assert math.isnan(eq.t_cdf(1.0, 0))
    assert (eq.t_quantile(0, 3), eq.t_quantile(1, 3)) == (-math.inf, math.inf)
    assert eq.t_cdf(1.96, math.inf) == pytest.approx(0.9750021048517795)


@pytest.mark.parametrize("group", [B, C, [value * 1000 for value in B]])
def test_welch_is_that_of_scipy(group):
    stats = pytest.importorskip("scipy.stats")
    oracle = stats.ttest_ind(group, A, equal_var=False)

    contrast = eq.welch(A, group)

    assert eq.difference_p(contrast) == pytest.approx(oracle.pvalue, abs=1e-9)
    assert contrast.df == pytest.approx(oracle.df, rel=1e-9)


def test_the_paired_test_is_that_of_scipy():
    stats = pytest.importorskip("scipy.stats")
    oracle = stats.ttest_rel(B, A)

    contrast = eq.paired(A, B)

    assert eq.difference_p(contrast) == pytest.approx(oracle.pvalue, abs=1e-9)
    low, high = oracle.confidence_interval(0.9)
    tested = eq.tost(contrast, 0.02)
    assert (tested.low, tested.high) == pytest.approx((low, high), abs=1e-12)


@pytest.mark.parametrize("margin", [0.001, 0.01, 0.02, 0.05])
def test_tost_is_the_larger_of_two_one_sided_tests_of_scipy(margin):
    stats = pytest.importorskip("scipy.stats")
    shifted_up, shifted_down = [b + margin for b in B], [b - margin for b in B]

    for test, contrast in (
        (lambda x, **k: stats.ttest_ind(x, A, equal_var=False, **k), eq.welch(A, B)),
        (lambda x, **k: stats.ttest_rel(x, A, **k), eq.paired(A, B)),
    ):
        oracle = max(
            test(shifted_up, alternative="greater").pvalue,
            test(shifted_down, alternative="less").pvalue,
        )
        assert eq.tost(contrast, margin).p == pytest.approx(oracle, abs=1e-9)


def test_agreement_is_the_interval_inside_the_margin():
    contrast = eq.paired(A, B)

    for margin in (0.004, 0.008, 0.0086, 0.0087, 0.02):
        tested = eq.tost(contrast, margin)
        assert tested.agrees == (-margin < tested.low and tested.high < margin)


def test_holm_corrects_stepwise_and_keeps_the_order():
    corrected = eq.holm([0.01, 0.04, 0.03, 0.005])

    assert corrected == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert eq.holm([]) == []
    assert eq.holm([0.9, 0.8]) == [1.0, 1.0]


@pytest.mark.parametrize(("size", "reach"), [(3, 4.97), (5, 3.04), (10, 2.37), (20, 2.14)])
def test_one_more_run_is_predicted_widely_from_few(size, reach):
    group = [math.sin(7 * k) for k in range(size)]
    s, mean = eq.spread(group), sum(group) / size

    low, high = eq.prediction_interval(group)

    assert ((high - mean) / s, (mean - low) / s) == pytest.approx((reach, reach), abs=0.005)


@pytest.mark.parametrize(
    ("size", "margin", "power"),
    [(3, 2, 0.31), (5, 1, 0.06), (5, 1.5, 0.39), (5, 2, 0.76), (10, 1, 0.38), (10, 1.5, 0.88)],
)
def test_the_power_of_tost_is_the_one_that_was_simulated(size, margin, power):
    found = eq.tost_power(0.0, math.sqrt(2 / size), 2.0 * size - 2, margin)

    # Simulated with Welch's degrees of freedom, which small groups have fewer of.
    assert power - 0.01 <= found <= power + 0.24 / size


@pytest.mark.parametrize(("size", "power"), [(3, 0.12), (5, 0.27), (10, 0.55), (20, 0.87)])
def test_the_power_to_find_a_gap_of_one_sigma_is_the_one_that_was_simulated(size, power):
    found = eq.difference_power(1.0, math.sqrt(2 / size), 2.0 * size - 2)

    assert power - 0.01 <= found <= power + 0.04


def test_the_runs_that_would_settle_it_grow_as_the_margin_shrinks():
    contrast = eq.welch(A, B)

    needed = [eq.runs_to_settle(contrast, margin) for margin in (0.05, 0.02, 0.015, 0.01)]

    known = [count for count in needed if count is not None]
    assert known == needed
    assert all(fewer <= more for fewer, more in pairwise(known))
    assert known[-1] > 5
    assert eq.runs_to_settle(contrast, 1e-9) is not None  # by showing the difference
    assert eq.runs_to_settle(contrast, contrast.difference * 1.0001) is None


def test_groups_without_spread_agree_or_differ_outright():
    same, apart = eq.paired([1.0, 2.0], [1.0, 2.0]), eq.paired([1.0, 2.0], [1.5, 2.5])

    assert (eq.difference_p(same), eq.difference_p(apart)) == (1.0, 0.0)
    assert (eq.tost(apart, 1.0).agrees, eq.tost(apart, 0.1).agrees) == (True, False)


@pytest.mark.parametrize(
    "call",
    [
        lambda: eq.welch([1.0], [1.0, 2.0]),
        lambda: eq.paired([1.0, 2.0], [1.0]),
        lambda: eq.paired([1.0], [1.0]),
        lambda: eq.one_against(1.0, [1.0]),
        lambda: eq.prediction_interval([1.0]),
        lambda: eq.mean_interval([1.0]),
    ],
)
def test_too_few_values_are_refused(call):
    with pytest.raises(ValueError, match=r"at least|fewer than"):
        call()


@pytest.mark.parametrize("size", [3, 5])
def test_equal_groups_are_called_different_at_most_as_often_as_promised(size):
    draw = random.Random(20 + size).gauss
    trials, wrong = 4000, {"welch": 0, "paired": 0, "one": 0}

    for _ in range(trials):
        first, second = ([draw(0, 1) for _ in range(size)] for _ in "ab")
        wrong["welch"] += eq.difference_p(eq.welch(first, second)) < eq.ALPHA
        wrong["paired"] += eq.difference_p(eq.paired(first, second)) < eq.ALPHA
        wrong["one"] += eq.difference_p(eq.one_against(draw(0, 1), first)) < eq.ALPHA

    assert {name: count / trials <= 0.06 for name, count in wrong.items()} == dict.fromkeys(
        wrong, True
    )
    assert wrong["paired"] / trials == pytest.approx(0.05, abs=0.01)
    assert wrong["one"] / trials == pytest.approx(0.05, abs=0.01)


def test_the_interval_of_a_mean_covers_it_as_often_as_promised():
    draw = random.Random(3).gauss
    trials = 4000

    covered = 0
    for _ in range(trials):
        low, high = eq.mean_interval([draw(0, 1) for _ in range(3)])
        covered += low < 0 < high

    assert covered / trials == pytest.approx(0.95, abs=0.01)


def test_equal_values_have_no_spread_at_all():
    assert eq.spread([0.97, 0.97, 0.97]) == 0.0
    assert eq.paired([0.1, 0.2, 0.3], [0.1, 0.2, 0.3]).error == 0.0

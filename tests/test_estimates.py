"""Centre, spread and intervals of several values, beside SciPy and closed forms."""

from __future__ import annotations

import math
import random
from statistics import fmean, median
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_tracker.estimates import (
    accelerated,
    bootstrap_interval,
    chance_of_best,
    chance_to_beat,
    estimate,
    find_outlier,
    interquartile_mean,
    interval_of_mean,
    optimism,
    quantile,
)

np = pytest.importorskip("numpy")
stats = pytest.importorskip("scipy.stats")

floats = st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 6))


@given(st.lists(floats, min_size=2, max_size=19))
def test_mean_std_and_t_interval_are_scipys(values):
    found = estimate(values)
    assert found is not None
    assert found.std is not None
    assert found.interval is not None
    std = float(np.std(values, ddof=1))
    reach = float(stats.t.ppf(0.975, len(values) - 1)) * std / math.sqrt(len(values))

    scale = max(1.0, max(map(abs, values)))
    assert found.mean == pytest.approx(np.mean(values), rel=1e-9, abs=1e-9 * scale)
    assert found.std == pytest.approx(std, rel=1e-9, abs=1e-9 * scale)
    assert found.interval.high - found.mean == pytest.approx(reach, rel=1e-9, abs=1e-9 * scale)
    assert found.interval.method == "t"


@given(st.lists(floats, min_size=1, max_size=40), st.floats(0, 1))
def test_a_quantile_is_numpys(values, q):
    scale = max(1.0, max(map(abs, values)))
    assert quantile(values, q) == pytest.approx(np.quantile(values, q), rel=1e-9, abs=1e-9 * scale)


@given(st.lists(floats, min_size=4, max_size=40).filter(lambda values: len(values) % 4 == 0))
def test_the_interquartile_mean_of_a_multiple_of_four_is_the_trimmed_mean(values):
    scale = max(1.0, max(map(abs, values)))
    wanted = stats.trim_mean(values, 0.25)
    assert interquartile_mean(values) == pytest.approx(wanted, rel=1e-9, abs=1e-9 * scale)


def test_the_interquartile_mean_takes_edge_values_by_their_share():
    # Five values: 1.25 are cut at each end, so the middle 2.5 count 0.75, 1 and 0.75.
    assert interquartile_mean([1, 3, 4, 5, 60]) == pytest.approx((0.75 * 3 + 4 + 0.75 * 5) / 2.5)


def test_one_value_has_no_spread_and_no_interval():
    found = estimate([0.8])

    assert found is not None
    assert (found.n, found.mean, found.std, found.sem, found.interval) == (1, 0.8, None, None, None)


def test_values_that_are_not_finite_are_counted_apart():
    found = estimate([0.5, math.nan, 0.7, math.inf])

    assert found is not None
    assert (found.n, found.left_out, found.mean) == (2, 2, pytest.approx(0.6))


def test_nothing_finite_comes_to_nothing():
    assert estimate([math.nan, -math.inf]) is None


@pytest.mark.parametrize("statistic", [fmean, median, interquartile_mean])
@pytest.mark.parametrize("seed", range(3))
def test_the_accelerated_interval_is_scipys_on_the_same_resamples(statistic, seed):
    draws = random.Random(seed)
    values = [draws.expovariate(1) for _ in range(25)]
    drawn = [statistic(draws.choices(values, k=25)) for _ in range(2000)]

    found = accelerated(values, statistic, drawn, 0.9)

    reused = SimpleNamespace(bootstrap_distribution=np.array(drawn))
    wanted = stats.bootstrap(
        (values,),
        lambda data, axis=-1: np.apply_along_axis(lambda row: statistic(list(row)), axis, data),
        n_resamples=0,
        confidence_level=0.9,
        method="BCa",
        bootstrap_result=reused,
        vectorized=True,
    ).confidence_interval
    assert found == pytest.approx((wanted.low, wanted.high), rel=1e-9)


def test_the_same_values_always_get_the_same_interval():
    values = [random.Random(1).gauss(0, 1) for _ in range(30)]

    assert interval_of_mean(values) == interval_of_mean(values)
    assert interval_of_mean(values).method == "bca"


def test_equal_values_have_an_interval_of_one_point():
    assert bootstrap_interval([2.0] * 30, fmean) == (2.0, 2.0)


def test_the_t_interval_of_three_covers_the_mean_as_often_as_it_says():
    draws = random.Random(0)
    trials = 20_000
    covered = 0
    for _ in range(trials):
        found = interval_of_mean([draws.gauss(0, 1) for _ in range(3)])
        covered += found.low <= 0 <= found.high

    assert covered / trials == pytest.approx(0.95, abs=0.01)


@given(st.lists(floats, min_size=1, max_size=12), st.lists(floats, min_size=1, max_size=12))
def test_the_chance_to_beat_is_the_mann_whitney_statistic(first, second):
    wanted = stats.mannwhitneyu(first, second).statistic / (len(first) * len(second))

    assert chance_to_beat(first, second).chance == pytest.approx(wanted, abs=1e-12)


def test_pairs_are_compared_seed_by_seed():
    found = chance_to_beat([1.0, 2.0, 3.0], [0.9, 1.9, 3.0], paired=True)

    assert (found.chance, found.pairs) == (pytest.approx(2.5 / 3), 3)


def test_one_run_beats_another_with_no_certainty_at_all():
    found = chance_to_beat([1.0], [0.5])

    assert (found.chance, found.low, found.high) == (1.0, 0.0, 1.0)


def test_the_seed_far_from_the_others_is_named():
    assert find_outlier({"0": 0.81, "1": 0.82, "2": 0.80, "3": 0.81, "4": 0.31}) == "4"


@pytest.mark.parametrize("values", [[0.8, 0.81, 0.2], [0.80, 0.81, 0.82, 0.83, 0.84], [0.8] * 6])
def test_no_outlier_is_named_among_few_or_even_values(values):
    assert find_outlier({str(i): value for i, value in enumerate(values)}) is None


@pytest.mark.parametrize(("runs", "wanted"), [(1, 1.54), (3, 0.89), (10, 0.49)])
def test_the_best_of_ten_equal_groups_looks_better_by_luck(runs, wanted):
    assert optimism(10, runs) == pytest.approx(wanted, abs=0.005)


@pytest.mark.parametrize(("runs", "wanted"), [(3, 0.58), (5, 0.74), (10, 0.92)])
def test_a_lead_of_one_sigma_is_found_as_often_as_simulation_says(runs, wanted):
    assert chance_of_best(10, runs) == pytest.approx(wanted, abs=0.01)

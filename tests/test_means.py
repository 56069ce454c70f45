"""Means and spreads: those of NumPy, and no end where sums and squares leave the doubles."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_tracker.means import deviation_of, mean_of

# NumPy takes the squares of smaller numbers for zero.
tame = st.lists(
    st.floats(-1e6, 1e6).filter(lambda v: not 0 < abs(v) < 1e-100), min_size=2, max_size=30
)
wild = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=30)


@given(tame)
def test_they_are_those_of_numpy(values):
    scale = max(map(abs, values), default=0) or 1.0

    assert mean_of(values) == pytest.approx(np.mean(values), abs=1e-9 * scale)
    assert deviation_of(values) == pytest.approx(np.std(values, ddof=1), abs=1e-6 * scale)


@given(wild)
def test_no_numbers_are_too_large(values):
    assert min(values) <= mean_of(values) <= max(values)
    assert deviation_of(values) >= 0
    if max(map(abs, values)) > 1e-300:
        assert (deviation_of(values) > 0) == (min(values) < max(values))


def test_numbers_near_the_end_of_all_have_a_mean_and_a_spread():
    assert mean_of([1e308, 1e308, 1e308]) == pytest.approx(1e308)
    assert mean_of([1e308, 1e308, -1e308]) == pytest.approx(1e308 / 3)
    assert deviation_of([1e308, -1e308, 1e308]) == pytest.approx(2 / math.sqrt(3) * 1e308)
    assert deviation_of([0.97, 0.97, 0.97]) == 0.0
    assert deviation_of([1e-170, 3e-170]) == pytest.approx(math.sqrt(2) * 1e-170)

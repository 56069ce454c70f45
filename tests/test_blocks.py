"""Blocks give back every step, time and value, bit for bit."""

from __future__ import annotations

import math
import struct
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_tracker import blocks

WHOLE = st.integers(-(2**63), 2**63 - 1)
NEAR = st.integers(-1000, 1000)
TIMES = st.integers(0, 2**62)
VALUES = st.floats() | st.floats(width=32) | st.sampled_from([math.nan, math.inf, -math.inf, -0.0])


def there_and_back(
    steps: list[int], times: list[int], values: list[float]
) -> tuple[list[int], list[int], bytes]:
    block = blocks.encode(blocks.encode_axis(steps, times), values)
    found_steps, found_times = blocks.decode_axis(block)
    return list(found_steps), list(found_times), blocks.decode_values(block).tobytes()


def bits(values: list[float]) -> bytes:
    return array("d", values).tobytes()


@settings(derandomize=True, max_examples=200, deadline=None, database=None)
@given(st.lists(st.tuples(WHOLE | NEAR, TIMES, VALUES), min_size=1, max_size=80))
def test_any_points_come_back_exactly(points):
    steps, times, values = (list(column) for column in zip(*points, strict=True))

    assert there_and_back(steps, times, values) == (steps, times, bits(values))


@settings(derandomize=True, max_examples=100, deadline=None, database=None)
@given(NEAR, st.integers(-50, 50), st.integers(1, 200), st.lists(NEAR, max_size=3))
def test_regular_steps_with_a_few_strangers_come_back_exactly(first, stride, n, strangers):
    steps = [first + stride * i for i in range(n)]
    for place, stranger in enumerate(strangers):
        steps[(place * 37) % n] = stranger
    times = [1_760_000_000_000 + 7 * i for i in range(n)]
    values = [i / 3 for i in range(n)]

    assert there_and_back(steps, times, values) == (steps, times, bits(values))


@pytest.mark.parametrize(
    "steps",
    [
        [2**63 - 1],
        [-(2**63)],
        [-(2**63), 2**63 - 1],
        [2**63 - 1, -(2**63)],
        [2**63 - 2, 2**63 - 1],
        [0, 0, 0],
        [5, 4, 3, 2],
        [0, 5, 1, 3],
        [0, 2**31, 0],
    ],
)
def test_steps_at_the_edges_come_back_exactly(steps):
    values = [1.5] * len(steps)
    times = list(range(len(steps)))

    assert there_and_back(steps, times, values) == (steps, times, bits(values))


def test_a_clock_that_jumps_comes_back_exactly():
    times = [1_760_000_000_000, 0, 2**62, 5, 5, -7]

    assert there_and_back(list(range(6)), times, [0.0] * 6)[1] == times


def test_a_nan_keeps_its_bits():
    (odd,) = struct.unpack("<d", b"\x01\0\0\0\0\0\xf8\x7f")

    assert there_and_back([0, 1], [0, 0], [odd, 1.0])[2] == bits([odd, 1.0])


def test_values_that_float32_holds_take_half_the_room():
    import random

    made = random.Random(3)
    exact = [struct.unpack("f", struct.pack("f", made.random()))[0] for _ in range(1024)]
    axis = blocks.encode_axis(range(1024), [0] * 1024)

    assert len(blocks.encode(axis, exact)) < 4.2 * 1024
    assert len(blocks.encode(axis, [made.random() for _ in range(1024)])) < 8.2 * 1024


def test_a_block_that_is_cut_is_named_and_never_read_as_something_else():
    block = blocks.encode(blocks.encode_axis([1, 5, 2], [1, 2, 3]), [0.1, 0.2, 0.3])
    for cut in range(len(block)):
        with pytest.raises(ValueError, match="block"):
            (blocks.decode_axis(block[:cut]), blocks.decode_values(block[:cut]))


def test_a_block_of_another_format_is_named():
    block = blocks.encode(blocks.encode_axis([1], [1]), [0.1])

    with pytest.raises(ValueError, match="format 02"):
        blocks.decode_values(b"\x02" + block[1:])

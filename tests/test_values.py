"""What users hand in, and what is kept of it."""

from __future__ import annotations

import argparse
import dataclasses
import enum
import json
import math
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_tracker.values import flatten, flatten_metrics, number, params_digest_text, to_json, whole


class Scalar:
    """What a single number of torch or jax looks like: `item` and `__float__`."""

    def __init__(self, value: object) -> None:
        self._value = value

    def item(self) -> object:
        return self._value

    def __float__(self) -> float:
        return float(self._value)  # type: ignore[arg-type]


class OnlyItem:
    def item(self) -> float:
        return 1.5


class OnlyIndex:
    def __index__(self) -> int:
        return 7


class Array:
    """What many numbers of torch or jax look like."""

    def item(self) -> float:
        raise ValueError("only one element tensors can be converted to Python scalars")

    __float__ = item


class Explodes:
    def __float__(self) -> float:
        raise RuntimeError("CUDA error")

    def __str__(self) -> str:
        raise RuntimeError("CUDA error")

    __repr__ = __str__


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (1, 1.0),
        (True, 1.0),
        (0.1, 0.1),
        (Decimal("0.1"), 0.1),
        (Fraction(1, 4), 0.25),
        (Scalar(0.5), 0.5),
        (OnlyItem(), 1.5),
        (OnlyIndex(), 7.0),
        (math.inf, math.inf),
        (10**400, math.inf),
        (-(10**400), -math.inf),
    ],
)
def test_single_numbers_of_any_library_are_numbers(value, wanted):
    assert number(value) == wanted


@pytest.mark.parametrize(
    "value", [None, "0.5", b"1", bytearray(b"1"), 1j, [1.0], {}, Array(), Explodes(), object()]
)
def test_what_is_no_single_number_is_refused(value):
    with pytest.raises((TypeError, ValueError, RuntimeError)):
        number(value)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (3, 3),
        (3.0, 3),
        (-4, -4),
        (True, 1),
        (OnlyIndex(), 7),
        (Scalar(5), 5),
        (2**63 - 1, 2**63 - 1),
    ],
)
def test_whole_numbers_of_any_kind_are_steps(value, wanted):
    assert whole(value) == wanted


@pytest.mark.parametrize("value", [0.5, math.nan, math.inf, "3", None, 2**63, -(2**63) - 1, [1]])
def test_what_is_no_whole_number_of_64_bits_is_no_step(value):
    with pytest.raises((TypeError, ValueError, OverflowError)):
        whole(value)


def test_params_are_flattened_with_dots_and_keep_their_kinds():
    found = flatten(
        {"model": {"depth": 3, "act": "relu", "empty": {}}, "on": True, "no": None, "sizes": (1, 2)}
    )

    assert found == {
        "model.depth": 3,
        "model.act": "relu",
        "model.empty": "{}",
        "on": True,
        "no": None,
        "sizes": [1, 2],
    }


def test_params_come_from_namespaces_and_dataclasses():
    @dataclasses.dataclass
    class Optimizer:
        rate: float = 0.1

    @dataclasses.dataclass
    class Config:
        optimizer: Optimizer
        seed: int = 0

    assert flatten(argparse.Namespace(a=1)) == {"a": 1}
    assert flatten(Config(Optimizer())) == {"optimizer.rate": 0.1, "seed": 0}


def test_params_of_odd_kinds_are_kept_as_texts():
    class Color(enum.Enum):
        RED = 1

    class Level(enum.IntEnum):
        HIGH = 3

    found = flatten(
        {
            "path": PurePosixPath("a/b"),
            "function": math.sin,
            "kind": int,
            "color": Color.RED,
            "level": Level.HIGH,
            "odd": Explodes(),
            "set": {3, 1, 2},
            "many": list(range(100_000)),
            1: "a number",
        }
    )

    assert found["path"] == "a/b"
    assert found["function"] == "sin"
    assert found["kind"] == "int"
    assert found["color"] == "Color.RED"
    assert (found["level"], type(found["level"])) == (3, int)
    assert found["odd"] == "<Explodes: RuntimeError>"
    assert found["set"] == [1, 2, 3]
    assert found["many"] == "<list of 100000>"
    assert found["1"] == "a number"


@pytest.mark.parametrize("params", [5, "text", [1, 2], object()])
def test_params_without_names_are_refused(params):
    with pytest.raises(TypeError, match="names and values"):
        flatten(params)


def test_params_that_contain_themselves_end():
    params: dict[str, object] = {"seed": 1}
    params["self"] = params
    loop: list[object] = []
    loop.append(loop)

    assert flatten(params)["seed"] == 1
    assert "loop" in flatten({"loop": loop})


def test_a_number_of_very_many_digits_is_kept_exactly_as_text():
    found = flatten({"big": 10**5000, "middle": 10**100})

    assert found["middle"] == 10**100
    assert int(str(found["big"]), 16) == 10**5000


TEXTS = st.text() | st.text(st.characters(categories=["Cs", "Cc", "Co"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@settings(derandomize=True, max_examples=300, deadline=None, database=None)
@given(JSON)
def test_json_reads_back_as_what_it_was_made_from(value):
    data = to_json(value).encode("utf-8", "surrogatepass")

    assert b"\0" not in data
    assert repr(json.loads(data)) == repr(value)


def test_metrics_in_groups_are_joined_with_dots():
    assert flatten_metrics({"val": {"loss": 1, "f1": {"macro": 2}}, 3: 4}) == {
        "val.loss": 1,
        "val.f1.macro": 2,
        "3": 4,
    }


def test_runs_that_differ_in_their_seed_alone_are_alike():
    a = params_digest_text({"lr": 0.1, "seed": 1, "model.random_state": 5})
    b = params_digest_text({"model.random_state": 6, "seed": 2, "lr": 0.1})
    c = params_digest_text({"lr": 0.2, "seed": 1})

    assert a == b != c


def test_numbers_of_numpy_are_numbers():
    np = pytest.importorskip("numpy")

    for kind in (np.float16, np.float32, np.float64, np.int8, np.uint64, np.bool_):
        assert number(kind(1)) == 1.0
    assert number(np.array([2.5])) == 2.5
    assert whole(np.int64(4)) == 4
    with pytest.raises((TypeError, ValueError)):
        number(np.zeros(3))
    assert flatten({"a": np.float32(0.5), "b": np.arange(3)}) == {"a": 0.5, "b": [0, 1, 2]}


def test_numbers_of_torch_are_numbers():
    torch = pytest.importorskip("torch")

    assert number(torch.tensor(0.5, requires_grad=True)) == 0.5
    assert number(torch.tensor([1.5], dtype=torch.bfloat16)) == 1.5
    assert whole(torch.tensor(4)) == 4
    with pytest.raises((TypeError, ValueError, RuntimeError)):
        number(torch.zeros(3))

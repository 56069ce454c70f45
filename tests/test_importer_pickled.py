"""Reading pickles as data: nothing in them is run, and nothing in them takes for ever."""

from __future__ import annotations

import pickle
import random
import struct
import zipfile
from collections import OrderedDict
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import pytest

from tui_tracker.importers import pickled
from tui_tracker.importers.hf_arguments import read_arguments
from tui_tracker.importers.pickle_machine import MAX_OPCODES, Made, Named
from tui_tracker.importers.pickled import parse_pickled, read_pickled

PLAIN = {
    "none": None,
    "flags": [True, False],
    "numbers": [0, -1, 255, 65535, 2**31, 2**40, -(2**80), 2**3000, 0.1, float("inf")],
    "texts": ["", "ä", "x" * 300, "\u2028"],
    "bytes": [b"", b"abc", b"\xff" * 300],
    "nested": {"a": {"b": [1, (2, 3), (), (4,), (5, 6, 7, 8)]}},
    "same": ["twice"] * 2,
}


class Opens:
    """Would run a function when it is unpickled."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self):  # type: ignore[no-untyped-def]
        return self.call


@pytest.mark.parametrize("protocol", range(3, 6))
def test_plain_data_come_out_as_they_went_in(protocol):
    assert parse_pickled(pickle.dumps(PLAIN, protocol)) == (PLAIN, "")


@pytest.mark.parametrize("protocol", range(6))
def test_objects_come_out_as_what_they_would_be_made_of(protocol):
    value, problem = parse_pickled(pickle.dumps(Fraction(1, 3), protocol))

    assert problem == ""
    assert isinstance(value, Made)
    assert value.of == Named("fractions", "Fraction")
    assert value.arguments in ((1, 3), ("1/3",))


@pytest.mark.parametrize("protocol", range(6))
def test_what_is_set_in_a_kind_of_dict_or_list_is_kept(protocol):
    value, _ = parse_pickled(pickle.dumps(OrderedDict(a=1), protocol))

    assert isinstance(value, Made)
    assert value.fields() == {"a": 1} or value.arguments == ([["a", 1]],)


@pytest.mark.parametrize("protocol", range(6))
def test_nothing_in_a_pickle_is_run(tmp_path, protocol):
    sign = tmp_path / "it_ran"
    content = pickle.dumps({"a": Opens(Path.touch, sign), "b": Opens(eval, "1/0")}, protocol)

    value, problem = parse_pickled(content)

    assert problem == ""
    assert isinstance(value, dict)
    assert isinstance(value["b"], Made)
    assert not sign.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"(S'echo x'\nios\nsystem\n.",
        b"(cos\nsystem\nS'echo x'\no.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x06echo x\x85R.",
        b"\x80\x02cos\nsystem\n)\x81}X\x01\x00\x00\x00aK\x01sb.",
        b"\x80\x02\x82\x01.",
        b"P1\n.",
    ],
)
def test_every_way_to_name_something_gives_an_inert_one(content):
    value, problem = parse_pickled(content)

    assert isinstance(value, (Made, Named))
    assert problem == ""


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "damaged"),
        (b".", "empty"),
        (b"no pickle", "damaged"),
        (b"R.", "more from the stack"),
        (b"h\x05.", "not there"),
        (b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7f.", "damaged"),
        (b"\x80\x02\x8b\xff\xff\xff\x7f.", "damaged"),
        (b"I" + b"9" * 10_000 + b"\n.", "damaged"),
        (b"t.", "more from the stack"),
    ],
)
def test_what_is_no_pickle_is_told(content, why):
    with pytest.raises(ValueError, match=why):
        parse_pickled(content)


def test_a_place_in_the_memo_costs_nothing():
    content = b"\x80\x02K\x07r\xff\xff\xff\xff0j\xff\xff\xff\xff."

    assert parse_pickled(content) == (7, "")


def test_a_pickle_of_very_many_steps_is_left_there():
    value, problem = parse_pickled(b"\x80\x02]" + b"K\x01a" * MAX_OPCODES + b".")

    assert "opcodes" in problem
    assert isinstance(value, list)


def test_lists_that_hold_each_other_and_lists_in_lists_in_lists():
    deep = b"\x80\x02" + b"]" * 50_000 + b"a" * 49_999 + b"."
    round_and_round = b"\x80\x02]q\x00h\x00a."

    assert parse_pickled(deep)[1] == ""
    assert parse_pickled(round_and_round)[1] == ""


def test_an_object_that_holds_another_many_times_over_is_not_walked_for_ever(tmp_path):
    inner: dict[str, object] = {"x": 1.5}
    for _ in range(60):
        inner = {f"k{number}": inner for number in range(9)}
    path = tmp_path / "training_args.bin"
    path.write_bytes(pickle.dumps(inner, 4))

    params, _ = read_arguments(path)

    assert len(params) <= 1000


def packed(name: str, content: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (packed("a/data.pkl", b"\0" * (pickled.MAX_BYTES + 1)), "larger"),
        (packed("a/data.pkl", b"K\x01.", zipfile.ZIP_BZIP2), "unknown way"),
        (packed("a/other", b"K\x01."), "without data.pkl"),
        (packed("a/data.pkl", b"K\x01.")[:40], "damaged zip"),
        (b"\0" * (pickled.MAX_BYTES + 1), "larger"),
    ],
    ids=["bomb", "bzip2", "other", "cut", "large"],
)
def test_files_that_are_none_of_it_are_told(tmp_path, content, why):
    path = tmp_path / "x.bin"
    path.write_bytes(content)

    with pytest.raises(ValueError, match=why):
        read_pickled(path)


def test_damage_anywhere_raises_nothing_else(tmp_path):
    chance = random.Random(4)
    path = tmp_path / "x.bin"
    whole = {
        protocol: pickle.dumps({**PLAIN, "o": OrderedDict(a=Fraction(1, 3))}, protocol)
        for protocol in range(6)
    }
    told = 0

    for number in range(3000):
        content = bytearray(whole[number % 6])
        if number % 2:
            del content[chance.randrange(len(content)) :]
        for _ in range(chance.randrange(4)):
            if content:
                content[chance.randrange(len(content))] = chance.randrange(256)
        path.write_bytes(packed("a/data.pkl", bytes(content)) if number % 3 else bytes(content))
        try:
            _, problem = read_pickled(path)
            read_arguments(path)
        except ValueError:
            problem = "damaged"
        told += bool(problem)

    assert told > 1500


def test_sizes_that_lie_cost_no_memory():
    for code, form in ((b"X", "<I"), (b"B", "<I"), (b"T", "<I"), (b"\x8d", "<Q"), (b"\x8e", "<Q")):
        content = b"\x80\x04}(" + code + struct.pack(form, 2**31 - 1) + b"x."

        assert "damaged" in parse_pickled(content)[1]

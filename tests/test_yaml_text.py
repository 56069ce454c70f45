"""YAML of trackers is read as plain data, and a hostile file costs nothing."""

from __future__ import annotations

import math
import random
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tui_tracker.importers.yaml_text import MAX_BYTES, NotYaml, read_documents, read_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-17", -17),
        ("0x1F", 31),
        ("017", 15),
        ("0b101", 5),
        ("1_000", 1000),
        ("1:30", 90),
        ("1e-3", 0.001),
        ("1.0e-05", 1e-05),
        ("5E6", 5e6),
        (".5", 0.5),
        ("-.inf", -math.inf),
        ("yes", True),
        ("off", False),
        ("~", None),
        ("", None),
        ("'1'", "1"),
        ("! 5", "5"),
        ("2026-01-02", "2026-01-02"),
        ("12e4567", "12e4567"),
        ("0o17", "0o17"),
        ("9" * 5000, "9" * 5000),
        ("${oc.env:HOME}", "${oc.env:HOME}"),
        ("!!float 3", 3.0),
        ("!!str 3", "3"),
        ("!!binary aGk=", "hi"),
        ("!custom {a: 1}", {"a": 1}),
        ("!!python/name:torch.nn.ReLU ''", "torch.nn.ReLU"),
        ("!!python/tuple [1, [2]]", [1, [2]]),
        ("!!set {a, b}", ["a", "b"]),
        ("!!omap [a: 1, b: 2]", {"a": 1, "b": 2}),
        ("!!python/object:argparse.Namespace {lr: 0.1}", {"lr": 0.1}),
        ("!!python/object/new:easydict.EasyDict {dictitems: {a: 1}, state: {a: 2}}", {"a": 1}),
        ("!!python/object/apply:pathlib.PosixPath [/, data, x.npz]", "/data/x.npz"),
        ("!!python/object/apply:pathlib.WindowsPath ['C:\\', x]", "C:\\x"),
        ("!!python/object/apply:collections.OrderedDict [[[a, 1]]]", {"a": 1}),
        ("!!python/object/apply:colors.Color [2]", 2),
        ("!!python/object/apply:os.system ['touch /tmp/x']", "touch /tmp/x"),
        ("a: |\n  one\n   two\n", {"a": "one\n two\n"}),
        ("a: >-\n  one\n  two\n", {"a": "one two"}),
        ("a: one\n  two  # and that was it\n", {"a": "one two"}),
        ("on: 1\n0123: 2\n", {"on": 1, "0123": 2}),
        ("? [a, b]\n: 1\n", {"['a', 'b']": 1}),
        (
            "b: &b {x: 1, y: 2}\nm:\n  <<: *b\n  y: 3\n",
            {"b": {"x": 1, "y": 2}, "m": {"x": 1, "y": 3}},
        ),
        ("<<: text\n", {"<<": "text"}),
    ],
)
def test_what_a_text_means(text: str, value: object) -> None:
    assert read_yaml(text) == value


def test_whole_and_real_numbers_keep_their_type() -> None:
    found = read_yaml("[1, 1.0, yes, !!float 3]")

    assert isinstance(found, list)
    assert [type(one) for one in found] == [int, float, bool, float]


def test_not_a_number_is_read() -> None:
    assert math.isnan(float(str(read_yaml(".NaN"))))


def test_a_file_of_yaml_1_2_takes_words_and_leading_zeros_as_it_means_them() -> None:
    found = read_yaml("[yes, off, true, 0o17, 017, 1:30]", version="1.2")

    assert found == ["yes", "off", True, 15, 17, "1:30"]


def test_a_numpy_number_that_pyyaml_dumped_is_that_number() -> None:
    np = pytest.importorskip("numpy")
    values = {"a": np.float64(0.1), "b": np.int32(-7), "c": np.bool_(True), "d": np.float32(2.5)}

    found = read_yaml(yaml.dump(values))

    assert found == {"a": 0.1, "b": -7, "c": True, "d": 2.5}


def test_each_document_of_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "two.yaml"
    path.write_text("a: 1\n---\n- 2\n...\n")

    assert list(read_documents(path)) == [{"a": 1}, [2]]
    assert read_yaml(path) == {"a": 1}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-8"])
def test_encodings_with_and_without_a_mark(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes("name: größe\n".encode(encoding))

    assert read_yaml(path) == {"name": "größe"}


def test_bytes_that_are_no_text_and_control_characters_are_replaced() -> None:
    assert read_yaml(b"a: x\xff\x1by\x00\n") == {"a": "x\ufffd\ufffdy\ufffd"}


_LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 15)
)
_STAIRS = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 400))


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: [1,", 2, "expected"),
        ("a: b: c", 1, "not allowed"),
        ("a: &a [*a]", 1, "stands inside"),
        ("\n\n- *x", 3, "no anchor 'x'"),
        ("[" * 5000, 1, "nest"),
        ("\n".join("  " * n + "a:" for n in range(300)), 201, "deeper than 200"),
        (_LAUGHS, 7, "more than 2,000,000 parts"),
        (_STAIRS, 200, "deeper than 200"),
        ("a: 'x", 1, "end of stream"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(NotYaml, match=words) as caught:
        read_yaml(text)

    assert caught.value.line == line


def test_a_file_of_many_megabytes_is_no_config(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    path.write_bytes(b"- a\n" * (MAX_BYTES // 4 + 1))

    with pytest.raises(NotYaml, match="larger than 16 MiB"):
        read_yaml(path)


_plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(_plain, st.booleans())
@example("12e4567", False)  # a commit, and no number of 4,567 digits
@example("0E000", True)
@settings(max_examples=150, deadline=None)
def test_what_pyyaml_writes_comes_back(value: object, flow: bool) -> None:
    text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=True)

    assert _with_text_keys(read_yaml(text)) == _with_text_keys(yaml.load(text, _ScientificLoader))


class _ScientificLoader(yaml.SafeLoader):
    """PyYAML's own reading, with the two decisions of ours: `1e-3`, and dates as text."""


def _scalar(_: yaml.SafeLoader, node: yaml.ScalarNode) -> str:
    return node.value


_ScientificLoader.add_constructor("tag:yaml.org,2002:timestamp", _scalar)
_ScientificLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?[0-9][0-9_]*[eE][-+]?[0-9]{1,2}$"),
    list("-+0123456789"),
)


def _with_text_keys(value: object) -> object:
    if isinstance(value, dict):
        return {str(name): _with_text_keys(one) for name, one in value.items()}
    return [_with_text_keys(one) for one in value] if isinstance(value, list) else value


def test_a_damaged_file_is_data_or_one_sentence() -> None:
    chance = random.Random(6)
    whole = (
        b"lr: &lr 1e-3\nnet: {hidden: [64, 32], act: 'relu'}\nt: !!python/tuple\n- 1\n- 2\n"
        b"note: |\n  two\n  lines\nagain: *lr\nb: !!binary |\n  aGk=\n<<: {x: 1}\n"
    )
    read, refused = 0, 0

    for _ in range(3000):
        text = bytearray(whole[: chance.randrange(len(whole) + 1)])
        for _ in range(chance.randrange(4)):
            if text:
                text[chance.randrange(len(text))] = chance.randrange(256)
        try:
            read_yaml(bytes(text))
            read += 1
        except NotYaml:
            refused += 1

    assert read > 100
    assert refused > 100

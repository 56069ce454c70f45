"""What a command line gives its script."""

from __future__ import annotations

import shlex

import pytest

from tui_tracker.capture.arguments import read_params, script_stem, typed
from tui_tracker.capture.redaction import Mask, hidden


@pytest.mark.parametrize(
    ("arguments", "params"),
    [
        ("--lr 0.1", {"lr": 0.1}),
        ("--lr=0.1", {"lr": 0.1}),
        ("--lr=1e-3 --bias -0.5", {"lr": 1e-3, "bias": -0.5}),
        ("-e 5 -b8 -lr 0.1", {"e": 5, "b": 8, "lr": 0.1}),
        ("--fast --batch-size 32", {"fast": True, "batch_size": 32}),
        ("--no-amp --no-aug=3", {"amp": False, "no_aug": 3}),
        ("--tag a --tag b", {"tag": ["a", "b"]}),
        ("--layers 64 32 16 --x y", {"layers": [64, 32, 16], "x": "y"}),
        ("lr=0.1 +model.size=big ++a.b=[1,2] ~c", {"lr": 0.1, "model.size": "big", "a.b": [1, 2]}),
        ("--verbose lr=0.1", {"verbose": True, "lr": 0.1}),
        ("data.csv -- more", {}),
        ("--name=a=b --empty= x", {"name": "a=b", "empty": ""}),
        ("--resume None --ema True", {"resume": None, "ema": True}),
        ("--url http://h/?a=1", {"url": "http://h/?a=1"}),
        ("", {}),
    ],
)
def test_arguments_become_params(arguments, params):
    assert read_params(["python", "train.py", *shlex.split(arguments)]) == params


@pytest.mark.parametrize(
    ("command", "params", "stem"),
    [
        ("python -u -W ignore train.py --lr 1", {"lr": 1}, "train"),
        ("python -m pkg.train --lr 1 --config a.py", {"lr": 1, "config": "a.py"}, "train"),
        ("python -m pkg.__main__ --lr 1", {"lr": 1}, "pkg"),
        ("python -m torch.distributed.run --nproc 2 src/train.py --lr 1", {"lr": 1}, "train"),
        ("torchrun --nproc_per_node 2 train.py --lr 1", {"lr": 1}, "train"),
        ("uv run python train.py --lr 1", {"lr": 1}, "train"),
        ("env A=1 python3.12 train.py --lr 1", {"lr": 1}, "train"),
        ("./train --lr 1", {"lr": 1}, "train"),
        ("python -c 'x=1' --lr 1", {"lr": 1}, "python"),
        ("accelerate launch --cpu train.py --lr 1", {"lr": 1}, "train"),
        ("bash run.sh --lr 1", {"lr": 1}, "run"),
        ("true", {}, "true"),
    ],
)
def test_only_what_follows_the_script_counts(command, params, stem):
    words = shlex.split(command)

    assert (read_params(words), script_stem(words)) == (params, stem)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("-5", -5),
        ("007", "007"),
        ("0", 0),
        ("1_000", "1_000"),
        ("1.", 1.0),
        ("inf", float("inf")),
        ("infinity", "infinity"),
        ("true", True),
        ("[1, 2]", [1, 2]),
        ("[a]", "[a]"),
        ("1e5x", "1e5x"),
        ("²", "²"),
        ("-", "-"),
        ("2024-01-01", "2024-01-01"),
    ],
)
def test_a_word_is_read_as_what_it_spells(text, value):
    assert typed(text) == value
    assert type(typed(text)) is type(value)


def test_secrets_among_params_are_hidden():
    params = read_params(
        ["python", "t.py", "--hf-token", "abc", "--url=https://u:pw@h/x", "--max-tokens", "5"]
    )

    assert params == {
        "hf_token": hidden("abc"),
        "url": f"https://{hidden('u:pw')}@h/x",
        "max_tokens": 5,
    }


def test_a_mask_hides_in_printed_lines_what_was_given_as_secret():
    mask = Mask(["t.py", "--token", "abcdefgh1"], {"DB_PASSWORD": "tr0ub4dor", "LANG": "C.UTF-8"})

    shown = mask.hide("Namespace(token='abcdefgh1') tr0ub4dor C.UTF-8 token: \"the\"")

    assert shown == (
        f"Namespace(token='{hidden('abcdefgh1')}') {hidden('tr0ub4dor')} C.UTF-8 token: \"the\""
    )

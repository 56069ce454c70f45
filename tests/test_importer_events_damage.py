"""Damaged files of W&B, TensorBoard, Guild and Lightning: no error but ours, and never a hang."""

from __future__ import annotations

import random

import pytest

from tests.import_bytes import (
    block_log,
    event,
    exit_record,
    field,
    history,
    items,
    output,
    run_record,
    session_start,
    simple,
    start,
    tensor,
    tfrecords,
)
from tests.import_damage import damaged, read_damaged
from tests.import_truth import age
from tests.test_importer_guild import make_run
from tests.test_importer_lightning import METRICS, version

WANDB = [
    run_record(config=field(4, items({"lr": 0.1, "net": {"n": [1, 2]}}))),
    field(26, field(6, "a.py") + field(21, field(1, 5)) + field(24, field(1, "gpu"))),
    *(history(step, loss=step, d={"x": 1, "_type": "histogram"}) for step in range(6)),
    field(3, items({"best": 1, ("h", "_type"): "histogram"})),
    field(7, field(3, field(1, "cpu") + field(16, "1.5"))),
    field(8, field(4, "model") + field(5, "m") + field(12, field(4, field(1, "a")))),
    output("one\ntwo\rthree"),
    exit_record(),
]
EVENTS = [
    *(event(step, simple("loss", step)) for step in range(6)),
    event(1, tensor("t", field(1, 2) + field(6, b"\0" * 8))),
    event(2, tensor("x/text_summary", field(1, 7) + field(8, "words"), "text")),
    event(3, session_start(lr=0.1, name="a", flag=True)),
    start(4),
    event(5, simple("loss", 1.0)),
]


@pytest.mark.parametrize("seed", range(3))
def test_a_wandb_file_may_be_damaged_anyhow(tmp_path, seed):
    folder = tmp_path / "offline-run-20260101_000000-abc"
    folder.mkdir()
    path = folder / "run-abc.wandb"
    path.write_bytes(block_log(WANDB))
    age(path)

    for done in damaged(path, seed, 60):
        assert read_damaged(tmp_path), done


@pytest.mark.parametrize("seed", range(3))
def test_an_event_file_may_be_damaged_anyhow(tmp_path, seed):
    path = tmp_path / "events.out.tfevents.1.box"
    path.write_bytes(tfrecords(EVENTS))
    age(path)

    for done in damaged(path, seed, 60):
        assert read_damaged(tmp_path), done


@pytest.mark.parametrize("make", [block_log, tfrecords])
def test_records_may_be_anything_within_sound_frames(tmp_path, make):
    chance = random.Random(5)
    path = tmp_path / ("run-abc.wandb" if make is block_log else "events.out.tfevents.1.box")
    for _ in range(150):
        records = [_changed(one, chance) for one in (WANDB if make is block_log else EVENTS)]
        path.write_bytes(make(records))
        age(path)

        assert read_damaged(tmp_path), records


def test_any_file_of_a_guild_run_may_be_damaged_anyhow(tmp_path):
    folder = make_run(tmp_path)

    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        for done in damaged(path, 6, 6):
            assert read_damaged(tmp_path), done


def test_any_file_of_a_lightning_run_may_be_damaged_anyhow(tmp_path):
    folder = version(tmp_path, metrics=METRICS, events=EVENTS)

    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        for done in damaged(path, 7, 15):
            assert read_damaged(tmp_path), done


def _changed(record, chance):
    content = bytearray(record)
    for _ in range(chance.choice([0, 1, 1, 2, 4])):
        place = chance.randrange(len(content) + 1)
        if chance.random() < 0.6 and place < len(content):
            content[place] = chance.choice([0, 1, 9, 0x0A, 0x12, 0x7F, 0x80, 0xFF])
        elif chance.random() < 0.5:
            del content[place : place + chance.randrange(9)]
        else:
            content[place:place] = chance.randbytes(chance.randrange(9))
    return bytes(content)

"""Reading what SwanLab left."""

from __future__ import annotations

import json
import math
import struct
import zlib
from pathlib import Path

import pytest

from tests.import_bytes import field
from tests.import_damage import damaged, read_damaged
from tests.import_truth import Found, age, check, gather, read_all, read_item, truth_of
from tui_tracker.errors import ImportFailed
from tui_tracker.importers import find_sources
from tui_tracker.importers.records import Points, StartedOver

AT = 1_700_000_000


# -- a writer of such files, of what the format says


def time(number: int, seconds: int) -> bytes:
    return field(number, field(1, seconds) + field(2, 250_000_000))


def record(number: int, content: bytes) -> bytes:
    return field(1, 1) + time(2, AT) + field(number, content)


def start() -> bytes:
    content = field(1, "proj") + field(4, "digits") + field(5, "a try") + field(6, "one")
    return record(10, content + field(6, "two") + field(7, "g") + field(10, "abc") + time(12, AT))


def finish(state: int, error: str = "") -> bytes:
    return record(11, field(1, state) + field(2, error) + time(3, AT + 60))


def scalar(key: str, step: int, value: float) -> bytes:
    held = field(5, field(1, value))
    return record(13, field(1, key) + field(2, step) + time(4, AT + step) + held)


def column(key: str, kind: int) -> bytes:
    return record(12, field(1, kind) + field(3, key))


def line(text: str, level: int = 0) -> bytes:
    return record(16, field(1, text) + field(2, level) + time(3, AT + 1))


def log(*records: bytes, version: int = 2) -> bytes:
    out = bytearray(struct.pack("<4sHB", b":SWL", 0xE1D6, version))
    for one in records:
        room = 32768 - len(out) % 32768
        if room < 7:
            out += bytes(room)
            room = 32768
        first = True
        while True:
            some, one = one[: room - 7], one[room - 7 :]
            kind = (1 if first else 4) if not one else (2 if first else 3)
            checksum = zlib.crc32(bytes([kind]) + some)
            out += struct.pack("<IHB", checksum, len(some), kind) + some
            if not one:
                break
            first, room = False, 32768
    return bytes(out)


def make(root: Path, content: bytes, name: str = "run-abc.swanlab", **files: str) -> Path:
    folder = root / "swanlog" / "run-20260101_100000-abc"
    (folder / "files").mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    names = {
        "config": "config.yaml",
        "metadata": "swanlab-metadata.json",
        "requirements": "requirements.txt",
    }
    for kind, text in files.items():
        (folder / "files" / names[kind]).write_text(text)
    for path in folder.rglob("*"):
        age(path)
    return folder


# -- what is read


def test_all_runs_of_the_shared_folder_come_out_as_stated(tmp_path):
    found = read_item("swanlab", tmp_path)

    check(found, truth_of("swanlab"))


def test_a_run_with_all_that_its_records_say(tmp_path):
    records = [start(), column("cpu", 2), column("loss", 1), line("hello"), line("oh", 1)]
    records += [scalar("loss", 3, 0.5), scalar("loss", 4, math.nan), scalar("cpu", 0, 99.0)]
    make(tmp_path, log(*records, finish(1)))

    run = read_all(tmp_path).one("abc")

    assert (run.run.name, run.run.experiment, run.run.status) == ("digits", "proj", "finished")
    assert run.run.tags == ["one", "two", "group:g"]
    assert [note.text for note in run.run.notes] == ["a try"]
    assert (run.run.ended_at - run.run.started_at).total_seconds() == 60
    assert run.series("loss").steps == [3, 4]
    assert run.series("loss").times_ms == [(AT + 3) * 1000 + 250, (AT + 4) * 1000 + 250]
    assert run.system["cpu", ""].values == [99.0]
    assert [(stream, text) for _, stream, text in run.printed] == [("o", "hello"), ("e", "oh")]


@pytest.mark.parametrize(("state", "status"), [(1, "finished"), (2, "failed"), (3, "killed")])
def test_states_and_errors(tmp_path, state, status):
    make(tmp_path, log(start(), finish(state, "ValueError: x")))

    run = read_all(tmp_path).one("abc").run

    assert run.status == status
    assert run.notes[-1].text == "ValueError: x"


def test_a_run_without_an_end_was_killed(tmp_path):
    make(tmp_path, log(start(), scalar("loss", 0, 1.0)))

    assert read_all(tmp_path).one("abc").run.status == "killed"


def test_params_and_facts_of_the_files(tmp_path):
    metadata = {
        "hardware": {
            "cpu": {"brand": "EPYC", "logical_count": 8},
            "memory": {"total": 23, "total_unit": "GB"},
            "accelerators": [{"name": "A100"}],
        },
        "runtime": {
            "hostname": "node7",
            "python_version": "3.12.1",
            "command": "python train.py",
            "cwd": "/home/me",
            "os_pretty": "Debian 12",
        },
        "git": {"remote_url": "git@x:p.git", "branch": "main", "commit": "abc"},
    }
    make(
        tmp_path,
        log(start(), finish(1)),
        config="lr:\n  desc: ''\n  sort: 0\n  value: 0.001\nnet: {desc: '', value: {h: [1]}}\n",
        metadata=json.dumps(metadata),
        requirements="numpy==2.0.0\n-e .\n",
    )

    run = read_all(tmp_path).one("abc").run

    assert run.params == {"lr": 0.001, "net.h": [1]}
    assert run.host == "node7"
    assert run.lineage == {
        "code": {"commit": "abc", "branch": "main", "remote_url": "git@x:p.git"},
        "environment": {
            "python": {"version": "3.12.1"},
            "packages": {"numpy": "2.0.0"},
            "system": {"name": "Debian 12"},
        },
        "hardware": {
            "cpu": "EPYC",
            "cores": 8,
            "memory_bytes": 23 << 30,
            "gpus": [{"name": "A100"}],
        },
        "process": {"argv": ["python", "train.py"], "cwd": "/home/me"},
    }


def test_records_of_the_first_version(tmp_path):
    def text(kind: str, **data: object) -> bytes:
        return json.dumps({"model_type": kind, "data": data}).encode()

    at = "2026-01-01T10:00:0{}.500+00:00"
    metric = {"index": 0, "data": 0.5, "create_time": at.format(3)}
    records = [
        text("Header", create_time=at.format(0), backup_type="DEFAULT"),
        text("Project", name="proj"),
        text("Experiment", id="abc", name="digits", description="a try", tags=["one"]),
        text("Column", key="cpu", cls="SYSTEM"),
        text("Scalar", key="loss", step=7, epoch=1, metric=metric),
        text("Scalar", key="loss", step=8, epoch=2, metric={**metric, "data": "NaN"}),
        text("Scalar", key="cpu", step=0, epoch=1, metric=metric),
        text("Log", message="hello", level="INFO", create_time=at.format(4)),
        text("Footer", success=True, create_time=at.format(9)),
    ]
    make(tmp_path, log(*records, version=1), "backup.swanlab")

    run = read_all(tmp_path).one("abc")

    assert (run.run.name, run.run.experiment, run.run.status) == ("digits", "proj", "finished")
    assert run.series("loss").steps == [7, 8]
    assert math.isnan(run.series("loss").values[1])
    assert run.system["cpu", ""].values == [0.5]
    assert (run.run.ended_at - run.run.started_at).total_seconds() == 9
    assert run.printed[0][2] == "hello"


def test_a_record_over_several_blocks(tmp_path):
    records = [start(), line("x" * 100_000), scalar("loss", 0, 1.0), finish(1)]
    make(tmp_path, log(*records))

    run = read_all(tmp_path).one("abc")

    assert len(run.printed[0][2]) == 100_000
    assert run.series("loss").values == [1.0]


def test_media_are_artifacts(tmp_path):
    folder = make(tmp_path, log(start(), finish(1)))
    (folder / "media" / "image").mkdir(parents=True)
    (folder / "media" / "image" / "007-ab.png").write_bytes(b"x")

    run = read_all(tmp_path).one("abc").run

    assert [(one.path, one.kind) for one in run.artifacts] == [("media/image/007-ab.png", "image")]


def test_a_log_that_grows_hands_on_what_is_new(tmp_path):
    whole = log(start(), scalar("loss", 0, 1.0), scalar("loss", 1, 2.0), finish(1))
    cut = len(log(start(), scalar("loss", 0, 1.0))) + 9
    folder = make(tmp_path, whole[:cut])
    age(folder / "run-abc.swanlab", seconds=1)
    (source,) = find_sources(tmp_path)
    reader = source.open()
    first = gather(reader.read())

    with (folder / "run-abc.swanlab").open("ab") as file:
        file.write(whole[cut:])
    pieces = list(reader.read())

    assert (first.points, first.one("abc").run.status, first.unread) == (1, "running", [])
    assert [one.steps for one in pieces if isinstance(one, Points)] == [[1]]
    assert gather(pieces, first).one("abc").run.status == "finished"


def test_a_log_that_was_replaced_starts_over(tmp_path):
    folder = make(tmp_path, log(start(), scalar("loss", 0, 1.0), scalar("loss", 1, 1.0)))
    (source,) = find_sources(tmp_path)
    reader = source.open()
    found = gather(reader.read())

    make(folder.parent.parent, log(start(), scalar("loss", 5, 9.0)))
    pieces = list(reader.read())

    assert isinstance(pieces[0], StartedOver)
    assert gather(pieces, found).one("abc").series("loss").steps == [5]


def test_a_version_that_is_not_known_is_named(tmp_path):
    make(tmp_path, log(start(), scalar("loss", 0, 1.0), finish(1), version=9))

    found = read_all(tmp_path)

    assert found.points == 1
    assert "is of version 9, which is not known" in found.unread[0].problem


def test_a_torn_end_is_told(tmp_path):
    whole = log(start(), scalar("loss", 0, 1.0), scalar("loss", 1, 1.0))
    make(tmp_path, whole[:-5])

    found = read_all(tmp_path)

    assert found.points == 1
    assert "bytes at the end are no whole record" in found.unread[0].problem


def test_something_else_that_begins_alike_is_told(tmp_path):
    make(tmp_path, b":SWLxx")
    (source,) = find_sources(tmp_path)

    with pytest.raises(ImportFailed, match="does not begin as a log of SwanLab"):
        list(source.open().read())


def test_damage_at_any_place_leaves_the_rest(tmp_path):
    records = [start(), *(scalar("loss", step, 1.0) for step in range(20)), finish(1)]
    folder = make(tmp_path, log(*records), config="a: {desc: '', value: 1}\n", metadata="{}")
    paths = [folder / "run-abc.swanlab", *sorted((folder / "files").iterdir())]

    found = [read_damaged(tmp_path) for path in paths for _ in damaged(path, 3, 250)]

    assert sum(isinstance(one, Found) and one.points >= 5 for one in found) > 600

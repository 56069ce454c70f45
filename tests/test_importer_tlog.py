"""Reading what tlog left."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from tests.import_damage import damaged, read_damaged
from tests.import_truth import Found, age, check, gather, read_all, read_item, truth_of
from tui_tracker.errors import ImportFailed
from tui_tracker.importers import find_sources
from tui_tracker.importers.records import Points, Printed, StartedOver

AT = 1_700_000_000.5


def meta(state: str = "finished", **more: Any) -> dict[str, Any]:
    env = {
        "argv": ["train.py", "--lr", "1"],
        "entrypoint": "/home/me/train.py",
        "cwd": "/home/me",
        "hostname": "node7",
        "user": "ada",
        "python": "3.12.1",
        "frameworks": {"torch": "2.5.1"},
        "git": {"commit": "abc", "branch": "main", "remote": "git@x:p.git", "dirty": False},
        "gpus": [{"name": "A100", "memory": "40 GiB"}],
    }
    facts = {"id": "5b8554", "name": "digits", "project": "p", "group": "sweep", "restarts": []}
    return {**facts, "created_at": AT, "finished_at": AT + 9, "state": state, "env": env, **more}


def rows(count: int, first: int = 0) -> str:
    records = [
        {"_step": step, "_ts": AT + step, "loss": 1 / (step + 1)}
        for step in range(first, first + count)
    ]
    return "".join(json.dumps(record) + "\n" for record in records)


def make(root: Path, facts: dict[str, Any], **files: str) -> Path:
    folder = root / "p" / "digits__20260101-100000__5b8554"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "meta.json").write_text(json.dumps(facts))
    endings = {"metrics": ".jsonl", "system": ".jsonl", "config": ".json", "console": ".log"}
    for name, text in files.items():
        (folder / f"{name}{endings[name]}").write_text(text)
    for path in folder.rglob("*"):
        age(path)
    return folder


def test_all_runs_of_the_shared_folder_come_out_as_stated(tmp_path):
    found = read_item("tlog", tmp_path)

    check(found, truth_of("tlog"))


def test_facts_params_and_system_metrics(tmp_path):
    system = json.dumps({"_ts": AT + 1, "_step": 0, "cpu": 12.5}) + "\n"
    config = '{"net": {"hidden": [64, 32]}, "lr": 0.001}'
    make(tmp_path, meta(), metrics=rows(3), system=system, config=config)

    run = read_all(tmp_path).one("5b8554")

    assert run.run.params == {"net.hidden": [64, 32], "lr": 0.001}
    assert run.run.tags == ["group:sweep"]
    assert (run.run.host, run.run.user, run.run.experiment) == ("node7", "ada", "p")
    assert run.run.lineage["code"] == {
        "commit": "abc",
        "branch": "main",
        "remote_url": "git@x:p.git",
        "dirty": False,
    }
    assert run.run.lineage["environment"]["packages"] == {"torch": "2.5.1"}
    assert run.system["cpu", ""].values == [12.5]
    assert run.series("loss").times_ms[0] == 1_700_000_000_500


def test_nan_texts_and_bad_lines(tmp_path):
    text = '{"_step": 0, "_ts": 1.0, "a": NaN, "b": "word", "c": null}\nnonsense\n'
    make(tmp_path, meta(), metrics=text + '{"_step": 1, "_ts": 2.0, "a": true}\n[1]\n')

    found = read_all(tmp_path)

    values = found.one("5b8554").series("a").values
    assert math.isnan(values[0])
    assert values[1:] == [1.0]
    assert [(one.place, one.problem) for one in found.unread] == [
        ("line 2", "is no JSON object; left out"),
        ("line 4", "is no JSON object; left out"),
        ("", "values that are no numbers were passed over: 1 of b"),
    ]


@pytest.mark.parametrize(("state", "status"), [("finished", "finished"), ("running", "killed")])
def test_a_run_that_was_left_is_not_running(tmp_path, state, status):
    make(tmp_path, meta(state), metrics=rows(1))

    assert read_all(tmp_path).one("5b8554").run.status == status


def test_pictures_and_the_patch_are_artifacts(tmp_path):
    folder = make(tmp_path, meta(), metrics=rows(1))
    (folder / "media" / "img").mkdir(parents=True)
    (folder / "media" / "img" / "step00000000_0.png").write_bytes(b"x")
    (folder / "diff.patch").write_text("x")

    run = read_all(tmp_path).one("5b8554").run

    assert {(one.path, one.kind) for one in run.artifacts} == {
        ("media/img/step00000000_0.png", "image"),
        ("diff.patch", ""),
    }


def test_a_torn_last_line_is_not_there_yet(tmp_path):
    folder = make(tmp_path, meta("running"), metrics=rows(2) + '{"_step": 2, "lo')
    age(folder / "metrics.jsonl", seconds=1)
    (source,) = find_sources(tmp_path)
    reader = source.open()
    first = gather(reader.read())

    (folder / "metrics.jsonl").write_text(rows(4))
    pieces = list(reader.read())

    assert (first.points, len(first.unread)) == (2, 0)
    assert [one.steps for one in pieces if isinstance(one, Points)] == [[2, 3]]


def test_a_torn_last_line_of_a_run_that_is_over_is_told(tmp_path):
    make(tmp_path, meta(), metrics=rows(2) + '{"_step": 2, "lo')

    found = read_all(tmp_path)

    assert found.points == 2
    assert [str(one.place) for one in found.unread] == ["line 3"]


def test_what_was_printed_goes_on_where_it_stopped(tmp_path):
    folder = make(tmp_path, meta("running"), metrics=rows(1), console="one\ntw")
    age(folder / "metrics.jsonl", seconds=1)
    (source,) = find_sources(tmp_path)
    reader = source.open()
    list(reader.read())

    with (folder / "console.log").open("a") as file:
        file.write("o\n 1%\r 50%\r100%\nthree\n")
    (printed,) = [one for one in reader.read() if isinstance(one, Printed)]

    assert [text for _, _, text in printed.lines] == ["two", "100%", "three"]


def test_a_run_that_was_reset_starts_over(tmp_path):
    folder = make(tmp_path, meta(), metrics=rows(5))
    (source,) = find_sources(tmp_path)
    reader = source.open()
    found = gather(reader.read())

    (folder / "metrics.jsonl").write_text(rows(2, first=7))
    pieces = list(reader.read())

    assert isinstance(pieces[0], StartedOver)
    assert gather(pieces, found).one("5b8554").series("loss").steps == [7, 8]


def test_a_folder_without_its_facts_is_known_by_its_name(tmp_path):
    folder = make(tmp_path, meta(), metrics=rows(2))
    text = json.dumps(meta())
    (folder / "meta.json").write_text(text[: text.index('"env"') + 8])
    age(folder / "meta.json")

    found = read_all(tmp_path)

    run = found.one("5b8554")
    assert (run.run.name, run.run.experiment, found.points) == ("digits", "p", 2)
    assert "the name of the folder has to do" in found.unread[0].problem


def test_a_folder_with_nothing_to_read_is_told(tmp_path):
    folder = make(tmp_path, meta())
    (folder / "heartbeat").touch()
    text = json.dumps(meta())
    (folder / "meta.json").write_text(text[: text.index('"env"') + 8])
    (source,) = find_sources(tmp_path)

    with pytest.raises(ImportFailed, match="cannot be read"):
        list(source.open().read())


def test_damage_of_any_file_leaves_the_rest(tmp_path):
    folder = make(tmp_path, meta(), metrics=rows(9), system=rows(2), config="{}", console="a\n")
    found = []

    for path in sorted(folder.iterdir()):
        for _ in damaged(path, 2, 80):
            found.append(read_damaged(tmp_path))

    assert all(isinstance(one, Found) for one in found)
    assert sum(one.points >= 4 for one in found if isinstance(one, Found)) > 330

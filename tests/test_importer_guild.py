"""Reading the runs of Guild AI."""

from __future__ import annotations

import struct

import pytest

from tests.import_bytes import event, simple, tfrecords
from tests.import_truth import age, aged_copy, check, gather, read_all, read_item, truth_of
from tui_tracker.importers import find_sources
from tui_tracker.importers.records import StartedOver

ATTRS = {
    "flags": "lr: 0.1\nnet:\n  hidden: 3\n",
    "started": "1700000000000000\n",
    "stopped": "1700000010000000\n",
    "exit_status": "0\n",
    "host": "box\n",
    "user": "me\n",
    "label": "my label\n",
    "tags": "- a\n- b\n",
    "marked": "true\n",
    "cmd": "- python\n- -m\n- train\n",
    "random_seed": "7\n",
    "vcs_commit": "git:c0ffee (modified)\n",
    "pip_freeze": "- numpy==2.2.0\n",
    "comments": "- body: looks good\n  user: ann\n  time: 1700000005000000\n",
    "platform": "cpus: 4\npython_version: 3.11.7 (main)\nuname: Linux box\n",
}


def make_run(home, *, run_id="f00d", place="runs", **attrs):
    """Make the folder of a run, a day old."""
    folder = home / place / run_id
    (folder / ".guild" / "attrs").mkdir(parents=True)
    for name, text in (ATTRS | attrs).items():
        if text is not None:
            (folder / ".guild" / "attrs" / name).write_text(text)
    (folder / ".guild" / "opref").write_text("guildfile:/src '' resnet train")
    (folder / ".guild" / "manifest").write_text("s main.py aa main.py\nd in.csv bb file:in.csv\n")
    for name in ("main.py", "in.csv", "out.bin"):
        (folder / name).write_text(name)
    (folder / ".guild" / "output").write_text("one\ntwo\nthree")
    entries = [struct.pack(">QB", 1_700_000_001_000 + n, n % 2) for n in range(3)]
    (folder / ".guild" / "output.index").write_bytes(b"".join(entries))
    rows = [event(step, simple("loss", step), wall=0.0) for step in range(3)]
    (folder / ".guild" / "events.out.tfevents.1.box.1.0").write_bytes(tfrecords(rows))
    for path in folder.rglob("*"):
        age(path)
    return folder


def test_all_runs_of_the_shared_folder_come_out_as_stated(tmp_path):
    found = read_item("guild", tmp_path)

    check(found, truth_of("guild"), exact=False)
    one = found.one("43a502021b4c447b818bb15e1041a4c1")
    assert [note.text for note in one.run.notes] == ["first try"]
    assert [text for _, _, text in one.printed][:2] == ["step: 0", "train_loss: 0.336536"]


def test_attributes_become_facts_of_the_run(tmp_path):
    make_run(tmp_path)

    run = read_all(tmp_path).one("f00d").run

    assert (run.name, run.experiment, run.status) == ("train", "resnet", "finished")
    assert run.params == {"lr": 0.1, "net.hidden": 3}
    assert run.tags == ("a", "b", "marked")
    assert [(note.text, note.author) for note in run.notes] == [
        ("my label", ""),
        ("looks good", "ann"),
    ]
    assert run.lineage == {
        "code": {"commit": "c0ffee", "dirty": True},
        "environment": {
            "python": {"version": "3.11.7"},
            "system": {"name": "Linux box"},
            "packages": {"numpy": "2.2.0"},
        },
        "hardware": {"cores": 4},
        "process": {"argv": ["python", "-m", "train"]},
        "seeds": {"params": {"random_seed": 7}},
        "data:in.csv": {"name": "in.csv", "digest": "sha1:bb", "path": "file:in.csv"},
    }
    assert {(one.path, one.kind, one.used) for one in run.artifacts} == {
        ("main.py", "code", False),
        ("in.csv", "table", True),
        ("out.bin", "model", False),
    }
    assert (run.host, run.user, run.archived) == ("box", "me", False)


@pytest.mark.parametrize(
    ("code", "status"),
    [("0", "finished"), ("1", "failed"), ("-15", "killed"), ("-11", "failed"), (None, "killed")],
)
def test_the_exit_status_tells_how_a_run_ended(tmp_path, code, status):
    make_run(tmp_path, exit_status=code)

    assert read_all(tmp_path).one("f00d").run.status == status


def test_lines_have_the_times_and_streams_of_the_index(tmp_path):
    make_run(tmp_path)

    assert read_all(tmp_path).one("f00d").printed == [
        (1_700_000_001_000, "o", "one"),
        (1_700_000_001_001, "e", "two"),
        (1_700_000_001_002, "o", "three"),
    ]


def test_points_without_times_are_spread_over_the_run(tmp_path):
    make_run(tmp_path)

    series = read_all(tmp_path).one("f00d").series("loss")

    assert series.values == [0.0, 1.0, 2.0]
    assert series.times_ms == [1_700_000_000_000, 1_700_000_005_000, 1_700_000_010_000]


def test_metrics_of_sub_folders_have_the_folder_as_context(tmp_path):
    folder = make_run(tmp_path)
    for name in ("train", "validation"):
        (folder / name).mkdir()
        rows = [event(step, simple("loss", step)) for step in range(2)]
        path = folder / name / "events.out.tfevents.1.box"
        path.write_bytes(tfrecords(rows))
        age(path)

    one = read_all(tmp_path).one("f00d")

    assert set(one.metrics) == {("loss", ""), ("loss", "train"), ("loss", "validation")}


def test_a_deleted_run_is_archived_and_says_so(tmp_path):
    make_run(tmp_path, place="trash/runs")

    run = read_all(tmp_path).one("f00d").run

    assert (run.archived, "deleted" in run.tags) == (True, True)


def test_a_broken_attribute_is_named_and_the_rest_is_read(tmp_path):
    make_run(tmp_path, label="[broken", tags="a: [")

    found = read_all(tmp_path)

    assert found.one("f00d").run.params["lr"] == 0.1
    assert {one.path.name for one in found.unread} == {"label", "tags"}


def test_a_running_run_is_followed(tmp_path):
    folder = make_run(tmp_path, exit_status=None, stopped=None)
    output = folder / ".guild" / "output"
    output.write_text("one\n")
    [source] = find_sources(tmp_path)
    reader = source.open()
    pieces = list(reader.read())
    output.write_text("one\ntwo\n")
    (folder / ".guild" / "attrs" / "exit_status").write_text("0")

    pieces += reader.read()

    one = gather(pieces).one("f00d")
    assert [text for _, _, text in one.printed] == ["one", "two"]
    assert one.run.status == "finished"


def test_event_files_that_were_replaced_start_the_run_over_with_its_lines(tmp_path):
    folder = make_run(tmp_path)
    [source] = find_sources(tmp_path)
    reader = source.open()
    pieces = list(reader.read())
    events = folder / ".guild" / "events.out.tfevents.1.box.1.0"
    events.write_bytes(tfrecords([event(1, simple("loss", 9.0))]))

    pieces += reader.read()

    one = gather(pieces).one("f00d")
    assert any(isinstance(piece, StartedOver) for piece in pieces)
    assert one.series("loss").values == [9.0]
    assert [text for _, _, text in one.printed] == ["one", "two", "three"]


def test_links_out_of_a_run_are_no_artifacts(tmp_path):
    (tmp_path / "secret").write_text("x")
    folder = make_run(tmp_path)
    (folder / "data").symlink_to(tmp_path / "secret")

    run = read_all(aged_copy(tmp_path / "runs", tmp_path / "copy")).one("f00d").run

    assert "data" not in {one.path for one in run.artifacts}

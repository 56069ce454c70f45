"""Reading what Weights & Biases left."""

from __future__ import annotations

import json
import math
import os
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
    simple,
    tfrecords,
    timestamp,
)
from tests.import_truth import age, check, gather, read_all, read_item, truth_of
from tui_tracker.errors import ImportFailed
from tui_tracker.importers import find_sources
from tui_tracker.importers.records import ImportedRun, Points, StartedOver


def run_folder(root, records, *, run_id="abc", when="20260101_000000", prefix="offline-run"):
    """Make a run folder as W&B does, a day old."""
    folder = root / "wandb" / f"{prefix}-{when}-{run_id}"
    (folder / "files").mkdir(parents=True)
    path = folder / f"run-{run_id}.wandb"
    path.write_bytes(block_log(records))
    age(path)
    return path


def open_one(path):
    [source] = find_sources(path)
    return source.open()


def test_all_runs_of_the_shared_folder_come_out_as_stated(tmp_path):
    found = read_item("wandb_offline", tmp_path)

    check(found, truth_of("wandb_offline"))
    nested = found.one("uu34r34d")
    assert nested.series("best_val_acc").values == [0.94]
    assert {"group:baseline", "job_type:train"} <= set(nested.run.tags)
    assert [note.text for note in nested.run.notes] == ["first offline run"]
    logged = {one.path: one for one in nested.run.artifacts}
    assert logged["digits-mlp/model.json"].size_bytes == 10333
    assert [text for _, _, text in found.one("crash001").printed][-1].startswith("ValueError")
    assert "the kind histogram in weights/w0" in " ".join(map(str, found.unread))


def test_every_kind_of_value_is_read_as_it_was_logged(tmp_path):
    rows = {
        "loss": b"0.1",
        "nan": b"NaN",
        "text_nan": b'"NaN"',
        "inf": b"-Infinity",
        "text_inf": b'"Infinity"',
        "flag": b"true",
        "none": b"null",
        "text": b'"hello"',
        "list": b"[1, 2]",
        ("a", "b"): b"2",
        "dict": b'{"x": {"y": 3}, "z": "word"}',
        "image": b'{"_type": "image-file", "path": "media/images/x.png", "width": 8}',
        "huge": b"1" + b"0" * 400,
    }
    run_folder(tmp_path, [run_record(), field(2, items(rows) + field(2, field(1, 7)))])

    found = read_all(tmp_path)

    metrics = {name: (s.steps, s.values) for (name, _), s in found.one("abc").metrics.items()}
    assert math.isnan(metrics.pop("nan")[1][0])
    assert math.isnan(metrics.pop("text_nan")[1][0])
    assert metrics == {
        "loss": ([7], [0.1]),
        "inf": ([7], [-math.inf]),
        "text_inf": ([7], [math.inf]),
        "flag": ([7], [1.0]),
        "a.b": ([7], [2.0]),
        "dict.x.y": ([7], [3.0]),
        "huge": ([7], [math.inf]),
    }
    told = " ".join(map(str, found.unread))
    assert "1 value of the kind text in text passed over" in told
    assert "1 value of the kind list in list passed over" in told
    assert [one.path for one in found.one("abc").run.artifacts] == ["media/images/x.png"]


def test_numbers_of_media_are_no_metrics_in_whatever_order_they_come(tmp_path):
    media = [(("img", "width"), 8), (("img", "_type"), "image-file"), (("img", "path"), "m/a.png")]
    for first in range(3):
        row = dict(media[first:] + media[:first]) | {"loss": 1.0}
        run_folder(tmp_path, [run_record(), field(2, items(row))], run_id=f"r{first}")

    found = read_all(tmp_path)

    assert len(found.runs) == 3
    for one in found.runs.values():
        assert [name for name, _ in one.metrics] == ["loss"]
        assert [(artifact.path, artifact.kind) for artifact in one.run.artifacts] == [
            ("m/a.png", "image")
        ]


def test_a_config_is_changed_value_by_value(tmp_path):
    first = field(5, items({"_wandb": {"t": 1}, "lr": 0.1, "opt": {"name": "adam", "eps": 1}}))
    later = field(5, items({("opt", "name"): "sgd", "new": None}) + items({"lr": 0}, number=2))
    run_folder(tmp_path, [run_record(), first, later])

    run = read_all(tmp_path).one("abc").run

    assert run.params == {"opt.name": "sgd", "opt.eps": 1, "new": None}


def test_only_what_history_lacks_is_taken_from_the_summary(tmp_path):
    summary = {"loss": 0.5, "best": 0.25, ("hist", "_type"): "histogram", ("hist", "bins"): [1]}
    summary |= {"_runtime": 9, ("_wandb", "runtime"): 9, "checkpoint": "a.pt", "gone": 1}
    records = [run_record(), history(0, loss=1.0), history(1, loss=0.5)]
    records += [field(3, items(summary)), field(3, items({"gone": 0}, number=2)), exit_record()]
    run_folder(tmp_path, records)

    one = read_all(tmp_path).one("abc")

    assert one.series("loss").values == [1.0, 0.5]
    assert (one.series("best").steps, one.series("best").values) == ([1], [0.25])
    assert len(one.metrics) == 2
    assert [note.text for note in one.run.notes] == ["checkpoint: a.pt"]


@pytest.mark.parametrize(
    ("records", "status"),
    [
        ([exit_record(0)], "finished"),
        ([exit_record(1)], "failed"),
        ([exit_record(255)], "killed"),
        ([], "killed"),
        ([field(23, b"")], "killed"),
    ],
)
def test_the_exit_record_tells_how_a_run_ended(tmp_path, records, status):
    run_folder(tmp_path, [run_record(), history(0, loss=1.0), *records])

    assert read_all(tmp_path).one("abc").run.status == status


def test_a_run_whose_file_was_just_written_is_running(tmp_path):
    path = run_folder(tmp_path, [run_record(), history(0, loss=1.0)])
    age(path, 1)

    [run] = [one for one in open_one(tmp_path).read() if isinstance(one, ImportedRun)]

    assert (run.status, run.ended_at) == ("running", None)


def test_a_run_whose_records_are_held_back_lives_by_its_logs(tmp_path):
    path = run_folder(tmp_path, [run_record(), history(0, loss=1.0)])
    (path.parent / "logs").mkdir()
    (path.parent / "logs" / "debug-internal.log").write_text("alive")

    [run] = [one for one in open_one(tmp_path).read() if isinstance(one, ImportedRun)]

    assert run.status == "running"


def test_facts_of_machine_and_code_become_lineage(tmp_path):
    facts = field(1, "Linux") + field(2, "CPython 3.12.1") + field(5, "--lr") + field(5, "1")
    facts += field(6, "train.py") + field(9, field(1, "git@x:y") + field(2, "c0ffee"))
    facts += field(11, "/home/me") + field(12, "box") + field(13, "me") + field(17, 8)
    facts += field(21, field(1, 1 << 34)) + field(24, field(1, "A100") + field(2, 1 << 35))
    used = field(25, field(2, "dataset") + field(3, "digits:v3"))
    path = run_folder(tmp_path, [run_record(), field(26, facts), used])
    (path.parent / "files" / "requirements.txt").write_text("numpy==2.2.0\n# no\ntorch==2.5\n")
    age(path.parent / "files" / "requirements.txt")

    run = read_all(tmp_path).one("abc").run

    assert run.lineage == {
        "environment": {
            "python": {"version": "3.12.1"},
            "system": {"name": "Linux"},
            "packages": {"numpy": "2.2.0", "torch": "2.5"},
        },
        "code": {"commit": "c0ffee", "remote_url": "git@x:y"},
        "process": {"script": "train.py", "argv": ["train.py", "--lr", "1"], "cwd": "/home/me"},
        "hardware": {
            "cores": 8,
            "memory_bytes": 1 << 34,
            "gpus": [{"name": "A100", "memory_bytes": 1 << 35}],
        },
        "data:digits": {"name": "digits", "kind": "dataset", "version": "v3"},
    }
    assert (run.host, run.user) == ("box", "me")


def test_older_versions_keep_facts_in_a_file_beside(tmp_path):
    path = run_folder(tmp_path, [run_record(), history(0, loss=1.0)])
    said = {"program": "a.py", "args": ["-x"], "git": {"commit": "abc", "remote": "r"}}
    said |= {"cpu_count": 4, "gpu": "T4", "gpu_count": 2, "host": "h", "username": "u", "os": "L"}
    (path.parent / "files" / "wandb-metadata.json").write_text(json.dumps(said))

    run = read_all(tmp_path).one("abc").run

    assert run.lineage["process"] == {"script": "a.py", "argv": ["a.py", "-x"]}
    assert run.lineage["code"] == {"commit": "abc", "remote_url": "r"}
    assert run.lineage["hardware"] == {"cores": 4, "gpus": [{"name": "T4"}, {"name": "T4"}]}
    assert (run.host, run.user, len(run.artifacts)) == ("h", "u", 0)


def test_printed_pieces_become_lines_and_progress_bars_their_last_state(tmp_path):
    records = [run_record(), output("epo"), output("error\n", is_stdout=False), output("ch 1\n10%")]
    records += [output("\r50%"), output("\r100%\nend"), exit_record()]
    run_folder(tmp_path, records)

    printed = read_all(tmp_path).one("abc").printed

    assert [(stream, text) for _, stream, text in printed] == [
        ("e", "error"),
        ("o", "epoch 1"),
        ("o", "100%"),
        ("o", "end"),
    ]


def test_where_records_have_no_output_its_file_is_read(tmp_path):
    path = run_folder(tmp_path, [run_record(), exit_record()])
    (path.parent / "files" / "output.log").write_text("one\ntwo")

    printed = read_all(tmp_path).one("abc").printed

    assert [text for _, _, text in printed] == ["one", "two"]


def test_system_metrics_have_the_second_since_the_start_as_step(tmp_path):
    stats = field(2, timestamp(1_700_000_030.0)) + field(3, field(1, "cpu") + field(16, "12.5"))
    run_folder(tmp_path, [run_record(), field(7, stats)])

    one = read_all(tmp_path).one("abc")

    series = one.system["cpu", ""]
    assert (series.steps, series.times_ms, series.values) == ([30], [1_700_000_030_000], [12.5])
    assert not one.metrics


def test_folders_of_one_run_id_are_one_run(tmp_path):
    config = run_record(config=field(4, items({"lr": 1})))
    run_folder(tmp_path, [config, history(0, loss=3.0), exit_record(1)])
    rows = [run_record(started=1_700_000_100.0), history(1, loss=2.0), exit_record()]
    run_folder(tmp_path, rows, when="20260102_000000", prefix="run")
    run_folder(
        tmp_path, [run_record(project="other"), history(0, loss=9.0)], when="20260103_000000"
    )

    found = read_all(tmp_path)

    one = found.runs["proj/abc"]
    assert (one.series("loss").steps, one.series("loss").values) == ([0, 1], [3.0, 2.0])
    assert (one.run.status, one.run.params) == ("finished", {"lr": 1})
    assert one.run.started_at is not None
    assert one.run.started_at.timestamp() == 1_700_000_000
    assert found.runs["other/abc"].series("loss").values == [9.0]


def test_a_rewound_run_loses_what_came_after_the_step(tmp_path):
    run_folder(tmp_path, [run_record(), *(history(step, loss=step) for step in range(6))])
    branch = field(23, field(1, "abc") + field(2, 2.0) + field(3, "_step"))
    rows = [run_record(branch=branch), history(3, loss=30), exit_record()]
    run_folder(tmp_path, rows, when="20260102_000000")

    one = read_all(tmp_path).one("abc")

    assert one.series("loss").values == [0.0, 1.0, 2.0, 30.0]


def test_a_run_that_is_rewound_while_it_is_followed_starts_over(tmp_path):
    run_folder(tmp_path, [run_record(), *(history(step, loss=step) for step in range(6))])
    reader = open_one(tmp_path)
    pieces = list(reader.read())
    branch = field(23, field(1, "abc") + field(2, 2.0) + field(3, "_step"))
    rows = [run_record(branch=branch), history(3, loss=30), exit_record()]
    run_folder(tmp_path, rows, when="20260102_000000")

    more = list(reader.read())

    assert any(isinstance(piece, StartedOver) for piece in more)
    assert gather([*pieces, *more]).one("abc").series("loss").values == [0.0, 1.0, 2.0, 30.0]


def test_a_fork_names_the_run_it_came_from(tmp_path):
    branch = field(23, field(1, "origin") + field(2, 2.0) + field(3, "_step"))
    run_folder(tmp_path, [run_record(branch=branch), history(3, loss=1.0)])

    assert read_all(tmp_path).one("abc").run.parent == "proj/origin"


def test_history_that_was_never_flushed_is_kept_and_flushed_history_is_not_doubled(tmp_path):
    def partial(step, value):
        return field(100, field(10, items({"loss": value, "_step": step})))

    rows = [partial(0, 1.0), history(0, loss=1.0), partial(1, 2.0)]
    run_folder(tmp_path, [run_record(), *rows])

    series = read_all(tmp_path).one("abc").series("loss")

    assert (series.steps, series.values) == ([0, 1], [1.0, 2.0])


def test_a_growing_file_is_followed_from_where_it_was_read(tmp_path):
    rows = [history(step, loss=step / 7, acc=step) for step in range(200)]
    whole = block_log([run_record(), *rows, exit_record()])
    path = run_folder(tmp_path, [])
    path.write_bytes(whole[:7])
    reader = open_one(tmp_path)
    pieces = list(reader.read())
    chance = random.Random(3)
    cuts = sorted(chance.randrange(8, len(whole)) for _ in range(20))
    for cut in [*cuts, len(whole)]:
        path.write_bytes(whole[:cut])
        pieces += reader.read()

    found = gather(pieces)

    assert not [piece for piece in pieces if isinstance(piece, StartedOver)]
    assert found.one("abc").series("loss").values == [step / 7 for step in range(200)]
    assert found.one("abc").run.status == "finished"
    assert not list(reader.read())


def test_a_replaced_file_starts_over(tmp_path):
    path = run_folder(tmp_path, [run_record(), history(0, loss=1.0), history(1, loss=2.0)])
    reader = open_one(tmp_path)
    pieces = list(reader.read())
    path.write_bytes(block_log([run_record(), history(0, loss=5.0)]))

    pieces += reader.read()

    assert gather(pieces).one("abc").series("loss").values == [5.0]


def test_a_torn_last_record_is_told_once_the_run_is_at_rest(tmp_path):
    path = run_folder(tmp_path, [run_record(), history(0, loss=1.0), history(1, loss=2.0)])
    os.truncate(path, path.stat().st_size - 5)
    age(path)

    found = read_all(tmp_path)

    assert found.one("abc").series("loss").values == [1.0]
    assert next(one.place for one in found.unread).startswith("byte ")
    assert found.one("abc").run.status == "killed"


def test_a_damaged_record_costs_itself_alone(tmp_path):
    path = run_folder(tmp_path, [run_record(), *(history(step, loss=step) for step in range(9))])
    content = bytearray(path.read_bytes())
    content[-200] ^= 1
    path.write_bytes(content)
    age(path)

    found = read_all(tmp_path)

    assert len(found.one("abc").series("loss").values) == 8
    assert "a damaged record was passed over" in str(found.unread[0])


def test_unknown_kinds_of_records_are_one_warning(tmp_path):
    run_folder(tmp_path, [run_record(), field(77, b"x"), field(77, b"y"), history(0, loss=1.0)])

    found = read_all(tmp_path)

    assert [one.problem for one in found.unread] == ["2 records of the unknown kind 77 passed over"]


def test_a_run_of_which_nothing_was_written_is_known_by_its_folder(tmp_path):
    run_folder(tmp_path, [], run_id="lost")

    found = read_all(tmp_path)

    assert found.one("lost").run.status == "killed"
    assert "holds no record" in str(found.unread[0])


def test_files_of_the_run_are_artifacts_but_no_links_and_none_of_wandbs_own(tmp_path):
    (tmp_path / "secret").write_text("x")
    path = run_folder(tmp_path, [run_record(), field(6, field(1, field(1, "../../secret")))])
    files = path.parent / "files"
    (files / "media").mkdir()
    (files / "media" / "a.png").write_bytes(b"png")
    (files / "config.yaml").write_text("x: 1")
    (files / "link").symlink_to(tmp_path / "secret")

    run = read_all(tmp_path).one("abc").run

    assert [one.path for one in run.artifacts] == ["media/a.png"]


def test_artifact_paths_cannot_leave_the_run(tmp_path):
    def logged(path):
        manifest = field(4, field(1, path) + field(4, 5))
        return field(8, field(4, "model") + field(5, "m") + field(12, manifest))

    run_folder(tmp_path, [run_record(), logged("../../../etc/passwd"), logged("ok.bin")])

    run = read_all(tmp_path).one("abc").run

    assert [(one.path, one.file) for one in run.artifacts] == [("m/ok.bin", None)]


def test_a_single_file_can_be_opened(tmp_path):
    path = tmp_path / "run-xyz.wandb"
    path.write_bytes(block_log([run_record("xyz"), history(0, loss=1.0), exit_record()]))
    age(path)

    found = read_all(path)

    assert found.one("xyz").series("loss").values == [1.0]


def test_a_folder_that_is_gone_is_told_in_one_sentence(tmp_path):
    run_folder(tmp_path, [run_record()])
    reader = open_one(tmp_path)
    (tmp_path / "wandb").rename(tmp_path / "elsewhere")

    with pytest.raises(ImportFailed, match="cannot be read"):
        list(reader.read())


def test_a_config_of_any_depth_is_no_danger(tmp_path):
    deep = b"[" * 900 + b"]" * 900
    keys = tuple("k" for _ in range(3000))
    records = [run_record(), field(5, items({"deep": deep, keys: 1})), history(0, loss=1.0)]
    run_folder(tmp_path, records)

    run = read_all(tmp_path).one("abc").run

    assert "deep" in run.params


def test_two_tools_in_one_folder_are_both_read(tmp_path):
    run_folder(tmp_path, [run_record(), history(0, loss=1.0)])
    events = tmp_path / "events.out.tfevents.1.box"
    events.write_bytes(tfrecords([event(0, simple("loss", 0.5))]))
    age(events)

    found = read_all(tmp_path)

    assert found.tools == {"wandb", "tensorboard"}
    assert len(found.runs) == 2


def test_points_come_in_batches(tmp_path):
    row = {f"m{number}": 1.5 for number in range(50)}
    run_folder(tmp_path, [run_record(), *(history(step, **row) for step in range(1_100))])

    sizes = [len(one.steps) for one in open_one(tmp_path).read() if isinstance(one, Points)]

    assert sum(sizes) == 55_000
    assert max(sizes) < 1_100


def test_points_of_the_machine_come_in_batches_where_nothing_else_was_logged(tmp_path):
    values = b"".join(field(3, field(1, f"m{number}") + field(16, "1.5")) for number in range(50))
    stats = [field(7, field(2, timestamp(1_700_000_000 + at)) + values) for at in range(1_100)]
    run_folder(tmp_path, [run_record(), *stats])

    sizes = [len(one.steps) for one in open_one(tmp_path).read() if isinstance(one, Points)]

    assert sum(sizes) == 55_000
    assert max(sizes) < 1_100

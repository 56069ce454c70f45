"""Reading TensorBoard's event files."""

from __future__ import annotations

import os
import random
import struct

import pytest

from tests.import_bytes import (
    event,
    field,
    float32,
    plugin,
    session_start,
    simple,
    start,
    tensor,
    tfrecords,
    varint,
)
from tests.import_truth import age, check, gather, read_all, read_item, same_value, truth_of
from tui_tracker.importers import find_sources
from tui_tracker.importers.records import BATCH_POINTS, ImportedRun, Points, StartedOver

VERSION = event(0, version=field(3, "brain.Event:2"))
SCALAR_SHAPE = field(2, b"")


def write_events(folder, records, name="events.out.tfevents.1700000000.box.11.0"):
    """Make an event file, a day old."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(tfrecords([VERSION, *records]))
    age(path)
    return path


def open_one(path):
    [source] = find_sources(path)
    return source.open()


def test_all_runs_of_the_shared_folder_come_out_as_stated(tmp_path):
    truth = truth_of("tensorboard")
    for run in truth["runs"]:
        if "nesterov" in run["params"]:
            # PyTorch writes a bool as a number, and nothing tells it from one.
            run["params"]["nesterov"] = int(run["params"]["nesterov"])

    found = read_item("tensorboard", tmp_path)

    check(found, truth, exact=False)
    for name in ("hp/lr0.001", "hp/lr0.01"):
        run = next(one for one in truth["runs"] if one["name"] == name)
        for metric, value in run["hparam_metrics"].items():
            same_value(found.one(name).series(metric).values[0], value, 1e-6, metric)
    assert found.one("torch_run1").run.notes[0].text.startswith("config:\n")
    assert "10 histograms of w0 were passed over" in " ".join(map(str, found.unread))


TENSORS = {
    "float_val": (field(1, 1) + field(5, struct.pack("<f", 0.5)), 0.5),
    "float unpacked": (field(1, 1) + float32(5, 0.25), 0.25),
    "float content": (
        field(1, 1) + field(4, struct.pack("<f", 0.1)),
        struct.unpack("<f", struct.pack("<f", 0.1))[0],
    ),
    "double_val": (field(1, 2) + field(6, struct.pack("<d", 0.1)), 0.1),
    "double content": (field(1, 2) + field(4, struct.pack("<d", 0.1)), 0.1),
    "int_val": (field(1, 3) + field(7, varint(-7)), -7.0),
    "int content": (field(1, 3) + field(4, struct.pack("<i", -7)), -7.0),
    "int64_val": (field(1, 9) + field(10, varint(1 << 40)), float(1 << 40)),
    "uint64_val": (field(1, 23) + field(17, varint((1 << 64) - 1)), float(1 << 64)),
    "bool_val": (field(1, 10) + field(11, varint(1)), 1.0),
    "half_val": (field(1, 19) + field(13, varint(0x3800)), 0.5),
    "half content": (field(1, 19) + field(4, b"\x00\x38"), 0.5),
    "bfloat16_val": (field(1, 14) + field(13, varint(0x3F00)), 0.5),
    "bfloat16 content": (field(1, 14) + field(4, b"\x00\x3f"), 0.5),
    "nothing is zero": (field(1, 1), 0.0),
    "one element": (field(1, 1) + field(2, field(2, field(1, 1))) + float32(5, 2.0), 2.0),
}


@pytest.mark.parametrize("name", TENSORS)
def test_a_tensor_of_any_type_is_a_scalar(tmp_path, name):
    body, value = TENSORS[name]
    write_events(tmp_path, [event(step, tensor("loss", body)) for step in range(3)])

    found = read_all(tmp_path)

    [one] = found.runs.values()
    assert one.series("loss").values == [value] * 3
    assert one.series("loss").steps == [0, 1, 2]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (tensor("t", field(1, 1) + field(2, field(2, field(1, 3)))), "1 scalar of t was"),
        (tensor("t", field(1, 1), "histograms"), "1 histogram of t was"),
        (tensor("t", field(1, 7) + field(8, "png"), "images"), "1 image of t was"),
        (field(1, "t") + field(5, b""), "1 histogram of t was"),
        (field(1, "t") + field(4, b""), "1 image of t was"),
        (tensor("t", field(1, 99)), "1 scalar of t was"),
    ],
)
def test_what_is_no_number_is_counted_by_its_kind(tmp_path, value, told):
    write_events(tmp_path, [event(1, value), event(1, simple("loss", 1.0))])

    found = read_all(tmp_path)

    assert [one.problem for one in found.unread] == [f"{told} passed over"]
    [one] = found.runs.values()
    assert [name for name, _ in one.metrics] == ["loss"]


def test_metadata_may_stand_with_the_first_value_of_a_tag_only(tmp_path):
    first = tensor("h", field(1, 2) + field(2, field(2, field(1, 2))), "histograms")
    later = tensor("h", field(1, 2), "")
    write_events(tmp_path, [event(0, first), event(1, later), event(1, simple("loss", 1.0))])

    found = read_all(tmp_path)

    assert [one.problem for one in found.unread] == ["2 histograms of h were passed over"]


def test_steps_and_values_of_all_sizes_come_back(tmp_path):
    steps = [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 2**62, -1, -(2**63), 5]
    values = [0.0, 1.0, -0.0, float("inf"), float("-inf"), 1.5, 2.0**-149, 3.0, 4.0, 5.0, 6.0, 7.0]
    write_events(
        tmp_path,
        [
            event(step, simple("loss", value), wall=1_700_000_000.25)
            for step, value in zip(steps, values, strict=True)
        ],
    )

    [one] = read_all(tmp_path).runs.values()

    assert one.series("loss").steps == steps
    assert list(map(str, one.series("loss").values)) == list(map(str, values))
    assert set(one.series("loss").times_ms) == {1_700_000_000_250}


def test_several_values_in_one_event_are_all_read(tmp_path):
    rows = [event(step, simple("a", step), simple("b", -step)) for step in range(1, 5)]
    write_events(tmp_path, rows)

    [one] = read_all(tmp_path).runs.values()

    assert one.series("a").values == [1.0, 2.0, 3.0, 4.0]
    assert one.series("b").values == [-1.0, -2.0, -3.0, -4.0]


def test_values_equal_to_bytes_of_the_tag_do_not_mislead_the_reader(tmp_path):
    # The bytes of the number stand in the record more than once.
    tag = "tagg" + "A" * 4
    rows = [event(step, simple(tag, struct.unpack("<f", b"AAAA")[0])) for step in range(3)]
    rows += [event(3, simple(tag, 1.0)), event(4, simple(tag, struct.unpack("<f", b"tagg")[0]))]
    rows += [event(5, simple("zeros", 0.0)), event(6, simple("zeros", 1.0))]
    write_events(tmp_path, rows)

    [one] = read_all(tmp_path).runs.values()

    assert one.series(tag).values[3] == 1.0
    assert one.series(tag).values[4] == struct.unpack("<f", b"tagg")[0]
    assert one.series("zeros").values == [0.0, 1.0]


def test_files_of_one_folder_are_one_run_in_the_order_of_their_names(tmp_path):
    for number in (2, 1):
        rows = [event(step, simple("loss", number)) for step in (1, 2)]
        write_events(tmp_path / "run", rows, f"events.out.tfevents.{number}.box")

    found = read_all(tmp_path)

    series = found.one("run").series("loss")
    assert (series.steps, series.values) == ([1, 2, 1, 2], [1.0, 1.0, 2.0, 2.0])


def test_a_restart_at_a_step_makes_void_what_came_after_it(tmp_path):
    write_events(tmp_path, [event(s, simple("loss", s)) for s in range(8)], "x.tfevents.1.box")
    rows = [start(5), *(event(s, simple("loss", s * 10)) for s in range(5, 7))]
    write_events(tmp_path, rows, "x.tfevents.2.box")

    found = read_all(tmp_path)

    [one] = found.runs.values()
    assert one.series("loss").values == [0.0, 1.0, 2.0, 3.0, 4.0, 50.0, 60.0]
    assert "3 points were superseded" in str(found.unread[0])


def test_a_restart_within_a_file_counts_too_even_after_points_were_handed_on(tmp_path):
    values = [simple("loss", 1.0), *(simple(f"other{number}", 1.0) for number in range(49))]
    rows = [event(step, *values) for step in range(1_100)]
    rows += [start(10), *(event(step, simple("loss", 2.0)) for step in range(10, 20))]
    write_events(tmp_path, rows)

    [one] = read_all(tmp_path).runs.values()

    assert len(values) * 1_100 > BATCH_POINTS
    assert one.series("loss").steps == list(range(20))
    assert one.series("loss").values == [1.0] * 10 + [2.0] * 10


def test_a_restart_that_comes_while_it_is_followed_starts_over(tmp_path):
    write_events(tmp_path, [event(s, simple("loss", s)) for s in range(8)], "x.tfevents.1.box")
    reader = open_one(tmp_path)
    pieces = list(reader.read())
    write_events(tmp_path, [start(5), event(5, simple("loss", 9.0))], "x.tfevents.2.box")

    more = list(reader.read())

    assert any(isinstance(piece, StartedOver) for piece in more)
    [one] = gather([*pieces, *more]).runs.values()
    assert one.series("loss").values == [0.0, 1.0, 2.0, 3.0, 4.0, 9.0]
    assert not list(reader.read())


def test_steps_that_merely_go_back_are_kept(tmp_path):
    write_events(tmp_path, [event(step, simple("loss", step)) for step in (1, 2, 3, 2, 3)])

    [one] = read_all(tmp_path).runs.values()

    assert one.series("loss").steps == [1, 2, 3, 2, 3]


def test_the_folder_of_hyperparameters_belongs_to_its_run(tmp_path):
    write_events(tmp_path / "run", [event(1, simple("loss", 1.0)), event(1, simple("acc", 0.5))])
    hparams = session_start(lr=0.5, layers=3, name="adam", flag=True)
    rows = [event(0, hparams), event(0, simple("hp/acc", 0.75)), event(0, simple("loss", 7.0))]
    write_events(tmp_path / "run" / "1700000001.5", rows)

    found = read_all(tmp_path)

    one = found.one("run")
    assert len(found.runs) == 1
    assert one.run.params == {"lr": 0.5, "layers": 3, "name": "adam", "flag": True}
    assert one.series("hp/acc").values == [0.75]
    assert one.metrics["loss", ""].values == [1.0]
    assert one.metrics["loss", "1700000001.5"].values == [7.0]


def test_several_folders_of_hyperparameters_are_runs_of_their_own(tmp_path):
    write_events(tmp_path / "sweep", [])
    for number in range(3):
        rows = [event(0, session_start(lr=number / 10)), event(0, simple("acc", number))]
        write_events(tmp_path / "sweep" / f"trial{number}", rows)

    found = read_all(tmp_path)

    assert {one.run.name: one.run.params for one in found.runs.values()} == {
        f"sweep/trial{number}": {"lr": number / 10 if number else 0} for number in range(3)
    }


def test_the_last_text_of_a_tag_is_a_note_and_earlier_ones_are_lines(tmp_path):
    def text(words):
        return tensor("about/text_summary", field(1, 7) + field(8, words), "text")

    rows = [event(1, text("first")), event(2, text("second")), event(3, text("third\nand more"))]
    write_events(tmp_path, rows)

    [one] = read_all(tmp_path).runs.values()

    assert [note.text for note in one.run.notes] == ["about:\nthird\nand more"]
    assert [line for _, _, line in one.printed] == ["about: first", "about: second"]


def test_a_failed_session_is_a_failed_run(tmp_path):
    end = field(1, "_hparams_/session_end_info") + plugin("hparams", field(4, field(1, 2)))
    write_events(tmp_path, [event(1, simple("loss", 1.0)), event(2, end)])

    [one] = read_all(tmp_path).runs.values()

    assert one.run.status == "failed"


def test_a_file_that_ends_within_a_record_is_of_a_killed_run(tmp_path):
    path = write_events(tmp_path, [event(step, simple("loss", step)) for step in range(5)])
    os.truncate(path, path.stat().st_size - 3)
    age(path)

    found = read_all(tmp_path)

    [one] = found.runs.values()
    assert (one.run.status, len(one.series("loss").values)) == ("killed", 4)
    assert "no whole record" in str(found.unread[0])


def test_a_damaged_record_costs_itself_alone(tmp_path):
    path = write_events(tmp_path, [event(step, simple("loss", step)) for step in range(50)])
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    age(path)

    found = read_all(tmp_path)

    [one] = found.runs.values()
    assert len(one.series("loss").values) == 49
    assert "damaged" in str(found.unread[0])


def test_a_record_that_is_no_event_is_named_by_its_place(tmp_path):
    write_events(tmp_path, [b"\x0b no event at all", event(1, simple("loss", 1.0))])

    found = read_all(tmp_path)

    assert len(found.runs) == 1
    assert found.unread[0].place.startswith("byte ")


def test_a_growing_file_is_followed_from_where_it_was_read(tmp_path):
    rows = [event(step, simple("loss", step), simple("acc", -step)) for step in range(300)]
    whole = tfrecords([VERSION, *rows])
    path = write_events(tmp_path, [])
    reader = open_one(tmp_path)
    pieces = list(reader.read())
    chance = random.Random(4)
    for cut in [*sorted(chance.randrange(60, len(whole)) for _ in range(20)), len(whole)]:
        path.write_bytes(whole[:cut])
        pieces += reader.read()

    [one] = gather(pieces).runs.values()

    assert not [piece for piece in pieces if isinstance(piece, StartedOver)]
    assert one.series("acc").steps == list(range(300))
    assert one.run.status == "running"


def test_a_replaced_file_starts_over(tmp_path):
    path = write_events(tmp_path, [event(step, simple("loss", step)) for step in range(9)])
    reader = open_one(tmp_path)
    pieces = list(reader.read())
    path.write_bytes(tfrecords([VERSION, event(0, simple("loss", 5.0))]))

    pieces += reader.read()

    [one] = gather(pieces).runs.values()
    assert one.series("loss").values == [5.0]


def test_times_that_cannot_be_are_those_of_the_value_before(tmp_path):
    walls = [1_700_000_000.0, float("nan"), 1e300, -5.0, 1_700_000_001.0]
    rows = [event(n, simple("loss", n), wall=wall) for n, wall in enumerate(walls)]
    write_events(tmp_path, rows)

    [one] = read_all(tmp_path).runs.values()

    assert one.series("loss").times_ms == [1_700_000_000_000] * 4 + [1_700_000_001_000]


def test_a_folder_that_was_opened_itself_gives_its_name(tmp_path):
    write_events(tmp_path / "my_run", [event(1, simple("loss", 1.0))])

    [one] = read_all(tmp_path / "my_run").runs.values()

    assert (one.run.name, one.run.experiment, one.run.host) == ("my_run", "my_run", "box")


def test_a_single_file_can_be_opened(tmp_path):
    path = write_events(tmp_path, [event(1, simple("loss", 1.0))])
    write_events(tmp_path, [event(1, simple("loss", 2.0))], "events.out.tfevents.2.box")

    [one] = read_all(path).runs.values()

    assert one.series("loss").values == [1.0]


def test_a_file_without_values_is_no_run(tmp_path):
    write_events(tmp_path, [])

    assert read_all(tmp_path).runs == {}


def test_points_come_in_batches(tmp_path):
    values = [simple(f"m{number}", 1.5) for number in range(4)]
    write_events(tmp_path, [event(step, values[step % 4]) for step in range(56_000)])

    pieces = list(open_one(tmp_path).read())

    sizes = [len(one.steps) for one in pieces if isinstance(one, Points)]
    assert sum(sizes) == 56_000
    assert max(sizes) <= 15_000
    assert isinstance(pieces[0], ImportedRun)

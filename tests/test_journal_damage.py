"""A damaged journal: what is whole comes back, the place is named, nothing is invented."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from processes import points, the_run

from tui_tracker import journal, queries
from tui_tracker.drain import JournalDrain, recover
from tui_tracker.journal_reader import read_batch
from tui_tracker.journal_writer import JournalWriter
from tui_tracker.store import Store

RUN_ID = "0199d3a0-0000-7000-8000-000000000001"
START = {
    "run": RUN_ID,
    "writer": "main",
    "t": 1_760_000_000_000,
    "experiment": "sweep",
    "name": "one",
    "params": {"learning_rate": 0.001, "optimizer": "adam"},
}

Record = tuple[int, bytes]
"""Kind and payload."""


def write_metrics(writer: JournalWriter, step: int, **values: float) -> None:
    keyset = writer.define(tuple(values), "")
    time_ns = 1_760_000_000_000_000_000 + step * 1_000_000
    frame = keyset.pack(keyset.length, journal.METRICS, keyset.id, step, time_ns, *values.values())
    writer.write(frame + crc32(frame).to_bytes(4, "little"))


def write_small_journal(path: Path) -> None:
    writer = JournalWriter(str(path), START)
    for step in range(4):
        write_metrics(writer, step, loss=1 / (step + 1), accuracy=step / 10)
    writer.append(journal.PARAMS, {"t": 1_760_000_000_100, "params": {"seed": 3, "café": "ü\0"}})
    write_metrics(writer, 4, loss=0.2)
    writer.append(journal.CONSOLE, {"t": 1_760_000_000_200, "stream": "out", "text": "epoch 1"})
    writer.append(journal.TAGS, {"t": 1_760_000_000_300, "add": ["baseline"]})
    writer.append(journal.NOTE, {"t": 1_760_000_000_400, "text": "looks right"})
    write_metrics(writer, 5, loss=float("nan"), accuracy=0.9)
    write_metrics(writer, 6, loss=0.1)
    writer.append(journal.FINISH, {"t": 1_760_000_000_500, "status": "finished"})
    writer.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / f"{RUN_ID}.journal"
    write_small_journal(path)
    return path.read_bytes()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / f"{RUN_ID}.journal"


def records_in(data: bytes) -> list[tuple[int, int, Record]]:
    """Return (first byte, first byte after, record) of an undamaged journal."""
    place, found = 20, []
    while place < len(data):
        end = place + 9 + int.from_bytes(data[place : place + 4], "little")
        found.append((place, end, (data[place + 4], data[place + 5 : end - 4])))
        place = end
    return found


def read_all(file: Path, *, final: bool = True) -> tuple[list[Record], list[tuple[int, int]], int]:
    """Return the records, what was passed over, and where the read ended."""
    records: list[tuple[int, Record]] = []
    damages: list[tuple[int, int]] = []
    descriptor = os.open(file, os.O_RDONLY)
    try:
        place = 0
        while True:
            batch = read_batch(descriptor, place, path=str(file), final=final)
            if batch.end == place:
                break
            place = batch.end
            damages += batch.damages
            records += [(at, (kind, payload)) for at, kind, payload in batch.records]
            for number, frames in batch.frames.items():
                for at, frame in zip(batch.positions[number], frames, strict=True):
                    records.append((at, (journal.METRICS, frame[5:-4])))
    finally:
        os.close(descriptor)
    return [record for _, record in sorted(records)], damages, place


def test_an_undamaged_journal_reads_as_it_was_written(whole, file):
    file.write_bytes(whole)

    records, damages, end = read_all(file)

    assert records == [record for _, _, record in records_in(whole)]
    assert (damages, end, len(records)) == ([], len(whole), 15)


def test_cut_anywhere_all_whole_records_before_come_back_and_the_place_is_named(whole, file):
    known = records_in(whole)
    for cut in range(len(whole)):
        file.write_bytes(whole[:cut])

        records, damages, _ = read_all(file)

        kept = [(start, end, record) for start, end, record in known if end <= cut]
        last = kept[-1][1] if kept else 20
        assert records == [record for *_, record in kept], cut
        assert damages == ([(last, cut)] if cut > last else []), cut


def test_cut_anywhere_while_the_writer_lives_the_rest_is_waited_for(whole, file):
    known = records_in(whole)
    for cut in range(len(whole)):
        file.write_bytes(whole[:cut])

        records, damages, place = read_all(file, final=False)

        kept = [record for _, end, record in known if end <= cut]
        assert (records, damages) == (kept, []), cut
        assert place == max([end for _, end, _ in known if end <= cut], default=20 * (cut >= 20))


@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_any_byte_flipped_costs_at_most_its_own_record_and_the_place_is_named(whole, file, flip):
    known = records_in(whole)
    for place in range(len(whole)):
        data = bytearray(whole)
        data[place] ^= flip
        file.write_bytes(data)
        if place < 20:
            continue  # the head has a test of its own

        records, damages, _ = read_all(file)

        assert records == [record for start, end, record in known if not start <= place < end], (
            place
        )
        assert damages == [(start, end) for start, end, _ in known if start <= place < end], place


def test_any_byte_of_the_head_flipped_costs_no_record(whole, file):
    for place in range(20):
        data = bytearray(whole)
        data[place] ^= 0x04
        file.write_bytes(data)

        records, damages, _ = read_all(file)

        assert records == [record for *_, record in records_in(whole)]
        assert damages == [(0, 20)]


def test_flipped_while_the_writer_lives_nothing_is_invented(whole, file):
    known = [record for *_, record in records_in(whole)]
    for place in range(20, len(whole)):
        data = bytearray(whole)
        data[place] ^= 0x10
        file.write_bytes(data)

        records, _, _ = read_all(file, final=False)

        assert [record for record in records if record not in known] == []


@settings(derandomize=True, max_examples=150, deadline=None, database=None)
@given(
    damages=st.lists(
        st.tuples(
            st.sampled_from(["flip", "zero", "cut out", "insert", "repeat"]),
            st.floats(0, 1, exclude_max=True),
            st.integers(1, 60),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_whatever_is_done_to_it_only_records_that_were_written_come_back(
    whole, tmp_path_factory, damages
):
    file = tmp_path_factory.mktemp("damaged") / f"{RUN_ID}.journal"
    data = bytearray(whole)
    for kind, where, size in damages:
        place = 20 + int(where * max(1, len(data) - 20))
        stretch = bytes(data[place : place + size])
        changed = {
            "flip": bytes(255 - byte for byte in stretch),
            "zero": bytes(len(stretch)),
            "cut out": b"",
            "insert": bytes(range(size)) + stretch,
            "repeat": stretch * 2,
        }
        data[place : place + size] = changed[kind]
    file.write_bytes(data)

    records, _, _ = read_all(file)

    known = {record for *_, record in records_in(whole)}
    assert set(records) <= known


def drained(folder: Path, data: bytes) -> tuple[list[str], str]:
    """Drain a journal's bytes into a new store; return problems and what the run became."""
    with Store.open(folder, create=True) as store:
        path = folder / "journals" / f"{RUN_ID}.journal"
        path.write_bytes(data)
        # Where the head is damaged, only its age tells that nobody writes it any more.
        os.utime(path, (1_760_000_001, 1_760_000_001))
        found = recover(store)
        (key,) = queries.list_run_keys(store) or [0]
        if not key:
            return list(found.problems), ""
        run = queries.get_run(store, key)
        for metric in run.row.metrics.values():
            series = queries.read_series(store, key, metric.key)
            assert len(series.values) == metric.count
            assert set(series.steps) <= set(range(7))
        assert set(run.row.params) <= {"learning_rate", "optimizer", "seed", "café"}
        return list(found.problems), run.row.status


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    """A place for many stores, each a copy of one that was made once."""
    with Store.open(tmp_path / "model", create=True):
        pass
    return tmp_path


def new_store(stores: Path, number: int) -> Path:
    folder = stores / str(number)
    (folder / "journals").mkdir(parents=True)
    (folder / "store.db").write_bytes((stores / "model" / "store.db").read_bytes())
    return folder


def test_a_store_takes_a_journal_cut_anywhere_without_a_word_invented(whole, stores):
    for cut in range(0, len(whole), 7):
        problems, status = drained(new_store(stores, cut), whole[:cut])

        whole_end = cut in {end for _, end, _ in records_in(whole)}
        assert len(problems) == (0 if whole_end else 1), (cut, problems)
        assert status in ("crashed", "")


def test_a_store_takes_a_journal_with_any_byte_flipped(whole, stores):
    for place in range(3, len(whole), 7):
        data = bytearray(whole)
        data[place] ^= 0x20

        problems, status = drained(new_store(stores, place), bytes(data))

        assert len(problems) == 1, place
        assert "passed over" in problems[0] or "ends inside" in problems[0]
        assert status in ("finished", "crashed")


def test_damage_is_named_in_the_run_and_the_file_is_kept_aside(whole, folder):
    start, end, _ = records_in(whole)[5]
    data = bytearray(whole)
    data[start + 9] ^= 1

    problems, status = drained(folder, bytes(data))

    run = the_run(folder)
    assert status == "finished"
    assert problems == [
        f"{RUN_ID}.journal: bytes {start} to {end} are damaged and were passed over"
    ]
    assert f"bytes {start} to {end}" in run.lost_why
    assert [path.read_bytes() for path in (folder / "journals" / "damaged").iterdir()] == [data]


def test_a_lost_key_set_is_counted_not_guessed(whole, folder):
    start, *_ = next(found for found in records_in(whole) if found[2][0] == journal.KEYSET)
    data = bytearray(whole)
    data[start + 8] ^= 1

    problems, _ = drained(folder, bytes(data))

    run = the_run(folder)
    assert "5 log calls have no readable key set" in problems[0]
    assert (run.lost, run.points) == (5, 2)
    assert points(folder, "loss") == [(4, 0.2), (6, 0.1)]


def test_a_lost_start_leaves_a_run_that_can_be_told_apart(whole, folder):
    data = bytearray(whole)
    data[40] ^= 1

    drained(folder, bytes(data))

    run = the_run(folder)
    assert (run.row.experiment, run.row.name) == ("recovered", "recovered-000001")
    assert len(points(folder, "loss")) == 7


@pytest.mark.parametrize("name", ["r1", "a2.r1"])
def test_a_rank_whose_start_is_lost_is_still_that_rank(whole, folder, name):
    data = bytearray(whole)
    data[40] ^= 1
    with Store.open(folder, create=True) as store:
        (folder / "journals" / f"{RUN_ID}.{name}.journal").write_bytes(data)
        recover(store)

    assert set(the_run(folder).row.metrics) == {"loss@rank1", "accuracy@rank1"}


def test_a_torn_end_is_named_and_the_run_crashed(whole, folder):
    problems, status = drained(folder, whole[:-3])

    start = records_in(whole)[-1][0]
    assert problems == [f"{RUN_ID}.journal: ends inside a record at byte {start}"]
    assert status == "crashed"


@pytest.mark.parametrize(
    "data",
    [b"", b"TTJ", bytes(5000), Random(7).randbytes(5000)],
    ids=["empty", "short", "zeros", "random"],
)
def test_a_file_without_a_record_makes_no_points_and_is_told_once(folder, data):
    problems, status = drained(folder, data)
    with Store.open(folder) as store:
        again = recover(store)

    assert len(problems) == 1
    assert status in ("", "crashed")
    assert (again.problems, again.points) == ((), 0)


def test_a_journal_of_a_later_version_waits_for_an_upgrade(whole, folder):
    head = whole[:8] + (2).to_bytes(4, "little") + whole[12:16]
    data = head + crc32(head).to_bytes(4, "little") + whole[20:]

    problems, status = drained(folder, data)

    assert status == ""
    assert problems[0].endswith("journal version 2 is later than 1: upgrade.")
    assert (folder / "journals" / f"{RUN_ID}.journal").read_bytes() == data


def test_a_foreign_file_among_the_journals_is_left_alone(whole, folder):
    drained(folder, whole)
    foreign = folder / "journals" / "notes.journal"
    foreign.write_text("mine")

    with Store.open(folder) as store:
        found = recover(store)

    assert (found.problems, foreign.read_text()) == ((), "mine")


def test_records_that_are_no_json_are_passed_over_with_their_place(folder):
    with Store.open(folder, create=True) as store:
        path = folder / "journals" / f"{RUN_ID}.journal"
        writer = JournalWriter(str(path), START)
        size = path.stat().st_size
        for payload in (b"[1]", b"{", b"\xff\xfe\xfd"):
            body = len(payload).to_bytes(4, "little") + bytes([journal.NOTE]) + payload
            writer.write(body + crc32(body).to_bytes(4, "little"))
        writer.append(journal.NOTE, {"text": "after"})

        JournalDrain(store, str(path)).drain(final=False)
        writer.close()

    run = the_run(folder)
    assert [note.text for note in run.notes] == ["after"]
    assert run.lost_why.startswith(f"bytes {size} to ")


@pytest.mark.parametrize(
    "facts",
    [
        {"params": 3, "t": "x"},
        {"params": {"a": {"b": [1, {"c": None}]}}},
        {"add": "text", "remove": 5},
        {"add": [1, None, ["x"]]},
        {"text": 5},
        {"text": None},
        {"path": None, "sha256": "no digits"},
        {"path": "x", "size": -(2**70), "sha256": 5},
        {"part": None, "facts": 5, "status": []},
        {"stream": 3, "text": {"a": 1}, "partial": "x"},
        {"status": "exploded", "t": 2**80, "lost": "many"},
        {"lineage": [5, None, {"part": "code"}]},
        {"lineage": {"part": "code"}},
        {"id": -1, "names": ["x"]},
        {"id": 0, "names": "xy"},
        {"run": 5, "writer": "rank", "t": -1, "parent": "not hex"},
        {},
    ],
)
@pytest.mark.parametrize("kind", [*range(2, 11), 11, 200])
def test_records_of_any_shape_stop_no_drain(store, folder, kind, facts):
    path = folder / "journals" / f"{RUN_ID}.journal"
    writer = JournalWriter(str(path), START)
    writer.append(kind, facts)
    writer.append(journal.NOTE, {"text": "after"})
    writer.close()

    recover(store)

    (key,) = queries.list_run_keys(store)
    assert "after" in [note.text for note in queries.get_run(store, key).notes]

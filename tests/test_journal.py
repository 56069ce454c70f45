"""The journal's writer and reader: what is written comes back, whatever the file went through."""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from zlib import crc32

import pytest

from tui_tracker import journal
from tui_tracker.errors import JournalDamaged, RunIsLive, StoreError, TrackerError
from tui_tracker.journal_reader import Batch, read_batch
from tui_tracker.journal_writer import JournalWriter

RUN_ID = "0199d3a0-0000-7000-8000-000000000001"
START = {"run": RUN_ID, "writer": "main", "t": 1_760_000_000_000, "name": "one"}


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / f"{RUN_ID}.journal")


@pytest.fixture
def make(path: str) -> Iterator[Callable[..., JournalWriter]]:
    made: list[JournalWriter] = []

    def make(**options: bool) -> JournalWriter:
        made.append(JournalWriter(path, START, **options))
        return made[-1]

    yield make
    for writer in made:
        writer.close()


def log(writer: JournalWriter, step: int, **values: float) -> None:
    keyset = writer.define(tuple(values), "")
    frame = keyset.pack(keyset.length, journal.METRICS, keyset.id, step, 7, *values.values())
    writer.write(frame + crc32(frame).to_bytes(4, "little"))


def read(path: str, *, final: bool = True, limit: int = 1 << 20) -> list[Batch]:
    """Return all batches of a file, read as a drain reads it."""
    batches: list[Batch] = []
    file = os.open(path, os.O_RDONLY)
    try:
        place = 0
        while True:
            batch = read_batch(file, place, path=path, final=final, limit=limit)
            if batch.end == place:
                return batches
            batches.append(batch)
            place = batch.end
    finally:
        os.close(file)


def texts(path: str, **options: bool) -> list[str]:
    """Return the texts of all notes in a file."""
    return [
        str(journal.decode(payload)["text"])
        for batch in read(path, **options)
        for _, kind, payload in batch.records
        if kind == journal.NOTE
    ]


def steps(path: str) -> list[int]:
    return [
        struct.unpack_from("<q", frame, 9)[0]
        for batch in read(path)
        for frames in batch.frames.values()
        for frame in frames
    ]


def test_a_record_is_in_the_file_when_the_call_returns(make, path):
    writer = make()

    writer.append(journal.NOTE, {"text": "kept"})

    assert texts(path, final=False) == ["kept"]


def test_a_journal_says_first_who_writes(make, path):
    make()

    (batch,) = read(path)

    assert [(kind, journal.decode(facts)) for _, kind, facts in batch.records] == [
        (journal.START, START)
    ]


def test_a_journal_is_live_while_its_writer_holds_it_and_no_longer(make, path):
    writer = make()
    before = journal.is_live(path)

    writer.close()

    assert (before, journal.is_live(path)) == (True, False)


def test_a_journal_of_another_machine_is_live_while_its_heart_beats(make, path):
    make().close()
    data = bytearray(Path(path).read_bytes())
    data[12:16] = b"\1\2\3\4"
    Path(path).write_bytes(data)
    before = journal.is_live(path)

    os.utime(path, (0, 0))

    assert (before, journal.is_live(path)) == (True, False)


def test_a_second_writer_of_one_journal_is_refused_and_the_first_loses_nothing(make, path):
    writer = make()

    with pytest.raises(RunIsLive):
        make()

    writer.append(journal.NOTE, {"text": "mine"})
    assert texts(path) == ["mine"]
    assert os.listdir(os.path.dirname(path)) == [os.path.basename(path)]


def test_a_folder_that_is_gone_is_told_in_one_sentence(tmp_path):
    with pytest.raises(StoreError, match="cannot be made") as caught:
        JournalWriter(str(tmp_path / "gone" / "x.journal"), START)

    assert str(caught.value).count("\n") == 0


def test_a_start_that_no_reader_would_take_is_refused_before_training(path):
    with pytest.raises(TrackerError, match="16 MiB"):
        JournalWriter(path, {**START, "params": {"text": "x" * (1 << 24)}})

    assert not os.path.exists(path)


def test_a_record_too_large_for_a_reader_is_counted_and_the_rest_is_kept(make, path):
    writer = make()

    writer.append(journal.NOTE, {"text": "x" * (1 << 24)})
    writer.append(journal.NOTE, {"text": "after"})

    assert (writer.lost, texts(path)) == (1, ["after"])


def test_names_too_long_for_a_reader_are_counted_and_the_rest_is_kept(make, path):
    writer = make()

    log(writer, 0, **{"x" * (1 << 24): 1.0})
    log(writer, 1, loss=0.5)

    assert writer.lost >= 1
    assert steps(path)[-1] == 1


def test_a_record_larger_than_the_window_is_read_whole(make, path):
    writer = make()
    long = "x" * 10_000
    for text in ("before", long, "after"):
        writer.append(journal.NOTE, {"text": text})

    found = [
        str(journal.decode(payload)["text"])
        for batch in read(path, limit=64)
        for _, kind, payload in batch.records
        if kind == journal.NOTE
    ]

    assert found == ["before", long, "after"]


@pytest.mark.parametrize("limit", [40, 64, 100, 1000])
def test_a_narrow_window_reads_the_same_records(make, path, limit):
    writer = make()
    for step in range(50):
        log(writer, step, loss=step / 7)
        if step % 10 == 0:
            writer.append(journal.NOTE, {"text": "x" * step})

    narrow = [
        frame for batch in read(path, limit=limit) for f in batch.frames.values() for frame in f
    ]

    assert narrow == [frame for batch in read(path) for f in batch.frames.values() for frame in f]
    assert not any(batch.damages for batch in read(path, limit=limit))


def test_an_end_that_is_still_being_written_is_left_for_the_next_read(make, path):
    writer = make()
    writer.append(journal.NOTE, {"text": "whole"})
    with open(path, "ab") as file:
        file.write(b'\x50\0\0\0\6{"t')

    (batch,) = read(path, final=False)

    assert (batch.damages, batch.torn, len(batch.records)) == ([], False, 2)
    assert batch.end == os.path.getsize(path) - 8


def test_an_end_inside_a_record_is_named_once_nobody_writes_any_more(make, path):
    writer = make()
    size = os.path.getsize(path)
    with open(path, "ab") as file:
        file.write(b'\x50\0\0\0\6{"t')
    writer.close()

    (batch,) = read(path)

    assert (batch.damages, batch.torn) == ([(size, size + 8)], True)


def test_a_journal_of_a_later_version_is_refused_in_one_sentence(make, path):
    make().close()
    data = Path(path).read_bytes()
    head = data[:8] + struct.pack("<I", 2) + data[12:16]
    Path(path).write_bytes(head + crc32(head).to_bytes(4, "little") + data[20:])

    with pytest.raises(JournalDamaged, match="version 2 is later than 1: upgrade"):
        read(path)


def test_an_empty_file_holds_nothing(path):
    Path(path).write_bytes(b"")

    assert read(path) == []


@pytest.mark.parametrize("size", [1, 19, 20, 21, 28, 29, 30, 100, 5000])
def test_a_file_of_zeros_is_damage_to_its_end_and_nothing_more(path, size):
    Path(path).write_bytes(bytes(size))

    batches = read(path)

    assert not any(batch.records or batch.frames for batch in batches)
    assert sum(end - start for batch in batches for start, end in batch.damages) in (0, size)


@pytest.mark.parametrize("seed", range(20))
def test_random_bytes_hold_no_record(path, seed):
    import random

    Path(path).write_bytes(random.Random(seed).randbytes(20_000))

    batches = read(path)

    assert not any(batch.records or batch.frames for batch in batches)


def test_a_long_stretch_of_zeros_is_passed_over_to_the_next_record(make, path):
    writer = make()
    with open(path, "ab") as file:
        file.write(bytes(100_000))
    writer.append(journal.NOTE, {"text": "after"})

    assert texts(path) == ["after"]


def test_a_deleted_journal_is_written_anew_with_all_it_had(make, path):
    writer = make()
    writer.append(journal.NOTE, {"text": "before"})
    os.unlink(path)

    needed = writer.restore()
    writer.append(journal.NOTE, {"text": "after"})

    assert (needed, writer.restore(), journal.is_live(path)) == (True, False, True)
    assert texts(path) == ["before", "after"]


def test_a_deleted_folder_comes_back_with_the_journal(make, path, tmp_path):
    writer = make()
    os.unlink(path)
    tmp_path.rmdir()

    writer.restore()

    assert os.path.exists(path)


def test_records_written_while_the_file_moves_are_in_the_new_one(make, path):
    writer = make()
    stop = threading.Event()
    written = 0

    def write() -> None:
        nonlocal written
        while not stop.is_set():
            log(writer, written, loss=0.5)
            written += 1

    thread = threading.Thread(target=write)
    thread.start()
    for _ in range(20):
        os.unlink(path)
        writer.restore()
    stop.set()
    thread.join()

    assert sorted(steps(path)) == list(range(written))


def test_a_descriptor_that_somebody_closed_and_took_is_never_written_to(make, path, tmp_path):
    writer = make()
    writer.append(journal.NOTE, {"text": "before"})
    theirs = tmp_path / "theirs"

    os.close(writer.fd)
    with open(theirs, "wb") as file:
        writer.append(journal.NOTE, {"text": "between"})
        writer.restore()
        writer.append(journal.NOTE, {"text": "after"})
        file.write(b"theirs")

    assert theirs.read_bytes() == b"theirs"
    assert texts(path) == ["before", "between", "after"]
    assert journal.is_live(path)


def test_a_writer_that_is_closed_writes_nothing_and_does_not_raise(make, path):
    writer = make()
    writer.close()
    size = os.path.getsize(path)

    writer.append(journal.NOTE, {"text": "late"})

    assert os.path.getsize(path) == size


def test_with_fsync_every_record_goes_the_slow_way_and_comes_back(make, path):
    writer = make(fsync=True)

    log(writer, 3, loss=0.5)

    assert (writer.fd, steps(path)) == (-1, [3])


def test_only_files_named_after_a_run_are_journals(tmp_path):
    for name in (f"{RUN_ID}.journal", "notes.journal", ".journal", f"{RUN_ID}.journal.1.new"):
        (tmp_path / name).write_bytes(b"")

    found = journal.list_journals(str(tmp_path))

    assert [os.path.basename(path) for path in found] == [f"{RUN_ID}.journal"]

"""Protobuf messages without definitions, checksums, and the two framings of records."""

from __future__ import annotations

import os
import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.import_bytes import (
    BLOCK,
    block_log,
    exit_record,
    field,
    float32,
    history,
    run_record,
    tfrecords,
    varint,
)
from tui_tracker.importers.checksums import find_damaged, masked_crc32c
from tui_tracker.importers.framing import BlockLog, Damage, RecordFile
from tui_tracker.importers.wire import Message, WireError, read_fields, read_varint, signed


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_int64_comes_back(value):
    data = varint(value)

    assert signed(read_varint(data, 0)[0]) == value
    assert read_varint(data, 0)[1] == len(data)


def test_a_message_is_asked_for_its_fields_by_number():
    inner = field(1, "é") + field(2, -3)
    message = Message(field(1, 5) + field(3, inner) + field(1, 7) + field(4, 0.1) + float32(5, 0.5))

    assert message.integer(1) == 7  # the last one counts
    assert message.message(3).text(1) == "é"
    assert message.message(3).integer(2) == -3
    assert message.double(4) == 0.1
    assert message.floats(5) == [0.5]
    assert (message.integer(9), message.text(9), message.double(9)) == (0, "", 0.0)


def test_packed_and_single_numbers_are_the_same():
    packed = field(7, varint(1) + varint(300) + varint(-1))
    single = field(7, 1) + field(7, 300) + field(7, -1)

    assert Message(packed).integers(7) == Message(single).integers(7) == [1, 300, -1]


def test_a_field_of_another_wire_type_than_asked_for_counts_as_absent():
    message = Message(field(1, "text") + field(2, 5))

    assert message.integer(1) == 0
    assert message.text(2) == ""


@pytest.mark.parametrize(
    "data",
    [
        b"\x0a",  # a length is missing
        b"\x0a\x05ab",  # fewer bytes than it says
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",  # more than there is memory
        b"\x08" + b"\xff" * 11,  # a number without end
        b"\x09\x00",  # half a double
        b"\x0b",  # a group
        b"\x0e",  # no wire type at all
    ],
)
def test_what_is_no_message_is_told_as_such(data):
    with pytest.raises(WireError):
        Message(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_an_error(data):
    try:
        fields = list(read_fields(data))
    except WireError:
        return

    assert sum(len(value) for _, value in fields if isinstance(value, bytes)) <= len(data)


def test_checksums_are_those_of_the_standard():
    # RFC 3720: the checksum of "123456789" is 0xE3069283; masked as LevelDB does.
    crc = 0xE3069283

    assert masked_crc32c(b"123456789") == (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


@pytest.mark.parametrize("size", [0, 1, 45, 300])
@pytest.mark.parametrize("count", [1, 7, 8, 200])
def test_checksums_side_by_side_find_what_one_by_one_would(size, count):
    chance = random.Random(size * count)
    records = [chance.randbytes(size) for _ in range(count)]
    checksums = [struct.pack("<I", masked_crc32c(record)) for record in records]
    broken = sorted(chance.sample(range(count), count // 5))
    wrong = [
        bytes([one[0] ^ 1]) + one[1:] if number in broken else one
        for number, one in enumerate(checksums)
    ]

    assert find_damaged(records, checksums) == []
    assert find_damaged(records, wrong) == broken


# -- logs in blocks


def write(path, content):
    path.write_bytes(content)
    return path


def records_of(log):
    found = list(log.read())
    return [one for one in found if isinstance(one, bytes)], [
        one for one in found if isinstance(one, Damage)
    ]


SIZES = [1, 100, BLOCK - 21, BLOCK, 7, 3 * BLOCK, 5, 0x7F00, 40]


def some_records():
    chance = random.Random(1)
    return [chance.randbytes(size) for size in SIZES * 3]


def test_records_of_any_size_come_back_from_blocks(tmp_path):
    records = some_records()
    log = BlockLog(write(tmp_path / "log", block_log(records)))

    assert records_of(log) == (records, [])
    assert log.torn_bytes == 0


def test_a_log_cut_anywhere_gives_its_whole_records_and_then_goes_on(tmp_path):
    records = some_records()
    whole = block_log(records)
    chance = random.Random(2)
    path = tmp_path / "log"
    for cut in [7, 8, 13, 14, 15, *(chance.randrange(7, len(whole)) for _ in range(60))]:
        log = BlockLog(write(path, whole[:cut]))

        first, damaged = records_of(log)
        assert not damaged
        assert first == records[: len(first)]
        with path.open("ab") as file:
            file.write(whole[cut:])
        rest, damaged = records_of(log)
        assert not damaged
        assert first + rest == records, cut


def test_a_damaged_record_costs_itself_alone(tmp_path):
    records = [bytes([number]) * 50 for number in range(100)]
    content = bytearray(block_log(records))
    content[7 + 57 * 10 + 20] ^= 1  # within the eleventh record
    log = BlockLog(write(tmp_path / "log", bytes(content)))

    found, damaged = records_of(log)

    assert found == records[:10] + records[11:]
    assert [one.at for one in damaged] == [7 + 57 * 10]


def test_a_damaged_length_costs_its_record_alone(tmp_path):
    records = [bytes([number]) * 50 for number in range(100)]
    content = bytearray(block_log(records))
    content[7 + 57 * 10 + 5] = 0x7F
    log = BlockLog(write(tmp_path / "log", bytes(content)))

    found, damaged = records_of(log)

    assert found == records[:10] + records[11:]
    assert len(damaged) == 1


def test_a_lost_part_costs_its_record_alone(tmp_path):
    records = [b"a" * 10, b"b" * (2 * BLOCK), b"c" * 10]
    content = bytearray(block_log(records))
    content[BLOCK + 100] ^= 1  # the middle of the long one

    found, damaged = records_of(BlockLog(write(tmp_path / "log", bytes(content))))

    assert found == [records[0], records[2]]
    assert len(damaged) == 1


def test_checksums_of_leveldb_are_read_too(tmp_path):
    out = bytearray(b":W&B\xe1\xbe\0")
    for record in (b"one", b"two"):
        covered = b"\x01" + record
        out += struct.pack("<IH", masked_crc32c(covered), len(record)) + covered

    assert records_of(BlockLog(write(tmp_path / "log", bytes(out)))) == ([b"one", b"two"], [])


def test_a_log_that_was_replaced_or_cut_is_noticed(tmp_path):
    path = write(tmp_path / "log", block_log([run_record(), history(0, loss=1.0), exit_record()]))
    log = BlockLog(path)
    list(log.read())
    assert not log.was_replaced()

    os.truncate(path, 20)
    assert log.was_replaced()

    path.unlink()
    write(path, block_log([run_record("other"), *[history(1, loss=2.0)] * 9]))
    assert log.was_replaced()


# -- TFRecord files


def batches_of(file):
    records, damaged = [], []
    for one in file.read():
        if isinstance(one, Damage):
            damaged.append(one.at)
        else:
            records += [payload for _, payload in one]
    return records, damaged


def test_records_of_any_size_come_back_from_a_tfrecord_file(tmp_path):
    records = [*some_records(), b"", b"x" * (3 << 20), *[b"same"] * 100]
    file = RecordFile(write(tmp_path / "events", tfrecords(records)))

    assert batches_of(file) == (records, [])
    assert file.torn_bytes == 0


def test_a_tfrecord_file_cut_anywhere_gives_its_whole_records_and_then_goes_on(tmp_path):
    records = [bytes([number]) * (number * 7) for number in range(40)]
    whole = tfrecords(records)
    path = tmp_path / "events"
    for cut in range(0, len(whole), 41):
        file = RecordFile(write(path, whole[:cut]))

        first, damaged = batches_of(file)
        assert not damaged
        with path.open("ab") as opened:
            opened.write(whole[cut:])
        rest, damaged = batches_of(file)
        assert not damaged
        assert first + rest == records, cut


@pytest.mark.parametrize("place", [3, 9, 20, 62])
def test_a_damaged_tfrecord_costs_itself_alone(tmp_path, place):
    records = [bytes([number]) * 50 for number in range(100)]
    content = bytearray(tfrecords(records))
    content[66 * 10 + place] ^= 0x40

    found, damaged = batches_of(RecordFile(write(tmp_path / "events", bytes(content))))

    assert found == records[:10] + records[11:]
    assert damaged == [660]


@pytest.mark.parametrize("content", [b"\0" * (1 << 22), b"\xff" * (1 << 20), b"text\n" * 10_000])
def test_what_is_no_tfrecord_file_is_one_damaged_place(tmp_path, content):
    found, damaged = batches_of(RecordFile(write(tmp_path / "events", content)))

    assert (found, damaged) == ([], [0])


def test_a_length_beyond_the_file_is_waited_for_without_taking_memory(tmp_path):
    length = struct.pack("<Q", 1 << 40)
    head = length + struct.pack("<I", masked_crc32c(length))
    file = RecordFile(write(tmp_path / "events", tfrecords([b"one"]) + head + b"x" * 1000))

    assert batches_of(file) == ([b"one"], [])
    assert file.torn_bytes == 1012

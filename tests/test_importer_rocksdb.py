"""RocksDB folders and Snappy, read by our own means."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tests.rocksdb_files import batch, log, snappy, table, varint
from tui_tracker.importers.rocksdb import Contents, Folder, Unreadable
from tui_tracker.importers.snappy import NotSnappy, decompress


def read_folder(path: Path) -> Contents:
    return Folder(path).read()


@pytest.mark.parametrize(
    ("packed", "plain"),
    [
        (b"\x00", b""),
        (b"\x05\x10hello", b"hello"),
        (b"\x0a\x10hello" + bytes([1 << 2 | 1, 5]), b"hellohello"),
        (b"\x06\x00a" + bytes([4 << 2 | 2, 1, 0]), b"aaaaaa"),
        (b"\x07\x04ab" + bytes([4 << 2 | 3, 2, 0, 0, 0]), b"abababa"),
        (varint(100) + bytes([60 << 2, 99]) + b"x" * 100, b"x" * 100),
        (varint(300) + bytes([61 << 2]) + struct.pack("<H", 299) + b"y" * 300, b"y" * 300),
    ],
)
def test_snappy_is_undone(packed, plain):
    assert decompress(packed) == plain


@pytest.mark.parametrize(
    "packed",
    [
        b"\x05\x10hell",
        b"\x06\x10hello",
        b"\x05\x00a" + bytes([4 << 2 | 2, 9, 0]),
        b"\x05\x00a" + bytes([4 << 2 | 2, 0, 0]),
        varint(1 << 40) + b"\x00a",
        b"\xff" * 12,
        b"\x09\x00a\x02",
    ],
)
def test_damaged_snappy_is_told(packed):
    with pytest.raises((NotSnappy, IndexError)):
        decompress(packed)


def test_the_latest_write_of_a_log_counts(tmp_path):
    (tmp_path / "000003.log").write_bytes(
        log(
            batch(1, (1, b"a", b"old"), (1, b"b", b"x"), (1, b"c", b"y")),
            batch(4, (1, b"a", b"new"), (0, b"b", b""), (3, b"a note", b"")[:3]),
            batch(7, (1, b"e", b"z")),
        )
    )

    assert read_folder(tmp_path).items() == {b"a": b"new", b"c": b"y", b"e": b"z"}


def test_a_deleted_range_takes_what_was_before_it_and_not_what_came_after(tmp_path):
    (tmp_path / "000003.log").write_bytes(
        log(
            batch(1, *[(1, bytes([97 + one]), b"old") for one in range(6)]),
            batch(7, (15, b"b", b"e")),
            batch(8, (1, b"c", b"new")),
        )
    )

    assert read_folder(tmp_path).items() == {
        b"a": b"old",
        b"c": b"new",
        b"e": b"old",
        b"f": b"old",
    }


@pytest.mark.parametrize("compressed", [True, False])
def test_tables_and_logs_count_together(tmp_path, compressed):
    entries = [(f"key{one:03}".encode(), 1 + one, 1, b"v%d" % one) for one in range(95)]
    (tmp_path / "000001.sst").write_bytes(
        table(entries, [(b"key010", 200, b"key020")], compressed=compressed)
    )
    (tmp_path / "000002.log").write_bytes(
        log(batch(300, (1, b"key015", b"again"), (7, b"key000", b"")))
    )

    contents = read_folder(tmp_path)

    items = contents.items()
    assert not contents.problems
    assert items[b"key015"] == b"again"
    assert set(items) == {key for key, *_ in entries} - {b"key000"} - {
        f"key{one:03}".encode() for one in range(10, 20) if one != 15
    }


def test_a_record_larger_than_a_block_is_put_together(tmp_path):
    (tmp_path / "1.log").write_bytes(
        log(batch(1, (1, b"big", b"x" * 100_000)), batch(2, (1, b"small", b"y")))
    )

    items = read_folder(tmp_path).items()

    assert (len(items[b"big"]), items[b"small"]) == (100_000, b"y")


def test_a_torn_end_of_a_log_is_not_there_yet(tmp_path):
    data = log(batch(1, (1, b"a", b"x")), batch(2, (1, b"b", b"y")))
    for size in range(len(data)):
        (tmp_path / "1.log").write_bytes(data[:size])

        contents = read_folder(tmp_path)

        assert not contents.problems
        assert set(contents.items()) <= {b"a"}


def test_a_damaged_record_is_told_and_what_was_before_it_is_kept(tmp_path):
    first = log(batch(1, (1, b"a", b"x")))
    data = bytearray(log(batch(1, (1, b"a", b"x")), batch(2, (1, b"b", b"y"))))
    data[len(first) + 15] ^= 1
    (tmp_path / "1.log").write_bytes(data)

    contents = read_folder(tmp_path)

    assert set(contents.items()) == {b"a"}
    assert f"byte {len(first)}" in contents.problems[0][1]


def test_no_flipped_or_missing_byte_of_a_table_goes_unnoticed_or_raises(tmp_path):
    entries = [(f"key{one:03}".encode(), 1 + one, 1, b"v%d" % one) for one in range(25)]
    sound = table(entries)
    path = tmp_path / "1.sst"
    path.write_bytes(sound)
    whole = read_folder(tmp_path).items()
    for place in range(0, len(sound), 3):
        broken = bytearray(sound)
        broken[place] ^= 1 << place % 8
        path.write_bytes(broken)
        contents = read_folder(tmp_path)
        assert contents.problems or contents.items() == whole
        path.write_bytes(sound[:place])
        assert read_folder(tmp_path).problems


def test_hostile_ranges_are_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr("tui_tracker.importers.rocksdb._MOST_STEPS", 50)
    operations = [(1, bytes([one]), b"") for one in range(20)]
    operations += [(15, b"\0", b"\xff")] * 10
    (tmp_path / "1.log").write_bytes(log(batch(1, *operations)))

    contents = read_folder(tmp_path)

    with pytest.raises(Unreadable):
        contents.items()


def test_compressed_blocks_are_as_the_plain_ones():
    data = bytes(range(256)) * 10

    assert decompress(snappy(data)) == data


def test_a_log_is_read_on_from_where_it_was_read_to(tmp_path, monkeypatch):
    records = [batch(1 + one, (1, b"key%d" % one, b"x" * 700)) for one in range(200)]
    folder = Folder(tmp_path)
    taken = []
    monkeypatch.setattr(Contents, "put", lambda _, key, *__: taken.append(key))
    for count in (1, 50, 51, 120, 200):
        (tmp_path / "1.log").write_bytes(log(*records[:count]))
        folder.read()

    assert taken == [b"key%d" % one for one in range(200)]


def test_a_table_is_read_once(tmp_path, monkeypatch):
    (tmp_path / "1.sst").write_bytes(table([(b"a", 1, 1, b"x")]))
    folder = Folder(tmp_path)
    assert folder.read().items() == {b"a": b"x"}
    monkeypatch.setattr(type(tmp_path), "read_bytes", None)

    assert folder.read().items() == {b"a": b"x"}

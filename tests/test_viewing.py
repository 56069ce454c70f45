"""Files read for a terminal: what they are, lines, tables, arrays, and what is refused."""

from __future__ import annotations

import csv
import io
import json
import os
import pickle
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tui_tracker.viewing import Unreadable, look_at, stored_file
from tui_tracker.viewing.arrays import read_arrays
from tui_tracker.viewing.dump import hex_lines
from tui_tracker.viewing.kinds import what_is
from tui_tracker.viewing.lines import LONGEST, TextFile
from tui_tracker.viewing.pretty import coloured, pretty_json
from tui_tracker.viewing.summary import summary_facts
from tui_tracker.viewing.tables import delimiter_of, open_table, type_of


@pytest.fixture
def opened(tmp_path: Path):
    """Write a file and open it: as a table where its name says so, else as text."""
    sources = []

    def open_it(name: str, text: str | bytes):
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        kinds = {".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl"}
        kind = kinds.get(path.suffix)
        sources.append(open_table(str(path), name, kind) if kind else TextFile(str(path)))
        return sources[-1]

    yield open_it
    for source in sources:
        source.close()


quick = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize(
    ("head", "name", "kind", "words"),
    [
        (b"", "a.csv", "empty", "empty file"),
        (b"\x89PNG\r\n\x1a\n....", "x", "image", "PNG image"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "x", "image", "WebP image"),
        (b"BMW is a car", "cars.txt", "text", "text"),
        (b"PAR1....", "x.parquet", "parquet", "Parquet table"),
        (b"\x93NUMPY\1\0", "x.bin", "npy", "NumPy array"),
        (b"PK\3\4", "x.npz", "npz", "NumPy arrays"),
        (b"PK\3\4", "model.pt", "binary", "PyTorch file, which is never opened"),
        (b"\x80\4\x95", "x.dat", "binary", "pickle, which is never opened"),
        (b"SQLite format 3\0", "x", "binary", "SQLite database"),
        (b"\0\1\2", "x.txt", "binary", "binary file"),
        (b'{"a": 1}', "x.json", "json", "JSON"),
        (b"a,b\n", "x.csv", "csv", "table of text"),
        ("caf\u00e9\n".encode(), "README", "text", "text"),
    ],
)
def test_a_file_is_known_by_its_first_bytes_before_its_name(head, name, kind, words):
    assert what_is(head, name) == (kind, words)


def test_a_file_is_found_by_its_hash_alone(tmp_path: Path):
    digest = "ab" * 32
    place = tmp_path / "artifacts" / "ab" / digest
    place.parent.mkdir(parents=True)
    place.write_text("x")

    assert stored_file(str(tmp_path), digest, copied=True) == str(place)
    for sha256, copied, words in (
        (digest, False, "only the name"),
        (None, True, "only the name"),
        ("../../etc/passwd", True, "no hash"),
        ("cd" * 32, True, "copy of this file is gone"),
    ):
        with pytest.raises(Unreadable, match=words):
            stored_file(str(tmp_path), sha256, copied=copied)


def test_a_link_in_the_place_of_a_file_is_not_followed(tmp_path: Path):
    digest = "ab" * 32
    place = tmp_path / "artifacts" / "ab" / digest
    place.parent.mkdir(parents=True)
    place.symlink_to("/etc/passwd")

    with pytest.raises(Unreadable, match="no regular file"):
        stored_file(str(tmp_path), digest, copied=True)


# Lines.

Lines = st.lists(
    st.one_of(
        st.text("aé模\t ", max_size=30),
        st.integers(LONGEST - 2, 3 * LONGEST).map(lambda n: "aé模"[n % 3] * n),
    ),
    max_size=60,
)


@quick
@given(Lines, st.integers(1, 40), st.booleans())
def test_lines_are_those_of_the_file_and_long_ones_come_in_pieces(tmp_path, lines, step, counted):
    path = tmp_path / "text"
    path.write_text("".join(f"{line}\n" for line in lines))
    text = TextFile(str(path))
    if counted:
        text.index(None)

    pieces = []
    while found := text.read(len(pieces), step):
        pieces += found

    whole: list[str] = []
    for piece in pieces:
        assert len(piece.text.encode()) <= LONGEST
        if piece.number is None:
            whole[-1] += piece.text
        else:
            whole.append(piece.text)
            assert piece.number == len(whole)
    assert whole == lines
    assert text.complete
    assert text.count == len(pieces)
    text.close()


@quick
@given(st.lists(st.text("abé", max_size=8), max_size=300), st.text("abé", min_size=1, max_size=2))
def test_a_search_finds_the_next_line_and_the_one_before(tmp_path, lines, wanted):
    path = tmp_path / "text"
    path.write_text("".join(f"{line}\n" for line in lines))
    text = TextFile(str(path))
    places = [number for number, line in enumerate(lines) if wanted in line]

    for start in {0, len(lines) // 2, len(lines)}:
        assert text.find(wanted, start) == next((n for n in places if n >= start), None)
        before = [n for n in places if n < start]
        assert text.find(wanted, start, back=True) == (before[-1] if before else None)
    text.close()


def test_a_text_of_any_size_is_read_where_it_is_looked_at(tmp_path: Path, monkeypatch):
    path = tmp_path / "long"
    path.write_text("one line of words\n" * 200_000)
    text = TextFile(str(path))
    taken = 0
    read = text._file.read

    class Counting:
        def __getattr__(self, name):
            return getattr(text_file, name)

        def read(self, size):
            nonlocal taken
            data = read(size)
            taken += len(data)
            return data

    text_file = text._file
    monkeypatch.setattr(text, "_file", Counting())

    text.read(0, 50)
    assert taken < 3_000_000
    assert not text.complete
    text.index(None)
    taken = 0
    assert text.read(150_000, 1)[0].number == 150_001
    assert taken <= 1 << 20
    text_file.close()


def test_case_counts_in_a_search_only_where_it_has_capitals(opened):
    text = opened("text", "Loss\nloss\n")

    assert (text.find("loss", 0), text.find("Loss", 0), text.find("Loss", 1)) == (0, 0, None)


def test_counting_stops_when_it_is_not_wanted_any_more(opened):
    text = opened("text", "x\n" * 2_000_000)

    assert text.index(None, lambda: True) is False
    assert not text.complete


def test_bytes_that_are_no_text_are_shown_as_such(opened):
    text = opened("text", b"a\xff\xfeb\r\nlast")

    assert [line.text for line in text.read(0, 9)] == ["a\ufffd\ufffdb", "last"]


# Tables.

Cells = st.lists(
    st.lists(st.text('ab,"\n é1', max_size=5).map(str.strip), min_size=2, max_size=4),
    min_size=1,
    max_size=300,
)


@quick
@given(Cells)
def test_rows_of_a_csv_are_those_that_python_reads(tmp_path, rows):
    path = tmp_path / "table.csv"
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([["name", "note"], *rows])
    path.write_text(out.getvalue())
    expected = [row for row in csv.reader(io.StringIO(out.getvalue())) if row][1:]

    table = open_table(str(path), "table.csv", "csv")
    table.index(None)

    assert table.count == len(expected)
    for first in (0, len(expected) // 2, len(expected)):
        assert table.rows(first, 10) == expected[first : first + 10]
    table.close()


def test_columns_have_names_and_types(opened):
    head = "id,p,ok,when,text,none\n"
    table = opened("t.csv", f"{head}1,0.5,true,2026-11-01,a,\n2,nan,False,2026-11-02,3,\n")

    assert [(column.name, column.type) for column in table.columns] == [
        ("id", "int"),
        ("p", "float"),
        ("ok", "bool"),
        ("when", "date"),
        ("text", "text"),
        ("none", "empty"),
    ]


def test_a_table_without_names_counts_its_columns(opened):
    table = opened("t.tsv", "1\t2\n3\t4\n")

    assert [column.name for column in table.columns] == ["column 1", "column 2"]
    assert table.rows(0, 9) == [["1", "2"], ["3", "4"]]


def test_a_row_of_many_columns_is_one_row(opened):
    names = ",".join(f"feature_{number}" for number in range(300))
    rows = [",".join(f"{row}.{number}" for number in range(300)) for row in range(300)]
    table = opened("wide.csv", "\n".join([names, *rows]) + "\n")
    table.index(None)

    assert (table.count, len(table.columns), table.note) == (300, 300, "")
    assert [row[-1] for row in table.rows(297, 9)] == ["297.299", "298.299", "299.299"]


def test_a_long_line_of_json_is_one_row(opened):
    line = json.dumps({"text": "a word " * 1000, "n": 1})
    table = opened("long.jsonl", f"{line}\n{line}\n")

    assert table.note == ""
    assert [row[1] for row in table.rows(0, 9)] == ["1", "1"]


def test_a_mark_of_the_byte_order_is_no_part_of_the_first_name(opened):
    table = opened("excel.csv", "\ufeffstep;loss\n1;0.5\n")
    text = opened("excel.txt", "\ufeffone\ntwo\n")

    assert [(column.name, column.type) for column in table.columns] == [
        ("step", "int"),
        ("loss", "float"),
    ]
    assert [line.text for line in text.read(0, 9)] == ["one", "two"]


def test_a_line_that_comes_in_pieces_is_counted_once(opened):
    text = opened("long.txt", "x" * 5000 + "\nshort\nno end")
    text.index(None)

    assert (text.lines, text.count) == (3, 7)


def test_odd_rows_are_told_and_shown(opened):
    table = opened("t.csv", "a,b\n1,2\n3\n4,5,6\n")

    assert table.note == "2 of the first 3 rows have more or fewer values than names"
    assert table.rows(1, 2) == [["3"], ["4", "5", "6"]]


def test_what_stands_between_values_is_found_out():
    assert delimiter_of(["a;b,c", "1;2", "3;4"]) == ";"
    assert delimiter_of([]) == ","
    assert type_of(["1", "2.5"]) == "float"
    assert type_of(["1", "x"]) == "text"


def test_json_lines_are_a_table_of_their_keys(opened):
    records = [{"step": n, "text": "x"} for n in range(300)]
    lines = [*map(json.dumps, records), "no json", "[1, 2]", '{"step": null, "more": {"a": 1}}']
    table = opened("t.jsonl", "\n".join(lines) + "\n")
    table.index(None)

    assert [column.name for column in table.columns] == ["step", "text", "line", "value", "more"]
    assert table.count == 303
    assert table.rows(299, 9) == [
        ["299", "x", "", "", ""],
        ["", "", "no json", "", ""],
        ["", "", "", "[1, 2]", ""],
        ["", "", "", "", '{"a": 1}'],
    ]
    assert "no JSON" in table.note


def test_of_a_parquet_file_only_the_row_groups_in_view_are_read(tmp_path: Path):
    path = tmp_path / "t.parquet"
    pd.DataFrame({"x": range(1000), "s": ["t"] * 1000}).to_parquet(path, row_group_size=100)

    table = open_table(str(path), "t.parquet", "parquet")

    assert table.count == 1000
    assert [(column.name, column.type) for column in table.columns] == [("x", "int"), ("s", "text")]
    assert table.rows(198, 4) == [["198", "t"], ["199", "t"], ["200", "t"], ["201", "t"]]
    table.close()


def test_a_damaged_parquet_file_is_told_in_a_sentence(tmp_path: Path):
    path = tmp_path / "t.parquet"
    path.write_bytes(b"PAR1 nothing of the kind PAR1")

    with pytest.raises(Unreadable, match="damaged"):
        open_table(str(path), "t.parquet", "parquet")


# Arrays.


def facts_of(path: Path) -> dict[str, str]:
    return dict(summary_facts(look_at(str(path), path.name)))


def test_an_array_is_told_by_its_head_and_its_ends(tmp_path: Path):
    path = tmp_path / "a.npy"
    np.save(path, np.arange(100, dtype="<f4").reshape(10, 10))

    facts = facts_of(path)

    assert (facts["shape"], facts["values"], facts["type"]) == ("10 x 10", "100", "float32")
    assert facts["first"].startswith("0  1.000  2.000")
    assert facts["last"].endswith("98.00  99.00")


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((2, 3), dtype=">i2"), "int16, big-endian"),
        (np.array([True]), "bool"),
        (np.array(["abc"]), "text of 3 letters"),
        (np.zeros(2, dtype="c16"), "complex128"),
        (np.zeros(2, dtype=[("a", "i4"), ("b", "f8")]), "records of 2 fields"),
        (np.array("2026-11-01", dtype="M8[D]"), "datetime64[D]"),
    ],
)
def test_types_of_arrays_are_told_in_words(tmp_path: Path, array, words):
    path = tmp_path / "a.npy"
    np.save(path, array)

    assert facts_of(path)["type"] in (words, words.replace("datetime64[D]", "<M8[D]"))


class Bomb:
    """Leaves a file behind wherever it is unpickled."""

    def __reduce__(self):
        return (os.mkdir, ("unpickled",))


def test_objects_of_an_array_are_never_unpickled(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.npy"
    np.save(path, np.array([Bomb()], dtype=object), allow_pickle=True)
    (tmp_path / "p.pkl").write_bytes(pickle.dumps(Bomb()))

    facts = facts_of(path)
    other = facts_of(tmp_path / "p.pkl")

    assert facts["type"] == "object"
    assert "never opened" in facts["note"]
    assert other["what"] == "pickle, which is never opened"
    assert not (tmp_path / "unpickled").exists()


def test_the_arrays_of_an_archive_are_told_by_name(tmp_path: Path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, one=np.arange(3), two=np.eye(2))

    found = read_arrays(str(path), packed=True)

    assert [(array.name, array.shape, array.first) for array in found] == [
        ("one", (3,), (0, 1, 2)),
        ("two", (2, 2), (1.0, 0.0, 0.0, 1.0)),
    ]


@pytest.mark.parametrize(
    "head",
    [
        b"\x93NUMPY",
        b"\x93NUMPY\1\0\xff\xff{}",
        b"\x93NUMPY\2\0\xff\xff\xff\x7f",
        b"\x93NUMPY\1\0\2\0{}",
        b"\x93NUMPY\1\0\x07\0__impor",
        b"\x93NUMPY\1\0" + (200).to_bytes(2, "little") + b"[" * 200,
    ],
)
def test_a_damaged_array_is_told_in_a_sentence(tmp_path: Path, head: bytes):
    path = tmp_path / "a.npy"
    path.write_bytes(head)

    with pytest.raises(Unreadable, match="damaged"):
        read_arrays(str(path), packed=False)


def test_an_array_that_was_cut_says_by_how_much(tmp_path: Path):
    path = tmp_path / "a.npy"
    np.save(path, np.zeros(1000))
    path.write_bytes(path.read_bytes()[:-3000])

    assert facts_of(path)["note"] == "the file ends 3.0 kB too soon"


@quick
@given(st.binary(max_size=300))
def test_any_bytes_are_an_array_or_damaged(tmp_path, data):
    path = tmp_path / "a.npy"
    path.write_bytes(b"\x93NUMPY\1\0" + data)
    packed = tmp_path / "a.npz"
    packed.write_bytes(b"PK\3\4" + data)

    for file in (path, packed):
        with suppress(Unreadable):
            read_arrays(str(file), packed=file is packed)


# The rest.


def test_json_is_laid_out_and_what_is_none_says_why(tmp_path: Path):
    good, bad = tmp_path / "a.json", tmp_path / "b.json"
    good.write_text('{"a":[1,{"b":"é"}]}')
    bad.write_text('{"a": ')

    lines = pretty_json(str(good), 20)

    assert [line.text for line in lines.read(0, 99)][3:6] == ["    {", '      "b": "é"', "    }"]
    assert lines.find("é", 0) == 4
    assert lines.find("a", 99, back=True) == 1
    for path, size, words in ((bad, 6, "no JSON"), (good, 1 << 30, "too large")):
        with pytest.raises(Unreadable, match=words):
            pretty_json(str(path), size)
    (tmp_path / "deep.json").write_text("[" * 100_000)
    with pytest.raises(Unreadable, match=r"too deeply|no JSON"):
        pretty_json(str(tmp_path / "deep.json"), 100_000)


def test_keys_sections_and_comments_of_settings_have_parts_of_their_own():
    assert coloured("# note") == [("# note", "comment")]
    assert coloured("[tool.x]") == [("[tool.x]", "section")]
    assert coloured('  "a": 1,') == [("  ", ""), ('"a"', "key"), (": 1,", "")]
    assert coloured("lr = 0.1") == [("", ""), ("lr", "key"), (" = 0.1", "")]
    assert coloured("- x") == [("- x", "")]


def test_bytes_are_told_with_the_letters_that_they_may_be():
    assert hex_lines(b"AB\x00" + b"z" * 14)[0] == (
        "00000000",
        "41 42 00 7a 7a 7a 7a 7a  7a 7a 7a 7a 7a 7a 7a 7a ",
        "AB·zzzzzzzzzzzzz",
    )

"""Splits: read, hashed, kept and checked; made so that they can be made again."""

from __future__ import annotations

import datetime
import json
import math
import pickle
import random
import subprocess
import sys
from array import array
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tui_tracker as tt
from tui_tracker.capture import splits, splitting
from tui_tracker.capture.split_format import read_split, write_split
from tui_tracker.capture.splits import Unreadable, read_roles, read_rows
from tui_tracker.errors import InvalidArgument


def rows(values: object) -> list[object]:
    return list(read_rows("train", values))


# -- reading


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([3, 1, 2], [3, 1, 2]),
        ((3, 1), [3, 1]),
        (range(2), [0, 1]),
        ({2, 1}, [1, 2]),
        ([True, False, True], [0, 2]),
        (["p1", "p2"], ["p1", "p2"]),
        ([1, "p2"], ["1", "p2"]),
        ([], []),
        ([2**70], [str(2**70)]),
        (array("i", [5, 6]), [5, 6]),
    ],
)
def test_rows_are_numbers_masks_or_ids(values, wanted):
    assert rows(values) == wanted


def test_rows_of_numpy_pandas_polars_and_arrow_are_read():
    np, pd = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    pl, pa = pytest.importorskip("polars"), pytest.importorskip("pyarrow")

    for values in (
        *(np.array([0, 2], np.uint8), np.array([True, False, True]), np.array([0, 2], "U1")),
        *(pd.Series([0, 2]), pd.Series([True, False, True]), pd.Index([0, 2])),
        *(pd.DataFrame({"a": "xy"}, index=[0, 2]), pl.Series([0, 2]), pa.array([0, 2])),
        *([np.int64(0), np.int32(2)], [np.True_, np.False_, np.True_], np.arange(4)[::2]),
    ):
        assert [int(row) for row in rows(values)] == [0, 2]  # type: ignore[call-overload]


@pytest.mark.parametrize("values", [5, "train", {"a": 1}, [0.5, 1.5], [[1], [2]], object(), [None]])
def test_what_holds_no_rows_is_refused_with_the_reason(values):
    if values == [None]:
        assert rows(values) == ["None"]
        return
    with pytest.raises(Unreadable, match="train"):
        rows(values)


def test_a_table_of_features_is_refused_for_its_shape():
    np = pytest.importorskip("numpy")

    with pytest.raises(Unreadable, match=r"train has the shape \(10, 4\)"):
        rows(np.zeros((10, 4)))


def test_roles_come_in_the_order_of_time_and_ids_make_all_roles_ids():
    roles = read_roles({"test": ["a"], "extra": [], "train": [1, 2]})

    assert list(roles.items()) == [("train", ["1", "2"]), ("test", ["a"]), ("extra", [])]


# -- the hash


def test_the_hash_is_that_of_names_counts_and_little_endian_rows():
    import hashlib
    import struct

    roles = read_roles({"train": [3, 1], "test": [2]})

    wanted = b"test\0001\0" + struct.pack("<q", 2) + b"train\0002\0" + struct.pack("<2q", 3, 1)
    assert splits.hash_roles(roles) == f"sha256:{hashlib.sha256(wanted).hexdigest()}"


def test_order_changes_the_hash_and_not_the_members():
    one, other = read_roles({"train": [1, 2]}), read_roles({"train": [2, 1]})
    ids = read_roles({"train": ["1", "2"]}), read_roles({"train": ["12"]})

    assert splits.hash_roles(one) != splits.hash_roles(other)
    assert splits.hash_roles(one, ordered=False) == splits.hash_roles(other, ordered=False)
    assert len({splits.hash_roles(roles) for roles in (one, *ids)}) == 3


# -- the file


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=4),
        st.lists(st.integers(-5, 40) | st.integers(-(2**63), 2**63 - 1), max_size=30),
        min_size=1,
        max_size=6,
    )
)
def test_any_rows_come_back_as_they_were(given_roles):
    roles = read_roles(given_roles)

    assert read_split(write_split(roles)) == {role: list(each) for role, each in roles.items()}


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=200), st.booleans())
def test_rows_that_part_a_table_come_back_as_they_were(labels, gaps):
    roles: dict[str, list[int]] = {}
    for row, label in enumerate(labels):
        if label or not gaps:
            roles.setdefault(f"role{label}", []).append(row)
    read = read_roles(roles or {"train": []})

    assert read_split(write_split(read)) == {role: list(each) for role, each in read.items()}


def test_ids_come_back_as_they_were():
    roles = read_roles({"train": ["pätient", "\ud800"], "test": []})

    assert read_split(write_split(roles)) == {"train": ["pätient", "\ud800"], "test": []}


def test_a_million_rows_take_a_quarter_of_a_megabyte():
    source = random.Random(0)
    roles: dict[str, list[int]] = {"train": [], "val": [], "test": [], "calibration": []}
    names = list(roles)
    for row, byte in enumerate(source.randbytes(1_000_000)):
        roles[names[byte & 3]].append(row)

    written = write_split(read_roles(roles))

    assert len(written) < 252_000
    assert read_split(written) == roles


def test_the_file_explains_itself_in_its_first_line(tmp_path):
    path = tmp_path / "split"
    path.write_bytes(write_split(read_roles({"train": [0, 2], "test": [1]})))

    head = json.loads(path.read_bytes().split(b"\n")[0])

    assert head["n"] == {"train": 2, "test": 1}
    assert (head["body"], head["bits"], head["rows"], head["first"]) == ("codes", 1, 3, 0)
    assert tt.read_split(path) == {"train": [0, 2], "test": [1]}


@pytest.mark.parametrize("damage", [b"", b"{}\n", b"x", b'{"format": "tui_tracker split 9"}\nx'])
def test_what_is_no_split_is_refused_in_one_sentence(damage):
    with pytest.raises(InvalidArgument, match="this is no split that can be read"):
        tt.read_split(damage)


def test_a_split_that_was_cut_off_is_refused():
    written = write_split(read_roles({"train": list(range(0, 999, 2)), "test": [1, 7, 3]}))
    for end in range(len(written) - 1, 0, -7):
        with pytest.raises(InvalidArgument):
            read_split(written[:end])


# -- checks


def test_planted_overlap_and_duplicates_are_found():
    roles = read_roles({"train": [1, 2, 2, 3], "val": [4], "test": [3, 4, 5]})

    assert splits.find_overlap(roles) == {"train/test": 1, "val/test": 1}
    assert splits.find_duplicates(roles) == {"train": 1}


def test_many_rows_are_checked_in_sorted_arrays(monkeypatch):
    pytest.importorskip("numpy")
    monkeypatch.setattr(splits, "_MANY", 2)
    roles = read_roles({"train": [1, 2, 2, 3], "val": [], "test": [3, 4, 5]})

    assert splits.find_overlap(roles) == {"train/test": 1}
    assert splits.find_duplicates(roles) == {"train": 1}


def test_a_planted_group_leak_is_found_and_a_missing_group_is_none():
    roles = read_roles({"train": [0, 1], "test": [2, 3]})

    assert splits.find_group_leak(roles, ["a", "b", "b", "c"]) == {"train/test": 1}
    assert splits.find_group_leak(roles, ["a", None, math.nan, "c"]) == {}
    by_id = read_roles({"train": ["x"], "test": ["y"]})
    assert splits.find_group_leak(by_id, {"x": 1, "y": 1}) == {"train/test": 1}
    assert splits.find_group_leak(by_id, {"train": [1], "test": [2]}) == {}


def test_a_planted_time_leak_is_found():
    roles = read_roles({"train": [0, 1], "val": [2], "test": [3]})
    days = [datetime.date(2026, 1, day) for day in (1, 9, 5, 7)]

    assert splits.find_time_leak(roles, days) == {"train/val": 1, "train/test": 1}
    assert splits.find_time_leak(roles, [1, 2, 2, 2]) == {}
    assert splits.find_time_leak(roles, [1, math.nan, 2, 3]) == {}


def test_times_of_numpy_and_pandas_are_compared_and_missing_ones_passed_over():
    np, pd = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    roles = read_roles({"train": [0, 1], "test": [2]})
    late = np.array(["2026-01-01", "2026-01-09", "2026-01-05"], "M8[s]")
    missing = np.array(["2026-01-01", "NaT", "2026-01-05"], "M8[ns]")

    for times in (late, pd.Series(late), pd.Series(late).dt.tz_localize("Europe/Berlin")):
        assert splits.find_time_leak(roles, times) == {"train/test": 1}
    for times in (missing, pd.Series(missing), pd.Series(missing).dt.tz_localize("UTC")):
        assert splits.find_time_leak(roles, times) == {}


@pytest.mark.parametrize("values", [5, "name", ["a"], object()])
def test_groups_that_do_not_fit_the_rows_are_refused(values):
    with pytest.raises(Unreadable):
        splits.find_group_leak(read_roles({"train": [0], "test": [1]}), values)


def test_times_that_cannot_be_compared_are_refused():
    with pytest.raises(Unreadable, match="times cannot be compared"):
        splits.find_time_leak(read_roles({"train": [0], "test": [1]}), ["a", 1])


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 300), st.integers(0, 2**32), st.randoms(use_true_random=False))
def test_no_clean_random_split_raises_an_alarm(n, seed, source):
    order = list(range(n))
    source.shuffle(order)
    cut, further = sorted((source.randint(1, n - 1), source.randint(1, n)))
    roles = read_roles({"train": order[:cut], "val": order[cut:further], "test": order[further:]})
    made = read_roles(splitting.make_split(n, test=0.3, val=0.0, seed=seed))
    groups = {row: role for role, each in roles.items() for row in each}
    times = {row: "train val test".split().index(role) for row, role in groups.items()}

    for each in (roles, made):
        assert splits.find_overlap(each) == {}
        assert splits.find_duplicates(each) == {}
    assert splits.find_group_leak(roles, [groups[row] for row in range(n)]) == {}
    assert splits.find_time_leak(roles, [times[row] for row in range(n)]) == {}


# -- tt.split


def make(n: int = 100, **options: Any) -> dict[str, Any]:
    shares = {"test": 0.2, "val": 0.0, "seed": 0}
    return splitting.make_split(n, **{**shares, **options})


def test_a_split_is_the_same_everywhere():
    made = make(20, test=0.25, val=0.1)

    # Written down once: another machine, another Python or another numpy must give these.
    assert made == {
        "train": [0, 2, 4, 5, 8, 9, 10, 11, 13, 15, 16, 17, 18],
        "val": [3, 12],
        "test": [1, 6, 7, 14, 19],
    }


def test_a_process_without_numpy_makes_the_same_split():
    script = (
        "import sys; from tui_tracker.capture import splitting as s;"
        "print(s.make_split(1000, test=.2, val=.1, seed=7), 'numpy' in sys.modules)"
    )
    pytest.importorskip("numpy")

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == f"{make(1000, test=0.2, val=0.1, seed=7)} False"


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 200), st.integers(0, 9), st.floats(0.05, 0.5), st.floats(0, 0.4))
def test_each_row_is_in_one_role_and_shares_are_kept(n, seed, test, val):
    try:
        made = make(n, test=test, val=val, seed=seed)
    except InvalidArgument:
        return
    assert sorted(row for each in made.values() for row in each) == list(range(n))
    assert abs(len(made["test"]) - n * test) <= 1


def test_who_asks_for_val_alone_gets_no_test_rows():
    found = tt.split(100, val=0.25, seed=0, log=False)

    assert {role: len(found[role]) for role in ("train", "val")} == {"train": 75, "val": 25}
    assert "test" not in found.keys()  # noqa: SIM118


def test_rows_that_were_added_leave_the_keys_of_the_others_alone():
    first = splitting.order_rows(50, 3)

    assert [row for row in splitting.order_rows(80, 3) if row < 50] == first


def test_classes_keep_their_shares():
    labels = ["a"] * 70 + ["b"] * 20 + ["c"] * 10
    made = make(100, test=0.2, val=0.1, stratify=labels)

    counts = {role: [sum(labels[r] == c for r in made[role]) for c in "abc"] for role in made}
    assert counts == {"train": [49, 14, 7], "val": [7, 2, 1], "test": [14, 4, 2]}


def test_groups_stay_together():
    groups = [row // 7 for row in range(210)]
    made = make(210, test=0.2, val=0.2, groups=groups)

    assert splits.find_group_leak(read_roles(made), groups) == {}
    assert abs(len(made["test"]) - 42) <= 7


def test_the_latest_rows_are_the_test_and_one_moment_stays_together():
    times = [row // 3 for row in range(30)]
    random.Random(0).shuffle(times)
    made = make(30, test=0.2, val=0.2, time=times)

    assert splits.find_time_leak(read_roles(made), times) == {}
    assert max(times[r] for r in made["train"]) < min(times[r] for r in made["val"])
    assert max(times[r] for r in made["val"]) < min(times[r] for r in made["test"])


def test_folds_part_the_rows():
    folds = splitting.make_folds(11, 3, seed=0)

    assert sorted(row for _, val in folds for row in val) == list(range(11))
    assert all(sorted([*train, *val]) == list(range(11)) for train, val in folds)
    assert sorted(len(val) for _, val in folds) == [3, 4, 4]


def test_folds_keep_classes_groups_and_times():
    labels = ["a"] * 9 + ["b"] * 6
    groups = [row // 3 for row in range(15)]
    by_class = splitting.make_folds(15, 3, seed=0, stratify=labels)
    by_group = splitting.make_folds(15, 5, seed=0, groups=groups)
    by_time = splitting.make_folds(15, 4, seed=None, time=list(range(15)))

    assert all(sum(labels[r] == "a" for r in val) == 3 for _, val in by_class)
    assert all(len({groups[r] for r in val}) == 1 for _, val in by_group)
    assert by_time[0] == ([0, 1, 2], [3, 4, 5])
    assert all(max(train) < min(val) for train, val in by_time)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"rows": 10}, "needs a seed"),
        ({"rows": 1, "seed": 0}, "at least 2"),
        ({"rows": None, "seed": 0}, "takes a number of rows or data"),
        ({"rows": 10, "seed": 0, "test": 1.0}, "no share"),
        ({"rows": 10, "seed": 0, "test": 10}, "no row of 10 to train on"),
        ({"rows": 10, "seed": 0, "test": -1}, "below 1 or a number"),
        ({"rows": 10, "seed": 0, "test": True}, "below 1 or a number"),
        ({"rows": 10, "seed": 0, "val": math.nan}, "below 1 or a number"),
        ({"rows": 10, "seed": 0, "stratify": [1]}, "has 1 values for 10 rows"),
        ({"rows": 2, "seed": 0, "groups": [1, 1]}, "no row is left for train"),
        ({"rows": 2, "seed": 0, "groups": [1, None]}, "missing in 1 rows"),
        ({"rows": 2, "seed": 0, "groups": "column"}, "has no column 'column'"),
        ({"rows": 2, "seed": 0, "groups": [1, 2], "time": [1, 2]}, "do not go together"),
        ({"rows": 2, "time": ["a", 1]}, "cannot be put in order"),
        ({"rows": 4, "time": [1, 1, 1, 1]}, "no row is left for train"),
        ({"rows": 4, "seed": 0, "folds": 9}, "at most one a row"),
        ({"rows": 4, "seed": 0, "folds": 3, "groups": [1, 1, 2, 2]}, "too few for 3 folds"),
        ({"rows": 4, "seed": 0, "folds": 2, "val": 0.5}, "set the test rows aside first"),
        ({"rows": 4, "seed": 0, "stratify": [[1], [2], [3], [4]]}, "stratify"),
    ],
)
def test_a_split_that_cannot_be_made_says_why(arguments, words):
    with pytest.raises(InvalidArgument, match=words):
        tt.split(arguments.pop("rows"), log=False, **arguments)


def test_a_split_is_taken_apart_or_asked_by_role():
    made = tt.split(10, val=0.2, test=0.2, seed=0, log=False)
    train, val, test = made

    assert list(made["test"]) == list(test) == list(made.test)
    assert list(dict(**made)) == ["train", "val", "test"]
    assert [len(each) for each in (train, val, test)] == [6, 2, 2]
    assert repr(made) == "Split(train=6 rows, val=2 rows, test=2 rows)"
    assert list(pickle.loads(pickle.dumps(made))["val"]) == list(val)
    with pytest.raises(AttributeError):
        _ = made.nothing
    with pytest.raises(KeyError):
        _ = made["nothing"]


def test_columns_may_be_named():
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame({"patient": [1, 1, 2, 2, 3, 3], "x": range(6)})

    train, test = tt.split(table, test=0.34, groups="patient", seed=0, log=False)

    assert not set(table.patient[train]) & set(table.patient[test])

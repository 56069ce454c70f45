"""The run that a training script holds: what it takes, what it says, what comes back."""

from __future__ import annotations

import math
import sqlite3
import threading
import warnings
from pathlib import Path

import pytest
from processes import look, points, the_run

import tui_tracker as tt
from tui_tracker import queries
from tui_tracker.errors import InvalidArgument, NotFound, RunIsLive, TrackerError
from tui_tracker.store import Store

NAMES = [
    "",
    " ",
    ".",
    "..",
    "../../etc/passwd",
    "/absolute",
    "a/b/c",
    "tab\tnew\nline\rreturn",
    "nul\0inside",
    "bell\x07escape\x1b[31mred",
    "[bold]markup[/] [/x]",
    "'quoted' \"double\" `back`",
    "'; DROP TABLE run; --",
    "100% _like_ \\",
    "{format} %s $HOME",
    "right\u202eleft\u202c",
    "zero\u200bwidth",
    "e\u0301 é",
    "😀👩‍👩‍👧‍👦",
    "漢字" * 50,
    "x" * 5000,
    "name@context",
    "loss.mean",
    "line\u2028separator",
    "\ufeffbom",
    "null",
    "42",
]


def test_all_names_come_back_as_they_were_given(folder):
    with tt.init("e", params={name: name for name in NAMES}, store=folder) as run:
        run.log({name: float(number) for number, name in enumerate(NAMES)})
        for name in NAMES:
            run.note(name)
            run.log({"in": 1.0}, context=name)

    found = the_run(folder)
    assert found.row.params == {name: name for name in NAMES}
    given = {m.name: m.last for m in found.row.metrics.values() if m.name != "in"}
    assert given == {name: float(number) for number, name in enumerate(NAMES)}
    assert sorted(m.context for m in found.row.metrics.values() if m.name == "in") == sorted(NAMES)
    assert [note.text for note in found.notes] == [name for name in NAMES if name]


@pytest.mark.parametrize("name", [name for name in NAMES if name.strip() and len(name) <= 500])
def test_a_run_may_have_any_name_and_is_found_by_it(folder, name):
    with tt.init(name, name, tags=[name], store=folder) as run:
        run.log({name: 1.0})

    with Store.open(folder) as store:
        key = queries.find_run(store, name.strip())
        row = queries.get_run(store, key).row
        (cells,) = queries.get_rows(store, [key], params=[name], metrics=[name])
    assert (row.name, row.experiment, row.tags) == (name.strip(),) * 2 + ((name.strip(),),)
    assert [metric.name for metric in cells.metrics.values()] == [name]


def test_lone_surrogates_are_replaced_and_nothing_is_lost(folder):
    odd = "file\udcff.py"
    with tt.init(odd, odd, {odd: odd, "list": [odd]}, tags=[odd], note=odd, store=folder) as run:
        run.log({odd: 1.0})
        run.log({odd: 2.0}, context=odd)
        run.note(odd)
        run.untag(odd)

    found = the_run(folder)
    assert found.row.name == "file?.py"
    assert found.row.params["file?.py"] == "file?.py"
    assert set(found.row.metrics) == {"file?.py", "file?.py@file?.py"}
    assert [note.text for note in found.notes] == ["file?.py"] * 2


def test_ten_thousand_names_in_one_call_and_one_each_come_back(folder):
    with tt.init("e", store=folder) as run:
        run.log({f"all{number}": number for number in range(10_000)}, step=1)
        for number in range(10_000):
            run.log({f"one{number}": number}, step=2)

    metrics = the_run(folder).row.metrics
    assert len(metrics) == 20_000
    assert all(metrics[f"all{n}"].last == metrics[f"one{n}"].last == n for n in range(10_000))


def test_a_param_of_a_megabyte_comes_back_whole_as_do_its_changes(folder):
    first, second, long = "ä" * 600_000, "b" * 1_000_000, [1.5] * 5000
    with tt.init("e", params={"text": first, "list": long}, store=folder) as run:
        run.log_params({"text": second, "list": [*long, 2]})

    found = the_run(folder)
    with Store.open(folder) as store:
        changes = queries.list_param_changes(store, found.row.key)
    assert (found.row.params["text"], found.row.params["list"]) == (second, [*long, 2])
    assert [c.value for c in changes if c.name == "text"] == [first, second]
    assert [c.value for c in changes if c.name == "list"] == [long, [*long, 2]]


def test_params_of_every_kind_come_back_as_they_were_and_so_do_their_changes(folder):
    kinds = {
        "bool": True,
        "int": 3,
        "big": 2**80,
        "huge": -(2**53) - 1,
        "float": 0.1,
        "inf": -math.inf,
        "none": None,
        "text": "3",
        "empty": "",
        "list": [1, "a", None, [2.5]],
    }
    with tt.init("e", params=kinds, store=folder) as run:
        run.log_params(dict.fromkeys(kinds, "changed"))
        run.log_params(kinds)
        run.log_params(kinds)

    found = the_run(folder)
    with Store.open(folder) as store:
        changes = queries.list_param_changes(store, found.row.key)
    assert found.row.params == kinds
    assert [type(value) for value in found.row.params.values()] == [type(v) for v in kinds.values()]
    for name, value in kinds.items():
        assert [c.value for c in changes if c.name == name] == [value, "changed", value]


def test_a_value_that_is_no_number_is_named_once_and_the_rest_is_kept(folder, capsys):
    with tt.init("e", store=folder) as run:
        for step in range(3):
            run.log({"good": 1.0, "bad": "text", "none": None, "z": 1j}, step=step)

    said = capsys.readouterr().err
    assert the_run(folder).row.metrics.keys() == {"good"}
    assert len(points(folder, "good")) == 3
    assert [said.count(f"{name!r} is no number") for name in ("bad", "none", "z")] == [1, 1, 1]


def test_steps_of_any_kind_come_back_in_log_order(folder, capsys):
    steps = [5, 5, 3, -1, 2**62, 4.0, 2**63 - 1, -(2**63)]
    with tt.init("e", store=folder) as run:
        for step in steps:
            run.log({"loss": 1.0}, step=step)  # type: ignore[arg-type]
        run.log({"loss": 1.0})

    assert [step for step, _ in points(folder, "loss")] == [*steps, -(2**63) + 1]
    assert capsys.readouterr().err == ""


def test_a_step_that_is_none_counts_up_and_one_that_is_no_number_says_so(folder, capsys):
    with tt.init("e", store=folder) as run:
        run.log({"loss": 1.0}, step=9)
        for step in (None, 0.5, "x", 2**63, math.nan):
            run.log({"loss": 1.0}, step=step)  # type: ignore[arg-type]
        run.log({"loss": 1.0}, commit=False)
        run.log({"accuracy": 1.0})

    assert [step for step, _ in points(folder, "loss")] == [9, 10, 11, 12, 13, 14, 15]
    assert points(folder, "accuracy") == [(15, 1.0)]
    assert len(capsys.readouterr().err.splitlines()) == 1


class Step:
    """A whole number that no arithmetic is known for."""

    def __index__(self) -> int:
        return 41


def test_a_step_that_can_only_be_counted_with_is_a_step(folder):
    with tt.init("e", store=folder) as run:
        run.log({"loss": 1.0})
        run.log({"loss": 1.0}, step=Step())  # type: ignore[arg-type]
        run.log({"loss": 1.0})

    assert [step for step, _ in points(folder, "loss")] == [0, 41, 42]


def test_small_steps_of_numpy_do_not_overflow(folder):
    np = pytest.importorskip("numpy")
    with warnings.catch_warnings(), tt.init("e", store=folder) as run:
        warnings.simplefilter("error")
        for step in (np.uint8(255), None, np.int64(2**63 - 1), None):
            run.log({"loss": np.float32(0.1)}, step=step)

    top = 2**63 - 1
    assert [step for step, _ in points(folder, "loss")] == [255, 256, top, top]
    assert points(folder, "loss")[0][1] == float(np.float32(0.1))


@pytest.mark.parametrize("metrics", [None, 5, "text", ["loss"], {"loss"}, [("loss", 1)], object()])
def test_a_call_with_no_names_and_numbers_says_so_and_goes_on(folder, capsys, metrics):
    with tt.init("e", store=folder) as run:
        run.log(metrics)  # type: ignore[arg-type]
        run.log(metrics)  # type: ignore[arg-type]
        run.log({"loss": 1.0}, step=0)

    assert the_run(folder).points == 1
    assert capsys.readouterr().err.count("log() takes names and numbers") == 1


class Hostile(dict[str, object]):
    def items(self) -> object:  # type: ignore[override]
        raise RuntimeError("no items")

    def values(self) -> object:  # type: ignore[override]
        raise RuntimeError("no values")


def test_no_call_raises_whatever_it_is_handed(folder):
    params: dict[str, object] = {}
    params["self"] = params
    with tt.init("e", store=folder) as run:
        run.log(Hostile(a=1))
        run.log({"a": 1}, context=object())  # type: ignore[arg-type]
        run.log({"a": 1}, context=["x"])  # type: ignore[arg-type]
        run.log_params(Hostile(a=1))
        run.log_params(params)
        run.log_params(5)
        run.log_artifact(object())  # type: ignore[arg-type]
        run.log_artifact("")
        run.log_artifact("a\0b")
        run.tag(None, 5)  # type: ignore[arg-type]
        run.untag(None)  # type: ignore[arg-type]
        run.note(None)  # type: ignore[arg-type]
        run.config.update(Hostile(a=1))
        run.config["x"] = object()
        run.log({"a": 1})
        run.finish("exploded")  # type: ignore[arg-type]
        run.log({"a": 1})
        run.finish()

    assert the_run(folder).row.status == "finished"


def test_a_clock_that_is_set_back_breaks_nothing(folder, monkeypatch):
    import time

    from tui_tracker import run as runs

    real, jump = time.time_ns, -(10**9) * 86_400
    monkeypatch.setattr(runs, "_now", lambda: real() + offset)
    monkeypatch.setattr(runs, "_now_ms", lambda: (real() + offset) // 1_000_000)
    offset = 0
    run = tt.init("e", store=folder)
    run.log({"loss": 1.0})
    offset = jump
    run.log({"loss": 2.0})
    run.log_params({"a": 1})
    run.finish()

    found = the_run(folder)
    with Store.open(folder) as store:
        (metric,) = found.row.metrics.values()
        times = queries.read_series(store, found.row.key, metric.key).times_ms
    assert points(folder, "loss") == [(0, 1.0), (1, 2.0)]
    assert times[1] - times[0] == pytest.approx(-86_400_000, abs=5000)
    assert found.row.duration_s == 0.0


def test_a_log_call_after_the_end_says_so_once_and_keeps_nothing(folder, capsys):
    run = tt.init("e", store=folder)
    run.finish()
    for _ in range(3):
        run.log({"loss": 1.0})
        run.note("late")

    assert len(capsys.readouterr().err.splitlines()) == 2
    assert the_run(folder).points == 0


def test_a_run_inside_a_run_is_its_child(folder):
    with tt.init("e", "outer", store=folder) as outer:
        with tt.init("e", "inner", store=folder) as inner:
            tt.log({"loss": 1.0})
        tt.log({"loss": 2.0})

    _, runs = look(folder)
    by_name = {run.row.name: run for run in runs}
    assert (by_name["inner"].parent, by_name["outer"].parent) == (outer.id, None)
    assert (by_name["inner"].points, by_name["outer"].points) == (1, 1)
    assert inner.id == by_name["inner"].row.id


def test_a_new_run_in_one_script_ends_the_former(folder, capsys):
    tt.init("e", "first", store=folder)
    tt.log({"loss": 1.0})
    tt.init("e", "second", store=folder)
    tt.log({"loss": 2.0})
    tt.finish()

    _, runs = look(folder)
    assert [(run.row.name, run.row.status, run.points) for run in runs] == [
        ("first", "finished", 1),
        ("second", "finished", 1),
    ]
    assert "'first' was not finished" in capsys.readouterr().err


def test_each_thread_has_a_run_of_its_own(folder):
    def train(number: int) -> None:
        with tt.init("e", f"run{number}", store=folder):
            for step in range(100):
                tt.log({"loss": number}, step=step)

    threads = [threading.Thread(target=train, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    _, runs = look(folder)
    assert {run.row.metrics["loss"].mean for run in runs} == {0.0, 1.0, 2.0, 3.0}
    assert {run.points for run in runs} == {100}


@pytest.mark.parametrize("how", ["name", "id", "prefix", "true"])
def test_a_resumed_run_goes_on_where_it_stopped(folder, how):
    first = tt.init("e", "one", {"seed": 1}, store=folder)
    for value in (1.0, 2.0):
        first.log({"loss": value})
    first.finish("failed")
    address: bool | str = {"name": "one", "id": first.id, "prefix": first.id[:20]}.get(how, True)

    with tt.init("e", params={"seed": 2}, resume=address, store=folder) as again:
        again.log({"loss": 3.0})

    found = the_run(folder)
    assert (again.id, again.name, found.row.status) == (first.id, "one", "finished")
    assert points(folder, "loss") == [(0, 1.0), (1, 2.0), (2, 3.0)]
    assert found.row.params == {"seed": 2}


def test_a_run_that_lives_is_not_resumed(folder):
    with tt.init("e", "one", store=folder), pytest.raises(RunIsLive, match="'one' still runs"):
        tt.init("e", resume="one", store=folder)


def test_two_that_resume_one_run_at_once_do_not_share_a_journal(folder):
    from tui_tracker import start

    tt.init("e", "one", store=folder).finish()
    begun = [start._resumed(str(folder), "e", "", "one") for _ in range(2)]
    assert begun[0] is not None
    assert begun[1] is not None
    from tui_tracker.run import Run

    run = Run(begun[0])
    with pytest.raises(RunIsLive):
        Run(begun[1])
    run.log({"loss": 1.0})
    run.finish()

    assert points(folder, "loss") == [(0, 1.0)]


def test_an_unknown_run_is_not_resumed_and_the_nearest_is_named(folder):
    tt.init("e", "baseline", store=folder).finish()

    with pytest.raises(NotFound):
        tt.init("e", resume="baselin", store=folder)


def test_resume_true_begins_a_new_run_where_there_is_none(folder):
    with tt.init("e", "one", resume=True, store=folder) as run:
        run.log({"loss": 1.0})

    assert the_run(folder).points == 1


@pytest.mark.parametrize(
    "arguments",
    [
        {"experiment": 5},
        {"name": ["x"]},
        {"name": "x" * 501},
        {"params": 5},
        {"params": [1, 2]},
        {"params": Hostile(a=1)},
        {"params": {"x": "y" * (1 << 24)}},
        {"durability": "often"},
        {"parms": {}},
        {"store": __file__},
    ],
)
def test_a_wrong_argument_is_one_sentence_before_training_starts(folder, arguments):
    with pytest.raises(TrackerError) as caught:
        tt.init(**{"store": folder, **arguments})

    assert "\n" not in str(caught.value)
    assert not list((folder / "journals").glob("*")) if folder.exists() else True


def test_a_misspelt_argument_is_answered_with_the_nearest(folder):
    with pytest.raises(InvalidArgument, match="did you mean 'params'"):
        tt.init("e", store=folder, parms={})


def test_switched_off_by_an_argument_nothing_is_said_or_written(folder, capsys):
    with tt.init("e", store=folder, mode="disabled") as run:
        run.log({"loss": 1})
        tt.log({"loss": 1})

    assert (capsys.readouterr().err, folder.exists()) == ("", False)


def test_with_fsync_each_call_is_on_the_disk_and_comes_back(folder):
    with tt.init("e", store=folder, durability="fsync") as run:
        for step in range(5):
            run.log({"loss": step})

    assert len(points(folder, "loss")) == 5


def test_records_that_wait_in_memory_are_written_when_the_disk_takes_them_again(folder):
    run = tt.init("e", store=folder)
    real, run._journal._file, run._journal.fd = run._journal._file, -1, -1
    for step in range(1000):
        run.log({"loss": step, "accuracy": 1}, step=step)
    run._journal._file = real
    run._journal._retry_at = 0.0
    run.log({"loss": 1000}, step=1000)
    run.finish()

    assert points(folder, "loss") == [(step, step) for step in range(1001)]


def test_when_memory_takes_no_more_either_the_lost_calls_are_counted(folder, monkeypatch, capsys):
    from tui_tracker import journal_writer

    monkeypatch.setattr(journal_writer, "_PENDING_LIMIT", 1000)
    run = tt.init("e", store=folder)
    real, run._journal._file, run._journal.fd = run._journal._file, -1, -1
    for step in range(1000):
        run.log({"loss": step}, step=step)
    run.log({"another": 1}, step=0)
    run._journal._file = real
    run._journal._retry_at = 0.0
    for step in range(1000, 1010):
        run.log({"loss": step, "another": 2}, step=step)
        run.log({"another": 3}, step=step)
    run.finish()

    found = points(folder, "loss")
    lost = the_run(folder).lost
    assert found == [(step, step) for step in (*range(1002 - lost), *range(1000, 1010))]
    assert [value for _, value in points(folder, "another")] == [2.0, 3.0] * 10
    assert f"{lost} records were lost" in capsys.readouterr().err


def test_the_store_is_plain_sqlite(folder: Path) -> None:
    with tt.init("e", store=folder) as run:
        run.log({"loss": 1.0})

    connection = sqlite3.connect(folder / "store.db")
    (found,) = connection.execute("PRAGMA integrity_check").fetchone()
    connection.close()
    assert found == "ok"

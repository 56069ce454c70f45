"""From journal to store: every kind of record, and how the end of a run is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from processes import points, the_run, waiting_journals
from test_journal_damage import RUN_ID, START, write_metrics

from tui_tracker import journal, queries
from tui_tracker.drain import JournalDrain, recover
from tui_tracker.journal_writer import JournalWriter
from tui_tracker.store import Store

OTHER = "0199d3a0-0000-7000-8000-000000000002"


def write(folder: Path, name: str = "", run_id: str = RUN_ID, **facts: object) -> JournalWriter:
    path = folder / "journals" / f"{run_id}{name}.journal"
    return JournalWriter(str(path), {**START, "run": run_id, **facts})


def test_a_journal_that_lives_is_drained_as_far_as_it_goes_and_stays(store, folder):
    writer = write(folder)
    write_metrics(writer, 0, loss=1.0)

    first, second = recover(store), recover(store)
    write_metrics(writer, 1, loss=2.0)
    third = recover(store)

    assert [found.points for found in (first, second, third)] == [1, 0, 1]
    assert the_run(folder).row.status == "running"
    assert len(waiting_journals(folder)) == 1
    writer.close()


def test_a_journal_without_a_last_word_is_a_crash_at_the_time_of_its_last_sign(store, folder):
    writer = write(folder)
    write_metrics(writer, 0, loss=1.0)
    writer.close()
    os.utime(writer.path, (1_760_000_100, 1_760_000_100))

    found = recover(store)

    run = the_run(folder)
    assert (found.ended, run.row.status) == ((RUN_ID,), "crashed")
    assert run.ended_by == "the process vanished without a word"
    assert run.row.ended_at is not None
    assert run.row.ended_at.timestamp() == 1_760_000_100
    assert waiting_journals(folder) == []


def test_a_run_that_said_how_it_ended_is_not_counted_as_found_dead(store, folder):
    writer = write(folder)
    writer.append(journal.FINISH, {"t": 1_760_000_005_000, "status": "failed", "why": "boom"})
    writer.close()

    found = recover(store)

    run = the_run(folder)
    assert (found.ended, run.row.status, run.ended_by) == ((), "failed", "boom")
    assert run.row.duration_s == 5.0


def test_only_one_runs_journals_are_touched_when_asked(store, folder):
    for run_id in (RUN_ID, OTHER):
        writer = write(folder, run_id=run_id)
        write_metrics(writer, 0, loss=1.0)
        writer.close()

    recover(store, only=OTHER)

    assert waiting_journals(folder) == [f"{RUN_ID}.journal"]


def test_tags_are_added_and_removed_in_order(store, folder):
    writer = write(folder, add=["a", "b"])
    writer.append(journal.TAGS, {"t": 1, "remove": ["a"]})
    writer.append(journal.TAGS, {"t": 2, "add": ["c", "a", "b"]})
    writer.append(journal.TAGS, {"t": 3, "remove": ["b", "nothing"]})
    writer.close()

    recover(store)

    assert the_run(folder).row.tags == ("a", "c")


@pytest.mark.parametrize(
    ("states", "wanted"),
    [
        (["finished", "finished"], "finished"),
        (["finished", ""], "crashed"),
        (["", "finished"], "crashed"),
        (["killed", ""], "killed"),
        (["failed", "killed"], "failed"),
    ],
)
def test_a_run_of_several_ranks_ended_as_the_worst_of_them(store, folder, states, wanted):
    for rank, status in enumerate(states):
        facts = {"writer": "rank", "rank": rank} if rank else {}
        writer = write(folder, f".r{rank}" if rank else "", **facts)
        if status:
            writer.append(journal.FINISH, {"t": 1, "status": status})
        writer.close()

    recover(store)

    assert the_run(folder).row.status == wanted


def test_a_child_that_crashes_says_nothing_about_the_run(store, folder):
    main, child = write(folder), write(folder, ".p5-1", writer="fork")
    child.close()
    recover(store)
    before = the_run(folder).row.status
    main.append(journal.FINISH, {"t": 1, "status": "finished"})
    main.close()
    recover(store)

    assert (before, the_run(folder).row.status) == ("running", "finished")


def test_a_later_attempt_decides_how_the_run_ended(store, folder):
    first = write(folder)
    first.close()
    recover(store)
    second = write(folder, ".a2", attempt=2)
    recover(store)
    between = the_run(folder).row.status
    second.append(journal.FINISH, {"t": 1, "status": "finished"})
    second.close()
    recover(store)

    assert (between, the_run(folder).row.status) == ("running", "finished")


def test_console_lines_of_many_drains_follow_each_other(store, folder):
    writer = write(folder)
    for number in range(1100):
        facts = {"t": number, "stream": "out", "text": f"line {number}"}
        writer.append(journal.CONSOLE, facts)
        if number % 97 == 0:
            partial = {"t": number, "stream": "err", "text": f"{number}%", "partial": True}
            writer.append(journal.CONSOLE, partial)
            recover(store)
    writer.close()
    recover(store)

    run = the_run(folder)
    with Store.open(folder) as reader:
        lines = queries.read_console(reader, run.row.key, 0, 5000)
        some = queries.read_console(reader, run.row.key, 510, 5)
    assert [line.text for line in lines if line.stream == "out"] == [
        f"line {number}" for number in range(1100)
    ]
    assert [line.text for line in lines if line.stream == "err"] == ["1067%"]
    assert [line.number for line in lines] == list(range(1101)) == list(range(run.console_lines))
    assert [line.text for line in some] == [f"line {number}" for number in range(510, 515)]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shared") / "store"
    with Store.open(folder, create=True):
        pass
    return folder


@settings(derandomize=True, max_examples=60, deadline=None, database=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([("a",), ("b",), ("a", "b"), ("b", "a"), ("c", "a")]),
            st.integers(-3, 10),
            st.booleans(),
        ),
        min_size=1,
        max_size=60,
    ),
    st.integers(0, 10**30),
)
def test_points_come_back_in_log_order_however_the_calls_and_drains_fall(shared, calls, salt):
    run_id = f"0199d3a0-0000-7000-8000-{salt % 16**12:012x}"
    with Store.open(shared) as store:
        # The same run again would be drained from where the last example ended.
        with store.write() as connection:
            for table in ("run", "journal", "metric", "series_block", "block"):
                connection.execute(f"DELETE FROM {table}")
        writer = write(shared, run_id=run_id)
        drain = JournalDrain(store, writer.path)
        wanted: dict[str, list[tuple[int, float]]] = {}
        for number, (names, step, now) in enumerate(calls):
            write_metrics(writer, step, **dict.fromkeys(names, float(number)))
            for name in names:
                wanted.setdefault(name, []).append((step, float(number)))
            if now:
                drain.drain(final=False)
        drain.drain(final=False)
        drain.close()
        writer.close()
        os.unlink(writer.path)

    assert {name: points(shared, name) for name in wanted} == wanted

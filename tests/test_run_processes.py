"""How processes end, and how many of them log at once, in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from processes import (
    end,
    look,
    points,
    run,
    start,
    the_run,
    wait_for_line,
    wait_until,
    waiting_journals,
)

from tui_tracker import queries
from tui_tracker.drain import recover
from tui_tracker.store import Store


def has_drained(folder: Path, wanted: int = 1) -> bool:
    """Return whether the store has points of a run, without draining any itself."""
    if not (folder / "store.db").exists():
        return False
    with Store.open(folder) as store:
        return queries.store_facts(store).points >= wanted


# -- one process and its end


def test_a_block_that_raises_leaves_a_failed_run_with_the_tail_of_the_traceback(folder):
    done = run(
        folder,
        """
        with tt.init("e", "one") as r:
            r.log({"loss": 0.5})
            raise ValueError("the learning rate is negative")
        """,
    )

    one = the_run(folder)
    assert (done.returncode, one.row.status, one.points) == (1, "failed", 1)
    assert one.ended_by.splitlines()[-1] == "ValueError: the learning rate is negative"
    assert waiting_journals(folder) == []


@pytest.mark.parametrize("inside", [True, False])
def test_sys_exit_with_a_code_leaves_a_failed_run(folder, inside):
    script = 'with tt.init("e") as r:\n    sys.exit(3)' if inside else 'tt.init("e")\nsys.exit(3)'

    done = run(folder, script)

    assert (done.returncode, the_run(folder).row.status) == (3, "failed")


@pytest.mark.parametrize("code", ["0", ""])
def test_sys_exit_without_a_code_leaves_a_finished_run(folder, code):
    done = run(folder, f'with tt.init("e") as r:\n    sys.exit({code})')

    assert (done.returncode, the_run(folder).row.status) == (0, "finished")


def test_an_exception_outside_of_any_block_leaves_a_failed_run(folder):
    done = run(folder, 'tt.init("e")\ntt.log({"loss": 1})\n1 / 0')

    one = the_run(folder)
    assert (done.returncode, one.row.status, one.points) == (1, "failed", 1)
    assert one.ended_by.endswith("ZeroDivisionError: division by zero")
    assert "ZeroDivisionError" in done.stderr


def test_a_script_that_never_calls_finish_is_finished_at_its_end(folder):
    done = run(folder, 'tt.init("e")\ntt.log({"loss": 1})')

    one = the_run(folder)
    assert (done.returncode, one.row.status, one.points) == (0, "finished", 1)


@pytest.mark.parametrize("inside", [True, False])
def test_ctrl_c_leaves_a_killed_run(folder, inside):
    begin = 'with tt.init("e") as r:' if inside else 'if r := tt.init("e"):'
    process = start(folder, begin + '\n    r.log({"loss": 1}); ready(); wait()')
    wait_for_line(process)

    process.send_signal(signal.SIGINT)
    end(process)

    one = the_run(folder)
    assert (process.returncode, one.row.status, one.points) == (-signal.SIGINT, "killed", 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_stop_signal_leaves_a_killed_run_and_ends_the_process_at_once(folder, number):
    process = start(folder, 'r = tt.init("e")\nr.log({"loss": 1})\nready()\nwait()')
    wait_for_line(process)

    process.send_signal(number)
    end(process)

    one = the_run(folder)
    assert (process.returncode, one.row.status, one.points) == (-number, "killed", 1)
    assert one.ended_by == f"stopped by {number.name}"


def test_a_handler_that_was_there_before_still_runs_and_decides(folder):
    done = run(
        folder,
        """
        import signal
        def stop(number, frame):
            print("saved", flush=True)
            sys.exit(0)
        signal.signal(signal.SIGTERM, stop)
        r = tt.init("e")
        r.log({"loss": 1})
        os.kill(os.getpid(), signal.SIGTERM)
        wait()
        """,
    )

    one = the_run(folder)
    assert (done.returncode, done.stdout, one.row.status) == (0, "saved\n", "killed")


def test_a_signal_that_is_ignored_stays_ignored(folder):
    done = run(
        folder,
        """
        import signal
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        with tt.init("e") as r:
            os.kill(os.getpid(), signal.SIGHUP)
            r.log({"loss": 1})
        """,
    )

    assert (done.returncode, the_run(folder).row.status) == (0, "finished")


def test_a_first_run_in_a_thread_leaves_later_ones_their_signals(folder):
    process = start(
        folder,
        """
        import threading
        thread = threading.Thread(target=lambda: tt.init("e", "first").finish())
        thread.start()
        thread.join()
        tt.init("e", "second")
        ready()
        wait()
        """,
    )
    wait_for_line(process)

    process.send_signal(signal.SIGTERM)
    end(process)

    _, runs = look(folder)
    assert [one.row.status for one in runs] == ["finished", "killed"]


def test_after_sigkill_all_points_are_there_and_the_run_crashed_at_the_next_look(folder):
    process = start(
        folder,
        """
        r = tt.init("e", params={"seed": 3})
        ready()
        step = 0
        while True:
            r.log({"loss": step / 3, "accuracy": step}, step=step)
            step += 1
            if step % 100 == 0:
                print(step, flush=True)
        """,
    )
    wait_for_line(process, "2000")

    process.kill()
    out, _ = end(process)

    one = the_run(folder)
    acknowledged = int(["2000", *out.split()][-1])
    found = points(folder, "loss")
    assert (one.row.status, one.row.params) == ("crashed", {"seed": 3})
    assert len(found) >= acknowledged
    assert found == [(step, step / 3) for step in range(len(found))]
    assert waiting_journals(folder) == []


def test_a_run_that_is_killed_before_its_first_drain_is_all_there(folder):
    run(
        folder,
        """
        import signal
        r = tt.init("e", tags=["a"])
        for step in range(100):
            r.log({"loss": step})
        r.note("last words")
        os.kill(os.getpid(), signal.SIGKILL)
        """,
    )

    one = the_run(folder)
    assert (one.row.status, one.points, one.row.tags) == ("crashed", 100, ("a",))
    assert [note.text for note in one.notes] == ["last words"]


def test_a_process_killed_between_commit_and_removal_of_its_journal_is_not_drained_twice(folder):
    run(
        folder,
        """
        from tui_tracker import drain
        drain._put_away = lambda *_, **__: os._exit(9)
        r = tt.init("e")
        for step in range(100):
            r.log({"loss": step})
        r.finish()
        """,
    )
    left = waiting_journals(folder)

    found, (one,) = look(folder)

    assert (len(left), waiting_journals(folder), found.points) == (1, [], 0)
    assert (one.row.status, one.points, len(points(folder, "loss"))) == ("finished", 100, 100)


WAITING = """
r = tt.init("e")
r.log({"loss": 1})
def wait_long():
    ready()
    wait()
r._files.wait = wait_long
r.finish()
"""


def test_a_stop_signal_while_a_run_waits_for_its_artifacts_leaves_it_killed(folder):
    process = start(folder, WAITING)
    wait_for_line(process)

    process.terminate()
    end(process)

    one = the_run(folder)
    assert (process.returncode, one.row.status, one.points) == (-signal.SIGTERM, "killed", 1)


def test_ctrl_c_while_a_run_waits_for_its_artifacts_still_says_how_it_ended(folder):
    process = start(folder, WAITING)
    wait_for_line(process)

    process.send_signal(signal.SIGINT)
    end(process)

    assert (the_run(folder).row.status, the_run(folder).points) == ("finished", 1)


def test_os_exit_leaves_a_crashed_run_with_its_points(folder):
    run(folder, 'r = tt.init("e")\nr.log({"loss": 1})\nos._exit(0)')

    one = the_run(folder)
    assert (one.row.status, one.points) == ("crashed", 1)


def test_a_broken_standard_error_ends_no_training(folder):
    done = run(
        folder,
        """
        sys.stderr.close()
        with tt.init("e") as r:
            r.log({"loss": "no number"})
            r.log({"loss": 1})
        print("trained")
        """,
    )

    assert (done.returncode, done.stdout) == (0, "trained\n")
    assert the_run(folder).points == 1


def test_switched_off_nothing_is_written_anywhere(folder, tmp_path):
    done = run(
        folder,
        f"""
        os.chdir({str(tmp_path)!r})
        del os.environ["TUI_TRACKER_STORE"]
        with tt.init("e", params={{"a": 1}}, resume="x", parent="y") as r:
            r.log({{"loss": 1}})
            tt.log({{"loss": 1}})
            r.config.seed = 3
            r.tag("a"); r.note("b"); r.log_artifact("c"); r.log_params({{}})
        tt.init("e"); tt.log({{"x": 1}}); tt.finish()
        """,
        TUI_TRACKER_MODE="disabled",
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


# -- threads and children


def test_eight_threads_lose_no_call(folder):
    done = run(
        folder,
        """
        import threading
        def work(number):
            for step in range(1000):
                r.log({f"loss{number}": step, "shared": number})
        with tt.init("e") as r:
            threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
        """,
    )

    assert (done.returncode, done.stderr, the_run(folder).points) == (0, "", 16_000)
    assert [value for _, value in points(folder, "loss7")] == list(range(1000))
    assert len(points(folder, "shared")) == 8000


def test_children_of_fork_log_into_journals_of_their_own(folder):
    done = run(
        folder,
        """
        with tt.init("e") as r:
            r.log({"loss": 1}, step=0)
            children = []
            for number in range(4):
                pid = os.fork()
                if pid == 0:
                    for step in range(50):
                        r.log({f"worker{number}": step}, step=step)
                    os._exit(0)
                children.append(pid)
            for pid in children:
                os.waitpid(pid, 0)
            r.log({"loss": 2}, step=1)
        """,
    )

    one = the_run(folder)
    assert (done.returncode, done.stderr, one.row.status) == (0, "", "finished")
    assert points(folder, "loss") == [(0, 1.0), (1, 2.0)]
    assert [len(points(folder, f"worker{n}")) for n in range(4)] == [50] * 4
    assert waiting_journals(folder) == []


def test_a_child_that_outlives_its_parent_keeps_no_dead_run_alive(folder):
    process = start(
        folder,
        """
        r = tt.init("e")
        r.log({"loss": 1})
        if os.fork() == 0:
            os.close(1); os.close(2)
            time.sleep(1.5)
            os._exit(0)
        ready()
        wait()
        """,
    )
    wait_for_line(process)

    process.kill()
    end(process)

    assert the_run(folder).row.status == "crashed"


def test_a_forked_child_may_end_by_raising_and_the_parent_goes_on(folder):
    done = run(
        folder,
        """
        with tt.init("e") as r:
            pid = os.fork()
            if pid == 0:
                r.log({"child": 1})
                sys.exit(3)
            os.waitpid(pid, 0)
            r.log({"parent": 1})
        """,
    )

    one = the_run(folder)
    assert (done.returncode, one.row.status, one.points) == (0, "finished", 2)


def test_everything_can_be_logged_from_a_forked_child(folder, tmp_path):
    (tmp_path / "model.pt").write_bytes(b"weights")
    run(
        folder,
        f"""
        os.chdir({str(tmp_path)!r})
        with tt.init("e") as r:
            pid = os.fork()
            if pid == 0:
                r.log_artifact("model.pt")
                r.log_params({{"seed": 3}})
                r.tag("child"); r.note("from a child")
                r.finish()
                os._exit(0)
            os.waitpid(pid, 0)
        """,
    )

    one = the_run(folder)
    assert [(a.path, a.copied, a.problem) for a in one.artifacts] == [("model.pt", True, "")]
    assert (one.row.params, one.row.tags, one.row.status) == ({"seed": 3}, ("child",), "finished")
    assert [note.text for note in one.notes] == ["from a child"]


def test_a_child_that_closes_all_descriptors_loses_nothing(folder):
    run(
        folder,
        """
        with tt.init("e") as r:
            pid = os.fork()
            if pid == 0:
                r.log({"before": 1}, step=0)
                os.closerange(3, 1024)
                theirs = open(folder + "/theirs", "wb")
                for step in range(3):
                    r.log({"after": 1}, step=step)
                theirs.close()
                os._exit(0)
            os.waitpid(pid, 0)
        """,
    )

    assert (the_run(folder).row.status, len(points(folder, "after"))) == ("finished", 3)
    assert (folder / "theirs").read_bytes() == b""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_of_multiprocessing_are_given_the_run(folder, tmp_path, method):
    script = tmp_path / "train.py"
    script.write_text(
        f"""
import multiprocessing
import tui_tracker as tt

def work(run, number):
    for step in range(20):
        run.log({{f"worker{{number}}": step}}, step=step)

if __name__ == "__main__":
    context = multiprocessing.get_context({method!r})
    with tt.init("e", "one") as run:
        run.log({{"loss": 1}})
        workers = [context.Process(target=work, args=(run, n)) for n in range(2)]
        for worker in workers: worker.start()
        for worker in workers: worker.join()
        assert [worker.exitcode for worker in workers] == [0, 0]
"""
    )

    done = run_file(folder, script)

    one = the_run(folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert (one.row.status, one.row.name, one.points) == ("finished", "one", 41)
    assert waiting_journals(folder) == []


def run_file(folder: Path, script: Path) -> subprocess.CompletedProcess[str]:
    import sys

    return subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "TUI_TRACKER_STORE": str(folder)},
        check=False,
    )


def test_a_pool_that_is_sent_the_run_with_each_task_opens_one_journal_a_worker(folder, tmp_path):
    script = tmp_path / "train.py"
    script.write_text(
        """
import multiprocessing, os, threading
import tui_tracker as tt

def work(task):
    run, number = task
    run.log({"task": number}, step=number)
    return os.getpid(), threading.active_count()

if __name__ == "__main__":
    with tt.init("e") as run:
        with multiprocessing.get_context("fork").Pool(2) as pool:
            answers = pool.map(work, [(run, n) for n in range(40)], chunksize=1)
    print(max(count for _, count in answers))
"""
    )

    done = run_file(folder, script)

    assert (done.returncode, done.stderr, the_run(folder).points) == (0, "", 40)
    assert int(done.stdout) <= 4
    assert sorted(step for step, _ in points(folder, "task")) == list(range(40))


def test_a_child_that_is_stopped_as_soon_as_it_is_forked_dies(folder):
    done = run(
        folder,
        """
        import signal
        with tt.init("e") as r:
            r.log({"loss": 1})
            ends = []
            for _ in range(60):
                child = os.fork()
                if child == 0:
                    wait()
                os.kill(child, signal.SIGTERM)
                ends.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        print(set(ends))
        """,
        wait_s=20,
    )

    assert (done.stdout, done.stderr) == ("{-15}\n", "")
    assert the_run(folder).row.status == "finished"


def test_a_child_has_the_signal_handlers_that_stood_before_the_run(folder):
    done = run(
        folder,
        """
        import signal
        before = signal.getsignal(signal.SIGTERM)
        with tt.init("e"):
            ours = signal.getsignal(signal.SIGTERM)
            child = os.fork()
            if child == 0:
                blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [])
                os._exit(signal.getsignal(signal.SIGTERM) is not before or len(blocked))
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            print(ours is signal.getsignal(signal.SIGTERM), ours is before)
            print(len(signal.pthread_sigmask(signal.SIG_BLOCK, [])))
        """,
    )

    assert done.stdout == "0\nTrue False\n0\n"


def test_a_copy_of_a_run_is_the_run(folder):
    run(
        folder,
        """
        import copy
        with tt.init("e") as r:
            assert copy.deepcopy(r) is r
        """,
    )

    assert the_run(folder).row.status == "finished"


# -- ranks of one launch


def launch(folder: Path, rank: int, script: str, **more: str) -> subprocess.Popen[str]:
    return start(
        folder,
        script,
        RANK=str(rank),
        WORLD_SIZE="3",
        MASTER_ADDR="localhost",
        MASTER_PORT="29500",
        **more,
    )


def test_ranks_of_one_launch_log_into_one_run(folder):
    script = """
    with tt.init("e", "ddp", params={"seed": 1}) as r:
        for step in range(10):
            r.log({"loss": step + 100 * int(os.environ["RANK"])}, step=step)
        ready()
        time.sleep(0.6)
    """
    ranks = [launch(folder, rank, script) for rank in (1, 2, 0)]
    errors = [end(process)[1] for process in ranks]

    one = the_run(folder)
    assert errors == ["", "", ""]
    assert (one.row.name, one.row.status, one.points) == ("ddp", "finished", 30)
    assert set(one.row.metrics) == {"loss", "loss@rank1", "loss@rank2"}
    assert points(folder, "loss@rank2") == [(step, step + 200.0) for step in range(10)]
    assert sorted(path.name for path in (folder / "journals").iterdir()) == []


def test_a_forked_child_of_a_rank_logs_as_that_rank(folder):
    script = """
    with tt.init("e", "ddp") as r:
        if os.fork() == 0:
            r.log({"loss": 100 + int(os.environ["RANK"])})
            os._exit(0)
        os.wait()
        ready()
        time.sleep(0.6)
    """
    for process in [launch(folder, rank, script) for rank in (0, 1)]:
        end(process)

    assert points(folder, "loss") == [(0, 100.0)]
    assert points(folder, "loss@rank1") == [(0, 101.0)]
    assert the_run(folder).row.status == "finished"


def test_a_run_is_only_finished_when_all_its_ranks_are(folder):
    script = """
    r = tt.init("e", "ddp")
    ready()
    wait()
    """
    ranks = [launch(folder, rank, script) for rank in range(3)]
    for process in ranks:
        wait_for_line(process)

    ranks[0].terminate()
    ranks[1].kill()
    for process in ranks[:2]:
        end(process)
    before = the_run(folder).row.status
    ranks[2].kill()
    end(ranks[2])

    assert (before, the_run(folder).row.status) == ("running", "killed")


def test_a_rank_whose_rank_0_never_comes_logs_a_run_of_its_own(folder):
    process = launch(
        folder,
        1,
        """
        from tui_tracker import start
        start._MEET_S = 0.1
        with tt.init("e") as r:
            r.log({"loss": 1})
        """,
    )
    _, errors = end(process)

    one = the_run(folder)
    assert errors == "tui_tracker: rank 1 did not find rank 0's run; it logs a run of its own\n"
    assert (one.row.status, one.points) == ("finished", 1)


def test_the_next_launch_on_the_same_port_is_another_run(folder):
    script = """
    with tt.init("e", "ddp") as r:
        r.log({"loss": 1})
        time.sleep(0.5)
    """
    for _ in range(2):
        for process in [launch(folder, rank, script) for rank in range(3)]:
            end(process)

    _, runs = look(folder)
    assert [one.points for one in runs] == [3, 3]


# -- many runs at once


def test_sixteen_processes_begin_at_once_in_a_store_that_nobody_made_yet(folder):
    script = """
    at = float(os.environ["AT"])
    while time.time() < at:
        pass
    with tt.init("e") as r:
        for step in range(200):
            r.log({"a": step, "b": -step}, step=step)
    """
    at = str(time.time() + 1.0)
    processes = [start(folder, script, AT=at) for _ in range(16)]
    errors = {end(process)[1] for process in processes}

    _, runs = look(folder)
    assert (errors, {process.returncode for process in processes}) == ({""}, {0})
    assert [(one.row.status, one.points) for one in runs] == [("finished", 400)] * 16
    assert waiting_journals(folder) == []
    assert sorted(path.name for path in folder.iterdir() if "new" in path.name) == []


def test_a_reader_that_drains_beside_the_run_makes_no_difference(folder):
    process = start(
        folder,
        """
        with tt.init("e") as r:
            ready()
            for step in range(3000):
                r.log({"a": step, "b": -step}, step=step)
                if step % 10 == 0:
                    time.sleep(0.003)
        """,
    )
    wait_for_line(process)
    with Store.open(folder, create=True) as store:
        while process.poll() is None:
            assert recover(store).problems == ()
    end(process)

    one = the_run(folder)
    assert (one.row.status, one.points) == ("finished", 6000)
    assert points(folder, "b") == [(step, -step) for step in range(3000)]


def test_runs_begun_and_finished_by_turns_leave_no_descriptor_open(folder):
    done = run(
        folder,
        """
        counts = []
        for number in range(8):
            with tt.init("e") as r:
                r.log({"loss": 1})
            counts.append(len(os.listdir("/proc/self/fd")))
        print(counts[0] == counts[-1])
        """,
    )

    assert (done.stdout, done.stderr) == ("True\n", "")


# -- stores that go wrong while a run goes on


def test_a_store_that_is_deleted_mid_run_is_made_anew_with_all_that_was_logged(folder):
    process = start(
        folder,
        """
        import shutil
        with tt.init("e", "one", params={"seed": 3}) as r:
            for step in range(100):
                r.log({"loss": step}, step=step)
            ready()
            while not os.path.exists(folder + "/gone"):
                time.sleep(0.01)
            shutil.rmtree(folder)
            for step in range(100, 200):
                r.log({"loss": step}, step=step)
            time.sleep(1.3)
            for step in range(200, 300):
                r.log({"loss": step}, step=step)
        """,
    )
    wait_for_line(process)
    wait_until(lambda: has_drained(folder, 100))

    (folder / "gone").write_bytes(b"")
    _, errors = end(process)

    one = the_run(folder)
    assert (one.row.status, one.row.name, one.row.params) == ("finished", "one", {"seed": 3})
    assert points(folder, "loss") == [(step, step) for step in range(300)]
    assert len(errors.splitlines()) == 1
    assert "deleted" in errors
    assert waiting_journals(folder) == []


def test_a_store_that_is_deleted_right_before_the_end_is_made_anew(folder):
    process = run(
        folder,
        """
        import shutil
        r = tt.init("e", "one")
        for step in range(100):
            r.log({"loss": step}, step=step)
        shutil.rmtree(folder)
        r.finish()
        """,
    )

    assert process.returncode == 0
    assert (the_run(folder).row.status, len(points(folder, "loss"))) == ("finished", 100)


def test_a_database_that_is_replaced_mid_run_takes_everything_again(folder):
    process = start(
        folder,
        """
        with tt.init("e", "one") as r:
            for step in range(100):
                r.log({"loss": step}, step=step)
            ready()
            while not os.path.exists(folder + "/go"):
                time.sleep(0.01)
            for step in range(100, 200):
                r.log({"loss": step}, step=step)
        """,
    )
    wait_for_line(process)
    wait_until(lambda: has_drained(folder, 100))

    os.unlink(folder / "store.db")
    with Store.open(folder, create=True):
        pass
    (folder / "go").write_bytes(b"")
    _, errors = end(process)

    one = the_run(folder)
    assert (one.row.status, one.row.name, errors) == ("finished", "one", "")
    assert points(folder, "loss") == [(step, step) for step in range(200)]


LOCKED = """
import sqlite3
from tui_tracker import live
live._FINISH_WAIT_S = float(os.environ.get("WAIT", "30"))
r = tt.init("e", "one")
for step in range(100):
    r.log({"loss": step}, step=step)
while not os.path.exists(folder + "/store.db"):
    time.sleep(0.01)
options = {"isolation_level": None, "check_same_thread": False, "timeout": 30}
other = sqlite3.connect(folder + "/store.db", **options)
other.execute("BEGIN EXCLUSIVE")
"""


def test_a_store_that_stays_locked_costs_one_sentence_and_no_point(folder):
    done = run(
        folder,
        LOCKED
        + """
r.log({"loss": 100}, step=100)
while not r._live._told:
    time.sleep(0.01)
r.finish()
os._exit(0)
""",
        WAIT="0",
    )
    left = waiting_journals(folder)

    one = the_run(folder)
    during, at_end = done.stderr.splitlines()
    assert (done.returncode, len(left)) == (0, 1)
    assert "another process keeps the store locked" in during
    assert "Training goes on" in during
    assert "keeps the store locked" in at_end
    assert left[0] in at_end
    assert (one.row.status, one.points) == ("finished", 101)


def test_a_lock_that_is_given_up_in_time_is_waited_for(folder):
    done = run(
        folder,
        LOCKED
        + """
import threading
threading.Timer(0.4, lambda: other.execute("ROLLBACK")).start()
r.finish()
""",
    )

    assert (done.returncode, done.stderr, waiting_journals(folder)) == (0, "", [])
    assert the_run(folder).points == 100


def test_a_store_of_a_later_version_keeps_the_run_in_its_journal(folder):
    with Store.open(folder, create=True) as store, store.write() as connection:
        connection.execute("PRAGMA user_version=99")

    done = run(folder, 'with tt.init("e") as r:\n    r.log({"loss": 1})')

    assert len(waiting_journals(folder)) == (1 if done.returncode == 0 else 0)
    assert "schema 99" in done.stderr
    assert "upgrade tui-tracker" in done.stderr


def test_a_store_that_becomes_too_new_mid_run_is_told_once_and_the_run_stays_in_its_journal(folder):
    done = run(
        folder,
        """
        import sqlite3
        with tt.init("e") as r:
            r.log({"loss": 1})
            while not os.path.exists(folder + "/store.db"):
                time.sleep(0.01)
            time.sleep(0.1)
            os.unlink(folder + "/store.db")
            from tui_tracker.database import make_database
            make_database(folder + "/store.db")
            other = sqlite3.connect(folder + "/store.db")
            other.execute("PRAGMA user_version=99")
            other.close()
            r.log({"loss": 2})
        """,
    )

    assert done.returncode == 0
    assert done.stderr.count("schema 99") == 1
    assert len(waiting_journals(folder)) == 1


def test_on_a_network_file_system_only_the_journal_is_written_and_every_reader_drains_it(
    folder, monkeypatch
):
    run(
        folder,
        'with tt.init("e") as r:\n    [r.log({"loss": step}) for step in range(100)]',
        TUI_TRACKER_NETWORK="1",
    )
    files = sorted(path.name for path in folder.iterdir() if path.is_file())
    journals = waiting_journals(folder)
    monkeypatch.setenv("TUI_TRACKER_NETWORK", "1")

    with Store.open(folder) as store:
        first, again = recover(store), recover(store)
        place = store.path
        open_files = len(os.listdir("/proc/self/fd"))
        recover(store)

        assert len(os.listdir("/proc/self/fd")) == open_files

    assert (files, len(journals)) == ([".gitignore"], 1)
    assert (first.points, again.points) == (100, 0)
    assert not place.startswith(str(folder))
    assert waiting_journals(folder) == journals
    assert (the_run(folder).row.status, len(points(folder, "loss"))) == ("finished", 100)


def test_a_live_run_on_a_network_file_system_is_told_once_and_seen_by_readers(folder, monkeypatch):
    script = """
    r = tt.init("e")
    r.log({"loss": 1})
    time.sleep(1.6)
    ready()
    wait()
    """
    process = start(folder, script, TUI_TRACKER_NETWORK="1")
    wait_for_line(process)
    monkeypatch.setenv("TUI_TRACKER_NETWORK", "1")

    one = the_run(folder)

    process.kill()
    _, errors = end(process)
    assert (one.row.status, one.points) == ("running", 1)
    assert errors.count("network file system") == 1
    assert len(errors.splitlines()) == 1


def test_a_crashed_run_on_a_network_file_system_is_found_dead_once(folder, monkeypatch):
    run(
        folder,
        'r = tt.init("e")\nr.log({"loss": 1})\nos._exit(1)',
        TUI_TRACKER_NETWORK="1",
    )
    monkeypatch.setenv("TUI_TRACKER_NETWORK", "1")

    with Store.open(folder) as store:
        ended = [len(recover(store).ended) for _ in range(3)]

    assert ended == [1, 0, 0]
    assert the_run(folder).row.status == "crashed"

"""What only the training process knows: at the start, at the end, and however it ends."""

from __future__ import annotations

import os
import random
import signal
import sys
from pathlib import Path

import processes
import pytest

import tui_tracker as tt
from tui_tracker import helper, queries
from tui_tracker.capture import distributions, inside, modules, seeds
from tui_tracker.drain import recover
from tui_tracker.errors import InvalidArgument
from tui_tracker.queries import LineagePart
from tui_tracker.store import Store

ON = {"TUI_TRACKER_CAPTURE": "on"}
PARTS = {"modules", "seeds", "determinism", "reads", "resources"}


def parts(folder: Path) -> dict[str, LineagePart]:
    """Return what the newest run recorded of itself."""
    helper.settle(20)
    with Store.open(folder) as store:
        recover(store)
        detail = queries.get_run(store, max(queries.list_run_keys(store)))
    return {part.name: part for part in detail.lineage}


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is shared by many does not make a part incomplete."""
    monkeypatch.setattr(distributions, "_LIMIT_S", 10.0)
    monkeypatch.setattr(distributions, "_LONGEST_S", 10.0)


def test_a_finished_run_has_all_parts_and_they_are_whole(folder: Path):
    with tt.init("e", params={"seed": 5}, store=folder, capture=True):
        random.seed(5)

    found = parts(folder)

    assert {name: found[name].status for name in PARTS} == dict.fromkeys(PARTS, "ok")
    assert "distributions" in found["modules"].facts
    assert "unseen" not in found["seeds"].facts
    assert set(found["determinism"].facts) == {"start", "end"}
    assert found["resources"].facts["wall_s"] >= 0
    assert found["resources"].facts["peak_rss_bytes"] > 1 << 20


def test_a_killed_run_keeps_what_its_start_knew_and_does_not_call_it_whole(folder: Path):
    script = """
        import random; random.seed(5)
        tt.init("e", params={"seed": 5}, console=False)
        ready(); wait()
    """
    process = processes.start(folder, script, **ON)
    processes.wait_for_line(process)
    process.kill()
    processes.end(process)

    found = parts(folder)

    for name in ("modules", "seeds", "determinism"):
        assert found[name].status == "partial"
        assert "at the start only" in found[name].reason
    assert found["seeds"].facts["applied"][0]["seed"] == 5
    assert found["modules"].facts["entry"]["kind"] == "stdin"
    assert not {"reads", "resources"} & set(found)


def test_a_run_ended_by_a_signal_writes_what_is_at_hand(folder: Path):
    script = """
        import random
        tt.init("e", console=False)
        random.seed(6)
        ready(); wait()
    """
    process = processes.start(folder, script, **ON)
    processes.wait_for_line(process)
    process.send_signal(signal.SIGTERM)
    processes.end(process)

    found = parts(folder)

    assert process.returncode == -signal.SIGTERM
    assert found["seeds"].facts["applied"][0]["seed"] == 6
    assert found["resources"].facts["wall_s"] >= 0
    for name in ("seeds", "reads", "resources", "modules", "determinism"):
        assert found[name].status == "partial"


def test_a_script_that_ends_without_finish_has_all_parts(folder: Path):
    done = processes.run(folder, "tt.init('e', console=False)", **ON)

    assert done.returncode == 0
    assert {parts(folder)[name].status for name in PARTS} == {"ok"}


def test_a_script_is_told_by_its_path_and_content(folder: Path, tmp_path: Path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "src").mkdir()
    script = tmp_path / "src" / "train.py"
    script.write_text("import part, tui_tracker as tt\ntt.init('e', console=False)\n")
    (tmp_path / "src" / "part.py").write_text("x = 1\n")
    _run_python(folder, tmp_path, str(script))

    facts = parts(folder)["modules"].facts

    assert facts["entry"]["kind"] == "script"
    assert facts["entry"]["path"] == "src/train.py"
    assert [m["path"] for m in facts["modules"]] == ["src/train.py", "src/part.py"]
    assert {m["sha256"] for m in facts["modules"]} >= {facts["entry"]["sha256"]}


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="no /proc here")
@pytest.mark.parametrize("late", ["script.py", "part.py"])
def test_a_file_edited_between_its_import_and_the_start_has_changed(
    folder: Path, tmp_path: Path, late: str
):
    script = tmp_path / "script.py"
    script.write_text(
        "import os, sys, time, part, untouched\n"
        "import tui_tracker as tt\n"
        "time.sleep(1.2)\n"
        f"open({str(tmp_path / late)!r}, 'a').write('# later\\n')\n"
        "tt.init('e', console=False).finish()\n"
    )
    for name in ("part.py", "untouched.py"):
        (tmp_path / name).write_text("x = 1\n")
    _run_python(folder, tmp_path, str(script))

    changed = parts(folder)["modules"].facts["changed"]

    assert [path.rpartition("/")[2] for path in changed] == [late]


def test_a_module_that_was_started_is_told_as_one(folder: Path, tmp_path: Path):
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__main__.py").write_text(
        "import tui_tracker as tt\ntt.init('e', console=False)\n"
    )
    _run_python(folder, tmp_path, "-m", "pack")

    entry = parts(folder)["modules"].facts["entry"]

    assert (entry["kind"], entry["module"]) == ("module", "pack")


def test_a_switched_off_capture_says_so_for_each_part(folder: Path):
    tt.init("e", store=folder, capture=False).finish()

    found = parts(folder)

    assert {(found[name].status, found[name].reason) for name in PARTS} == {
        ("skipped", "capture is switched off")
    }


def test_reads_can_be_switched_off_alone(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TUI_TRACKER_READS", "off")
    tt.init("e", store=folder, capture=True).finish()

    found = parts(folder)

    assert (found["reads"].status, found["modules"].status) == ("skipped", "ok")
    assert "TUI_TRACKER_READS" in found["reads"].reason


def test_what_a_run_reads_is_recorded_unless_it_was_declared(folder: Path, tmp_path: Path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("1")
        os.utime(tmp_path / name, (1e9, 1e9))

    with tt.init("e", store=folder, capture=True) as run:
        run._inside.declare(str(tmp_path / "a.csv"))
        (tmp_path / "a.csv").read_text()
        (tmp_path / "b.csv").read_text()

    folders = parts(folder)["reads"].facts["folders"]
    assert {name: entry["names"] for name, entry in folders.items()} == {str(tmp_path): ["b.csv"]}


def test_a_part_that_fails_says_why_and_the_others_stay(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(_: object) -> None:
        raise RuntimeError("no memory left")

    monkeypatch.setattr(modules.Modules, "begin", fail)
    with tt.init("e", store=folder, capture=True):
        pass

    found = parts(folder)

    assert found["seeds"].status == "ok"
    assert (found["modules"].status, found["modules"].reason) == (
        "partial",
        "RuntimeError: no memory left",
    )


def test_what_the_start_knew_stays_where_the_end_fails(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(_: object) -> None:
        raise RuntimeError("no memory left")

    monkeypatch.setattr(modules.Modules, "end", fail)
    with tt.init("e", store=folder, capture=True):
        pass

    part = parts(folder)["modules"]

    assert (part.status, part.reason) == ("partial", "RuntimeError: no memory left")
    assert "entry" in part.facts


def test_a_run_that_goes_on_is_looked_at_again(folder: Path):
    with tt.init("e", "r", params={"seed": 1}, store=folder, capture=True):
        seeds.watch()
        random.seed(1)

    with tt.init("e", "r", resume=True, store=folder, capture=True):
        random.seed(2)

    applied = [entry["seed"] for entry in parts(folder)["seeds"].facts["applied"]]
    assert applied[-1] == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_records_nothing_of_itself(folder: Path):
    script = """
        import random
        run = tt.init("e", console=False)
        run.log({"loss": 1.0})
        if os.fork() == 0:
            random.seed(99)
            run.log({"loss": 2.0})
            sys.exit(0)
        os.wait()
        random.seed(5)
    """
    done = processes.run(folder, script, **ON)

    found = parts(folder)

    assert done.returncode == 0, done.stderr
    assert [entry["seed"] for entry in found["seeds"].facts["applied"]] == [5]
    assert found["modules"].status == "ok"


def test_another_rank_records_seeds_of_its_own_and_no_more(folder: Path):
    script = """
        import random
        rank = int(os.environ["RANK"])
        run = tt.init("e", console=False)
        random.seed(100 + rank)
        ready()
        input()
        run.finish()
    """
    launch = {**ON, "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29999"}
    first, second = (
        processes.start(folder, script.replace("input()", "time.sleep(1.5)"), RANK=r, **launch)
        for r in "01"
    )
    for process in (first, second):
        processes.end(process)

    found = parts(folder)

    assert [entry["seed"] for entry in found["seeds"].facts["applied"]] == [100]
    assert [entry["seed"] for entry in found["seeds.rank1"].facts["applied"]] == [101]
    assert not [name for name in found if name.endswith("rank1") and name != "seeds.rank1"]


def test_params_logged_later_count_as_seeds_too(folder: Path):
    with tt.init("e", store=folder, capture=True) as run:
        run.log_params({"split": {"random_state": 77}})

    assert parts(folder)["seeds"].facts["unseen"] == ["split.random_state"]


def test_modules_that_the_start_had_no_time_for_are_hashed_by_the_thread(monkeypatch, tmp_path):
    monkeypatch.setattr(modules, "_AT_ONCE_S", -1.0)
    eyes = inside.Inside(str(tmp_path), {})
    written: list[dict[str, object]] = []

    eyes.tick(written.append)
    eyes.tick(written.append)

    assert [(part["part"], part["status"]) for part in written] == [("modules", "partial")]
    assert all("sha256" in m for m in written[0]["facts"]["modules"])  # type: ignore[index]


def test_a_tick_that_comes_late_writes_nothing_over_the_end(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(modules, "_AT_ONCE_S", -1.0)
    eyes = inside.Inside(str(tmp_path), {})
    eyes.watch()
    written: list[dict[str, object]] = []

    eyes.end(written.append)
    eyes.tick(written.append)
    eyes.end(written.append)
    eyes.end_by_signal(written.append)

    assert [part["part"] for part in written].count("modules") == 1


def test_a_start_that_fails_leaves_nobody_listening(folder: Path):
    (folder / "journals").mkdir(parents=True)
    before = list(seeds._listening)

    with pytest.raises(InvalidArgument, match="too large"):
        tt.init("e", params={"x": "y" * (1 << 24)}, store=folder, capture=True)

    assert seeds._listening == before


def test_runs_of_one_state_share_all_but_what_differs(folder: Path):
    for _ in range(3):
        tt.init("e", params={"seed": 3}, store=folder, capture=True).finish()
    helper.settle(20)

    with Store.open(folder) as store:
        recover(store)
        shared = store.read(
            "SELECT part, count(DISTINCT digest) FROM lineage "
            "WHERE part IN ('modules', 'determinism', 'reads') GROUP BY part"
        )
    assert dict(shared) == {"modules": 1, "determinism": 1, "reads": 1}


def test_a_reproduction_goes_where_it_was_asked_and_says_what_it_repeats(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    original = tt.init("e", "r", store=folder)
    original.finish()
    monkeypatch.setenv("TUI_TRACKER_REPRODUCES", original.id)
    monkeypatch.setenv("TUI_TRACKER_STORE", str(tmp_path / "again"))

    # The script asks for the original's store, and to go on with it: neither may happen.
    run = tt.init("e", "r", tags=["x"], store=folder, resume=True)
    run.finish()

    assert run.id != original.id
    assert parts(tmp_path / "again")["origin"].facts == {
        "derived_from": original.id,
        "relation": "reproduction",
    }
    with Store.open(tmp_path / "again") as store:
        detail = queries.get_run(store, queries.list_run_keys(store)[0])
    assert set(detail.row.tags) == {"x", "reproduction"}


def test_a_whole_captured_run_loads_no_library_and_nothing_heavy(folder: Path):
    script = f"""
        before = set(sys.modules)
        tt.init("e", params={{"seed": 1}}, store={str(folder)!r}, console=False).finish()
        print(*sorted(name for name in set(sys.modules) - before))
    """
    done = processes.run(folder, script, **ON)

    found = {name.split(".")[0] for name in done.stdout.split()}
    assert found <= set(sys.stdlib_module_names) | {"tui_tracker"}
    assert not found & {"typing", "importlib", "email", "asyncio", "inspect", "unittest"}


def _run_python(folder: Path, cwd: Path, *arguments: str) -> None:
    import subprocess

    place = str(Path(tt.__file__).parent.parent)
    environment = {**os.environ, **ON, "TUI_TRACKER_STORE": str(folder), "PYTHONPATH": place}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    subprocess.run([sys.executable, *arguments], cwd=cwd, env=environment, check=True)

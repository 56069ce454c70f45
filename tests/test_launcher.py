"""`tt run`: a command as a run, in processes and on terminals of its own."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from old_stores import restored
from processes import look, the_run, wait_until

from tui_tracker import queries
from tui_tracker.capture.redaction import hidden
from tui_tracker.errors import CannotRun
from tui_tracker.launcher import LaunchResult, run_command
from tui_tracker.queries import RunDetail
from tui_tracker.store import Store

TT = [sys.executable, "-m", "tui_tracker.cli"]
TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ2sT4vW6yZ8bC0dFaB3d"


def start_tt(folder: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*TT, "--store", str(folder), "run", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env={**os.environ, "TUI_TRACKER_CONSOLE": "on", **environment},
        start_new_session=True,
    )


def run_tt(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    process = start_tt(folder, *arguments, **environment)
    out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@pytest.fixture
def launch(folder: Path, tmp_path: Path) -> Callable[..., LaunchResult]:
    """Run Python code as a command in this process; what it prints goes nowhere."""

    def launched(code: str, *arguments: str, **options: object) -> LaunchResult:
        path = tmp_path / "train.py"
        path.write_text(code)
        options.setdefault("console_to", lambda *_: None)
        command = [sys.executable, str(path), *arguments]
        return run_command(command, store=folder, **options)  # type: ignore[arg-type]

    return launched


def console(folder: Path) -> list[tuple[str, str]]:
    with Store.open(folder) as store:
        key = queries.list_run_keys(store)[0]
        return [(line.stream, line.text) for line in queries.read_console(store, key)]


def part(run: RunDetail, name: str) -> dict[str, object]:
    return next((dict(p.facts) for p in run.lineage if p.name == name), {})


# -- how it ends


def test_a_command_that_ends_well_is_a_finished_run(folder, launch):
    result = launch("print('hello')", "--lr", "0.1", "--fast", name="one", tags=["a"], note="why")

    one = the_run(folder)
    assert (result.exit_code, result.status, result.run_id) == (0, "finished", one.row.id)
    assert (one.row.name, one.row.experiment, one.row.status) == ("one", "train", "finished")
    assert one.row.params == {"lr": 0.1, "fast": True}
    assert (one.row.tags, one.notes[0].text) == (("a",), "why")
    assert console(folder) == [("out", "hello")]


def test_a_command_that_fails_is_a_failed_run_with_its_last_words(folder, launch):
    result = launch("import sys; print('x' * 9, file=sys.stderr); sys.exit('bad: no data')")

    one = the_run(folder)
    assert (result.exit_code, one.row.status) == (1, "failed")
    assert one.ended_by == "xxxxxxxxx\nbad: no data"


def test_a_command_that_fails_silently_is_told_by_its_exit_code(folder, launch):
    result = launch("raise SystemExit(7)")

    assert (result.exit_code, the_run(folder).ended_by) == (7, "the command exited with 7")


@pytest.mark.parametrize(
    ("name", "status", "why"),
    [
        ("SIGTERM", "killed", "stopped by SIGTERM"),
        ("SIGKILL", "killed", "stopped by SIGKILL"),
        ("SIGSEGV", "failed", "ended by SIGSEGV"),
    ],
)
def test_a_signal_that_ends_the_command_is_told(folder, launch, name, status, why):
    number = getattr(signal, name)

    result = launch(f"import os; os.kill(os.getpid(), {int(number)})")

    one = the_run(folder)
    assert (result.exit_code, one.row.status, one.ended_by) == (128 + number, status, why)


def test_a_command_that_takes_too_long_is_stopped(folder, launch):
    result = launch("import time; time.sleep(60)", timeout_s=0.3)

    one = the_run(folder)
    assert (result.exit_code, one.row.status) == (143, "killed")
    assert one.ended_by == "stopped after 0.3 s"


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        (["no-such-program"], 127, "there is no such program on PATH"),
        (["./nothing"], 127, "there is no such file"),
        (["./script.py"], 126, "it is no program: tt run -- python ./script.py"),
        (["script.py"], 127, "there is no such program on PATH: tt run -- python script.py"),
    ],
)
def test_what_is_no_program_is_said_in_a_sentence_and_leaves_no_run(
    folder, tmp_path, monkeypatch, command, code, said
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "script.py").write_text("")

    with pytest.raises(CannotRun) as caught:
        run_command(command, store=folder)

    assert (caught.value.exit_code, caught.value.problem) == (code, said)
    assert not folder.exists()


def test_a_program_that_cannot_be_executed_leaves_a_failed_run(folder, tmp_path):
    broken = tmp_path / "broken"
    broken.write_text("#!/no/such/interpreter\n")
    broken.chmod(0o755)

    with pytest.raises(CannotRun):
        run_command([str(broken)], store=folder)

    assert the_run(folder).row.status == "failed"


# -- the command line


def test_tt_run_shows_what_the_command_prints_and_ends_as_it_did(folder):
    code = "import sys; print('to out'); print('to err', file=sys.stderr); sys.exit(3)"

    done = run_tt(
        folder, "--name", "n", "--tag", "a", "--param", "x=1", "--", sys.executable, "-c", code
    )

    one = the_run(folder)
    assert (done.returncode, done.stdout) == (3, "to out\n")
    assert done.stderr.splitlines()[0] == "to err"
    assert done.stderr.splitlines()[1].startswith("tt: 'n' failed: tt show ")
    assert (one.row.name, one.row.params, one.row.tags) == ("n", {"x": 1}, ("a",))


def test_a_store_of_an_older_version_is_brought_up_first(folder):
    restored(folder, 1)

    done = run_tt(folder, "--quiet", "true")

    assert (done.returncode, done.stderr) == (0, "")
    _, runs = look(folder)
    assert len(runs) == 2


def test_a_program_that_is_not_there_ends_as_in_a_shell(folder):
    done = run_tt(folder, "no-such-program", "--lr", "1")

    assert done.returncode == 127
    assert done.stderr == (
        "tt: 'no-such-program' cannot be run: there is no such program on PATH\n"
    )


@pytest.mark.parametrize("arguments", [(), ("--",), ("--param", "x", "--", "true")])
def test_a_command_line_that_makes_no_sense_is_said(folder, arguments):
    done = run_tt(folder, *arguments)

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_arguments_of_the_command_are_its_own(folder):
    code = "import sys; print(sys.argv[1:])"

    done = run_tt(folder, sys.executable, "-c", code, "--store", "x", "--help", "--", "y")

    assert done.stdout == "['--store', 'x', '--help', '--', 'y']\n"


def test_with_no_params_the_arguments_are_only_kept_as_the_command(folder):
    run_tt(folder, "--no-params", "--quiet", "true", "--lr", "1")

    one = the_run(folder)
    assert one.row.params == {}
    assert part(one, "process")["argv"] == ["true", "--lr", "1"]


def test_a_switched_off_tracker_only_runs_the_command(folder):
    done = run_tt(folder, "sh", "-c", "echo x; exit 4", TUI_TRACKER_MODE="disabled")

    assert (done.returncode, done.stdout, done.stderr) == (4, "x\n", "")
    assert not folder.exists()


# -- output


def test_bytes_that_are_no_text_pass_through_whole(folder, tmp_path):
    path = tmp_path / "bytes"
    path.write_bytes(bytes(range(256)) * 500 + "é".encode()[:1])

    done = subprocess.run(
        [*TT, "--store", str(folder), "run", "--quiet", "cat", str(path)],
        capture_output=True,
        env={**os.environ, "TUI_TRACKER_CONSOLE": "on"},
    )

    assert done.stdout == path.read_bytes()
    assert the_run(folder).row.status == "finished"


def test_a_letter_that_arrives_in_two_pieces_is_kept_whole(folder, launch):
    code = (
        "import os, time\nos.write(1, b'caf\\xc3'); time.sleep(0.1); os.write(1, b'\\xa9\\nrest')"
    )

    launch(code)

    assert console(folder) == [("out", "café"), ("out", "rest")]


def test_of_a_progress_bar_the_last_state_is_kept(folder, launch):
    launch(
        "import sys; [sys.stderr.write(f'\\r{n}%') for n in range(101)]; sys.stderr.write('\\n')"
    )

    assert console(folder) == [("err", "100%")]


def test_a_grandchild_that_holds_the_output_open_does_not_hold_tt(folder, launch):
    began = time.monotonic()

    launch(
        "import subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(30)'])\n"
        "print('done')"
    )

    assert time.monotonic() - began < 25  # and not the thirty that it sleeps
    assert the_run(folder).row.status == "finished"
    assert console(folder)[0] == ("out", "done")


def test_where_nobody_reads_on_the_command_still_ends_well(folder):
    tt = " ".join([*TT, "--store", str(folder), "run", "--quiet", "seq", "200000"])

    done = subprocess.run(
        ["sh", "-c", f"{tt} | head -1"],
        capture_output=True,
        text=True,
        env={**os.environ, "TUI_TRACKER_CONSOLE": "on"},
    )

    assert done.stdout == "1\n"
    assert the_run(folder).row.status == "finished"


def test_a_console_that_is_switched_off_is_not_kept(folder):
    done = run_tt(folder, "--quiet", "echo", "x", TUI_TRACKER_CONSOLE="off")

    assert done.stdout == "x\n"
    assert console(folder) == []


# -- signals


def wait_for_word(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == word:
            return
    raise AssertionError("ended early")


LOOP = "import time; print('ready', flush=True)\nwhile True: time.sleep(0.01)"
STUBBORN = """
import signal, sys, time
got = []
def stop(number, frame):
    got.append(number)
    print('got', len(got), flush=True)
signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)
print('ready', flush=True)
end = time.time() + 20
while not got and time.time() < end: time.sleep(0.01)
time.sleep(0.3)
print('count', len(got), flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_tt_is_passed_on_and_tt_waits(folder, number):
    process = start_tt(folder, sys.executable, "-c", LOOP)
    wait_for_word(process, "ready")

    process.send_signal(number)
    process.communicate(timeout=30)

    one = the_run(folder)
    assert process.returncode == 128 + number
    assert (one.row.status, one.ended_by) == ("killed", f"stopped by {number.name}")


def test_a_command_that_ends_well_after_a_signal_is_a_finished_run(folder):
    process = start_tt(folder, sys.executable, "-c", STUBBORN)
    wait_for_word(process, "ready")

    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=30)

    assert out == "got 1\ncount 1\n"
    assert (process.returncode, the_run(folder).row.status) == (0, "finished")


def test_after_sigkill_of_tt_the_run_crashed_and_the_command_ends_when_it_prints(folder, tmp_path):
    mark = tmp_path / "alive"
    code = (
        "import os, sys, time; print('ready', flush=True)\n"
        f"while True: time.sleep(0.02); open({str(mark)!r}, 'w').write(str(os.getpid())); "
        "print('x', flush=True)"
    )
    process = start_tt(folder, sys.executable, "-c", code)
    wait_for_word(process, "ready")
    wait_until(mark.exists)
    child = int(mark.read_text() or 0)

    process.kill()
    process.communicate(timeout=30)

    wait_until(lambda: not Path(f"/proc/{child}").exists())
    assert the_run(folder).row.status == "crashed"


# -- on a terminal


class Terminal:
    """A program on a terminal of its own, with keys to press."""

    def __init__(self, command: list[str], *, columns: int = 80, lines: int = 24) -> None:
        self._master, slave = pty.openpty()
        self.resize(columns, lines)
        take = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
        self.process = subprocess.Popen(
            [sys.executable, "-c", take + "os.execvp(sys.argv[1], sys.argv[1:])", *command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm", "TUI_TRACKER_CONSOLE": "on"},
        )
        os.close(slave)
        self.seen = b""

    def resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def press(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def wait_for(self, word: bytes) -> None:
        while word not in self.seen:
            self.seen += os.read(self._master, 65536)

    def end(self) -> int:
        try:
            while data := os.read(self._master, 65536):
                self.seen += data
        except OSError:
            pass
        os.close(self._master)
        return self.process.wait(30)


def test_on_a_terminal_the_command_has_one_too_of_the_same_size(folder):
    code = (
        "import os, sys, time\n"
        "print(sys.stdout.isatty(), sys.stderr.isatty(), sys.stdin.isatty())\n"
        "print(tuple(os.get_terminal_size()), flush=True)\n"
        "end = time.time() + 20\n"
        "while os.get_terminal_size(2).columns != 100 and time.time() < end: time.sleep(0.01)\n"
        "print(tuple(os.get_terminal_size(2)))\n"
    )
    terminal = Terminal([*TT, "--store", str(folder), "run", "--quiet", sys.executable, "-c", code])
    terminal.wait_for(b"(80, 24)")

    terminal.resize(100, 30)

    assert terminal.end() == 0
    assert terminal.seen.replace(b"\r", b"").decode().splitlines() == [
        "True True True",
        "(80, 24)",
        "(100, 30)",
    ]
    assert [text for _, text in console(folder)] == ["True True True", "(80, 24)", "(100, 30)"]


def test_on_a_terminal_what_is_written_to_both_streams_is_shown_in_order(folder):
    code = (
        "import os\n"
        "for n in range(300): os.write(1 + n % 2, f'{n}\\n'.encode())\n"
        "raise SystemExit('at last')"
    )
    command = [*TT, "--store", str(folder), "run", "--quiet", sys.executable, "-c", code]

    terminal = Terminal(command)

    assert terminal.end() == 1
    lines = terminal.seen.decode().split()
    assert lines[:300] == [str(n) for n in range(300)]
    assert the_run(folder).ended_by.endswith("at last")


def test_ctrl_c_reaches_the_command_once(folder):
    command = [*TT, "--store", str(folder), "run", sys.executable, "-c", STUBBORN]
    terminal = Terminal(command)
    terminal.wait_for(b"ready")

    terminal.press(b"\x03")

    assert terminal.end() == 0
    assert b"count 1" in terminal.seen
    assert the_run(folder).row.status == "finished"


def test_ctrl_c_leaves_a_killed_run_and_the_shells_exit_code(folder):
    command = [*TT, "--store", str(folder), "run", sys.executable, "-c", LOOP]
    terminal = Terminal(command)
    terminal.wait_for(b"ready")

    terminal.press(b"\x03")

    assert terminal.end() == 130
    assert the_run(folder).row.status == "killed"


# -- what the script is told, and what it tells


def test_the_hash_seed_is_set_and_recorded_unless_it_is_given(folder, launch, monkeypatch):
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    launch("import os; print(os.environ['PYTHONHASHSEED'])")
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    launch("import os; print(os.environ['PYTHONHASHSEED'])")

    _, runs = look(folder)
    found = [part(run, "variables")["variables"]["PYTHONHASHSEED"] for run in runs]
    assert found == ["0", "7"]


def test_a_script_that_begins_a_run_joins_that_of_the_command(folder, launch):
    result = launch(
        "import tui_tracker as tt\n"
        "r = tt.init('mine', 'named', params={'lr': 0.1, 'depth': 3}, tags=['b'], note='n')\n"
        "with r:\n"
        "    print(r.id, r.name)\n"
        "    r.log({'loss': 0.5})\n",
        "--lr",
        "0.1",
        tags=["a"],
    )

    one = the_run(folder)
    assert one.row.id == result.run_id
    assert (one.row.experiment, one.row.name) == ("mine", "named")
    assert one.row.params == {"lr": 0.1, "depth": 3}
    assert (one.row.tags, one.notes[0].text, one.points) == (("a", "b"), "n", 1)
    assert console(folder) == [("out", f"{result.run_id} named")]
    with Store.open(folder) as store:
        assert [e.name for e in queries.list_experiments(store)] == ["mine"]


def test_a_name_on_the_command_line_wins_over_the_scripts(folder, launch):
    launch(
        "import tui_tracker as tt; tt.init('mine', 'named').finish()",
        name="said",
        experiment="stated",
    )

    one = the_run(folder)
    assert (one.row.experiment, one.row.name) == ("stated", "said")


def test_a_second_run_of_the_script_is_one_of_its_own(folder, launch):
    launch(
        "import tui_tracker as tt\n"
        "for n in range(3):\n"
        "    with tt.init(params={'n': n}) as r: r.log({'loss': n})\n"
    )

    _, runs = look(folder)
    runs.sort(key=lambda run: str(run.row.params))
    assert [(run.row.params, run.row.status, run.points) for run in runs] == [
        ({"n": 0}, "finished", 1),
        ({"n": 1}, "finished", 1),
        ({"n": 2}, "finished", 1),
    ]
    assert {run.row.experiment for run in runs} == {"train"}


def test_children_of_the_script_join_too_each_with_its_first_run(folder, launch):
    launch(
        "import subprocess, sys\n"
        "code = 'import sys, tui_tracker as tt; tt.init(); tt.log({sys.argv[1]: 1})'\n"
        "for name in 'ab': subprocess.run([sys.executable, '-c', code, name], check=True)\n"
    )

    one = the_run(folder)
    assert sorted(one.row.metrics) == ["a", "b"]
    assert one.row.status == "finished"


def test_a_script_that_names_another_store_begins_a_run_there(folder, launch, tmp_path):
    launch(
        f"import tui_tracker as tt; tt.init('other', store={str(tmp_path / 'other')!r}).finish()"
    )

    assert the_run(tmp_path / "other").row.experiment == "other"
    assert the_run(folder).row.experiment == "train"


def test_a_process_that_outlives_the_run_begins_its_own(folder, launch, monkeypatch):
    import tui_tracker as tt

    result = launch("import os; print(os.environ['TUI_TRACKER_RUN'])")
    monkeypatch.setenv("TUI_TRACKER_RUN", f"{result.run_id},1,,x")

    run = tt.init("later", store=folder)
    run.finish()

    assert run.id != result.run_id


def test_a_command_inside_of_a_command_is_a_run_with_a_parent(folder, launch):
    launch(
        "import subprocess, sys\n"
        f"subprocess.run({TT!r} + ['run', '--name', 'inner', 'true'], check=True)\n",
        name="outer",
    )

    _, (outer, inner) = look(folder)
    assert (outer.row.name, inner.row.name, inner.parent) == ("outer", "inner", outer.row.id)


# -- the bootstrap


def captured(folder: Path, *arguments: str, **environment: str) -> RunDetail:
    done = run_tt(folder, *arguments, TUI_TRACKER_CAPTURE="on", **environment)
    assert done.returncode == 0, done.stderr
    return the_run(folder)


def test_the_packages_are_those_of_the_scripts_python(folder, tmp_path):
    info = tmp_path / "site" / "only_here-1.5.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Name: only-here\nVersion: 1.5\n")

    one = captured(folder, sys.executable, "-c", "0", PYTHONPATH=str(tmp_path / "site"))

    statuses = {p.name: p.status for p in one.lineage}
    assert part(one, "environment")["packages"]["only-here"] == "1.5"
    assert part(one, "process")["python"] == sys.version.split()[0]
    assert statuses["environment"] == statuses["hardware"] == "ok"


def test_a_python_that_a_shell_starts_is_found_by_the_bootstrap(folder):
    one = captured(folder, "sh", "-c", f"{sys.executable} -c 'print(1)'; true")

    facts = part(one, "process")
    assert facts["executable"] == sys.executable
    assert facts["script_process"]["argv"][:2] == [sys.executable, "-c"]
    assert "pytest" in part(one, "environment")["packages"]


def test_a_command_without_python_says_so_and_still_tells_of_the_machine(folder):
    one = captured(folder, "true")

    statuses = {p.name: (p.status, p.reason) for p in one.lineage}
    assert statuses["environment"][0] == "skipped"
    assert statuses["hardware"][0] == "ok"
    assert "python" not in part(one, "process")


def test_a_python_that_is_too_old_is_named_and_the_rest_is_recorded(folder, tmp_path):
    old = tmp_path / "python3.8"
    old.write_text('#!/bin/sh\ncase "$1" in -P) exit 2;; esac\necho old\n')
    old.chmod(0o755)

    one = captured(folder, str(old), "train.py")

    statuses = {p.name: (p.status, p.reason) for p in one.lineage}
    assert statuses["environment"] == (
        "failed",
        "the command's Python could not be asked: 3.11 or later is needed for that",
    )
    assert statuses["hardware"][0] == "ok"


def test_the_script_and_its_children_see_nothing_of_the_bootstrap(folder, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "sitecustomize.py").write_text("import builtins; builtins.chained = 1")
    (tmp_path / "look.py").write_text(
        "import json, os, subprocess, sys\n"
        "facts = [os.environ.get('PYTHONPATH'), os.environ.get('TUI_TRACKER_BOOT'), chained,\n"
        "         [p for p in sys.path if 'tt-run' in p], sys.modules['sitecustomize'].__file__]\n"
        "print(json.dumps(facts))\n"
        "if len(sys.argv) < 2: subprocess.run([sys.executable, __file__, 'child'])\n"
    )
    mine = str(tmp_path / "mine")

    done = run_tt(
        *(folder, sys.executable, str(tmp_path / "look.py")),
        TUI_TRACKER_CAPTURE="on",
        PYTHONPATH=mine,
    )

    facts = [json.loads(line) for line in done.stdout.splitlines()]
    expected = [mine, None, 1, [], os.path.join(mine, "sitecustomize.py")]
    assert facts == [expected, expected]
    variables = part(the_run(folder), "variables")["variables"]
    assert variables["PYTHONPATH"] == mine
    assert not [name for name in os.listdir("/tmp") if the_run(folder).row.id in name]


@pytest.mark.parametrize("flag", ["-S", "-I", "-E"])
def test_a_python_that_takes_no_bootstrap_runs_as_ever(folder, flag):
    one = captured(folder, sys.executable, flag, "-c", "print('ok')")

    assert one.row.status == "finished"


def test_without_git_home_and_temporary_folder_the_record_is_still_useful(folder, tmp_path):
    one = captured(
        *(folder, sys.executable, "-c", "print(1)", "--lr", "1"),
        PATH=str(tmp_path),
        HOME="/proc/nothing",
        TMPDIR="/proc/nothing",
    )

    statuses = {p.name: p.status for p in one.lineage}
    assert statuses["environment"] == statuses["hardware"] == statuses["process"] == "ok"
    assert (one.row.params, one.row.status) == ({"lr": 1}, "finished")


def test_runs_of_one_state_share_what_is_equal(folder, launch, monkeypatch):
    monkeypatch.setenv("TUI_TRACKER_CAPTURE", "on")
    for _ in range(2):
        launch("print(1)", "--lr", "1")

    _, runs = look(folder)
    for name in ("environment", "hardware", "variables"):
        first, second = (part(run, name) for run in runs)
        assert first == second != {}


# -- secrets


def test_nothing_planted_is_found_in_store_journals_or_output(folder, tmp_path):
    secrets = {
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzt5Kq3Wm9A",
        "HF_TOKEN": "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH",
        "OPENAI_API_KEY": "sk-proj-" + "aB3dE5gH7jK9mN1pQ2sT4vW6yZ8bC0dF",
        "KEY_FILE_TEXT": "-----BEGIN PRIVATE KEY-----\n"
        + "aB3dE5gH7jK9mN1pQ2sT4vW6yZ8bC0dF\n" * 4
        + "-----END PRIVATE KEY-----",
    }
    password = "tr0ub4dor-and-3"
    script = tmp_path / "train.py"
    script.write_text(
        "import os, sys\nimport tui_tracker as tt\n"
        "tt.init(params={'github_token': sys.argv[2], 'lr': 1})\n"
        "print(sys.argv, os.environ['HF_TOKEN'], os.environ['AWS_SECRET_ACCESS_KEY'])\n"
        "raise SystemExit('failed with ' + sys.argv[2])\n"
    )
    project = tmp_path / "project"
    project.mkdir()
    (project / "requirements.txt").write_text(f"--index-url https://me:{password}@host/simple\n")
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    url = f"https://me:{password}@example.org/p.git"
    subprocess.run(["git", "remote", "add", "origin", url], cwd=project, check=True)

    process = subprocess.Popen(
        [
            *(*TT, "--store", str(folder), "run", "--param", f"api_key={password}"),
            *("--", sys.executable, str(script), "--github-token", TOKEN),
            *("--db", f"postgres://me:{password}@db/x", "--openai", secrets["OPENAI_API_KEY"]),
        ],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **secrets, "TUI_TRACKER_CAPTURE": "on", "TUI_TRACKER_CONSOLE": "on"},
    )
    process.communicate(timeout=60)
    shown = subprocess.run(
        [*TT, "--store", str(folder), "show", "--json", the_run(folder).row.id],
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    planted = [TOKEN, password, *secrets.values(), "aB3dE5gH7jK9"]
    texts = {"show": shown, **everything(folder)}
    found = [(name, s) for s in planted for name, text in texts.items() if s in text]
    assert found == []
    assert hidden(TOKEN) in shown
    assert the_run(folder).ended_by == f"failed with {hidden(TOKEN)}"


def everything(folder: Path) -> dict[str, str]:
    """Return all texts of a store by table and column, unpacked, and of its journals."""
    import sqlite3
    import zlib

    texts = {str(p): p.read_bytes().decode("latin-1") for p in folder.rglob("*.journal*")}
    with closing(sqlite3.connect(folder / "store.db")) as connection, connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall()
        for (table,) in tables:
            cells: list[str] = []
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                for cell in row:
                    if isinstance(cell, bytes):
                        try:
                            cell = zlib.decompress(cell)
                        except zlib.error:
                            pass
                        cell = cell.decode("latin-1")
                    cells.append(str(cell))
            texts[table] = "\n".join(cells)
    connection.close()
    return texts

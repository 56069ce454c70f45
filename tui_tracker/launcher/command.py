"""A command as the lineage has it: how it is started, and which Python runs in it.

The packages that count are those of the script's interpreter, not of ours. It is known
by the command's first word, or by the word that the bootstrap leaves in a folder of this
run once a Python has begun (as in `uv run`, or a shell script).
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

from tui_tracker import helper
from tui_tracker.capture import bootstrap, git, inside, launch, process, variables
from tui_tracker.capture.redaction import redact_argv
from tui_tracker.errors import CannotRun
from tui_tracker.start import Start
from tui_tracker.values import to_json

Log = Callable[[Mapping[str, object]], None]
"""Writes a part of the lineage."""

_OWN_PARTS, _ITS_PARTS = ("code", "lock"), ("environment", "hardware")
"""What our Python tells (it has what that needs), and what only the script's can."""
_NO_PYTHON = "the command started no Python that could be asked"
_NO_OBSERVER = "only the command's own process could tell"
_TOO_OLD = "the command's Python could not be asked: 3.11 or later is needed for that"
_HELPER_S = 5.0


class Command:
    """The words of a command, where and with which variables it runs, and what it told."""

    def __init__(
        self,
        begun: Start,
        words: Sequence[str],
        cwd: str,
        environ: Mapping[str, str],
        settled: Sequence[str],
    ) -> None:
        self.words, self.cwd, self.environ = list(words), cwd, environ
        self._begun, self._settled = begun, settled
        self._captures = begun.capture
        self._boot = ""
        self._helper: subprocess.Popen[bytes] | None = None
        """The one that runs in the script's Python."""
        self._told = False
        self._process = self._process_facts()
        self._announce()

    def child_environ(self) -> dict[str, str]:
        """Return the command's variables: its own, the run's, and the bootstrap's."""
        begun = self._begun
        joined = (begun.run_id, str(begun.attempt), "+".join(self._settled), begun.name)
        found = {**self.environ, launch.RUN: ",".join(joined)}
        found |= {"TUI_TRACKER_STORE": begun.folder, "TUI_TRACKER_EXPERIMENT": begun.experiment}
        if self._captures and self._make_boot():
            paths = [self._boot, found.get("PYTHONPATH", "")]
            found["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
            found["TUI_TRACKER_BOOT"] = self._boot
        return found

    def began(self, pid: int, program: str, log: Log) -> None:
        """Take in that the command runs; ask its Python where its first word names one."""
        self._process["pid"] = pid
        python = find_python(program)
        if python:
            self._process["executable"] = process.private_path(python)
        if python and os.path.samefile(os.path.dirname(python), os.path.dirname(sys.executable)):
            # One process for all where tt lives beside the script's packages.
            self._launch(python, log, (*_OWN_PARTS, *_ITS_PARTS))
        elif self._captures:
            self._start_helper("", log, _OWN_PARTS)
            if python:
                self._launch(python, log)
        log({"part": "process", "status": "ok", "facts": self._process})
        # The observer writes over it, where there is one in the command's process.
        for part in inside.PARTS:
            log({"part": part, "status": "skipped", "reason": _NO_OBSERVER})

    def look(self, log: Log) -> None:
        """Take in what the bootstrap left, once it did."""
        path = os.path.join(self._boot, "python.json")
        if self._told or not self._boot or not os.path.exists(path):
            return
        self._told = True
        import json

        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                facts = json.load(file)
            python, version, pid = str(facts["executable"]), str(facts["python"]), facts["pid"]
            argv = redact_argv([str(word) for word in facts["argv"]])[0]
        except (OSError, ValueError, KeyError, TypeError):
            return
        self._process |= {"python": version, "executable": process.private_path(python)}
        if pid != self._process.get("pid"):
            self._process["script_process"] = {"pid": pid, "argv": argv}
        log({"part": "process", "status": "ok", "facts": self._process})
        self._launch(python, log)

    def end(self, log: Log) -> None:
        """Take in what came last, and ask our own Python where the command had none."""
        self.look(log)
        if self._captures and self._helper is None:
            log({"part": "environment", "status": "skipped", "reason": _NO_PYTHON})
            self._start_helper("", log, ("hardware",))

    def settle(self, run_id: str, folder: str) -> None:
        """Wait a few seconds for what is still being recorded, and bring it into the store."""
        helped = self._helper
        try:
            if helped is not None and helped.wait(_HELPER_S) == _WRONG_PYTHON:
                helper.record_failure(folder, run_id, "environment", _TOO_OLD)
                helper.launch(
                    folder, run_id, environ=self.environ, cwd=self.cwd, parts=["hardware"]
                )
        except (subprocess.TimeoutExpired, OSError):
            pass  # it ends in its own time, and whoever looks next drains it
        helper.settle(_HELPER_S)
        self.close()

    def close(self) -> None:
        """Remove the folder that the bootstrap was in."""
        if not self._boot:
            return
        for name in (*_BOOT_FILES, "python.json", "python.json.new", "claimed"):
            try:
                os.unlink(os.path.join(self._boot, name))
            except OSError:
                pass
        for path in (os.path.join(self._boot, "__pycache__"), self._boot):
            try:
                for name in os.listdir(path):
                    os.unlink(os.path.join(path, name))
                os.rmdir(path)
            except OSError:
                pass

    def _process_facts(self) -> dict[str, object]:
        top = git.find_top(self.cwd) if self.cwd else None
        facts = process.capture_process(top, argv=self.words, environ=self.environ, cwd=self.cwd)
        # Ours are not the command's.
        for key in ("python", "executable", "pid"):
            del facts[key]
        # To run it again, it has to be launched again: it may call no logger itself.
        facts["launcher"] = "tt run"
        return facts

    def _announce(self) -> None:
        """Put the command's facts where `prepare` put those of this process."""
        facts: dict[str, Mapping[str, object]] = {
            "process": self._process,
            "variables": variables.capture_variables(self.environ),
            "code": git.read_head(self.cwd) if self.cwd else {},
        }
        parts = self._begun.facts["lineage"]
        for part in parts if isinstance(parts, list) else ():
            if part["part"] in facts:
                part["facts"] = facts[part["part"]]

    def _launch(self, python: str, log: Log, parts: Sequence[str] = _ITS_PARTS) -> None:
        """Ask the script's Python, once."""
        if self._captures and self._helper is None:
            self._helper = self._start_helper(python, log, parts)

    def _start_helper(
        self, python: str, log: Log, parts: Sequence[str]
    ) -> subprocess.Popen[bytes] | None:
        """Start the helper in a Python, ours where none is given; None where none starts."""
        folder, run_id = self._begun.folder, self._begun.run_id
        environ = dict(self.environ)
        if not python:
            environ.pop("PYTHONPATH", None)  # it is meant for the script's, which is another
        try:
            return helper.launch(
                folder, run_id, python=python, environ=environ, cwd=self.cwd, parts=parts
            )
        except OSError as error:
            for part in parts:
                log({"part": part, "status": "failed", "reason": str(error)})
            return None

    def _make_boot(self) -> bool:
        place = os.environ.get("TMPDIR") or ("/tmp" if os.path.isdir("/tmp") else "")
        folder = os.path.join(place, f"tt-run-{self._begun.run_id}")
        package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        try:
            os.mkdir(folder, 0o700)
            with open(bootstrap.__file__, encoding="utf-8") as file:
                texts = (file.read(), package, to_json(self._begun.facts["params"]))
            for name, text in zip(_BOOT_FILES, texts, strict=True):
                with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                    file.write(text)
        except OSError:
            return False  # the command runs without, and tells less
        self._boot = folder
        return True


_BOOT_FILES = ("sitecustomize.py", "package", "params.json")
_WRONG_PYTHON = 2
"""How a Python before 3.11 ends that was given the option -P."""


def find_program(word: str, environ: Mapping[str, str], cwd: str) -> str:
    """Return the path of the program that a command's first word names.

    Raises:
        CannotRun: there is none, or it is no program.
    """
    if os.sep in word:
        path = os.path.join(cwd, word)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
        if os.path.exists(path):
            raise CannotRun(word, f"it is no program{_hint(word)}", 126)
        raise CannotRun(word, "there is no such file", 127)
    for place in environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(place or ".", word)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return os.path.abspath(path)
    there = os.path.exists(os.path.join(cwd, word))
    raise CannotRun(word, f"there is no such program on PATH{_hint(word) if there else ''}", 127)


def find_python(program: str) -> str:
    """Return the Python that a program is or is run by, "" where that cannot be told."""
    if os.path.basename(program).lower().startswith(("python", "pypy")):
        return program
    try:
        with open(program, "rb") as file:
            line = file.readline(512)
    except OSError:
        return ""
    if not line.startswith(b"#!"):
        return ""
    words = line[2:].decode("utf-8", "replace").split()
    interpreter = words[0] if words else ""
    name = os.path.basename(interpreter).lower()
    # `#!/usr/bin/env python` leaves it to PATH, and the bootstrap will tell.
    return interpreter if name.startswith(("python", "pypy")) else ""


def _hint(word: str) -> str:
    return f": tt run -- python {word}" if word.endswith(".py") else ""

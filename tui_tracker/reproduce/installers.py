"""How an environment is made and filled: by uv, or by venv and pip where there is none.

Both are asked for exact versions and never for dependencies: the recorded list is whole,
and a resolver could only add to it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Literal

from tui_tracker.reproduce.options import Options
from tui_tracker.reproduce.packages import normal

_INSTALL_S = 3600.0
_FOUND = (
    re.compile(r"no version of ([\w.-]+?)(?:\[[^\]]*\])?==", re.I),
    re.compile(
        r"Because ([\w.-]+?)(?:==\S+)? (?:was not found|has no wheels|is not available)", re.I
    ),
    re.compile(r"No matching distribution found for ([\w.-]+)", re.I),
    re.compile(r"Failed to (?:build|download|fetch|prepare)[^`\n]*`([\w.-]+?)(?:==[^`]*)?`", re.I),
    re.compile(r"Could not find a version that satisfies the requirement ([\w.-]+)", re.I),
)
_VERSIONS = re.compile(r"from versions: ([^)]*)\)")
_NO_WHEEL = re.compile(r"no wheels? with a matching|not a supported wheel|no compatible", re.I)
_NO_NETWORK = re.compile(
    r"network|connect|resolve host|name resolution|offline|no-index|dns|cache", re.I
)


@dataclass(frozen=True, slots=True)
class Tool:
    """What makes environments here."""

    kind: Literal["uv", "venv"]
    program: str
    """Path of uv; the base interpreter for venv."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why an installer gave up."""

    package: str | None
    why: Literal["missing", "no wheel", "network", "other"]
    versions: tuple[str, ...]
    """Those that it knows, as far as it said so."""
    output: str


def find_uv() -> str | None:
    """Return the path of uv: on PATH, or from the extra `tui-tracker[repro]`."""
    if found := shutil.which("uv"):
        return found
    try:
        return str(import_module("uv").find_uv_bin())
    except (ImportError, AttributeError, OSError):
        return None


def find_interpreter(version: str, candidates: Sequence[str]) -> str | None:
    """Return an interpreter of this version, `3.11` being any 3.11; None where none is found."""
    minor = ".".join(version.split(".")[:2])
    named = [shutil.which(f"python{version}"), shutil.which(f"python{minor}")]
    for program in (*candidates, *named, shutil.which("python3"), sys.executable):
        found = _version(program) if program else None
        if found is not None and (found == version or found.startswith(f"{version}.")):
            return program
    return None


def make_environment(tool: Tool, folder: Path, python: str, options: Options) -> str:
    """Make an empty environment; return what went wrong, "" where nothing did."""
    if tool.kind == "uv":
        # Its own search gives up at the first program that is no Python, such as a shim.
        found = find_interpreter(python, []) or python
        command = [tool.program, "venv", "--no-project", "--python", found, str(folder)]
        more = {"UV_PYTHON_DOWNLOADS": "never"} if options.offline else {}
        return _run([*command, *_network(options)], more)
    return _run([tool.program, "-m", "venv", str(folder)], {})


def install(
    tool: Tool,
    python: Path,
    requirements: Path,
    options: Options,
    tell: Callable[[str], None],
) -> Refused | None:
    """Install exact requirements; return why that was refused, None where it was not."""
    if tool.kind == "uv":
        command = [tool.program, "pip", "install", "--python", str(python), "--no-deps"]
        command += ["--no-config", *_network(options)]
    else:
        command = [str(python), "-m", "pip", "install", "--no-deps", "--no-input"]
        command += ["--disable-pip-version-check", "--no-warn-script-location"]
        command += ["--no-index"] if options.offline else []
    for place in options.find_links:
        command += ["--find-links", place]
    if options.index_url:
        command += ["--index-url", options.index_url]
    output = _run([*command, "-r", str(requirements)], {}, tell)
    return read_refusal(output) if output else None


def _network(options: Options) -> list[str]:
    return ["--offline"] if options.offline else []


def _run(
    command: Sequence[str], more: dict[str, str], tell: Callable[[str], None] | None = None
) -> str:
    """Run a command; return its output where it failed, "" where it did not."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    environment.pop("VIRTUAL_ENV", None)
    environment |= {"PIP_NO_INPUT": "1", "GIT_TERMINAL_PROMPT": "0", **more}
    lines: list[str] = []
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        return f"{command[0]} cannot be run ({error.strerror})"
    try:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if tell is not None:
                tell(line.strip())
        code = process.wait(timeout=_INSTALL_S)
    finally:
        end_group(process)
    return "" if code == 0 else "".join(lines) or f"it ended with code {code}"


def end_group(process: subprocess.Popen[str]) -> None:
    """Kill what is left of a process and of all that it started."""
    import signal

    with process:
        if process.poll() is None:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except (OSError, AttributeError):
                process.kill()


def read_refusal(output: str) -> Refused:
    """Return what an installer gave up on, read from what it printed."""
    names = [match[1] for pattern in _FOUND if (match := pattern.search(output))]
    found = _VERSIONS.search(output)
    versions = () if not found or found[1] == "none" else tuple(found[1].split(", "))
    if _NO_WHEEL.search(output):
        return Refused(normal(names[0]) if names else None, "no wheel", versions, output)
    if names:
        return Refused(normal(names[0]), "missing", versions, output)
    return Refused(None, "network" if _NO_NETWORK.search(output) else "other", versions, output)


def _version(program: str) -> str | None:
    try:
        done = subprocess.run(
            [program, "-I", "-c", "import platform; print(platform.python_version())"],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()

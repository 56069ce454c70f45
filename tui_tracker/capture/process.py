"""How the training script was started: what can be known without asking anybody."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SCHEDULERS = (
    "SLURM_JOB_ID SLURM_ARRAY_JOB_ID SLURM_ARRAY_TASK_ID SLURM_STEP_ID SLURM_JOB_PARTITION "
    "SLURM_RESTART_COUNT LSB_JOBID LSB_JOBINDEX PBS_JOBID PBS_ARRAY_INDEX PBS_QUEUE "
    "POD_NAME POD_NAMESPACE JOB_NAME JOB_COMPLETION_INDEX RAY_JOB_ID AWS_BATCH_JOB_ID "
    "TRAINING_JOB_NAME CLOUD_ML_JOB_ID KAGGLE_KERNEL_RUN_TYPE COLAB_RELEASE_TAG "
    "GITHUB_RUN_ID CI_JOB_ID OAR_JOB_ID FLUX_JOB_ID"
).split()
_SGE = ("JOB_ID", "SGE_TASK_ID", "QUEUE")
"""What Grid Engine calls its variables, plain words that count only beside SGE_ROOT."""


def capture_process(
    top: str | None = None,
    *,
    argv: Sequence[str] | None = None,
    environ: Mapping[str, str] | None = None,
    cwd: str = "",
) -> dict[str, object]:
    """Return how this process was started, where, by whom and as which of many.

    `top` is the work tree's top folder; `argv`, `environ` and `cwd` are those of another
    process.
    """
    from tui_tracker.capture import containers, launch
    from tui_tracker.capture.redaction import redact_argv

    environ = os.environ if environ is None else environ
    given = list(getattr(sys, "orig_argv", None) or sys.argv) if argv is None else list(argv)
    shown, redacted = redact_argv(given)
    cwd = cwd or working_folder()
    facts: dict[str, object] = {
        "argv": [private_path(text) for text in shown],
        "script": script_name() if argv is None else script_of(given),
        "cwd": private_path(cwd),
        "host": host_name(),
        "user": user_name(),
        "pid": os.getpid(),
        "python": sys.version.split()[0],
        "executable": private_path(sys.executable),
        "rank": launch.read_rank(),
        "world_size": launch.read_world_size(),
    }
    if redacted:
        facts["redacted"] = redacted
    if top is not None and cwd:
        below = os.path.relpath(cwd, top)
        facts["cwd_rel"] = "" if below == "." else below
    if scheduler := read_scheduler(environ):
        facts["scheduler"] = scheduler
    if container := containers.find_container(environ):
        facts["container"] = container
    return facts


def read_scheduler(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what cluster schedulers tell their jobs, by the variables' names in lower case."""
    names = [*_SCHEDULERS, *(_SGE if "SGE_ROOT" in environ else ())]
    if "KUBERNETES_SERVICE_HOST" not in environ:
        names.remove("JOB_NAME")  # a word that many programs use
    found = {name.lower(): environ[name] for name in names if environ.get(name)}
    if "KUBERNETES_SERVICE_HOST" in environ and "pod_name" not in found:
        # A pod's host name is its own name, unless somebody chose another.
        found |= {"pod_name": environ["HOSTNAME"]} if environ.get("HOSTNAME") else {}
    return found


def script_of(command: Sequence[str]) -> str:
    """Return the file name of the script in a command, or its module or program."""
    from tui_tracker.capture import arguments

    return arguments.script_word(command)


def script_name() -> str:
    """Return the script's file name; "notebook" or "python" where there is none."""
    main = sys.modules.get("__main__")
    path: str | None = getattr(main, "__file__", None)
    if path and "ipykernel" not in path:
        name = os.path.basename(path)
        # `python -m package` runs package/__main__.py: the package is what it is called.
        if name == "__main__.py":
            return os.path.basename(os.path.dirname(os.path.abspath(path))) or name
        return name
    return "notebook" if "ipykernel" in sys.modules else "python"


def working_folder() -> str:
    """Return the current folder, "" where somebody removed it."""
    try:
        return os.getcwd()
    except OSError:
        return ""


def host_name() -> str:
    """Return the machine's name; with `TUI_TRACKER_PRIVACY=strict` what stands for it."""
    name = os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")
    return _private(name)


def user_name() -> str:
    """Return the user's login name, or their number where it has none.

    With `TUI_TRACKER_PRIVACY=strict` what stands for it.
    """
    for variable in ("USER", "LOGNAME", "USERNAME"):
        if name := os.environ.get(variable):
            return _private(name)
    try:
        import pwd

        return _private(str(pwd.getpwuid(os.getuid()).pw_name))
    except (ImportError, KeyError, AttributeError):
        return _private(str(os.getuid())) if hasattr(os, "getuid") else ""


def is_strict() -> bool:
    """Return whether names of people and machines are to be hidden."""
    return os.environ.get("TUI_TRACKER_PRIVACY", "").lower() == "strict"


def private_path(text: str) -> str:
    """Return a text with the home folder as `~`, where names of people are to be hidden."""
    return shorten_home(text) if is_strict() else text


def shorten_home(text: str) -> str:
    """Return a text with `~` for the home folder, wherever a path begins with it."""
    home = os.path.expanduser("~").rstrip(os.sep)
    if not home or home not in text:
        return text
    pieces = text.split(home)
    shown = pieces[0]
    for piece in pieces[1:]:
        whole = not piece or not (piece[0].isalnum() or piece[0] in "_-.")
        begins = not shown or not (shown[-1].isalnum() or shown[-1] in "_-./")
        shown += ("~" if whole and begins else home) + piece
    return shown


def _private(name: str) -> str:
    if not name or not is_strict():
        return name
    from tui_tracker.capture.redaction import hidden

    return hidden(name)

"""How the training script was started: what can be known without asking anybody."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def capture_process() -> dict[str, object]:
    """Return argv, script, folder, host, user, process id and Python version."""
    argv = getattr(sys, "orig_argv", None) or sys.argv
    return {
        "argv": redact(list(argv)),
        "script": script_name(),
        "cwd": os.getcwd(),
        "host": host_name(),
        "user": user_name(),
        "pid": os.getpid(),
        "python": sys.version.split()[0],
        "executable": sys.executable,
    }


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


def host_name() -> str:
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")


def user_name() -> str:
    """Return the user's login name, or their number where it has none."""
    for variable in ("USER", "LOGNAME", "USERNAME"):
        if name := os.environ.get(variable):
            return name
    try:
        import pwd

        return str(pwd.getpwuid(os.getuid()).pw_name)
    except (ImportError, KeyError, AttributeError):
        return str(os.getuid()) if hasattr(os, "getuid") else ""


def redact(argv: Sequence[str]) -> list[str]:
    """Return the arguments without their secrets."""
    from tui_tracker.capture.redaction import redact_argv

    return redact_argv(argv)[0]

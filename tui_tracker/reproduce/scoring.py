"""Scoring a recorded model again: what scores it, and its files where that finds them.

The project says how, in `[tool.tui_tracker.reproduce] rescore` of its `pyproject.toml` or
by `--command`. The command runs in the rebuilt tree, finds the run's artifacts under their
names in the folder that `TUI_TRACKER_ARTIFACTS` names, and logs its metrics by `init`.
"""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path

from tui_tracker.errors import InvalidArgument
from tui_tracker.reproduce.failures import TROUBLE, CannotReproduce
from tui_tracker.reproduce.files import stored_file
from tui_tracker.reproduce.options import Options
from tui_tracker.reproduce.record import Recorded
from tui_tracker.reproduce.tolerance import Settings
from tui_tracker.store import Store

ARTIFACTS = "TUI_TRACKER_ARTIFACTS"


def scoring_command(options: Options, settings: Settings) -> list[str]:
    """Return the words of the command.

    Raises:
        CannotReproduce: nobody said what it is.
        InvalidArgument: its quotes do not match.
    """
    said = options.command or settings.rescore
    if not said:
        raise CannotReproduce(
            "rescore",
            "what scores the recorded model is not known",
            exit_code=TROUBLE,
            ways_out=(
                '--command "python evaluate.py"',
                "[tool.tui_tracker.reproduce] rescore in the pyproject.toml of the run",
            ),
        )
    try:
        return shlex.split(said)
    except ValueError as error:
        raise InvalidArgument(f"--command {said!r}: {error}") from error


def write_artifacts(store: Store, record: Recorded, folder: Path) -> Path:
    """Write the run's files out for a scoring command.

    Raises:
        CannotReproduce: none is kept.
    """
    count = 0
    for artifact in record.detail.artifacts:
        source = stored_file(store, artifact)
        target = Path(os.path.normpath(folder / artifact.path.lstrip("/")))
        # A name that leads out of the folder is somebody's trick.
        if source is None or not target.is_relative_to(folder):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        count += 1
    if not count:
        raise CannotReproduce(
            "rescore",
            f"no artifact of {record.name!r} is kept in the store, so there is no model",
            exit_code=TROUBLE,
        )
    return folder

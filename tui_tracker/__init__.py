"""tui_tracker: log runs from a training script, look at them in the terminal.

    import tui_tracker as tt

    with tt.init(experiment="sweep_lr", params={"learning_rate": 1e-3, "seed": 0}) as run:
        for step in range(100):
            run.log({"train_loss": 1 / (step + 1)}, step=step)

Only the standard library is loaded by this import.
"""

from tui_tracker.capture import watch_seeds
from tui_tracker.errors import TrackerError
from tui_tracker.run import Run
from tui_tracker.session import (
    current,
    finish,
    init,
    log,
    log_artifact,
    log_data,
    log_params,
    log_split,
    note,
    read_split,
    seed_everything,
    split,
    tag,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tui_tracker.frames import frame
    from tui_tracker.listing import list_runs

__version__ = "0.1.0"
__all__ = [
    "Run",
    "TrackerError",
    "current",
    "finish",
    "frame",
    "init",
    "list_runs",
    "log",
    "log_artifact",
    "log_data",
    "log_params",
    "log_split",
    "note",
    "read_split",
    "seed_everything",
    "split",
    "tag",
]

# Most scripts seed before they call `init`.
watch_seeds()


def __getattr__(name: str) -> object:
    # What only reads, no training script should wait for.
    if name == "list_runs":
        from tui_tracker.listing import list_runs

        return list_runs
    if name == "frame":
        from tui_tracker.frames import frame

        return frame
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""The run that `TUI_TRACKER_MODE=disabled` gives: the same calls, and nothing is kept."""

from __future__ import annotations

import os
import threading

from tui_tracker.config import Config
from tui_tracker.run import Run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from tui_tracker.series_frames import Engine, Frame


class DisabledRun(Run):
    """A run that keeps nothing: every call returns at once."""

    def __init__(self, experiment: str, name: str, params: dict[str, object]) -> None:
        self.id, self.name, self.experiment = "", name, experiment
        self.config = Config(params, self.log_params)
        self._finished = False
        self._thread, self._entered, self._step = threading.get_ident(), False, 0

    def log(
        self,
        metrics: Mapping[str, object],
        step: int | None = None,
        *,
        context: str = "",
        commit: bool | None = None,
    ) -> None: ...

    def log_params(self, params: object) -> None: ...

    def log_artifact(
        self,
        path: str | os.PathLike[str],
        kind: str = "file",
        *,
        name: str | None = None,
        copy: bool = True,
    ) -> None: ...

    def log_data(
        self,
        name: str,
        data: object = None,
        *,
        path: object = None,
        version: str | None = None,
        role: str = "input",
        split: object = None,
        source: str | None = None,
        licence: str | None = None,
        groups: object = None,
        time: object = None,
    ) -> None: ...

    def log_split(
        self,
        *,
        train: object = None,
        val: object = None,
        test: object = None,
        folds: object = None,
        name: str = "split",
        data: str | None = None,
        strategy: object = None,
        seed: int | None = None,
        groups: object = None,
        time: object = None,
        library: str | None = None,
        arguments: Mapping[str, object] | None = None,
        **roles: object,
    ) -> None: ...

    def series(self, metric: str, context: str = "", *, engine: Engine = "pandas") -> Frame:
        """Return a frame without points: nothing is kept."""
        from tui_tracker.series_frames import points_frame

        del metric, context
        return points_frame((), (), (), engine)

    def wait_for_artifacts(self) -> None: ...

    def tag(self, *tags: str, **keyed: str) -> None: ...

    def untag(self, *tags: str) -> None: ...

    def note(self, text: str) -> None: ...

    def finish(
        self,
        status: Literal["finished", "failed", "killed", "pruned"] | int | None = None,
        why: str = "",
    ) -> None: ...

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return DisabledRun, (self.experiment, self.name, {})

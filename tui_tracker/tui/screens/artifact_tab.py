"""What a run's page does about its artifacts: list them, and open one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_tracker.formatting import printable
from tui_tracker.tui.screens.base import TrackerScreen
from tui_tracker.tui.widgets.artifact_list import ArtifactList

if TYPE_CHECKING:
    from tui_tracker.queries import RunDetail


class ArtifactTab(TrackerScreen, inherit_bindings=False):
    """A run's page as far as its artifacts go."""

    def fill_artifacts(self, run: RunDetail, text: str) -> None:
        """Show the artifacts whose path contains a text."""
        view = self.query_one(ArtifactList)
        hint = 'No artifacts: run.log_artifact("model.pt") records one.'
        if text:
            hint = f'Nothing here contains "{printable(text)}". Press / to change it.'
        view.empty = ((), ((f" {hint}", "dim"),))
        found = [item for item in run.artifacts if text.casefold() in item.path.casefold()]
        found.sort(key=lambda item: (item.path, item.logged_at))
        if tuple(found) != tuple(view.items):
            view.items = tuple(found)

    def on_artifact_list_opened(self, event: ArtifactList.Opened) -> None:
        from tui_tracker.tui.screens.artifact import ArtifactScreen

        name = self.name_of_run
        self.app.push_screen(ArtifactScreen(name, tuple(event.list.items), event.index))

    @property
    def name_of_run(self) -> str:
        """The name of the run whose page this is."""
        raise NotImplementedError

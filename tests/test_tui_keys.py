from __future__ import annotations

import pytest

from tui_tracker.formatting import cell_width
from tui_tracker.tui.app import TrackerApp
from tui_tracker.tui.keys import AROUND, FORBIDDEN, KEYS, Key, hints, keys_at, markdown_table
from tui_tracker.tui.screens.annotating import Annotating
from tui_tracker.tui.screens.artifact import ArtifactScreen
from tui_tracker.tui.screens.audit import AuditScreen
from tui_tracker.tui.screens.changes import ChangeList, PatchScreen
from tui_tracker.tui.screens.compare import CompareScreen
from tui_tracker.tui.screens.decide import DecideScreen
from tui_tracker.tui.screens.drill import DrillScreen, OfferList
from tui_tracker.tui.screens.facets import FacetsScreen
from tui_tracker.tui.screens.findings import FindingList, FindingsScreen
from tui_tracker.tui.screens.help import help_lines
from tui_tracker.tui.screens.history import HistoryScreen
from tui_tracker.tui.screens.importing import ImportScreen
from tui_tracker.tui.screens.palette import matching
from tui_tracker.tui.screens.pick_columns import PickColumns
from tui_tracker.tui.screens.plan import PlanScreen
from tui_tracker.tui.screens.run import RunScreen
from tui_tracker.tui.screens.runs import RunsScreen
from tui_tracker.tui.screens.views import ViewsScreen
from tui_tracker.tui.widgets.artifact_list import ArtifactList
from tui_tracker.tui.widgets.audit_grid import AuditGrid
from tui_tracker.tui.widgets.compare_table import CompareTable
from tui_tracker.tui.widgets.console_view import ConsoleView
from tui_tracker.tui.widgets.curve_grid import CurveGrid
from tui_tracker.tui.widgets.experiment_tree import ExperimentTree
from tui_tracker.tui.widgets.footer import hint_line
from tui_tracker.tui.widgets.lineage_view import LineageView
from tui_tracker.tui.widgets.notes_view import NotesView
from tui_tracker.tui.widgets.plan_grid import PlanGrid
from tui_tracker.tui.widgets.rank_table import RankTable
from tui_tracker.tui.widgets.run_table import RunTable
from tui_tracker.tui.widgets.virtual_list import VirtualList

OWNERS = {
    "everywhere": TrackerApp,
    "list": VirtualList,
    "runs": RunsScreen,
    "table": RunTable,
    "tree": ExperimentTree,
    "run": RunScreen,
    "curves": CurveGrid,
    "lineage": LineageView,
    "changes": ChangeList,
    "audit": AuditGrid,
    "findings": FindingList,
    "decide": RankTable,
    "plan": PlanGrid,
    "compare": CompareTable,
    "drill": OfferList,
    "artifacts": ArtifactList,
    "annotate": Annotating,
    "notes": NotesView,
    "console": ConsoleView,
    "pick": PickColumns,
    "facets": FacetsScreen,
    "views": ViewsScreen,
}
LAST = {"pick": "enter done", "views": "esc back"}
"""What the footer of a chooser ends in: it has no help of its own."""
SCREENS = {
    "patch": PatchScreen,
    "audit": AuditScreen,
    "findings": FindingsScreen,
    "decide": DecideScreen,
    "plan": PlanScreen,
    "compare": CompareScreen,
    "drill": DrillScreen,
    "viewer": ArtifactScreen,
    "reader": ArtifactScreen,
    "history": HistoryScreen,
    "import": ImportScreen,
    "table": RunsScreen,
    "tree": RunsScreen,
}
"""Whose `screen.` actions are not those of a run's page."""


@pytest.mark.parametrize("place", AROUND)
def test_no_two_actions_share_a_key_where_both_are_valid(place):
    keys = [name for key in keys_at(place) for name in key.keys]

    assert sorted(keys) == sorted(set(keys))


def test_no_key_is_used_that_a_terminal_or_tmux_takes_for_another():
    assert not {name for key in KEYS for name in key.keys} & FORBIDDEN


@pytest.mark.parametrize("key", KEYS, ids=lambda key: f"{key.place}-{key.action}")
def test_every_action_of_the_table_is_done_by_somebody(key: Key):
    where, _, action = key.action.partition("(")[0].rpartition(".")
    screen = SCREENS.get(key.place, RunScreen)
    owner = screen if where == "screen" else OWNERS[key.place]

    assert hasattr(owner, f"action_{action}")


@pytest.mark.parametrize("place", AROUND)
@pytest.mark.parametrize("width", [50, 80, 120, 250])
def test_the_footer_fits_and_always_ends_in_more(place, width):
    line = "".join(text for text, _ in hint_line(hints(place), width))

    assert cell_width(line.rstrip()) <= width
    assert line.rstrip().endswith(LAST.get(place, "? more"))


@pytest.mark.parametrize("place", AROUND)
def test_help_names_every_key_that_works_here(place):
    words = "\n".join("".join(text for text, _ in line) for line in help_lines(place))

    assert all(key.description in words for key in keys_at(place))


def test_the_readme_table_names_every_key():
    table = markdown_table()

    assert all(key.description in table for key in KEYS)


def test_a_command_is_found_by_any_of_its_words():
    found = matching(list(keys_at("table")), "column sort")

    assert [key.action for key in found] == ["sort", "sort_then"]


@pytest.mark.parametrize("place", AROUND)
def test_an_empty_list_names_no_key_that_acts_on_its_lines(place):
    labels = {label for _, label in hints(place, empty=True)}
    own = [key for key in KEYS if key.place == place and key.rank and key.keys]
    around = {key.label for key in keys_at(place) if key.place != place}

    assert not labels & {k.label for k in own if not k.action.startswith("screen.")} - around
    assert labels >= {k.label for k in own if k.action.startswith("screen.")}

"""The one table of keys: bindings, footer, `?` help, palette and README are made from it.

A key belongs to a place. What is valid where the focus stands is the place's own keys
and those of the places around it (`AROUND`); within one such chain no key has two
meanings. Left out on purpose: what a terminal cannot tell apart (ctrl+h, i, j, m, `[`),
what tmux and screen own (ctrl+b, a), flow control and job control (ctrl+s, q, z).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from textual.binding import BindingType

Place = Literal[
    "everywhere",
    "list",
    "annotate",
    "runs",
    "table",
    "tree",
    "run",
    "curves",
    "overlay",
    "page",
    "lines",
    "console",
    "notes",
    "lineage",
    "changes",
    "patch",
    "compare",
    "detail",
    "audit",
    "findings",
    "drill",
    "decide",
    "plan",
    "artifacts",
    "viewer",
    "reader",
    "history",
    "help",
    "pick",
    "facets",
    "views",
    "import",
]

AROUND: dict[Place, tuple[Place, ...]] = {
    "everywhere": (),
    "list": ("everywhere",),
    "annotate": ("everywhere",),
    "runs": ("annotate", "everywhere"),
    "table": ("list", "runs", "annotate", "everywhere"),
    "tree": ("list", "runs", "annotate", "everywhere"),
    "run": ("annotate", "everywhere"),
    "curves": ("run", "annotate", "everywhere"),
    "overlay": ("curves", "everywhere"),
    "page": ("list", "run", "annotate", "everywhere"),
    "lines": ("list", "run", "annotate", "everywhere"),
    "console": ("list", "run", "annotate", "everywhere"),
    "notes": ("list", "run", "annotate", "everywhere"),
    "lineage": ("list", "run", "annotate", "everywhere"),
    "changes": ("list", "everywhere"),
    "patch": ("list", "everywhere"),
    "compare": ("list", "annotate", "everywhere"),
    "detail": ("list", "everywhere"),
    "artifacts": ("list", "run", "annotate", "everywhere"),
    "audit": ("list", "everywhere"),
    "findings": ("list", "everywhere"),
    "drill": ("list", "everywhere"),
    "decide": ("list", "everywhere"),
    "plan": ("list", "everywhere"),
    "viewer": ("list", "everywhere"),
    "reader": ("list", "viewer", "everywhere"),
    "history": ("list", "everywhere"),
    "help": ("list", "everywhere"),
    "pick": (),
    "facets": ("list", "everywhere"),
    "views": ("list",),
    "import": ("list", "everywhere"),
}
"""The places around each place, innermost first."""

TITLES: dict[Place, str] = {
    "everywhere": "Everywhere",
    "list": "Moving",
    "annotate": "Changing runs",
    "runs": "Start screen",
    "table": "Table of runs",
    "tree": "Tree of runs",
    "run": "A run's page",
    "curves": "Curves",
    "overlay": "Curves of several runs",
    "page": "Pages of a run",
    "lines": "Lists of a run",
    "console": "Console",
    "notes": "Notes of a run",
    "lineage": "Lineage of a run",
    "changes": "Changed files",
    "patch": "Diff of a file",
    "compare": "Comparison of runs",
    "detail": "A row of a comparison",
    "audit": "Audit of runs",
    "findings": "Findings of a rule",
    "drill": "Drill of a run",
    "decide": "Decision",
    "plan": "Plan of an experiment",
    "artifacts": "Artifacts of a run",
    "viewer": "An artifact",
    "reader": "Text of an artifact",
    "history": "History of changes",
    "help": "Help",
    "pick": "Choosing columns",
    "facets": "Choosing values",
    "views": "Saved views",
    "import": "Import from another tool",
}

FORBIDDEN = frozenset(f"ctrl+{letter}" for letter in "abhijmqsz") | {"ctrl+left_square_bracket"}


UNBOUND = "unbound"
"""A key that nobody can press, where an action has none: Textual wants one."""


@dataclass(frozen=True, slots=True)
class Key:
    """One action and the keys that do it in one place."""

    place: Place
    keys: tuple[str, ...]
    """By Textual's names; the first is shown in the footer."""
    action: str
    label: str
    """One or two words, for the footer."""
    description: str
    """A sentence without its full stop, for help, palette and README."""
    rank: int = 0
    """The smaller the sooner in the footer; 0 is never."""
    command: bool = True
    """Offered in the palette; movement is not."""

    @property
    def name(self) -> str:
        """What the settings call it: place and action, or place and label.

        An action that takes arguments stands in the table several times, so its label
        tells which one is meant: `list.page_up`.
        """
        action, takes, _ = self.action.removeprefix("screen.").partition("(")
        return f"{self.place}.{self.label.replace(' ', '_') if takes else action}"


KEYS: tuple[Key, ...] = (
    Key("everywhere", ("question_mark", "f1"), "help", "more", "Show the keys that work here", 99),
    Key("everywhere", ("colon", "ctrl+p"), "palette", "commands", "Find a command by name", 60),
    Key("everywhere", ("escape",), "out", "back", "Go one level out; never quits"),
    Key("everywhere", ("q",), "close", "close", "Close this page; quit from the first", 40),
    Key("everywhere", ("r",), "refresh", "refresh", "Read everything again from the store"),
    Key("everywhere", ("R",), "live", "live", "Stop and go on with showing what is new"),
    Key("everywhere", (), "news", "news", "Show what happened to runs, and the rules of alerts"),
    Key(
        "everywhere",
        ("y",),
        "copy",
        "copy",
        "Copy the id of the run, on curves the values at the cursor, in a plan the command",
        55,
    ),
    Key("everywhere", ("u",), "undo", "undo", "Take back the change that you made last", 50),
    Key("everywhere", ("ctrl+r",), "redo", "redo", "Make the change again that was taken back"),
    Key("everywhere", ("Y",), "copy_as", "copy as", "Copy the run as TSV, JSON or a command"),
    Key("everywhere", ("ctrl+t",), "theme", "theme", "Show the app in the next theme"),
    Key("everywhere", (), "choose_theme", "themes", "Choose a theme, seeing each one"),
    Key("everywhere", ("ctrl+c",), "interrupt", "quit", "Quit, when pressed twice"),
    Key("list", ("up", "k"), "move(-1)", "up", "Move up", command=False),
    Key("list", ("down", "j"), "move(1)", "down", "Move down", command=False),
    Key("list", ("home", "g"), "first", "top", "Go to the first line", command=False),
    Key("list", ("end", "G"), "last", "end", "Go to the last line", command=False),
    Key("list", ("pageup",), "page(-1)", "page up", "Move up by a page", command=False),
    Key("list", ("pagedown",), "page(1)", "page down", "Move down by a page", command=False),
    Key("list", ("ctrl+u",), "half(-1)", "half up", "Move up by half a page", command=False),
    Key("list", ("ctrl+d",), "half(1)", "half down", "Move down by half a page", command=False),
    Key("runs", ("slash",), "filter", "filter", "Show only the runs that a query fits", 20),
    Key("runs", ("f",), "facets", "facets", "Choose values to filter by, with their counts", 33),
    Key("annotate", ("t",), "tag", "tag", "Tag the chosen runs", 22),
    Key("annotate", ("T",), "untag", "untag", "Remove tags from the chosen runs"),
    Key("annotate", ("n",), "note", "note", "Write a note on the chosen runs", 23),
    Key("annotate", ("e",), "note_in_editor", "editor", "Write a note in your own editor"),
    Key("annotate", ("m",), "rename", "rename", "Rename the chosen runs"),
    Key("annotate", ("i",), "star", "star", "Star the chosen runs, or take their stars away"),
    Key("annotate", ("a",), "archive", "archive", "Archive the chosen runs, or bring them back"),
    Key("annotate", ("M",), "put_in_group", "group", "Put the chosen runs into a group"),
    Key("annotate", ("H",), "history", "history", "Show who changed what, and when"),
    Key("runs", ("I",), "import", "import", "Show what another tool left, and import it"),
    Key("import", ("enter",), "screen.take", "import", "Copy these runs into the store", 10),
    Key("import", ("c",), "screen.columns", "columns", "Say what the columns of a table are", 12),
    Key("import", ("p",), "screen.pattern", "pattern", "Teach a shape of lines of a log", 14),
    Key("runs", ("tab", "shift+tab"), "pane", "pane", "Go to the other pane", 30),
    Key("runs", ("1",), "tree", "tree", "Show or hide the tree of runs"),
    Key("runs", ("c",), "compare", "compare", "Compare the marked runs, or this with others", 24),
    Key("runs", ("2",), "table", "table", "Go to the table of runs"),
    Key("runs", ("b",), "group", "group", "Group runs by what you choose", 32),
    Key("runs", ("B",), "group_but_seed", "but seed", "Group by all params but the seed, or not"),
    Key("runs", ("3",), "peek", "peek", "Show or hide more of the run under the cursor", 38),
    Key("runs", ("V",), "views", "views", "Open, save or delete a saved view"),
    Key("runs", (), "keep_filter", "keep filter", "Open the app with this filter from now on"),
    Key("runs", ("z",), "archived", "archived", "Show or hide archived runs"),
    Key("facets", ("space",), "choose", "choose", "Choose the value, or choose it no more", 5),
    Key("facets", ("x",), "exclude", "leave out", "Leave the runs with this value out", 6),
    Key("facets", ("enter",), "take", "take", "Put what is chosen into the filter line", 7),
    Key("facets", ("right", "l", "tab"), "side(1)", "values", "Go to the values", 8),
    Key("facets", ("left", "h", "shift+tab"), "side(-1)", "fields", "Go to the fields", 9),
    Key("runs", ("C",), "overlay", "curves", "Draw the curves of the marked runs over each other"),
    Key(
        "runs",
        ("exclamation_mark",),
        "audit",
        "audit",
        "Audit the marked runs, or all that are shown",
        36,
    ),
    Key("runs", ("D",), "decide", "decide", "Decide by a rule which configuration wins", 37),
    Key("runs", ("P",), "plan", "plan", "Show what of a plan is there, and what is still to run"),
    Key("table", ("enter",), "open", "open", "Open the run under the cursor", 10),
    Key("table", ("left",), "column(-1)", "left", "Go to the column left", command=False),
    Key("table", ("right",), "column(1)", "right", "Go to the column right", command=False),
    Key(
        "table",
        ("h",),
        "inward(-1)",
        "fold",
        "Go to the column left; in a table of groups, fold",
        command=False,
    ),
    Key(
        "table",
        ("l",),
        "inward(1)",
        "unfold",
        "Go to the column right; in a table of groups, unfold",
        command=False,
    ),
    Key("table", ("s",), "sort", "sort", "Sort by the column under the cursor", 25),
    Key("table", ("S",), "reverse", "reverse", "Reverse the order", 45),
    Key("table", ("comma",), "sort_then", "then by", "Sort by this column after the others"),
    Key("table", ("space",), "mark", "mark", "Mark the run, or unmark it", 22),
    Key("table", ("v",), "mark_range", "range", "Begin a range; at its other end, mark it"),
    Key("table", ("A",), "mark_all", "mark all", "Mark all runs that are shown"),
    Key("table", ("asterisk",), "invert", "invert", "Mark the shown runs that are not marked"),
    Key("runs", ("U",), "restore_marks", "marks back", "Bring back the marks that were cleared"),
    Key("table", ("less_than_sign",), "resize_column(-1)", "narrower", "Make the column narrower"),
    Key("table", ("greater_than_sign",), "resize_column(1)", "wider", "Make the column wider"),
    Key("table", ("shift+left",), "move_column(-1)", "move left", "Move the column to the left"),
    Key("table", ("shift+right",), "move_column(1)", "move right", "Move the column to the right"),
    Key("table", ("p",), "pin_column", "pin", "Pin the column at the left, or let it go"),
    Key("table", ("x",), "hide_column", "hide", "Hide the column"),
    Key("table", ("o",), "screen.choose_columns", "columns", "Choose the columns", 28),
    Key("table", ("d",), "screen.differing", "differing", "Show only columns that differ"),
    Key("tree", ("enter",), "open", "runs", "Go to the runs of this branch", 10),
    Key("tree", ("left", "h"), "fold", "fold", "Fold the branch, or go to its parent", 15),
    Key("tree", ("right", "l"), "unfold", "unfold", "Unfold the branch", 16),
    Key("tree", ("o",), "screen.choose_levels", "levels", "Choose the levels of the tree", 18),
    Key("run", ("1",), "tab(0)", "overview", "Show the overview"),
    Key("run", ("2",), "tab(1)", "curves", "Show the curves"),
    Key("run", ("3",), "tab(2)", "params", "Show the params"),
    Key("run", ("4",), "tab(3)", "lineage", "Show the lineage"),
    Key("run", ("5",), "tab(4)", "artifacts", "Show the artifacts"),
    Key("run", ("6",), "tab(5)", "console", "Show the console"),
    Key("run", ("7",), "tab(6)", "notes", "Show the notes"),
    Key("run", ("exclamation_mark",), "audit", "audit", "Audit the run", 34),
    Key("run", ("c",), "compare", "compare", "Compare the run with others", 33),
    Key("run", ("8",), "tab(7)", "system", "Show what the machine was busy with"),
    Key("run", ("tab",), "next_tab(1)", "next tab", "Go to the next tab", 30),
    Key("run", ("shift+tab",), "next_tab(-1)", "tab back", "Go to the tab before"),
    Key("run", ("right_square_bracket", "J"), "next_run(1)", "next run", "Open the next run", 35),
    Key("run", ("left_square_bracket", "K"), "next_run(-1)", "run before", "Open the run before"),
    Key("curves", ("up", "k"), "move(0,-1)", "up", "Go to the chart above", command=False),
    Key("curves", ("down", "j"), "move(0,1)", "down", "Go to the chart below", command=False),
    Key(
        "curves",
        ("left", "h"),
        "move(-1,0)",
        "left",
        "Go to the chart left; enlarged, move the cursor",
        command=False,
    ),
    Key(
        "curves",
        ("right", "l"),
        "move(1,0)",
        "right",
        "Go to the chart right; enlarged, move the cursor",
        command=False,
    ),
    Key("curves", ("home", "g"), "first", "first", "Go to the first chart or step", command=False),
    Key("curves", ("end", "G"), "last", "last", "Go to the last chart or step", command=False),
    Key("curves", ("pageup", "ctrl+u"), "page(-1)", "page up", "Go up by a page", command=False),
    Key("curves", ("pagedown", "ctrl+d"), "page(1)", "page down", "Go down a page", command=False),
    Key("curves", ("enter",), "enlarge", "enlarge", "Enlarge the chart, or back to all", 10),
    Key(
        "curves", ("slash",), "screen.filter", "filter", "Show only metrics that contain a text", 15
    ),
    Key("curves", ("L",), "log_axis", "log y", "Change to a logarithmic y axis and back", 20),
    Key("curves", ("X",), "log_x", "log x", "Change to a logarithmic x axis and back"),
    Key(
        "curves",
        ("x",),
        "choose_x",
        "x axis",
        "Choose the x axis: step, time, time of day, or a metric such as epoch",
        22,
    ),
    Key(
        "curves",
        ("s",),
        "smooth",
        "smooth",
        "Smooth the curves more; after the most, not at all",
        25,
    ),
    Key(
        "curves",
        ("plus", "equals_sign"),
        "zoom(1)",
        "zoom",
        "Zoom in on the steps at the cursor",
        28,
    ),
    Key("curves", ("minus",), "zoom(-1)", "zoom out", "Zoom out"),
    Key("curves", ("0",), "zoom(0)", "all steps", "Show all steps"),
    Key("curves", ("less_than_sign", "shift+left"), "pan(-1)", "pan left", "Show what is left"),
    Key("curves", ("greater_than_sign", "shift+right"), "pan(1)", "pan", "Show what is right", 29),
    Key("curves", ("b",), "bands", "bands", "Draw runs of all seeds as mean and band", 24),
    Key("curves", ("w",), "difference", "difference", "Draw the difference of two runs", 27),
    Key(
        "curves",
        ("v",),
        "threshold",
        "threshold",
        "Find the first step at which each run crosses a value",
        26,
    ),
    Key("curves", ("space",), "pin", "pin", "Pin the metric of a chart, enlarged the chosen run"),
    Key("curves", ("o",), "choose_metrics", "metrics", "Choose the metrics to show", 23),
    Key("curves", ("c",), "console", "console", "Go to what was printed at the cursor's time"),
    Key("lines", ("slash",), "screen.filter", "filter", "Show only lines that contain a text", 20),
    Key("console", ("slash",), "screen.search", "search", "Search in what was printed", 10),
    Key("console", ("n",), "screen.match(1)", "next", "Go to the next line that was found", 12),
    Key("console", ("N",), "screen.match(-1)", "before", "Go to the line found before"),
    Key("console", ("enter",), "open_time", "curves", "Go to this time on the curves", 14),
    Key("console", ("F",), "follow", "follow", "Follow new lines, or stay here", 16),
    Key("console", ("left", "h"), "shift(-1)", "left", "Scroll to the left", command=False),
    Key("console", ("right", "l"), "shift(1)", "right", "Scroll to the right", command=False),
    Key("console", ("s",), "times", "times", "Show when each line was printed", 18),
    Key("console", ("space",), "mark", "mark", "Mark the line, to copy it with y", 20),
    Key("console", ("v",), "mark_range", "range", "Mark all lines from the last mark to here"),
    Key("notes", ("enter",), "edit", "edit", "Change the words of this note", 10),
    Key("notes", ("E",), "edit_in_editor", "in editor", "Change this note in your editor", 12),
    Key("notes", ("x",), "remove", "remove", "Remove this note", 15),
    Key("history", ("tab",), "screen.other", "all / run", "Of this run, or of all runs", 20),
    Key("lineage", ("enter",), "open", "open", "Open the changed files, or fold and unfold", 10),
    Key("lineage", ("left", "h"), "fold", "fold", "Fold the branch, or go to its parent", 15),
    Key("lineage", ("right", "l"), "unfold", "unfold", "Unfold the branch", 16),
    Key("lineage", ("d",), "deep", "deep check", "Read and hash everything; again to stop", 18),
    Key("lineage", ("slash",), "screen.filter", "filter", "Show only what contains a text", 20),
    Key("changes", ("enter",), "open", "diff", "Show what was changed in the file", 10),
    Key(
        "patch", ("right_square_bracket", "J"), "screen.next(1)", "next", "Go to the next file", 10
    ),
    Key(
        "patch", ("left_square_bracket", "K"), "screen.next(-1)", "before", "Go to the file before"
    ),
    Key("views", ("enter",), "take", "open", "Show the runs so", 10),
    Key("views", ("a",), "add", "save", "Save what you see now under a name", 15),
    Key("views", ("w",), "replace", "overwrite", "Save what you see now as this view", 20),
    Key("views", ("x", "delete"), "delete", "delete", "Delete the view", 25),
    Key("views", ("u",), "undo", "undo", "Bring back what was deleted or overwritten", 30),
    Key("views", ("escape", "q"), "leave", "back", "Change nothing", 99),
    Key("artifacts", ("enter",), "open", "look", "Look at the file", 10),
    Key("artifacts", ("slash",), "screen.filter", "filter", "Show only files by a text", 20),
    Key("viewer", ("left", "h"), "screen.across(-1)", "left", "Go left", command=False),
    Key("viewer", ("right", "l"), "screen.across(1)", "right", "Go right", command=False),
    Key("reader", ("slash",), "screen.search", "search", "Find a text in the file", 12),
    Key("reader", ("n",), "screen.find(1)", "next found", "Go to the next place found"),
    Key("reader", ("N",), "screen.find(-1)", "found before", "Go to the place found before"),
    Key("reader", ("w",), "screen.wrap", "wrap", "Wrap long lines, or let them go on", 15),
    Key("viewer", ("v",), "screen.view", "view as", "Look at it as table, text or bytes", 18),
    Key(
        "viewer",
        ("right_square_bracket", "J"),
        "screen.next(1)",
        "next",
        "Go to the next file",
        20,
    ),
    Key(
        "viewer", ("left_square_bracket", "K"), "screen.next(-1)", "before", "Go to the file before"
    ),
    Key("compare", ("enter",), "open", "detail", "Show it whole: values, files, packages", 10),
    Key("compare", ("left", "h"), "column(-1)", "left", "Go to the run left", command=False),
    Key("compare", ("right", "l"), "column(1)", "right", "Go to the run right", command=False),
    Key("compare", ("d",), "screen.differences", "all rows", "Show all rows, or differences", 15),
    Key("compare", ("space",), "screen.reference", "reference", "Measure against this run", 18),
    Key("compare", ("c",), "screen.curves", "curves", "Draw the curves over each other", 20),
    Key("compare", ("tab",), "section(1)", "section", "Go to the next section", 25),
    Key("compare", ("shift+tab",), "section(-1)", "section back", "Go to the section before"),
    Key("compare", ("x",), "screen.remove", "remove", "Take this run out of the comparison", 28),
    Key(
        "compare",
        ("percent_sign",),
        "screen.measure",
        "distance",
        "Show metrics as distances from the reference, in percent, as they are",
        30,
    ),
    Key("audit", ("enter",), "open", "findings", "Show what the rule found, run by run", 10),
    Key("audit", ("left", "h"), "column(-1)", "left", "Go to the run left", command=False),
    Key("audit", ("right", "l"), "column(1)", "right", "Go to the run right", command=False),
    Key("audit", ("d",), "screen.failing", "all rules", "Show all rules, or only doubts", 15),
    Key("audit", ("s",), "screen.severity", "severity", "Show only errors, or warnings too", 18),
    Key("audit", ("p",), "screen.profile", "profile", "Choose how strict the audit is", 20),
    Key("audit", ("t",), "screen.tag", "tag", "Tag the run so that the doubt is settled", 24),
    Key("audit", ("n",), "screen.note", "note", "Write a note on the run", 26),
    Key("audit", ("w",), "screen.waive", "waive", "Accept the finding, with a reason", 28),
    Key("audit", ("f",), "screen.drill", "drill", "Look for what the run's record lacks", 22),
    Key("findings", ("enter",), "open", "place", "Go to the place in the run's page", 10),
    Key("findings", ("t",), "screen.tag", "tag", "Tag the run so that the doubt is settled", 15),
    Key("findings", ("n",), "screen.note", "note", "Write a note on the run", 18),
    Key("findings", ("w",), "screen.waive", "waive", "Accept the finding, with a reason", 20),
    Key(
        "findings",
        ("A",),
        "screen.together",
        "all",
        "Tag, note or waive for all runs of the list at once",
        25,
    ),
    Key("findings", ("f",), "screen.drill", "drill", "Look for what the run's record lacks", 12),
    Key("drill", ("space",), "take", "take", "Take the proposal, or leave it", 10),
    Key("drill", ("enter",), "write", "write", "Write what is taken as amendments", 12),
    Key("drill", ("a",), "certain", "certain", "Take all that are certain", 15),
    Key("drill", ("e",), "edit", "value", "Take another value", 18),
    Key("decide", ("enter",), "open", "runs", "Mark the runs of the configuration", 10),
    Key("decide", ("slash", "e"), "screen.rule", "rule", "Change the rule", 12),
    Key("decide", ("n",), "screen.notes", "notes", "Show all that is said of the decision", 14),
    Key("decide", ("w",), "screen.record", "record", "Keep the decision in the store", 15),
    Key("decide", ("left", "h"), "across(-1)", "left", "Go left", command=False),
    Key("decide", ("right", "l"), "across(1)", "right", "Go right", command=False),
    Key("plan", ("enter",), "open", "open", "Open the run, or the runs, of the cell", 10),
    Key("plan", ("left", "h"), "column(-1)", "left", "Go to the seed left", command=False),
    Key("plan", ("right", "l"), "column(1)", "right", "Go to the seed right", command=False),
    Key("plan", ("n",), "screen.copy_rest", "copy the rest", "Copy all commands still to run", 12),
    Key(
        "plan",
        ("space",),
        "screen.mark",
        "mark",
        "Mark the runs of the line on the start screen",
        15,
    ),
    Key("plan", ("p",), "screen.choose", "plans", "Choose another plan", 18),
    Key("plan", ("D",), "screen.decide", "decide", "Decide by the rule of the plan", 20),
    Key("pick", ("space",), "choose", "show", "Show the column, or show it no more", 10),
    Key("pick", ("right",), "fold(True)", "statistics", "Unfold a metric's statistics", 15),
    Key("pick", ("left",), "fold(False)", "fold", "Fold them"),
    Key("pick", ("shift+up",), "move_column(-1)", "move", "Move the column to the front", 20),
    Key("pick", ("shift+down",), "move_column(1)", "move back", "Move the column to the back"),
    Key("pick", ("equals_sign",), "rename", "title", "Give the column a title", 25),
    Key("pick", ("less_than_sign",), "resize(-1)", "narrower", "Make the column narrower"),
    Key("pick", ("greater_than_sign",), "resize(1)", "wider", "Make the column wider", 30),
    Key("pick", ("delete",), "automatic", "automatic", "Let the app choose the columns", 35),
    Key("pick", ("up",), "move(-1)", "up", "Move up", command=False),
    Key("pick", ("down",), "move(1)", "down", "Move down", command=False),
    Key("pick", ("pageup",), "page(-1)", "page up", "Move up by a page", command=False),
    Key("pick", ("pagedown",), "page(1)", "page down", "Move down by a page", command=False),
    Key("pick", ("escape",), "leave", "give up", "Change nothing", 40),
    Key("pick", ("enter",), "take", "done", "Show the table so", 99),
)


_active: Sequence[Key] = KEYS


def use_keys(keys: Sequence[Key]) -> None:
    """Let footer, help and palette tell these keys: the table with the person's own."""
    global _active
    _active = keys


def moves() -> frozenset[str]:
    """Return the keys that only move, wherever they are pressed."""
    others = {name for key in _active if key.command for name in key.keys}
    return frozenset(name for key in _active if not key.command for name in key.keys) - others


def bindings(place: Place) -> list[BindingType]:
    """Return the Textual bindings of one place as shipped, none in Textual's own footer.

    The person's own keys are laid over them by the app, by the actions' names.
    """
    from textual.binding import Binding  # `tt keys` tells the table without Textual

    return [
        # ctrl+c must quit also while a text field has the focus.
        Binding(
            ",".join(key.keys) or UNBOUND,
            key.action,
            key.description,
            show=False,
            priority="ctrl+c" in key.keys,
            id=key.name,
        )
        for key in KEYS
        if key.place == place
    ]


def keys_at(place: Place) -> Iterator[Key]:
    """Yield the keys that work in a place: its own first, then those of the places around.

    A key that means something nearer is left out of what it means farther out; an action
    that is left without any is still a command.
    """
    nearer: set[str] = set()
    for where in (place, *AROUND[place]):
        here = [key for key in _active if key.place == where]
        for key in here:
            names = tuple(name for name in key.keys if name not in nearer)
            yield key if names == key.keys else replace(key, keys=names)
        nearer.update(name for key in here for name in key.keys)


def hints(place: Place, *, empty: bool = False) -> list[tuple[str, str]]:
    """Return key and label of what the footer names in a place, most useful first.

    Where a list is `empty`, what acts on its lines is left out; what its screen does stays.
    """
    ranked = sorted(
        (
            key
            for key in keys_at(place)
            if key.rank
            and key.keys
            and not (empty and key.place == place and not key.action.startswith("screen."))
        ),
        key=lambda key: key.rank,
    )
    return [(key_name(key.keys[0]), key.label) for key in ranked]


_NAMES = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "escape": "esc",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "percent_sign": "%",
    "exclamation_mark": "!",
    "comma": ",",
    "asterisk": "*",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "shift+up": "shift+↑",
    "shift+down": "shift+↓",
    "shift+left": "shift+←",
    "shift+right": "shift+→",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}


def key_name(key: str) -> str:
    """Return a key as people call it: `?`, `esc`, `ctrl+d`."""
    return _NAMES.get(key, key)


def key_names(key: Key) -> str:
    """Return all keys of an action as one text: `↓ j`."""
    return " ".join(map(key_name, key.keys))


def markdown_table(keys: Sequence[Key] = KEYS) -> str:
    """Return a table of keys in Markdown; by default the shipped one, for the README."""
    lines = ["| where | key | what it does |", "| --- | --- | --- |"]
    for place, title in TITLES.items():
        for key in (key for key in keys if key.place == place):
            names = " ".join(f"`{key_name(name)}`" for name in key.keys) or "by name"
            lines.append(f"| {title} | {names} | {key.description} |")
    return "\n".join(lines) + "\n"

"""The one table of keys: bindings, footer, `?` help, palette and README are made from it.

A key belongs to a place. What is valid where the focus stands is the place's own keys
and those of the places around it (`AROUND`); within one such chain no key has two
meanings. Left out on purpose: what a terminal cannot tell apart (ctrl+h, i, j, m, `[`),
what tmux and screen own (ctrl+b, a), flow control and job control (ctrl+s, q, z).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding, BindingType

Place = Literal[
    "everywhere",
    "list",
    "runs",
    "table",
    "tree",
    "run",
    "curves",
    "page",
    "lines",
    "console",
    "lineage",
    "changes",
    "patch",
    "help",
]

AROUND: dict[Place, tuple[Place, ...]] = {
    "everywhere": (),
    "list": ("everywhere",),
    "runs": ("everywhere",),
    "table": ("list", "runs", "everywhere"),
    "tree": ("list", "runs", "everywhere"),
    "run": ("everywhere",),
    "curves": ("run", "everywhere"),
    "page": ("list", "run", "everywhere"),
    "lines": ("list", "run", "everywhere"),
    "console": ("list", "run", "everywhere"),
    "lineage": ("list", "run", "everywhere"),
    "changes": ("list", "everywhere"),
    "patch": ("list", "everywhere"),
    "help": ("list", "everywhere"),
}
"""The places around each place, innermost first."""

TITLES: dict[Place, str] = {
    "everywhere": "Everywhere",
    "list": "Moving",
    "runs": "Start screen",
    "table": "Table of runs",
    "tree": "Tree of experiments",
    "run": "A run's page",
    "curves": "Curves",
    "page": "Pages of a run",
    "lines": "Lists of a run",
    "console": "Console",
    "lineage": "Lineage of a run",
    "changes": "Changed files",
    "patch": "Diff of a file",
    "help": "Help",
}

FORBIDDEN = frozenset(f"ctrl+{letter}" for letter in "abhijmqsz") | {"ctrl+left_square_bracket"}


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


KEYS: tuple[Key, ...] = (
    Key("everywhere", ("question_mark", "f1"), "help", "more", "Show the keys that work here", 99),
    Key("everywhere", ("colon", "ctrl+p"), "palette", "commands", "Find a command by name", 60),
    Key("everywhere", ("escape",), "out", "back", "Go one level out; never quits"),
    Key("everywhere", ("q",), "close", "close", "Close this page; quit from the first", 40),
    Key("everywhere", ("r",), "refresh", "refresh", "Read everything again from the store"),
    Key(
        "everywhere",
        ("y",),
        "copy",
        "copy",
        "Copy the id of the run, in its lineage what the cursor is on",
        55,
    ),
    Key("everywhere", ("T",), "theme", "theme", "Change between the dark and the light theme"),
    Key("everywhere", ("ctrl+c",), "interrupt", "quit", "Quit, when pressed twice"),
    Key("list", ("up", "k"), "move(-1)", "up", "Move up", command=False),
    Key("list", ("down", "j"), "move(1)", "down", "Move down", command=False),
    Key("list", ("home", "g"), "first", "top", "Go to the first line", command=False),
    Key("list", ("end", "G"), "last", "end", "Go to the last line", command=False),
    Key("list", ("pageup",), "page(-1)", "page up", "Move up by a page", command=False),
    Key("list", ("pagedown",), "page(1)", "page down", "Move down by a page", command=False),
    Key("list", ("ctrl+u",), "half(-1)", "half up", "Move up by half a page", command=False),
    Key("list", ("ctrl+d",), "half(1)", "half down", "Move down by half a page", command=False),
    Key("runs", ("slash",), "filter", "filter", "Show only runs that contain a text", 20),
    Key("runs", ("tab", "shift+tab"), "pane", "pane", "Go to the other pane", 30),
    Key("runs", ("1",), "tree", "tree", "Show or hide the tree of experiments"),
    Key("runs", ("2",), "table", "table", "Go to the table of runs"),
    Key("runs", ("z",), "archived", "archived", "Show or hide archived runs"),
    Key("table", ("enter",), "open", "open", "Open the run under the cursor", 10),
    Key("table", ("left", "h"), "column(-1)", "left", "Go to the column left", command=False),
    Key("table", ("right", "l"), "column(1)", "right", "Go to the column right", command=False),
    Key("table", ("s",), "sort", "sort", "Sort by the column under the cursor", 25),
    Key("table", ("S",), "reverse", "reverse", "Reverse the order", 45),
    Key("tree", ("enter",), "open", "runs", "Go to the runs of this experiment", 10),
    Key("tree", ("left", "h"), "fold", "fold", "Fold the branch, or go to its parent", 15),
    Key("tree", ("right", "l"), "unfold", "unfold", "Unfold the branch", 16),
    Key("run", ("1",), "tab(0)", "overview", "Show the overview"),
    Key("run", ("2",), "tab(1)", "curves", "Show the curves"),
    Key("run", ("3",), "tab(2)", "params", "Show the params"),
    Key("run", ("4",), "tab(3)", "lineage", "Show the lineage"),
    Key("run", ("5",), "tab(4)", "artifacts", "Show the artifacts"),
    Key("run", ("6",), "tab(5)", "console", "Show the console"),
    Key("run", ("7",), "tab(6)", "notes", "Show the notes"),
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
    Key("lines", ("slash",), "screen.filter", "filter", "Show only lines that contain a text", 20),
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
)


def bindings(place: Place) -> list[BindingType]:
    """Return the Textual bindings of one place, none of them in Textual's own footer."""
    return [
        # ctrl+c must quit also while a text field has the focus.
        Binding(
            ",".join(key.keys),
            key.action,
            key.description,
            show=False,
            priority="ctrl+c" in key.keys,
        )
        for key in KEYS
        if key.place == place
    ]


def keys_at(place: Place) -> Iterator[Key]:
    """Yield the keys that work in a place: its own first, then those of the places around."""
    for where in (place, *AROUND[place]):
        yield from (key for key in KEYS if key.place == where)


def hints(place: Place) -> list[tuple[str, str]]:
    """Return key and label of what the footer names in a place, most useful first."""
    ranked = sorted((key for key in keys_at(place) if key.rank), key=lambda key: key.rank)
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


def markdown_table() -> str:
    """Return the whole table in Markdown, for the README."""
    lines = ["| where | key | what it does |", "| --- | --- | --- |"]
    for place, title in TITLES.items():
        for key in (key for key in KEYS if key.place == place):
            names = " ".join(f"`{key_name(name)}`" for name in key.keys)
            lines.append(f"| {title} | {names} | {key.description} |")
    return "\n".join(lines) + "\n"

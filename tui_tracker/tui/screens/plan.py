"""What of a plan is there: a matrix of planned runs, the runs of a cell, the commands left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.message import Message

from tui_tracker.formatting import crop, format_count, printable, wrap
from tui_tracker.tui.screens.base import TrackerScreen
from tui_tracker.tui.widgets.bar import Bar
from tui_tracker.tui.widgets.footer import Footer
from tui_tracker.tui.widgets.line_widget import Line, Role, Span
from tui_tracker.tui.widgets.lines_foot import LinesFoot
from tui_tracker.tui.widgets.plan_grid import SIGNS, PlanGrid

if TYPE_CHECKING:
    from tui_tracker.store import Store
    from tui_tracker.tui.plan_reading import PlanCell, PlanFound
    from tui_tracker.tui.widgets.virtual_list import VirtualList

_FOOT = 4


class PlanScreen(TrackerScreen, inherit_bindings=False):
    """The plan of an experiment; other plans that lie about can be chosen."""

    @dataclass
    class Found(Message):
        """Plan and runs were compared."""

        found: PlanFound

    def __init__(self, experiment: str = "") -> None:
        super().__init__()
        self._experiment = experiment
        self._path = ""
        """Of the plan that was chosen; "" until one was."""
        self._found: PlanFound | None = None

    def compose(self) -> ComposeResult:
        yield Bar(id="title")
        yield LinesFoot(id="plan-about")
        yield PlanGrid(id="plan")
        yield LinesFoot(id="plan-foot")
        yield Footer(id="footer")
        yield Bar(id="too-small")

    def on_mount(self) -> None:
        self.begin("Plan", self.grid)

    @property
    def grid(self) -> PlanGrid:
        return self.query_one(PlanGrid)

    # Reading.

    def read_again(self) -> None:
        path, experiment = self._path, self._experiment

        def question(store: Store) -> Message:
            from tui_tracker.tui.plan_reading import find_plan

            return self.Found(find_plan(store, path, experiment))

        self.ask("plan", question, about=path)

    def on_plan_screen_found(self, event: PlanScreen.Found) -> None:
        found = self._found = event.found
        if found.choices:
            self._path = found.choices[found.at][1]
        self.grid.empty = _nothing(found, self.size.width - 4)
        self.grid.show(found)
        self._show_title(found)
        self._show_about(found)
        self._show_foot()
        self.show_first_frame()

    def show_trouble(self, text: str) -> None:
        if self._found is None:
            self.grid.empty = ((), ((f"  {text}", "bad"),))

    # Showing.

    def _show_title(self, found: PlanFound) -> None:
        bar = self.query_one("#title", Bar)
        if not found.choices:
            return
        experiment, path = found.choices[found.at]
        many = f" {found.at + 1} of {len(found.choices)}" if len(found.choices) > 1 else ""
        name = path.rpartition("/")[2]
        bar.left = ((f" {experiment} › ", "dim"), (f"plan{many}", "bold"), (f"  {name}", "dim"))
        bar.right = ((f"{found.spent} ", "dim"),)

    def _show_about(self, found: PlanFound) -> None:
        width = self.size.width - 4
        lines: list[Line] = []
        if found.question:
            lines.append(((f" {crop(found.question, width)}", "bold"),))
        if found.rule:
            lines.append(((f" rule  {crop(printable(found.rule), width - 6)}", "accent"),))
        lines += [((f" {crop(text, width)}", "bad"),) for text in found.problems[:1]]
        if found.choices:
            lines.append(_counts(found))
        about = self.query_one("#plan-about", LinesFoot)
        about.styles.height = len(lines)
        about.lines = tuple(lines)

    def _show_foot(self) -> None:
        cell, found = self.grid.current_cell, self._found
        foot = self.query_one("#plan-foot", LinesFoot)
        if cell is None or found is None:
            foot.lines = ()
            return
        width = self.size.width - 4
        lines = [_words(cell)]
        if cell.lacks:
            lines.append(((f"   {crop(f'lacks {cell.lacks}', width)}", "second"),))
        lines += [((f"   {text}", "dim"),) for text in wrap(cell.command, width) if text]
        foot.lines = tuple(lines[:_FOOT])

    def on_resize(self, event: object) -> None:
        super().on_resize(event)  # type: ignore[arg-type]
        if self._found is not None:
            self._show_about(self._found)
            self._show_foot()

    def on_virtual_list_cursor_moved(self, event: VirtualList.CursorMoved) -> None:
        if event.list is self.grid:
            self._show_foot()

    def on_column_grid_column_moved(self) -> None:
        self._show_foot()

    # What keys do.

    def on_plan_grid_opened(self, event: PlanGrid.Opened) -> None:
        from tui_tracker.tui.screens.run import RunScreen

        if event.cell.keys:
            self.app.push_screen(RunScreen(list(event.cell.keys), 0))
        elif event.cell.command:
            self.say("There is no run of it yet: y copies the command that makes it")
        else:
            self.say('There is no run of it yet, and the plan has no command = "..."')

    def action_copy_rest(self) -> None:
        rest = self._found.rest if self._found is not None else ()
        if rest:
            count = "1 command" if len(rest) == 1 else f"{format_count(len(rest))} commands"
            self.tracker.copy_text("\n".join(rest) + "\n", count)
        elif self._found is not None and any(s == "missing" for s, _ in self._found.counts):
            self.say('The plan says no command = "..." to run what is missing')
        else:
            self.say("Nothing is left to run")

    def action_mark(self) -> None:
        from tui_tracker.tui.screens.runs import RunsScreen

        row = self.grid.current
        runs = next((s for s in self.app.screen_stack if isinstance(s, RunsScreen)), None)
        keys = [key for cell in row.cells for key in cell.keys] if row else []
        if row is None or runs is None or not keys:
            self.say("There is no run here to mark")
            return
        runs.table.marked |= frozenset(keys)
        runs.show_title()
        count = "1 run" if len(keys) == 1 else f"{format_count(len(keys))} runs"
        self.say(f"Marked the {count} of {row.label} on the start screen")

    def action_choose(self) -> None:
        from tui_tracker.tui.screens.chooser import ChooserScreen

        choices = self._found.choices if self._found is not None else ()
        if len(choices) < 2:
            self.say("There is no other plan here: tt plan new writes one")
            return

        def done(at: int | None) -> None:
            if at is not None:
                self._path = choices[at][1]
                self.read_again()

        at = self._found.at if self._found is not None else 0
        self.app.push_screen(ChooserScreen("Plan", choices, at), done)

    def action_decide(self) -> None:
        found = self._found
        if found is None or not found.choices:
            self.say("There is no plan here to decide by")
            return
        from tui_tracker.tui.screens.decide import DecideScreen

        asked = found.experiment
        self.app.push_screen(DecideScreen((), asked, asked, found.rule))

    def text_to_copy(self) -> str:
        cell = self.grid.current_cell
        if cell is None:
            return ""
        return cell.command or (cell.runs[0] if cell.runs else "")

    def runs_to_copy(self) -> list[int]:
        cell = self.grid.current_cell
        return list(cell.keys) if cell is not None else []

    def go_back(self) -> None:
        self.app.pop_screen()


def _counts(found: PlanFound) -> Line:
    """Return how many planned runs are in each state, in one line."""
    spans: list[Span] = [(" ", "")]
    for state, count in found.counts:
        sign, role = SIGNS[state]
        spans += [(sign, role), (f" {format_count(count)} {state}  ", "")]
    if found.unplanned:
        spans += [SIGNS[None], (f" {format_count(found.unplanned)} unplanned", "")]
    return tuple(spans)


def _words(cell: PlanCell) -> Line:
    """Return what stands of a cell, in one line."""
    sign, role = SIGNS[cell.state]
    spans: list[Span] = [(f" {sign} ", role), (cell.label, "bold")]
    if cell.state is None:
        return (*spans, ("  not in the plan", "dim"))
    spans.append((f"  {cell.state}", role))
    if cell.name:
        spans.append((f"  {cell.name}", ""))
    if len(cell.runs) > 1:
        spans.append((f"  and {len(cell.runs) - 1} other attempts", "dim"))
    return tuple(spans)


def _nothing(found: PlanFound, width: int) -> tuple[Line, ...]:
    """Return what stands where there is no plan: where one is looked for, and what makes one."""
    bad: Role = "bad"
    problems: list[Line] = [
        ((f"  {text}", bad),) for problem in found.problems for text in wrap(problem, width)
    ]
    looked = f"Looked for plan.toml, *.plan.toml and plans/*.toml in {found.places}."
    return (
        (),
        (("  There is no plan here.", "bold"),),
        *problems,
        (),
        *(((f"  {text}", ""),) for text in wrap(looked, width)),
        (),
        (("  tt plan new sweep", "accent"), ("  writes one to begin with", "dim")),
    )

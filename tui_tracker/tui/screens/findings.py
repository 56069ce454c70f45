"""What one rule found, run by run: the message, the fix, and the way to the place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.message import Message

from tui_tracker.formatting import cell_width, crop, fit, format_count, printable, wrap
from tui_tracker.tui.keys import Place, bindings
from tui_tracker.tui.screens.mending import Doubtful, Mending
from tui_tracker.tui.widgets.audit_grid import FAILED, SIGNS
from tui_tracker.tui.widgets.bar import Bar
from tui_tracker.tui.widgets.footer import Footer
from tui_tracker.tui.widgets.line_widget import Line, Role
from tui_tracker.tui.widgets.lines_foot import LinesFoot
from tui_tracker.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from tui_tracker.store import Store
    from tui_tracker.tui.audit_reading import RunFinding

_NAME = 26
_FOOT = 6


class FindingList(VirtualList, inherit_bindings=False):
    """A run a line, with what was found in it."""

    BINDINGS = [*bindings("list"), *bindings("findings")]
    PLACE: Place = "findings"

    @dataclass
    class Opened(Message):
        """The place of a finding is wanted."""

        list: FindingList
        index: int

    def __init__(self) -> None:
        super().__init__(id="findings")
        self.rows: tuple[RunFinding, ...] = ()
        self._name_cells = _NAME

    def show(self, rows: tuple[RunFinding, ...], at: int) -> None:
        """Show these findings, the cursor on the run `at` where it is among them."""
        if rows == self.rows:
            return
        first = not self.rows
        before = self.rows[self.cursor].key if self.rows else at
        self.rows = rows
        longest = max((cell_width(printable(row.name)) for row in rows[:500]), default=0)
        self._name_cells = max(8, min(longest, _NAME))
        self.count = len(rows)
        keys = [row.key for row in rows]
        if before in keys:
            self.cursor = keys.index(before)
        elif first:
            self.cursor = 0
        self.refresh()

    @property
    def current(self) -> RunFinding | None:
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def line(self, index: int) -> Line:
        row = self.rows[index]
        here = index == self.cursor
        finding = row.finding
        sign, role = SIGNS["waived"] if finding.waived else FAILED[finding.severity]
        room = max(0, self.room - self._name_cells - 11)
        name = fit(crop(printable(row.name), self._name_cells), self._name_cells)
        words: Role = "dim" if finding.waived else ""
        return (
            ("▌" if here else " ", "mark" if here else ""),
            (f"{sign} ", role),
            (name, "bold" if here else ""),
            (f" {row.grade:<5} ", "dim"),
            (crop(printable(finding.waived or finding.message), room), words),
        )

    def action_open(self) -> None:
        if self.rows:
            self.post_message(self.Opened(self, self.cursor))

    def chosen(self) -> None:
        self.action_open()


class FindingsScreen(Mending, inherit_bindings=False):
    """The runs in which a rule leaves a doubt."""

    @dataclass
    class Found(Message):
        """The findings were read."""

        rows: tuple[RunFinding, ...]

    def __init__(self, keys: Sequence[int], rule: str, why: str, profile: str, at: int = 0) -> None:
        super().__init__()
        self._keys, self._rule, self._why = list(keys), rule, why
        self._profile, self._at = profile, at
        self._together = False

    def compose(self) -> ComposeResult:
        yield Bar(id="title")
        yield LinesFoot(id="findings-why")
        yield FindingList()
        yield LinesFoot(id="findings-foot")
        yield Footer(id="footer")
        yield Bar(id="too-small")

    def on_mount(self) -> None:
        self.query_one("#too-small", Bar).left = ((" Make this window at least 60 x 16.", ""),)
        self.findings.empty = ((), (("  reading …", "dim"),))
        self._show_title()
        self.hold_first_frame()
        self.focus_on(self.findings)
        self.read_again()

    @property
    def findings(self) -> FindingList:
        return self.query_one(FindingList)

    def read_again(self) -> None:
        keys, profile, rule = list(self._keys), self._profile, self._rule

        def question(store: Store) -> Message:
            from tui_tracker.tui.audit_reading import find_findings

            return self.Found(find_findings(store, keys, profile, rule))

        self.ask("findings", question)

    def on_findings_screen_found(self, event: FindingsScreen.Found) -> None:
        self.findings.empty = ((), (("  It leaves no doubt any more.", "good"),))
        self.findings.show(event.rows, self._at)
        self._show_title()
        self._show_foot()
        self.show_first_frame()

    def show_trouble(self, text: str) -> None:
        if not self.findings.rows:
            self.findings.empty = ((), ((f"  {printable(text)}", "bad"),))

    def _show_title(self) -> None:
        count = len(self.findings.rows)
        bar = self.query_one("#title", Bar)
        bar.left = ((" audit › ", "dim"), (self._rule, "bold"))
        runs = "1 run" if count == 1 else f"{format_count(count)} runs"
        together = "all together  " if self._together else ""
        bar.right = ((together, "second"), (f"{runs}  {self._profile} ", "dim"))

    def _show_foot(self) -> None:
        width = self.size.width - 4
        why = self.query_one("#findings-why", LinesFoot)
        why.lines = tuple(((f" {text}", "dim"),) for text in wrap(self._why, width)[:2])
        row = self.findings.current
        foot = self.query_one("#findings-foot", LinesFoot)
        if row is None:
            foot.lines = ()
            return
        finding = row.finding
        lines: list[Line] = [((f" {printable(finding.field)}", "accent"),)]
        lines += [((f" {text}", ""),) for text in wrap(printable(finding.message), width)]
        told = f"accepted: {finding.waived}" if finding.waived else finding.fix
        lines += [((f" {text}", "dim"),) for text in wrap(printable(told), width)]
        foot.lines = tuple(lines[:_FOOT])

    def on_resize(self, event: object) -> None:
        super().on_resize(event)  # type: ignore[arg-type]
        self._show_foot()

    def on_virtual_list_cursor_moved(self, event: VirtualList.CursorMoved) -> None:
        if event.list is self.findings:
            self._show_foot()

    def on_finding_list_opened(self, event: FindingList.Opened) -> None:
        rows = self.findings.rows
        self.open_run([row.key for row in rows], event.index, rows[event.index].finding.field)

    def doubtful(self) -> Doubtful | None:
        row = self.findings.current
        if row is None:
            return None
        finding = row.finding
        rows = self.findings.rows if self._together else (row,)
        keys, ids = tuple(one.key for one in rows), tuple(one.id for one in rows)
        experiments = {one.experiment for one in rows}
        experiment = row.experiment if len(experiments) == 1 else ""
        return Doubtful(self._rule, finding.field, finding.fix, keys, ids, experiment)

    def action_together(self) -> None:
        """Mean all runs of the list by what is done next, or the one under the cursor again."""
        self._together = not self._together
        self._show_title()
        meant = "all runs of this list" if self._together else "the run under the cursor"
        self.say(f"Tags, notes and waivers are for {meant}")

    def runs_to_drill(self) -> list[int]:
        current = self.findings.current
        return [current.key] if current is not None else []

    @property
    def profile(self) -> str:
        return self._profile

    def runs_to_copy(self) -> list[int]:
        return [row.key for row in self.findings.rows]

    def go_to(self, key: int) -> None:
        """Put the cursor on a run, because its page was open."""
        keys = [row.key for row in self.findings.rows]
        if key in keys:
            self.findings.cursor = keys.index(key)

    def go_back(self) -> None:
        self.app.pop_screen()

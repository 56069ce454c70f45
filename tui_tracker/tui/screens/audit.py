"""What the audit says of some runs: a heat map, the score of the column, the finding of a cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.message import Message

from tui_tracker.formatting import crop, format_count, printable, wrap
from tui_tracker.tui.screens.mending import Doubtful, Mending
from tui_tracker.tui.widgets.audit_grid import FAILED, SIGNS, AuditGrid
from tui_tracker.tui.widgets.bar import Bar
from tui_tracker.tui.widgets.footer import Footer
from tui_tracker.tui.widgets.line_widget import Line, Role
from tui_tracker.tui.widgets.lines_foot import LinesFoot

if TYPE_CHECKING:
    from tui_tracker.audit.engine import Finding
    from tui_tracker.store import Store
    from tui_tracker.tui.audit_reading import AuditFound, GridColumn, GridRow
    from tui_tracker.tui.widgets.virtual_list import VirtualList

_LOOKS = ("all", "errors and warnings", "errors")
_SHOWN = {
    "all": ("error", "warn", "info"),
    "errors and warnings": ("error", "warn"),
    "errors": ("error",),
}
GRADE_ROLES: dict[str, Role] = {"A": "good", "B": "good", "C": "second", "D": "bad", "F": "bad"}
_FOOT = 5
_WORDS = {
    "passed": "passes",
    "waived": "is waived",
    "unknown": "cannot be told",
    "": "does not apply",
}


class AuditScreen(Mending, inherit_bindings=False):
    """Rules by runs; a command is meant for the run of the column."""

    @dataclass
    class Found(Message):
        """The runs were judged."""

        found: AuditFound

    def __init__(self, keys: Sequence[int], where: str = "") -> None:
        super().__init__()
        self._keys = list(dict.fromkeys(keys))
        self._where = where
        """What the runs have in common, in words."""
        self._profile = ""
        """"" is the project's."""
        self._found: AuditFound | None = None
        self._look = 0
        self._failing = True

    def compose(self) -> ComposeResult:
        yield Bar(id="title")
        yield LinesFoot(id="audit-score")
        yield AuditGrid(id="audit")
        yield LinesFoot(id="audit-foot")
        yield Footer(id="footer")
        yield Bar(id="too-small")

    def on_mount(self) -> None:
        self.begin("Audit", self.grid)

    @property
    def grid(self) -> AuditGrid:
        return self.query_one(AuditGrid)

    # Reading.

    def read_again(self) -> None:
        keys, profile = list(self._keys), self._profile

        def question(store: Store) -> Message:
            from tui_tracker.tui.audit_reading import find_audit

            wanted = keys or _all_runs(store)

            return self.Found(find_audit(store, wanted, profile))

        self.ask("audit", question, about=profile)

    def judging(self, words: str) -> None:
        if self._found is None:
            self.grid.empty = ((), ((f"  {words}", "dim"),))
        else:
            super().judging(words)

    def on_audit_screen_found(self, event: AuditScreen.Found) -> None:
        self._found = event.found
        self._show()
        self.show_first_frame()

    def show_trouble(self, text: str) -> None:
        if self._found is None:
            self.grid.empty = ((), ((f"  {printable(text)}", "bad"),))

    # Showing.

    def _show(self) -> None:
        found = self._found
        if found is None:
            return
        levels = _SHOWN[_LOOKS[self._look]]
        rows = [row for row in found.rows if row.severity in levels]
        if self._failing:
            rows = [row for row in rows if row.runs]
        self.grid.empty = self._nothing(found)
        self.grid.show(rows, found.columns)
        self._show_title(found)
        self._show_column()

    def _nothing(self, found: AuditFound) -> tuple[Line, ...]:
        if not found.runs:
            return ((), (("  There are no runs here to audit.", "bold"),))
        words = "  No rule leaves a doubt" + ("" if self._look == 0 else " of this severity")
        return (
            (),
            ((words, "good"),),
            (("  d shows the rules that pass, s other severities", "dim"),),
        )

    def _show_title(self, found: AuditFound) -> None:
        bar = self.query_one("#title", Bar)
        runs = "1 run" if found.runs == 1 else f"{format_count(found.runs)} runs"
        where = f" {printable(self._where)} › " if self._where else " "
        bar.left = ((where, "dim"), (f"audit {runs}", "bold"), (f"  {found.profile}", "dim"))
        grades: list[tuple[str, Role]] = []
        for grade, count in found.grades:
            grades += [(grade, GRADE_ROLES[grade]), (f" {format_count(count)}  ", "")]
        shown = "all rules" if not self._failing else "doubts"
        look = _LOOKS[self._look]
        bar.right = (*grades, (f"{shown}{'' if look == 'all' else f', {look}'} ", "dim"))

    def _show_column(self) -> None:
        """Tell the score of the column and what the rule under the cursor says of it."""
        column, row = self.grid.current_column, self.grid.current
        score = self.query_one("#audit-score", LinesFoot)
        score.lines = _score_lines(column, self.size.width - 3) if column else ()
        foot = self.query_one("#audit-foot", LinesFoot)
        width = self.size.width - 3
        foot.lines = _foot_lines(row, column, self.grid.column, width) if row and column else ()

    def on_resize(self, event: object) -> None:
        super().on_resize(event)  # type: ignore[arg-type]
        self._show_column()

    def on_virtual_list_cursor_moved(self, event: VirtualList.CursorMoved) -> None:
        if event.list is self.grid:
            self._show_column()

    def on_column_grid_column_moved(self) -> None:
        self._show_column()

    # What keys do.

    def action_severity(self) -> None:
        self._look = (self._look + 1) % len(_LOOKS)
        self.say(f"Rules: {_LOOKS[self._look]}")
        self._show()

    def action_failing(self) -> None:
        self._failing = not self._failing
        self.say("Only rules that leave a doubt" if self._failing else "All rules")
        self._show()

    def action_profile(self) -> None:
        from tui_tracker.tui.audit_reading import PROFILES
        from tui_tracker.tui.screens.chooser import ChooserScreen

        words = {
            "minimal": "what any run should have",
            "seed": "what a comparison over seeds needs",
            "paper": "what a reviewer asks for",
            "regulated": "what has to be shown to others",
        }
        now = self._found.profile if self._found else "seed"

        def done(at: int | None) -> None:
            if at is not None:
                self._profile = PROFILES[at]
                self.read_again()

        choices = [(name, words[name]) for name in PROFILES]
        at = PROFILES.index(now) if now in PROFILES else 0
        self.app.push_screen(ChooserScreen("Profile", choices, at), done)

    def on_audit_grid_opened(self, event: AuditGrid.Opened) -> None:
        from tui_tracker.tui.screens.findings import FindingsScreen

        column = self.grid.current_column
        if column is None or self._found is None:
            return
        if not event.row.runs and not any(c.standing == "waived" for c in event.row.cells):
            self.say(f"{event.row.rule} leaves no doubt here")
            return
        keys = [key for one in self._found.columns for key in one.keys]
        at = column.keys[0]
        screen = FindingsScreen(keys, event.row.rule, event.row.why, self._found.profile, at)
        self.app.push_screen(screen)

    def doubtful(self) -> Doubtful | None:
        column, row = self.grid.current_column, self.grid.current
        if column is None or row is None or len(column.keys) != 1:
            return None
        finding = _finding_of(row, column)
        if finding is None:
            return None
        return Doubtful(row.rule, finding.field, finding.fix, column.keys, (column.id,), "")

    def _need(self) -> Doubtful | None:
        if self._found is not None and self._found.by_experiment:
            self.say("Press enter for the runs of this rule first")
            return None
        return super()._need()

    @property
    def profile(self) -> str:
        return self._profile

    def runs_to_copy(self) -> list[int]:
        column = self.grid.current_column
        return list(column.keys) if column is not None else []

    def go_back(self) -> None:
        self.app.pop_screen()


def _all_runs(store: Store) -> list[int]:
    from tui_tracker.queries.selection import list_run_keys

    return list_run_keys(store)


def _finding_of(row: GridRow, column: GridColumn) -> Finding | None:
    return next((f for f in column.findings if f.rule == row.rule), None)


def _score_lines(column: GridColumn, width: int) -> tuple[Line, ...]:
    proof = f" / {column.proof}" if column.proof else ""
    counts = f"  {_count(column.errors, 'error')}, {_count(column.warnings, 'warning')}"
    first: Line = (
        (" ", ""),
        (crop(printable(column.name), max(12, width // 3)), "bold"),
        (f"  {column.grade} {column.points}", GRADE_ROLES[column.grade]),
        (proof, "dim"),
        (counts, "dim"),
    )
    lines = [first]
    if column.cap:
        lines += [((f" {text}", "second"),) for text in wrap(column.cap, width)[:2]]
    if column.categories:
        spans: list[tuple[str, Role]] = [(" ", "")]
        for name, share in column.categories:
            spans += [(f"{name} ", "dim"), (f"{share}", "good" if share >= 90 else
                       "second" if share >= 60 else "bad"), ("  ", "")]  # fmt: skip
        lines.insert(1, tuple(spans))
    return tuple(lines)


def _count(count: int, what: str) -> str:
    return f"{format_count(count)} {what}{'' if count == 1 else 's'}"


def _foot_lines(row: GridRow, column: GridColumn, at: int, width: int) -> tuple[Line, ...]:
    cell = row.cells[at] if at < len(row.cells) else None
    if cell is None:
        return ()
    finding = _finding_of(row, column)
    if finding is None:
        sign, role = FAILED[row.severity] if cell.count else SIGNS[cell.standing]
        said = _WORDS.get(cell.standing, "leaves a doubt")
        words = f"in {format_count(cell.count)} of its runs" if cell.count else said
        head: Line = ((f" {sign} ", role), (f"{row.rule} ", "bold"), (words, "dim"))
        return (head, *(((f"   {text}", "dim"),) for text in wrap(row.why, width - 3)[:2]))
    sign, role = SIGNS["waived"] if finding.waived else FAILED[finding.severity]
    lines: list[Line] = [
        ((f" {sign} ", role), (row.rule, "bold"), (f"  {printable(finding.field)}", "dim"))
    ]
    for text, look in ((finding.message, ""), (finding.waived or finding.fix, "dim")):
        plain: Role = "dim" if look else ""
        lines += [((f"   {part}", plain),) for part in wrap(printable(text), width - 3)]
    return tuple(lines[:_FOOT])

"""Which configuration wins by a rule: the rule typed above, the ranking, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.message import Message

from tui_tracker.errors import QueryError, RuleInvalid, TrackerError
from tui_tracker.formatting import format_count, printable, wrap
from tui_tracker.tui.screens.base import TrackerScreen
from tui_tracker.tui.widgets.bar import Bar
from tui_tracker.tui.widgets.footer import Footer
from tui_tracker.tui.widgets.line_widget import Line
from tui_tracker.tui.widgets.lines_foot import LinesFoot
from tui_tracker.tui.widgets.query_line import QueryLine
from tui_tracker.tui.widgets.rank_table import RankTable

if TYPE_CHECKING:
    from tui_tracker.queries import Suggestions
    from tui_tracker.store import Store
    from tui_tracker.tui.decide_reading import DecideFound, Known

MOST_REMEMBERED = 50
_FOOT = 8
_SMALL = " Make this window at least 60 x 16."


class RuleLine(QueryLine):
    """A decision rule while it is typed."""

    PLACEHOLDER = "highest mean val_f1 with std <= 0.5; tie-break by accuracy; tab completes"


class DecideScreen(TrackerScreen, inherit_bindings=False):
    """A ranking of configurations by a rule that can be changed."""

    TYPING_HINTS = (("tab", "complete"), ("↑↓", "before"), ("enter", "decide"), ("esc", "restore"))

    @dataclass
    class KnownFound(Message):
        """What a rule can name was read."""

        known: Known

    @dataclass
    class Found(Message):
        """It was decided."""

        found: DecideFound

    @dataclass
    class Suggested(Message):
        """How a rule can go on was found."""

        line: QueryLine
        text: str
        found: Suggestions

    @dataclass
    class Recorded(Message):
        """A decision was kept."""

        number: int
        new: bool

    def __init__(
        self, keys: Sequence[int], where: str = "", asked: str = "", rule: str = ""
    ) -> None:
        super().__init__()
        self._keys = list(dict.fromkeys(keys))
        self._where, self._asked = where, asked
        """What the runs are in words, and as `tt decide` takes it; "" where it cannot."""
        self._rule = rule
        """"" until what can be decided by is known."""
        self._known: Known | None = None
        self._found: DecideFound | None = None
        self._refused = ""

    def compose(self) -> ComposeResult:
        yield Bar(id="title")
        yield Bar(id="decide-rule")
        yield RankTable(id="decide")
        yield LinesFoot(id="decide-foot")
        yield Footer(id="footer")
        yield Bar(id="too-small")

    def on_mount(self) -> None:
        self.query_one("#too-small", Bar).left = ((_SMALL, ""),)
        self.table.empty = ((), (("  reading …", "dim"),))
        self.focus_on(self.table)
        self._show_title()
        self.hold_first_frame()
        keys, asked = list(self._keys), self._asked

        def question(store: Store) -> Message:
            from tui_tracker.tui.decide_reading import find_known

            return self.KnownFound(find_known(store, keys, asked))

        self.ask("known", question)

    @property
    def table(self) -> RankTable:
        return self.query_one(RankTable)

    # Reading.

    def on_decide_screen_known_found(self, event: DecideScreen.KnownFound) -> None:
        self._known = event.known
        if not event.known.metrics:
            self.table.empty = ((), (("  These runs logged no metric to decide by.", "bold"),))
            self.show_first_frame()
            return
        self._rule = self._rule or event.known.rule
        self._show_title()
        self.read_again()

    def read_again(self) -> None:
        rule, keys, asked = self._rule, list(self._keys), self._asked
        if not rule:
            return

        def question(store: Store) -> Message:
            from tui_tracker.tui.decide_reading import find_decision

            return self.Found(find_decision(store, keys, asked, rule))

        self.ask("decide", question, about=rule)

    def on_decide_screen_found(self, event: DecideScreen.Found) -> None:
        if event.found.rule != self._rule:
            return
        # Runs that end change the ranking; another rule makes another one.
        keep = self._found is not None and self._found.rule == event.found.rule
        self._found, self._refused = event.found, ""
        self.table.empty = ((), (("  No run has a value to be judged by", "dim"),))
        self.table.show(event.found.rows, event.found.stats, keep=keep)
        self._show_title()
        self._show_foot()
        self.show_first_frame()

    def takes_trouble(self, error: TrackerError) -> bool:
        if not isinstance(error, RuleInvalid):
            return super().takes_trouble(error)
        self._refuse(_sentence(error))
        return True

    def show_trouble(self, text: str) -> None:
        if self._found is None or self._found.rule != self._rule:
            self._refuse(text)

    def _refuse(self, words: str) -> None:
        """Show why nothing is decided: what another rule decided would be taken for this one's."""
        self._found, self._refused = None, words
        self.table.show((), ())
        self.table.empty = self._refusal()
        self._show_foot()
        self._show_title()
        self.show_first_frame()

    def _refusal(self) -> tuple[Line, ...]:
        words = wrap(printable(self._refused), max(20, self.size.width - 6))
        told: list[Line] = [(("  " + text, "bad"),) for text in words]
        return ((), (("  Not decided", "bold"),), *told, (), (("  e changes the rule", "dim"),))

    # Showing.

    def _show_title(self) -> None:
        bar = self.query_one("#title", Bar)
        where = f" {printable(self._where)} › " if self._where else " "
        bar.left = ((where, "dim"), ("decide", "bold"))
        rule = self.query_one("#decide-rule", Bar)
        rule.left = ((" rule  ", "dim"), (printable(self._rule), "accent"))
        found = self._found
        if found is None:
            runs = f"{_several(len(self._keys), 'run')} " if self._keys else ""
            bar.right = ((runs, "dim"),)
            return
        runs = f"{_several(len(found.keys), 'run')}, {_several(len(found.rows), 'configuration')} "
        won = (f"★ {found.winner}  ", "good") if found.winner else ("no winner  ", "bad")
        bar.right = (won, (runs, "dim"))  # type: ignore[assignment]

    def _show_foot(self) -> None:
        foot = self.query_one("#decide-foot", LinesFoot)
        found = self._found
        if found is None:
            foot.lines = ()
            return
        lines = self._said(found, self.size.width - 4)
        if len(lines) > _FOOT:
            more = f" … n shows the other {len(lines) - _FOOT + 1} lines"
            lines = (*lines[: _FOOT - 1], ((more, "dim"),))
        foot.lines = lines

    def _said(self, found: DecideFound, width: int) -> tuple[Line, ...]:
        """Return why the configuration under the cursor cannot win, and the notes."""
        lines: list[Line] = []
        row = self.table.current
        if row is not None and row.eliminated:
            lines += [((f" {text}", "second"),) for text in wrap(row.eliminated, width)]
        for note in found.notes:
            lines += [((f" {text}", ""),) for text in wrap(note, width)]
        return tuple(lines)

    def action_notes(self) -> None:
        found = self._found
        if found is None:
            self.say("Nothing is decided yet")
            return
        from tui_tracker.tui.screens.compare import DetailScreen

        def lines(width: int) -> tuple[Line, ...]:
            rule: list[Line] = [((f" {text}", "accent"),) for text in wrap(found.rule, width - 2)]
            return (*rule, (), *self._said(found, width - 2))

        self.app.push_screen(DetailScreen("all that is said", lines, "decide"))

    def on_resize(self, event: object) -> None:
        super().on_resize(event)  # type: ignore[arg-type]
        self._show_foot()

    def on_virtual_list_cursor_moved(self, event: RankTable.CursorMoved) -> None:
        if event.list is self.table:
            self._show_foot()

    # The rule.

    async def action_rule(self) -> None:
        for open_line in self.query(RuleLine):
            open_line.remove()
        line = RuleLine(self._rule, self._remembered())
        await self.mount(line, before="#footer")
        # Selected whole: who types begins a rule of their own, who moves changes this one.
        line.input.select_all()
        self.focus_on(line.input)

    def on_query_line_typed(self, event: QueryLine.Typed) -> None:
        event.line.complain(_wrong(event.text))

    def on_query_line_wanted(self, event: QueryLine.Wanted) -> None:
        from tui_tracker.decide.complete import complete_rule
        from tui_tracker.queries.suggestions import Suggestion, Suggestions

        known = self._known
        if known is None:
            return
        start, items = complete_rule(event.text, event.cursor, known.metrics, known.params)
        found = Suggestions(start, event.cursor, tuple(Suggestion(*item) for item in items))
        event.line.suggest(event.text, found)

    def on_query_line_closed(self, event: QueryLine.Closed) -> None:
        text = event.text.strip()
        if event.kept and (wrong := _wrong(event.text)) is not None:
            event.line.complain(wrong)
            return
        event.line.remove()
        self.focus_on(self.table)
        if not event.kept or not text:
            return
        before = [known for known in self._remembered() if known != text]
        self.tracker.state.put("rules", [*before, text][-MOST_REMEMBERED:])
        self._rule = text
        self._show_title()
        self.read_again()

    def _remembered(self) -> list[str]:
        nothing: list[str] = []
        return [str(text) for text in self.tracker.state.get("rules", nothing)]

    # What keys do.

    def on_rank_table_opened(self, event: RankTable.Opened) -> None:
        from tui_tracker.tui.screens.runs import RunsScreen

        runs = next((s for s in self.app.screen_stack if isinstance(s, RunsScreen)), None)
        if runs is None:
            return
        while self.app.screen is not runs:
            self.app.pop_screen()
        runs.table.marked = frozenset(event.row.keys)
        runs.show_title()
        runs.go_to(event.row.keys[0] if event.row.keys else 0)
        runs.say(f"Marked the {len(event.row.keys)} runs of {event.row.label}")

    def action_record(self) -> None:
        found, asked = self._found, self._asked
        if found is None:
            self.say("Nothing is decided yet")
            return
        if not asked:
            self.say("Only what is decided of an experiment or a filter can be kept: clear marks")
            return

        def question(store: Store) -> Message:
            from tui_tracker.tui.decide_reading import record

            return self.Recorded(*record(store, asked, found))

        self.ask("record", question)

    def on_decide_screen_recorded(self, event: DecideScreen.Recorded) -> None:
        kept = "kept" if event.new else "was kept before"
        self.say(f"Decision {event.number} {kept}: tt decisions shows whether it still holds")

    def text_to_copy(self) -> str:
        import shlex

        if self._asked:
            return f"tt decide {shlex.quote(self._asked)} {shlex.quote(self._rule)}"
        return self._rule

    def runs_to_copy(self) -> list[int]:
        row = self.table.current
        return list(row.keys) if row is not None else []

    def go_back(self) -> None:
        self.app.pop_screen()


def _wrong(text: str) -> QueryError | None:
    """Return what is wrong with a rule, as the line tells it; None where nothing is."""
    from tui_tracker.decide.parse import parse_rule

    if not text.strip():
        return None
    try:
        parse_rule(text)
    except RuleInvalid as error:
        column = max(0, error.column - 1) if error.column else len(text)
        return QueryError(text, column, error.problem, nearest=error.nearest)
    return None


def _several(count: int, what: str) -> str:
    return f"{format_count(count)} {what}{'' if count == 1 else 's'}"


def _sentence(error: RuleInvalid) -> str:
    hint = f": did you mean {error.nearest!r}?" if error.nearest else ""
    words = f"{error.problem}{hint}"
    return words[:1].upper() + words[1:]

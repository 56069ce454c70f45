"""What can be done about a finding from where it is shown: tag, note, copy the command, waive."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_tracker.errors import InvalidArgument
from tui_tracker.formatting import format_count
from tui_tracker.tui.screens.annotating import Annotating

_CODE = re.compile(r"`([^`]+)`")
TABS = {
    "params": 2,
    "metrics": 1,
    "artifacts": 4,
    "console": 5,
    "notes": 6,
    "tags": 0,
    "run": 0,
    "proof": 0,
}
"""The tab of a run's page where a field stands; what is none of these is lineage."""
LINEAGE = 3


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A finding that something is to be done about, and the runs that have it."""

    rule: str
    field: str
    fix: str
    keys: tuple[int, ...]
    ids: tuple[str, ...]
    experiment: str
    """Of all of the runs; "" where they are of several."""


def tab_of(field: str) -> int:
    """Return the number of the tab that a finding's field is on."""
    return TABS.get(re.split(r"[.:]", field, maxsplit=1)[0], LINEAGE)


def tag_to_begin(doubt: Doubtful) -> str:
    """Return how a tag that mends a finding begins."""
    # What does not apply is named by the fix; other values there are examples.
    if found := re.search(r"`tt tag \S+ (na:[\w.-]+|[\w-]+:)", doubt.fix):
        return found[1]
    head, _, rest = doubt.rule.partition(".")
    if head == "tags":
        return f"{rest.removesuffix('-missing')}:"
    return "purpose:"


def command_of(doubt: Doubtful) -> str:
    """Return the command or call that a fix names, with the run's id; the fix where none is."""
    found = _CODE.search(doubt.fix)
    text = found[1] if found else doubt.fix
    return re.sub(r"\bRUN\b", doubt.ids[0], text) if doubt.ids else text


def match_of(doubt: Doubtful) -> str:
    """Return the condition that a waiver of a finding has."""
    if len(doubt.ids) == 1:
        return f"run.id == {doubt.ids[0]!r}"
    if doubt.experiment:
        return f"run.experiment == {doubt.experiment!r}"
    return f"run.id in {list(doubt.ids)!r}"


class Mending(Annotating, inherit_bindings=False):
    """A screen that shows findings, and does what mends the one under the cursor."""

    def doubtful(self) -> Doubtful | None:
        """Return the finding under the cursor; None where there is none."""
        raise NotImplementedError

    def _need(self) -> Doubtful | None:
        doubt = self.doubtful()
        if doubt is None:
            self.say("There is nothing to mend here")
        return doubt

    def action_drill(self) -> None:
        """Look for evidence of what the run under the cursor lacks."""
        keys = self.runs_to_drill()
        if len(keys) != 1:
            self.say("Choose one run first: a drill looks at one")
            return
        from tui_tracker.tui.screens.drill import DrillScreen  # git and files, when asked for

        self.app.push_screen(DrillScreen(keys[0], self.profile), lambda _: self.read_again())

    def runs_to_drill(self) -> list[int]:
        """Return the runs that are meant; a drill looks at one."""
        return self.runs_to_copy()

    @property
    def profile(self) -> str:
        """The profile of what is shown; "" for the project's."""
        return ""

    def chosen_runs(self) -> list[int]:
        doubt = self.doubtful()
        return list(doubt.keys) if doubt is not None else []

    def action_tag(self) -> None:
        if (doubt := self._need()) is not None:
            self.ask_tags(tag_to_begin(doubt))

    def action_note(self) -> None:
        if self._need() is not None:
            super().action_note()

    def action_waive(self) -> None:
        if (doubt := self._need()) is None:
            return
        from tui_tracker.tui.screens.dialogs import NameDialog

        title = f"Why is {doubt.rule} accepted in {_runs(doubt.keys)}?"

        def until(reason: str | None) -> None:
            if reason:
                hint = "such as 2026-12-31; nothing is for ever"
                ask = NameDialog("Until which day?", hint, needed=False)
                self.app.push_screen(ask, lambda day: self._waive(doubt, reason, day))

        self.app.push_screen(NameDialog(title, "the reason stands in pyproject.toml"), until)

    def _waive(self, doubt: Doubtful, reason: str, day: str | None) -> None:
        from tui_tracker.audit.waiving import read_until, write_waiver

        if day is None:
            return
        try:
            path = write_waiver(Path.cwd(), doubt.rule, match_of(doubt), reason, read_until(day))
        except InvalidArgument as error:
            self.say(str(error), bad=True)
            return
        self.say(f"Waived {doubt.rule} in {path.name}")
        self.read_again()

    def text_to_copy(self) -> str:
        doubt = self.doubtful()
        return command_of(doubt) if doubt is not None else ""

    def open_run(self, keys: Sequence[int], index: int, field: str) -> None:
        """Open the page of a run where the field of a finding is."""
        from tui_tracker.tui.screens.run import RunScreen

        screen = RunScreen(list(keys), index)
        self.app.push_screen(screen)
        self.call_after_refresh(screen.action_tab, tab_of(field))


def _runs(keys: Sequence[int]) -> str:
    return "the run" if len(keys) == 1 else f"{format_count(len(keys))} runs"

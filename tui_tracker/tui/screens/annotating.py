"""Tags, notes, names, stars, groups and the archive, from any page that has chosen runs.

A mixin for screens: it asks, hands the change to the app, and the app says what was done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported
from textual.message import Message

from tui_tracker.errors import EditorFailed
from tui_tracker.tui.screens.base import TrackerScreen

if TYPE_CHECKING:
    from tui_tracker.store import Store
    from tui_tracker.tui.annotations import Chosen
    from tui_tracker.tui.screens.dialogs import NoteDialog

GROUP = "group:"
NO_GROUP = "(no group)"


class Annotating(TrackerScreen, inherit_bindings=False):
    """A page whose chosen runs can be changed."""

    @dataclass
    class ChosenRead(Message):
        """What the chosen runs are and have was read."""

        chosen: Chosen
        then: Callable[[Chosen], None]

    def chosen_runs(self) -> list[int]:
        """Return the runs that a change is meant for."""
        raise NotImplementedError

    def on_annotating_chosen_read(self, event: Annotating.ChosenRead) -> None:
        event.stop()
        event.then(event.chosen)

    def _about(self, then: Callable[[Chosen], None], keys: Sequence[int]) -> None:
        """Read what the runs are and have, and hand it on."""

        def question(store: Store) -> Message:
            from tui_tracker.tui.annotations import read_chosen

            return self.ChosenRead(read_chosen(store, keys), then)

        self.ask("chosen", question)

    def _chosen_or_say(self) -> list[int]:
        keys = list(self.chosen_runs())
        if not keys:
            self.say("There is no run here to change")
        return keys

    # Labels.

    def action_tag(self) -> None:
        self.ask_tags()

    def ask_tags(self, text: str = "") -> None:
        """Ask for tags, of which the first may begin with a text."""
        words = "tags, apart by commas"
        self._ask_labels("Tag", words, self._tags, tag_offers, several=True, text=text)

    def action_untag(self) -> None:
        self._ask_labels(
            *("Untag", "tags that they have", self._untags, untag_offers),
            several=True,
            only_offers="none of these runs has that tag",
        )

    def action_put_in_group(self) -> None:
        self._ask_labels("Group", "name of the group", self._groups, group_offers, several=False)

    def _ask_labels(
        self,
        verb: str,
        placeholder: str,
        act: Callable[[Sequence[int], list[str]], None],
        offers: Callable[[Chosen, int], list[tuple[str, str]]],
        *,
        several: bool,
        only_offers: str = "",
        text: str = "",
    ) -> None:
        from tui_tracker.tui.screens.dialogs import LabelDialog, runs_title

        keys = self._chosen_or_say()
        if not keys:
            return
        title = runs_title(verb, (), len(keys))
        dialog = LabelDialog(
            title, placeholder, several=several, only_offers=only_offers, text=text
        )

        def show(chosen: Chosen) -> None:
            if self.app.screen is dialog:
                dialog.title_is(runs_title(verb, chosen.names, len(keys)))
                dialog.offer(offers(chosen, len(keys)))

        def closed(labels: list[str] | None) -> None:
            if labels:
                act(keys, labels)

        self.app.push_screen(dialog, closed)
        self._about(show, keys)

    def _tags(self, keys: Sequence[int], labels: list[str]) -> None:
        from tui_tracker.tui import annotations

        self.tracker.change(partial(annotations.tag, keys=keys, tags=labels))

    def _untags(self, keys: Sequence[int], labels: list[str]) -> None:
        from tui_tracker.tui import annotations

        self.tracker.change(partial(annotations.untag, keys=keys, tags=labels))

    def _groups(self, keys: Sequence[int], labels: list[str]) -> None:
        from tui_tracker.tui import annotations

        name = None if labels[0] == NO_GROUP else labels[0]
        self.tracker.change(partial(annotations.group, keys=keys, name=name))

    # Names, stars, archive.

    def action_rename(self) -> None:
        from tui_tracker.tui import annotations
        from tui_tracker.tui.screens.dialogs import NameDialog, runs_title

        keys = self._chosen_or_say()
        if not keys:
            return
        about = "{n} is a number from 1, {name} the present name" if len(keys) > 1 else ""
        dialog = NameDialog(runs_title("Rename", (), len(keys)), about)

        def show(chosen: Chosen) -> None:
            if self.app.screen is dialog and chosen.names:
                dialog.title_is(runs_title("Rename", chosen.names, len(keys)))
                dialog.offer_text(chosen.names[0] if len(keys) == 1 else "{name}")

        def closed(name: str | None) -> None:
            if name:
                self.tracker.change(partial(annotations.rename, keys=keys, name=name))

        self.app.push_screen(dialog, closed)
        self._about(show, keys)

    def action_star(self) -> None:
        from tui_tracker.tui import annotations

        if keys := self._chosen_or_say():
            self.tracker.change(partial(annotations.star, keys=keys))

    def action_archive(self) -> None:
        from tui_tracker.tui import annotations

        if keys := self._chosen_or_say():
            self.tracker.change(partial(annotations.archive, keys=keys))

    # Notes.

    def action_note(self) -> None:
        from tui_tracker.tui.screens.dialogs import runs_title

        if keys := self._chosen_or_say():
            title = runs_title("Note on", (), len(keys))
            draft = self.tracker.take_draft()
            dialog = self.write_note(title, draft, partial(self._note, keys), stored="")

            def show(chosen: Chosen) -> None:
                dialog.title_is(runs_title("Note on", chosen.names, len(keys)))

            self._about(show, keys)

    def write_note(
        self, title: str, text: str, done: Callable[[str | None], None], *, stored: str
    ) -> NoteDialog:
        """Ask for words, beginning with a text; `stored` are those that esc loses nothing of."""
        from tui_tracker.tui.screens.dialogs import NoteDialog

        dialog = NoteDialog(title, text, stored)

        def closed(words: str | None) -> None:
            self.tracker.unsaved = None
            done(words)

        self.tracker.unsaved = dialog.unsaved
        self.app.push_screen(dialog, closed)
        return dialog

    def action_note_in_editor(self) -> None:
        if keys := self._chosen_or_say():
            draft = self.tracker.take_draft()
            words = self.written_in_editor(draft)
            if words is None:
                self.tracker.keep_draft(draft)
            self._note(keys, words)

    def _note(self, keys: Sequence[int], text: str | None) -> None:
        from tui_tracker.tui import annotations

        if text and text.strip():
            self.tracker.change(partial(annotations.note, keys=keys, text=text), words=text)

    def written_in_editor(self, text: str) -> str | None:
        """Return what the person made of a text in their editor; None where nothing came of it."""
        try:
            written = self._lend_terminal(text)
        except EditorFailed as error:
            self.say(str(error), bad=True)
            return None
        except SuspendNotSupported:
            self.say("This terminal cannot be lent to an editor: n writes a note here", bad=True)
            return None
        if written.strip() == text.strip():
            self.say("Nothing was written")
            return None
        return written

    def _lend_terminal(self, text: str) -> str:
        """Return what the editor made of a text, the terminal being its own meanwhile.

        Raises:
            EditorFailed: there is no editor, or it failed.
            SuspendNotSupported: there is no terminal to lend, as in a browser.
        """
        from tui_tracker.editor import edit_text, editor_command

        editor_command()
        written, trouble = "", None
        with self.app.suspend():
            # An error that leaves this block would leave the terminal as it is.
            try:
                written = edit_text(text)
            except EditorFailed as error:
                trouble = error
        if trouble is not None:
            raise trouble
        return written

    def action_history(self) -> None:
        from tui_tracker.tui.screens.history import HistoryScreen

        self.app.push_screen(HistoryScreen(self.history_of()))

    def history_of(self) -> int | None:
        """Return the run whose history `history` opens; None opens that of all runs."""
        return None


def tag_offers(chosen: Chosen, runs: int) -> list[tuple[str, str]]:
    """Return the tags of the store with the number of runs that have them."""
    return [
        (one.text, "they have it" if one.here == runs else _of(one.everywhere))
        for one in chosen.labels
        if not one.text.startswith(GROUP)
    ]


def untag_offers(chosen: Chosen, runs: int) -> list[tuple[str, str]]:
    """Return the tags that these runs have, those that most of them have first."""
    here = sorted((one for one in chosen.labels if one.here), key=lambda one: -one.here)
    return [(one.text, "all" if one.here == runs else f"{one.here:,} of {runs:,}") for one in here]


def group_offers(chosen: Chosen, runs: int) -> list[tuple[str, str]]:  # noqa: ARG001
    """Return the groups there are, and the way out of them."""
    groups = [one for one in chosen.labels if one.text.startswith(GROUP)]
    found = [(one.text.removeprefix(GROUP), _of(one.everywhere)) for one in groups]
    leave = sum(one.here for one in groups)
    return [*found, *([(NO_GROUP, f"{leave:,} leave theirs")] if leave else [])]


def _of(runs: int) -> str:
    return "1 run" if runs == 1 else f"{runs:,} runs"

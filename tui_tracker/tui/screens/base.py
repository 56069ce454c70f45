"""What all screens share: questions to the store, the footer, and too small a terminal.

A question runs in a thread and comes back as a message. Of each kind of question one is
under way at a time; of those asked meanwhile only the last is kept, so that a held key
never queues up work. Where that is about something else, as after a key in the filter, the
one under way is stopped in the middle of its query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, cast

from textual import events
from textual._context import active_app
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget

from tui_tracker.errors import QuestionStopped, StoreError, TrackerError
from tui_tracker.formatting import format_count
from tui_tracker.judged import be_heard_by
from tui_tracker.tui.keys import Place, hints
from tui_tracker.tui.widgets.bar import Bar
from tui_tracker.tui.widgets.footer import Footer
from tui_tracker.tui.widgets.line_widget import LineWidget
from tui_tracker.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from tui_tracker.store import Store
    from tui_tracker.tui.app import TrackerApp
    from tui_tracker.tui.columns import Column


class Asking:
    """A question that may be stopped; see `Store.asking`."""

    __slots__ = ("stopped",)

    def __init__(self) -> None:
        self.stopped = False


Question = Callable[["Store"], Message]

FIRST_FRAME_S = 0.15
"""How long the first frame waits for the first answer."""
JUDGING_S = 0.4
"""How often is told how far judging is."""
LEAST_WIDTH, LEAST_HEIGHT = 50, 12
TOO_SMALL = " Make this window at least 60 x 16."
WIDE = 100
"""From this many cells on there is room beside the main pane."""


def words_of(error: TrackerError) -> str:
    """Return a trouble as the last line tells it: without the path of the one store there is."""
    if isinstance(error, StoreError):
        return error.problem
    return str(error)


def _size_classes() -> str | None:
    """Return what a screen is called in a window of this size."""
    app = active_app.get(None)
    return "-wide" if app is not None and app.size.width >= WIDE else None


class TrackerScreen(Screen[None], inherit_bindings=False):
    """A screen with a footer that asks the store in threads."""

    AUTO_FOCUS = ""
    TYPING_HINTS: Sequence[tuple[str, str]] = (("enter", "keep"), ("esc", "restore"))

    @dataclass
    class Judging(Message):
        """A question has runs judged first, and so many of them are."""

        kind: str
        done: int
        runs: int

    @dataclass
    class Answered(Message):
        """A question came back, with an answer or with trouble."""

        kind: str
        answer: Message | None
        trouble: str
        wrong: TrackerError | None = None
        """The trouble as it was raised."""

    def __init__(self) -> None:
        # Known before there is anything on it, which would be styled twice.
        super().__init__(classes=_size_classes())
        self._under_way: dict[str, tuple[object, Asking]] = {}
        """What each question is about, and what stops it."""
        self._waiting: dict[str, tuple[Question, object]] = {}
        self._held = ExitStack()
        self._holds_frame = False
        self._after_frame: list[Callable[[], None]] | None = None
        """Questions that wait until the first frame is painted; None while none have to."""
        self._skip_paint = False
        self._judging_words: dict[str, str] = {}
        """What is told by each question that has runs judged."""
        self.behind = False
        """The store changed while something stood over this screen."""
        self._focused_before: Widget | None = None
        """What gets the focus back when the terminal is large enough again."""

    @property
    def tracker(self) -> TrackerApp:
        return cast("TrackerApp", self.app)

    @property
    def in_front(self) -> bool:
        """Whether nothing stands over this screen.

        Textual's own `is_current` also holds for the screen below, which may shine through.
        """
        return self.app.screen is self

    # What screens do in their own way.

    def go_back(self) -> None:
        """Go one level out; never leaves the app."""

    def close(self) -> None:
        """Close the screen."""
        self.go_back()

    def go_to(self, key: int) -> None:
        """Put the cursor on a run, because its page was open."""

    def read_again(self) -> None:
        """Ask the store for everything that is shown."""

    @property
    def stands(self) -> bool:
        """Whether its parts are there: a page reads by itself once they are."""
        return bool(self.is_mounted and self.is_running)

    def on_screen_resume(self) -> None:
        if self.behind and self.stands:
            self.behind = False
            self.read_again()

    def check_again(self) -> None:
        """Forget what was checked and would not be checked again for a mere reading."""

    def show_trouble(self, text: str) -> None:
        """Show why there is nothing to show, where the page would be empty without it."""

    def text_to_copy(self) -> str:
        """Return what `copy` copies; "" where there is nothing."""
        return ""

    def waits_to_copy(self) -> str:
        """Return why `copy` would not have all of it yet; "" where it has."""
        return ""

    def runs_to_copy(self) -> list[int]:
        """Return the runs that `copy as` is about."""
        return []

    def columns_to_copy(self) -> Sequence[Column]:
        """Return the columns in which they stand on the page; () where they stand in none."""
        return ()

    def _on_timer_update(self) -> None:
        # What changed stays marked, and the last state is drawn when the link is free.
        if self.tracker.held:
            self._update_timer.pause()
            return
        # Textual paints what it laid out, and then all of it again if all is to be painted.
        self._skip_paint = self._layout_required and self._repaint_required
        try:
            super()._on_timer_update()
        finally:
            self._skip_paint = False

    def _compositor_refresh(self) -> None:
        if self._holds_frame:
            pass  # all of it is painted with the first answer
        elif self._skip_paint:
            self._skip_paint = False
        else:
            super()._compositor_refresh()

    def make_room(self, width: int) -> None:
        """Arrange the panes for a window of so many cells, before it is laid out."""

    # The first frame.

    def begin(self, title: str, pane: VirtualList, words: str = "reading …") -> None:
        """Show a page that waits for its first answer, and ask for it."""
        self.query_one("#title", Bar).left = ((f" {title}", "bold"),)
        self.query_one("#too-small", Bar).left = ((TOO_SMALL, ""),)
        pane.empty = ((), ((f"  {words}", "dim"),))
        self.hold_first_frame()
        self.focus_on(pane)
        self.read_again()

    def hold_first_frame(self) -> None:
        """Paint nothing until the first answer came, or a moment passed without it.

        Textual paints while it lays out, up to three times, each the whole screen.
        """
        self._held.enter_context(self.app.batch_update())
        self._holds_frame = True
        self.set_timer(FIRST_FRAME_S, self._release_frame)

    def show_first_frame(self) -> None:
        """Paint from now on; what is asked meanwhile would take the interpreter from it."""
        if self._holds_frame and self._after_frame is None:
            self._after_frame = []
        self.call_later(self._release_frame)

    def _release_frame(self) -> None:
        self._held.close()
        if self._holds_frame:
            self._holds_frame = False
            self.refresh()
            # At once: its timer would come a frame later.
            self._on_timer_update()
            self.call_after_refresh(self._ask_rest)
        self.tracker.first_frame_shown()

    def _ask_rest(self) -> None:
        """Ask what waited for the first frame."""
        waiting, self._after_frame = self._after_frame or (), None
        for ask in waiting:
            ask()

    # Questions.

    def ask(self, kind: str, question: Question, *, about: object = None) -> None:
        """Ask the store in a thread; the answer is posted to this screen.

        `about` tells what the question is for: one that is about something else stops the
        one under way, which nobody waits for any more.
        """
        if self._after_frame is not None:
            self._after_frame.append(partial(self.ask, kind, question, about=about))
            return
        if kind in self._under_way:
            self._waiting[kind] = question, about
            before, asking = self._under_way[kind]
            if about is not None and about != before:
                self.tracker.store.stop(asking)
            return
        asking = Asking()
        self._under_way[kind] = about, asking
        work = partial(self._answer, kind, question, asking)
        self.run_worker(work, thread=True, group=kind, exit_on_error=False)

    def _answer(self, kind: str, question: Question, asking: Asking) -> None:
        answer, trouble, wrong = None, "", None
        be_heard_by(partial(self._judging, kind))
        try:
            with self.tracker.store.asking(asking):
                answer = question(self.tracker.store)
        except QuestionStopped:
            pass
        except TrackerError as error:
            trouble, wrong = words_of(error), error
        except Exception as error:  # noqa: BLE001 - whatever a query meets, the app stays open
            trouble = f"{type(error).__name__}: {error}"
        finally:
            be_heard_by(None)  # others are answered in this thread, too
        self.post_message(self.Answered(kind, answer, trouble, wrong))

    @contextmanager
    def _judging(self, kind: str) -> Iterator[Callable[[int, int], None]]:
        """Give what tells how many runs are judged, a few times a second at most."""
        due = monotonic() + JUDGING_S

        def told(done: int, runs: int) -> None:
            nonlocal due
            if monotonic() >= due:
                due = monotonic() + JUDGING_S
                self.post_message(self.Judging(kind, done, runs))

        yield told

    def on_tracker_screen_judging(self, event: TrackerScreen.Judging) -> None:
        event.stop()
        done, runs = format_count(event.done), format_count(event.runs)
        words = self._judging_words[event.kind] = f"judging … {done} of {runs} runs"
        self.judging(words)

    def judging(self, words: str) -> None:
        """Tell how far the judging is that an answer waits for."""
        self.say(words)

    def takes_trouble(self, error: TrackerError) -> bool:  # noqa: ARG002
        """Show an error in a place of its own; False leaves it to the footer."""
        return False

    def on_tracker_screen_answered(self, event: TrackerScreen.Answered) -> None:
        event.stop()
        self._under_way.pop(event.kind, None)
        for footer in self.query(Footer):
            footer.unsay(self._judging_words.pop(event.kind, ""))
        if (waiting := self._waiting.pop(event.kind, None)) is not None:
            self.ask(event.kind, waiting[0], about=waiting[1])
        if event.wrong is not None and self.takes_trouble(event.wrong):
            return
        if event.trouble:
            self.say(event.trouble, bad=True)
            self.show_trouble(event.trouble)
            self.show_first_frame()
        if event.answer is not None:
            self.post_message(event.answer)

    # Footer and size.

    def say(self, text: str, *, bad: bool = False) -> None:
        """Tell something in the last line for a moment."""
        for footer in self.query(Footer):
            footer.say(text, "bad" if bad else "accent")

    def place(self) -> Place:
        """Return whose keys work now."""
        return self.focused.PLACE if isinstance(self.focused, LineWidget) else "everywhere"

    def show_hints(self) -> None:
        """Name the keys of the place that has the focus."""
        focused = self.focused
        typing = focused is not None and not isinstance(focused, LineWidget)
        empty = isinstance(focused, LineWidget) and focused.is_empty
        for footer in self.query(Footer):
            footer.hints = self.TYPING_HINTS if typing else hints(self.place(), empty=empty)
            footer.mark = self.tracker.pause_words

    def on_line_widget_empty_changed(self, event: LineWidget.EmptyChanged) -> None:
        if event.widget is self.focused:
            self.show_hints()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:  # noqa: ARG002
        self.show_hints()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:  # noqa: ARG002
        self.show_hints()

    def on_resize(self, event: events.Resize) -> None:
        small = event.size.width < LEAST_WIDTH or event.size.height < LEAST_HEIGHT
        if small and not self.has_class("-tiny"):
            self._focused_before = self.focused
        elif not small and self.has_class("-tiny") and self._focused_before is not None:
            self.call_after_refresh(self.focus_on, self._focused_before)
        self.set_class(small, "-tiny")
        self.set_class(event.size.width >= WIDE, "-wide")

    def focus_on(self, widget: Widget) -> None:
        """Give a widget the focus without scrolling anything."""
        self.set_focus(widget, scroll_visible=False)

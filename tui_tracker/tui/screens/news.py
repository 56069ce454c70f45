"""What happened to runs since the app was opened, and the rules by which it is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.app import ComposeResult

from tui_tracker.alerts import Event
from tui_tracker.capture.redaction import redact_text
from tui_tracker.formatting import fit, printable
from tui_tracker.settings import Alerts
from tui_tracker.tui.screens.base import TrackerScreen
from tui_tracker.tui.widgets.bar import Bar
from tui_tracker.tui.widgets.footer import Footer
from tui_tracker.tui.widgets.line_widget import Line, Role
from tui_tracker.tui.widgets.lines_view import LinesView

_LABEL = 11


class NewsScreen(TrackerScreen, inherit_bindings=False):
    """Events, newest first, above them how one is called."""

    def compose(self) -> ComposeResult:
        yield Bar(id="title")
        yield LinesView("help", id="news", classes="page")
        yield Footer(id="footer")
        yield Bar(id="too-small")

    def on_mount(self) -> None:
        self.query_one("#title", Bar).left = ((" What happened", "bold"),)
        self.query_one("#too-small", Bar).left = ((" Make this window at least 60 x 16.", ""),)
        self.focus_on(self.query_one(LinesView))
        self.read_again()

    def read_again(self) -> None:
        app = self.tracker
        view = self.query_one(LinesView)
        view.lines = news_lines(
            list(app.news),
            app.rule_texts,
            app.settings.alerts,
            app.rule_trouble,
            posts=app.claim is not None and app.claim.held(),
            lag=app.lag,
        )

    def go_back(self) -> None:
        self.app.pop_screen()


def news_lines(
    events: Sequence[Event],
    rules: Sequence[str],
    alerts: Alerts,
    trouble: str,
    *,
    posts: bool = False,
    lag: str = "",
) -> tuple[Line, ...]:
    """Return how one is called and what happened, newest first.

    `posts`: this app does; `lag`: why what runs log does not come.
    """
    late = _late_lines(lag) if lag else ()
    return ((), *late, *_rule_lines(rules, alerts, trouble, posts=posts), *_event_lines(events))


def _late_lines(lag: str) -> Iterable[Line]:
    # Behind paths as long as these the reason would be out of sight.
    where, _, why = printable(lag).rpartition(": ")
    yield ((f"Not up to date: {why}", "bad"), (f"  {where}", "dim"))
    yield ()


def _rule_lines(
    rules: Sequence[str], alerts: Alerts, trouble: str, *, posts: bool
) -> Iterable[Line]:
    ways = [word for word, on in (("bell", alerts.bell), ("notification", alerts.notify)) if on]
    yield ((fit("told of", _LABEL), "dim"), (printable(", ".join(rules)), ""))
    yield ((fit("by", _LABEL), "dim"), (", ".join(["a line at the foot", *ways]), ""))
    if alerts.webhook:
        by = "this app" if posts else "another app or a `tt watch`"
        yield ((fit("webhook", _LABEL), "dim"), (f"posted to by {by}", ""))
    if trouble:
        yield ((fit("settings", _LABEL), "dim"), (printable(trouble), "bad"))
    yield (
        ("[alerts] in config.toml changes this; ", "dim"),
        ("tt watch", "accent"),
        (" tells the same without the app", "dim"),
    )
    yield ()


def _event_lines(events: Sequence[Event]) -> Iterable[Line]:
    if not events:
        yield (("Nothing happened since the app was opened.", "bold"),)
    for event in reversed(events):
        role: Role = "bad" if event.bad else ""
        yield (
            (event.at.astimezone().strftime("%H:%M:%S  "), "dim"),
            (fit(event.what, _LABEL), role),
            (printable(event.name), "bold"),
            (f"  {printable(event.experiment)}  ", "dim"),
            (printable(redact_text(event.words)), role),
        )

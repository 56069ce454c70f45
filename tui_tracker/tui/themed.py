"""How the app looks on this terminal: its theme, its colours, its signs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from rich.console import Console, RenderableType
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.filter import LineFilter
from textual.screen import Screen

from tui_tracker.remembered import State
from tui_tracker.settings import Settings
from tui_tracker.tui.frame import Frame, Written
from tui_tracker.tui.palettes import LOOKS, palette_name
from tui_tracker.tui.terminal import Terminal, after_asking
from tui_tracker.tui.themes import AsciiFilter, PlainFilter, themes

_SYSTEMS = {"truecolor": "truecolor", "256": "256", "16": "standard", "none": "standard"}
"""Rich's words for a depth; without colours there is none left that could be written."""


class ThemedApp(App[None], inherit_bindings=False):
    """An app that shows one of our looks in the colours that the terminal has."""

    def __init__(self, settings: Settings, state: State, terminal: Terminal) -> None:
        super().__init__()
        self.settings, self.state, self.terminal = settings, state, terminal
        self.look = settings.theme
        """The theme by the name that a person calls it; `auto` goes by the ground."""
        if settings.theme == "auto":
            remembered = state.get("theme", "auto", everywhere=True)
            self.look = remembered if remembered in LOOKS else "auto"
        self.frame = Frame()
        """What stands on the terminal."""
        self._use_depth()
        self.show_look(self.look)

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        written = self._running and not self._batch_count and self._driver is not None
        if written and isinstance(renderable, (LayoutUpdate, ChopsUpdate)):
            sequences = self.frame.changes(renderable, self.console, self.size.width)
            cursor = screen.outer_size.clamp_offset(self.cursor_position)
            if not sequences and cursor == self._previous_cursor_position:
                return
            renderable = cast("RenderableType", Written(sequences))
        super()._display(screen, renderable)

    def refresh_css(self, animate: bool = True) -> None:
        if self.screen_stack:
            super().refresh_css(animate)
        else:
            # The theme was chosen before there is anything to be styled: what Textual parses
            # now it would parse again for the first screen.
            self.stylesheet.set_variables(self.get_css_variables())

    def _use_depth(self) -> None:
        """Use the colours and signs that the terminal has, whatever the environment says."""
        for theme in themes(self.terminal.depth):
            self.register_theme(theme)
        self.plain = self.terminal.depth == "none"
        self.no_color = self.plain
        self._line_filters = _filters(self.terminal)
        environ = {name: text for name, text in os.environ.items() if name != "NO_COLOR"}
        self.console = Console(
            color_system=_SYSTEMS[self.terminal.depth],  # type: ignore[arg-type]
            file=self.console.file,
            highlight=False,
            emoji=False,
            legacy_windows=False,
            _environ=environ,
            force_terminal=True,
            safe_box=False,
            soft_wrap=False,
        )

    def get_line_filters(self) -> Sequence[LineFilter]:
        # In place of Textual's own, which under NO_COLOR writes greys, and which fails on
        # a segment without a style.
        return self._line_filters

    def show_look(self, look: str) -> None:
        """Show a theme, without remembering it."""
        self.look = look
        self.theme = palette_name(look, light=bool(self.terminal.light))

    def keep_look(self, look: str) -> None:
        """Show a theme and start with it from now on."""
        self.show_look(look)
        self.state.put("theme", look, everywhere=True)

    def take_ground(self, *, light: bool) -> None:
        """Learn whether the terminal's ground is light, and look accordingly."""
        if light != self.terminal.light:
            self.terminal = replace(self.terminal, light=light)
            self.show_look(self.look)

    def take_link(self, rtt_s: float) -> None:
        """Learn how long a round trip takes; on a slow link draw with less."""
        told = after_asking(self.terminal, self.settings, light=None, rtt_s=rtt_s)
        fewer = told.depth != self.terminal.depth
        self.terminal = told
        if fewer:
            self._use_depth()
            self.refresh_css(animate=False)

    @property
    def shown_look(self) -> str:
        """The theme that is shown, `auto` resolved."""
        return self.look if self.look in LOOKS else self.theme

    def next_look(self) -> str:
        """Return the theme after the one that is shown."""
        looks = list(LOOKS)
        return looks[(looks.index(self.shown_look) + 1) % len(looks)]

    def look_words(self) -> str:
        """Return which theme is shown, in words for the footer."""
        words = f"Theme {self.look}: {LOOKS[self.shown_look]}"
        if self.plain:
            words += "; colours are off"
        if self.settings.theme not in ("auto", self.look):
            source = self.settings.sources.get("theme", "the settings")
            words += f" ({source} says {self.settings.theme} for the next start)"
        return words

    def action_theme(self) -> None:
        self.keep_look(self.next_look())
        self.say(self.look_words())

    def action_choose_theme(self) -> None:
        """Let a person look through the themes; esc brings back the one before."""
        from tui_tracker.tui.screens.chooser import ChooserScreen

        looks, before = list(LOOKS), self.look

        def done(chosen: int | None) -> None:
            if chosen is None:
                self.show_look(before)
                return
            self.keep_look(looks[chosen])
            self.say(self.look_words())

        self.push_screen(
            ChooserScreen(
                "Theme",
                list(LOOKS.items()),
                looks.index(self.shown_look) if self.shown_look in looks else 0,
                lambda index: self.show_look(looks[index]),
            ),
            done,
        )

    def say(self, text: str, *, bad: bool = False) -> None:
        """Tell something in the last line of the page in front, for a moment."""
        raise NotImplementedError


def _filters(terminal: Terminal) -> list[LineFilter]:
    filters: list[LineFilter] = []
    if terminal.depth == "none":
        filters.append(PlainFilter())
    if terminal.ascii:
        filters.append(AsciiFilter(letters=terminal.letters))
    return filters

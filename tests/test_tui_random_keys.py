"""Random keys on every page of a store with hostile words: no exception, and nothing is lost.

Each case presses some hundred keys, drawn from those that work where the focus is, types
and pastes what no sane person would, clicks, and resizes. Nothing may raise, nothing that
a terminal obeys may stand on the screen, and once all changes are taken back every table
but the history is what it was.

    TUI_TRACKER_RANDOM_KEYS=20000 pytest tests/test_tui_random_keys.py    a longer walk
    TUI_TRACKER_RANDOM_SEED=7                                             another one
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import unicodedata
import zlib
from collections import Counter
from contextlib import nullcontext
from time import monotonic

import pytest
from textual import events
from textual.geometry import Size
from textual.keys import _get_unicode_name_from_key

from tests.tui_pilot import PATIENCE_S
from tui_tracker import edits
from tui_tracker.drain import recover
from tui_tracker.fact_rows import KIND as FACT_KIND
from tui_tracker.store import Store
from tui_tracker.tui.app import TrackerApp
from tui_tracker.tui.keys import KEYS, keys_at
from tui_tracker.tui.screens.base import TrackerScreen

STEPS = int(os.environ.get("TUI_TRACKER_RANDOM_KEYS", "2400"))
FIRST_SEED = int(os.environ.get("TUI_TRACKER_RANDOM_SEED", "0"))
CASES = 3
BORED = 25
"""Keys after which one would rather see another page."""
SIZES = [(80, 24), (120, 40), (60, 16), (200, 50), (40, 10), (80, 24), (120, 40)]

HOSTILE = [
    "",
    "[/]",
    "[bold red]name[/bold red] [link=x]",
    "\x1b[31mred\x1b[0m\x1b]0;title\x07\x1b[2J\x1b[H",
    "\x00\x01\x07\x08\x0b\x7f\x9b31m",
    "\u202eright to left\u202c \u2066iso\u2069 שלום مرحبا",
    "🧑‍🔬🏽 👨‍👩‍👧‍👦 é ﷽ 漢字漢字 \u200b\ufeff",
    "lines\nof\r\nmany\ttabs\u2028\u2029",
    "x" * 10_000,
    "漢" * 3_000,
    'a/b//c/ "quotes" `ticks` \\back % _ * ? { } {n} {name}',
    "\udcff\ud800 lone",
    "-",
    "group:",
    "star",
]
TYPED = [*"abcxyz019", "comma", "space", "full_stop", "left_square_bracket", "slash", "minus"]
IN_DIALOGS = [
    *("enter", "enter", "escape", "tab", "up", "down", "ctrl+d", "backspace", "home", "end"),
    *("left", "right", "pageup", "pagedown", "ctrl+k", "ctrl+u", "delete"),
]
UNEXPECTED = re.compile(r"^\w*(Error|Exception|Warning|Interrupt|assert)\w*: ")
"""How a page tells of what nobody thought of."""


def clean(text):
    return text.encode("utf-8", "replace").decode()


@pytest.fixture
def hostile(folder, log_run, monkeypatch, tmp_path):
    """A store whose names, params, tags, notes and consoles are all hostile."""
    words = [clean(text) for text in HOSTILE]
    for number in range(len(words)):
        log_run(
            f"run{number}",
            experiment=f"e{number % 4}/sub{number % 3}",
            params={f"p{n}": words[(number + n) % len(words)] for n in range(4)}
            | {"lr": 0.1 / (1 + number), "seed": number % 3},
            tags=("both", f"t{number % 3}"),
            status="failed" if number % 5 == 4 else "finished",
            loss=[1.0 / (1 + step) for step in range(5)],
            **{f"m{number % 3}": [float("nan"), 0.5, float("inf")]},
        )
    with Store.open(folder) as store:
        recover(store)
        with store.write() as connection:
            _spoil(connection, words)
    # A waiver of the audit goes to the project one stands in, which may not be this one.
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "pyproject.toml").write_text("")
    monkeypatch.chdir(tmp_path / "project")
    editor = tmp_path / "editor.sh"
    editor.write_text('#!/bin/sh\nprintf "\\033[31mwritten [/]" >> "$1"\n')
    editor.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(editor))
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("TMUX", raising=False)
    # The headless terminal cannot be lent; a real one is, in test_tui_terminal.py.
    monkeypatch.setattr(TrackerApp, "suspend", lambda _: nullcontext())
    return folder


def _spoil(connection, words):
    """Write words into the tables that no logger would take."""
    runs = [row[0] for row in connection.execute("SELECT id FROM run ORDER BY id")]
    for number, key in enumerate(runs):
        word = words[number % len(words)]
        other = words[(number + 1) % len(words)]
        connection.execute(
            "UPDATE run SET name=?, ended_by=?, host=?, lost_why=?, lost=1 WHERE id=?",
            (word, other, word, other, key),
        )
        connection.execute("INSERT OR IGNORE INTO tag VALUES (?,?,1)", (key, word or "t"))
        connection.execute(
            "INSERT INTO note (run, at_ms, author, text) VALUES (?,?,?,?)",
            (key, number, word, other),
        )
        lines = [[n, "oe"[n % 2], f"{n} {words[n % len(words)]}"] for n in range(60)]
        data = zlib.compress(json.dumps(lines).encode())
        connection.execute("INSERT INTO console_block VALUES (?,0,0,?,?)", (key, len(lines), data))
        connection.execute("UPDATE run SET console_lines=? WHERE id=?", (len(lines), key))
        connection.execute(
            "INSERT INTO artifact (run, path, at_ms, kind, size) VALUES (?,?,?,?,?)",
            (key, word, number, other[:50], number),
        )
    names = [row[0] for row in connection.execute("SELECT id FROM experiment ORDER BY id")]
    for key, word in zip(names[::2], words[1:], strict=False):
        connection.execute("UPDATE experiment SET name=? WHERE id=?", (word, key))
    keys = [row[0] for row in connection.execute("SELECT id FROM key ORDER BY id")]
    for key, word in zip(keys[::2], words[1:], strict=False):
        connection.execute("UPDATE key SET name=? WHERE id=?", (word, key))


def under_way(screen):
    return isinstance(screen, TrackerScreen) and bool(screen._under_way)


def is_well(app):
    """Whether the app goes on: nobody quit, and nothing was raised in it."""
    return app.is_running and not app._exit and app._exception is None


def character(key):
    """Return what a key types, None where it types nothing."""
    if len(key) == 1:
        return key
    try:
        return unicodedata.lookup(_get_unicode_name_from_key(key))
    except KeyError:
        return None


KEPT = (
    *("edit", "audit", "amendment", "decision", "content"),
    # Made of lineage and amendments, whenever one of them changes.
    *("fact", "fact_body", "run_body"),
)


def everything(store):
    """Return all rows of the tables that undo brings back, and what each table is called.

    The history stays, audits are a cache, and amendments and decisions are records: they are
    withdrawn or go stale, and never taken back. So are the texts that those point to.
    """
    tables = [
        row[0]
        for row in store.read("SELECT name FROM sqlite_schema WHERE type='table' ORDER BY name")
    ]
    return {
        table: sorted(map(repr, store.read(f'SELECT * FROM main."{table}" WHERE {of(table)}')))
        for table in tables
        if table not in KEPT and not table.startswith("sqlite_")
    }


def of(table):
    """Return which rows are compared: names of facts are kept with the facts."""
    return f"kind <> {FACT_KIND}" if table == "key" else "1"


class Walk:
    """A person at the keyboard who does not know what they are doing."""

    def __init__(self, store, seed):
        self.store, self.seed = store, seed
        self.chance = random.Random(seed)
        self.pressed = []
        self.told = []
        self.visited = Counter()
        self.screen, self.stayed = "", 0
        self.left = STEPS // CASES

    async def go(self):
        while self.left > 0:
            app = TrackerApp(self.store)
            async with app.run_test(size=(120, 40)) as pilot:
                await pilot.pause()
                while self.left > 0 and is_well(app):
                    await self.step(app)
                    self.visited[type(app.screen).__name__] += 1
                    self.left -= 1
                await self.rest(app)

    async def rest(self, app):
        """Wait until all that was asked for has come."""
        end = monotonic() + PATIENCE_S
        while is_well(app) and (app._is_changing or any(map(under_way, app.screen_stack))):
            assert monotonic() < end, f"still waiting after {self.pressed[-10:]}"
            await asyncio.sleep(0.002)
        await self.turn()

    @staticmethod
    async def turn():
        """Let the app take what was sent to it."""
        for _ in range(15):
            await asyncio.sleep(0)

    async def step(self, app):
        chance = self.chance
        kind = chance.random()
        if kind < 0.01:
            size = chance.choice(SIZES)
            self.send(app, f"resize {size}", events.Resize(Size(*size), Size(*size)))
        elif kind < 0.04:
            self.click(app)
        elif kind < 0.08 and app.focused is not None:
            text = clean(chance.choice(HOSTILE) + chance.choice(["", "\r\n", "a"]))
            self.send(app, f"paste {text[:20]!r}", events.Paste(text))
        else:
            key = self.key(app)
            self.send(app, key, events.Key(key, character(key)))
        await self.turn()
        if chance.random() < 0.3:
            await self.rest(app)
        if chance.random() < 0.1 and is_well(app):
            self.look(app)

    def send(self, app, what, event):
        """Let the terminal send something, as the app's driver does."""
        self.pressed.append(what)
        event.set_sender(app)
        app._driver.send_message(event)

    def click(self, app):
        x = self.chance.randrange(app.size.width)
        y = self.chance.randrange(app.size.height)
        for kind in (events.MouseDown, events.MouseUp, events.Click):
            event = kind(None, x, y, 0, 0, 1, False, False, False, screen_x=x, screen_y=y)
            self.send(app, f"click {x} {y}", event)

    def key(self, app):
        """Return a key that means something where the focus is, or one that does not."""
        chance, page = self.chance, app.page
        screen = type(app.screen).__name__
        self.stayed = self.stayed + 1 if screen == self.screen else 0
        self.screen = screen
        patience = BORED if screen not in ("HelpScreen", "PaletteScreen") else 5
        if self.stayed > patience and screen != "RunsScreen" and chance.random() < 0.5:
            return "escape"
        typing = page is None or page.place() == "everywhere"
        if typing:
            return chance.choice(IN_DIALOGS if chance.random() < 0.45 else TYPED)
        known = [name for key in keys_at(page.place()) for name in key.keys]
        if chance.random() < 0.1:
            known = [name for key in KEYS for name in key.keys]
        key = chance.choice(known)
        if screen == "RunsScreen" and chance.random() < 0.1:
            return "enter"
        # Pages far in are worth more than the first one, and than help.
        dull = key in ("q", "ctrl+c", "escape", "question_mark", "f1", "colon", "ctrl+p")
        return chance.choice(known) if dull and chance.random() < 0.8 else key

    def look(self, app):
        """Nothing on the screen may be more than a letter to a terminal."""
        for strip in app.screen._compositor.render_strips():
            assert strip.text.isprintable(), f"{strip.text!r} after {self.pressed[-10:]}"


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + CASES))
@pytest.mark.timeout(max(120, STEPS))
async def test_random_keys_raise_nothing_and_undo_brings_everything_back(
    hostile, seed, monkeypatch
):
    say = TrackerScreen.say
    with Store.open(hostile) as store:
        before = everything(store)
        walk = Walk(store, seed)

        def note(page, text, *, bad=False):
            walk.told.append(text)
            say(page, text, bad=bad)

        monkeypatch.setattr(TrackerScreen, "say", note)
        try:
            await walk.go()
        except BaseException:
            print(f"seed {seed}, the last of {len(walk.pressed)} keys: {walk.pressed[-30:]}")
            raise

        unexpected = [text for text in walk.told if UNEXPECTED.match(text)]
        assert unexpected == []
        changes = store.read("SELECT count(*) FROM edit")[0][0]
        assert changes, "not one key changed anything"
        while edits.undo(store) is not None:
            pass
        after = everything(store)
        different = {table for table in before if before[table] != after[table]}
        assert not different, f"{different} after {walk.pressed[-30:]}"

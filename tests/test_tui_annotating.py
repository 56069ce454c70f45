"""Tags, notes, names, stars, groups and the archive from inside the app."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Input, TextArea

import tui_tracker as tt
from tests.tui_pilot import gone, opened, screen_text, see, until
from tui_tracker import edits
from tui_tracker.drain import recover
from tui_tracker.queries import find_run, get_rows, get_run, list_run_keys
from tui_tracker.store import Store
from tui_tracker.tui.screens.artifact import ArtifactScreen
from tui_tracker.tui.screens.dialogs import LabelDialog, NameDialog, NoteDialog
from tui_tracker.tui.screens.history import HistoryScreen
from tui_tracker.tui.screens.run import NOTES, RunScreen
from tui_tracker.tui.screens.runs import RunsScreen
from tui_tracker.tui.widgets.note_field import NoteField

HOSTILE = "[/] \x1b[31mred\x1b[0m \u202etxet\u202c 🧑‍🔬\n\x07 [bold]" + "x" * 50


@pytest.fixture
def runs(store, log_run):
    """Runs a, b and c; c, the newest, stands under the cursor."""
    log_run("a", tags=("best", "purpose:baseline"), loss=[0.5])
    log_run("b", tags=("best",), loss=[0.4])
    log_run("c", loss=[0.3])
    recover(store)
    return {name: find_run(store, name) for name in "abc"}


def tags(store, key):
    return get_rows(store, [key])[0].tags


async def dialog(pilot, kind):
    await until(pilot, lambda: isinstance(pilot.app.screen, kind) and pilot.app.screen.focused)
    return pilot.app.screen


async def type_text(pilot, text):
    await pilot.press(*("comma" if c == "," else "space" if c == " " else c for c in text))


async def test_a_tag_is_completed_from_those_there_are(store, runs):
    async with opened(store) as pilot:
        await pilot.press("t")
        asked = await dialog(pilot, LabelDialog)
        await see(pilot, "best", "2 runs", "purpose:baseline")
        await type_text(pilot, "new,pur")
        await pilot.press("tab", "enter")
        await see(pilot, "1 run tagged “new”, “purpose:baseline” · u takes it back")

    assert asked is not None
    assert tags(store, runs["c"]) == ("new", "purpose:baseline")


async def test_an_offer_is_chosen_with_the_arrows(store, runs):
    async with opened(store) as pilot:
        await pilot.press("t")
        await see(pilot, "purpose:baseline")
        await pilot.press("down", "down", "up", "enter")
        await see(pilot, "1 run tagged “best”")

    assert tags(store, runs["c"]) == ("best",)


async def test_untag_offers_what_these_runs_have_and_refuses_the_rest(store, runs):
    edits.tag(store, [runs["c"]], ["mine"])
    async with opened(store) as pilot:
        await pilot.press("T")
        await see(pilot, "mine", "all")
        inside = [line.split("│")[1] for line in screen_text(pilot).splitlines() if "│" in line]
        assert "purpose" not in " ".join(inside)
        await type_text(pilot, "nope")
        await pilot.press("enter")
        await see(pilot, "none of these runs has that tag")
        await pilot.press(*["backspace"] * 4, "down", "enter")
        await see(pilot, "1 run no longer tagged “mine”")

    assert tags(store, runs["c"]) == ()


async def test_a_star_comes_and_goes_and_undo_and_redo_follow(store, runs):
    async with opened(store) as pilot:
        await pilot.press("i")
        await see(pilot, "1 run starred · u takes it back")
        await pilot.press("i")
        await see(pilot, "1 run no longer starred")
        await pilot.press("u")
        await see(pilot, "Took back: unstar of 1 run · ctrl+r does it again")
        assert tags(store, runs["c"]) == ("star",)
        await pilot.press("ctrl+r")
        await see(pilot, "Did again: unstar of 1 run")
        await pilot.press("u", "u", "u")
        await see(pilot, "nothing to take back")

    assert tags(store, runs["c"]) == ()


async def test_a_note_of_many_lines_is_pasted_and_kept(store, runs):
    async with opened(store) as pilot:
        await pilot.press("n")
        asked = await dialog(pilot, NoteDialog)
        field = asked.query_one(NoteField)
        field.post_message(events.Paste("first\r\nsecond\rthird \x1b[31m[/]"))
        await until(pilot, lambda: field.document.line_count == 3)
        await pilot.press("enter", "x", "ctrl+d")
        await see(pilot, "1 run noted · u takes it back")

    (note,) = get_run(store, runs["c"]).notes
    assert note.text == "first\nsecond\nthird [/]\nx"


async def test_esc_asks_once_before_it_throws_words_away(store, runs):
    async with opened(store) as pilot:
        await pilot.press("n")
        await dialog(pilot, NoteDialog)
        await pilot.press("x", "escape")
        await see(pilot, "esc again gives up what you wrote")
        await pilot.press("y")
        await gone(pilot, "esc again")
        await pilot.press("escape", "escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))

    assert get_run(store, runs["c"]).notes == ()


async def test_a_run_is_renamed_from_the_name_it_has(store, runs):
    async with opened(store) as pilot:
        await pilot.press("m")
        asked = await dialog(pilot, NameDialog)
        await until(pilot, lambda: asked.query_one(Input).value == "c")
        await pilot.press("2", "enter")
        await see(pilot, "1 run renamed to “c2”")

    assert get_rows(store, [runs["c"]])[0].name == "c2"


async def test_a_run_is_put_into_a_group_and_out_again(store, runs):
    edits.group(store, [runs["a"]], "seeds")
    async with opened(store) as pilot:
        await pilot.press("M")
        await see(pilot, "seeds")
        await pilot.press("down", "enter")
        await see(pilot, "1 run put into the group “seeds”")
        await pilot.press("M")
        await see(pilot, "1 leave theirs")
        await pilot.press("down", "down", "enter")
        await see(pilot, "1 run taken out of their group")

    assert tags(store, runs["c"]) == ()


@pytest.mark.usefixtures("runs")
async def test_an_archived_run_leaves_the_table_and_comes_back_by_undo(store):
    async with opened(store) as pilot:
        await pilot.press("a")
        await see(pilot, "1 run archived")
        await until(pilot, lambda: pilot.app.screen.table.count == 2)
        await pilot.press("u")
        await until(pilot, lambda: pilot.app.screen.table.count == 3)

    assert len(list_run_keys(store)) == 3


async def test_all_marked_runs_are_changed_at_once(store, runs, monkeypatch):
    monkeypatch.setattr(RunsScreen, "chosen_runs", lambda _: list(runs.values()))
    async with opened(store) as pilot:
        await pilot.press("m")
        await dialog(pilot, NameDialog)
        await see(pilot, "Rename 3 runs", "{name}")
        await pilot.press("-", "{", "n", "}", "enter")
        await see(pilot, "3 runs renamed")
        await pilot.press("u")
        await see(pilot, "Took back: rename")

    assert [row.name for row in get_rows(store, list(runs.values()))] == ["a", "b", "c"]


async def test_the_history_says_who_did_what_and_takes_back_the_newest(store, runs):
    edits.rename(store, runs["a"], "first")
    edits.tag(store, list(runs.values()), ["x"])
    async with opened(store) as pilot:
        await pilot.press("H")
        await until(pilot, lambda: isinstance(pilot.app.screen, HistoryScreen))
        await see(pilot, "3 runs", "+ x", "a → first", "rename")
        await pilot.press("u")
        await see(pilot, "taken back", "Took back: tag “x” of 3 runs")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))


async def test_the_history_keeps_the_cursor_on_its_change_while_others_are_made(store, runs):
    edits.rename(store, runs["a"], "first")
    edits.tag(store, [runs["b"]], ["x"])
    async with opened(store) as pilot:
        await pilot.press("H")
        await until(pilot, lambda: isinstance(pilot.app.screen, HistoryScreen))
        await see(pilot, "a → first")
        await pilot.press("down")

        edits.star(store, [runs["b"]])
        pilot.app.screen.read_again()
        await see(pilot, "star")

        assert pilot.app.screen.history.current.new == "first"


async def test_the_cursor_stays_on_its_note_when_another_app_removes_one_above_it(store, runs):
    for text in ("one", "two", "three"):
        edits.note(store, [runs["c"]], text)
    first = get_run(store, runs["c"]).notes[0]
    async with opened(store) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        await pilot.press(str(NOTES + 1))
        await see(pilot, "three")
        await pilot.press("down", "down", "down")

        edits.remove_note(store, first.id)
        pilot.app.screen.read_again()
        await gone(pilot, "one")

        assert pilot.app.screen.notes_view.current.text == "two"


async def test_the_notes_of_a_run_are_changed_and_removed_on_their_tab(store, runs):
    edits.note(store, [runs["c"]], "one")
    edits.note(store, [runs["c"]], "two")
    async with opened(store) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        await pilot.press(str(NOTES + 1))
        await see(pilot, "one", "two")
        await pilot.press("enter")
        asked = await dialog(pilot, NoteDialog)
        assert asked.query_one(TextArea).text == "one"
        await pilot.press("!", "ctrl+d")
        await see(pilot, "note changed", "one!")
        await pilot.press("G", "x")
        await see(pilot, "note removed")
        await gone(pilot, "two")
        await pilot.press("u")
        await see(pilot, "two")

    assert [note.text for note in get_run(store, runs["c"]).notes] == ["one!", "two"]


async def test_hostile_words_change_nothing_on_the_screen(store, runs):
    edits.rename(store, runs["c"], HOSTILE)
    edits.tag(store, [runs["c"]], [HOSTILE + "tag", "group:" + HOSTILE])
    edits.note(store, [runs["c"]], HOSTILE * 100)
    async with opened(store, size=(80, 24)) as pilot:
        for keys in (("t", "down"), ("T", "down"), ("M", "down"), ("m",), ("n",), ("H", "down")):
            await pilot.press(*keys)
            await pilot.pause(0.1)
            assert not {"\x1b", "\x07", "\u202e", "\n\n\n"} & set(screen_text(pilot))
            await pilot.press("escape", "escape")
        await pilot.press("enter", str(NOTES + 1), "enter")
        await dialog(pilot, NoteDialog)
        assert "\x1b" not in screen_text(pilot)
        await pilot.press("ctrl+d")
        await see(pilot, "says that already")

    assert get_run(store, runs["c"]).notes[0].text == (HOSTILE * 100).strip()


async def test_a_locked_store_is_told_in_one_sentence_and_the_words_are_kept(folder, store, runs):
    with Store.open(folder, wait_s=0.1) as impatient:
        async with opened(impatient) as pilot:
            locked, done = threading.Event(), threading.Event()

            def lock():
                with store.write():
                    locked.set()
                    done.wait(30)

            other = threading.Thread(target=lock)
            other.start()
            locked.wait(30)
            await pilot.press("n")
            await dialog(pilot, NoteDialog)
            await pilot.press("w", "ctrl+d")
            await see(pilot, "the store locked: try again; n has your words")
            done.set()
            other.join()
            await pilot.press("n")
            asked = await dialog(pilot, NoteDialog)
            assert asked.query_one(TextArea).text == "w"
            await pilot.press("escape")
            await see(pilot, "esc again gives up what you wrote")
            await pilot.press("ctrl+d")
            await see(pilot, "1 run noted")

    assert [note.text for note in get_run(store, runs["c"]).notes] == ["w"]


@pytest.mark.usefixtures("runs")
async def test_of_several_notes_that_could_not_be_stored_none_is_lost(folder):
    async with opened(Store.open(folder, wait_s=0.1)) as pilot:
        for words in ("one", "two"):
            pilot.app.change(lambda _: 1 / 0, words=words)
        await until(pilot, lambda: pilot.app.draft == "one\n\ntwo")

        await pilot.press("n")

        asked = await dialog(pilot, NoteDialog)
        assert asked.query_one(TextArea).text == "one\n\ntwo"


@pytest.mark.usefixtures("runs")
async def test_without_an_editor_one_sentence_says_so(store, monkeypatch):
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    async with opened(store) as pilot:
        await pilot.press("e")
        await until(
            pilot, lambda: "cannot be lent" in screen_text(pilot) or "EDITOR" in screen_text(pilot)
        )


async def test_changes_are_made_one_after_the_other_and_none_is_dropped(store, runs):
    async with opened(store) as pilot:
        app = pilot.app
        for number in range(30):
            app.change(lambda s, n=number: str(edits.tag(s, [runs["c"]], [f"t{n:02}"])))
        await until(pilot, lambda: len(tags(store, runs["c"])) == 30)

    order = store.read("SELECT new FROM edit WHERE what='tag' ORDER BY id")
    assert order == [(f"t{n:02}",) for n in range(30)]


def test_an_editor_that_fails_keeps_what_was_written(tmp_path: Path, monkeypatch):
    from tui_tracker.editor import edit_text
    from tui_tracker.errors import EditorFailed

    script = tmp_path / "editor.sh"
    script.write_text('#!/bin/sh\necho words >> "$1"\nexit 3\n')
    script.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(script))

    with pytest.raises(EditorFailed) as caught:
        edit_text("old\n")

    path = Path(str(caught.value).rpartition(" is in ")[2])
    assert path.read_text() == "old\nwords\n"
    os.unlink(path)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("", "no editor is set"),
        ("no-such-editor", "cannot be started"),
        ("false", "ended with exit code 1: nothing was changed"),
        ("'", "cannot be read"),
    ],
)
def test_what_is_wrong_with_an_editor_is_one_sentence(monkeypatch, command, words):
    from tui_tracker.editor import edit_text
    from tui_tracker.errors import EditorFailed

    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", command)

    with pytest.raises(EditorFailed, match=words):
        edit_text("")


async def test_a_change_that_is_made_while_a_page_opens_reads_it_once_it_stands(store, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("words")
    run = tt.init("e", "with a file", store=store.folder)
    run.log_artifact(path)
    run.finish()
    async with opened(store) as pilot:
        await see(pilot, "with a file")
        key = find_run(store, "with a file")
        page = ArtifactScreen("with a file", get_run(store, key).artifacts, 0)
        pilot.app.push_screen(page)
        # Its parts are not there yet.
        pilot.app.on_changing_changed(pilot.app.Changed("1 run tagged", False))
        assert not page.stands

        await see(pilot, "words")
        assert page.stands

"""Changing many runs from the command line, notes by number, history, undo and redo."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import tui_tracker as tt
from tui_tracker import edits
from tui_tracker.edits import batch as batches
from tui_tracker.store import Store

LogRun = Callable[..., tt.Run]
Tt = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _runs(log_run: LogRun) -> None:
    for name in ("a", "b", "other"):
        log_run(name, experiment="sweep" if name != "other" else "rest", loss=[1.0])


@pytest.fixture
def said(tt_: Tt) -> Callable[..., str]:
    """Run a command that must succeed; return what it says."""

    def run(*arguments: str) -> str:
        code, out, err = tt_(*arguments)
        assert code == 0, err
        return (out + err).rstrip("\n")

    return run


@pytest.fixture
def names(tt_: Tt) -> Callable[..., list[str]]:
    return lambda *words: [run["name"] for run in json.loads(tt_("ls", "--json", *words)[1])]


def test_all_runs_that_a_query_finds_are_changed_at_once(said, names):
    assert said("tag", "--query", "sweep", "x", "y") == "2 runs tagged"
    assert said("tag", "a", "--run", "other", "x") == "1 run tagged"
    assert said("untag", "--query", "x", "y") == "2 runs untagged, of 3 found"
    assert said("star", "--query", "sweep") == "2 runs starred"
    assert said("star", "a") == "nothing to do: they are starred"
    assert said("unstar", "a") == "1 run unstarred"
    assert said("unstar", "a") == "nothing to do: they have no star"
    assert said("group-as", "seeds", "a", "b") == "2 runs put into the group 'seeds'"
    assert said("group-as", "--none", "a") == "1 run taken out of their group"
    assert said("note", "--query", "sweep", "some", "words") == "noted on 2 runs"
    assert said("rename", "--query", "sweep", "{name}-{n}") == "2 runs renamed"
    assert said("archive", "--query", "sweep") == "2 runs archived"
    assert said("restore", "--query", "") == "2 runs restored"
    assert sorted(names()) == ["a-2", "b-1", "other"]


def test_a_dry_run_names_the_runs_and_changes_nothing(said, names):
    assert said("archive", "--query", "sweep", "--dry-run") == "2 runs would be archived: b, a"
    assert len(names()) == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("star",), "which runs? Name some, or give --query"),
        (("star", "a", "--query", "b"), "either RUN or --query"),
        (("tag", "a"), "which tag? Give one or more"),
        (("rename", "--query", "sweep", "same"), "cannot all be called 'same'"),
        (("group-as",), "which group?"),
        (("note", "a", "--remove", "3"), "'a' has 0 notes, and no number 3"),
        (("note", "--query", "sweep", "--edit", "1"), "a note is changed on one run"),
    ],
)
def test_what_is_missing_is_said_in_one_sentence(tt_, arguments, words):
    code, out, err = tt_(*arguments)

    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An editor that writes `edited` below what is there."""
    script = tmp_path / "editor.sh"
    script.write_text('#!/bin/sh\necho edited >> "$1"\n')
    script.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(script))
    monkeypatch.delenv("VISUAL", raising=False)


@pytest.mark.usefixtures("editor")
def test_notes_are_written_changed_removed_and_listed_by_number(said):
    said("note", "a", "--edit")
    said("note", "a", "second\n")
    assert said("note", "a", "--edit", "2") == "note 2 changed"
    assert said("note", "a", "--remove", "1") == "note 1 removed: tt undo brings it back"
    said("undo")

    notes = json.loads(said("note", "a", "--json"))

    assert [(one["number"], one["text"]) for one in notes] == [(1, "edited"), (2, "secondedited")]
    assert "2  " in said("note", "a")


def test_history_undo_and_redo(said):
    said("tag", "a", "x")
    said("rename", "a", "new")
    said("undo")

    entries = json.loads(said("history", "a", "--json"))

    assert [(one["what"], one["from"], one["to"]) for one in entries] == [
        ("rename", "a", "new"),
        ("tag", None, "x"),
    ]
    assert "taken back" in said("history").splitlines()[0]
    assert said("redo").startswith("did again rename of 'new' (by ")
    assert said("redo") == "nothing to do again"


def test_undo_takes_back_ones_own_changes_unless_told_otherwise(said, folder, monkeypatch):
    monkeypatch.setattr(batches, "user_name", lambda: "bob")
    with Store.open(folder) as store:
        edits.tag(store, [1], ["bobs"])

    assert said("undo") == (
        "nothing of yours to undo; the last change is by bob (--anyone takes it back)"
    )
    assert said("undo", "--anyone").startswith("took back tag of ")

"""`tt drill`: listing, taking, amending by hand, practice and score."""

from __future__ import annotations

import json

import pytest

import tui_tracker as tt
from tui_tracker.cli import drill as command
from tui_tracker.drain import recover
from tui_tracker.queries.amendments import read_amendments


@pytest.fixture
def run(store, folder, tmp_path, monkeypatch):
    """A run that lacks a purpose, which its name tells, and a seed."""
    monkeypatch.chdir(tmp_path)
    with tt.init("digits", "ablation_2", {"lr": 1}, store=folder) as logged:
        logged.log({"train_loss": 0.5, "val_f1_macro": 0.5}, step=0)
    recover(store)
    return store


def fields(store):
    return [a.field for items in read_amendments(store, [1]).values() for a in items]


def test_gaps_are_listed_with_old_new_evidence_and_how_sure(run, tt_):
    code, out, _ = tt_("drill", "ablation_2")

    assert code == 1
    assert "tags.purpose-missing" in out
    assert "likely  tags.purpose: nothing -> ablation" in out
    assert "the name of the run begins with 'ablation'" in out
    assert "no file was seen to be read" in out
    assert fields(run) == []


@pytest.mark.usefixtures("run")
def test_json_has_the_corrected_record_as_a_patch(tt_):
    _, out, _ = tt_("drill", "digits", "--json")

    (one,) = json.loads(out)["runs"]
    assert one["corrected"]["tags.purpose"] == "ablation"
    gap = next(gap for gap in one["gaps"] if gap["rule"] == "tags.purpose-missing")
    assert gap["proposals"][0] == {
        "field": "tags.purpose",
        "old": None,
        "new": "ablation",
        "evidence": "the name of the run begins with 'ablation': 'ablation_2'",
        "confidence": "likely",
    }
    assert one["score_if_accepted"] >= one["score"]


def test_a_field_is_accepted_by_name_with_a_reason(run, tt_):
    _, _, said = tt_("drill", "digits", "--accept", "tags.purpose", "--reason", "it was one")

    ((item,),) = read_amendments(run, [1]).values()
    assert (item.field, item.new, item.reason) == ("tags.purpose", "ablation", "it was one")
    assert "1 amendment written" in said
    assert "tags.purpose-missing" not in tt_("drill", "digits")[1]


def test_accepting_what_nobody_proposed_is_answered_with_what_there_is(run, tt_):
    code, _, said = tt_("drill", "digits", "--accept", "code.comit")

    assert code == 2
    assert "nothing was proposed for 'code.comit': there is " in said
    assert "tags.purpose" in said
    assert fields(run) == []


def test_certain_ones_are_taken_at_once_and_likely_ones_are_not(run, tt_):
    tt_("drill", "digits", "--yes-certain")

    assert "tags.purpose" not in fields(run)


def test_a_record_is_amended_by_hand_and_given_back(run, tt_):
    assert tt_("drill", "ablation_2", "--set", "tags.owner=ann", "--reason", "asked")[0] == 0
    code, _, _ = tt_("drill", "ablation_2", "--withdraw", "tags.owner", "--reason", "wrong")
    again, _, said = tt_("drill", "ablation_2", "--withdraw", "tags.colour")

    assert code == 0
    ((first, second),) = read_amendments(run, [1]).values()
    assert (first.new, first.confidence, first.evidence) == ("ann", "", "typed in")
    assert second.new is None
    assert again == 2
    assert "was not amended" in said


def test_what_is_typed_in_keeps_its_digits(run, tt_):
    told = (
        "data:d.version=1.10 code.commit=12e4567 code.tree=1234567 tags.ticket=007 "
        "params.lr=0.10 params.big=1e999 hardware.cores=8 code.dirty=false"
    ).split()

    tt_("drill", "ablation_2", *(word for item in told for word in ("--set", item)))

    found = {a.field: a.new for items in read_amendments(run, [1]).values() for a in items}
    assert found == {
        "data:d.version": "1.10",
        "code.commit": "12e4567",
        "code.tree": "1234567",
        "tags.ticket": "007",
        "params.lr": 0.1,
        "params.big": "1e999",
        "hardware.cores": 8,
        "code.dirty": False,
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("ablation_2", "--set", "tags.owner=ann", "--withdraw", "tags.a"), "was not amended"),
        (("ablation_2", "--set", "tags.owner"), "needs a value"),
        (("ablation_2", "--set", "nonsense=1"), "is no field of a record"),
        (("--set", "tags.owner=ann"), "need a run"),
        (("--score", "none.json"), "is no practice"),
        (("--profile", "papr"), "papr"),
    ],
)
def test_bad_words_are_answered_in_one_sentence(run, tt_, arguments, words):
    code, _, said = tt_("drill", *arguments)

    assert code == 2
    assert words in said
    assert said.count("\n") == 1
    assert fields(run) == []


def answers_of(monkeypatch, *lines):
    """Sit at a terminal, leave all but the purpose, and type these lines for that."""
    waiting = iter(lines)

    def typed(words):
        if " = " in words and "tags.purpose" not in words:
            return "n"
        try:
            return next(waiting)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr("builtins.input", typed)
    monkeypatch.setattr(command, "on_terminal", lambda: True)
    monkeypatch.setattr(command.sys, "stdin", type("Terminal", (), {"isatty": lambda _: True})())


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (("y", "my reason"), [("ablation", "my reason", "likely")]),
        (("y", ""), [("ablation", "as tt drill found it", "likely")]),
        (("e", "final", "why"), [("final", "why", "")]),
        (("what?", "e", "", "y", ""), [("ablation", "as tt drill found it", "likely")]),
        (("n",), []),
        (("q",), []),
        ((), []),
    ],
)
def test_on_a_terminal_each_proposal_is_asked_about(run, tt_, monkeypatch, lines, wanted):
    answers_of(monkeypatch, *lines)

    tt_("drill", "digits")

    found = [item for items in read_amendments(run, [1]).values() for item in items]
    assert [(i.new, i.reason, i.confidence) for i in found if i.field == "tags.purpose"] == wanted


@pytest.mark.usefixtures("store")
def test_an_empty_store_and_a_query_that_fits_nothing_are_told(tt_, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert tt_("drill")[2] == "tt: no runs yet\n"
    assert tt_("drill", "name = x")[:2] == (0, "")


def test_a_practice_is_made_and_scored_from_the_command_line(tt_, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    from tui_tracker import cli

    code, out, _ = tt_("drill", "--practice", "--seed", "5", "--out", "here")
    place = str(tmp_path / "here/store")
    tt_("ls")
    assert code == 0
    assert "20 runs with" in out

    import contextlib
    import io

    found = io.StringIO()
    with contextlib.redirect_stdout(found):
        cli.main(["--store", place, "drill", "--json"])
    (tmp_path / "found.json").write_text(found.getvalue())
    scored = io.StringIO()
    with contextlib.redirect_stdout(scored):
        passed = cli.main(["--store", place, "drill", "--score", "found.json"])

    assert passed == 0, scored.getvalue()
    assert "0 wrong" in scored.getvalue()

"""`tt parse`: a printed log as a table, as JSON, line by line."""

from __future__ import annotations

import json

import pytest

_LOG = "seed=3\nepoch 1 loss 0.5\nroom 12 is warm\nepoch 2 loss 0.25\nSaved model to a/b.pt\n"


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "train.log"
    path.write_text(_LOG)
    return path


def test_a_log_is_shown_as_a_table(tt_, log):
    code, out, _ = tt_("parse", str(log))

    assert code == 0
    assert "seed=3" in out
    assert ["loss", "epoch", "2", "1", "to", "2", "0.5000", "0.2500", "2"] in [
        line.split() for line in out.splitlines()
    ]
    assert "4 of 5 lines were understood" in out


def test_json_is_of_the_shape_that_scripts_rely_on(tt_, log):
    _, out, _ = tt_("parse", str(log), "--json")

    found = json.loads(out)
    (run,) = found["runs"]
    assert run["params"] == {"seed": 3}
    assert run["metrics"] == {
        "loss": {"axis": "epoch", "points": [[1, 0.5], [2, 0.25]], "lines": [2, 4]}
    }
    assert (run["final"], run["artifacts"], run["status"]) == ({}, ["a/b.pt"], "finished")
    assert found["unused_lines"] == 1
    assert "git_commit" in found["missing"]


def test_what_became_of_each_line_is_explained(tt_, log):
    _, out, _ = tt_("parse", str(log), "--explain")

    assert "2  epoch 1 loss 0.5" in out
    assert "-> epoch 1: loss = 0.5 (names and values at its epoch)" in out
    assert "-> param seed = 3 (names and values)" in out
    assert "-> not understood: no value of a name that could be a metric" in out


def test_a_pattern_teaches_a_line(tt_, log):
    _, out, _ = tt_("parse", str(log), "--json", "--pattern", "room {step:d} is")
    _, taught, _ = tt_("parse", str(log), "--json", "--pattern", "room {warm} is")

    assert out == ""
    assert json.loads(taught)["runs"][0]["final"] == {"warm": 12.0}


def test_a_pattern_that_cannot_be_read_names_its_column(tt_, log):
    code, _, err = tt_("parse", str(log), "--pattern", "a {x:y}")

    assert (code, err) == (
        2,
        "tt: --pattern: the pattern 'a {x:y}', column 6: there is no kind 'y': use d, f or w\n",
    )


def test_a_pattern_is_proposed_for_lines_that_were_not_understood(tt_, log):
    _, out, _ = tt_("parse", str(log), "--suggest")

    assert out == "pattern = 'room {room:d} is warm'\n"


def test_a_log_in_which_nothing_is_found_ends_with_1(tt_, tmp_path):
    path = tmp_path / "a.log"
    path.write_text("hello\n")

    assert tt_("parse", str(path))[0] == 1


def test_a_log_that_is_not_there_is_told_in_a_sentence(tt_, tmp_path):
    code, out, err = tt_("parse", str(tmp_path / "none.log"))

    assert (code, out) == (2, "")
    assert err.endswith("none.log: No such file or directory\n")


def test_no_store_is_made(tt_, log, folder):
    tt_("parse", str(log))

    assert not folder.exists()

"""The practice: planted gaps, and how well they are found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tui_tracker.drill.drill import accept, drill_runs, drilled_shape
from tui_tracker.drill.practice import ANSWERS, make_practice
from tui_tracker.drill.scoring import is_same, score_file
from tui_tracker.errors import InvalidArgument
from tui_tracker.queries import list_run_keys
from tui_tracker.queries.records import run_records
from tui_tracker.store import Store


@pytest.fixture(scope="module")
def practice(tmp_path_factory):
    """The folder of a practice."""
    folder = tmp_path_factory.mktemp("practice") / "drill"
    make_practice(folder, seed=3)
    return folder


def found(store: Store, folder: Path) -> Path:
    """Write what the tool finds as `tt drill --json` does."""
    path = folder / "found.json"
    runs = [drilled_shape(one) for one in drill_runs(store, list_run_keys(store))]
    path.write_text(json.dumps({"runs": runs}))
    return path


def test_a_practice_has_twenty_runs_and_a_dozen_kinds_of_gaps(practice):
    answers = json.loads((practice / ANSWERS).read_text())["runs"]
    kinds = {gap["kind"] for gaps in answers.values() for gap in gaps}

    with Store.open(practice / "store") as store:
        assert len(list_run_keys(store)) == 20
    assert len(kinds) >= 12
    assert len(answers) == 19  # one is whole


def test_the_tool_finds_the_planted_gaps_and_proposes_nothing_wrong(practice, tmp_path):
    with Store.open(practice / "store") as store:
        result = score_file(store, found(store, tmp_path))

    assert result.found >= 0.95 * result.planted
    assert result.wrong == 0, result.lines
    assert result.passed


def test_accepting_all_leaves_the_record_as_it_was_captured(tmp_path):
    make_practice(tmp_path / "own", seed=4)

    with Store.open(tmp_path / "own/store") as store:
        keys = list_run_keys(store)
        before = [json.loads(text) for text in run_records(store, keys, bulky=True)]
        drilled = drill_runs(store, keys)

        for one in drilled:
            accept(store, one, [item.field for item in one.proposals], reason="practice")
        after = [json.loads(text) for text in run_records(store, keys, bulky=True)]

        told = [record.pop("amendments") for record in after]
        for record in before:
            del record["amendments"]
        assert after == before
        assert sum(map(len, told)) == sum(len(one.proposals) for one in drilled)
        again = drill_runs(store, keys)
        # Splits that are known now may turn out to differ between runs, and params that are
        # known now put a run into the group of its seeds, or out of one that it was not of.
        apart = {"data.split-mismatch", "seed.too-few", "metrics.uncertainty-missing"}
        assert [{f.rule for f in one.before.open} - apart for one in again] == [
            {f.rule for f in one.after.open} - apart for one in drilled
        ]


def test_a_person_scores_by_fields_and_nothing_for_what_is_gone(practice, tmp_path):
    answers = json.loads((practice / ANSWERS).read_text())["runs"]
    told = {id_: {f: v for gap in gaps for f, v in gap["values"].items()}
            for id_, gaps in answers.items()}  # fmt: skip
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(told))

    with Store.open(practice / "store") as store:
        whole = score_file(store, path)
        first = next(iter(told))
        path.write_text(json.dumps({first: dict.fromkeys(told[first], "nonsense")}))
        poor = score_file(store, path)

    assert (whole.found, whole.wrong, whole.passed) == (whole.planted, 0, True)
    assert poor.wrong == len(told[first])
    assert not poor.passed
    assert len(poor.lines) >= poor.planted - len(told[first])


def test_a_practice_is_made_without_a_word(tmp_path, capsys):
    make_practice(tmp_path / "quiet", seed=1)

    assert capsys.readouterr() == ("", "")


def test_a_practice_is_not_made_over_something(tmp_path):
    (tmp_path / "mine.txt").write_text("x")

    with pytest.raises(InvalidArgument, match="is not empty"):
        make_practice(tmp_path)


@pytest.mark.parametrize(
    "told", [{"runs": [{}]}, {"runs": [3]}, {"runs": [{"id": "a", "gaps": [{"proposals": [{}]}]}]}]
)
def test_what_no_drill_printed_is_told(practice, tmp_path, told):
    path = tmp_path / "odd.json"
    path.write_text(json.dumps(told))

    with Store.open(practice / "store") as store, pytest.raises(InvalidArgument, match="is not"):
        score_file(store, path)


def test_a_store_that_is_no_practice_is_not_scored(store, tmp_path):
    (tmp_path / "found.json").write_text("{}")

    with pytest.raises(InvalidArgument, match="is no practice"):
        score_file(store, tmp_path / "found.json")


@pytest.mark.parametrize(
    ("given", "wanted", "same"),
    [
        ("sha256:" + "ab" * 32, "ab" * 32, True),
        ("abababab", "sha256:" + "ab" * 32, True),
        ("ababab", "ab" * 20, False),
        ({"last": 0.30004}, 0.3, True),
        ("3.11.9", "3.11.9", True),
        (64, 64, True),
        ({"numpy": "2"}, {"numpy": "2"}, True),
        ({"numpy": "1"}, {"numpy": "2"}, False),
    ],
)
def test_values_are_compared_as_people_write_them(given, wanted, same):
    assert is_same(given, wanted) is same

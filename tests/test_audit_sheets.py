"""Answer sheets: checklists of venues, answered from records with their evidence."""

from __future__ import annotations

import json

import pytest
from audit_records import record
from lineage_runs import keep_snapshot, record_parts

import tui_tracker as tt
from tui_tracker.audit.engine import Settings, audit_records
from tui_tracker.audit.rules import RULES
from tui_tracker.audit.sheets import SHEETS, answer_sheet, sheet_shape, sheet_text
from tui_tracker.audit.sheets.items import EVALUATION
from tui_tracker.drain import recover
from tui_tracker.errors import InvalidArgument

PAPER = Settings(profile="paper")
COUNTS = {"neurips": 6, "mlrc": 21, "reforms": 11, "completeness": 5}


def answers(store, name, *records):
    sheet = answer_sheet(name, store, audit_records(list(records), PAPER))
    return {item.id: answer for item, answer in sheet.answers}


def bare():
    """A record of a run of which nothing is known."""
    nothing = dict.fromkeys(("code", "environment", "lock", "hardware", "modules", "process",
                             "seeds", "determinism", "reads", "resources", "data:digits",
                             "split:digits"))  # fmt: skip
    return record(nothing, artifacts=(), notes=(),
                  metrics={"val_f1_macro": None, "train_loss": None},
                  params=dict.fromkeys(("model_type", "learning_rate", "batch_size", "epochs",
                                        "seed")))  # fmt: skip


@pytest.mark.parametrize("name", SHEETS)
def test_every_item_has_an_answer_with_evidence_or_what_to_add(store, name):
    for one in (record(), bare()):
        found = answers(store, name, one)

        assert len(found) == COUNTS[name]
        for item, answer in found.items():
            assert answer.verdict in ("yes", "no", "partly", "not applicable"), item
            assert answer.because
            assert answer.evidence or answer.add, item
            if answer.verdict in ("no", "partly"):
                assert answer.add, item


@pytest.mark.parametrize("name", SHEETS)
def test_evidence_names_runs_and_rules_that_there_are(store, name):
    for answer in answers(store, name, record()).values():
        for evidence in answer.evidence:
            assert evidence.run == "01a2"
            assert evidence.rule in RULES or evidence.field


def test_a_whole_record_answers_yes_and_a_bare_one_no(store):
    whole, nothing = answers(store, "neurips", record()), answers(store, "neurips", bare())

    assert whole["8"].verdict == "yes"
    assert whole["12"].verdict == "yes"
    assert {item: nothing[item].verdict for item in ("4", "5", "6", "12")} == {
        "4": "no",
        "5": "no",
        "6": "no",
        "12": "no",
    }
    assert any("tt drill" in what for what in nothing["4"].add)


def test_runs_of_which_some_pass_answer_partly(store):
    found = answers(store, "completeness", record(), bare())

    assert found["2"].verdict == "partly"
    assert found["2"].because == "3 of 5 checks passed"


def test_an_answer_tells_facts_beside_the_rules(store):
    found = answers(store, "mlrc", record())

    assert "digits v2025-05-01 (100 rows)" in found["data.1"].because
    assert "Python 3.11.7 and 1 package" in found["code.1"].because
    assert found["results.2"].because == "1 run: 1 finished"


def test_theory_does_not_apply_and_prose_is_for_the_author(store):
    found = answers(store, "mlrc", record())

    assert found["theory.1"].verdict == "not applicable"
    assert found["models.2"].verdict == "no"
    assert "a record of a run does not hold this" in found["models.2"].because


def test_files_are_looked_up_in_the_kept_code(store, folder):
    kept = keep_snapshot(folder, {"README.md": b"# how", "evaluate.py": b"1"})
    found = answers(store, "completeness", record({"code": {"snapshot": kept}}))

    assert (found["3"].verdict, found["5"].verdict) == ("yes", "yes")
    assert found["5"].evidence[0].field == "code.snapshot:README.md"


def test_a_decision_answers_which_test_was_used(store):
    before = answers(store, "reforms", record())["7c"].verdict
    with store.write() as connection:
        connection.execute(
            "INSERT INTO decision (experiment, rule, at_ms, who) "
            "VALUES ('sweep_lr', 'highest mean val_f1', 1, 'ann')"
        )

    after = answers(store, "reforms", record())["7c"]

    assert before == "no"
    assert after.verdict == "yes"
    assert "highest mean val_f1" in after.because


def test_a_misspelt_sheet_is_answered_with_the_nearest(store):
    with pytest.raises(InvalidArgument, match="did you mean 'reforms'"):
        answers(store, "refors", record())
    with pytest.raises(InvalidArgument, match="nothing to answer about"):
        answer_sheet("mlrc", store, [])


def test_the_page_has_a_table_and_a_part_for_each_item(store):
    sheet = answer_sheet("neurips", store, audit_records([record(name="a|b")], PAPER))

    text = sheet_text(sheet)

    assert text.startswith("# NeurIPS paper checklist, items 4 to 8 and 12\n")
    assert "| 7 | " in text
    assert "## 12. " in text
    assert "a\\|b" in text
    assert "Evidence: " in text


def test_the_shape_is_json(store):
    sheet = answer_sheet("reforms", store, audit_records([record()], PAPER))

    shape = json.loads(json.dumps(sheet_shape(sheet)))

    assert shape["sheet"] == "reforms"
    assert sum(shape["counts"].values()) == len(shape["items"]) == 11
    assert {"run", "rule", "field"} == set(shape["items"][0]["evidence"][0])


def test_the_command_answers_as_markdown_and_as_json(tt_, folder, store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with tt.init("digits", "one", {"lr": 1}, store=folder) as run:
        run.log({"val_f1_macro": 0.5}, step=0)
    recover(store)
    record_parts(folder, run.id, {"data:d": {"name": "d", "version": "v1"}})

    code, text, _ = tt_("audit", "one", "--sheet", "mlrc")
    _, shape, _ = tt_("audit", "digits", "--sheet", "neurips", "--json")
    wrong, _, said = tt_("audit", "one", "--sheet", "refors")

    assert code == 0
    assert text.startswith("# Machine Learning Reproducibility Checklist v2.0")
    licence = next(item for item in json.loads(shape)["items"] if item["item"] == "12")
    assert licence["answer"] == "no"  # asked by the profile paper, whatever the project's is
    assert wrong == 2
    assert "did you mean 'reforms'?" in said


@pytest.mark.parametrize(
    ("path", "fits"),
    [
        ("evaluate.py", True), ("src/my_eval.py", True), ("test.py", True), ("run-score.sh", True),
        ("predict_batch.ipynb", True), ("latest.py", False), ("tests/test_model.py", False),
        ("tests/evaluate.py", False), ("test_model.py", False), ("requirements-test.txt", False),
        ("src/medieval.py", False), ("score.json", False),
    ],
)  # fmt: skip
def test_a_program_that_scores_is_told_from_a_unit_test(path, fits):
    assert bool(EVALUATION.fullmatch(path)) == fits

"""`tt audit --record`: forms, exit codes, what a project sets, several records at once."""

from __future__ import annotations

import io
import json
import sys

import pytest

RECORD = "{'git_commit': '', 'script': 'train.py', 'metrics': {'AUCtest': 0.91}, 'name': 'final2'}"


@pytest.fixture
def record(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "run.txt"
    path.write_text(RECORD)
    return str(path)


def test_the_text_names_gaps_and_a_corrected_record(record, tt_):
    code, out, _ = tt_("audit", "--record", record)

    assert code == 1
    assert out.startswith("final2  F ")
    assert "no commit of the code is given" in out
    assert '"command": "train.py"' in out.partition("A record that leaves less in doubt")[2]


def test_json_has_one_run_without_an_id(record, tt_):
    _, out, _ = tt_("audit", "--record", record, "--json")

    shape = json.loads(out)
    (run,) = shape["runs"]
    assert (run["id"], run["name"], run["grade"]) == (None, "final2", "F")
    assert {"rule", "severity", "field", "message", "fix"} <= set(run["findings"][0])
    assert shape["summary"]["error"] > 0
    assert run["corrected"] == shape["corrected"]


@pytest.mark.parametrize(
    ("form", "words"),
    [("--md", "| final2 | F "), ("--sarif", '"ruleId": "code.commit-missing"'),
     ("--junit", 'testcase classname="final2" name="code.commit-missing"')],
)  # fmt: skip
def test_a_record_is_told_in_every_form_of_a_report(record, tt_, form, words):
    code, out, _ = tt_("audit", "--record", record, form)

    assert code == 1
    assert words in out


def test_a_finding_in_sarif_is_placed_in_the_file(record, tt_):
    (run,) = json.loads(tt_("audit", "--record", record, "--sarif")[1])["runs"]

    (place,) = run["results"][0]["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == record.lstrip("/")


def test_what_is_pasted_into_the_terminal_is_read_from_standard_input(tt_, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"seed: 3\n")))

    code, out, _ = tt_("audit", "--record", "-")

    assert code == 1
    assert out.startswith("pasted  ")
    assert "seed.missing" not in out


def test_rows_of_a_table_are_judged_one_by_one(tmp_path, tt_, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs.csv").write_text("name,lr,seed\nsweep_lr_a,0.1,1\nsweep_lr_b,0.2,\n")

    _, out, _ = tt_("audit", "--record", "runs.csv", "--json")

    shape = json.loads(out)
    without = [
        run["name"]
        for run in shape["runs"]
        if "seed.missing" in {finding["rule"] for finding in run["findings"]}
    ]
    assert [run["name"] for run in shape["runs"]] == ["sweep_lr_a", "sweep_lr_b"]
    assert without == ["sweep_lr_b"]
    assert "corrected" not in shape


@pytest.mark.parametrize(("fail_on", "code"), [("never", 0), ("error", 1), ("grade<D", 1)])
def test_the_exit_code_follows_fail_on(record, tt_, fail_on, code):
    assert tt_("audit", "--record", record, "--fail-on", fail_on)[0] == code


def test_severities_of_the_project_hold_for_pasted_records(record, tt_, tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[tool.tui_tracker.audit.rules]\n"tags.owner-missing" = "off"\n'
        '"tags.purpose-missing" = "error"\n'
    )

    _, out, _ = tt_("audit", "--record", record, "--json")

    found = {f["rule"]: f["severity"] for f in json.loads(out)["runs"][0]["findings"]}
    assert "tags.owner-missing" not in found
    assert found["tags.purpose-missing"] == "error"


@pytest.mark.parametrize("more", [["sweep"], ["--deep"], ["--sheet", "neurips"]])
def test_a_record_and_runs_at_once_are_refused(record, tt_, more):
    code, _, said = tt_("audit", "--record", record, *more)

    assert code == 2
    assert "--record audits a file in place of runs" in said


def test_a_file_that_holds_none_is_one_sentence_and_2(tt_, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.json").write_text('{"seed": 3,')

    code, out, said = tt_("audit", "--record", "bad.json")

    assert (code, out) == (2, "")
    assert said == "tt: bad.json is no record: line 1, column 1: this { is never closed\n"

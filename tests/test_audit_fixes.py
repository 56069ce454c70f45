"""The fix that a finding prints is done to the letter, and the finding is gone."""

from __future__ import annotations

import json
import re
import shlex

import pytest
from audit_records import record

import tui_tracker as tt
from tui_tracker.audit import catalogue  # noqa: F401 - declares the rules
from tui_tracker.audit.config import read_config
from tui_tracker.audit.engine import audit_records
from tui_tracker.audit.record import read_records
from tui_tracker.audit.rules import PASSED, RULES, Doubt
from tui_tracker.capture.containers import find_container
from tui_tracker.drain import recover
from tui_tracker.queries import find_run
from tui_tracker.store import Store


@pytest.fixture
def findings(tt_, tmp_path, monkeypatch, folder):
    """Return the findings of the run `it` by rule, in a profile."""
    monkeypatch.chdir(tmp_path)

    def read(profile="paper"):
        with Store.open(folder) as store:
            recover(store)
        _, out, _ = tt_("audit", "it", "--json", "--profile", profile)
        (run,) = json.loads(out)["runs"]
        return {finding["rule"]: finding for finding in run["findings"]}

    return read


def commands(fix):
    """Return the words of each `tt` command that a fix names, its blanks filled in."""
    for text in re.findall(r"`tt ([^`]+)`", fix):
        filled = re.sub(r"\bRUN\b", "it", text)
        filled = filled.replace("main_metric:NAME", "main_metric:acc").replace(":NAME", ":ann")
        filled = filled.replace("from:URL", "from:https://x.org/m").replace("=VALUE", "=3")
        yield shlex.split(filled.replace("TEXT", "why"))


def log(experiment="plain", name="it", params=None, metrics=None, tags=(), **more):
    with tt.init(experiment, name, params or {"lr": 1}, tags=tags, **more) as run:
        for step in range(2):
            run.log(metrics or {"acc": 0.5}, step=step)
    return run


def base(folder):
    log(store=folder)


def not_named(folder):
    log(metrics={"F1": 0.5}, params={"lr": 1, "seed": 0}, store=folder)
    log(name="other", metrics={"val_f1_macro": 0.5}, params={"lr": 1, "seed": 1}, store=folder)


def sweep(folder):
    log(tags=["sweep"], store=folder)


def started_from_a_file(folder):
    with tt.init("plain", "it", {"lr": 1}, store=folder) as run:
        path = folder.parent / "base.pt"
        path.write_text("weights")
        run.log_artifact(path, kind="input")
        run.log({"acc": 1.0})
    run.wait_for_artifacts()


@pytest.mark.parametrize(
    ("make", "rule", "profile"),
    [
        (base, "params.required-missing", "seed"),
        (base, "metrics.main-missing", "seed"),
        (base, "tags.purpose-missing", "seed"),
        (base, "tags.ticket-missing", "seed"),
        (sweep, "params.search-undocumented", "paper"),
        (not_named, "metrics.not-aggregable", "seed"),
        (started_from_a_file, "artifacts.unknown-producer", "seed"),
    ],
)
def test_the_command_that_a_finding_names_settles_it(make, rule, profile, findings, folder, tt_):
    make(folder)

    done = []
    while rule in (found := findings(profile)) and len(done) < 8:
        words = next(commands(found[rule]["fix"]))
        code, _, said = tt_(*words)
        assert code == 0, said
        assert words not in done, f"{words} changes nothing"
        done.append(words)

    assert done
    assert rule not in found


def test_a_field_that_is_said_anew_with_a_reason_is_no_doubt_any_more(findings, folder, tt_):
    base(folder)
    tt_("drill", "it", "--set", "params.batch_size=3")

    (words,) = commands(findings()["run.record-edited"]["fix"])
    assert words == ["drill", "it", "--set", "params.batch_size=3", "--reason", "why"]
    tt_(*words)

    assert "run.record-edited" not in findings()


def test_the_best_seed_is_not_alone_once_the_others_are_back(findings, folder, tt_):
    for seed in range(3):
        name = "it" if seed == 2 else f"seed{seed}"
        log(name=name, params={"seed": seed}, metrics={"val_accuracy": float(seed)}, store=folder)
    tt_("archive", "seed0", "seed1")

    fix = findings()["seed.selection"]["fix"]
    assert "`tt restore RUN`" in fix
    tt_("restore", "seed0", "seed1")

    assert "seed.selection" not in findings()


IN_A_RUN = (
    *("data.name-missing", "data.split-strategy-missing"),
    *("artifacts.model-missing", "metrics.train-loss-missing"),
)


def test_the_call_that_a_finding_names_settles_it_in_the_next_run(findings, folder, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "train.csv").write_text("a\n1\n")
    (tmp_path / "model.pt").write_text("weights")
    base(folder)
    before = findings()

    with tt.init("plain", "next", {"lr": 1}, store=folder) as run:
        for rule in IN_A_RUN:
            call = re.findall(r"`((?:run|tt)\.[^`]+)`", before[rule]["fix"])[0]
            eval(call, {"run": run, "tt": tt, "n": 10, "loss": 1.0, "step": 0})
    run.wait_for_artifacts()

    assert not set(IN_A_RUN) & findings_of("next", folder)


def test_a_script_that_is_logged_as_the_finding_says_is_known():
    parts = {"code": None, "modules": None, "process": None}
    rule = RULES["code.entry-missing"].check
    doubt = rule(record(parts))
    assert isinstance(doubt, Doubt)

    (call,) = re.findall(r"`run\.log_params\((.+)\)`", doubt.fix)

    assert rule(record(parts, params=json.loads(call))) is PASSED


def findings_of(name, folder):
    with Store.open(folder) as store:
        recover(store)
        (record,) = read_records(store, [find_run(store, name)])
        (audited,) = audit_records([record], read_config(folder, profile="paper").settings)
    return {finding.rule for finding in audited.findings}


def test_the_digest_of_an_image_is_read_from_the_variable_that_the_finding_names():
    said = {"container": "docker", "TT_IMAGE": "torch:2", "TUI_TRACKER_IMAGE_DIGEST": "sha256:ab"}

    assert find_container(said, "/nowhere")["digest"] == "sha256:ab"

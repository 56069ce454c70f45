"""The audit as a whole: scores and caps, a project's settings, waivers, rules of users."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from datetime import date
from importlib import metadata
from xml.etree import ElementTree

import pytest
from audit_records import artifact, record
from hypothesis import given
from hypothesis import strategies as st

from tui_tracker.audit.config import read_config
from tui_tracker.audit.engine import Settings, audit_records
from tui_tracker.audit.expressions import read_condition
from tui_tracker.audit.rules import PROFILES, Rule
from tui_tracker.audit.score import Judged, grade_of, mending_gives, score
from tui_tracker.errors import InvalidArgument


def seeds(count=3, **more):
    """Whole records of one configuration, a seed each."""
    found = []
    for number in range(count):
        one = record(params={"seed": number}, **more)
        row = replace(one.detail.row, key=number, id=f"id{number}")
        found.append(replace(one, detail=replace(one.detail, row=row)))
    return found


def rules_of(audited):
    return [finding.rule for finding in audited.findings if finding.severity != "info"]


def test_a_whole_record_leaves_nothing_in_doubt():
    audited = audit_records(seeds())

    assert rules_of(audited[0]) == []
    assert (audited[0].score.grade, audited[0].score.cap) == ("A", "")


@pytest.mark.parametrize(
    ("change", "most", "rule"),
    [
        ({"code": {"commit": None, "snapshot": None}}, 39, "code.commit-missing"),
        ({"data:digits": None}, 54, "data.name-missing"),
        ({"environment": {"packages": None}}, 54, "env.freeze-missing"),
        ({"split:digits": None}, 69, "data.split-strategy-missing"),
        ({"data:digits": {"version": "latest"}}, 89, "data.version-mutable"),
    ],
)
def test_a_gap_caps_the_score_and_says_what_mending_it_gives(change, most, rule):
    run = audit_records(seeds(parts=change))[0]

    assert run.score.points <= most
    assert run.score.capped_by == rule
    assert run.score.without_cap > run.score.points


def test_mending_one_of_two_caps_is_not_promised_to_help():
    both = record({"environment": {"packages": {}}, "data:digits": None})
    one = record({"data:digits": {"version": "", "digest": ""}})

    (twice,), (once,) = audit_records([both]), audit_records([one])

    assert mending_gives(twice.score) == "other findings keep it down, too"
    assert mending_gives(once.score) == (
        f"mending it gives {once.score.without_cap}, {grade_of(once.score.without_cap)}"
    )


def test_findings_come_errors_first():
    run = audit_records(seeds(parts={"split:digits": None}, tags=()))[0]

    severities = [finding.severity for finding in run.findings]
    assert severities == sorted(severities, key=["error", "warn", "info"].index)


@pytest.mark.parametrize(
    ("points", "grade"),
    [(100, "A"), (90, "A"), (89, "B"), (75, "B"), (60, "C"), (40, "D"), (39, "F")],
)
def test_grades_begin_at_their_points(points, grade):
    assert grade_of(points) == grade


judged = st.builds(
    Judged,
    st.sampled_from(["a.b", "data.name-missing", "code.commit-missing"]),
    st.sampled_from(["code", "data", "env", "seeds", "metrics", "artifacts", "context"]),
    st.sampled_from(["error", "warn", "info"]),
    st.sampled_from(["passed", "failed", "waived", "unknown"]),
)


@given(st.lists(judged, max_size=30))
def test_mending_anything_never_lowers_a_score(items):
    before = score(items)
    mended = score([replace(item, standing="passed") for item in items])

    assert 0 <= before.points <= mended.points == 100
    assert before.points <= before.without_cap


def test_what_cannot_be_told_counts_as_open():
    run = audit_records(
        seeds(parts={"environment": None, "process": None},
              statuses={"environment": ("pending", "")})
    )[0]  # fmt: skip

    unknown = [finding.rule for finding in run.findings if finding.unknown]
    assert "env.freeze-missing" in unknown
    assert run.score.points <= 54


def test_profiles_ask_for_more_and_more():
    counts = [
        len(audit_records(seeds(parts={"lock": None}, artifacts=()),
                          Settings(profile=profile))[0].rules)
        for profile in PROFILES
    ]  # fmt: skip

    assert counts[0] < counts[1] <= counts[2]


def test_only_the_runs_that_are_asked_about_are_answered():
    audited = audit_records(seeds(), only=[1])

    assert [run.record.key for run in audited] == [1]
    assert "seed.too-few" not in rules_of(audited[0])


def test_runs_that_share_their_facts_get_each_their_own_answer():
    whole, bare = record(), record({"environment": {"packages": {}}})
    both = [replace(r, detail=replace(r.detail, row=replace(r.detail.row, key=n)))
            for n, r in enumerate((whole, bare, whole))]  # fmt: skip

    found = [("env.freeze-missing" in rules_of(run)) for run in audit_records(both)]

    assert found == [False, True, False]


# A project's settings.


@pytest.fixture
def config(tmp_path):
    def read(text: str, **more):
        (tmp_path / "pyproject.toml").write_text(text)
        return read_config(tmp_path, today=date(2026, 6, 1), **more)

    return read


def test_the_usual_settings_need_no_file(tmp_path):
    found = read_config(tmp_path)

    assert (found.settings.profile, found.fail_on) == ("seed", "error")


def test_a_project_sets_profile_severities_and_required_params(config):
    found = config("""
[tool.tui_tracker.audit]
profile = "paper"
fail-on = "grade < B"
required-params = { default = ["model_type", "width"] }
[tool.tui_tracker.audit.rules]
"tags.ticket-missing" = "error"
"artifacts.plots-missing" = "off"
""")
    run = audit_records(seeds(tags=(), metrics={"val_f1_macro": None}), found.settings)[0]

    told = {finding.rule: finding for finding in run.findings}
    assert found.fail_on == "grade<B"
    assert told["tags.ticket-missing"].severity == "error"
    assert "artifacts.plots-missing" not in run.rules
    assert "width" in told["params.required-missing"].message
    assert told["seed.too-few"].message.startswith("3 seeds only: 5 are the least")


def test_a_waiver_accepts_a_finding_until_its_day(config):
    text = """
[[tool.tui_tracker.audit.waive]]
rule = "tags.ticket-missing"
match = "run.experiment == 'sweep_lr'"
reason = "no tracker for this project"
until = {until}
"""
    now = audit_records(seeds(tags=()), config(text.format(until="2026-12-31")).settings)[0]
    past = audit_records(seeds(tags=()), config(text.format(until="2026-05-31")).settings)[0]

    def ticket(run):
        return next(f for f in run.findings if f.rule == "tags.ticket-missing")

    assert ticket(now).waived == "no tracker for this project (until 2026-12-31)"
    assert ticket(past).waived == ""
    assert now.score.by_category["context"] > past.score.by_category["context"]


def test_a_project_adds_rules_without_code(config):
    found = config("""
[[tool.tui_tracker.audit.custom]]
id = "acme.gpu-only"
when = "tags.purpose == 'sweep'"
require = "env.gpu_count >= 1"
severity = "warn"
message = "sweeps run on a GPU"
fix = "resubmit it on the gpu queue"
""")
    bare = audit_records(seeds(), found.settings)[0]
    carded = audit_records(seeds(parts={"hardware": {"gpus": [{"name": "A100"}]}}),
                           found.settings)[0]  # fmt: skip

    assert [f.message for f in bare.findings if f.rule == "acme.gpu-only"] == [
        "sweeps run on a GPU"
    ]
    assert carded.standings["acme.gpu-only"] == "passed"


def install(place, source):
    """Put a package of audit rules where Python finds it."""
    (place / "acme_rules.py").write_text(source)
    facts = place / "acme_rules-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-rules\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[tui_tracker.audit_rules]\nacme = acme_rules:rules\n")


RULE = """
from tui_tracker.audit.rules import PASSED, Doubt, Rule

def check(run):
    if run.detail.host == "gpu-1":
        return PASSED
    return Doubt("host", "it ran elsewhere", "run it on gpu-1")

def rules():
    return [Rule("acme.host", "context", ("error",) * 4, "run", check, "", "by hand")]
"""


def test_an_installed_package_adds_rules(config, tmp_path, monkeypatch):
    place = tmp_path / "packages"
    place.mkdir()
    install(place, RULE)
    monkeypatch.syspath_prepend(place)
    monkeypatch.delitem(sys.modules, "acme_rules", raising=False)

    run = audit_records(seeds(), config("").settings)[0]

    (told,) = [f for f in run.findings if f.rule == "acme.host"]
    assert (told.severity, told.message) == ("error", "it ran elsewhere")
    assert told.fix == "run it on gpu-1"


def test_packages_are_looked_through_again_once_one_was_installed(config, tmp_path, monkeypatch):
    place = tmp_path / "packages"
    place.mkdir()
    os.utime(place, (0, 0))  # clocks of file systems are coarse
    monkeypatch.syspath_prepend(place)
    monkeypatch.delitem(sys.modules, "acme_rules", raising=False)
    looked = []
    entry_points = metadata.entry_points
    monkeypatch.setattr(
        metadata, "entry_points", lambda **group: looked.append(group) or entry_points(**group)
    )

    before = [config("").settings.rules for _ in range(2)]
    install(place, RULE)
    after = config("").settings.rules

    assert before == [(), ()]
    assert [rule.id for rule in after] == ["acme.host"]
    assert len(looked) == 2


def test_a_rule_that_somebody_is_writing_is_asked_anew(tmp_path, monkeypatch, tt_, log_run):
    place = tmp_path / "packages"
    place.mkdir()
    install(place, RULE)
    monkeypatch.syspath_prepend(place)
    monkeypatch.chdir(tmp_path)
    log_run("one", loss=[1.0])

    said = []
    for message in ("it ran elsewhere", "it ran somewhere"):
        (place / "acme_rules.py").write_text(RULE.replace("it ran elsewhere", message))
        os.utime(place / "acme_rules.py", (len(said), len(said)))
        monkeypatch.delitem(sys.modules, "acme_rules", raising=False)
        (run,) = json.loads(tt_("audit", "--json")[1])["runs"]
        said += [f["message"] for f in run["findings"] if f["rule"] == "acme.host"]

    assert said == ["it ran elsewhere", "it ran somewhere"]


def test_the_list_of_rules_is_what_is_in_force_here(tmp_path, monkeypatch, tt_):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text(
        '[tool.tui_tracker.audit.rules]\n"tags.ticket-missing" = "off"\n'
        '[[tool.tui_tracker.audit.custom]]\nid = "acme.gpu-only"\n'
        'require = "env.gpu_count >= 1"\nmessage = "runs need a card"\nseverity = "error"\n'
    )

    rules = {rule["rule"]: rule for rule in json.loads(tt_("audit", "--rules", "--json")[1])}

    assert rules["tags.ticket-missing"]["severity"] == "off"
    assert rules["acme.gpu-only"]["severity"] == "error"
    assert rules["acme.gpu-only"]["why"] == "runs need a card"
    assert "acme.gpu-only" in tt_("audit", "--rules")[1]


def test_sarif_tells_the_reason_of_a_rule_of_the_project(tmp_path, monkeypatch, tt_, log_run):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text(
        '[[tool.tui_tracker.audit.custom]]\nid = "acme.gpu-only"\n'
        'require = "env.gpu_count >= 1"\nmessage = "runs need a card"\n'
    )
    log_run("one", loss=[1.0])

    (run,) = json.loads(tt_("audit", "--sarif")[1])["runs"]

    places = [r["locations"][0]["physicalLocation"]["artifactLocation"] for r in run["results"]]
    assert {place["uri"] for place in places} == {"sweep_lr/one"}  # no script was recorded
    assert all(r["message"]["text"].startswith("one: ") for r in run["results"])
    why = {rule["id"]: rule["shortDescription"]["text"] for rule in run["tool"]["driver"]["rules"]}
    assert why["acme.gpu-only"] == "runs need a card"


def test_an_installed_package_whose_rules_fail_is_one_sentence(config, tmp_path, monkeypatch):
    place = tmp_path / "packages"
    place.mkdir()
    install(place, "def rules():\n    raise RuntimeError('no luck')\n")
    monkeypatch.syspath_prepend(place)
    monkeypatch.delitem(sys.modules, "acme_rules", raising=False)

    with pytest.raises(InvalidArgument, match="the audit rules of acme_rules:rules fail: no luck"):
        config("")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('profil = "seed"', "'profil' means nothing: did you mean 'profile'"),
        ('profile = "strict"', "no audit profile 'strict'"),
        (
            'experiment = [{name = "a", rules = {"code.comit-missing" = "off"}}]',
            "did you mean 'code.commit-missing'",
        ),
        ("experiment = [{rules = {}}]", "an experiment needs its name"),
        ('fail-on = "warnings"', "fail-on is 'warnings'"),
        ('rules = {"code.comit-missing" = "off"}', "did you mean 'code.commit-missing'"),
        ('rules = {"code.dirty" = "loud"}', "use error, warn, info, off"),
        ('required-params = ["seed"]', "required-params is a table"),
        ('custom = [{id = "x", require = "1 == 1"}]', "an id with a prefix"),
        ('custom = [{id = "a.b"}]', "needs what it requires"),
        (
            'custom = [{id = "a.b", require = "1 == 1"}, {id = "a.b", require = "1 == 2"}]',
            "two rules have the id 'a.b': rename one",
        ),
        ('custom = [{id = "a.b", require = "open(\'x\')"}]', "is no condition"),
        ('custom = [{id = "a.b", require = "1 =="}]', "is no condition"),
        ('waive = [{rule = "code.dirty"}]', "needs its reason"),
        ('waive = [{rule = "code.dirty", reason = "x", until = "soon"}]', "use a date"),
        ("waive = 3", "is a list of tables"),
    ],
)
def test_settings_that_mean_nothing_are_one_sentence(config, text, words):
    with pytest.raises(InvalidArgument, match=words):
        config(f"[tool.tui_tracker.audit]\n{text}\n")


def test_a_rule_of_a_user_that_raises_is_unknown_and_tells_where():
    def broken(_):
        raise RuntimeError("no luck")

    mine = Rule("acme.x", "context", ("error",) * 4, "run", broken, "", "by hand")

    run = audit_records(seeds(), Settings(rules=(mine,)))[0]

    (told,) = [f for f in run.findings if f.rule == "acme.x"]
    place = f"test_audit.py:{broken.__code__.co_firstlineno + 1}"
    assert told.message == f"the rule itself failed at {place}: RuntimeError: no luck"
    assert (told.field, told.unknown, run.standings["acme.x"]) == ("acme.x", True, "unknown")


@pytest.mark.parametrize("scope", ["run", "group", "store"])
@pytest.mark.parametrize("answer", [None, "bad", True, [3]])
def test_a_rule_of_a_user_that_answers_nonsense_is_unknown(scope, answer):
    mine = Rule("acme.x", "context", ("error",) * 4, scope, lambda _: answer, "", "by hand")

    run = audit_records(seeds(), Settings(rules=(mine,)))[0]

    (told,) = [f for f in run.findings if f.rule == "acme.x"]
    assert told.unknown
    assert told.message.startswith("the rule itself failed: ")


def test_an_experiment_has_severities_of_its_own(config):
    settings = config(
        '[tool.tui_tracker.audit]\nrules = { "tags.ticket-missing" = "error" }\n'
        '[[tool.tui_tracker.audit.experiment]]\nname = "debug_*"\n'
        'rules = { "tags.ticket-missing" = "off", "run.unverified" = "error" }\n'
    ).settings
    runs = [
        replace(one, detail=replace(one.detail, row=replace(one.detail.row, experiment=name)))
        for one, name in zip(seeds(), ("sweep_lr", "debug_lr"), strict=False)
    ]
    runs = [replace(r, detail=replace(r.detail, row=replace(r.detail.row, tags=()))) for r in runs]

    swept, debugged = audit_records(runs, settings)

    def severities(run):
        rules = ("tags.ticket-missing", "run.unverified")
        return {f.rule: f.severity for f in run.findings if f.rule in rules}

    assert severities(swept) == {"tags.ticket-missing": "error", "run.unverified": "info"}
    assert severities(debugged) == {"run.unverified": "error"}
    assert debugged.standings["tags.ticket-missing"] is None


def test_severities_of_an_experiment_are_kept_with_its_audits(tmp_path, monkeypatch, tt_, log_run):
    monkeypatch.chdir(tmp_path)
    log_run("one", experiment="debug_lr", loss=[1.0])
    log_run("two", experiment="sweep_lr", loss=[1.0])
    (tmp_path / "pyproject.toml").write_text(
        '[tool.tui_tracker.audit.rules]\n"seed.too-few" = "off"\n'
        '[[tool.tui_tracker.audit.experiment]]\nname = "sweep_lr"\n'
        'rules = { "seed.too-few" = "error" }\n'
    )

    for _ in range(2):  # judged, and as it was kept
        runs = json.loads(tt_("audit", "--json")[1])["runs"]
        found = {
            run["name"]: [f["severity"] for f in run["findings"] if f["rule"] == "seed.too-few"]
            for run in runs
        }
        assert found == {"one": [], "two": ["error"]}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("params.learning_rate <= 1e-3", True),
        ("params.learning_rate < 1e-3 or run.status == 'finished'", True),
        ("not (tags.purpose in ['sweep', 'ablation'])", False),
        ("metrics.val_f1_macro > 0.7 and metrics.val_f1_macro.count == 10", True),
        ("params['model_type'] == 'mlp'", True),
        ("params.nothing > 1", False),
        ("params.nothing == None", True),
        ("params.model_type < 3", False),
        ("code.snapshot.complete == True", True),
        ("env.python == '3.11.7'", True),
        ("data.version != 'latest'", True),
    ],
)
def test_conditions_read_the_record(text, holds):
    assert read_condition(text, "here")(record()) is holds


@given(st.text(max_size=40))
def test_no_condition_does_anything_but_hold_or_be_refused(text):
    try:
        condition = read_condition(text, "here")
    except InvalidArgument:
        return
    assert condition(record()) in (True, False)


# The command.


def test_the_command_fails_on_errors_and_prints_every_form(tt_, log_run):
    log_run("a", val_f1=[0.5], params={"lr": 0.1})

    code, out, _ = tt_("audit")
    assert code == 1
    assert "code.commit-missing" in out
    assert tt_("audit", "--fail-on", "never")[0] == 0
    assert tt_("audit", "--fail-on", "grade<D")[0] == 1
    for form, word in (("--json", '"findings"'), ("--sarif", "2.1.0"), ("--md", "| run |"),
                       ("--junit", "<testsuites")):  # fmt: skip
        code, out, _ = tt_("audit", form)
        assert code == 1
        assert word in out


def test_a_junit_file_holds_what_xml_can(tt_, log_run):
    log_run("a\x0b\ufffe", loss=[0.5])

    root = ElementTree.fromstring(tt_("audit", "--junit")[1])

    assert root[0].attrib["name"].endswith("a\ufffd\ufffd")


def test_the_command_takes_a_run_an_experiment_or_a_query(tt_, log_run):
    log_run("a", experiment="one", loss=[0.5])
    log_run("b", experiment="two", loss=[0.5])

    for words, names in ((["a"], {"a"}), (["two"], {"b"}), ([], {"a", "b"})):
        out = tt_("audit", *words, "--md")[1]
        assert {name for name in ("a", "b") if f"| {name} |" in out} == names


@pytest.mark.parametrize("command", ["audit", "drill"])
def test_a_name_that_nothing_has_does_not_pass(tt_, log_run, command):
    log_run("one", experiment="sweep_lr")
    log_run("two", experiment="sweep_wd")
    tt_("archive", "two")

    code, out, said = tt_(command, "sweep_lx")

    assert (code, out) == (2, "")
    assert said == "tt: no run or experiment named 'sweep_lx': did you mean 'sweep_lr'?\n"
    assert tt_(command, "lr = 99 and status:failed")[0] != 1
    assert tt_(command, "sweep_wd")[0] == 0  # there, and all of it archived


def test_several_runs_are_audited_by_their_names(tt_, log_run):
    for name in ("one", "two", "three"):
        log_run(name)

    both = json.loads(tt_("audit", "one", "three", "--json")[1])
    code, _, said = tt_("audit", "one", "thre")

    assert {run["name"] for run in both["runs"]} == {"one", "three"}
    assert (code, said) == (2, "tt: no run or experiment named 'thre': did you mean 'three'?\n")


def test_a_wrong_way_to_fail_is_one_sentence(tt_, log_run):
    log_run("a", loss=[0.5])

    code, _, err = tt_("audit", "--fail-on", "some")

    assert code == 2
    assert "--fail-on 'some' means nothing" in err


def test_artifacts_without_a_hash_are_unknown_while_a_run_is_active():
    run = audit_records(seeds(status="running", artifacts=(artifact(sha256=None),)))[0]

    assert run.standings["artifacts.unhashed"] == "unknown"


def test_a_waiver_that_ended_is_told(tmp_path, monkeypatch, tt_, log_run):
    monkeypatch.chdir(tmp_path)
    log_run("one", loss=[1.0])
    (tmp_path / "pyproject.toml").write_text(
        '[[tool.tui_tracker.audit.waive]]\nrule = "tags.ticket-missing"\nreason = "none yet"\n'
        "until = 2020-05-31\n"
    )

    _, _, told = tt_("audit")

    assert told.splitlines()[0] == (
        "tt: the waiver of tags.ticket-missing ended on 2020-05-31: what it accepted counts again"
    )

"""Audits that are kept: equal to fresh ones, and made anew only where something changed."""

from __future__ import annotations

import contextlib
import random

import pytest
from lineage_runs import record_parts, run_with

import tui_tracker as tt
from tui_tracker import edits
from tui_tracker.audit import cache
from tui_tracker.audit.cells import grade_cells, proof_cells
from tui_tracker.audit.engine import Settings, audit_records
from tui_tracker.audit.record import read_records
from tui_tracker.audit.rules import PASSED, Doubt, Rule
from tui_tracker.drain import recover
from tui_tracker.errors import TrackerError
from tui_tracker.judged import be_heard_by
from tui_tracker.names.aliases import Renaming
from tui_tracker.names.aliases import rename as rename_key
from tui_tracker.names.aliases import undo as undo_key
from tui_tracker.queries import Selection, find_run, list_run_keys
from tui_tracker.store import Store

SEED = Settings()
WAIVING = Settings(waive=lambda finding, _: "few" if finding.rule == "seed.too-few" else "")
DIGITS = {"name": "digits", "version": "v1", "full": True, "role": "input"}


@pytest.fixture
def sweeps(log_run):
    """Two experiments: three seeds of one config, and a lone run."""
    for seed in range(3):
        log_run(f"a{seed}", experiment="a", params={"lr": 0.1, "seed": seed}, val_f1=[0.5, 0.8])
    log_run("b", experiment="b", params={"lr": 0.2, "seed": 0}, val_f1=[0.4])


def judged(store, settings=SEED, keys=None) -> int:
    """Bring the audits up to date; return how many experiments were judged for that."""
    count = []
    cache.refresh(store, settings, keys, told=lambda: count.append(1))
    return len(count)


def open_rules(store, name, settings=SEED) -> tuple[str, ...]:
    (kept,) = cache.read_kept(store, settings, [find_run(store, name)])
    return kept.rules


@pytest.mark.usefixtures("sweeps")
def test_what_is_kept_is_what_a_fresh_audit_says(store):
    keys = list_run_keys(store)
    judged(store)

    kept = cache.read_audits(store, SEED, keys)

    fresh = audit_records(list(read_records(store, keys)), SEED)
    assert [run.record.key for run in kept] == keys
    for ours, theirs in zip(kept, fresh, strict=True):
        assert ours.findings == theirs.findings
        assert ours.standings == theirs.standings
        assert ours.score == theirs.score
        assert ours.record.detail.row.name == theirs.record.detail.row.name


@pytest.mark.usefixtures("sweeps")
def test_nothing_is_judged_twice_and_one_change_judges_its_experiment(store):
    assert judged(store) == 2
    assert judged(store) == 0

    edits.tag(store, [find_run(store, "a1")], ["ticket:X-1"])

    assert judged(store) == 1
    assert "tags.ticket-missing" not in open_rules(store, "a1")
    assert judged(store) == 0


@pytest.mark.usefixtures("sweeps")
@pytest.mark.parametrize("compares_all", [False, True])
def test_whoever_listens_hears_how_many_runs_are_judged(store, compares_all):
    mine = Rule("acme.all", "context", ("warn",) * 4, "store", lambda _: (), "all", "by hand")
    settings = Settings(rules=(mine,)) if compares_all else SEED
    heard = []
    be_heard_by(lambda: contextlib.nullcontext(lambda *told: heard.append(told)))
    try:
        judged(store, settings)
        once = list(heard)
        judged(store, settings)
    finally:
        be_heard_by(None)

    assert heard == once  # nothing was judged again
    assert [runs for _, runs in heard] == [4] * 8
    done = [done for done, _ in heard]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, 4)


@pytest.mark.usefixtures("sweeps")
def test_what_can_be_changed_is_noticed(store):
    key = find_run(store, "b")
    judged(store)
    changes = (
        lambda: edits.note(store, [key], "seen"),
        lambda: edits.undo(store),
        lambda: edits.rename(store, key, "c"),
        lambda: edits.archive(store, [key]),
        lambda: edits.restore(store, [key]),
        lambda: edits.trash(store, [key]),
    )
    for change in changes:
        change()

        assert judged(store) == 1


def test_another_seed_changes_what_is_said_of_the_others(store, log_run):
    for seed in range(2):
        log_run(f"s{seed}", params={"lr": 0.1, "seed": seed}, val_f1=[0.5])
    judged(store)
    assert "seed.too-few" in open_rules(store, "s0")

    log_run("s2", params={"lr": 0.1, "seed": 2}, val_f1=[0.5])
    judged(store)

    assert "seed.too-few" not in open_rules(store, "s0")


def test_a_run_that_is_gone_for_good_is_missed_by_the_others(store, log_run):
    for seed in range(3):
        log_run(f"s{seed}", params={"lr": 0.1, "seed": seed}, val_f1_macro=[0.5 - seed / 10])
    edits.trash(store, [find_run(store, "s1"), find_run(store, "s2")])
    judged(store)
    assert "seed.selection" in open_rules(store, "s0")

    edits.empty_trash(store)
    judged(store)

    assert "seed.selection" not in open_rules(store, "s0")
    assert store.read("SELECT count(*) FROM audit") == [(1,)]


@pytest.mark.usefixtures("sweeps")
def test_other_rules_and_profiles_are_kept_apart(store):
    judged(store)
    paper = Settings(profile="paper")
    off = Settings(severities={"params.required-missing": None})

    assert judged(store, paper) == 2
    assert judged(store) == 0
    assert judged(store, off) == 2
    assert "params.required-missing" not in open_rules(store, "b", off)


@pytest.mark.usefixtures("sweeps")
def test_only_the_experiments_that_were_asked_about_are_judged(store):
    assert judged(store, keys=[find_run(store, "b")]) == 1
    assert len(cache.read_kept(store, SEED)) == 1
    assert judged(store) == 1


def test_data_of_one_version_with_other_bytes_are_told_across_experiments(store, folder, log_run):
    log_run("bystander", experiment="other", loss=[1.0])
    run_with(folder, "first", data__digits={**DIGITS, "digest": "sha256:aa"})
    judged(store)
    assert "data.version-drift" not in open_rules(store, "first")

    other = log_run("second", experiment="elsewhere", loss=[1.0])
    record_parts(folder, other.id, {"data:digits": {**DIGITS, "digest": "sha256:bb"}})
    recover(store)

    assert judged(store) == 2
    assert "data.version-drift" in open_rules(store, "first")
    assert "data.version-drift" in open_rules(store, "second")
    assert judged(store) == 0


@pytest.mark.usefixtures("sweeps")
def test_a_store_that_nobody_may_write_is_judged_in_memory(folder):
    with Store.open(folder) as store:
        store.read_only = True

        assert judged(store) == 2
        assert judged(store) == 0
        keys = list_run_keys(store, Selection(query="grade <= C and audit:params"))
        assert len(keys) == 4
        assert len(cache.read_audits(store, SEED, keys)) == 4
    with Store.open(folder) as store:
        assert store.read("SELECT count(*) FROM audit") == [(0,)]


@pytest.mark.usefixtures("sweeps")
def test_a_rule_of_the_users_that_compares_all_runs_has_them_all(store):
    def check(runs):
        return [(run.key, Doubt("run", f"{len(runs)} runs", "none")) for run in runs]

    mine = Rule("acme.all", "context", ("warn",) * 4, "store", check, "all are there", "by hand")
    settings = Settings(rules=(mine,))

    judged(store, settings)

    found = cache.read_audits(store, settings, [find_run(store, "b")])[0].findings
    assert "4 runs" in [finding.message for finding in found]


@pytest.mark.usefixtures("sweeps")
def test_grades_and_proofs_read_as_cells(store):
    keys = list_run_keys(store)

    grades, proofs = grade_cells(store, keys), proof_cells(store, keys)

    assert set(grades) == set(keys)
    letter, points = grades[keys[0]].split()
    assert letter in "ABCDF"
    assert 0 <= int(points) <= 100
    assert set(proofs.values()) == {"L0"}


def test_a_running_run_is_judged_anew_by_what_it_has_and_not_by_each_point(store, folder):
    run = tt.init("live", "now", {"seed": 1}, store=folder)
    run.log({"loss": 1.0}, step=10)
    recover(store)
    judged(store)

    for step in range(11, 15):
        run.log({"loss": 1.0}, step=step)
    recover(store)
    points = judged(store)
    run.log({"val_f1": 0.5}, step=20)
    recover(store)

    assert judged(store) == 1
    assert points == 0
    run.finish()


def test_a_check_that_passes_everywhere_leaves_nothing(store, log_run):
    log_run("one", loss=[1.0])
    off = {rule.id: None for rule, _ in Settings().chosen()}
    mine = Rule("acme.fine", "code", ("warn",) * 4, "run", lambda _: PASSED, "fine", "none")
    settings = Settings(severities=off, rules=(mine,))

    judged(store, settings)

    (kept,) = cache.read_kept(store, settings)
    assert (kept.grade, kept.points, kept.rules) == ("A", 100, ())


def edited_at_random(draw, store, folder, keys, number):
    """Change a random run, or log a further one, in a way that some rule minds."""
    key = draw.choice(keys)
    if draw.random() < 0.3:
        params = {"lr": draw.choice((0.1, 0.2)), "seed": number}
        params |= draw.choice(({}, {"monitor": "test_f1"}, {"main_metric": "val_f1"}))
        run = tt.init(draw.choice("ab"), f"r{number}", params, store=folder)
        run.log({draw.choice(("val_f1", "validation_f1", "test_f1")): draw.random()}, step=1,
                context=draw.choice(("", "", "cv")))  # fmt: skip
        run.finish(draw.choice(("finished", "finished", "failed")))
        record_parts(folder, run.id, {
            "data:digits": {**DIGITS, "digest": f"sha256:{draw.choice(('aa', 'aa', 'bb'))}"},
            "split:cv": {"hash": draw.choice(("s1", "s1", "s2"))},
        })  # fmt: skip
        recover(store)
        keys.append(find_run(store, run.id))
        return
    change = draw.choice((
        lambda: edits.archive(store, [key]),
        lambda: edits.restore(store, [key]),
        lambda: edits.trash(store, [key]),
        lambda: edits.tag(store, [key], [draw.choice(("reproduction", "ticket:X-1"))]),
        lambda: edits.untag(store, [key], ["reproduction"]),
        lambda: edits.rename(store, key, f"n{number}"),
        lambda: edits.undo(store),
    ))  # fmt: skip
    with contextlib.suppress(TrackerError):
        change()


@pytest.mark.parametrize("luck", range(6))
def test_after_any_edits_what_is_kept_is_what_a_fresh_audit_says(store, folder, log_run, luck):
    draw = random.Random(luck)
    keys = []
    for experiment in "ab":
        for seed in range(3):
            params = {"lr": 0.1, "seed": seed}
            run = log_run(f"{experiment}{seed}", experiment=experiment, params=params,
                          val_f1=[0.5 + seed / 10])  # fmt: skip
            keys.append(find_run(store, run.id))
    judged(store, WAIVING)
    for number in range(25):
        edited_at_random(draw, store, folder, keys, number)
        judged(store, WAIVING)

        records = list(read_records(store, keys))
        fresh = {run.record.key: run for run in audit_records(records, WAIVING)}
        for kept in cache.read_audits(store, WAIVING, keys):
            told = fresh[kept.record.key]
            assert (kept.findings, kept.ended) == (told.findings, told.ended)
            assert kept.score == told.score


def test_names_that_changed_have_all_judged_again(store, log_run):
    log_run("a", params={"lr": 0.1}, val_f1=[0.5])
    judged(store)

    rename_key(store, [Renaming("param", "lr", "learning_rate", "")])
    renamed = judged(store)
    undo_key(store)

    assert (renamed, judged(store), judged(store)) == (1, 1, 0)

"""Every audit rule on a record that passes, one that fails, and one it does not apply to."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from audit_records import START, artifact, metric, record

from tui_tracker.audit import catalogue  # noqa: F401 - declares the rules
from tui_tracker.audit.record import Amendment
from tui_tracker.audit.rules import NOT_APPLICABLE, PASSED, PROFILES, RULES, UNKNOWN, Doubt
from tui_tracker.queries import ParamChange

NOTHING = dict.fromkeys(
    ("code", "environment", "lock", "hardware", "modules", "process", "seeds", "determinism",
     "reads", "resources", "data:digits", "split:digits")
)  # fmt: skip


def bare(**more):
    """A record of which nothing was captured."""
    return record(NOTHING, **more)


def torch(**flags):
    return {
        "determinism": {"start": {}, "end": {"torch": flags}},
        "modules": {"distributions": {"torch": "2.13"}},
    }


FAILS = [
    ("code.commit-missing", bare(), "no version of the code", "code.commit"),
    ("code.snapshot-incomplete",
     record({"code": {"snapshot": {"complete": False,
                                   "skipped": [{"path": "big.bin", "size": 12_000_000}]}}}),
     "1 file (12 MB) was not kept: `big.bin`", "code.snapshot"),
    ("code.snapshot-incomplete", record({"code": {"dirty": True, "snapshot": None}}),
     "the changes were not kept", "code.snapshot"),
    ("code.dirty", record({"code": {"dirty": True,
                                    "diffstat": {"files": 4, "added": 41, "removed": 3}}}),
     "not committed (+41/-3 in 4 files); the exact tree is kept as ddddddd", "code.dirty"),
    ("code.dirty-unknown",
     record({"code": {"dirty": None}}, statuses={"code": ("partial", "git took too long")}),
     "is not known: git took too long", "code.dirty"),
    ("code.no-vcs", record({"code": {"vcs": "none", "commit": None}}),
     "under no version control", "code.vcs"),
    ("code.ignored-import", record({"code": {"ignored": ["secret_utils.py"]}}),
     "`secret_utils.py` is ignored by git and was imported", "modules"),
    ("code.ignored-import",
     record({"modules": {"modules": [{"name": "x", "path": "~/lib/x.py"}]}}),
     "`~/lib/x.py` is outside of the repository", "modules"),
    ("code.ignored-import",
     record({"code": {"vcs": "none", "commit": None, "top": "/p/q"},
             "modules": {"modules": [{"name": "__main__", "path": "/p/q/train.py"},
                                     {"name": "x", "path": "/p/qx/x.py"}]}}),
     "`/p/qx/x.py` is outside of the folder that was kept and was imported", "modules"),
    ("code.changed-during-run", record({"modules": {"changed": ["model.py"]}}),
     "`model.py` changed while the run was active", "modules.changed"),
    ("code.commit-unpushed", record({"code": {"pushed": False}}),
     "only this machine has commit 4b825dc", "code.pushed"),
    ("code.entry-missing", bare(), "neither script nor command line", "code.entry"),
    ("code.entry-mismatch", record({"code": {"entry": {"sha256": "f" * 64}}}),
     "train.py was kept in another version", "code.entry"),
    ("code.submodule-dirty",
     record({"code": {"submodules": [{"path": "libs/x", "dirty": True}],
                      "snapshot": {"complete": False}}}),
     "`libs/x` had edits of its own", "code.submodules"),
    ("code.notebook-order",
     record({"notebook": {"cells": [{"n": 5}, {"n": 2}, {"n": 9}], "out_of_order": True}}),
     "cells ran in the order 5, 2, 9", "notebook"),
    ("code.secret-in-snapshot",
     record({"code": {"secrets": [{"path": "conf.py", "line": 12, "kind": "AWS key"}]}}),
     "(AWS key) stands in conf.py:12", "code.secrets"),
    ("params.required-missing", record(params={"batch_size": None}),
     "1 param is missing: batch_size", "params"),
    ("params.multi-source",
     record({"process": {"argv": ["python", "train.py", "--lr", "0.01"]}}),
     "learning_rate is 0.001 in the params and 0.01 on the command line", "params.learning_rate"),
    ("params.mutated",
     record(changes=(ParamChange("epochs", START, 10), ParamChange("epochs", START, 20))),
     "epochs changed while the run was active: 10 -> 20", "params.epochs"),
    ("params.opaque", record(params={"act": "<function relu at 0x7f>"}),
     "cannot be replayed", "params.act"),
    ("params.opaque", record(params={"wd": math.nan}), "wd is NaN", "params.wd"),
    ("params.absolute-path", record(params={"root": "/home/ann/data"}),
     "root is a path of this machine", "params.root"),
    ("params.search-undocumented", record(notes=()), "number of trials are not told", "notes"),
    ("data.name-missing", bare(), "no data set is recorded", "data.name"),
    ("data.version-missing", record({"data:digits": {"version": None, "digest": None}}),
     "neither version nor content hash of data 'digits'", "data:digits.version"),
    ("data.version-mutable", record({"data:digits": {"version": "latest"}}),
     "'latest' of data 'digits' does not pin the data; it was sha256:eeeeeeeeeeee",
     "data:digits.version"),
    ("data.hash-missing", record({"data:digits": {"digest": None}}),
     "has the label 'v2025-05-01' only", "data:digits.digest"),
    ("data.hash-partial", record({"data:digits": {"digest": "sample:ab"}}),
     "covers only some of its bytes", "data:digits.digest"),
    ("data.changed-during-run", record({"data:digits": {"changed": ["train.csv"]}}),
     "`train.csv` of 'digits' was rewritten", "data:digits"),
    ("data.unrecorded-read", record({"reads": {"folders": {"extra": {"files": 3}}}}),
     "3 data files in `extra` were read and never declared", "reads"),
    ("data.split-strategy-missing", record({"split:digits": None}),
     "how the data were split", "split"),
    ("data.split-not-rebuildable", record({"split:digits": None}, params={"val_size": 1, "cv": 5}),
     "told by the param 'cv' alone", "params.cv"),
    ("data.split-not-rebuildable",
     record({"split:digits": {"hash": None, "indices": None}}),
     "rows of the split 'digits' are not saved", "split:digits"),
    ("data.split-overlap", record({"split:digits": {"overlap": {"train/test": 112}}}),
     "112 rows are in both train and test of the split 'digits'", "split:digits"),
    ("data.split-leak-declared", record({"split:digits": {"group_leak": {"train/test": 18}}}),
     "18 groups are in both train and test", "split:digits"),
    ("data.split-leak-declared", record({"split:digits": {"time_leak": {"train/test": 1}}}),
     "1 train row lies later in time than the first of test", "split:digits"),
    ("data.unresolvable", record(statuses={"data:digits": ("failed", "there is no 'x.csv'")}),
     "could not be read: there is no 'x.csv'", "data:digits"),
    ("data.licence-missing", record({"data:digits": {"licence": None}}),
     "no licence of data 'digits'", "data.licence"),
    ("seed.not-applied", record({"seeds": {"applied": []}}),
     "seed=0 is logged, but no generator was seen to get it", "params.seed"),
    ("seed.partial",
     record({"seeds": {"applied": [{"library": "torch", "seed": 7}],
                       "states": {"start": {"numpy": "a"}, "end": {"numpy": "b"}}}}),
     "torch got a seed, numpy did not and was used", "seeds"),
    ("det.flags-unrecorded", record({"modules": {"distributions": {"torch": "2.13"}}}),
     "how deterministic torch was set is not recorded", "determinism"),
    ("det.nondeterministic", record(torch(cudnn_benchmark=True)),
     "torch may choose its algorithms (cudnn_benchmark)", "determinism.torch"),
    ("det.threads-unrecorded", record({"hardware": {"threads": None, "blas": None}}),
     "neither the number of threads", "hardware.threads"),
    ("metrics.train-loss-missing", record(metrics={"train_loss": None}),
     "no training loss is recorded", "metrics.train_loss"),
    ("metrics.main-missing", record(metrics={"val_f1_macro": None}),
     "no metric of a validation split", "metrics.main"),
    ("metrics.main-missing",
     record(params={"main_metric": "val_auroc"}, metrics={"val_f1_macro": None}),
     "'val_auroc' was declared and never logged", "metrics.main"),
    ("metrics.timestamp-missing", record(metrics={"train_loss": None, "val_f1_macro": None}),
     "nothing was measured", "metrics.evaluated_at"),
    ("metrics.undefined", record(metrics={"val_f1_macro": None, "val_f1": metric("val_f1", 0.8)}),
     "val_f1 does not say its averaging", "metrics.val_f1"),
    ("metrics.context-missing", record(tags=("shadow_prod",)),
     "offline data or from production", "metrics.context"),
    ("metrics.curve-missing",
     record(metrics={"train_loss": metric("train_loss", 0.1, count=1),
                     "val_f1_macro": metric("val_f1_macro", 0.8, count=1)}),
     "every metric has one value only", "metrics"),
    ("metrics.not-finite",
     record(metrics={"val_f1_macro": metric("val_f1_macro", math.nan, nan=3)}),
     "val_f1_macro is NaN in 3 of 10 points, and so is its last", "metrics.val_f1_macro"),
    ("metrics.summary-mismatch",
     record(metrics={"val_f1_macro_max": metric("val_f1_macro_max", 0.9, count=1),
                     "val_f1_macro": metric("val_f1_macro", 0.8, max=0.8)}),
     "val_f1_macro_max is 0.9000, and 0.8000 by the points of val_f1_macro",
     "metrics.val_f1_macro_max"),
    ("artifacts.model-missing", record(artifacts=()), "no model file is recorded", "artifacts"),
    ("artifacts.metrics-csv-missing",
     record(metrics={"train_loss": None, "val_f1_macro": None}),
     "neither points of a metric nor a table", "artifacts"),
    ("artifacts.plots-missing", record(metrics={"train_loss": None, "val_f1_macro": None}),
     "there is no plot", "artifacts"),
    ("artifacts.intermediate-missing", record(duration_s=7200.0),
     "kept no checkpoint", "artifacts"),
    ("artifacts.unhashed", record(artifacts=(artifact(sha256=None, problem="gone"),)),
     "1 file has no hash, such as `model.pt` (gone)", "artifacts.model.pt"),
    ("artifacts.lost-or-modified",
     record(artifacts=(artifact(copied=False, problem="no such file"),)),
     "`model.pt` is not kept: no such file", "artifacts.model.pt"),
    ("artifacts.unknown-producer", record(artifacts=(artifact("base.pt", "input"),)),
     "which run made `base.pt`", "artifacts.base.pt"),
    ("env.python-missing", bare(), "version of Python is not recorded", "environment.python"),
    ("env.freeze-missing",
     record({"environment": None}, statuses={"environment": ("failed", "no time")}),
     "list of packages is not recorded: no time", "environment.packages"),
    ("env.unlockable", record({"environment": {"origins": {"mylib": {"kind": "editable"}}}}),
     "package 'mylib' was installed from a folder", "environment.packages.mylib"),
    ("env.lock-unhashed", record({"lock": None, "environment": {"lock": None}}),
     "no lock file with hashes", "lock"),
    ("env.changed-during-run", record({"modules": {"distributions": {"numpy": "2.5.0"}}}),
     "numpy was 2.4.6 at the start and 2.5.0 at the end", "environment.packages.numpy"),
    ("env.hardware-missing", record({"hardware": None}), "not recorded: processor", "hardware"),
    ("env.compute-missing", record({"resources": None}, ended_at=None),
     "how long it took", "resources"),
    ("env.container-unpinned", record({"process": {"container": {"image": "torch:2"}}}),
     "the image 'torch:2' is named by its tag alone", "process.container"),
    ("tags.purpose-missing", record(tags=(), experiment="digits"),
     "what the run was for is not told", "tags.purpose"),
    ("tags.owner-missing", record(tags=(), user=""), "whose run it is", "tags.owner"),
    ("tags.ticket-missing", record(tags=()), "no ticket or task is linked", "tags.ticket"),
    ("run.unfinished", record(status="failed", ended_by="Traceback\nValueError: x"),
     "it failed after 1m 00s: ValueError: x", "status"),
    ("run.unverified", record(), "nobody tried to get it again", "proof"),
    ("run.record-edited",
     record(amendments=(Amendment("data.version", None, "v1", "", "guess", "bo", START, ""),)),
     "data.version was changed by bo without a reason", "data.version"),
]  # fmt: skip

NOT_FOR = [
    ("code.snapshot-incomplete", bare()), ("code.dirty", bare()), ("code.dirty-unknown", bare()),
    ("code.no-vcs", bare()), ("code.ignored-import", bare()), ("code.changed-during-run", bare()),
    ("code.commit-unpushed", bare()), ("code.entry-mismatch", bare()),
    ("code.commit-unreachable", bare()), ("code.submodule-dirty", record()),
    ("code.notebook-order", record()), ("code.secret-in-snapshot", bare()),
    ("params.multi-source", bare()), ("params.search-undocumented", record(tags=())),
    ("data.version-missing", bare()), ("data.version-mutable", bare()),
    ("data.hash-missing", bare()), ("data.hash-partial", bare()),
    ("data.changed-during-run", bare()), ("data.unrecorded-read", bare()),
    ("data.split-not-rebuildable", bare()), ("data.split-overlap", bare()),
    ("data.split-leak-declared", bare()), ("data.unresolvable", bare()),
    ("data.licence-missing", bare()), ("seed.not-applied", bare()), ("seed.partial", bare()),
    ("det.flags-unrecorded", record()), ("det.nondeterministic", record()),
    ("det.threads-unrecorded", bare()),
    ("metrics.undefined", record(metrics={"val_f1_macro": None})),
    ("metrics.context-missing", record()),
    ("metrics.context-missing", record(tags=("ablation", "product_names", "liver"))),
    ("metrics.curve-missing", record(params={"epochs": 1}, metrics={
        "train_loss": metric("train_loss", 0.1, count=1),
        "val_f1_macro": metric("val_f1_macro", 0.8, count=1)})),
    ("metrics.not-finite", record(metrics={"val_f1_macro": None})),
    ("metrics.summary-mismatch", record()), ("artifacts.intermediate-missing", record()),
    ("artifacts.unhashed", record(artifacts=())),
    ("artifacts.lost-or-modified", record(artifacts=())),
    ("artifacts.unknown-producer", record()), ("env.unlockable", bare()),
    ("env.lock-unhashed", bare()), ("env.changed-during-run", bare()),
    ("env.container-unpinned", record()), ("run.unfinished", record(status="running")),
    ("run.unverified", record(tags=("reproduction",))),
]  # fmt: skip

PASSING = {
    "code.submodule-dirty": record({"code": {"submodules": [{"path": "x", "dirty": True}]}}),
    "code.notebook-order": record({"notebook": {"cells": [{"n": 1}, {"n": 2}]}}),
    "det.flags-unrecorded": record(torch(deterministic_algorithms=True)),
    "det.nondeterministic": record(torch(deterministic_algorithms=True, cudnn_benchmark=False)),
    "metrics.context-missing": record(
        metrics={"val_f1_macro@offline_cv": metric("val_f1_macro@offline_cv", 0.8)}
    ),
    "metrics.summary-mismatch": record(
        metrics={
            "val_f1_macro_max": metric("val_f1_macro_max", 1.0, count=1),
        }
    ),
    "artifacts.intermediate-missing": record(
        duration_s=7200.0, artifacts=(artifact("ckpt-1.pt", "checkpoint"),)
    ),
    "artifacts.unknown-producer": record(artifacts=(artifact("base.pt", "input"),), parent="01a1"),
    "env.container-unpinned": record({"process": {"container": {"image": "torch@sha256:ab"}}}),
    "run.unverified": record(tags=("reproduction",)),
}


@pytest.mark.parametrize(("id_", "run", "words", "field"), FAILS, ids=lambda v: str(v)[:40])
def test_a_rule_names_what_is_missing_where_and_how_to_mend_it(id_, run, words, field):
    answer = RULES[id_].check(run)

    assert isinstance(answer, Doubt)
    assert words in answer.message
    assert answer.field == field
    assert len(answer.fix) > 10


@pytest.mark.parametrize(("id_", "run"), NOT_FOR, ids=lambda v: str(v)[:40])
def test_a_rule_keeps_quiet_where_it_does_not_apply(id_, run):
    assert RULES[id_].check(run) is NOT_APPLICABLE


SKIPPED = {"complete": False, "skipped": [{"path": "data/big.bin", "sha256": "b" * 64, "size": 9}]}


@pytest.mark.parametrize(
    ("parts", "artifacts", "settled"),
    [
        ({}, (), False),
        ({"data:big": {"name": "big", "digest": f"sha256:{'b' * 64}", "full": True}}, (), True),
        ({"data:big": {"name": "big", "digest": f"sha256:{'c' * 64}", "full": True}}, (), False),
        (
            {"data:all": {"name": "all", "path": "data", "digest": "sha256:1", "full": True}},
            (),
            True,
        ),
        (
            {"data:all": {"name": "all", "path": "data", "digest": "sample:1", "full": False}},
            (),
            False,
        ),
        (
            {"data:all": {"name": "all", "path": "dat", "digest": "sha256:1", "full": True}},
            (),
            False,
        ),
        ({}, (artifact("big.bin", "file", sha256="b" * 64),), True),
        ({}, (artifact("big.bin", "file", sha256="b" * 64, copied=False),), False),
    ],
)
def test_a_large_file_that_was_logged_is_not_missed_in_the_copy_of_the_code(
    parts, artifacts, settled
):
    run = record({"code": {"snapshot": SKIPPED}, **parts}, artifacts=artifacts)

    answer = RULES["code.snapshot-incomplete"].check(run)

    assert (answer is PASSED) == settled
    assert settled or "`data/big.bin`" in answer.message


OF_A_RUN = [id_ for id_, rule in RULES.items() if rule.scope == "run"]


@pytest.mark.parametrize("id_", OF_A_RUN)
def test_a_rule_passes_a_record_that_has_what_it_asks_for(id_):
    wanted = (NOT_APPLICABLE,) if id_ == "run.unverified" else (PASSED,)

    assert RULES[id_].check(PASSING.get(id_, record())) in wanted


def test_every_rule_of_a_run_is_tried_on_a_failing_record():
    deep = {"code.commit-unreachable"}  # judged by `--deep` alone

    assert {id_ for id_, *_ in FAILS} == set(OF_A_RUN) - deep


@pytest.mark.parametrize("id_", ["code.commit-missing", "env.freeze-missing",
                                 "env.hardware-missing", "env.python-missing"])  # fmt: skip
def test_what_is_still_being_recorded_is_unknown_and_not_missing(id_):
    part = {"code": "code", "env": "environment"}[id_.partition(".")[0]]
    part = "hardware" if "hardware" in id_ else part
    parts = {part: None, "process": None}

    assert RULES[id_].check(record(parts, statuses={part: ("pending", "")})) is UNKNOWN


# Rules that read several runs.


def doubts(id_, *runs, **more):
    found = RULES[id_].check(list(runs), **more)
    return {key: doubt.message for key, doubt in found}


def numbered(*records):
    return [
        replace(r, detail=replace(r.detail, row=replace(r.detail.row, key=n, name=f"run{n}")))
        for n, r in enumerate(records)
    ]


def test_one_version_with_two_contents_is_a_drift():
    runs = numbered(record(), record({"data:digits": {"digest": "sha256:other"}}))

    assert doubts("data.version-drift", *runs)[0] == (
        "version 'v2025-05-01' of 'digits' has more than one content in this store"
    )
    assert doubts("data.version-drift", *numbered(record(), record())) == {}


def test_a_run_on_another_split_than_most_is_named():
    odd = record({"split:digits": {"hash": "sha256:91ac"}})

    found = doubts("data.split-mismatch", *numbered(record(), record(), odd))

    assert list(found) == [2]
    assert "sha256:91ac here and sha256:06bb in 'run0'" in found[2]


def test_fewer_seeds_than_needed_are_counted():
    runs = numbered(record(), record(params={"seed": 1}))

    assert doubts("seed.too-few", *runs)[0].startswith("2 seeds only: 3 are the least")
    assert doubts("seed.too-few", runs[0])[0] == "1 seed only: no spread can be stated"
    assert doubts("seed.too-few", *numbered(*(record(params={"seed": n}) for n in range(3)))) == {}


def replace_status(run, status):
    row = replace(run.detail.row, status=status)
    return replace(run, detail=replace(run.detail, row=row))


def test_the_best_seed_alone_in_sight_is_a_selection():
    hidden = [
        record(params={"seed": n}, archived=True,
               metrics={"val_f1_macro": metric("val_f1_macro", 0.7)})
        for n in (1, 2)
    ]  # fmt: skip

    assert doubts("seed.selection", *numbered(record(), *hidden)) == {
        0: "seed 0 is the best of 3, and the others were put away"
    }
    assert doubts("seed.selection", *numbered(record(), record(params={"seed": 1}))) == {}
    broken = [replace_status(run, "failed") for run in hidden]
    assert doubts("seed.selection", *numbered(record(), *broken)).keys() == {0}


@pytest.mark.parametrize(
    "more",
    [
        {"params": {"seed": 0}, "status": "crashed"},
        {"params": {"seed": 0}},
        {"metrics": {"val_f1_macro": metric("val_f1_macro", 0.8)}},
    ],
)
def test_runs_that_were_put_away_for_another_reason_are_no_selection(more):
    worse = {"metrics": {"val_f1_macro": metric("val_f1_macro", 0.7)}, "params": {"seed": 1}}
    hidden = record(archived=True, **{**worse, **more})

    assert doubts("seed.selection", *numbered(record(), hidden)) == {}


@pytest.mark.parametrize(
    ("argv", "params"),
    [
        ("--amp data.csv", {"amp": True}),
        ("--quiet data.csv", {"quiet": False}),
        ("--data data/train.csv", {"data": "/home/ann/data/train.csv"}),
        ("--data ./data/train.csv", {"data": "/home/ann/data/train.csv"}),
        ("--optimizer Adam", {"optimizer": "adam"}),
    ],
)
def test_what_a_command_line_does_not_say_is_no_second_source(argv, params):
    run = record({"process": {"argv": ["python", "train.py", *argv.split()]}}, params=params)

    assert RULES["params.multi-source"].check(run) is PASSED


@pytest.mark.parametrize(
    ("argv", "params"),
    [("--amp false", {"amp": True}), ("--data b/train.csv", {"data": "/home/a/train.csv"})],
)
def test_what_a_command_line_says_otherwise_is_a_second_source(argv, params):
    run = record({"process": {"argv": ["python", "train.py", *argv.split()]}}, params=params)

    assert isinstance(RULES["params.multi-source"].check(run), Doubt)


@pytest.mark.parametrize(
    ("metrics", "agrees"),
    [
        ({"val_loss": metric("val_loss", 0.2), "val_loss_last@b": metric("val_loss_last@b", 9.0)},
         NOT_APPLICABLE),
        ({"val_loss@b": metric("val_loss@b", 0.2),
          "val_loss_last@b": metric("val_loss_last@b", 0.2)}, PASSED),
        ({"val_loss": metric("val_loss", math.nan), "val_loss_last": metric("val_loss_last",
                                                                            math.nan)}, PASSED),
        ({"val_loss": metric("val_loss", 0.2), "best_val_loss": metric("best_val_loss", 0.2)},
         PASSED),
        ({"best_val_loss": metric("best_val_loss", 0.2)}, NOT_APPLICABLE),
        ({"zork": metric("zork", 0.2), "zork_best": metric("zork_best", 0.1)}, NOT_APPLICABLE),
    ],
)  # fmt: skip
def test_a_summary_is_held_against_the_points_of_its_own_context(metrics, agrees):
    assert RULES["metrics.summary-mismatch"].check(record(metrics=metrics)) is agrees


def test_contexts_that_differ_between_runs_are_told():
    label = "val_f1_macro@online"
    online = record(metrics={"val_f1_macro": None, label: metric(label, 0.7)})

    found = doubts("metrics.context-mixed", *numbered(record(), online))

    assert found[1] == "val_f1_macro was taken in no context and online among the runs of this " \
        "experiment"  # fmt: skip
    assert doubts("metrics.context-mixed", *numbered(record(), record())) == {}


def test_seeds_that_name_one_metric_differently_are_told():
    other = record(metrics={"val_f1_macro": None, "valid/f1_macro": metric("valid/f1_macro", 0.7)})

    found = doubts("metrics.not-aggregable", *numbered(record(), other))

    assert found[0] == "the seeds call one metric val_f1_macro and valid/f1_macro"


@pytest.mark.parametrize(
    ("one", "two", "fix"),
    [
        ("F1", "val_f1_macro", "`tt names fix --metric F1=val_f1_macro`"),
        ("val_acc", "valid/accuracy",
         "`tt names fix --metric val_acc=val_accuracy --metric valid/accuracy=val_accuracy`"),
        ("val_accuracy", "Validation Acc",
         "`tt names fix --metric 'Validation Acc=val_accuracy'`"),
        ("val_f1@cv", "f1@cv", "`tt names fix --metric f1=val_f1`"),
    ],
)  # fmt: skip
def test_names_of_one_metric_are_made_one_by_the_command_that_is_told(one, two, fix):
    runs = [
        record(metrics={"val_f1_macro": None, label: metric(label, 0.7)}) for label in (one, two)
    ]

    found = RULES["metrics.not-aggregable"].check(numbered(*runs))

    assert {doubt.fix for _, doubt in found} == {f"make them one: {fix}"}
    assert [key for key, _ in found] == [0, 1] or [key for key, _ in found] == [1, 0]


def test_seeds_of_which_some_log_percents_cannot_be_averaged():
    runs = [record(metrics={"val_f1_macro": metric("val_f1_macro", v)}) for v in (0.81, 81.2)]

    found = doubts("metrics.not-aggregable", *numbered(*runs))

    assert found == dict.fromkeys((0, 1),
        "'val_f1_macro' runs to 0.81 in some runs and to 81.2 in others: shares of 1 and percents "
        "have one name")  # fmt: skip


@pytest.mark.parametrize(
    ("one", "two"),
    [("val_f1_macro", "test_f1_macro"), ("val_loss", "val_f1"), ("f1@cv", "val_f1@online")],
)
def test_other_metrics_are_not_taken_for_one(one, two):
    runs = [
        record(metrics={"val_f1_macro": None, label: metric(label, 0.7)}) for label in (one, two)
    ]

    assert doubts("metrics.not-aggregable", *numbered(*runs)) == {}


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (record(params={"monitor": "test_loss"}), "monitor is 'test_loss'"),
        (record(metrics={"test_f1_macro": metric("test_f1_macro", 0.8)}),
         "test_f1_macro was taken 10 times in one run"),
    ],
)  # fmt: skip
def test_a_choice_by_test_data_is_told(run, words):
    assert words in doubts("metrics.test-selection", *numbered(run))[0]


def test_one_run_states_no_interval():
    assert 0 in doubts("metrics.uncertainty-missing", *numbered(record()))
    assert doubts("metrics.uncertainty-missing", *numbered(record(), record())) == {}


def test_ids_and_severities_stay_as_they_were_published():
    letters = {"error": "E", "warn": "W", "info": "I", None: "-"}
    shown = "\n".join(
        f"{rule.id} {''.join(letters[s] for s in rule.severities)}" for rule in RULES.values()
    )

    assert shown == SEVERITIES.strip()


def test_as_many_rules_count_in_a_profile_as_the_specification_says():
    counts = [sum(r.severity("seed") == s for r in RULES.values()) for s in ("error", "warn")]
    minimal = sum(r.severity("minimal") == "error" for r in RULES.values())

    assert (len(RULES), counts, minimal) == (75, [29, 29], 10)
    assert PROFILES == ("minimal", "seed", "paper", "regulated")


SEVERITIES = """
code.commit-missing EEEE
code.snapshot-incomplete WEEE
code.dirty -IWW
code.dirty-unknown WWEE
code.no-vcs IWEE
code.ignored-import WWEE
code.changed-during-run WWEE
code.commit-unpushed -IEE
code.commit-unreachable -WWE
code.entry-missing EEEE
code.entry-mismatch EEEE
code.submodule-dirty IWEE
code.notebook-order IWEW
code.secret-in-snapshot WEEE
params.required-missing WEEE
params.multi-source IWWE
params.mutated WWEE
params.opaque IWWW
params.absolute-path -IWW
params.search-undocumented -IEW
data.name-missing EEEE
data.version-missing EEEE
data.version-mutable WEEE
data.hash-missing WWEE
data.hash-partial -IWE
data.changed-during-run EEEE
data.version-drift WEEE
data.unrecorded-read -IWW
data.split-strategy-missing WEEE
data.split-not-rebuildable WEEE
data.split-mismatch WEEE
data.split-overlap EEEE
data.split-leak-declared WWEE
data.unresolvable -IWW
data.licence-missing --WW
seed.not-applied WEEE
seed.partial IWWW
seed.too-few -WEW
seed.selection -WEE
det.flags-unrecorded -WWE
det.nondeterministic -IIW
det.threads-unrecorded -IWW
metrics.train-loss-missing -EEE
metrics.main-missing EEEE
metrics.timestamp-missing -EEE
metrics.undefined -IEE
metrics.context-missing -WEE
metrics.context-mixed WEEE
metrics.curve-missing -WWW
metrics.not-finite WWEE
metrics.summary-mismatch WEEE
metrics.not-aggregable -WEE
metrics.test-selection WEEE
metrics.uncertainty-missing -IEW
artifacts.model-missing -EEE
artifacts.metrics-csv-missing -EWW
artifacts.plots-missing -WWI
artifacts.intermediate-missing -IIW
artifacts.unhashed IWEE
artifacts.lost-or-modified WEEE
artifacts.unknown-producer -WWE
env.python-missing EEEE
env.freeze-missing EEEE
env.unlockable WWEE
env.lock-unhashed -IWE
env.changed-during-run IWWE
env.hardware-missing -WEE
env.compute-missing --WI
env.container-unpinned -IWE
tags.purpose-missing -EWE
tags.owner-missing -EIE
tags.ticket-missing -W-E
run.unfinished WWEE
run.unverified -IWW
run.record-edited IWWE
"""

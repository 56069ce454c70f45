"""Aliases: names that are read in place of those that were logged, and back again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import tui_tracker as tt
from tui_tracker.alerts import Watch, parse_rules
from tui_tracker.audit.expressions import read_condition
from tui_tracker.audit.record import read_records
from tui_tracker.cli import main
from tui_tracker.drain import recover
from tui_tracker.errors import InvalidArgument, NameCollision, NotFound
from tui_tracker.merge import merge_runs
from tui_tracker.names.aliases import (
    Renaming,
    count_runs,
    list_aliases,
    raw_names,
    rename,
    undo,
)
from tui_tracker.plan.coverage import check_plan
from tui_tracker.plan.plan import read_plan
from tui_tracker.queries import (
    Selection,
    find_run,
    get_run,
    list_columns,
    list_run_keys,
)
from tui_tracker.queries.groups import group_runs
from tui_tracker.queries.naming import Names
from tui_tracker.queries.seeds import seed_digests, seed_siblings
from tui_tracker.series_frames import read_series
from tui_tracker.store import Store

LogRun = Callable[..., tt.Run]


@pytest.fixture
def runs(log_run: LogRun) -> None:
    """Three runs that call the same things by other names."""
    log_run("one", params={"lr": 0.1, "seed": 0}, val_acc=[0.5, 0.7], val_loss=[1.0, 0.5])
    log_run("two", params={"learning_rate": 0.2, "seed": 1}, val_accuracy=[0.6, 0.8])
    log_run("three", experiment="other", params={"LR": 0.3, "seed": 2}, val_acc=[0.4, 0.9])


def metric(raw: str, canonical: str, scope: str = "") -> Renaming:
    return Renaming("metric", raw, canonical, scope)


def said(capsys: pytest.CaptureFixture[str], folder: Path, *arguments: str) -> str:
    capsys.readouterr()
    main([*arguments, "--store", str(folder)])
    return capsys.readouterr().out


def labels(store: Store, name: str) -> list[str]:
    return sorted(get_run(store, find_run(store, name)).row.metrics)


@pytest.mark.usefixtures("runs")
def test_one_name_is_read_for_all_that_mean_it(store):
    rename(store, [metric("val_acc", "val_accuracy")])

    assert labels(store, "one") == ["val_accuracy", "val_loss"]
    assert labels(store, "two") == labels(store, "three") == ["val_accuracy"]
    assert list_columns(store)[1].count("val_accuracy") == 1
    assert "val_acc" not in list_columns(store)[1]


@pytest.mark.usefixtures("runs")
def test_a_name_that_no_run_logged_may_be_read(store):
    rename(store, [metric("val_acc", "val_score"), metric("val_accuracy", "val_score")])

    assert [labels(store, name)[-1] for name in ("one", "two", "three")] == ["val_score"] * 3
    assert len(list_run_keys(store, Selection(query="val_score >= 0.8"))) == 2


@pytest.mark.usefixtures("runs")
def test_queries_ask_for_params_and_metrics_by_the_names_that_count(store):
    rename(
        store,
        [
            metric("val_acc", "val_accuracy"),
            Renaming("param", "lr", "learning_rate"),
            Renaming("param", "LR", "learning_rate"),
        ],
    )

    def found(query: str) -> int:
        return len(list_run_keys(store, Selection(query=query)))

    assert found("val_accuracy > 0.75") == 2
    assert found("learning_rate in 0.05..0.25") == 2
    assert found("has:learning_rate") == 3
    assert found("missing:val_loss") == 2


@pytest.mark.usefixtures("runs")
def test_an_alias_of_an_experiment_leaves_the_others_alone(store):
    rename(store, [metric("val_acc", "val_accuracy", "other")])

    assert labels(store, "three") == ["val_accuracy"]
    assert labels(store, "one") == ["val_acc", "val_loss"]
    assert sorted(list_columns(store)[1]) == ["val_acc", "val_accuracy", "val_loss"]


@pytest.mark.usefixtures("runs")
def test_an_alias_of_an_experiment_comes_before_one_of_the_store(store):
    rename(store, [metric("val_acc", "val_accuracy")])
    rename(store, [metric("val_acc", "val_score", "other")])

    assert labels(store, "one") == ["val_accuracy", "val_loss"]
    assert labels(store, "three") == ["val_score"]


@pytest.mark.usefixtures("runs")
def test_aliases_lead_on_to_aliases(store):
    rename(store, [metric("val_acc", "val_accuracy")])
    rename(store, [metric("val_accuracy", "val_top1")])

    assert labels(store, "one") == ["val_loss", "val_top1"]
    assert labels(store, "two") == ["val_top1"]

    undo(store)

    assert labels(store, "one") == ["val_accuracy", "val_loss"]


def test_contexts_are_kept_apart(store, folder):
    with tt.init("e", "r", store=folder) as run:
        run.log({"acc": 0.5}, context="cv")
        run.log({"acc": 0.7})

    rename(store, [metric("acc", "val_accuracy")])

    assert labels(store, "r") == ["val_accuracy", "val_accuracy@cv"]


def test_two_values_of_one_name_in_a_run_are_refused(store, log_run):
    log_run("both", acc=[0.5], accuracy=[0.6])

    with pytest.raises(NameCollision, match=r"'both'.*naming\.collision"):
        rename(store, [metric("acc", "accuracy")])

    assert list_aliases(store, taken_back=True) == []
    assert labels(store, "both") == ["acc", "accuracy"]


def test_two_names_that_would_both_be_a_third_are_refused(store, log_run):
    log_run("both", acc=[0.5], top1=[0.6])

    with pytest.raises(NameCollision):
        rename(store, [metric("acc", "val_accuracy"), metric("top1", "val_accuracy")])


def test_two_params_of_other_values_are_refused(store, log_run):
    log_run("both", params={"lr": 0.1, "learning_rate": 0.2})

    with pytest.raises(NameCollision, match="params 'lr' and 'learning_rate'"):
        rename(store, [Renaming("param", "lr", "learning_rate")])


def test_a_run_that_logs_both_names_later_keeps_both(store, log_run):
    log_run("old", acc=[0.5])
    rename(store, [metric("acc", "accuracy")])

    log_run("new", acc=[0.1], accuracy=[0.6])

    assert labels(store, "old") == ["accuracy"]
    assert labels(store, "new") == ["acc", "accuracy"]
    assert raw_names(store, find_run(store, "new"))["metric"] == {}


@pytest.mark.parametrize(
    ("renaming", "error"),
    [
        (metric("val_ac", "val_accuracy"), NotFound),
        (metric("val_acc", "  "), InvalidArgument),
        (metric("val_acc", "val_acc"), InvalidArgument),
        (metric("val_acc", "val_accuracy", "nowhere"), NotFound),
        (Renaming("param", "val_acc", "x"), NotFound),
    ],
)
@pytest.mark.usefixtures("runs")
def test_what_cannot_be_renamed_is_told(store, renaming, error):
    with pytest.raises(error):
        rename(store, [renaming])


@pytest.mark.usefixtures("runs")
def test_a_circle_is_refused(store):
    rename(store, [metric("val_acc", "val_accuracy")])

    with pytest.raises(InvalidArgument, match="is itself read as"):
        rename(store, [metric("val_accuracy", "val_acc")])


@pytest.mark.usefixtures("runs")
def test_what_is_in_force_already_makes_no_batch(store):
    rename(store, [metric("val_acc", "val_accuracy")])

    again = rename(store, [metric("val_acc", "val_accuracy")])

    assert (again.batch, again.renamings) == (0, ())
    assert len(list_aliases(store)) == 1


@pytest.mark.usefixtures("runs")
def test_the_logged_name_can_always_be_told(store, folder, capsys):
    rename(store, [metric("val_acc", "val_accuracy"), Renaming("param", "lr", "learning_rate")])

    shown = json.loads(said(capsys, folder, "show", "one", "--json"))

    assert shown["aliases"] == {
        "metrics": {"val_accuracy": "val_acc"},
        "params": {"learning_rate": "lr"},
    }
    assert "val_acc" in said(capsys, folder, "show", "one").partition("logged as")[2]
    assert json.loads(said(capsys, folder, "show", "two", "--json"))["aliases"]["metrics"] == {}


@pytest.mark.usefixtures("runs")
def test_what_is_renamed_is_counted_before(store):
    assert count_runs(store, metric("val_acc", "val_accuracy")) == 2
    assert count_runs(store, metric("val_acc", "val_accuracy", "other")) == 1
    assert count_runs(store, Renaming("param", "lr", "learning_rate")) == 1


COMMANDS = [
    ("ls", "--json"),
    ("ls", "--json", "--sort", "val_accuracy"),
    ("ls", "--columns", "val_accuracy,val_loss,seed", "--json"),
    ("show", "one", "--json"),
    ("show", "three", "--json"),
    ("curve", "two", "three", "val_accuracy", "--json"),
    ("group", "--by", "seed", "--metrics", "val_accuracy", "--json"),
    ("tree", "--metric", "val_accuracy", "--json"),
    ("compare", "one", "two", "--json"),
    ("diff", "one", "two", "--json"),
    ("audit", "--json"),
    ("export", "--to", "csv"),
    ("export", "--to", "jsonl"),
    ("report", "sweep_lr"),
    ("fields", "--json"),
]


@pytest.mark.usefixtures("runs")
def test_everything_reads_as_before_after_undo(store, folder, capsys):
    before = [said(capsys, folder, *command) for command in COMMANDS]
    rename(
        store,
        [
            metric("val_acc", "val_accuracy"),
            metric("val_loss", "val_nll", "sweep_lr"),
            Renaming("param", "lr", "learning_rate"),
        ],
    )
    between = [said(capsys, folder, *command) for command in COMMANDS]

    undone = undo(store)

    after = [said(capsys, folder, *command) for command in COMMANDS]
    assert [alias.raw for alias in undone] == ["val_acc", "val_loss", "lr"]
    assert after == before
    changed = [c for c, old, new in zip(COMMANDS, before, between, strict=True) if old != new]
    assert len(changed) >= 8, changed
    assert all(text for text in before)


@pytest.mark.usefixtures("runs")
def test_every_view_reads_the_name_that_counts(store, folder, capsys):
    rename(store, [metric("val_acc", "val_accuracy"), Renaming("param", "lr", "learning_rate")])

    listed = json.loads(said(capsys, folder, "ls", "--json"))
    curve = said(capsys, folder, "curve", "one", "val_accuracy", "--json")
    groups = said(capsys, folder, "group", "--by", "seed", "--metrics", "val_accuracy", "--json")
    decided = said(capsys, folder, "decide", "sweep_lr", "max mean val_accuracy", "--json")
    different = said(capsys, folder, "diff", "one", "two", "--json")

    assert {name for run in listed for name in run["metrics"]} == {"val_accuracy", "val_loss"}
    assert "0.7" in curve
    assert "0.9" in groups
    assert "val_accuracy" in decided
    assert not [text for text in (groups, decided, different) if '"val_acc"' in text]
    assert '"lr"' not in different


@pytest.mark.usefixtures("runs")
def test_aliases_are_undone_a_batch_at_a_time(store):
    rename(store, [metric("val_acc", "val_accuracy")])
    rename(store, [metric("val_loss", "val_nll")], reason="as in the paper")

    first, second, third = undo(store), undo(store), undo(store)

    assert [[a.raw for a in batch] for batch in (first, second, third)] == [
        ["val_loss"],
        ["val_acc"],
        [],
    ]
    assert first[0].reason == "as in the paper"
    assert [alias.stands for alias in list_aliases(store, taken_back=True)] == [False, False]


@pytest.mark.usefixtures("runs")
def test_another_process_sees_an_alias_at_its_next_question(folder, store):
    with Store.open(folder) as reader:
        before = labels(reader, "one")
        rename(store, [metric("val_acc", "val_accuracy")])
        between = labels(reader, "one")
        undo(store)
        after = labels(reader, "one")

    assert (before, between, after) == (
        ["val_acc", "val_loss"],
        ["val_accuracy", "val_loss"],
        ["val_acc", "val_loss"],
    )


@pytest.mark.usefixtures("runs")
def test_a_store_that_is_taken_over_keeps_what_was_logged_and_its_aliases(store, tmp_path):
    rename(store, [metric("val_acc", "val_accuracy")])

    with Store.open(tmp_path / "target", create=True) as target:
        merge_runs(store, target)
        merged = labels(target, "one")
        undone = [undo(target), undo(target)]
        logged = labels(target, "one")

    assert merged == ["val_accuracy", "val_loss"]
    assert {alias.scope for alias in undone[0]} == {"sweep_lr", "other"}
    assert logged == ["val_acc", "val_loss"]


@pytest.mark.usefixtures("runs")
def test_a_store_without_aliases_is_asked_one_query_more(folder):
    with Store.open(folder) as reader:
        asked = []
        reader.read("SELECT 1")
        reader._reader.set_trace_callback(asked.append)
        list_run_keys(reader)
        list_columns(reader)
        reader._reader.set_trace_callback(None)

    assert not [sql for sql in asked if "alias" in sql]
    assert not reader.aliased


def test_a_run_goes_on_logging_under_an_alias(store, folder):
    with tt.init("e", "r", {"lr": 0.1}, store=folder) as run:
        run.log({"acc": 0.5})
        run.finish()
    rename(store, [metric("acc", "val_accuracy")])

    with tt.init("e", "r", store=folder, resume="r") as run:
        run.log({"acc": 0.75})

    summary = get_run(store, find_run(store, "r")).row.metrics["val_accuracy"]
    assert (summary.count, summary.last, summary.last_step) == (2, 0.75, 1)


def test_runs_that_call_a_param_otherwise_are_one_seed_group(store, log_run):
    log_run("a", params={"lr": 0.1, "seed": 0}, val_acc=[0.5])
    log_run("b", params={"learning_rate": 0.1, "seed": 1}, val_acc=[0.7])
    keys = list_run_keys(store)
    before = len(group_runs(store, by=("params-but-seed",)))

    rename(store, [Renaming("param", "lr", "learning_rate")])

    assert before == 2
    assert [group.runs for group in group_runs(store, by=("params-but-seed",))] == [2]
    assert len(set(seed_digests(store, keys).values())) == 1
    assert sorted(seed_siblings(store, keys[0])) == sorted(keys)


@pytest.mark.usefixtures("runs")
def test_whoever_still_says_the_logged_name_is_understood(store):
    rename(store, [metric("val_acc", "val_accuracy"), Renaming("param", "lr", "learning_rate")])
    names = Names(store)

    found = [names.column(text).field for text in ("val_acc", "metric:val_acc.max", "lr")]

    assert found == ["metric:val_accuracy", "metric:val_accuracy.max", "param:learning_rate"]
    assert len(list_run_keys(store, Selection(query="val_acc > 0.75 or lr < 0.15"))) == 3


@pytest.mark.usefixtures("runs")
def test_a_curve_is_found_by_the_name_that_its_run_logged(store, folder, capsys):
    rename(store, [metric("val_acc", "val_accuracy")])

    by_new = said(capsys, folder, "curve", "one", "val_accuracy", "--json")
    by_old = said(capsys, folder, "curve", "one", "val_acc", "--json")

    assert by_old == by_new
    run = get_run(store, find_run(store, "one")).row.id
    assert read_series(store, run, "val_acc") == read_series(store, run, "val_accuracy")


@pytest.mark.usefixtures("runs")
def test_rules_of_a_watch_mean_what_their_metric_is_read_as(store, folder):
    watch = Watch(parse_rules(["val_xyz > 0.5"]), since_ms=0)
    run = tt.init("watched", "live", {"lr": 1}, store=folder)
    run.log({"val_xyz": 0.4}, step=0)
    recover(store)
    assert watch.look(store, 0) == []
    rename(store, [metric("val_xyz", "val_score")])
    run.log({"val_xyz": 0.9}, step=1)
    recover(store)

    (event,) = [e for e in watch.look(store, 1000) if e.what == "threshold"]
    run.finish()

    assert (event.metric, event.value) == ("val_score", 0.9)


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    "condition",
    ["params.lr == 0.1", "metrics.val_acc > 0.6", "metrics.val_acc.min < 0.6",
     "params.learning_rate == 0.1 and metrics.val_accuracy.count == 2"],
)  # fmt: skip
def test_conditions_of_the_project_still_hold_by_logged_names(store, condition):
    holds = read_condition(condition, "here")
    rename(store, [metric("val_acc", "val_accuracy"), Renaming("param", "lr", "learning_rate")])

    (record,) = read_records(store, [find_run(store, "one")])

    assert holds(record)


def test_a_main_metric_that_was_declared_by_its_logged_name_stays_the_main_one(store, log_run):
    log_run("one", tags=("main_metric:zap",), zap=[0.5], other=[1.0])
    rename(store, [metric("zap", "zip")])

    (record,) = read_records(store, [find_run(store, "one")])

    assert record.main_metric == "zip"


@pytest.mark.usefixtures("runs")
def test_points_are_found_by_the_name_that_was_logged(store, folder):
    rename(store, [metric("val_acc", "val_accuracy")])

    by_old = tt.frame(what="points", metrics=["val_acc"], store=folder)
    by_new = tt.frame(what="points", metrics=["val_accuracy"], store=folder)

    assert len(by_old) == len(by_new) == 6


def test_a_plan_is_covered_by_runs_whose_names_are_read_as_others(store, log_run, tmp_path):
    plan = tmp_path / "plan.toml"
    plan.write_text(
        'experiment = "sweep_lr"\n[grid]\nshrinkage = [0.1]\n[seeds]\nvalues = [0]\n'
        '[metrics]\nprimary = "val_acc"\n'
    )
    log_run("one", params={"shrinkage": 0.1, "seed": 0}, val_acc=[0.5])

    def state():
        return [cell.state for cell in check_plan(store, read_plan(plan)).cells]

    assert state() == ["done"]
    renamings = [metric("val_acc", "val_accuracy", "sweep_lr"),
                 Renaming("param", "shrinkage", "weight_decay")]  # fmt: skip
    rename(store, renamings)

    assert state() == ["done"]


def test_params_that_changed_are_taken_over_beside_those_that_are_there(store, folder, tmp_path):
    def log_twice(place: Path, name: str) -> None:
        with tt.init("e", name, {"lr": 0.1}, store=place) as run:
            run.log_params({"lr": 0.2})

    log_twice(folder, "a")
    log_twice(tmp_path / "target", "b")
    rename(store, [Renaming("param", "lr", "learning_rate")])
    list_run_keys(store)

    with Store.open(tmp_path / "target") as target:
        merge_runs(store, target)
        undo(target)
        changes = target.read(
            "SELECT r.name, count(*) FROM param_change AS c JOIN run AS r ON r.id = c.run "
            "GROUP BY r.name ORDER BY r.name"
        )

    assert changes == [("a", 2), ("b", 2)]


def test_a_store_that_may_not_be_written_is_read_with_its_aliases(store, log_run):
    log_run("one", val_acc=[0.5])
    rename(store, [metric("val_acc", "val_accuracy")])

    reader = Store(store.folder, store.path, read_only=True, wait_s=1.0)
    with reader:
        assert labels(reader, "one") == ["val_accuracy"]

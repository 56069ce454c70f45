"""Trees, groups and chosen columns on the command line: text that fits, JSON as promised."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable
from pathlib import Path

import pytest

import tui_tracker as tt
from tui_tracker.cli.complete import complete

Cli = Callable[..., tuple[int, str, str]]
LogRun = Callable[..., tt.Run]


@pytest.fixture
def logged(log_run: LogRun) -> None:
    """Two configs of two seeds, one run of another experiment."""
    for seed, acc in enumerate((0.5, 0.75)):
        log_run(f"a{seed}", params={"opt": "adam", "seed": seed}, acc=[acc, 0.25], tags=("good",))
    for seed, acc in enumerate((0.25, 0.25)):
        params = {"opt": "sgd", "seed": seed}
        log_run(f"s{seed}", params=params, acc=[acc], status="failed" if seed else "finished")
    log_run("t", experiment="text/small")


def lines(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


@pytest.mark.usefixtures("logged")
def test_a_tree_tells_counts_bad_ends_and_the_best(tt_: Cli) -> None:
    code, out, _ = tt_("tree", "--metric", "acc")

    assert code == 0
    shown = [line[:4] for line in lines(out)]
    assert shown[0] == ["experiment", "runs", "acc", "↑"]
    assert [line[:3] for line in shown[1:3]] == [["sweep_lr", "4", "0.7500"], ["text", "1", "–"]]
    assert shown[3][:3] == ["└─", "small", "1"]


@pytest.mark.usefixtures("logged")
def test_a_tree_has_the_levels_that_are_asked_for(tt_: Cli) -> None:
    _, out, _ = tt_("tree", "--by", "opt,status", "experiment:sweep_lr")

    assert [" ".join(line[:3]) for line in lines(out)] == [
        "opt / status",
        "adam 2 " + lines(out)[1][2],
        "└─ finished 2",
        "sgd 2 1",
        "├─ finished 1",
        "└─ failed 1",
    ]


@pytest.mark.usefixtures("logged")
def test_the_json_of_a_tree_has_queries_that_list_its_runs(tt_: Cli) -> None:
    _, out, _ = tt_("tree", "--by", "opt,experiment", "--metric", "acc.last", "--json")

    branches = json.loads(out)
    assert [branch["value"] for branch in branches] == ["adam", "sgd", None]
    adam = branches[0]
    assert {**adam, "newest": "", "branches": []} == {
        "field": "param:opt",
        "value": "adam",
        "label": "adam",
        "runs": 2,
        "counts": {"finished": 2},
        "newest": "",
        "best": 0.25,
        "where": [["param:opt", "adam"]],
        "query": 'param.`opt` = "adam"',
        "branches": [],
    }
    assert branches[2]["where"] == [["param:opt"]]
    for branch in (*branches, *branches[2]["branches"]):
        _, found, _ = tt_("ls", "--json", branch["query"])
        assert len(json.loads(found)) == branch["runs"]


@pytest.mark.usefixtures("logged")
def test_groups_show_mean_spread_and_how_many(tt_: Cli) -> None:
    code, out, _ = tt_("group", "--sort", "-acc")

    assert code == 0
    assert [" ".join(line) for line in lines(out)] == [
        "experiment opt runs acc ↑ failed",
        "sweep_lr adam 2 0.6250 ± 0.1768 (2)",
        "sweep_lr sgd 2 0.2500 ± 0.0000 (2) 1",
        "text/small – 1 –",
    ]


@pytest.mark.usefixtures("logged")
def test_the_metric_of_groups_is_one_of_the_runs_that_were_asked_for(
    tt_: Cli, log_run: LogRun
) -> None:
    log_run("other", experiment="text/other", params={"opt": "x"}, val_f1=[0.5])

    code, out, _ = tt_("group", "opt in (adam, sgd)", "--json")

    assert code == 0
    assert [list(group["metrics"]) for group in json.loads(out)] == [["metric:acc"]] * 2


@pytest.mark.usefixtures("logged")
def test_runs_left_out_of_a_mean_are_told(tt_: Cli) -> None:
    _, out, _ = tt_("group", "--by", "host", "--metrics", "acc.first")

    assert "0.4375 ± 0.2394 (4 of 5)" in out


@pytest.mark.usefixtures("logged")
def test_the_json_of_groups_has_figures_params_and_members(tt_: Cli) -> None:
    _, out, _ = tt_("group", "--metrics", "acc", "--sort", "+acc", "--json", "has:opt")
    sgd, adam = json.loads(out)
    assert sgd["counts"] == {"failed": 1, "finished": 1}
    assert adam["params"] == {"opt": "adam"}
    assert adam["metrics"]["metric:acc"] == {
        "n": 2,
        "mean": 0.625,
        "std": pytest.approx(0.1767767),
        "min": 0.5,
        "max": 0.75,
        "not_finite": 0,
        "missing": 0,
    }
    _, found, _ = tt_("ls", "--json", "opt = adam")
    assert adam["members"] == [run["id"] for run in json.loads(found)]


@pytest.mark.usefixtures("logged")
def test_ls_shows_the_columns_asked_for_sorted_by_several(tt_: Cli) -> None:
    _, out, _ = tt_(
        "ls",
        "--columns",
        "name,acc.first=begin,spark:acc|4",
        "--columns",
        "opt",
        "--sort",
        "opt,-acc",
    )

    assert lines(out) == [
        ["name", "begin", "acc", "opt"],
        ["a1", "0.7500", *lines(out)[1][2:3], "adam"],
        ["a0", "0.5000", *lines(out)[2][2:3], "adam"],
        ["s1", "0.2500", *lines(out)[3][2:3], "sgd"],
        ["s0", "0.2500", *lines(out)[4][2:3], "sgd"],
        ["t", "–", "–", "–"],
    ]


@pytest.mark.usefixtures("logged")
def test_the_json_of_chosen_columns_is_their_values_by_name(tt_: Cli) -> None:
    _, out, _ = tt_(
        "ls", "--json", "--columns", "name,acc,opt,tags,tag:x,spark:acc,health", "name:a1"
    )

    (run,) = json.loads(out)
    assert {**run, "id": ""} == {
        "id": "",
        "name": "a1",
        "metric:acc": 0.75,
        "param:opt": "adam",
        "tags": ["good"],
        "tag:x": None,
        "spark:acc": [0.75, 0.75, 0.25, 0.25],
        "health": [],
    }


@pytest.mark.usefixtures("logged")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ls", "--columns", "acd"], "no column is called 'acd': did you mean 'acc'?"),
        (["ls", "--sort", "-spark:acc"], "runs cannot be sorted by 'spark:acc'"),
        (["tree", "--by", "acc"], "a tree cannot have 'metric:acc' as a level"),
        (["tree", "--metric", "opt"], "'param:opt' is no metric"),
        (["group", "--by", "spark:acc"], "runs cannot be told apart by 'spark:acc'"),
        (
            ["group", "--sort", "opt"],
            "groups cannot be sorted by 'param:opt': they have runs, started, params-but-seed, "
            "metric:acc",
        ),
        (["group", "--metrics", "act"], "no column is called 'act': did you mean 'acc'?"),
    ],
)
def test_a_column_that_cannot_be_used_is_told_in_one_sentence(
    tt_: Cli, arguments: list[str], said: str
) -> None:
    assert tt_(*arguments) == (2, "", f"tt: {said}\n")


@pytest.mark.usefixtures("logged")
def test_names_are_completed_behind_commas_and_signs(folder: object) -> None:
    def words(*typed: str) -> list[str]:
        return [word for word, _ in complete(typed, str(folder))]

    assert words("ls", "--sort", "opt,-a") == ["opt,-acc"]
    assert words("ls", "--columns", "name,us") == ["name,user"]
    assert words("tree", "--by", "o") == ["opt"]
    assert words("tree", "--metric", "acc") == ["acc"]
    assert words("group", "--metrics", "ac") == ["acc"]


SCORES = (0.5, 0.52, 0.47, 0.51, 0.49, 0.9)


@pytest.fixture
def seeded(log_run: LogRun) -> None:
    """Six seeds of which one is far out, and one run alone."""
    for seed, score in enumerate(SCORES):
        log_run(f"a{seed}", params={"opt": "adam", "seed": seed}, acc=[score])
    log_run("s", params={"opt": "sgd", "seed": 0}, acc=[0.25])


@pytest.mark.usefixtures("seeded")
def test_further_statistics_are_those_of_the_runs_values(tt_: Cli) -> None:
    _, out, _ = tt_("group", "--by", "opt", "--metrics", "acc", "--stats",
                    "sem,median,iqm,ci,outlier", "--sort", "-runs", "--json")  # fmt: skip

    found, alone = (group["metrics"]["metric:acc"] for group in json.loads(out))
    sem = statistics.stdev(SCORES) / math.sqrt(6)
    reach = 2.570581835636314 * sem  # Student's t at 97.5 % with five degrees of freedom
    assert found["sem"] == pytest.approx(sem, rel=1e-12)
    assert found["median"] == statistics.median(SCORES)
    # The middle half of six: half of the second and fifth value, all between.
    middle = (0.49 * 0.5 + 0.5 + 0.51 + 0.52 * 0.5) / 3
    assert found["iqm"] == pytest.approx(middle, rel=1e-12)
    mean = statistics.fmean(SCORES)
    assert found["ci"]["low"] == pytest.approx(mean - reach, rel=1e-9)
    assert found["ci"]["high"] == pytest.approx(mean + reach, rel=1e-9)
    assert (found["ci"]["level"], found["ci"]["method"]) == (0.95, "t")
    assert found["outlier"] == "5"
    assert (alone["sem"], alone["ci"]["low"], alone["outlier"]) == (None, None, None)
    assert alone["median"] == 0.25


@pytest.mark.usefixtures("seeded")
def test_statistics_are_columns_in_the_order_asked(tt_: Cli) -> None:
    _, out, _ = tt_("group", "--by", "opt", "--metrics", "acc", "--stats", "n,mean,ci,outlier")

    assert lines(out)[0] == ["opt", "runs", "acc", "↑", "n", "mean", "ci", "outlier"]
    assert ["sgd", "1", "1", "0.2500", "–"] in lines(out)
    assert lines(out)[2][-2:] == ["seed", "5"]


@pytest.mark.usefixtures("seeded")
def test_an_unknown_statistic_is_told_with_the_nearest(tt_: Cli) -> None:
    code, _, told = tt_("group", "--stats", "medain")

    assert code == 2
    assert "did you mean 'median'?" in told


@pytest.mark.usefixtures("logged")
def test_statistics_and_experiments_are_completed(folder: Path) -> None:
    stats = [text for text, _ in complete(["group", "--stats", "mean,s"], str(folder))]
    experiments = [text for text, _ in complete(["decide", ""], str(folder))]

    assert stats == ["mean,std", "mean,sem"]
    assert experiments == ["sweep_lr", "text/small"]


def test_reproductions_that_are_left_out_are_told(tt_: Cli, log_run: LogRun) -> None:
    log_run("once", params={"lr": 0.1, "seed": 0}, f1=[0.5])
    log_run("again", params={"lr": 0.1, "seed": 0}, tags=("reproduction",), f1=[0.5])

    _, out, err = tt_("group", "--json")

    (group,) = json.loads(out)
    assert (group["runs"], group["reproductions"]) == (1, 1)
    assert "1 reproduction is left out of the groups: `tag = reproduction` asks for them" in err
    assert tt_("group", "--json", "tag", "=", "reproduction")[2] == ""


def test_the_metric_shown_is_one_of_the_runs_that_were_asked_for(tt_: Cli, log_run: LogRun) -> None:
    for number in range(3):
        log_run(f"known{number}", experiment="other", val_accuracy=[0.9])
    log_run("asked", experiment="mine", params={"lr": 1, "seed": 0}, val_loss=[1e308])
    log_run("again", experiment="mine", params={"lr": 1, "seed": 1}, val_loss=[1e308])

    out = tt_("group", "experiment = mine", "--by", "lr")[1]

    assert "val_loss" in out
    assert "1.0e+308 ± 0" in out


@pytest.mark.usefixtures("logged")
def test_no_groups_asked_for_are_not_no_runs(tt_: Cli) -> None:
    assert tt_("group", "--limit", "0") == (0, "", "")
    assert "no run fits" in tt_("group", "opt = rmsprop")[2]

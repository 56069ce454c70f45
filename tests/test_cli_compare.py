"""`tt compare`: text that fits, Markdown, JSON, charts, and its exit codes."""

from __future__ import annotations

import json
import re

import pytest
from lineage_runs import run_with

from tui_tracker.formatting import cell_width


@pytest.fixture
def sweep(log_run):
    """Three runs of which two are alike but for a param."""
    log_run("low", params={"lr": 0.1, "n": 1}, val_acc=[0.5, 0.8], loss=[1.0, 0.4])
    log_run("high", params={"lr": 0.2, "n": 1}, val_acc=[0.5, 0.9], loss=[1.0, 0.5])
    log_run("third", params={"lr": 0.3, "n": 1}, val_acc=[0.5, 0.7], loss=[1.0, 0.6])


def row(out: str, start: str) -> list[str]:
    return next(line for line in out.splitlines() if line.strip().startswith(start)).split()


@pytest.mark.usefixtures("sweep")
def test_what_differs_is_a_table_with_the_best_marked_and_distances(tt_):
    code, out, _ = tt_("compare", "low", "high", "third", "--no-chart")

    assert code == 1
    assert row(out, "lr") == ["lr", "0.1", "0.2", "0.3"]
    assert row(out, "val_acc ↑ max")[3:] == ["0.8000", "0.9000", "+0.100★", "0.7000", "-0.100"]
    assert "\n  n  " not in out
    assert "the same: " in out
    assert "3 runs, measured against low" in out


@pytest.mark.usefixtures("sweep")
def test_another_reference_is_what_others_are_measured_against(tt_):
    _, out, _ = tt_("compare", "low", "high", "--reference", "high", "--no-chart")

    assert "2 runs, measured against high" in out
    assert "-0.100" in " ".join(row(out, "val_acc ↑ max"))


@pytest.mark.usefixtures("sweep")
def test_all_prints_what_is_the_same_too(tt_):
    _, out, _ = tt_("compare", "low", "high", "--all", "--no-chart")

    assert row(out, "n ") == ["n", "1", "1"]
    assert "the same: " not in out


def test_runs_that_do_not_differ_end_with_zero(tt_, log_run):
    log_run("one", params={"lr": 1}, loss=[0.5])
    log_run("two", params={"lr": 1}, loss=[0.5])

    assert tt_("compare", "one", "two", "--no-chart")[0] == 0
    assert tt_("compare", "one", "two", "--json")[0] == 0


@pytest.mark.usefixtures("sweep")
def test_a_query_chooses_the_runs_oldest_first(tt_):
    code, out, _ = tt_("compare", "--query", "hi", "--json")

    assert code == 1
    assert [run["name"] for run in json.loads(out)["runs"]] == ["high", "third"]


@pytest.mark.parametrize("arguments", [("low",), (), ("--query", "nothing"), ("low", "low")])
@pytest.mark.usefixtures("sweep")
def test_fewer_than_two_runs_are_a_trouble(tt_, arguments):
    code, _, err = tt_("compare", *arguments)

    assert code == 2
    assert "chosen: two to 20 can be compared" in err


def test_more_than_twenty_runs_are_a_trouble(tt_, log_run):
    for number in range(21):
        log_run(f"run-{number}")

    code, _, err = tt_("compare", "--query", "run-")

    assert (code, err) == (2, "tt: 21 runs were chosen: two to 20 can be compared\n")


@pytest.mark.usefixtures("sweep")
def test_json_has_values_best_places_and_doubts_with_ids(tt_):
    _, out, _ = tt_("compare", "low", "high", "--json")

    shape = json.loads(out)
    ids = [run["id"] for run in shape["runs"]]
    rows = {(r["section"], r["name"], r.get("stat")): r for r in shape["rows"]}
    best = rows["metrics", "val_acc", "max"]
    assert (best["values"], best["best"], best["delta"][0]) == ([0.8, 0.9], [1], None)
    assert best["relative"][1] == pytest.approx(0.125)
    assert rows["params", "n", None]["state"] == "same"
    assert shape["reference"] == ids[0]
    assert {doubt["kind"] for doubt in shape["doubts"]} == {"data", "split", "code"}
    assert shape["doubts"][0]["unknown"] == ids


def test_absent_and_unknown_are_told_apart(tt_, folder):
    for name, parts in (
        ("a", {"environment": {"packages": {"numpy": "1", "torch": "2"}}}),
        ("b", {"environment": {"packages": {"numpy": "1"}}}),
        ("c", {}),
    ):
        run_with(folder, name, **parts)

    _, out, _ = tt_("compare", "a", "b", "c", "--no-chart", "--only", "packages")
    _, text, _ = tt_("compare", "a", "b", "c", "--json", "--only", "packages")

    assert row(out, "torch") == ["torch", "2", "–", "?"]
    assert "? was not recorded, – there is none" in out
    torch = next(r for r in json.loads(text)["rows"] if r["name"] == "torch")
    assert (torch["values"], torch["absent"], torch["unknown"]) == (["2", None, None], [1], [2])


@pytest.mark.usefixtures("sweep")
def test_markdown_is_a_table_whose_best_values_are_bold(tt_):
    _, out, _ = tt_("compare", "low", "high", "--md", "--no-chart")

    lines = out.splitlines()
    assert "| | low | high |" in lines
    assert "| val_acc ↑ max | 0.8000 | **0.9000 (+0.100)** |" in lines
    assert "| **params** | | |" in lines


def test_markdown_survives_hostile_names(tt_, log_run):
    log_run("a|b*c", params={"p": "x|y\n<b>"})
    log_run("`d`", params={"p": "[u](http://x)"})

    _, out, _ = tt_("compare", "a|b*c", "`d`", "--md", "--no-chart")

    assert "| | a\\|b\\*c | \\`d\\` |" in out
    assert "x\\|y↵&lt;b>" in out
    assert "\\[u](http://x)" in out


@pytest.mark.usefixtures("sweep")
def test_the_most_telling_metric_is_drawn_and_others_where_asked_for(tt_):
    _, out, _ = tt_("compare", "low", "high")
    _, other, _ = tt_("compare", "low", "high", "--metric", "loss", "--md")

    assert re.search(r"\nval_acc\n\S low  max 0\.8000\n\S high  max 0\.9000, the best\n", out)
    assert "```\nloss\n" in other
    assert tt_("compare", "low", "high", "--metric", "los")[0] == 2


def test_a_chart_has_the_frame_and_the_axis_that_curve_has(tt_, log_run):
    log_run("low", val_acc=[step / 60 for step in range(56)])
    log_run("high", val_acc=[step / 56 for step in range(56)])

    drawn = tt_("compare", "low", "high")[1].rstrip().splitlines()
    curve = tt_("curve", "low", "high", "val_acc")[1].rstrip().splitlines()

    assert (drawn[-2].strip()[0], drawn[-1].split()[-1]) == ("└", "step")
    assert (curve[-2].strip()[0], curve[-1].split()[-1]) == ("└", "step")


def test_of_many_runs_the_reference_and_the_best_are_drawn(tt_, log_run):
    for number in range(8):
        log_run(f"run-{number}", loss=[1.0, 1 - number / 10])

    _, out, _ = tt_("compare", *(f"run-{n}" for n in range(8)))

    drawn = [line.split()[1] for line in out.splitlines() if "min 0." in line or "min 1." in line]
    assert drawn == ["run-0", *(f"run-{n}" for n in range(2, 8))]
    assert "the reference and the best of 8 runs" in out


def test_twenty_runs_stand_in_blocks_that_fit(tt_, log_run):
    for number in range(20):
        log_run(
            f"cnn_lr={number / 1000:g}_seed=0",
            params={"lr": number / 1000, "hostile": "模型 " * number + "\x1b[31m"},
            val_acc=[number / 20],
        )

    _, out, _ = tt_("compare", "--query", "cnn", "--width", "80")

    table = out[out.index("20 runs") : out.index("the same: ")]
    assert max(map(cell_width, table.splitlines())) <= 80
    assert table.count("learning") == 0
    assert table.count("\nparams\n") == sum(1 for line in table.splitlines() if "status" in line)
    assert out.count("★") == 2


@pytest.mark.usefixtures("sweep")
def test_numbers_that_differ_never_look_like_the_best(tt_, log_run):
    log_run("near", val_acc=[0.90000001])

    _, out, _ = tt_("compare", "low", "high", "near", "--no-chart", "--only", "metrics")

    cells = row(out, "val_acc ↑ max")
    assert cells[3:] == ["0.80000000", "0.90000000", "+0.100", "0.90000001", "+0.100★"]


def test_secrets_are_hidden_everywhere(tt_, log_run):
    token = "ghp_" + "a1B2" * 9
    log_run("a", params={"key": token})
    log_run("b", params={"key": "x"})

    for how in ("--all", "--md", "--json"):
        _, out, _ = tt_("compare", "a", "b", how)
        assert token not in out

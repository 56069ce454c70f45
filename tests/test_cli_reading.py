"""What `tt ls`, `show`, `curve`, `console`, `artifacts` and `store` print."""

from __future__ import annotations

import json
import math
import re
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tui_tracker as tt
from tui_tracker import cli, journal
from tui_tracker.cli.artifacts import inner_path
from tui_tracker.cli.points import reduce_points
from tui_tracker.queries import Series

LogRun = Callable[..., tt.Run]
Cli = Callable[..., tuple[int, str, str]]

RUN_KEYS = {
    *("id", "name", "experiment", "status", "started_at", "ended_at", "duration_s", "params"),
    *("metrics", "tags", "notes", "artifacts", "parent", "lineage", "source"),
}
METRIC_KEYS = {
    *("count", "first_step", "last_step", "first", "last", "min", "max", "mean", "nan", "inf"),
}
HOSTILE = [
    "lr[/]=0.1 [bold]",
    "\x1b[31mred\x1b[0m\x07",
    "two\nlines\tand tab",
    "'; DROP TABLE run; --",
    '"quoted" \\ back',
    "../../etc/passwd",
    "\u202egnp.exe\u202c",
    "\U0001f469\u200d\U0001f680 emoji",
    "%_*?",
]


def read(tt_: Cli, *arguments: str) -> Any:
    code, out, err = tt_(*arguments, "--json")
    assert (code, err) == (0, "")
    return json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


def test_ls_gives_runs_newest_first_in_the_public_shape(tt_: Cli, log_run: LogRun) -> None:
    log_run("a", params={"lr": 0.1, "n": 3, "on": True, "opt": "sgd", "no": None, "sizes": [1, 2]})
    log_run("b", tags=("best",), loss=[0.9, 0.5])

    runs = read(tt_, "ls")

    assert [run["name"] for run in runs] == ["b", "a"]
    assert set(runs[0]) >= RUN_KEYS
    assert runs[0]["metrics"].keys() == {"loss"}
    assert runs[0]["metrics"]["loss"] == {
        "count": 2,
        "first_step": 0,
        "last_step": 1,
        "first": 0.9,
        "last": 0.5,
        "min": 0.5,
        "max": 0.9,
        "mean": 0.7,
        "nan": 0,
        "inf": 0,
    }
    assert runs[1]["params"] == {
        "lr": 0.1,
        "n": 3,
        "on": True,
        "opt": "sgd",
        "no": None,
        "sizes": [1, 2],
    }
    assert set(runs[0]["lineage"]) >= {"code", "data", "environment", "hardware"}


def test_show_has_the_shape_of_ls_and_all_of_the_lineage(tt_: Cli, log_run: LogRun) -> None:
    log_run("a", params={"lr": 0.1}, loss=[1.0])

    shown, listed = read(tt_, "show", "a"), read(tt_, "ls")[0]

    assert shown.pop("aliases") == {"metrics": {}, "params": {}}
    assert shown.pop("amendments") == []
    assert {**shown, "lineage": None} == {**listed, "lineage": None, "system": {}}
    assert shown["lineage"]["process"]["argv"]


def test_times_are_utc_and_the_duration_is_between_them(tt_: Cli, log_run: LogRun) -> None:
    log_run("a")

    run = read(tt_, "show", "a")

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", run["started_at"])
    assert run["ended_at"] >= run["started_at"]
    assert 0 <= run["duration_s"] < 60


def test_values_without_a_number_in_json_are_words(tt_: Cli, log_run: LogRun) -> None:
    log_run("a", params={"x": math.inf, "y": math.nan}, m=[math.nan, 1.0, -math.inf], n=[math.nan])

    run = read(tt_, "show", "a")

    assert run["params"] == {"x": "Infinity", "y": "NaN"}
    assert run["metrics"]["m"]["first"] == "NaN"
    assert run["metrics"]["m"]["last"] == "-Infinity"
    assert (run["metrics"]["m"]["min"], run["metrics"]["m"]["mean"]) == (1.0, 1.0)
    assert (run["metrics"]["m"]["nan"], run["metrics"]["m"]["inf"]) == (1, 1)
    assert run["metrics"]["n"]["mean"] is None


def test_long_params_huge_numbers_and_contexts_come_back_whole(tt_: Cli, folder: Path) -> None:
    params = {"long": "é" * 5000, "huge": 10**30, "list": list(range(2000))}
    run = tt.init("e", "a", params, store=folder)
    run.log({"f1": 0.5}, context="offline_cv")
    run.finish()

    shown = read(tt_, "show", "a")

    assert shown["params"] == params
    assert shown["metrics"].keys() == {"f1@offline_cv"}


@pytest.mark.parametrize("name", HOSTILE)
def test_names_come_back_as_they_are_in_json_and_harmless_in_text(
    tt_: Cli, folder: Path, name: str
) -> None:
    run = tt.init(name, name, {name: name}, tags=[name], note=name, store=folder)
    run.log({name: 1.0})
    run.finish()
    (listed,) = read(tt_, "ls")

    texts = [tt_("ls")[1], tt_("show", listed["id"])[1]]

    stripped = name.strip()
    assert (listed["name"], listed["experiment"]) == (stripped, stripped)
    assert listed["params"] == {name: name}
    assert list(listed["metrics"]) == [name]
    for text in texts:
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u200d]", text)
    assert len(texts[0].splitlines()) == 2


def test_ls_is_filtered_by_words_status_and_experiment(tt_: Cli, log_run: LogRun) -> None:
    log_run("a", experiment="x/one", tags=("good",))
    log_run("b", experiment="x/two", status="failed")
    log_run("c", experiment="y")

    def names(*arguments: str) -> list[str]:
        return [run["name"] for run in read(tt_, "ls", *arguments)]

    assert names("--experiment", "x") == ["b", "a"]
    assert names("good") == ["a"]
    assert names("--status", "failed", "--status", "killed") == ["b"]
    assert names("--limit", "1") == ["c"]
    assert names("nothing") == []


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["--sort", "name"], "abc"),
        (["--sort", "name", "--down"], "cba"),
        (["--sort", "started", "--up"], "abc"),
        (["--sort", "loss"], "bca"),
        (["--sort", "loss.max"], "abc"),
        (["--sort", "accuracy"], "cba"),
        (["--sort", "param:lr"], "cab"),
        (["--sort", "lr", "--down"], "bac"),
    ],
)
def test_ls_sorts_with_the_best_at_the_top(
    tt_: Cli, log_run: LogRun, arguments: list[str], wanted: str
) -> None:
    log_run("a", params={"lr": 2}, loss=[0.9, 0.7], accuracy=[0.1])
    log_run("b", params={"lr": 3}, loss=[0.8, 0.1], accuracy=[0.2])
    log_run("c", params={"lr": 1}, loss=[0.7, 0.4], accuracy=[0.3])

    runs = read(tt_, "ls", *arguments)

    assert "".join(run["name"] for run in runs) == wanted


def test_an_unknown_field_to_sort_by_is_answered_with_those_there_are(
    tt_: Cli, log_run: LogRun
) -> None:
    log_run("a")

    code, out, err = tt_("ls", "--sort", "colour")

    assert (code, out) == (2, "")
    assert err.startswith("tt: no column is called 'colour': there are status, name, experiment")


def test_piped_tables_have_one_line_a_run_and_aligned_columns(tt_: Cli, log_run: LogRun) -> None:
    log_run("short", params={"lr": 0.1}, val_loss=[0.5])
    log_run("a longer name", params={"lr": 1e-5}, val_loss=[0.25])

    _, out, _ = tt_("ls")

    head, first, second = out.splitlines()
    assert head.split()[:3] == ["status", "name", "val_loss"]
    assert first.startswith("✓ finished  a longer name      0.2500")
    assert second.startswith("✓ finished  short              0.5000")
    assert first.index("1e-05") + len("1e-05") == second.index("0.1") + len("0.1")


@pytest.mark.usefixtures("store")
def test_an_empty_store_says_so_on_standard_error(tt_: Cli) -> None:
    code, out, err = tt_("ls")

    assert (code, out, err) == (0, "", "tt: no runs yet\n")


def test_without_a_terminal_the_app_is_a_table(tt_: Cli, log_run: LogRun) -> None:
    log_run("a")

    outs = [tt_()[1], tt_("tui")[1]]

    assert outs[0] == outs[1] == tt_("ls")[1]


@pytest.mark.parametrize("address", ["whole", "beginning", "ending", "name"])
def test_a_run_is_named_by_id_beginning_ending_or_name(
    tt_: Cli, log_run: LogRun, address: str
) -> None:
    run = log_run("one")
    words = {"whole": run.id, "beginning": run.id[:14], "ending": run.id[-8:], "name": "one"}

    shown = read(tt_, "show", words[address])

    assert shown["id"] == run.id


def test_an_ambiguous_name_lists_the_candidates(tt_: Cli, log_run: LogRun) -> None:
    runs = [log_run("same"), log_run("same", experiment="other")]

    code, out, err = tt_("show", "same")

    assert (code, out) == (2, "")
    assert all(run.id in err for run in runs)


def test_a_misspelt_run_or_metric_is_answered_with_the_nearest(tt_: Cli, log_run: LogRun) -> None:
    log_run("baseline", loss=[1.0])

    errors = [tt_("show", "basline")[2], tt_("curve", "baseline", "los")[2]]
    errors += [tt_("show", "zzz")[2]]

    assert errors == [
        "tt: no run named 'basline': did you mean 'baseline'?\n",
        "tt: no metric named 'los': did you mean 'loss'?\n",
        "tt: no run named 'zzz': 1 is recorded.\n",
    ]


def test_show_tells_what_a_reader_asks_first(tt_: Cli, folder: Path) -> None:
    run = tt.init("e", "a", {"lr": 0.1}, tags=["t"], note="two\nlines", store=folder)
    run.log({"loss": math.nan})
    run.finish("failed", "ValueError: no")

    _, out, _ = tt_("show", "a")

    for wanted in (
        r"status +failed",
        r"ended by +ValueError: no",
        r"tags +t",
        r"lr +0.1",
        r"loss +NaN",
    ):
        assert re.search(wanted, out), wanted
    assert "    two\n    lines\n" in out


def test_show_tells_what_the_pages_of_a_run_tell(tt_: Cli, folder: Path) -> None:
    run = tt.init("e", "a", store=folder)
    run.log({"loss": 1.0})
    run.log({"loss": math.nan})
    values = {"cpu": 120.0, "load": 1.5, "memory": 0.25}
    run._journal.append(journal.SYSTEM, {"t": time.time_ns() // 10**6, "values": values})
    run.finish("failed", "ValueError: no")

    _, out, _ = tt_("show", "a")

    assert "\nhealth\n✗ nan  loss: NaN from step 1 on" in out
    assert "dead" not in out
    machine = out[out.index("\nsystem\n") :].splitlines()
    assert machine[3].split()[:3] == ["system/cpu", "%", "120.0"]
    assert machine[4].split()[:3] == ["system/memory", "GB", "0.2500"]
    assert machine[5].split()[:2] == ["system/load", "1.500"]


def test_a_traceback_is_told_by_its_last_line_and_stands_below_in_full(
    tt_: Cli, folder: Path
) -> None:
    tt.init("e", "a", store=folder).finish("failed", "Traceback:\n  line 3\nValueError: no")

    _, out, _ = tt_("show", "a")

    assert re.search(r"ended by +ValueError: no\n", out)
    assert "how it ended\n    Traceback:\n      line 3\n    ValueError: no\n" in out


def test_a_curve_comes_as_three_columns_with_every_point(tt_: Cli, log_run: LogRun) -> None:
    values = [1 / (step + 1) for step in range(3000)]
    values[7] = math.nan
    log_run("a", loss=values)

    curve = read(tt_, "curve", "a", "loss")

    assert curve.keys() == {"steps", "times", "values"}
    assert curve["steps"] == list(range(3000))
    assert curve["values"] == [*values[:7], "NaN", *values[8:]]
    assert len(curve["times"]) == 3000
    assert curve["times"][0].endswith("Z")


def test_fewer_points_keep_every_spike(tt_: Cli, log_run: LogRun) -> None:
    values = [0.0] * 3000
    values[1234], values[2345] = 99.0, -99.0
    log_run("a", loss=values)

    curve = read(tt_, "curve", "a", "loss", "--points", "20")

    assert len(curve["steps"]) <= 20
    assert {(1234, 99.0), (2345, -99.0)} <= set(zip(curve["steps"], curve["values"], strict=True))


def test_stretches_of_nan_and_infinities_are_seen_among_fewer_points() -> None:
    values = [math.nan] * 10 + [1.0] * 9 + [math.inf]

    reduced = reduce_points(Series(range(20), range(20), values), 4)

    assert [str(value) for value in reduced.values] == ["nan", "1.0", "inf"]
    assert list(reduced.steps) == [0, 10, 19]


def test_several_curves_are_told_apart(tt_: Cli, log_run: LogRun) -> None:
    first, second = log_run("a", loss=[1.0], acc=[0.1]), log_run("b", loss=[2.0], acc=[0.2])

    curves = read(tt_, "curve", "a", "loss", "acc", "--run", "b")

    assert [(c["run"], c["metric"], c["values"]) for c in curves] == [
        (first.id, "loss", [1.0]),
        (first.id, "acc", [0.1]),
        (second.id, "loss", [2.0]),
        (second.id, "acc", [0.2]),
    ]


def test_a_chart_has_the_size_that_was_asked_for(tt_: Cli, log_run: LogRun) -> None:
    log_run("a", loss=[math.sin(step / 20) for step in range(300)])

    code, out, _ = tt_("curve", "a", "loss", "--width", "60", "--height", "12")

    legend, *chart = out.splitlines()
    assert code == 0
    assert legend.startswith("loss  a (last ")
    assert len(chart) == 12
    assert max(map(len, chart)) == 60
    assert "⠀" not in out
    assert re.search("[⠁-⣿]", out)


def test_a_chart_in_ascii_is_ascii(tt_: Cli, log_run: LogRun) -> None:
    log_run("a", loss=[1.0, 0.1, 0.01])

    _, out, _ = tt_("curve", "a", "loss", "--ascii", "--log-y", "--width", "50", "--height", "10")

    assert out.isascii()
    assert out.count("*") > 5


def test_a_curve_without_a_drawable_value_says_so(tt_: Cli, log_run: LogRun) -> None:
    log_run("a", loss=[math.nan, math.inf], below=[-1.0])

    said = [tt_("curve", "a", "loss"), tt_("curve", "a", "below", "--log-y")]

    assert said == [
        (0, "", "tt: no finite value to draw\n"),
        (0, "", "tt: no finite value above zero to draw\n"),
    ]


def test_the_console_comes_line_by_line(tt_: Cli, folder: Path) -> None:
    run = tt.init("e", "a", store=folder, console=True)
    print("one\ntwo")
    run.finish()

    code, out, _ = tt_("console", "a", "--tail", "1")

    assert (code, out) == (0, "two\n")
    lines = read(tt_, "console", "a")
    assert [(line["number"], line["stream"], line["text"]) for line in lines] == [
        (0, "out", "one"),
        (1, "out", "two"),
    ]


def test_artifacts_are_listed_and_copied_out(tt_: Cli, folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "model.bin"
    source.write_bytes(b"weights")
    run = tt.init("e", "a", store=folder)
    run.log_artifact(source, kind="model", name="../../escape/model.bin")
    run.log_artifact(source, name="named only", copy=False)
    run.finish()
    out = tmp_path / "out"

    code, _, err = tt_("artifacts", "a", "--out", str(out))

    assert code == 1
    assert "named only: not in the store, only its name is known" in err
    assert (out / "escape" / "model.bin").read_bytes() == b"weights"
    assert [a["path"] for a in read(tt_, "artifacts", "a")] == [
        "../../escape/model.bin",
        "named only",
    ]


@pytest.mark.parametrize("path", ["/etc/passwd", "..", "a/../../b", "", "\\..\\c", "a\0b"])
def test_no_artifact_leads_out_of_the_folder_it_is_copied_to(path: str) -> None:
    inner = inner_path(path)

    assert inner
    assert not inner.startswith("/")
    assert ".." not in inner.split("/")


def test_store_counts_what_is_there(tt_: Cli, log_run: LogRun) -> None:
    log_run("a", loss=[1.0, 2.0])
    log_run("b", experiment="other")

    facts = read(tt_, "store")

    assert (facts["runs"], facts["experiments"], facts["points"]) == (2, 2, 2)
    assert facts["journals"] == 0
    assert "runs       2 in 2 experiments" in tt_("store")[1]


def test_no_store_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main(["--store", str(tmp_path / "none"), "ls"])

    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert said.err.count("\n") == 1
    assert "no store here yet" in said.err


@pytest.mark.parametrize(
    "arguments",
    [["lss"], ["ls", "--status", "dead"], ["show"], ["curve", "a", "loss", "--points", "1"]],
)
def test_wrong_arguments_are_trouble_without_a_traceback(
    tt_: Cli, log_run: LogRun, arguments: list[str]
) -> None:
    log_run("a", loss=[1.0])

    code, out, err = tt_(*arguments)

    assert (code, out) == (2, "")
    assert "Traceback" not in err


@pytest.mark.parametrize("command", sorted(cli.COMMANDS))
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main([command, "--help"])

    assert code == 0
    assert capsys.readouterr().out.startswith(f"usage: tt {command}")


def test_a_number_that_is_none_is_refused_in_words(tt_: Cli) -> None:
    code, out, err = tt_("ls", "--limit", "-1")

    assert (code, out) == (2, "")
    assert "'-1' is no whole number from 0 on" in err


def test_a_locked_store_is_read_and_what_waits_is_told(
    tt_: Cli, folder: Path, log_run: LogRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_tracker.cli.ls.READ_WAIT_S", 0.01)
    log_run("a")
    run = tt.init("e", "live", store=folder)
    connection = sqlite3.connect(folder / "store.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")

    code, out, err = tt_("ls", "--json")

    connection.execute("ROLLBACK")
    connection.close()
    run.finish()
    assert code == 0
    assert [run["name"] for run in json.loads(out)] == ["a"]
    assert "another process keeps the store locked" in err

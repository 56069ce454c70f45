"""`tt curve`: several runs, bands, differences, crossings, other axes, CSV."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable

import pytest

import tui_tracker as tt

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def runs(log_run):
    """Two seeds of one setting and a run of another."""
    for name, lr, seed in (("slow", 0.01, 0), ("fast-s0", 0.1, 0), ("fast-s1", 0.1, 1)):
        log_run(
            name,
            params={"lr": lr, "seed": seed},
            val_acc=[min(0.95, step * lr + seed / 100) for step in range(20)],
            epoch=[step / 4 for step in range(20)],
        )


@pytest.mark.usefixtures("runs")
def test_runs_come_first_and_then_metrics(tt_: Cli):
    code, out, err = tt_("curve", "slow", "fast-s0", "val_acc", "--width", "70", "--height", "12")

    legend = out.splitlines()[:2]
    assert (code, err) == (0, "")
    assert legend[0].startswith("a val_acc  slow (last 0.1900")
    assert legend[1].startswith("b val_acc  fast-s0 (last 0.9500")
    assert max(map(len, out.splitlines())) <= 70


@pytest.mark.usefixtures("runs")
def test_without_colours_several_curves_are_drawn_with_their_letters(tt_: Cli):
    _, out, _ = tt_("curve", "slow", "fast-s0", "val_acc", "--height", "12")

    chart = "\n".join(out.splitlines()[2:])
    assert "\x1b" not in out
    assert chart.count("a") > 20
    assert chart.count("b") > 20
    assert not re.search("[⠁-⣿]", out)


@pytest.mark.usefixtures("runs")
def test_a_chart_for_a_chat_is_eighty_columns_and_says_what_x_is(tt_: Cli, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")

    _, out, _ = tt_("curve", "slow", "val_acc", "--x", "epoch")

    assert max(map(len, out.splitlines())) == 80
    assert out.splitlines()[-1].endswith("epoch")


@pytest.mark.usefixtures("runs")
def test_a_crossing_is_told_in_a_sentence_a_run(tt_: Cli):
    _, out, _ = tt_("curve", "slow", "fast-s1", "val_acc", "--cross", "0.5")

    assert out.splitlines()[-2:] == [
        "slow val_acc never reaches 0.5 (nearest 0.1900)",
        "fast-s1 val_acc crosses 0.5 at step 5 (0.5100)",
    ]


@pytest.mark.usefixtures("runs")
def test_crossings_as_json_name_step_time_and_value(tt_: Cli):
    _, out, _ = tt_("curve", "slow", "fast-s1", "val_acc", "--cross", "0.5", "--json")

    slow, fast = json.loads(out)
    assert (slow["step"], slow["time"], slow["value"]) == (None, None, None)
    assert (fast["step"], fast["value"], fast["threshold"]) == (5, 0.51, 0.5)
    assert fast["time"].endswith("Z")


@pytest.mark.usefixtures("runs")
def test_seeds_are_one_band(tt_: Cli):
    _, chart, _ = tt_("curve", "fast-s0", "fast-s1", "slow", "val_acc", "--band")
    _, out, _ = tt_("curve", "fast-s0", "fast-s1", "slow", "val_acc", "--std", "--json")

    assert "val_acc  fast-s0 (mean of 2 runs, smallest and largest)" in chart
    assert "val_acc  slow (1 run" in chart
    fast, slow = json.loads(out)
    assert (fast["runs"], slow["runs"]) == (2, 1)
    assert fast["mean"][1] == pytest.approx(0.105)
    assert fast["high"][1] - fast["mean"][1] == pytest.approx(0.01 / 2**0.5)
    assert slow["low"] == slow["mean"] == slow["high"]


def test_a_band_tells_over_how_many_runs_each_mean_is(tt_: Cli, log_run):
    for seed, steps in ((1, 2), (2, 3)):
        log_run(f"s{seed}", params={"seed": seed}, val_acc=[float(seed)] * steps)

    _, table, _ = tt_("curve", "s1", "s2", "val_acc", "--band", "--csv")
    _, out, _ = tt_("curve", "s1", "s2", "val_acc", "--band", "--json")

    assert [row[-1] for row in csv.reader(io.StringIO(table))][1:] == ["2", "2", "1"]
    (band,) = json.loads(out)
    assert (band["runs"], band["counts"]) == (2, [2, 2, 1])


@pytest.mark.usefixtures("runs")
def test_a_difference_is_aligned_by_step(tt_: Cli, folder):
    run = tt.init("sweep_lr", "sparse", store=folder)
    for step in (0, 10, 19):
        run.log({"val_acc": 0.0}, step=step)
    run.finish()

    _, chart, _ = tt_("curve", "fast-s0", "sparse", "val_acc", "--diff")
    _, out, _ = tt_("curve", "fast-s0", "sparse", "val_acc", "--diff", "--json")

    assert "fast-s0 minus sparse (20 steps, 17 interpolated)" in chart
    (found,) = json.loads(out)
    assert (found["steps"], found["interpolated"]) == (list(range(20)), 17)
    assert found["values"][5] == pytest.approx(0.5)


@pytest.mark.usefixtures("runs")
def test_a_difference_of_other_than_two_curves_is_refused(tt_: Cli):
    code, _, err = tt_("curve", "slow", "val_acc", "--diff")

    assert code == 2
    assert "--diff takes two curves, here are 1" in err


@pytest.mark.usefixtures("runs")
def test_csv_has_a_line_a_step_and_a_column_a_run(tt_: Cli, folder):
    run = tt.init("sweep_lr", "late", store=folder)
    for step in (18, 25):
        run.log({"val_acc": float("nan") if step == 25 else 0.5}, step=step)
    run.finish()

    _, out, _ = tt_("curve", "slow", "late", "val_acc", "--csv")

    rows = list(csv.reader(io.StringIO(out)))
    assert rows[0] == ["step", "slow", "late"]
    assert rows[1] == ["0", "0.0", ""]
    assert rows[19] == ["18", "0.18", "0.5"]
    assert rows[-1] == ["25", "", "NaN"]


@pytest.mark.usefixtures("runs")
def test_csv_of_bands_and_differences(tt_: Cli):
    _, bands, _ = tt_("curve", "fast-s0", "fast-s1", "val_acc", "--band", "--csv")
    _, apart, _ = tt_("curve", "fast-s1", "fast-s0", "val_acc", "--diff", "--csv")

    first, second = (list(csv.reader(io.StringIO(text))) for text in (bands, apart))
    assert first[0][1:] == [f"val_acc  fast-s0 {p}" for p in ("mean", "low", "high", "runs")]
    assert first[1] == ["0", "0.005", "0.0", "0.01", "2"]
    assert second[0] == ["step", "fast-s1", "fast-s0", "difference"]
    assert float(second[2][3]) == pytest.approx(0.01)


@pytest.mark.usefixtures("runs")
def test_a_run_without_the_metric_is_told_and_the_others_drawn(tt_: Cli, log_run):
    log_run("bare", other=[1.0])

    code, out, err = tt_("curve", "slow", "bare", "val_acc")

    assert (code, err) == (0, "tt: bare never logged val_acc\n")
    assert "slow" in out


@pytest.mark.usefixtures("runs")
def test_words_that_are_neither_run_nor_metric_are_answered_with_the_nearest(tt_: Cli):
    said = [
        tt_("curve", "slow", "fast-s0", "val_ac"),
        tt_("curve", "slow", "val_acc", "--x", "epoc"),
    ]

    assert [code for code, _, _ in said] == [2, 2]
    assert "did you mean 'val_acc'" in said[0][2]
    assert "did you mean 'epoch'" in said[1][2]


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize("x", ["step", "time", "clock", "epoch"])
@pytest.mark.parametrize("how", [[], ["--log", "--log-x"], ["--smooth", "0.9"], ["--ascii"]])
def test_every_axis_draws(tt_: Cli, x, how):
    code, out, err = tt_("curve", "slow", "fast-s0", "val_acc", "--x", x, *how)

    assert (code, err) == (0, "")
    assert len(out.splitlines()) >= 20
    assert out.isascii() == ("--ascii" in how)


def test_a_weight_beyond_one_is_refused(tt_: Cli, log_run):
    log_run("a", loss=[1.0])

    code, _, err = tt_("curve", "a", "loss", "--smooth", "1.5")

    assert code == 2
    assert "no number from 0 to 0.999" in err


@pytest.mark.parametrize("how", [(), ("--log",), ("--smooth", "0.5"), ("--cross", "1e308")])
def test_values_at_the_end_of_what_a_float_holds_are_drawn(tt_: Cli, log_run, how):
    wild = [0.0, 1e308, -1e308, 5e-324, math.nan, math.inf, 5.0, 1e308]
    log_run("wild", loss=wild)

    code, out, _ = tt_("curve", "wild", "loss", "--height", "8", *how)

    assert code == 0
    assert "┤" in out

"""The ladder of verdicts: what earns which rung, and what never does."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest

from tui_tracker.errors import InvalidArgument
from tui_tracker.reproduce.tolerance import (
    Choice,
    Rule,
    Settings,
    Tolerance,
    choose_metrics,
    is_clock,
    read_settings,
    tolerance_of,
)
from tui_tracker.reproduce.verdict import (
    Case,
    Curve,
    MetricVerdict,
    first_beyond,
    first_difference,
    grade_metrics,
    overall,
)

SEEDS = [0.842, 0.851, 0.838, 0.860, 0.847]
CLOSE = Tolerance(1e-6, 0.0, None, "same class of machine")


def curve(*values: float) -> Curve:
    return Curve(range(len(values)), values)


def case(original: float, *reruns: float) -> Case:
    return Case(curve(0.5, original), tuple(curve(0.5, value) for value in reruns))


def grade(
    *cases: Case,
    group: list[float] | None = None,
    delta: float | None = None,
    same_conditions: bool = False,
) -> MetricVerdict:
    (found,) = grade_metrics(
        {"val_f1": cases},
        Choice({"val_f1": "main"}, ""),
        {"val_f1": Tolerance(1e-6, 0.0, delta, "same class of machine")},
        {"val_f1": group or []},
        same_conditions=same_conditions,
    )
    return found


def test_the_same_bits_at_every_step_are_identical():
    found = grade(Case(curve(0.1, math.nan, 0.3), (curve(0.1, math.nan, 0.3),)))

    assert (found.verdict, found.first_bits) == ("identical", None)


def test_a_last_bit_is_within_tolerance_and_not_identical():
    found = grade(Case(curve(0.1, 0.2, 0.3), (curve(0.1, 0.2, math.nextafter(0.3, 1)),)))

    assert (found.verdict, found.first_bits, found.first_beyond) == ("within tolerance", 2, None)


def test_a_lost_last_point_is_not_identical():
    found = grade(Case(curve(0.1, 0.3, 0.3), (curve(0.1, 0.3),)))

    assert (found.verdict, found.first_bits) == ("within tolerance", 2)


def test_the_first_step_beyond_the_tolerance_is_told():
    one, other = curve(1.0, 1.0, 1.0, 1.0), curve(1.0, 1.0 + 1e-9, 1.1, 1.2)

    assert first_difference(one, other) == 1
    assert first_beyond(one, other, CLOSE) == 2


@pytest.mark.parametrize("rerun", [0.8449, 0.8475, 0.86, 0.835])
def test_one_rerun_next_to_three_seeds_is_never_consistent(rerun):
    found = grade(case(0.842, rerun), group=SEEDS[:3], delta=0.05)

    assert found.verdict == "inconclusive"
    assert "not inconsistent, weak evidence" in found.why
    assert found.more_runs is not None
    assert found.low is not None


def test_one_rerun_next_to_seeds_is_never_consistent_in_a_thousand_draws():
    draw = random.Random(5).gauss
    verdicts = []

    for _ in range(1000):
        group = [draw(0.8, 0.01) for _ in range(3)]
        found = grade(case(group[0], draw(0.8, 0.01)), group=group, delta=0.1)
        verdicts.append(found.verdict)

    assert "consistent" not in verdicts
    assert verdicts.count("different") / 1000 == pytest.approx(0.05, abs=0.015)


def test_one_rerun_far_outside_what_seeds_predict_is_different():
    assert grade(case(0.842, 0.5), group=SEEDS).verdict == "different"


def test_five_paired_seeds_with_a_shifted_metric_are_different():
    cases = [case(value, value - 0.05 + 0.001 * k) for k, value in enumerate(SEEDS)]

    found = grade(*cases, group=SEEDS)

    assert found.verdict == "different"
    assert found.p is not None
    assert found.p < 0.05
    assert "paired by seed" in found.why


def test_five_paired_seeds_that_agree_are_consistent_within_twice_the_seeds_spread():
    moved = [0.001, -0.002, 0.0015, -0.001, 0.0005]

    found = grade(*[case(v, v + d) for v, d in zip(SEEDS, moved, strict=True)], group=SEEDS)

    assert found.verdict == "consistent"
    assert found.margin == pytest.approx(0.01700588, abs=1e-7)


def test_without_a_margin_nothing_is_consistent_and_the_way_out_is_told():
    cases = [case(0.842, 0.8422), case(0.851, 0.8507), case(0.838, 0.8382)]

    found = grade(*cases, group=SEEDS[:3])

    assert found.verdict == "inconclusive"
    assert 'metrics."val_f1"] delta' in found.why


def test_repeated_runs_that_scatter_settle_it_against_a_declared_margin():
    found = grade(case(0.842, 0.8421, 0.8419, 0.8422, 0.8418, 0.84205), delta=0.01)

    assert found.verdict == "consistent"


def test_reruns_alike_to_the_last_bit_count_as_one_where_the_machine_is_another():
    found = grade(case(0.842, 0.848, 0.848, 0.848, 0.848), group=SEEDS)

    assert found.verdict == "inconclusive"


def test_reruns_alike_to_the_last_bit_under_the_same_conditions_are_different():
    found = grade(case(0.842, 0.9, 0.9), same_conditions=True)

    assert found.verdict == "different"


@pytest.mark.parametrize("rerun", [math.nan, math.inf])
def test_a_value_that_is_no_number_is_different(rerun):
    assert grade(case(0.842, rerun), group=SEEDS).verdict == "different"


def test_a_metric_that_the_rerun_never_logged_is_different():
    assert grade(Case(curve(0.5), (curve(),))).verdict == "different"


def test_equal_groups_are_called_different_at_most_as_often_as_promised():
    draw = random.Random(11).gauss
    wrong, trials = 0, 2000

    for _ in range(trials):
        pairs = [case(draw(0, 1), draw(0, 1)) for _ in range(5)]
        wrong += grade(*pairs).verdict == "different"

    assert wrong / trials <= 0.06


def test_the_p_of_several_metrics_is_corrected():
    pairs = [case(v, v + d) for v, d in zip(SEEDS, [0.1, 0.12, 0.02, 0.2, 0.05], strict=True)]
    names = [f"m{k}" for k in range(8)]

    alone = grade(*pairs)
    together = grade_metrics(
        dict.fromkeys(names, pairs),
        Choice(dict.fromkeys(names, "guard"), ""),
        dict.fromkeys(names, CLOSE),
        {},
        same_conditions=False,
    )

    assert alone.verdict == "different"
    assert {m.verdict for m in together} == {"inconclusive"}
    assert alone.p is not None
    assert together[0].p == pytest.approx(8 * alone.p)


def test_a_clock_is_reported_and_not_judged():
    (found,) = grade_metrics(
        {"epoch_time": [case(3.0, 9.0)]},
        Choice({"epoch_time": "clock"}, ""),
        {},
        {},
        same_conditions=True,
    )

    assert (found.verdict, found.original, found.rerun) == (None, 3.0, 9.0)


@pytest.mark.parametrize(
    "name",
    "time epoch_time train/time_s fit_s step_ms it_per_s samples_per_sec gpu_mem memory peak_rss "
    "throughput tokens_per_second eta inference_latency steps_per_s latency_ms".split(),
)
def test_names_of_clocks_are_known(name):
    assert is_clock(name)


@pytest.mark.parametrize("name", "loss val_f1 times_table_acc sentiment timeliness s1_acc".split())
def test_other_names_are_no_clocks(name):
    assert not is_clock(name)


def verdict(name: str, role: str, found: str | None) -> MetricVerdict:
    return MetricVerdict(name, role, found, "why", 1.0, 1.0, 0.0, 1)  # type: ignore[arg-type]


def test_the_run_is_as_good_as_the_worst_of_main_and_guards():
    found = [verdict("f1", "main", "identical"), verdict("loss", "guard", "different")]

    assert overall(found, files_differ=[], substituted=[])[0] == "different"


def test_other_metrics_and_files_that_differ_keep_a_run_from_being_identical():
    one = [verdict("f1", "main", "identical"), verdict("loss", "other", "within tolerance")]

    assert overall(one, files_differ=[], substituted=[])[0] == "within tolerance"
    assert overall(one[:1], files_differ=["model.pt"], substituted=[])[0] == "within tolerance"
    assert overall(one[:1], files_differ=[], substituted=[])[0] == "identical"


def test_a_substituted_package_keeps_a_run_from_being_more_than_consistent():
    found, why = overall(
        [verdict("f1", "main", "identical")], files_differ=[], substituted=["six 1.16 for 1.15"]
    )

    assert found == "consistent"
    assert "six 1.16" in why


def test_the_main_metric_is_declared_before_it_is_guessed():
    labels = ["loss", "val_f1", "val_acc", "time"]
    declared = Settings(main_metric="loss", guards=("val_acc",))

    assert choose_metrics(labels, Settings(), {}, []).main == "val_f1"
    assert choose_metrics(labels, declared, {}, []).main == "loss"
    assert choose_metrics(labels, declared, {}, ["main_metric:val_acc"]).main == "val_acc"
    chosen = choose_metrics(labels, declared, {"main_metric": "val_f1"}, ["guard:loss"])
    assert chosen.roles == {
        "loss": "guard",
        "time": "clock",
        "val_acc": "guard",
        "val_f1": "main",
    }


def test_tolerances_come_from_the_command_line_then_the_project_then_the_machine():
    settings = Settings(rules={"val_acc": Rule(rtol=0.01, delta=0.02)})

    def tolerance(label: str, **more: float | None) -> tuple[float, float]:
        asked = {"rtol": None, "atol": None, **more}
        found = tolerance_of(label, settings, same_machine=False, examples={"val": 200}, **asked)
        return found.rtol, found.atol

    assert tolerance("loss") == (1e-3, 0.0)
    assert tolerance("val_acc") == (0.01, 1 / 200)
    assert tolerance("train_acc") == (1e-3, 0.0)
    assert tolerance("val_acc", rtol=0.5, atol=0.1) == (0.5, 0.1)


def test_settings_stand_in_the_pyproject_of_the_run(tmp_path: Path):
    (tmp_path / "pyproject.toml").write_text(
        '[tool.tui_tracker.reproduce]\nmain-metric = "f1"\nguard_metrics = ["loss"]\n'
        'rescore = "python e.py"\n[tool.tui_tracker.metrics."f1"]\ndelta = 1\n'
    )

    found = read_settings(tmp_path)

    assert found == Settings("f1", ("loss",), "python e.py", {"f1": Rule(delta=1.0)})
    assert read_settings(tmp_path / "nowhere") == Settings()


@pytest.mark.parametrize(
    "text", ["[", "tool = 3", '[tool.tui_tracker.metrics]\nf1 = {rtol = "x"}', "\ufeff\x00"]
)
def test_settings_that_make_no_sense_are_refused_in_words(tmp_path: Path, text):
    (tmp_path / "pyproject.toml").write_text(text)

    with pytest.raises(InvalidArgument, match=r"pyproject\.toml"):
        read_settings(tmp_path)

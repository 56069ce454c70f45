"""Decisions: who wins, who is eliminated and why, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from lineage_runs import run_with
from scipy import stats

from tui_tracker.decide.candidates import Candidate, group_runs
from tui_tracker.decide.decide import decide
from tui_tracker.decide.parse import parse_rule
from tui_tracker.decide.reading import read_candidates
from tui_tracker.decide.rule import Options
from tui_tracker.errors import RuleInvalid
from tui_tracker.queries import MetricSummary, find_run
from tui_tracker.telling import DELTAS

START = datetime(2026, 1, 1, tzinfo=UTC)
COURSE = "highest mean val_f1 with std <= 0.5; tie-break by accuracy"


def metric(label, last, low=None, high=None):
    name, _, context = label.partition("@")
    low = last if low is None else low
    high = last if high is None else high
    return MetricSummary(name, context, 1, 0, 0, last, last, low, high, last, 0, 0,
                         int(math.isnan(last)), 0, 1)  # fmt: skip


def runs(scores, *, params=None, start=0, **more):
    """One run a value; `scores` is a list of values of val_f1, or dicts of several metrics."""
    made = []
    for seed, score in enumerate(scores):
        values = score if isinstance(score, dict) else {"val_f1": score}
        metrics = {k: v if isinstance(v, MetricSummary) else metric(k, v)
                   for k, v in values.items()}  # fmt: skip
        given = {"seed": seed, **(params or {})}
        at = START + timedelta(seconds=start + seed)
        made.append(Candidate(f"{params}{seed}", f"run{seed}", given, metrics,
                              started_at=at, **more))  # fmt: skip
    return made


def apply(rule, *groups, **more):
    return decide(parse_rule(rule), [run for group in groups for run in group], **more)


def labels(decision):
    return [standing.group.label for standing in decision.ranking]


FLIP = runs([80.1, 81.0, 80.6], params={"aug": "flip"})
CUT = runs([84.2, 84.5, 84.4], params={"aug": "cutout"})
WILD = runs([88.0, 79.0, 86.0], params={"aug": "jitter"})


def test_the_highest_mean_wins_among_those_steady_enough():
    found = apply("highest mean val_f1 with std <= 0.5", FLIP, CUT, WILD)

    assert found.winner is not None
    assert labels(found) == ["aug=cutout", "aug=flip", "aug=jitter"]
    assert [standing.rank for standing in found.ranking] == [1, 2, None]
    assert found.ranking[2].eliminated == "std is 4.726, not <= 0.5"


def test_one_run_has_no_spread_and_never_passes_a_bound_on_it():
    found = apply("highest mean val_f1 with std <= 0.5", runs([99.0], params={"aug": "x"}), CUT)

    assert found.winner is not None
    assert found.winner.group.label == "aug=cutout"
    assert found.ranking[1].eliminated == "std needs at least 2 runs, there is 1"


@pytest.fixture
def too_small(monkeypatch):
    """Declare a difference of val_f1 too small to matter."""
    return lambda delta: monkeypatch.setitem(DELTAS, "val_f1", delta)


NEAR = [[{"val_f1": 80.5 + s, "accuracy": 0.9} for s in (0.1, 0.2, 0.3)],
        [{"val_f1": 80.4 + s, "accuracy": 0.95} for s in (0.1, 0.2, 0.35)]]  # fmt: skip
NEAR_RUNS = [runs(scores, params={"aug": name}) for name, scores in zip("ab", NEAR, strict=True)]


def test_what_is_declared_too_small_to_matter_breaks_no_tie(too_small):
    rule = "highest mean val_f1; tie-break by accuracy"
    before = labels(apply(rule, *NEAR_RUNS))

    too_small(0.2)

    found = apply(rule, *NEAR_RUNS)
    assert (before, labels(found)) == (["aug=a", "aug=b"], ["aug=b", "aug=a"])
    assert any("up to 0.2 are declared too small to matter" in note for note in found.notes)
    assert labels(apply("highest mean val_f1", *NEAR_RUNS)) == ["aug=a", "aug=b"]
    assert labels(apply(f"{rule} within 0.01", *NEAR_RUNS)) == ["aug=a", "aug=b"]


@pytest.mark.parametrize(
    ("delta", "words"),
    [
        (0.3, "For practical purposes it equals aug=b: shown to differ by less than 0.3"),
        (0.1, "The lead is less than 0.1, which is declared too small"),
        (0.001, "The lead is surely more than 0.001"),
        (0.05, "Whether the lead is more than 0.05"),
    ],
)
def test_a_lead_is_measured_against_what_matters(too_small, delta, words):
    too_small(delta)

    found = apply("highest mean val_f1", *NEAR_RUNS)

    assert any(note.startswith(words) for note in found.notes), found.notes
    assert found.lead.delta == delta
    seeds = [{str(s): score["val_f1"] for s, score in enumerate(scores)} for scores in NEAR]
    gaps = [seeds[0][s] - seeds[1][s] for s in seeds[0]]
    low = stats.ttest_1samp(gaps, -delta, alternative="greater").pvalue
    high = stats.ttest_1samp(gaps, delta, alternative="less").pvalue
    assert found.lead.equal_p == pytest.approx(max(low, high), rel=1e-9)


def test_where_nobody_fulfils_the_rule_nobody_wins():
    found = apply("highest val_f1 where n >= 10", FLIP, CUT)

    assert found.winner is None
    assert found.notes[0] == "No group fulfils the rule, so there is no winner."


def test_a_tie_is_broken_by_the_next_metric_and_told():
    first = runs([{"val_f1": 0.8, "val_accuracy": 0.7}] * 2, params={"m": "a"})
    second = runs([{"val_f1": 0.8, "val_accuracy": 0.9}] * 2, params={"m": "b"})

    found = apply("highest mean val_f1; tie-break by accuracy", first, second)

    assert labels(found) == ["m=b", "m=a"]
    assert "A tie was broken by mean(accuracy): 0.9 before 0.7." in found.notes


def test_a_tie_that_stays_goes_to_the_cheaper_then_the_earlier_group():
    dear = runs([0.8, 0.8], params={"m": "dear"}, duration_s=100.0)
    cheap = runs([0.8, 0.8], params={"m": "cheap"}, duration_s=10.0)
    late = runs([0.8, 0.8], params={"m": "late"}, duration_s=10.0, start=500)

    assert labels(apply("max val_f1", late, dear, cheap)) == ["m=cheap", "m=late", "m=dear"]


def test_a_metric_that_says_which_way_it_is_better_breaks_a_tie_that_way():
    slow = runs([{"val_f1": 0.8, "latency_ms": 9.0}], params={"m": "slow"})
    fast = runs([{"val_f1": 0.8, "latency_ms": 5.0}], params={"m": "fast"})

    assert labels(apply("max val_f1; tie-break by latency_ms", slow, fast)) == ["m=fast", "m=slow"]


@pytest.mark.parametrize(
    ("name", "better"),
    [
        ("val_acc_std", 0.1), ("val_acc@loss_probe", 0.9), ("val_brier_score", 0.1),
        ("val_neg_log_loss", 0.9), ("neg_mean_squared_error", 0.9), ("val_acc", 0.9),
    ],
)  # fmt: skip
def test_a_tie_is_broken_the_way_that_a_name_means_and_not_by_its_sound(name, better):
    given = [runs([{"val_f1": 0.8, name: value}], params={"m": value}) for value in (0.1, 0.9)]

    assert labels(apply(f"max val_f1; tie-break by {name}", *given))[0] == f"m={better}"


@pytest.mark.parametrize("name", ["val_acc_gap", "val_f1_n", "neg_loss", "val_reward_var"])
def test_the_direction_of_what_a_quality_is_only_part_of_is_asked_for(name):
    given = [runs([{"val_f1": 0.8, name: value}], params={"m": value}) for value in (1, 2)]

    with pytest.raises(RuleInvalid, match="nobody knows which way"):
        apply(f"max val_f1; tie-break by {name}", *given)


def test_a_direction_nobody_knows_is_asked_for():
    first = runs([{"val_f1": 0.8, "val_zork": 1.0}], params={"m": "a"})
    second = runs([{"val_f1": 0.8, "val_zork": 2.0}], params={"m": "b"})

    with pytest.raises(RuleInvalid, match="nobody knows which way 'val_zork' is better"):
        apply("max val_f1; tie-break by val_zork", first, second)
    told = apply("max val_f1; tie-break by val_zork", first, second,
                 directions={"val_zork": "lowest"})  # fmt: skip
    assert labels(told) == ["m=a", "m=b"]


def test_a_rule_that_asks_for_what_is_worse_says_so():
    first = runs([{"val_f1": 0.8, "val_loss": 1.0}], params={"m": "a"})
    second = runs([{"val_f1": 0.8, "val_loss": 2.0}], params={"m": "b"})

    worse = apply("lowest val_f1; tie-break by highest val_loss", first, second).notes
    right = apply("highest val_f1; tie-break by lowest val_loss", first, second).notes
    spread = apply("lowest std(val_f1)", first, second).notes

    asked = [note for note in worse if "is asked for" in note]
    assert len(asked) == 2
    assert "val_f1 is better the higher it is: did you mean highest" in asked[0]
    assert "val_loss is better the lower it is: did you mean lowest" in asked[1]
    assert not any("is asked for" in note for note in (*right, *spread))


def test_runs_that_take_no_part_are_counted_by_their_reason():
    found = apply(
        "max val_f1", CUT,
        runs([1.0], params={"aug": "f"}, status="failed"),
        runs([1.0], params={"aug": "g"}, archived=True),
        runs([1.0], params={"aug": "h"}, tags=("reproduction",)),
        runs([math.nan], params={"aug": "i"}),
        runs([{"val_loss": 1.0}], params={"aug": "j"}),
    )  # fmt: skip

    assert found.excluded == {
        "failed": 1, "archived": 1, "reproduction": 1, "val_f1 not finite": 1, "without val_f1": 1,
    }  # fmt: skip
    assert len(found.members) == 3


def test_a_loose_bound_on_a_share_is_told():
    low = runs([0.801, 0.805], params={"m": "a"})

    (note,) = [n for n in apply(COURSE.partition(";")[0], low).notes if "never" in n]

    assert note == (
        "std <= 0.5 can never exclude anything on a metric from 0 to 1: did you mean 0.5pp (0.005)?"
    )


def test_points_of_percent_are_hundredths_of_a_share():
    steady = runs([0.800, 0.804], params={"m": "a"})
    wild = runs([0.85, 0.95], params={"m": "b"})

    found = apply("max val_f1 with std <= 0.5pp", steady, wild)

    assert labels(found) == ["m=a", "m=b"]
    assert found.ranking[1].eliminated == "std is 0.07071, not <= 0.005"


@pytest.mark.parametrize(
    "label",
    ["test_f1", "eval/test/f1", "f1@test", "f1@subset=test", "acc@offline,split=testing"],
)
def test_test_data_choose_no_model(label):
    given = runs([{label: 0.9, "val_f1": 0.8}])
    asked = label.replace("@subset=test", "@`subset=test`").replace("@off", "@`off")
    asked += "`" if "`off" in asked else ""

    for rule in (f"max {asked}", f"max val_f1; tie-break by highest {asked}"):
        with pytest.raises(RuleInvalid, match=r"metrics\.test-selection"):
            apply(rule, given)


@pytest.mark.parametrize("label", ["latest_f1", "f1@latest", "ab_test_uplift", "f1@contest"])
def test_what_only_sounds_like_test_data_may_choose(label):
    assert apply(f"max {label}", runs([{label: 0.9}])).metric == label


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"data": {"digits": ("v2", "")}}, "other version of the data digits"),
        ({"data": {"digits": ("v1", "sha256:bb")}}, "other content of the data digits v1"),
        ({"splits": {"digits": "sha256:cc"}}, "other split of digits"),
    ],
)
def test_groups_on_other_data_are_refused(change, words):
    same = {"data": {"digits": ("v1", "sha256:aa" if "bb" in str(change) else "")},
            "splits": {"digits": "sha256:dd"}}  # fmt: skip
    first = runs([0.8], params={"m": "a"}, **same)
    second = runs([0.9], params={"m": "b"}, **{**same, **change})

    with pytest.raises(RuleInvalid, match=words):
        apply("max val_f1", first, second)


@pytest.mark.parametrize("condition", ["data.version = v2", "tag.purpose != debug", "param.n > 1"])
def test_what_a_condition_leaves_out_is_compared_with_nothing(condition):
    old = runs([0.9, 0.8], params={"m": "a", "n": 1}, data={"digits": ("v1", "")},
               tags=("purpose:debug",), code="old")  # fmt: skip
    new = [runs([score, score + 0.1], params={"m": m, "n": 2}, data={"digits": ("v2", "")})
           for m, score in (("b", 0.7), ("c", 0.5))]  # fmt: skip

    found = apply(f"highest val_f1 where {condition} and prob_best >= 0", old, *new)

    assert labels(found) == ["m=b, n=2", "m=c, n=2", "m=a, n=1"]
    assert [s.stats["prob_best"] for s in found.ranking] == [1.0, 0.0, 0.0]
    with pytest.raises(RuleInvalid, match="other version of the data digits"):
        apply(f"highest val_f1 where {condition}; baseline m=a", old, *new)


def test_a_baseline_is_compared_though_a_condition_leaves_it_out():
    base, tried = (runs([s, s + 0.1], params={"m": m}, tags=(f"purpose:{m}",))
                   for m, s in (("baseline", 0.7), ("sweep", 0.8)))  # fmt: skip

    found = apply("highest val_f1 where tag.purpose = sweep; baseline m=baseline", base, tried)

    assert [one.group.label for one in found.against] == ["m=sweep"]


def test_groups_that_share_no_data_are_refused_and_further_data_are_told():
    digits, more = {"digits": ("v1", "")}, {"digits": ("v1", ""), "extra": ("v1", "")}
    first = runs([0.8], params={"m": "a"}, data=digits)

    with pytest.raises(RuleInvalid, match="not all of them used the data digits"):
        apply("max val_f1", first, runs([0.9], params={"m": "b"}, data={"letters": ("v1", "")}))
    found = apply("max val_f1", first, runs([0.9], params={"m": "b"}, data=more))
    assert labels(found) == ["m=b", "m=a"]
    assert any("not all of them used the data extra" in note for note in found.notes)


def test_what_was_not_recorded_refuses_nothing():
    first = runs([0.8], params={"m": "a"}, data={"digits": ("v1", "")})
    second = runs([0.9], params={"m": "b"})

    assert labels(apply("max val_f1", first, second)) == ["m=b", "m=a"]


def test_other_code_is_told_beside_the_winner():
    first = runs([0.8], params={"m": "a"}, code="aaaa")
    second = runs([0.9], params={"m": "b"}, code="bbbb")

    assert any("different code" in note for note in apply("max val_f1", first, second).notes)


def test_a_metric_of_several_contexts_has_to_be_told_which():
    both = runs([{"val_f1@offline_cv": 0.8, "val_f1@shadow_prod": 0.7}] * 2)

    with pytest.raises(RuleInvalid, match="several contexts"):
        apply("max val_f1", both)
    assert apply("max val_f1@shadow_prod", both).metric == "val_f1@shadow_prod"


def test_what_other_ranks_measured_is_no_other_context_and_a_ranking_is_one():
    ranks = runs([{"val_f1@eval": 0.8, "val_f1@eval.rank1": 0.7, "val_f1@rank12": 0.6}] * 2)
    ranking = runs([{"val_f1": 0.8, "val_f1@ranking": 0.7}] * 2)

    assert apply("max val_f1", ranks).metric == "val_f1@eval"
    with pytest.raises(RuleInvalid, match="several contexts"):
        apply("max val_f1", ranking)


@pytest.mark.parametrize(
    ("asked", "labels_", "found"),
    [
        ("val_f1", ["val_f1_macro", "val_loss"], "val_f1_macro"),
        ("accuracy", ["val_accuracy", "train_accuracy"], "val_accuracy"),
        ("val_acc", ["val_accuracy"], "val_accuracy"),
        ("val/f1", ["val/f1"], "val/f1"),
    ],
)
def test_a_name_finds_the_one_metric_it_can_mean(asked, labels_, found):
    assert apply(f"max {asked}", runs([dict.fromkeys(labels_, 0.5)])).metric == found


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("val_f1", "'val_f1' may be any of val_f1_macro, val_f1_micro"),
        ("val_los", "did you mean 'val_loss'"),
        ("zork", "no run has the metric 'zork'"),
    ],
)
def test_a_name_that_means_none_or_several_is_refused(asked, words):
    given = runs([{"val_f1_macro": 0.5, "val_f1_micro": 0.6, "val_loss": 1.0}])

    with pytest.raises(RuleInvalid, match=words):
        apply(f"max {asked}", given)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("param.aug = flip", "param.aug is cutout, not = flip"),
        ("tag.purpose != debug", ""),
        ("tag.purpose = sweep", "tag.purpose is not recorded, not = sweep"),
        ("data.version = v1", "data.version is not recorded, not = v1"),
        ("grade >= B", "grade none, not B or better"),
        ("proof >= L4", "proof L0, not L4 or more"),
        ("no error", ""),
        ("min(val_f1) > 84", ""),
        ("min(val_f1) > 85", "min(val_f1) is 84.2, not > 85"),
    ],
)
def test_conditions_say_why_a_group_is_out(condition, words):
    found = apply(f"max val_f1 where {condition}", CUT)

    assert found.ranking[0].eliminated == words


def test_best_values_are_taken_the_way_the_metric_is_better():
    first = runs([{"val_loss": metric("val_loss", 0.9, low=0.2, high=2.0)}], params={"m": "a"})
    second = runs([{"val_loss": metric("val_loss", 0.5, low=0.4, high=1.0)}], params={"m": "b"})

    assert labels(apply("min median(val_loss, best)", first, second)) == ["m=a", "m=b"]
    assert labels(apply("min val_loss", first, second)) == ["m=b", "m=a"]


def test_a_clear_lead_is_called_clear_and_pairs_seeds():
    found = apply("max val_f1", FLIP, CUT)

    assert found.lead.certainty == "clear"
    assert found.lead.pairs == 3
    assert found.notes[0].startswith("Clear lead over aug=flip: difference 3.8")


def test_a_lead_within_the_noise_says_how_many_seeds_would_settle_it():
    close = runs([84.0, 85.0, 83.9], params={"aug": "noise"})

    found = apply("max val_f1", CUT, close)

    assert found.lead.certainty == "not distinguishable"
    assert found.lead.more_runs is not None
    assert "more seeds would settle it" in found.notes[0]


def test_one_run_each_tells_nothing_about_certainty():
    found = apply("max val_f1", runs([0.8], params={"m": "a"}), runs([0.9], params={"m": "b"}))

    assert found.lead.certainty == "unknown"
    assert "takes at least 2 runs each" in found.notes[0]


def test_the_luck_in_choosing_among_many_is_told():
    many = [runs([80 + m, 80 + m + 0.5, 80 + m + 0.2], params={"m": m}) for m in range(10)]

    assert any("0.89 standard deviations better by luck" in n
               for n in apply("max val_f1", *many).notes)  # fmt: skip


def test_within_an_interval_ties_are_wider():
    close = runs([84.3, 84.6, 84.2], params={"aug": "close"}, duration_s=1.0)
    dear = [
        Candidate(r.id, r.name, r.params, r.metrics, started_at=r.started_at, duration_s=50.0)
        for r in CUT
    ]

    found = apply("max val_f1; tie-break by lowest n val_f1 within ci", dear, close)

    assert labels(found)[0] == "aug=close"


def test_groups_are_all_params_but_the_seed_or_those_named():
    given = [*runs([1, 2], params={"lr": 0.1, "wd": 0}), *runs([3], params={"lr": 0.1, "wd": 1})]

    assert [len(g.runs) for g in group_runs(given)] == [2, 1]
    assert [g.label for g in group_runs(given)] == ["wd=0", "wd=1"]
    assert [len(g.runs) for g in group_runs(given, Options(by=("lr",)))] == [3]


@pytest.mark.parametrize(
    ("one", "other"),
    [(f"{'data/' * 9}v1", f"{'data/' * 9}v2"), (1234567.0, 1234568.0), ([1], "[1]")],
)
def test_no_two_configurations_have_one_name(one, other):
    found = apply("max val_f1", *[runs([0.5], params={"m": m, "n": 0}) for m in (one, other, "x")])

    assert sorted(labels(found)) == sorted([f"m={one!r}", f"m={other!r}", "m=x"])


def test_no_finished_run_is_refused_in_one_sentence():
    with pytest.raises(RuleInvalid, match="no finished run takes part"):
        apply("max val_f1", runs([0.5], status="running"))


def test_the_chance_to_be_best_can_be_the_objective():
    found = apply("max prob_best val_f1", FLIP, CUT)

    assert found.ranking[0].stats["prob_best(val_f1)"] == 1.0


def test_groups_that_tie_are_as_probably_the_best_as_each_other():
    same = [runs([0.9, 0.9], params={"m": m}) for m in "abc"]

    found = apply("max prob_best val_f1 where prob_best >= 0.3", *same, CUT[:0])

    assert [s.stats["prob_best(val_f1)"] for s in found.ranking] == pytest.approx([1 / 3] * 3)


def test_what_no_run_has_makes_nobody_probably_the_best():
    given = [runs([{"val_f1": 0.9, "val_loss": math.nan}] * 2, params={"m": m}) for m in "ab"]

    found = apply("max val_f1 where prob_best(val_loss) >= 0", *given)

    assert {s.eliminated for s in found.ranking} == {
        "prob_best(val_loss) no run has a finite value"
    }


def test_every_group_is_laid_beside_the_baseline_by_shared_seeds():
    found = apply("max val_f1; baseline aug=flip", FLIP, CUT, WILD)

    assert [(one.group.label, one.pairs) for one in found.against] == [
        ("aug=cutout", 3), ("aug=jitter", 3),
    ]  # fmt: skip
    first = found.against[0]
    # Differences 4.1, 3.5 and 3.8: mean 3.8, standard error 0.3 / sqrt(3), t of 2 at 97.5 %.
    reach = 4.302652729911275 * 0.3 / math.sqrt(3)
    assert math.isclose(first.difference, 3.8, rel_tol=1e-9)
    assert math.isclose(first.low, 3.8 - reach, rel_tol=1e-9)
    assert math.isclose(first.high, 3.8 + reach, rel_tol=1e-9)
    assert any(
        note.startswith("aug=cutout is better than aug=flip by 3.8 (95 % interval 3.055 to 4.545")
        for note in found.notes
    )


def test_less_than_the_baseline_is_better_where_the_lowest_wins():
    found = apply("lowest val_f1; baseline aug=flip", FLIP, CUT)

    (versus,) = found.against
    assert versus.difference < 0
    assert any("aug=cutout is worse than aug=flip by 3.8" in note for note in found.notes)


@pytest.mark.parametrize(
    ("named", "words"),
    [("aug=x", "no configuration is the baseline aug=x; there are"),
     ("size=1", "the baseline size=1 may be any of")],
)  # fmt: skip
def test_a_baseline_that_is_none_or_several_is_refused(named, words):
    groups = [runs([0.5], params={"aug": aug, "size": 1}) for aug in ("a", "b")]

    with pytest.raises(RuleInvalid, match=words):
        apply(f"max val_f1; baseline {named}", *groups)


def test_a_baseline_of_one_run_is_told_without_certainty():
    found = apply("max val_f1; baseline aug=x", runs([80.0], params={"aug": "x"}), CUT[:1])

    assert (found.against[0].p, found.against[0].low) == (None, None)
    assert any("how surely cannot be told" in note for note in found.notes)


def test_another_tree_with_the_same_files_run_is_no_other_code():
    first = runs([0.8], params={"m": "a"}, code="aaaa", used="same")
    second = runs([0.9], params={"m": "b"}, code="bbbb", used="same")
    third = runs([0.7], params={"m": "c"}, code="bbbb", used="other")

    assert not any("different code" in note for note in apply("max val_f1", first, second).notes)
    assert any("different code" in note for note in apply("max val_f1", first, third).notes)


def test_one_tree_is_one_code_whichever_of_its_files_were_imported():
    first = runs([0.8], params={"m": "a"}, code="aaaa", used="with a.py")
    second = runs([0.9], params={"m": "b"}, code="aaaa", used="with b.py")

    assert not any("different code" in note for note in apply("max val_f1", first, second).notes)


def test_the_files_that_ran_are_read_where_all_of_them_are_recorded(store, folder):
    file = {"path": "train.py", "sha256": "aa"}
    entry, other = {"kind": "script", **file}, {"path": "model.py", "sha256": "bb"}
    facts = [
        {"entry": entry, "modules": [file, other]},
        {"entry": entry, "modules": [other]},
        {"entry": entry, "modules": [{**other, "sha256": "cc"}]},
        {"entry": entry, "modules": [{"path": "model.py"}]},
        {"entry": {**entry, "kind": "notebook"}, "modules": []},
        {"entry": {"kind": "stdin"}, "modules": []},
        {"entry": entry, "modules": [], "changed": ["train.py"]},
    ]
    ids = [run_with(folder, f"r{at}", modules=part) for at, part in enumerate(facts)]
    keys = [find_run(store, id_) for id_ in ids]

    used = [run.used for run in read_candidates(store, keys, parse_rule("max val_f1"))]

    assert used[0] == used[1] != ""
    assert used[2] not in ("", used[0])
    assert used[3:] == [""] * 4


LOSSES = [{"val_loss": 1.2, "val_acc": 0.93}, {"val_loss": 1.3, "val_acc": 0.91}]


@pytest.mark.parametrize(
    ("condition", "eliminated"),
    [
        ("val_acc >= 90%", ""),
        ("val_acc >= 95%", "mean(val_acc) is 0.92, not >= 0.95"),
        ("std(val_acc) <= 0.5pp", "std(val_acc) is 0.01414, not <= 0.005"),
        ("cv <= 10%", ""),
        ("cv <= 1%", "cv is 0.05657, not <= 0.01"),
        ("prob_best >= 80%", ""),
    ],
)
def test_hundredths_are_those_of_the_metric_that_is_bounded(condition, eliminated):
    found = apply(f"lowest val_loss where {condition}", runs(LOSSES))

    assert found.ranking[0].eliminated == eliminated


def of_scores(name, *scores):
    return [runs([{name: score} for score in given], params={"m": m})
            for m, given in zip("ab", scores, strict=True)]  # fmt: skip


def test_hundredths_are_those_of_what_reaches_1_at_most_however_bad_it_gets():
    wild, steady = of_scores("val_r2", [-0.2, 0.6, 0.9], [0.4, 0.41, 0.42])

    found = apply("highest val_r2 with std <= 5pp", wild, steady)

    assert labels(found) == ["m=b", "m=a"]
    assert found.ranking[1].eliminated == "std is 0.5686, not <= 0.05"


@pytest.mark.parametrize(
    "rule", ["highest val_x with std <= 5pp", "highest val_x; tie-break by std within 5%"]
)
@pytest.mark.parametrize("worst", [-3.0, 120.0])
def test_hundredths_of_what_is_neither_a_share_nor_percent_are_refused(rule, worst):
    given = of_scores("val_x", [worst, 0.6, 0.9], [0.4, 0.41, 0.42])

    with pytest.raises(RuleInvalid, match=r"is 0\.05 or 5 cannot be told, as val_x runs from"):
        apply(rule, *given)


@pytest.mark.parametrize(("name", "told"), [("val_loss", 1), ("val_accuracy", 0)])
@pytest.mark.parametrize("rest", ["with std <= 5%", "; tie-break by std within 5pp"])
def test_points_of_what_may_be_no_percent_are_told(name, told, rest):
    given = of_scores(name, [82.2, 81.6, 0.0], [82.5, 82.51, 82.6])

    notes = apply(f"lowest {name} {rest}", *given).notes

    assert len([n for n in notes if "was taken as 5, as val_loss runs from 0 to 82.6" in n]) == told


def test_a_loose_bound_is_told_of_any_share():
    found = apply(
        "lowest val_loss where std(val_acc) <= 0.5 and std(val_loss) >= 0.3", runs(LOSSES)
    )

    assert [n for n in found.notes if "never" in n] == [
        "std(val_acc) <= 0.5 can never exclude anything on a metric from 0 to 1: did you mean "
        "0.5pp (0.005)?"
    ]


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        ("; group by agu", "no run that takes part has the param 'agu'.* did you mean 'aug'"),
        ("; group by config except lr", "the param 'lr'; there are aug, seed"),
        ("; over fold", "the param 'fold'"),
        (" where param.agu != flip", "the param 'agu'.* did you mean 'aug'"),
        (" where aug = 3", "no run has the metric 'aug'.* did you mean 'param.aug'"),
        (" where sdt <= 3", "no run has the metric 'sdt'.* did you mean 'std'"),
    ],
)
def test_a_param_that_no_run_has_is_refused_with_the_nearest(rest, words):
    with pytest.raises(RuleInvalid, match=words):
        apply(f"highest val_f1{rest}", FLIP, CUT)


def test_a_spread_as_the_objective_says_nothing_of_how_sure_its_means_are():
    found = apply("lowest std(val_f1); baseline aug=flip", FLIP, CUT)

    assert labels(found)[0] == "aug=cutout"
    assert found.lead.certainty == "unknown"
    assert found.notes[0] == "How sure the lead in std is cannot be told: a group has only one."
    # Against the baseline means are compared, and higher ones of val_f1 are better.
    assert found.against[0].difference == pytest.approx(3.8)


def test_a_spread_breaks_a_tie_as_the_lower_of_two():
    wide = runs([{"val_f1": v, "val_acc": v} for v in (0.7, 0.9)], params={"m": "wide"})
    narrow = runs([{"val_f1": v, "val_acc": v} for v in (0.79, 0.81)], params={"m": "narrow"})

    for tie in ("std", "std val_acc", "range(val_f1)", "cv then highest n"):
        assert labels(apply(f"max val_f1; tie-break by {tie}", wide, narrow))[0] == "m=narrow"


def test_within_ci_is_refused_where_no_means_are_compared():
    with pytest.raises(RuleInvalid, match="compares means"):
        apply("lowest std(val_f1); tie-break by val_f1 within ci", FLIP, CUT)


def test_a_winner_whose_mean_is_surely_worse_is_not_called_undistinguishable():
    cheap = runs([{"val_f1": 0.80 + s / 1000, "val_cost": 1} for s in range(4)], params={"m": "c"})
    dear = runs([{"val_f1": 0.81 + s / 990, "val_cost": 9} for s in range(4)], params={"m": "d"})

    found = apply("highest val_f1; tie-break by lowest val_cost within 2pp", dear, cheap)

    assert labels(found) == ["m=c", "m=d"]
    assert found.lead.certainty == "behind"
    assert found.lead.more_runs is None
    assert found.notes[0].startswith("The mean of m=d is surely better, and the rule prefers the")


def test_the_chance_to_be_best_follows_the_metric_and_not_the_word_highest():
    low = runs([{"val_loss": v, "val_acc": v} for v in (0.1, 0.11, 0.12)], params={"m": "low"})
    high = runs([{"val_loss": v, "val_acc": v} for v in (0.5, 0.51, 0.53)], params={"m": "high"})

    found = apply("highest prob_best(val_loss) where prob_best(val_acc) >= 0", low, high)

    assert labels(found) == ["m=low", "m=high"]
    assert found.ranking[0].stats["prob_best(val_loss)"] == 1.0
    assert found.ranking[0].stats["prob_best(val_acc)"] == 0.0
    assert found.lead.certainty == "clear"


def test_the_level_of_intervals_is_that_of_the_rule():
    usual, wide = (apply(f"max val_f1{rest}; baseline aug=flip", FLIP, CUT)
                   for rest in ("", "; ci t 0.999"))  # fmt: skip

    gaps = [4.1, 3.5, 3.8]
    interval = stats.ttest_1samp(gaps, 0).confidence_interval(0.999)
    assert (wide.lead.low, wide.lead.high) == pytest.approx((interval.low, interval.high))
    assert wide.against[0].low == pytest.approx(interval.low)
    assert (usual.lead.certainty, wide.lead.certainty) == ("clear", "not distinguishable")
    assert usual.lead.p == wide.lead.p
    assert "99.9 % interval" in wide.notes[0]
    assert "99.9 % interval" in wide.notes[1]


def test_runs_of_the_winner_that_did_not_count_are_told():
    lucky = runs([0.99, math.nan, 0.9, math.nan], params={"lr": 1})
    failed = [replace(run, id="f") for run in runs([0.1], params={"lr": 1}, status="failed")]
    set_aside = [replace(run, id="a") for run in runs([0.1], params={"lr": 1}, archived=True)]
    other = runs([0.8, math.nan], params={"lr": 2})

    found = apply("highest val_f1", lucky, failed, set_aside, other)

    assert labels(found) == ["lr=1", "lr=2"]
    assert (
        "Only 2 of the 5 runs of the winner's configuration count: 1 failed, 2 val_f1 not finite."
        in found.notes
    )


def test_seeds_of_the_winner_that_were_put_away_are_told_and_earlier_attempts_are_not():
    seeds = runs([0.9, 0.9, 0.2, 0.3], params={"lr": 1})
    away = [replace(run, archived=True) for run in seeds[2:]]
    again = [replace(run, archived=True, id=f"again {run.id}") for run in seeds[:2]]
    other = runs([0.8, 0.8], params={"lr": 2})

    chosen = apply("highest val_f1", seeds[:2], away, again, other).notes
    whole = apply("highest val_f1", seeds[:2], again, other).notes
    loser = apply("lowest val_f1", seeds[:2], away, other).notes

    told = "2 runs of the winner's configuration, of other seeds, were archived."
    assert told in chosen
    assert not any("archived" in note for note in (*whole, *loser))


def test_a_group_keeps_its_name_where_the_others_have_no_value():
    found = apply(
        "highest val_f1", runs([0.9], params={"lr": 1}), runs([math.nan], params={"lr": 2})
    )

    assert labels(found) == ["lr=1"]
    assert found.excluded == {"val_f1 not finite": 1}


def test_no_value_at_all_is_said_so():
    found = apply("highest val_f1", runs([math.nan, math.nan]))
    at = apply("highest mean(val_f1, at 7)", FLIP)

    assert found.notes[0] == "No run has a value of val_f1 to be judged by."
    assert at.excluded == {"without val_f1 at step 7": 3}


def test_a_seed_that_was_run_twice_is_told_and_a_pooled_param_is_not():
    twice = [*runs([0.8, 0.9], params={"lr": 1}), *runs([0.8, 0.9], params={"lr": 1})]
    pooled = [*runs([0.8, 0.9], params={"lr": 1, "wd": 0}), *runs([0.7], params={"lr": 1, "wd": 1})]

    other = runs([0.6, 0.7], params={"lr": 2})
    told = [n for n in apply("highest val_f1", twice, other).notes if "more than once" in n]
    quiet = apply("highest val_f1; group by lr", pooled).notes

    assert len(told) == 1
    assert "in lr=1:" in told[0]
    assert not any("more than once" in note for note in quiet)


def test_a_name_that_was_read_as_another_is_told():
    given = runs([{"val_f1_macro": 0.5, "val_accuracy": 0.6}])

    found = apply("highest val_f1; tie-break by accuracy then val_accuracy", given)

    assert "Names were read so: val_f1 as val_f1_macro, accuracy as val_accuracy." in found.notes
    assert not any("were read so" in n for n in apply("highest val_f1_macro", given).notes)


def test_where_no_run_finished_the_reasons_are_counted():
    with pytest.raises(RuleInvalid, match="no finished run takes part: 2 running"):
        apply("max val_f1", runs([0.5, 0.6], status="running"))


def test_groups_are_paired_only_where_pairs_take_in_every_run():
    wild = runs([0.81, 0.82, 0.80, 0.40], params={"m": "wild"})
    steady = runs([0.70, 0.71, 0.68], params={"m": "steady"})

    found = apply("highest val_f1; baseline m=steady", wild, steady)

    # By the three shared seeds wild would be better by 0.113, and its bad run be forgotten.
    (versus,) = found.against
    means = [sum(v) / len(v) for v in ([0.81, 0.82, 0.80, 0.40], [0.70, 0.71, 0.68])]
    welch = stats.ttest_ind([0.81, 0.82, 0.80, 0.40], [0.70, 0.71, 0.68], equal_var=False)
    assert versus.pairs == found.lead.pairs == 0
    assert abs(versus.difference) == pytest.approx(abs(means[0] - means[1]), abs=1e-12)
    assert versus.p == pytest.approx(welch.pvalue, rel=1e-9)
    assert "not paired by seed" in found.notes[0]


def test_differences_all_alike_are_no_proof_by_themselves():
    first = runs([0.80, 0.90], params={"m": "a"})
    second = runs([0.75, 0.85], params={"m": "b"})

    found = apply("highest val_f1", first, second)

    welch = stats.ttest_ind([0.80, 0.90], [0.75, 0.85], equal_var=False)
    assert found.lead.p == pytest.approx(welch.pvalue, rel=1e-9)
    assert found.lead.certainty == "not distinguishable"


@pytest.mark.parametrize(
    "rule",
    ["lowest val_loss", "lowest iqm(val_loss)", "highest range val_loss", "lowest ci_high val_loss",
     "highest prob_best val_loss", "lowest cv(val_loss); ci bca 0.9; baseline m=1"],
)  # fmt: skip
def test_values_near_the_end_of_all_numbers_end_no_decision(rule):
    groups = [
        runs([{"val_loss": sign * 1e308} for sign in signs], params={"m": number})
        for number, signs in enumerate(((1, -1, 1), (1, 1, 1), (0.5, 0.6, 0.7)))
    ]

    found = apply(rule, *groups)

    assert len(found.ranking) == 3
    assert all(
        value is None or math.isfinite(value)
        for standing in found.ranking for value in standing.stats.values()
    )  # fmt: skip
    assert "nan" not in " ".join(found.notes).split()


def test_a_whole_number_is_one_configuration_however_it_was_written():
    mixed = [*runs([0.8, 0.9], params={"k": 1}), *runs([0.7], params={"k": 1.0})]
    others = [*runs([0.5], params={"k": "1"}), *runs([0.4], params={"k": True}),
              *runs([0.3], params={"k": "true"})]  # fmt: skip

    found = apply("highest val_f1", mixed, others)

    assert [(s.group.label, s.n) for s in found.ranking] == [
        ("k=1", 3), ('k="1"', 1), ("k=True", 1), ('k="true"', 1),
    ]  # fmt: skip


def test_seeds_are_paired_however_they_were_written():
    first = [Candidate(f"a{s}", "", {"m": 1, "seed": s}, {"val_f1": metric("val_f1", v)})
             for s, v in (("0", 0.5), (1.0, 0.7))]  # fmt: skip
    second = runs([0.4, 0.55], params={"m": 2})

    assert apply("highest val_f1", first, second).lead.pairs == 2


@pytest.mark.parametrize("name", ["train.seed", "Seed", "manual_seed", "random_state"])
def test_a_seed_by_any_of_its_names_makes_no_configuration(name):
    given = [Candidate(f"{m}{s}", "", {"m": m, name: s}, {"val_f1": metric("val_f1", m + s)})
             for m in (1, 2) for s in (0, 1)]  # fmt: skip

    found = apply("highest val_f1 with std >= 0", given)

    assert [(s.group.label, s.n) for s in found.ranking] == [("m=2", 2), ("m=1", 2)]
    assert [run.seed for run in given] == [0, 1, 0, 1]


def test_of_several_tags_or_data_sets_none_may_be_what_is_not_wanted():
    both = runs([0.9], params={"m": 1}, tags=("purpose:debug", "purpose:sweep"),
                data={"a": ("v1", ""), "b": ("v2", "")})  # fmt: skip

    out = [apply(f"max val_f1 where {condition}", both).ranking[0].eliminated for condition in (
        "tag.purpose = debug", "tag.purpose != debug", "data.version = v2", "data.version != v1",
        "data.version != v3", "tag.other != debug", "data.hash != x",
    )]  # fmt: skip

    assert [bool(why) for why in out] == [False, True, False, True, False, False, True]


@pytest.mark.parametrize(
    ("condition", "fits"),
    [
        ("data.version = 1.10", False), ("data.version = 1.1", True), ("data.version > 1", True),
        ("data.version != 1.10", True), ("tag.v = 1.10", False), ("tag.v = 1.1", True),
        ("tag.v > 1", True), ("param.lr != 0.001", False), ("param.lr = 1e-03", True),
        ("param.lr <= 0.01", True), ('param.lr = "0.001"', False), ('param.lr = "1e-3"', True),
        ("param.amp = true", True), ("param.amp = 1", False),
    ],
)  # fmt: skip
def test_versions_and_tags_are_words_and_params_that_were_kept_as_text_numbers(condition, fits):
    given = runs([0.9], params={"lr": "1e-3", "amp": True}, tags=("v:1.1",),
                 data={"digits": ("1.1", "")})  # fmt: skip

    (standing,) = apply(f"highest val_f1 where {condition}", given).ranking

    assert (standing.eliminated == "") == fits


def test_folds_have_splits_of_their_own_and_are_compared_fold_by_fold():
    def folds(m, hashes):
        return [
            Candidate(f"{m}{fold}", f"m{m} fold{fold}", {"m": m, "fold": fold, "seed": 0},
                      {"val_f1": metric("val_f1", m + fold / 10 + m * fold**2 / 50)},
                      splits={"digits": hash_})
            for fold, hash_ in enumerate(hashes)
        ]  # fmt: skip

    same = [*folds(1, "abc"), *folds(2, "abc")]
    other = [*folds(1, "abc"), *folds(2, "abx")]

    found = apply("highest val_f1; over fold", same)

    assert [(s.group.label, s.n) for s in found.ranking] == [("m=2", 3), ("m=1", 3)]
    assert found.lead.pairs == 3
    assert "by 3 shared folds" in found.notes[0]
    with pytest.raises(RuleInvalid, match=r"other split of digits \[data\.split-mismatch\]"):
        apply("highest val_f1; over fold", other)
    with pytest.raises(RuleInvalid, match=r"data\.split-mismatch"):
        apply("highest val_f1", same)


def scored(name, scores, losses):
    """Runs of one configuration; a loss of None was not logged."""
    values = [{"val_f1": score} | ({} if loss is None else {"val_loss": loss})
              for score, loss in zip(scores, losses, strict=True)]  # fmt: skip
    return runs(values, params={"m": name})


@pytest.mark.parametrize("bound", ["max(val_loss) < 0.4", "mean(val_loss, best) < 0.4"])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_no_bound_is_passed_by_the_runs_that_went_well(bound, bad):
    lucky = scored("lucky", [0.9, 0.9, 0.9], [0.3, 0.3, metric("val_loss", bad)])
    lucky[2].metrics["val_loss"] = replace(lucky[2].metrics["val_loss"], min=None, max=None)
    steady = scored("steady", [0.8, 0.8, 0.8], [0.3, 0.3, 0.3])

    found = apply(f"highest val_f1 where {bound}", lucky, steady)

    assert labels(found) == ["m=steady", "m=lucky"]
    assert found.ranking[1].eliminated == "val_loss is not finite in 1 of 3 runs"


@pytest.mark.parametrize(
    "rest", [" where max(val_loss) < 0.4", "; tie-break by max(val_loss) within 0.2"]
)
def test_what_not_all_runs_have_is_told(rest):
    some = scored("some", [0.9, 0.9, 0.9], [0.3, None, None])
    whole = scored("whole", [0.8, 0.8, 0.8], [0.3, 0.3, 0.3])

    notes = apply(f"highest val_f1{rest}", some, whole).notes
    counted = apply("highest val_f1 where n(val_loss) >= 1", some, whole).notes

    assert "Not all runs have what max(val_loss) is of: m=some (1 of 3)." in notes
    assert not any("Not all runs" in note for note in counted)


@pytest.mark.parametrize("scores", [([0.9] * 3, [0.8] * 3), ([0.9] * 2, [0.8] * 3)])
def test_seeds_that_change_nothing_prove_nothing(scores):
    same, other = (runs(given, params={"m": m}) for m, given in zip("ab", scores, strict=True))

    found = apply("highest val_f1; baseline m=b; tie-break by std within ci", same, other)

    assert labels(found) == ["m=a", "m=b"]
    assert (found.lead.certainty, found.lead.p) == ("unknown", None)
    assert "of values that have a spread" in found.notes[0]
    assert found.against[0].p is None
    assert not any("A tie was broken" in note for note in found.notes)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ([{"m": 1, "fold": f} for f in range(3)], "`over fold` makes them repeats"),
        ([{"m": 1, "data.cv_fold": f} for f in range(3)], "config except data.cv_fold` makes them"),
        ([{"m": f % 2, "out": f"runs/{f}"} for f in range(4)], "config except out` makes repeats"),
        ([{"m": f, "out": f"runs/{f}"} for f in range(4)], ""),
        ([{"lr": f / 10, "opt": "adam"} for f in range(4)], ""),
        ([{"m": 1, "out": "a"}, {"m": 1, "out": "b"}], ""),
    ],
)
def test_a_param_that_keeps_repeats_apart_is_told(params, words):
    given = [runs([0.5 + at / 9], params={**one, "seed": at}) for at, one in enumerate(params)]

    told = [note for note in apply("highest val_f1", *given).notes if "of its own" in note]

    assert len(told) == bool(words)
    assert words in "".join(told)


@pytest.mark.parametrize(
    "rule", ["highest val_acc", "lowest val_loss; tie-break by val_acc within 9",
             "lowest val_loss where val_acc >= 0.5"]
)  # fmt: skip
def test_a_share_that_is_a_percent_in_some_runs_wins_nothing(rule):
    share, percent = ([{"val_acc": v, "val_loss": 1.0} for v in vs]
                      for vs in ((0.95, 0.96), (81.0, 81.2)))  # fmt: skip
    given = [runs(share, params={"m": "a"}), runs(percent, params={"m": "b"})]

    with pytest.raises(RuleInvalid, match=r"percents have one name \[naming\.metric-unit\]"):
        apply(rule, *given)


def test_a_share_of_one_scale_is_compared_where_a_condition_leaves_the_other_out():
    given = of_scores("val_acc", [0.95, 0.96], [81.0, 81.2])

    found = apply("highest val_acc where param.m = a and std <= 1pp", *given)

    assert labels(found) == ["m=a", "m=b"]
    assert found.ranking[0].eliminated == ""


def test_a_run_without_a_seed_among_those_with_one_is_told():
    summed = [replace(runs([0.9], params={"m": 1})[0], id="sum", params={"m": 1})]

    mixed = apply("highest val_f1", runs([0.8, 0.9], params={"m": 1}), summed).notes
    none = apply("highest val_f1", summed, [replace(summed[0], id="b")]).notes

    assert "Runs without a seed stand among those with one: all runs (1 of 3)." in mixed
    assert not any("without a seed" in note for note in none)


def test_noise_of_rounding_breaks_no_tie():
    def group(m, accuracies, latency):
        values = [{"val_f1": 0.8, "val_acc": a, "latency_ms": latency} for a in accuracies]
        return runs(values, params={"m": m})

    slow, fast = group("slow", (0.1, 0.8), 120.0), group("fast", (0.2, 0.7), 80.0)

    found = apply("highest val_f1; tie-break by val_acc then latency_ms", slow, fast)

    assert labels(found) == ["m=fast", "m=slow"]
    assert "A tie was broken by mean(latency_ms): 80 before 120." in found.notes


def test_the_middle_half_of_few_runs_is_said_to_be_their_mean():
    few, many = (runs([80.0 + s for s in range(n)], params={"n": n}) for n in (3, 4))

    notes = apply("highest iqm(val_f1)", few, many).notes

    assert "The iqm of fewer than 4 runs is their mean: n=3." in notes
    assert not any("iqm of" in note for note in apply("highest val_f1", few, many).notes)


def test_a_configuration_without_the_params_of_others_is_named_by_that():
    given = [runs([0.9], params={"m": 1}), runs([0.8], params={"m": 2}), runs([0.7])]

    assert labels(apply("highest val_f1", *given)) == ["m=1", "m=2", "no m"]
    assert labels(apply("highest val_f1; group by m", *given)) == ["m=1", "m=2", "no m"]


def test_whole_numbers_in_lists_are_one_configuration_however_they_were_written():
    given = [runs([0.9], params={"m": m}) for m in ([1, 2.0], [1.0, 2], [1, "2"])]

    found = apply("highest val_f1", *given)

    assert [s.n for s in found.ranking] == [2, 1]


def test_a_difference_of_means_is_called_so_where_something_else_was_ranked():
    given = runs([0.9, 0.1, 0.2], params={"m": 1}), runs([0.8, 0.85, 0.86], params={"m": 2})

    assert "m=2: difference of the means -0.43" in apply("highest max(val_f1)", *given).notes[0]
    assert "m=1: difference 0.43" in apply("highest val_f1", *given).notes[0]

"""Rules of alerts, and what a watch finds between two looks."""

from __future__ import annotations

import math

import pytest
from processes import end, start, wait_for_line

import tui_tracker as tt
from tui_tracker.alerts import Watch, event_shape, parse_rule, parse_rules
from tui_tracker.drain import recover
from tui_tracker.errors import RuleError, StoreBusy
from tui_tracker.queries import Selection


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("finished", "ended"),
        ("Crashed", "ended"),
        ("dead", "ended"),
        ("started", "started"),
        ("nan", "odd"),
        ("any metric is NaN", "odd"),
        ("val_loss is nan", "odd"),
        ("loss is inf", "odd"),
        ("val_loss > 10", "threshold"),
        ("val_f1>=0.9 first time", "threshold"),
        ("`lr (max)`.min < 1e-3", "threshold"),
        ("tokens > 10M once", "threshold"),
        ("no new step for 10 minutes", "silence"),
        ("no step for 1h30m", "silence"),
        ("any health", "health"),
        ("diverged", "health"),
    ],
)
def test_rules_are_read(text, kind):
    assert parse_rule(text).kind == kind


def test_a_condition_is_read_in_all_its_parts():
    rule = parse_rule("`val loss`.min <= 10k first time")

    found = (rule.metric, rule.statistic, rule.sign, rule.number, rule.once)
    assert found == ("val loss", "min", "<=", 10_000.0, True)


def test_several_rules_may_stand_in_one_text():
    rules = parse_rules(["finished, `a,b` > 1", "nan"])

    assert [rule.text for rule in rules] == ["finished", "`a,b` > 1", "nan"]


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("finishd", "finished"),
        ("crash", "crashed"),
        ("val_loss is nil", "val_loss is nan"),
        ("val_loss > ten", "val_loss > 0.5"),
        ("val_loss > nan", "val_loss is nan"),
        ("no new step for ages", "no new step for 10 minutes"),
        ("no stepp since 10m", "no new step for 10 minutes"),
        ("over fitting", "overfitting"),
        ("", ""),
    ],
)
def test_a_rule_that_is_none_names_the_nearest(text, nearest):
    with pytest.raises(RuleError) as caught:
        parse_rule(text)

    assert caught.value.nearest == nearest


NOW = 2_000_000_000_000


@pytest.fixture
def live(folder):
    """A run that runs."""
    return tt.init("e", "live", store=folder, console=False)


def found(watch, store, now_ms=NOW):
    recover(store)
    return [(event.what, event.metric, event.step) for event in watch.look(store, now_ms)]


def watching(*rules, **options):
    return Watch(parse_rules(rules), **options)


def test_an_end_is_told_once(store, live):
    watch = watching("finished", "dead")
    before = found(watch, store)
    live.log({"loss": 1.0})
    live.finish()

    assert before == []
    assert found(watch, store) == [("finished", "", None)]
    assert found(watch, store) == []


def test_what_ended_before_the_watch_began_is_no_news_unless_asked_for(store, log_run):
    log_run("old", loss=[1.0])

    assert found(watching("finished"), store) == []
    assert found(watching("finished", since_ms=0), store) == [("finished", "", None)]
    assert found(watching("finished", since_ms=NOW), store) == []


def test_a_run_that_begins_and_ends_between_two_looks_is_told(store, log_run):
    watch = watching("started", "finished", "loss > 0.9", "nan")
    found(watch, store)
    log_run("quick", loss=[1.0, math.nan, 0.5])

    told = found(watch, store)

    assert told == [
        ("started", "", None),
        ("finished", "", None),
        ("threshold", "loss", 0),
        ("nan", "loss", 2),
    ]


def test_a_run_that_no_longer_fits_the_query_is_followed_to_its_end(store, live):
    watch = watching("finished", selection=Selection(query="is:running"))
    found(watch, store)
    live.finish()

    assert found(watch, store) == [("finished", "", None)]


def test_other_runs_than_those_asked_for_are_left_alone(store, log_run):
    watch = watching("finished", selection=Selection(query="name = mine"))
    found(watch, store)
    log_run("other", loss=[1.0])
    log_run("mine", loss=[1.0])
    recover(store)

    assert [event.name for event in watch.look(store, NOW)] == ["mine"]


def test_a_nan_is_told_once_a_metric_with_its_first_step(store, live):
    watch = watching("nan")
    for value in (1.0, math.nan, math.nan):
        live.log({"loss": value, "calm": 1.0})

    first = found(watch, store)
    live.log({"loss": math.nan, "calm": math.nan})

    assert first == [("nan", "loss", 1)]
    assert found(watch, store) == [("nan", "calm", 3)]


def test_a_threshold_is_told_when_it_is_crossed_and_again_after_it_was_left(store, live):
    watch = watching("loss > 10")
    told = []

    for minute, value in enumerate((1.0, 11.0, 12.0, 2.0, 13.0)):
        live.log({"loss": value})
        told += found(watch, store, NOW + minute * 61_000)

    assert told == [("threshold", "loss", 1), ("threshold", "loss", 4)]


def test_first_time_is_told_once_however_often_it_is_crossed(store, live):
    watch = watching("f1 > 0.9 first time")
    told = []

    for minute, value in enumerate((0.5, 0.95, 0.5, 0.96)):
        live.log({"f1": value})
        told += found(watch, store, NOW + minute * 61_000)

    assert told == [("threshold", "f1", 1)]


def test_noise_around_a_threshold_is_told_once_a_minute_at_most(store, live):
    watch = watching("loss > 10")
    told = []

    for second in range(120):
        live.log({"loss": 9.0 + 2 * (second % 2)})
        told += found(watch, store, NOW + second * 1000)

    assert len(told) == 2


def test_a_spike_between_two_looks_is_not_missed(store, live):
    watch = watching("loss > 10")
    live.log({"loss": 1.0})
    before = found(watch, store)
    for value in (1.0, 50.0, 1.0):
        live.log({"loss": value})

    assert before == []
    assert found(watch, store) == [("threshold", "loss", 2)]


def test_what_passed_before_the_watch_began_is_no_news(store, live):
    for value in (50.0, 1.0):
        live.log({"loss": value})
    watch = watching("loss > 10", "loss.min < 5")

    assert found(watch, store) == [("threshold", "loss", 1)]


def test_a_nan_after_those_that_passed_before_the_watch_began_is_told(store, live):
    for value in (math.nan, 1.0):
        live.log({"loss": value})
    watch = watching("nan")
    before = found(watch, store)
    for value in (2.0, math.nan):
        live.log({"loss": value})

    assert before == []
    assert [what for what, _, _ in found(watch, store)] == ["nan"]


def test_a_look_that_fails_halfway_loses_nothing(store, live):
    watch = watching("nan", "dead")
    live.log({"loss": 1.0})
    found(watch, store)
    live.log({"loss": math.nan})
    live.finish("failed")

    class Busy:
        """The store while another process keeps it locked at one question."""

        def read(self, sql, bound=()):
            if "SELECT ended_by" in sql:
                raise StoreBusy(store.folder, "locked")
            return store.read(sql, bound)

        def __getattr__(self, name):
            return getattr(store, name)

    with pytest.raises(StoreBusy):
        watch.look(Busy(), NOW)

    assert found(watch, store) == [("failed", "", None), ("nan", "loss", 1)]


def test_silence_is_told_once_until_the_next_step(store, live):
    watch = watching("no new step for 10 minutes")
    live.log({"loss": 1.0})
    recover(store)
    last_ms = store.read("SELECT max(last_ms) FROM metric")[0][0]
    minutes = [found(watch, store, last_ms + minute * 60_000) for minute in (9, 10, 11, 60)]

    live.log({"loss": 1.0})

    assert minutes == [[], [("silence", "", None)], [], []]
    assert found(watch, store, last_ms + 61 * 60_000) == [("silence", "", None)]


def test_whatever_health_finds_is_told_once(store, live):
    watch = watching("any health")
    for step in range(60):
        live.log({"loss": 50.0 if step == 40 else 1 / (step + 1)})

    now_ms = live_ms(store)
    assert found(watch, store, now_ms) == [("spike", "loss", 40)]
    assert found(watch, store, now_ms) == []


def live_ms(store):
    recover(store)
    return store.read("SELECT max(last_ms) FROM metric")[0][0]


def test_a_run_that_goes_on_is_watched_again(store, folder, log_run):
    log_run("run", loss=[1.0])
    watch = watching("started", "finished")
    found(watch, store)
    resumed = tt.init("sweep_lr", "run", resume="run", store=folder, console=False)
    running = found(watch, store)
    resumed.finish()

    assert running == [("started", "", None)]
    assert found(watch, store) == [("finished", "", None)]


def test_the_death_of_a_process_is_told_with_why(store, folder):
    process = start(folder, 'run = tt.init("e", "victim")\nrun.log({"loss": 1})\nready()\nwait()')
    wait_for_line(process)
    watch = watching("crashed")
    before = found(watch, store)
    process.kill()
    end(process)
    recover(store)

    (event,) = watch.look(store, NOW)

    assert before == []
    assert (event.what, event.bad, event.name) == ("crashed", True, "victim")
    assert event.words.endswith("the process vanished without a word")


def test_an_event_hides_secrets_and_says_numbers_that_json_has_not_in_words(store, folder):
    token = "ghp_" + "a1B2" * 9
    run = tt.init("e", "run", store=folder, console=False)
    watch = watching("failed", "nan")
    found(watch, store)
    run.log({"loss": math.nan})
    run.finish("failed", f"cannot push with {token}")
    recover(store)

    shapes = [event_shape(event) for event in watch.look(store, NOW)]

    assert {shape["what"] for shape in shapes} == {"failed", "nan"}
    assert token not in str(shapes)
    assert [shape["value"] for shape in shapes if shape["what"] == "nan"] == ["NaN"]
    assert all(shape["text"] == shape["content"] for shape in shapes)

"""Stored decisions: kept once, stale when their runs change, and healthy curves as a condition."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from test_decide import runs

import tui_tracker as tt
from tui_tracker import edits
from tui_tracker.audit.amendments import Correction, amend
from tui_tracker.audit.record import read_records
from tui_tracker.decide import reading, records
from tui_tracker.decide.asking import decide_for, find_asked
from tui_tracker.decide.health import health_words, unwell_words
from tui_tracker.decide.parse import parse_rule
from tui_tracker.decide.records import (
    Staleness,
    check_decision,
    list_decisions,
    save_decision,
)
from tui_tracker.drain import recover
from tui_tracker.health import Health
from tui_tracker.queries import list_run_keys
from tui_tracker.report.writing import report
from tui_tracker.store import Store

LogRun = Callable[..., tt.Run]
Cli = Callable[..., tuple[int, str, str]]
RULE = "highest mean(val_f1)"


@pytest.fixture
def swept(log_run: LogRun) -> None:
    for lr, score in ((0.1, 0.8), (0.01, 0.6)):
        for seed in range(2):
            log_run(f"{lr}-{seed}", params={"lr": lr, "seed": seed}, val_f1=[score + seed / 100])


def stored(folder: Path) -> tuple[int, bool]:
    with Store.open(folder) as store:
        keys = find_asked(store, "sweep_lr")
        return save_decision(store, "sweep_lr", decide_for(store, keys, parse_rule(RULE)))


@pytest.mark.usefixtures("swept")
def test_the_same_decision_on_the_same_runs_is_stored_once(folder: Path, log_run: LogRun) -> None:
    assert stored(folder) == (1, True)
    assert stored(folder) == (1, False)

    log_run("late", params={"lr": 0.1, "seed": 5}, val_f1=[0.7])

    assert stored(folder) == (2, True)


@pytest.mark.usefixtures("swept")
def test_a_decision_goes_stale_with_new_and_changed_runs_and_says_who_wins_now(
    tt_: Cli, log_run: LogRun, folder: Path
) -> None:
    assert tt_("decide", "sweep_lr", RULE)[0] == 0
    assert "it still holds" in tt_("decisions")[1]

    for seed in range(3):
        log_run(f"new{seed}", params={"lr": 0.3, "seed": seed}, val_f1=[0.95])
    with Store.open(folder) as store:
        edits.archive(store, list_run_keys(store)[-1:])

    code, out, _ = tt_("decisions", "sweep_lr")
    assert code == 1
    assert "stale: 3 new runs, 1 run changed; the winner would now be lr=0.3" in out
    (shape,) = json.loads(tt_("decisions", "--json")[1])
    assert (shape["winner"], shape["winner_now"], shape["stale"]) == ("lr=0.1", "lr=0.3", True)
    assert (shape["new"], shape["changed"], shape["gone"]) == (3, 1, 0)


@pytest.mark.usefixtures("swept")
def test_notes_and_names_leave_a_decision_fresh(folder: Path) -> None:
    stored(folder)
    with Store.open(folder) as store:
        edits.note(store, list_run_keys(store), "looked at it")
        edits.rename(store, list_run_keys(store)[0], "better name")
        (recorded,) = list_decisions(store)

        assert not check_decision(store, recorded).is_stale


@pytest.mark.usefixtures("swept")
def test_a_decision_whose_runs_are_gone_is_stale(folder: Path) -> None:
    stored(folder)
    with Store.open(folder) as store:
        edits.trash(store, list_run_keys(store))
        (recorded,) = list_decisions(store)
        found = check_decision(store, recorded)

    assert (found.is_stale, found.gone, found.problem) == (True, 4, "its runs are gone")


@pytest.mark.usefixtures("swept")
def test_runs_of_several_experiments_that_count_as_one_are_told(folder: Path, tt_: Cli) -> None:
    for seed in range(2):
        with tt.init("other", params={"lr": 0.01, "seed": seed}, store=folder) as run:
            run.log({"val_f1": 0.9})

    both = json.loads(tt_("decide", "lr > 0", RULE, "--json")[1])["note"]
    one = json.loads(tt_("decide", "sweep_lr", RULE, "--json")[1])["note"]

    assert "one configuration where their params are equal: lr=0.01 (other, sweep_lr)." in both
    assert "several experiments" not in one


@pytest.mark.usefixtures("swept")
def test_a_name_that_is_read_anew_changes_who_would_win(
    folder: Path, log_run: LogRun, tt_: Cli
) -> None:
    log_run("other", params={"lr": 0.3, "seed": 0}, val_f1_score=[0.99])
    stored(folder)

    tt_("names", "fix", "--metric", "val_f1_score=val_f1")

    assert "stale: what it rests on changed; the winner would now be lr=0.3" in tt_("decisions")[1]
    tt_("names", "undo")
    assert "it still holds" in tt_("decisions")[1]


@pytest.mark.usefixtures("swept")
def test_values_that_changed_without_a_point_more_make_a_decision_anew(
    folder: Path, tt_: Cli
) -> None:
    stored(folder)

    with Store.open(folder) as store, store.write() as connection:
        connection.execute("UPDATE metric SET last = 1 - last, min = 1 - min, max = 1 - max")

    assert "the winner would now be lr=0.01" in tt_("decisions")[1]


@pytest.mark.usefixtures("swept")
def test_candidates_are_those_of_the_whole_records(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tt.init("sweep_lr", params={"lr": 7, "seed": 0}, tags=["x"], store=folder) as run:
        run.log_data("digits", data=[[1.0, 2.0]], version="v1")
        run.log_split(train=[0], val=[1])
        run.log({"val_f1": 0.4}, step=3)
    rule = parse_rule("highest mean(val_f1, at 3) with proof >= L0")
    with Store.open(folder) as store:
        recover(store)
        keys = find_asked(store, "sweep_lr")
        found = reading.read_candidates(store, keys, rule)
        monkeypatch.setattr(reading, "_records", lambda *asked: list(read_records(*asked)))
        whole = reading.read_candidates(store, keys, rule)

    assert found == whole
    assert found[-1].data == {"digits": ("v1", found[-1].data["digits"][1])}
    assert found[-1].splits
    assert found[-1].steps == {("val_f1", 3): 0.4}


def test_a_step_of_a_run_that_was_taken_up_again_counts_with_its_last_value(folder: Path) -> None:
    for lr, gain in ((0.1, 0.0), (0.01, 0.1)):
        with tt.init("resumed", params={"lr": lr, "seed": 0}, store=folder) as run:
            # The checkpoint was of step 4, and the second attempt ended before the first.
            for step in (3, 4, 5, 6, 7, 4, 5, 6):
                run.log({"val_f1": step / 10 + gain, "loss": 0.5}, step=step)
    with Store.open(folder) as store:
        recover(store)
        keys = find_asked(store, "resumed")

        at = {step: decide_for(store, keys, parse_rule(f"highest mean(val_f1, at {step})"))
              for step in (3, 7)}  # fmt: skip
        beyond = decide_for(store, keys, parse_rule("highest mean(val_f1, at 8)"))

    assert [s.values for s in at[3].ranking] == [(0.4,), (0.3,)]
    assert dict(beyond.excluded) == {"without val_f1 at step 8": 2}
    assert [s.values for s in at[7].ranking] == [pytest.approx((0.8,)), (0.7,)]


@pytest.mark.usefixtures("swept")
def test_no_number_that_was_typed_in_afterwards_wins(folder: Path, log_run: LogRun) -> None:
    log_run("typed", params={"lr": 7, "seed": 0}, loss=[0.5])
    with Store.open(folder) as store:
        keys = find_asked(store, "sweep_lr")
        for key in keys[2:]:
            item = Correction("metrics.val_f1", None, {"last": 0.99}, "a log", "likely")
            amend(store, key, [item], reason="read it")

        found = [
            decide_for(store, keys, parse_rule(f"highest mean(val_f1{pick})"))
            for pick in ("", ", best", ", at 0")
        ]
        page = report(store, "sweep_lr", "md", rule=RULE)

    for one in found:
        assert [s.group.label for s in one.ranking] == ["lr=0.1", "lr=0.01"]
        assert dict(one.excluded) == {"without val_f1": 1}
    assert "0.99" not in page


@pytest.mark.usefixtures("swept")
def test_what_ends_after_a_decision_was_made_makes_it_stale_however_late_it_is_stored(
    folder: Path, log_run: LogRun
) -> None:
    with Store.open(folder) as store:
        made = decide_for(store, find_asked(store, "sweep_lr"), parse_rule(RULE))

    log_run("late", params={"lr": 0.3, "seed": 0}, val_f1=[0.99])

    with Store.open(folder) as store:
        save_decision(store, "sweep_lr", made)
        found = check_decision(store, list_decisions(store)[0])
    assert (found.new, found.winner) == (1, "lr=0.3")


@pytest.mark.usefixtures("swept")
def test_a_decision_that_is_not_there_is_said_so(tt_: Cli, folder: Path) -> None:
    stored(folder)

    assert tt_("decisions", "show", "x")[::2] == (
        2, "tt: which decision? tt decisions show N, the number that it has\n",
    )  # fmt: skip
    assert "no decision about 'nosuch' is stored" in tt_("decisions", "nosuch")[2]


def rewritten(folder: Path, column: str, value: str) -> Staleness:
    """The staleness of the first decision, had an older version stored this."""
    with Store.open(folder) as store:
        with store.write() as connection:
            connection.execute(f"UPDATE decision SET {column} = ?", (value,))
        return check_decision(store, list_decisions(store)[0])


@pytest.mark.usefixtures("swept")
def test_a_decision_by_rules_that_meant_something_else_is_made_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr(records, "RULESET", 1)
        stored(folder)

    same = rewritten(folder, "winner", '"lr=0.1"')
    other = rewritten(folder, "rule", "lowest mean(val_f1)")

    assert not same.is_stale
    assert (other.is_stale, other.winner) == (True, "lr=0.01")


def test_a_winner_is_the_same_though_others_give_it_a_longer_name(
    folder: Path, log_run: LogRun
) -> None:
    log_run("best", params={"lr": 0.1, "wd": 0}, val_f1=[0.8])
    log_run("other", params={"lr": 0.01, "wd": 0}, val_f1=[0.6])
    stored(folder)
    log_run("more", params={"lr": 0.1, "wd": 1}, val_f1=[0.1])

    with Store.open(folder) as store:
        found = check_decision(store, list_decisions(store)[0])

    assert (found.new, found.winner, found.other_winner) == (1, "lr=0.1, wd=0", False)


@pytest.mark.usefixtures("swept")
def test_a_winner_of_the_same_name_may_be_another(folder: Path) -> None:
    with Store.open(folder) as store:
        best, other = (found := find_asked(store, "sweep_lr"))[:2], found[2:]
        edits.archive(store, other)
        stored(folder)
        edits.archive(store, best)
        edits.unarchive(store, other)
        found = check_decision(store, list_decisions(store)[0])

    assert (found.winner, found.other_winner) == ("all runs", True)


@pytest.mark.usefixtures("swept")
def test_a_stored_rule_that_no_longer_parses_spoils_no_list(folder: Path) -> None:
    stored(folder)

    found = rewritten(folder, "rule", "highest val_f1 where n >= 2.5")

    assert found.is_stale
    assert "as a whole number is wanted" in found.problem


@pytest.mark.usefixtures("swept")
def test_a_stored_decision_is_shown_whole(tt_: Cli) -> None:
    made = json.loads(tt_("decide", "sweep_lr", RULE, "--json")[1])

    assert made["decision"] == 1
    shown = json.loads(tt_("decisions", "show", "1", "--json")[1])
    assert shown["decision"]["ranking"] == made["ranking"]
    assert "lr=0.1" in tt_("decisions", "show", "1")[1]
    code, _, told = tt_("decisions", "show", "7")
    assert (code, "no decision named '7'" in told) == (2, True)


@pytest.mark.usefixtures("swept")
def test_nothing_is_stored_where_that_is_not_wanted(tt_: Cli) -> None:
    assert json.loads(tt_("decide", "sweep_lr", RULE, "--no-save", "--json")[1])["decision"] is None
    assert "no decision is stored yet" in tt_("decisions")[2]


@pytest.mark.usefixtures("swept")
def test_a_decision_without_a_winner_is_stored_as_well(tt_: Cli) -> None:
    assert tt_("decide", "sweep_lr", "highest val_f1 where n >= 9")[0] == 1
    assert json.loads(tt_("decisions", "--json")[1])[0]["winner"] is None


@pytest.mark.usefixtures("swept")
def test_the_rule_of_a_plan_decides(tt_: Cli, tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(f'experiment = "sweep_lr"\nrule = "{RULE}"\n')

    assert tt_("decide", "--plan", str(path))[1].startswith("lr=0.1")
    lowest = tt_("decide", "--plan", str(path), "lowest val_f1")[1]
    assert lowest.startswith("lr=0.01")
    path.write_text('experiment = "sweep_lr"\n')
    assert "the plan has no rule" in tt_("decide", "--plan", str(path))[2]
    assert "an experiment and a rule are needed" in tt_("decide", "sweep_lr")[2]


def test_a_mistake_in_a_rule_is_marked_below_it(tt_: Cli, log_run: LogRun) -> None:
    log_run("a", val_f1=[0.5])

    code, _, told = tt_("decide", "sweep_lr", "highest val_f1 wth n > 1")

    assert code == 2
    first, second, third = told.splitlines()
    assert first == "  highest val_f1 wth n > 1"
    assert second.index("^") == first.index("wth")
    assert third.endswith("did you mean 'with'?")


# Health.


def sick(kind: str, step: int | None = 3) -> Health:
    return Health(kind, "loss", step, f"{kind} at step {step}", "bad")  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["stable", "no health", "no health and stable and n >= 2"])
def test_conditions_of_health_are_written_as_they_are_read(text: str) -> None:
    rule = parse_rule(f"highest val_f1 where {text}")

    assert str(rule).endswith(f"where {text}")
    assert parse_rule(str(rule)) == rule


def test_a_metric_may_still_be_called_stable() -> None:
    rule = parse_rule("max stable where stable <= 3; tie-break by highest stable")

    assert parse_rule(str(rule)) == rule
    assert str(rule) == (
        "highest mean(stable) where mean(stable) <= 3; tie-break by highest mean(stable)"
    )


def test_a_plateau_is_stable_and_yet_not_well() -> None:
    flat = runs([0.5, 0.5], health=(sick("plateau"),))
    wild = runs([0.5], health=(sick("diverged"), sick("nan")))

    assert unwell_words(flat, wholly=False) == ""
    assert unwell_words(flat, wholly=True) == "2 of 2 runs not well: loss: plateau at step 3"
    assert unwell_words([*flat, *wild], wholly=False) == (
        "1 of 3 runs not stable: loss: nan at step 3"
    )


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"a": []}, "The winner's one run has stable curves."),
        ({"a": [], "b": []}, "All 2 runs of the winner have stable curves."),
        ({"a": [sick("plateau")], "b": []}, "stable, but loss: plateau at step 3."),
        ({"a": [], "b": [sick("diverged", 812)]}, "not stable: loss: diverged at step 812 in b."),
    ],
)
def test_a_note_tells_the_health_of_the_winner(told: dict[str, list[Health]], words: str) -> None:
    assert health_words(told).endswith(words)


def test_a_rule_drops_what_diverged(log_run: LogRun, tt_: Cli) -> None:
    down = [2.0 * 0.97**step for step in range(100)]
    log_run("fine", params={"lr": 1}, val_f1=[0.7], train_loss=down)
    log_run(
        "wild", params={"lr": 2}, val_f1=[0.9], train_loss=[*down, *(10.0**n for n in range(30))]
    )

    found = json.loads(tt_("decide", "sweep_lr", "highest val_f1 with stable", "--json")[1])

    assert found["winner"] == {"lr": 1}
    assert "1 of 1 runs not stable: train_loss: diverged" in found["ranking"][1]["eliminated"]
    assert "The winner's one run has stable curves." in found["note"]

"""Decisions in the app: the ranking, the rule that is typed, what is refused and kept."""

from __future__ import annotations

import math

import pytest
from tui_pilot import opened, screen_text, see, until

from tui_tracker.decide.asking import decide_for
from tui_tracker.decide.complete import complete_rule
from tui_tracker.decide.parse import parse_rule
from tui_tracker.decide.records import list_decisions, save_decision
from tui_tracker.errors import RuleInvalid
from tui_tracker.queries import find_run, list_run_keys
from tui_tracker.tui.screens.decide import DecideScreen, RuleLine
from tui_tracker.tui.screens.runs import RunsScreen


@pytest.fixture
def sweep(log_run):
    for lr, base in ((0.1, 0.8), (0.2, 0.6), (0.3, 0.4)):
        for seed in range(3):
            log_run(f"{lr}-{seed}", params={"lr": lr, "seed": seed}, val_f1=[base + seed / 100])


async def decided(pilot) -> DecideScreen:
    await pilot.press("D")
    await see(pilot, "rule  highest mean val_f1", "★ lr=0.1")
    return pilot.app.screen


async def type_rule(pilot, text: str) -> RuleLine:
    await pilot.press("e")
    line = pilot.app.screen.query_one(RuleLine)
    line.input.value = text
    line.input.cursor_position = len(text)
    await pilot.pause()
    return line


@pytest.mark.usefixtures("sweep")
async def test_the_ranking_stands_with_its_notes(store):
    async with opened(store) as pilot:
        screen = await decided(pilot)

        assert [row.label for row in screen.table.rows] == ["lr=0.1", "lr=0.2", "lr=0.3"]
        assert [row.n for row in screen.table.rows] == ["3", "3", "3"]
        await see(pilot, "mean(val_f1)", "std", "9 runs, 3 configurations")


@pytest.mark.usefixtures("sweep")
async def test_a_rule_is_typed_with_errors_at_their_place_and_remembered(store):
    async with opened(store) as pilot:
        screen = await decided(pilot)

        await type_rule(pilot, "highest mean val_f1 with std <")
        await see(pilot, "^ a number is wanted")
        await pilot.press("enter")
        assert screen.query(RuleLine)

        await type_rule(pilot, "highest mean val_f1 with mean(val_f1) <= 0.7")
        await pilot.press("enter")
        await see(pilot, "★ lr=0.2", "eliminated")
        await pilot.press("e", "up")
        await until(pilot, lambda: screen.query_one(RuleLine).input.value)
        await pilot.press("escape")
        assert not screen.query(RuleLine)


@pytest.mark.usefixtures("sweep")
async def test_tab_completes_functions_and_metrics(store):
    async with opened(store) as pilot:
        await decided(pilot)
        line = await type_rule(pilot, "highest mean val")

        await pilot.press("tab")

        await until(pilot, lambda: line.input.value == "highest mean val_f1 ")


@pytest.mark.usefixtures("sweep")
async def test_what_cannot_be_decided_is_told_in_a_sentence(store):
    async with opened(store) as pilot:
        screen = await decided(pilot)
        await type_rule(pilot, "highest mean val_f2")
        await pilot.press("enter")

        await see(pilot, "Not decided", "val_f1")
        assert "★" not in screen_text(pilot)
        assert screen.table.rows == ()


@pytest.mark.usefixtures("sweep")
async def test_what_settings_forbid_shows_no_winner_of_another_rule(store, tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").write_text('[tool.tui_tracker.audit]\nprofile = "sed"\n')
    monkeypatch.chdir(tmp_path)
    async with opened(store) as pilot:
        screen = await decided(pilot)
        await type_rule(pilot, "lowest val_f1 where grade >= B")
        await pilot.press("enter")

        await see(pilot, "Not decided", "no audit profile 'sed'")
        assert "★" not in screen_text(pilot)
        assert screen.table.rows == ()


@pytest.mark.parametrize("name", ["max", "n", "my score (%)"])
async def test_the_rule_to_begin_with_is_one_whatever_the_metric_is_called(store, log_run, name):
    log_run("one", params={"lr": 1, "seed": 0}, **{name: [0.5]})
    async with opened(store) as pilot:
        await pilot.press("D")

        await see(pilot, "★ all runs", f"mean `{name}`")


async def test_runs_without_a_finite_value_are_said_to_have_none(store, log_run):
    log_run("gone", params={"lr": 1, "seed": 0}, val_f1=[math.nan])
    async with opened(store) as pilot:
        await pilot.press("D")

        await see(pilot, "no winner  1 run, 0 configurations", "No run has a value to be judged by")
        assert "reading" not in screen_text(pilot)


@pytest.mark.usefixtures("sweep")
async def test_enter_marks_the_runs_of_a_configuration(store):
    async with opened(store) as pilot:
        await decided(pilot)

        await pilot.press("j", "enter")

        await see(pilot, "Marked the 3 runs of lr=0.2")
        assert isinstance(pilot.app.screen, RunsScreen)
        wanted = {find_run(store, f"0.2-{seed}") for seed in range(3)}
        assert pilot.app.screen.table.marked == wanted


@pytest.mark.usefixtures("sweep")
async def test_a_decision_of_an_experiment_is_kept_once(store):
    async with opened(store) as pilot:
        await pilot.press("tab", "j")
        await see(pilot, "sweep_lr")
        await until(pilot, lambda: pilot.app.screen.tree_pane.where)
        await decided(pilot)

        await pilot.press("w")
        await see(pilot, "Decision 1 kept")
        await pilot.press("w")
        await see(pilot, "Decision 1 was kept before")

    (kept,) = list_decisions(store)
    assert (kept.experiment, kept.winner) == ("sweep_lr", "lr=0.1")


@pytest.mark.usefixtures("sweep")
async def test_a_kept_decision_that_went_stale_is_told_beside_the_new_one(store, log_run):
    rule = parse_rule("highest mean val_f1")
    keys = list_run_keys(store)
    save_decision(store, "sweep_lr", decide_for(store, keys, rule))
    for seed in range(3):
        log_run(f"late-{seed}", params={"lr": 0.7, "seed": seed}, val_f1=[0.95])

    async with opened(store, size=(160, 45)) as pilot:
        await pilot.press("tab", "j")
        await until(pilot, lambda: pilot.app.screen.tree_pane.where)

        await pilot.press("D")

        await see(pilot, "★ lr=0.7", "Decision 1, lr=0.1 by highest mean(val_f1), is stale: 3 new")


@pytest.mark.usefixtures("sweep")
async def test_the_cursor_stays_on_its_configuration_when_a_run_changes_the_ranking(store, log_run):
    async with opened(store) as pilot:
        screen = DecideScreen((), "sweep_lr", "sweep_lr", "highest mean val_f1")
        await pilot.app.push_screen(screen)
        await see(pilot, "★ lr=0.1")
        await pilot.press("down", "down")

        log_run("0.2-3", params={"lr": 0.2, "seed": 3}, val_f1=[2.0])
        screen.read_again()
        await until(pilot, lambda: screen.table.rows[0].label == "lr=0.2")

        assert screen.table.current.label == "lr=0.3"


@pytest.mark.usefixtures("sweep")
async def test_marked_runs_are_decided_among_but_not_kept(store):
    async with opened(store) as pilot:
        await pilot.press("A", "D")
        await see(pilot, "9 marked › decide", "★ lr=0.1")

        await pilot.press("w")

        await see(pilot, "clear marks")
    assert list_decisions(store) == []


async def test_runs_without_a_metric_say_so(store, log_run):
    log_run("bare")
    async with opened(store, size=(80, 24)) as pilot:
        await pilot.press("D")
        await see(pilot, "These runs logged no metric to decide by")


def test_what_can_follow_depends_on_what_stands_before():
    metrics, params = ["val_f1", "val_loss"], ["lr"]

    def offered(text: str) -> list[str]:
        return [word for word, _ in complete_rule(text, len(text), metrics, params)[1]]

    assert offered("") == ["highest", "lowest"]
    assert offered("hi") == ["highest"]
    assert "val_f1" in offered("highest ")
    assert offered("highest mean(val_l") == ["val_loss"]
    assert offered("highest val_f1; group by ") == ["lr", "config"]
    assert "grade >=" in offered("highest val_f1 where ")
    assert complete_rule("highest me", 10, metrics, params)[0] == 8


METRICS, PARAMS = ["val_f1", "val loss", "max", "acc@cv"], ["lr", "batch size"]
BEGUN = ("", "highest ", "highest mean(", "highest `val loss`; baseline ", *(
    f"highest val_f1{rest} "
    for rest in ("", " with", " where std <= 1 and", " with n >= 3", " with std <=", ";", "; over",
                 "; group by", "; group by lr", "; group by config except", "; ci", "; baseline",
                 "; tie-break by", "; tie-break by acc", "; tie-break by lowest")
))  # fmt: skip
ENDS = ("", " val_f1", " val_f1)", "val_f1)", " 3", "3", " B", "B", " L3", " >= 3", "purpose = x",
        " by lr", " lr", " lr=3", ")", " v1", " 0.9", " t 0.9", "with n > 3", " by val_f1",
        "val_f1) >= 3")  # fmt: skip


@pytest.mark.parametrize("begun", BEGUN)
def test_all_that_is_offered_can_become_a_rule(begun):
    _, items = complete_rule(begun, len(begun), METRICS, PARAMS)

    for word, _ in items:
        assert any(_parses(f"{begun}{word}{end}") for end in ENDS), (begun, word)
    assert items or begun.endswith("<= ")


def _parses(text):
    try:
        parse_rule(text)
    except RuleInvalid:
        return False
    return True


@pytest.mark.usefixtures("sweep")
async def test_what_does_not_fit_below_the_ranking_is_a_key_away(store):
    async with opened(store, size=(50, 24)) as pilot:
        await decided(pilot)
        await see(pilot, "n shows the other")

        await pilot.press("n")

        await see(pilot, "decide › all that is said", "the winner with fresh seeds")
        await pilot.press("q")
        await see(pilot, "rule  highest mean val_f1")

"""The audit in the app: rules by runs, what a rule found, and what mends it."""

from __future__ import annotations

import tomllib

import pytest
from tui_pilot import gone, opened, screen_text, see, until

from tui_tracker.drain import recover
from tui_tracker.edits import empty_trash, tag, trash
from tui_tracker.queries import find_run, get_run, list_run_keys
from tui_tracker.tui.screens import base
from tui_tracker.tui.screens.audit import AuditScreen
from tui_tracker.tui.screens.findings import FindingsScreen
from tui_tracker.tui.screens.mending import Doubtful, tag_to_begin
from tui_tracker.tui.screens.run import RunScreen
from tui_tracker.tui.screens.runs import RunsScreen

HOSTILE = "lr[/] [bold]\x1b[31mred\x1b[0m\ntwo\ttab 模型"


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    """Waivers and settings are those of a folder without any."""
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "pyproject.toml").write_text('[project]\nname = "mine"\n')
    monkeypatch.chdir(tmp_path / "project")


@pytest.fixture
def sweep(log_run):
    for seed in range(2):
        params = {"lr": 0.1, "seed": seed}
        log_run(f"run-{seed}", params=params, tags=("purpose:x",), val_f1=[0.5, 0.8])


def row_of(pilot, rule: str) -> str:
    return next(line for line in screen_text(pilot).splitlines() if f" {rule} " in f"{line} ")


def go_to(grid, rule: str) -> None:
    grid.cursor = [row.rule for row in grid.rows].index(rule)


async def audited(pilot):
    await pilot.press("exclamation_mark")
    await see(pilot, "audit 2 runs", "code ")
    return pilot.app.screen.grid


@pytest.mark.usefixtures("sweep")
async def test_a_filter_that_has_runs_judged_first_tells_how_far_that_is(store, monkeypatch):
    monkeypatch.setattr(base, "JUDGING_S", 0.0)
    said = []
    monkeypatch.setattr(RunsScreen, "judging", lambda _, words: said.append(words))
    async with opened(store) as pilot:
        await pilot.press(*"/grade=F", "enter")
        await see(pilot, "/grade=F")

    assert said[0] == "judging … 0 of 2 runs"
    assert said[-1] == "judging … 2 of 2 runs"


@pytest.mark.usefixtures("sweep")
async def test_how_far_judging_is_stands_in_the_footer_until_it_is_done(store):
    async with opened(store) as pilot:
        await see(pilot, "run-0")
        screen = pilot.app.screen
        screen.post_message(RunsScreen.Judging("runs", 1, 2000))
        await see(pilot, "judging … 1 of 2,000 runs")

        screen.read_again()

        await gone(pilot, "judging …")


@pytest.mark.usefixtures("sweep")
async def test_the_audit_shows_rules_by_runs_with_the_score_of_the_column(store):
    async with opened(store) as pilot:
        grid = await audited(pilot)

        assert isinstance(pilot.app.screen, AuditScreen)
        assert row_of(pilot, "tags.ticket-missing").count("!") == 3
        assert row_of(pilot, "data.name-missing").count("✗") == 3
        severities = [row.severity for row in grid.rows]
        assert severities == sorted(severities, key=["error", "warn", "info"].index)
        await see(pilot, "capped by code.commit-missing (the code cannot be rebuilt); ", "F ")

        await pilot.press("d")
        await see(pilot, "✓ ")
        await pilot.press("d", "s", "s")
        await gone(pilot, "tags.ticket-missing")


@pytest.mark.usefixtures("sweep")
async def test_a_rule_leads_to_its_findings_and_they_to_the_place(store):
    async with opened(store) as pilot:
        grid = await audited(pilot)
        go_to(grid, "params.required-missing")
        await pilot.press("l", "enter")
        await see(pilot, "audit › params.required-missing", "are missing:", "run-0", "run-1")
        assert isinstance(pilot.app.screen, FindingsScreen)
        name = pilot.app.screen.findings.current.name

        await pilot.press("enter")
        await see(pilot, "lr", name)
        assert isinstance(pilot.app.screen, RunScreen)
        await pilot.press("q")
        await see(pilot, "audit › params.required-missing")
        await pilot.press("q", "q")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))


@pytest.mark.usefixtures("sweep")
async def test_a_tag_settles_a_finding(store):
    async with opened(store) as pilot:
        grid = await audited(pilot)
        go_to(grid, "tags.ticket-missing")
        await pilot.press("enter")
        await see(pilot, "audit › tags.ticket-missing", "no ticket")

        await pilot.press("A", "t")
        await see(pilot, "Tag 2 runs", "ticket:")
        await pilot.press("enter")
        await see(pilot, "type what comes behind ticket:")
        await pilot.press(*"ML-1", "enter")

        await see(pilot, "It leaves no doubt any more")
        assert "ticket:ML-1" in get_run(store, find_run(store, "run-0")).row.tags
        await pilot.press("escape")
        await gone(pilot, "tags.ticket-missing")


@pytest.mark.usefixtures("sweep")
async def test_a_page_that_comes_back_shows_what_changed_meanwhile(store):
    async with opened(store) as pilot:
        grid = await audited(pilot)
        go_to(grid, "tags.ticket-missing")
        await pilot.press("enter")
        await see(pilot, "audit › tags.ticket-missing", "no ticket")

        tag(store, list_run_keys(store), ["ticket:ML-1"])
        await see(pilot, "It leaves no doubt any more")
        await pilot.press("escape")

        await gone(pilot, "tags.ticket-missing")


@pytest.mark.usefixtures("sweep")
async def test_a_page_below_a_dialog_shows_what_changed_meanwhile(store):
    async with opened(store) as pilot:
        await audited(pilot)
        await pilot.press("p")
        await see(pilot, "what a reviewer asks for")

        tag(store, list_run_keys(store), ["ticket:ML-1"])
        await until(pilot, lambda: pilot.app.pages[-1].behind)
        await pilot.press("escape")

        await gone(pilot, "tags.ticket-missing")


@pytest.mark.parametrize(
    ("rule", "fix", "begins"),
    [
        ("params.required-missing", "log it, or: `tt tag RUN na:model_type`", "na:model_type"),
        ("tags.purpose-missing", "`tt tag RUN purpose:baseline`, or ...", "purpose:"),
        ("metrics.main-missing", "declare it: `tt tag RUN main_metric:NAME`", "main_metric:"),
        ("tags.owner-missing", "say who", "owner:"),
    ],
)
def test_a_tag_begins_as_the_fix_has_it(rule, fix, begins):
    assert tag_to_begin(Doubtful(rule, "params", fix, (1,), ("a",), "")) == begins


@pytest.mark.usefixtures("sweep")
async def test_a_waiver_is_written_with_reason_and_day(store, tmp_path):
    path = tmp_path / "project" / "pyproject.toml"
    async with opened(store) as pilot:
        grid = await audited(pilot)
        go_to(grid, "data.name-missing")
        await pilot.press("w")
        await see(pilot, "Why is data.name-missing accepted")
        await pilot.press(*'made "up"', "enter")
        await see(pilot, "Until which day?")
        await pilot.press(*"2020-01-01", "enter")
        await see(pilot, "2020-01-01 is over")
        assert path.read_text() == '[project]\nname = "mine"\n'

        await pilot.press("w", *'made "up"', "enter")
        await see(pilot, "Until which day?")
        await pilot.press(*"2999-12-31", "enter")
        await until(pilot, lambda: "~" in row_of(pilot, "data.name-missing"))

    (waiver,) = tomllib.loads(path.read_text())["tool"]["tui_tracker"]["audit"]["waive"]
    assert waiver["rule"] == "data.name-missing"
    assert waiver["reason"] == 'made "up"'
    assert path.read_text().startswith('[project]\nname = "mine"\n\n[[tool')


@pytest.mark.usefixtures("sweep")
async def test_another_profile_is_stricter(store):
    async with opened(store) as pilot:
        await audited(pilot)
        await see(pilot, "audit 2 runs  seed")

        await pilot.press("p", "down", "enter")

        await see(pilot, "audit 2 runs  paper")


@pytest.mark.usefixtures("sweep")
async def test_a_runs_page_leads_to_its_audit_and_marks_narrow_it(store):
    async with opened(store) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        await pilot.press("exclamation_mark")
        await see(pilot, "audit 1 run")
        await pilot.press("q", "q")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))

        await pilot.press("space", "exclamation_mark")
        await see(pilot, "1 marked › audit 1 run")


@pytest.mark.usefixtures("sweep")
async def test_a_hostile_path_in_a_finding_is_letters_to_the_terminal(store):
    recover(store)
    with store.write() as connection:
        connection.execute(
            "INSERT INTO artifact (run, path, at_ms, kind, size) "
            "SELECT id, ?, 0, 'model', 1 FROM run",
            ("\x1b[31mred\x1b]0;title\x07",),
        )
    async with opened(store) as pilot:
        grid = await audited(pilot)
        go_to(grid, "artifacts.unhashed")

        await see(pilot, "artifacts.red")
        strips = pilot.app.screen._compositor.render_strips()
        assert all(strip.text.isprintable() for strip in strips)


async def test_many_runs_are_told_by_experiment(store, log_run):
    for number in range(42):
        log_run(f"r{number}", experiment="many" if number else HOSTILE, loss=[0.5])
    async with opened(store, size=(80, 24)) as pilot:
        await pilot.press("exclamation_mark")
        await see(pilot, "audit 42 runs", "  1 run: 1 F")
        await pilot.press("right")
        await see(pilot, "the middle of 41 runs: 41 F")
        assert "✗41" in row_of(pilot, "data.name-missing")

        await pilot.press("w")
        await see(pilot, "Press enter for the runs of this rule first")
        await pilot.press("enter")
        await see(pilot, "42 runs  seed")
        assert "\x1b" not in screen_text(pilot)


@pytest.mark.usefixtures("sweep")
async def test_grade_and_proof_are_columns_that_come_when_they_are_known(store):
    async with opened(store) as pilot:
        screen = pilot.app.screen
        from tui_tracker.tui.columns import read_columns

        screen.keep_layout(read_columns(["name", "grade", "proof"], 1))
        screen.read_columns_again()

        await see(pilot, "grade", "proof", "F ", "L0")


async def test_nothing_to_audit_is_said(store):
    async with opened(store) as pilot:
        await pilot.press("exclamation_mark")
        await see(pilot, "There is no run here to audit")


@pytest.mark.usefixtures("sweep")
async def test_a_run_that_is_removed_while_it_is_shown_breaks_nothing(store):
    async with opened(store) as pilot:
        grid = await audited(pilot)
        await pilot.press("R")
        runs = [find_run(store, name) for name in ("run-0", "run-1")]
        go_to(grid, "data.name-missing")

        trash(store, runs)
        empty_trash(store)

        await pilot.press("w")
        await see(pilot, "Why is data.name-missing accepted in the run?")

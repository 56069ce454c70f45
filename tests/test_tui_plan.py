"""Plans in the app: the matrix, the runs of a cell, the commands that are left."""

from __future__ import annotations

import pytest
from tui_pilot import opened, screen_text, see, until

import tui_tracker as tt
from tui_tracker.queries import find_run
from tui_tracker.tui.screens.decide import DecideScreen
from tui_tracker.tui.screens.plan import PlanScreen
from tui_tracker.tui.screens.run import RunScreen
from tui_tracker.tui.screens.runs import RunsScreen

PLAN = """
experiment = "compare_aug_v1"
question = "Which augmentation helps most?"
command = "python train.py --aug {aug} --seed {seed}"
rule = "highest mean val_f1"
[grid]
aug = ["flip", "cutout"]
[seeds]
values = [0, 1, 2]
[metrics]
primary = "val_f1"
[budget]
hours = 2
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def planned(here, folder):
    """A plan of six runs: two done, one tried twice, one that lacks its metric, and a stranger."""
    (here / "plan.toml").write_text(PLAN)
    made = (
        ("flip", 0, "finished", "val_f1"),
        ("flip", 1, "finished", "val_f1"),
        ("flip", 2, "failed", "val_f1"),
        ("flip", 2, "failed", "val_f1"),
        ("cutout", 0, "finished", "loss"),
        ("noise", 0, "finished", "val_f1"),
    )
    for number, (aug, seed, status, metric) in enumerate(made):
        run = tt.init(
            "compare_aug_v1", name=f"r{number}", params={"aug": aug, "seed": seed}, store=folder
        )
        run.log({metric: 0.8}, step=0)
        run.finish(status)


async def at_plan(pilot) -> PlanScreen:
    await pilot.press("P")
    await see(pilot, "compare_aug_v1 › plan")
    return pilot.app.screen


def line_of(pilot, start: str) -> str:
    lines = screen_text(pilot).splitlines()
    return next(line for line in lines if line.strip(" ▌").startswith(start))


@pytest.mark.usefixtures("planned")
async def test_each_planned_run_stands_with_its_state(store):
    async with opened(store) as pilot:
        await at_plan(pilot)

        await see(pilot, "✓ 2 done", "~ 1 incomplete", "✗ 1 failed", "· 2 missing", "+ 1 unplanned")
        assert line_of(pilot, "aug=flip").split()[-3:] == ["[✓]", "✓", "✗"]
        assert line_of(pilot, "aug=cutout").split()[-3:] == ["~", "·", "·"]
        assert "not in the plan" in line_of(pilot, "+")
        assert "6 runs planned, " in screen_text(pilot)


@pytest.mark.usefixtures("planned")
async def test_enter_opens_all_runs_of_a_cell(store):
    async with opened(store) as pilot:
        await at_plan(pilot)
        await pilot.press("l", "l")
        await see(pilot, "aug=flip seed=2  failed", "and 1 other attempt")

        await pilot.press("enter")

        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        await see(pilot, "r2")
        await pilot.press("right_square_bracket")
        await see(pilot, "r3")


@pytest.mark.usefixtures("planned")
async def test_a_missing_run_tells_and_copies_the_command_that_makes_it(store):
    async with opened(store) as pilot:
        screen = await at_plan(pilot)
        await pilot.press("j", "l")
        await see(pilot, "aug=cutout seed=1  missing", "tt run --experiment compare_aug_v1")

        await pilot.press("enter")

        await see(pilot, "no run of it yet: y copies the command")
        assert screen.text_to_copy().endswith("-- python train.py --aug cutout --seed 1")


@pytest.mark.usefixtures("planned")
async def test_all_commands_left_are_copied_at_once(store):
    async with opened(store) as pilot:
        await at_plan(pilot)

        await pilot.press("n")

        # Two never tried, then those that failed or lack something.
        await until(pilot, lambda: len(pilot.app.clipboard.splitlines()) == 4)
        assert "--seed 1" in pilot.app.clipboard.splitlines()[0]


@pytest.mark.usefixtures("planned")
async def test_the_runs_of_a_line_are_marked_and_the_rule_decides(store):
    async with opened(store) as pilot:
        await at_plan(pilot)

        await pilot.press("space")
        await see(pilot, "Marked the 4 runs of aug=flip")
        await pilot.press("D")
        await until(pilot, lambda: isinstance(pilot.app.screen, DecideScreen))
        await see(pilot, "rule  highest mean val_f1", "★")
        await pilot.press("q", "q")

        await until(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))
        assert pilot.app.screen.table.marked == {find_run(store, f"r{n}") for n in range(4)}


@pytest.mark.usefixtures("planned")
async def test_the_plan_of_the_branch_is_shown_and_another_can_be_chosen(store, here):
    (here / "plans").mkdir()
    other = PLAN.replace("compare_aug_v1", "next_one").replace("[0, 1, 2]", "[7]")
    (here / "plans" / "next.toml").write_text(other)
    async with opened(store) as pilot:
        await at_plan(pilot)

        await pilot.press("p", "down", "enter")

        await see(pilot, "next_one › plan", "· 2 missing")


async def test_where_no_plan_is_it_is_said_what_makes_one(store, here):
    (here / "plan.toml").write_text("experiment = 3\nbogus = 1\n")
    async with opened(store) as pilot:
        await pilot.press("P")

        await see(pilot, "There is no plan here", "tt plan new sweep", "'bogus' means nothing")


@pytest.mark.usefixtures("planned")
async def test_a_run_that_ends_appears_without_a_key(store, folder):
    async with opened(store) as pilot:
        await at_plan(pilot)

        run = tt.init("compare_aug_v1", params={"aug": "cutout", "seed": 2}, store=folder)
        run.log({"val_f1": 0.9}, step=0)
        run.finish()

        await see(pilot, "✓ 3 done", "· 1 missing")

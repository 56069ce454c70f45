"""Curves of several runs in the app: what the keys do, what is asked, what is repainted."""

from __future__ import annotations

import math
import random

import pytest
from tui_pilot import gone, opened, screen_text, see, until

import tui_tracker as tt
from tui_tracker.tui.screens.curves import CurvesScreen
from tui_tracker.tui.screens.run import RunScreen
from tui_tracker.tui.widgets.curve_grid import CurveGrid


def grid_of(pilot) -> CurveGrid:
    return pilot.app.screen.query_one(CurveGrid)


def idle(pilot) -> bool:
    return not pilot.app.screen._under_way


@pytest.fixture
def three_runs(log_run):
    """Two seeds of one setting and a run of another; the last started is on top."""
    for name, lr, seed in (("slow", 0.01, 0), ("fast-s0", 0.1, 0), ("fast-s1", 0.1, 1)):
        log_run(
            name,
            params={"lr": lr, "seed": seed},
            val_acc=[min(0.95, step * lr + seed / 100) for step in range(20)],
            train_loss=[1 / (1 + step * lr) for step in range(20)],
            epoch=[step / 4 for step in range(20)],
        )


async def overlay(pilot) -> None:
    """Mark all runs and open their curves."""
    await see(pilot, "fast-s1")
    await pilot.press("A", "C")
    await until(pilot, lambda: isinstance(pilot.app.screen, CurvesScreen))
    await see(pilot, "3 runs", "── val_acc ")
    await until(pilot, lambda: idle(pilot) and len(grid_of(pilot).sources.curves) >= 3)


@pytest.mark.usefixtures("three_runs")
async def test_marked_runs_are_drawn_over_each_other_with_their_letters(store):
    async with opened(store) as pilot:
        await overlay(pilot)
        await see(pilot, "a fast-s1", "b fast-s0", "c slow", "3 metrics")
        await pilot.press("q")
        await see(pilot, "◆ 3 marked")


@pytest.mark.usefixtures("three_runs")
async def test_all_visible_charts_are_read_with_two_questions(store):
    async with opened(store) as pilot:
        asked: list[str] = []
        read = store.read

        def counted(sql, parameters=()):
            asked.append(sql)
            return read(sql, parameters)

        store.read = counted
        await overlay(pilot)
        store.read = read

        of_curves = [sql for sql in asked if "CROSS JOIN series_block" in sql]
        assert len(of_curves) == 1


@pytest.mark.usefixtures("three_runs")
async def test_the_cursor_reads_all_runs_sorted_by_value(store):
    async with opened(store) as pilot:
        await overlay(pilot)
        await pilot.press("enter", "home")
        await see(pilot, "step 0", "a fast-s1", "0.010000")
        await pilot.press("end")
        await see(pilot, "step 19", "0.95000", "0.19000")
        lines = screen_text(pilot)
        assert lines.index("a fast-s1") < lines.index("c slow")
        assert (
            grid_of(pilot).values_text()
            == "\n".join(
                [
                    "val_acc step 19",
                    "fast-s1 seed=1\t0.95",
                    "fast-s0 seed=0\t0.95",
                    "slow seed=0\t0.19",
                ]
            )
            or "slow" in grid_of(pilot).values_text()
        )


@pytest.mark.usefixtures("three_runs")
async def test_y_copies_the_values_at_the_cursor(store):
    async with opened(store) as pilot:
        await overlay(pilot)
        await pilot.press("enter", "end")
        await until(pilot, lambda: grid_of(pilot).exact_here)

        text = pilot.app.screen.text_to_copy()

        assert text.splitlines()[0] == "val_acc step 19"
        assert [line.partition("\t")[2] for line in text.splitlines()[1:]] == [
            "0.95",
            "0.95",
            "0.19",
        ]


@pytest.mark.usefixtures("three_runs")
async def test_seeds_become_a_band_and_every_run_comes_back(store):
    async with opened(store) as pilot:
        await overlay(pilot)
        await pilot.press("b")
        await see(pilot, "fast ×2", "band min..max")
        await pilot.press("b")
        await see(pilot, "band ± std")
        await pilot.press("b")
        await see(pilot, "a fast-s1", "Every run by itself")


@pytest.mark.usefixtures("three_runs")
async def test_bands_on_a_runs_page_open_its_seeds(store):
    async with opened(store) as pilot:
        await see(pilot, "fast-s1")
        await pilot.press("enter", "2")
        await see(pilot, "── val_acc ")
        await pilot.press("b")
        await see(pilot, "2 runs", "fast ×2")


async def test_a_run_without_other_seeds_says_so(store, log_run):
    log_run("alone", params={"lr": 1}, loss=[1.0, 2.0])
    async with opened(store) as pilot:
        await pilot.press("enter", "2")
        await see(pilot, "── loss ")
        await pilot.press("b")
        await see(pilot, "No other run differs from this one only by its seed")


@pytest.mark.usefixtures("three_runs")
async def test_the_difference_needs_two_runs_which_are_pinned_in_the_legend(store):
    async with opened(store) as pilot:
        await overlay(pilot)
        await pilot.press("w")
        await see(pilot, "Pin two runs first")
        await pilot.press("enter", "down", "space", "down", "down", "space")
        await until(pilot, lambda: len(grid_of(pilot).modes.pinned_runs) == 2)
        await pilot.press("w")
        await until(pilot, lambda: grid_of(pilot).modes.difference is not None)
        await until(pilot, lambda: grid_of(pilot).sources.differences.get("val_acc"))
        curve, made = grid_of(pilot).sources.differences["val_acc"]
        assert (curve.first, curve.last, made) == (0, 19, 0)
        await see(pilot, "−")
        await pilot.press("w")
        await until(pilot, lambda: grid_of(pilot).modes.difference is None)


@pytest.mark.usefixtures("three_runs")
async def test_a_threshold_tells_where_each_run_first_crosses_it(store):
    async with opened(store, size=(160, 40)) as pilot:
        await overlay(pilot)
        await pilot.press("enter", "v", *"0.5", "enter")
        await see(pilot, "fast-s1 lr=0.1 seed=1 crosses 0.5 at step 5", "slow lr=0.01")
        await see(pilot, "never (nearest 0.1900)", "┄┄┄")
        await pilot.press("v", "enter")
        await gone(pilot, "crosses 0.5")


@pytest.mark.usefixtures("three_runs")
@pytest.mark.parametrize("text", ["high", "inf", "nan"])
async def test_a_level_that_has_no_place_on_an_axis_is_refused_in_words(store, text):
    async with opened(store) as pilot:
        await overlay(pilot)
        await pilot.press("v", *text, "enter")
        await see(pilot, f'"{text}" is no level')


@pytest.mark.usefixtures("three_runs")
async def test_the_x_axis_is_chosen_from_times_and_metrics(store):
    async with opened(store) as pilot:
        await overlay(pilot)
        await pilot.press("x", *"epoch", "enter")
        await until(pilot, lambda: grid_of(pilot).look.x == "metric")
        await until(pilot, lambda: idle(pilot) and len(grid_of(pilot).sources.curves) >= 9)
        (key, *_) = (run.key for run in grid_of(pilot).runs)
        curve = grid_of(pilot).sources.curves["val_acc", key]
        assert (curve.first, curve.last) == (0.0, 4.75)
        await pilot.press("x", *"clock", "enter")
        await until(pilot, lambda: grid_of(pilot).look.x == "wall")
        await pilot.press("X")
        await see(pilot, "has no logarithmic axis")
        await pilot.press("x", *"time", "enter", "X")
        await until(pilot, lambda: grid_of(pilot).look.log_x)
        await see(pilot, "log x")


@pytest.mark.usefixtures("three_runs")
async def test_zoom_and_pan_show_other_steps_and_0_all(store):
    async with opened(store) as pilot:
        await overlay(pilot)
        await pilot.press("enter", "plus")
        await until(pilot, lambda: grid_of(pilot).view == (5, 13))
        await pilot.press("greater_than_sign")
        await until(pilot, lambda: grid_of(pilot).view == (7, 15))
        await pilot.press("shift+left", "shift+left", "shift+left", "shift+left", "shift+left")
        await until(pilot, lambda: grid_of(pilot).view == (0, 8))
        await pilot.press("0")
        await until(pilot, lambda: grid_of(pilot).view is None)


@pytest.mark.usefixtures("three_runs")
async def test_metrics_are_chosen_from_a_list_and_all_come_back(store):
    async with opened(store) as pilot:
        await overlay(pilot)
        await pilot.press("o", "tab", *"loss")
        await see(pilot, "[ ] train_loss")
        await pilot.press("space", "enter")
        await gone(pilot, "── val_acc")
        await see(pilot, "── train_loss", "1 of 3 metrics")
        await pilot.press("o", "tab", "enter")
        await see(pilot, "── val_acc", "── train_loss")


@pytest.mark.usefixtures("three_runs")
async def test_a_pinned_metric_comes_first_and_is_drawn_in_every_enlarged_chart(store):
    async with opened(store) as pilot:
        await overlay(pilot)
        await pilot.press("l", "space")
        await see(pilot, "train_loss is drawn in every enlarged chart")
        await pilot.press("l", "enter")
        await until(pilot, lambda: grid_of(pilot).enlarged)
        await see(pilot, " + train_loss", "train_loss slow")


@pytest.mark.usefixtures("three_runs")
async def test_metrics_are_filtered_and_a_filter_is_cleared_first(store):
    async with opened(store) as pilot:
        await overlay(pilot)
        await pilot.press("slash", *"acc", "enter")
        await gone(pilot, "── train_loss")
        await pilot.press("escape")
        await see(pilot, "── train_loss")


async def test_what_health_finds_is_marked_on_the_curve(store, log_run):
    log_run("broken", val_loss=[1.0] * 50 + [math.nan] * 50)
    async with opened(store) as pilot:
        await pilot.press("enter", "2")
        await see(pilot, "── val_loss ")
        await until(pilot, lambda: any(grid_of(pilot).marks.values()))
        await see(pilot, "▾")
        await pilot.press("enter")
        await see(pilot, "NaN")


async def test_a_new_point_repaints_few_cells(store, folder):
    run = tt.init("live", "growing", store=folder)
    for step in range(190):
        run.log({"val_loss": 1 / (step + 1)}, step=step)
    async with opened(store) as pilot:
        await see(pilot, "growing")
        await pilot.press("enter", "2")
        await see(pilot, "── val_loss ", "last 0.005263")
        await until(pilot, lambda: idle(pilot))
        grid = grid_of(pilot)
        painted: list[int] = []
        refresh = grid.refresh

        def counted(*regions, **how):
            painted.extend(region.area for region in regions or [grid.size.region])
            return refresh(*regions, **how)

        grid.refresh = counted
        run.log({"val_loss": 0.25}, step=190)
        await see(pilot, "last 0.2500")
        await until(pilot, lambda: idle(pilot))

        # The title's numbers and the last cells of the curve.
        assert sum(painted) < 400
    run.finish()


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (200, 50)])
@pytest.mark.usefixtures("three_runs")
async def test_every_mode_draws_at_every_size(store, size):
    async with opened(store, size=size) as pilot:
        await overlay(pilot)
        for key in ("L", "s", "b", "enter", "end", "plus", "minus", "b", "down", "space", "w", "L"):
            await pilot.press(key)
            await until(pilot, lambda: idle(pilot))
            lengths = {s.cell_length for s in pilot.app.screen._compositor.render_strips()}
            assert lengths == {size[0]}


async def test_twenty_runs_and_fifty_metrics_stay_readable(store, log_run):
    names = {f"group/m{number:02}": [float(number), number + 1.0] for number in range(50)}
    for number in range(20):
        log_run(f"run{number:02}", params={"lr": number}, **names)
    async with opened(store) as pilot:
        await see(pilot, "run19")
        await pilot.press("A", "C")
        await see(pilot, "20 runs", "50 metrics", "── group/m00", "more")
        await pilot.press("G", "enter")
        await see(pilot, "group/m49", "t run00")


async def test_hostile_names_are_drawn_as_they_are(store, log_run):
    log_run("a[/]", **{"l[bold]oss": [1.0, 2.0]})
    log_run("b[red]", **{"l[bold]oss": [1.0, 2.0]})
    async with opened(store) as pilot:
        await see(pilot, "b[red]")
        await pilot.press("A", "C")
        await see(pilot, "a b[red]", "b a[/]", "l[bold]oss")


@pytest.mark.usefixtures("three_runs")
async def test_c_opens_the_page_of_the_chosen_run_for_the_moment_under_the_cursor(store):
    async with opened(store) as pilot:
        await overlay(pilot)
        await pilot.press("enter", "end")
        await until(pilot, lambda: len(grid_of(pilot).times) == 3)
        await pilot.press("down", "down")
        chosen = grid_of(pilot).modes.chosen_run
        await pilot.press("c")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        assert pilot.app.screen.key == chosen


@pytest.mark.parametrize("seed", range(2))
async def test_no_order_of_keys_breaks_the_curves(store, log_run, seed):
    log_run("empty")
    log_run("one[/]", params={"seed": 1}, **{"loss": [1.0], "odd\nname": [math.nan] * 3})
    log_run("two", params={"seed": 2}, loss=[1e308, -1e308, math.inf, 0.0, 5e-324], epoch=[0.0] * 5)
    log_run("three", params={"seed": 3}, loss=[0.5] * 3000, epoch=[n / 9 for n in range(3000)])
    moves = "left right up down home end pageup pagedown enter plus minus 0 less_than_sign"
    modes = "L X s b w space greater_than_sign shift+left ctrl+d"
    picks = ("x,enter", "x,down,enter", "x,down,down,enter", "x,e,p,o,enter", "o,tab,space,enter")
    levels = ("v,0,full_stop,5,enter", "v,x,enter", "slash,l,enter", "slash,escape", "o,escape")
    choices = [*moves.split() * 3, *modes.split() * 3, *picks, *levels]
    pick = random.Random(seed)

    async with opened(store, size=(100, 30)) as pilot:
        await see(pilot, "three")
        await pilot.press("A", "C")
        await see(pilot, "4 runs", "── ")
        for _ in range(25):
            await pilot.press(*pick.choice(choices).split(","))
        await until(pilot, lambda: idle(pilot) and pilot.app.screen.query(CurveGrid))
        lengths = {s.cell_length for s in pilot.app.screen._compositor.render_strips()}
        assert lengths == {100}

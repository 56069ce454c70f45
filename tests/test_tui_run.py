from __future__ import annotations

import math

import pytest
from tui_pilot import gone, opened, screen_text, see, until

import tui_tracker as tt
from tui_tracker.edits import empty_trash, trash
from tui_tracker.queries import find_run, list_run_keys
from tui_tracker.tui.screens.run import RunScreen
from tui_tracker.tui.screens.runs import RunsScreen
from tui_tracker.tui.widgets.console_view import ConsoleView
from tui_tracker.tui.widgets.curve_grid import CurveGrid


def grid_of(pilot) -> CurveGrid:
    return pilot.app.screen.query_one(CurveGrid)


@pytest.fixture
def one_run(log_run):
    """A run with two curves, a spike, params and a tag."""
    spiky = [1 / (step + 1) for step in range(200)]
    spiky[150] = 9.0
    log_run(
        "only",
        params={"lr": 1e-5, "model": "cnn", "wide": {"deep": 3}},
        tags=("base[line]",),
        train_loss=spiky,
        val_acc=[step / 200 for step in range(200)],
    )


@pytest.mark.usefixtures("one_run")
async def test_the_overview_tells_how_it_went(store):
    async with opened(store) as pilot:
        await pilot.press("enter")
        await see(
            pilot, "✓ finished", "experiment   sweep_lr", "base[line]", "2 metrics, 400 points"
        )
        await see(pilot, "val_acc", "0.9950", "max", "train_loss", "min")


async def test_a_failed_run_tells_why_it_ended(store, folder):
    run = tt.init("e", "broken", store=folder)
    run.finish("failed", why="ValueError: the loss is NaN\nsecond line")

    async with opened(store) as pilot:
        await pilot.press("enter")
        await see(pilot, "✗ failed", "ended by", "ValueError: the loss is NaN", "second line")


@pytest.mark.usefixtures("one_run")
async def test_eighty_columns_show_the_names_of_all_tabs(store):
    async with opened(store, size=(80, 24)) as pilot:
        await pilot.press("enter")
        await see(pilot, *("1 Overview", "2 Curves", "3 Params", "4 Lineage", "5 Artifacts"))
        await see(pilot, "6 Console", "7 Notes", "8 System")


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (160, 45), (250, 60)])
@pytest.mark.usefixtures("one_run")
async def test_every_tab_draws_at_every_size(store, size):
    async with opened(store, size=size) as pilot:
        await pilot.press("enter")
        await see(pilot, "experiment")
        for tab in "2345671":
            await pilot.press(tab)
            await until(pilot, lambda: not pilot.app.screen._under_way)
            lengths = {s.cell_length for s in pilot.app.screen._compositor.render_strips()}
            assert lengths == {size[0]}


@pytest.mark.usefixtures("one_run")
async def test_curves_are_drawn_with_title_ticks_and_spike(store):
    async with opened(store) as pilot:
        await pilot.press("enter", "2")
        await see(pilot, "── val_acc ", "── train_loss ", "⡇", "100", "last 0.9950")


@pytest.mark.usefixtures("one_run")
async def test_enter_enlarges_and_the_cursor_reads_the_exact_value(store):
    async with opened(store) as pilot:
        await pilot.press("enter", "2")
        await see(pilot, "── val_acc ")
        await pilot.press("enter")
        await until(pilot, lambda: grid_of(pilot).enlarged)
        await gone(pilot, "train_loss")
        await pilot.press("home")
        await see(pilot, "step 0  0")
        await pilot.press("end")
        await see(pilot, "step 199  0.995")
        await pilot.press("escape")
        await see(pilot, "train_loss")


@pytest.mark.usefixtures("one_run")
async def test_zoom_shows_fewer_steps_and_0_all_again(store):
    async with opened(store) as pilot:
        await pilot.press("enter", "2")
        await see(pilot, "── val_acc ")
        await pilot.press("plus", "plus")
        await until(pilot, lambda: grid_of(pilot).view is not None)
        low, high = grid_of(pilot).view
        assert high - low < 150
        await pilot.press("0")
        await until(pilot, lambda: grid_of(pilot).view is None)


@pytest.mark.usefixtures("one_run")
async def test_a_log_axis_and_smoothing_are_named_in_the_title(store):
    async with opened(store) as pilot:
        await pilot.press("enter", "2", "L", "s")
        await see(pilot, "log smooth 0.6")
        await pilot.press("enter", "right")
        await see(pilot, "log smooth 0.6  step ")


@pytest.mark.usefixtures("one_run")
async def test_metrics_are_filtered_by_typing(store):
    async with opened(store) as pilot:
        await pilot.press("enter", "2")
        await see(pilot, "── val_acc ")
        await pilot.press("slash", *"train")
        await gone(pilot, "val_acc")
        await pilot.press("escape")
        await see(pilot, "── val_acc ")


async def test_nan_values_are_marked_and_counted(store, log_run):
    log_run("diverged", val_loss=[0.5, 0.4, math.nan, math.nan, math.inf])

    async with opened(store) as pilot:
        await pilot.press("enter", "2")
        await see(pilot, "2 NaN 1 inf", "×")


@pytest.mark.usefixtures("one_run")
async def test_params_are_shown_in_full_and_filtered(store):
    async with opened(store) as pilot:
        await pilot.press("enter", "3")
        await see(pilot, "lr", "1e-05", "wide.deep")
        await pilot.press("slash", *"deep", "enter")
        await gone(pilot, "1e-05")
        await see(pilot, "wide.deep")


async def test_tabs_without_content_say_what_would_fill_them(store, log_run):
    log_run("bare")

    async with opened(store) as pilot:
        await pilot.press("enter", "2")
        await see(pilot, "No metric was logged.")
        await pilot.press("3")
        await see(pilot, "No params")
        await pilot.press("5")
        await see(pilot, "No artifacts")
        await pilot.press("6")
        await see(pilot, "printed nothing")
        await pilot.press("7")
        await see(pilot, "No notes")


async def test_artifacts_and_notes_are_listed(store, folder, tmp_path):
    file = tmp_path / "model[best].pt"
    file.write_bytes(b"x" * 2048)
    run = tt.init("e", "maker", store=folder)
    run.log_artifact(file, kind="model")
    run.note("first line\nsecond [line]")
    run.finish()

    async with opened(store) as pilot:
        await pilot.press("enter", "5")
        await see(pilot, "model[best].pt", "2.0 kB")
        await pilot.press("7")
        await see(pilot, "first line", "second [line]")


async def test_tab_goes_round_and_brackets_go_to_the_next_run(store, log_run):
    log_run("first")
    log_run("second")

    async with opened(store) as pilot:
        await pilot.press("enter")
        await see(pilot, "› second", "1 of 2")
        await pilot.press("right_square_bracket")
        await see(pilot, "› first", "2 of 2")
        await pilot.press("right_square_bracket")
        await see(pilot, "This is the last run")
        await pilot.press("shift+tab")
        await see(pilot, "No samples")
        await pilot.press("q")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))
        assert pilot.app.screen.table.current.name == "first"


async def test_a_live_run_grows_in_its_curves_and_ends_on_its_page(store, folder):
    run = tt.init("live", "training", store=folder)
    run.log({"val_loss": 0.75}, step=0)

    async with opened(store) as pilot:
        await see(pilot, "training")
        await pilot.press("enter", "2")
        await see(pilot, "last 0.7500", "● running")
        run.log({"val_loss": 0.25}, step=10)
        await see(pilot, "last 0.2500")
        run.finish()
        await see(pilot, "✓ finished")


async def test_the_overview_is_read_again_when_it_is_opened_and_not_before(
    store, folder, monkeypatch
):
    from tui_tracker.tui import reading

    asked, read_run = [], reading.read_run

    def counted(store, key, *, overview=True):
        asked.append(overview)
        return read_run(store, key, overview=overview)

    monkeypatch.setattr(reading, "read_run", counted)
    run = tt.init("live", "training", store=folder)
    run.log({"val_loss": 0.75}, step=0)

    async with opened(store) as pilot:
        await see(pilot, "training")
        await pilot.press("enter", "2")
        await see(pilot, "last 0.7500")
        before = len(asked)
        run.log({"val_loss": math.nan}, step=10)
        await see(pilot, "1 NaN")
        assert len(asked) > before
        assert not any(asked[before:])
        await pilot.press("1")
        await see(pilot, "NaN from step 10")
        assert asked[-1]
        run.finish()


async def test_the_console_follows_its_end_and_leaves_it_when_scrolled(store, folder, monkeypatch):
    monkeypatch.setenv("TUI_TRACKER_CONSOLE", "on")
    run = tt.init("e", "talker", store=folder, console=True)
    for number in range(100):
        print(f"line {number}")
    print("10%\r55%\rready")
    run.finish()

    async with opened(store, size=(80, 24)) as pilot:
        await pilot.press("enter", "6")
        view = pilot.app.screen.query_one(ConsoleView)
        await until(pilot, lambda: view.count >= 101)
        await pilot.press("G")
        await see(pilot, "ready", "line 99")
        assert "55%" not in screen_text(pilot)
        assert view.at_end
        await pilot.press("g")
        await see(pilot, "line 0")
        assert not view.at_end


@pytest.mark.usefixtures("one_run")
async def test_help_on_a_runs_page_comes_back_to_it(store):
    async with opened(store) as pilot:
        await pilot.press("enter", "2", "question_mark")
        await see(pilot, "Keys: Curves", "Enlarge the chart")
        await pilot.press("q")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))


async def test_a_run_that_is_gone_leaves_no_other_run_in_its_place(store, log_run):
    for name in ("oldest", "removed", "newest"):
        log_run(name, loss=[0.5])
    async with opened(store) as pilot:
        await pilot.press("enter")
        await see(pilot, "sweep_lr › newest", "1 of 3")
        trash(store, [find_run(store, "removed")])
        empty_trash(store)

        await pilot.press("right_square_bracket")
        await see(pilot, "a run that cannot be read", "2 of 3")
        assert "newest" not in screen_text(pilot)

        await pilot.press("right_square_bracket")
        await see(pilot, "sweep_lr › oldest", "3 of 3")


async def test_an_app_that_ends_while_a_page_opens_does_not_break(store, log_run):
    log_run("a", loss=[0.5])
    async with opened(store) as pilot:
        pilot.app.push_screen(RunScreen(list_run_keys(store), 0))
        pilot.app.end(143)

    assert pilot.app.return_code == 143

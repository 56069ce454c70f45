"""The comparison of runs in the app, and how one comes to it."""

from __future__ import annotations

import pytest
from lineage_runs import changed_code, run_with
from tui_pilot import gone, opened, screen_text, see, until

import tui_tracker as tt
from tui_tracker.drain import recover
from tui_tracker.formatting import cell_width
from tui_tracker.queries import find_run
from tui_tracker.tui.screens.changes import ChangesScreen
from tui_tracker.tui.screens.compare import CompareScreen, DetailScreen
from tui_tracker.tui.screens.curves import CurvesScreen
from tui_tracker.tui.screens.run import RunScreen
from tui_tracker.tui.screens.runs import RunsScreen
from tui_tracker.tui.widgets.compare_table import CompareTable

HOSTILE = "lr[/] [bold]\x1b[31mred\x1b[0m\ntwo\ttab \u202egnp 模型 \U0001f469\u200d\U0001f680"


@pytest.fixture
def sweep(log_run):
    """Three runs that differ in a param and in what they reached."""
    log_run("low", params={"lr": 0.1, "n": 1}, val_acc=[0.5, 0.8])
    log_run("high", params={"lr": 0.2, "n": 1}, val_acc=[0.5, 0.9])
    log_run("third", params={"lr": 0.3, "n": 1}, val_acc=[0.5, 0.7])


async def compared(pilot, store, *names: str) -> CompareTable:
    """Open the comparison of these runs."""
    keys = [find_run(store, name) for name in names]
    pilot.app.push_screen(CompareScreen(keys))
    await see(pilot, f"compare {len(keys)} runs", "status")
    return pilot.app.screen.query_one(CompareTable)


def go_to(table: CompareTable, text: str) -> None:
    """Put the cursor on the first line that begins with a text."""
    texts = [line.text for line in table.lines]
    table.cursor = next(n for n, line in enumerate(texts) if line.startswith(text))


def cells(pilot, start: str) -> list[str]:
    """Return the words of the line that begins with a text, without its cursor."""
    lines = [line.strip("▌┃ ") for line in screen_text(pilot).splitlines()]
    return next(line for line in lines if line.startswith(start)).split()


@pytest.mark.usefixtures("sweep")
async def test_differences_stand_by_section_with_the_best_marked(store):
    async with opened(store) as pilot:
        table = await compared(pilot, store, "low", "high", "third")

        assert cells(pilot, "lr") == ["lr", "0.1", "0.2", "0.3"]
        assert cells(pilot, "val_acc ↑ max")[3:] == ["0.8000", "0.9000", "★", "0.7000"]
        await see(pilot, "Params  1 differs", "▸ 1 the same", "low ref")
        assert table.column == 1
        assert "n  " not in [line.text for line in table.lines if line.kind == "row"]


@pytest.mark.usefixtures("sweep")
async def test_d_shows_what_is_the_same_as_well_and_back(store):
    async with opened(store) as pilot:
        table = await compared(pilot, store, "low", "high")
        go_to(table, "lr")

        await pilot.press("d")
        await until(pilot, lambda: any(line.text == "n" for line in table.lines))
        assert cells(pilot, "n ") == ["n", "1", "1"]
        assert table.current.text == "lr"
        await pilot.press("d")
        await until(pilot, lambda: not any(line.text == "n" for line in table.lines))


@pytest.mark.usefixtures("sweep")
async def test_enter_unfolds_what_is_the_same_in_one_section(store):
    async with opened(store) as pilot:
        table = await compared(pilot, store, "low", "high")
        go_to(table, "Params")

        await pilot.press("enter")
        await until(pilot, lambda: any(line.text == "n" for line in table.lines))
        await pilot.press("escape")
        await until(pilot, lambda: not any(line.text == "n" for line in table.lines))
        assert isinstance(pilot.app.screen, CompareScreen)
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, RunsScreen)


@pytest.mark.usefixtures("sweep")
async def test_the_cursor_follows_a_section_that_is_unfolded(store, folder):
    for name in ("a", "b"):
        run_with(folder, name, hardware={"cpu": {"model": "x"}}, environment={"packages": {}})
    async with opened(store) as pilot:
        table = await compared(pilot, store, "a", "b")
        folded = [line for line in table.lines if line.kind == "folded" and line.section]
        last = next(line for line in reversed(folded) if line.text.endswith("the same"))
        table.cursor = table.lines.index(last)

        await pilot.press("enter")
        await until(pilot, lambda: last not in table.lines)
        assert table.current.section == last.section


@pytest.mark.usefixtures("sweep")
async def test_the_cell_under_the_cursor_is_told_in_full_with_its_distance(store):
    async with opened(store) as pilot:
        table = await compared(pilot, store, "low", "high", "third")
        go_to(table, "val_acc")

        await pilot.press("right")
        await see(pilot, "third  Metrics › val_acc ↑ max", "-0.100 (-12.5%)  against low")
        await pilot.press("left", "left")
        await see(pilot, "the reference")


@pytest.mark.usefixtures("sweep")
async def test_another_run_can_be_the_reference_and_stands_first_then(store):
    async with opened(store) as pilot:
        table = await compared(pilot, store, "low", "high", "third")

        await pilot.press("right", "space")
        await see(pilot, "Measured against third", "third ref")
        assert table.order == [2, 0, 1]
        assert cells(pilot, "lr") == ["lr", "0.3", "0.1", "0.2"]
        await pilot.press("space")
        await see(pilot, "This run is the reference already")


@pytest.mark.usefixtures("sweep")
async def test_metrics_can_be_shown_as_distances(store):
    async with opened(store) as pilot:
        await compared(pilot, store, "low", "high", "third")

        await pilot.press("percent_sign")
        await until(
            pilot, lambda: cells(pilot, "val_acc ↑ max")[3:] == ["0.8000", "+0.100", "★", "-0.100"]
        )
        await pilot.press("percent_sign")
        await until(
            pilot, lambda: cells(pilot, "val_acc ↑ max")[3:] == ["0.8000", "+12.5%", "★", "-12.5%"]
        )
        await pilot.press("percent_sign")
        await until(pilot, lambda: "★" in cells(pilot, "val_acc ↑ max"))


@pytest.mark.usefixtures("sweep")
async def test_runs_are_removed_down_to_two(store):
    async with opened(store) as pilot:
        table = await compared(pilot, store, "low", "high", "third")

        await pilot.press("left", "x")
        await see(pilot, "low is not compared any more", "compare 2 runs", "high ref")
        assert [name for name in table.names] == ["high", "third"]
        await pilot.press("x")
        await see(pilot, "Two runs are the fewest")


@pytest.mark.usefixtures("sweep")
async def test_a_row_opens_with_every_value_in_full(store):
    async with opened(store) as pilot:
        table = await compared(pilot, store, "low", "high")
        go_to(table, "val_acc")

        await pilot.press("enter")
        await see(pilot, "compare › val_acc", "0.9 ★", "+0.100  +12.5%")
        assert isinstance(pilot.app.screen, DetailScreen)
        await pilot.press("y")
        await until(pilot, lambda: "high" in pilot.app.clipboard)
        assert pilot.app.clipboard.splitlines()[0].split() == ["low", "0.8"]
        await pilot.press("q")
        assert isinstance(pilot.app.screen, CompareScreen)


@pytest.mark.usefixtures("sweep")
async def test_a_row_about_the_run_itself_opens_its_page(store):
    async with opened(store) as pilot:
        table = await compared(pilot, store, "low", "high")
        go_to(table, "status")

        await pilot.press("enter")
        await see(pilot, "Overview", "high")
        assert isinstance(pilot.app.screen, RunScreen)
        await pilot.press("q")
        assert isinstance(pilot.app.screen, CompareScreen)


async def test_doubts_stand_on_top_and_name_their_runs(store, folder):
    for name, digest in (("a", "1"), ("b", "1"), ("c", "2")):
        split = {"hash": f"sha256:{digest * 64}"}
        run_with(folder, name, split__digits=split)

    async with opened(store) as pilot:
        table = await compared(pilot, store, "a", "b", "c")
        await see(pilot, "! The runs are not comparable between c and a and b: other split")

        table.cursor = 0
        await see(pilot, "known to differ")
        await pilot.press("enter")
        await see(pilot, "alike, 2 of 3", "alike, 1 of 3")


async def test_a_row_of_code_opens_the_files_and_their_diffs_between_two_runs(store, folder):
    old, new = {"train.py": b"one\n"}, {"train.py": b"one\ntwo\n", "model.py": b"m\n"}
    for name, files in (("a", old), ("b", new)):
        run_with(folder, name, code=changed_code(folder, {}, files))

    async with opened(store) as pilot:
        table = await compared(pilot, store, "a", "b")
        assert cells(pilot, "code")[-3:] == ["2", "files,", "+2/-0"]
        go_to(table, "code")
        await see(pilot, "2 files, +2/-0  against a")

        await pilot.press("enter")
        await see(pilot, "a → b › changed files", "added", "model.py", "modified")
        assert isinstance(pilot.app.screen, ChangesScreen)
        await pilot.press("down", "enter")
        await see(pilot, "diff › train.py", "+two")


async def test_code_that_was_not_kept_says_so(store, folder):
    run_with(folder, "a", code=changed_code(folder, {}, {"a.py": b"1\n"}))
    run_with(folder, "b", code={"commit": "a" * 40, "dirty": True})

    async with opened(store) as pilot:
        table = await compared(pilot, store, "a", "b")
        go_to(table, "code")
        await see(pilot, "not recorded", "no snapshot was taken of the code of 'b'")
        await pilot.press("enter")
        await see(pilot, "no snapshot was taken of the code of 'b'")


async def test_a_row_of_packages_opens_all_that_differ(store, folder):
    ours = {"packages": {"numpy": "2.1", "gone": "1", "torch": "2.5"}}
    theirs = {"packages": {"numpy": "2.2", "torch": "2.5"}}
    for name, facts in (("a", ours), ("b", theirs)):
        run_with(folder, name, environment=facts)

    async with opened(store) as pilot:
        table = await compared(pilot, store, "a", "b")
        go_to(table, "numpy")

        await pilot.press("enter")
        await see(
            pilot, "a → b", "numpy  2.1  → 2.2", "gone   1    → –", "1 other package is the same"
        )


async def test_twenty_runs_at_eighty_columns_keep_the_reference_in_view(store, log_run):
    names = [f"cnn_lr={number / 1000:g}_seed=0" for number in range(20)]
    for number, name in enumerate(names):
        log_run(name, params={"lr": number / 1000}, val_acc=[number / 20])

    async with opened(store, size=(80, 24)) as pilot:
        table = await compared(pilot, store, *names)
        seen = set()
        for _ in range(25):
            await pilot.press("right")
            lines = screen_text(pilot).splitlines()
            assert max(map(cell_width, lines)) <= 80
            assert " ref" in lines[2]
            seen |= {place for place, _ in table.shown_columns()}
        assert seen == set(range(20))
        assert table.column == 19
        await see(pilot, "20 runs  ‹")
        await pilot.press(*["left"] * 25)
        assert table.column == 0


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (160, 45)])
async def test_hostile_names_and_values_fit_and_stay_harmless(store, folder, size):
    for number in range(2):
        params = {HOSTILE: f"{HOSTILE}{number}", f"x{number}": [HOSTILE]}
        run_with(
            folder,
            f"{HOSTILE} {number}",
            params,
            process={"argv": [HOSTILE, str(number)], "cwd": HOSTILE},
            data__x={"version": f"{HOSTILE}{number}"},
        )

    async with opened(store, size=size) as pilot:
        keys = [find_run(store, f"{HOSTILE} {number}") for number in range(2)]
        pilot.app.push_screen(CompareScreen(keys))
        await see(pilot, "compare 2 runs", "status")
        table = pilot.app.screen.query_one(CompareTable)
        for index in range(table.count):
            table.cursor = index
            await pilot.pause()
            lines = screen_text(pilot).splitlines()
            assert max(map(cell_width, lines)) <= size[0]
            await pilot.press("enter")
            await pilot.pause()
            assert max(map(cell_width, screen_text(pilot).splitlines())) <= size[0]
            if pilot.app.screen.query(CompareTable):
                continue
            await pilot.press("q")
            await until(pilot, lambda: isinstance(pilot.app.screen, CompareScreen))


async def test_the_page_follows_runs_that_are_running(store, folder, log_run):
    log_run("done", loss=[1.0, 0.5])
    run = tt.init("sweep_lr", "live", store=folder)
    run.log({"loss": 0.9}, step=0)
    recover(store)

    async with opened(store) as pilot:
        table = await compared(pilot, store, "done", "live")
        await see(pilot, "● 1 running", "still running, so its values are not final")
        go_to(table, "loss ↓ min")

        run.log({"loss": 0.25}, step=1)
        recover(store)
        await see(pilot, "0.2500 ★")
        assert table.current.text == "loss ↓ min"
        run.finish()
        recover(store)
        await gone(pilot, "● 1 running")


@pytest.mark.usefixtures("sweep")
async def test_c_asks_which_runs_to_compare_the_one_under_the_cursor_with(store):
    async with opened(store) as pilot:
        await pilot.press("c")
        await see(pilot, "compare with: type to find")
        await until(pilot, lambda: "high" in screen_text(pilot).split("type to find")[1])

        await pilot.press(*"low", "enter")
        await see(pilot, "compare 2 runs", "third ref", "low")


@pytest.mark.usefixtures("sweep")
async def test_several_runs_are_chosen_by_marking_them(store):
    async with opened(store) as pilot:
        await pilot.press("enter", "c")
        await see(pilot, "compare with: type to find", "high", "low")

        await pilot.press("tab", "tab", "tab", "down", "enter")
        await see(pilot, "compare 2 runs")


@pytest.mark.usefixtures("sweep")
async def test_choosing_nothing_changes_nothing(store):
    async with opened(store) as pilot:
        await pilot.press("c")
        await see(pilot, "compare with")
        await pilot.press(*"zzz")
        await see(pilot, "No other run fits.")
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, RunsScreen)
        await pilot.press("c")
        await see(pilot, "compare with")
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, RunsScreen)


@pytest.mark.usefixtures("sweep")
async def test_sections_are_gone_through_with_tab(store):
    async with opened(store) as pilot:
        table = await compared(pilot, store, "low", "high")

        await pilot.press("tab")
        assert table.current.text == "lr"
        await pilot.press("tab")
        assert table.current.text == "val_acc ↑ max"
        await pilot.press("shift+tab")
        assert table.current.text == "lr"


async def test_a_run_that_is_gone_is_told_in_a_sentence(store, log_run):
    log_run("a")

    async with opened(store) as pilot:
        pilot.app.push_screen(CompareScreen([find_run(store, "a"), 999]))
        await see(pilot, "no run named '999'")


async def test_hardware_and_seeds_are_sections_of_their_own(store, folder):
    for number, name in enumerate("ab"):
        cpu, seed = {"cpu": f"EPYC {number}"}, {"params": {"seed": number}}
        run_with(folder, name, hardware=cpu, seeds=seed)

    async with opened(store) as pilot:
        await compared(pilot, store, "a", "b")
        await see(pilot, "Hardware  1 differs", "EPYC 1", "Seeds  1 differs", "param.seed")


async def test_c_draws_the_curves_of_the_compared_runs(store, log_run):
    for number in range(3):
        log_run(f"run-{number}", val_acc=[0.1 * number, 0.2 * number, 0.3])

    async with opened(store) as pilot:
        await compared(pilot, store, "run-0", "run-2")

        await pilot.press("c")
        await until(pilot, lambda: isinstance(pilot.app.screen, CurvesScreen))
        await see(pilot, "run-0", "run-2", "val_acc")
        await pilot.press("q")
        await until(pilot, lambda: isinstance(pilot.app.screen, CompareScreen))


@pytest.mark.usefixtures("sweep")
async def test_marked_runs_are_compared_at_once(store):
    async with opened(store) as pilot:
        await pilot.press("A", "c")

        await see(pilot, "compare 3 runs", "third ref")

"""What other tools left, in the app: shown in place, previewed, imported."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from tests.tui_pilot import gone, opened, paste, see
from tui_tracker.importers.opening import OpenedInPlace, Reading
from tui_tracker.queries.imported import ImportedLine, ImportedTool
from tui_tracker.store import Store
from tui_tracker.tui.app import TrackerApp
from tui_tracker.tui.import_lines import import_lines


def write_curve(path: Path, rows: int = 3) -> Path:
    lines = ["epoch,loss", *(f"{row},{1 / (row + 1)!r}" for row in range(rows))]
    path.write_text("\n".join(lines) + "\n")
    return path


@asynccontextmanager
async def in_place(path: Path) -> AsyncIterator[tuple[Pilot[None], Store]]:
    """Show in the app what another tool left, once all of it is read."""
    with OpenedInPlace(path) as reader:
        reader.wait()
        with reader.store() as store:
            app = TrackerApp(store, opened=reader)
            async with app.run_test(size=(120, 30)) as pilot:
                yield pilot, store


async def test_what_is_open_in_place_says_so_and_cannot_be_changed(tmp_path: Path):
    path = write_curve(tmp_path / "train.csv")
    async with in_place(path) as (pilot, store):
        await see(pilot, "in place: ", "1 run of table")

        await pilot.press("t", "x", "enter")

        await see(pilot, "it is shown in place and never changed")
        assert store.read("SELECT count(*) FROM tag") == [(0,)]


async def test_the_preview_lists_runs_and_enter_copies_them(
    tmp_path: Path, monkeypatch, folder: Path
):
    monkeypatch.setenv("TUI_TRACKER_STORE", str(folder))
    path = write_curve(tmp_path / "train.csv")
    async with in_place(path) as (pilot, _):
        await see(pilot, "train.csv")
        await pilot.press("I")
        await see(pilot, "Import", "1 run, 3 points", "into")

        await pilot.press("enter")

        await see(pilot, "1 imported")
    with Store.open(folder) as target:
        assert target.read("SELECT points FROM run") == [(3,)]


async def test_a_path_is_asked_for_in_a_store_of_ones_own(
    tmp_path: Path, log_run: Callable[..., object], folder: Path
):
    log_run("mine", loss=[1.0])
    path = write_curve(tmp_path / "their.csv")
    with Store.open(folder) as store:
        async with opened(store) as pilot:
            await pilot.press("I")
            await see(pilot, "Import from another tool")
            await paste(pilot, str(path))
            await pilot.press("enter")
            await see(pilot, "1 run, 3 points")

            await pilot.press("enter")

            await see(pilot, "mine", "their.csv")


def test_the_preview_counts_all_runs_though_it_lists_some():
    reading = Reading(("wandb",), runs=2, done=True)
    run = ImportedLine("wandb", "/x", "first", "e", "finished", 1, 1, 1, 0, 0)

    lines = import_lines(reading, [ImportedTool("wandb", 2, 1)], [run], [], 100)

    words = ["".join(text for text, _ in line).split() for line in lines if line]
    assert words[0] == ["wandb", "2", "runs,", "1", "point"]
    assert words[-1] == ["and", "1", "run", "more"]


async def test_a_path_with_nothing_is_told(store: Store):
    async with opened(store) as pilot:
        await pilot.press("I")
        await see(pilot, "Import from another tool")

        await paste(pilot, "/nowhere")
        await pilot.press("enter")

        await see(pilot, "there is nothing at /nowhere")


async def test_trouble_is_on_the_page_and_the_rest_is_shown(tmp_path: Path):
    write_curve(tmp_path / "train.csv")
    (tmp_path / "bad.csv").write_text("epoch,loss\n0,1\n1,2,3,4\n2,0.5\n3,0.4\n")
    async with in_place(tmp_path) as (pilot, _):
        await see(pilot, "train.csv")

        await pilot.press("I")

        await see(pilot, "To know", "bad.csv, line 3", "2 runs")
        await pilot.press("q")
        await gone(pilot, "Import ")


async def test_columns_and_patterns_are_told_on_the_page(tmp_path: Path, store: Store):
    (tmp_path / "t.csv").write_text("n,a,b\n0,1.5,7\n10,2.5,8\n20,3.5,9\n")
    (tmp_path / "t.log").write_text("ep 0 thing 1.5\nep 1 thing 1.25\nep 2 thing 1.0\n")
    async with opened(store) as pilot:
        await pilot.press("I")
        await see(pilot, "Import from another tool")
        await paste(pilot, str(tmp_path / "t.csv"))
        await pilot.press("enter")
        await see(pilot, "1 run, ")

        await pilot.press("c")
        await see(pilot, "What the columns are")
        await paste(pilot, "step=n,metric=a")
        await pilot.press("enter")

        await see(pilot, "step: 'n'", "metrics: a", "1 run, 3 points")
        await pilot.press("c")
        await see(pilot, "What the columns are")
        await paste(pilot, ",metrix=b")
        await pilot.press("enter")
        await see(pilot, "'metrix' is no role of a column")
        await pilot.press("q", "I")
        await see(pilot, "Import from another tool")
        await paste(pilot, str(tmp_path / "t.log"))
        await pilot.press("enter")
        await see(pilot, "t.log")
        await pilot.press("p")
        await see(pilot, "Teach a shape of lines")
        await paste(pilot, "ep {epoch:d} thing {mine:f}")
        await pilot.press("enter")
        await see(pilot, "mine", "1.5 to 1")


async def test_a_name_that_no_file_can_have_is_told(store: Store):
    async with opened(store) as pilot:
        await pilot.press("I")
        await see(pilot, "Import from another tool")

        pilot.app.screen.query_one("Input").value = "漢" * 400  # type: ignore[attr-defined]
        await pilot.press("enter")

        await see(pilot, "there is nothing at 漢")

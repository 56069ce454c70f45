from __future__ import annotations

from tui_pilot import gone, opened, see, until

from tui_tracker.tui.screens.views import ViewsScreen
from tui_tracker.tui.view_texts import order_texts, read_order
from tui_tracker.tui.widgets.run_table import RunTable
from tui_tracker.views import View, get_view, list_views, save_view


async def test_what_one_sees_is_saved_under_a_name_and_opened_again(store, log_run, folder):
    for name in ("red", "green"):
        log_run(name, params={"lr": 0.1}, val_loss=[0.5])

    async with opened(store) as pilot:
        await pilot.press("slash", *"red", "enter", "right", "s", "V")
        await see(pilot, "Saved views", "No views are saved here yet.")
        await pilot.press("a", *"only red", "enter")
        await see(pilot, "only red is saved")
        await pilot.press("escape", "escape", "s")
        await see(pilot, "2 runs")
        await pilot.press("V", "enter")
        await see(pilot, "View only red", "/red", "by val_loss.min ▴")

    view = get_view(folder, "only red")
    assert view.query == "red"
    assert view.sort == ("+metric:val_loss.min",)
    assert view.columns[:3] == ("status", "name", "metric:val_loss")


async def test_a_deleted_view_comes_back_with_u(store, log_run, folder):
    log_run("one")
    save_view(folder, View("mine", query="one"))

    async with opened(store) as pilot:
        await pilot.press("V", "x")
        await see(pilot, "mine is deleted: u brings it back")
        assert list_views(folder) == []
        await pilot.press("u")
        await see(pilot, "mine is as it was")

    assert get_view(folder, "mine").query == "one"


async def test_a_view_saved_under_a_name_that_another_has_can_be_taken_back(store, log_run, folder):
    log_run("one")
    save_view(folder, View("mine", query="one"))

    async with opened(store) as pilot:
        await pilot.press("V", "a", *"mine", "enter")
        await see(pilot, "mine is saved: u brings back what it was")
        assert get_view(folder, "mine").query == ""
        await pilot.press("u")
        await see(pilot, "mine is as it was")

    assert get_view(folder, "mine").query == "one"


async def test_a_view_written_by_hand_sets_columns_groups_and_panes(store, log_run, folder):
    for seed in range(2):
        log_run(f"s{seed}", params={"lr": 0.1, "seed": seed}, val_f1=[0.5])
    (folder / "views.toml").write_text(
        '[view.seeds]\ncolumns = ["name", "metric:val_f1.mean=mean F1"]\n'
        'group = ["params-but-seed"]\npanes = { tree = 0, peek = 40 }\n'
    )

    async with opened(store) as pilot:
        await pilot.press("V", "enter")
        await see(pilot, "1 group of 2 runs", "mean F1", "0.5000 ± 0.0000 (2)")

        assert not pilot.app.screen.tree_pane.display
        assert pilot.app.screen.peek_pane.display


async def test_a_damaged_file_is_told_and_nothing_is_lost(store, log_run, folder):
    log_run("one")
    (folder / "views.toml").write_text("[view\n")

    async with opened(store) as pilot:
        await pilot.press("V")
        await see(pilot, "views.toml")
        await pilot.press("a", *"x", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ViewsScreen))

    assert (folder / "views.toml").read_text() == "[view\n"


async def test_a_filter_is_remembered_only_on_request(store, log_run):
    log_run("red")
    log_run("green")

    async with opened(store) as pilot:
        await pilot.press("slash", *"red", "enter")
    async with opened(store) as pilot:
        await see(pilot, "2 runs")
        await pilot.press("slash", *"red", "enter", "colon", *"open the app with", "enter")
        await see(pilot, "The app will open with the filter")
    async with opened(store) as pilot:
        await see(pilot, "1 of 2 runs")
        assert pilot.app.screen.query_one(RunTable).count == 1
        await pilot.press("escape", "colon", *"open the app with", "enter")
        await see(pilot, "The app will open without a filter")
    async with opened(store) as pilot:
        await gone(pilot, "1 of 2 runs")


def test_an_order_is_the_same_after_being_written_as_text():
    order = (("metric:val.loss.std", True), ("param:a,b", False), ("started", True), ("runs", True))

    assert read_order(order_texts(order)) == order
    assert read_order(["-nonsense:x"]) == ()

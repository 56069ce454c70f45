from __future__ import annotations

import pytest
from tui_pilot import opened, screen_text, see, until

from tui_tracker.queries import list_choices, parse_column
from tui_tracker.tui.columns import column_of, column_text, plain_column, read_columns
from tui_tracker.tui.screens.pick_columns import PickColumns
from tui_tracker.tui.screens.runs_order import sorted_by, sorted_then, turned
from tui_tracker.tui.widgets.run_table import RunTable
from tui_tracker.tui.widgets.table_layout import TableLayout


def table_of(pilot) -> RunTable:
    return pilot.app.screen_stack[0].query_one(RunTable)


def specs(pilot) -> list[str]:
    return [column.spec for column in table_of(pilot).columns]


def names(pilot) -> list[str]:
    table = table_of(pilot)
    return [table.rows[table.keys[index]].name for index in table.window]


@pytest.fixture
def sweep(store, log_run):
    """Four runs: two learning rates, two seeds, one param the same in all."""
    for lr in (0.1, 0.2):
        for seed in (0, 1):
            log_run(
                f"lr{lr}-s{seed}",
                params={"lr": lr, "seed": seed, "model": "cnn"},
                tags=(f"purpose:{'final' if lr > 0.1 else 'draft'}",),
                val_loss=[1.0, lr + seed / 100],
                val_f1=[0.5, 0.9 - lr],
            )
    return store


# Arranging.


async def test_columns_move_hide_pin_and_widen_under_the_column_cursor(sweep):
    async with opened(sweep) as pilot:
        assert specs(pilot)[:4] == ["status", "name", "metric:val_f1", "metric:val_loss"]
        await pilot.press("right", "shift+right")
        assert specs(pilot)[2:4] == ["metric:val_loss", "metric:val_f1"]
        await pilot.press("p")
        await see(pilot, "val_f1 ↑ is pinned at the left")
        assert specs(pilot)[2] == "metric:val_f1"
        before = table_of(pilot).columns[2].width
        await pilot.press("greater_than_sign")
        assert (before, table_of(pilot).columns[2].width) == (None, 10)
        await pilot.press("x")
        await see(pilot, "val_f1 ↑ is hidden: o brings it back")
        assert "metric:val_f1" not in specs(pilot)


async def test_an_arrangement_is_remembered_for_the_branch_it_was_made_in(sweep, log_run):
    log_run("other", experiment="text", bleu=[0.3])

    async with opened(sweep) as pilot:
        await pilot.press("tab", "down", "tab")
        await until(pilot, lambda: table_of(pilot).count == 4)
        await pilot.press("right", "x")
        await until(pilot, lambda: "metric:val_f1" not in specs(pilot))
    async with opened(sweep) as pilot:
        assert "metric:val_f1" in specs(pilot)
        await pilot.press("tab", "down", "tab")
        await until(pilot, lambda: table_of(pilot).count == 4)

        assert "metric:val_f1" not in specs(pilot)


async def test_columns_out_of_view_are_told_at_both_sides(sweep):
    async with opened(sweep, size=(60, 20)) as pilot:
        await see(pilot, "›")
        await pilot.press(*["right"] * 6)
        await see(pilot, "‹")


async def test_a_pinned_column_stays_while_the_others_scroll(sweep):
    async with opened(sweep, size=(60, 20)) as pilot:
        await pilot.press("right", "p", *["right"] * 6)

        assert "val_f1 ↑" in screen_text(pilot)


async def test_d_leaves_what_differs_and_brings_params_that_had_no_column(sweep):
    async with opened(sweep) as pilot:
        await pilot.press("d")
        await see(pilot, "Only columns that differ")
        await until(pilot, lambda: "param:seed" in specs(pilot))
        assert "param:model" not in specs(pilot)
        assert "metric:val_f1" in specs(pilot)
        await pilot.press("d")
        await see(pilot, "All columns again")


# The chooser.


async def test_the_chooser_finds_a_statistic_and_shows_it(sweep):
    async with opened(sweep) as pilot:
        await pilot.press("o")
        await see(pilot, "Columns", "Shown, in this order", "Metrics")
        await pilot.press(*"loss.std", "space", "enter")
        await see(pilot, "val_loss std")

        assert specs(pilot)[-1] == "metric:val_loss.std"


async def test_the_chooser_moves_renames_and_gives_up_with_esc(sweep):
    async with opened(sweep) as pilot:
        before = specs(pilot)
        await pilot.press("o")
        await see(pilot, "Metrics")
        await pilot.press("down", "down", "shift+down", "equals_sign", *"My F1", "enter")
        await see(pilot, "My F1  metric:val_f1")
        await pilot.press("escape")
        assert specs(pilot) == before
        await pilot.press("o")
        await see(pilot, "Metrics")
        await pilot.press("down", "down", "shift+down", "equals_sign", *"My F1", "enter", "enter")
        await see(pilot, "My F1")

        assert specs(pilot)[2:4] == ["metric:val_loss", "metric:val_f1"]


async def test_delete_in_the_chooser_gives_the_choice_back_to_the_app(sweep):
    async with opened(sweep) as pilot:
        before = specs(pilot)
        await pilot.press("right", "x")
        await pilot.press("o", "delete")
        await until(pilot, lambda: specs(pilot) == before)


async def test_curves_notes_facts_and_tags_can_be_columns(sweep):
    wanted = ("spark:val_loss", "notes", "fact:commit", "tag:purpose", "health", "host", "id")
    async with opened(sweep, size=(200, 30)) as pilot:
        screen = pilot.app.screen_stack[0]
        screen.keep_layout(read_columns(["name", *wanted], 1))
        screen.read_columns_again()
        await see(pilot, "val_loss curve", "▇▇▁▁", "final", "draft", "well")


# Several sort keys.


async def test_a_comma_adds_a_key_and_the_header_numbers_them(sweep):
    async with opened(sweep) as pilot:
        await pilot.press("right", "s")
        await until(pilot, lambda: names(pilot)[0].startswith("lr0.1"))
        await pilot.press("left", "comma")
        await see(pilot, "val_f1 ↑ ▾1", "name ▴2")
        await until(pilot, lambda: names(pilot) == ["lr0.1-s0", "lr0.1-s1", "lr0.2-s0", "lr0.2-s1"])
        await pilot.press("comma")
        await until(pilot, lambda: names(pilot) == ["lr0.1-s1", "lr0.1-s0", "lr0.2-s1", "lr0.2-s0"])


def test_orders_are_begun_added_to_and_turned():
    one = sorted_by((("started", True),), "name")

    assert one == (("name", False),)
    assert sorted_by(one, "name") == (("name", True),)
    assert sorted_then(one, "metric:val_loss.min") == (*one, ("metric:val_loss.min", False))
    assert sorted_then(sorted_then(one, "started"), "name") == (("name", True), ("started", True))
    assert turned((*one, ("started", True)), "") == (("name", True), ("started", False))


async def test_the_order_is_there_again_at_the_next_start(sweep):
    async with opened(sweep) as pilot:
        await pilot.press("right", "right", "s")
        await see(pilot, "by val_loss.min")
    async with opened(sweep) as pilot:
        await see(pilot, "by val_loss.min ▴")


# Pure layout.


def layout(*columns: str, pinned: int = 1) -> TableLayout:
    made = TableLayout()
    made.width = 200
    made.take(read_columns(columns, pinned))
    return made


def test_columns_that_do_not_fit_whole_are_left_out_and_counted():
    made = layout("name", "host", "user", "id")
    for column, text in zip(made.columns, ("n" * 10, "h" * 10, "u" * 10, "i" * 36), strict=True):
        made.grow(column, text)

    shown = made.shown(36)

    assert [number for number, _ in shown.columns] == [0, 1, 2]
    assert (shown.left, shown.right) == (0, 1)


def test_bringing_a_column_into_view_scrolls_the_others_and_keeps_the_pinned():
    made = layout("name", "host", "user", "id")
    for column in made.columns:
        made.grow(column, "x" * 10)

    assert made.bring(3, 26)
    assert [number for number, _ in made.shown(26).columns] == [0, 3]


def test_numbers_stand_on_their_point_and_words_below_them():
    made = layout("metric:loss")
    (loss,) = made.columns
    for text in ("0.5000", "12.25", "–"):
        made.grow(loss, text)

    cells = [made.padded(loss, text, 8) for text in ("0.5000", "12.25", "–")]

    assert [cell.find(".") for cell in cells[:2]] == [3, 3]
    assert {len(cell) for cell in cells} == {8}


@pytest.mark.parametrize(
    "text",
    [
        "status",
        "metric:val_f1",
        "metric:val_f1.max=best F1|10",
        "param:`a,b`=`x|y`",
        "spark:loss|20",
        "fact:data.version",
    ],
)
def test_a_column_reads_as_the_text_it_is_remembered_by(text):
    column = column_of(parse_column(text))

    assert column_text(column) == text


def test_a_layout_from_another_version_keeps_what_can_be_read():
    columns = read_columns(["name", "nonsense:x", "status|0", "name", "duration"], 1)

    assert [(column.spec, column.pinned) for column in columns] == [
        ("name", True),
        ("duration", False),
    ]


def test_plain_columns_are_those_that_queries_know(sweep):
    known = {str(choice.spec) for choice in list_choices(sweep)}

    assert {plain_column(spec).spec for spec in ("status", "started", "tags")} <= known


async def test_the_chooser_of_an_empty_store_says_that_there_is_nothing(store):
    async with opened(store) as pilot:
        await pilot.press("o")
        await until(pilot, lambda: isinstance(pilot.app.screen, PickColumns))
        await pilot.press("escape")
        await see(pilot, "No runs yet.")

"""The filter line of the app: errors at once, completion, history; and facets."""

from __future__ import annotations

import pytest
from tui_pilot import gone, opened, screen_text, see, until

from tui_tracker.tui.facet_query import facet_query
from tui_tracker.tui.screens.facets import FacetsScreen
from tui_tracker.tui.widgets.query_line import QueryLine
from tui_tracker.tui.widgets.run_table import RunTable


@pytest.fixture(autouse=True)
def _runs(log_run, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    log_run("red", params={"lr": 0.1, "opt": "adam"}, loss=[0.5])
    log_run("blue", params={"lr": 0.2, "opt": "sgd"}, tags=("best",), loss=[2.0])


def names(pilot) -> list[str]:
    table = pilot.app.screen.query_one(RunTable)
    return sorted(table.rows[key].name for key in table.keys if key in table.rows)


def typed(pilot) -> str:
    return pilot.app.screen.query_one(QueryLine).input.value


async def write(pilot, text: str) -> None:
    line = pilot.app.screen.query_one(QueryLine).input
    line.value = line.value + text
    line.cursor_position = len(line.value)
    await pilot.pause()


async def test_a_query_filters_while_it_is_typed(store):
    async with opened(store) as pilot:
        await pilot.press("slash")
        await until(pilot, lambda: pilot.app.screen.query(QueryLine))
        await write(pilot, "lr < 0.15")
        await until(pilot, lambda: names(pilot) == ["red"])


async def test_an_error_is_shown_with_its_place_and_the_table_keeps_its_rows(store):
    async with opened(store) as pilot:
        await pilot.press("slash")
        await until(pilot, lambda: pilot.app.screen.query(QueryLine))
        await write(pilot, "lr < 0.15")
        await until(pilot, lambda: names(pilot) == ["red"])
        await write(pilot, " and lrr < 1")
        await see(pilot, "^^^ no field named 'lrr': did you mean 'lr'?")
        await write(pilot, " or")
        await see(pilot, "a term is wanted here")
        assert names(pilot) == ["red"]

        await pilot.press("enter")
        assert pilot.app.screen.query(QueryLine)
        await pilot.press("escape")
        await until(pilot, lambda: len(names(pilot)) == 2)


async def test_in_a_narrow_window_the_nearest_name_is_said_rather_than_cut(store):
    async with opened(store, size=(60, 18)) as pilot:
        await pilot.press("slash")
        await until(pilot, lambda: pilot.app.screen.query(QueryLine))
        await write(pilot, "loss.last < 1 and loss.last > 0 and exprimentt = other")
        await see(pilot, "at 37: did you mean 'experiment'?")


async def test_tab_completes_fields_operators_and_values(store):
    async with opened(store) as pilot:
        await pilot.press("slash")
        await until(pilot, lambda: pilot.app.screen.query(QueryLine))
        await write(pilot, "op")
        await pilot.press("tab")
        await until(pilot, lambda: typed(pilot) == "opt ")
        await pilot.press("tab")
        await see(pilot, "at most")
        await pilot.press("enter")
        await until(pilot, lambda: typed(pilot) == "opt = ")
        await pilot.press("tab")
        await see(pilot, "adam", "1 run")
        await pilot.press("down", "tab")
        await until(pilot, lambda: typed(pilot) == "opt = sgd ")
        await until(pilot, lambda: names(pilot) == ["blue"])


async def test_the_list_narrows_while_one_types_and_esc_closes_it_first(store):
    async with opened(store) as pilot:
        await pilot.press("slash")
        await until(pilot, lambda: pilot.app.screen.query(QueryLine))
        await pilot.press("tab")
        await see(pilot, "experiment", "the run's name")
        await pilot.press("l")
        await gone(pilot, "the run's name")
        await pilot.press("escape")
        assert typed(pilot) == "l"
        assert not pilot.app.screen.query_one(QueryLine).list.display


async def test_the_arrows_bring_back_what_was_asked_before(store):
    async with opened(store) as pilot:
        for query in ("red", "blue"):
            await pilot.press("slash")
            await until(pilot, lambda: pilot.app.screen.query(QueryLine))
            pilot.app.screen.query_one(QueryLine).input.value = query
            await pilot.press("enter")
            await until(pilot, lambda: not pilot.app.screen.query(QueryLine))
        await pilot.press("escape", "slash")
        await until(pilot, lambda: pilot.app.screen.query(QueryLine))
        await pilot.press("up")
        assert typed(pilot) == "blue"
        await pilot.press("up")
        assert typed(pilot) == "red"
        await pilot.press("down", "down")
        assert typed(pilot) == ""


async def test_facets_put_a_query_into_the_filter_line(store):
    async with opened(store) as pilot:
        await pilot.press("f")
        await until(pilot, lambda: isinstance(pilot.app.screen, FacetsScreen))
        await see(pilot, "Filter by values", "opt")
        fields = pilot.app.screen.field_list
        fields.cursor = [field.name for field in fields.fields].index("opt")
        await see(pilot, "adam", "sgd")
        await pilot.press("tab", "space")
        await see(pilot, "/opt = adam")
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen.query(QueryLine))
        await until(pilot, lambda: typed(pilot) == "opt = adam")
        await until(pilot, lambda: names(pilot) == ["red"])


async def test_the_cursor_stays_on_its_value_while_runs_come(store, log_run):
    async with opened(store) as pilot:
        await pilot.press("f")
        await until(pilot, lambda: isinstance(pilot.app.screen, FacetsScreen))
        screen = pilot.app.screen
        await see(pilot, "opt")
        written = [field.written for field in screen.field_list.fields]
        screen.field_list.cursor = written.index("opt")
        await see(pilot, "sgd")
        await pilot.press("tab", "down")

        # One value more of the field, and one field more before it.
        log_run("green", params={"arch": "mlp", "opt": "lion"}, loss=[1.0])
        screen.read_again()
        await see(pilot, "lion", "arch")

        await pilot.press("space")
        await see(pilot, "/opt = sgd")


async def test_counts_of_values_stand_beside_them_in_a_wide_window(store):
    async with opened(store, size=(200, 40)) as pilot:
        await pilot.press("f")
        await until(pilot, lambda: isinstance(pilot.app.screen, FacetsScreen))
        await see(pilot, "opt")
        fields = pilot.app.screen.field_list
        fields.cursor = [field.name for field in fields.fields].index("opt")
        await see(pilot, "adam")

        row = next(line for line in screen_text(pilot).splitlines() if "adam" in line)
        after = row[row.index("adam") + 4 :]
        assert after.strip().isdigit()
        assert len(after) < 70


async def test_an_idle_filter_line_sends_nothing(store):
    async with opened(store) as pilot:
        await pilot.press("slash")
        await until(pilot, lambda: pilot.app.screen.query(QueryLine))

        assert not pilot.app.screen.query_one(QueryLine).input.cursor_blink


async def test_hostile_text_in_the_line_shows_as_it_is(store):
    async with opened(store) as pilot:
        await pilot.press("slash")
        await until(pilot, lambda: pilot.app.screen.query(QueryLine))
        await write(pilot, "[bold]x[/] =>")
        await see(pilot, "no operator '=>'")
        assert "[bold]x[/]" in screen_text(pilot)


@pytest.mark.parametrize(
    ("before", "chosen", "text"),
    [
        ("", {}, ""),
        ("", {"opt": {"adam": "in"}}, "opt = adam"),
        ("", {"opt": {"adam": "in", "sgd": "in"}}, "opt in (adam, sgd)"),
        ("best", {"opt": {"adam": "out"}}, "best and not opt = adam"),
        ("a or b", {"x": {"1..2": "in", "..1": "in"}}, "(a or b) and (x in 1..2 or x in ..1)"),
        ("", {"x": {"": "in", "1": "in"}, "y": {"2": "in"}}, "(x = 1 or missing:x) and y = 2"),
    ],
)
def test_what_was_chosen_becomes_a_query(before, chosen, text):
    assert facet_query(before, chosen) == text


async def test_a_field_that_is_being_typed_keeps_the_list(store):
    async with opened(store) as pilot:
        await pilot.press("slash")
        await until(pilot, lambda: pilot.app.screen.query(QueryLine))
        for text in ("lo", "ss", " <"):
            await write(pilot, text)
            await pilot.pause(0.2)
            assert names(pilot) == ["blue", "red"]
        await write(pilot, " 1")
        await until(pilot, lambda: names(pilot) == ["red"])


async def test_a_word_that_was_kept_is_sought_although_it_begins_a_field(store):
    async with opened(store) as pilot:
        await pilot.press("slash")
        await until(pilot, lambda: pilot.app.screen.query(QueryLine))
        await write(pilot, "loss")
        await pilot.press("enter")

        await see(pilot, "No run here fits loss")


async def test_the_tree_counts_what_the_table_shows_while_a_field_is_typed(store):
    async with opened(store) as pilot:
        await pilot.press("slash")
        await until(pilot, lambda: pilot.app.screen.query(QueryLine))
        await write(pilot, "lr < 0.15 and los")

        await until(pilot, lambda: names(pilot) == ["red"])
        await until(pilot, lambda: screen_text(pilot).splitlines()[3].split()[2] == "1")

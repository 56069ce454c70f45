"""The drill in the app: proposals to take or leave, written as amendments."""

from __future__ import annotations

import pytest
from tui_pilot import opened, screen_text, see, until

import tui_tracker as tt
from tui_tracker.drain import recover
from tui_tracker.queries.amendments import read_amendments
from tui_tracker.tui.screens.drill import DrillScreen, OfferList
from tui_tracker.tui.screens.run import RunScreen


@pytest.fixture
def gap(store, folder, monkeypatch, tmp_path):
    """A run whose record lacks a purpose, and much else."""
    monkeypatch.chdir(tmp_path)
    run = tt.init("digits", "baseline_1", {"model_type": "mlp"}, store=folder)
    for step in range(3):
        run.log({"train_loss": 0.5, "val_f1_macro": 0.5}, step=step)
    run.finish()
    recover(store)
    return store


async def drill(pilot):
    """Go from the runs to the drill of the first by the audit."""
    await pilot.press("exclamation_mark")
    await see(pilot, "audit 1 run")
    await pilot.press("f")
    await until(pilot, lambda: isinstance(pilot.app.screen, DrillScreen))
    await until(pilot, lambda: bool(pilot.app.screen.query_one(OfferList).offers))
    return pilot.app.screen


async def test_a_proposal_is_taken_and_written_with_a_reason(gap):
    async with opened(gap) as pilot:
        screen = await drill(pilot)
        fields = [offer.field for offer in screen.view.offers]
        screen.view.cursor = fields.index("tags.purpose")

        await pilot.press("space", "enter")
        await see(pilot, "Why?")
        await pilot.press(*"it says so", "enter")
        await see(pilot, "1 amendment written")
        await until(pilot, lambda: "tags.purpose" not in
                    [offer.field for offer in screen.view.offers])  # fmt: skip

    ((item,),) = read_amendments(gap, [1]).values()
    assert (item.field, item.old, item.new) == ("tags.purpose", None, "baseline")
    assert (item.reason, item.confidence, item.intact) == ("it says so", "likely", True)


async def test_another_value_is_typed_in(gap):
    async with opened(gap) as pilot:
        screen = await drill(pilot)
        fields = [offer.field for offer in screen.view.offers]
        screen.view.cursor = fields.index("tags.purpose")

        await pilot.press("e")
        await see(pilot, "what should it be?")
        await pilot.press("ctrl+u", *"final", "enter")
        await until(pilot, lambda: screen.view.taken == {"tags.purpose"})

        assert screen.view.current.item.new == "final"
        assert screen.view.current.item.confidence == ""


async def test_what_nothing_tells_is_listed_with_the_reason(gap):
    async with opened(gap) as pilot:
        screen = await drill(pilot)
        gone = {offer.rule: offer.refused for offer in screen.view.offers if offer.item is None}

    assert "data.name-missing" in gone
    assert "no file was seen to be read" in gone["data.name-missing"]


async def test_where_nothing_is_proposed_it_is_said(gap):
    async with opened(gap) as pilot:
        screen = await drill(pilot)
        assert screen.view.offers[-1].item is None
        await pilot.press("G", "space")
        await see(pilot, "Nothing is proposed here")
        await pilot.press("up", "e")

        await see(pilot, "Nothing is proposed here")
        assert screen.view.taken == set()


async def test_writing_nothing_says_how_to_take_something(gap):
    async with opened(gap) as pilot:
        await drill(pilot)

        await pilot.press("enter")

        await see(pilot, "Take something first")


async def test_where_nothing_lacks_no_key_is_named_that_would_do_nothing(store, log_run):
    log_run("whole")
    async with opened(store) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        await pilot.press("8")
        await see(pilot, "No samples were taken")
        assert "smooth" not in screen_text(pilot).splitlines()[-1]
        screen = DrillScreen(pilot.app.screen.key)
        pilot.app.push_screen(screen)
        await until(pilot, lambda: screen.query(OfferList) and screen.view.offers)

        screen.view.show([])

        await until(pilot, lambda: "take" not in screen_text(pilot).splitlines()[-1])
        assert "? more" in screen_text(pilot).splitlines()[-1]

from __future__ import annotations

import pytest
from tui_pilot import see, until

from tui_tracker.settings import Settings
from tui_tracker.tui.app import TrackerApp
from tui_tracker.tui.keymap import NOT_SENT, lay_over, normal_key
from tui_tracker.tui.keys import KEYS, hints, use_keys
from tui_tracker.tui.screens.help import HelpScreen, help_lines


@pytest.fixture(autouse=True)
def _shipped_keys():
    yield
    use_keys(KEYS)


def keys_by_name(wanted):
    return {key.name: key.keys for key in lay_over(wanted).keys}


def test_every_action_has_a_name_of_its_own():
    names = [key.name for key in KEYS]

    assert sorted(names) == sorted(set(names))


def test_without_own_keys_the_table_is_the_shipped_one():
    assert lay_over({}).keys == KEYS
    assert lay_over({}).changes() == {}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("?", "question_mark"),
        ("/", "slash"),
        ("s", "s"),
        ("S", "S"),
        ("esc", "escape"),
        ("pgup", "pageup"),
        ("F5", "f5"),
        ("ctrl+D", "ctrl+d"),
        ("shift+ctrl+left", "ctrl+shift+left"),
        ("alt++", "alt+plus"),
        ("ctrl+[", "ctrl+left_square_bracket"),
        ("question_mark", "question_mark"),
        (" ", "space"),
        ("hyper+x", None),
        ("enterr", None),
        ("", None),
        ("\n", None),
    ],
)
def test_keys_may_be_called_as_people_call_them(text, key):
    assert normal_key(text) == key


def test_an_own_key_takes_it_from_the_shipped_action_of_the_same_place():
    found = lay_over({"table.sort": ["S", "f5"]})
    keys = {key.name: key.keys for key in found.keys}

    assert (keys["table.sort"], keys["table.reverse"]) == (("S", "f5"), ())
    assert found.displaced == {"table.reverse": ("S",)}
    assert found.changes()["table.reverse"] == "unbound"


def test_an_own_key_of_an_outer_place_wins_over_shipped_ones_inside():
    keys = keys_by_name({"everywhere.refresh": ["s"]})

    assert (keys["everywhere.refresh"], keys["table.sort"], keys["curves.smooth"]) == (
        ("s",),
        (),
        (),
    )


def test_an_own_key_of_an_inner_place_leaves_the_outer_one_to_other_places():
    found = lay_over({"table.sort": ["q"]})
    use_keys(found.keys)

    assert found.displaced == {}
    assert ("q", "sort") in hints("table")
    assert ("q", "close") not in hints("table")
    assert ("q", "close") in hints("tree")


def test_an_empty_list_takes_the_keys_away():
    assert keys_by_name({"table.sort": []})["table.sort"] == ()


@pytest.mark.parametrize("key", sorted(NOT_SENT))
def test_a_key_that_no_terminal_sends_is_refused_with_its_reason(key):
    found = lay_over({"table.sort": [key]})

    assert NOT_SENT[key] in found.problems[0]
    assert found.changes() == {}


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"table.srot": ["f5"]}, "no action named 'table.srot': did you mean 'table.sort'?"),
        ({"table.sort": ["hyper+x"]}, "there is no key 'hyper+x'"),
        ({"table.sort": ["f5"], "table.open": ["f5"]}, "'f5' is bound to table.sort, not to"),
    ],
)
def test_a_mistake_is_told_and_the_shipped_key_stays(wanted, words):
    found = lay_over(wanted)

    assert words in found.problems[0]
    assert {key.name: key.keys for key in found.keys}["table.open"] == ("enter",)


async def test_an_own_key_works_and_help_and_footer_tell_it(store, log_run):
    log_run("one", loss=[0.5])
    app = TrackerApp(store, settings=Settings(keys={"everywhere.help": ("f9",)}))

    async with app.run_test(size=(100, 30)) as pilot:
        await see(pilot, "f9 more")
        await pilot.press("question_mark")
        await pilot.press("f9")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))

    words = "\n".join("".join(text for text, _ in line) for line in help_lines("table"))
    assert "f9" in words


async def test_a_displaced_key_does_what_it_was_given_to(store, log_run):
    log_run("a", loss=[0.5])
    log_run("b", loss=[0.4])
    app = TrackerApp(store, settings=Settings(keys={"everywhere.help": ("s",)}))

    async with app.run_test(size=(100, 30)) as pilot:
        await see(pilot, "loss")
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))


def test_keys_prints_the_table_with_own_keys(tt_, tmp_path):
    folder = tmp_path / "config" / "tui_tracker"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text('[keys]\n"table.sort" = ["S", "ctrl+m"]\n')

    code, out, err = tt_("keys")

    assert code == 1
    assert "terminals send enter as ctrl+m" in err
    line = next(line for line in out.splitlines() if "table.reverse" in line)
    assert "none (your settings use S)" in line
    assert '"own": true' in tt_("keys", "--json")[1]
    assert "| where | key |" in tt_("keys", "--md")[1]


async def test_help_cuts_nothing_in_a_narrow_window(store):
    async with TrackerApp(store).run_test(size=(60, 40)) as pilot:
        pilot.app.push_screen(HelpScreen("table"))
        await see(pilot, "Go to the column left; in a table", "groups, fold", "groups, unfold")


async def test_the_app_tells_of_mistakes_in_the_settings(store, log_run):
    log_run("one", loss=[0.5])
    settings = Settings(keys={"table.srot": ("f5",)}, problems=("config.toml:3: no.",))
    app = TrackerApp(store, settings=settings)

    async with app.run_test(size=(120, 30)) as pilot:
        await see(pilot, "config.toml:3: no. (and 1 more: tt config, tt keys)")

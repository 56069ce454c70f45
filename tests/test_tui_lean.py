from __future__ import annotations

import subprocess
import sys

import pytest

from tui_tracker import cli

LEAN = "import sys; from tui_tracker.tui.lean import import_textual; import_textual(); "


def told(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


def test_textual_comes_without_what_nobody_asks_for():
    code = LEAN + "print(*[name for name in ('ssl', 'textual.command', 'platformdirs', "
    code += "'textual.widgets._input') if name in sys.modules])"

    assert told(code) == ""


def test_whoever_wants_the_real_ones_gets_them():
    code = LEAN + "import ssl, platformdirs; from textual.command import Provider; "
    code += "print(ssl.SSLContext.__name__, Provider.__module__)"

    assert told(code) == "SSLContext textual.command"


def test_a_textual_that_needs_more_is_imported_whole():
    code = "import sys; from tui_tracker.tui import lean; "
    code += "lean._NAMES = {'textual.command': ('Provider',)}; lean.import_textual(); "
    code += "from textual.app import App; print(sys.modules['textual.command'].__file__ is None)"

    assert told(code) == "False"


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["--ascii"], ["tui", "--ascii"]),
        (["--store", "x", "--link", "slow"], ["--store", "x", "tui", "--link", "slow"]),
        (["--store=x", "--no-mouse"], ["--store=x", "tui", "--no-mouse"]),
        (["--version"], ["--version"]),
        (["--store", "x", "ls", "--json"], ["--store", "x", "ls", "--json"]),
        (["ls", "--limit", "3"], ["ls", "--limit", "3"]),
        ([], []),
        (["--store", "x"], ["--store", "x"]),
    ],
)
def test_options_without_a_command_are_the_apps(arguments, wanted):
    assert cli._with_command(arguments) == wanted


def test_the_help_names_every_theme_colour_and_link(capsys):
    from tui_tracker.settings import COLORS, LINKS, THEMES

    cli.main(["tui", "--help"])

    words = capsys.readouterr().out
    assert all(name in words for name in (*THEMES, *COLORS, *LINKS))


def test_listing_the_keys_loads_no_textual():
    code = "import sys; from tui_tracker.cli import main; main(['keys', '--md']); "
    code += "print('textual' in sys.modules)"

    assert told(code).splitlines()[-1] == "False"

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tui_tracker
from tui_tracker.formatting import cell_width
from tui_tracker.glyphs import ASCII, HANDLER, needs_ascii, register_handler, to_ascii

SOURCES = sorted(Path(tui_tracker.__file__).parent.joinpath("tui").rglob("*.py"))


def test_every_sign_that_the_app_draws_has_an_ascii_one():
    text = "".join(path.read_text(encoding="utf-8") for path in SOURCES)
    strings = "".join(re.findall(r'"(?:[^"\\\n]|\\.)*"', text))

    lacking = {c for c in strings if not c.isascii() and ord(c) not in ASCII}

    assert lacking == set()


def test_one_cell_becomes_one_ascii_letter():
    assert all(letter.isascii() and len(letter) == 1 for letter in ASCII.values())
    wide = {chr(sign) for sign in ASCII if cell_width(chr(sign)) != 1}
    assert wide == set()


def test_statuses_stay_apart():
    from tui_tracker.tui.columns import GLYPHS

    shown = [to_ascii(glyph) for glyph in GLYPHS.values()]

    assert len(set(shown)) == len(shown)


def test_a_curve_of_dots_keeps_its_shape():
    assert to_ascii("⠁⠤⣀⢀⡀⠉⡇⠀") == "'-___'| "
    assert to_ascii("⡠⠊⠑⢄") == "//\\\\"


def test_the_persons_words_stay_unless_nothing_can_show_them():
    assert to_ascii("… é 日本") == "~ é 日本"
    assert to_ascii("… é 日本", letters=True) == "~ ? ????"


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, False),
        ({"LANG": "en_US.UTF-8"}, False),
        ({"LANG": "C.utf8"}, False),
        ({"LANG": "de_DE.ISO-8859-1"}, True),
        ({"LANG": "de_DE.ISO-8859-1", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, False),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "C"}, True),
        ({"LANG": "en_US.UTF-8", "TERM": "linux"}, True),
    ],
)
def test_the_locale_tells_whether_signs_can_be_shown(environ, wanted):
    assert needs_ascii(environ) is wanted


def test_an_encoding_that_lacks_a_sign_writes_the_ascii_one():
    register_handler()

    assert "✓ 0.5 ± 0.1 日".encode("ascii", HANDLER) == b"+ 0.5 ~ 0.1 ?"
    assert "± é".encode("latin-1", HANDLER) == b"\xb1 \xe9"

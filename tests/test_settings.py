from __future__ import annotations

from pathlib import Path

import pytest

from tui_tracker.errors import InvalidArgument
from tui_tracker.settings import Settings, config_path, effective, read_settings

NOBODY: dict[str, str] = {}


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_everything_is_as_shipped(tmp_path):
    assert read_settings(tmp_path / "none.toml", environ=NOBODY) == Settings()


def test_every_setting_of_a_file_is_taken_with_its_place(tmp_path):
    path = written(
        tmp_path,
        'theme = "ansi"\ncolors = 16\nascii = true\nlink = "slow"\nmouse = false\n'
        'editor = "hx"\n[alerts]\nrules = ["crashed"]\nbell = false\n'
        '[keys]\n"table.sort" = ["s", "f5"]\n',
    )

    found = read_settings(path, environ=NOBODY)

    assert found.problems == ()
    assert (found.theme, found.colors, found.ascii, found.link) == ("ansi", "16", "on", "slow")
    assert (found.mouse, found.editor) == (False, "hx")
    assert (found.alerts.rules, found.alerts.bell, found.alerts.notify) == (
        ("crashed",),
        False,
        True,
    )
    assert found.keys == {"table.sort": ("s", "f5")}
    assert found.sources["colors"] == f"{path}:2"
    assert found.sources["alerts.bell"] == f"{path}:9"
    assert found.sources["keys.table.sort"] == f"{path}:11"


def test_a_table_of_keys_by_place_is_the_same(tmp_path):
    path = written(tmp_path, '[keys.table]\nsort = "f5"\n')

    assert read_settings(path, environ=NOBODY).keys == {"table.sort": ("f5",)}


def test_an_unknown_name_is_answered_with_its_line_and_the_nearest(tmp_path):
    path = written(tmp_path, '# mine\nthem = "ansi"\nlink = "slow"\n')

    found = read_settings(path, environ=NOBODY)

    assert found.problems == (f"{path}:2: no setting named 'them': did you mean 'theme'?",)
    assert (found.theme, found.link) == ("auto", "slow")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('theme = "solarized"', "theme cannot be 'solarized': it is one of auto, tracker-dark"),
        ('mouse = "maybe"', "mouse cannot be 'maybe': it is true or false."),
        ("editor = 3", "editor cannot be 3: it is a text."),
        ("keys = 3", "keys is a table: write [keys]."),
        ("[keys]\n'table.sort' = 5", 'keys are a list of texts, as in "table.sort" = ["s", "f5"].'),
        ("[alerts]\nrules = 5", "alerts.rules is a list of texts, not 5."),
    ],
)
def test_what_cannot_be_used_is_told_and_the_default_holds(tmp_path, line, words):
    found = read_settings(written(tmp_path, line + "\n"), environ=NOBODY)

    assert len(found.problems) == 1
    assert words in found.problems[0]
    assert (found.theme, found.mouse, found.editor, found.keys) == ("auto", True, "", {})


@pytest.mark.parametrize("content", [b"theme = \n", b"\xff\xfe", b'theme = "ansi"\ntheme = "ansi"'])
def test_a_damaged_file_is_one_sentence_and_ends_nothing(tmp_path, content):
    path = tmp_path / "config.toml"
    path.write_bytes(content)

    found = read_settings(path, environ=NOBODY)

    assert len(found.problems) == 1
    assert found.problems[0].startswith(str(path))
    assert found.theme == "auto"


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(tmp_path):
    path = written(tmp_path, 'theme = "ansi"\nlink = "slow"\ncolors = "16"\n')
    environ = {"TUI_TRACKER_THEME": "tracker-light", "TUI_TRACKER_LINK": "fast"}

    found = read_settings(path, environ=environ, said={"link": "auto", "colors": None})

    assert (found.theme, found.link, found.colors) == ("tracker-light", "auto", "16")
    assert (found.sources["theme"], found.sources["link"]) == ("TUI_TRACKER_THEME", "--link")


def test_no_color_holds_where_this_program_was_told_nothing_else(tmp_path):
    quiet = read_settings(tmp_path / "none", environ={"NO_COLOR": "1"})
    asked = read_settings(written(tmp_path, "colors = 256\n"), environ={"NO_COLOR": "1"})

    assert (quiet.colors, asked.colors) == ("none", "256")


def test_a_wrong_word_on_the_command_line_is_an_error(tmp_path):
    with pytest.raises(InvalidArgument, match="theme cannot be 'x'"):
        read_settings(tmp_path / "none", environ=NOBODY, said={"theme": "x"})


def test_two_settings_against_each_other_are_one_sentence(tmp_path):
    found = read_settings(written(tmp_path, 'theme = "ansi"\ncolors = "256"\n'), environ=NOBODY)

    assert len(found.problems) == 1
    assert "changes nothing" in found.problems[0]


def test_the_file_lies_where_xdg_says():
    assert config_path({"XDG_CONFIG_HOME": "/x"}) == Path("/x/tui_tracker/config.toml")


def test_config_tells_every_setting_and_its_source(tt_, tmp_path):
    folder = tmp_path / "config" / "tui_tracker"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text('theme = "ansi"\nlnk = "slow"\n')

    code, out, err = tt_("config")

    assert code == 1
    assert all(name in out for name, _, _ in effective(Settings()))
    assert f"{folder}/config.toml:1" in out
    assert "did you mean 'link'?" in err
    assert tt_("config", "--path") == (0, f"{folder}/config.toml\n", "")

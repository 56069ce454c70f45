"""What the shell is told that can stand where the cursor is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import tui_tracker as tt
from tui_tracker import cli, edits
from tui_tracker.cli.complete import complete, split_line
from tui_tracker.cli.completion import SCRIPTS
from tui_tracker.queries import find_run
from tui_tracker.store import Store
from tui_tracker.views import View, save_view

LogRun = Callable[..., tt.Run]


@pytest.fixture
def words(folder: Path, log_run: LogRun) -> Callable[..., list[str]]:
    """Return the candidates for the last of some words, in a store with a few runs."""
    log_run("alpha", experiment="one", params={"lr": 1}, tags=("good", "purpose:base"), loss=[1.0])
    log_run("beta", experiment="two", accuracy=[1.0], loss=[1.0])
    log_run("twin")
    log_run("twin")

    def ask(*typed: str) -> list[str]:
        return [word for word, _ in complete(typed, str(folder))]

    return ask


def test_commands_and_options_are_completed(words: Callable[..., list[str]]) -> None:
    assert words("ar") == ["artifacts", "archive"]
    assert words("--v") == ["--version"]
    assert words("ls", "--st") == ["--status", "--store"]
    assert words("ls", "--status", "f") == ["finished", "failed"]
    assert words("completion", "") == ["bash", "zsh", "fish"]
    assert words("unknown", "x") == []


def test_runs_are_completed_by_name_and_by_id_where_names_are_shared(
    words: Callable[..., list[str]], store: Store
) -> None:
    found = words("show", "")

    assert found[2:] == ["beta", "alpha"]
    assert all(find_run(store, address) for address in found)
    assert words("show", "al") == ["alpha"]
    assert words("rm", "alpha", "bet") == ["beta"]


def test_only_runs_that_were_put_away_can_be_restored(
    words: Callable[..., list[str]], store: Store
) -> None:
    edits.trash(store, [find_run(store, "alpha")])

    assert words("restore", "") == ["alpha"]
    assert "alpha" not in words("show", "")


def test_metrics_tags_experiments_and_fields_are_completed(
    words: Callable[..., list[str]],
) -> None:
    assert words("curve", "beta", "")[:2] == ["loss", "accuracy"]
    assert "alpha" in words("curve", "beta", "")
    assert words("curve", "beta", "loss", "") == ["accuracy"]
    assert words("curve", "beta", "loss", "--run", "al") == ["alpha"]
    assert words("untag", "alpha", "g") == ["good"]
    assert words("tag", "beta", "p") == ["purpose:base"]
    assert words("ls", "--experiment", "t") == ["two"]
    assert words("ls", "--sort", "l") == ["loss", "lr"]


def test_a_query_is_completed_over_its_words(words: Callable[..., list[str]]) -> None:
    assert words("ls", "lr", "=", "") == ["1"]
    assert words("ls", "--limit", "2", "lr", "=", "1", "an") == ["and"]
    assert words("values", "lr", "loss", ">=", "") == ["1.0"]
    assert words("ls", "lr = 1 and acc") == ["lr = 1 and accuracy"]


def test_an_option_and_its_value_can_be_one_word(words: Callable[..., list[str]]) -> None:
    assert words("ls", "--status=f") == ["--status=finished", "--status=failed"]
    assert words("ls", "--sort=-l") == ["--sort=-loss", "--sort=-lr"]
    assert words("ls", "--json=x") == []


def test_views_files_and_what_is_judged_are_completed(
    words: Callable[..., list[str]], folder: Path
) -> None:
    save_view(folder, View("good ones", "tag:good"))

    assert words("ls", "--view", "g") == words("views", "show", "") == ["good ones"]
    assert words("audit", "al") == ["alpha"]
    assert words("health", "on") == ["one"]
    assert words("import", "r") == words("parse", "r") == [":files"]


@pytest.mark.usefixtures("words")
def test_the_store_that_was_typed_is_the_one_that_is_asked(folder: Path) -> None:
    found = [word for word, _ in complete(["--store", str(folder), "show", "al"], "/nowhere")]

    assert found == ["alpha"]


def test_files_and_folders_are_left_to_the_shell(words: Callable[..., list[str]]) -> None:
    assert words("--store", "x") == [":folders"]
    assert words("ls", "--store", "x") == [":folders"]
    assert words("doctor", "--backup", "x") == [":files"]
    assert words("artifacts", "alpha", "--out", "") == [":folders"]


def test_a_line_is_split_as_the_shell_would() -> None:
    assert split_line("tt show ") == ["tt", "show", ""]
    assert split_line("tt show 'two w") == ["tt", "show", "two w"]
    assert split_line('tt show "a b" c') == ["tt", "show", "a b", "c"]


def test_no_store_completes_nothing_and_says_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli.main(["--store", str(tmp_path / "none"), "__complete", "--", "show", ""])

    said = capsys.readouterr()
    assert (code, said.out, said.err) == (0, "", "")


def test_every_shell_has_a_script_that_asks_tt(capsys: pytest.CaptureFixture[str]) -> None:
    for shell in SCRIPTS:
        cli.main(["completion", shell])
        assert "__complete" in capsys.readouterr().out


@pytest.mark.usefixtures("words")
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("line", "word", "wanted"),
    [
        ("tt untag alpha purpose:b", "b", "base\n"),
        ("tt ls --sta", "--sta", "--status\n"),
        ("tt ls --sort=-lo", "-lo", "-loss\n"),
    ],
)
def test_bash_puts_the_candidates_on_the_line(
    folder: Path, line: str, word: str, wanted: str
) -> None:
    script = (
        SCRIPTS["bash"]
        + f'COMP_LINE="{line}"; COMP_POINT=${{#COMP_LINE}}\n'
        + f'_tui_tracker tt {word}; printf "%s\\n" "${{COMPREPLY[@]}}"\n'
    )
    # A process of this interpreter stands for the installed `tt`.
    script = f'tt() {{ "{sys.executable}" -m tui_tracker.cli "$@"; }}\n{script}'

    done = subprocess.run(
        ["bash", "-c", script],
        env={**os.environ, "TUI_TRACKER_STORE": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == wanted

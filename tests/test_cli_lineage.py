"""What `tt lineage` and `tt diff` print, and how they exit."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lineage_runs import changed_code, run_with

import tui_tracker as tt
from tui_tracker import cli
from tui_tracker.formatting import cell_width

Cli = Callable[..., tuple[int, str, str]]
TOKEN = "ghp_" + "a1B2" * 9
HOSTILE = "lr[/] [bold]\x1b[31mred\x1b[0m\ntwo\ttab \u202egnp 模型 \U0001f469\u200d\U0001f680"
_UNSAFE = r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u200d]"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Terminal(io.StringIO):
    """Standard output as a terminal of a certain encoding."""

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return True


@pytest.fixture
def on_terminal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Run a command with a terminal as standard output; return what stands on it."""

    def run(*arguments: str, columns: int = 80, encoding: str = "utf-8") -> str:
        screen = Terminal(encoding)
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("LINES", "24")
        monkeypatch.setenv("TERM", "xterm-256color")
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", screen)
            cli.main(["--store", str(folder), *arguments])
        return screen.getvalue()

    return run


def read(tt_: Cli, *arguments: str) -> Any:
    _, out, err = tt_(*arguments, "--json")
    assert err == ""
    return json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


def test_the_lineage_is_a_tree_with_a_mark_a_line(tt_: Cli, folder: Path):
    run_with(folder, "a", code=changed_code(folder, {"a.py": b"1\n"}, {"a.py": b"2\n"}))

    code, out, err = tt_("lineage", "a")

    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("run a  ")
    assert lines[1] == "✓  code           trunk @ 1a2b3c4, +41/-3 in 1 file, kept whole"
    assert any(re.fullmatch(r"  ✓  snapshot +[0-9a-f]{12}  1 file, 2 B, .*", x) for x in lines)
    assert "    ✓  a.py       changed  in the snapshot" in lines
    assert re.search(r"✓ \d+ verified   · \d+ recorded   – \d+ not recorded", lines[-1])


def test_something_missing_makes_the_exit_code_1(tt_: Cli, folder: Path):
    facts = {"kind": "file", "path": str(folder / "gone.csv"), "digest": f"sha256:{'a' * 64}"}
    run_with(folder, "a", data__d=facts)

    code, out, _ = tt_("lineage", "a")

    assert code == 1
    assert re.search(r"^  ✗  d +sha256:a{12}  it is not there any more$", out, re.MULTILINE)
    assert "✗ 1 missing" in out


def test_other_packages_here_leave_the_exit_code_0(tt_: Cli, folder: Path):
    facts = {"python": "2.7.18", "packages": {"pytest": "0.0.1", "nosuch": "1"}}
    run_with(folder, "a", environment=facts)

    code, out, _ = tt_("lineage", "a")
    everything = tt_("lineage", "a", "--all")[1]

    assert code == 0
    assert "nosuch" not in out
    assert re.search(r"≈  nosuch +1  not installed here$", everything, re.MULTILINE)


def test_the_json_has_all_nodes_with_their_whole_values(tt_: Cli, folder: Path):
    run_id = run_with(folder, "a", code={"commit": "ab" * 20, "top": "/nowhere"})

    tree = read(tt_, "lineage", "a")

    assert (tree["run"], tree["name"], tree["lost"], tree["deep"]) == (run_id, "a", 0, False)
    assert tree["counts"].keys() == {"verified", "changed", "missing", "recorded", "not recorded"}
    commit = tree["groups"][0]["children"][0]
    assert commit == {
        "title": "commit",
        "detail": "ab" * 6,
        "value": "ab" * 20,
        "mark": "recorded",
        "why": "its repository is not at its place on this machine",
        "informs": False,
        "doubt": False,
        "children": [],
    }


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_terminal_gets_lines_that_fit_and_lose_nothing(folder: Path, on_terminal, columns: int):
    argv = ["python", "train.py", *(f"--layer-{n}=0.{n}" for n in range(30))]
    run_with(
        folder,
        "a",
        process={"argv": argv, "cwd": "/x/" + "long/" * 30},
        hardware=("failed", "why " * 40),
    )

    text = _COLOURS.sub("", on_terminal("lineage", "a", "--all", columns=columns))

    assert max(map(cell_width, text.splitlines())) <= columns
    assert all(word in text for word in argv)


def test_marks_are_ascii_where_the_terminal_knows_no_more(folder: Path, on_terminal):
    run_with(folder, "a", code=changed_code(folder, {}, {"a.py": b"2\n"}))

    text = _COLOURS.sub("", on_terminal("lineage", "a", encoding="ascii"))

    assert text.isascii()
    assert text.splitlines()[1].startswith("+  code ")


def test_colours_are_left_out_under_no_color(folder: Path, on_terminal, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    run_with(folder, "a")

    text = on_terminal("lineage", "a")

    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", text)


def test_hostile_facts_are_harmless_in_text_and_whole_in_json(tt_: Cli, folder: Path):
    parts = {
        "code": changed_code(folder, {}, {"a.py": b"2\n"}, branch=HOSTILE, files=[["A", HOSTILE]]),
        "process": {"argv": [HOSTILE], "cwd": HOSTILE},
        "data__x": {"name": HOSTILE, "path": HOSTILE, "digest": HOSTILE, "kind": HOSTILE},
        "reads": {"folders": {HOSTILE: {"files": 1, "names": [HOSTILE]}}},
        "hardware": ("failed", HOSTILE),
    }
    a, b = run_with(folder, HOSTILE, **parts), run_with(folder, "b", **parts)

    outs = [tt_("lineage", a, "--all")[1], tt_("diff", a, b)[1]]
    tree = read(tt_, "lineage", a)

    for out in outs:
        assert not re.search(_UNSAFE, out)
    assert tree["groups"][1]["children"][0]["value"] == HOSTILE


def test_no_command_shows_a_secret(tt_: Cli, folder: Path):
    for name, line in (("a", "x = 1\n"), ("b", f'token = "{TOKEN}"\n')):
        run_with(
            folder,
            name,
            {"note": TOKEN},
            code=changed_code(folder, {}, {"conf.py": line.encode()}),
            process={"argv": ["x", TOKEN if name == "a" else "y"]},
            variables={"variables": {"X": TOKEN if name == "a" else "y"}},
        )

    outs = [
        tt_(*arguments)[1]
        for arguments in (
            ("lineage", "a", "--all"),
            ("lineage", "b", "--json"),
            ("diff", "a", "b", "--patch"),
            ("diff", "a", "b", "--json"),
        )
    ]

    assert not [out for out in outs if TOKEN in out]
    assert "+token = " in outs[2]


def test_diff_tells_differences_first_and_then_what_is_alike(tt_: Cli, folder: Path):
    for name, lr, losses in (("a", 0.1, [0.9, 0.5]), ("b", 0.01, [0.9, 0.25])):
        run = tt.init("e", name, {"lr": lr, "n": 3}, store=folder)
        for step, loss in enumerate(losses):
            run.log({"val_loss": loss, "same": 1.0}, step=step)
        run.finish()

    code, out, err = tt_("diff", "a", "b")

    assert (code, err) == (1, "")
    lines = out.splitlines()
    assert "lr  0.1  0.01" in lines
    (loss,) = [line.split() for line in lines if line.startswith("val_loss")]
    assert loss == ["val_loss", "↓", "0.5000", "0.2500", "-0.2500", "-50%", "0.5000", "0.2500"]
    assert lines.index("params") < lines.index("metrics")
    assert [line.split()[0] for line in lines if re.match(r"(code|data|command) ", line)] == [
        "code",
        "data",
        "command",
    ]


def test_diff_of_a_run_with_itself_finds_nothing(tt_: Cli, folder: Path):
    facts = {"packages": {"a": "1", "b": "2"}}
    run_with(folder, "a", {"lr": 1}, environment=facts)

    code, out, _ = tt_("diff", "a", "a")

    assert code == 0
    assert re.search(r"^params +the same 1 param$", out, re.MULTILINE)
    assert re.search(r"^packages +the same 2 packages$", out, re.MULTILINE)


def test_diff_ignores_what_it_is_told_to_and_what_the_project_says(
    tt_: Cli, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    run_with(folder, "a", {"seed": 1, "lr": 1})
    run_with(folder, "b", {"seed": 2, "lr": 2})
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[tool.tui_tracker.diff]\nignore = ["param:seed"]\n')

    code, out, _ = tt_("diff", "a", "b", "--ignore", "lr")

    assert code == 0
    assert re.search(r"^params +none in either; 2 ignored$", out, re.MULTILINE)


def test_diff_is_cut_to_the_kinds_that_are_wanted(tt_: Cli, folder: Path):
    run_with(folder, "a", {"lr": 1}, process={"argv": ["x"]})
    run_with(folder, "b", {"lr": 2}, process={"argv": ["y"]})

    shape = read(tt_, "diff", "a", "b", "--only", "command")
    code = tt_("diff", "a", "b", "--only", "code")[0]

    assert shape.keys() == {"a", "b", "differs", "command"}
    assert shape["command"]["differences"] == [
        {"name": "argv[0]", "state": "differs", "a": "x", "b": "y", "note": ""}
    ]
    assert code == 0
    assert tt_("diff", "a", "b", "--only", "colour")[0] == 2


def test_diff_prints_files_and_patch_and_a_terminal_gets_no_long_patch_unasked(
    tt_: Cli, folder: Path, on_terminal
):
    long = "".join(f"line {n}\n" for n in range(300)).encode()
    run_with(folder, "a", code=changed_code(folder, {}, {"a.py": b"1\n"}))
    run_with(folder, "b", code=changed_code(folder, {}, {"a.py": b"2\n", "long.py": long}))

    piped, stat = tt_("diff", "a", "b")[1], tt_("diff", "a", "b", "--stat")[1]
    drawn = _COLOURS.sub("", on_terminal("diff", "a", "b"))
    forced = _COLOURS.sub("", on_terminal("diff", "a", "b", "--patch"))

    assert "+line 299" in piped
    assert "+line 299" in forced
    assert re.search(r"^A +long\.py +\+300$", stat, re.MULTILINE)
    for text in (stat, drawn):
        assert "+line 299" not in text
        assert "lines of patch: --patch prints them" in text
    assert max(map(cell_width, drawn.splitlines())) <= 80


def test_an_unknown_run_is_trouble(tt_: Cli, folder: Path):
    run_with(folder, "baseline")

    answers = [tt_("diff", "baseline", "basline"), tt_("lineage", "basline")]

    said = "tt: no run named 'basline': did you mean 'baseline'?\n"
    assert answers == [(2, "", said), (2, "", said)]

"""`tt artifacts RUN PATH --show`: one file printed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import tui_tracker as tt


@pytest.fixture
def show(folder: Path, tmp_path: Path, tt_):
    """Log files and print one of them."""

    def run(path: str, files: dict[str, bytes], *, copy: bool = True):
        logged = tt.init("files", "run", store=folder)
        for number, (name, data) in enumerate(files.items()):
            source = tmp_path / f"file-{number}"
            source.write_bytes(data)
            logged.log_artifact(source, name=name, copy=copy)
        logged.wait_for_artifacts()
        logged.finish()
        return tt_("artifacts", "run", path, "--show")

    return run


def test_text_goes_into_a_pipe_as_it_is(folder, tmp_path, capfdbinary):
    from tui_tracker import cli

    (tmp_path / "a").write_bytes(b"a,b\n\x1b[31m1,2\xff\n")
    run = tt.init("files", "run", store=folder)
    run.log_artifact(tmp_path / "a", name="t.csv")
    run.wait_for_artifacts()
    run.finish()

    code = cli.main(["--store", str(folder), "artifacts", "run", "t.csv", "--show"])

    assert (code, capfdbinary.readouterr().out) == (0, b"a,b\n\x1b[31m1,2\xff\n")


def test_an_array_is_told_in_words(show, tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((3, 4)))

    _, out, _ = show("a.npy", {"a.npy": (tmp_path / "a.npy").read_bytes()})

    assert "shape   3 x 4" in out


def test_a_parquet_file_is_a_table(show, tmp_path):
    pd.DataFrame({"x": range(80)}).to_parquet(tmp_path / "t.parquet")

    _, out, err = show("t.parquet", {"t.parquet": (tmp_path / "t.parquet").read_bytes()})

    assert out.split()[:3] == ["x", "0", "1"]
    assert err == "tt: these are the first 50 rows\n"


def test_a_picture_is_letters_in_a_pipe(show, tmp_path):
    Image.new("L", (8, 4), 0).save(tmp_path / "x.png")

    code, out, err = show("x.png", {"plots/x.png": (tmp_path / "x.png").read_bytes()})

    assert (code, out) == (0, "@@@@@@@@\n@@@@@@@@\n")
    assert err == "tt: plots/x.png: PNG, 8 x 4\n"


def test_unknown_bytes_are_told_with_their_beginning(show):
    _, out, _ = show("blob", {"blob": b"\0\1\2"})

    assert "what  binary file\nsize  3 B (3 bytes)\n\n00000000  00 01 02" in out


def test_what_cannot_be_shown_is_a_trouble_in_one_sentence(show, tt_):
    code, _, err = show("named.txt", {"named.txt": b"x"}, copy=False)

    assert (code, err) == (2, "tt: only the name of this file was kept, not its content\n")
    assert tt_("artifacts", "run", "nmaed.txt", "--show")[::2] == (
        2,
        "tt: no artifact named 'nmaed.txt': did you mean 'named.txt'?\n",
    )
    assert tt_("artifacts", "run", "--show")[0] == 2


def test_a_path_alone_lists_that_file(show, tt_):
    show("b.txt", {"a.txt": b"x", "b.txt": b"y"})

    _, out, _ = tt_("artifacts", "run", "a.txt")

    assert "a.txt" in out
    assert "b.txt" not in out

"""The artifacts of a run in the app: the list, and a page for each kind of file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tui_pilot import gone, opened, screen_text, see, until

import tui_tracker as tt
from tui_tracker import folder as folders
from tui_tracker.artifacts import stored_path
from tui_tracker.formatting import cell_width
from tui_tracker.queries import get_run, list_run_keys
from tui_tracker.tui.screens.artifact import ArtifactScreen
from tui_tracker.tui.screens.run import RunScreen
from tui_tracker.tui.widgets.artifact_list import ArtifactList
from tui_tracker.tui.widgets.picture_view import PictureView
from tui_tracker.tui.widgets.text_view import TextView

HOSTILE = "lr[/] [bold]\x1b[31mred\x1b[0m\ntwo\ttab \u202egnp 模型 \U0001f469\u200d\U0001f680"


@pytest.fixture
def log_files(folder: Path, tmp_path: Path):
    """Log one run with these files: `log_files(**{"a.txt": b"..."})`."""

    def log(files: dict[str, bytes], *, copy: bool = True) -> None:
        run = tt.init("files", "with files", store=folder)
        for number, (name, data) in enumerate(files.items()):
            source = tmp_path / f"file-{number}"
            source.write_bytes(data)
            run.log_artifact(source, name=name, copy=copy)
        run.wait_for_artifacts()
        run.finish()

    return log


def a_picture(tmp_path: Path, colour: str = "red", suffix: str = "png") -> bytes:
    path = tmp_path / f"made.{suffix}"
    Image.new("RGB", (40, 20), colour).save(path)
    return path.read_bytes()


async def on_list(pilot) -> ArtifactList:
    await pilot.press("enter", "5")
    await see(pilot, "path", "sha256")
    return pilot.app.screen.query_one(ArtifactList)


async def look(pilot, name: str) -> ArtifactScreen:
    """Open an artifact from the list."""
    view = await on_list(pilot)
    view.cursor = [item.path for item in view.items].index(name)
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, ArtifactScreen))
    return pilot.app.screen


async def test_files_are_listed_and_filtered(store, log_files):
    log_files({"model.pt": b"x" * 2000, "plots/loss.png": b"y", "log.txt": b"z"})

    async with opened(store) as pilot:
        view = await on_list(pilot)
        await see(pilot, "model.pt", "2.0 kB", "kept", "plots/loss.png")
        assert [item.path for item in view.items] == ["log.txt", "model.pt", "plots/loss.png"]

        await pilot.press("slash", *"plots", "enter")
        await until(pilot, lambda: len(view.items) == 1)
        await pilot.press("escape")
        await until(pilot, lambda: len(view.items) == 3)


async def test_an_artifact_takes_the_whole_window(store, log_files):
    log_files({"log.txt": b"a line\n" * 100})

    async with opened(store, size=(120, 40)) as pilot:
        screen = await look(pilot, "log.txt")
        await see(pilot, "35 a line")
        assert screen.query_one(TextView).size.width > 115


async def test_text_is_numbered_searched_and_wrapped(store, log_files):
    lines = [f"line {number} of the log" for number in range(1000)]
    lines[700] = "here is the Needle" + " and more" * 40
    log_files({"log.txt": "\n".join(lines).encode()})

    async with opened(store) as pilot:
        screen = await look(pilot, "log.txt")
        view = screen.query_one(TextView)
        await see(pilot, "    1 line 0 of the log", "text, ", "1,000 lines")

        await pilot.press("slash", *"needle", "enter")
        await see(pilot, "701 here is the Needle")
        assert view.found == 700
        await pilot.press("n")
        await see(pilot, '"needle" is not found from here on')
        await pilot.press("l")
        await see(pilot, "701 le and more")
        await pilot.press("w")
        await see(pilot, "Long lines are wrapped", "701 here is the Needle")
        assert screen_text(pilot).count("and more") > 20
        await pilot.press("g", "N")
        await until(pilot, lambda: view.top <= 1)
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, RunScreen)


async def test_json_is_laid_out_and_shown_as_it_is(store, log_files):
    log_files({"a.json": json.dumps({"lr": 0.1, "layers": [1]}).encode()})

    async with opened(store) as pilot:
        await look(pilot, "a.json")
        await see(pilot, '2   "lr": 0.1,')
        await pilot.press("v")
        await see(pilot, '1 {"lr": 0.1, "layers": [1]}', "as text")
        await pilot.press("v")
        await see(pilot, "00000000  7b 22", "as bytes")
        await pilot.press("v")
        await see(pilot, '2   "lr": 0.1,')


async def test_a_table_is_gone_through_by_cell(store, log_files):
    rows = "".join(f"{number},name {number},{number / 7}\n" for number in range(5000))
    log_files({"preds.csv": f"id,label,prob\n{rows}".encode()})

    async with opened(store, size=(80, 24)) as pilot:
        await look(pilot, "preds.csv")
        await see(pilot, "id", "label", "prob", "int", "float", "name 3", "5,000 rows")
        await pilot.press("down", "l", "l", "y")
        await until(pilot, lambda: pilot.app.clipboard == repr(1 / 7))
        await see(pilot, "0.142857")
        await pilot.press("G")
        await see(pilot, "name 4999")


async def test_a_picture_is_drawn_in_half_blocks(store, log_files, tmp_path):
    log_files({"plot.png": a_picture(tmp_path), "photo.jpg": a_picture(tmp_path, "blue", "jpg")})

    async with opened(store, size=(80, 24)) as pilot:
        screen = await look(pilot, "plot.png")
        await see(pilot, "PNG, 40 x 20")
        view = screen.query_one(PictureView)
        strips = [view.render_line(y) for y in range(view.size.height)]
        grounds = {
            segment.style.bgcolor.name
            for strip in strips
            for segment in strip
            if segment.style and segment.style.bgcolor
        }
        assert grounds == {"#ff0000"}
        assert all(strip.cell_length == view.size.width for strip in strips)

        await pilot.press("left_square_bracket")
        await see(pilot, "JPEG, 40 x 20", "1 of 2")
        await pilot.press("left_square_bracket")
        await see(pilot, "This is the first file")


@pytest.mark.parametrize("way", ["kitty", "sixel"])
async def test_graphics_are_written_past_the_screen_and_taken_away(
    store, log_files, tmp_path, way, monkeypatch
):
    monkeypatch.setattr(ArtifactScreen, "_way", lambda _: way)
    written: list[str] = []
    monkeypatch.setattr(ArtifactScreen, "_write", lambda _, text: written.append(text))
    log_files({"plot.png": a_picture(tmp_path)})

    async with opened(store) as pilot:
        await look(pilot, "plot.png")
        await see(pilot, "PNG, 40 x 20")
        await until(pilot, lambda: written)

        start = "\x1b_Ga=T" if way == "kitty" else "\x1bP0;1q"
        assert written[0].startswith("\x1b7\x1b[")
        assert start in written[0]
        assert written[0].endswith("\x1b8")
        await pilot.press("q")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        if way == "kitty":
            await until(pilot, lambda: "a=d" in written[-1])


async def test_letters_stand_where_there_are_no_colours(store, log_files, tmp_path, monkeypatch):
    monkeypatch.setattr(ArtifactScreen, "_way", lambda _: "letters")
    log_files({"plot.png": a_picture(tmp_path, "black")})

    async with opened(store) as pilot:
        await look(pilot, "plot.png")
        await see(pilot, "@" * 40)


async def test_arrays_and_unknown_files_are_told_in_words(store, log_files, tmp_path):
    np.save(tmp_path / "a.npy", np.arange(12, dtype="i4").reshape(3, 4))
    log_files(
        {"a.npy": (tmp_path / "a.npy").read_bytes(), "blob": b"\0\1\2" * 100, "none.txt": b""}
    )

    async with opened(store) as pilot:
        await look(pilot, "a.npy")
        await see(pilot, "shape     3 x 4", "int32", "first     0  1  2")
        await pilot.press("right_square_bracket")
        await see(pilot, "binary file", "00000000  00 01 02")
        await pilot.press("right_square_bracket")
        await see(pilot, "empty file")


async def test_what_was_only_named_or_is_gone_is_told_in_a_sentence(store, log_files, folder):
    log_files({"../../etc/passwd": b"secret"}, copy=False)

    async with opened(store) as pilot:
        await look(pilot, "../../etc/passwd")
        await see(pilot, "only the name of this file was kept")

    log_files({"gone.txt": b"text"})
    (artifact,) = get_run(store, max(list_run_keys(store))).artifacts
    Path(stored_path(folders.artifacts(str(folder)), artifact.sha256)).unlink()
    async with opened(store) as pilot:
        await look(pilot, "gone.txt")
        await see(pilot, "the store's copy of this file is gone")


async def test_a_damaged_file_is_told_and_can_be_seen_as_bytes(store, log_files):
    log_files({"broken.png": b"\x89PNG\r\n\x1a\n and nothing more"})

    async with opened(store) as pilot:
        await look(pilot, "broken.png")
        await see(pilot, "this picture is damaged")
        await pilot.press("v")
        await see(pilot, "00000000  89 50 4e 47")


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (160, 45)])
async def test_hostile_names_and_contents_fit_and_stay_harmless(store, log_files, tmp_path, size):
    text = f"{HOSTILE}\n".encode() * 50
    table = f"{HOSTILE!r},b\n" + f"{HOSTILE!r},1\n" * 50
    log_files(
        {
            f"{HOSTILE}.txt": text,
            "t.csv": table.encode(),
            "t.jsonl": json.dumps({HOSTILE: HOSTILE}).encode(),
            "u.json": json.dumps({HOSTILE: [HOSTILE]}).encode(),
            "v.png": a_picture(tmp_path),
        }
    )

    async with opened(store, size=size) as pilot:
        await on_list(pilot)
        await pilot.press("enter")
        for number in range(1, 6):
            await see(pilot, f"{number} of 5")
            for key in ("down", "l", "w", "v", "l", "v", "v", "G", "y", "h"):
                await pilot.press(key)
                lines = screen_text(pilot).splitlines()
                assert max(map(cell_width, lines)) <= size[0]
                assert "\x1b" not in screen_text(pilot)
            await pilot.press("right_square_bracket")


async def test_the_page_survives_another_size_and_the_help(store, log_files, tmp_path):
    log_files({"plot.png": a_picture(tmp_path), "z.txt": b"words\n" * 100})

    async with opened(store) as pilot:
        await look(pilot, "plot.png")
        await see(pilot, "PNG, 40 x 20")
        await pilot.resize_terminal(80, 24)
        await see(pilot, "PNG, 40 x 20")
        await pilot.press("question_mark")
        await see(pilot, "Keys: An artifact")
        await pilot.press("escape", "right_square_bracket")
        await see(pilot, "1 words")
        await gone(pilot, "PNG")

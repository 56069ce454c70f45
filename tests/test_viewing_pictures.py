"""Pictures made small for a terminal, with Pillow and without, and the ways to draw them."""

from __future__ import annotations

import base64
import re
import sys
import zlib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tui_tracker.viewing import Unreadable
from tui_tracker.viewing.drawing import _cube, choose_way, half_blocks, kitty, letters, sixel
from tui_tracker.viewing.picture import Picture, read_picture
from tui_tracker.viewing.png import read_png

quick = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


def on_white(path: Path) -> bytes:
    with Image.open(path) as image:
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB").tobytes()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_a_png_is_read_as_pillow_reads_it(tmp_path: Path, mode: str):
    path = tmp_path / "x.png"
    noise = Image.effect_noise((37, 23), 90)
    (noise if mode in ("L", "LA") else noise.convert("RGB")).convert(mode).save(path)

    picture = read_png(str(path), 100, 100)

    assert (picture.width, picture.height, picture.format) == (37, 23, "PNG")
    assert picture.rgb == on_white(path)


@quick
@given(st.integers(1, 40), st.integers(1, 40), st.binary(min_size=4, max_size=4))
def test_every_filter_of_a_png_is_undone(tmp_path, width, height, seed):
    path = tmp_path / "x.png"
    image = Image.new("RGBA", (width, height))
    places = [(x, y) for y in range(height) for x in range(width)]
    for x, y in places:
        image.putpixel((x, y), tuple((x * seed[0] + y * seed[n]) & 255 for n in range(4)))
    image.save(path)

    found, wanted = read_png(str(path), 100, 100).rgb, on_white(path)

    # How a half-covered point is rounded is nobody's business.
    assert max(abs(a - b) for a, b in zip(found, wanted, strict=True)) <= 1


def test_a_large_png_is_made_small_and_thin_lines_stay(tmp_path: Path):
    path = tmp_path / "x.png"
    image = Image.new("RGB", (900, 600), "white")
    image.paste("black", (450, 0, 453, 600))
    image.save(path)

    picture = read_png(str(path), 90, 200)

    assert (picture.width, picture.height) == (90, 60)
    assert min(picture.point(x, 30)[0] for x in range(90)) < 200


@quick
@given(st.binary(max_size=400), st.integers(0, 400))
def test_any_bytes_are_a_picture_or_damaged(tmp_path, noise, place):
    path = tmp_path / "x.png"
    Image.effect_noise((20, 20), 50).save(path)
    data = bytearray(path.read_bytes())
    data[place : place + len(noise) // 8] = noise[: len(noise) // 8]
    path.write_bytes(data)

    for read in (read_png, read_picture):
        with suppress(Unreadable):
            read(str(path), 10, 10)


def test_a_bomb_of_a_picture_is_not_unpacked(tmp_path: Path):
    path = tmp_path / "x.png"
    image = Image.new("1", (20_000, 20_000))
    image.save(path)

    with pytest.raises(Unreadable, match="more than 100,000,000 points"):
        read_picture(str(path), 10, 10)
    with pytest.raises(Unreadable, match="needs Pillow"):
        read_png(str(path), 10, 10)


KINDS = {"jpg": "JPEG", "gif": "GIF", "bmp": "BMP", "webp": "WEBP"}


@pytest.mark.parametrize(("suffix", "kind"), KINDS.items())
def test_other_pictures_are_read_by_pillow(tmp_path: Path, suffix: str, kind: str):
    path = tmp_path / f"x.{suffix}"
    Image.new("RGB", (400, 200), "red").save(path)

    picture = read_picture(str(path), 40, 40)

    assert (picture.width, picture.height, picture.words) == (40, 20, f"{kind}, 400 x 200")
    assert picture.point(20, 10)[0] > 240


def test_of_a_moving_picture_the_first_frame_is_shown(tmp_path: Path):
    path = tmp_path / "x.gif"
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue", "green")]
    frames[0].save(path, save_all=True, append_images=frames[1:])

    picture = read_picture(str(path), 8, 8)

    assert picture.words == "GIF, 8 x 8, the first of 3 frames"


def test_without_pillow_png_shows_and_others_say_how(tmp_path: Path, monkeypatch):
    for suffix in ("png", "jpg"):
        Image.new("RGB", (8, 8), "red").save(tmp_path / f"x.{suffix}")
    monkeypatch.setitem(sys.modules, "PIL", None)

    assert read_picture(str(tmp_path / "x.png"), 8, 8).point(0, 0) == (255, 0, 0)
    with pytest.raises(Unreadable, match=r"pip install 'tui-tracker\[images\]'"):
        read_picture(str(tmp_path / "x.jpg"), 8, 8)


def picture_of(rows: list[list[tuple[int, int, int]]]) -> Picture:
    rgb = bytes(value for row in rows for point in row for value in point)
    return Picture(len(rows[0]), len(rows), rgb, len(rows[0]), len(rows), "PNG")


RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


def test_a_cell_shows_two_points_and_equal_cells_are_one_piece():
    picture = picture_of([[RED, RED, BLUE], [RED, RED, RED], [BLUE, BLUE, BLUE]])

    lines = list(half_blocks(picture))

    assert lines == [[(2, RED, RED), (1, BLUE, RED)], [(3, BLUE, WHITE)]]


def test_letters_have_ink_where_it_is_dark():
    picture = picture_of([[(0, 0, 0), WHITE], [(0, 0, 0), WHITE]])

    assert list(letters(picture)) == ["@"]


def test_kitty_gets_the_points_in_pieces():
    picture = picture_of([[((x * y) % 256, x, y) for x in range(90)] for y in range(90)])

    sequence = kitty(picture, 20, 10, 7)

    pieces = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", sequence)
    assert "".join(f"\x1b_G{head};{data}\x1b\\" for head, data in pieces) == sequence
    assert all(len(data) <= 4096 for _, data in pieces)
    assert zlib.decompress(base64.b64decode("".join(data for _, data in pieces))) == picture.rgb
    assert "s=90,v=90,c=20,r=10" in pieces[0][0]
    assert [head.rpartition("m=")[2] for head, _ in pieces[:-1]] == ["1"] * (len(pieces) - 1)
    assert pieces[-1][0].endswith("m=0")


TOKEN = re.compile(r"#(\d+);2;(\d+);(\d+);(\d+)|#(\d+)|!(\d+)([?-~])|([$\-])|([?-~])")


def drawn_by_sixel(text: str) -> dict[tuple[int, int], tuple[int, ...]]:
    """Return the points that a terminal would draw."""
    points, colours, x, y, colour = {}, {}, 0, 0, 0
    for token in TOKEN.finditer(text[text.index("#") : -2]):
        if token[1]:
            colours[int(token[1])] = tuple(int(token[n]) for n in (2, 3, 4))
        elif token[5]:
            colour = int(token[5])
        elif token[8]:
            x, y = 0, y + 6 * (token[8] == "-")
        else:
            bits, count = ord(token[7] or token[9]) - 63, int(token[6] or 1)
            rows = [y + n for n in range(6) if bits >> n & 1]
            points |= {(x + n, row): colours[colour] for n in range(count) for row in rows}
            x += count
    return points


def test_sixels_cover_every_point_in_its_colour():
    picture = picture_of([[(RED, BLUE, WHITE)[(x + y) % 3] for x in range(11)] for y in range(8)])

    points = drawn_by_sixel(sixel(picture))

    assert len(points) == 88
    for (x, y), colour in points.items():
        assert colour == tuple(round(value / 2.55) for value in picture.point(x, y))


def test_without_pillow_sixels_have_a_cube_of_colours():
    numbers, palette = _cube(bytes((255, 0, 0, 0, 0, 255, 250, 255, 255)))

    assert [palette[number] for number in numbers] == [RED, BLUE, WHITE]
    assert len(palette) == 216


@pytest.mark.parametrize(
    ("environ", "way"),
    [
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "kitty"),
        ({"TERM": "foot"}, "sixel"),
        ({"TERM": "xterm-256color"}, "blocks"),
        ({"TERM": "xterm-kitty", "TMUX": "/tmp/x"}, "blocks"),
        ({"TERM": "screen-256color", "KITTY_WINDOW_ID": "1"}, "blocks"),
        ({"TERM": "xterm-256color", "TUI_TRACKER_IMAGES": "sixel"}, "sixel"),
        ({"TERM": "xterm-kitty", "TUI_TRACKER_IMAGES": "nonsense"}, "kitty"),
    ],
)
def test_graphics_are_used_where_the_terminal_is_known_to_have_them(environ, way):
    assert choose_way(environ) == way

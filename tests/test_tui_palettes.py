"""Colours as numbers: contrast on usual grounds, and what colour-blind eyes can tell apart."""

from __future__ import annotations

from itertools import combinations

import pytest

from tui_tracker.tui.palettes import LOOKS, Palette, palette_name, palettes

GROUNDS = {
    True: ("#000000", "#0d1117", "#1e1e2e", "#282c34", "#002b36"),
    False: ("#ffffff", "#fdf6e3", "#f6f8fa"),
}
"""Black and white, GitHub's, Catppuccin's, One Dark's and Solarized's."""
# Machado, Oliveira, Fernandes (2009), table 1, severity 1.0; on linear RGB.
EYES = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
    "trichromacy": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
}
SEEN_BY = {
    "red-green-safe": ("trichromacy", "protanopia", "deuteranopia"),
    "blue-yellow-safe": ("trichromacy", "tritanopia"),
}
Colour = tuple[float, float, float]

COLOURED = [p for p in palettes("truecolor").values() if p.accent.startswith("#")]


def linear(colour: str) -> Colour:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return red, green, blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.1, the contrast ratio of two colours."""
    light = sorted(
        sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear(x), strict=True))
        for x in (one, other)
    )
    return (light[1] + 0.05) / (light[0] + 0.05)


def oklab(colour: Colour) -> Colour:
    """Ottosson (2020): a space in which distances are as eyes see them."""
    red, green, blue = colour
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def distance(one: str, other: str, eyes: str) -> float:
    def seen(colour: str) -> Colour:
        rows = EYES[eyes]
        parts = linear(colour)
        red, green, blue = (
            min(1.0, max(0.0, sum(m * c for m, c in zip(row, parts, strict=True)))) for row in rows
        )
        return oklab((red, green, blue))

    return sum((a - b) ** 2 for a, b in zip(seen(one), seen(other), strict=True)) ** 0.5


@pytest.mark.parametrize("palette", COLOURED, ids=lambda palette: palette.name)
def test_words_have_contrast_on_usual_grounds(palette: Palette):
    words = (palette.accent, palette.good, palette.bad, palette.second, palette.dim)

    least = min(contrast(word, ground) for word in words for ground in GROUNDS[palette.dark])

    assert least >= 4.5
    assert contrast(palette.cursor_text, palette.cursor) >= 7
    assert contrast(palette.mark_text, palette.mark) >= 4.5
    marked = (palette.good, palette.bad, palette.accent)
    assert min(contrast(word, palette.cursor) for word in marked) >= 3


@pytest.mark.parametrize("palette", COLOURED, ids=lambda palette: palette.name)
def test_curves_have_contrast_and_can_be_told_apart(palette: Palette):
    least = min(contrast(hue, g) for hue in palette.series for g in GROUNDS[palette.dark])
    eyes = SEEN_BY.get(palette.name.removesuffix("-on-light"), ("trichromacy",))

    apart = min(
        distance(one, other, eye) for one, other in combinations(palette.series, 2) for eye in eyes
    )

    assert len(set(palette.series)) >= 8
    assert least >= 3
    assert apart >= 0.12


@pytest.mark.parametrize("palette", COLOURED, ids=lambda palette: palette.name)
def test_good_bad_and_second_can_be_told_apart_by_the_eyes_the_theme_is_for(palette: Palette):
    eyes = SEEN_BY.get(palette.name.removesuffix("-on-light"), ("trichromacy",))
    roles = (palette.good, palette.bad, palette.second)

    apart = min(distance(a, b, eye) for a, b in combinations(roles, 2) for eye in eyes)

    assert apart >= 0.12


@pytest.mark.parametrize("depth", ["16", "none"])
def test_few_colours_are_the_terminals_own(depth):
    values = {v for p in palettes(depth).values() for v in p.variables().values()}

    assert not any(value.startswith("#") for value in values)


@pytest.mark.parametrize("depth", ["truecolor", "256", "16", "none"])
@pytest.mark.parametrize("light", [True, False])
@pytest.mark.parametrize("look", [*LOOKS, "auto"])
def test_every_look_has_a_palette_on_every_ground(depth, light, look):
    assert palette_name(look, light=light) in palettes(depth)

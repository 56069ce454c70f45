"""A picture made small enough for a terminal, whatever it was."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

from tui_tracker.formatting import format_count
from tui_tracker.viewing.finding import Unreadable

MOST_POINTS = 100_000_000
"""A picture of more is not opened: unpacked it would take gigabytes."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Points row by row, and what they were made from."""

    width: int
    height: int
    rgb: bytes
    """Three bytes a point; what was transparent lies on white, as plots are printed."""
    full_width: int
    full_height: int
    format: str
    frames: int = 1

    @property
    def words(self) -> str:
        """Return `PNG, 640 x 480`."""
        size = f"{self.format}, {format_count(self.full_width)} x {format_count(self.full_height)}"
        return f"{size}, the first of {self.frames} frames" if self.frames > 1 else size

    def point(self, x: int, y: int) -> tuple[int, int, int]:
        at = 3 * (y * self.width + x)
        return self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]


def read_picture(path: str, width: int, height: int) -> Picture:
    """Return a picture scaled to at most so many points.

    Pillow reads it where it is installed; PNG can be read without.

    Raises:
        Unreadable: it is damaged, too large, or needs Pillow.
    """
    try:
        from PIL import Image
    except ImportError:
        return _without_pillow(path, width, height)
    Image.MAX_IMAGE_PIXELS = MOST_POINTS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                full, kind = image.size, image.format or "image"
                frames = int(getattr(image, "n_frames", 1))
                # A JPEG can be unpacked to an eighth at once.
                image.draft("RGB", (width, height))
                scale = max(1.0, full[0] / width, full[1] / height)
                size = max(1, int(full[0] / scale)), max(1, int(full[1] / scale))
                # Made small before anything else, as each copy of a large one is as large.
                whole = image if image.mode in ("L", "RGB", "RGBA") else image.convert("RGBA")
                rgba = whole.resize(size, Image.Resampling.BOX).convert("RGBA")
                white = Image.new("RGBA", size, "white")
                rgb = Image.alpha_composite(white, rgba).convert("RGB").tobytes()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        limit = format_count(MOST_POINTS)
        raise Unreadable(f"this picture has more than {limit} points") from error
    except Exception as error:
        raise Unreadable(f"this picture is damaged: {error}") from error
    return Picture(*size, rgb, *full, kind, frames)


def _without_pillow(path: str, width: int, height: int) -> Picture:
    from tui_tracker.viewing.png import read_png

    with open(path, "rb") as file:
        is_png = file.read(4) == b"\x89PNG"
    if not is_png:
        raise Unreadable("Pillow shows this picture: `pip install 'tui-tracker[images]'`")
    return read_png(path, width, height)

"""The demo servers' pictures, drawn with pillow and returned as PNG bytes.

Owns pixels only. Knows no protocol, reads no file, and is meant to be called in a worker thread:
each picture takes some tens of milliseconds. Everything is computed from the arguments, so the same
arguments always give the same picture.
"""

from __future__ import annotations

import colorsys
import io
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from PIL import Image as PillowImage

Rgb: TypeAlias = tuple[int, int, int]
TimeOfDay: TypeAlias = Literal["dawn", "day", "dusk", "night"]
Harmony: TypeAlias = Literal["analogous", "complementary", "triadic", "shades"]
View: TypeAlias = Literal["whole", "seahorse valley", "elephant valley", "spiral"]

INK: Rgb = (226, 228, 240)
NIGHT_SKY: Rgb = (24, 26, 38)


@dataclass(frozen=True, slots=True)
class _Light:
    """Colours of one time of day: the sky from top to horizon, the sun or moon, far and near hills.

    ``height`` is how high the sun stands: 0 at the horizon, 1 at the upper edge.
    """

    sky: tuple[Rgb, ...]
    disc: Rgb
    height: float
    far: Rgb
    near: Rgb
    stars: int = 0


_LIGHT: dict[TimeOfDay, _Light] = {
    "dawn": _Light(
        ((66, 84, 150), (150, 140, 190), (245, 180, 170), (255, 224, 180)),
        (255, 244, 214),
        0.6,
        (205, 150, 165),
        (52, 48, 84),
    ),
    "day": _Light(
        ((48, 120, 205), (96, 170, 230), (176, 218, 240), (226, 240, 244)),
        (255, 252, 226),
        0.72,
        (150, 190, 214),
        (28, 84, 70),
    ),
    "dusk": _Light(
        ((42, 28, 84), (126, 48, 116), (232, 92, 88), (255, 184, 92)),
        (255, 226, 150),
        0.56,
        (176, 72, 106),
        (26, 16, 46),
    ),
    "night": _Light(
        ((6, 8, 26), (12, 18, 48), (26, 38, 82), (48, 66, 116)),
        (236, 240, 255),
        0.66,
        (38, 52, 96),
        (5, 8, 20),
        stars=240,
    ),
}


def landscape(time_of_day: TimeOfDay, seed: int, width: int = 640, height: int = 400) -> bytes:
    """Hills above a lake, as PNG. ``seed`` decides the shape of the hills and where the sun stands."""
    from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

    chance = random.Random(seed)
    light = _LIGHT[time_of_day]
    # Drawn at double size and reduced at the end: the hills get smooth edges.
    wide, tall = width * 2, height * 2
    shore = int(tall * 0.68)

    picture = _gradient(light.sky, wide, shore)
    pen = ImageDraw.Draw(picture)
    for _ in range(light.stars):
        x, y, size = chance.uniform(0, wide), shore * chance.random() ** 1.6, chance.choice((1, 1, 2, 3))
        shine = chance.randint(120, 255)
        pen.ellipse((x - size, y - size, x + size, y + size), fill=(shine, shine, min(255, shine + 20)))

    sun_x, sun_y = wide * chance.uniform(0.25, 0.75), shore * (0.92 - 0.86 * light.height)
    radius = tall * 0.055
    # pillow's gradient reaches 180 at the middle of an edge: the glow has to be gone by then.
    fade = [int(max(0.0, 1 - v / 176) ** 2 * 190) for v in range(256)]
    glow = _resized(Image.radial_gradient("L").point(fade), shore, shore)  # pyright: ignore[reportUnknownMemberType]
    picture.paste(light.disc, (int(sun_x - shore / 2), int(sun_y - shore / 2)), glow)
    pen.ellipse((sun_x - radius, sun_y - radius, sun_x + radius, sun_y + radius), fill=light.disc)

    layers = 5
    for layer in range(layers):
        depth = layer / (layers - 1)
        ridge = shore * (0.56 + 0.36 * depth)
        swing = shore * (0.19 - 0.11 * depth)
        waves = [(chance.uniform(0.6, 1.4) * 2**n, chance.uniform(0, math.tau), 0.52**n) for n in range(6)]
        line = [
            (x, ridge - swing * sum(part * math.sin(x / wide * math.tau * pace + at) for pace, at, part in waves))
            for x in range(0, wide + 8, 8)
        ]
        pen.polygon([*line, (wide, shore), (0, shore)], fill=_mix(light.far, light.near, depth))

    whole = Image.new("RGB", (wide, tall))
    whole.paste(picture, (0, 0))
    lake = picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM).crop((0, 0, wide, tall - shore))
    lake = ImageEnhance.Brightness(lake.filter(ImageFilter.GaussianBlur(5))).enhance(0.78)
    whole.paste(lake, (0, shore))
    pen = ImageDraw.Draw(whole, "RGBA")
    for _ in range(90):
        y = shore + (tall - shore) * chance.random() ** 1.4
        x, length = sun_x + chance.gauss(0, wide * 0.09), chance.uniform(12, 110)
        pen.line((x - length / 2, y, x + length / 2, y), fill=(*light.disc, chance.randint(30, 110)), width=3)
    return _png(_resized(whole, width, height))


def bar_chart(title: str, labels: Sequence[str], values: Sequence[float], width: int = 640, height: int = 360) -> bytes:
    """A bar for each value, as PNG; bars below zero hang down. ``labels`` and ``values`` are equally long."""
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("RGB", (width, height), NIGHT_SKY)
    pen = ImageDraw.Draw(picture)
    pen.text((width / 2, 30), title, fill=INK, anchor="mm", font=ImageFont.load_default(24))
    small = ImageFont.load_default(18)
    top, bottom, left, right = 72, height - 44, 28, width - 28
    high, low = max(0.0, *values), min(0.0, *values)
    scale = (bottom - top) / ((high - low) or 1)
    zero = top + high * scale
    slot = (right - left) / len(values)
    for place, (label, value) in enumerate(zip(labels, values, strict=True)):
        x = left + slot * (place + 0.5)
        end = zero - value * scale
        colour = _hsl(0.52 + 0.4 * place / max(1, len(values) - 1), 0.72, 0.6)
        box = (x - slot * 0.36, min(zero, end), x + slot * 0.36, max(zero, end))
        pen.rounded_rectangle(box, radius=6, fill=colour)
        pen.text((x, min(zero, end) - 12), f"{value:g}", fill=INK, anchor="mm", font=small)
        pen.text((x, height - 22), label, fill=INK, anchor="mm", font=small)
    pen.line((left, zero, right, zero), fill=(92, 96, 122), width=2)
    return _png(picture)


def harmony(base: Rgb, scheme: Harmony, count: int) -> list[Rgb]:
    """``count`` colours that go with ``base``, which is the first of them."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*(part / 255 for part in base))
    colours = [base]
    for step in range(1, count):
        share = step / count
        match scheme:
            case "analogous":
                colours.append(_hsl(hue + 0.28 * share, saturation, lightness))
            case "complementary":
                colours.append(_hsl(hue + 0.5 * (step % 2), saturation, 0.3 + 0.5 * share))
            case "triadic":
                colours.append(_hsl(hue + step / 3, saturation, lightness if step < 3 else 0.35 + 0.4 * share))
            case "shades":
                colours.append(_hsl(hue, saturation, 0.12 + 0.78 * share))
    return colours


def swatches(colours: Sequence[Rgb], width: int = 600, height: int = 200) -> bytes:
    """The colours side by side, each with its hexadecimal name, as PNG."""
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("RGB", (width, height))
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(18)
    slot = width / len(colours)
    for place, colour in enumerate(colours):
        pen.rectangle((slot * place, 0, slot * (place + 1), height), fill=colour)
        bright = colour[0] * 0.299 + colour[1] * 0.587 + colour[2] * 0.114 > 140
        ink: Rgb = (20, 20, 28) if bright else (244, 244, 250)
        pen.text((slot * (place + 0.5), height - 24), hexadecimal(colour), fill=ink, anchor="mm", font=font)
    return _png(picture)


def hexadecimal(colour: Rgb) -> str:
    """``#rrggbb``."""
    return "#" + "".join(f"{part:02x}" for part in colour)


_VIEWS: dict[View, tuple[float, float, float]] = {
    "whole": (-0.65, 0.0, 3.2),
    "seahorse valley": (-0.7463, 0.1102, 0.011),
    "elephant valley": (0.2759, 0.0068, 0.02),
    "spiral": (-0.088, 0.654, 0.022),
}
"""Centre (real, imaginary) and width of the part of the plane that is shown."""


def mandelbrot(view: View, width: int = 600, height: int = 400) -> bytes:
    """A part of the Mandelbrot set, as PNG."""
    from PIL import Image

    x, y, span = _VIEWS[view]
    # Drawn at double size, in strips: pillow holds the interpreter's lock while it computes, and
    # this may run in the dashboard's own process.
    wide, strip = width * 2, 20
    tall = height * 2
    top = y - span * height / width / 2
    step = span * height / width / (tall - 1)  # pillow's extent goes from the first row to the last
    depth = Image.new("L", (wide, tall))
    for row in range(0, tall, strip):
        extent = (x - span / 2, top + step * row, x + span / 2, top + step * (row + strip - 1))
        depth.paste(Image.effect_mandelbrot((wide, strip), extent, 200), (0, row))
    palette: list[int] = []
    for value in range(256):
        turn = math.sqrt(value / 255)
        palette.extend(_hsl(0.62 + 0.62 * turn, 0.75, 0.06 + 0.62 * math.sin(math.pi * min(1.0, turn * 1.15)) ** 2))
    palette[-3:] = NIGHT_SKY
    depth.putpalette(palette)
    return _png(_resized(depth.convert("RGB"), width, height))


def _gradient(stops: Sequence[Rgb], width: int, height: int) -> PillowImage.Image:
    from PIL import Image

    column = Image.new("RGB", (1, height))
    for y in range(height):
        place = y / max(1, height - 1) * (len(stops) - 1)
        lower = min(int(place), len(stops) - 2)
        column.putpixel((0, y), _mix(stops[lower], stops[lower + 1], place - lower))
    return _resized(column, width, height)


def _resized(picture: PillowImage.Image, width: int, height: int) -> PillowImage.Image:
    from PIL import Image

    # pillow's own annotation of ``resize`` names a type of numpy, which is not installed.
    return picture.resize((width, height), Image.Resampling.LANCZOS)  # pyright: ignore[reportUnknownMemberType]


def _mix(first: Rgb, second: Rgb, share: float) -> Rgb:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _hsl(hue: float, saturation: float, lightness: float) -> Rgb:
    red, green, blue = colorsys.hls_to_rgb(hue % 1.0, max(0.0, min(1.0, lightness)), saturation)
    return round(red * 255), round(green * 255), round(blue * 255)


def _png(picture: PillowImage.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()

"""Small pictures for `make demo`, drawn from a number: the same number gives the same picture."""

from __future__ import annotations

import io
import math
import random

from PIL import Image, ImageDraw, ImageOps

SIZE = (480, 320)
Colour = tuple[int, int, int]
Box = tuple[int, int, int, int]
"""Left, top, width, height, in pixels."""

_SKIES: list[tuple[Colour, Colour]] = [
    ((36, 52, 110), (246, 178, 142)),
    ((62, 120, 196), (214, 234, 248)),
    ((20, 24, 58), (112, 84, 150)),
    ((238, 132, 96), (252, 226, 170)),
]


def street(number: int) -> tuple[bytes, Box]:
    """A JPEG: a row of houses with lit windows, a road and a car under a wide sky. And where the car is."""
    dice = random.Random(number)  # noqa: S311
    top, bottom = _SKIES[number % len(_SKIES)]
    picture = _gradient(top, bottom)
    draw = ImageDraw.Draw(picture)
    for shade, height in ((0.75, 150), (0.5, 110)):
        left = -dice.randint(0, 40)
        while left < SIZE[0]:
            right = left + dice.randint(40, 90)
            roof = 230 - dice.randint(height // 3, height)
            wall = _mix(bottom, (18, 22, 40), shade)
            draw.rectangle((left, roof, right, 250), fill=wall)
            for x in range(left + 8, right - 8, 14):
                for y in range(roof + 10, 236, 18):
                    if dice.random() < 0.45:
                        draw.rectangle((x, y, x + 5, y + 8), fill=_mix(wall, (255, 224, 150), 0.8))
            left = right + dice.randint(0, 8)
    draw.rectangle((0, 250, *SIZE), fill=(52, 55, 66))
    for x in range(-20 + number * 7 % 40, SIZE[0], 60):
        draw.rectangle((x, 283, x + 30, 287), fill=(220, 214, 190))
    x, paint = dice.randint(30, 380), (dice.randint(90, 230), dice.randint(60, 180), dice.randint(60, 200))
    draw.rounded_rectangle((x + 14, 248, x + 58, 270), 10, fill=_mix(paint, (255, 255, 255), 0.35))
    draw.rounded_rectangle((x, 260, x + 76, 280), 7, fill=paint)
    for wheel in (x + 10, x + 50):
        draw.ellipse((wheel, 272, wheel + 16, 288), fill=(24, 24, 30))
    return _jpeg(picture), (x, 248, 76, 40)


def is_night(number: int) -> bool:
    """Of street(number)."""
    return number % len(_SKIES) == 2


def leaf(number: int) -> bytes:
    """A JPEG: a leaf with veins, some with brown spots."""
    dice = random.Random(1000 + number)  # noqa: S311
    green = (dice.randint(40, 90), dice.randint(130, 190), dice.randint(50, 100))
    layer = Image.new("RGBA", SIZE, (*green, 0))
    draw = ImageDraw.Draw(layer)
    half = [(x, math.sin(math.pi * x / 100) ** 0.8 * 78 * (1 - x / 260)) for x in range(101)]
    outline = [(90 + 3 * x, 160 - y) for x, y in half] + [(90 + 3 * x, 160 + y) for x, y in reversed(half)]
    draw.polygon(outline, fill=green)
    vein = _mix(green, (235, 245, 210), 0.5)
    draw.line((60, 160, 390, 160), fill=vein, width=4)
    for x in range(15, 90, 12):
        reach = half[min(x + 10, 100)][1] * 0.85
        for side in (-1, 1):
            draw.line((90 + 3 * x, 160, 90 + 3 * (x + 10), 160 + side * reach), fill=vein, width=2)
    for _ in range(dice.choice([0, 6, 14])):
        x, radius = dice.randint(20, 80), dice.randint(3, 10)
        y = 160 + dice.uniform(-0.7, 0.7) * half[x][1]
        draw.ellipse((90 + 3 * x - radius, y - radius, 90 + 3 * x + radius, y + radius), fill=(122, 82, 44))
    layer = layer.rotate(dice.randint(-25, 25), resample=Image.Resampling.BICUBIC)
    picture = _gradient((236, 243, 230), (184, 206, 178))
    picture.paste(layer, mask=layer)
    return _jpeg(picture)


def _gradient(top: Colour, bottom: Colour) -> Image.Image:
    return ImageOps.colorize(Image.linear_gradient("L").resize(SIZE), top, bottom)


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _jpeg(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=82)
    return file.getvalue()

"""Random looks for a generated page: colours, fonts, sizes, as CSS."""

from __future__ import annotations

import base64
import colorsys
import io
import random
from dataclasses import dataclass

import numpy as np
from PIL import Image

from .fonts import latin_families

Colour = tuple[int, int, int]
COMMON = (
    "Roboto", "Open Sans", "Lato", "Inter", "Noto Sans", "DejaVu Sans", "Liberation Sans",
    "Cantarell", "Arimo", "Carlito", "Clear Sans", "Source Sans Pro", "Liberation Serif",
    "Noto Serif", "Liberation Mono", "DejaVu Sans Mono", "Noto Sans Display", "sans-serif",
    "serif", "monospace",
)  # fmt: skip


def luminance(colour: Colour) -> float:
    """Return the relative luminance of a colour, 0 to 1 (WCAG)."""
    parts = [(c / 255 / 12.92) if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: Colour, two: Colour) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG)."""
    low, high = sorted((luminance(one), luminance(two)))
    return (high + 0.05) / (low + 0.05)


def random_colour(rng: random.Random) -> Colour:
    """Return any colour, saturated ones as often as dull ones."""
    hue, saturation, value = rng.random(), rng.random() ** 0.7, rng.random()
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return int(red * 255), int(green * 255), int(blue * 255)


def readable_on(rng: random.Random, ground: Colour, least: float = 3.0) -> Colour:
    """Return a text colour that stands out from the ground at least this much."""
    for _ in range(30):
        grey = rng.randint(0, 255)
        colour = (grey, grey, grey) if rng.random() < 0.5 else random_colour(rng)
        if contrast(colour, ground) >= least:
            return colour
    return (0, 0, 0) if luminance(ground) > 0.18 else (255, 255, 255)


def css(colour: Colour) -> str:
    """Return a colour as CSS text."""
    return f"#{colour[0]:02x}{colour[1]:02x}{colour[2]:02x}"


@dataclass(frozen=True)
class Theme:
    """The look of one page."""

    name: str
    ground: Colour
    surface: Colour
    text: Colour
    muted: Colour
    primary: Colour
    on_primary: Colour
    bar: Colour
    on_bar: Colour
    font: str
    heading_font: str
    size: int
    radius: int
    line_height: float


def random_theme(rng: random.Random) -> Theme:
    """Draw a light, dark or coloured theme."""
    name = rng.choices(("light", "dark", "coloured"), (55, 30, 15))[0]
    if name == "light":
        shade = rng.randint(235, 255)
        ground: Colour = (shade, shade, min(255, shade + rng.randint(0, 6)))
        surface: Colour = (255, 255, 255) if rng.random() < 0.7 else ground
    elif name == "dark":
        shade = rng.randint(0, 45)
        ground = (shade, shade + rng.randint(0, 6), shade + rng.randint(0, 18))
        lift = rng.randint(0, 25)
        surface = (ground[0] + lift, ground[1] + lift, ground[2] + lift)
    else:
        ground, surface = random_colour(rng), random_colour(rng)
    primary, bar = random_colour(rng), random_colour(rng)
    family = rng.choice(COMMON) if rng.random() < 0.6 else rng.choice(latin_families())
    return Theme(
        name=name,
        ground=ground,
        surface=surface,
        text=readable_on(rng, surface, 6.0 if name != "coloured" else 3.5),
        muted=readable_on(rng, surface, 2.2),
        primary=primary,
        on_primary=readable_on(rng, primary, 3.0),
        bar=bar if rng.random() < 0.6 else surface,
        on_bar=readable_on(rng, bar, 3.0),
        font=family,
        heading_font=family if rng.random() < 0.7 else rng.choice(latin_families()),
        size=rng.choices(
            (9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 24), (6, 8, 10, 14, 16, 18, 8, 10, 5, 3, 2)
        )[0],
        radius=rng.choice((0, 0, 2, 4, 6, 8, 12, 20)),
        line_height=rng.choice((1.15, 1.25, 1.35, 1.5, 1.7)),
    )


def stylesheet(theme: Theme) -> str:
    """Return the page's CSS; kits, when used, come before it."""
    t = theme
    border = css(t.muted)
    return f"""
    * {{ box-sizing: border-box; list-style: none; text-overflow: clip; }}
    html, body {{ margin: 0; overflow: hidden; }}
    body {{ font: {t.size}px/{t.line_height} '{t.font}', sans-serif; background: {css(t.ground)};
            color: {css(t.text)}; }}
    h1, h2, h3, h4 {{ font-family: '{t.heading_font}'; margin: .3em 0; line-height: 1.2; }}
    .surface {{ background: {css(t.surface)}; color: {css(t.text)}; }}
    .muted {{ color: {css(t.muted)}; }}
    .bar {{ background: {css(t.bar)}; color: {css(readable_pair(t))}; }}
    .filled {{ background: {css(t.primary)}; color: {css(t.on_primary)}; }}
    .box {{ border: 1px solid {border}; border-radius: {t.radius}px; }}
    button, input, .field {{ font: inherit; }}
    .field {{ border: 1px solid {border}; border-radius: {t.radius}px; padding: .3em .5em;
              background: {css(t.surface)}; color: {css(t.text)}; width: 100%; }}
    .field::placeholder {{ color: {css(t.muted)}; opacity: 1; }}
    main > div {{ overflow: hidden; }}
    table {{ border-collapse: collapse; width: 100%; }}
    td, th {{ text-align: left; padding: .25em .5em; border-bottom: 1px solid {border}; }}
    a {{ color: inherit; }}
    """


def readable_pair(theme: Theme) -> Colour:
    """Return the bar's text colour: the drawn one if it can be read there."""
    if contrast(theme.on_bar, theme.bar) >= 3:
        return theme.on_bar
    return (0, 0, 0) if luminance(theme.bar) > 0.18 else (255, 255, 255)


def backdrop(rng: random.Random) -> tuple[str, Colour]:
    """Return a CSS background (gradient or made-up photo) and the colour that tells its mean."""
    if rng.random() < 0.5:
        one = random_colour(rng)
        two = tuple(max(0, min(255, part + rng.randint(-70, 70))) for part in one)
        mean = tuple((a + b) // 2 for a, b in zip(one, two, strict=True))
        angle = rng.randint(0, 360)
        return f"linear-gradient({angle}deg,{css(one)},{css(two[:3])})", mean[:3]  # type: ignore[return-value,arg-type]
    picture, mean = made_up_photo(rng)
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=80)
    data = base64.b64encode(buffer.getvalue()).decode()
    return f"url(data:image/jpeg;base64,{data}) center/cover", mean


def made_up_photo(
    rng: random.Random, width: int = 480, height: int = 200
) -> tuple[np.ndarray, Colour]:
    """Return blurred coloured noise with some grain: what a photo behind text looks like."""
    noise = np.random.default_rng(rng.getrandbits(32))
    base = np.array(random_colour(rng), np.float32)
    cells = rng.randint(3, 24)
    coarse = base + noise.normal(0, rng.uniform(10, 45), (cells, cells * 2, 3))
    image = Image.fromarray(np.clip(coarse, 0, 255).astype(np.uint8))
    smooth = np.asarray(image.resize((width, height), Image.Resampling.BICUBIC), np.float32)
    grain = noise.normal(0, rng.uniform(0, 10), (height, width, 1))
    picture = np.clip(smooth + grain, 0, 255).astype(np.uint8)
    mean = picture.reshape(-1, 3).mean(axis=0)
    return picture, (int(mean[0]), int(mean[1]), int(mean[2]))

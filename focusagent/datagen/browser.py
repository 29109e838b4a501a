"""Pages rendered by Chromium, with the exact box of every glyph and control."""

from __future__ import annotations

import io
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .._siblings import grounding
from ..errors import UserError
from . import builder, components, theme
from .icons import load_icons
from .kits import load_kits

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from grounding.training.pages import LabelledPage  # noqa: TID251 - a type only

_ARGUMENTS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu",
)
LEAST_CONTRAST = 28  # of 255, in the channel where the glyph shows best
HINTING = ("none", "slight", "medium", "full")
SCALES = (1.0, 1.0, 1.0, 1.0, 1.25, 1.5, 2.0)
_LABELS = (Path(__file__).parent / "labels.js").read_text(encoding="utf-8")


@contextmanager
def open_browser(hinting: str) -> Iterator[Browser]:
    """Start a headless Chromium that hints fonts in one way; none of its pages has a network."""
    from playwright.sync_api import sync_playwright

    found = (
        shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )
    if found is None:
        raise UserError("no Chromium found: install it (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=[*_ARGUMENTS, f"--font-render-hinting={hinting}"]
        )
        try:
            yield browser
        finally:
            browser.close()


@dataclass(frozen=True)
class Recipe:
    """What decides a page besides its seed."""

    split: str = "train"
    size: tuple[int, int] = (1280, 800)


@dataclass(frozen=True)
class Stock:
    """What pages are made of besides our own parts: style sheets of kits, icons; by name."""

    kits: dict[str, str] = field(default_factory=dict)
    icons: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Stock:
        """Return what is cached or can be fetched with npm."""
        cache = Path.home() / ".cache" / "focusagent"
        return cls(load_kits(cache / "kits"), load_icons(cache))


class Camera:
    """Renders pages in one browser; keeps one tab open for each device scale."""

    def __init__(self, browser: Browser, recipe: Recipe, stock: Stock) -> None:
        self._browser, self._recipe, self._stock = browser, recipe, stock
        self._tabs: dict[float, Page] = {}

    def _tab(self, scale: float) -> Page:
        if scale not in self._tabs:
            width, height = (round(side / scale) for side in self._recipe.size)
            context = self._browser.new_context(
                viewport={"width": width, "height": height},
                device_scale_factor=scale,
                offline=True,
            )
            self._tabs[scale] = context.new_page()
        return self._tabs[scale]

    def render(self, seed: str) -> LabelledPage:
        """Render the page of a seed and read its labels back from the browser."""
        rng = random.Random(seed)
        look = theme.random_theme(rng)
        kits = self._stock.kits
        kit = rng.choice(sorted(kits)) if kits and rng.random() < 0.4 else ""
        scale = rng.choice(SCALES)
        body = components.page(builder.Builder(rng, look, self._recipe.split, self._stock.icons))
        sheets = f"<style>{kits.get(kit, '')}</style><style>{theme.stylesheet(look)}</style>"
        about = {
            "seed": seed,
            "split": self._recipe.split,
            "theme": look.name,
            "kit": kit,
            "scale": scale,
        }
        html = f"<!doctype html><html><head>{sheets}</head><body>{body}</body></html>"
        return self.photograph(html, scale, about)

    def photograph(self, html: str, scale: float, about: dict[str, Any]) -> LabelledPage:
        """Render HTML at a device scale, and read its labels back from the browser."""
        tab = self._tab(scale)
        tab.set_content(html, wait_until="load")
        found = tab.evaluate(_LABELS)
        picture = tab.screenshot(animations="disabled", caret="hide")
        return _labelled(picture, found, scale, about)


def _labelled(
    picture: bytes, found: dict[str, Any], scale: float, about: dict[str, Any]
) -> LabelledPage:
    image = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))
    for control in found["controls"]:
        for key in ("box", "label_box"):
            if control[key] is not None:
                control[key] = [round(side * scale, 2) for side in control[key]]
    boxes = np.array(found["boxes"], np.float32).reshape(-1, 4) * scale
    ignore = np.array(found["ignore"], np.float32).reshape(-1, 4) * scale
    seen = visible(image, boxes)
    return grounding.training.pages.LabelledPage(
        image=image,
        codes=np.array(found["codes"], np.int32)[seen],
        boxes=boxes[seen],
        words=np.array(found["words"], np.int32)[seen],
        ignore=np.concatenate([ignore, boxes[~seen]]),
        controls=tuple(found["controls"]),
        about=about,
    )


def visible(image: NDArray[np.uint8], boxes: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell which glyphs stand out at all: a kit may paint text in the colour of its ground."""
    height, width = image.shape[:2]
    seen = np.zeros(len(boxes), bool)
    for index, (x1, y1, x2, y2) in enumerate(boxes.round().astype(int)):
        cut = image[max(0, y1) : min(height, y2), max(0, x1) : min(width, x2)]
        if cut.size:
            flat = cut.reshape(-1, 3)
            seen[index] = int((flat.max(axis=0) - flat.min(axis=0)).max()) >= LEAST_CONTRAST
    return seen


def write_pages(folder: Path, count: int, seed: int, recipe: Recipe, stock: Stock) -> Iterator[int]:
    """Write pages 0..count-1 of a seed to a folder, leaving out those already there.

    Yields the number of each page that was written. Pages are grouped by the way fonts are hinted,
    one browser after the other, so an interrupted run goes on where it stopped.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for group, hinting in enumerate(HINTING):
        missing = [
            number
            for number in range(group, count, len(HINTING))
            if not (folder / f"{number:06d}.json").exists()
        ]
        if not missing:
            continue
        with open_browser(hinting) as browser:
            camera = Camera(browser, recipe, stock)
            for number in missing:
                page = camera.render(f"{seed}/{number}")
                grounding.training.pages.save_page(page, folder, f"{number:06d}")
                yield number

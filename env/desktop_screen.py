"""The desktop as frames: pixels, their scale to input coordinates, and where they begin."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageGrab

from .errors import EnvError, SetupError
from .screen import to_screen

_HINT = {
    "darwin": "allow Screen Recording for this program in the privacy settings",
    "win32": "unlock the screen",
}.get(sys.platform, "use a Pillow with XCB, such as the one of `pip install pillow`")
Region = tuple[int, int, int, int]  # left, top, width, height in input pixels, as in pyautogui


@dataclass(frozen=True)
class Frame:
    """A screenshot, its pixels per input pixel on each axis, and its top left input pixel."""

    image: Image.Image
    scale: tuple[float, float]
    origin: tuple[float, float]

    @property
    def bounds(self) -> Region:
        """What the frame shows: left, top, width and height in input pixels."""
        width, height = self.image.width / self.scale[0], self.image.height / self.scale[1]
        return round(self.origin[0]), round(self.origin[1]), round(width), round(height)

    def crop(self, region: Region) -> Frame:
        """The part of the frame inside `region`."""
        left, top, width, height = region
        x1, y1 = to_screen((left, top), self.scale, self.origin)
        x2, y2 = to_screen((left + width, top + height), self.scale, self.origin)
        image = self.image.crop((round(x1), round(y1), round(x2), round(y2)))
        return Frame(image, self.scale, (float(left), float(top)))


def grab(gui: Any, display_name: str | None) -> Frame:
    """One screenshot of all that belongs to the desktop.

    On X11 through Pillow alone: pyautogui's own way needs programs that are often missing.
    """
    everything = sys.platform == "win32"
    try:
        image = ImageGrab.grab(all_screens=everything, xdisplay=display_name).convert("RGB")
    except OSError as error:
        raise EnvError(f"the screen could not be captured ({error}): {_HINT}") from error
    if display_name is not None:
        return Frame(image, (1.0, 1.0), (0.0, 0.0))
    left, top, width, height = _logical_screen(gui)
    return Frame(image, (image.width / width, image.height / height), (float(left), float(top)))


def _logical_screen(gui: Any) -> Region:
    """What the input coordinates span: every monitor on Windows, the main one on macOS."""
    if sys.platform == "win32":
        import ctypes

        metric = ctypes.windll.user32.GetSystemMetrics
        return metric(76), metric(77), metric(78), metric(79)  # SM_XVIRTUALSCREEN and following
    width, height = gui.size()
    return 0, 0, int(width), int(height)


def require_on_screen(region: Region, frame: Frame) -> None:
    """Refuse a region that is empty or not wholly on the screen."""
    left, top, width, height = region
    x, y, full_width, full_height = frame.bounds
    fits = x <= left and y <= top and left + width <= x + full_width
    if width < 1 or height < 1 or not fits or top + height > y + full_height:
        raise SetupError(
            f"the region {region} (left, top, width, height) does not lie on the screen, which is "
            f"{frame.bounds}: choose one inside it"
        )

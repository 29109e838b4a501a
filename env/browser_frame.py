"""A screenshot as the browser sends it, and an error as a person can use it."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field

from PIL import Image

from .screen import rgb


@dataclass(frozen=True)
class Frame:
    """One screenshot as it came from the browser, and its size in CSS pixels where that differs."""

    png: bytes
    css_size: tuple[int, int] | None = None
    _decoded: list[Image.Image] = field(default_factory=list, compare=False, repr=False)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in CSS pixels."""
        return self.css_size or Image.open(io.BytesIO(self.png)).size

    @property
    def digest(self) -> str:
        """A short fingerprint."""
        return hashlib.blake2b(self.png, digest_size=8).hexdigest()

    def image(self) -> Image.Image:
        """Its pixels, decoded once: not to be changed."""
        if not self._decoded:
            self._decoded.append(self._decode())
        return self._decoded[0]

    def _decode(self) -> Image.Image:
        image = rgb(Image.open(io.BytesIO(self.png)))
        image.load()
        return image if image.size == self.size else image.resize(self.size, Image.Resampling.BOX)


def blank(size: tuple[int, int]) -> Frame:
    """An empty page."""
    buffer = io.BytesIO()
    Image.new("RGB", size, "white").save(buffer, "PNG")
    return Frame(buffer.getvalue())


def reason(error: Exception) -> str:
    """The one line of a Playwright error that a person can use."""
    line = str(error).strip().splitlines()[0]
    return line.split(": ", 1)[-1] if line.startswith(("Page.", "Mouse.", "Keyboard.")) else line

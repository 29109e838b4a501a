"""Pictures as a vision tower sees them: resized, cut into patches, laid out as a grid of tokens."""

from __future__ import annotations

import io
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .errors import BadCheckpoint, BadImage
from .types import Box, Point

MOST_PIXELS = 200_000_000
MOST_ASPECT = 200


@dataclass(frozen=True, slots=True)
class PatchGrid:
    """How a picture becomes tokens: its size, the size it is looked at in, patches, merging.

    A token is a square of ``merge`` x ``merge`` patches; tokens are counted in raster order.
    """

    width: int
    height: int
    resized_width: int
    resized_height: int
    patch: int
    merge: int

    @property
    def factor(self) -> int:
        """Side of a token in pixels of the resized picture."""
        return self.patch * self.merge

    @property
    def columns(self) -> int:
        """Tokens across."""
        return self.resized_width // self.factor

    @property
    def rows(self) -> int:
        """Tokens down."""
        return self.resized_height // self.factor

    @property
    def count(self) -> int:
        """Tokens in all."""
        return self.columns * self.rows

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the original picture."""
        return self.width, self.height

    @property
    def thw(self) -> tuple[int, int, int]:
        """Frames, rows and columns of patches, as the vision towers count them."""
        return 1, self.rows * self.merge, self.columns * self.merge

    def token_box(self, index: int) -> Box:
        """Return the place of a token in the picture."""
        row, column = divmod(self._checked(index), self.columns)
        across, down = 1 / self.columns, 1 / self.rows
        return Box(column * across, row * down, (column + 1) * across, (row + 1) * down)

    def token_at(self, point: Point) -> int:
        """Return the token that holds a point."""
        column = min(max(int(point.x * self.columns), 0), self.columns - 1)
        row = min(max(int(point.y * self.rows), 0), self.rows - 1)
        return row * self.columns + column

    def tokens_in(self, box: Box) -> NDArray[np.int64]:
        """Return the tokens that a box overlaps; of a box without area, the one at its centre."""
        # Bounds that were themselves computed as k / columns must fall on k.
        x1, x2 = (round(side * self.columns, 6) for side in (box.x1, box.x2))
        y1, y2 = (round(side * self.rows, 6) for side in (box.y1, box.y2))
        columns = np.arange(max(0, math.floor(x1)), min(self.columns, math.ceil(x2)))
        rows = np.arange(max(0, math.floor(y1)), min(self.rows, math.ceil(y2)))
        if not (columns.size and rows.size and x2 > x1 and y2 > y1):
            return np.array([self.token_at(box.center)], np.int64)
        return (rows[:, None] * self.columns + columns[None]).ravel().astype(np.int64)

    def _checked(self, index: int) -> int:
        if not 0 <= index < self.count:
            raise IndexError(f"token {index} of a grid of {self.count}")
        return index

    def to_dict(self) -> dict[str, int]:
        """Return what JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, int]) -> PatchGrid:
        """Read what `to_dict` wrote."""
        return cls(**data)


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How a model family wants its pictures."""

    patch: int = 14
    merge: int = 2
    temporal: int = 2
    min_pixels: int = 56 * 56
    max_pixels: int = 16384 * 28 * 28
    mean: tuple[float, float, float] = (0.48145466, 0.4578275, 0.40821073)
    std: tuple[float, float, float] = (0.26862954, 0.26130258, 0.27577711)
    resample: int = int(Image.Resampling.BICUBIC)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Preprocessing:
        """Read a preprocessor_config.json, in the spelling of any version of transformers."""
        size, base = data.get("size") or {}, cls()
        least = data.get("min_pixels") or size.get("shortest_edge") or size.get("min_pixels")
        most = data.get("max_pixels") or size.get("longest_edge") or size.get("max_pixels")
        try:
            return cls(
                patch=int(data.get("patch_size", base.patch)),
                merge=int(data.get("merge_size", base.merge)),
                temporal=int(data.get("temporal_patch_size", base.temporal)),
                min_pixels=int(least or base.min_pixels),
                max_pixels=int(most or base.max_pixels),
                mean=_three(data.get("image_mean", base.mean)),
                std=_three(data.get("image_std", base.std)),
                resample=int(data.get("resample", base.resample)),
            )
        except (TypeError, ValueError) as error:
            raise BadCheckpoint(f"the preprocessor's settings make no sense: {error}") from error

    @classmethod
    def from_folder(cls, folder: Path) -> Preprocessing:
        """Read the settings of a checkpoint's folder.

        Like transformers, those of processor_config.json go first: version 5 writes them there and
        leaves an older preprocessor_config.json as it was.
        """
        for name in ("processor_config.json", "preprocessor_config.json"):
            path = folder / name
            try:
                data = json.loads(path.read_text(encoding="utf-8"))
                if name == "processor_config.json":
                    data = data.get("image_processor")
                if data is not None:
                    return cls.from_dict(data)
            except FileNotFoundError:
                continue
            except (OSError, ValueError, AttributeError) as error:
                raise BadCheckpoint(f"{path} cannot be read: {error}") from error
        raise BadCheckpoint(f"{folder} has no preprocessor_config.json")


def _three(values: Any) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values)
    return red, green, blue


def smart_resize(
    width: int, height: int, factor: int, min_pixels: int, max_pixels: int
) -> tuple[int, int]:
    """Return the size (width, height) to look at a picture in.

    Both sides are multiples of ``factor``, the area lies within the bounds, and the aspect ratio
    is kept as well as that allows.
    """
    if max(width, height) > MOST_ASPECT * min(width, height):
        raise BadImage(
            f"the picture is {width}x{height}, more than {MOST_ASPECT} times longer than wide: "
            "cut it to a part of the screen"
        )
    # One side may round to nothing; it still takes a token.
    across, down = (max(factor, round(side / factor) * factor) for side in (width, height))
    if across * down > max_pixels:
        shrink = math.sqrt(width * height / max_pixels)
        across, down = (
            max(factor, math.floor(side / shrink / factor) * factor) for side in (width, height)
        )
    elif across * down < min_pixels:
        grow = math.sqrt(min_pixels / (width * height))
        across, down = (math.ceil(side * grow / factor) * factor for side in (width, height))
    return across, down


def to_rgb(image: Any) -> Image.Image:
    """Return a picture (PIL, array, path or bytes, of any mode) as RGB; transparent is white."""
    picture = _opened(image)
    if not all(picture.size):
        raise BadImage("the picture is empty")
    if picture.width * picture.height > MOST_PIXELS:
        raise BadImage(f"the picture has more than {MOST_PIXELS // 1_000_000} million pixels")
    try:
        if picture.mode.startswith("I") or picture.mode == "F":
            return Image.fromarray(_as_bytes(np.asarray(picture))).convert("RGB")
        if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
            picture = picture.convert("RGBA")
            paper = Image.new("RGBA", picture.size, "white")
            picture = Image.alpha_composite(paper, picture)
        return picture.convert("RGB")
    except (OSError, ValueError, SyntaxError) as error:
        raise BadImage(f"the picture is damaged: {error}") from error


def _opened(image: Any) -> Image.Image:
    if isinstance(image, Image.Image):
        return image
    if isinstance(image, np.ndarray):
        if image.ndim not in (2, 3) or not image.size or image.shape[2:] not in ((), (3,), (4,)):
            raise BadImage(f"expected pixels (height, width[, 3 or 4]), got {image.shape}")
        return Image.fromarray(image if image.dtype == np.uint8 else _as_bytes(image))
    if not isinstance(image, str | Path | bytes):
        raise BadImage(f"expected a picture, a path, bytes or an array, got {type(image).__name__}")
    try:
        with Image.open(io.BytesIO(image) if isinstance(image, bytes) else image) as picture:
            picture.load()
            return picture
    except FileNotFoundError as error:
        raise BadImage(f"{image!s} does not exist") from error
    except (
        OSError,
        SyntaxError,
        ValueError,
        RuntimeError,
        EOFError,
        Image.DecompressionBombError,
    ) as error:  # what Pillow's decoders raise when a file is damaged
        raise BadImage(f"the picture cannot be read: {error}") from error


def _as_bytes(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Bring numbers to 0..255: floats up to 1 are shares, larger whole numbers have 16 bits."""
    kind, bits = values.dtype.kind, 8 * values.dtype.itemsize
    if kind not in "buif":
        raise BadImage(f"expected pixels as numbers, got an array of {values.dtype}")
    if not np.isfinite(values).all():
        raise BadImage("the picture holds NaN or infinity")
    most = float(values.max())
    if kind in "bf":
        scale = 255.0 if most <= 1 else 1.0
    else:
        scale = 255 / 65535 if most > 255 or (kind == "u" and bits == 16) else 1.0
    bright: NDArray[np.uint8] = np.clip(values * scale + 0.5, 0, 255).astype(np.uint8)
    return bright


def preprocess(image: Any, how: Preprocessing) -> tuple[NDArray[np.float32], PatchGrid]:
    """Resize, normalise and cut a picture: patches (N, 3 * temporal * patch^2) and their grid."""
    picture, grid = resized(image, how)
    return cut_patches(picture, how), grid


def cut_patches(picture: Image.Image, how: Preprocessing) -> NDArray[np.float32]:
    """Normalise and cut a picture that `resized` returned.

    Patches of a token are neighbours in the order of rows: the vision towers merge four at a time.
    """
    # What each of the 256 levels becomes, rounded as transformers' own processor does it.
    levels = (np.arange(256) * (1 / 255)).astype(np.float32)[:, None]
    table = (levels - np.array(how.mean, np.float32)) / np.array(how.std, np.float32)
    pixels = table[np.asarray(picture), np.arange(3)]
    side = how.patch * how.merge
    rows, columns = picture.height // side, picture.width // side
    cut = pixels.reshape(rows, how.merge, how.patch, columns, how.merge, how.patch, 3)
    cut = cut.transpose(0, 3, 1, 4, 6, 2, 5)[:, :, :, :, :, None]
    frames = np.broadcast_to(cut, (*cut.shape[:5], how.temporal, *cut.shape[6:]))
    flat = frames.reshape(rows * columns * how.merge**2, 3 * how.temporal * how.patch**2)
    return np.ascontiguousarray(flat, np.float32)


def resized(image: Any, how: Preprocessing) -> tuple[Image.Image, PatchGrid]:
    """Return a picture in the size the model looks at it, and its grid."""
    picture = to_rgb(image)
    size = smart_resize(
        picture.width, picture.height, how.patch * how.merge, how.min_pixels, how.max_pixels
    )
    grid = PatchGrid(picture.width, picture.height, *size, how.patch, how.merge)
    if picture.size == size:
        return picture, grid
    return picture.resize(size, Image.Resampling(how.resample)), grid

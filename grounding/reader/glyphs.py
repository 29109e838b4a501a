"""From the network's maps to a list of glyphs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
# Neighbours on a line stand one mean advance apart; closer than this share of it is one glyph. Two
# answers for one place are seldom the same letter twice, so letters that differ may stand closer.
_OVERLAP, _OVERLAP_ALIKE, _OVERLAP_OTHER = 0.55, 0.65, 0.36
_AT_ONCE = 1024  # glyphs that are compared with those around them: memory stays bounded


@dataclass(frozen=True)
class Glyphs:
    """Glyphs in pixels of the image: middles, advance widths, font sizes, what they may be.

    ``scores`` (N, CLASS_COUNT) are log-probabilities, ``warmth`` (N) how sure it is that a glyph
    stands there, ``last`` (N) how likely it ends its word.
    """

    x: Floats
    y: Floats
    width: Floats
    size: Floats
    scores: Floats
    warmth: Floats
    last: Floats

    def __len__(self) -> int:
        return len(self.x)

    def take(self, index: NDArray[np.int64] | NDArray[np.bool_]) -> Glyphs:
        """Return some of the glyphs, in the order of the index."""
        return Glyphs(
            self.x[index],
            self.y[index],
            self.width[index],
            self.size[index],
            self.scores[index],
            self.warmth[index],
            self.last[index],
        )

    def scaled(self, factor: float) -> Glyphs:
        """Return them as they stand on a picture of another size."""
        by = np.float32(factor)
        return replace(
            self, x=self.x * by, y=self.y * by, width=self.width * by, size=self.size * by
        )

    @classmethod
    def joined(cls, parts: list[Glyphs]) -> Glyphs:
        """Return the glyphs of several lists as one."""
        names = ("x", "y", "width", "size", "scores", "warmth", "last")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def warm_cells(heat: Floats, least: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows and columns of the cells that may hold a glyph's middle.

    A cell counts if it is warm and no vertical neighbour is warmer: a glyph has one row. Across,
    neighbours may both count, since two narrow letters can stand in adjacent cells.
    """
    framed = np.pad(heat, ((1, 1), (0, 0)), constant_values=-np.inf)
    keep = (heat > least) & (heat >= framed[:-2]) & (heat > framed[2:])
    rows, columns = np.nonzero(keep)
    return rows.astype(np.int64), columns.astype(np.int64)


def suppress(
    glyphs: Glyphs, rows: NDArray[np.int64], columns: NDArray[np.int64], shape: tuple[int, int]
) -> NDArray[np.bool_]:
    """Tell which glyphs to keep where several cells found the same one: the warmest.

    Equals the plain rule "drop a glyph if a warmer one nearby is the same" over all pairs, looked
    up through the grid.
    """
    reach_x, reach_y = 6, 3
    grid = np.full((shape[0] + 2 * reach_y, shape[1] + 2 * reach_x), -1, np.int64)
    grid[rows + reach_y, columns + reach_x] = np.arange(len(rows))
    keep = np.ones(len(rows), bool)
    everyone, letter = np.arange(len(rows)), glyphs.scores.argmax(axis=1)
    for dy in range(-reach_y, reach_y + 1):
        for dx in range(-reach_x, reach_x + 1):
            if dx == dy == 0:
                continue
            other = grid[rows + reach_y + dy, columns + reach_x + dx]
            mine = everyone[other >= 0]
            theirs = other[mine]
            keep[mine[_same_but_warmer(glyphs, letter, mine, theirs)]] = False
    return keep


def _same_but_warmer(
    glyphs: Glyphs,
    letter: NDArray[np.int64],
    mine: NDArray[np.int64],
    theirs: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Tell of each pair whether the second is the same glyph, found with more warmth."""
    advance = (glyphs.width[mine] + glyphs.width[theirs]) / 2
    near = np.where(letter[mine] == letter[theirs], _OVERLAP_ALIKE, _OVERLAP_OTHER)
    close = np.abs(glyphs.x[mine] - glyphs.x[theirs]) < near * advance
    level = np.abs(glyphs.y[mine] - glyphs.y[theirs]) < 0.4 * np.minimum(
        glyphs.size[mine], glyphs.size[theirs]
    )
    warmer = (glyphs.warmth[theirs] > glyphs.warmth[mine]) | (
        (glyphs.warmth[theirs] == glyphs.warmth[mine]) & (theirs < mine)
    )
    same: NDArray[np.bool_] = close & level & warmer
    return same


def merge_scales(fine: Glyphs, coarse: Glyphs, limit: float) -> Glyphs:
    """Join what two scales found: small type from the fine one, large type from the coarse one.

    ``limit`` is a font size in px. Near it both may see a glyph; then the warmer one stays.
    """
    small = fine.take(fine.size < 1.25 * limit)
    large = coarse.take(coarse.size > 0.8 * limit)
    if not len(small) or not len(large):
        return Glyphs.joined([small, large])
    return Glyphs.joined([small.take(~_covered(small, large)), large.take(~_covered(large, small))])


def _covered(mine: Glyphs, theirs: Glyphs) -> NDArray[np.bool_]:
    """Tell which of my glyphs lie on a warmer one of theirs."""
    order = np.argsort(theirs.x)
    xs = theirs.x[order]
    reach = _OVERLAP * float(max(theirs.width.max(), mine.width.max()))
    start = np.searchsorted(xs, mine.x - reach)
    count = np.searchsorted(xs, mine.x + reach) - start
    covered = np.zeros(len(mine), bool)
    for at in range(0, len(mine), _AT_ONCE):
        some = np.arange(at, min(at + _AT_ONCE, len(mine)))
        # All pairs that stand close enough across.
        one, after = np.repeat(some, count[some]), np.cumsum(count[some])
        first = start[some] - after + count[some]
        other = order[np.arange(len(one)) + np.repeat(first, count[some])]
        on = np.abs(theirs.y[other] - mine.y[one]) < 0.5 * theirs.size[other]
        one, other = one[on], other[on]
        advance = (theirs.width[other] + mine.width[one]) / 2
        on = np.abs(theirs.x[other] - mine.x[one]) < _OVERLAP * advance
        on &= theirs.warmth[other] > mine.warmth[one]
        covered[one[on]] = True
    return covered

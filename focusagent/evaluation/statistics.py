"""Shares with the interval that their sample size allows."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    """A share of n cases and its 95% interval (Wilson)."""

    value: float
    n: int
    low: float
    high: float

    @classmethod
    def of(cls, hits: int, n: int) -> Share:
        """Compute the share of ``hits`` in ``n`` cases."""
        if n == 0:
            return cls(0.0, 0, 0.0, 1.0)
        z = 1.959964
        share = hits / n
        middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return cls(share, n, max(0.0, middle - half), min(1.0, middle + half))

    def as_dict(self) -> dict[str, float | int]:
        """Return the share as plain numbers, rounded to four places."""
        return {
            "value": round(self.value, 4),
            "n": self.n,
            "low": round(self.low, 4),
            "high": round(self.high, 4),
        }


def quantile(values: list[float], share: float) -> float:
    """Return a quantile by linear interpolation; 0 for no values."""
    if not values:
        return 0.0
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)

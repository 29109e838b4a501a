"""The package's errors.

GroundingError
  +- BadImage       the picture cannot be read, or is too large
  +- BadWeights     a weights file is missing, damaged or of another version
"""

from __future__ import annotations


class GroundingError(Exception):
    """Base of every error this package raises on purpose."""


class BadImage(GroundingError):
    """The picture cannot be read or is too large to be looked at."""


class BadWeights(GroundingError):
    """The weights are missing, damaged or made for another version."""

"""The package's errors.

GroundingError
  +- BadImage       the picture cannot be read, or is too large
  +- BadWeights     a weights file is missing, damaged or of another version
  +- BadInstruction the instruction is empty or too long
  +- BadBudget      a budget of tokens or a compressor's spec makes no sense
  +- BadCheckpoint  a folder or model cannot be used for grounding
  +- BadRecord      a row of training data cannot be used
  +- ServerError    a model server cannot be reached or does not answer as it should
"""

from __future__ import annotations


class GroundingError(Exception):
    """Base of every error this package raises on purpose."""


class BadImage(GroundingError):
    """The picture cannot be read or is too large to be looked at."""


class BadWeights(GroundingError):
    """The weights are missing, damaged or made for another version."""


class BadInstruction(GroundingError):
    """The instruction is empty or too long."""


class BadBudget(GroundingError):
    """A budget of tokens or a compressor's spec makes no sense."""


class BadCheckpoint(GroundingError):
    """A folder or model cannot be used for grounding."""


class BadRecord(GroundingError):
    """A row of training data cannot be used; the message names file and line."""


class ServerError(GroundingError):
    """A model server cannot be reached or does not answer as it should.

    ``status`` is that of HTTP, if it came to that; ``passing`` tells that another try may help,
    after ``pause`` seconds.
    """

    def __init__(
        self, message: str, *, status: int | None = None, passing: bool = False, pause: float = 0.0
    ) -> None:
        self.status, self.passing, self.pause = status, passing, pause
        super().__init__(message)

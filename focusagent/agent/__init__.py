"""The agent: says what it sees, does what it is told, and claims only what it can prove."""

from .agent import Agent
from .approval import Request
from .desk import Settings
from .errors import StepFailed
from .instant import Proposal
from .locate import Spot

__all__ = ["Agent", "Proposal", "Request", "Settings", "Spot", "StepFailed"]

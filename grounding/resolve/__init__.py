"""From what is asked and a screen to the places that may be meant."""

from .rank import resolve

__all__ = ["resolve"]

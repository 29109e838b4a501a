"""From what is asked and a screen to the places that may be meant."""

from .answers import resolve

__all__ = ["resolve"]

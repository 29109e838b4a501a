"""The reader: finds and reads the text of any screen."""

from . import alphabet as alphabet

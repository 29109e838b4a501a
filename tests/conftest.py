"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

# The same examples in every run, however slow the machine is.
settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")

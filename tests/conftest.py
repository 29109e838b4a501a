"""Tests that drive a real browser or X server may be starved by the machine, and get a second chance."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A failure that repeats still fails; one that does not is named in the summary, as RERUN."""
    for item in items:
        if item.get_closest_marker("browser") or item.get_closest_marker("desktop"):
            item.add_marker(pytest.mark.flaky(reruns=1))

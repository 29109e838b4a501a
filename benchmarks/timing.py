"""What the speed benchmarks share: clocks, medians, and what a fresh process needs."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

SIZES = ((1280, 800), (1920, 1080), (2560, 1440))
# VmHWM belongs to this program alone; getrusage would count what its parent used before.
_PEAK = """
import pathlib
print(pathlib.Path("/proc/self/status").read_text())
"""


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return seconds of wall clock and of processor time."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


def median(pairs: list[tuple[float, float]]) -> dict[str, float]:
    """Return the medians of wall clock and processor time."""
    walls, processors = zip(*pairs, strict=True)
    return {
        "wall": round(statistics.median(walls), 4),
        "processor": round(statistics.median(processors), 4),
    }


def ratio(ours: dict[str, float], theirs: dict[str, float]) -> dict[str, float]:
    """Return by how much one of two medians is the other, for each clock."""
    return {clock: round(ours[clock] / theirs[clock], 4) for clock in ours}


def peak_memory(script: str, picture: Image.Image) -> float:
    """Return the peak memory in MiB of a fresh process that runs a script on one picture.

    The picture's path is the script's only argument.
    """
    with _saved(picture) as path:
        done = subprocess.run(
            [sys.executable, "-c", script + _PEAK, path], capture_output=True, text=True, check=True
        )
    found = re.search(r"VmHWM:\s+(\d+)", done.stdout)
    assert found is not None
    return round(int(found[1]) / 1024, 1)


def first_answer(script: str, picture: Image.Image, times: int = 3) -> float:
    """Return the median seconds from a fresh process's start to the first line that it prints."""
    spent = []
    with _saved(picture) as path:
        for _ in range(times):
            start = time.perf_counter()
            with subprocess.Popen(
                [sys.executable, "-c", script, path], stdout=subprocess.PIPE, text=True
            ) as process:
                assert process.stdout is not None
                answer = process.stdout.readline()
                spent.append(time.perf_counter() - start)
            assert answer, f"the process failed with {process.returncode}"
    return round(statistics.median(spent), 3)


@contextmanager
def _saved(picture: Image.Image) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture.png"
        picture.save(path)
        yield path

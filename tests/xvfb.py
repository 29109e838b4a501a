"""X servers of the tests' own, on free displays."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import ImageGrab


@contextlib.contextmanager
def xvfb(size: str = "1280x800", *, auth: Path | None = None) -> Iterator[tuple[str, int]]:
    """An X server: its display name and process id."""
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed (Debian: apt-get install xvfb)")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{size}x24", "-nolisten", "tcp"]
    if auth is not None:
        command += ["-auth", str(auth)]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as answer:
            number = answer.readline().strip()
        assert number, "Xvfb did not start"
        yield f":{number}", server.pid
    finally:
        server.terminate()
        server.wait(timeout=60)


@contextlib.contextmanager
def openbox(display: str) -> Iterator[None]:
    """A window manager on a display."""
    if shutil.which("openbox") is None:
        pytest.skip("openbox is not installed (Debian: apt-get install openbox)")
    from env.desktop_setup import open_display
    from env.x11_manager import window_manager

    manager = subprocess.Popen(
        ["openbox", "--sm-disable"],
        env=os.environ | {"DISPLAY": display},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DISPLAY", display)
            connection = open_display()
        wait_until(lambda: window_manager(connection) == "Openbox", 60)
        connection.close()
        yield
    finally:
        manager.kill()  # it reads every change of the keyboard layout before it would end
        manager.wait(timeout=60)


def centre_pointer(display: str) -> None:
    """Take the pointer out of whatever corner a test left it in."""
    from env.desktop_setup import open_display

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISPLAY", display)
        connection = open_display()
    connection.screen().root.warp_pointer(640, 500)
    connection.sync()
    connection.close()


def wait_until(check: object, seconds: float = 10.0) -> None:
    """Wait for a condition, or fail."""
    assert callable(check)
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, f"{check} did not come true in {seconds} s"
        time.sleep(0.02)


def still(display: str) -> None:
    """Wait until the display shows something, and the same for 0.2 s."""
    last = None
    for _ in range(50):
        image = ImageGrab.grab(xdisplay=display)
        if last is not None and image == last and image.getextrema() != ((0, 0),) * 3:
            return
        last = image
        time.sleep(0.2)

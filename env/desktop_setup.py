"""Opening the desktop: what must be there, checked in order, each problem one sentence.

pyautogui's python-xlib stops at a missing Xauthority file and prints to stdout, and its import
opens connections: all of that happens here, once the display is known to answer.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import socket
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .errors import SetupError
from .x11_manager import window_manager as window_manager

WAYLAND = (
    "this is a Wayland session, where programs may neither see nor press anything: choose an "
    "Xorg session at login, or start a virtual display with `xvfb-run`"
)
NO_DISPLAY = (
    "DISPLAY is not set, so there is no screen: run inside a desktop session, or under "
    "`xvfb-run -s '-screen 0 1280x800x24'`"
)


def uses_x11() -> bool:
    """Whether this platform draws its desktop through X11."""
    return sys.platform not in ("win32", "darwin")


def open_display() -> Any:
    """A python-xlib connection to the X server that DISPLAY names, or `SetupError`."""
    name = os.environ.get("DISPLAY", "")
    wayland = "WAYLAND_DISPLAY" in os.environ or os.environ.get("XDG_SESSION_TYPE") == "wayland"
    if not name:
        raise SetupError(WAYLAND if wayland else NO_DISPLAY)
    try:
        display = _connect(name)
    except ImportError as error:
        raise SetupError(
            "pyautogui's python3-xlib is missing: `pip install pyautogui python3-xlib`"
        ) from error
    try:
        if wayland and _is_xwayland(display):
            raise SetupError(WAYLAND)
        if not display.has_extension("XTEST"):
            raise SetupError(f"the X server {name} lacks XTEST: start it with `+extension XTEST`")
    except SetupError:
        display.close()
        raise
    return display


def connection_lost(display: Any) -> bool:
    """Whether the X server has gone; python-xlib's own errors for it are of many kinds."""
    try:
        waiting: bytes = display.display.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return not waiting


def _connect(name: str) -> Any:
    with _quiet_xlib():
        from Xlib import error
        from Xlib.display import Display

        try:
            return Display(name)
        except error.DisplayNameError as problem:
            raise SetupError(f"DISPLAY is {name!r}: it must look like `:0`") from problem
        except error.DisplayConnectionError as problem:
            raise SetupError(_unreachable(name, str(problem.msg))) from problem


def _unreachable(name: str, reason: str) -> str:
    if reason.startswith("[Errno"):  # else it is the server's own answer
        return (
            f"no X server answers at DISPLAY={name}: start it, or set DISPLAY to one that runs "
            "(`ls /tmp/.X11-unix` lists them: X0 is `:0`)"
        )
    path = os.environ.get("XAUTHORITY") or "~/.Xauthority"
    state = "holds no valid cookie for it" if xauthority().is_file() else "does not exist"
    return (
        f"the X server {name} refused the connection because {path} {state}: set XAUTHORITY to "
        "the session's own file, or run `xhost +si:localuser:$USER` in that session"
    )


def xauthority() -> Path:
    """Where the cookies for X servers are kept; the file need not exist."""
    return Path(os.environ.get("XAUTHORITY") or Path("~/.Xauthority").expanduser())


def _is_xwayland(display: Any) -> bool:
    """Xwayland answers like an X server, yet shows and reaches nothing but X programs."""
    if display.has_extension("XWAYLAND"):
        return True
    if not display.has_extension("RANDR"):
        return False
    resources = display.screen().root.xrandr_get_screen_resources()
    names = (
        display.xrandr_get_output_info(output, resources.config_timestamp).name
        for output in resources.outputs
    )
    return any(str(name).startswith("XWAYLAND") for name in names)


@contextlib.contextmanager
def _quiet_xlib() -> Iterator[None]:
    """python-xlib needs an Xauthority file even where the server asks for none, and prints."""
    before = os.environ.get("XAUTHORITY")
    if not xauthority().is_file():
        os.environ["XAUTHORITY"] = os.devnull
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # theirs: files left to the garbage collector
            yield
    finally:
        if before is None:
            os.environ.pop("XAUTHORITY", None)
        else:
            os.environ["XAUTHORITY"] = before


def load_pyautogui() -> Any:
    """Import pyautogui, per-monitor DPI awareness set before it on Windows."""
    if sys.platform == "win32":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):  # older than Windows 8.1
            ctypes.windll.shcore.SetProcessDpiAwareness(2)
    try:
        with _quiet_xlib():
            return importlib.import_module("pyautogui")
    except ImportError as error:
        raise SetupError(f"pyautogui is not complete ({error}): `pip install pyautogui`") from error
    except SystemExit as error:  # its mouseinfo ends the program where tkinter is missing
        raise SetupError(
            "pyautogui needs tkinter: `apt-get install python3-tk`, or your system's package for it"
        ) from error

"""The window manager of an X server: who it is, and whether it has caught up.

It moves the focus after a click and reads every change of the keyboard layout. While it is behind,
keys go to the window that had the focus before, so a step is over only when it has caught up.
"""

from __future__ import annotations

import time
from typing import Any

_PROBE = "_NET_REQUEST_FRAME_EXTENTS"  # the one question that a manager answers to any program
_ANSWER = "_NET_FRAME_EXTENTS"


def window_manager(display: Any) -> str | None:
    """The running window manager's name; None without one: the focus then follows the pointer."""
    from Xlib import error

    try:
        check = _read(display, display.screen().root, "_NET_SUPPORTING_WM_CHECK")
        if check is None:
            return None
        window = display.create_resource_object("window", check[0])
        title = _read(display, window, "_NET_WM_NAME")
    except error.XError:  # the property outlived its window manager
        return None
    return title.decode("utf-8", "replace") if isinstance(title, bytes) else str(title or "unnamed")


def _read(display: Any, window: Any, name: str) -> Any:
    from Xlib import X

    found = window.get_full_property(display.intern_atom(name), X.AnyPropertyType)
    return found.value if found else None


class ManagerQueue:
    """Waits for the window manager of `display` to have handled all that happened before."""

    def __init__(self, display: Any) -> None:
        self._display = display
        root = display.screen().root
        self._window = root.create_window(-10, -10, 1, 1, 0, display.screen().root_depth)

    def caught_up(self, seconds: float) -> bool:
        """Wait at most so long; True when it has caught up, or when there is none that answers."""
        from Xlib import X
        from Xlib.protocol.event import ClientMessage

        display, root = self._display, self._display.screen().root
        probe, answer = display.intern_atom(_PROBE), display.intern_atom(_ANSWER)
        if window_manager(display) is None or probe not in (
            _read(display, root, "_NET_SUPPORTED") or ()
        ):
            return True
        self._window.delete_property(answer)
        message = ClientMessage(window=self._window, client_type=probe, data=(32, [0] * 5))
        root.send_event(message, X.SubstructureRedirectMask | X.SubstructureNotifyMask)
        deadline = time.monotonic() + seconds
        while _read(display, self._window, _ANSWER) is None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)
        return True

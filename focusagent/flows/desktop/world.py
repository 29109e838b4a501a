"""What a desktop flow runs in: an X server of its own, one program, the program's state."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from ...errors import UserError

SIZE = "1280x800"


@contextlib.contextmanager
def virtual_screen() -> Iterator[str]:
    """An X server on a free display, which DISPLAY names as long as the `with` block lasts."""
    if shutil.which("Xvfb") is None:
        raise UserError("desktop flows need Xvfb: install it (Debian: apt-get install xvfb)")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{SIZE}x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    before = os.environ.get("DISPLAY")
    try:
        with os.fdopen(read) as answer:
            number = answer.readline().strip()
        if not number:
            raise UserError("Xvfb did not start: run it by hand to see why")
        os.environ["DISPLAY"] = f":{number}"
        yield f":{number}"
    finally:
        os.environ.pop("DISPLAY", None)
        if before is not None:
            os.environ["DISPLAY"] = before
        server.terminate()
        server.wait(timeout=10)


class Program:
    """One of the bundled programs in a process of its own, on the display that DISPLAY names."""

    def __init__(self, name: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "focusagent.flows.desktop.programs", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.state()  # answered once the window is there

    def state(self) -> dict[str, Any]:
        """What the program holds now."""
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.write("\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise UserError("the program ended by itself: does this Python have tkinter?")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the program."""
        self._process.terminate()
        self._process.communicate(timeout=10)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

"""A small Tk program to act on, and the handle the tests hold on it.

`state()` asks the program itself what it received: the ground truth of the desktop tests.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tkinter
from types import TracebackType
from typing import Any, Self


class TkApp:
    """The program below in a process of its own."""

    def __init__(self, display: str, geometry: str = "420x300") -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, geometry],
            env=os.environ | {"DISPLAY": display},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._ask("state")

    def _ask(self, command: str) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def state(self) -> dict[str, Any]:
        """What the program holds and has seen."""
        return self._ask("state")

    def clear(self) -> None:
        """Empty all fields and the list of events."""
        self._ask("clear")

    def command(self, text: str) -> None:
        """One of the commands of `answer` below."""
        self._ask(text)

    def centre(self, name: str) -> tuple[int, int]:
        """The middle of a widget, in screen pixels."""
        x, y, width, height = self.state()["boxes"][name]
        return x + width // 2, y + height // 2

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


def main(geometry: str) -> None:
    """Show the program until it is ended."""
    root = tkinter.Tk()
    root.title("Fixture")
    root.geometry(geometry)
    entry = tkinter.Entry(root, width=40, insertofftime=0)
    label = tkinter.Label(root, text="a label")
    text = tkinter.Text(root, width=40, height=6, insertofftime=0)
    pad = tkinter.Canvas(root, width=300, height=60, background="#dddddd")
    for widget in (entry, label, text, pad):
        widget.pack(pady=4)
    events: list[list[Any]] = []
    for name in ("ButtonPress", "ButtonRelease"):
        pad.bind(
            f"<{name}>", lambda e, n=name: events.append([n, e.num, e.x, e.y, int(e.state) & 13])
        )
    pad.bind("<Motion>", lambda e: events.append(["Motion", 0, e.x, e.y, int(e.state) & 13]))
    root.bind("<Double-Button-1>", lambda e: events.append(["Double", 1, e.x, e.y, 0]))
    root.bind("<KeyPress>", lambda e: events.append(["Key", e.keysym, int(e.state) & 77]))

    def answer(*_: object) -> None:
        command, _, rest = sys.stdin.readline().strip().partition(" ")
        root.update()  # what came before the command counts before it
        if command == "clear":
            entry.delete(0, "end")
            text.delete("1.0", "end")
            events.clear()
        elif command == "move":
            root.geometry(rest)
        elif command == "blink":
            spin()
        root.update()
        state = {
            "entry": entry.get(),
            "text": text.get("1.0", "end-1c"),
            "events": events,
            "pad": pad.winfo_id(),
            "boxes": {
                name: (w.winfo_rootx(), w.winfo_rooty(), w.winfo_width(), w.winfo_height())
                for name, w in (("entry", entry), ("label", label), ("text", text), ("pad", pad))
            },
        }
        print(json.dumps(state), flush=True)

    def spin(colour: int = 0) -> None:
        pad.configure(background=f"#{colour % 4096:03x}")
        root.after(5, spin, colour + 37)

    root.update()
    root.createfilehandler(sys.stdin, tkinter.READABLE, answer)
    root.mainloop()


if __name__ == "__main__":
    main(sys.argv[1])

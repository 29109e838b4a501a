"""The Tk programs of the desktop flows: `python -m focusagent.flows.desktop.programs NAME`.

Each line on stdin is answered with the program's state, one JSON object: what an oracle compares.
"""

from __future__ import annotations

import json
import sys
import tkinter as tk
from collections.abc import Callable

from .forms import State, contacts, inventory, login, network, settings, tasks
from .tools import calculator, drafts, editor, installer

PROGRAMS: dict[str, Callable[[tk.Tk], State]] = {
    each.__name__: each
    for each in (
        contacts, settings, calculator, tasks, editor, inventory, login, network, drafts, installer,
    )
}  # fmt: skip


def main(name: str) -> None:
    """Show a program until stdin ends."""
    root = tk.Tk()
    root.title(name)
    root.geometry("480x420+240+120")
    state = PROGRAMS[name](root)

    def answer(*_: object) -> None:
        if not sys.stdin.readline():
            root.destroy()
            return
        root.update()
        sys.stdout.write(json.dumps(state()) + "\n")
        sys.stdout.flush()

    root.update()
    root.createfilehandler(sys.stdin, tk.READABLE, answer)
    root.mainloop()


if __name__ == "__main__":
    main(sys.argv[1])

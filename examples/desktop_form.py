"""Fill in a small Tk window of this example's own, by pixels, and read what arrived in it."""

import json
import subprocess
import sys

import env
from focusagent import DesktopEnvironment

TEXT = """A<b>?é€ü漢 'q"@#~|"""

WINDOW = """
import json, sys, tkinter
def finish(text):
    print(json.dumps(text), flush=True)
    root.destroy()
root = tkinter.Tk()
root.title("A form")
root.attributes("-topmost", True)
tkinter.Label(root, text="Name").pack(padx=40, pady=5)
field = tkinter.Entry(root, width=40)
field.pack(padx=40, pady=5)
save = tkinter.Button(root, text="Save", command=lambda: finish(field.get()))
save.pack(padx=40, pady=10)
root.after(1000, lambda: print(json.dumps(
    [[w.winfo_rootx() + w.winfo_width() // 2, w.winfo_rooty() + w.winfo_height() // 2]
     for w in (field, save)]), flush=True))
root.after(60000, root.destroy)
root.mainloop()
"""


def main() -> None:
    try:
        desktop = DesktopEnvironment()
    except env.SetupError as problem:
        print(f"there is no desktop to act on: {problem}")
        return
    with (
        desktop,
        subprocess.Popen(
            [sys.executable, "-c", WINDOW], stdout=subprocess.PIPE, text=True
        ) as window,
    ):
        assert window.stdout
        field, save = json.loads(window.stdout.readline())
        for action in (env.Click(*field), env.Type(TEXT), env.Click(*save)):
            result = desktop.step(action)
            print(f"{action.kind:6} {result.outcome}, {result.changed_box} {result.error or ''}")
        arrived = window.stdout.readline()
        print(f"the window received {json.loads(arrived) if arrived else None!r}")


if __name__ == "__main__":
    main()

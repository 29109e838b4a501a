"""Keys, menus, icons, a wizard: Tk programs of the desktop flows."""

from __future__ import annotations

import tkinter as tk
from functools import partial
from tkinter import ttk

from .forms import State, field


def calculator(root: tk.Tk) -> State:
    """A grid of keys."""
    shown = tk.StringVar(value="0")
    held: list[float] = []
    pending: list[str] = []
    fresh = [True]

    def press(key: str) -> None:
        if key.isdigit():
            shown.set(key if fresh[0] or shown.get() == "0" else shown.get() + key)
            fresh[0] = False
            return
        if pending and held:
            one, two = held.pop(), float(shown.get())
            result = {"+": one + two, "-": one - two, "x": one * two}[pending.pop()]
            shown.set(f"{result:g}")
        if key == "C":
            shown.set("0")
        elif key != "=":
            held.append(float(shown.get()))
            pending.append(key)
        fresh[0] = True

    tk.Label(root, textvariable=shown, font=("", 24), anchor="e", bg="white").grid(
        row=0, columnspan=4, sticky="we", padx=8, pady=10
    )
    for number, key in enumerate("789+456-123xC0="):
        tk.Button(
            root, text=key, width=4, height=2, font=("", 14), command=partial(press, key)
        ).grid(row=1 + number // 4, column=number % 4, padx=4, pady=4)
    return lambda: {"shown": shown.get()}


def editor(root: tk.Tk) -> State:
    """A menu bar, a text area, a dialog in a window of its own."""
    saved: dict[str, str] = {}
    text = tk.Text(root, width=50, height=14, insertofftime=0)
    text.insert("1.0", "Minutes of the meeting\n")

    def ask() -> None:
        window = tk.Toplevel(root)
        window.title("Save as")
        window.geometry("+560+300")  # as large as its font makes it
        name = field(window, "File name", 0)

        def save() -> None:
            saved[name.get()] = text.get("1.0", "end").strip()
            window.destroy()

        ttk.Button(window, text="Save", command=save).grid(row=1, column=1, sticky="e", padx=8)
        ttk.Button(window, text="Cancel", command=window.destroy).grid(row=1, column=0, padx=8)

    bar = tk.Menu(root)
    for title, entries in (
        ("File", (("New", lambda: text.delete("1.0", "end")), ("Save as...", ask))),
        ("Edit", (("Clear all", lambda: text.delete("1.0", "end")),)),
    ):
        menu = tk.Menu(bar, tearoff=False)
        for label, command in entries:
            menu.add_command(label=label, command=command)
        bar.add_cascade(label=title, menu=menu)
    root.configure(menu=bar)
    text.pack(fill="both", expand=True)
    return lambda: {"saved": saved}


def drafts(root: tk.Tk) -> State:
    """A toolbar of drawn icons without words, acting on a list."""
    names = ["Draft 1", "Draft 2", "Draft 3"]
    bar = tk.Frame(root, bg="#eceff3")
    bar.pack(fill="x")
    listed = tk.Listbox(root, activestyle="none", font=("", 13))
    listed.insert("end", *names)
    listed.pack(fill="both", expand=True, padx=10, pady=10)

    def delete(_: object) -> None:
        for index in listed.curselection():  # type: ignore[no-untyped-call]
            listed.delete(index)
            names.pop(index)

    def add(_: object) -> None:
        names.append("Untitled")
        listed.insert("end", "Untitled")

    bin_lines = ((5, 9, 23, 9), (11, 9, 11, 5, 17, 5, 17, 9), (7, 9, 8, 24, 20, 24, 21, 9),
                 (12, 13, 12, 20), (16, 13, 16, 20))  # fmt: skip
    plus_lines = ((14, 5, 14, 23), (5, 14, 23, 14))
    for lines, act in ((plus_lines, add), (bin_lines, delete)):
        icon = tk.Canvas(bar, width=28, height=28, bg="#eceff3", highlightthickness=0)
        for line in lines:
            icon.create_line(*line, width=2, fill="#1f2933")
        icon.pack(side="left", padx=10, pady=8)
        icon.bind("<Button-1>", act)
    return lambda: {"drafts": names}


def installer(root: tk.Tk) -> State:
    """A wizard: the same buttons on pages that follow each other."""
    ttk.Style().theme_use("clam")
    page = ttk.Frame(root)
    page.pack(fill="both", expand=True, padx=16, pady=16)
    accepted, finished = tk.BooleanVar(value=False), tk.BooleanVar(value=False)

    def show(number: int) -> None:
        for child in page.winfo_children():
            child.destroy()
        title = ("Welcome to the setup", "License agreement", "Ready to install")[number]
        ttk.Label(page, text=title, font=("", 15)).pack(anchor="w", pady=10)
        if number == 1:
            ttk.Checkbutton(page, text="I accept the terms", variable=accepted).pack(anchor="w")
        last = number == len(("welcome", "license", "ready")) - 1

        def forward() -> None:
            if last:
                finished.set(True)
                ttk.Label(page, text="Installation complete").pack()
            elif number != 1 or accepted.get():
                show(number + 1)

        line = ttk.Frame(page)
        line.pack(side="bottom", anchor="e")
        back = ttk.Button(line, text="Back", command=lambda: show(number - 1))
        back.pack(side="left", padx=6)
        back.state(["disabled"] if number == 0 else ["!disabled"])
        ttk.Button(line, text="Finish" if last else "Next", command=forward).pack(side="left")

    show(0)
    return lambda: {"finished": finished.get()}

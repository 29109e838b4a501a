"""Forms, lists and tables: Tk programs of the desktop flows."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Any

State = Callable[[], dict[str, Any]]


def field(parent: tk.Misc, label: str, row: int, **options: Any) -> ttk.Entry:
    """Add a labelled text field to a grid."""
    ttk.Label(parent, text=label).grid(row=row, column=0, sticky="w", padx=8, pady=6)
    entry = ttk.Entry(parent, width=30, **options)
    entry.grid(row=row, column=1, sticky="we", padx=8, pady=6)
    return entry


def contacts(root: tk.Tk) -> State:
    """A form with labels on the left, a list and a button that acts on what is selected."""
    ttk.Style().theme_use("clam")
    people = ["Grace Hopper", "Edsger Dijkstra", "Barbara Liskov"]
    form = ttk.LabelFrame(root, text="New contact")
    form.pack(fill="x", padx=12, pady=10)
    name, email = field(form, "Name", 0), field(form, "Email", 1)
    said = ttk.Label(root, text="")
    names = tk.Listbox(root, height=7, activestyle="none")

    def show() -> None:
        names.delete(0, "end")
        names.insert("end", *people)

    def save() -> None:
        people.append(f"{name.get()} <{email.get()}>")
        name.delete(0, "end")
        email.delete(0, "end")
        said.configure(text="Contact saved")
        show()

    def remove() -> None:
        for index in names.curselection():  # type: ignore[no-untyped-call]
            said.configure(text=f"Removed {people.pop(index)}")
        show()

    ttk.Button(form, text="Save contact", command=save).grid(row=2, column=1, sticky="e", pady=8)
    names.pack(fill="both", padx=12, expand=True)
    ttk.Button(root, text="Remove", command=remove).pack(side="left", padx=12, pady=10)
    said.pack(side="left", padx=12)
    show()
    return lambda: {"people": people}


def settings(root: tk.Tk) -> State:
    """Check boxes, radio buttons, a dropdown; nothing counts before it is applied."""
    ttk.Style().theme_use("alt")
    login, hidden = tk.BooleanVar(value=False), tk.BooleanVar(value=True)
    theme, language = tk.StringVar(value="Light"), tk.StringVar(value="English")
    applied: dict[str, Any] = {}
    said = ttk.Label(root, text="")

    def apply() -> None:
        applied.update(login=login.get(), hidden=hidden.get())
        applied.update(theme=theme.get(), language=language.get())
        said.configure(text="Settings applied")

    ttk.Label(root, text="Preferences", font=("", 16)).pack(anchor="w", padx=16, pady=10)
    ttk.Checkbutton(root, text="Start at login", variable=login).pack(anchor="w", padx=16, pady=4)
    ttk.Checkbutton(root, text="Show hidden files", variable=hidden).pack(anchor="w", padx=16)
    box = ttk.LabelFrame(root, text="Theme")
    box.pack(fill="x", padx=16, pady=12)
    for text in ("Light", "Dark", "System"):
        ttk.Radiobutton(box, text=text, value=text, variable=theme).pack(anchor="w", padx=8, pady=3)
    line = ttk.Frame(root)
    line.pack(fill="x", padx=16, pady=6)
    ttk.Label(line, text="Language").pack(side="left")
    ttk.Combobox(
        line, textvariable=language, values=("English", "Deutsch", "Español"), state="readonly"
    ).pack(side="left", padx=10)
    ttk.Button(root, text="Apply", command=apply).pack(anchor="e", padx=16, pady=10)
    said.pack(anchor="e", padx=16)
    return lambda: applied


def tasks(root: tk.Tk) -> State:
    """A field without a frame of its own, and a list of check boxes that grows."""
    done: dict[str, tk.BooleanVar] = {}
    line = tk.Frame(root, bg="#20303f")
    line.pack(fill="x")
    tk.Label(line, text="New task", fg="white", bg="#20303f").pack(side="left", padx=10, pady=12)
    entry = tk.Entry(line, width=28)
    entry.pack(side="left")

    def add(text: str) -> None:
        if text:
            done[text] = tk.BooleanVar(value=False)
            tk.Checkbutton(root, text=text, variable=done[text]).pack(anchor="w", padx=10, pady=5)
            entry.delete(0, "end")

    tk.Button(line, text="Add", command=lambda: add(entry.get())).pack(side="left", padx=10)
    for text in ("Buy milk", "Water the plants", "Renew passport"):
        add(text)
    return lambda: {"done": [t for t, v in done.items() if v.get()], "tasks": list(done)}


def inventory(root: tk.Tk) -> State:
    """A table with selectable rows, and a form below it."""
    ttk.Style().theme_use("clam")
    goods = {"Desk lamp": "14", "Office chair": "7", "Monitor arm": "23", "Footrest": "5"}
    orders: list[str] = []
    table = ttk.Treeview(root, columns=("Item", "Stock", "Shelf"), show="headings", height=6)
    for name, width in (("Item", 180), ("Stock", 90), ("Shelf", 90)):
        table.heading(name, text=name, anchor="w")
        table.column(name, width=width)
    for number, (name, stock) in enumerate(goods.items(), 1):
        table.insert("", "end", iid=name, values=(name, stock, f"B-{number}"))
    table.pack(fill="x", padx=12, pady=12)

    def discard() -> None:
        for name in table.selection():
            goods.pop(name)
            table.delete(name)

    ttk.Button(root, text="Discard item", command=discard).pack(anchor="e", padx=12)
    form = ttk.Frame(root)
    form.pack(fill="x", padx=12, pady=12)
    amount = field(form, "Quantity", 0)
    said = ttk.Label(form, text="")

    def order() -> None:
        orders.append(amount.get())
        said.configure(text=f"Ordered {amount.get()} pieces")

    ttk.Button(form, text="Order", command=order).grid(row=1, column=1, sticky="e")
    said.grid(row=2, column=1)
    return lambda: {"items": list(goods), "orders": orders}


def login(root: tk.Tk) -> State:
    """A password field that takes a secret."""
    user, password = field(root, "User", 0), field(root, "Password", 1, show="*")
    said = ttk.Label(root, text="")
    here: list[str] = []

    def enter() -> None:
        if password.get() == "correct horse":
            here.append(user.get())
        said.configure(text=f"Welcome, {user.get()}" if here else "Wrong password")

    ttk.Button(root, text="Log in", command=enter).grid(row=2, column=1, sticky="e", padx=8)
    said.grid(row=3, column=1, pady=8)
    return lambda: {"users": here}


def network(root: tk.Tk) -> State:
    """Pages behind tabs."""
    ttk.Style().theme_use("default")
    book = ttk.Notebook(root)
    book.pack(fill="both", expand=True, padx=10, pady=10)
    pages = {name: ttk.Frame(book) for name in ("General", "Network", "Advanced")}
    for name, page in pages.items():
        book.add(page, text=name)
    field(pages["General"], "Computer name", 0)
    host, port = (
        field(pages["Network"], "Proxy host", 0),
        field(pages["Network"], "Proxy port", 1),
    )
    saved: dict[str, str] = {}
    told = ttk.Label(root)

    def apply() -> None:
        saved.update(host=host.get(), port=port.get())
        told.configure(text="Settings saved")

    ttk.Button(root, text="OK", command=apply).pack(side="right", padx=10, pady=10)
    told.pack(side="left", padx=10)
    return lambda: saved
